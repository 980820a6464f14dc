"""The float32 screen: its bound against exact arithmetic, its blocks, and the ways it can be defeated."""

from __future__ import annotations

from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
from distance_cases import same
from hypothesis import given
from hypothesis import strategies as st
from strategies import point_clouds

import fastcurse as fc
from benchmarks.cases import DISTANCE_CASES
from fastcurse._kernels import screen as kernel
from fastcurse._kernels import simd
from fastcurse.engine import frame, screen_bounds, screened_scan
from fastcurse.engine.frame import find_frame
from fastcurse.engine.screen_bounds import Blocks, Outlook, cut_blocks, look_ahead, thresholds
from fastcurse.engine.screened_scan import ScreenedScan
from fastcurse.reference import distances as reference

UNIT, TINY = Fraction(2) ** -24 * (1 + Fraction(2) ** -20), Fraction(2) ** -149


def fma32(a, b, c):
    """a b + c of float32 with one rounding: float64 holds the product, and its own rounding is finer by 2^-29."""
    return (a.astype(np.float64) * b + c).astype(np.float32)


def framed(frame, X):
    """The points as the kernel sees them."""
    panels = frame.pack(X, 4, 0)
    return panels.swapaxes(1, 2).reshape(-1, X.shape[1])[: len(X)]


class Screened:
    """The kernel's float32 sums of all pairs, each operation rounded as the kernel rounds it."""

    def __init__(self, X, n_squared, ends=None):
        n_features = X.shape[1]
        self.frame = find_frame(X, n_features)
        self.prefixes = np.arange(1, n_features + 1)
        ends = self.prefixes if ends is None else np.unique([*ends, n_features])
        self.blocks = Blocks(np.append(ends, n_features), min(n_squared, len(ends)))
        if self.frame is None:
            return
        with mock.patch.object(screened_scan, "cut_blocks", return_value=self.blocks):
            self.scan = ScreenedScan(X, self.prefixes, self.frame)
        self.z = framed(self.frame, X)
        self.i, self.j = np.triu_indices(len(X), 1)
        panels = self.scan.panels.reshape(self.scan.n_panels, -1, self.scan.size)
        shape = (self.scan.n_panels * self.scan.size, len(self.blocks.products))
        self.norms = panels[:, n_features:].swapaxes(1, 2).reshape(shape)
        self.at_ends = self._run()

    def _run(self):
        """Sums where each block ends, before the first block first."""
        sums = [np.zeros(self.i.size, dtype=np.float32)]
        for b, (begin, end) in enumerate(zip(self.blocks.begins[:-1], self.blocks.ends[:-1], strict=True)):
            total = sums[-1]
            for feature in range(begin, end):
                x, y = self.z[self.i, feature], self.z[self.j, feature]
                total = fma32(x - y, x - y, total) if b < self.blocks.n_squared else fma32(-2 * x, y, total)
            if b >= self.blocks.n_squared:
                norms = self.norms[:, b - self.blocks.n_squared]
                total = total + (norms[self.i] + norms[self.j])
            sums.append(total)
        return sums

    def again(self, block):
        """Sums at each prefix of a block, as a suspect runs through it: from nothing, or back from its end."""
        begin, end = self.blocks.begins[block], self.blocks.ends[block]

        def square(feature):
            difference = self.z[self.i, feature] - self.z[self.j, feature]
            return difference * difference

        if block < self.blocks.n_squared:
            total = np.zeros(self.i.size, dtype=np.float32)
            for prefix in range(end + 1):
                if prefix >= begin:
                    yield prefix, total
                if prefix < end:
                    total = total + square(prefix)
        else:
            total = self.at_ends[min(block + 1, len(self.at_ends) - 1)]
            for prefix in range(end, begin - 1, -1):
                yield prefix, total
                if prefix > begin:
                    total = total - square(prefix - 1)

    def limits(self, best):
        return thresholds(
            best.nearest, best.farthest, self.frame.largest_norm, self.frame.exponent, self.prefixes, self.blocks,
            self.scan.largest_square,
        )  # fmt: skip


CLOUDS = point_clouds(max_samples=7, max_features=7)
CUTS = st.sets(st.integers(1, 7)).map(sorted)


