"""The scan for nearest rows and farthest distances: queries held packed, rows packed block by block as they come."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastcurse._kernels import neighbors as kernels
from fastcurse._kernels import simd
from fastcurse._kernels.pair_block import panel_size
from fastcurse._memmap import release
from fastcurse.engine.batches import run_batches
from fastcurse.engine.memory import check_free
from fastcurse.engine.tiles import pack_panels

BYTES_A_BLOCK = 2**24  # of rows packed at a time
BYTES_A_STEP = 2**19  # of packed rows that stay in a second-level cache while some queries go over them
_GROUPS_A_PART = 128  # of queries: that many go over a step, so that it is read from memory seldom (32: 6 % slower)
PAIR_FEATURES_AN_ITEM = 10**8  # about .01 s: the granule of Ctrl-C
_OVERFLOW = "X and queries must have squared {} below 1.8e308, got larger ones; divide both by a power of two"
_ROOM = "queries, k and prefixes must leave room for queries and result: they need {need}, and {free} are free"


class NeighborScan:
    """The packed queries, the lists of their neighbours, and the pass over the rows."""

    def __init__(
        self, X: np.ndarray, points: np.ndarray, own: np.ndarray | None, k: int, prefixes: np.ndarray, cosine: bool,
        n_threads: int,
    ) -> None:  # fmt: skip
        self.n_threads = n_threads
        self.X, self.k, self.prefixes, self.cosine = X, k, prefixes, cosine
        self.n_queries, n_prefixes = len(points), len(prefixes)
        self.n_groups = -(-self.n_queries // kernels.QUERIES)
        padded = self.n_groups * kernels.QUERIES
        check_free(padded * (16 * (k + 1) * n_prefixes + 8 * int(prefixes[-1])), _ROOM)
        self.width = simd.width_of(simd.host_bits())
        self.size = panel_size(self.width)
        self.queries = pack_panels(points, int(prefixes[-1]), kernels.QUERIES)
        self.own = np.full(padded, -1, dtype=np.int64)
        if own is not None:
            self.own[: self.n_queries] = own
        bounds = np.full((self.n_groups, n_prefixes, kernels.QUERIES), np.inf)
        bounds[-1, :, self.n_queries - padded + kernels.QUERIES :] = -np.inf
        self.bounds, self.farthest = bounds.ravel(), -bounds.ravel()
        self.keys = np.full(n_prefixes * padded * k, np.inf)
        self.indices = np.full(n_prefixes * padded * k, -1, dtype=np.int64)
        self.query_norms = self._norms(self.queries, self.n_groups, kernels.QUERIES)
        a_panel = 8 * self.size * int(prefixes[-1])
        self.step = max(1, BYTES_A_STEP // a_panel)
        self.rows_a_block = min(max(1, BYTES_A_BLOCK // a_panel), -(-len(X) // self.size)) * self.size
        self.panels = np.empty(self.rows_a_block * int(prefixes[-1]))
        self.first_row, self.row_norms = -1, np.empty(0)

    def run(self, advance: Callable[[float], object]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Go through all rows; return distances, indices and the farthest distances.

        Shapes (n_prefixes, n_queries, k), the same, and (n_prefixes, n_queries). `advance` is told of pairs as they
        are done.
        """
        n_samples, n_features = len(self.X), int(self.prefixes[-1])
        n_blocks = -(-n_samples // self.rows_a_block)
        pairs = self.rows_a_block * kernels.QUERIES
        groups = min(max(1, PAIR_FEATURES_AN_ITEM // (pairs * n_features)), self.n_groups)
        slices = -(-self.n_groups // groups)  # of the queries; each with each block is an item

        def run(start: int, stop: int) -> None:
            while start < stop:
                block, begin = divmod(start, slices)
                end = min(begin + stop - start, slices)
                self._scan(block * self.rows_a_block, begin * groups, min(end * groups, self.n_groups))
                start += end - begin

        run_batches(
            np.full(n_blocks * slices, n_samples * self.n_queries / (n_blocks * slices)),
            run, max_items=n_blocks * slices, first_items=1, advance=advance,
        )  # fmt: skip
        return self._found()

    def _scan(self, first_row: int, begin: int, end: int) -> None:
        """Measure groups begin .. end - 1 of the queries against the block of rows that begins at `first_row`."""
        if first_row != self.first_row:
            self._pack(first_row)
        n_rows = min(first_row + self.rows_a_block, len(self.X))
        parts = self.n_threads * -(-(end - begin) // (self.n_threads * _GROUPS_A_PART))
        kernels.fill_neighbors(
            self.width, self.cosine, begin, end, parts, self.step, self.queries, self.own, self.query_norms,
            self.panels, self.row_norms, first_row, n_rows, self.prefixes, self.bounds, self.farthest, self.keys,
            self.indices, self.k,
        )  # fmt: skip

    def _pack(self, first_row: int) -> None:
        n_features = int(self.prefixes[-1])
        source = self.X[first_row : first_row + self.rows_a_block, :n_features]
        # Two types of element and one of array, so that the kernel is compiled no more than twice.
        single = source.dtype == np.float32
        rows = np.require(source, np.float32 if single else np.float64, ["C", "A"]).view(np.ndarray)
        rows.setflags(write=False)
        kernels.fill_panels(rows, n_features, self.size, self.panels)
        release(source)
        self.row_norms = self._norms(self.panels, -(-len(rows) // self.size), self.size)
        self.first_row = first_row

    def _norms(self, panels: np.ndarray, n_panels: int, size: int) -> np.ndarray:
        if not self.cosine:
            return np.empty(0)
        norms = np.empty(n_panels * len(self.prefixes) * size)
        kernels.fill_norms(panels, n_panels, size, self.prefixes, norms)
        if np.isinf(norms).any():
            raise ValueError(_OVERFLOW.format("norms"))
        return norms

    def _found(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        shape = (len(self.prefixes), self.n_groups * kernels.QUERIES, self.k)
        distances = self.keys.reshape(shape)[:, : self.n_queries]
        indices = self.indices.reshape(shape)[:, : self.n_queries]
        farthest = self.farthest.reshape(self.n_groups, shape[0], kernels.QUERIES).swapaxes(0, 1)
        farthest = farthest.reshape(shape[:2])[:, : self.n_queries]
        if (indices[:, :, -1] < 0).any():
            raise ValueError(_OVERFLOW.format("distances to k rows"))
        if not self.cosine:
            np.sqrt(distances, out=distances)
            np.sqrt(farthest, out=farthest)
        return distances, indices, farthest
