"""boundary_distance: shortest by linear programs, flips where it says and not before, keeps every limit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from strategies import point_clouds

import fastcurse as fc
from fastcurse.reference import robustness as reference

NORMS = (1, 2, np.inf)
DUAL = {1: np.inf, 2: 2, np.inf: 1}
NORM = st.sampled_from(NORMS)
# Eighths in a small range: no product or sum of them is rounded, and linear programs take them as they are.
EIGHTHS = st.integers(-40, 40).map(lambda k: k / 8)


@st.composite
def rules(draw, max_features=6, max_samples=4):
    """Draw (w, b, X) of eighths, with ties and zeros among the weights."""
    d = draw(st.integers(1, max_features))
    w = draw(hnp.arrays(np.float64, d, elements=EIGHTHS))
    assume(w.any())
    X = draw(hnp.arrays(np.float64, (draw(st.integers(1, max_samples)), d), elements=EIGHTHS))
    return w, draw(EIGHTHS), X


@st.composite
def limited(draw):
    """Draw (w, b, X) and options: limits that X keeps, some of them inf or no room at all, and a mask."""
    w, b, X = draw(rules())
    gaps = st.sampled_from([0.0, 0.125, 0.5, 2.0, 10.0, np.inf])
    low = X.min(axis=0) - draw(hnp.arrays(np.float64, w.size, elements=gaps))
    high = X.max(axis=0) + draw(hnp.arrays(np.float64, w.size, elements=gaps))
    mutable = draw(st.none() | hnp.arrays(np.bool_, w.size))
    bounds = draw(st.sampled_from([None, (low, high), (low, high), (float(X.min()) - 1.0, float(X.max()) + 1.0)]))
    return w, b, X, {"mutable": mutable, "bounds": bounds, "stable": draw(st.sampled_from([0.0, 0.125, 2.0]))}


def exact_value(w, b, x):
    """Return w·x + b without rounding."""
    return sum((Fraction(a) * Fraction(c) for a, c in zip(w, x, strict=True)), Fraction(b))


def moved(x, correction, times):
    return [Fraction(a) + Fraction(c) * times for a, c in zip(x, correction, strict=True)]


class TestReference:
    @pytest.mark.parametrize("share", [0.2, 0.7, 0.95])
    def test_bounded_least_squares_against_slsqp(self, share):
        """The value to be gained is a share of all that the limits leave."""
        generator = np.random.default_rng(0)
        w, x = generator.normal(size=5), generator.uniform(size=5)
        need = share * (np.maximum(w, 0).sum() - w @ x)
        b = -w @ x - need
        found = reference.boundary_distance(w, b, x[None], 2, bounds=(0.0, 1.0))
        peer = minimize(
            lambda change: change @ change, np.zeros(5), jac=lambda change: 2 * change, method="SLSQP",
            bounds=list(zip(-x, 1 - x, strict=True)), options={"ftol": 1e-9},
            constraints=[{"type": "ineq", "fun": lambda change: w @ change - need}],
        )  # fmt: skip
        assert peer.success
        np.testing.assert_allclose(found.correction[0], peer.x, atol=1e-4)

    def test_closed_forms(self):
        w, X = np.array([3.0, -4.0, 1.0]), np.array([[2.0, 1.0, 5.0]])
        for norm, dual in zip(NORMS, (4.0, np.sqrt(26.0), 8.0), strict=True):
            found = reference.boundary_distance(w, 2.0, X, norm, 0.5)
            assert found.distance[0] == pytest.approx((9.0 + 0.5 * dual) / dual, rel=1e-12)


class TestAgainstOptimisation:
    @given(limited(), NORM)
    def test_distance_and_feasibility(self, problem, norm):
        w, b, X, options = problem
        ours = fc.boundary_distance(w, b, X, norm, **options)
        expected = reference.boundary_distance(w, b, X, norm, **options)
        # Linear programs allow violations of 1e-7 of their constraints, of weights of at least 1/8.
        np.testing.assert_allclose(ours.distance, expected.distance, rtol=1e-12 if norm == 2 else 1e-6, atol=1e-6)
        if norm == 2:
            np.testing.assert_allclose(ours.correction, expected.correction, rtol=1e-12, atol=1e-12)

    @given(limited(), NORM)
    def test_correction_keeps_every_limit_and_has_the_distance(self, problem, norm):
        w, b, X, options = problem
        ours = fc.boundary_distance(w, b, X, norm, **options)
        free = np.ones(w.size, bool) if options["mutable"] is None else options["mutable"]
        exists = np.isfinite(ours.distance)
        assert np.array_equal(np.isnan(ours.correction).all(axis=1), ~exists)
        change, rows = ours.correction[exists], X[exists]
        assert not change[:, ~free].any()
        assert not np.signbit(change[change == 0]).any()
        np.testing.assert_allclose(np.linalg.norm(change, norm, axis=1), ours.distance[exists], rtol=1e-14)
        value = rows @ w + b
        side = np.where(value > 0, 1.0, -1.0)
        margin = options["stable"] * np.linalg.norm(w, DUAL[norm])
        # A few roundings of sums of at most 6 products below 25 · 100.
        np.testing.assert_allclose(side * ((rows + change) @ w + b), -margin, atol=1e-11)
        if options["bounds"] is not None:
            low, high = options["bounds"]
            within = ((rows + change >= low) & (rows + change <= high)) | ~free
            assert within.all()

    @given(limited())
    def test_l1_within_limits_leaves_at_most_one_feature_between(self, problem):
        w, b, X, options = problem
        change = fc.boundary_distance(w, b, X, 1, **options).correction
        low, high = (-np.inf, np.inf) if options["bounds"] is None else options["bounds"]
        between = (change != 0) & (X + change > low) & (X + change < high)
        assert (between.sum(axis=1) <= 1).all()


class TestFlips:
    @given(limited(), NORM)
    def test_just_beyond_the_correction_and_not_just_before(self, problem, norm):
        """In fractions, so that nothing but our own rounding errors is seen."""
        w, b, X, options = problem
        options["stable"] = 0.0
        ours = fc.boundary_distance(w, b, X, norm, **options)
        for x, change, distance in zip(X, ours.correction, ours.distance, strict=True):
            value = exact_value(w, b, x)
            if np.isfinite(distance) and value != 0:
                label = value > 0
                assert (exact_value(w, b, moved(x, change, 1 + Fraction(1, 10**9))) > 0) != label
                assert (exact_value(w, b, moved(x, change, 1 - Fraction(1, 10**9))) > 0) == label

    @given(rules(), NORM, st.sampled_from([0.125, 1.0, 10.0]), st.none() | st.integers(0, 5))
    def test_stable_ones_stay_flipped_and_shorter_ones_do_not(self, rule, norm, stable, mutable):
        """The worst further change is along the dual direction of all weights; its value in fractions is exact."""
        w, b, X = rule
        if mutable is not None:
            mutable = [mutable % w.size]
        ours = fc.boundary_distance(w, b, X, norm, stable, mutable)
        worst = {1: np.where(np.arange(w.size) == np.abs(w).argmax(), np.sign(w), 0), 2: w, np.inf: np.sign(w)}[norm]
        worst = worst / np.linalg.norm(worst, norm) * stable
        for x, change, distance in zip(X, ours.correction, ours.distance, strict=True):
            if np.isinf(distance):
                assert mutable is not None
                assert w[mutable[0]] == 0
                continue
            side = 1 if exact_value(w, b, x) > 0 else -1
            for times, stays in ((1 + Fraction(1, 10**9), True), (1 - Fraction(1, 10**9), False)):
                attacked = [a + side * Fraction(c) for a, c in zip(moved(x, change, times), worst, strict=True)]
                assert (side * exact_value(w, b, attacked) < 0) == stays
                other = [a - side * Fraction(c) for a, c in zip(moved(x, change, times), worst, strict=True)]
                assert side * exact_value(w, b, other) < 0

    @pytest.mark.statistical
    @pytest.mark.parametrize("norm", NORMS)
    def test_no_random_change_of_the_same_norm_flips(self, norm):
        """No false alarm: in exact arithmetic none can."""
        generator = np.random.default_rng(0)
        w, X = generator.normal(size=30), generator.normal(size=(5, 30))
        ours = fc.boundary_distance(w, 0.3, X, norm, 0.7)
        changes = generator.normal(size=(2000, 30)) ** 3
        changes /= np.linalg.norm(changes, norm, axis=1)[:, None]
        for x, change, distance in zip(X, ours.correction, ours.distance, strict=True):
            label = x @ w + 0.3 > 0
            before = distance - 0.7
            assert (((x + before * changes) @ w + 0.3 > 0) == label).all()
            assert (((x + change + 0.7 * changes) @ w + 0.3 > 0) != label).all()


class TestLaws:
    @given(rules())
    def test_norms_are_ordered_and_l1_changes_one_feature(self, rule):
        by_norm = {norm: fc.boundary_distance(*rule, norm) for norm in NORMS}
        assert (by_norm[np.inf].distance <= by_norm[2].distance * (1 + 1e-14)).all()
        assert (by_norm[2].distance <= by_norm[1].distance * (1 + 1e-14)).all()
        value = rule[2] @ rule[0] + rule[1]
        one = by_norm[1].correction
        assert np.array_equal((one != 0).sum(axis=1), value != 0)
        first = np.abs(rule[0]).argmax()
        assert not np.delete(one, first, axis=1).any()
        for norm in NORMS:
            expected = np.abs(value) / np.linalg.norm(rule[0], DUAL[norm])
            np.testing.assert_allclose(by_norm[norm].distance, expected, rtol=1e-14)
        sizes = np.abs(by_norm[np.inf].correction)
        expected = np.multiply.outer(by_norm[np.inf].distance, rule[0] != 0)
        assert np.array_equal(sizes, expected)

    @given(limited(), NORM, st.sampled_from([2.0**-30, 0.5, 4.0, 2.0**40]))
    def test_scales(self, problem, norm, scale):
        """Powers of two, so that nothing is rounded: the rule's scale does not matter, the data's is the distance's."""
        w, b, X, options = problem
        ours = fc.boundary_distance(w, b, X, norm, **options)
        same = fc.boundary_distance(scale * w, scale * b, X, norm, **options)
        assert np.array_equal(ours.distance, same.distance)
        assert np.array_equal(ours.correction, same.correction, equal_nan=True)
        if options["bounds"] is not None:
            options["bounds"] = tuple(scale * limit for limit in options["bounds"])
        options["stable"] *= scale
        larger = fc.boundary_distance(w, scale * b, scale * X, norm, **options)
        assert np.array_equal(scale * ours.distance, larger.distance)
        assert np.array_equal(scale * ours.correction, larger.correction, equal_nan=True)

    @given(limited(), NORM)
    def test_the_other_labels_correction_is_the_opposite(self, problem, norm):
        w, b, X, options = problem
        assume((X @ w + b != 0).all())
        ours = fc.boundary_distance(w, b, X, norm, **options)
        other = fc.boundary_distance(-w, -b, X, norm, **options)
        assert np.array_equal(ours.distance, other.distance)
        assert np.array_equal(ours.correction, other.correction, equal_nan=True)

    @given(limited(), NORM)
    def test_less_freedom_is_never_nearer(self, problem, norm):
        w, b, X, options = problem
        free = fc.boundary_distance(w, b, X, norm, options["stable"])
        ours = fc.boundary_distance(w, b, X, norm, **options)
        assert (ours.distance >= free.distance * (1 - 1e-14)).all()
        wide = fc.boundary_distance(w, b, X, norm, options["stable"], bounds=(-np.inf, np.inf))
        np.testing.assert_allclose(wide.distance, free.distance, rtol=1e-14)
        np.testing.assert_allclose(wide.correction, free.correction, rtol=1e-13, atol=1e-13)

    @given(rules(), NORM)
    def test_indices_and_mask_are_the_same(self, rule, norm):
        mask = np.arange(rule[0].size) % 2 == 0
        first = fc.boundary_distance(*rule, norm, mutable=mask)
        second = fc.boundary_distance(*rule, norm, mutable=np.flatnonzero(mask)[::-1])
        assert np.array_equal(first.correction, second.correction, equal_nan=True)

    @given(point_clouds(max_samples=10), NORM)
    def test_any_dtype_and_layout(self, X, norm):
        w = np.linspace(-1.0, 2.0, X.shape[1])
        plain = fc.boundary_distance(w, 0.5, np.ascontiguousarray(X, dtype=np.float64), norm)
        ours = fc.boundary_distance(w, 0.5, X, norm)
        # The order of the additions may differ.
        largest = (np.abs(X.astype(float)) @ np.abs(w) + 0.5) / np.linalg.norm(w, DUAL[norm])
        assert (np.abs(ours.distance - plain.distance) <= 1e-14 * largest).all()


