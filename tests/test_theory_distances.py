"""`fastcurse.theory.distances` against enumeration, quadrature, inversion and simulation."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest
from scipy import integrate, special, stats
from scipy.spatial.distance import pdist

from fastcurse import theory
from fastcurse.theory._uniform_pairs import _saddle

UNIFORM_VARIANCE, UNIFORM_FOURTH = 1 / 3, 1 / 5


def _tail(n_samples):
    return -np.expm1(-np.log(2) / (n_samples * (n_samples - 1) / 2))


def test_moments_of_coin_features_are_those_of_a_binomial():
    # Features ±1: D² is four times a Binomial(d, 1/2), σ² = μ₄ = 1.
    d = np.array([1, 2, 17])
    assert np.array_equal(theory.squared_distance_mean(d, 1), 4 * stats.binom.mean(d, 0.5))
    assert np.array_equal(theory.squared_distance_variance(d, 1, 1), 16 * stats.binom.var(d, 0.5))


def test_moments_of_normal_and_uniform_features():
    d, variance = 7, 2.5  # D² / (2 σ²) is χ²_d
    chi_sq = stats.chi2(d)
    assert theory.squared_distance_mean(d, variance) == pytest.approx(2 * variance * chi_sq.mean(), rel=1e-14)
    assert theory.squared_distance_variance(d, variance, 3 * variance**2) == pytest.approx(
        (2 * variance) ** 2 * chi_sq.var(), rel=1e-14
    )
    # The difference of two uniform features has the density 1 - t/2 on [0, 2]; quad errs below 1e-14.
    mean, fourth = (integrate.quad(lambda t, k=k: t**k * (1 - t / 2), 0, 2, epsabs=1e-14)[0] for k in (2, 4))
    assert theory.squared_distance_mean(1, UNIFORM_VARIANCE) == pytest.approx(mean, rel=1e-13)
    assert theory.squared_distance_variance(1, UNIFORM_VARIANCE, UNIFORM_FOURTH) == pytest.approx(
        fourth - mean**2, rel=1e-13
    )


def test_cv_is_standard_deviation_over_mean():
    for name, variance, fourth in [("uniform", UNIFORM_VARIANCE, UNIFORM_FOURTH), ("normal", 1, 3)]:
        spread = np.sqrt(theory.squared_distance_variance(50, variance, fourth))
        expected = spread / theory.squared_distance_mean(50, variance)
        assert theory.squared_distance_cv(50, distribution=name) == pytest.approx(expected, rel=1e-14)
    assert round(float(theory.squared_distance_cv(1)), 5) == 1.18322


def test_effective_dimension_is_two_over_the_squared_cv():
    rng = np.random.default_rng(0)
    spectrum = rng.exponential(size=(4, 30))
    # D² = 2 Σ λ_i z_i²: mean 2 Σ λ, variance 8 Σ λ².
    cv_sq = 8 * np.sum(spectrum**2, axis=1) / (2 * np.sum(spectrum, axis=1)) ** 2
    np.testing.assert_allclose(theory.effective_dimension(spectrum), 2 / cv_sq, rtol=1e-14)
    assert theory.effective_dimension(np.ones(9)) == 9.0
    assert theory.effective_dimension([5.0, 0.0]) == 1.0
    for scale in (1e-300, 1e300):
        assert theory.effective_dimension(np.full(9, scale)) == pytest.approx(9.0, rel=1e-14)
    with pytest.raises(ValueError, match="positive"):
        theory.effective_dimension([[1.0, 2.0], [0.0, 0.0]])


@pytest.mark.statistical
def test_effective_dimension_of_a_sample():
    """The docstring's 1 / (1/d + 1/n), at its accuracy of O(1/n): 2 %; the sampling error is .2 %."""
    rng, n, d = np.random.default_rng(0), 400, 200
    eigenvalues = np.linalg.eigvalsh(np.cov(rng.standard_normal((n, d)), rowvar=False))
    assert theory.effective_dimension(eigenvalues) == pytest.approx(1 / (1 / d + 1 / n), rel=0.02)


