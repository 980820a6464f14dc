"""Hit-or-miss: uniform points of the unit cube counted inside the unit ball, with a counter-based generator.

The point of draw t has coordinates x = (k + 1/2) / 2^53, rounded to float64. The upper 16 of the 53 bits of k come, two
coordinates a word, from the Philox block with counter (t, o, stream), o = 0, 1, ... for each eight coordinates (an
*octet*): word r holds coordinate 8 o + 2 r above and 8 o + 2 r + 1 below. The lower 37 bits come, two coordinates a
block, from blocks (t, 2^31 + 4 o + r, stream): the upper 37 bits of words 0 and 1, and of words 2 and 3. The draw
is a hit when the float64 sum of the squares, added in feature order, is at most 1. That is the whole definition:
it knows nothing of threads, blocks or vectors. By symmetry one orthant stands for the cube [-1, 1]^d.

The low bits hardly ever matter, so a screen adds the squares of the upper bits h alone, exactly in integers, a vector
of draws at a time, and only what it cannot decide is drawn in full: after one octet 1.6 % of the draws are left. With
H the sum of (h / 2^16)² over any first coordinates and S that of x²: h <= 2^16 x <= h + 1, hence
0 <= x² - (h / 2^16)² <= 2^-15 and 0 <= S - H <= d 2^-15. The computed S' is within g = (d + 2) 2^-53 of S, relatively,
and d <= MAX_DIMENSION.
If H > 1 + 2^-32 + 2 g, then S' >= H (1 - g) > 1: a miss, and for good, since S' never decreases.
If H <= 1 - d 2^-15 - 2^-30, which is positive for d < 2^15 only, then S' <= (1 - 2^-30)(1 + g) <= 1: a hit.
The share left over is about d² V_d / 2^d 2^-17.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fastcurse._kernels import simd
from fastcurse._kernels._compile import kernel
from fastcurse._kernels.philox import half_squares, philox4x32, philox_vectors

DRAWS = "philox-octets-1"  # names the definition above: counts of another one may not be added to these
MAX_DIMENSION = 2**28  # counters of octets stay below 2^31
_ONE = 2**32  # the screen's unit
_CHUNK = 1024

_WORD = np.uint64(0xFFFFFFFF)
_UPPER = np.uint64(0xFFFF0000)
_BITS_32, _BITS_27, _BITS_16 = np.uint64(32), np.uint64(27), np.uint64(16)
_HALF = np.uint64(0xFFFF)
_BITS_37 = np.uint64(37)
_LOW_BLOCKS = np.uint64(2**31)
_FOUR = np.uint64(4)


def bounds(d: int) -> tuple[int, int]:
    """Return the sums, in units of 2^-32, up to which the screen may take a draw for a hit, and above which for a miss.

    The first is negative where no sum is a hit for sure.
    """
    return max(-1, _ONE - d * 2**17 - 4), _ONE + 2 + (d + 2 >> 20)


@kernel(inline=True)
def _mask(used):
    """Return which bits of a word hold coordinates, of which `used` are left."""
    return _WORD if used >= 2 else (_UPPER if used == 1 else np.uint64(0))


@kernel(inline=True)
def _add_octet(t, total, octet, stream, k0, k1, used):
    """Return `total` and h² of the first `used` <= 8 coordinates of an octet of draws t: vectors of uint64."""
    words = philox_vectors(t, octet, stream, k0, k1)
    total = half_squares(words[0], _mask(used), total)
    total = half_squares(words[1], _mask(used - 2), total)
    total = half_squares(words[2], _mask(used - 4), total)
    return half_squares(words[3], _mask(used - 6), total)


@kernel()
def coordinates(t, octet, stream, k0, k1, point):
    """Fill point (8,) with coordinates 8 octet .. 8 octet + 7 of draw t, all 53 bits of them.

    All arguments are uint64. Called by `_is_hit`, and by the tests: the low bits are too fine for hits to show an
    error.
    """
    upper = philox4x32(t & _WORD, t >> _BITS_32, octet, stream, k0, k1)
    for r in range(4):
        block = _LOW_BLOCKS + _FOUR * octet + np.uint64(r)
        w0, w1, w2, w3 = philox4x32(t & _WORD, t >> _BITS_32, block, stream, k0, k1)
        for side in range(2):
            low = ((w0 << _BITS_32) | w1) if side == 0 else ((w2 << _BITS_32) | w3)
            half = (upper[r] >> _BITS_16) if side == 0 else (upper[r] & _HALF)
            k = (half << _BITS_37) | (low >> _BITS_27)
            # Above 1/2 the sum has no room for the half and rounds to even: the mean stays 1/2.
            point[2 * r + side] = (np.float64(k) + 0.5) * 2.0**-53


@kernel()
def _is_hit(t, d, stream, k0, k1):
    """Return whether draw t is a hit by the definition, with all 53 bits of each coordinate."""
    total = 0.0
    point = np.empty(8)
    for octet in range((d + 7) // 8):
        coordinates(t, np.uint64(octet), stream, k0, k1, point)
        for r in range(min(8, d - 8 * octet)):
            total += point[r] * point[r]
        if total > 1.0:
            return False
    return True


@kernel()
def _count(width, t, n_draws, d, stream, k0, k1, surely_in, surely_out, draws, sums):
    """Return the hits among draws t .. t + n_draws - 1; the buffers are overwritten.

    draws, sums (at least n_draws,) uint64. What an octet leaves open moves to the front of both, so that the next has
    full vectors; what the last one leaves open is drawn in full.
    """
    lanes = len(width)
    inner, outer = simd.broadcast(width, np.uint64(max(surely_in, 0))), simd.broadcast(width, np.uint64(surely_out))
    n_octets = max(1, (d + 7) // 8)
    n_alive, count = n_draws, 0
    for octet in range(n_octets):
        decides = octet == n_octets - 1 and surely_in >= 0
        kept = 0
        for start in range(0, n_alive, lanes):
            if octet == 0:
                at, total = simd.count_from(width, t + np.uint64(start)), simd.broadcast(width, np.uint64(0))
            else:
                at, total = simd.load(width, draws, start), simd.load(width, sums, start)
            total = _add_octet(at, total, np.uint64(octet), stream, k0, k1, d - 8 * octet)
            alive = simd.lanes_up_to(total, outer)
            if n_alive - start < lanes:
                alive &= (np.int64(1) << np.int64(n_alive - start)) - np.int64(1)
            if decides:
                settled = alive & simd.lanes_up_to(total, inner)
                count += simd.count_bits(settled)
                alive &= ~settled
            if alive:
                simd.store_lanes(draws, kept, at, alive)
                simd.store_lanes(sums, kept, total, alive)
                kept += simd.count_bits(alive)
        n_alive = kept
        if n_alive == 0:
            break
    for i in range(n_alive):
        if _is_hit(draws[i], d, stream, k0, k1):
            count += 1
    return count


@kernel(parallel=True)
def scan_hits(width, first, stop, d, stream, key, surely_in, surely_out, block, hits):
    """Count the hits among draws first .. stop - 1; hits[b] is the count of the b-th `block` of them.

    Requires 0 <= first <= stop <= 2^63 - block, 0 <= d <= MAX_DIMENSION, 0 <= stream < 2^32, key (2,) uint32,
    surely_in and surely_out at most and at least those of `bounds` (further ones give the same counts: more draws are
    looked at in full), block >= 1 and hits (ceil((stop - first) / block),) int64. Fills every element of hits, whose
    sum does not depend on `block`. Called by ``balls._hit_or_miss``.
    """
    for b in prange(hits.shape[0]):
        begin, end = first + b * block, min(first + (b + 1) * block, stop)
        # So few at a time that the buffers stay in the first-level cache.
        draws, sums = np.empty(_CHUNK, dtype=np.uint64), np.empty(_CHUNK, dtype=np.uint64)
        count = 0
        for start in range(begin, end, _CHUNK):
            count += _count(
                width, np.uint64(start), min(_CHUNK, end - start), d, np.uint64(stream), np.uint64(key[0]),
                np.uint64(key[1]), surely_in, surely_out, draws, sums,
            )  # fmt: skip
        hits[b] = count