class TestEdges:
    def test_memmap(self, tmp_path):
        np.save(tmp_path / "X.npy", np.array([[2.0, -1.0], [1.0, 1.0]]))
        X = np.load(tmp_path / "X.npy", mmap_mode="r")
        for options in ({}, {"bounds": (-9, 9)}, {"mutable": []}):
            ours = fc.boundary_distance([3.0, -4.0], 0.0, X, **options)
            plain = fc.boundary_distance([3.0, -4.0], 0.0, np.array(X), **options)
            assert np.array_equal(ours.correction, plain.correction, equal_nan=True)
            assert type(ours.correction) is type(ours.value) is np.ndarray

    def test_a_row_on_the_boundary_is_at_distance_0(self):
        for norm in NORMS:
            for options in ({}, {"bounds": (-1, 2)}, {"bounds": (1, 1)}, {"mutable": []}):
                ours = fc.boundary_distance([1.0, -1.0], 0.0, [[1.0, 1.0]], norm, **options)
                assert ours.distance.tolist() == [0.0]
                assert ours.correction.tolist() == [[0.0, 0.0]]
            stable = fc.boundary_distance([1.0, -1.0], 0.0, [[1.0, 1.0]], norm, 0.5)
            assert stable.distance == pytest.approx([0.5])
            assert stable.correction[0] @ [1.0, -1.0] > 0  # from label 0 to label 1

    def test_nothing_can_be_done(self):
        for options in ({"mutable": [1]}, {"mutable": [False] * 3}, {"mutable": []}, {"bounds": (0, 1)}):
            for norm in NORMS:
                ours = fc.boundary_distance([1.0, 0.0, 2.0], -9.0, [[1.0, 1.0, 0.0]], norm, **options)
                assert ours.distance.tolist() == [np.inf]
                assert np.isnan(ours.correction).all()
        assert str(fc.boundary_distance([1, 0], -9, [[1, 1]], mutable=[1]).half_space(0)) == "0 >= 8"

    def test_limits_fill_up_in_order(self):
        w, x = [3.0, 2.0, 1.0], [[0.0, 0.0, 0.0]]
        ours = fc.boundary_distance(w, -6.0, x, 1, bounds=(-1, [1.0, 1.0, 5.0]))
        assert ours.correction.tolist() == [[1.0, 1.0, 1.0]]
        ours = fc.boundary_distance(w, -6.0, x, np.inf, bounds=(-1, [0.5, 5.0, 5.0]))
        assert ours.correction.tolist() == [[0.5, 1.5, 1.5]]
        ours = fc.boundary_distance(w, -6.0, x, 2, bounds=(-1, [0.5, 5.0, 5.0]))
        np.testing.assert_allclose(ours.correction, [[0.5, 1.8, 0.9]], rtol=1e-15)
        # Limits where a correction does not go do not matter.
        ours = fc.boundary_distance([-1.0, 1.0], -6.0, [[0.0, 0.0]], np.inf, bounds=([-9, 0], [0, 9]))
        assert ours.correction.tolist() == [[-3.0, 3.0]]

    @pytest.mark.parametrize("norm", NORMS)
    def test_limits_that_leave_just_enough_room(self, norm):
        """Eighths again: w·x, and so what there is to gain, has no rounding, while x/w and its like have."""
        generator = np.random.default_rng(0)
        for d in (1, 2, 5):
            w, x = generator.integers(1, 60, (2, 300, d)) / 8
            for row in range(300):
                ours = fc.boundary_distance(w[row], 0.0, x[row : row + 1], norm, bounds=(0, np.inf))
                np.testing.assert_allclose(ours.correction, -x[row : row + 1], rtol=1e-14)
                less = fc.boundary_distance(w[row], 2.0**-20, x[row : row + 1], norm, bounds=(0, np.inf))
                assert less.distance.tolist() == [np.inf]

    @pytest.mark.parametrize("norm", NORMS)
    @pytest.mark.parametrize(("low", "high"), [(-0.3, 0.7), (0.1, 0.7), (-1000.1, 0.7)])
    def test_corrected_rows_keep_limits_that_are_no_eighths(self, low, high, norm):
        """x + (high - x) is rounded up to beyond `high` in one value of a hundred that goes so far."""
        generator = np.random.default_rng(0)
        w, X = generator.normal(size=6), generator.uniform(low, high, (2000, 6))
        most = np.where(w > 0, w * high, w * low).sum()
        spared = 0.1 * (high - low) * np.abs(w).sum()  # so that most features go as far as they may
        ours = fc.boundary_distance(w, spared - most, X, norm, bounds=(low, high))
        assert np.isfinite(ours.distance).all()
        moved_rows = X + ours.correction
        assert ((moved_rows == low) | (moved_rows == high)).sum() > 1500
        assert ((moved_rows >= low) & (moved_rows <= high)).all()

    def test_limits_of_features_that_may_not_change_do_not_matter(self):
        ours = fc.boundary_distance([1.0, 1.0], 0.0, [[1.0, 50.0]], mutable=[0], bounds=(-60, 2))
        assert ours.correction.tolist() == [[-51.0, 0.0]]

    def test_extreme_weights(self):
        for scale in (5e-324, 1e-200, 1e200):
            for norm in NORMS:
                with_limits = fc.boundary_distance([scale, 0.0], 0.0, [[3.0, 1.0]], norm, bounds=(-5, 5))
                without = fc.boundary_distance([scale, 0.0], 0.0, [[3.0, 1.0]], norm)
                for ours in (with_limits, without):
                    assert ours.distance == pytest.approx([3.0], rel=1e-15)
        tiny = fc.boundary_distance([1.0, 1e-200], -1.0, [[0.0, 0.0]], 2, mutable=[1])
        assert tiny.distance == pytest.approx([1e200], rel=1e-15)
        for bounds in (None, (-np.inf, np.inf), (-np.inf, [1.0, 1.0, np.inf])):  # farther than float64 goes
            for norm in NORMS:
                options = {"mutable": [1, 2], "bounds": bounds}
                ours = fc.boundary_distance([1.0, 1e-305, 1e-305], -1e9, [[0.0, 0.0, 0.0]], norm, **options)
                assert ours.distance.tolist() == [np.inf]
                assert np.isnan(ours.correction).all()
        small = fc.boundary_distance([1.0, 1.0], -3e-200, [[0.0, 0.0]], 2, bounds=([-1, -1], [1e-200, 1]))
        assert small.distance == pytest.approx([np.sqrt(5) * 1e-200], rel=1e-14)

    def test_coefficients_of_scikit_learn(self):
        X, y = fc.make_trunk(60, 4, random_state=0)
        model = LogisticRegression().fit(X, y)
        ours = fc.boundary_distance(model.coef_, model.intercept_, X)
        np.testing.assert_allclose(ours.value, model.decision_function(X), rtol=1e-12)
        assert np.array_equal(model.predict(X + 1.001 * ours.correction), 1 - model.predict(X))


