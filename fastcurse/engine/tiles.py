"""How the triangle of pairs i < j is cut into tiles, and the copy of the points that tiles are read from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


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


def cut_triangle(n_panels: int, max_panels: int) -> Tiles:
    """Cut the pairs of panels a <= b into tiles: one panel against at most `max_panels` others."""
    strips = np.arange(n_panels, dtype=np.int64)
    counts = -(-(n_panels - strips) // max_panels)
    strip = np.repeat(strips, counts)
    part = np.arange(strip.size, dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = strip + part * max_panels
    return Tiles(strip, begins, np.minimum(begins + max_panels, n_panels))


def pack_panels(X: np.ndarray, n_features: int, points: int) -> np.ndarray:
    """Return the first `n_features` columns as float64 panels of `points` points, flat.

    Element (panel * n_features + feature) * points + k is X[panel * points + k, feature]; the tail is zero. Rows
    are read in blocks, so a memmap is never held twice.
    """
    n_samples = X.shape[0]
    n_panels = -(-n_samples // points)
    panels = np.zeros((n_panels, n_features, points))
    panels_a_block = max(1, 2**21 // (n_features * points))
    for start in range(0, n_panels, panels_a_block):
        block = X[start * points : (start + panels_a_block) * points, :n_features]
        whole = block.shape[0] // points
        panels[start : start + whole] = block[: whole * points].reshape(whole, points, n_features).transpose(0, 2, 1)
        rest = block[whole * points :]
        if rest.shape[0]:
            panels[start + whole, :, : rest.shape[0]] = rest.T
    return panels.ravel()
