"""The NumPy stand-ins of the vector operations against machine code and exact arithmetic, and answers without Numba."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from fractions import Fraction

import numba
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numba.extending import _Intrinsic

from fastcurse._kernels import _interpreted, neighbor_block, pair_block, philox, search_block, simd

WIDTH = simd.width_of(simd.host_bits())
BLOCK = (0,) * 8
BLOCKS = (simd, philox, pair_block, search_block, neighbor_block)
SEEDS = st.integers(0, 2**32)


def compiled(operations, module):
    """Return operations(module) in machine code; functions with closures cannot use Numba's cache."""
    return numba.njit(error_model="numpy")(operations(module))


def assert_same_values(first, second):
    """Also the signs of zeros, but not the bits of nans."""
    assert np.array_equal(first, second, equal_nan=first.dtype.kind == "f")
    if first.dtype.kind == "f":
        known = ~np.isnan(first)
        assert np.array_equal(np.signbit(first[known]), np.signbit(second[known]))


def floats(rng, size, dtype, *, nan=True):
    """Return normal numbers, some of them large, tiny, zero, infinite or nan."""
    special = [0.0, np.inf, 1e38, 1e-45, np.nan]
    values = rng.normal(size=size)
    some = rng.random(size) < 0.2
    values[some] = rng.choice(special[: len(special) - (not nan)], size=some.sum())
    return values.astype(dtype)


def pair_operations(module):
    equal_sums, load_sums, store_sums = module.equal_sums, module.load_sums, module.store_sums
    add_squares, fuse_squares, add_norms = module.add_squares, module.fuse_squares, module.add_norms
    add_products, fuse_products = module.add_products, module.fuse_products
    least_of, greatest_of, mark_below, mark_above = (
        module.least_of, module.greatest_of, module.mark_below, module.mark_above,
    )  # fmt: skip
    load, store = (simd.load, simd.store) if module is pair_block else (module.load, module.store)

    def run(width, scratch, rows, panels, start, out, ends, marks):
        sums, begin = load_sums(width, BLOCK, scratch), load(width, start, 0)
        store_sums(equal_sums(width, BLOCK, rows[0]), out[0])
        store_sums(add_squares(sums, rows, 1, panels, 3), out[1])
        store_sums(fuse_squares(sums, rows, 1, panels, 3), out[2])
        store_sums(add_norms(sums, rows, 1, panels, 3), out[3])
        store_sums(add_products(sums, rows, 1, panels, 3), out[4])
        store_sums(fuse_products(sums, rows, 1, panels, 3), out[5])
        store(ends[0], 0, least_of(sums, begin))
        store(ends[1], 0, greatest_of(sums, begin))
        mark_below(sums, begin, marks[0])
        mark_above(sums, begin, marks[1])

    return run


PAIR_OPERATIONS = compiled(pair_operations, pair_block)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(seed=SEEDS)
def test_pair_block(dtype, seed):
    rng, lanes = np.random.default_rng(seed), 8 * len(WIDTH) // np.dtype(dtype).itemsize
    scratch, rows, panels = (floats(rng, size, dtype) for size in (8 * lanes, 5, 2 * lanes + 3))
    start = floats(rng, lanes, dtype, nan=False)
    scratch[:lanes] = start  # ties
    found = []
    for function in (PAIR_OPERATIONS, pair_operations(_interpreted)):
        out, ends = np.zeros((6, 8 * lanes), dtype=dtype), np.zeros((2, lanes), dtype=dtype)
        marks = np.full((2, 8), 1 << 40)
        with np.errstate(all="ignore"):
            function(WIDTH, scratch, rows, panels, start, out, ends, marks)
        found.append((out, ends, marks))
    for first, second in zip(*found, strict=True):
        assert_same_values(first, second)


def search_operations(module):
    begin_words, add_words, add_offsets = module.begin_words, module.add_words, module.add_offsets
    any_outside, mark_outside = module.any_outside, module.mark_outside
    blocks = pair_block if module is search_block else module
    load_sums, store_sums = blocks.load_sums, blocks.store_sums

    def run(width, zero, scratch, rows, panels, bounds, out, marks):
        sums = load_sums(width, BLOCK, scratch)
        store_sums(begin_words(width, BLOCK, zero, rows, 1, panels, 3), out[0])
        store_sums(add_words(sums, rows, 1, panels, 3), out[1])
        store_sums(add_offsets(sums, rows, 1, panels, 3), out[2])
        mark_outside(sums, bounds[0], bounds[1], marks)
        return any_outside(sums, bounds[0], bounds[1])

    return run