class TestHalfSpace:
    @given(limited(), NORM)
    def test_holds_just_what_flips_and_stays_flipped(self, problem, norm):
        w, b, X, options = problem
        ours = fc.boundary_distance(w, b, X, norm, **options)
        free = np.ones(w.size, bool) if options["mutable"] is None else options["mutable"]
        for row, x in enumerate(X):
            half = ours.half_space(row)
            side = 1.0 if x @ w + b > 0 else -1.0
            assert np.array_equal(half.normal, -side * np.where(free, w, 0.0))
            assert half.offset == pytest.approx(abs(x @ w + b) + options["stable"] * np.linalg.norm(w, DUAL[norm]))
            if np.isfinite(ours.distance[row]):
                assert half.normal @ ours.correction[row] == pytest.approx(half.offset, abs=1e-11)

    def test_symbolic_form(self):
        ours = fc.boundary_distance([-0.5, 0.0, 7.0, 1.2], 0.0, [[0.0, 0.0, 0.0, 0.5], [0.0] * 4], mutable=[0, 1, 3])
        assert str(ours.half_space(0)) == "0.5*d0 - 1.2*d3 >= 0.6"
        assert str(ours.half_space(1)) == "-0.5*d0 + 1.2*d3 >= 0"
        assert not np.signbit(ours.half_space(0).normal[1:3]).any()
        with pytest.raises(ValueError, match="row must be between 0 and 1, got 2"):
            ours.half_space(2)

    def test_results_are_read_only(self):
        ours = fc.boundary_distance([1.0, 2.0], 0.0, [[1.0, 1.0]])
        arrays = (ours.distance, ours.correction, ours.value, ours.coef, ours.half_space(0).normal)
        assert not any(array.flags.writeable for array in arrays)

    def test_arguments_are_left_alone(self):
        w, X, mask = np.array([1.0, 2.0]), np.array([[1.0, 1.0]]), np.array([True, False])
        fc.boundary_distance(w, 0.0, X, mutable=mask, bounds=(X[0] - 9, X[0]))
        for array in (w, X, mask):
            array[0] = 0  # neither frozen nor shared
        assert X.tolist() == [[0.0, 0.0]]


