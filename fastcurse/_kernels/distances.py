"""The exact pair scan: float64 distances of a strip of points against a range of points, at every prefix.

Each pair's sum grows in feature order by float64 subtract, multiply, add, never fused: that order *is* the
definition of a distance's value. Layout and masking: ``pair_block``.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fastcurse._kernels import simd
from fastcurse._kernels._compile import kernel
from fastcurse._kernels.pair_block import add_squares, greatest_of, least_of, start_sums, store_sums

ROWS = 4  # points i at a time
_BLOCK = (0,) * (2 * ROWS)


@kernel()
def _fill_extremes(width, panels, n_features, n_samples, strip, begin, end, nearest, farthest):
    """Fill the extremes (panel size / ROWS, n_features) of one tile."""
    lanes = len(width)
    points = 2 * lanes
    groups = points // ROWS
    scratch = np.empty(ROWS * points)
    low = np.full(groups * n_features * lanes, np.inf)
    high = np.full(groups * n_features * lanes, -np.inf)
    for panel in range(begin, end):
        for group in range(groups):
            row_at = strip * n_features * points + group * ROWS
            column_at = panel * n_features * points
            sums = start_sums(width, _BLOCK, 0.0, strip * points + group * ROWS, panel * points, n_samples, scratch)
            for feature in range(n_features):
                sums = add_squares(sums, panels, row_at, panels, column_at)
                at = (group * n_features + feature) * lanes
                simd.store(low, at, least_of(sums, simd.load(width, low, at)))
                simd.store(high, at, greatest_of(sums, simd.load(width, high, at)))
                row_at += points
                column_at += points
    for group in range(groups):
        for feature in range(n_features):
            at = (group * n_features + feature) * lanes
            least = simd.least_lane(simd.load(width, low, at))
            most = simd.greatest_lane(simd.load(width, high, at))
            # The square root is correctly rounded and monotone: the root of the extreme is the extreme root.
            nearest[group, feature] = np.sqrt(least)
            farthest[group, feature] = np.sqrt(most) if most >= 0.0 else -np.inf


@kernel(parallel=True)
def fill_tile_extremes(width, panels, n_features, n_samples, strips, begins, ends, nearest, farthest):
    """Fill the nearest and farthest distance of each tile at every prefix, apart for each four rows.

    Tile t: the points of panel strips[t] against those of panels begins[t] .. ends[t] - 1.
    `panels` (n_panels * n_features * panel size,) float64 must be finite, its tail padded with any finite value.
    Fills nearest, farthest (n_tiles, panel size / ROWS, n_features) float64; inf and -inf where no pair counts.
    Called by ``PairScan.measure``.
    """
    for t in prange(strips.shape[0]):
        _fill_extremes(width, panels, n_features, n_samples, strips[t], begins[t], ends[t], nearest[t], farthest[t])


@kernel()
def _note_first_pair(row, column, points, values, sought, pair):
    """Put the first pair of a 4 × panel block at distance `sought` into `pair`, unless that comes earlier."""
    k = 0
    while np.sqrt(values[k]) != sought:  # there is one: the block's extreme
        k += 1
    i = row + k // points
    if pair[0] < 0 or i < pair[0]:
        pair[0] = i
        pair[1] = column + k % points


@kernel()
def _fill_pairs(
    width, panels, n_features, n_samples, row, begin, end, nearest, farthest, near_row, far_row, near_pair, far_pair
):
    """Fill the pairs (n_features, 2) of one tile."""
    points = 2 * len(width)
    scratch = np.empty(ROWS * points)
    near_pair[:] = -1
    far_pair[:] = -1
    for panel in range(begin, end):
        row_at = (row // points) * n_features * points + row % points
        column_at = panel * n_features * points
        sums = start_sums(width, _BLOCK, 0.0, row, panel * points, n_samples, scratch)
        for feature in range(n_features):
            sums = add_squares(sums, panels, row_at, panels, column_at)
            row_at += points
            column_at += points
            if near_row[feature] == row:
                least = simd.least_lane(least_of(sums, simd.broadcast(width, np.inf)))
                if np.sqrt(least) == nearest[feature]:
                    store_sums(sums, scratch)
                    _note_first_pair(row, panel * points, points, scratch, nearest[feature], near_pair[feature])
            if far_row[feature] == row:
                most = simd.greatest_lane(greatest_of(sums, simd.broadcast(width, -1.0)))
                if most >= 0.0 and np.sqrt(most) == farthest[feature]:
                    store_sums(sums, scratch)
                    _note_first_pair(row, panel * points, points, scratch, farthest[feature], far_pair[feature])


@kernel(parallel=True)
def fill_tile_pairs(
    width, panels, n_features, n_samples, rows, begins, ends, nearest, farthest, near_row, far_row, near_pair, far_pair
):
    """Fill the lexicographically smallest pair of each tile that attains a sought distance.

    Tile t: points rows[t] .. rows[t] + ROWS - 1 against those of panels begins[t] .. ends[t] - 1. Feature f is
    sought on the near side where near_row[f] == rows[t], on the far side where far_row[f] == rows[t]; the sought
    values nearest[f] and farthest[f] are the extremes over all pairs. Pairs compare by their distance, not
    by its square: two sums may share one rounded root, and are then tied.
    Fills near_pair, far_pair (n_tiles, n_features, 2) int64, first element -1 where no pair attains it.
    Called by ``PairScan.locate`` for the few strips that hold a witness.
    """
    for t in prange(rows.shape[0]):
        _fill_pairs(
            width, panels, n_features, n_samples, rows[t], begins[t], ends[t], nearest, farthest, near_row, far_row,
            near_pair[t], far_pair[t],
        )  # fmt: skip


@kernel(inline=True)
def _precedes(i, j, pair):
    return i < pair[0] or (i == pair[0] and j < pair[1])


@kernel()
def certify_pairs(first, second, pairs, nearest, near_pair, farthest, far_pair):
    """Measure pairs in the defined order and merge them into the extremes of every prefix.

    first, second (m, n_features) float64 hold the two points of pairs (m, 2) int64. nearest, farthest
    (n_features,) float64 and their pairs (n_features, 2) int64 are improved in place; of equal distances the
    lexicographically smaller pair stays. Called by ``ScreenedScan``.
    """
    for k in range(pairs.shape[0]):
        i, j = pairs[k, 0], pairs[k, 1]
        total = 0.0
        for feature in range(first.shape[1]):
            difference = first[k, feature] - second[k, feature]
            total += difference * difference
            distance = np.sqrt(total)
            if distance <= nearest[feature] and (distance < nearest[feature] or _precedes(i, j, near_pair[feature])):
                nearest[feature] = distance
                near_pair[feature, 0] = i
                near_pair[feature, 1] = j
            if distance >= farthest[feature] and (distance > farthest[feature] or _precedes(i, j, far_pair[feature])):
                farthest[feature] = distance
                far_pair[feature, 0] = i
                far_pair[feature, 1] = j


@kernel(parallel=True)
def fill_row_extremes(first, second, first_rows, second_rows, nearest, near_pair, farthest, far_pair):
    """Fill the extremes of each point of `first` against all of `second`, in the defined order.

    first (m, n_features), second (k, n_features) float64 are the points of first_rows (m,) and second_rows (k,) int64;
    a point is not paired with itself. Fills nearest, farthest (m,) float64, inf and -inf where there is no pair, and
    near_pair, far_pair (m, 2) int64, of equal distances the lexicographically smaller pair. Called by ``PairSearch``
    for the few tiles that its screen cannot decide.
    """
    for a in prange(first.shape[0]):
        nearest[a], farthest[a] = np.inf, -np.inf
        near_pair[a] = -1
        far_pair[a] = -1
        for b in range(second.shape[0]):
            i, j = min(first_rows[a], second_rows[b]), max(first_rows[a], second_rows[b])
            if i == j:
                continue
            total = 0.0
            for feature in range(first.shape[1]):
                difference = first[a, feature] - second[b, feature]
                total += difference * difference
            distance = np.sqrt(total)
            if distance < nearest[a] or (distance == nearest[a] and _precedes(i, j, near_pair[a])):
                nearest[a] = distance
                near_pair[a, 0] = i
                near_pair[a, 1] = j
            if distance > farthest[a] or (distance == farthest[a] and _precedes(i, j, far_pair[a])):
                farthest[a] = distance
                far_pair[a, 0] = i
                far_pair[a, 1] = j
