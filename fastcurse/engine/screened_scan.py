"""The screened pair scan: float32 over all tiles, float64 for the few pairs that may matter."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse._kernels import distances as exact
from fastcurse._kernels import screen, simd
from fastcurse._memmap import take_rows
from fastcurse.engine.frame import Frame
from fastcurse.engine.memory import scan_bytes
from fastcurse.engine.notes import distances, places, truth, whole_numbers
from fastcurse.engine.pair_scan import OVERFLOW, PAIR_FEATURES_A_TILE, PairScan, ScanResult, precedes
from fastcurse.engine.schedule import Recipe, Schedule
from fastcurse.engine.screen_bounds import Outlook, cut_blocks, look_ahead, thresholds
from fastcurse.engine.tiles import Tiles, cut_triangle

_SMALLEST_TILE, _TILES = 10**7, 400  # pair-features; enough tiles that threads end a batch together
_CACHE_BYTES = 2**19  # of panels that all rows of a strip share: a quarter of a common second-level cache
_CAPACITY = 512  # pairs noted in a tile before the screen gives it up
_BYTES_A_BATCH = 2**24
_CERTIFIED_AT_A_TIME = 2**19  # values of pairs that are copied to be measured
_SEED_SHARE, _SEEDS = 20, 100  # one point in twenty, but at least a hundred, gives the first bounds
_DEFEATED_SHARE = 8  # more than one tile in eight given up in a batch: the screen does not pay


def _squared_norms(panels: np.ndarray) -> np.ndarray:
    return np.einsum("psk,psk->pk", panels, panels)


class ScreenedScan:
    """The packed float32 points, their tiles, and the best distances found so far."""

    def __init__(self, points: np.ndarray, prefixes: np.ndarray, frame: Frame) -> None:
        self.points, self.prefixes, self.frame = points, prefixes, frame
        self.n_samples, self.n_features = points.shape[0], int(prefixes[-1])
        self.width = simd.width_of(simd.host_bits())
        self.size = screen.panel_size(self.width)
        outlook = self._seed()
        self.blocks = cut_blocks(prefixes, outlook)
        self.panels, self.largest_square = self._pack()
        self.copy_bytes = self.panels.nbytes
        self.n_panels = -(-self.n_samples // self.size)
        per_panel = self.size * self.size * self.n_features
        total = self.n_panels * (self.n_panels + 1) // 2 * per_panel
        tile = min(PAIR_FEATURES_A_TILE, max(_SMALLEST_TILE, total // _TILES))
        tiles = cut_triangle(self.n_panels, max(1, tile // per_panel))
        # Sorted data must not make every batch better than the last: tiles come in a fixed shuffled order.
        self.tiles = tiles.take(np.random.default_rng(0).permutation(tiles.strips.size))
        last = self.n_samples  # a pair that every real pair precedes
        self.near_pair = np.full((self.n_features, 2), last, dtype=np.int64)
        self.far_pair = self.near_pair.copy()
        self.tiles_certified = self.pairs_certified = 0
        self.work = self.tiles.work
        self.first_items: int | None = None
        self.max_items = max(1, _BYTES_A_BATCH // (16 * _CAPACITY))
        self.pairs = np.empty((min(self.max_items, self.work.size), _CAPACITY, 2), dtype=np.int64)
        self.given_up = np.zeros(self.work.size, dtype=np.bool_)
        self.defeated = False

    def run(self, schedule: Schedule) -> ScanResult:
        """Screen every tile, certify what it notes, and measure exactly the tiles that it gave up."""
        schedule.run(self, "screened")
        if self.given_up.any():
            self.panels = np.empty(0, dtype=np.float32)  # make room for the float64 copy
            self._measure(self.tiles.take(self.given_up), schedule.part("given up", 0.0))
        if np.isposinf(self.farthest).any():  # ranges may sum below the limit where sums in feature order do not
            raise ValueError(OVERFLOW)
        return ScanResult(
            self.nearest, self.farthest, self.near_pair, self.far_pair, self.tiles.strips.size,
            self.tiles_certified, self.pairs_certified, self.copy_bytes,
        )  # fmt: skip

    def label(self) -> list[Any]:
        """Return what tells these tiles from others."""
        return [self.work.size, self.size, self.prefixes.size]

    def recipe(self) -> Recipe:
        """Return how to make such a scan elsewhere."""
        need = scan_bytes("float32", self.n_samples, self.n_features)
        return Recipe(ScreenedScan, (self.prefixes, self.frame), need)

    def forget(self) -> None:
        """Set all counts to zero; the best pairs stay."""
        self.given_up[:] = False
        self.defeated = False
        self.tiles_certified = self.pairs_certified = 0

    def state(self) -> dict[str, Any]:
        """Return the best pairs, the tiles given up, and counts."""
        return {
            "nearest": self.nearest.tolist(), "near_pair": self.near_pair.tolist(),
            "farthest": self.farthest.tolist(), "far_pair": self.far_pair.tolist(),
            "given_up": "all" if self.given_up.all() else np.flatnonzero(self.given_up).tolist(),
            "defeated": self.defeated,
            "tiles_certified": self.tiles_certified, "pairs_certified": self.pairs_certified,
        }  # fmt: skip

    def merge(self, state: dict[str, Any]) -> None:
        """Take in what was found in other tiles."""
        m = self.n_features
        nearest, farthest = distances(state["nearest"], (m,)), distances(state["farthest"], (m,))
        near_pair, far_pair = (
            whole_numbers(state[name], (m, 2), below=self.n_samples + 1) for name in ("near_pair", "far_pair")
        )
        given_up = slice(None) if state["given_up"] == "all" else places(state["given_up"], self.given_up.size)
        tiles, pairs = (whole_numbers(state[name], ()) for name in ("tiles_certified", "pairs_certified"))
        self.defeated |= truth(state["defeated"])
        self._keep(np.less, nearest, near_pair, self.nearest, self.near_pair)
        self._keep(np.greater, farthest, far_pair, self.farthest, self.far_pair)
        self.given_up[given_up] = True
        self.tiles_certified += int(tiles)
        self.pairs_certified += int(pairs)

    @staticmethod
    def _keep(beats: np.ufunc, value: np.ndarray, pair: np.ndarray, best: np.ndarray, best_pair: np.ndarray) -> None:
        better = beats(value, best) | ((value == best) & precedes(pair, best_pair))
        best[better], best_pair[better] = value[better], pair[better]

    def _seed(self) -> Outlook:
        """Take first bounds from the pairs among one point in twenty; the scan names the pairs when it meets them."""
        step = max(1, min(_SEED_SHARE, self.n_samples // _SEEDS))
        sample = self.points[::step]
        seeds = PairScan(sample, self.n_features).measure(Schedule())
        self.nearest, self.farthest = seeds.nearest, seeds.farthest
        n_sampled, n_pairs = (n * (n - 1) // 2 for n in (sample.shape[0], self.n_samples))
        scale = np.ldexp(1.0, -self.frame.exponent)
        return look_ahead(seeds.nearest * scale, seeds.farthest * scale, n_sampled, n_pairs)

    def _pack(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the packed float32 points with their norms, and the largest squared norm where each block ends."""
        blocks, n_features = self.blocks, self.n_features
        panels = self.frame.pack(self.points, self.size, len(blocks.products))
        begin = int(blocks.begins[blocks.n_squared])
        total = _squared_norms(panels[:, :begin]).astype(np.float64)
        largest = np.full(blocks.ends.size, total.max())
        for slot, b in enumerate(blocks.products, start=n_features):
            panels[:, slot] = _squared_norms(panels[:, blocks.begins[b] : blocks.ends[b]])
            total += panels[:, slot]
            largest[b] = total.max()
        # Rounded up: a float32 sum has at most one rounding more than features, each of which may underflow.
        largest *= 1 + 2 * (n_features + 2) * 2.0**-24
        return panels.ravel(), largest + n_features * 2.0**-148

    def scan(self, start: int, stop: int) -> None:
        """Screen tiles start .. stop - 1 and certify what they note."""
        if self.defeated:
            self.given_up[start:stop] = True
            return
        panel_length, tiles = self.panels.size // self.n_panels, self.tiles.take(slice(start, stop))
        counts = np.zeros(stop - start, dtype=np.int64)
        limits = thresholds(
            self.nearest, self.farthest, self.frame.largest_norm, self.frame.exponent, self.prefixes, self.blocks,
            self.largest_square,
        )  # fmt: skip
        screen.scan_tiles(
            self.width, screen.block_of(self.width), self.panels, panel_length, self.n_samples, *tiles,
            max(1, _CACHE_BYTES // (4 * panel_length)), *self.blocks, *limits, self.pairs[: stop - start], counts,
        )  # fmt: skip
        kept = np.flatnonzero((counts > 0) & (counts <= _CAPACITY))
        if kept.size:
            self._certify(np.concatenate([self.pairs[tile, : counts[tile]] for tile in kept.tolist()]))
        self.given_up[start:stop] = counts > _CAPACITY
        self.tiles_certified += int(np.count_nonzero(counts))
        self.defeated = int(np.count_nonzero(counts > _CAPACITY)) * _DEFEATED_SHARE > stop - start

    def _certify(self, pairs: np.ndarray) -> None:
        """Measure the pairs (m, 2) in the defined order and merge them."""
        self.pairs_certified += len(pairs)
        points, chunk = self.points[:, : self.n_features], max(1, _CERTIFIED_AT_A_TIME // self.n_features)
        for start in range(0, len(pairs), chunk):
            some = pairs[start : start + chunk]
            first, second = (take_rows(points, some[:, side]).astype(np.float64, copy=False) for side in range(2))
            exact.certify_pairs(first, second, some, self.nearest, self.near_pair, self.farthest, self.far_pair)

    def _measure(self, tiles: Tiles, schedule: Schedule) -> None:
        """Measure the given-up tiles in float64 and merge their extremes."""
        schedule.check_memory(scan_bytes("none", self.n_samples, self.n_features))
        scan = PairScan(self.points, self.n_features)
        self.copy_bytes = max(self.copy_bytes, scan.panels.nbytes)
        scan.use(tiles.take(np.lexsort((tiles.begins, tiles.strips))).split(scan.n_panels))
        extremes = scan.measure(schedule)
        near_pair, far_pair, _ = scan.locate(extremes)
        self._keep(np.less, extremes.nearest, near_pair, self.nearest, self.near_pair)
        self._keep(np.greater, extremes.farthest, far_pair, self.farthest, self.far_pair)
