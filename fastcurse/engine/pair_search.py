"""The pair search: the nearest and the farthest pair over all features, most pairs dismissed unread or unfinished."""

from __future__ import annotations

import zlib
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from fastcurse._kernels import distances as exact
from fastcurse._kernels import pair_search as kernels
from fastcurse._kernels import screen, simd
from fastcurse._memmap import take_rows
from fastcurse.engine.approximation import Approximation, Layout, approximate, lay_out
from fastcurse.engine.blas import one_blas_thread
from fastcurse.engine.frame import Axes, Frame
from fastcurse.engine.notes import distances, places, whole_numbers
from fastcurse.engine.pair_scan import OVERFLOW
from fastcurse.engine.schedule import Recipe, Schedule
from fastcurse.engine.search_limits import search_limits
from fastcurse.engine.search_plan import SearchPlan

_CAPACITY = 512  # pairs noted in a tile before the screen gives it up
_TILES_A_CALL = 2048  # 16 MB of noted pairs
_TILES_A_BATCH = 2**16
_FIRST_PAIR_FEATURES, _FIRST_SHARE = 10**10, 8  # of the first batch: some .03 s, after which distances are better
_MOST_ITEMS = 2**20  # of a schedule: memory does not grow with n_samples²
_VALUES_A_CHUNK = 2**19
_DEFEATED_SHARE = 16  # more than one tile in so many given up: the search does not pay
_FEW_TILES = 64  # that are measured whole: some seconds


class Best(NamedTuple):
    """A distance and the lexicographically smallest pair of rows that has it."""

    distance: float
    pair: tuple[int, int]


class SearchResult(NamedTuple):
    """What a search found and did; counts are of pairs of rows, the filling of the last panel included."""

    nearest: Best
    farthest: Best
    plan: SearchPlan
    tiles: int
    tiles_certified: int
    pairs_certified: int
    pairs_boxed: int
    pairs_stopped: tuple[int, ...]  # where each segment but the last ends
    copy_bytes: int


class SearchSettings(NamedTuple):
    """What a search must know beside the points."""

    plan: SearchPlan
    axes: Axes | None
    seeds: np.ndarray  # pairs of rows (m, 2): first bounds
    sides: tuple[bool, bool]  # whether the nearest and the farthest are sought
    bits: int  # of vectors: tiles depend on it
    layout: Layout | None = None  # None: to be found out


