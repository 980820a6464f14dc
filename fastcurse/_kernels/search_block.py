"""The register block of the pair search: a few points i against one panel of points j, in float32 or in int8.

A point is a row of 32-bit words, read as the type of the sums says. float32: a word is a coordinate. int32: a word is
four consecutive coordinates, signed bytes b in [-127, 127]; the other point's word holds the bytes 127 - b, unsigned,
which is the same word with `FLIP` flipped, so that a word adds the sum of b_j (127 - b_i) to a pair's sum: minus
the inner product plus a term of j alone. Layout and shape of the block: ``pair_block``.

Precondition of every operation: indices are in bounds and non-negative; nothing checks them.
"""

from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.types.containers import UniTuple

from fastcurse._kernels import simd
from fastcurse._kernels._compile import intrinsic
from fastcurse._kernels.pair_block import at_offset, pack_sums, unpack_sums

FLIP = 0x7F7F7F7F  # b ^ 0x7f is 127 - b, as an unsigned byte
_SHORT = (("avx512vnni", "avx512vl"), ("avxvnni",))
_DOT_INSTRUCTIONS = {512: (("avx512vnni",),), 256: _SHORT, 128: _SHORT}  # any of these sets will do


def has_dot_product(bits: int | None = None) -> bool:
    """Return whether bytes are multiplied and added in one instruction, at a width (None: the one that is used)."""
    sets = _DOT_INSTRUCTIONS.get(bits or simd.host_bits(), ())
    return any(simd.host_has(*features) for features in sets)


def _is_float(vector):
    return isinstance(vector.element, types.Float)


def _dot(context, builder, vector, total, signed, flipped):
    """Emit total + the inner products of four bytes: signed ones times unsigned ones."""
    bits = vector.lanes * 32
    kind = context.get_value_type(vector)
    if has_dot_product(bits):
        name = f"llvm.x86.avx512.vpdpbusd.{bits}"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * 3), name)
        return builder.call(function, [total, flipped, signed])

    def constant(value):
        return ir.Constant(kind, [value] * vector.lanes)

    for shift in (0, 8, 16, 24):
        b = builder.ashr(builder.shl(signed, constant(24 - shift)), constant(24))
        a = builder.and_(builder.lshr(flipped, constant(shift)), constant(0xFF))
        total = builder.add(total, builder.mul(a, b))
    return total


def _added(context, builder, vector, total, x, y):
    if _is_float(vector):
        difference = builder.fsub(x, y)
        return simd.fuse(context, builder, vector, difference, difference, total)
    return _dot(context, builder, vector, total, y, x)


def _over_block(context, builder, signature, arguments, sums, change):
    """Emit the sums, each turned into `change(total, x, y)`: total None for a block that begins."""
    vector = sums.dtype
    rows, row_at, panels, column_at = arguments[-4:]
    rows_type, _, panels_type, _ = signature.args[-4:]
    first = simd.element(context, builder, panels_type, panels, column_at)
    y = [simd.read(context, builder, vector, at_offset(builder, first, v * vector.lanes)) for v in range(2)]
    start = simd.element(context, builder, rows_type, rows, row_at)
    word = context.get_value_type(vector.element)
    old = unpack_sums(builder, sums, arguments[0]) if signature.args[0] == sums else [None] * len(sums)
    new = []
    for r in range(len(sums) // 2):
        scalar = builder.load(builder.bitcast(at_offset(builder, start, r), word.as_pointer()))
        x = simd.spread(context, builder, vector, scalar)
        new += [change(old[2 * r + v], x, y[v]) for v in range(2)]
    return pack_sums(context, builder, sums, new)


@intrinsic
def begin_words(_context, width, block, zero, rows, row_at, panels, column_at):
    """Return the sums of a block that begins: x + y of the words there for integers, zero for floats."""
    vector = simd.vector_of(width, zero)
    sums = UniTuple(vector, len(block))

    def generate(context, builder, signature, arguments):
        if _is_float(vector):
            nothing = ir.Constant(context.get_value_type(vector), [0.0] * vector.lanes)
            return pack_sums(context, builder, sums, [nothing] * len(sums))
        return _over_block(context, builder, signature, arguments, sums, lambda _total, x, y: builder.add(x, y))

    return sums(width, block, zero, rows, types.intp, panels, types.intp), generate


@intrinsic
def add_words(_context, sums, rows, row_at, panels, column_at):
    """Return the sums with one word more: (x - y)² fused for floats, the inner product of bytes for integers."""

    def generate(context, builder, signature, arguments):
        return _over_block(
            context, builder, signature, arguments, sums,
            lambda total, x, y: _added(context, builder, sums.dtype, total, x, y),
        )  # fmt: skip

    return sums(sums, rows, types.intp, panels, types.intp), generate


@intrinsic
def add_offsets(_context, sums, rows, row_at, panels, column_at):
    """Return the sums + x + y of the words there for integers; the same sums for floats."""

    def generate(context, builder, signature, arguments):
        if _is_float(sums.dtype):
            return arguments[0]
        return _over_block(
            context, builder, signature, arguments, sums,
            lambda total, x, y: builder.add(total, builder.add(x, y)),
        )  # fmt: skip

    return sums(sums, rows, types.intp, panels, types.intp), generate


def _outside(builder, vector, value, low, high):
    """Emit the mask of lanes outside: below low or above high; for integers negative or at least high."""
    if _is_float(vector):
        return builder.or_(builder.fcmp_ordered("<", value, low), builder.fcmp_ordered(">", value, high))
    return builder.icmp_unsigned(">=", value, high)


@intrinsic
def any_outside(_context, sums, low, high):
    """Return as bits the lanes in which a sum is below low or above high; for integers outside [0, high)."""
    vector = sums.dtype

    def generate(context, builder, _signature, arguments):
        values = unpack_sums(builder, sums, arguments[0])
        low_, high_ = (simd.spread(context, builder, vector, bound) for bound in arguments[1:])
        if _is_float(vector):
            least, most = values[0], values[0]
            for value in values[1:]:
                least = simd.select("<", builder, value, least)
                most = simd.select(">", builder, value, most)
            mask = builder.or_(
                _outside(builder, vector, least, low_, high_), _outside(builder, vector, most, low_, high_)
            )
        else:
            chains = values[:2]
            for index, value in enumerate(values[2:]):
                most = chains[index % 2]
                chains[index % 2] = builder.select(builder.icmp_unsigned(">", value, most), value, most)
            most = builder.select(builder.icmp_unsigned(">", *chains), *chains)
            mask = _outside(builder, vector, most, low_, high_)
        return builder.zext(builder.bitcast(mask, ir.IntType(vector.lanes)), ir.IntType(64))

    return types.int64(sums, vector.element, vector.element), generate


@intrinsic
def mark_outside(_context, sums, low, high, marks):
    """Fill marks (sums,) int64 with the lanes of each sum that are outside, as bits."""
    vector = sums.dtype

    def generate(context, builder, signature, arguments):
        start = simd.element(context, builder, signature.args[3], arguments[3], ir.Constant(ir.IntType(64), 0))
        low_, high_ = (simd.spread(context, builder, vector, bound) for bound in arguments[1:3])
        for index, value in enumerate(unpack_sums(builder, sums, arguments[0])):
            mask = builder.bitcast(_outside(builder, vector, value, low_, high_), ir.IntType(vector.lanes))
            builder.store(builder.zext(mask, ir.IntType(64)), at_offset(builder, start, index))
        return context.get_dummy_value()

    return types.void(sums, vector.element, vector.element, marks), generate
