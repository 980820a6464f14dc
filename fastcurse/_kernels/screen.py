"""The float32 screen: which pairs of a tile may be an extreme at some prefix; all others are dismissed, with proof.

A tile's sums run in float32, in blocks of features, and are compared with thresholds only where a block ends. The sum
of a pair never decreases from prefix to prefix, so if where a block (a, b] begins the sum exceeds every lower
threshold of prefixes a .. b - 1, and where it ends the sum is below every upper threshold of a + 1 .. b, then no asked
prefix of the block can matter. A pair for which that fails runs through the block again with a test at every
prefix, and is noted if it fails one: from the first feature in blocks that add squares, back from the block's end in
those that add products.

The first blocks add squared differences, two instructions a vector. Later ones add -2 x y, one instruction, and at
the block's end the two points' squared norms over the block: ||x - y||^2 = ||x||^2 + ||y||^2 - 2 x.y. That error
grows with the norms and not with the distance, so the first blocks cannot do it, nor any block of data whose nearest
pair is too near: ``engine.screen_bounds`` chooses.

The bound. Let x_i be the given points, c any vector, 2^-e a power of two, z_i = fl32(2^-e fl64(x_i - c)),
u = 2^-24 (1 + 2^-20), and p a prefix; all norms are of the first p coordinates, d = ||x_i - x_j||.
 1. Inputs. |z - 2^-e (x - c)| <= u |2^-e (x - c)| + 2^-149 in each coordinate, so with N(p) >= max_i 2^-e ||x_i - c||,
    | ||z_i - z_j|| - 2^-e d |  <=  eps = 2 u N(p) + 2 p 2^-149.
 2. Sum of squared differences. Each difference is rounded once, its square at most once and each sum once, so for the
    computed sum T
    | T - ||z_i - z_j||^2 |  <=  g ||z_i - z_j||^2 + p 2^-148,   g = (p + 3) u / (1 - (p + 3) u),  (p + 3) u < 1.
 3. Sum with products. Let M >= 4 max_i ||z_i||^2, and let B blocks of at most L features have products. Without
    rounding, every value that the sum passes through lies in [-M, M]: before the norms of block (a, b] it is
    s(q) - D_i - D_j for some q in the block, where s <= M is the squared distance and D the squared norm of features
    a + 1 .. q, D_i + D_j <= M / 2. Each step adds a term and rounds once. The terms' own errors: squares have at most
    3 u (1 + u) of themselves, together 3 u (1 + u) M; norms, summed in float32 in any order and added to each other,
    (L + 2) u / (1 - (L + 2) u), together at most (L + 3) u M / 2. There are p + B steps, each of which also rounds
    the error so far, and an underflow is at most 2^-149 in each rounding, so all in all
    | T - ||z_i - z_j||^2 |  <=  M K u / (1 - K u) + K 2^-147,   K = p + 2 B + 2 L + 6,  K u <= 1 / 2,
    p the prefix of the block's end, also wherever a pair runs back through the block, subtracting at most L squares.
 4. The defined distance r_ij = fl(sqrt(S)), S summed in float64: S lies within (1 +- (p + 2) 2^-52) d^2, up to
    p 2^-1074 for squares that underflow, which is at most p 2^-274 in units of 2^2e while e >= -400. With
    k = (p + 8) 2^-52 and t = p 2^-136, whose square exceeds p 2^-274 with room, and since (a + t)^2 >= a^2 + t^2 and
    (a - t)^2 <= a^2 - t^2 for a >= t >= 0: 2^-e d > 2^-e r (1 + k) + t implies r_ij > r, and
    2^-e d < 2^-e r (1 - k) - t implies r_ij < r.
Hence, with a for the absolute error of 2 or 3 and g = 0 in case 3,
       T > (2^-e r (1 + k) + eps + t)^2 (1 + g) + a   implies r_ij > r: not the nearest pair, nor tied;
and    T < (2^-e r (1 - k) - eps - t)^2 (1 - g) - a   implies r_ij < r: not the farthest, nor tied.
At the begin of a block the lower threshold of a later prefix serves, for ||z_i - z_j|| does not decrease; at its end
the upper threshold of an earlier one. Both take g and a of the end of the block that they are tested for.
``engine.screen_bounds`` computes these thresholds from the best distances r so far and rounds them outward.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fastcurse._kernels import simd
from fastcurse._kernels._compile import kernel
from fastcurse._kernels.pair_block import (
    add_norms,
    fuse_products,
    fuse_squares,
    greatest_of,
    least_of,
    mark_above,
    mark_below,
    start_sums,
    store_sums,
)


def panel_size(width: tuple[int, ...]) -> int:
    """Return the number of points in a panel: two vectors of float32 or of 32-bit words."""
    return 4 * len(width)


def block_of(width: tuple[int, ...]) -> tuple[int, ...]:
    """Return the argument that gives the kernel eight rows where the host has 32 vector registers, else four."""
    return (0,) * (16 if len(width) == 8 else 8)


@kernel(parallel=True)
def pack_points(rows, centre, scale, panels):
    """Fill panels (n_panels, n_slots, points) float32 with points of `rows` (m, n_features) float64.

    Element (panel, feature, k) becomes fl32(scale * (x - centre[feature])), x that of row panel * points + k; the
    tail of the last panel and slots beyond the features stay. Called by ``ScreenedScan``.
    """
    points = panels.shape[2]
    for panel in prange(panels.shape[0]):
        first = panel * points
        for start in range(0, rows.shape[1], 16):  # so many features' vectors stay in the first-level cache
            stop = min(start + 16, rows.shape[1])
            for k in range(min(points, rows.shape[0] - first)):
                for feature in range(start, stop):
                    panels[panel, feature, k] = np.float32(scale * (rows[first + k, feature] - centre[feature]))


@kernel()
def _matters_squared(panels, row_at, column_at, points, begin, end, low, high):
    """Return whether a pair's sum of squares is outside the thresholds at some prefix of begin .. end.

    Feature 0 of the two points is at row_at and column_at.
    """
    sum_ = np.float32(0.0)
    for prefix in range(end + 1):
        if prefix >= begin and (sum_ < low[prefix] or sum_ > high[prefix]):
            return True
        if prefix < end:
            difference = panels[row_at + prefix * points] - panels[column_at + prefix * points]
            sum_ += difference * difference
    return False


@kernel()
def _matters(sum_, panels, row_at, column_at, points, begin, end, low, high):
    """Return whether a pair's sum, `sum_` at prefix `end`, is outside the thresholds at some prefix of begin .. end."""
    for prefix in range(end, begin - 1, -1):
        if sum_ < low[prefix] or sum_ > high[prefix]:
            return True
        if prefix > begin:
            difference = panels[row_at + (prefix - 1) * points] - panels[column_at + (prefix - 1) * points]
            sum_ -= difference * difference
    return False