SEARCH_OPERATIONS = compiled(search_operations, search_block)


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
@given(seed=SEEDS)
def test_search_block(dtype, seed):
    rng, lanes = np.random.default_rng(seed), 2 * len(WIDTH)
    shapes = (8 * lanes, 5, 2 * lanes + 3)
    if dtype == np.int32:
        scratch, rows, panels = (rng.integers(-(2**31), 2**31, size).astype(np.int32) for size in shapes)
        bounds = np.array([0, rng.integers(0, 2**31)], dtype=np.int32)
    else:
        scratch, *words = (floats(rng, size, np.float32, nan=False) for size in shapes)
        rows, panels = (part.view(np.int32) for part in words)
        bounds = np.sort(rng.normal(size=2)).astype(np.float32)
    scratch[rng.integers(0, scratch.size, 2)] = bounds  # ties
    found = []
    for function in (SEARCH_OPERATIONS, search_operations(_interpreted)):
        out, marks = np.zeros((3, 8 * lanes), dtype=dtype), np.zeros(8, dtype=np.int64)
        with np.errstate(all="ignore"):
            any_ = function(WIDTH, dtype(0), scratch, rows, panels, bounds, out, marks)
        found.append((out, marks, np.array([any_])))
    for first, second in zip(*found, strict=True):
        assert_same_values(first, second)


def neighbor_operations(module):
    below, above, beyond = module.lanes_below_bounds, module.lanes_above_bounds, module.any_beyond
    to_cosine_distances = module.to_cosine_distances
    blocks = pair_block if module is neighbor_block else module
    load_sums, store_sums = blocks.load_sums, blocks.store_sums

    def run(width, scratch, finite, row_norms, query_norms, low, high, out):
        sums = load_sums(width, BLOCK, scratch)
        store_sums(to_cosine_distances(sums, row_norms, 3, query_norms, 1), out)
        known = load_sums(width, BLOCK, finite)
        return below(sums, low, 1), above(sums, high, 1), beyond(known, low, high, 1)

    return run


NEIGHBOR_OPERATIONS = compiled(neighbor_operations, neighbor_block)


@given(SEEDS, st.floats(0, 4))
def test_neighbor_block(seed, width):
    rng, lanes = np.random.default_rng(seed), len(WIDTH)
    scratch, finite = floats(rng, 8 * lanes, float), rng.normal(size=8 * lanes)
    norms = [np.abs(floats(rng, size, float, nan=False)) for size in (2 * lanes + 3, 5)]
    low, high = rng.normal(size=5) - width, rng.normal(size=5) + width
    scratch[:2] = finite[:2] = low[1], high[1]  # ties
    found = []
    for function in (NEIGHBOR_OPERATIONS, neighbor_operations(_interpreted)):
        out = np.zeros(8 * lanes)
        with np.errstate(all="ignore"):
            found.append((out, np.array(function(WIDTH, scratch, finite, *norms, low, high, out))))
    for first, second in zip(*found, strict=True):
        assert_same_values(first, second)


def test_every_intrinsic_has_a_stand_in():
    names = [name for module in BLOCKS for name, value in vars(module).items() if isinstance(value, _Intrinsic)]
    assert len(set(names)) == 40
    assert all(getattr(_interpreted, name).__name__ == name for name in names)


def nearest(exact, dtype):
    """Return the number of the type nearest to a fraction, the even one of two."""
    close = dtype(float(exact))
    nearby = (np.nextafter(close, dtype(-np.inf)), close, np.nextafter(close, dtype(np.inf)))
    odd = np.array(nearby).view(f"i{close.itemsize}") & 1
    return min(zip(nearby, odd, strict=True), key=lambda one: (abs(Fraction(float(one[0])) - exact), one[1]))[0]


