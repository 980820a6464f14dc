"""Nearest neighbours by the definition: every distance of a query, then a stable sort; the largest is the farthest."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class PrefixNeighbors(NamedTuple):
    """Same names as the public result's."""

    prefixes: np.ndarray
    distances: np.ndarray
    indices: np.ndarray
    farthest: np.ndarray


def prefix_neighbors(X: Any, queries: Any, k: int, prefixes: Any = None, *, metric: str = "euclidean") -> Any:
    """Return the k nearest rows of each query and its farthest distance at each prefix, pair by pair as defined.

    Examples
    --------
    >>> from fastcurse.reference.neighbors import prefix_neighbors
    >>> found = prefix_neighbors([[0, 0], [1, 9], [2, 0]], [0], k=1)
    >>> found.indices[:, 0, 0], found.distances[:, 0, 0]  # row 1 is nearest by the first feature alone
    (array([1, 2]), array([1., 2.]))
    """
    X, queries = np.asarray(X), np.asarray(queries)
    own = queries if queries.ndim == 1 else [None] * len(queries)
    points = X[queries] if queries.ndim == 1 else queries
    X, points = X.astype(float), points.astype(float)
    prefixes = np.arange(1, X.shape[1] + 1) if prefixes is None else np.asarray(prefixes)
    distances, indices = np.empty((len(prefixes), len(points), k)), np.empty((len(prefixes), len(points), k), int)
    farthest = np.empty((len(prefixes), len(points)))
    measure = {"euclidean": _euclidean, "cosine": _cosine}[metric]
    for q, x in enumerate(points):
        rows = np.array([row for row in range(len(X)) if row != own[q]])
        of_rows = np.array([measure(x, X[row])[prefixes - 1] for row in rows])
        farthest[:, q] = of_rows.max(axis=0)
        for j in range(len(prefixes)):
            order = np.argsort(of_rows[:, j], kind="stable")[:k]
            distances[j, q], indices[j, q] = of_rows[order, j], rows[order]
    return PrefixNeighbors(prefixes, distances, indices, farthest)


def _euclidean(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sqrt(np.cumsum((x - y) ** 2))


def _cosine(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    norms = np.sqrt(np.cumsum(x * x)) * np.sqrt(np.cumsum(y * y))
    products = np.cumsum(x * y)
    return np.array([1 - c / norm if norm > 0 else 1.0 for c, norm in zip(products, norms, strict=True)])