@kernel()
def _note_block(
    sums, squared, suspects, seen, panels, row_at, column_at, begin, end, low, high, row, column, pairs, count
):
    """Note the suspects of a block that matter at one of its prefixes, each once; return the count.

    `sums` (rows * points,) are those where the block ends, the bits of `suspects` and `seen` (sums,) name pairs, and
    feature 0 is at row_at in the rows' panel and at column_at.
    """
    lanes = sums.shape[0] // suspects.shape[0]
    for which in range(suspects.shape[0]):
        left, lane = suspects[which] & ~seen[which], 0
        while left >> lane:
            if (left >> lane) & 1:
                r, point = which // 2, (which % 2) * lanes + lane
                if squared:
                    matters = _matters_squared(panels, row_at + r, column_at + point, 2 * lanes, begin, end, low, high)
                else:
                    sum_ = sums[which * lanes + lane]
                    matters = _matters(sum_, panels, row_at + r, column_at + point, 2 * lanes, begin, end, low, high)
                if matters:
                    seen[which] |= np.int64(1) << lane
                    if count < pairs.shape[0]:
                        pairs[count, 0] = row + r
                        pairs[count, 1] = column + point
                    count += 1
            lane += 1
    return count


@kernel(inline=True)
def _screen_block(
    width, block, panels, own_at, column_at, rows, row_at, ends, n_squared, block_low, block_high, low, high, scratch,
    suspects, seen, row, column, n_samples, pairs, count,
):  # fmt: skip
    """Screen a few rows against one panel at every asked prefix; return the count of noted pairs.

    The panel is at column_at in `panels`, the rows at own_at in their own panel and at row_at in `rows`.
    """
    n_rows, points = len(block) // 2, 4 * len(width)
    infinity, minus_one = simd.broadcast(width, np.float32(np.inf)), simd.broadcast(width, np.float32(-1.0))
    sums = start_sums(width, block, np.float32(0.0), row, column, n_samples, scratch)
    suspects[:] = 0
    seen[:] = 0
    begin = np.int64(0)  # a literal 0 would make Numba compile the callees once more
    norm = np.int64(low.shape[0] - 1)
    for b in range(ends.shape[0]):
        feature, end = begin, ends[b]
        least, most = simd.broadcast(width, block_low[b]), simd.broadcast(width, block_high[b])
        suspicious = simd.lanes_below(least_of(sums, infinity), least)
        if suspicious:
            mark_below(sums, least, suspects)
        if b < n_squared:
            while feature < end:
                sums = fuse_squares(sums, rows, row_at + feature * n_rows, panels, column_at + feature * points)
                feature += 1
        elif feature < end:
            while feature < end:
                sums = fuse_products(sums, rows, row_at + feature * n_rows, panels, column_at + feature * points)
                feature += 1
            sums = add_norms(sums, rows, row_at + norm * n_rows, panels, column_at + norm * points)
            norm += 1
        if suspicious | simd.lanes_below(most, greatest_of(sums, minus_one)):
            store_sums(sums, scratch)
            mark_above(sums, most, suspects)
            count = _note_block(
                scratch, b < n_squared, suspects, seen, panels, own_at, column_at, begin, end, low, high, row, column,
                pairs, count,
            )  # fmt: skip
            suspects[:] = 0
        begin = end
    return count