@pytest.mark.parametrize("d", [1, 2, 5, 50, 1000])
def test_normal_extremes_have_the_right_tail(d):
    for n in [2, 400, 10**6]:
        near = theory.extreme_distance_median(n, d, distribution="normal", side="nearest")
        far = theory.extreme_distance_median(n, d, distribution="normal", side="farthest")
        # The inverse is good to 1e-14 of the distance, which moves the log tail by d times that.
        assert stats.chi2.logcdf(near**2 / 2, d) == pytest.approx(np.log(_tail(n)), abs=1e-10)
        assert stats.chi2.logsf(far**2 / 2, d) == pytest.approx(np.log(_tail(n)), abs=1e-10)


def test_uniform_extremes_in_one_dimension():
    n = np.array([2, 3, 10, 400, 10**6])
    tail = _tail(n)
    near = theory.extreme_distance_median(n, 1, side="nearest")
    far = theory.extreme_distance_median(n, 1, side="farthest")
    # P(D <= t) = t - t²/4. Bisection ends at 1e-16 of log t; near t = 2 the law is flat, so 1 - t/2 keeps half
    # of the digits.
    np.testing.assert_allclose(near, 2 * tail / (1 + np.sqrt(1 - tail)), rtol=1e-13)
    np.testing.assert_allclose(far, 2 - 2 * np.sqrt(tail), rtol=1e-9)
    # The smallest gap is known exactly: P(gap > t) = (1 - (n-1) t/2)^n; the pairs' dependence is O(1/n).
    np.testing.assert_allclose(near[2:], 2 * (1 - 0.5 ** (1 / n[2:])) / (n[2:] - 1), rtol=2 / 10)
    assert near[4] == pytest.approx(2 * (1 - 0.5 ** (1 / 10**6)) / (10**6 - 1), rel=2e-6)


def _uniform_cdf(t, d):
    """P(D <= t) for t <= 2 by adding one coordinate at a time, with Gauss-Legendre nodes."""
    if d == 1:
        return t - t**2 / 4
    nodes, weights = np.polynomial.legendre.leggauss(60)
    # z = t sin(angle) takes the root's singularity away.
    angle = (nodes + 1) * np.pi / 4
    z, rest = t[..., np.newaxis] * np.sin(angle), t[..., np.newaxis] * np.cos(angle)
    return np.sum(_uniform_cdf(rest, d - 1) * (1 - z / 2) * rest * weights, axis=-1) * np.pi / 4


@pytest.mark.parametrize("d", [2, 3, 4])
def test_uniform_nearest_is_exact_up_to_a_distance_of_two(d):
    n = np.array([2, 10, 10**3, 10**6])
    near = theory.extreme_distance_median(n, d)
    assert near.max() < 2
    # The integrand is a polynomial in sin and cos: 60 nodes leave 1e-14; alternating sums below 10.
    np.testing.assert_allclose(_uniform_cdf(near, d), _tail(n), rtol=1e-12)


def _inverted_cdf(x, d):
    """P(D² <= x) by Gil-Pelaez inversion; |φ| is below .886 / √ω, so the part left out is below 1e-14."""
    nodes, weights = np.polynomial.legendre.leggauss(16)
    step = (3 + 0.785 * 10 ** (28 / d)) / 1000
    omega = ((np.arange(1000)[:, np.newaxis] + (nodes + 1) / 2) * step).ravel()
    root = np.sqrt(-1j * omega)
    phi = np.sqrt(np.pi) * special.erf(2 * root) / (2 * root) - np.expm1(4j * omega) / (4j * omega)
    integrand = np.imag(np.exp(-1j * omega * x[:, np.newaxis]) * phi**d) / omega
    return 0.5 - integrand @ np.tile(weights * step / 2, 1000) / np.pi


