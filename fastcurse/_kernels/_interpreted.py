"""What each vector operation means, in NumPy: run in its place where Numba is disabled (``NUMBA_DISABLE_JIT=1``).

Names, arguments and bits are those of the intrinsics of ``simd``, ``philox`` and the blocks, and a test holds the one
against the other. A vector is an array (lanes,), a register block of sums an array (sums, lanes) whose rows 2 r and
2 r + 1 belong to point r. Unlike machine code these check that indices are in bounds. They serve tests, coverage and
debuggers: everything takes some thousand times longer.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

_WORD, _BITS_32 = np.uint64(0xFFFFFFFF), np.uint64(32)


def _part(array, start, length):
    """Return the view array[start : start + length] of a one-dimensional, contiguous array."""
    if array.ndim != 1 or not array.flags.c_contiguous or start < 0 or start + length > array.size:
        raise IndexError(f"{start} .. {start + length - 1} must lie in a row, got {array.shape}, {array.strides}")
    return array[start : start + length]


def _lanes(width, dtype):
    return 8 * len(width) // np.dtype(dtype).itemsize


def _bits(mask):
    """Return the mask's last axis as the bits of int64s, the first lowest."""
    return mask @ (np.int64(1) << np.arange(mask.shape[-1]))


def _fused(a, b, c):
    """Return a * b + c with one rounding."""
    if a.dtype == np.float64:
        fused = a * b + c
        for at in np.argwhere(np.isfinite(fused)):
            x, y, z = (Fraction(float(part[*at])) for part in (a, b, c))
            fused[*at] = float(x * y + z)
        return fused
    # float64 holds the product; the sum is rounded to odd there, and so once where it becomes float32.
    product, c = a.astype(np.float64) * b, c.astype(np.float64)
    total = product + c
    back = total - product
    error = (product - (total - back)) + (c - back)
    inexact = np.isfinite(total) & (error != 0) & (total.view(np.int64) & 1 == 0)
    odd = np.nextafter(total, np.copysign(np.inf, error))
    return np.where(inexact, odd, total).astype(np.float32)


# simd


def load(width, array, index):
    return _part(array, index, _lanes(width, array.dtype)).copy()


def store(array, index, vector):
    _part(array, index, vector.size)[:] = vector


def broadcast(width, scalar):
    scalar = np.asarray(scalar)
    return np.full(_lanes(width, scalar.dtype), scalar)


def load_broadcast(width, array, index):
    return broadcast(width, _part(array, index, 1)[0])


def add(a, b):
    return a + b


def subtract(a, b):
    return a - b


def multiply(a, b):
    return a * b


def lesser(a, b):
    return np.where(a < b, a, b)


def greater(a, b):
    return np.where(a > b, a, b)


def fused_multiply_add(a, b, c):
    return _fused(a, b, c)


def least_lane(a):
    return a.min()


def greatest_lane(a):
    return a.max()


def lanes_below(a, b):
    return _bits(a < b)


def count_from(width, first):
    return first + np.arange(len(width), dtype=np.uint64)


def lanes_up_to(a, b):
    return _bits(a <= b)


def count_bits(bits):
    return (int(bits) & 2**64 - 1).bit_count()


def store_lanes(array, index, vector, bits):
    kept = vector[bits >> np.arange(vector.size) & 1 == 1]
    _part(array, index, kept.size)[:] = kept


# philox


def philox_vectors(t, c2, c3, k0, k1):
    c0, c1 = t & _WORD, t >> _BITS_32
    for _ in range(10):
        product_0, product_1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (
            (product_1 >> _BITS_32) ^ c1 ^ k0, product_1 & _WORD, (product_0 >> _BITS_32) ^ c3 ^ k1, product_0 & _WORD,
        )  # fmt: skip
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & _WORD, (k1 + np.uint64(0xBB67AE85)) & _WORD
    return c0, c1, c2, c3


def half_squares(word, mask, total):
    high, low = (word & mask & _WORD) >> np.uint64(16), word & mask & np.uint64(0xFFFF)
    return total + high * high + low * low


# pair_block


