"""The float32 screen: which pairs of a tile may be an extreme at some prefix; all others are dismissed, with proof.

A tile's sums run in float32 with fused multiply-add, two instructions a vector, in blocks of features. Only at two
places of a block are they compared with thresholds, because a pair's computed sum never decreases (rounding is
monotone): if after the block's first asked prefix the sum exceeds the largest lower threshold of the block, and after
its last asked prefix it is below the smallest upper threshold, then no asked prefix inside can matter. Where that
fails for some pair, the block is run again with a test at every prefix, and the pairs that fail it are noted.

The bound. Let x_i be the given points, c any vector, 2^-e a power of two, z_i = fl32(2^-e fl64(x_i - c)),
u = 2^-24 (1 + 2^-20), and p a prefix; all norms are of the first p coordinates, d = ||x_i - x_j||.
 1. Inputs. |z - 2^-e (x - c)| <= u |2^-e (x - c)| + 2^-149 in each coordinate, so with N(p) >= max_i 2^-e ||x_i - c||,
    | ||z_i - z_j|| - 2^-e d |  <=  eps = 2 u N(p) + 2 p 2^-149.
 2. Sum. Each difference is rounded once and each fused multiply-add once, so for the computed sum T
    | T - ||z_i - z_j||^2 |  <=  g ||z_i - z_j||^2 + p 2^-149,   g = (p + 2) u / (1 - (p + 2) u),  (p + 2) u < 1.
 3. The defined distance r_ij = fl(sqrt(S)), S summed in float64: S lies within (1 +- (p + 2) 2^-52) d^2, up to
    p 2^-1074 for squares that underflow, which is at most p 2^-274 in units of 2^2e while e >= -400. With
    k = (p + 8) 2^-52 and t = p 2^-136, whose square exceeds p 2^-274 with room, and since (a + t)^2 >= a^2 + t^2 and
    (a - t)^2 <= a^2 - t^2 for a >= t >= 0: 2^-e d > 2^-e r (1 + k) + t implies r_ij > r, and
    2^-e d < 2^-e r (1 - k) - t implies r_ij < r.
Hence  T > (2^-e r (1 + k) + eps + t)^2 (1 + g) + p 2^-149   implies r_ij > r: not the nearest pair, nor tied;
and    T < (2^-e r (1 - k) - eps - t)^2 (1 - g) - p 2^-149   implies r_ij < r: not the farthest, nor tied.
``engine.screen_bounds`` computes these thresholds from the best distances r so far and rounds them outward.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fastcurse._kernels import simd
from fastcurse._kernels._compile import kernel
from fastcurse._kernels.pair_block import ROWS, greatest_of, least_of, load_sums, start_sums, store_sums

_FOUR_ROWS = (0, 0)  # the width of four float32: one element of each row


def panel_size(width: tuple[int, ...]) -> int:
    """Return the number of points in a panel: two float32 vectors."""
    return 4 * len(width)


@kernel(inline=True)
def _add_square(sum_, x, y):
    difference = simd.subtract(x, y)
    return simd.fused_multiply_add(difference, difference, sum_)


@kernel(inline=True)
def _add_feature(width, rows, row_at, panels, column_at, lanes, sums):
    y0 = simd.load(width, panels, column_at)
    y1 = simd.load(width, panels, column_at + lanes)
    x0 = simd.load_broadcast(width, rows, row_at)
    x1 = simd.load_broadcast(width, rows, row_at + 1)
    x2 = simd.load_broadcast(width, rows, row_at + 2)
    x3 = simd.load_broadcast(width, rows, row_at + 3)
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
def _outside(sum_, low, high):
    return simd.lanes_below(sum_, low) | simd.lanes_below(high, sum_)


@kernel()
def _note(outside, seen, row, column, lanes, pairs, count):
    """Append the pairs whose bits are set in `outside` (8,), each once a block of rows and panel; return the count."""
    for which in range(8):
        new = outside[which] & ~seen[which]
        seen[which] |= new
        for lane in range(lanes):
            if (new >> lane) & 1:
                if count < pairs.shape[0]:
                    pairs[count, 0] = row + which // 2
                    pairs[count, 1] = column + (which % 2) * lanes + lane
                count += 1
    return count


@kernel()
def _note_block(
    width, rows, row_at, panels, column_at, begin, end, low, high, scratch, outside, seen, row, column, pairs, count
):
    """Run features begin .. end - 1 from the sums in `scratch` and note every pair outside the thresholds."""
    lanes = scratch.shape[0] // 8
    infinity, minus_one = simd.broadcast(width, np.float32(np.inf)), simd.broadcast(width, np.float32(-1.0))
    sums = load_sums(width, scratch)
    for feature in range(begin, end):
        sums = _add_feature(width, rows, row_at + feature * ROWS, panels, column_at + feature * 2 * lanes, lanes, sums)
        least, most = simd.broadcast(width, low[feature]), simd.broadcast(width, high[feature])
        if simd.lanes_below(least_of(sums, infinity), least) | simd.lanes_below(most, greatest_of(sums, minus_one)):
            outside[0] = _outside(sums[0], least, most)
            outside[1] = _outside(sums[1], least, most)
            outside[2] = _outside(sums[2], least, most)
            outside[3] = _outside(sums[3], least, most)
            outside[4] = _outside(sums[4], least, most)
            outside[5] = _outside(sums[5], least, most)
            outside[6] = _outside(sums[6], least, most)
            outside[7] = _outside(sums[7], least, most)
            count = _note(outside, seen, row, column, lanes, pairs, count)
    return count


@kernel(inline=True)
def _screen_block(
    width, rows, row_at, panels, column_at, low_at, high_at, block_low, block_high, low, high, scratch, outside, seen,
    row, column, n_samples, pairs, count,
):  # fmt: skip
    """Screen four rows against one panel at every asked prefix; return the count of noted pairs."""
    lanes = scratch.shape[0] // 8
    infinity, minus_one = simd.broadcast(width, np.float32(np.inf)), simd.broadcast(width, np.float32(-1.0))
    sums = start_sums(width, np.float32(0.0), row, column, n_samples, scratch)
    seen[:] = 0
    feature = np.int64(0)  # a literal 0 would make Numba compile the callees once more
    for block in range(low_at.shape[0]):
        before, begin = sums, feature
        while feature < low_at[block]:
            sums = _add_feature(
                width, rows, row_at + feature * ROWS, panels, column_at + feature * 2 * lanes, lanes, sums
            )
            feature += 1
        least = least_of(sums, infinity)
        while feature < high_at[block]:
            sums = _add_feature(
                width, rows, row_at + feature * ROWS, panels, column_at + feature * 2 * lanes, lanes, sums
            )
            feature += 1
        most = greatest_of(sums, minus_one)
        below = simd.lanes_below(least, simd.broadcast(width, block_low[block]))
        if below | simd.lanes_below(simd.broadcast(width, block_high[block]), most):
            store_sums(before, scratch)
            count = _note_block(
                width, rows, row_at, panels, column_at, begin, feature, low, high, scratch, outside, seen, row, column,
                pairs, count,
            )  # fmt: skip
    return count


@kernel()
def _scan_tile(
    width, panels, n_features, n_samples, strip, begin, end, stride, low_at, high_at, block_low, block_high, low, high,
    pairs,
):  # fmt: skip
    """Note the pairs (capacity, 2) of one tile and return their count."""
    points = 4 * len(width)
    groups = points // ROWS
    scratch = np.empty(ROWS * points, dtype=np.float32)
    outside, seen = np.zeros(8, dtype=np.int64), np.zeros(8, dtype=np.int64)
    # The strip's points once more, four at a time: a group stays in the first-level cache.
    rows = np.empty(groups * n_features * ROWS, dtype=np.float32)
    for group in range(groups):
        for feature in range(n_features):
            at = (strip * n_features + feature) * points + group * ROWS
            simd.store(rows, (group * n_features + feature) * ROWS, simd.load(_FOUR_ROWS, panels, at))
    count = np.int64(0)
    for first in range(begin, end, stride):
        for group in range(groups):
            for panel in range(first, min(first + stride, end)):
                if count <= pairs.shape[0]:
                    count = _screen_block(
                        width, rows, group * n_features * ROWS, panels, panel * n_features * points, low_at, high_at,
                        block_low, block_high, low, high, scratch, outside, seen, strip * points + group * ROWS,
                        panel * points, n_samples, pairs, count,
                    )  # fmt: skip
    return count


@kernel(parallel=True)
def scan_tiles(
    width, panels, n_features, n_samples, strips, begins, ends, stride, low_at, high_at, block_low, block_high, low,
    high, pairs, counts,
):  # fmt: skip
    """Note the pairs of each tile that may be an extreme at an asked prefix.

    Tile t: the points of panel strips[t] against those of panels begins[t] .. ends[t] - 1, `stride` panels at a time
    so that they stay in the second-level cache for all rows of the strip. `panels` is float32, finite.
    Block b ends at feature high_at[b] and has its first asked prefix at low_at[b] (features counted from 1);
    block_low, block_high (n_blocks,) and low, high (n_features,) float32 are the thresholds: a sum below `low` or above
    `high` is noted; block_low is the largest `low`, block_high the smallest `high` among its asked prefixes.
    Fills pairs (n_tiles, capacity, 2) int64 and counts (n_tiles,) int64; a count beyond the capacity says that
    the tile was given up. Called by ``ScreenedScan``.
    """
    for t in prange(strips.shape[0]):
        counts[t] = _scan_tile(
            width, panels, n_features, n_samples, strips[t], begins[t], ends[t], stride, low_at, high_at, block_low,
            block_high, low, high, pairs[t],
        )  # fmt: skip
