"""PrefixLDA beyond n - K features: the growing factor, its bounds, and every prefix against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from discriminant_cases import assert_same_path, refits, sample
from hypothesis import given
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from fastcurse import PrefixLDA
from fastcurse._kernels import simd
from fastcurse._kernels.discriminant import grow_factor
from fastcurse.discriminant import _wide


@pytest.mark.interpreted
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 12), st.sampled_from([128, 256, 512]))
def test_growth_is_a_new_factorisation(seed, n, grown, bits):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, n + 3)) * 10.0 ** rng.integers(-3, 4)
    gram, rows = A @ A.T, rng.standard_normal((grown, n))
    factor = np.ascontiguousarray(np.linalg.cholesky(gram).T)
    factor[np.tril_indices(n, -1)] = np.nan  # not read
    for row in rows:
        grow_factor(simd.width_of(bits), factor.ravel(), row.copy())
    total = gram + rows.T @ rows
    upper = np.triu(factor)
    assert (np.diag(upper) > 0).all()
    # Each rotation errs by a few eps of the columns it turns; n + grown of them, column norms up to the largest.
    allowed = 8 * (n + grown) * 2.2e-16 * np.trace(total)
    np.testing.assert_allclose(upper.T @ upper, total, rtol=0, atol=allowed)


@pytest.mark.interpreted
def test_growth_gives_the_same_bits_for_every_width():
    rng = np.random.default_rng(0)
    A, row = rng.standard_normal((37, 60)), rng.standard_normal(37)
    answers = []
    for bits in (128, 256, 512):
        factor = np.ascontiguousarray(np.linalg.cholesky(A @ A.T).T)
        grow_factor(simd.width_of(bits), factor.ravel(), row.copy())
        answers.append(np.triu(factor))
    assert (answers[0] == answers[1]).all()
    assert (answers[0] == answers[2]).all()


@given(st.integers(0, 2**32), st.integers(2, 5), st.sampled_from(["all", "some", "one"]), st.booleans())
def test_wide_prefixes_are_scikit_learns(seed, n_classes, asked, weighted):
    rng = np.random.default_rng(seed)
    n_samples = n_classes + int(rng.integers(2, 30))
    n_features = n_samples + int(rng.integers(1, 60))
    X, y = sample(rng, n_samples, n_features, n_classes)
    X *= 10.0 ** rng.integers(-8, 9, n_features)
    if rng.random() < 0.3:
        X[:, rng.integers(0, n_features)] = 1.5
    if rng.random() < 0.3:
        X[:, rng.integers(0, n_features)] = X[:, rng.integers(0, n_features)]
    rank = n_samples - n_classes
    prefixes = np.arange(rank + 1, n_features + 1)
    if asked != "all":
        prefixes = np.sort(rng.choice(prefixes, 1 if asked == "one" else max(1, prefixes.size // 4), replace=False))
    priors = rng.dirichlet(np.ones(n_classes)) if weighted else None
    rows = np.concatenate([X, X + 0.1 * X.std(axis=0) * rng.standard_normal(X.shape)])
    model = PrefixLDA(priors=priors).fit(X, y)
    theirs = refits(X, y, rows, prefixes, priors=priors)
    for _ in range(2):  # the second time from what was kept
        assert_same_path(model.decision_path(rows, prefixes), theirs, prefixes, rank)


def test_few_prefixes_near_the_rank_are_factorised_and_the_others_grown(monkeypatch):
    refactored, singular = [], []

    def refactor(self, p):
        refactored.append(p)
        original(self, p)

    def rule(p, *arguments):
        singular.append(p)
        return singular_rule(p, *arguments)

    original, singular_rule = _wide._GramFactor._refactor, _wide.singular_rule
    monkeypatch.setattr(_wide._GramFactor, "_refactor", refactor)
    monkeypatch.setattr(_wide, "singular_rule", rule)
    X, y = sample(np.random.default_rng(1), 120, 300, 2)
    model = PrefixLDA().fit(X, y)
    model.decision_path(X)
    assert 0 < len(refactored) < 8
    assert len(singular) < 8
    before = len(refactored)
    model.score_path(X, y)
    model.coef_path([150, 299])
    assert len(refactored) == before


def test_far_prefixes_are_factorised_anew():
    X, y = sample(np.random.default_rng(2), 40, 4000, 3)
    prefixes = np.array([45, 46, 900, 903, 4000])
    assert_same_path(PrefixLDA().fit(X, y).decision_path(X, prefixes), refits(X, y, X, prefixes), prefixes, 37)


def test_bounds_of_the_eigenvalues_hold_at_every_prefix():
    X, y = sample(np.random.default_rng(3), 20, 400, 2)
    model = PrefixLDA().fit(X, y)
    rows = model._model.wide.rows
    gram = _wide._GramFactor(rows, shift=19.0)
    indicators = (rows.codes[:, None] == rows.codes) / np.bincount(rows.codes)[rows.codes]
    for p in range(19, 401):
        gram.reach(p, 1e-6)
        A = rows.Z[:, :p] @ rows.Z[:, :p].T + 19.0 * indicators
        values = np.linalg.eigvalsh(A)
        assert gram.smallest <= _wide._NORM_MARGIN * values[0]
        assert gram.largest >= values[-1] * (1 - 1e-12)
        upper = np.triu(gram.factor)
        np.testing.assert_allclose(upper.T @ upper, A, rtol=0, atol=1e-11 * values[-1])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_singular_prefixes_after_a_collinear_feature_are_scikit_learns(n_classes):
    rng = np.random.default_rng(4)
    for n_samples, n_features in ((60, 20), (400, 20), (30, 50)):
        X, y = sample(rng, n_samples, n_features, n_classes)
        X[:, 5] = X[:, 1] - 3 * X[:, 2]
        X[:, 9] = X[:, 0] + 1e-6 * rng.standard_normal(n_samples)
        prefixes = range(1, n_features + 1)
        model = PrefixLDA().fit(X, y)
        ours, theirs = model.decision_path(X, prefixes), refits(X, y, X, prefixes)
        assert_same_path(ours, theirs, prefixes, n_samples - n_classes)


@pytest.mark.parametrize("keep_rows", [True, False])
def test_a_constant_never_counts_in_a_singular_prefix(keep_rows):
    X, y = sample(np.random.default_rng(6), 60, 10, 3)
    X[:, 4] = X[:, 1] + X[:, 2]
    X[:, 6] = 3.0
    model = PrefixLDA().fit(X, y) if keep_rows else PrefixLDA().partial_fit(X, y, range(3))
    far = X.copy()
    far[:, 6] += 1e12
    assert (model.decision_path(far, [7, 10]) == model.decision_path(X, [7, 10])).all()
    assert (model.coef_path([7, 10])[0][:, :, 6] == 0).all()


def test_all_singular_values_below_tol_leave_the_priors():
    X, y = sample(np.random.default_rng(5), 30, 4, 2)
    model = PrefixLDA(tol=10.0).fit(X, y)
    np.testing.assert_allclose(model.decision_path(X), np.log(model.priors_[1] / model.priors_[0]), rtol=1e-12)
    with pytest.raises((IndexError, ValueError)):  # of SciPy's svd of nothing, by version
        LinearDiscriminantAnalysis(tol=10.0).fit(X, y)


@pytest.mark.parametrize(("n_samples", "n_classes", "n_features"), [(9, 8, 2), (21, 20, 2), (22, 20, 3), (11, 10, 2)])
def test_many_classes_of_few_rows(n_samples, n_classes, n_features):
    X, y = sample(np.random.default_rng(7), n_samples, n_features, n_classes)
    prefixes = range(1, n_features + 1)
    ours = PrefixLDA().fit(X, y).decision_path(X)
    assert_same_path(ours, refits(X, y, X, prefixes), prefixes, n_samples - n_classes)
