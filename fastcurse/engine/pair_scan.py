"""The scan over all pairs: tiles, the extremes that they are merged into, and the pairs that attain them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastcurse._kernels import distances as kernels
from fastcurse._kernels import simd
from fastcurse.engine.batches import run_batches
from fastcurse.engine.tiles import Tiles, cut_triangle, pack_panels

PAIR_FEATURES_A_TILE = 10**8  # about .02 s: the granule of Ctrl-C and of load balance
_BYTES_A_BATCH = 2**24
OVERFLOW = "X must have squared distances below 1.8e308, got a pair beyond that; divide X by a power of two"


class ScanResult(NamedTuple):
    """Extremes (n_features,), their pairs (n_features, 2), and what was done."""

    nearest: np.ndarray
    farthest: np.ndarray
    near_pair: np.ndarray
    far_pair: np.ndarray
    tiles: int
    tiles_certified: int
    pairs_certified: int
    copy_bytes: int


class Extremes:
    """The collector of a scan: best distances so far (n_features,) and the first row of the group that has them."""

    def __init__(self, n_features: int) -> None:
        self.nearest = np.full(n_features, np.inf)
        self.farthest = np.full(n_features, -np.inf)
        self.near_row = np.full(n_features, -1, dtype=np.int64)
        self.far_row = np.full(n_features, -1, dtype=np.int64)

    def merge(self, rows: np.ndarray, nearest: np.ndarray, farthest: np.ndarray) -> None:
        """Take in groups of rows that begin at `rows` (g,), increasing, with extremes (g, n_features).

        Of equal extremes the group with the smallest rows stays: it holds the lexicographically smallest pair. A
        strip may come in several calls, so a later call may bring smaller rows.
        """
        _merge_side(rows, nearest, nearest.argmin(axis=0), np.less, self.nearest, self.near_row)
        _merge_side(rows, farthest, farthest.argmax(axis=0), np.greater, self.farthest, self.far_row)


def precedes(pairs: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return which pairs (m, 2) come lexicographically before their counterparts."""
    return (pairs[:, 0] < others[:, 0]) | ((pairs[:, 0] == others[:, 0]) & (pairs[:, 1] < others[:, 1]))


def _merge_side(
    rows: np.ndarray, values: np.ndarray, first: np.ndarray, beats: np.ufunc, best: np.ndarray, best_row: np.ndarray
) -> None:
    value, row = values[first, np.arange(best.size)], rows[first]
    better = beats(value, best) | ((value == best) & (row < best_row))
    best[better], best_row[better] = value[better], row[better]


class PairScan:
    """The packed points, their tiles, and the two passes over them."""

    def __init__(self, points: np.ndarray, n_features: int) -> None:
        self.width = simd.width_of(simd.host_bits())
        self.size = kernels.panel_size(self.width)
        self.n_samples, self.n_features = points.shape[0], n_features
        self.panels = pack_panels(points, n_features, self.size)
        self.n_panels = -(-self.n_samples // self.size)
        per_panel = self.size * self.size * n_features
        self.tiles = cut_triangle(self.n_panels, max(1, PAIR_FEATURES_A_TILE // per_panel))

    def run(self, advance: Callable[[float], object]) -> ScanResult:
        """Measure every tile, then name the pairs."""
        extremes = self.measure(advance)
        near_pair, far_pair, again = self.locate(extremes)
        pairs_again = int(again.work.sum()) * self.size * kernels.ROWS
        return ScanResult(
            extremes.nearest,
            extremes.farthest,
            near_pair,
            far_pair,
            self.tiles.strips.size,
            again.strips.size,
            pairs_again,
            self.panels.nbytes,
        )

    def measure(self, advance: Callable[[float], object]) -> Extremes:
        """Measure every tile and keep the extremes of each prefix."""
        groups = self.size // kernels.ROWS
        extremes = Extremes(self.n_features)
        max_items = max(1, _BYTES_A_BATCH // (16 * self.n_features * groups))
        shape = (min(max_items, self.tiles.strips.size), groups, self.n_features)
        nearest, farthest = np.empty(shape), np.empty(shape)
        starts = np.arange(groups) * kernels.ROWS
        total = self.tiles.work.sum()

        def run(start: int, stop: int) -> None:
            batch, size = self.tiles.take(slice(start, stop)), stop - start
            kernels.fill_tile_extremes(
                self.width, self.panels, self.n_features, self.n_samples, *batch, nearest[:size], farthest[:size]
            )
            # A strip cut into several tiles comes in column order; its groups of rows must come in row order.
            rows = (batch.strips[:, None] * self.size + starts).ravel()
            order = np.argsort(rows, kind="stable")
            flat = (size * groups, self.n_features)
            extremes.merge(rows[order], nearest[:size].reshape(flat)[order], farthest[:size].reshape(flat)[order])

        run_batches(self.tiles.work, run, max_items=max_items, advance=lambda done: advance(done / total))
        if np.isposinf(extremes.farthest).any():
            raise ValueError(OVERFLOW)
        return extremes

    def locate(self, extremes: Extremes) -> tuple[np.ndarray, np.ndarray, Tiles]:
        """Return the nearest and farthest pair of each prefix, (n_features, 2) each, and what was measured again."""
        witnesses = np.unique(np.concatenate([extremes.near_row, extremes.far_row]))
        strips = self.tiles.take(np.isin(self.tiles.strips, witnesses // self.size))
        # Each witness group of rows goes with every tile of its strip.
        group, tile = np.nonzero(witnesses[:, None] // self.size == strips.strips[None, :])
        rows, tiles = witnesses[group], strips.take(tile)
        max_items = max(1, _BYTES_A_BATCH // (32 * self.n_features))
        found = np.full((2, self.n_features, 2), np.iinfo(np.int64).max)
        buffer = np.empty((2, min(max_items, rows.size), self.n_features, 2), dtype=np.int64)

        def run(start: int, stop: int) -> None:
            pairs, batch = buffer[:, : stop - start], tiles.take(slice(start, stop))
            kernels.fill_tile_pairs(
                self.width, self.panels, self.n_features, self.n_samples, rows[start:stop], batch.begins, batch.ends,
                extremes.nearest, extremes.farthest, extremes.near_row, extremes.far_row, pairs[0], pairs[1],
            )  # fmt: skip
            for side in range(2):
                for tile_pairs in pairs[side]:
                    first = (tile_pairs[:, 0] >= 0) & precedes(tile_pairs, found[side])
                    found[side, first] = tile_pairs[first]

        run_batches(tiles.work, run, max_items=max_items)
        return found[0], found[1], tiles
