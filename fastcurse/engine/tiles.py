"""How the triangle of pairs i < j is cut into tiles, and the copy of the points that tiles are read from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_DOUBLES_A_PAGE = 512


class Tiles(NamedTuple):
    """Tiles in the order of their rows, then of their columns; each array has shape (n_tiles,), int64."""

    rows: np.ndarray  # first row of the strip
    column_begins: np.ndarray
    column_ends: np.ndarray

    @property
    def work(self) -> np.ndarray:
        """Columns of each tile, which its cost is proportional to."""
        return self.column_ends - self.column_begins

    def take(self, which: slice | np.ndarray) -> Tiles:
        """Return the tiles that a slice, mask or index array names."""
        return Tiles(self.rows[which], self.column_begins[which], self.column_ends[which])


def cut_triangle(n_samples: int, strip_rows: int, max_columns: int) -> Tiles:
    """Cut the pairs i < j of `n_samples` points into strips of rows, and long strips into ranges of columns."""
    strips = np.arange(0, n_samples - 1, strip_rows, dtype=np.int64)
    counts = -(-(n_samples - strips) // max_columns)
    rows = np.repeat(strips, counts)
    part = np.arange(rows.size, dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    begins = rows + part * max_columns
    return Tiles(rows, begins, np.minimum(begins + max_columns, n_samples))


def copy_feature_major(X: np.ndarray, n_features: int, padding: int) -> np.ndarray:
    """Return the first `n_features` columns as float64 (n_features, leading), leading >= n_samples + padding.

    The tail is zero. The leading dimension is kept off multiples of a page, where all rows of a tile would
    fall into the same few cache sets. Rows are read in blocks, so a memmap is never held twice.
    """
    n_samples = X.shape[0]
    leading = -(-(n_samples + padding) // 8) * 8
    if leading % _DOUBLES_A_PAGE == 0:
        leading += 8
    columns = np.zeros((n_features, leading))
    rows_a_block = max(1, 2**21 // n_features)
    for start in range(0, n_samples, rows_a_block):
        block = X[start : start + rows_a_block, :n_features]
        columns[:, start : start + block.shape[0]] = block.T
    return columns
