"""`fastcurse.theory.remedies` against simulation, random matrices, and the other closed forms at their borders."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

import fastcurse as fc
from fastcurse import theory


class TestNearestMean:
    @pytest.mark.statistical
    @pytest.mark.parametrize(("covariance", "rho"), [("identity", 0.5), ("ar1", 0.5), ("ar1", -0.5), ("factor", 0.3)])
    def test_against_fitted_rules(self, covariance, rho):
        """5 standard errors of 60 draws and .2/N, at three prefixes: false alarm 2e-5 a case for normal means."""
        p, n = [10, 60, 300], 200
        kind = {"covariance": covariance, "correlation": rho}
        draws = np.array([fc.nearest_mean_path(n, 300, prefixes=p, random_state=s, **kind) for s in range(60)])
        tolerance = 5 * draws.std(axis=0, ddof=1) / np.sqrt(60) + 0.2 / n
        assert (np.abs(theory.nearest_mean_accuracy(p, n, **kind) - draws.mean(axis=0)) < tolerance).all()

    def test_borders(self):
        p = np.array([1, 5, 700])
        known = theory.known_covariance_accuracy(p, 500)
        for covariance in ("identity", "ar1", "factor"):
            ours = theory.nearest_mean_accuracy(p, 500, covariance=covariance, correlation=0.0)
            np.testing.assert_allclose(ours, known, rtol=1e-13)
        for covariance in ("identity", "ar1", "factor"):
            for size in (1, 40):
                mean = 1 / np.sqrt(np.arange(1, size + 1))
                exact = theory.rule_accuracy(mean, 0.0, covariance=covariance)
                ours = theory.nearest_mean_accuracy(size, np.inf, covariance=covariance)
                assert ours == pytest.approx(exact, rel=1e-12)
        assert theory.nearest_mean_accuracy([[3], [4]], [10, 20], covariance="factor").shape == (2, 2)
        with pytest.raises(ValueError, match="covariance must be one of"):
            theory.nearest_mean_accuracy(3, 10, covariance="none")

    @pytest.mark.parametrize("p", [1, 3, 30])
    def test_trace_of_the_squared_covariance(self, p):
        rho, n = 0.6, 40.0
        sigma = rho ** np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
        mean = 1 / np.sqrt(np.arange(1, p + 1))
        variance = (1 + 1 / n) * mean @ sigma @ mean + np.trace(sigma @ sigma) / n
        expected = special.ndtr(mean @ mean / np.sqrt(variance))
        ours = theory.nearest_mean_accuracy(p, n, covariance="ar1", correlation=rho)
        assert ours == pytest.approx(expected, rel=1e-12)


class TestPriorMean:
    def test_is_the_sum(self):
        for p, n in ((1, 3), (40, 10), (200, 500)):
            i = np.arange(1, p + 1)
            expected = special.ndtr(np.sqrt(np.sum(n / (i * (n + i)))))
            assert theory.prior_mean_accuracy(p, n) == pytest.approx(expected, rel=1e-12)

    @pytest.mark.statistical
    def test_against_fitted_rules_and_never_peaks(self):
        """5 standard errors of 60 draws and .2/N: false alarm 6e-7 for normal means."""
        n, p = 200, 300
        accuracies = []
        for seed in range(60):
            X, y = fc.make_trunk(n, p, random_state=seed)
            positive, negative = X[y == 0].mean(axis=0), X[y == 1].mean(axis=0)
            w = (positive - negative) * n / (n + np.arange(1, p + 1))
            accuracies.append(theory.rule_accuracy(w, -w @ (positive + negative) / 2))
        tolerance = 5 * np.std(accuracies, ddof=1) / np.sqrt(60) + 0.2 / n
        assert abs(theory.prior_mean_accuracy(p, n) - np.mean(accuracies)) < tolerance
        path = theory.prior_mean_accuracy(np.arange(1, 5000), n)
        assert (np.diff(path) > 0).all()
        assert path[-1] < theory.bayes_accuracy(n)


class TestRidge:
    @pytest.mark.parametrize(("p", "n", "ridge"), [(300, 602, 0.5), (300, 302, 1.0), (600, 302, 0.1), (900, 302, 3.0)])
    def test_moments_of_a_random_matrix(self, p, n, ridge):
        """m²/m' of one Wishart matrix of hundreds of features is within 2 % of its limit."""
        rows = np.random.default_rng(0).standard_normal((n - 2, p))
        values = 1 / (np.linalg.eigvalsh(rows.T @ rows / (n - 2)) + ridge)
        s, g = theory.separation(p), p / n
        expected = s * values.mean() / np.sqrt((s + g) * np.mean(values**2))
        assert special.ndtri(theory.ridge_accuracy(p, n, ridge)) == pytest.approx(expected, rel=0.02)

    def test_borders(self):
        p = np.array([5.0, 100.0, 300.0, 450.0])
        small = theory.ridge_accuracy(p, 500, 1e-9)
        np.testing.assert_allclose(small, 1 - theory.lda_error(4 * theory.separation(p), p, 250, 250), rtol=1e-6)
        wide = np.array([600.0, 990.0, 3000.0])
        s = theory.separation(wide)
        expected = special.ndtr(s / np.sqrt(s + wide / 500) * np.sqrt(1 - 498 / wide))
        np.testing.assert_allclose(theory.ridge_accuracy(wide, 500, 1e-9), expected, rtol=1e-6)
        s = theory.separation(p)
        np.testing.assert_allclose(
            theory.ridge_accuracy(p, 500, 1e9), special.ndtr(s / np.sqrt(s + p / 500)), rtol=1e-8
        )
        assert theory.ridge_accuracy(498, 500, 1.0) == pytest.approx(0.98775, abs=5e-5)  # γ = 1, λ = 1: m = .618


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: theory.nearest_mean_accuracy(-3, 500), "p must be whole and at least 1, got -3"),
        (lambda: theory.nearest_mean_accuracy(2.7, 500), "p must be whole and at least 1, got 2.7"),
        (lambda: theory.prior_mean_accuracy(10, np.inf), "n_samples must be finite, got inf"),
        (lambda: theory.adversarial_accuracy(10, -1), "epsilon must be at least 0, got -1"),
        (lambda: theory.soft_threshold_accuracy(10, -0.5), "epsilon must be at least 0, got -0.5"),
        (lambda: theory.random_direction_ratio(-3), "d must be at least 1, got -3"),
    ],
)
def test_arguments_out_of_their_domain(compute, message):
    with pytest.raises(ValueError, match=message):
        compute()