class TestMessages:
    @pytest.mark.parametrize(
        ("arguments", "options", "error", "message"),
        [
            (([0.0, 0.0], 0, [[1, 2]]), {}, ValueError, "w must have a weight other than 0"),
            (([1.0], 0, [[1, 2]]), {}, ValueError, r"each of the 2 features of X, got shape \(1,\)"),
            (([[1.0, 2.0], [3.0, 4.0]], 0, [[1, 2]]), {}, ValueError, r"features of X, got shape \(2, 2\)"),
            (([1.0, np.nan], 0, [[1, 2]]), {}, ValueError, "w must be finite, got nan at position 1"),
            ((["a", "b"], 0, [[1, 2]]), {}, TypeError, "w must hold real numbers"),
            (([1, 2], np.inf, [[1, 2]]), {}, ValueError, "b must be finite, got inf"),
            (([1, 2], [1, 2], [[1, 2]]), {}, ValueError, r"b must be one number, got shape \(2,\)"),
            (([1, 2], "a", [[1, 2]]), {}, TypeError, "b must hold real numbers"),
            (([1, 2], 0, [1, 2]), {}, ValueError, "X must have 2 dimensions"),
            (([1, 2], 0, [[1, np.nan]]), {}, ValueError, "X has a nan at row 0, column 1"),
            (([1e300, 2], 0, [[1, 1], [1e300, 1]]), {}, ValueError, "in the range of float64, got inf at row 1"),
            (([1, 2], 0, [[1, 2]], 3), {}, ValueError, "norm must be 1, 2 or inf, got 3"),
            (([1, 2], 0, [[1, 2]], True), {}, ValueError, "norm must be 1, 2 or inf, got True"),
            (([1, 2], 0, [[1, 2]], "inf"), {}, ValueError, "norm must be 1, 2 or inf, got 'inf'"),
            (([1, 2], 0, [[1, 2]]), {"stable": -1}, ValueError, "stable must be at least 0 and finite, got -1"),
            (([1, 2], 0, [[1, 2]]), {"stable": "a"}, TypeError, "stable must be a number"),
            (([1, 2], 0, [[1, 2]]), {"mutable": [2]}, ValueError, "features between 0 and 1, got 2"),
            (([1, 2], 0, [[1, 2]]), {"mutable": [-1]}, ValueError, "features between 0 and 1, got -1"),
            (([1, 2], 0, [[1, 2]]), {"mutable": [True]}, ValueError, "each of the 2 features, got 1"),
            (([1, 2], 0, [[1, 2]]), {"mutable": [0.5]}, TypeError, "mutable must hold bools or whole numbers"),
            (([1, 2], 0, [[1, 2]]), {"mutable": 1}, ValueError, r"a list of features, got shape \(\)"),
            (([1, 2], 0, [[1, 2]]), {"bounds": 3}, ValueError, r"bounds must be a pair \(low, high\), got 3"),
            (([1, 2], 0, [[1, 2]]), {"bounds": (0, [9, 9, 9])}, ValueError, r"2 features, got shape \(3,\)"),
            (([1, 2], 0, [[1, 2]]), {"bounds": (0, [9, np.nan])}, ValueError, "must not be nan, got one at position 1"),
            (([1, 2], 0, [[1, 2]]), {"bounds": ([0, 3], 2)}, ValueError, "got 3 and 2 for feature 1"),
            (([1, 2], 0, [[1, 2]]), {"bounds": (0, 1)}, ValueError, "got 2 at row 0, column 1, with bounds 0 and 1"),
            (([1, 2], 0, [[1, 2]]), {"bounds": (1.5, 9)}, ValueError, "got 1 at row 0, column 0"),
        ],
    )
    def test_name_the_rule_and_the_value(self, arguments, options, error, message):
        with pytest.raises(error, match=message):
            fc.boundary_distance(*arguments, **options)
