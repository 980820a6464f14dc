"""make_trunk, its blocks and the nearest-mean rule on them: against plain loops, dense matrices and theory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastcurse as fc
from fastcurse import theory
from fastcurse.trunk import BLOCK_FEATURES

MODELS = [("identity", 0.5), ("ar1", 0.6), ("ar1", -0.95), ("factor", 0.4)]
models = st.one_of(
    st.just(("identity", 0.5)),
    st.tuples(st.just("ar1"), st.floats(-0.99, 0.99)),
    st.tuples(st.just("factor"), st.floats(0.0, 0.99)),
)


def naive_trunk(n_samples, n_features, covariance, rho, seed):
    """The definition of the draws, and the covariance by a loop over single features."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    y = rng.permutation(np.arange(n_samples) % 2)
    common = rng.standard_normal((n_samples, 1)) if covariance == "factor" else None
    widths = [min(4096, n_features - first) for first in range(0, n_features, 4096)]
    noise = np.concatenate([rng.standard_normal((n_samples, width)) for width in widths], axis=1)
    if covariance == "factor":
        noise = np.sqrt(1 - rho) * noise + np.sqrt(rho) * common
    if covariance == "ar1":
        for i in range(1, n_features):
            noise[:, i] = rho * noise[:, i - 1] + np.sqrt(1 - rho**2) * noise[:, i]
    return noise + np.where(y == 0, 1, -1)[:, None] / np.sqrt(np.arange(1, n_features + 1)), y


def dense_covariance(p, covariance, rho):
    apart = np.abs(np.subtract.outer(np.arange(p), np.arange(p)))
    if covariance == "identity":
        return np.eye(p)
    return rho**apart if covariance == "ar1" else np.where(apart == 0, 1.0, rho)


