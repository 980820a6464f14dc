"""Nearest and farthest pair by the definition: one cumulative sum a pair."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Extremes(NamedTuple):
    """Same names as the public result's."""

    prefixes: np.ndarray
    nearest: np.ndarray
    farthest: np.ndarray
    nearest_pair: np.ndarray
    farthest_pair: np.ndarray


def distance_extremes(X: Any, *, prefixes: Any = None) -> Extremes:
    """Return the extremes over all pairs i < j, each pair measured exactly as the definition says."""
    X = np.asarray(X)
    n_samples, n_features = X.shape
    prefixes = np.arange(1, n_features + 1) if prefixes is None else np.asarray(prefixes)
    m = len(prefixes)
    nearest, farthest = np.full(m, np.inf), np.full(m, -np.inf)
    nearest_pair, farthest_pair = np.full((m, 2), -1), np.full((m, 2), -1)
    for i in range(n_samples):
        for j in range(i + 1, n_samples):
            squares = (X[i].astype(float) - X[j].astype(float)) ** 2
            distance = np.sqrt(np.cumsum(squares))[prefixes - 1]
            nearer, farther = distance < nearest, distance > farthest  # strict: the first of ties stays
            nearest[nearer], nearest_pair[nearer] = distance[nearer], (i, j)
            farthest[farther], farthest_pair[farther] = distance[farther], (i, j)
    return Extremes(prefixes, nearest, farthest, nearest_pair, farthest_pair)


def closest_pair(X: Any) -> tuple[float, tuple[int, int]]:
    """Return the smallest distance over all features and its pair."""
    found = distance_extremes(X, prefixes=[np.asarray(X).shape[1]])
    i, j = found.nearest_pair[0].tolist()
    return float(found.nearest[0]), (i, j)


def farthest_pair(X: Any) -> tuple[float, tuple[int, int]]:
    """Return the largest distance over all features and its pair."""
    found = distance_extremes(X, prefixes=[np.asarray(X).shape[1]])
    i, j = found.farthest_pair[0].tolist()
    return float(found.farthest[0]), (i, j)


class Moments(NamedTuple):
    """Same names as the public result's."""

    mean_sq: np.ndarray
    var_sq: np.ndarray


def distance_moments(X: Any) -> Moments:
    """Return mean and variance of the squared distances over all pairs, from the pairs."""
    X = np.asarray(X).astype(float)
    i, j = np.triu_indices(len(X), 1)
    squares = np.cumsum((X[i] - X[j]) ** 2, axis=1)
    return Moments(squares.mean(axis=0), squares.var(axis=0))
