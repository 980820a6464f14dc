"""`fastcurse.theory.trunk_classes` against dense matrices, quadrature-free identities and labelled points."""

from __future__ import annotations

import itertools

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import ndtr

from fastcurse import theory
from fastcurse.theory.trunk_classes import decayed_sum, variance_path

CORRELATED = [("ar1", 0.5), ("ar1", -0.9), ("ar1", 0.999), ("factor", 0.5), ("factor", 0.0), ("factor", 0.999)]
correlated = st.one_of(
    st.tuples(st.just("ar1"), st.floats(-0.99, 0.99)), st.tuples(st.just("factor"), st.floats(0.0, 0.99))
)


def _means(p):
    return 1 / np.sqrt(np.arange(1, p + 1))


def dense_covariance(p, covariance, rho):
    apart = np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    if covariance == "identity":
        return np.eye(p)
    return rho**apart if covariance == "ar1" else np.where(apart == 0, 1.0, rho)


def test_separation_of_the_identity_is_the_harmonic_number():
    for p in [0, 1, 2, 696, 10**5, 10**9]:
        # digamma and the sum: 4 ulp of a number of at most 22.
        assert theory.separation(p) == pytest.approx(float(mp.harmonic(p)), rel=1e-15, abs=1e-15)
    assert theory.separation(1000) == pytest.approx(np.sum(_means(1000) ** 2), rel=1e-14)


@pytest.mark.parametrize(("covariance", "rho"), CORRELATED)
def test_separation_solves_the_dense_system(covariance, rho):
    path = theory.separation(np.arange(61), covariance=covariance, correlation=rho)
    assert path[0] == 0
    for p in range(1, 61):
        sigma, mean = dense_covariance(p, covariance, rho), _means(p)
        # The solution's error is the condition number, at most (1 + p ρ)/(1 - ρ) = 6e4, times a few p u.
        assert path[p] == pytest.approx(mean @ np.linalg.solve(sigma, mean), rel=1e-10)


def test_separation_without_correlation_is_that_of_the_identity():
    p = np.array([1, 2, 50, 10**5])
    for covariance in ("ar1", "factor"):
        # A sum of 1e5 terms, rounded at random: below 1e-13.
        alike = theory.separation(p, covariance=covariance, correlation=0.0)
        np.testing.assert_allclose(alike, theory.separation(p), rtol=1e-13)


@pytest.mark.parametrize(("covariance", "rho"), CORRELATED)
def test_separation_broadcasts(covariance, rho):
    keywords = {"covariance": covariance, "correlation": rho}
    whole = theory.separation([[3, 1, 0], [7, 7, 2]], **keywords)
    assert whole.shape == (2, 3)
    assert whole.dtype == np.float64
    single = theory.separation(7, **keywords)
    assert isinstance(single, float)
    assert single == whole[1, 0]
    assert theory.separation(np.empty((0, 2)), **keywords).shape == (0, 2)
    path = theory.separation(np.arange(300), **keywords)
    assert (np.diff(path) > 0).all()


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (theory.bayes_accuracy, ()),
        (theory.known_covariance_accuracy, (500,)),
        (theory.known_covariance_error_exact, (500,)),
        (theory.lda_accuracy, (500,)),
    ],
)
@pytest.mark.parametrize("covariance", ["ar1", "factor"])
def test_what_knows_or_fits_the_covariance_sees_the_separation_alone(function, arguments, covariance, monkeypatch):
    p = np.array([1, 5, 120])
    s = theory.separation(p, covariance=covariance, correlation=0.3)
    value = function(p, *arguments, covariance=covariance, correlation=0.3)
    monkeypatch.setattr("fastcurse.theory.trunk.separation", lambda p, **_: s.reshape(np.shape(p)))
    assert np.array_equal(value, function(p, *arguments))


@given(correlated, st.integers(1, 12), st.integers(0, 2**32))
def test_rule_accuracy_is_that_of_the_dense_covariance(model, p, seed):
    rng, (covariance, rho) = np.random.default_rng(seed), model
    coef, intercept = rng.standard_normal((2, 3, p)), rng.standard_normal((2, 1))
    deviation = np.sqrt(np.einsum("...i,ij,...j", coef, dense_covariance(p, covariance, rho), coef))
    mean = coef @ _means(p)
    expected = ndtr([(mean + intercept) / deviation, (mean - intercept) / deviation]).mean(axis=0)
    actual = theory.rule_accuracy(coef, intercept, covariance=covariance, correlation=rho)
    # The dense form cancels down to 1 - ρ = .01 of its terms: 1e-14 / .01.
    np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(("covariance", "rho"), [*CORRELATED, ("identity", 0.5)])
