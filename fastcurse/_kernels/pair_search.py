"""The pair search: which pairs of a tile may be the nearest or the farthest over all features; a proved screen.

Points are approximated, x = y + e: y in float32, or s b with bytes b and one step s. The norms of the errors e are
computed. Tiles of points are dismissed by their bounding boxes; in what is left a few rows at a time meet
a panel of points, and the squared distances D of the approximations, in units of s², grow by segments of features.
Where a segment ends, a block of pairs of which none can still be an extreme is left; what stays outside the limits at
the last is noted, and measured by the definition elsewhere.

The bound. Let d be the distance of two points, E >= ||e_i|| + ||e_j|| for all pairs and r the best distance so far, all
in the frame. | d - s sqrt(D) | <= E, so with the factors k, t of ``_kernels.screen`` (4) for the rounding of r,
    D > ((r (1 + k) + t + E) / s)² =: N  implies that the pair is not the nearest, nor tied with it;
    D < ((r (1 - k) - t - E) / s)² =: F  implies that it is not the farthest, nor tied.
Let P be the sum over the first features, and a_i the norm of y_i / s over the rest. P <= D <= P + (a_i + a_j)², hence
P > N decides the one and P < F - (A + B)² the other, where A >= a_i, B >= a_j are those of whole panels.
 float32: the computed P is within (1 +- g) of P, g = (p + 3) u / (1 - (p + 3) u) as in ``_kernels.screen`` (2).
 int8: all is exact. With h = floor(||b||² / 2) of the features so far, P = ||b_i||² + ||b_j||² - 2 b_i.b_j, so
 P / 2 - 1 <= V := h_i + h_j - b_i.b_j <= P / 2, and V > N / 2 and V < (F - (A + B)²) / 2 - 1 decide. The sums hold
 V - floor(N / 2) - 1, so that one unsigned comparison does both.
``engine.search_limits`` computes the limits, rounded outward.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fastcurse._kernels._compile import kernel
from fastcurse._kernels.search_block import add_offsets, add_words, any_outside, begin_words, mark_outside

PANELS_A_SIDE = 32  # panels of each side of a tile


@kernel(inline=True)
def _note_norms(squares, boxed, rounding, panel, tails):
    """Raise the panel's tails to those of a point with these sums of squares at each segment's end, and in the box.

    `rounding`: relative error of the sums.
    """
    last = tails.shape[0] - 1
    whole = squares[last - 1]
    for segment in range(last + 1):
        rest = 0.0
        if segment != last - 1:
            # A difference of sums is as wrong as both of them, however small it is.
            rest = whole - (squares[segment] if segment < last else boxed) + 2.0 * rounding * whole
        # Rounded up: the square root, and a float32.
        tails[segment, panel] = max(tails[segment, panel], np.float32(np.sqrt(rest) * (1.0 + 2.0**-20)))


@kernel(parallel=True)
def fill_bytes(points, centre, scale, step, ends, panels, panel_bytes, offsets, tails, low, high, errors):
    """Fill panels with z = scale * (points - centre) in steps of `step`, and what the search must know of them.

    points (m, n_features), centre (n_features,) float64, |z| <= 127 step up to rounding; panels (n_panels, n_slots,
    size) int32, panel_bytes the same memory as int8 (n_panels, n_slots, size, 4); m = n_panels * size. ends
    (n_segments,) int64: the words, of four features, before which the segments end.
    Slots: the words, then for each segment the increment of h less 127 times the sum of its bytes. Fills also offsets
    (n_segments, m) int32, the increments of h alone; tails (n_segments + 1, n_panels) float32, upper bounds of the norm
    that is left at each segment's end and, last, beyond the features of the boxes; low, high (k, n_panels) float32, the
    boxes of the first k features; errors (m,) float64, the norms of what rounding took away. All but `errors` are in
    units of `step`. Called by ``engine.approximation``.
    """
    size, n_features, n_words = panels.shape[2], points.shape[1], ends[-1]
    per_step = 1.0 / step
    for panel in prange(panels.shape[0]):
        reached, row = np.zeros(ends.shape[0]), np.zeros(4 * n_words, dtype=np.int8)
        low[:, panel] = np.inf
        high[:, panel] = -np.inf
        tails[:, panel] = 0.0
        for k in range(size):
            i = panel * size + k
            error = 0.0
            for f in range(n_features):
                z = scale * (points[i, f] - centre[f])
                b = max(-127.0, min(127.0, np.rint(z * per_step)))
                rest = z - step * b
                error += rest * rest
                row[f] = np.int8(b)
            squares, half, first, boxed = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
            for segment in range(ends.shape[0]):
                sum_ = np.int64(0)
                for f in range(first, 4 * ends[segment]):
                    squares += np.int64(row[f]) ** 2
                    sum_ += np.int64(row[f])
                    panel_bytes[panel, f // 4, k, f % 4] = row[f]
                offsets[segment, i] = squares // 2 - half
                panels[panel, n_words + segment, k] = squares // 2 - half - 127 * sum_
                reached[segment] = squares
                first, half = 4 * ends[segment], squares // 2
            for f in range(low.shape[0]):
                low[f, panel] = min(low[f, panel], row[f])
                high[f, panel] = max(high[f, panel], row[f])
                boxed += np.int64(row[f]) ** 2
            errors[i] = np.sqrt(error)
            _note_norms(reached, boxed, 0.0, panel, tails)


@kernel(parallel=True)
def fill_floats(points, centre, scale, ends, panels, tails, low, high, errors):
    """Fill panels (n_panels, n_features, size) float32 with scale * (points - centre); the rest as `fill_bytes`."""
    size = panels.shape[2]
    for panel in prange(panels.shape[0]):
        reached = np.zeros(ends.shape[0])
        low[:, panel] = np.inf
        high[:, panel] = -np.inf
        tails[:, panel] = 0.0
        for k in range(size):
            i = panel * size + k
            squares, segment, boxed, error = 0.0, 0, 0.0, 0.0
            for f in range(points.shape[1]):
                z = scale * (points[i, f] - centre[f])
                y = np.float32(z)
                rest = z - np.float64(y)
                error += rest * rest
                panels[panel, f, k] = y
                squares += np.float64(y) * np.float64(y)
                if f < low.shape[0]:
                    low[f, panel] = min(low[f, panel], y)
                    high[f, panel] = max(high[f, panel], y)
                    boxed = squares
                if f + 1 == ends[segment]:
                    reached[segment] = squares
                    segment += 1
            errors[i] = np.sqrt(error)
            _note_norms(reached, boxed, points.shape[1] * 2.0**-52, panel, tails)


@kernel()
def _fill_box_bounds(low, high, tails, a, begin, end, nearest, farthest):
    """Fill nearest, farthest (end - begin,): bounds of squared distances of box a and boxes begin .. end - 1."""
    last = tails.shape[0] - 1
    for b in range(begin, end):
        nearest[b - begin] = 0.0
        reach = tails[last, a] + tails[last, b]
        farthest[b - begin] = reach * reach
    for f in range(low.shape[0]):
        low_a, high_a = low[f, a], high[f, a]
        for b in range(begin, end):
            under, over = low[f, b] - high_a, low_a - high[f, b]
            gap = under if under > over else over
            gap = gap if gap > np.float32(0.0) else np.float32(0.0)
            nearest[b - begin] += gap * gap
            # The far sides are the near ones' mirror: high_b - low_a and high_a - low_b.
            under, over = high[f, b] - low_a, high_a - low[f, b]
            reach = under if under > over else over
            farthest[b - begin] += reach * reach


@kernel()
def _note(marks, row, column, lanes, pairs, count):
    """Append the marked pairs whose second point comes after the first; return the count, also beyond the capacity."""
    for which in range(marks.shape[0]):
        left, lane = marks[which], 0
        while left >> lane:
            i, j = row + which // 2, column + (which % 2) * lanes + lane
            if (left >> lane) & 1 and j > i:
                if count < pairs.shape[0]:
                    pairs[count, 0] = i
                    pairs[count, 1] = j
                count += 1
            lane += 1
    return count


@kernel(inline=True)
def _screen_block(
    width, block, zero, panels, column_at, rows, row_at, n_words, ends, low, highs, high_at, marks, row, column, pairs,
    count, stopped,
):  # fmt: skip
    """Screen a few rows against one panel; return the count of noted pairs."""
    n_rows, points = len(block) // 2, 4 * len(width)
    last = ends.shape[0] - 1
    sums = begin_words(width, block, zero, rows, row_at + n_words * n_rows, panels, column_at + n_words * points)
    word = np.int64(0)
    for segment in range(last + 1):
        if segment > 0:
            slot = n_words + segment
            sums = add_offsets(sums, rows, row_at + slot * n_rows, panels, column_at + slot * points)
        while word < ends[segment]:
            sums = add_words(sums, rows, row_at + word * n_rows, panels, column_at + word * points)
            word += 1
        if not any_outside(sums, low, highs[high_at + segment]):
            stopped[segment] += 1
            return count
    mark_outside(sums, low, highs[high_at + last], marks)
    return _note(marks, row, column, points // 2, pairs, count)


@kernel(inline=True)
def _copy_rows(panels, at, n_words, points, n_rows, flip, offsets, position, base, rows):
    """Copy a panel to `rows`, n_rows points at a time, flipped; then its offsets, the first of them plus `base`."""
    to = 0
    for group in range(0, points, n_rows):
        for word in range(n_words):
            for r in range(n_rows):
                rows[to] = panels[at + word * points + group + r] ^ flip
                to += 1
        for segment in range(offsets.shape[0]):
            for r in range(n_rows):
                rows[to] = offsets[segment, position + group + r] + (base if segment == 0 else np.int32(0))
                to += 1


@kernel()
def _scan_tile(
    width, block, zero, panels, panel_length, ends, flip, offsets, tails, box_low, box_high, bounded, limits, first,
    second, pairs, done,
):  # fmt: skip
    """Note the pairs (capacity, 2) of one tile; see `scan_tiles`."""
    n_rows, points, n_panels = len(block) // 2, 4 * len(width), tails.shape[1]
    n_segments, n_words = ends.shape[0], ends[-1]
    near, far, near_box, far_box, unit, shift, least_high, base = limits
    low, highs = np.full(1, zero), np.full(PANELS_A_SIDE * n_segments, zero)
    low[0] = near
    rows, marks = np.empty(panel_length, dtype=np.int32), np.empty(len(block), dtype=np.int64)
    nearest, farthest = np.empty(PANELS_A_SIDE, dtype=np.float32), np.empty(PANELS_A_SIDE, dtype=np.float32)
    left = np.empty(PANELS_A_SIDE, dtype=np.int64)
    done[:] = 0
    stopped = done[2:]
    end = min(second + PANELS_A_SIDE, n_panels)
    count = np.int64(0)
    for a in range(first, min(first + PANELS_A_SIDE, n_panels)):
        begin, n_left = max(a, second), 0
        if bounded:
            _fill_box_bounds(box_low, box_high, tails, a, begin, end, nearest, farthest)
        for b in range(begin, end):
            if bounded and nearest[b - begin] > near_box and farthest[b - begin] < far_box:
                continue
            left[n_left] = b
            for segment in range(n_segments):
                reach = np.float64(tails[segment, a]) + np.float64(tails[segment, b])
                high = unit * (far - reach * reach) - shift
                highs[n_left * n_segments + segment] = max(least_high, min(high, 2.0**31 - 256.0))
            n_left += 1
        done[1] += end - begin - n_left
        if n_left > 0:
            _copy_rows(panels, a * panel_length, n_words, points, n_rows, flip, offsets, a * points, base, rows)
        for r in range(0, points, n_rows):
            for which in range(n_left):
                if count <= pairs.shape[0]:
                    b = left[which]
                    count = _screen_block(
                        width, block, zero, panels, b * panel_length, rows, r * (panel_length // points), n_words, ends,
                        low[0], highs, which * n_segments, marks, a * points + r, b * points, pairs, count, stopped,
                    )  # fmt: skip
    done[0] = count


@kernel(parallel=True)
def scan_tiles(
    width, block, zero, panels, panel_length, ends, flip, offsets, tails, box_low, box_high, bounded, limits, firsts,
    seconds, pairs, done,
):  # fmt: skip
    """Note the pairs of each tile that the screen cannot dismiss.

    Tile t: panels firsts[t] .. firsts[t] + PANELS_A_SIDE - 1 against those from seconds[t] on, firsts <= seconds.
    `zero` has the type of the sums: float32, or int32 for bytes. panels (n_panels * panel_length,) int32; ends,
    offsets, tails, box_low, box_high as `fill_floats` and `fill_bytes` fill them, with as many boxed features as
    wanted, and offsets (0, 0) for floats; bounded: whether boxes and the norms beyond them dismiss panels; flip: 0 or
    `FLIP`; limits: see ``engine.search_limits``. Fills pairs (n_tiles, capacity, 2) int64, positions i < j; and done
    (n_tiles, 2 + n_segments) int64: pairs noted, where more than the capacity says that the tile was given up; pairs of
    panels dismissed by their boxes; blocks left at each segment's end. Called by ``PairSearch``.
    """
    for t in prange(firsts.shape[0]):
        _scan_tile(
            width, block, zero, panels, panel_length, ends, flip, offsets, tails, box_low, box_high, bounded, limits,
            firsts[t], seconds[t], pairs[t], done[t],
        )  # fmt: skip
