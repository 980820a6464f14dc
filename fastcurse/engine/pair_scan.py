"""The scan over all pairs: tiles, the extremes that they are merged into, and the pairs that attain them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastcurse._kernels import distances as kernels
from fastcurse._kernels import simd
from fastcurse._kernels.pair_block import panel_size
from fastcurse.engine.batches import run_batches
from fastcurse.engine.memory import scan_bytes
from fastcurse.engine.notes import distances, whole_numbers
from fastcurse.engine.schedule import Recipe, Schedule
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
        near, far, feature = nearest.argmin(axis=0), farthest.argmax(axis=0), np.arange(self.nearest.size)
        self.merge_one(rows[near], nearest[near, feature], rows[far], farthest[far, feature])

    def merge_one(self, near_row: np.ndarray, nearest: np.ndarray, far_row: np.ndarray, farthest: np.ndarray) -> None:
        """Take in one row and one extreme of each feature, (n_features,) each; a row of -1 has none."""
        _merge_side(near_row, nearest, np.less, self.nearest, self.near_row)
        _merge_side(far_row, farthest, np.greater, self.farthest, self.far_row)


def precedes(pairs: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return which pairs (m, 2) come lexicographically before their counterparts."""
    return (pairs[:, 0] < others[:, 0]) | ((pairs[:, 0] == others[:, 0]) & (pairs[:, 1] < others[:, 1]))


def _merge_side(row: np.ndarray, value: np.ndarray, beats: np.ufunc, best: np.ndarray, best_row: np.ndarray) -> None:
    better = beats(value, best) | ((value == best) & (row < best_row) & (row >= 0))
    best[better], best_row[better] = value[better], row[better]


class PairScan:
    """The packed points, their tiles, and the two passes over them."""

    def __init__(self, points: np.ndarray, n_features: int, tiles: Tiles | None = None) -> None:
        self.width = simd.width_of(simd.host_bits())
        self.size = panel_size(self.width)
        self.points, self.n_samples, self.n_features = points, points.shape[0], n_features
        self.panels = pack_panels(points, n_features, self.size)
        self.n_panels = -(-self.n_samples // self.size)
        per_panel = self.size * self.size * n_features
        self.use(tiles or cut_triangle(self.n_panels, max(1, PAIR_FEATURES_A_TILE // per_panel)))

    def use(self, tiles: Tiles) -> None:
        """Measure these tiles."""
        groups = self.size // kernels.ROWS
        self.tiles, self.work = tiles, tiles.work
        self.first_items: int | None = None
        self.extremes = Extremes(self.n_features)
        self.max_items = max(1, _BYTES_A_BATCH // (16 * self.n_features * groups))
        shape = (min(self.max_items, tiles.strips.size), groups, self.n_features)
        self.buffers = np.empty(shape), np.empty(shape)

    def run(self, schedule: Schedule) -> ScanResult:
        """Measure every tile, then name the pairs."""
        extremes = self.measure(schedule)
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

    def measure(self, schedule: Schedule) -> Extremes:
        """Measure every tile and keep the extremes of each prefix."""
        schedule.run(self, "exact")
        if np.isposinf(self.extremes.farthest).any():
            raise ValueError(OVERFLOW)
        return self.extremes

    def scan(self, start: int, stop: int) -> None:
        """Measure tiles start .. stop - 1."""
        batch, size = self.tiles.take(slice(start, stop)), stop - start
        nearest, farthest = (buffer[:size] for buffer in self.buffers)
        kernels.fill_tile_extremes(self.width, self.panels, self.n_features, self.n_samples, *batch, nearest, farthest)
        # A strip cut into several tiles comes in column order; its groups of rows must come in row order.
        starts = np.arange(nearest.shape[1]) * kernels.ROWS
        rows = (batch.strips[:, None] * self.size + starts).ravel()
        order = np.argsort(rows, kind="stable")
        flat = (rows.size, self.n_features)
        self.extremes.merge(rows[order], nearest.reshape(flat)[order], farthest.reshape(flat)[order])

    def label(self) -> list[Any]:
        """Return what tells these tiles from others."""
        return [self.tiles.strips.size, self.size, self.n_features]

    def recipe(self) -> Recipe:
        """Return how to make such a scan elsewhere."""
        return Recipe(PairScan, (self.n_features, self.tiles), scan_bytes("none", self.n_samples, self.n_features))

    def forget(self) -> None:
        """There are no counts."""

    def state(self) -> dict[str, Any]:
        """Return the extremes and their rows."""
        return {name: values.tolist() for name, values in vars(self.extremes).items()}

    def merge(self, state: dict[str, Any]) -> None:
        """Take in the extremes of other tiles."""
        shape = (self.n_features,)
        near_row, far_row = (
            whole_numbers(state[name], shape, least=-1, below=self.n_samples) for name in ("near_row", "far_row")
        )
        if any(((rows >= 0) & (rows % kernels.ROWS > 0)).any() for rows in (near_row, far_row)):
            raise TypeError("first rows of groups are expected")
        self.extremes.merge_one(
            near_row, distances(state["nearest"], shape), far_row, distances(state["farthest"], shape)
        )

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