class PairSearch:
    """The approximated points, their tiles, and the best pairs so far.

    Tile t pairs 32 panels with 32 others, along the diagonals of the triangle of pairs: neighbours in the order come
    first. A side that is not sought is any pair.
    """

    def __init__(self, points: np.ndarray, frame: Frame, settings: SearchSettings) -> None:
        self.points, self.frame, self.settings = points, frame, settings
        self.plan, self.sides = settings.plan, settings.sides
        self.n_samples, self.n_features = len(points), frame.centre.size
        self.width = simd.width_of(settings.bits)
        self.block, self.size = screen.block_of(self.width), screen.panel_size(self.width)
        self.nearest, self.farthest = Best(np.inf, (-1, -1)), Best(-np.inf, (-1, -1))
        self.pairs_certified = self.tiles_certified = self.pairs_boxed = 0
        self._certify(settings.seeds)
        self.stopped = np.zeros(len(self.plan.cuts), dtype=np.int64)
        self.n_panels = -(-self.n_samples // self.size)
        self.starts = np.arange(0, self.n_panels, kernels.PANELS_A_SIDE)
        # Diagonal d of the triangle holds the tiles (i, i + d).
        self.diagonals = np.concatenate([[0], np.cumsum(np.arange(self.starts.size, 0, -1))])
        self.n_tiles = int(self.diagonals[-1])
        self.most_given_up = max(_FEW_TILES, self.n_tiles // _DEFEATED_SHARE)
        self.given_up = np.empty(0, dtype=np.int64)
        self.grain = -(-self.n_tiles // _MOST_ITEMS)  # tiles of an item
        self.work, self.max_items = np.ones(-(-self.n_tiles // self.grain)), _TILES_A_BATCH
        item = (self.size * kernels.PANELS_A_SIDE) ** 2 * self.n_features * self.grain
        self.first_items: int | None = int(
            np.clip(_FIRST_PAIR_FEATURES // item, 1, max(1, self.work.size // _FIRST_SHARE))
        )

    @cached_property
    def known(self) -> Approximation:
        """The approximated points; not made before they are needed: on a cluster, the workers' are."""
        with one_blas_thread():
            return approximate(self.points, self.frame, self.settings.axes, self.plan, self.size, self.layout)

    @property
    def copy_bytes(self) -> int:
        """Size of the approximated points, where they were made: on a cluster they are the workers'."""
        return self.known.nbytes if "known" in self.__dict__ else 0

    @cached_property
    def layout(self) -> Layout:
        """The order of the points."""
        if self.settings.layout is not None:
            return self.settings.layout
        with one_blas_thread():
            return lay_out(self.points, self.frame, self.settings.axes, self.plan, self.size)

    @cached_property
    def _boxes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Boxes and norms beyond them of the sides of tiles."""
        low = np.minimum.reduceat(self.known.box_low, self.starts, axis=1).astype(np.float64)
        high = np.maximum.reduceat(self.known.box_high, self.starts, axis=1).astype(np.float64)
        return low, high, np.maximum.reduceat(self.known.tails[-1], self.starts).astype(np.float64)

    def run(self, schedule: Schedule) -> SearchResult | None:
        """Screen every tile and measure what it notes; None where the screen is defeated."""
        schedule.run(self, "search")
        if self.given_up.size > self.most_given_up:
            return None
        if self.given_up.size:
            self.tiles_certified -= self.given_up.size  # they are counted again
            left = self._screen(self.given_up)  # against better distances
            if left.size > _FEW_TILES:
                return None
            self._measure(left)
        # Ranges may sum below the limit where sums in feature order do not.
        if np.isposinf(self.nearest.distance) or (self.sides[1] and np.isposinf(self.farthest.distance)):
            raise ValueError(OVERFLOW)
        return SearchResult(
            self.nearest, self.farthest, self.plan, self.n_tiles, self.tiles_certified, self.pairs_certified,
            self.pairs_boxed, tuple(self.stopped[:-1].tolist()), self.copy_bytes,
        )  # fmt: skip

    def scan(self, start: int, stop: int) -> None:
        """Screen the tiles of items start .. stop - 1."""
        if self.given_up.size <= self.most_given_up:
            tiles = np.arange(start * self.grain, min(stop * self.grain, self.n_tiles))
            self.given_up = np.union1d(self.given_up, self._screen(tiles))

    def state(self) -> dict[str, Any]:
        """Return the best pairs, the tiles given up, and counts."""
        return {
            "nearest": self.nearest, "farthest": self.farthest, "given_up": self.given_up.tolist(),
            "stopped": self.stopped.tolist(), "pairs_boxed": self.pairs_boxed,
            "tiles_certified": self.tiles_certified, "pairs_certified": self.pairs_certified,
        }  # fmt: skip

    def label(self) -> list[Any]:
        """Return what tells these tiles from others."""
        order = self.layout.order
        return [self.n_tiles, 0 if order is None else zlib.crc32(order.tobytes()), list(self.plan.cuts)]

    def recipe(self) -> Recipe:
        """Return how to make such a search elsewhere."""
        return Recipe(PairSearch, (self.frame, self.settings._replace(layout=self.layout)), self.plan.need)

    def forget(self) -> None:
        """Set all counts to zero; the best pairs stay."""
        self.given_up = self.given_up[:0]
        self.stopped[:] = 0
        self.pairs_certified = self.tiles_certified = self.pairs_boxed = 0

    def merge(self, state: dict[str, Any]) -> None:
        """Take in what was found in other tiles."""
        for side, beats in (("nearest", np.less), ("farthest", np.greater)):
            distance, pair = distances([state[side][0]], (1,)), state[side][1]
            pair = whole_numbers([pair], (1, 2), least=-1, below=self.n_samples)
            setattr(self, side, _better(getattr(self, side), distance, pair, distance[0], beats))
        self.given_up = np.union1d(self.given_up, places(state["given_up"], self.n_tiles))
        self.stopped += whole_numbers(state["stopped"], self.stopped.shape)
        for count in ("pairs_boxed", "tiles_certified", "pairs_certified"):
            setattr(self, count, getattr(self, count) + int(whole_numbers(state[count], ())))

    def _sides(self, tiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the first and the second side of the tiles."""
        diagonal = np.searchsorted(self.diagonals, tiles, side="right") - 1
        first = tiles - self.diagonals[diagonal]
        return first, first + diagonal

    def _screen(self, tiles: np.ndarray) -> np.ndarray:
        """Screen tiles by number; return those given up."""
        limits = search_limits(
            self.nearest.distance, self.farthest.distance, exponent=self.frame.exponent, n_features=self.n_features,
            step=self.known.step, error=self.known.error, sides=self.sides,
        )  # fmt: skip
        if self.plan.order != "given":
            tiles = tiles[~self._far_apart(*self._sides(tiles), limits.near_box, limits.far_box)]
        known, given_up = self.known, []
        for begin in range(0, tiles.size, _TILES_A_CALL):
            some = tiles[begin : begin + _TILES_A_CALL]
            first, second = (self.starts[side] for side in self._sides(some))
            pairs = np.empty((some.size, _CAPACITY, 2), dtype=np.int64)
            done = np.empty((some.size, 2 + len(known.ends)), dtype=np.int64)
            kernels.scan_tiles(
                self.width, self.block, known.zero, known.panels.reshape(-1), known.panels[0].size, known.ends,
                known.flip, known.offsets, known.tails, known.box_low, known.box_high, self.plan.order != "given",
                limits, first, second, pairs, done,
            )  # fmt: skip
            counts = done[:, 0]
            self.pairs_boxed += int(done[:, 1].sum()) * self.size**2
            self.stopped += done[:, 2:].sum(axis=0) * (len(self.block) // 2 * self.size)
            noted = np.flatnonzero(counts)
            if noted.size:
                self._certify_positions(np.concatenate([pairs[t, : counts[t]] for t in noted.tolist()]))
            self.tiles_certified += noted.size
            given_up.append(some[counts > _CAPACITY])
        return np.concatenate(given_up) if given_up else np.empty(0, dtype=np.int64)

    def _far_apart(self, first: np.ndarray, second: np.ndarray, near_box: float, far_box: float) -> np.ndarray:
        """Return which tiles hold no extreme, by the boxes of their sides; note their pairs."""
        low, high, tail = self._boxes
        nearest, farthest = np.zeros(first.size), (tail[first] + tail[second]) ** 2
        for f in range(self.plan.boxed):
            gap = np.maximum(low[f, second] - high[f, first], low[f, first] - high[f, second])
            nearest += np.maximum(gap, 0.0) ** 2
            farthest += np.maximum(high[f, second] - low[f, first], high[f, first] - low[f, second]) ** 2
        apart = (nearest > near_box) & (farthest < far_box)
        self.pairs_boxed += int(np.count_nonzero(apart)) * (self.size * kernels.PANELS_A_SIDE) ** 2
        return apart

    def _certify_positions(self, positions: np.ndarray) -> None:
        """Measure pairs (m, 2) of positions, but those with the filling of the last panel."""
        rows = positions if self.known.order is None else self.known.order[positions]
        rows = np.sort(rows[(rows < self.n_samples).all(axis=1)], axis=1)
        self._certify(rows)

    def _certify(self, pairs: np.ndarray) -> None:
        """Measure pairs (m, 2) of rows by the definition and keep the best."""
        self.pairs_certified += len(pairs)
        chunk = max(1, _VALUES_A_CHUNK // self.n_features)
        for start in range(0, len(pairs), chunk):
            some = pairs[start : start + chunk]
            points = self.points[:, : self.n_features]
            first, second = (take_rows(points, some[:, side]).astype(np.float64) for side in range(2))
            # The definition itself: float64 sums in feature order.
            with np.errstate(over="ignore"):
                distances = np.sqrt(np.cumsum((first - second) ** 2, axis=1)[:, -1])
            self._keep(distances, some, distances, some)

    def _keep(self, nearest: np.ndarray, near: np.ndarray, farthest: np.ndarray, far: np.ndarray) -> None:
        """Keep the best of distances (m,) and their pairs (m, 2), on both sides."""
        self.nearest = _better(self.nearest, nearest, near, nearest.min(), np.less)
        self.farthest = _better(self.farthest, farthest, far, farthest.max(), np.greater)

    def _measure(self, tiles: np.ndarray) -> None:
        """Measure every pair of a few tiles by the definition."""
        for sides in zip(*self._sides(tiles), strict=True):
            first, second = (self._rows_of(side) for side in sides)
            points = [self.points[rows, : self.n_features].astype(np.float64) for rows in (first, second)]
            nearest, farthest = np.empty((2, first.size))
            near, far = np.empty((2, first.size, 2), dtype=np.int64)
            exact.fill_row_extremes(*points, first, second, nearest, near, farthest, far)
            counted = near[:, 0] >= 0
            if counted.any():
                self._keep(nearest[counted], near[counted], farthest[counted], far[counted])
            own = sides[0] == sides[1]
            self.pairs_certified += first.size * (first.size - 1) // 2 if own else first.size * second.size

    def _rows_of(self, side: int) -> np.ndarray:
        """Return the rows of the points of one side of tiles."""
        length = self.size * kernels.PANELS_A_SIDE
        rows = np.arange(side * length, min((side + 1) * length, self.n_panels * self.size))
        if self.known.order is not None:
            rows = self.known.order[rows]
        return rows[rows < self.n_samples]


def _better(best: Best, distances: np.ndarray, pairs: np.ndarray, value: float, beats: np.ufunc) -> Best:
    """Return the better of `best` and the first pair at the extreme distance `value`."""
    if not beats(value, best.distance) and value != best.distance:
        return best
    tied = pairs[distances == value]
    i, j = tied[np.lexsort((tied[:, 1], tied[:, 0]))[0]].tolist()
    if value == best.distance and best.pair < (i, j):
        return best
    return Best(float(value), (i, j))
