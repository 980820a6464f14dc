"""PrefixLDA in pieces: partial_fit and merge against fit, memory, bits, and what is refused."""

from __future__ import annotations

import pickle
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from discriminant_cases import refits, sample
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from fastcurse import PrefixLDA
from fastcurse.discriminant import _moments
from fastcurse.discriminant._moments import _two_sum, class_moments

# Sums in another order: eps times the number of sums, times the condition of the scatter; promised.
TOLERANCE = 1e-10


def cut(rng, n_rows):
    """Slices of random lengths, one row among them."""
    ends = np.sort(rng.choice(np.arange(1, n_rows), min(n_rows - 1, int(rng.integers(1, 7))), replace=False))
    return [slice(a, b) for a, b in zip([0, *ends], [*ends, n_rows], strict=True)]


def assert_close(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * np.abs(theirs).max())


@given(st.integers(0, 2**32), st.integers(2, 5), st.booleans(), st.sampled_from([0.0, 0.3]))
def test_any_chunks_and_any_order_of_merging_are_fit(seed, n_classes, shuffled, ridge):
    rng = np.random.default_rng(seed)
    n_samples = 10 * n_classes + int(rng.integers(2, 80))
    X, y = sample(rng, n_samples, int(rng.integers(1, 9)), n_classes)
    X = (X + rng.integers(-1, 2, X.shape[1]) * 1e6) * 10.0 ** rng.integers(-8, 9, X.shape[1])
    if not shuffled:  # chunks that lack classes
        order = np.argsort(y, kind="stable")
        X, y = X[order], y[order]
    whole = PrefixLDA(ridge=ridge).fit(X, y)
    chunks = cut(rng, n_samples)
    grown = PrefixLDA(ridge=ridge)
    for chunk in chunks:
        grown.partial_fit(X[chunk], y[chunk], classes=range(n_classes))
    parts = [PrefixLDA(ridge=ridge).partial_fit(X[chunk], y[chunk], range(n_classes)) for chunk in chunks]
    order = rng.permutation(len(parts))
    merged = parts[order[0]]
    for other in order[1:]:
        merged.merge(parts[other])
    for model in (grown, merged):
        assert_close(model.decision_path(X), whole.decision_path(X))
        scale = whole.means_.std(axis=0) + X.std(axis=0)
        np.testing.assert_allclose(model.means_ / scale, whole.means_ / scale, rtol=1e-14, atol=1e-13)
        np.testing.assert_array_equal(model.priors_, whole.priors_)
        assert (model.classes_ == whole.classes_).all()


@given(st.integers(0, 2**32))
def test_wide_prefixes_in_pieces(seed):
    rng = np.random.default_rng(seed)
    X, y = sample(rng, 25, 40, 2)
    whole, grown = PrefixLDA().fit(X, y), PrefixLDA()
    for chunk in cut(rng, 25):
        grown.partial_fit(X[chunk], y[chunk], [0, 1])
    prefixes = [5, 15, 30, 40]
    assert_close(grown.decision_path(X, prefixes), whole.decision_path(X, prefixes))
    # fit's own sample, of whose scatter only the tall part was needed, can go on too.
    X_more, y_more = sample(rng, 30, 40, 2)
    both = PrefixLDA().fit(np.concatenate([X, X_more]), np.concatenate([y, y_more]))
    whole.partial_fit(X_more, y_more)
    assert_close(whole.decision_path(X, prefixes), both.decision_path(X, prefixes))


def test_rows_are_kept_only_while_they_are_few():
    rng = np.random.default_rng(0)
    X, y = sample(rng, 100, 10, 2)
    model = PrefixLDA().partial_fit(X[:12], y[:12], [0, 1])
    assert model._sample.X.shape == (12, 10)
    model.partial_fit(X[12:13], y[12:13])
    assert model._sample.X is None
    assert PrefixLDA().fit(X, y)._sample.X is None
    mine = X[:9].copy()
    kept = PrefixLDA().fit(mine, y[:9])
    mine[:] = 7.0  # the caller's array is the caller's
    kept.partial_fit(X[9:11], y[9:11])
    assert_close(kept.decision_path(X), PrefixLDA().fit(X[:11], y[:11]).decision_path(X))


def test_singular_prefixes_without_rows():
    rng = np.random.default_rng(1)
    X, y = sample(rng, 300, 20, 3)
    X[:, 7] = X[:, 2]
    X[:, 12] = 4.0
    X[:, 15] = X[:, 3] + X[:, 4]
    model = PrefixLDA()
    for start in range(0, 300, 50):
        model.partial_fit(X[start : start + 50], y[start : start + 50], range(3))
    # eps times the largest eigenvalue, 3, over the smallest that is kept, about .3.
    prefixes = range(1, 21)
    for ours, theirs in zip(model.decision_path(X), refits(X, y, X, prefixes), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9 * np.abs(theirs).max())


