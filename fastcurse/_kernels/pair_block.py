"""The register block of the pair scan: four points i against one panel of points j, as eight vectors of sums.

Layout: points are packed in panels of two vectors of points, feature by feature: element
(panel * n_features + feature) * panel_size + k is feature `feature` of point panel * panel_size + k. Lanes are
points j, so nothing is reduced across lanes inside the loop and each pair's sum grows in feature order. Sums 2 r
and 2 r + 1 belong to row r of the four.

A pair that must not count (j <= i, or j beyond the last point) starts its sum at nan: the sum stays nan, and
`simd.lesser`, `simd.greater` and `simd.lanes_below` pass over it. No scalar path for edges is needed.
"""

from __future__ import annotations

import numpy as np

from fastcurse._kernels import simd
from fastcurse._kernels._compile import kernel

ROWS = 4  # points i at a time


@kernel(inline=True)
def load_sums(width, scratch):
    """Return the eight vectors that `scratch` (8 * lanes,) holds."""
    lanes = scratch.shape[0] // 8
    return (
        simd.load(width, scratch, 0),
        simd.load(width, scratch, lanes),
        simd.load(width, scratch, 2 * lanes),
        simd.load(width, scratch, 3 * lanes),
        simd.load(width, scratch, 4 * lanes),
        simd.load(width, scratch, 5 * lanes),
        simd.load(width, scratch, 6 * lanes),
        simd.load(width, scratch, 7 * lanes),
    )


@kernel(inline=True)
def store_sums(sums, scratch):
    """Write the eight vectors to `scratch` (8 * lanes,)."""
    lanes = scratch.shape[0] // 8
    simd.store(scratch, 0, sums[0])
    simd.store(scratch, lanes, sums[1])
    simd.store(scratch, 2 * lanes, sums[2])
    simd.store(scratch, 3 * lanes, sums[3])
    simd.store(scratch, 4 * lanes, sums[4])
    simd.store(scratch, 5 * lanes, sums[5])
    simd.store(scratch, 6 * lanes, sums[6])
    simd.store(scratch, 7 * lanes, sums[7])


@kernel(inline=True)
def start_sums(width, zero, row, column, n_samples, scratch):
    """Return the sums of points row.. against points column..: `zero`, or nan where the pair does not count.

    `scratch` (8 * lanes,) has the type of `zero` and is overwritten.
    """
    points = scratch.shape[0] // ROWS
    if column > row + ROWS - 1 and column + points <= n_samples:
        start = simd.broadcast(width, zero)
        return (start, start, start, start, start, start, start, start)
    for r in range(ROWS):
        for k in range(points):
            counts = column + k > row + r and column + k < n_samples
            scratch[r * points + k] = zero if counts else np.nan
    return load_sums(width, scratch)


@kernel(inline=True)
def least_of(sums, start):
    """Return the lanewise minimum of the eight sums and `start`, which holds no nan."""
    first = simd.lesser(sums[3], simd.lesser(sums[2], simd.lesser(sums[1], simd.lesser(sums[0], start))))
    second = simd.lesser(sums[7], simd.lesser(sums[6], simd.lesser(sums[5], simd.lesser(sums[4], start))))
    return simd.lesser(first, second)


@kernel(inline=True)
def greatest_of(sums, start):
    """Return the lanewise maximum of the eight sums and `start`, which holds no nan."""
    first = simd.greater(sums[3], simd.greater(sums[2], simd.greater(sums[1], simd.greater(sums[0], start))))
    second = simd.greater(sums[7], simd.greater(sums[6], simd.greater(sums[5], simd.greater(sums[4], start))))
    return simd.greater(first, second)
