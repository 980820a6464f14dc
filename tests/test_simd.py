"""Each vector operation against NumPy, at every width."""

from __future__ import annotations

import numpy as np
import pytest

from fastcurse._kernels import simd
from fastcurse._kernels._compile import kernel

pytestmark = pytest.mark.interpreted

WIDTHS = [simd.width_of(bits) for bits in (128, 256, 512)]
TYPES = [np.float32, np.float64]


@kernel()
def fill_all(width, a, b, c, out, scalars):
    """Fill one row of `out` with each elementwise operation of a, b, c, and `scalars` with the reductions."""
    x, y, z = simd.load(width, a, 0), simd.load(width, b, 0), simd.load(width, c, 0)
    lanes = out.shape[0] // 8
    simd.store(out, 0, simd.add(x, y))
    simd.store(out, lanes, simd.subtract(x, y))
    simd.store(out, 2 * lanes, simd.multiply(x, y))
    simd.store(out, 3 * lanes, simd.lesser(x, y))
    simd.store(out, 4 * lanes, simd.greater(x, y))
    simd.store(out, 5 * lanes, simd.fused_multiply_add(x, y, z))
    simd.store(out, 6 * lanes, simd.broadcast(width, a[1]))
    simd.store(out, 7 * lanes, simd.load_broadcast(width, a, lanes - 1))
    scalars[0] = simd.least_lane(z)
    scalars[1] = simd.greatest_lane(z)
    return simd.lanes_below(x, y)


def run(width, a, b, c):
    lanes = len(width) * 8 // a.dtype.itemsize
    out, scalars = np.zeros(8 * lanes, dtype=a.dtype), np.zeros(2, dtype=a.dtype)
    bits = fill_all(width, a, b, c, out, scalars)
    return out.reshape(8, lanes), scalars, bits


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("width", WIDTHS, ids=lambda width: f"{64 * len(width)} bits")
class TestOperations:
    def test_against_numpy(self, width, dtype):
        lanes = len(width) * 8 // np.dtype(dtype).itemsize
        a, b, c = np.random.default_rng(0).normal(size=(3, lanes)).astype(dtype)
        out, scalars, bits = run(width, a, b, c)
        expected = [a + b, a - b, a * b, np.minimum(a, b), np.maximum(a, b)]
        assert np.array_equal(out[:5], expected)
        assert np.array_equal(out[6], np.full(lanes, a[1]))
        assert np.array_equal(out[7], np.full(lanes, a[-1]))
        assert scalars.tolist() == [c.min(), c.max()]
        assert [bool(bits >> k & 1) for k in range(lanes)] == (a < b).tolist()

    def test_fma_rounds_once(self, width, dtype):
        lanes = len(width) * 8 // np.dtype(dtype).itemsize
        eps = np.finfo(dtype).eps
        a = np.full(lanes, 1 + eps, dtype=dtype)
        out, _, _ = run(width, a, a, np.full(lanes, -(1 + 2 * eps), dtype=dtype))
        assert (out[5] == eps**2).all()  # the last bit of the square, which a rounded product would lose

    def test_nan_yields_the_second_operand(self, width, dtype):
        lanes = len(width) * 8 // np.dtype(dtype).itemsize
        a, b = np.full(lanes, np.nan, dtype=dtype), np.arange(lanes, dtype=dtype)
        out, _, bits = run(width, a, b, b)
        assert np.array_equal(out[3], b)
        assert np.array_equal(out[4], b)
        assert bits == 0


def test_width_can_be_chosen_by_environment(monkeypatch):
    monkeypatch.delenv("FASTCURSE_VECTOR_BITS", raising=False)
    assert simd.host_bits() in (128, 256, 512)
    for bits in (128, 256, 512):
        monkeypatch.setenv("FASTCURSE_VECTOR_BITS", str(bits))
        assert simd.host_bits() == bits
    monkeypatch.setenv("FASTCURSE_VECTOR_BITS", "1024")
    with pytest.raises(ValueError, match="FASTCURSE_VECTOR_BITS must be 128, 256 or 512, got '1024'"):
        simd.host_bits()


@kernel()
def fill_integers(width, first, a, b, kept, space):
    x, y = simd.load(width, a, 0), simd.load(width, b, 0)
    simd.store(space, 0, simd.count_from(width, first))
    bits = simd.lanes_up_to(x, y)
    simd.store_lanes(kept, 1, x, bits)
    return bits, simd.count_bits(bits)


@pytest.mark.parametrize("width", WIDTHS, ids=lambda width: f"{64 * len(width)} bits")
@pytest.mark.parametrize("seed", range(20))
def test_unsigned_integers_against_numpy(width, seed):
    lanes = len(width)
    a, b = np.random.default_rng(seed).integers(0, 2**64, (2, lanes), dtype=np.uint64)
    b[0] = a[0]
    kept, space = np.zeros(lanes + 2, dtype=np.uint64), np.zeros(lanes, dtype=np.uint64)
    bits, count = fill_integers(width, np.uint64(2**40), a, b, kept, space)
    assert space.tolist() == [2**40 + k for k in range(lanes)]
    assert [bool(bits >> k & 1) for k in range(lanes)] == (a <= b).tolist()
    assert count == (a <= b).sum()
    assert kept[1 : 1 + count].tolist() == a[a <= b].tolist()
    assert not kept[1 + count :].any()  # what lies beyond is not touched
    assert kept[0] == 0
