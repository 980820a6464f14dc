"""Where points are moved to for a screen: centred, and scaled by a power of two."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse._kernels import screen
from fastcurse.engine.pair_scan import OVERFLOW
from fastcurse.engine.screen_bounds import LARGEST_PREFIX
from fastcurse.engine.tiles import row_blocks

_SMALLEST_EXPONENT = -400  # below this, squares of the data underflow more than the proof allows


class Frame(NamedTuple):
    """Where the points are moved to for the screen: (x - centre) * 2**-exponent, rounded to float32."""

    centre: np.ndarray
    exponent: int
    largest_norm: np.ndarray  # of each prefix, in the frame, rounded up
    widest: float  # largest coordinate in the frame, up to rounding

    def pack(self, X: np.ndarray, n_points: int, n_more: int) -> np.ndarray:
        """Return the points in the frame as float32 panels (n_panels, n_features + n_more, n_points); see pair_block.

        The tail and the `n_more` slots are zero.
        """
        n_features = self.centre.size
        panels = np.zeros((-(-X.shape[0] // n_points), n_features + n_more, n_points), dtype=np.float32)
        scale = np.ldexp(1.0, -self.exponent)  # exact
        for start, rows in row_blocks(X, n_features, n_points):
            first, last = start // n_points, -(-(start + len(rows)) // n_points)
            screen.pack_points(np.ascontiguousarray(rows, dtype=np.float64), self.centre, scale, panels[first:last])
        return panels


class Axes(NamedTuple):
    """Other axes, from the mean of a sample."""

    centre: np.ndarray  # (n_features,) in the unit of the data
    vectors: np.ndarray  # (n_features, n_features) float64: orthonormal columns


def find_frame(X: np.ndarray, n_features: int) -> Frame | None:
    """Return the frame of the points, or None where float32 cannot screen them (overflow or underflow).

    Raises ValueError where one feature alone spreads so far that a squared distance overflows.
    """
    low, high = np.full(n_features, np.inf), np.full(n_features, -np.inf)
    for _, rows in row_blocks(X, n_features):
        np.minimum(low, rows.min(axis=0), out=low)
        np.maximum(high, rows.max(axis=0), out=high)
    with np.errstate(over="ignore"):
        squares = (high - low) ** 2
        if np.isinf(squares).any():
            raise ValueError(OVERFLOW)
        if np.isinf(squares.sum()) or n_features > LARGEST_PREFIX:
            return None
    centre = low + (high - low) / 2
    widest = np.maximum(high - centre, centre - low)
    exponent = int(np.frexp(widest.max())[1])
    if exponent < _SMALLEST_EXPONENT:
        return None
    p = np.arange(1, n_features + 1)
    # Rounded up: p roundings of the sum, and p squares that may each underflow to 0.
    norm = np.sqrt(np.cumsum(np.ldexp(widest, -exponent) ** 2)) * (1 + (p + 8) * 2.0**-52) + p * 2.0**-500
    return Frame(centre, exponent, norm, float(np.ldexp(widest.max(), -exponent)))
