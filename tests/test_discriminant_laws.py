"""PrefixLDA: the laws of the rule, its error against a closed form, scikit-learn's conventions, bad input."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

from fastcurse import PrefixLDA, make_trunk

seeds = st.integers(0, 2**32)


def sample(seed, n_samples=30, n_features=45, n_classes=3):
    rng = np.random.default_rng(seed)
    y = np.arange(n_samples) % n_classes
    X = rng.standard_normal((n_samples, n_features))
    return rng, X + 0.5 * rng.standard_normal((n_classes, n_features))[y], y


def assert_close(ours, expected):
    """Two computations of one path: 1e-9 of its largest score, as much as a singular value of 3e-4 may cost."""
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9 * np.abs(expected).max())


@given(seeds, st.integers(2, 3), st.sampled_from([0.0, 0.3]))
def test_prefix_is_a_fresh_fit(seed, n_classes, ridge):
    _, X, y = sample(seed, n_classes=n_classes)
    path = PrefixLDA(ridge=ridge).fit(X, y).decision_path(X)
    for p in (1, 5, 20, 33, 45):
        assert_close(PrefixLDA(ridge=ridge).fit(X[:, :p], y).decision_function(X[:, :p]), path[p - 1])
        assert_close(PrefixLDA(ridge=ridge).fit(X, y).decision_path(X, [p])[0], path[p - 1])


@given(seeds)
def test_swapped_labels_flip_the_signs(seed):
    _, X, y = sample(seed, n_classes=2)
    assert_close(PrefixLDA().fit(X, 1 - y).decision_path(X), -PrefixLDA().fit(X, y).decision_path(X))


@given(seeds)
def test_renamed_classes_permute_the_scores(seed):
    rng, X, y = sample(seed)
    rename = rng.permutation(3)
    path = PrefixLDA().fit(X, y).decision_path(X)
    assert_close(PrefixLDA().fit(X, rename[y]).decision_path(X)[:, :, rename], path)


@given(seeds)
def test_order_of_the_rows_does_not_matter(seed):
    rng, X, y = sample(seed)
    order = rng.permutation(len(X))
    assert_close(PrefixLDA().fit(X[order], y[order]).decision_path(X), PrefixLDA().fit(X, y).decision_path(X))


@given(seeds, st.sampled_from([0.0, 0.3]))
def test_units_and_origins_do_not_matter(seed, ridge):
    rng, X, y = sample(seed)
    moved = X * rng.choice([-1, 1], 45) * 10 ** rng.uniform(-6, 6, 45)
    moved += np.abs(moved).max(axis=0) * rng.standard_normal(45)
    path = PrefixLDA(ridge=ridge).fit(X, y).decision_path(X)
    assert_close(PrefixLDA(ridge=ridge).fit(moved, y).decision_path(moved), path)


def test_a_shift_of_1e8_costs_no_digit():
    # 46 bits hold row and shift exactly. A mean rounded to 1e-8 alone moves the scores by 5e-8 of their size;
    # rounding errors of centred rows, 1e-15 times 45 features and a condition of 100, do not reach 1e-11.
    _, X, y = sample(0, n_samples=200)
    X = np.round(X * 2**20) / 2**20
    path = PrefixLDA().fit(X, y).decision_path(X)
    moved = PrefixLDA().fit(X + 2.0**26, y).decision_path(X + 2.0**26)
    assert np.abs(moved - path).max() < 1e-11 * np.abs(path).max()


@given(seeds)
def test_tall_prefixes_see_spans_only(seed):
    # Feature p replaced by a mixture of features up to p.
    rng, X, y = sample(seed, n_samples=60, n_features=20)
    mixture = np.triu(0.3 * rng.standard_normal((20, 20)), 1) + np.eye(20)
    assert_close(PrefixLDA().fit(X @ mixture, y).decision_path(X @ mixture), PrefixLDA().fit(X, y).decision_path(X))


def expected_error(delta, n, p, rng, draws=400_000):
    """Exact expected error of the rule of n rows a class of N(-+delta/2, I), by the matrix-free formula."""
    nu, h = 2 * n - 2, 1 / np.sqrt(2 * n)
    g = rng.standard_normal((4, draws))
    x = delta + np.sqrt(2 / n) * g[0]
    cosine = x / np.sqrt(x**2 + 2 / n * rng.chisquare(p - 1, draws))
    u = delta * cosine / 2 - h * g[1]
    v = delta * np.sqrt(1 - cosine**2) / 2 - h * g[2]
    w = np.sqrt(v**2 + h**2 * rng.chisquare(p - 2, draws))
    R = np.sqrt(rng.chisquare(p - 1, draws) / rng.chisquare(nu - p + 2, draws))
    t = g[3] / np.sqrt(g[3] ** 2 + rng.chisquare(p - 2, draws))
    return ndtr(-(u + R * w * t) / np.sqrt(1 + R**2)).mean()


@pytest.mark.statistical
def test_mean_error_is_the_closed_form():
    # 400 fits of 20 rows a class at 6 prefixes, each mean within 5 of its standard errors (.002 to .006; the
    # closed form's own draws add less than a tenth): false-alarm rate 4e-6.
    delta, n, prefixes = 2.0, 20, [3, 6, 12, 24, 32, 37]
    rng = np.random.default_rng(11)
    y = np.repeat([0, 1], n)
    errors = []
    for _ in range(400):
        X = rng.standard_normal((2 * n, 37))
        X[:, 0] += delta * (y - 0.5)
        coef, intercept = PrefixLDA().fit(X, y).coef_path(prefixes)
        weights, shift = coef[:, 0], intercept[:, 0]
        norm, reach = np.linalg.norm(weights, axis=1), weights[:, 0] * delta / 2
        errors.append((ndtr(-(reach + shift) / norm) + ndtr(-(reach - shift) / norm)) / 2)
    expected = [expected_error(delta, n, p, rng) for p in prefixes]
    assert abs(expected[-1] - 0.4278) < 0.002  # theory.md, checked by simulation
    z = (np.mean(errors, axis=0) - expected) / (np.std(errors, axis=0) / np.sqrt(len(errors)))
    assert np.abs(z).max() < 5


def test_scikit_learn_checks():
    results = check_estimator(PrefixLDA(), on_skip=None)
    assert {result["status"] for result in results} == {"passed", "skipped"}


def test_clones_pickles_and_frames():
    X, y = make_trunk(20, 30, random_state=0)
    frame = pd.DataFrame(X, columns=[f"f{i}" for i in range(30)])
    model = PrefixLDA(ridge=0.0, n_features=25).fit(frame, y)
    assert model.feature_names_in_.tolist() == frame.columns.tolist()
    path = model.decision_path(frame)
    assert (pickle.loads(pickle.dumps(model)).decision_path(frame) == path).all()
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"f0": "g"}))


def test_smallest_problems():
    # K + 1 rows, a class of one row, one feature, labels as strings, training rows changed after the fit.
    X, y = np.array([[0.0], [1.0], [5.0], [9.0]]), np.array(["b", "b", "a", "c"])
    model = PrefixLDA().fit(X, y)
    assert model.predict_path(X).tolist() == [["b", "b", "a", "c"]]
    X, y = make_trunk(9, 20, random_state=0)
    model = PrefixLDA().fit(X, y)
    path = model.decision_path(X)
    rows = X.copy()
    X[:] = 0.0
    assert (model.decision_path(rows) == path).all()


def changed(**changes):
    X, y = make_trunk(12, 4, random_state=0)
    params = {name: value for name, value in changes.items() if name not in ("X", "y")}
    return params, changes.get("X", X), changes.get("y", y)


NAN = make_trunk(12, 4, random_state=0)[0]
NAN[7, 2] = np.nan


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"y": np.zeros(12)}, ValueError, r"y must hold at least 2 classes, got 1 class: (np.float64\()?0\.0"),
        ({"y": np.arange(12)}, ValueError, "X must have more rows than classes, got 12 rows of 12 classes"),
        ({"y": np.arange(11) % 2}, ValueError, r"inconsistent numbers of samples: \[12, 11\]"),
        ({"y": np.linspace(0, 1, 12)}, ValueError, "Unknown label type: continuous"),
        ({"X": NAN}, ValueError, "X has NaN at row 7, column 2; PrefixLDA needs finite values"),
        ({"X": NAN * np.inf}, ValueError, "X has -?inf at row 0, column 0"),
        ({"X": NAN[:, 0]}, ValueError, "Expected 2D array, got 1D array"),
        ({"X": NAN[:, :0]}, ValueError, r"0 feature\(s\)"),
        ({"X": NAN * 1j}, ValueError, "Complex data not supported"),
        ({"X": np.full((12, 2), 1e200) * np.arange(12)[:, None]}, ValueError, "got values up to 1.1e.201 in column 0"),
        ({"ridge": -1.0}, ValueError, "ridge must be at least 0 and finite, got -1.0"),
        ({"ridge": "auto"}, TypeError, "ridge must be a number, got 'auto'"),
        ({"ridge": 1e-30, "X": NAN[:, [0, 0]]}, ValueError, "with 1e-30 it is not at prefix 2"),
        ({"tol": -1e-4}, ValueError, "tol must be at least 0 and finite, got -0.0001"),
        ({"tol": np.nan}, ValueError, "tol must be at least 0 and finite, got nan"),
        ({"priors": [0.5, 0.6, 0.1]}, ValueError, "priors must be 2 numbers, one a class"),
        ({"priors": [1.5, -0.5]}, ValueError, "priors must be non-negative"),
        ({"priors": [0.0, 0.0]}, ValueError, "priors must have a positive sum"),
        ({"priors": ["a", "b"]}, TypeError, "priors must be numbers"),
        ({"n_features": 5}, ValueError, "n_features must be between 1 and 4, got 5"),
        ({"n_features": 0}, ValueError, "n_features must be between 1 and 4, got 0"),
        ({"n_features": 2.0}, TypeError, "n_features must be a whole number, got 2.0"),
    ],
)
def test_bad_input_to_fit(changes, error, message):
    params, X, y = changed(**changes)
    with pytest.raises(error, match=message):
        PrefixLDA(**params).fit(X, y)


def test_priors_are_renormalised_with_a_warning():
    X, y = make_trunk(12, 4, random_state=0)
    with pytest.warns(UserWarning, match="priors must sum to 1, got 4: renormalizing"):
        model = PrefixLDA(priors=[1, 3]).fit(X, y)
    assert (model.decision_path(X) == PrefixLDA(priors=[0.25, 0.75]).fit(X, y).decision_path(X)).all()


def test_bad_input_after_fit():
    X, y = make_trunk(12, 4, random_state=0)
    model = PrefixLDA().fit(X, y)
    for method in (model.predict, model.decision_path, model.predict_path, lambda X: model.score_path(X, y)):
        with pytest.raises(ValueError, match="X has 3 features, but PrefixLDA is expecting 4"):
            method(X[:, :3])
        with pytest.raises(ValueError, match="X has NaN at row 7, column 2"):
            method(NAN)
    for prefixes, error in [([5], ValueError), ([2, 2], ValueError), ([], ValueError), ([1.0], TypeError)]:
        for method in (lambda p: model.decision_path(X, p), model.coef_path):
            with pytest.raises(error, match="prefixes must"):
                method(prefixes)
    with pytest.raises(ValueError, match="y must have one label a row: X has 12 rows, y has 11"):
        model.score_path(X, y[:11])
    for ask in (lambda m: m.decision_path(X), lambda m: m.coef_path(), lambda m: m.coef_, lambda m: m.predict(X)):
        with pytest.raises(NotFittedError):
            ask(PrefixLDA())
