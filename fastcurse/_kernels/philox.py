"""Philox4x32-10, the counter-based generator: one block of four words, or a vector of blocks at a time.

Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3. Words are 32 bits in
64-bit lanes, which hold a 32 x 32 bit product whole: one instruction a product.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.types.containers import UniTuple

from fastcurse._kernels import simd
from fastcurse._kernels._compile import intrinsic, kernel

_ROUNDS = 10
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_WORD = np.uint64(0xFFFFFFFF)
_BITS_32 = np.uint64(32)


@kernel(inline=True)
def philox4x32(c0, c1, c2, c3, k0, k1):
    """Return the four words of the block of counter c0..c3 and key k0, k1, all uint64 below 2^32."""
    for _ in range(_ROUNDS):
        product_0 = _MULTIPLIERS[0] * c0
        product_1 = _MULTIPLIERS[1] * c2
        c0 = (product_1 >> _BITS_32) ^ c1 ^ k0
        c1 = product_1 & _WORD
        c2 = (product_0 >> _BITS_32) ^ c3 ^ k1
        c3 = product_0 & _WORD
        k0 = (k0 + _WEYL[0]) & _WORD
        k1 = (k1 + _WEYL[1]) & _WORD
    return c0, c1, c2, c3


@intrinsic
def philox_vectors(_context, t, c2, c3, k0, k1):
    """Return the four words of the blocks of counters (t, c2, c3) as vectors; t is a vector of uint64, c0 its low word.

    c2, c3, k0, k1 are uint64 below 2^32. The upper halves of the lanes are to be ignored.
    """
    vector, words = t, UniTuple(t, 4)

    def generate(context, builder, _signature, arguments):
        kind = context.get_value_type(vector)
        counter, c2, c3, *key = arguments

        def constant(value):
            return ir.Constant(kind, [int(value)] * vector.lanes)

        def spread(scalar):
            return simd.spread(context, builder, vector, scalar)

        def multiply(word, multiplier):
            # The mask tells LLVM that half a product is asked for: garbage above a word costs nothing.
            return builder.mul(builder.and_(word, constant(_WORD)), constant(multiplier))

        def moved_down(word):
            # A shift's low half, by the unit for shuffles: that of shifts, also that of products, is the busiest.
            halves = ir.VectorType(ir.IntType(32), 2 * vector.lanes)
            odd = ir.Constant(halves, [lane | 1 for lane in range(2 * vector.lanes)])
            return builder.bitcast(
                builder.shuffle_vector(builder.bitcast(word, halves), ir.Constant(halves, ir.Undefined), odd), kind
            )

        c = [counter, builder.lshr(counter, constant(_BITS_32)), spread(c2), spread(c3)]
        for _ in range(_ROUNDS):
            products = [multiply(c[2 * side], _MULTIPLIERS[side]) for side in range(2)]
            upper = [moved_down(product) for product in products]
            c = [
                builder.xor(builder.xor(upper[1], c[1]), spread(key[0])),
                products[1],
                builder.xor(builder.xor(upper[0], c[3]), spread(key[1])),
                products[0],
            ]
            for side in range(2):
                moved = builder.add(key[side], ir.Constant(ir.IntType(64), int(_WEYL[side])))
                key[side] = builder.and_(moved, ir.Constant(ir.IntType(64), int(_WORD)))
        packed = ir.Constant(context.get_value_type(words), ir.Undefined)
        for index, word in enumerate(c):
            packed = builder.insert_value(packed, word, index)
        return packed

    return words(t, types.uint64, types.uint64, types.uint64, types.uint64), generate


@intrinsic
def half_squares(_context, word, mask, total):
    """Return total + h² + l² in each lane, h and l the upper and lower 16 bits of `word` & `mask` (uint64 < 2^32)."""

    def generate(context, builder, _signature, arguments):
        kind = context.get_value_type(word)

        def constant(value):
            return ir.Constant(kind, [value] * word.lanes)

        kept = builder.and_(arguments[0], simd.spread(context, builder, word, arguments[1]))
        high = builder.lshr(builder.and_(kept, constant(int(_WORD))), constant(16))
        low = builder.and_(kept, constant(0xFFFF))
        return builder.add(arguments[2], builder.add(builder.mul(high, high), builder.mul(low, low)))

    return word(word, types.uint64, word), generate
