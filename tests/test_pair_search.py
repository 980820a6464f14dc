"""The pair search: bitwise equal to the definition, whatever the plan, the data and the vectors."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from strategies import point_clouds

import fastcurse as fc
from fastcurse._kernels import pair_search as kernels
from fastcurse._kernels import search_block, simd
from fastcurse.engine import pair_search, prefix_search, survey
from fastcurse.engine.frame import Axes, find_frame
from fastcurse.engine.kd_order import kd_order
from fastcurse.engine.pair_search import Best, PairSearch, SearchSettings
from fastcurse.engine.schedule import Schedule
from fastcurse.engine.search_limits import search_limits
from fastcurse.engine.search_plan import SearchPlan
from fastcurse.engine.threads import parallel_region
from fastcurse.reference import distances as reference


@contextlib.contextmanager
def planned(plan):
    """Make every search follow the plan, at any size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefix_search, "plan_search", lambda *_: plan)
        patch.setattr(survey, "axes_can_pay", lambda *_: True)
        yield


@st.composite
def plans(draw, n_features):
    screen = draw(st.sampled_from(["int8", "float32"]))
    word = 4 if screen == "int8" else 1
    cuts = draw(st.sets(st.integers(1, max(1, (n_features - 1) // word)), max_size=3))
    inside = sorted(cut * word for cut in cuts if cut * word < n_features)
    boxed = draw(st.integers(1, min(8, n_features)))
    order = draw(st.sampled_from(["given", "boxes", "norms"]))
    return SearchPlan(screen, draw(st.booleans()), order, boxed, (*inside, n_features), ("as drawn",))


def search(X, plan, sides=(True, True)):
    """Return the search's result; None where it is defeated."""
    with parallel_region(None):
        return search_of(X, plan, sides).run(Schedule())


def search_of(X, plan, sides=(True, True)):
    with planned(plan):
        view = survey.View(X, X.shape[1])
        settings = SearchSettings(plan, view.axes, view.seeds, sides, simd.host_bits())
        return PairSearch(X, view.frame, settings)


def expected(X):
    found = fc.distance_extremes(X, prefixes=[X.shape[1]], screen="none")
    return (
        (found.nearest[0], tuple(found.nearest_pair[0].tolist())),
        (found.farthest[0], tuple(found.farthest_pair[0].tolist())),
    )


def assert_finds(X, plan):
    found = search(X, plan)
    assert found is not None
    assert (found.nearest, found.farthest) == expected(X)
    return found


CLOUDS = {
    "uniform": lambda rng: rng.random((700, 30)),
    "clusters 1e6 apart": lambda rng: rng.normal(size=(600, 12)) + 1e6 * rng.integers(0, 3, (600, 1)),
    "on a sphere": lambda rng: (lambda X: X / np.linalg.norm(X, axis=1)[:, None])(rng.normal(size=(600, 20))),
    "on a line": lambda rng: rng.normal(size=(600, 1)) * rng.normal(size=15),
    "simplex": lambda rng: np.eye(300),
    "0/1": lambda rng: rng.integers(0, 2, (900, 40)).astype(float),
    "0/1, many equal": lambda rng: rng.integers(0, 2, (900, 6)).astype(float),
    "all equal": lambda rng: np.full((400, 5), 7.0),
    "sorted": lambda rng: np.sort(rng.normal(size=(800, 9)), axis=0),
    "one far outlier": lambda rng: np.vstack([rng.normal(size=(500, 10)), np.full((1, 10), 1e12)]),
    "one ulp apart": lambda rng: np.nextafter(1.0, np.arange(2)[rng.integers(0, 2, (300, 8))]),
    "two points": lambda rng: rng.normal(size=(2, 3)),
    "steep spectrum": lambda rng: rng.normal(size=(700, 60)) / np.arange(1, 61) ** 1.5,
    "tiny": lambda rng: rng.normal(size=(400, 7)) * 1e-100,
    "shifted": lambda rng: rng.normal(size=(400, 7)) + 1e8,
}


class TestReference:
    def test_pairs_against_scipy(self):
        X = np.random.default_rng(1).normal(size=(40, 5))
        condensed, (i, j) = pdist(X), np.triu_indices(40, 1)
        for found, at in (
            (reference.closest_pair(X), condensed.argmin()),
            (reference.farthest_pair(X), condensed.argmax()),
        ):
            assert found[0] == pytest.approx(condensed[at], rel=1e-14)
            assert found[1] == (i[at], j[at])


class TestDefinition:
    @pytest.mark.interpreted
    @given(st.data())
    def test_any_plan_finds_the_definition(self, data):
        X = data.draw(point_clouds(max_samples=60, max_features=20))
        plan = data.draw(plans(X.shape[1]))
        if find_frame(X, X.shape[1]) is not None:
            assert_finds(X, plan)

    @pytest.mark.parametrize("bits", [128, 256, 512])
    @given(data=st.data())
    def test_any_vectors_find_the_definition(self, bits, data):
        X = np.random.default_rng(data.draw(st.integers(0, 99))).normal(size=(data.draw(st.integers(2, 400)), 9))
        plan = data.draw(plans(9))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(simd, "host_bits", lambda: bits)
            assert_finds(X, plan)

    @pytest.mark.parametrize("rotate", [False, True])
    @pytest.mark.parametrize("screen", ["int8", "float32"])
    @pytest.mark.parametrize("kind", CLOUDS)
    def test_hard_clouds(self, kind, screen, rotate):
        X = CLOUDS[kind](np.random.default_rng(3))
        n_features = X.shape[1]
        cuts = tuple(cut for cut in (4, 8, 32) if cut < n_features)
        assert_finds(X, SearchPlan(screen, rotate, "boxes", min(3, n_features), (*cuts, n_features), ()))
        for screen_ in ("auto", "int8", "float32"):
            found = fc.distance_extremes(X, prefixes=[n_features], screen=screen_)
            near, far = expected(X)
            assert (found.nearest[0], tuple(found.nearest_pair[0])) == near
            assert (found.farthest[0], tuple(found.farthest_pair[0])) == far

    @pytest.mark.parametrize("screen", ["auto", "none", "float32", "int8"])
    def test_a_sum_that_overflows_in_feature_order_only_is_refused(self, screen):
        X, rng = np.zeros((40, 3000)), np.random.default_rng(0)
        for _ in range(2000):
            row = rng.random(3000) + 0.1
            row *= np.sqrt(np.finfo(float).max) / np.sqrt((row**2).sum()) * (1 - 2.0**-53 * rng.integers(-30, 30))
            with np.errstate(over="ignore"):
                if np.isfinite((row**2).sum()) and np.isinf(np.cumsum(row**2)[-1]):
                    break
        else:
            pytest.fail("no such sum")
        X[1] = row
        with pytest.raises(ValueError, match="X must have squared distances below"):
            fc.distance_extremes(X, prefixes=[3000], screen=screen)

    def test_counts_are_no_more_than_there_are(self):
        stats = fc.distance_extremes(np.eye(900), prefixes=[900], screen="int8").stats
        assert stats.tiles_dismissed >= 0
        assert stats.pairs_certified <= stats.pairs

    def test_one_equal_pair_among_many(self):
        X = np.random.default_rng(5).random((100_000, 16), dtype=np.float32)
        X[77_123] = X[4_321]
        assert fc.closest_pair(X) == (0.0, (4_321, 77_123))

    @pytest.mark.parametrize("screen", ["int8", "float32"])
    def test_a_tile_that_is_full_before_its_end_is_given_up(self, screen, monkeypatch):
        X = 100.0 * np.arange(200.0)[:, None]
        X[1], X[199] = X[0] + 20, X[198] + 10  # the first pair fills the tile; the last one is nearer
        plan, seeds = SearchPlan(screen, False, "given", 0, (1,), ()), np.array([[2, 3]])
        monkeypatch.setattr(pair_search, "_CAPACITY", 1)
        with parallel_region(None):
            settings = SearchSettings(plan, None, seeds, (True, False), simd.host_bits())
            found = PairSearch(X, find_frame(X, 1), settings).run(Schedule())
        assert found.nearest == (10.0, (198, 199))

    @pytest.mark.parametrize("screen", ["int8", "float32"])
    def test_extremes_of_different_tiles(self, screen):
        X = np.random.default_rng(5).normal(size=(4000, 2))
        X[::2] += 100.0  # apart: no tile of both has the nearest pair, and one has the farthest
        assert_finds(X, SearchPlan(screen, False, "boxes", 2, (2,), ()))
        assert_finds(np.vstack([X, X[:1] + 1e-9]), SearchPlan(screen, False, "boxes", 2, (2,), ()))

    def test_a_pair_at_the_limit_is_noted(self, monkeypatch):
        # In steps of the bytes squared distances are 2 * 254² + 0, 1, 2 or 4. The seed has 2 more, the next above it
        # is at the limit: its sum of bytes is 0, and so is what the limit is raised to.
        X = np.hstack([254.0 * np.eye(41), np.zeros((41, 2))])
        X[[0, 2, 38, 39], [41, 41, 42, 42]] = 1, -1, -1, 1
        monkeypatch.setattr(pair_search, "_CAPACITY", 4000)  # more than there are: nothing is given up, and measured
        settings = SearchSettings(
            SearchPlan("int8", False, "given", 0, (43,), ()), None, np.array([[0, 38]]), (True, True), simd.host_bits()
        )
        with parallel_region(None):
            found = PairSearch(X, find_frame(X, 43), settings).run(Schedule())
        assert found.farthest == (np.sqrt(2 * 254.0**2 + 4), (0, 2))
        assert found.nearest == (np.sqrt(2 * 254.0**2), (1, 3))

    def test_sides_of_tiles_are_all_pairs_of_sides(self):
        search = search_of(np.random.default_rng(0).random((6000, 1)), SearchPlan("int8", False, "given", 0, (1,), ()))
        n_sides = len(search.starts)
        assert n_sides > 5
        sides = np.stack(search._sides(np.arange(search.n_tiles)), axis=1)
        assert sorted(map(tuple, sides.tolist())) == [(i, j) for i in range(n_sides) for j in range(i, n_sides)]

    def test_states_of_parts_merge_into_that_of_the_whole(self):
        X, plan = np.random.default_rng(1).random((2500, 30)), SearchPlan("int8", False, "given", 0, (8, 30), ())
        with parallel_region(None):
            first, second = search_of(X, plan), search_of(X, plan)
            first.scan(0, 2)
            second.scan(2, len(second.work))
        parts = first.state(), second.state()
        assert max(parts[1]["stopped"]) > 0
        first.merge(parts[1])
        for name in ("stopped", "pairs_boxed", "tiles_certified", "pairs_certified"):
            assert np.array_equal(first.state()[name], np.add(*(part[name] for part in parts)))
        assert (first.nearest, first.farthest) == expected(X)

    def test_prefixes_are_those_of_every_prefix(self):
        X = np.random.default_rng(2).normal(size=(2500, 64)).astype(np.float32)
        every, few = fc.distance_extremes(X), fc.distance_extremes(X, prefixes=[16, 64])
        for field in ("nearest", "farthest", "nearest_pair", "farthest_pair"):
            assert np.array_equal(getattr(few, field), getattr(every, field)[[15, 63]])

    @pytest.mark.interpreted
    @given(point_clouds(max_samples=30, max_features=6))
    def test_one_side(self, X):
        assert fc.closest_pair(X) == reference.closest_pair(X)
        assert fc.farthest_pair(X) == reference.farthest_pair(X)

    @pytest.mark.parametrize("sides", [(True, False), (False, True)])
    @pytest.mark.parametrize("kind", ["uniform", "0/1", "all equal", "clusters 1e6 apart"])
    def test_one_side_alone(self, kind, sides):
        X = CLOUDS[kind](np.random.default_rng(4))
        plan = SearchPlan("int8", False, "norms", 2, (4, X.shape[1]), ())
        found, side = search(X, plan, sides), sides.index(True)
        assert (found.nearest, found.farthest)[side] == expected(X)[side]

    @pytest.mark.interpreted
    @pytest.mark.parametrize("screen", ["int8", "float32"])
    @pytest.mark.parametrize("bits", [128, 256, 512])
    def test_panels_without_the_farthest_pair_are_dismissed(self, bits, screen, monkeypatch):
        """Two clusters: no pair within one can be the farthest, so that a panel may have no other to meet."""
        monkeypatch.setattr(simd, "host_bits", lambda: bits)
        X = np.random.default_rng(bits).normal(size=(70, 9)) + 20.0 * np.repeat([0, 1], 35)[:, None]
        found = search(X, SearchPlan(screen, False, "boxes", 9, (4, 9), ()), (False, True))
        assert found.farthest == expected(X)[1]
        assert found.pairs_boxed > 0

    def test_without_the_instruction_the_bytes_are_the_same(self, monkeypatch):
        X, plan = CLOUDS["uniform"](np.random.default_rng(6)), SearchPlan("int8", False, "given", 0, (30,), ())
        fast = search(X, plan)
        monkeypatch.setattr(search_block.simd, "host_has", lambda *features: False)
        # A width of its own, so that the kernel is compiled anew.
        monkeypatch.setattr(simd, "width_of", lambda bits: (0,) * 3)
        slow = search(X, plan)
        assert (slow.nearest, slow.farthest) == (fast.nearest, fast.farthest) == expected(X)
        assert slow.pairs_certified <= 2 * fast.pairs_certified  # no more than chance and the tiles' shape make of it

    def test_of_tied_pairs_the_smaller_stays_whichever_is_met_first(self):
        for best, pair in (((0, 5), [0, 7]), ((0, 5), [3, 4]), ((0, 7), [0, 5])):
            found = pair_search._better(Best(1.0, best), np.array([1.0]), np.array([pair]), 1.0, np.less)
            assert found == Best(1.0, (0, 5))


class TestLimits:
    """In exact arithmetic: a pair at the best distance, or tied with it, is never dismissed."""

    @given(
        st.floats(1e-3, 1e3), st.floats(0, 1e-2), st.floats(-1, 1), st.integers(1, 4000), st.sampled_from([None, 1e-3])
    )
    @example(1.0, 0.0, 1.0, 100, None)
    @example(1.0, 0.0, -1.0, 100, None)
    @example(1.0, 0.01, 1.0, 100, 1e-3)
    @example(1.0, 0.01, -1.0, 100, 1e-3)
    @example(0.9995, 0.0, 0.0, 100, 1e-3)
    def test_a_tie_is_never_dismissed(self, distance, error, share, n_features, step):
        if step is not None:
            distance = min(distance, 254 * step * n_features**0.5)  # no bytes are farther apart
        for side, sides in enumerate([(True, False), (False, True)]):
            limits = search_limits(
                distance, distance, exponent=0, n_features=n_features, step=step, error=error, sides=sides
            )
            # The true distance may be that far from its rounded value, and the approximation from that.
            rounding = Fraction(n_features + 2, 2**52)
            scale = Fraction(1) if step is None else Fraction(step)
            seen = (Fraction(distance) * (1 + rounding * Fraction(share)) + Fraction(error) * Fraction(share)) / scale
            squared = max(seen, Fraction(0)) ** 2
            if step is None:
                growth = Fraction(n_features + 3, 2**24) / (1 - Fraction(n_features + 3, 2**24))
                sum_ = squared * (1 + growth * Fraction(share))
                if side == 0:
                    assert sum_ < Fraction(limits.near)
                else:
                    assert sum_ > Fraction(float(np.float32(limits.unit * limits.far - limits.shift)))
            else:
                # V is whole, and anything from P / 2 - 1 to P / 2.
                high = int(max(limits.least_high, min(limits.unit * limits.far - limits.shift, 2.0**31 - 256)))
                if side == 0:
                    assert math.floor(squared / 2) + int(limits.base) < 0
                else:
                    assert math.ceil(squared / 2 - 1) + int(limits.base) >= high
            # Boxes add up to eight squares in float32.
            assert (
                squared * (1 + Fraction(12, 2**24)) <= Fraction(limits.near_box)
                if side == 0
                else (squared * (1 - Fraction(12, 2**24)) >= Fraction(limits.far_box))
            )

    def test_an_unwanted_side_dismisses_everything(self):
        for step in (None, 1e-3):
            limits = search_limits(1.0, 2.0, exponent=0, n_features=5, step=step, error=0.0, sides=(False, False))
            low = limits.near if step is None else 0.0
            assert low <= (0.0 if step is None else -1 + limits.base)
            assert limits.unit * limits.far - limits.shift == np.inf
            assert limits.near_box < 0
            assert limits.far_box == np.inf


class TestApproximation:
    """What the kernel is told of the points is true of them."""

    @staticmethod
    def decoded(known, n_samples, n_features):
        """Return the approximations (n_samples, n_features) by row, in steps."""
        n_panels, _, size = known.panels.shape
        n_words = int(known.ends[-1])
        words = known.panels[:, :n_words]
        if known.step is None:
            by_position = words.view(np.float32).transpose(0, 2, 1).reshape(n_panels * size, -1)
        else:
            of_bytes = np.ascontiguousarray(words).view(np.int8).reshape(n_panels, n_words, size, 4)
            by_position = of_bytes.transpose(0, 2, 1, 3).reshape(n_panels * size, -1)
        order = np.arange(n_panels * size) if known.order is None else known.order
        assert sorted(order) == list(range(n_panels * size))
        return by_position[:, :n_features].astype(np.float64), order

    @given(st.data())
    def test_bounds_hold_for_every_pair(self, data):
        X = data.draw(point_clouds(max_samples=70, max_features=12))
        n_samples, n_features = X.shape
        frame = find_frame(X, n_features)
        if frame is None:
            return
        plan = data.draw(plans(n_features))
        with parallel_region(None):
            known = search_of(X, plan).known
        steps, order = self.decoded(known, n_samples, n_features)
        # The distances of the approximations: those of the data, but for the error.
        z = (X.astype(np.longdouble) - frame.centre) * np.longdouble(2.0) ** -frame.exponent
        real = np.flatnonzero(order < n_samples)
        y = (steps[real] * (known.step or 1.0)).astype(np.longdouble)
        z = z[order[real]]
        difference = np.abs(np.sqrt(((z[:, None] - z) ** 2).sum(axis=2)) - np.sqrt(((y[:, None] - y) ** 2).sum(axis=2)))
        assert difference.max() <= known.error
        # Norms of what is left at each cut and beyond the boxes, and the boxes, of each panel.
        size = known.panels.shape[2]
        panels = steps.reshape(-1, size, n_features)
        for segment, cut in enumerate(plan.cuts):
            assert (np.sqrt((panels[:, :, cut:] ** 2).sum(axis=2)).max(axis=1) <= known.tails[segment]).all()
        beyond = np.sqrt((panels[:, :, plan.boxed :] ** 2).sum(axis=2)).max(axis=1)
        assert (beyond <= known.tails[-1]).all()
        boxed = panels[:, :, : plan.boxed]
        assert np.array_equal(boxed.min(axis=1).T, known.box_low)
        assert np.array_equal(boxed.max(axis=1).T, known.box_high)

    @pytest.mark.parametrize("screen", ["int8", "float32"])
    def test_the_error_is_that_of_two_points(self, screen):
        unit = 1 / 127 if screen == "int8" else 2.0**-24
        X = np.array([[-1.0], [1.0], [0.5 + 0.49 * unit], [-0.5 - 0.49 * unit]])
        frame = find_frame(X, 1)
        with parallel_region(None):
            known = search_of(X, SearchPlan(screen, False, "given", 0, (1,), ())).known
        steps, _ = self.decoded(known, 4, 1)
        seen = abs(steps[2, 0] - steps[3, 0]) * (known.step or 1.0)
        true = abs(X[2, 0] - X[3, 0]) * 2.0**-frame.exponent
        assert abs(seen - true) <= known.error

    def test_the_error_has_the_rounding_of_the_move(self):
        X = np.array([[2.0**-60], [1.0]])  # moved to -1/2 and 1/2: float32 has them, and the distance is lost by 2^-60
        frame = find_frame(X, 1)
        with parallel_region(None):
            known = search_of(X, SearchPlan("float32", False, "given", 0, (1,), ())).known
        steps, _ = self.decoded(known, 2, 1)
        true = (Fraction(X[1, 0]) - Fraction(X[0, 0])) / Fraction(2) ** frame.exponent
        assert 0 < abs(Fraction(steps[1, 0] - steps[0, 0]) - true) <= Fraction(known.error)

    def test_the_error_has_the_defect_of_the_axes(self):
        X, plan = np.array([[-1.0, 0.0], [1.0, 0.0]]), SearchPlan("float32", True, "given", 0, (2,), ())
        frame, axes = find_frame(X, 2), Axes(np.zeros(2), np.eye(2) * (1 + 2.0**-10))
        settings = SearchSettings(plan, axes, np.array([[0, 1]]), (True, True), simd.host_bits())
        with parallel_region(None):
            known = PairSearch(X, frame, settings).known
        steps, _ = self.decoded(known, 2, 2)
        assert 0 < abs(steps[1, 0] - steps[0, 0]) - 2 * 2.0**-frame.exponent <= known.error

    def test_a_coordinate_that_the_survey_missed_is_packed_again(self):
        rng = np.random.default_rng(1)
        X = rng.normal(size=(2000, 12)) / np.arange(1, 13)
        seen = [survey.sample_rows(2000), survey.sample_rows(2000, 1024, seed=2)]  # of the survey, and of the axes
        missed = np.setdiff1d(np.arange(2000), np.concatenate(seen))[0]
        X[missed, 11] = 1e3
        with parallel_region(None):
            known = search_of(X, SearchPlan("int8", True, "given", 0, (12,), ())).known
        assert known.error < 1.01 * known.step * 12**0.5

    def test_boxes_bound_the_distances_of_what_is_in_them(self):
        rng = np.random.default_rng(2)
        low, tails = rng.integers(-9, 9, (3, 6)).astype(np.float32), rng.integers(0, 3, (2, 6)).astype(np.float32)
        high = low + rng.integers(0, 9, (3, 6)).astype(np.float32)
        for a in range(6):
            nearest, farthest = np.empty((2, 5), dtype=np.float32)
            kernels._fill_box_bounds(low, high, tails, a, 1, 6, nearest, farthest)
            gaps = np.maximum(np.maximum(low[:, 1:] - high[:, [a]], low[:, [a]] - high[:, 1:]), 0)
            reaches = np.maximum(high[:, 1:] - low[:, [a]], high[:, [a]] - low[:, 1:])
            assert np.array_equal(nearest, (gaps**2).sum(axis=0))
            assert np.array_equal(farthest, (reaches**2).sum(axis=0) + (tails[1, 1:] + tails[1, a]) ** 2)


class TestOrder:
    @given(st.integers(1, 300), st.integers(1, 3), st.sampled_from([1, 8, 32]))
    def test_holds_each_point_once(self, n, k, leaf):
        order = kd_order(np.random.default_rng(n).random((n, k)).astype(np.float32), leaf)
        assert sorted(order) == list(range(-(-n // leaf) * leaf))

    def test_leaves_are_small(self):
        X = np.random.default_rng(0).random((4096, 2)).astype(np.float32)
        leaves = X[kd_order(X, 16)].reshape(-1, 16, 2)
        # 256 leaves of the unit square: sides of about 1/16.
        assert np.ptp(leaves, axis=1).mean() < 1.5 / 16

    @pytest.mark.parametrize("n_leaves", [2, 3, 64])
    def test_leaves_of_a_line_are_its_pieces(self, n_leaves):
        order = kd_order(np.random.default_rng(1).permutation(8 * n_leaves).astype(np.float32)[:, None], 8)
        line = np.random.default_rng(1).permutation(8 * n_leaves)[order].reshape(-1, 8)
        assert np.array_equal(np.sort(line, axis=1).ravel(), np.arange(8 * n_leaves))
