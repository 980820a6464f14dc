"""Pair scan: squared distances of a strip of rows against a range of columns, at every prefix.

Layout: `columns` (n_features, leading) float64 holds the points feature-major, so that lanes are points j,
nothing is reduced across lanes inside the loop, and each pair's sum grows in feature order:
float64 subtract, multiply, add, never fused. That order *is* the definition of a distance's value.

A pair that must not count (j <= i, or j beyond the last point) starts its sum at NaN: the sum stays NaN, and a
comparison with NaN is false, so it enters neither extreme. No scalar path for edges is needed.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fastcurse._kernels._compile import kernel

ROWS = 8  # points i in a strip: four at a time keep the running extremes in registers
LANES = 64  # points j in a chunk: ROWS * LANES sums of 8 bytes stay in the first-level cache


@kernel(inline=True)
def _start_sums(row, column, n_samples, sums):
    """Set the sums of rows row.. against columns column.. to 0, or to NaN where the pair does not count."""
    for r in range(sums.shape[0]):
        for lane in range(sums.shape[1]):
            counts = column + lane > row + r and column + lane < n_samples
            sums[r, lane] = 0.0 if counts else np.nan


@kernel(parallel=True)
def fill_tile_extremes(columns, n_samples, rows, column_begins, column_ends, nearest, farthest):
    """Fill the nearest and farthest distance of each tile at every prefix.

    Tile t: rows rows[t] .. rows[t] + ROWS - 1 against columns column_begins[t] .. column_ends[t] - 1.
    Requires a leading dimension of at least n_samples + ROWS + LANES, and finite values.
    Fills nearest, farthest (n_tiles, n_features) float64; inf and -inf where a tile holds no pair.
    Called by ``distances._scan``.
    """
    n_features = columns.shape[0]
    for tile in prange(rows.shape[0]):
        row = rows[tile]
        sums = np.empty((ROWS, LANES))
        low = np.full((n_features, LANES), np.inf)
        high = np.full((n_features, LANES), -np.inf)
        for column in range(column_begins[tile], column_ends[tile], LANES):
            _start_sums(row, column, min(n_samples, column_ends[tile]), sums)
            for feature in range(n_features):
                for r in range(0, ROWS, 4):
                    x0 = columns[feature, row + r]
                    x1 = columns[feature, row + r + 1]
                    x2 = columns[feature, row + r + 2]
                    x3 = columns[feature, row + r + 3]
                    for lane in range(LANES):
                        y = columns[feature, column + lane]
                        d0 = x0 - y
                        d1 = x1 - y
                        d2 = x2 - y
                        d3 = x3 - y
                        s0 = sums[r, lane] + d0 * d0
                        s1 = sums[r + 1, lane] + d1 * d1
                        s2 = sums[r + 2, lane] + d2 * d2
                        s3 = sums[r + 3, lane] + d3 * d3
                        sums[r, lane] = s0
                        sums[r + 1, lane] = s1
                        sums[r + 2, lane] = s2
                        sums[r + 3, lane] = s3
                        least = low[feature, lane]
                        least = s0 if s0 < least else least
                        least = s1 if s1 < least else least
                        least = s2 if s2 < least else least
                        low[feature, lane] = s3 if s3 < least else least
                        most = high[feature, lane]
                        most = s0 if s0 > most else most
                        most = s1 if s1 > most else most
                        most = s2 if s2 > most else most
                        high[feature, lane] = s3 if s3 > most else most
        for feature in range(n_features):
            least, most = np.inf, -np.inf
            for lane in range(LANES):
                least = min(least, low[feature, lane])
                most = max(most, high[feature, lane])
            # The square root is correctly rounded and monotone: the root of the extreme is the extreme root.
            nearest[tile, feature] = np.sqrt(least)
            farthest[tile, feature] = np.sqrt(most) if most >= 0.0 else -np.inf


@kernel(parallel=True)
def fill_tile_pairs(
    columns,
    n_samples,
    rows,
    column_begins,
    column_ends,
    nearest,
    farthest,
    near_row,
    far_row,
    near_pair,
    far_pair,
):
    """Fill the lexicographically smallest pair of each tile that attains a sought distance.

    Feature f is sought in tile t on the near side where near_row[f] == rows[t], on the far side where
    far_row[f] == rows[t]; the sought values are nearest[f] and farthest[f]. Pairs compare by their distance, not
    by its square: two sums may share one rounded root, and are then tied.
    Fills near_pair, far_pair (n_tiles, n_features, 2) int64, first element -1 where no pair attains it.
    Called by ``distances._locate`` for the few strips that hold a witness.
    """
    n_features = columns.shape[0]
    for tile in prange(rows.shape[0]):
        sums = np.empty((1, LANES))
        near_pair[tile] = -1
        far_pair[tile] = -1
        for row in range(rows[tile], min(rows[tile] + ROWS, n_samples)):
            for column in range(column_begins[tile], column_ends[tile], LANES):
                _start_sums(row, column, min(n_samples, column_ends[tile]), sums)
                for feature in range(n_features):
                    x = columns[feature, row]
                    for lane in range(LANES):
                        difference = x - columns[feature, column + lane]
                        sums[0, lane] += difference * difference
                    if near_row[feature] == rows[tile] and near_pair[tile, feature, 0] < 0:
                        for lane in range(LANES - 1, -1, -1):
                            if np.sqrt(sums[0, lane]) == nearest[feature]:
                                near_pair[tile, feature, 0] = row
                                near_pair[tile, feature, 1] = column + lane
                    if far_row[feature] == rows[tile] and far_pair[tile, feature, 0] < 0:
                        for lane in range(LANES - 1, -1, -1):
                            if np.sqrt(sums[0, lane]) == farthest[feature]:
                                far_pair[tile, feature, 0] = row
                                far_pair[tile, feature, 1] = column + lane
