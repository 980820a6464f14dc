"""`fastcurse.theory.robustness` against quadrature, simulation and a search over rules."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from fastcurse import theory


def means(p):
    return 1 / np.sqrt(np.arange(1, p + 1))


class TestRandomDirectionRatio:
    @pytest.mark.parametrize("d", [2, 3, 4, 10, 100, 1000])
    @pytest.mark.parametrize("q", [0.05, 0.5, 0.9])
    def test_against_quadrature_of_the_angle(self, d, q):
        """The angle between two random lines has a density in proportion to sin^(d-2)."""
        angle = np.arccos(1 / theory.random_direction_ratio(d, q))
        density, points = (lambda t: np.sin(t) ** (d - 2)), [max(np.pi / 2 - 8 / np.sqrt(d), 0)]
        below = integrate.quad(density, 0, angle, points=[x for x in points if x < angle], epsabs=0, epsrel=1e-11)[0]
        whole = integrate.quad(density, 0, np.pi / 2, points=points, epsabs=0, epsrel=1e-11)[0]
        assert below / whole == pytest.approx(q, rel=1e-9)

    @pytest.mark.statistical
    @pytest.mark.parametrize("d", [1, 2, 5, 60])
    def test_against_random_lines(self, d):
        """Counts below three quantiles of 20 000 lines at 5 binomial standard deviations: false alarm 2e-6 a case."""
        lines = np.random.default_rng(d).normal(size=(20_000, d))
        ratio = np.linalg.norm(lines, axis=1) / np.abs(lines[:, 0])
        for q in (0.1, 0.5, 0.99):
            below = np.mean(ratio <= theory.random_direction_ratio(d, q) * (1 + 1e-12))
            assert abs(below - q) < 5 * math.sqrt(q * (1 - q) / 20_000) or (d == 1 and below == 1)

    def test_special_cases_and_limit(self):
        assert theory.random_direction_ratio(1) == 1
        assert theory.random_direction_ratio(2) == pytest.approx(math.sqrt(2), rel=1e-14)  # 45 degrees
        assert theory.random_direction_ratio(3) == pytest.approx(2, rel=1e-14)  # |cos| is uniform
        assert np.array_equal(theory.random_direction_ratio([2, 50], 0), [1, 1])
        assert theory.random_direction_ratio(2, 1) == np.inf
        d = 10.0 ** np.arange(2, 7)
        limit = np.sqrt(d) / special.ndtri(0.75)
        assert math.isclose(1 / special.ndtri(0.75), 1.4826, abs_tol=5e-5)
        np.testing.assert_allclose(limit - theory.random_direction_ratio(d), 0.943 / np.sqrt(d), rtol=3e-3)
        assert theory.random_direction_ratio([[2], [3]], [0.1, 0.5]).shape == (2, 2)


class TestAdversary:
    def test_numbers_of_the_notes(self):
        ours = theory.adversarial_accuracy([10, 100, 1000, 10_000], 0.1)
        assert [round(float(value), 3) for value in ours[:3]] == [0.922, 0.928, 0.683]
        assert round(float(ours[3]), 4) == 0.0006
        assert round(float(theory.soft_threshold_accuracy(10_000, 0.1)), 3) == 0.942

    @pytest.mark.statistical
    @pytest.mark.parametrize("p", [3, 50])
    def test_against_attacked_rows(self, p):
        """40 000 rows, each moved by its worst change; 5 binomial standard deviations: false alarm 6e-7 a case."""
        mu = means(p)
        x = mu + np.random.default_rng(p).normal(size=(40_000, p))
        for w, formula in (
            (mu, theory.adversarial_accuracy),
            (np.maximum(mu - 0.3, 0), theory.soft_threshold_accuracy),
        ):
            q = formula(p, 0.3)
            right = np.mean((x - 0.3 * np.sign(w)) @ w > 0)
            assert abs(right - q) < 5 * math.sqrt(q * (1 - q) / 40_000)

    @pytest.mark.parametrize("p", [2, 5, 9, 40])
    def test_soft_threshold_is_the_best_linear_rule(self, p):
        """A local maximum of a quasiconcave function is the global one."""
        mu, epsilon = means(p), 0.4

        def score(w):
            return (w @ mu - epsilon * np.abs(w).sum(axis=-1)) / np.linalg.norm(w, axis=-1)

        best = np.maximum(mu - epsilon, 0)
        assert score(best) == pytest.approx(special.ndtri(theory.soft_threshold_accuracy(p, epsilon)), rel=1e-12)
        steps = np.random.default_rng(p).normal(size=(3000, p))
        for size in (1e-3, 0.1, 1.0):
            assert (score(best + size * steps) < score(best)).all()
            assert (score(best + size * steps * (best > 0)) <= score(best) * (1 + 1e-15)).all()

    def test_one_feature_and_no_adversary(self):
        p = np.arange(1, 300)
        for formula in (theory.adversarial_accuracy, theory.soft_threshold_accuracy):
            np.testing.assert_allclose(formula(p, 0.0), theory.bayes_accuracy(p), rtol=1e-14)
            assert formula(1, 0.25) == pytest.approx(stats.norm.cdf(0.75), rel=1e-15)
            assert formula([[1], [2]], [0.1, 0.2, 0.3]).shape == (2, 3)

    def test_one_peaks_and_the_other_never_falls(self):
        p = np.arange(1, 3001)
        naive, cured = theory.adversarial_accuracy(p, 0.1), theory.soft_threshold_accuracy(p, 0.1)
        assert naive.argmax() + 1 == 39
        assert (np.diff(naive[:39]) > 0).all()
        assert (np.diff(naive[39:]) < 0).all()
        assert (np.diff(cured[:99]) > 0).all()
        assert (cured[99:] == cured[99]).all()
        assert (cured >= naive - 1e-15).all()
        assert theory.soft_threshold_accuracy(500, 1.0) == 0.5

    @pytest.mark.parametrize("formula", [theory.adversarial_accuracy, theory.soft_threshold_accuracy])
    @pytest.mark.parametrize("p", [0, 2.5, np.nan, np.inf])
    def test_p_is_whole(self, formula, p):
        with pytest.raises(ValueError, match="p must be whole and at least 1, got"):
            formula([3, p], 0.1)
