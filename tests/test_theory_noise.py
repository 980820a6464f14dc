"""`fastcurse.theory.noise` against counting, least squares and linear programs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize
from threadpoolctl import threadpool_limits

from fastcurse import theory


@pytest.fixture(autouse=True, scope="module")
def _one_blas_thread():
    # The matrices are small: more threads only wait for each other.
    with threadpool_limits(1):
        yield


@pytest.mark.statistical
@pytest.mark.parametrize("p", [20, 100, 200, 300])
def test_training_accuracy_agrees_with_least_squares(p):
    """5 standard errors and .001 for N = 400 instead of infinity: false alarm 6e-7 (over seeds)."""
    rng, n, repeats = np.random.default_rng(p), 400, 40
    shares = []
    for _ in range(repeats):
        X, y = rng.standard_normal((n, p)), rng.choice([-1.0, 1.0], n)
        coef = np.linalg.solve(X.T @ X, X.T @ y)
        shares.append(np.mean(np.sign(X @ coef) == y))
    allowed = 5 * np.std(shares, ddof=1) / math.sqrt(repeats) + 0.001
    assert abs(np.mean(shares) - theory.training_accuracy(p, n)) < allowed


def test_training_accuracy_ends():
    assert np.array_equal(theory.training_accuracy([0, 500, 900], 500), [0.5, 1, 1])
    assert theory.training_accuracy(250, 500) == pytest.approx(0.8413447, abs=1e-7)  # Φ(1)


def test_separable_probability_counts_the_dichotomies():
    for n in [1, 2, 5, 30, 500]:
        for p in [0, 1, 3, 14, 249, 261, 600]:
            count = 2 * sum(math.comb(n - 1, k) for k in range(p + 1))
            # betainc is good to 1e-14 or so; the count is exact.
            assert theory.separable_probability(p, n) == pytest.approx(count / 2**n, rel=1e-12)
    published = theory.separable_probability([241, 249, 261, 281], 500)
    assert [round(float(value), 2) for value in published[:3]] == [0.24, 0.5, 0.86]
    assert round(float(published[3]), 3) == 0.998


@pytest.mark.statistical
@pytest.mark.parametrize(("p", "n"), [(2, 6), (4, 12), (6, 12)])
def test_separable_probability_agrees_with_linear_programs(p, n):
    """The share of feasible programs at 5 standard errors: false alarm 6e-7 (over seeds)."""
    rng, repeats, separable = np.random.default_rng(p), 300, 0
    for _ in range(repeats):
        signs = rng.choice([-1.0, 1.0], n)[:, np.newaxis]
        rows = -signs * np.column_stack([rng.standard_normal((n, p)), np.ones(n)])
        result = optimize.linprog(np.zeros(p + 1), A_ub=rows, b_ub=-np.ones(n), bounds=(None, None))
        separable += result.status == 0
    q = theory.separable_probability(p, n)
    assert abs(separable - repeats * q) < 5 * math.sqrt(repeats * q * (1 - q))
