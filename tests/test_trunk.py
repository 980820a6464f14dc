"""make_trunk: sizes, labels, means, seeds, bad input."""

from __future__ import annotations

import numpy as np
import pytest

import fastcurse as fc


@pytest.mark.parametrize("n_samples", [2, 3, 10, 11])
def test_sizes_and_balance(n_samples):
    X, y = fc.make_trunk(n_samples, 4, random_state=0)
    assert X.shape == (n_samples, 4)
    assert X.dtype == np.float64
    assert y.dtype == np.int64
    assert np.bincount(y).tolist() == [(n_samples + 1) // 2, n_samples // 2]


@pytest.mark.statistical
def test_means_and_variances():
    # 2 x 50 means and 50 variances within 5 standard deviations of the formula: false-alarm rate 9e-5.
    n, p = 20_000, 50
    X, y = fc.make_trunk(n, p, random_state=1)
    means = 1 / np.sqrt(np.arange(1, p + 1))
    assert np.abs(X[y == 0].mean(axis=0) - means).max() < 5 * np.sqrt(2 / n)
    assert np.abs(X[y == 1].mean(axis=0) + means).max() < 5 * np.sqrt(2 / n)
    noise = X - np.where(y == 0, 1, -1)[:, None] * means
    assert np.abs(noise.var(axis=0) - 1).max() < 5 * np.sqrt(2 / n)


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


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_samples": 1}, ValueError, "n_samples must be at least 2, got 1"),
        ({"n_features": 0}, ValueError, "n_features must be at least 1, got 0"),
        ({"n_samples": 2.0}, TypeError, "n_samples must be a whole number, got 2.0"),
        ({"random_state": -1}, ValueError, "random_state must be at least 0, got -1"),
        ({"random_state": "0"}, TypeError, "random_state must be"),
    ],
)
def test_bad_input(arguments, error, message):
    with pytest.raises(error, match=message):
        fc.make_trunk(**{"n_samples": 5, "n_features": 3, **arguments})
