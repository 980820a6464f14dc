"""Rows that are equal: they defeat every screen, and need none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse.engine.tiles import row_blocks

_SMALLEST = 2.0**-480  # the difference of values that are 0 or larger than this has a square that is not 0
_VALUES_A_CHUNK = 2**19


class DistinctRows(NamedTuple):
    """The first row of each group of equal rows, and the lexicographically first pair of equal rows."""

    rows: np.ndarray
    pair: tuple[int, int]


def distinct_rows(points: np.ndarray, n_features: int) -> DistinctRows | None:
    """Return the distinct rows of the first features, or None where no two are equal, or none are for sure.

    Two rows are at distance 0 if and only if they are equal; where values are so small that this may
    fail, the answer is None. O(n_samples n_features) time.
    """
    hashes, factors = np.empty(len(points), dtype=np.uint64), _factors(n_features)
    for start, rows in row_blocks(points, n_features):
        values = np.ascontiguousarray(rows, dtype=np.float64) + 0.0  # -0 equals 0
        if ((np.abs(values) < _SMALLEST) & (values != 0)).any():
            return None
        bits = values.view(np.uint64)
        bits ^= bits >> np.uint64(32)  # whole numbers have all their bits on top
        hashes[start : start + len(rows)] = (bits * factors).sum(axis=1, dtype=np.uint64)
    order = np.argsort(hashes, kind="stable")
    new = np.append(True, hashes[order][1:] != hashes[order][:-1])
    if new.all():
        return None
    first = order[new][np.cumsum(new) - 1]  # of each row's group
    chunk = max(1, _VALUES_A_CHUNK // n_features)
    again = np.flatnonzero(~new)
    for start in range(0, again.size, chunk):
        at = again[start : start + chunk]
        if (points[order[at], :n_features] != points[first[at], :n_features]).any():
            return None  # rows that differ share a hash
    second = again[new[again - 1]]
    pairs = np.stack([first[second], order[second]], axis=1)
    i, j = pairs[np.argmin(pairs[:, 0])].tolist()
    return DistinctRows(np.sort(order[new]), (i, j))


def _factors(n_features: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2**63, n_features, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