def test_the_best_rule_attains_the_bayes_accuracy(covariance, rho):
    best = np.linalg.solve(dense_covariance(40, covariance, rho), _means(40))
    keywords = {"covariance": covariance, "correlation": rho}
    # See test_separation_solves_the_dense_system.
    assert theory.rule_accuracy(best, 0, **keywords) == pytest.approx(theory.bayes_accuracy(40, **keywords), rel=1e-10)


def test_a_common_factor_ruins_the_rule_that_ignores_it():
    # Exact means, no estimation: w·μ = S ~ ln p, and the deviation ~ √(4ρp) grows faster.
    accuracy = []
    for p in (2, 10, 1000, 10**6):
        mean = _means(p)
        accuracy.append(theory.rule_accuracy(mean, 0, covariance="factor"))
        # Sums of 1e6 terms, rounded at random: below 1e-12.
        deviation = np.sqrt((mean @ mean + mean.sum() ** 2) / 2)
        assert accuracy[-1] == pytest.approx(ndtr(mean @ mean / deviation), rel=1e-12)
    assert (np.diff(accuracy) < 0).all()
    assert accuracy[-1] < 0.505
    assert theory.bayes_accuracy(10**6, covariance="factor") > 0.99999


@pytest.mark.statistical
@pytest.mark.parametrize(("covariance", "rho"), [("ar1", 0.7), ("factor", 0.6)])
def test_estimated_means_and_a_known_covariance_have_the_exact_error(covariance, rho):
    """The mean of 4000 rules at 5 standard errors: false alarm 6e-7 each (over seeds)."""
    rng, p, m, repeats = np.random.default_rng(2), 15, 8, 4000
    sigma, keywords = dense_covariance(p, covariance, rho), {"covariance": covariance, "correlation": rho}
    estimate = _means(p) + rng.standard_normal((repeats, p)) @ np.linalg.cholesky(sigma / m).T
    errors = 1 - theory.rule_accuracy(np.linalg.solve(sigma, estimate.T).T, np.zeros(repeats), **keywords)
    exact = theory.known_covariance_error_exact(p, m, **keywords)
    assert abs(errors.mean() - exact) < 5 * errors.std() / np.sqrt(repeats)
    assert abs(exact - theory.known_covariance_error_exact(p, m)) > 0.02


@pytest.mark.statistical
def test_rule_accuracy_agrees_with_labelled_points():
    """400 000 points, nine rules at 5 standard errors: false alarm 5e-6 (over seeds)."""
    rng, p, n = np.random.default_rng(0), 6, 400_000
    y = rng.choice([-1.0, 1.0], n)
    coef, intercept = rng.standard_normal((3, p)) + 0.5, np.array([0.0, 0.7, -2.0])
    for covariance, rho in [("identity", 0.5), ("ar1", -0.6), ("factor", 0.7)]:
        noise = rng.standard_normal((n, p)) @ np.linalg.cholesky(dense_covariance(p, covariance, rho)).T
        right = np.mean(
            np.sign((noise + y[:, np.newaxis] * _means(p)) @ coef.T + intercept) == y[:, np.newaxis], axis=0
        )
        accuracy = theory.rule_accuracy(coef, intercept, covariance=covariance, correlation=rho)
        assert np.all(np.abs(right - accuracy) < 5 * np.sqrt(accuracy * (1 - accuracy) / n))


@pytest.mark.parametrize(("covariance", "rho"), [("identity", 0.5), ("ar1", 0.8), ("factor", 0.3)])
def test_rule_accuracy_laws(covariance, rho):
    keywords = {"covariance": covariance, "correlation": rho}
    rng = np.random.default_rng(1)
    coef, intercept = rng.standard_normal((2, 3, 5)), rng.standard_normal(3)
    accuracy = theory.rule_accuracy(coef, intercept, **keywords)
    assert accuracy.shape == (2, 3)
    np.testing.assert_allclose(theory.rule_accuracy(-coef, -intercept, **keywords), 1 - accuracy, rtol=1e-14)
    for scale in (2.0**-900, 2.0**900):  # exact under powers of two, and no square overflows
        assert np.array_equal(theory.rule_accuracy(coef * scale, intercept * scale, **keywords), accuracy)
    padded = np.concatenate([coef, np.zeros((2, 3, 4))], axis=-1)  # features that the rule does not use
    np.testing.assert_allclose(theory.rule_accuracy(padded, intercept, **keywords), accuracy, rtol=1e-14)
    assert isinstance(theory.rule_accuracy([1, 2], 0, **keywords), float)
    assert np.array_equal(theory.rule_accuracy(np.zeros((3, 4)), [-1.0, 0.0, 2.0], **keywords), [0.5, 0.5, 0.5])