def test_a_row_of_each_class_makes_no_rule():
    lda = PrefixLDA().partial_fit([[0.0], [1.0]], [0, 1], classes=[0, 1])
    with pytest.raises(ValueError, match="more rows than classes before a rule is asked for, got 2 rows of 2 classes"):
        lda.predict([[0.0]])


def test_a_sum_of_two_is_exact_with_its_rounding():
    values = np.random.default_rng(0).standard_normal((2, 200)) * 10.0 ** np.random.default_rng(1).integers(
        -20, 20, 200
    )
    first, second = np.append(values[0], [1.0, 1e-20]), np.append(values[1][::-1], [1e-20, 1.0])
    for a, b, total, low in zip(first, second, *_two_sum(first, second), strict=True):
        assert Fraction(a) + Fraction(b) == Fraction(total) + Fraction(low)


def test_a_shift_of_1e8_costs_no_digit_in_pieces():
    rng = np.random.default_rng(2)
    X, y = sample(rng, 400, 6, 2)
    X = np.round(X * 2**20) / 2**20
    model = PrefixLDA()
    for start in range(0, 400, 37):
        model.partial_fit(X[start : start + 37] + 2.0**27, y[start : start + 37], [0, 1])
    assert_close(model.decision_path(X + 2.0**27), PrefixLDA().fit(X, y).decision_path(X))


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 1000])
def test_moments_are_those_of_one_pass(rows, monkeypatch):
    X, y = sample(np.random.default_rng(4), 1000, 5, 4)
    monkeypatch.setattr(_moments, "_VALUES_A_BLOCK", 5 * rows)
    found = class_moments(X.astype(np.float32), y, 4, 3)
    X = X.astype(np.float32).astype(np.float64)
    means = np.array([X[y == c].mean(axis=0) for c in range(4)])
    centred = X - means[y]
    np.testing.assert_array_equal(found.counts, np.bincount(y))
    np.testing.assert_allclose(found.means + found.means_low, means, rtol=1e-13)
    np.testing.assert_allclose(found.sum_sq, (centred**2).sum(axis=0), rtol=1e-13)
    lower = np.tril(found.scatter)
    np.testing.assert_allclose(lower, np.tril(centred[:, :3].T @ centred[:, :3]), rtol=0, atol=1e-11)


def test_memmap_and_frames(tmp_path):
    X, y = sample(np.random.default_rng(5), 500, 6, 2)
    np.save(tmp_path / "X.npy", X.astype(np.float32))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    expected = PrefixLDA().fit(X.astype(np.float32).astype(np.float64), y).decision_path(X)
    assert (PrefixLDA().fit(mapped, y).decision_path(X) == expected).all()
    frame = pd.DataFrame(X, columns=list("abcdef"))
    model = PrefixLDA().partial_fit(frame[:200], y[:200], [0, 1])
    with pytest.raises(ValueError, match="feature names"):
        model.partial_fit(frame[["b", "a", "c", "d", "e", "f"]][200:], y[200:])
    other = PrefixLDA().fit(frame[["b", "a", "c", "d", "e", "f"]], y)
    with pytest.raises(ValueError, match=r"other must have features \['a', 'b'"):
        model.merge(other)
    assert model.feature_names_in_.tolist() == list("abcdef")


def test_strings_missing_classes_and_going_on_after_fit():
    X, codes = sample(np.random.default_rng(6), 60, 4, 3)
    y = np.array(["ash", "beech", "cedar"])[codes]
    first, rest = codes < 2, codes == 2
    model = PrefixLDA().partial_fit(X[first], y[first], classes=["cedar", "beech", "ash"])
    assert model.classes_.tolist() == ["ash", "beech", "cedar"]
    assert np.isnan(model.means_[2]).all()
    assert model.priors_[2] == 0
    with pytest.raises(ValueError, match=r"each class before a rule is asked for, got no row of \['cedar'\]"):
        model.predict(X)
    model.partial_fit(X[rest], y[rest])
    whole = PrefixLDA().fit(X, y)
    assert_close(model.decision_path(X), whole.decision_path(X))
    assert (model.predict(X) == whole.predict(X)).all()
    again = pickle.loads(pickle.dumps(model)).partial_fit(X, y)
    assert_close(again.decision_path(X), PrefixLDA().fit(np.tile(X, (2, 1)), np.tile(y, 2)).decision_path(X))
    assert not hasattr(clone(model), "classes_")
    model.fit(X[:, :2], y)  # starts anew
    assert model.n_features_in_ == 2


