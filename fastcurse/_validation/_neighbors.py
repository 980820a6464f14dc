"""Lists of neighbours that were found elsewhere: their rows, their distances, whose they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse._validation._arrays import as_numeric
from fastcurse._validation._scalars import shown


def check_neighbor_rows(indices: Any, n_samples: int, name: str = "indices") -> np.ndarray:
    """Return `indices` as int64 (n_queries, k) or (m, n_queries, k): rows of X, none twice in a list."""
    array = _check_lists(indices, name)
    _check_rows(array, n_samples, name)
    ordered = np.sort(array, axis=-1)
    twice = ordered[..., 1:] == ordered[..., :-1]
    if twice.any():
        at = np.argwhere(twice)[0]
        raise ValueError(f"{name} must name a row once a list, got {ordered[tuple(at)]} twice in list {_place(at)}")
    return array.astype(np.int64)


def check_neighbor_distances(distances: Any, name: str = "distances", *, minimum: int = 1) -> np.ndarray:
    """Return `distances` as float64 (n_queries, k) or (m, n_queries, k), k at least `minimum`, each list increasing."""
    array = _check_lists(distances, name, minimum).astype(np.float64)
    bad = ~((array >= 0.0) & (array < np.inf))
    if bad.any():
        at = np.argwhere(bad)[0]
        raise ValueError(f"{name} must be finite and at least 0, got {array[tuple(at)]} in list {_place(at)}")
    falls = array[..., 1:] < array[..., :-1]
    if falls.any():
        at = np.argwhere(falls)[0]
        here = array[tuple(at)], array[(*at[:-1], at[-1] + 1)]
        raise ValueError(f"{name} must not fall within a list, got {here[0]} before {here[1]} in list {_place(at)}")
    return array


def check_query_rows(queries: Any, n_queries: int, n_samples: int, name: str = "queries") -> np.ndarray:
    """Return the row of X that each of `n_queries` queries is as int64 (n_queries,), no row twice."""
    array = as_numeric(queries, name)
    if array.shape != (n_queries,):
        raise ValueError(f"{name} must be {n_queries} rows, one a list, got shape {array.shape}")
    _check_rows(array, n_samples, name)
    if np.unique(array).size < array.size:
        rows, times = np.unique(array, return_counts=True)
        raise ValueError(f"{name} must be different rows, got {rows[times > 1][0]} twice")
    return array.astype(np.int64)


def _check_lists(value: Any, name: str, minimum: int = 1) -> np.ndarray:
    array = as_numeric(value, name)
    if array.ndim not in (2, 3) or 0 in array.shape:
        raise ValueError(f"{name} must have shape (n_queries, k) or (m, n_queries, k), none 0, got {array.shape}")
    if array.shape[-1] < minimum:
        raise ValueError(f"{name} must have at least {minimum} neighbours a list, got {array.shape[-1]}")
    return array


def _check_rows(array: np.ndarray, n_samples: int, name: str) -> None:
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers, rows of X, got {shown(array)} (dtype {array.dtype})")
    outside = (array < 0) | (array >= n_samples)
    if outside.any():
        raise ValueError(f"{name} must be rows of X, between 0 and {n_samples - 1}, got {array[outside][0]}")


def _place(at: np.ndarray) -> str:
    """Return the list that an element belongs to: its query, after its prefix if there are several."""
    return ", ".join(str(axis) for axis in at[:-1])
