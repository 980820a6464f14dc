"""Pair scan: squared distances of a strip of points against a range of points, at every prefix.

Layout: points are packed in panels of ``2 * len(width)`` points, feature by feature: element
(panel * n_features + feature) * panel_size + k is feature `feature` of point panel * panel_size + k. A panel
is read from front to back. Lanes are points j, nothing is reduced across lanes inside the loop, and each
pair's sum grows in feature order: float64 subtract, multiply, add, never fused. That order *is* the definition
of a distance's value. Four points i against one panel of points j keep their eight sums in registers.

A pair that must not count (j <= i, or j beyond the last point) starts its sum at nan: the sum stays nan, and
`simd.lesser` and `simd.greater` pass over it. No scalar path for edges is needed.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fastcurse._kernels import simd
from fastcurse._kernels._compile import kernel

ROWS = 4  # points i at a time


def panel_size(width: tuple[int, ...]) -> int:
    """Return the number of points in a panel: two float64 vectors."""
    return 2 * len(width)


@kernel(inline=True)
def _start_sums(width, row, column, n_samples, scratch):
    """Return eight sums for points row.. against column..: 0, or nan in the lanes of pairs that do not count."""
    lanes = len(width)
    if column > row + ROWS - 1 and column + 2 * lanes <= n_samples:
        zero = simd.broadcast(width, 0.0)
        return (zero, zero, zero, zero, zero, zero, zero, zero)
    for r in range(ROWS):
        for k in range(2 * lanes):
            counts = column + k > row + r and column + k < n_samples
            scratch[r * 2 * lanes + k] = 0.0 if counts else np.nan
    return (
        simd.load(width, scratch, 0),
        simd.load(width, scratch, lanes),
        simd.load(width, scratch, 2 * lanes),
        simd.load(width, scratch, 3 * lanes),
        simd.load(width, scratch, 4 * lanes),
        simd.load(width, scratch, 5 * lanes),
        simd.load(width, scratch, 6 * lanes),
        simd.load(width, scratch, 7 * lanes),
    )


@kernel(inline=True)
def _add_square(sum_, x, y):
    difference = simd.subtract(x, y)
    return simd.add(sum_, simd.multiply(difference, difference))


@kernel(inline=True)
def _add_feature(width, panels, row_at, column_at, sums):
    """Return the eight sums with one feature more; row_at and column_at are where the two panels hold it."""
    y0 = simd.load(width, panels, column_at)
    y1 = simd.load(width, panels, column_at + len(width))
    x0 = simd.broadcast(width, panels[row_at])
    x1 = simd.broadcast(width, panels[row_at + 1])
    x2 = simd.broadcast(width, panels[row_at + 2])
    x3 = simd.broadcast(width, panels[row_at + 3])
    return (
        _add_square(sums[0], x0, y0),
        _add_square(sums[1], x0, y1),
        _add_square(sums[2], x1, y0),
        _add_square(sums[3], x1, y1),
        _add_square(sums[4], x2, y0),
        _add_square(sums[5], x2, y1),
        _add_square(sums[6], x3, y0),
        _add_square(sums[7], x3, y1),
    )


@kernel(inline=True)
def _least(sums, least):
    """Return the lanewise minimum of the eight sums and `least`, which holds no nan."""
    least = simd.lesser(sums[3], simd.lesser(sums[2], simd.lesser(sums[1], simd.lesser(sums[0], least))))
    return simd.lesser(sums[7], simd.lesser(sums[6], simd.lesser(sums[5], simd.lesser(sums[4], least))))


@kernel(inline=True)
def _greatest(sums, most):
    """Return the lanewise maximum of the eight sums and `most`, which holds no nan."""
    most = simd.greater(sums[3], simd.greater(sums[2], simd.greater(sums[1], simd.greater(sums[0], most))))
    return simd.greater(sums[7], simd.greater(sums[6], simd.greater(sums[5], simd.greater(sums[4], most))))


@kernel(parallel=True)
def fill_tile_extremes(width, panels, n_features, n_samples, strips, begins, ends, nearest, farthest):
    """Fill the nearest and farthest distance of each tile at every prefix, apart for each four rows.

    Tile t: the points of panel strips[t] against those of panels begins[t] .. ends[t] - 1.
    `panels` (n_panels * n_features * panel size,) float64 must be finite, its tail padded with any finite value.
    Fills nearest, farthest (n_tiles, panel size / ROWS, n_features) float64; inf and -inf where no pair counts.
    Called by ``PairScan.measure``.
    """
    lanes = len(width)
    points = 2 * lanes
    for tile in prange(strips.shape[0]):
        scratch = np.empty(ROWS * points)
        groups = points // ROWS
        low = np.full(groups * n_features * lanes, np.inf)
        high = np.full(groups * n_features * lanes, -np.inf)
        for panel in range(begins[tile], ends[tile]):
            for group in range(groups):
                row = strips[tile] * points + group * ROWS
                row_at = strips[tile] * n_features * points + group * ROWS
                column_at = panel * n_features * points
                sums = _start_sums(width, row, panel * points, n_samples, scratch)
                for feature in range(n_features):
                    sums = _add_feature(width, panels, row_at, column_at, sums)
                    at = (group * n_features + feature) * lanes
                    simd.store(low, at, _least(sums, simd.load(width, low, at)))
                    simd.store(high, at, _greatest(sums, simd.load(width, high, at)))
                    row_at += points
                    column_at += points
        for group in range(groups):
            for feature in range(n_features):
                at = (group * n_features + feature) * lanes
                least = simd.least_lane(simd.load(width, low, at))
                most = simd.greatest_lane(simd.load(width, high, at))
                # The square root is correctly rounded and monotone: the root of the extreme is the extreme root.
                nearest[tile, group, feature] = np.sqrt(least)
                farthest[tile, group, feature] = np.sqrt(most) if most >= 0.0 else -np.inf


@kernel()
def _note_first_pair(row, column, points, values, sought, pair):
    """Put the first pair of a 4 × panel block at distance `sought` into `pair`, unless that comes earlier."""
    for k in range(values.shape[0]):
        if np.sqrt(values[k]) == sought:
            i = row + k // points
            if pair[0] < 0 or i < pair[0]:
                pair[0] = i
                pair[1] = column + k % points
            return


@kernel(inline=True)
def _store_sums(width, sums, scratch):
    lanes = len(width)
    simd.store(scratch, 0, sums[0])
    simd.store(scratch, lanes, sums[1])
    simd.store(scratch, 2 * lanes, sums[2])
    simd.store(scratch, 3 * lanes, sums[3])
    simd.store(scratch, 4 * lanes, sums[4])
    simd.store(scratch, 5 * lanes, sums[5])
    simd.store(scratch, 6 * lanes, sums[6])
    simd.store(scratch, 7 * lanes, sums[7])


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
    points = 2 * len(width)
    for tile in prange(rows.shape[0]):
        scratch = np.empty(ROWS * points)
        near_pair[tile] = -1
        far_pair[tile] = -1
        row = rows[tile]
        for panel in range(begins[tile], ends[tile]):
            row_at = (row // points) * n_features * points + row % points
            column_at = panel * n_features * points
            sums = _start_sums(width, row, panel * points, n_samples, scratch)
            for feature in range(n_features):
                sums = _add_feature(width, panels, row_at, column_at, sums)
                row_at += points
                column_at += points
                if near_row[feature] == row:
                    least = simd.least_lane(_least(sums, simd.broadcast(width, np.inf)))
                    if np.sqrt(least) == nearest[feature]:
                        _store_sums(width, sums, scratch)
                        _note_first_pair(
                            row, panel * points, points, scratch, nearest[feature], near_pair[tile, feature]
                        )
                if far_row[feature] == row:
                    most = simd.greatest_lane(_greatest(sums, simd.broadcast(width, -1.0)))
                    if most >= 0.0 and np.sqrt(most) == farthest[feature]:
                        _store_sums(width, sums, scratch)
                        _note_first_pair(
                            row, panel * points, points, scratch, farthest[feature], far_pair[tile, feature]
                        )
