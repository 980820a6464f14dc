"""Hit-or-miss: uniform points of the unit cube counted inside the unit ball, with a counter-based generator.

The point of draw t has coordinate f = 4 q + r equal to x = (k + 1/2) / 2^53, rounded to float64, where the 53 bits of k
are word r of the Philox block (t, 2 q) followed by the top 21 bits of word r of block (t, 2 q + 1). The draw is a
hit when the float64 sum of the squares, added in feature order, is at most 1. That is the whole definition: it
knows nothing of threads, blocks or groups. By symmetry one orthant stands for the cube [-1, 1]^d.

The low bits hardly ever matter, so a screen adds the squares of the high words alone, four coordinates a block
instead of two, and only what it cannot decide is drawn in full. The bound, with h the high word, H the
exact sum of (h / 2^32)² over any first coordinates and S that of x²: h / 2^32 <= x <= (h + 1) / 2^32, hence
0 <= x² - (h / 2^32)² <= 2^-31 and 0 <= S - H <= d 2^-31. The computed sums H' and S' have non-negative terms, so in any
order they are within g = (d + 4) 2^-53 of H and S, relatively. With slack s = d 2^-30 and d <= MAX_DIMENSION:
if H' > 1 + s, then S' >= (1 + s)(1 - 2 g) > 1 (a miss, and for good, since S' never decreases);
if H' <= 1 - s, then S' <= ((1 - s)(1 + 2 g) + d 2^-31)(1 + 2 g) <= 1 (a hit). The share left over is about d 2^-29.

Measured on two cores with 256-bit vectors: 3 ns a draw at d = 10, of which the generator takes four fifths.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fastcurse._kernels._compile import kernel

MAX_DIMENSION = 2**28  # the slack must stay well below 1
_SLACK_A_COORDINATE = 2.0**-30

# Draws that share a scratch buffer of 24 KiB: fits the first-level cache, and late, thin stages still fill
# whole vectors. A power of two, so that no group straddles a multiple of 2^32 and t's high word is one number a group.
GROUP = 2048
_LANES = 16  # fixed inner trip count: without it the loop is not vectorised (5 times slower)

_ROUNDS = 10
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = np.uint64(0x9E3779B9)
_WEYL_1 = np.uint64(0xBB67AE85)
_WORD = np.uint64(0xFFFFFFFF)
_NONE = np.uint64(0)
_BITS_32 = np.uint64(32)
_BITS_21 = np.uint64(21)
_BITS_11 = np.uint64(11)
_STEP = np.uint64(1)
_LANES_UNSIGNED = np.uint64(_LANES)


def screen_slack(d: int) -> float:
    """Return the smallest slack that `scan_hits` may be given at dimension d (module docstring)."""
    return d * _SLACK_A_COORDINATE


@kernel(inline=True)
def philox4x32(c0, c1, c2, c3, k0, k1):
    """Return the four words of the Philox4x32-10 block of counter c0..c3 and key k0, k1.

    All are uint64 below 2^32 (Salmon et al. 2011, section 3.3): 64-bit lanes hold a 32 x 32 bit product whole.
    Called by `_add_squares` and `coordinates`, and by the tests with the published known answers.
    """
    for _ in range(_ROUNDS):
        product_0 = _MULTIPLIER_0 * c0
        product_1 = _MULTIPLIER_1 * c2
        c0 = (product_1 >> _BITS_32) ^ c1 ^ k0
        c1 = product_1 & _WORD
        c2 = (product_0 >> _BITS_32) ^ c3 ^ k1
        c3 = product_0 & _WORD
        k0 = (k0 + _WEYL_0) & _WORD
        k1 = (k1 + _WEYL_1) & _WORD
    return c0, c1, c2, c3


@kernel()
def _add_squares(low_words, sums, n_alive, high_word, quad, used, stream, k0, k1):
    """Add to sums[i] the squares of the high words of coordinates 4 quad .. 4 quad + used - 1 of each draw alive.

    Draw i has t = high_word 2^32 + low_words[i]. Requires 1 <= used <= 4 and buffers of GROUP elements: n_alive is
    rounded up to whole vectors, and what lies beyond it is overwritten with values that nobody reads.
    Units of 2^-64. Called by `scan_hits`.
    """
    # Masks tell the compiler that only 32 bits are set (one multiply instruction) and silence unused coordinates.
    high_word, quad, stream = high_word & _WORD, quad & _WORD, stream & _WORD
    k0, k1 = k0 & _WORD, k1 & _WORD
    mask_1 = _WORD if used > 1 else _NONE
    mask_2 = _WORD if used > 2 else _NONE
    mask_3 = _WORD if used > 3 else _NONE
    for vector in range((n_alive + _LANES - 1) // _LANES):
        start = np.uint64(vector) * _LANES_UNSIGNED
        for lane in range(_LANES):
            i = start + np.uint64(lane)
            w0, w1, w2, w3 = philox4x32(np.uint64(low_words[i]), high_word, quad + quad, stream, k0, k1)
            h0 = np.float64(w0)
            h1 = np.float64(w1 & mask_1)
            h2 = np.float64(w2 & mask_2)
            h3 = np.float64(w3 & mask_3)
            sums[i] = sums[i] + ((h0 * h0 + h1 * h1) + (h2 * h2 + h3 * h3))


@kernel()
def _keep_alive(low_words, sums, n_alive, bound):
    """Move the draws whose sum is at most `bound` to the front, in order, and return how many they are.

    Called by `scan_hits`.
    """
    kept = _NONE
    for i in range(n_alive):
        low_word, total = low_words[i], sums[i]
        low_words[kept], sums[kept] = low_word, total
        kept += _STEP if total <= bound else _NONE  # no branch: it would be mispredicted half the time
    return np.int64(kept)


@kernel(inline=True)
def _join(high, low):
    """Return the coordinate in (0, 1] with the 32 high bits `high` and the 21 low bits at the top of `low`."""
    # Above 1/2 the sum has no room for the half and rounds to even: the mean stays 1/2.
    return (np.float64((high << _BITS_21) | (low >> _BITS_11)) + 0.5) * 2.0**-53


@kernel()
def coordinates(low_word, high_word, quad, stream, k0, k1):
    """Return coordinates 4 quad .. 4 quad + 3 of draw t = high_word 2^32 + low_word, all 53 bits of them.

    All arguments are uint64 below 2^32, quad below 2^31. Called by `_is_hit`, and by the tests: the low bits are too
    fine for hits to show an error in them.
    """
    block = quad + quad
    a0, a1, a2, a3 = philox4x32(low_word, high_word, block, stream, k0, k1)
    b0, b1, b2, b3 = philox4x32(low_word, high_word, block + _STEP, stream, k0, k1)
    return _join(a0, b0), _join(a1, b1), _join(a2, b2), _join(a3, b3)


@kernel()
def _is_hit(low_word, high_word, d, stream, k0, k1):
    """Return 1 if the draw is a hit by the definition, with all 53 bits of each coordinate, else 0.

    Called by `scan_hits` for the draws that the screen leaves open.
    """
    total = 0.0
    for quad in range((d + 3) // 4):
        point = coordinates(low_word, high_word, np.uint64(quad), stream, k0, k1)
        for r in range(min(4, d - 4 * quad)):
            total += point[r] * point[r]
        if total > 1.0:
            return 0
    return 1


@kernel(parallel=True)
def scan_hits(first, stop, d, stream, key, slack, block, hits):
    """Count the hits among draws first .. stop - 1; hits[b] is the count of the b-th `block` of them.

    Requires 0 <= first <= stop <= 2^63 - GROUP - block, 0 <= d <= MAX_DIMENSION, 0 <= stream < 2^32, key (2,) uint32,
    slack >= screen_slack(d) (any larger one gives the same counts: more draws are looked at in full),
    block >= 1 and hits (ceil((stop - first) / block),) int64. Fills every element of hits, whose sum does not depend on
    `block`. Called by ``balls._hit_or_miss.count_hits``.
    """
    stream_word = np.uint64(stream)
    k0, k1 = np.uint64(key[0]), np.uint64(key[1])
    surely_out, surely_in = (1.0 + slack) * 2.0**64, (1.0 - slack) * 2.0**64
    for b in prange(hits.shape[0]):
        low_words = np.empty(GROUP, np.uint32)
        sums = np.empty(GROUP, np.float64)
        count = 0
        t = first + b * block
        end = min(t + block, stop)
        while t < end:
            n_alive = min(GROUP - t % GROUP, end - t)
            high_word = np.uint64(t >> 32)
            for i in range(GROUP):
                low_words[i] = np.uint32((t + i) & 0xFFFFFFFF)
                sums[i] = 0.0
            t += n_alive
            for quad in range((d + 3) // 4):
                used = min(4, d - 4 * quad)
                _add_squares(low_words, sums, n_alive, high_word, np.uint64(quad), used, stream_word, k0, k1)
                n_alive = _keep_alive(low_words, sums, n_alive, surely_out)
                if n_alive == 0:
                    break
            for i in range(n_alive):
                if sums[i] <= surely_in:
                    count += 1
                else:
                    count += _is_hit(np.uint64(low_words[i]), high_word, d, stream_word, k0, k1)
        hits[b] = count