@pytest.mark.interpreted
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(numbers=st.lists(st.floats(-(2.0**60), 2.0**60), min_size=3, max_size=3), ulps=st.integers(-3, 3))
@example(numbers=[1 + 2.0**-52, 1 + 2.0**-52, 1.0], ulps=0)
@example(numbers=[1 + 2.0**-23, 1 - 2.0**-23, -1.0], ulps=0)
@example(numbers=[1 + 2.0**-12, 1 + 2.0**-12, 2.0**-60], ulps=0)  # a tie but for what float64 loses
@example(numbers=[1 + 2.0**-12, 1 + 2.0**-12, -(2.0**-60)], ulps=0)
@example(numbers=[2.0**-75, 2.0**-75, 2.0**-149], ulps=0)
def test_fused_is_rounded_once(dtype, numbers, ulps):
    a, b, c = (np.array([number], dtype=dtype) for number in numbers)
    cancelling = -(a * b)
    for third in (c, cancelling + ulps * np.spacing(cancelling)):
        exact = Fraction(float(a[0])) * Fraction(float(b[0])) + Fraction(float(third[0]))
        assert _interpreted.fused_multiply_add(a, b, third)[0] == nearest(exact, dtype)


@pytest.mark.interpreted
@pytest.mark.parametrize(("length", "index"), [(3, 0), (9, 2), (9, -1)])
def test_indices_out_of_bounds_are_refused(length, index):
    with pytest.raises(IndexError, match="must lie in a row"):
        _interpreted.load((0,) * 8, np.zeros(length), index)
    with pytest.raises(IndexError, match="must lie in a row"):
        _interpreted.store(np.zeros(2 * length)[::2], 0, np.zeros(1))


def answers():
    """Return the bits of answers, and of the kernels of sums, whose answers BLAS has a part in."""
    import numpy as np

    import fastcurse as fc
    from fastcurse._kernels import augmentation, discriminant, distances, simd

    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 5))
    extremes = [fc.distance_extremes(X, screen=screen) for screen in ("none", "float32", "int8")]
    found = [one.nearest for one in extremes] + [one.farthest for one in extremes]
    found += [fc.prefix_neighbors(X, [0, 9], 3, metric=metric).distances for metric in ("euclidean", "cosine")]
    found.append(fc.estimate_ball_volume(3, 500, random_state=0).hits)

    best, pairs = np.empty((2, 30)), np.empty((2, 30, 2), dtype=np.int64)
    distances.fill_row_extremes(X, X, np.arange(30), np.arange(30), best[0], pairs[0], best[1], pairs[1])
    found += [best, pairs]

    prefixes, codes = np.array([1, 3, 5]), rng.integers(-1, 3, 30)
    for n_channels in (1, 3):
        directions, offsets = rng.normal(size=(n_channels, 5)), rng.normal(size=(3, n_channels))
        scores, counts = np.empty((3, 30, n_channels)), np.zeros((4, 3), dtype=np.int64)
        discriminant.fill_prefix_scores(X, directions, offsets, prefixes, scores)
        discriminant.count_correct(X, directions, offsets, prefixes, codes, counts)
        found += [scores, counts]

    factor, row = np.triu(rng.normal(size=(21, 21))) + 9.0 * np.eye(21), rng.normal(size=21)
    discriminant.grow_factor(simd.width_of(simd.host_bits()), factor.ravel(), row)
    found += [factor, row]

    key, bound = rng.integers(0, 2**32, 2, dtype=np.uint32), np.uint64(2**31)
    for noise in (0.0, 0.7):  # log, cos, sin and hypot are libm's in both; Numba takes others where it finds Intel's
        copy, gram, cross = np.empty((4, 5)), np.zeros((augmentation.LANES, 5, 5)), np.zeros((augmentation.LANES, 5))
        augmentation.fill_copy(X, 28, np.uint64(3), noise, bound, 2.0, *key.astype(np.uint64), copy)
        augmentation.add_copies(X[:6], X[:6, 0], 3, 13, noise, bound, 2.0, key, gram, cross)
        found += [copy, gram, cross]
    return [np.asarray(part).tobytes().hex() for part in found]


def test_answers_without_numba_are_the_same_bits():
    code = f"{inspect.getsource(answers)}\nprint(*answers())"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.split() == answers()
