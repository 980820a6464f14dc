"""The float32 screen: its bound against exact arithmetic, its blocks, and the ways it can be defeated."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import point_clouds

import fastcurse as fc
from benchmarks.cases import DISTANCE_CASES
from fastcurse.engine import screen_bounds, screened_scan
from fastcurse.engine.screen_bounds import cut_blocks, thresholds
from fastcurse.engine.screened_scan import find_frame
from fastcurse.reference import distances as reference

FIELDS = ("nearest", "farthest", "nearest_pair", "farthest_pair")


def same(first, second):
    return all(np.array_equal(getattr(first, field), getattr(second, field)) for field in FIELDS)


def screened_sums(frame, X):
    """The kernel's float32 sums of all pairs at every prefix, each operation rounded as the kernel rounds it."""
    z = frame.prepare(X).astype(np.float32)
    i, j = np.triu_indices(len(X), 1)
    sums = np.zeros(i.size, dtype=np.float32)
    for feature in range(X.shape[1]):
        difference = z[i, feature] - z[j, feature]
        # float64 holds the square of a float32 exactly; one more rounding of the sum to float64 is finer by 2^-29.
        sums = (difference.astype(np.float64) ** 2 + sums).astype(np.float32)
        yield i, j, sums


class TestBound:
    @given(point_clouds(max_samples=8, max_features=6))
    def test_no_extreme_pair_is_dismissed(self, X):
        frame = find_frame(X, X.shape[1])
        if frame is None:
            return
        best = reference.distance_extremes(X)
        prefixes = np.arange(1, X.shape[1] + 1)
        limits = thresholds(
            best.nearest, best.farthest, frame.largest_norm, frame.exponent, prefixes, cut_blocks(prefixes)
        )
        for feature, (i, j, sums) in enumerate(screened_sums(frame, X)):
            pairs = list(zip(i.tolist(), j.tolist(), strict=True))
            nearest = sums[pairs.index(tuple(best.nearest_pair[feature].tolist()))]
            farthest = sums[pairs.index(tuple(best.farthest_pair[feature].tolist()))]
            assert nearest < limits.low[feature]
            assert farthest > limits.high[feature]

    @given(point_clouds(max_samples=6, max_features=5))
    def test_norm_and_input_error_against_exact_arithmetic(self, X):
        frame = find_frame(X, X.shape[1])
        if frame is None:
            return
        z = frame.prepare(X).astype(np.float32)
        scale = Fraction(2) ** -frame.exponent
        unit, tiny = Fraction(2) ** -24 * (1 + Fraction(2) ** -20), Fraction(2) ** -149
        squares = [Fraction(0)] * len(X)
        for feature in range(X.shape[1]):
            for row in range(len(X)):
                value = scale * (Fraction(float(X[row, feature])) - Fraction(float(frame.centre[feature])))
                squares[row] += value**2
                assert abs(Fraction(float(z[row, feature])) - value) <= unit * abs(value) + tiny
            assert Fraction(float(frame.largest_norm[feature])) ** 2 >= max(squares)

    @given(point_clouds(max_samples=6, max_features=6))
    def test_sum_error_against_exact_arithmetic(self, X):
        frame = find_frame(X, X.shape[1])
        if frame is None:
            return
        z = [[Fraction(float(value)) for value in row] for row in frame.prepare(X).astype(np.float32)]
        unit, tiny = Fraction(2) ** -24 * (1 + Fraction(2) ** -20), Fraction(2) ** -149
        for feature, (i, j, sums) in enumerate(screened_sums(frame, X)):
            p = feature + 1
            growth = (p + 2) * unit / (1 - (p + 2) * unit)
            for k, total in enumerate(sums):
                exact = sum(((z[i[k]][f] - z[j[k]][f]) ** 2 for f in range(p)), Fraction(0))
                assert abs(Fraction(float(total)) - exact) <= growth * exact + p * tiny

    def test_thresholds_widen_with_norm_and_prefix(self):
        prefixes, ones = np.arange(1, 101), np.ones(100)
        blocks = cut_blocks(prefixes)
        narrow = thresholds(ones, 2 * ones, ones, 0, prefixes, blocks)
        wide = thresholds(ones, 2 * ones, 1e4 * ones, 0, prefixes, blocks)
        assert (wide.low > narrow.low).all()
        assert (wide.high < narrow.high).all()
        assert (narrow.low > 1).all()
        assert (narrow.high < 4).all()
        assert (np.diff(narrow.low) >= 0).all()

    @pytest.mark.parametrize("side", ["low", "high"])
    def test_thresholds_against_the_proof_in_exact_arithmetic(self, side):
        n_features, exponent = 300, 3
        prefixes = np.arange(1, n_features + 1)
        best = np.linspace(1e-3, 5, n_features)
        norm = np.linspace(0.5, 8, n_features)
        limits = thresholds(best, best, norm, exponent, prefixes, cut_blocks(prefixes))
        unit, tiny = Fraction(2) ** -24 * (1 + Fraction(2) ** -20), Fraction(2) ** -149
        for p in (1, 2, 17, 100, 300):
            r, largest = Fraction(float(best[p - 1])) / 2**exponent, Fraction(float(norm[p - 1]))
            eps, growth = 2 * unit * largest + 2 * p * tiny, (p + 2) * unit / (1 - (p + 2) * unit)
            slack, underflow = (p + 8) * Fraction(2) ** -52, p * Fraction(2) ** -136
            if side == "low":
                proved = (r * (1 + slack) + eps + underflow) ** 2 * (1 + growth) + p * tiny
                ours = Fraction(float(limits.low[p - 1]))
                assert proved < ours < proved * (1 + 4 * Fraction(2) ** -23)
            else:
                proved = max(r * (1 - slack) - eps - underflow, 0) ** 2 * (1 - growth) - p * tiny
                ours = Fraction(float(limits.high[p - 1]))
                assert proved * (1 - 4 * Fraction(2) ** -23) < ours < proved

    def test_points_one_rounding_apart_in_float32(self):
        # Distances that float32 cannot tell apart, with errors of the inputs in both directions.
        generator = np.random.default_rng(0)
        X = generator.integers(0, 2, (300, 30)) + generator.integers(-40, 41, (300, 30)) * 2.0**-30
        for scale in (1.0, 2.0**-300, 2.0**300):
            expected = fc.distance_extremes(X * scale, screen="none")
            assert same(expected, fc.distance_extremes(X * scale, screen="float32"))


