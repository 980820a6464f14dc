"""Sums over noisy or masked copies of the training rows, none of which is ever stored: XᵀX and Xᵀy of all copies.

Copy t changes row r by draws of the Philox blocks with counter (t, r, g, 0), g = 0, 1, ... for each four features.
Noise: word pairs (w₀, w₁) and (w₂, w₃) give two normals each by Box and Muller (1958), √(-2 log u) (cos 2πv, sin 2πv)
with u, v = (w + 1/2) / 2^32. Mask: feature 4g + k stays where w_k is below a bound, and is scaled up.

Copy t is added to lane t mod `LANES`, copies in order, rows in order, four at a time. The lanes are added at the end:
the sums do not depend on the number of threads, nor on where a run is cut into calls.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from fastcurse._kernels._compile import kernel
from fastcurse._kernels.philox import philox4x32

LANES = 8
_SCALE = 2.0**-32
_ZERO = np.uint64(0)


@kernel()
def fill_copy(X, first, t, noise, bound, up, k0, k1, rows):
    """Fill rows (4, d) with rows first .. first + 3 of copy t of X (n, d); rows beyond n are 0.

    noise: standard deviation; above 0 it is added, else features whose word is below `bound` (uint64) are scaled by
    `up` and the others set to 0. t, k0, k1 uint64 below 2^32. Called by `add_copies`, and by the tests.
    """
    n, d = X.shape
    words = np.empty(4)
    for k in range(4):
        r = first + k
        if r >= n:
            rows[k, :] = 0.0
            continue
        for start in range(0, d, 4):
            w = philox4x32(t, np.uint64(r), np.uint64(start // 4), _ZERO, k0, k1)
            if noise > 0.0:
                for half in range(2):
                    radius = noise * math.sqrt(-2.0 * math.log((np.float64(w[2 * half]) + 0.5) * _SCALE))
                    angle = 2.0 * math.pi * (np.float64(w[2 * half + 1]) + 0.5) * _SCALE
                    words[2 * half], words[2 * half + 1] = radius * math.cos(angle), radius * math.sin(angle)
                for j in range(start, min(start + 4, d)):
                    rows[k, j] = X[r, j] + words[j - start]
            else:
                for j in range(start, min(start + 4, d)):
                    rows[k, j] = X[r, j] * up if w[j - start] < bound else 0.0


@kernel(parallel=True)
def add_copies(X, y, first, stop, noise, bound, up, key, gram, cross):
    """Add copies first .. stop - 1 of X (n, d), y (n,) to gram (LANES, d, d), lower triangles, and cross (LANES, d).

    All float64 but key (2,) uint32 and bound uint64; 0 <= first <= stop <= 2^32. Called by
    ``experiments._augmented_sums``.
    """
    n, d = X.shape
    for lane in prange(LANES):
        rows = np.empty((4, d))
        targets = np.zeros(4)
        G, c = gram[lane], cross[lane]
        for t in range(first + (lane - first) % LANES, stop, LANES):
            for start in range(0, n, 4):
                fill_copy(X, start, np.uint64(t), noise, bound, up, np.uint64(key[0]), np.uint64(key[1]), rows)
                for k in range(4):
                    targets[k] = y[start + k] if start + k < n else 0.0
                for i in range(d):
                    a0, a1, a2, a3 = rows[0, i], rows[1, i], rows[2, i], rows[3, i]
                    c[i] += a0 * targets[0] + a1 * targets[1] + a2 * targets[2] + a3 * targets[3]
                    for j in range(i + 1):
                        G[i, j] += a0 * rows[0, j] + a1 * rows[1, j] + a2 * rows[2, j] + a3 * rows[3, j]