def limits_of(nearest, farthest, norm, exponent=0, n_squared=10**6, squares=None):
    n_features = len(nearest)
    prefixes = np.arange(1, n_features + 1)
    blocks = Blocks(np.append(prefixes[9::10], n_features), min(n_squared, n_features // 10))
    squares = np.zeros(blocks.ends.size) if squares is None else squares
    return thresholds(nearest, farthest, norm, exponent, prefixes, blocks, squares), blocks


class TestBound:
    @given(CLOUDS, st.integers(0, 7), CUTS)
    def test_no_extreme_pair_is_dismissed(self, X, n_squared, cuts):
        screened = Screened(X, n_squared, [cut for cut in cuts if cut <= X.shape[1]])
        if screened.frame is None:
            return
        best = reference.distance_extremes(X)
        limits, blocks = screened.limits(best), screened.blocks
        pairs = list(zip(screened.i.tolist(), screened.j.tolist(), strict=True))
        for block, (begin, end) in enumerate(zip(blocks.begins, blocks.ends, strict=True)):
            for prefix, sums in screened.again(block):
                if prefix == 0:
                    continue
                near = pairs.index(tuple(best.nearest_pair[prefix - 1].tolist()))
                far = pairs.index(tuple(best.farthest_pair[prefix - 1].tolist()))
                if prefix < end or begin == end:
                    assert screened.at_ends[block][near] < limits.block_low[block]
                    assert sums[near] < limits.low[prefix]
                if prefix > begin:
                    assert screened.at_ends[block + 1][far] > limits.block_high[block]
                    assert sums[far] > limits.high[prefix]

    @given(point_clouds(max_samples=6, max_features=5))
    def test_norm_and_input_error_against_exact_arithmetic(self, X):
        frame = find_frame(X, X.shape[1])
        if frame is None:
            return
        z = framed(frame, X)
        scale = Fraction(2) ** -frame.exponent
        squares = [Fraction(0)] * len(X)
        for feature in range(X.shape[1]):
            for row in range(len(X)):
                value = scale * (Fraction(float(X[row, feature])) - Fraction(float(frame.centre[feature])))
                squares[row] += value**2
                assert abs(Fraction(float(z[row, feature])) - value) <= UNIT * abs(value) + TINY
            assert Fraction(float(frame.largest_norm[feature])) ** 2 >= max(squares)

    @given(CLOUDS, st.integers(0, 7), CUTS)
    def test_sum_error_against_exact_arithmetic(self, X, n_squared, cuts):
        screened = Screened(X, n_squared, [cut for cut in cuts if cut <= X.shape[1]])
        if screened.frame is None:
            return
        blocks = screened.blocks
        z = [[Fraction(float(value)) for value in row] for row in screened.z]
        longest = max([int((blocks.ends - blocks.begins)[b]) for b in blocks.products], default=0)
        for block in range(blocks.ends.size - 1):
            end = int(blocks.ends[block])
            largest = max(sum((value**2 for value in row[:end]), Fraction(0)) for row in z)
            if block in blocks.products or block == blocks.n_squared - 1:
                assert Fraction(float(screened.scan.largest_square[block])) >= largest
            steps = end + 2 * len(blocks.products) + 2 * longest + 6
            for prefix, sums in [*screened.again(block), (end, screened.at_ends[block + 1])]:
                growth = (prefix + 3) * UNIT / (1 - (prefix + 3) * UNIT)
                for k, total in enumerate(sums):
                    i, j = screened.i[k], screened.j[k]
                    exact = sum(((z[i][f] - z[j][f]) ** 2 for f in range(prefix)), Fraction(0))
                    if block in blocks.products:
                        allowed = 4 * largest * steps * UNIT / (1 - steps * UNIT) + 4 * steps * TINY
                    else:
                        allowed = growth * exact + 2 * prefix * TINY
                    assert abs(Fraction(float(total)) - exact) <= allowed

    def test_thresholds_widen_with_norm_and_prefix(self):
        ones = np.ones(100)
        narrow, _ = limits_of(ones, 2 * ones, ones)
        wide, _ = limits_of(ones, 2 * ones, 1e4 * ones)
        products, _ = limits_of(ones, 2 * ones, ones, n_squared=3, squares=np.linspace(1, 5, 11))
        for wider in (wide, products):
            assert (wider.low >= narrow.low).all()
            assert (wider.high <= narrow.high).all()
            assert (np.diff(wider.low[1:]) >= 0).all()
        assert (wide.low[1:] > narrow.low[1:]).all()
        assert (products.low[30:] > narrow.low[30:]).all()
        assert (narrow.low[1:] > 1).all()
        assert (narrow.high < 4)[1:].all()

    @pytest.mark.parametrize("n_squared", [0, 12, 30])
    @pytest.mark.parametrize("side", ["low", "high"])
    def test_thresholds_against_the_proof_in_exact_arithmetic(self, side, n_squared):
        n_features, exponent = 300, 3
        best = np.linspace(1e-3, 5, n_features)
        norm = np.linspace(0.5, 8, n_features)
        squares = np.linspace(1, 9, n_features // 10 + 1)
        limits, blocks = limits_of(best, best, norm, exponent, n_squared, squares)
        for p in (1, 2, 17, 100, 111, 120, 300):
            r, largest = Fraction(float(best[p - 1])) / 2**exponent, Fraction(float(norm[p - 1]))
            # The block that the threshold serves: a <= p < b below, a < p <= b above.
            block = min(p // 10, 29) if side == "low" else (p - 1) // 10
            end = int(blocks.ends[block])
            eps, growth = 2 * UNIT * largest + 2 * p * TINY, (end + 3) * UNIT / (1 - (end + 3) * UNIT)
            absolute = 2 * end * TINY
            if block >= n_squared:
                steps, growth = end + 2 * len(blocks.products) + 2 * 10 + 6, 0
                absolute = 4 * Fraction(squares[block]) * steps * UNIT / (1 - steps * UNIT) + 4 * steps * TINY
            slack, underflow = (p + 8) * Fraction(2) ** -52, p * Fraction(2) ** -136
            if side == "low":
                proved = (r * (1 + slack) + eps + underflow) ** 2 * (1 + growth) + absolute
                ours = Fraction(float(limits.low[p]))
                assert proved < ours < proved * (1 + 4 * Fraction(2) ** -23)
            else:
                proved = max(r * (1 - slack) - eps - underflow, 0) ** 2 * (1 - growth) - absolute
                ours = Fraction(float(limits.high[p]))
                assert proved - abs(proved) * 4 * Fraction(2) ** -23 < ours < proved

    def test_points_one_rounding_apart_in_float32(self):
        # Distances that float32 cannot tell apart, with errors of the inputs in both directions.
        generator = np.random.default_rng(0)
        X = generator.integers(0, 2, (300, 30)) + generator.integers(-40, 41, (300, 30)) * 2.0**-30
        for scale in (1.0, 2.0**-300, 2.0**300):
            expected = fc.distance_extremes(X * scale, screen="none")
            assert same(expected, fc.distance_extremes(X * scale, screen="float32"))


def outlook_of(n_features, spread=0.2):
    p = np.arange(1, n_features + 1)
    mean, deviation = p / 6.0, spread * p**0.5
    return Outlook(mean, deviation, np.maximum(mean - 5 * deviation, 0), mean + 5 * deviation)


class TestBlocks:
    @given(st.sets(st.integers(1, 700), min_size=1).map(sorted), st.sampled_from([0.0, 0.02, 0.2, 1.0]))
    def test_blocks_end_at_asked_prefixes(self, prefixes, spread):
        prefixes = np.array(prefixes)
        blocks = cut_blocks(prefixes, outlook_of(int(prefixes[-1]), spread))
        assert blocks.ends[-1] == blocks.ends[-2] == prefixes[-1]
        assert (np.diff(blocks.ends[:-1]) > 0).all()
        assert np.isin(blocks.ends, prefixes).all()
        assert 0 <= blocks.n_squared <= blocks.ends.size - 1

    def test_concentrated_sums_make_long_blocks_with_products(self):
        prefixes = np.arange(1, 1001)
        blocks = cut_blocks(prefixes, outlook_of(1000))
        assert blocks.ends.size < 80
        assert blocks.begins[blocks.n_squared] < 100

    @pytest.mark.parametrize("side", ["low", "high"])
    def test_neither_side_is_reached_within_a_block(self, side):
        p, outlook = np.arange(1, 1001), outlook_of(1000)
        far = {"low": {"high": np.full(1000, 1e4)}, "high": {"low": np.zeros(1000)}}[side]
        blocks = cut_blocks(p, outlook._replace(**far))
        assert blocks.ends.size > 10
        for begin, end in zip(blocks.begins[:-1], blocks.ends[:-1], strict=True):
            if end - begin > max(1, begin // 64):
                if side == "low":
                    assert outlook.low[end - 2] < (outlook.mean - 3.8 * outlook.deviation)[begin - 1] + 1e-9
                else:
                    assert (outlook.mean + 3.8 * outlook.deviation)[end - 1] < outlook.high[begin] + 1e-9

    def test_no_products_where_the_nearest_pair_is_too_near(self):
        prefixes, outlook = np.arange(1, 501), outlook_of(500)
        blocks = cut_blocks(prefixes, outlook._replace(low=outlook.low * 1e-6))
        assert not blocks.products

    def test_hopeless_sums_make_no_more_blocks_than_the_rule(self):
        prefixes = np.arange(1, 100_001)
        ones = np.ones(100_000)
        assert cut_blocks(prefixes, Outlook(ones, ones, ones, ones)).ends.size < 600

    @pytest.mark.parametrize(("sampled", "pairs"), [(1, 1), (1, 10**6), (3000, 12_497_500)])
    def test_outlook_is_at_least_the_sample(self, sampled, pairs):
        near, far = np.array([0.1, 1.0, 2.0]), np.array([1.0, 1.5, 2.0])
        outlook = look_ahead(near, far, sampled, pairs)
        assert (outlook.low <= near**2 * (1 + 1e-12)).all()
        assert (outlook.high >= far**2 * (1 - 1e-12)).all()
        assert (outlook.low >= 0).all()

    def test_outlook_of_normal_sums(self):
        sums = 50 + 2 * np.random.default_rng(0).standard_normal((10**4, 30))
        found = look_ahead(np.sqrt(sums.min(axis=0)), np.sqrt(sums.max(axis=0)), 10**4, 10**8)
        np.testing.assert_allclose(found.mean.mean(), 50, atol=0.3)
        np.testing.assert_allclose(found.deviation.mean(), 2, rtol=0.1)
        np.testing.assert_allclose(found.low.mean(), 50 - 5.61 * 2, rtol=0.03)

    def test_prefixes_that_were_not_asked_note_nothing(self):
        prefixes, ones = np.array([3, 9]), np.ones(9)
        blocks = Blocks(np.array([3, 9, 9]), 1)
        limits = thresholds(ones, ones, ones, 0, prefixes, blocks, np.ones(3))
        silent = np.setdiff1d(np.arange(10), prefixes)
        assert (limits.low[silent] == -1).all()
        assert (limits.high[silent] == np.inf).all()
        assert limits.block_low.tolist() == [-1, limits.low[3], limits.low[9]]
        assert limits.block_high.tolist() == [limits.high[3], limits.high[9], np.inf]


class TestFrame:
    def test_none_where_the_bound_of_the_sum_grows_too_large(self, monkeypatch):
        X = np.random.default_rng(0).normal(size=(3, 5))
        assert find_frame(X, 5) is not None
        monkeypatch.setattr(frame, "LARGEST_PREFIX", 4)
        assert find_frame(X, 5) is None
        assert (screen_bounds.LARGEST_PREFIX + 3) * 2.0**-24 < 0.5

    def test_overflow_that_only_sums_in_feature_order_see(self):
        generator = np.random.default_rng(0)
        for _ in range(200):
            x = generator.uniform(0.5, 1, 40)
            x *= np.sqrt(1.7976931348623157e308 / np.sum(x**2))
            with np.errstate(over="ignore"):
                steps = [x * (1 + k * 2.0**-52) for k in range(-60, 60)]
                found = [y for y in steps if np.isfinite(np.sum(y**2)) and np.isinf(np.cumsum(y**2)[-1])]
            if found:
                break
        X = generator.uniform(0.2, 0.6, (200, 40)) * found[0]
        X[1], X[2] = found[0], 0
        for screen in ("none", "float32"):
            with pytest.raises(ValueError, match="squared distances"):
                fc.distance_extremes(X, screen=screen)

    def test_points_fit_the_unit_cube(self):
        X = np.random.default_rng(0).normal(size=(50, 4)) * [1, 1e5, 1e-7, 0] + 1e9
        frame = find_frame(X, 4)
        assert np.abs(framed(frame, X)).max() <= 1
        assert np.abs(framed(frame, X)).max() > 0.4

    def test_packed_points_are_rounded_once_each_way(self):
        X = np.random.default_rng(1).normal(size=(11, 3)) * [1, 1e5, 1e-7] + 3
        for typed in (X, X.astype(np.float32), np.asfortranarray(X), np.round(X).astype(np.int64), X[::2, ::-1]):
            frame = find_frame(typed, 3)
            panels = frame.pack(typed, 4, 2)
            assert panels.shape == (-(-len(typed) // 4), 5, 4)
            expected = ((typed.astype(np.float64) - frame.centre) * 2.0**-frame.exponent).astype(np.float32)
            np.testing.assert_array_equal(framed(frame, typed), expected)
            assert not panels[:, 3:].any()
            assert not panels[-1, :, len(typed) % 4 :].any() or len(typed) % 4 == 0

    def test_equal_points(self):
        frame = find_frame(np.full((5, 3), 7.0), 3)
        assert frame.exponent == 0
        assert (framed(frame, np.full((5, 3), 7.0)) == 0).all()

    def test_none_where_float64_itself_under_or_overflows(self):
        assert find_frame(np.array([[0.0], [1e-130]]), 1) is None
        assert find_frame(np.array([[0.0] * 40, [3e153] * 40]), 40) is None
        with pytest.raises(ValueError, match="squared distances"):
            find_frame(np.array([[0.0], [1e155]]), 1)


HARD = {
    "0/1 data": np.random.default_rng(0).integers(0, 2, (700, 12)).astype(float),
    "two tiny clouds far apart": (
        np.random.default_rng(1).normal(size=(400, 6)) * 1e-9 + np.repeat([0, 1], 200)[:, None]
    ),
    "one huge outlier": np.vstack([np.random.default_rng(2).normal(size=(400, 6)), np.full((1, 6), 1e12)]),
    "all equal": np.ones((500, 3)),
    "simplex": np.eye(300),
    "sorted line": np.sort(np.random.default_rng(3).normal(size=(600, 1)), axis=0),
}  # fmt: skip


class TestDefeat:
    """Data on which float32 sees nothing: the answer stays, from the exact scan."""

    @pytest.mark.parametrize("name", HARD)
    def test_answers_are_those_of_the_exact_scan(self, name):
        X = HARD[name]
        assert same(fc.distance_extremes(X, screen="none"), fc.distance_extremes(X, screen="float32"))

    def test_it_gives_up_where_ties_flood_it(self):
        ext = fc.distance_extremes(HARD["all equal"], screen="float32")
        assert ext.stats.pairs_certified < ext.stats.pairs / 10

    def test_a_tile_with_exactly_its_capacity_of_pairs_is_certified(self, monkeypatch):
        X = np.random.default_rng(8).normal(size=(8, 8))
        expected = fc.distance_extremes(X, screen="float32")
        monkeypatch.setattr(screened_scan, "_CAPACITY", expected.stats.pairs_certified)
        again = fc.distance_extremes(X, screen="float32")
        assert expected.stats.tiles == 1
        assert again.stats.pairs_certified == expected.stats.pairs_certified
        assert same(expected, again)

    @pytest.mark.parametrize("case", DISTANCE_CASES, ids=lambda case: case.name)
    def test_cases_of_the_benchmarks(self, case):
        X = case.points(600, 40)
        assert same(fc.distance_extremes(X, screen="none"), fc.distance_extremes(X, screen="float32"))

    def test_of_a_few_tied_pairs_the_first_is_named(self):
        X = np.random.default_rng(9).normal(size=(600, 12))
        for i, j in ((10, 500), (3, 400), (3, 401), (200, 201), (550, 551)):
            X[j] = X[i]
        ext = fc.distance_extremes(X, screen="float32")
        assert ext.stats.pairs_certified < 5000  # the screen was not defeated
        assert (ext.nearest == 0).all()
        assert (ext.nearest_pair == [3, 400]).all()
        assert same(ext, fc.distance_extremes(X, screen="none"))

    @pytest.mark.parametrize("capacity", [1, 3, 20])
    def test_tiles_given_up_one_by_one(self, capacity, monkeypatch):
        X = np.random.default_rng(4).normal(size=(500, 20)).round(1)
        expected = fc.distance_extremes(X, screen="none")
        monkeypatch.setattr(screened_scan, "_CAPACITY", capacity)
        monkeypatch.setattr(screened_scan, "_DEFEATED_SHARE", 0)  # never give up altogether
        monkeypatch.setattr(screened_scan, "PAIR_FEATURES_A_TILE", 20 * 32 * 32 * 2)
        assert same(expected, fc.distance_extremes(X, screen="float32"))

    def test_most_tiles_of_uniform_data_are_dismissed(self):
        X = np.random.default_rng(5).uniform(-1, 1, (3000, 40))
        ext = fc.distance_extremes(X)
        assert ext.stats.screen == "float32"
        assert ext.stats.pairs_certified < 1e-3 * ext.stats.pairs
        assert ext.stats.tiles_dismissed == ext.stats.tiles - ext.stats.tiles_certified >= 0
        assert 3000 * 40 * 4 <= ext.stats.copy_bytes <= 3040 * 45 * 4


class TestAgnosticism:
    X = np.random.default_rng(6).normal(size=(900, 70)).astype(np.float32)

    @pytest.mark.parametrize("stride", [1, 2**14, 2**30])
    @pytest.mark.parametrize("tile", [1, 10**5, 10**9])
    @pytest.mark.parametrize("n_threads", [1, 3])
    def test_tiles_strides_and_threads(self, stride, tile, n_threads, monkeypatch):
        expected = fc.distance_extremes(self.X, screen="none")
        monkeypatch.setattr(screened_scan, "_CACHE_BYTES", stride)
        monkeypatch.setattr(screened_scan, "PAIR_FEATURES_A_TILE", tile)
        assert same(expected, fc.distance_extremes(self.X, screen="float32", n_threads=n_threads))

    @pytest.mark.parametrize("n_squared", [0, 1, 3, 40])
    @pytest.mark.parametrize("step", [1, 2, 7, 70])
    def test_blocks_of_any_length_and_kind(self, step, n_squared, monkeypatch):
        expected = fc.distance_extremes(self.X, screen="none")
        ends = np.unique([*range(1, 4), *range(4, 70, step), 70, 70])
        blocks = Blocks(np.append(ends, 70), min(n_squared, ends.size))
        monkeypatch.setattr(screened_scan, "cut_blocks", lambda prefixes, outlook: blocks)
        ext = fc.distance_extremes(self.X, screen="float32")
        assert same(expected, ext)
        size = kernel.panel_size(simd.width_of(simd.host_bits()))
        assert ext.stats.copy_bytes == -(-900 // size) * size * (70 + len(blocks.products)) * 4

    @pytest.mark.interpreted
    @pytest.mark.parametrize("n_squared", [0, 2, 9])
    @pytest.mark.parametrize("bits", [128, 256, 512])
    def test_blocks_of_any_kind_at_every_vector_width(self, bits, n_squared, monkeypatch):
        X = np.random.default_rng(bits + n_squared).normal(size=(45, 24))
        ends = np.array([1, 2, 5, 6, 10, 15, 16, 19, 24])
        blocks = Blocks(np.append(ends, 24), n_squared)
        monkeypatch.setattr(simd, "host_bits", lambda: bits)
        monkeypatch.setattr(screened_scan, "cut_blocks", lambda prefixes, outlook: blocks)
        assert same(reference.distance_extremes(X), fc.distance_extremes(X, screen="float32"))

    def test_products_are_used(self, monkeypatch):
        taken = []

        def note(prefixes, outlook):
            taken.append(cut_blocks(prefixes, outlook))
            return taken[-1]

        monkeypatch.setattr(screened_scan, "cut_blocks", note)
        X = np.random.default_rng(7).uniform(size=(1500, 300))
        for prefixes in (None, [1, 64, 128, 300], [300]):
            expected = fc.distance_extremes(X, prefixes=prefixes, screen="none")
            assert same(expected, fc.distance_extremes(X, prefixes=prefixes, screen="float32"))
        assert [bool(blocks.products) for blocks in taken] == [True, True, True]

    @pytest.mark.parametrize("n_samples", [65, 100, 128])
    def test_extremes_among_the_last_points(self, n_samples):
        X = self.X[:n_samples].copy()
        X[-1], X[-2] = X[0], 100.0
        ext = fc.distance_extremes(X, screen="float32")
        assert (ext.nearest_pair == [0, n_samples - 1]).all()
        assert same(fc.distance_extremes(X, screen="none"), ext)

    def test_order_of_tiles(self, monkeypatch):
        order = np.argsort(self.X[:, 0])
        X = self.X[order]
        assert same(fc.distance_extremes(X, screen="none"), fc.distance_extremes(X, screen="float32"))
