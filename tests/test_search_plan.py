"""What the search decides: the plan is a pure function of shape, survey and host; equal rows are set aside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastcurse as fc
from fastcurse.engine import pair_search, search_plan
from fastcurse.engine.duplicates import count_repeats, distinct_rows
from fastcurse.engine.search_plan import (
    MOST_FEATURES_OF_BYTES,
    WORK_WORTH_A_SCREEN,
    SearchPlan,
    Task,
    plan_again,
    plan_search,
)
from fastcurse.engine.survey import View, sample_rows


def plan_of(X, *, n_samples=None, **options):
    """Plan for `n_samples` such points."""
    return plan_search(Task(n_samples or len(X), (X.shape[1],), **options), View(X, X.shape[1]))


class Unseen:
    """Points that nobody may look at."""

    in_range = property(lambda self: pytest.fail("looked for the range"))
    survey = property(lambda self: pytest.fail("surveyed"))


class OutOfRange(Unseen):
    in_range = False


class InRange(Unseen):
    in_range = True


def uniform(n=3000, n_features=100):
    return np.random.default_rng(0).random((n, n_features))


def of_low_dimension(n=20_000, n_features=60):
    rng = np.random.default_rng(0)
    return rng.normal(size=(n, 3)) @ rng.normal(size=(3, n_features))


class TestPlan:
    def test_uniform_points_are_searched_plainly_in_bytes(self):
        plan = plan_of(uniform())
        assert plan[:5] == ("int8", False, "given", 0, (100,))
        assert "no feature is skipped" in plan.reasons

    def test_without_the_instruction_in_float32(self):
        assert plan_of(uniform(), dot_product=False).screen == "float32"

    @pytest.mark.parametrize("screen", ["int8", "float32"])
    def test_the_asked_screen_is_used(self, screen):
        for dot_product in (False, True):
            plan = plan_of(uniform(), screen=screen, dot_product=dot_product)
            assert plan.screen == screen
            assert plan.reasons[0] == f"screen in {screen}: as asked"

    def test_points_of_low_dimension_have_boxes_and_few_features(self):
        X = of_low_dimension()
        plan = plan_of(X)
        assert plan.rotate
        assert plan.boxed == 8
        assert plan.cuts[0] <= 8
        assert plan.cuts[-1] == 60
        assert plan_of(X, n_samples=60).boxed == 0  # too few leaves to split along three axes

    def test_boxes_leave_near_pairs_to_a_screen_that_tells_them_apart(self):
        X = np.random.default_rng(0).random((10**6, 3), dtype=np.float32)
        assert plan_of(X)[:5] == ("float32", False, "boxes", 3, (3,))
        assert plan_of(np.random.default_rng(0).random((20_000, 9)))[:4] == ("int8", False, "boxes", 8)
        assert plan_of(np.random.default_rng(0).random((20_000, 9)), dot_product=False).screen == "float32"

    def test_bytes_that_tell_nothing_apart_give_way_to_float32(self, monkeypatch):
        monkeypatch.setattr(search_plan, "BOXED", 2)  # so that three features are searched in bytes
        X = np.random.default_rng(0).random((300_000, 3), dtype=np.float32)
        monkeypatch.setattr(search_plan, "_NOTED_A_POINT", np.inf)
        monkeypatch.setattr(pair_search, "_FEW_TILES", 0)
        monkeypatch.setattr(pair_search, "_CAPACITY", 16)
        found = fc.distance_extremes(X, prefixes=[3])
        assert "bytes could not tell near pairs apart: float32" in found.stats.plan
        assert found.stats.screen == "float32"
        assert found.nearest_pair[0].tolist() == list(fc.closest_pair(X, screen="float32")[1])

    def test_boxes_are_turned_only_where_that_gathers_the_variance(self):
        isotropic = np.random.default_rng(0).random((20_000, 10))
        assert plan_of(isotropic)[1:4] == (False, "boxes", 8)
        assert plan_of(of_low_dimension())[1:4] == (True, "boxes", 8)

    def test_an_outlier_takes_the_bytes_away(self):
        X = uniform(20_000)
        for row in (7, 12_345):  # in the sample or not
            Y = X.copy()
            Y[row] *= 1e6
            assert plan_of(Y).screen == "float32"

    def test_the_farthest_alone_is_looked_for_far_out(self):
        plan = plan_of(uniform(), sides=(False, True))
        assert plan.order == "norms"
        assert "points far from the centre first; tiles are dismissed by their norms" in plan.reasons
        assert plan_of(of_low_dimension(), sides=(False, True)).order == "boxes"

    def test_bytes_have_a_largest_number_of_features(self):
        view = View(uniform(2000, 8), 8)
        assert plan_search(Task(10**4, (MOST_FEATURES_OF_BYTES,), "int8"), view).screen == "int8"
        plan = plan_search(Task(10**4, (MOST_FEATURES_OF_BYTES + 1,), "int8"), view)
        assert plan.screen == "float32"
        assert "16384 features" in plan.reasons[0]

    def test_the_result_says_what_was_planned(self):
        stats = fc.distance_extremes(of_low_dimension(), prefixes=[60]).stats
        assert stats.plan.startswith("p = 60: screen in ")
        assert "effective dimensions; rotated to principal axes" in stats.plan
        assert stats.pairs_boxed > 0.5 * stats.pairs
        assert 0 < stats.pairs_stopped < stats.pairs
        assert stats.pairs_boxed + stats.pairs_stopped <= stats.pairs * 1.2  # whole tiles are counted

    @pytest.mark.parametrize(
        ("prefixes", "screen", "dot_product", "path"),
        [
            ([50, 100], "auto", True, "each"),
            ([50, 100], "auto", False, "scan"),
            ([50, 100], "float32", True, "scan"),
            (range(1, 101), "int8", True, "scan"),
            ([50, 100], "none", True, "scan"),
        ],
    )
    def test_few_prefixes_are_searched_one_by_one(self, prefixes, screen, dot_product, path):
        X = uniform(100)
        plan = plan_search(Task(3000, tuple(prefixes), screen, dot_product=dot_product), View(X, 100))
        assert plan.path == path
        assert plan.screen == {"each": "", "scan": "none" if screen == "none" else "float32"}[path]

    def test_the_points_are_looked_at_no_closer_than_it_takes(self):
        assert plan_search(Task(10**6, (100,), "none"), Unseen()).reasons[1] == "no screen: as asked"
        assert plan_search(Task(10**6, (1, 2)), InRange()).path == "each"
        n = int((2 * WORK_WORTH_A_SCREEN) ** 0.5)
        small = plan_search(Task(n, (1,)), Unseen())
        assert (small.path, small.screen) == ("scan", "none")
        assert "milliseconds" in small.reasons[1]
        assert plan_search(Task(n + 1, (1,)), OutOfRange()).reasons[1] == "no screen: none can hold such values"

    def test_prefixes_that_no_screen_can_hold_are_scanned_together(self):
        plan = plan_search(Task(3000, (97, 98, 99, 100)), OutOfRange())
        assert (plan.path, plan.screen) == ("scan", "none")

    def test_bytes_that_have_no_room_make_no_prefix_cheap(self):
        assert plan_search(Task(20_000, (16_400, 16_500, 16_600)), InRange()).path == "scan"

    def test_what_comes_after_a_defeat(self):
        boxes = SearchPlan("int8", True, "boxes", 8, (8, 60), ("first",))
        task = Task(20_000, (60,))
        after = plan_again(task, boxes, 20_000)
        assert (after.path, after.screen, after.order) == ("search", "float32", "boxes")
        assert after.need > 4 * 20_000 * 60
        last = plan_again(task, after, 20_000)
        assert (last.path, last.screen) == ("scan", "float32")
        assert last.reasons[0] == "first"
        assert "too many pairs undecided" in last.reasons[-1]
        assert plan_again(Task(20_000, (60,), "int8"), boxes, 20_000).path == "scan"
        assert plan_again(task, boxes, 19_999).path == "distinct"

    def test_a_plain_search_in_float32_is_a_scan(self):
        plan = plan_of(uniform(), screen="float32")
        assert (plan.path, plan.screen) == ("scan", "float32")

    def test_memory_is_that_of_the_copy(self):
        plain, boxed = plan_of(uniform()), plan_of(of_low_dimension())
        assert 3000 * 100 < plain.need < 3000 * 100 * 1.5 + 2**26
        assert 4 * 20_000 * 60 < boxed.need < 4 * 20_000 * 60 * 1.5 + 2**26

    def test_memory_has_room_for_the_order(self):
        plan = plan_of(of_low_dimension(), n_samples=10**7)
        assert plan.order == "boxes"
        assert plan.need > 10**7 * (60 * (1 if plan.screen == "int8" else 4) + 90)  # some ten words a point


class TestSurvey:
    @given(st.integers(1, 10**7))
    def test_a_sample_has_rows_of_the_data(self, n):
        rows = sample_rows(n)
        assert rows[0] >= 0
        assert rows[-1] < n
        assert (np.diff(rows) > 0).all()
        assert len(rows) <= 1024

    def test_seeds_are_pairs_of_the_sample(self):
        X = uniform(200, 5)
        seeds = View(X, 5).seeds
        near, far = fc.distance_extremes(X, prefixes=[5], screen="none").nearest_pair[0], fc.farthest_pair(X)[1]
        assert sorted(seeds[0]) == list(near)  # the sample is all of so few rows
        assert tuple(sorted(seeds[1])) == far

    @pytest.mark.parametrize("X", [np.zeros((40, 3)), np.eye(4), np.arange(6.0)[:, None]])
    def test_degenerate_points_have_a_survey(self, X):
        survey = View(X, X.shape[1]).survey
        assert np.isfinite(survey.dimension)
        assert survey.growth >= 1
        assert survey.nearest >= 0


class TestEqualRows:
    @given(st.integers(0, 1000), st.integers(2, 60), st.integers(1, 4), st.integers(1, 3))
    def test_distinct_rows_are_those_of_numpy(self, seed, n, n_features, largest):
        X = np.random.default_rng(seed).integers(-largest, largest + 1, (n, n_features)).astype(float)
        X[X == 0] *= np.random.default_rng(seed).choice([-1.0, 1.0], np.count_nonzero(X == 0))  # -0 too
        _, first, inverse = np.unique(X + 0.0, axis=0, return_index=True, return_inverse=True)
        assert count_repeats(X) == n - len(first)
        assert count_repeats(X * 2.0**-1000) == n - len(first)
        found = distinct_rows(X, n_features)
        if len(first) == n:
            assert found is None
            return
        assert found.rows.tolist() == sorted(first)
        i, j = np.triu_indices(n, 1)
        same = inverse.reshape(-1)[i] == inverse.reshape(-1)[j]
        assert found.pair == (i[same][0], j[same][0])

    def test_values_whose_squares_vanish_are_left_to_the_scan(self):
        X = np.array([[0.0], [1e-200], [1.0], [1.0]])
        assert distinct_rows(X, 1) is None
        assert fc.closest_pair(X) == (0.0, (0, 1))  # by the definition, not by equality

    def test_a_hash_that_tells_nothing_is_noticed(self, monkeypatch):
        from fastcurse.engine import duplicates

        monkeypatch.setattr(duplicates, "_factors", lambda n_features: np.zeros(n_features, dtype=np.uint64))
        assert distinct_rows(np.array([[1.0], [2.0], [1.0]]), 1) is None
        assert distinct_rows(np.array([[0.0], [0.0]]), 1).rows.tolist() == [0]
        X = np.random.default_rng(0).integers(-2, 3, (300, 3)).astype(float)
        X[X == 0] *= np.random.default_rng(1).choice([-1.0, 1.0], np.count_nonzero(X == 0))
        assert count_repeats(X) == 300 - len(np.unique(X + 0.0, axis=0))
        assert count_repeats(X > 0) == 292

    def test_whole_numbers_that_are_one_float(self):
        X = np.array([[0, 2**60], [0, 2**60 + 1], [0, 2**60], [1, 2**60], [0, 2**60 + 1], [0, 2**60 + 2]])
        assert distinct_rows(X, 2) is None
        assert count_repeats(X) == 2

    def test_many_equal_rows_are_set_aside(self):
        X = np.random.default_rng(1).integers(0, 2, (20_000, 9)).astype(np.float32)
        few = fc.distance_extremes(X, prefixes=[9])
        assert "of 20000 rows are distinct: equal ones were set aside" in few.stats.plan
        every = fc.distance_extremes(X)
        assert few.nearest[0] == 0.0
        assert few.nearest_pair[0].tolist() == every.nearest_pair[-1].tolist()
        assert (few.farthest[0], few.farthest_pair[0].tolist()) == (
            every.farthest[-1],
            every.farthest_pair[-1].tolist(),
        )
        assert fc.closest_pair(X) == (0.0, tuple(every.nearest_pair[-1]))
        assert fc.farthest_pair(X) == (every.farthest[-1], tuple(every.farthest_pair[-1]))

    @pytest.mark.parametrize("share", [0.03, 0.09])
    def test_some_equal_rows_are_set_aside(self, share):
        X = np.random.default_rng(1).uniform(-1, 1, (20_000, 30)).astype(np.float32)
        blank = np.random.default_rng(2).permutation(20_000)[: int(share * 20_000)]
        X[blank] = 0.0
        found = fc.distance_extremes(X, prefixes=[30])
        assert "rows are distinct: equal ones were set aside" in found.stats.plan
        assert found.stats.copy_bytes < 6 * X.size  # no float64 copy
        first, second = np.sort(blank)[:2]
        assert (found.nearest[0], *found.nearest_pair[0]) == (0.0, first, second)
        kept = np.setdiff1d(np.arange(20_000), np.sort(blank)[1:])
        distance, (i, j) = fc.farthest_pair(X[kept], screen="none")
        assert (found.farthest[0], *found.farthest_pair[0]) == (distance, kept[i], kept[j])

    def test_ties_without_equal_rows_are_scanned(self, monkeypatch):
        monkeypatch.setattr(pair_search, "_FEW_TILES", 0)
        X = np.eye(2200, dtype=np.float32)
        found = fc.distance_extremes(X, prefixes=[2200])
        assert found.stats.plan.endswith("the screen left too many pairs undecided: all pairs were scanned")
        assert found.nearest[0] == found.farthest[0] == np.sqrt(2)
        assert found.nearest_pair[0].tolist() == found.farthest_pair[0].tolist() == [0, 1]


def test_plans_read_as_sentences():
    assert plan_of(of_low_dimension()).reasons == (
        "screen in float32: bytes would not tell near pairs apart",
        "the points have about 2.9 effective dimensions",
        "rotated to principal axes, so that few features decide",
        "points in the order of a k-d tree; tiles are dismissed by boxes of 8 features",
        "blocks may be left after 4 of 60 features",
    )