def _in_blocks(path, terms, cuts):
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < terms.shape[-1]}), terms.shape[-1]]
    state, parts = None, []
    for low, high in itertools.pairwise(edges):
        part, state = path(terms[..., low:high], state)
        parts.append(part)
    return np.concatenate(parts, axis=-1)


shapes = hnp.array_shapes(min_dims=1, max_dims=3, max_side=20)


@given(hnp.arrays(np.float64, shapes, elements=st.floats(-1e3, 1e3)), correlated, st.lists(st.integers(1, 19)))
def test_sums_cut_into_blocks_have_the_bits_of_the_whole(terms, model, cuts):
    covariance, rho = model
    for path in [
        lambda block, state: decayed_sum(block, rho, state),
        lambda block, state: variance_path(block, covariance, rho, state),
    ]:
        assert np.array_equal(_in_blocks(path, terms, cuts), path(terms, None)[0])


@given(hnp.arrays(np.float64, shapes, elements=st.floats(-1e3, 1e3)), st.floats(-1, 1))
def test_decayed_sum_is_the_recursion(terms, decay):
    sums, expected = decayed_sum(terms, decay)[0], np.zeros(terms.shape[:-1])
    for i in range(terms.shape[-1]):
        expected = decay * expected + terms[..., i]
        # The same operations; a compiler may fuse them: 20 terms of 1e3, 2 roundings each.
        np.testing.assert_allclose(sums[..., i], expected, rtol=1e-14, atol=1e-11)


@given(hnp.arrays(np.float64, st.integers(1, 15), elements=st.floats(-1, 1)), correlated)
def test_variance_path_is_the_quadratic_form_of_each_prefix(coef, model):
    path = variance_path(coef, *model)[0]
    sigma = dense_covariance(len(coef), *model)
    for p in range(1, len(coef) + 1):
        # 225 terms of at most 1, rounded a few times each.
        assert path[p - 1] == pytest.approx(coef[:p] @ sigma[:p, :p] @ coef[:p], rel=1e-12, abs=1e-13)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"covariance": "toeplitz"},
            ValueError,
            "covariance must be one of 'identity', 'ar1', 'factor', got 'toeplitz'",
        ),
        (
            {"correlation": 1.0},
            ValueError,
            "correlation must lie strictly between -1 and 1 with covariance='ar1', got 1.0",
        ),
        ({"correlation": -1}, ValueError, "strictly between -1 and 1 with covariance='ar1', got -1.0"),
        ({"correlation": np.nan}, ValueError, "strictly between -1 and 1 with covariance='ar1', got nan"),
        (
            {"covariance": "factor", "correlation": -0.1},
            ValueError,
            "correlation must be at least 0 and below 1 with covariance='factor', got -0.1",
        ),
        ({"covariance": "factor", "correlation": 1}, ValueError, "at least 0 and below 1"),
        ({"correlation": "0.5"}, TypeError, r"correlation must be a number, got '0.5' \(str\)"),
        ({"correlation": True}, TypeError, "correlation must be a number, got True"),
        ({"p": [1, 2.5]}, ValueError, "p must be whole and at least 0, got 2.5"),
        ({"p": -1}, ValueError, "p must be whole and at least 0, got -1"),
        ({"p": np.nan}, ValueError, "p must be whole and at least 0, got nan"),
        ({"p": np.inf}, ValueError, "p must be whole and at least 0, got inf"),
    ],
)
def test_bad_input(arguments, error, message):
    with pytest.raises(error, match=message):
        theory.separation(**{"p": 3, "covariance": "ar1", **arguments})


def test_the_identity_has_no_correlation_to_check():
    assert theory.separation(2.5, correlation=7) == theory.separation(2.5)