@pytest.mark.parametrize(
    ("d", "accuracy"), [(10, 1e-3), (13, 1.2e-3), (20, 4e-4), (50, 1e-4), (300, 1e-5), (1000, 1e-6)]
)
def test_uniform_saddle_point_has_the_documented_accuracy(d, accuracy):
    # The inversion errs by d times 1e-14, rounding of φ; the smallest step tested, 3e-9, is at n = 300, d = 1000.
    n = np.array([2, 3, 10, 100, 300])
    for side, sign in [("nearest", 1), ("farthest", -1)]:
        t = theory.extreme_distance_median(n, d, side=side)
        # The exact quantile lies between t (1 - accuracy) and t (1 + accuracy), where accuracy is the largest
        # error seen for a tail down to 1e-8, rounded up.
        low, high = (_inverted_cdf((t * factor) ** 2, d) for factor in (1 - accuracy, 1 + accuracy))
        quantile = _tail(n) if sign == 1 else 1 - _tail(n)
        assert np.all(low < quantile)
        assert np.all(quantile < high)


def test_saddle_point_matches_the_closed_form():
    s = np.array([-1e12, -300.0, -20.0, -1.0, -1e-3, 1e-3, 1.0, 20.0, 1e6])
    w, u, x = _saddle(s)
    with mp.workdps(60):

        def cumulant(s):
            root = mp.sqrt(-s)
            return mp.log(mp.re(mp.sqrt(mp.pi) * mp.erf(2 * root) / (2 * root) - mp.expm1(4 * s) / (4 * s)))

        k, k1, k2 = (np.array([mp.diff(cumulant, mp.mpf(v), order, relative=True) for v in s]) for order in range(3))
        exponent = [float(mp.sqrt(2 * (mp.mpf(v) * b - a))) for v, a, b in zip(s, k, k1, strict=True)]
    # Nodes: 1e-14. log(total) keeps 2e-16 of w² / 2, which is 3e-7 at s = 1e-3: 4e-10 of w.
    np.testing.assert_allclose(x, k1.astype(float), rtol=1e-13)
    np.testing.assert_allclose(u, s * np.sqrt(k2.astype(float)), rtol=1e-12)
    np.testing.assert_allclose(w, np.sign(s) * exponent, rtol=1e-9)


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
def test_extremes_are_monotone_and_meet_at_two_points(distribution):
    n = np.array([2, 3, 10, 100, 10**4, 10**6])[:, np.newaxis]
    d = np.unique(np.geomspace(1, 1000, 60).astype(int))
    near = theory.extreme_distance_median(n, d, distribution=distribution, side="nearest")
    far = theory.extreme_distance_median(n, d, distribution=distribution, side="farthest")
    assert np.isfinite(far).all()
    assert (near > 0).all()
    for array, sign in [(near, -1), (far, 1)]:
        assert (sign * np.diff(array, axis=0) > 0).all()
        assert (np.diff(array, axis=1) > 0).all()
    np.testing.assert_allclose(near[0], far[0], rtol=1e-12)  # one pair is both; the two tails are 1/2 each
    if distribution == "uniform":
        assert (far < 2 * np.sqrt(d)).all()


def test_uniform_extremes_give_the_articles_corrected_contrast():
    d = [10, 30, 50, 100, 150, 200, 250, 300, 350, 400, 450, 490]
    mean = [0.9949, 0.9231, 0.8529, 0.7299, 0.6543, 0.6, 0.5541, 0.5217, 0.4922, 0.4729, 0.4513, 0.4344]
    spread = [0.0013, 0.0062, 0.0072, 0.0114, 0.0106, 0.0129]
    spread += [0.0128, 0.0113, 0.0089, 0.012, 0.0101, 0.0082]
    near, far = (theory.extreme_distance_median(5000, d, side=side) for side in ("nearest", "farthest"))
    # Means over 40 seeds: 4 standard errors, and .001 between the mean and the median of a skew law.
    assert np.all(np.abs(1 - (near / far) ** 2 - mean) < 4 * np.array(spread) / math.sqrt(40) + 0.001)