@pytest.mark.parametrize("n_samples", [2, 3, 10, 11])
def test_sizes_and_balance(n_samples):
    X, y = fc.make_trunk(n_samples, 4, random_state=0)
    assert X.shape == (n_samples, 4)
    assert X.dtype == np.float64
    assert y.dtype == np.int64
    assert np.bincount(y).tolist() == [(n_samples + 1) // 2, n_samples // 2]


@pytest.mark.parametrize("n_features", [1, 300, BLOCK_FEATURES])
def test_rows_of_one_block_are_those_of_the_first_release(n_features):
    rng = np.random.default_rng(np.random.SeedSequence(7))
    y = rng.permutation(np.arange(11, dtype=np.int64) % 2)
    X = rng.standard_normal((11, n_features))
    means = 1.0 / np.sqrt(np.arange(1, n_features + 1))
    X[y == 0] += means
    X[y == 1] -= means
    actual = fc.make_trunk(11, n_features, random_state=7)
    assert np.array_equal(actual[0], X)
    assert np.array_equal(actual[1], y)


@pytest.mark.parametrize("n_features", [1, 2, 4096, 4097, 9000])
@pytest.mark.parametrize(("covariance", "rho"), MODELS)
def test_rows_are_those_of_the_loop(n_features, covariance, rho):
    X, y = fc.make_trunk(3, n_features, covariance=covariance, correlation=rho, random_state=5)
    expected, labels = naive_trunk(3, n_features, covariance, rho, 5)
    assert np.array_equal(y, labels)
    # A few roundings of numbers below 10, and those of earlier features, which decay: 1 / (1 - ρ) = 20 of them.
    np.testing.assert_allclose(X, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("n_features", [10, 4096, 10_000])
@pytest.mark.parametrize(("covariance", "rho"), MODELS)
def test_the_sample_is_its_blocks(n_features, covariance, rho):
    keywords = {"covariance": covariance, "correlation": rho, "random_state": 3}
    X, y = fc.make_trunk(5, n_features, **keywords)
    blocks, labels = fc.trunk_blocks(5, n_features, **keywords)
    parts = list(blocks)
    assert np.array_equal(np.concatenate([block for _, block in parts], axis=1), X)
    assert np.array_equal(labels, y)
    assert [first for first, _ in parts] == list(range(0, n_features, 4096))


@pytest.mark.parametrize(("covariance", "rho"), MODELS)
def test_full_blocks_do_not_depend_on_the_number_of_features(covariance, rho):
    few, many = (fc.make_trunk(4, p, covariance=covariance, correlation=rho, random_state=1)[0] for p in (8192, 8200))
    assert np.array_equal(few, many[:, :8192])


@pytest.mark.parametrize(("covariance", "rho"), MODELS)
def test_the_caller_may_write_into_a_block(covariance, rho):
    keywords = {"covariance": covariance, "correlation": rho, "random_state": 3}
    blocks, y = fc.trunk_blocks(5, 5000, **keywords)
    next(blocks)[1][:] = np.nan
    y[:] = 0
    assert np.array_equal(next(blocks)[1], fc.make_trunk(5, 5000, **keywords)[0][:, 4096:])


@pytest.mark.statistical
@pytest.mark.parametrize(("covariance", "rho"), MODELS)
def test_means_and_covariances(covariance, rho):
    # 2 x 9 means and 45 covariances, each within 5 standard deviations of the formula: false-alarm rate 4e-5.
    n, p = 100_000, 9
    X, y = fc.make_trunk(n, p, covariance=covariance, correlation=rho, random_state=1)
    means = 1 / np.sqrt(np.arange(1, p + 1))
    assert np.abs(X[y == 0].mean(axis=0) - means).max() < 5 * np.sqrt(2 / n)
    assert np.abs(X[y == 1].mean(axis=0) + means).max() < 5 * np.sqrt(2 / n)
    noise = X - np.where(y == 0, 1, -1)[:, None] * means
    sigma = dense_covariance(p, covariance, rho)
    assert (np.abs(noise.T @ noise / n - sigma) < 5 * np.sqrt((1 + sigma**2) / n)).all()


def test_rows_are_shuffled():
    _, y = fc.make_trunk(200, 1, random_state=2)
    assert 20 < y[:100].sum() < 80


def test_seeds():
    X, y = fc.make_trunk(9, 3, random_state=7)
    X_again, y_again = fc.make_trunk(9, 3, random_state=7)
    assert (X_again == X).all()
    assert (y == y_again).all()
    assert (fc.make_trunk(9, 3, random_state=8)[0] != X).all()
    assert (fc.make_trunk(9, 3)[0] != fc.make_trunk(9, 3)[0]).all()
    generator = np.random.default_rng(0)
    first = fc.make_trunk(9, 3, random_state=generator)[0]
    assert (first != fc.make_trunk(9, 3, random_state=generator)[0]).all()
    assert (first == fc.make_trunk(9, 3, random_state=np.random.default_rng(0))[0]).all()


def fitted_rules(X, y, prefixes):
    """Weights and intercepts of the nearest-mean rule of each prefix, from all rows."""
    high, low = X[y == 0].mean(axis=0), X[y == 1].mean(axis=0)
    for p in prefixes:
        w = (high[:p] - low[:p]) / 2
        yield w, -w @ (high[:p] + low[:p]) / 2


@given(st.integers(2, 9), st.integers(1, 12), models, st.integers(0, 2**32))
def test_nearest_mean_path_is_the_exact_accuracy_of_the_fitted_rule(n_samples, n_features, model, seed):
    covariance, rho = model
    keywords = {"covariance": covariance, "correlation": rho}
    path = fc.nearest_mean_path(n_samples, n_features, **keywords, random_state=seed)
    X, y = fc.make_trunk(n_samples, n_features, **keywords, random_state=seed)
    expected = [theory.rule_accuracy(w, b, **keywords) for w, b in fitted_rules(X, y, range(1, n_features + 1))]
    # Sums of 12 terms in another order; cancellation in w·μ + b is no worse than absolute.
    np.testing.assert_allclose(path, expected, rtol=1e-12)


@pytest.mark.parametrize(("covariance", "rho"), MODELS)
def test_nearest_mean_path_goes_on_from_block_to_block(covariance, rho):
    prefixes = [1, 2, 4095, 4096, 4097, 8192, 8193, 9000]
    keywords = {"covariance": covariance, "correlation": rho}
    X, y = fc.make_trunk(7, 9001, **keywords, random_state=4)
    expected = [theory.rule_accuracy(w, b, **keywords) for w, b in fitted_rules(X, y, prefixes)]
    path = fc.nearest_mean_path(7, 9001, prefixes=prefixes, **keywords, random_state=4)
    # Sums of 9000 terms, rounded at random.
    np.testing.assert_allclose(path, expected, rtol=1e-11)
    whole = fc.nearest_mean_path(7, 9001, **keywords, random_state=4)
    assert whole.shape == (9001,)
    assert np.array_equal(whole[np.array(prefixes) - 1], path)


@pytest.mark.statistical
def test_nearest_mean_path_has_the_expected_accuracy():
    """The mean of 60 fits at 5 standard errors, four prefixes: false alarm 3e-5 (Student, over seeds).

    The exact form has a threshold of 0; the fitted one lies N(0, 1/N) off in units of the noise, which costs
    at most max a φ(a) / (2N) = .121 / N.
    """
    n, prefixes, repeats = 100, [2, 30, 500, 4000], 60
    paths = [fc.nearest_mean_path(n, 4000, prefixes=prefixes, random_state=seed) for seed in range(repeats)]
    expected = 1 - theory.known_covariance_error_exact(prefixes, n)
    allowed = 5 * np.std(paths, axis=0, ddof=1) / np.sqrt(repeats) + 0.121 / n
    assert (np.abs(np.mean(paths, axis=0) - expected) < allowed).all()


@pytest.mark.statistical
def test_trunks_limit():
    """One fit, four prefixes at 5 standard deviations: false alarm 2.4e-6 (over seeds).

    The accuracy is Φ(a), a = (S + δ)/√(S + 2δ + |ε|²), δ ~ N(0, S/N) and |ε|² ~ χ²_p/N: to first order a has the
    variance (1 - S/σ²)² S/(N σ²) + a² p/(2 N² σ⁴) with σ² = S + p/N. The threshold costs .121/N as above.
    """
    n, prefixes = 500, np.array([696, 1000, 20_000, 200_000])
    path = fc.nearest_mean_path(n, 200_000, prefixes=prefixes, random_state=0)
    expected = theory.known_covariance_accuracy(prefixes, n)
    assert expected[:2].round(5).tolist() == [0.99264, 0.99242]
    s = theory.separation(prefixes)
    variance = s + prefixes / n
    a = s / np.sqrt(variance)
    deviation = np.sqrt((1 - s / variance) ** 2 * s / (n * variance) + a**2 * prefixes / (2 * n**2 * variance**2))
    density = np.exp(-(a**2) / 2) / np.sqrt(2 * np.pi)
    assert (np.abs(path - expected) < 5 * density * deviation + 0.121 / n).all()


def test_memory_is_that_of_a_block():
    n = 20
    fc.nearest_mean_path(n, 10, random_state=0)  # imports and constants
    peaks = []
    for n_features in (3 * BLOCK_FEATURES, 60 * BLOCK_FEATURES):
        tracemalloc.start()
        fc.nearest_mean_path(n, n_features, prefixes=[n_features], covariance="ar1", random_state=0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    block = 8 * n * BLOCK_FEATURES
    assert peaks[1] < 5 * block  # a block, the one before, copies of the rows of a class, a few sums
    assert peaks[1] < 1.1 * peaks[0]


@pytest.mark.parametrize("function", [fc.make_trunk, fc.trunk_blocks, fc.nearest_mean_path])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_samples": 1}, ValueError, "n_samples must be at least 2, got 1"),
        ({"n_features": 0}, ValueError, "n_features must be at least 1, got 0"),
        ({"n_samples": 2.0}, TypeError, "n_samples must be a whole number, got 2.0"),
        ({"n_features": "3"}, TypeError, "n_features must be a whole number, got '3'"),
        ({"random_state": -1}, ValueError, "random_state must be at least 0, got -1"),
        ({"random_state": "0"}, TypeError, "random_state must be"),
        ({"covariance": "full"}, ValueError, "covariance must be one of 'identity', 'ar1', 'factor', got 'full'"),
        ({"covariance": None}, ValueError, "covariance must be one of 'identity', 'ar1', 'factor', got None"),
        ({"covariance": "ar1", "correlation": 1}, ValueError, "correlation must lie strictly between -1 and 1"),
        ({"covariance": "factor", "correlation": -0.5}, ValueError, "correlation must be at least 0 and below 1"),
        ({"covariance": "factor", "correlation": [0.5]}, TypeError, r"correlation must be a number, got \[0.5\]"),
    ],
)
def test_bad_input(function, arguments, error, message):
    with pytest.raises(error, match=message):
        function(**{"n_samples": 5, "n_features": 3, **arguments})


def test_bad_prefixes():
    with pytest.raises(ValueError, match="prefixes must lie between 1 and n_features = 3, got 4"):
        fc.nearest_mean_path(5, 3, prefixes=[1, 4])
