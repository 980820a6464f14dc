"""Rows that are equal: they defeat every screen, and need none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse._memmap import take_rows
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
    groups = _group(points, n_features)
    if groups.vanishing or not groups.again.size or _differing(points, n_features, groups).size:
        return None
    order, new, again = groups.order, groups.new, groups.again
    second = again[new[again - 1]]
    pairs = np.stack([order[second - 1], order[second]], axis=1)
    i, j = pairs[np.argmin(pairs[:, 0])].tolist()
    return DistinctRows(np.sort(order[new]), (i, j))


def count_repeats(points: np.ndarray) -> int:
    """Return how many rows are equal to an earlier one, however small their values; O(n_samples n_features) time."""
    groups = _group(points, points.shape[1])
    ends = np.append(np.flatnonzero(groups.new), len(points))
    count = int(groups.again.size)
    for group in np.unique(groups.number[_differing(points, points.shape[1], groups)]):
        rows = take_rows(points, groups.order[ends[group] : ends[group + 1]])
        count -= len(np.unique(rows + rows.dtype.type(0), axis=0)) - 1  # -0 equals 0
    return count


class _Groups(NamedTuple):
    """Rows by their hash: equal rows share one, and seldom others do."""

    order: np.ndarray  # the rows, those of one hash side by side and in their own order
    new: np.ndarray  # whether a place of `order` begins a group
    vanishing: bool  # the square of a difference of two values may be 0

    @property
    def again(self) -> np.ndarray:
        """Places of `order` that begin no group."""
        return np.flatnonzero(~self.new)

    @property
    def number(self) -> np.ndarray:
        """Group of each place of `order`."""
        return np.cumsum(self.new) - 1


def _group(points: np.ndarray, n_features: int) -> _Groups:
    hashes, factors, vanishing = np.empty(len(points), dtype=np.uint64), _factors(n_features), False
    for start, rows in row_blocks(points, n_features):
        values = np.ascontiguousarray(rows, dtype=np.float64) + 0.0  # -0 equals 0
        if ((np.abs(values) < _SMALLEST) & (values != 0)).any():
            vanishing = True
        bits = values.view(np.uint64)
        bits ^= bits >> np.uint64(32)  # whole numbers have all their bits on top
        hashes[start : start + len(rows)] = (bits * factors).sum(axis=1, dtype=np.uint64)
    order = np.argsort(hashes, kind="stable")
    return _Groups(order, np.append(True, hashes[order][1:] != hashes[order][:-1]), vanishing)


def _differing(points: np.ndarray, n_features: int, groups: _Groups) -> np.ndarray:
    """Return the places of rows that differ from the first of their group."""
    order, again = groups.order, groups.again
    first = order[groups.new][groups.number]
    chunk = max(1, _VALUES_A_CHUNK // n_features)
    leading, found = points[:, :n_features], [again[:0]]
    for start in range(0, again.size, chunk):
        at = again[start : start + chunk]
        found.append(at[(take_rows(leading, order[at]) != take_rows(leading, first[at])).any(axis=1)])
    return np.concatenate(found)


def _factors(n_features: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2**63, n_features, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
