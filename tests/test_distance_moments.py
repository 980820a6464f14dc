"""distance_moments: against all pairs, exact rational arithmetic and closed forms."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from strategies import point_clouds

import fastcurse as fc
from fastcurse.reference import distances as reference

CURVES = ("mean_sq", "var_sq", "cv", "effective_dimension", "gaussian_cv", "independent_cv", "z_score")


class TestReference:
    def test_against_exact_rational_arithmetic(self):
        X = np.random.default_rng(0).normal(size=(6, 3))
        ours = reference.distance_moments(X)
        for p in range(1, 4):
            squares = [
                sum((Fraction(float(X[i, f])) - Fraction(float(X[j, f]))) ** 2 for f in range(p))
                for i in range(6)
                for j in range(i + 1, 6)
            ]
            mean = sum(squares) / len(squares)
            variance = sum((square - mean) ** 2 for square in squares) / len(squares)
            assert ours.mean_sq[p - 1] == pytest.approx(float(mean), rel=1e-14)
            assert ours.var_sq[p - 1] == pytest.approx(float(variance), rel=1e-13)

    def test_effective_dimension_is_that_of_the_covariance(self):
        X = np.random.default_rng(0).normal(size=(9, 4)) * [1, 2, 3, 4]
        ours = reference.distance_moments(X)
        for p in range(2, 5):
            spectrum = np.linalg.eigvalsh(np.cov(X[:, :p], rowvar=False))
            assert ours.effective_dimension[p - 1] == pytest.approx(fc.theory.effective_dimension(spectrum), rel=1e-12)
            assert ours.gaussian_cv[p - 1] ** 2 == pytest.approx(2 / ours.effective_dimension[p - 1], rel=1e-14)

    def test_independent_cv_is_the_mean_over_all_permutations(self):
        X = np.random.default_rng(0).exponential(size=(4, 3)).round(2)
        orders = [list(order) for order in permutations(range(4))]
        shuffled = [
            reference.distance_moments(np.column_stack([X[:, 0], X[second, 1], X[third, 2]]))
            for second, third in product(orders, orders)
        ]
        ours = reference.distance_moments(X)
        variance = np.mean([moments.var_sq for moments in shuffled], axis=0)
        np.testing.assert_allclose(ours.independent_cv, np.sqrt(variance) / ours.mean_sq, rtol=1e-13)

    @pytest.mark.parametrize("n", [4, 5, 30])
    def test_z_score_of_one_feature_is_the_kurtosis_over_its_exact_deviation(self, n):
        x = np.random.default_rng(n).exponential(size=n)
        # Fisher 1930: mean and variance of the sample kurtosis of n normal numbers.
        mean, variance = 3 * (n - 1) / (n + 1), 24 * n * (n - 2) * (n - 3) / ((n + 1) ** 2 * (n + 3) * (n + 5))
        expected = (stats.kurtosis(x, fisher=False) - mean) / np.sqrt(variance)
        assert reference.distance_moments(x[:, None]).z_score[0] == pytest.approx(expected, rel=1e-9)

    @pytest.mark.statistical
    @pytest.mark.parametrize(
        ("n", "eigenvalues"), [(5, [1, 1, 1]), (8, [1, 0.5, 0.1]), (12, np.ones(30)), (40, [4, 1])]
    )
    def test_z_score_of_gaussian_points_has_mean_0_and_variance_1(self, n, eigenvalues):
        """Mean and variance within 5 standard errors, measured: false alarm 6e-7 each, eight of them."""
        rng, repeats = np.random.default_rng(0), 4000
        clouds = rng.normal(size=(repeats, n, len(eigenvalues))) * np.sqrt(eigenvalues)
        z = np.array([reference.norm_spread(X).z_score for X in clouds])
        assert abs(z.mean()) < 5 / np.sqrt(repeats)
        assert abs((z**2).mean() - 1) < 5 * (z**2).std() / np.sqrt(repeats)


class TestAgainstReference:
    @given(point_clouds())
    def test_mean_and_variance(self, X):
        spread = np.abs(X.astype(float) - X[0].astype(float)).max()
        if not (1e-60 < spread < 1e60):
            return  # a fourth power of the spread leaves float64: see TestRange
        ours, expected = fc.distance_moments(X), reference.distance_moments(X)
        # Both round each of the n·p terms of the mean and the second moment; data far from 0 lose the digits
        # of their own rounding, which both see alike: 64 roundings of the largest squared distance.
        unit = 64 * 2.0**-52 * (X.shape[0] + X.shape[1])
        assert np.allclose(ours.mean_sq, expected.mean_sq, rtol=unit, atol=0)
        assert (np.abs(ours.var_sq - expected.var_sq) <= unit * (expected.var_sq + expected.mean_sq**2)).all()
        some = expected.mean_sq > 1e-120  # else its fourth powers leave float64, or all points are equal: see TestRange
        assert np.allclose(ours.effective_dimension[some], expected.effective_dimension[some], rtol=unit, atol=0)
        assert np.allclose(ours.gaussian_cv[some], expected.gaussian_cv[some], rtol=unit, atol=0)
        for name in ("cv", "independent_cv"):
            error = getattr(ours, name)[some] ** 2 - getattr(expected, name)[some] ** 2
            assert (np.abs(error) <= unit * (getattr(expected, name)[some] ** 2 + 1)).all()

    @given(point_clouds())
    def test_covariance(self, X):
        if not (1e-60 < np.abs(X.astype(float) - X[0].astype(float)).max() < 1e60):
            return
        ours, centred = fc.distance_moments(X).covariance, X.astype(float) - X[0].astype(float)
        expected = np.atleast_2d(np.cov(centred, rowvar=False))
        reach = np.hypot.reduce(centred, axis=0)  # from the first point: what the sums are made of; no square vanishes
        # All features share one scale: of one that is 1e154 times smaller than the largest the square is rounded there.
        smallest = 5e-324 * np.exp2(2 * np.ceil(np.log2(reach.max())))
        error = 64 * 2.0**-52 * np.outer(reach, reach) + 4 * smallest
        assert (np.abs(ours - expected) <= len(X) * error).all()
        assert np.array_equal(ours == 0, ours.T == 0)

    @given(point_clouds())
    def test_z_score(self, X):
        if not (1e-60 < np.abs(X.astype(float) - X[0].astype(float)).max() < 1e60):
            return
        ours, expected = fc.distance_moments(X), reference.distance_moments(X)
        assert np.isfinite(ours.z_score).all()
        for p in np.flatnonzero(expected.mean_sq):
            spread = reference.norm_spread(X[:, : p + 1])
            # The reference loses n² units of the squared mean to its own cancellation, half the digits in a root.
            if spread.deviation > 1e-4 * spread.mean:
                assert ours.z_score[p] == pytest.approx(expected.z_score[p], rel=1e-5, abs=1e-5)

    @given(point_clouds(), st.integers(1, 12))
    def test_prefix_of_the_input_gives_prefix_of_the_output(self, X, p):
        p = min(p, X.shape[1])
        if not (1e-60 < np.abs(X.astype(float) - X[0].astype(float)).max() < 1e60):
            return
        whole, part = fc.distance_moments(X), fc.distance_moments(X[:, :p])
        assert np.allclose(whole.mean_sq[:p], part.mean_sq, rtol=1e-12, atol=0)
        assert np.allclose(whole.effective_dimension[:p], part.effective_dimension, rtol=1e-12, atol=0)

    @pytest.mark.parametrize("n", [4, 5, 6])
    def test_z_score_of_few_points(self, n):
        X = np.random.default_rng(n).normal(size=(n, 7))
        np.testing.assert_allclose(fc.distance_moments(X).z_score, reference.distance_moments(X).z_score, rtol=1e-8)

    @pytest.mark.parametrize("shape", [(120, 40), (90, 150), (70, 129)])
    def test_several_blocks_of_columns(self, shape):
        rng = np.random.default_rng(0)
        X = rng.normal(size=shape) @ rng.normal(size=(shape[1], shape[1])) * rng.exponential(size=shape[1])
        X[::7] *= 3
        ours = fc.distance_moments(X)
        for p in (1, 2, 63, 64, 65, shape[1]):
            if p <= shape[1]:
                expected = reference.norm_spread(X[:, :p])
                assert ours.z_score[p - 1] == pytest.approx(expected.z_score, rel=1e-6)
                dimension = expected.eigenvalues.sum() ** 2 / (expected.eigenvalues**2).sum()
                assert ours.effective_dimension[p - 1] == pytest.approx(dimension, rel=1e-11)


class TestLaws:
    @pytest.mark.parametrize(
        "scales", [[1e-10, 1e75], [1e-20, 1e65], [1e-100, 1e60, 1e-30], [1e-50, 1.0], [0.0, 1e-70, 1e70]]
    )
    def test_small_features_before_huge_ones(self, scales):
        X = np.random.default_rng(0).normal(size=(50, len(scales))) * scales
        whole = fc.distance_moments(X)
        for p in range(1, len(scales) + 1):
            part = fc.distance_moments(X[:, :p])
            assert whole.mean_sq[p - 1] == pytest.approx(part.mean_sq[-1], rel=1e-12)
            for name in CURVES[2:]:
                assert getattr(whole, name)[p - 1] == pytest.approx(getattr(part, name)[-1], rel=1e-10)
        assert whole.cv[-1] > 0.5

    X = np.random.default_rng(1).normal(size=(500, 30))

    def test_shift_by_1e8_loses_no_more_than_the_shift_itself(self):
        X = self.X.round(6)
        first, second = fc.distance_moments(X), fc.distance_moments(X + 2.0**26)
        # Adding 2^26 rounds each value to 2^-27: a relative 1e-8 of the distances.
        for name in CURVES[2:]:
            assert np.allclose(getattr(first, name), getattr(second, name), rtol=1e-7, atol=1e-6)

    def test_scaling_by_a_power_of_two_is_exact(self):
        first, second = fc.distance_moments(self.X), fc.distance_moments(self.X * 2.0**40)
        assert np.array_equal(first.mean_sq * 2.0**80, second.mean_sq)
        assert np.array_equal(first.var_sq * 2.0**160, second.var_sq)
        for name in CURVES[2:]:
            assert np.array_equal(getattr(first, name), getattr(second, name))

    @pytest.mark.parametrize("exponent", [-900, -500, -250])
    def test_shares_survive_scales_at_which_moments_underflow(self, exponent):
        X = np.random.default_rng(2).integers(-9, 9, (30, 4)).astype(float)
        first, second = fc.distance_moments(X), fc.distance_moments(np.ldexp(X, exponent))
        assert second.var_sq[0] == 0 or exponent == -250
        for name in CURVES[2:]:
            assert np.array_equal(getattr(first, name), getattr(second, name))

    def test_equal_points_have_no_spread(self):
        moments = fc.distance_moments(np.full((5, 3), 0.1))
        for name in CURVES:
            assert getattr(moments, name).tolist() == [0, 0, 0]

    def test_constant_features_add_nothing(self):
        X = np.random.default_rng(3).normal(size=(20, 2))
        plain, padded = fc.distance_moments(X), fc.distance_moments(np.insert(X, [0, 1], [0.1, 7.0], axis=1))
        for name in CURVES:
            a, b = getattr(plain, name)
            assert getattr(padded, name).tolist() == pytest.approx([0, a, a, b], rel=1e-13)

    @pytest.mark.parametrize("n", [2, 3, *range(5, 41, 5)])
    def test_z_score_is_0_where_nothing_is_left_to_vary(self, n):
        # Three points have one triangle; whitened points all have one distance.
        X = np.random.default_rng(n).normal(size=(n, 40))
        X -= X.mean(axis=0)
        if n > 3:
            left, _, right = np.linalg.svd(X, full_matrices=False)
            X = left[:, :-1] @ right[:-1]
        moments = fc.distance_moments(X)
        assert moments.z_score[-1] == 0
        if n > 3:
            assert moments.effective_dimension[-1] == pytest.approx(n - 1, rel=1e-12)
            assert moments.cv[-1] < 1e-7

    def test_signs_of_the_z_score(self):
        rng = np.random.default_rng(5)
        sphere = rng.normal(size=(500, 20))
        sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
        assert fc.distance_moments(sphere).z_score[-1] < -10
        assert fc.distance_moments(rng.standard_t(5, (500, 20))).z_score[-1] > 5
        assert fc.distance_moments(sphere * rng.choice([1, 2], (500, 1))).z_score[-1] > 10

    def test_results_are_read_only(self):
        moments = fc.distance_moments(self.X)
        for name in CURVES:
            if name != "gaussian_cv":
                with pytest.raises(ValueError, match="read-only"):
                    getattr(moments, name)[0] = 1

    @pytest.mark.statistical
    def test_large_sample_limits(self):
        # The formulas for n → ∞, which the exact ones differ from by about 1/n.
        n = 20_000
        X = np.random.default_rng(6).gamma(2.0, size=(n, 6)) @ np.random.default_rng(7).normal(size=(6, 6))
        moments, centred = fc.distance_moments(X), X - X.mean(axis=0)
        S, norms = centred.T @ centred / n, (centred**2).sum(axis=1)
        S_sq = S @ S
        deviation = np.sqrt((16 * np.trace(S_sq @ S_sq) + 8 * np.trace(S_sq) ** 2) / n)
        assert moments.z_score[-1] == pytest.approx((norms.var() - 2 * np.trace(S_sq)) / deviation, rel=20 / n)
        variance, fourth = centred.var(axis=0), (centred**4).mean(axis=0)
        independent = np.sqrt((2 * (fourth + variance**2)).sum()) / (2 * variance.sum())
        assert moments.independent_cv[-1] == pytest.approx(independent, rel=20 / n)

    @pytest.mark.statistical
    def test_closed_forms(self):
        # cv over 4000 points: sd of a relative .012 or less over seeds; 5 sd: false alarm 1e-6 each of 6.
        for d in (2, 20, 200):
            uniform = np.random.default_rng(d).uniform(-1, 1, (4000, d))
            normal = np.random.default_rng(d).normal(size=(4000, d))
            for X, distribution in ((uniform, "uniform"), (normal, "normal")):
                expected = fc.theory.squared_distance_cv(d, distribution=distribution)
                assert fc.distance_moments(X).cv[-1] == pytest.approx(expected, rel=0.06)


class TestRange:
    def test_huge_values_are_a_clear_error(self):
        with pytest.raises(ValueError, match="X must have moments below"):
            fc.distance_moments([[0.0], [1e90], [3e90]])
        with pytest.raises(ValueError, match="X must have moments below"):
            fc.distance_moments([[-1e308], [1e308]])
        with pytest.raises(ValueError, match="X must have moments below"):  # the covariance exceeds float64 as well
            fc.distance_moments([[0.0], [1e160], [3e160]])

    def test_bad_input(self):
        with pytest.raises(ValueError, match="X must have at least 2 rows"):
            fc.distance_moments([[1.0]])
        with pytest.raises(ValueError, match="n_threads must be at least 1, got 0"):
            fc.distance_moments([[1.0], [2.0]], n_threads=0)

    def test_frame(self):
        pytest.importorskip("pandas")
        frame = fc.distance_moments([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]).to_frame()
        assert list(frame) == ["prefix", *CURVES]
        assert len(frame) == 2
