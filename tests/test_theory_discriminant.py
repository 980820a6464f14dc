"""`fastcurse.theory.discriminant` against discriminants that are really fitted, and against itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special
from threadpoolctl import threadpool_limits

from fastcurse import theory


@pytest.fixture(autouse=True, scope="module")
def _one_blas_thread():
    # The matrices are small: more threads only wait for each other.
    with threadpool_limits(1):
        yield


def _fitted_errors(delta_sq, p, n1, n2, repeats, seed):
    """Exact error of each of `repeats` fitted rules: pooled scatter, pseudo-inverse above p = n1 + n2 - 2."""
    rng = np.random.default_rng(seed)
    mean = np.zeros(p)
    mean[0] = math.sqrt(delta_sq) / 2
    first, second = (rng.standard_normal((repeats, n, p)) for n in (n1, n2))
    m1, m2 = first.mean(axis=1) + mean, second.mean(axis=1) - mean
    centred = np.concatenate([first + mean - m1[:, np.newaxis], second - mean - m2[:, np.newaxis]], axis=1)
    scatter = np.swapaxes(centred, 1, 2) @ centred
    if p <= n1 + n2 - 2:
        coef = np.linalg.solve(scatter, (m1 - m2)[..., np.newaxis])
    else:
        coef = np.linalg.pinv(scatter, rcond=1e-10, hermitian=True) @ (m1 - m2)[..., np.newaxis]
    coef = coef[..., 0] / np.linalg.norm(coef, axis=1)
    middle, half = np.sum(coef * (m1 + m2), axis=1) / 2, coef @ mean
    return (special.ndtr(middle - half) + special.ndtr(-middle - half)) / 2


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("delta_sq", "p", "n", "repeats"),
    [
        (4, 1, 5, 30_000),
        (4, 2, 2, 100_000),
        (4, 3, 3, 100_000),
        (9, 5, 10, 10_000),
        (4, 37, 20, 1500),
        (4, 38, 20, 1500),
    ],
)
def test_exact_lda_error_agrees_with_fitted_rules(delta_sq, p, n, repeats):
    """The difference of two means at 5 standard errors: false alarm 6e-7 each (over seeds)."""
    fitted = _fitted_errors(delta_sq, p, n, n, repeats, seed=p)
    error, standard_error = theory.lda_error_exact(delta_sq, p, n, random_state=0)
    allowed = 5 * math.hypot(standard_error, fitted.std() / math.sqrt(repeats))
    assert abs(error - fitted.mean()) < allowed


@pytest.mark.statistical
def test_exact_lda_error_has_the_published_value():
    """.4278, printed to 5e-5, at 5 standard errors: false alarm 6e-7 (over seeds)."""
    error, standard_error = theory.lda_error_exact(4, 37, 20, n_draws=1_000_000, random_state=1)
    assert abs(error - 0.4278) < 5 * standard_error + 5e-5
    assert 0 < standard_error < 1e-4
    assert round(float(theory.lda_error(4, 37, 20, 20)), 4) == 0.4535


def test_exact_lda_error_depends_on_the_seed_alone():
    first = theory.lda_error_exact(4, [5, 9], 10, n_draws=1000, random_state=3)
    again = theory.lda_error_exact(4, [5, 9], 10, n_draws=1000, random_state=3)
    alone = theory.lda_error_exact(4, 9, 10, n_draws=1000, random_state=3)
    assert np.array_equal(first, again)
    assert (first[0][1], first[1][1]) == alone
    generator = np.random.default_rng(3)
    one, two = (theory.lda_error_exact(4, 9, 10, n_draws=1000, random_state=generator) for _ in range(2))
    assert one == alone != two


def test_lda_error_needs_more_rows_than_classes():
    with pytest.raises(ValueError, match=r"n1 \+ n2 must be above 2, got 2"):
        theory.lda_error(4.0, 3, [1, 2], 1)
    assert 0.0 < theory.lda_error(4.0, 3, 2, 1) < 0.5


def test_exact_lda_error_needs_an_invertible_covariance():
    for p in (0, 39):
        with pytest.raises(ValueError, match=rf"p must be between 1 and 2 n_per_class - 2 = 38, got {p}"):
            theory.lda_error_exact(4, p, 20)


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("p", "n1", "n2", "repeats"),
    [(20, 60, 60, 200), (50, 90, 10, 200), (116, 30, 30, 150), (150, 25, 15, 150)],
)
def test_lda_error_agrees_with_fitted_rules_on_both_sides(p, n1, n2, repeats):
    """5 standard errors and .5/ν, the order of the next term: false alarm 6e-7 (over seeds)."""
    fitted = _fitted_errors(6.0, p, n1, n2, repeats, seed=p)
    allowed = 5 * fitted.std() / math.sqrt(repeats) + 0.5 / (n1 + n2 - 2)
    assert abs(fitted.mean() - theory.lda_error(6.0, p, n1, n2)) < allowed


def test_lda_error_laws():
    p = np.arange(1, 2000)
    error = theory.lda_error(9.0, p, 50, 50)
    assert np.argmax(error) + 1 == 98
    assert error[97] == 0.5
    # Swapping the classes swaps terms of sums: a few ulp.
    np.testing.assert_allclose(theory.lda_error(9.0, p, 30, 70), theory.lda_error(9.0, p, 70, 30), rtol=1e-14)
    # Double descent: error = Φ(-ψ Δ² / (2 √(Δ² + 4p/N))), and ψ rises again to 1/2 at 2ν.
    psi = -special.ndtri(error) * 2 * np.sqrt(9 + p / 25) / 9
    assert np.argmax(psi[98:]) + 99 == 196
    assert psi[195] == pytest.approx(0.5, rel=1e-12)


def test_lda_error_is_trunks_with_the_degrees_of_freedom():
    p = np.arange(1, 490)
    error = theory.lda_error(4 * theory.separation(p), p, 250, 250)
    # √(1 - p/498) in place of √(1 - p/500): S/√S = 2.6 times half of p (1/498 - 1/500) / √(1 - g), below .07.
    assert np.max(np.abs(1 - error - theory.lda_accuracy(p, 500))) < 0.07
    assert np.max(np.abs(1 - error - theory.lda_accuracy(p, 500))[:250]) < 1e-3


def test_recommended_features_of_equal_gains_is_half_the_degrees_of_freedom():
    for n_samples in [10, 102, 500]:
        path = 0.01 * np.arange(1, 2 * n_samples)
        assert theory.recommended_features(path, n_samples) == (n_samples - 2) // 2
    assert theory.recommended_features(0.01 * np.arange(1, 31), 500) == 30  # fewer features than that: all


def test_recommended_features_is_the_best_prefix_of_the_closed_form():
    rng = np.random.default_rng(0)
    path = np.cumsum(rng.exponential(size=(5, 300)) ** 4 / np.arange(1, 301), axis=1)
    best = theory.recommended_features(path, 150)
    p = np.arange(1, 148)
    errors = theory.lda_error(path[:, :147], p, 75, 75)
    assert best.shape == (5,)
    assert np.array_equal(best, np.argmin(errors, axis=1) + 1)


def test_recommended_features_of_trunk_passes_the_gain_test():
    n_samples, nu = 500, 498
    p = np.arange(1, 1001)
    path = 4 * theory.separation(p)
    best = theory.recommended_features(path, n_samples)
    assert abs(int(best) - 76) <= 1  # the peak of lda_accuracy, which has N in place of ν
    gain, p, delta_sq = np.diff(path)[:400], p[:400], path[:400]
    helps = 2 * gain / delta_sq > (gain + 4 / n_samples) / (delta_sq + 4 * p / n_samples) + 1 / (nu - p)
    # The test is the derivative, the argmax a difference: they may part by one feature at the turn.
    assert abs(np.argmin(helps) + 1 - int(best)) <= 1
    assert helps[: int(best) - 2].all()
    assert not helps[int(best) + 1 :].any()


def test_recommended_features_of_nothing():
    assert theory.recommended_features(np.zeros(10), 100) == 0
    assert theory.recommended_features([-0.03, -0.1], 100) == 0
    assert theory.recommended_features([1.0, 2.0], 3) == 0
    assert theory.recommended_features([1.0, 1.0, 1.0], 100) == 1
    assert theory.recommended_features([1.0, 1.0, 9.0], 100) == 3
    assert theory.recommended_features([0.0, 5.0], 100) == 2
