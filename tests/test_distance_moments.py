"""distance_moments: against all pairs, exact rational arithmetic and closed forms."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import point_clouds

import fastcurse as fc
from fastcurse.engine import tiles
from fastcurse.reference import distances as reference


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

    @given(point_clouds(), st.integers(1, 12))
    def test_prefix_of_the_input_gives_prefix_of_the_output(self, X, p):
        p = min(p, X.shape[1])
        if not (1e-60 < np.abs(X.astype(float) - X[0].astype(float)).max() < 1e60):
            return
        whole, part = fc.distance_moments(X), fc.distance_moments(X[:, :p])
        assert np.allclose(whole.mean_sq[:p], part.mean_sq, rtol=1e-12, atol=0)


class TestLaws:
    @pytest.mark.parametrize("scales", [[1e-10, 1e75], [1e-20, 1e65], [1e-100, 1e60, 1e-30], [0.0, 1e-70, 1e70]])
    def test_small_features_before_huge_ones(self, scales):
        X = np.random.default_rng(0).normal(size=(50, len(scales))) * scales
        whole = fc.distance_moments(X)
        for p in range(1, len(scales) + 1):
            part = fc.distance_moments(X[:, :p])
            assert whole.mean_sq[p - 1] == pytest.approx(part.mean_sq[-1], rel=1e-12)
            assert whole.cv[p - 1] == pytest.approx(part.cv[-1], rel=1e-10)
        assert whole.cv[-1] > 0.5

    X = np.random.default_rng(1).normal(size=(500, 30))

    @pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
    @pytest.mark.parametrize("values", [30 * 7, 30 * 100, 2**19])
    def test_threads_change_no_bit(self, n_threads, values, monkeypatch):
        monkeypatch.setattr(tiles, "_VALUES_A_BLOCK", values)
        first, second = fc.distance_moments(self.X, n_threads=1), fc.distance_moments(self.X, n_threads=n_threads)
        assert np.array_equal(first.mean_sq, second.mean_sq)
        assert np.array_equal(first.var_sq, second.var_sq)

    def test_shift_by_1e8_loses_no_more_than_the_shift_itself(self):
        X = self.X.round(6)
        first, second = fc.distance_moments(X), fc.distance_moments(X + 2.0**26)
        # Adding 2^26 rounds each value to 2^-27: a relative 1e-8 of the distances.
        assert np.allclose(first.cv, second.cv, rtol=1e-7, atol=0)

    def test_scaling_by_a_power_of_two_is_exact(self):
        first, second = fc.distance_moments(self.X), fc.distance_moments(self.X * 2.0**40)
        assert np.array_equal(first.mean_sq * 2.0**80, second.mean_sq)
        assert np.array_equal(first.var_sq * 2.0**160, second.var_sq)

    def test_equal_points_have_no_spread(self):
        moments = fc.distance_moments(np.full((5, 3), 0.1))
        assert moments.mean_sq.tolist() == moments.var_sq.tolist() == moments.cv.tolist() == [0, 0, 0]

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

    def test_bad_input(self):
        with pytest.raises(ValueError, match="X must have at least 2 rows"):
            fc.distance_moments([[1.0]])
        with pytest.raises(ValueError, match="n_threads must be at least 1, got 0"):
            fc.distance_moments([[1.0], [2.0]], n_threads=0)

    def test_frame(self):
        pytest.importorskip("pandas")
        frame = fc.distance_moments([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]]).to_frame()
        assert list(frame) == ["prefix", "mean_sq", "var_sq", "cv"]
        assert len(frame) == 2
