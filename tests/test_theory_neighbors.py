"""`fastcurse.theory.neighbors` against quadrature, exact laws and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.spatial.distance import cdist
from threadpoolctl import threadpool_limits

from fastcurse import theory


@pytest.fixture(autouse=True, scope="module")
def _one_blas_thread():
    with threadpool_limits(1):
        yield


def _nearest(X, k):
    """Distances (n, k) to, and rows of, the k nearest others of each point, nearest first."""
    squares = cdist(X, X, "sqeuclidean") if X.shape[1] < 50 else _by_products(X)
    np.fill_diagonal(squares, np.inf)
    rows = np.argpartition(squares, k - 1, axis=1)[:, :k]
    distances = np.sqrt(np.take_along_axis(squares, rows, axis=1))
    return np.sort(distances, axis=1), rows


def _by_products(X):
    norms = np.einsum("ij,ij->i", X, X)
    return norms[:, None] + norms - 2 * X @ X.T


class TestHubness:
    def test_numbers_of_the_notes(self):
        for distribution, numbers in (("normal", (23.6, 0.312)), ("uniform", (13.9, 0.107))):
            spread, antihubs = theory.hubness_limit(1000, 10, distribution=distribution)
            assert (round(float(spread), 1), round(float(antihubs), 3)) == numbers

    @pytest.mark.parametrize(("n", "k"), [(12, 1), (1000, 10), (50, 48), (10**6, 100)])
    @pytest.mark.parametrize(("distribution", "kurtosis"), [("normal", 3.0), ("uniform", 1.8)])
    def test_against_quadrature(self, n, k, distribution, kurtosis):
        def share(z):
            quantile = stats.norm.ppf(k / (n - 1))
            return stats.norm.cdf((np.sqrt(kurtosis + 3) * quantile - np.sqrt(kurtosis - 1) * z) / 2)

        def mean(of):
            return integrate.quad(lambda z: of(share(z)) * stats.norm.pdf(z), -12, 12, limit=500, points=[-5, 0, 5])[0]

        assert mean(lambda p: (n - 1) * p) == pytest.approx(k, rel=1e-9)
        variance = mean(lambda p: stats.binom.var(n - 1, p) + ((n - 1) * p) ** 2) - k**2
        spread, antihubs = theory.hubness_limit(n, k, distribution=distribution)
        assert spread == pytest.approx(np.sqrt(variance), rel=1e-8)
        assert antihubs == pytest.approx(mean(lambda p: stats.binom.pmf(0, n - 1, p)), rel=1e-7, abs=1e-12)

    @pytest.mark.statistical
    @pytest.mark.parametrize("distribution", ["normal", "uniform"])
    def test_simulation_in_high_dimension(self, distribution):
        """5 standard errors, from the spread of ten samples, and 3 % for d = 4000 instead of infinity."""
        rng, n, k, d = np.random.default_rng(0), 300, 6, 4000
        measured = []
        for _ in range(10):
            X = rng.standard_normal((n, d)) if distribution == "normal" else rng.uniform(-1, 1, (n, d))
            counts = np.bincount(_nearest(X, k)[1].ravel(), minlength=n)
            measured.append((counts.std(), np.mean(counts == 0)))
        mean, error = np.mean(measured, axis=0), np.std(measured, axis=0) / np.sqrt(10)
        expected = np.array(theory.hubness_limit(n, k, distribution=distribution))
        assert (np.abs(mean - expected) < 5 * error + 0.03 * expected).all()

    def test_all_others_are_neighbours(self):
        assert theory.hubness_limit(9, 8) == (0.0, 0.0)

    def test_bad_arguments_are_named(self):
        for n, k in ((10, 0), (10, 10), (2, 2), (10, np.nan)):
            with pytest.raises(ValueError, match=f"k must lie between 1 and n_samples - 1, got {k}"):
                theory.hubness_limit(n, k)
        with pytest.raises(ValueError, match="distribution must be one of"):
            theory.hubness_limit(10, 2, distribution="cauchy")


class TestLevinaBickel:
    @pytest.mark.parametrize("k", [4, 5, 10, 100])
    def test_the_estimate_is_an_inverse_gamma_number(self, k):
        # Σ log(T_k / T_j) is Gamma(k - 1) / m: T_j^m / T_k^m are k - 1 ordered uniform numbers.
        law = stats.invgamma(k - 1, scale=7.0 * (k - 2))
        assert law.mean() == pytest.approx(7.0, rel=1e-12)
        assert theory.levina_bickel_relative_error(1, k) == pytest.approx(law.std() / 7.0, rel=1e-12)
        assert theory.levina_bickel_relative_error(100, k) == pytest.approx(law.std() / 70.0, rel=1e-12)

    @pytest.mark.statistical
    def test_simulation_on_a_torus(self):
        """Mean and spread of 200 estimates of m = 2 at 5 standard errors: false alarm 6e-7 each."""
        rng, n, n_queries, k, repeats = np.random.default_rng(0), 4000, 20, 12, 200
        estimates = []
        for _ in range(repeats):
            offsets = np.abs(rng.uniform(size=(n_queries, 1, 2)) - rng.uniform(size=(n, 2)))
            squares = np.square(np.minimum(offsets, 1 - offsets)).sum(axis=2)
            T = np.sqrt(np.sort(np.partition(squares, k, axis=1)[:, :k], axis=1))
            estimates.append(((k - 2) / np.log(T[:, -1:] / T[:, :-1]).sum(axis=1)).mean())
        spread = 2 * theory.levina_bickel_relative_error(n_queries, k)
        assert abs(np.mean(estimates) - 2) < 5 * spread / np.sqrt(repeats)
        # The mean of 20 inverse gamma numbers has an excess kurtosis below 1: its spread errs by .87 / sqrt(repeats).
        assert abs(np.std(estimates) / spread - 1) < 5 * 0.87 / np.sqrt(repeats)

    def test_bad_arguments_are_named(self):
        with pytest.raises(ValueError, match="k must be at least 4, got 3"):
            theory.levina_bickel_relative_error(10, [5, 3])


class TestTwoNN:
    @pytest.mark.parametrize(("n", "confidence"), [(2, 0.5), (30, 0.95), (2048, 0.999)])
    def test_the_interval_is_that_of_a_chi_squared_number(self, n, confidence):
        # 2 m Σ log(r₂/r₁) at its two quantiles puts the true m = 3 at the two ends.
        few, many = stats.chi2.ppf([(1 - confidence) / 2, (1 + confidence) / 2], 2 * n) / (2 * 3.0)
        low, _ = theory.two_nn_interval((n - 1) / few, n, confidence=confidence)
        _, high = theory.two_nn_interval((n - 1) / many, n, confidence=confidence)
        assert (low, high) == (pytest.approx(3.0, rel=1e-10), pytest.approx(3.0, rel=1e-10))

    def test_the_estimate_is_unbiased_with_the_stated_error(self):
        law = stats.invgamma(30, scale=3.0 * 29)  # (N - 1) / Σ, where Σ is Gamma(N) / m
        assert law.mean() == pytest.approx(3.0, rel=1e-12)
        assert law.std() / 3.0 == pytest.approx(1 / np.sqrt(28), rel=1e-12)

    @pytest.mark.statistical
    def test_coverage_on_a_torus(self):
        """400 intervals at 80 %: 5 standard errors of the count, false alarm 6e-7."""
        rng, n, n_queries, repeats = np.random.default_rng(1), 2000, 20, 400
        covered = 0
        for _ in range(repeats):
            offsets = np.abs(rng.uniform(size=(n_queries, 1, 2)) - rng.uniform(size=(n, 2)))
            nearest = np.partition(np.square(np.minimum(offsets, 1 - offsets)).sum(axis=2), 1, axis=1)[:, :2]
            estimate = (n_queries - 1) / (np.log(nearest[:, 1] / nearest[:, 0]) / 2).sum()
            low, high = theory.two_nn_interval(estimate, n_queries, confidence=0.8)
            covered += low < 2 < high
        assert abs(covered / repeats - 0.8) < 5 * np.sqrt(0.8 * 0.2 / repeats)

    def test_bad_arguments_are_named(self):
        with pytest.raises(ValueError, match="n_queries must be at least 2, got 1"):
            theory.two_nn_interval(3.0, 1)
        for confidence in (0.0, 1.0, np.nan):
            with pytest.raises(ValueError, match=f"confidence must lie strictly between 0 and 1, got {confidence:g}"):
                theory.two_nn_interval(3.0, 10, confidence=confidence)


class TestApparentDimension:
    @pytest.mark.statistical
    @pytest.mark.parametrize(("n", "d", "repeats"), [(1000, 100, 4), (300, 30, 16), (1000, 10, 8), (100, 3, 40)])
    def test_simulation(self, n, d, repeats):
        """Within 2 % and 5 standard errors, from the samples themselves."""
        rng, k, readings = np.random.default_rng(d), 10, []
        for _ in range(repeats):
            T, _ = _nearest(rng.standard_normal((n, d)), k)
            logs = np.log(T[:, -1:] / T[:, :-1]).sum(axis=1)
            readings.append((1 / np.log(T[:, 1] / T[:, 0]).mean(), (k - 1) / logs.mean(), ((k - 2) / logs).mean()))
        two_nn, pooled, mean = np.mean(readings, axis=0)
        error = 5 * np.std(readings, axis=0) / np.sqrt(repeats)
        expected = theory.apparent_dimension(n, d, k=k)
        assert abs(two_nn - theory.apparent_dimension(n, d)) < 0.005 * two_nn + error[0]
        assert abs(pooled - expected) < 0.005 * pooled + error[1]
        assert abs(mean - expected) < 0.02 * mean + error[2]

    def test_number_of_the_notes(self):
        assert theory.apparent_dimension(1000, 100) == pytest.approx(50, rel=0.05)

    def test_against_order_statistics_around_one_query(self, monkeypatch):
        """E log(T_k / T_j) from the beta laws of F(T), by quadrature over each: no sum over counts."""
        monkeypatch.setattr("fastcurse.theory.neighbors._RADII", 2)
        monkeypatch.setattr("fastcurse.theory.neighbors._STEPS", 2000)
        n, d, k = 40, 2.5, 5
        radius_sq = stats.chi2.ppf([0.25, 0.75], d)
        logs = []
        for j in range(1, k + 1):
            order = stats.beta(j, n - j)  # of n - 1 distances
            shares = order.ppf((np.arange(20_000) + 0.5) / 20_000)[:, None]
            logs.append(np.log(stats.ncx2.ppf(shares, d, radius_sq)).mean() / 2)
        expected = (k - 1) / sum(logs[-1] - log for log in logs[:-1])
        assert theory.apparent_dimension(n, d, k=k) == pytest.approx(expected, rel=1e-4)  # at one radius 5 % off

    def test_few_dimensions_read_true_and_many_saturate(self):
        assert theory.apparent_dimension(10**5, [0.5, 1, 2, 3]) == pytest.approx([0.5, 1, 2, 3], rel=5e-3)
        readings = theory.apparent_dimension(1000, [10, 30, 100, 300, 1000, 3000])
        assert (np.diff(readings) > 0).all()
        assert (np.diff(readings / [10, 30, 100, 300, 1000, 3000]) < 0).all()
        assert (np.diff(theory.apparent_dimension([30, 300, 10**4, 10**7], 100)) > 0).all()
        assert theory.apparent_dimension(1000, 100, k=20) < theory.apparent_dimension(1000, 100, k=10)

    def test_quadrature(self, monkeypatch):
        cases = [(1000, 2, 2), (1000, 30, 2), (12, 5, 10), (10**6, 1000, 10)]
        coarse = [theory.apparent_dimension(n, d, k=k) for n, d, k in cases]
        monkeypatch.setattr("fastcurse.theory.neighbors._RADII", 64)
        monkeypatch.setattr("fastcurse.theory.neighbors._STEPS", 1000)
        fine = [theory.apparent_dimension(n, d, k=k) for n, d, k in cases]
        assert coarse == pytest.approx(fine, rel=2.5e-3)

    def test_bad_arguments_are_named(self):
        with pytest.raises(ValueError, match="k must be at least 2, got 1"):
            theory.apparent_dimension(100, 3, k=1)
        with pytest.raises(ValueError, match="n_samples must be above 5, got 5"):
            theory.apparent_dimension(5, 3, k=5)
        with pytest.raises(ValueError, match="d must be above 0, got 0"):
            theory.apparent_dimension(100, [3, 0])
