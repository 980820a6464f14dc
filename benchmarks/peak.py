"""The measured peak of a float32 subtract with a fused multiply-add, from a kernel that stays in registers."""

from __future__ import annotations

import time

import numpy as np
from numba import prange

from fastcurse._kernels import simd
from fastcurse._kernels._compile import kernel
from fastcurse.engine.threads import parallel_region

_STEPS = 20_000_000


@kernel(parallel=True)
def _spin(width, values, steps, out):
    """Add squares of differences to twelve vectors, `steps` times, in each of out.shape[0] work items."""
    for item in prange(out.shape[0]):
        x, y = simd.broadcast(width, values[0]), simd.broadcast(width, values[1])
        a = b = c = d = e = f = g = h = i = j = k = m = simd.broadcast(width, values[2])
        for _ in range(steps):
            # Each difference depends on its sum, so that none can be moved out of the loop.
            p, q, r = simd.subtract(x, a), simd.subtract(x, b), simd.subtract(x, c)
            a, b, c = (
                simd.fused_multiply_add(p, y, a),
                simd.fused_multiply_add(q, y, b),
                simd.fused_multiply_add(r, y, c),
            )
            p, q, r = simd.subtract(x, d), simd.subtract(x, e), simd.subtract(x, f)
            d, e, f = (
                simd.fused_multiply_add(p, y, d),
                simd.fused_multiply_add(q, y, e),
                simd.fused_multiply_add(r, y, f),
            )
            p, q, r = simd.subtract(x, g), simd.subtract(x, h), simd.subtract(x, i)
            g, h, i = (
                simd.fused_multiply_add(p, y, g),
                simd.fused_multiply_add(q, y, h),
                simd.fused_multiply_add(r, y, i),
            )
            p, q, r = simd.subtract(x, j), simd.subtract(x, k), simd.subtract(x, m)
            j, k, m = (
                simd.fused_multiply_add(p, y, j),
                simd.fused_multiply_add(q, y, k),
                simd.fused_multiply_add(r, y, m),
            )
        total = simd.add(simd.add(simd.add(a, b), simd.add(c, d)), simd.add(simd.add(e, f), simd.add(g, h)))
        total = simd.add(total, simd.add(simd.add(i, j), simd.add(k, m)))
        out[item] = simd.greatest_lane(total)


def pair_features_per_second(n_threads: int | None = None) -> float:
    """Return how many subtract-and-fma lane operations a second all threads reach together; the best of three."""
    width = simd.width_of(simd.host_bits())
    values = np.array([0.5, 1e-3, 0.25], dtype=np.float32)
    with parallel_region(n_threads) as threads:
        out = np.empty(threads, dtype=np.float32)
        _spin(width, values, 1000, out)
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            _spin(width, values, _STEPS, out)
            seconds.append(time.perf_counter() - began)
    return 12 * 2 * len(width) * _STEPS * threads / min(seconds)