@pytest.mark.statistical
@pytest.mark.parametrize(("d", "repeats"), [(10, 800), (50, 400), (200, 150)])
def test_uniform_extremes_agree_with_simulation(d, repeats):
    """Sign tests at 5 standard errors: false alarm 6e-7 each (over seeds)."""
    rng, n = np.random.default_rng(0), 400
    pairs = [pdist(rng.uniform(-1, 1, (n, d))) for _ in range(repeats)]
    near, far = np.array([(part.min(), part.max()) for part in pairs]).T
    bound = 5 * math.sqrt(repeats) / 2
    assert abs(np.sum(near < theory.extreme_distance_median(n, d)) - repeats / 2) < bound
    # Far pairs share their outliers: the form may read up to .6 % high, never low.
    form = theory.extreme_distance_median(n, d, side="farthest")
    assert np.sum(far < form) > repeats / 2 - bound
    assert np.sum(far < form * (1 - 0.006)) < repeats / 2 + bound


def test_words_and_counts_are_checked():
    with pytest.raises(ValueError, match="distribution must be one of 'uniform', 'normal', got 'cauchy'"):
        theory.extreme_distance_median(10, 2, distribution="cauchy")
    with pytest.raises(ValueError, match="side must be one of 'nearest', 'farthest', got 'middle'"):
        theory.extreme_distance_median(10, 2, side="middle")
    with pytest.raises(ValueError, match="n_samples must be at least 2, got 1"):
        theory.extreme_distance_median([10, 1], 2)
    with pytest.raises(ValueError, match="distribution must be one of"):
        theory.squared_distance_cv(3, distribution="Uniform")


def test_contrast_limit_is_the_spread_of_the_powers():
    # François: √d RV → σ(U^k) / (k E U^k); two normal numbers differ by 2/√π on average. quad errs by 1e-13.
    for k in [0.5, 1, 2, 3]:
        mean, second = (integrate.quad(lambda u, e=e: u**e, 0, 1, epsabs=1e-14)[0] for e in (k, 2 * k))
        expected = 2 / math.sqrt(math.pi) * math.sqrt(second - mean**2) / (k * mean)
        assert theory.contrast_limit(k) == pytest.approx(expected, rel=1e-10)


@pytest.mark.statistical
@pytest.mark.parametrize("k", [1, 2, 3])
def test_contrast_limit_agrees_with_simulation(k):
    """5 standard errors and the next term, limit² π / (4 √d): false alarm 6e-7 (over seeds)."""
    rng, d = np.random.default_rng(k), 400
    norms = np.sum(rng.random((2, 4000, d)) ** k, axis=-1) ** (1 / k)
    contrast = math.sqrt(d) * (norms.max(axis=0) / norms.min(axis=0) - 1)
    limit = theory.contrast_limit(k)
    allowed = 5 * contrast.std() / math.sqrt(contrast.size) + limit**2 * math.pi / 4 / math.sqrt(d)
    assert abs(contrast.mean() - limit) < allowed


@pytest.mark.statistical
def test_cosine_variance_is_that_of_a_beta():
    """The variance of 20 000 cosines at 5 standard errors: false alarm 6e-7 (over seeds)."""
    d = np.array([1.5, 2, 10, 1000])
    np.testing.assert_allclose(theory.cosine_variance(d), 4 * stats.beta.var((d - 1) / 2, (d - 1) / 2), rtol=1e-13)
    x, y = np.random.default_rng(0).standard_normal((2, 20_000, 10))
    cosine = np.sum(x * y, axis=1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    square = cosine**2
    assert abs(square.mean() - theory.cosine_variance(10)) < 5 * square.std() / math.sqrt(square.size)


@pytest.mark.parametrize("d", [1, 2, 30])
def test_rbf_kernel_mean_matches_quadrature(d):
    for gamma, variance in [(0.01, 1.0), (0.5, 1.0), (0.1, 4.0)]:
        # v = √χ² makes the integrand smooth at 0; quad errs by 1e-12.
        expected, _ = integrate.quad(
            lambda v, g=gamma, s=variance: math.exp(-2 * g * s * v * v) * stats.chi.pdf(v, d), 0, 20, epsabs=1e-13
        )
        assert theory.rbf_kernel_mean(d, gamma, variance) == pytest.approx(expected, rel=1e-9)