def _against(sums, rows, row_at, panels, column_at):
    """Return x (sums, 1) and y (sums, lanes): the point of each sum's row, and the points of its vector."""
    n_rows = len(sums) // 2
    x = np.repeat(_part(rows, row_at, n_rows), 2)[:, None]
    return x, np.tile(_part(panels, column_at, 2 * sums.shape[1]).reshape(2, -1), (n_rows, 1))


def equal_sums(width, block, scalar):
    return np.tile(broadcast(width, scalar), (len(block), 1))


def load_sums(width, block, scratch):
    lanes = _lanes(width, scratch.dtype)
    return _part(scratch, 0, len(block) * lanes).reshape(len(block), lanes).copy()


def store_sums(sums, scratch):
    _part(scratch, 0, sums.size)[:] = sums.ravel()


def add_squares(sums, *points):
    x, y = _against(sums, *points)
    return sums + (x - y) * (x - y)


def fuse_squares(sums, *points):
    x, y = _against(sums, *points)
    return _fused(x - y, x - y, sums)


def add_products(sums, *points):
    x, y = _against(sums, *points)
    return sums + x * y


def fuse_products(sums, *points):
    x, y = _against(sums, *points)
    return _fused(np.broadcast_to(x, y.shape), y, sums)


def add_norms(sums, *points):
    x, y = _against(sums, *points)
    return sums + (x + y)


def least_of(sums, start):
    for value in sums:
        start = lesser(value, start)
    return start


def greatest_of(sums, start):
    for value in sums:
        start = greater(value, start)
    return start


def mark_below(sums, bound, marks):
    _part(marks, 0, len(sums))[:] |= _bits(sums < bound)


def mark_above(sums, bound, marks):
    _part(marks, 0, len(sums))[:] |= _bits(bound < sums)


# search_block


def _words(sums, rows, row_at, panels, column_at):
    """Return the words of each sum's row and vector, in the type of the sums."""
    return _against(sums, rows.view(sums.dtype), row_at, panels.view(sums.dtype), column_at)


def begin_words(width, block, zero, *points):
    sums = equal_sums(width, block, zero)
    return add_offsets(sums, *points)


def add_words(sums, *points):
    x, y = _words(sums, *points)
    if sums.dtype == np.float32:
        return _fused(x - y, x - y, sums)
    flipped, signed = x.view(np.uint8).reshape(-1, 1, 4), y.view(np.int8).reshape(*y.shape, 4)
    return sums + (flipped.astype(np.int32) * signed).sum(axis=-1, dtype=np.int32)


def add_offsets(sums, *points):
    if sums.dtype == np.float32:
        return sums
    x, y = _words(sums, *points)
    return sums + (x + y)


def _outside(sums, low, high):
    """Return which lanes are below low or above high; for integers negative or at least high."""
    if sums.dtype == np.float32:
        return (sums < low) | (sums > high)
    return sums.view(np.uint32) >= high.view(np.uint32)


def any_outside(sums, low, high):
    return _bits(_outside(sums, low, high).any(axis=0))


def mark_outside(sums, low, high, marks):
    _part(marks, 0, len(sums))[:] = _bits(_outside(sums, low, high))


# neighbor_block


def _bounds(sums, bounds, bound_at):
    """Return the bound (sums, 1) of each sum's row."""
    return np.repeat(_part(bounds, bound_at, len(sums) // 2), 2)[:, None]


def any_beyond(sums, low, high, bound_at):
    return bool(((sums < _bounds(sums, low, bound_at)) | (sums > _bounds(sums, high, bound_at))).any())


def lanes_below_bounds(sums, bounds, bound_at):
    return _bits((sums < _bounds(sums, bounds, bound_at)).ravel())


def lanes_above_bounds(sums, bounds, bound_at):
    return _bits((sums > _bounds(sums, bounds, bound_at)).ravel())


def to_cosine_distances(sums, row_norms, row_at, query_norms, query_at):
    x, y = _against(sums, query_norms, query_at, row_norms, row_at)
    norms = x * y
    return 1.0 - np.where(norms > 0.0, sums / norms, sums * 0.0)
