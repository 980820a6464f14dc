"""How the triangle of pairs i < j is cut into tiles, and the copies of the points that tiles are read from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fastcurse._memmap import release

_VALUES_A_BLOCK = 2**19


class Tiles(NamedTuple):
    """Tiles in the order of their strips, then of their columns; each array has shape (n_tiles,), int64.

    A tile pairs the points of panel `strips` with those of panels `begins` .. `ends` - 1.
    """

    strips: np.ndarray
    begins: np.ndarray
    ends: np.ndarray

    @property
    def work(self) -> np.ndarray:
        """Panels of each tile, which its cost is proportional to."""
        return self.ends - self.begins

    def take(self, which: slice | np.ndarray) -> Tiles:
        """Return the tiles that a slice, mask or index array names."""
        return Tiles(self.strips[which], self.begins[which], self.ends[which])

    def split(self, n_panels: int) -> Tiles:
        """Return the same pairs cut for panels of half the size, of which there are `n_panels`."""
        strips = np.repeat(2 * self.strips, 2)
        strips[1::2] += 1
        begins = np.maximum(np.repeat(2 * self.begins, 2), strips)
        ends = np.minimum(np.repeat(2 * self.ends, 2), n_panels)
        return Tiles(strips, begins, ends).take((strips < n_panels) & (begins < ends))


def cut_triangle(n_panels: int, max_panels: int) -> Tiles:
    """Cut the pairs of panels a <= b into tiles: one panel against at most `max_panels` others."""
    strips = np.arange(n_panels, dtype=np.int64)
    counts = -(-(n_panels - strips) // max_panels)
    strip = np.repeat(strips, counts)
    part = np.arange(strip.size, dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = strip + part * max_panels
    return Tiles(strip, begins, np.minimum(begins + max_panels, n_panels))


def row_blocks(X: np.ndarray, n_features: int, multiple: int = 1) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (first row, block) of the first `n_features` columns, in blocks of a multiple of `multiple` rows.

    A block is at most some megabytes, and its file pages are let go when the next is asked for: a memmap is never
    held whole.
    """
    rows = multiple * max(1, _VALUES_A_BLOCK // (n_features * multiple))
    for start in range(0, X.shape[0], rows):
        block = X[start : start + rows, :n_features]
        yield start, block
        release(block)


def pack_panels(X: np.ndarray, n_features: int, points: int) -> np.ndarray:
    """Return the first `n_features` columns of `X` as float64 panels of `points` points, flat; the tail is zero.

    Element (panel * n_features + feature) * points + k is X[panel * points + k, feature].
    """
    panels = np.zeros((-(-X.shape[0] // points), n_features, points))
    for start, rows in row_blocks(X, n_features, points):
        first = start // points
        whole = rows.shape[0] // points
        inside = rows[: whole * points].reshape(whole, points, n_features)
        panels[first : first + whole] = inside.transpose(0, 2, 1)
        rest = rows[whole * points :]
        if rest.shape[0]:
            panels[first + whole, :, : rest.shape[0]] = rest.T
    return panels.ravel()
