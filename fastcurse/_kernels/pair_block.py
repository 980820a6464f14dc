"""The register block of the pair scan: a few points i against one panel of points j, as a tuple of vectors of sums.

Layout: points are packed in panels of two vectors of points, feature by feature: element
(panel * n_features + feature) * panel_size + k is feature `feature` of point panel * panel_size + k. Lanes are
points j, so nothing is reduced across lanes inside the loop and each pair's sum grows in feature order. Sums 2 r
and 2 r + 1 belong to row r. How many sums there are is the length of the tuple `block`: eight, four rows, where the
host has 16 vector registers. Each operation is one intrinsic over the whole tuple.

A pair that must not count (j <= i, or j beyond the last point) starts its sum at nan: the sum stays nan, and
the minimum, the maximum and `simd.lanes_below` pass over it. No scalar path for edges is needed.

Precondition of every operation: indices are in bounds and non-negative; nothing checks them.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.types.containers import UniTuple

from fastcurse._kernels import simd
from fastcurse._kernels._compile import intrinsic, kernel

_CHAIN = 4  # sums that one chain of minima or maxima takes in


def panel_size(width: tuple[int, ...]) -> int:
    """Return the number of points in a panel: two float64 vectors."""
    return 2 * len(width)


def at_offset(builder, pointer, offset):
    return builder.gep(pointer, [ir.Constant(ir.IntType(64), offset)])


def pack_sums(context, builder, kind, values):
    packed = ir.Constant(context.get_value_type(kind), ir.Undefined)
    for index, value in enumerate(values):
        packed = builder.insert_value(packed, value, index)
    return packed


def unpack_sums(builder, kind, packed):
    return [builder.extract_value(packed, index) for index in range(len(kind))]


@intrinsic
def equal_sums(_context, width, block, scalar):
    """Return sums that all hold the scalar."""
    vector = simd.vector_of(width, scalar)
    sums = UniTuple(vector, len(block))

    def generate(context, builder, _signature, arguments):
        return pack_sums(context, builder, sums, [simd.spread(context, builder, vector, arguments[2])] * len(block))

    return sums(width, block, scalar), generate


@intrinsic
def load_sums(_context, width, block, scratch):
    """Return the sums that `scratch` (sums * lanes,) holds."""
    vector = simd.vector_of(width, scratch.dtype)
    sums = UniTuple(vector, len(block))

    def generate(context, builder, signature, arguments):
        start = simd.element(context, builder, signature.args[2], arguments[2], ir.Constant(ir.IntType(64), 0))
        pointers = [at_offset(builder, start, index * vector.lanes) for index in range(len(block))]
        return pack_sums(context, builder, sums, [simd.read(context, builder, vector, pointer) for pointer in pointers])

    return sums(width, block, scratch), generate


@intrinsic
def store_sums(_context, sums, scratch):
    """Write the sums to `scratch` (sums * lanes,)."""
    vector = sums.dtype

    def generate(context, builder, signature, arguments):
        start = simd.element(context, builder, signature.args[1], arguments[1], ir.Constant(ir.IntType(64), 0))
        for index, value in enumerate(unpack_sums(builder, sums, arguments[0])):
            simd.write(context, builder, vector, value, at_offset(builder, start, index * vector.lanes))
        return context.get_dummy_value()

    return types.void(sums, scratch), generate


def _adder(term, name, doc):
    """Make the intrinsic that turns each sum s of row r and vector v into term(s, rows[row_at + r], panels[v])."""

    def typer(_context, sums, rows, row_at, panels, column_at):
        vector = sums.dtype

        def generate(context, builder, signature, arguments):
            packed, rows_, row, panels_, column = arguments
            first = simd.element(context, builder, signature.args[3], panels_, column)
            y = [simd.read(context, builder, vector, at_offset(builder, first, v * vector.lanes)) for v in range(2)]
            start = simd.element(context, builder, signature.args[1], rows_, row)
            values = unpack_sums(builder, sums, packed)
            for r in range(len(sums) // 2):
                x = simd.spread(context, builder, vector, builder.load(at_offset(builder, start, r)))
                for v in range(2):
                    values[2 * r + v] = term(context, builder, vector, values[2 * r + v], x, y[v])
            return pack_sums(context, builder, sums, values)

        return sums(sums, rows, types.intp, panels, types.intp), generate

    typer.__name__, typer.__qualname__, typer.__doc__ = name, name, doc
    return intrinsic(typer)


def _square(_context, builder, _vector, total, x, y):
    difference = builder.fsub(x, y)
    return builder.fadd(total, builder.fmul(difference, difference))


def _fused_square(context, builder, vector, total, x, y):
    difference = builder.fsub(x, y)
    return simd.fuse(context, builder, vector, difference, difference, total)


def _norms(_context, builder, _vector, total, x, y):
    return builder.fadd(total, builder.fadd(x, y))


def _product(_context, builder, _vector, total, x, y):
    return builder.fadd(total, builder.fmul(x, y))


def _fused_product(context, builder, vector, total, x, y):
    return simd.fuse(context, builder, vector, x, y, total)


add_squares = _adder(_square, "add_squares", "Return sums + (x - y)², three roundings: the defined distance.")
fuse_squares = _adder(_fused_square, "fuse_squares", "Return sums + (x - y)², two roundings.")
add_products = _adder(_product, "add_products", "Return sums + x y, two roundings: the defined dot product.")
fuse_products = _adder(_fused_product, "fuse_products", "Return sums + x y, one rounding.")
add_norms = _adder(_norms, "add_norms", "Return sums + (x + y), two roundings.")


def _extreme(comparison, name, doc):
    """Make the intrinsic that folds the sums and a start vector by `simd.select`."""

    def typer(_context, sums, start):
        def generate(_context, builder, _signature, arguments):
            values, chains = unpack_sums(builder, sums, arguments[0]), []
            for begin in range(0, len(values), _CHAIN):
                chains.append(arguments[1])
                for value in values[begin : begin + _CHAIN]:
                    chains[-1] = simd.select(comparison, builder, value, chains[-1])
            while len(chains) > 1:
                chains[:2] = [simd.select(comparison, builder, *chains[:2])]
            return chains[0]

        return start(sums, start), generate

    typer.__name__, typer.__qualname__, typer.__doc__ = name, name, doc
    return intrinsic(typer)


least_of = _extreme("<", "least_of", "Return the lanewise minimum of the sums and `start`, which holds no nan.")
greatest_of = _extreme(">", "greatest_of", "Return the lanewise maximum of the sums and `start`, which holds no nan.")


def _marker(below, name, doc):
    """Make the intrinsic that adds to marks (sums,) int64, as bits, the lanes of each sum beyond the bound."""

    def typer(_context, sums, bound, marks):
        def generate(context, builder, signature, arguments):
            start = simd.element(context, builder, signature.args[2], arguments[2], ir.Constant(ir.IntType(64), 0))
            for index, value in enumerate(unpack_sums(builder, sums, arguments[0])):
                pair = (value, arguments[1]) if below else (arguments[1], value)
                mark = at_offset(builder, start, index)
                builder.store(builder.or_(builder.load(mark), simd.lanes(builder, *pair)), mark)
            return context.get_dummy_value()

        return types.void(sums, bound, marks), generate

    typer.__name__, typer.__qualname__, typer.__doc__ = name, name, doc
    return intrinsic(typer)


mark_below = _marker(True, "mark_below", "Add to marks (sums,) int64, as bits, the lanes of each sum below the bound.")
mark_above = _marker(False, "mark_above", "Add to marks (sums,) int64, as bits, the lanes of each sum above the bound.")


@kernel(inline=True)
def start_sums(width, block, zero, row, column, n_samples, scratch):
    """Return the sums of points row.. against points column..: `zero`, or nan where the pair does not count.

    `scratch` (sums * lanes,) has the type of `zero` and is overwritten.
    """
    rows = len(block) // 2
    points = scratch.shape[0] // rows
    if column > row + rows - 1 and column + points <= n_samples:
        return equal_sums(width, block, zero)
    for r in range(rows):
        for k in range(points):
            counts = column + k > row + r and column + k < n_samples
            scratch[r * points + k] = zero if counts else np.nan
    return load_sums(width, block, scratch)
