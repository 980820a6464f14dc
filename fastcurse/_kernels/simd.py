"""Explicit vectors for Numba: an LLVM vector type and the dozen operations that the pair scan is written in.

Numba does not vectorise minimum and maximum reductions, and several Intel targets are tuned to 256-bit code; an
explicit ``<8 x double>`` stays 512 bits, and LLVM splits it where the host has less. A kernel takes its width as
the *type* of an argument, ``width``: a tuple with one element for each 64 bits. The width is therefore part of
the signature, one source serves 128, 256 and 512 bits, and the cache on disk keeps them apart.

Precondition of every operation: indices are in bounds and non-negative; nothing checks them.
"""

from __future__ import annotations

import os
from functools import cache, partial

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel import PrimitiveModel, register_default
from numba.core.registry import cpu_target

from fastcurse._kernels._compile import intrinsic

_BITS = {"avx512f": 512, "avx": 256}


def host_bits() -> int:
    """Return the width in bits of the vectors that Numba compiles for here; ``FASTCURSE_VECTOR_BITS`` overrides it."""
    asked = os.environ.get("FASTCURSE_VECTOR_BITS")
    if asked is not None:
        if asked not in ("128", "256", "512"):
            raise ValueError(f"FASTCURSE_VECTOR_BITS must be 128, 256 or 512, got {asked!r}")
        return int(asked)
    return next((bits for feature, bits in _BITS.items() if host_has(feature)), 128)


def host_has(*features: str) -> bool:
    """Return whether Numba compiles for all these instruction sets here, by LLVM's names for them.

    ``NUMBA_CPU_FEATURES``, ``NUMBA_CPU_NAME=generic`` and ``NUMBA_ENABLE_AVX=0`` take away what the host has.
    """
    return {f"+{feature}" for feature in features} <= _target_features()


@cache
def _target_features() -> frozenset[str]:
    return frozenset(cpu_target.target_context.codegen().magic_tuple()[2].split(","))


