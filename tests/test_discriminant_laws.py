"""PrefixLDA: the laws of the rule, its error against a closed form, scikit-learn's conventions, bad input."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.special import ndtr
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import check_estimator

from fastcurse import PrefixLDA, distance_extremes, make_trunk

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
    assert abs(expected[-1] - 0.4278) < 0.002  # by this formula with 20 times the draws
    z = (np.mean(errors, axis=0) - expected) / (np.std(errors, axis=0) / np.sqrt(len(errors)))
    assert np.abs(z).max() < 5


def test_scikit_learn_checks():
    results = check_estimator(PrefixLDA(), on_skip=None)
    statuses = [result["status"] for result in results]
    assert set(statuses) <= {"passed", "skipped"}  # scikit-learn 1.6 had nothing to skip
    assert statuses.count("passed") > 40


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


STRINGS = NAN.astype(str)
OBJECTS = {kind: NAN.astype(object) for kind in ("None", "mixed", "complex")}
for kind, stranger in {"None": None, "mixed": "1.5", "complex": 1j}.items():
    OBJECTS[kind][4, 1] = stranger


@pytest.mark.parametrize(
    "X",
    [
        NAN, NAN * np.inf, NAN[:, 0], NAN[None], NAN[:, :0], NAN[:1], NAN[:0], NAN * 1j, STRINGS, STRINGS.tolist(),
        *OBJECTS.values(), [[1.0, 2.0], [3.0]], 5.0, None, [{}] * 12, np.full((12, 2), "2020-01-01", "datetime64[D]"),
        pd.DataFrame(NAN).astype({1: str}), csr_array(np.eye(12)), np.ma.masked_invalid(NAN),
    ],
)  # fmt: skip
def test_rows_are_refused_in_the_words_of_distance_extremes(X):
    with pytest.raises((TypeError, ValueError)) as expected:
        distance_extremes(X)
    assert str(expected.value).startswith("X ")
    y = make_trunk(12, 4, random_state=0)[1]
    with pytest.raises(expected.type) as raised:
        PrefixLDA().fit(X, y)
    assert str(raised.value) == str(expected.value)
    assert "\n" not in str(raised.value)


def test_objects_that_are_numbers_are_read():
    # check_estimator asks for these; distance_extremes refuses them.
    X, y = make_trunk(12, 4, random_state=0)
    path = PrefixLDA().fit(X, y).decision_path(X)
    assert (PrefixLDA().fit(X.astype(object), y).decision_path(X.astype(object)) == path).all()
    frame = pd.DataFrame(X).assign(flag=y > 0)  # bool beside float: an array of objects
    assert PrefixLDA().fit(frame.rename(columns=str), y).n_features_in_ == 5
    huge = X.astype(object)
    huge[0, 0] = 10**400
    with pytest.raises(ValueError, match="X must hold numbers in the range of float64"):
        PrefixLDA().fit(huge, y)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"y": np.zeros(12)}, ValueError, "y must hold at least 2 classes, got 1 class: 0.0$"),
        ({"y": np.arange(12)}, ValueError, "X must have more rows than classes, got 12 rows of 12 classes"),
        ({"y": np.arange(11) % 2}, ValueError, "y must have one label a row: X has 12 rows, y has 11"),
        ({"y": np.eye(12)}, ValueError, r"y must have 1 dimension \(n_samples,\), got shape \(12, 12\)"),
        ({"y": [[1], [1, 2]] * 6}, ValueError, r"y must have 1 dimension .*, got the ragged \[\[1\], \[1, 2\]"),
        ({"y": np.arange(12) / 2}, ValueError, "y must hold whole numbers or strings, got 0.5 at row 1 .*continuous"),
        ({"y": np.where(np.arange(12) == 3, np.nan, 1.0)}, ValueError, "y has a nan at row 3"),
        ({"y": np.array(["a", None] * 6, dtype=object)}, TypeError, r"y must .* got None \(NoneType\) at row 1"),
        ({"y": 1j * np.arange(12)}, TypeError, "y must hold numbers or strings, got dtype complex128"),
        ({"y": None}, ValueError, "y to be passed"),
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
        with pytest.raises(ValueError, match="X has a nan at row 7, column 2"):
            method(NAN)
        with pytest.raises(ValueError, match=r"X must have 2 dimensions .*\(12,\)\. Reshape your data: X.reshape"):
            method(X[:, 0])
        for strange in (STRINGS, X * 1j, OBJECTS["None"]):
            with pytest.raises(TypeError, match="X must hold real numbers"):
                method(strange)
    assert model.predict(X[:1]).shape == (1,)
    for prefixes, error in [([5], ValueError), ([2, 2], ValueError), ([], ValueError), ([1.0], TypeError)]:
        for method in (lambda p: model.decision_path(X, p), model.coef_path):
            with pytest.raises(error, match="prefixes must"):
                method(prefixes)
    for method in (model.score, model.score_path):
        with pytest.raises(ValueError, match="y must have one label a row: X has 12 rows, y has 11"):
            method(X, y[:11])
    for ask in (lambda m: m.decision_path(X), lambda m: m.coef_path(), lambda m: m.coef_, lambda m: m.predict(X)):
        with pytest.raises(NotFittedError):
            ask(PrefixLDA())
