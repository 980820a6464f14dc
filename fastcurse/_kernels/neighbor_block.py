"""What the neighbour scan does with a register block of sums at a prefix: cosine distances, and whom they concern.

Layout as in ``pair_block``: sums 2 r and 2 r + 1 belong to query r, lanes are rows of X. Row norms and query bounds
are kept like the points: element (panel * n_prefixes + prefix) * panel_size + lane of a panel's rows, element
(group * n_prefixes + prefix) * queries + r of a group of queries.

Precondition of every operation: indices are in bounds and non-negative; nothing checks them.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.core import types

from fastcurse._kernels import simd
from fastcurse._kernels._compile import intrinsic, kernel
from fastcurse._kernels.pair_block import at_offset, equal_sums, load_sums, pack_sums, unpack_sums


@intrinsic
def any_beyond(_context, sums, low, high, bound_at):
    """Return whether a lane of a sum of row r is below low[bound_at + r] or above high[bound_at + r].

    A nan lane may count, or not: whoever is told that there is one looks again. So the two sums of a row are folded
    first: a minimum or maximum is nan only where its second operand is, and then the comparison holds. Eight
    comparisons, of which a core does one a cycle, and eight minima and maxima beside them.
    """
    vector = sums.dtype

    def generate(context, builder, signature, arguments):
        packed, low_, high_, at = arguments
        lows = simd.element(context, builder, signature.args[1], low_, at)
        highs = simd.element(context, builder, signature.args[2], high_, at)
        values, some = unpack_sums(builder, sums, packed), None
        for r in range(len(values) // 2):
            for comparison, start in (("<", lows), (">", highs)):
                bound = simd.spread(context, builder, vector, builder.load(at_offset(builder, start, r)))
                extreme = simd.select(comparison, builder, *values[2 * r : 2 * r + 2])
                beyond = builder.fcmp_unordered(comparison, extreme, bound)
                some = beyond if some is None else builder.or_(some, beyond)
        bits = ir.IntType(vector.lanes)
        return builder.icmp_unsigned("!=", builder.bitcast(some, bits), ir.Constant(bits, 0))

    return types.boolean(sums, low, high, types.intp), generate


def _finder(below, name, doc):
    """Make the intrinsic that gives the lanes of each sum of row r beyond bounds[bound_at + r]."""

    def typer(_context, sums, bounds, bound_at):
        vector = sums.dtype

        def generate(context, builder, signature, arguments):
            packed, bounds_, at = arguments
            start = simd.element(context, builder, signature.args[1], bounds_, at)
            bits = ir.Constant(ir.IntType(64), 0)
            for index, value in enumerate(unpack_sums(builder, sums, packed)):
                bound = simd.spread(context, builder, vector, builder.load(at_offset(builder, start, index // 2)))
                pair = (value, bound) if below else (bound, value)
                shift = ir.Constant(ir.IntType(64), index * vector.lanes)
                bits = builder.or_(bits, builder.shl(simd.lanes(builder, *pair), shift))
            return bits

        return types.int64(sums, bounds, types.intp), generate

    typer.__name__, typer.__qualname__ = name, name
    # At most 64 lanes: eight sums of 512 bits.
    typer.__doc__ = doc + " Lane l of sum s is bit s * lanes + l of an int64. A nan lane never is."
    return intrinsic(typer)


lanes_below_bounds = _finder(
    True, "lanes_below_bounds", "Return the lanes of each sum of row r below bounds[bound_at + r]."
)
lanes_above_bounds = _finder(
    False, "lanes_above_bounds", "Return the lanes of each sum of row r above bounds[bound_at + r]."
)


@intrinsic
def to_cosine_distances(_context, sums, row_norms, row_at, query_norms, query_at):
    """Return 1 - s / (x y) of each sum s, norm x of its query and norms y of its rows; 1 where x y is 0.

    Four roundings, the definition of a cosine distance. A sum that is nan gives nan, whatever the norms.
    """
    vector = sums.dtype

    def generate(context, builder, signature, arguments):
        packed, row_norms_, row, query_norms_, query = arguments
        kind = context.get_value_type(vector)
        one, zero = (ir.Constant(kind, [value] * vector.lanes) for value in (1.0, 0.0))
        first = simd.element(context, builder, signature.args[1], row_norms_, row)
        y = [simd.read(context, builder, vector, at_offset(builder, first, v * vector.lanes)) for v in range(2)]
        start = simd.element(context, builder, signature.args[3], query_norms_, query)
        values = unpack_sums(builder, sums, packed)
        for index, value in enumerate(values):
            x = simd.spread(context, builder, vector, builder.load(at_offset(builder, start, index // 2)))
            norms = builder.fmul(x, y[index % 2])
            positive = builder.fcmp_ordered(">", norms, zero)
            # Times zero, not zero: nan stays nan.
            cosine = builder.select(positive, builder.fdiv(value, norms), builder.fmul(value, zero))
            values[index] = builder.fsub(one, cosine)
        return pack_sums(context, builder, sums, values)

    return sums(sums, row_norms, types.intp, query_norms, types.intp), generate


@kernel(inline=True)
def start_query_sums(width, block, own, query, row, n_rows, scratch):
    """Return the sums of queries query.. with rows row..: 0, or nan beyond the last row and for a query's own row.

    own (n_queries,) int64 is the row that each query is, -1 for none. `scratch` (sums * lanes,) float64 is
    overwritten.
    """
    queries = len(block) // 2
    points = scratch.shape[0] // queries
    whole = row + points <= n_rows
    for r in range(queries):
        if row <= own[query + r] < row + points:
            whole = False
    if whole:
        return equal_sums(width, block, 0.0)
    for r in range(queries):
        for lane in range(points):
            counts = row + lane < n_rows and row + lane != own[query + r]
            scratch[r * points + lane] = 0.0 if counts else np.nan
    return load_sums(width, block, scratch)