def width_of(bits: int) -> tuple[int, ...]:
    """Return the argument that gives a kernel vectors of `bits` bits."""
    return (0,) * (bits // 64)


class Vector(types.Type):
    """The Numba type of an LLVM vector: `lanes` elements of a float type."""

    def __init__(self, element, lanes):
        self.element = element
        self.lanes = lanes
        super().__init__(name=f"Vector({element} x {lanes})")


@register_default(Vector)
class _VectorModel(PrimitiveModel):
    def __init__(self, manager, vector):
        element = manager.lookup(vector.element).get_value_type()
        super().__init__(manager, vector, ir.VectorType(element, vector.lanes))


def vector_of(width, element):
    """Return the Numba type of the vectors that a width holds of an element type."""
    return Vector(element, width.count * 64 // element.bitwidth)


def element(context, builder, array_type, array, index):
    """Emit the address of array[index]; `array` is one-dimensional and contiguous."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [index])


def read(context, builder, vector, pointer):
    """Emit the load of a vector from the address of its first element."""
    kind = context.get_value_type(vector).as_pointer()
    loaded = builder.load(builder.bitcast(pointer, kind))
    loaded.align = vector.element.bitwidth // 8
    return loaded


def write(context, builder, vector, value, pointer):
    """Emit the store of a vector to the address of its first element."""
    kind = context.get_value_type(vector).as_pointer()
    stored = builder.store(value, builder.bitcast(pointer, kind))
    stored.align = vector.element.bitwidth // 8


def spread(context, builder, vector, scalar):
    """Emit the vector whose lanes all hold the scalar."""
    kind = context.get_value_type(vector)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, ir.Constant(ir.IntType(32), 0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), vector.lanes), [0] * vector.lanes)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), lanes)


def fuse(context, builder, vector, a, b, c):
    """Emit a * b + c with one rounding."""
    kind = context.get_value_type(vector)
    name = f"llvm.fma.{_mangled(vector)}"
    return builder.call(
        cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * 3), name), [a, b, c]
    )


@intrinsic
def load(_context, width, array, index):
    """Return array[index : index + lanes]."""
    vector = vector_of(width, array.dtype)

    def generate(context, builder, signature, arguments):
        return read(context, builder, vector, element(context, builder, signature.args[1], *arguments[1:]))

    return vector(width, array, types.intp), generate


@intrinsic
def store(_context, array, index, vector):
    """Write the vector to array[index : index + lanes]."""

    def generate(context, builder, signature, arguments):
        pointer = element(context, builder, signature.args[0], *arguments[:2])
        write(context, builder, vector, arguments[2], pointer)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def broadcast(_context, width, scalar):
    """Return the vector whose lanes all hold the scalar."""
    vector = vector_of(width, scalar)

    def generate(context, builder, signature, arguments):
        return spread(context, builder, vector, arguments[1])

    return vector(width, scalar), generate


@intrinsic
def load_broadcast(_context, width, array, index):
    """Return the vector whose lanes all hold array[index].

    Plain indexing would add four instructions that turn negative indices around: half of a hot loop's integer work.
    """
    vector = vector_of(width, array.dtype)

    def generate(context, builder, signature, arguments):
        scalar = builder.load(element(context, builder, signature.args[1], *arguments[1:]))
        return spread(context, builder, vector, scalar)

    return vector(width, array, types.intp), generate


def _elementwise(operation, name, doc):
    """Make the intrinsic of two vectors whose LLVM code `operation(builder, a, b)` emits."""

    def typer(_context, a, b):
        def generate(context, builder, signature, arguments):
            return operation(builder, *arguments)

        return a(a, b), generate

    typer.__name__, typer.__qualname__, typer.__doc__ = name, name, doc
    return intrinsic(typer)


def select(comparison, builder, a, b):
    """Emit a where a `comparison` b, else b: the second where either is nan."""
    return builder.select(builder.fcmp_ordered(comparison, a, b), a, b)


add = _elementwise(lambda builder, a, b: builder.fadd(a, b), "add", "Return a + b.")
subtract = _elementwise(lambda builder, a, b: builder.fsub(a, b), "subtract", "Return a - b.")
multiply = _elementwise(lambda builder, a, b: builder.fmul(a, b), "multiply", "Return a * b.")
# One instruction each on x86, whose minimum and maximum return the second operand when either is nan.
lesser = _elementwise(partial(select, "<"), "lesser", "Return a where a < b, else b: b where either is nan.")
greater = _elementwise(partial(select, ">"), "greater", "Return a where a > b, else b: b where either is nan.")


def _mangled(vector: Vector) -> str:
    return f"v{vector.lanes}f{vector.element.bitwidth}"


@intrinsic
def fused_multiply_add(_context, a, b, c):
    """Return a * b + c with one rounding."""

    def generate(context, builder, signature, arguments):
        return fuse(context, builder, a, *arguments)

    return a(a, b, c), generate


def _reduction(reduction, name, doc):
    """Make the intrinsic that reduces one vector without nans to a scalar by llvm.vector.reduce.<reduction>."""

    def typer(_context, a):
        def generate(context, builder, signature, arguments):
            kind = context.get_value_type(a)
            function = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(kind.element, [kind]), f"llvm.vector.reduce.{reduction}.{_mangled(a)}"
            )
            return builder.call(function, arguments, fastmath=("nnan",))

        return a.element(a), generate

    typer.__name__, typer.__qualname__, typer.__doc__ = name, name, doc
    return intrinsic(typer)


least_lane = _reduction("fmin", "least_lane", "Return the smallest lane; no lane may be nan.")
greatest_lane = _reduction("fmax", "greatest_lane", "Return the largest lane; no lane may be nan.")


def lanes(builder, a, b):
    """Emit the lanes with a < b as bits of an int64, lane 0 lowest; a nan lane is not below."""
    bits = builder.bitcast(builder.fcmp_ordered("<", a, b), ir.IntType(a.type.count))
    return builder.zext(bits, ir.IntType(64))


@intrinsic
def lanes_below(_context, a, b):
    """Return the lanes with a < b as bits of an int64, lane 0 lowest; a nan lane is not below."""

    def generate(context, builder, signature, arguments):
        return lanes(builder, *arguments)

    return types.int64(a, b), generate


@intrinsic
def count_from(_context, width, first):
    """Return first, first + 1, ...: a vector of uint64."""
    vector = vector_of(width, types.uint64)

    def generate(context, builder, _signature, arguments):
        steps = ir.Constant(context.get_value_type(vector), list(range(vector.lanes)))
        return builder.add(spread(context, builder, vector, arguments[1]), steps)

    return vector(width, types.uint64), generate


@intrinsic
def lanes_up_to(_context, a, b):
    """Return the lanes with a <= b, unsigned, as bits of an int64, lane 0 lowest."""

    def generate(_context, builder, _signature, arguments):
        bits = builder.bitcast(builder.icmp_unsigned("<=", *arguments), ir.IntType(a.lanes))
        return builder.zext(bits, ir.IntType(64))

    return types.int64(a, b), generate


@intrinsic
def count_bits(_context, bits):
    """Return how many bits of an int64 are set."""

    def generate(_context, builder, _signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), generate


@intrinsic
def store_lanes(_context, array, index, vector, bits):
    """Write the lanes of the vector whose bit is set, close together, to array[index] and on: no more than those."""

    def generate(context, builder, signature, arguments):
        pointer = element(context, builder, signature.args[0], *arguments[:2])
        lanes_ = vector.lanes
        mask = builder.bitcast(builder.trunc(arguments[3], ir.IntType(lanes_)), ir.VectorType(ir.IntType(1), lanes_))
        kind = context.get_value_type(vector)
        name = f"llvm.masked.compressstore.v{lanes_}i{vector.element.bitwidth}"
        signature_ = ir.FunctionType(ir.VoidType(), [kind, pointer.type, mask.type])
        builder.call(cgutils.get_or_insert_function(builder.module, signature_, name), [arguments[2], pointer, mask])
        return context.get_dummy_value()

    return types.void(array, types.intp, vector, types.int64), generate
