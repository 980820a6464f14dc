"""Linear rules at every prefix: running sums of scores, and the growth of a Cholesky factor by one feature."""

from __future__ import annotations

import numba
import numpy as np

from fastcurse._kernels import simd
from fastcurse._kernels._compile import kernel


@kernel(parallel=True)
def fill_prefix_scores(rows, directions, offsets, prefixes, scores):
    """Fill scores[i, r, c] = sum over f < prefixes[i] of rows[r, f] * directions[c, f], plus offsets[i, c].

    rows (n, p), directions (C, p), offsets (m, C), prefixes (m,) int64 increasing and at most p,
    scores (m, n, C). Each sum runs in feature order within one row, so threads cannot change it.
    """
    for r in numba.prange(rows.shape[0]):
        for c in range(directions.shape[0]):
            total = 0.0
            start = 0
            for i in range(prefixes.shape[0]):
                for f in range(start, prefixes[i]):
                    total += rows[r, f] * directions[c, f]
                start = prefixes[i]
                scores[i, r, c] = total + offsets[i, c]


@kernel(parallel=True)
def count_correct(rows, directions, offsets, prefixes, codes, counts):
    """Add to counts[part, i] the rows of each part whose class at prefixes[i] is codes[r].

    As `fill_prefix_scores`; codes (n,) int64, -1 matches nothing; counts (parts, m) int64: part k is rows
    k, k + parts, ... Two classes (C = 1): class 1 where the score is above 0; else the first largest score.
    Holds C numbers a part, not (prefixes x rows).
    """
    n_parts = counts.shape[0]
    n_channels = directions.shape[0]
    for part in numba.prange(n_parts):
        totals = np.empty(n_channels)
        for r in range(part, rows.shape[0], n_parts):
            totals[:] = 0.0
            start = 0
            for i in range(prefixes.shape[0]):
                best = 0
                highest = -np.inf
                for c in range(n_channels):
                    total = totals[c]
                    for f in range(start, prefixes[i]):
                        total += rows[r, f] * directions[c, f]
                    totals[c] = total
                    score = total + offsets[i, c]
                    if n_channels == 1:
                        best = 1 if score > 0.0 else 0
                    elif score > highest:
                        best = c
                        highest = score
                start = prefixes[i]
                if best == codes[r]:
                    counts[part, i] += 1


@kernel()
def grow_factor(width, factor, row):
    """Turn the factor U of U'U into that of U'U + r r', in place; `row` (n,) holds r and is overwritten.

    factor (n * n,) upper triangular in C order, positive diagonal; what is below the diagonal is not read. One plane
    rotation a row of U, as stable as a new factorisation (LINPACK's dchud), n^2 operations instead of n^3 / 3. The
    same bits for any `width`: nothing is fused. Called by ``WideRules``.
    """
    n, lanes = row.shape[0], len(width)
    for k in range(n):
        at = k * n
        length = np.hypot(factor[at + k], row[k])
        c, s = factor[at + k] / length, row[k] / length
        factor[at + k] = length
        cosine, sine = simd.broadcast(width, c), simd.broadcast(width, s)
        j = k + 1
        while j + lanes <= n:
            u, x = simd.load(width, factor, at + j), simd.load(width, row, j)
            simd.store(factor, at + j, simd.add(simd.multiply(cosine, u), simd.multiply(sine, x)))
            simd.store(row, j, simd.subtract(simd.multiply(cosine, x), simd.multiply(sine, u)))
            j += lanes
        for rest in range(j, n):
            u, x = factor[at + rest], row[rest]
            factor[at + rest] = c * u + s * x
            row[rest] = c * x - s * u