class TestBlocks:
    @given(st.sets(st.integers(1, 700), min_size=1).map(sorted))
    def test_blocks_hold_every_asked_prefix_once(self, prefixes):
        prefixes = np.array(prefixes)
        blocks = cut_blocks(prefixes)
        assert (blocks.low_at <= blocks.high_at).all()
        assert (blocks.high_at[:-1] < blocks.low_at[1:]).all()
        inside = [p for a, b in zip(*blocks, strict=True) for p in range(a, b + 1)]
        assert set(prefixes.tolist()) <= set(inside)
        assert blocks.high_at[-1] == prefixes[-1]
        assert np.isin(blocks.low_at, prefixes).all()
        assert np.isin(blocks.high_at, prefixes).all()

    def test_prefixes_that_were_not_asked_note_nothing(self):
        prefixes = np.array([3, 9])
        limits = thresholds(np.ones(9), np.ones(9), np.ones(9), 0, prefixes, cut_blocks(prefixes))
        silent = np.setdiff1d(np.arange(9), prefixes - 1)
        assert (limits.low[silent] == -1).all()
        assert (limits.high[silent] == np.inf).all()


class TestFrame:
    def test_none_where_the_bound_of_the_sum_grows_too_large(self, monkeypatch):
        X = np.random.default_rng(0).normal(size=(3, 5))
        assert find_frame(X, 5) is not None
        monkeypatch.setattr(screened_scan, "LARGEST_PREFIX", 4)
        assert find_frame(X, 5) is None
        assert (screen_bounds.LARGEST_PREFIX + 2) * 2.0**-24 < 0.5

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
        assert np.abs(frame.prepare(X)).max() <= 1
        assert np.abs(frame.prepare(X)).max() > 0.4

    def test_equal_points(self):
        frame = find_frame(np.full((5, 3), 7.0), 3)
        assert frame.exponent == 0
        assert (frame.prepare(np.full((5, 3), 7.0)) == 0).all()

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
        X = np.random.default_rng(8).normal(size=(30, 8))
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
        assert 3000 * 40 * 4 <= ext.stats.copy_bytes <= 3040 * 40 * 4


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

    @pytest.mark.parametrize(("eager", "longest", "growth"), [(0, 1, 1), (1, 70, 1), (70, 1, 8), (4, 16, 2)])
    def test_blocks_of_any_length(self, eager, longest, growth, monkeypatch):
        expected = fc.distance_extremes(self.X, screen="none")
        monkeypatch.setattr(screen_bounds, "_EAGER_FEATURES", eager)
        monkeypatch.setattr(screen_bounds, "_LONGEST_BLOCK", longest)
        monkeypatch.setattr(screen_bounds, "_GROWTH", growth)
        assert same(expected, fc.distance_extremes(self.X, screen="float32"))

    def test_order_of_tiles(self, monkeypatch):
        order = np.argsort(self.X[:, 0])
        X = self.X[order]
        assert same(fc.distance_extremes(X, screen="none"), fc.distance_extremes(X, screen="float32"))
