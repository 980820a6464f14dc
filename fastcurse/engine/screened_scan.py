"""The screened pair scan: float32 over all tiles, float64 for the few pairs that may matter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastcurse._kernels import distances as exact
from fastcurse._kernels import screen, simd
from fastcurse.engine.batches import run_batches
from fastcurse.engine.frame import Frame
from fastcurse.engine.pair_scan import OVERFLOW, PAIR_FEATURES_A_TILE, PairScan, ScanResult, precedes
from fastcurse.engine.screen_bounds import Outlook, cut_blocks, look_ahead, thresholds
from fastcurse.engine.tiles import Tiles, cut_triangle

_SMALLEST_TILE, _TILES = 10**7, 400  # pair-features; enough tiles that threads end a batch together
_CACHE_BYTES = 2**19  # of panels that all rows of a strip share: a quarter of a common second-level cache
_CAPACITY = 512  # pairs noted in a tile before the screen gives it up
_BYTES_A_BATCH = 2**24
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

    def run(self, advance: Callable[[float], object]) -> ScanResult:
        """Screen every tile, certify what it notes, and measure exactly the tiles that it gave up."""
        given_up = self._screen(advance)
        if given_up.size:
            self.panels = np.empty(0, dtype=np.float32)  # make room for the float64 copy
            self._measure(self.tiles.take(given_up))
        if np.isposinf(self.farthest).any():  # ranges may sum below the limit where sums in feature order do not
            raise ValueError(OVERFLOW)
        return ScanResult(
            self.nearest, self.farthest, self.near_pair, self.far_pair, self.tiles.strips.size,
            self.tiles_certified, self.pairs_certified, self.copy_bytes,
        )  # fmt: skip

    def _seed(self) -> Outlook:
        """Take first bounds from the pairs among one point in twenty; the scan names the pairs when it meets them."""
        step = max(1, min(_SEED_SHARE, self.n_samples // _SEEDS))
        sample = self.points[::step]
        seeds = PairScan(sample, self.n_features).measure(lambda share: None)
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

    def _screen(self, advance: Callable[[float], object]) -> np.ndarray:
        """Screen the tiles in batches; return the indices of those given up."""
        total, n_tiles = self.tiles.work.sum(), self.tiles.strips.size
        max_items = max(1, _BYTES_A_BATCH // (16 * _CAPACITY))
        pairs = np.empty((min(max_items, n_tiles), _CAPACITY, 2), dtype=np.int64)
        counts = np.zeros(n_tiles, dtype=np.int64)
        panel_length = self.panels.size // self.n_panels
        stride = max(1, _CACHE_BYTES // (4 * panel_length))
        defeated = False

        def run(start: int, stop: int) -> None:
            nonlocal defeated
            if defeated:
                counts[start:stop] = _CAPACITY + 1
                return
            tiles, noted = self.tiles.take(slice(start, stop)), pairs[: stop - start]
            limits = thresholds(
                self.nearest, self.farthest, self.frame.largest_norm, self.frame.exponent, self.prefixes, self.blocks,
                self.largest_square,
            )  # fmt: skip
            screen.scan_tiles(
                self.width, screen.block_of(self.width), self.panels, panel_length, self.n_samples, *tiles, stride,
                *self.blocks, *limits, noted, counts[start:stop],
            )  # fmt: skip
            done = counts[start:stop]
            kept = np.flatnonzero((done > 0) & (done <= _CAPACITY))
            if kept.size:
                self._certify(np.concatenate([noted[tile, : done[tile]] for tile in kept.tolist()]))
            self.tiles_certified += int(np.count_nonzero(done))
            defeated = int(np.count_nonzero(done > _CAPACITY)) * _DEFEATED_SHARE > stop - start

        run_batches(self.tiles.work, run, max_items=max_items, advance=lambda done: advance(done / total))
        return np.flatnonzero(counts > _CAPACITY)

    def _certify(self, pairs: np.ndarray) -> None:
        """Measure the pairs (m, 2) in the defined order and merge them."""
        self.pairs_certified += len(pairs)
        chunk = max(1, 2**19 // self.n_features)
        for start in range(0, len(pairs), chunk):
            some = pairs[start : start + chunk]
            first, second = (
                self.points[some[:, side], : self.n_features].astype(np.float64, copy=False) for side in range(2)
            )
            exact.certify_pairs(first, second, some, self.nearest, self.near_pair, self.farthest, self.far_pair)

    def _measure(self, tiles: Tiles) -> None:
        """Measure the given-up tiles in float64 and merge their extremes."""
        scan = PairScan(self.points, self.n_features)
        self.copy_bytes = max(self.copy_bytes, scan.panels.nbytes)
        scan.tiles = tiles.take(np.lexsort((tiles.begins, tiles.strips))).split(scan.n_panels)
        extremes = scan.measure(lambda share: None)
        near_pair, far_pair, _ = scan.locate(extremes)
        for beats, value, pair, best, best_pair in (
            (np.less, extremes.nearest, near_pair, self.nearest, self.near_pair),
            (np.greater, extremes.farthest, far_pair, self.farthest, self.far_pair),
        ):
            better = beats(value, best) | ((value == best) & precedes(pair, best_pair))
            best[better], best_pair[better] = value[better], pair[better]