@kernel()
def _copy_rows(panel, n_rows, points, first_product, n_features, rows):
    """Copy a strip's panel to `rows`, `n_rows` points at a time, so that those at hand stay in the first-level cache.

    Features from first_product on become -2 x, for products.
    """
    at = 0
    for group in range(points // n_rows):
        for slot in range(panel.shape[0] // points):
            factor = np.float32(-2.0 if first_product <= slot < n_features else 1.0)
            for r in range(n_rows):
                rows[at] = factor * panel[slot * points + group * n_rows + r]
                at += 1


@kernel()
def _scan_tile(
    width, block, panels, panel_length, n_samples, strip, begin, end, stride, ends, n_squared, block_low, block_high,
    low, high, pairs,
):  # fmt: skip
    """Note the pairs (capacity, 2) of one tile and return their count."""
    n_rows, points = len(block) // 2, 4 * len(width)
    scratch, rows = np.empty(n_rows * points, dtype=np.float32), np.empty(panel_length, dtype=np.float32)
    suspects, seen = np.empty(len(block), dtype=np.int64), np.empty(len(block), dtype=np.int64)
    own_at = strip * panel_length
    first_product = ends[n_squared - 1] if n_squared > 0 else 0
    _copy_rows(panels[own_at : own_at + panel_length], n_rows, points, first_product, low.shape[0] - 1, rows)
    count = np.int64(0)
    for first in range(begin, end, stride):
        for r in range(0, points, n_rows):
            for panel in range(first, min(first + stride, end)):
                if count <= pairs.shape[0]:
                    count = _screen_block(
                        width, block, panels, own_at + r, panel * panel_length, rows, r * (panel_length // points),
                        ends, n_squared, block_low, block_high, low, high, scratch, suspects, seen, strip * points + r,
                        panel * points, n_samples, pairs, count,
                    )  # fmt: skip
    return count


@kernel(parallel=True)
def scan_tiles(
    width, block, panels, panel_length, n_samples, strips, begins, tile_ends, stride, ends, n_squared, block_low,
    block_high, low, high, pairs, counts,
):  # fmt: skip
    """Note the pairs of each tile that may be an extreme at an asked prefix.

    Tile t: the points of panel strips[t] against those of panels begins[t] .. tile_ends[t] - 1, `stride` panels at a
    time so that they stay in the second-level cache for all rows of the strip. `panels` is float32, finite; a panel
    of `panel_length` elements holds n_features values of each point and then its squared norm over each block
    that adds products.
    Block b (from 0) ends after feature ends[b]; the first `n_squared` blocks add squares; the last is
    empty and serves the lower threshold of the last prefix.
    block_low, block_high (n_blocks,) and low, high (1 + n_features,) float32 are the thresholds, index 0 for no
    feature: a sum below `low` or above `high` is noted; block_low is the largest `low` from the block's begin until
    before its end, block_high the smallest `high` after its begin until its end.
    Fills pairs (n_tiles, capacity, 2) int64 and counts (n_tiles,) int64; a count beyond the capacity says that
    the tile was given up. Called by ``ScreenedScan``.
    """
    for t in prange(strips.shape[0]):
        counts[t] = _scan_tile(
            width, block, panels, panel_length, n_samples, strips[t], begins[t], tile_ends[t], stride, ends, n_squared,
            block_low, block_high, low, high, pairs[t],
        )  # fmt: skip