def test_what_partial_fit_and_merge_refuse():
    X, y = sample(np.random.default_rng(7), 30, 4, 2)
    with pytest.raises(ValueError, match=r"classes must name all labels at the first call of partial_fit, got None"):
        PrefixLDA().partial_fit(X, y)
    with pytest.raises(ValueError, match="classes must hold at least 2 classes"):
        PrefixLDA().partial_fit(X, y, classes=[0, 0])
    with pytest.raises(ValueError, match=r"y must hold labels of \[0, 2\], got .*1.* at row 1"):
        PrefixLDA().partial_fit(X, y, classes=[0, 2])
    with pytest.raises(TypeError, match="y must hold labels of"):
        PrefixLDA().partial_fit(X, y.astype(str), classes=[0, 1])
    model = PrefixLDA().partial_fit(X, y, classes=[0, 1])
    before = model.decision_path(X)
    for refused, match in (
        (lambda: model.partial_fit(X, y, classes=[0, 1, 2]), r"classes must be those of the first call, \[0, 1\]"),
        (lambda: model.partial_fit(X[:, :3], y), "3 features"),
        (lambda: model.partial_fit(X, np.full(30, 5)), "y must hold labels"),
        (lambda: model.partial_fit(X * np.nan, y), "NaN|nan"),
        (lambda: model.partial_fit(X * 1e200, y), "squares"),
        (lambda: model.merge(PrefixLDA().fit(X[:, :3], y)), "other must have 4 features, got 3"),
        (lambda: model.merge(PrefixLDA().fit(X, y + 1)), r"other must have classes \[0, 1\], got \[1, 2\]"),
    ):
        with pytest.raises(ValueError, match=match):
            refused()
        assert (model.decision_path(X) == before).all()
    with pytest.raises(TypeError, match="other must be a PrefixLDA, got dict"):
        model.merge({})
    with pytest.raises(ValueError, match="fit"):
        model.merge(PrefixLDA())
    one = PrefixLDA().partial_fit(X[:2], [0, 1], [0, 1])
    with pytest.raises(ValueError, match="more rows than classes before a rule is asked for, got 2 rows"):
        one.predict(X)
    one.merge(model)
    assert one._sample.n_rows == 32
    assert (model.decision_path(X) == before).all()


def test_a_call_that_fails_leaves_the_earlier_fit():
    X, y = sample(np.random.default_rng(8), 60, 12, 3)
    model = PrefixLDA().fit(X, y)
    before = model.decision_path(X)
    for refused in (
        lambda: model.fit(X[:, :5], y * 0),
        lambda: model.fit(X[:3], [0, 1, 2]),
        lambda: model.fit(X * 1e200, y),
        lambda: model.set_params(ridge=1e-300).fit(X[:10], y[:10]),
    ):
        with pytest.raises(ValueError, match="must"):
            refused()
        model.set_params(ridge=0.0)
        assert (model.decision_path(X) == before).all()
        assert model.n_features_in_ == 12


def test_rows_too_far_apart_in_different_chunks():
    A, y = sample(np.random.default_rng(9), 30, 5, 2)
    model = PrefixLDA().partial_fit(A + 1e160, y, classes=[0, 1])
    with pytest.raises(ValueError, match="squares within float64's range"):
        model.partial_fit(A - 1e160, y)
    assert model._sample.n_rows == 30


def test_attributes_that_cannot_be_told_yet():
    A, _ = sample(np.random.default_rng(10), 30, 5, 2)
    model = PrefixLDA().partial_fit(A[:1], [0], classes=[0, 1])
    assert not hasattr(model, "coef_")
    assert not hasattr(model, "xbar_")
    assert "PrefixLDA" in model._repr_html_()


def test_parameters_changed_after_fit():
    X, y = sample(np.random.default_rng(11), 60, 12, 3)
    model = PrefixLDA().fit(X, y)
    for wrong in (-2, 0, 99):
        with pytest.raises(ValueError, match="n_features must be between 1 and 12"):
            model.set_params(n_features=wrong).decision_function(X)
    model.set_params(n_features=4)
    assert (model.decision_function(X) == PrefixLDA(n_features=4).fit(X, y).decision_function(X)).all()
    model.set_params(priors=[0.8, 0.1, 0.1])
    np.testing.assert_allclose(model.means_.T @ model.priors_, model.xbar_, rtol=1e-12)


def test_of_a_memmap_blocks_are_held_only(tmp_path):
    import tracemalloc

    np.save(tmp_path / "X.npy", np.random.default_rng(12).standard_normal((40_000, 60), dtype=np.float32))
    X, y = np.load(tmp_path / "X.npy", mmap_mode="r"), np.arange(40_000) % 2
    PrefixLDA().fit(X, y).score_path(X, y, [1, 50])
    tracemalloc.start()
    PrefixLDA().fit(X, y).score_path(X, y, [1, 50])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40_000 * 60 * 8 / 2
