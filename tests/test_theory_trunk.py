"""`fastcurse.theory.trunk` against quadrature, numbers of the docstrings and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats
from threadpoolctl import threadpool_limits

from fastcurse import theory


@pytest.fixture(autouse=True, scope="module")
def _one_blas_thread():
    # The matrices are small: more threads only wait for each other.
    with threadpool_limits(1):
        yield


def _means(p):
    return 1 / np.sqrt(np.arange(1, p + 1))


def test_bayes_accuracy_rises_to_one():
    accuracy = theory.bayes_accuracy(np.arange(1, 1001))
    assert (np.diff(accuracy) > 0).all()
    printed = [round(float(accuracy[p - 1]), 4) for p in (101, 301, 501, 991)]
    assert printed == [0.9887, 0.9939, 0.9954, 0.9969]


def test_known_covariance_peaks_late_and_falls_slowly():
    accuracy = theory.known_covariance_accuracy(np.arange(1, 1001), 500)
    assert np.argmax(accuracy) + 1 == 696
    assert round(float(accuracy[695]), 5) == 0.99264
    assert round(float(accuracy[999]), 5) == 0.99242
    assert round(float(theory.known_covariance_accuracy(2 * 10**6, 500)), 3) == 0.594
    assert theory.known_covariance_accuracy(1000, math.inf) == theory.bayes_accuracy(1000)


def _error_by_direction(p, m):
    """E Φ(-√S a / √(a² + b²)), a the estimated mean along the true one and b across: a double integral."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    normal, root_s = 9 * nodes, math.sqrt(theory.separation(p))
    low, high = max(0.0, math.sqrt(p - 1) - 9), math.sqrt(p - 1) + 9
    across = low + (high - low) * (nodes + 1) / 2
    a = root_s + normal[:, np.newaxis] / math.sqrt(m)
    error = special.ndtr(-root_s * a / np.sqrt(a**2 + across**2 / m))
    first = 9 * weights * stats.norm.pdf(normal)
    second = weights * stats.chi.pdf(across, p - 1) * (high - low) / 2
    return first @ error @ second


def test_known_covariance_exact_error_matches_another_integral():
    for p, m in [(5, 50), (50, 10), (1000, 500)]:
        # Both integrands are analytic, over 18 standard deviations with 128 and 200 nodes: 1e-13 of the error.
        assert theory.known_covariance_error_exact(p, m) == pytest.approx(_error_by_direction(p, m), rel=1e-11)
    assert round(float(theory.known_covariance_error_exact(5, 5)), 4) == 0.1037
    assert round(1 - float(theory.known_covariance_accuracy(5, 5)), 4) == 0.1189


def test_known_covariance_exact_error_of_one_feature():
    m = np.array([1, 5, 50])
    expected = special.ndtr(np.sqrt(m)) * special.ndtr(-1) + special.ndtr(-np.sqrt(m)) * special.ndtr(1)
    # 128 nodes over 18 standard deviations: see the module.
    np.testing.assert_allclose(theory.known_covariance_error_exact(1, m), expected, rtol=1e-12)


def test_lda_accuracy_peaks_early_and_falls_to_one_half():
    accuracy = theory.lda_accuracy(np.arange(1, 501), 500)
    assert np.argmax(accuracy) + 1 == 76
    assert round(float(accuracy[75]), 4) == 0.9778
    assert accuracy[499] == 0.5
    assert [round(float(accuracy[p - 1]), 4) for p in (101, 301)] == [0.9771, 0.9346]
    with pytest.raises(ValueError, match="p must be at most n_samples"):
        theory.lda_accuracy([10, 501], 500)


@pytest.mark.statistical
@pytest.mark.parametrize(("p", "published"), [(101, 0.9871), (301, 0.9913)])
def test_first_component_agrees_with_simulation(p, published):
    """5 standard errors and .0003 for finite N, p: false alarm 6e-7 (over seeds)."""
    rng, n, repeats = np.random.default_rng(p), 500, 25
    accuracy = []
    for _ in range(repeats):
        X = rng.standard_normal((n, p)) + rng.choice([-1.0, 1.0], (n, 1)) * _means(p)
        component = np.linalg.eigh(X.T @ X)[1][:, -1]
        accuracy.append(max(theory.rule_accuracy([component, -component], 0.0)))
    form = theory.first_component_accuracy(p, n)
    assert abs(np.mean(accuracy) - form) < 5 * np.std(accuracy) / math.sqrt(repeats) + 0.0003
    assert round(float(form), 4) == published


def test_first_component_sees_nothing_below_the_transition():
    # S = 14.4 at p = 1e6: below √g at N = 1000 (31.6), above at N = 10 000 (10).
    assert theory.first_component_accuracy(10**6, 1000) == 0.5
    assert theory.first_component_accuracy(10**6, 10_000) > 0.8


@pytest.mark.statistical
@pytest.mark.parametrize(("p", "published"), [(101, 0.926), (501, 0.796), (991, 0.729)])
def test_whitening_agrees_with_simulation(p, published):
    """5 standard errors and .003, as `theory.whitened_accuracy` states: false alarm 6e-7 (over seeds)."""
    rng, n, repeats = np.random.default_rng(p), 500, 2000
    mean, s = _means(p), theory.separation(p)
    estimate = mean + rng.standard_normal((repeats, p)) / math.sqrt(n)
    coef = estimate - np.outer(estimate @ mean, mean) / (1 + s)  # (I + μμᵀ)⁻¹ m̂
    accuracy = theory.rule_accuracy(coef, np.zeros(repeats))
    form = theory.whitened_accuracy(p, n)
    assert abs(accuracy.mean() - form) < 5 * accuracy.std() / math.sqrt(repeats) + 0.003
    assert round(float(form), 3) == published
    assert form < theory.known_covariance_accuracy(p, n)
