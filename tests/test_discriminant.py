"""PrefixLDA's numbers: against the reference, scikit-learn, the plain formula; laws and input elsewhere."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import sklearn
from discriminant_cases import TOLERANCE, assert_same_path, refits, sample
from hypothesis import given
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.utils.fixes import parse_version
from threadpoolctl import threadpool_limits

from fastcurse import PrefixLDA, make_trunk
from fastcurse._kernels.discriminant import count_correct, fill_prefix_scores
from fastcurse.discriminant import _model
from fastcurse.discriminant._rules import drops_direction
from fastcurse.reference import discriminant as reference

DIVIDES_BY_ROWS = parse_version(sklearn.__version__) >= parse_version("1.9")


@st.composite
def problems(draw):
    """Rows on a grid of 2^-20, so that shifts and scales by powers of two are exact: plain and disguised rows."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_classes = draw(st.integers(2, 6))
    n_samples = n_classes + draw(st.integers(1, 40))
    n_features = draw(st.integers(1, 50))
    X, y = sample(rng, n_samples + 5, n_features, n_classes)
    X = np.round(X * 2**20) / 2**20
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["constant", "class constant", "duplicate", "collinear", "unbalanced"]))
        column, one, other = rng.integers(0, n_features, 3)
        if kind == "constant":
            X[:, column] = 3.0
        elif kind == "class constant":
            X[:, column] = y
        elif kind == "duplicate":
            X[:, column] = X[:, one]
        elif kind == "collinear":
            X[:, column] = X[:, one] - 2.0 * X[:, other]
        else:
            y[n_classes : n_samples + 5] = 0
    shift = draw(st.sampled_from([0.0, 1.0, 2.0**20, 2.0**27]))
    disguised = (X + shift * rng.integers(-1, 2, n_features)) * 2.0 ** rng.integers(-27, 28, n_features)
    priors = draw(st.sampled_from([None, "equal", "random"]))
    if priors is not None:
        priors = np.full(n_classes, 1 / n_classes) if priors == "equal" else rng.dirichlet(np.ones(n_classes))
    return X[:n_samples], y[:n_samples], X, disguised, priors


@pytest.mark.parametrize("n_classes", [2, 3, 4])
@pytest.mark.parametrize("tol", [1e-4, 0.3])
def test_reference_is_scikit_learn(n_classes, tol):
    rng = np.random.default_rng(n_classes)
    X, y = sample(rng, 30, 40, n_classes)
    divisor = None if DIVIDES_BY_ROWS else 30 - n_classes
    for priors in (None, rng.dirichlet(np.ones(n_classes))):
        ours = reference.decision_path(X, y, X, range(1, 41), priors, tol, divisor)
        theirs = refits(X, y, X, range(1, 41), priors=priors, tol=tol)
        assert_same_path(ours, theirs, range(1, 41), 30 - n_classes)


@given(problems())
def test_equals_scikit_learn_through_any_shift_and_scale(problem):
    # scikit-learn sees the plain rows: shifted by 2^20 it loses digits itself.
    X, y, rows, disguised, priors = problem
    n_classes = len(np.unique(y))
    within = np.array([np.ptp(X[y == c], axis=0) for c in range(n_classes)]).max(axis=0)
    varying = [p for p in range(1, X.shape[1] + 1) if within[:p].any()]
    if not varying:
        return
    theirs = refits(X, y, rows, varying, priors=priors)
    model = PrefixLDA(priors=priors).fit(disguised[: len(X)], y)
    ours = model.decision_path(disguised, varying)
    assert_same_path(ours, theirs, varying, len(X) - n_classes)
    coef, intercept = PrefixLDA(priors=priors).fit(X, y).coef_path(varying)
    scores = np.einsum("nf,mcf->mnc", rows, coef) + intercept[:, None]
    assert_same_path(scores.reshape(theirs.shape), theirs, varying, len(X) - n_classes)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_every_route_is_taken_and_right(n_classes):
    rng = np.random.default_rng(5)
    X, y = sample(rng, 60, 90, n_classes)
    X[:, 12] = X[:, 3] + 4e-4 * rng.standard_normal(60)
    X[:, 20] = 7.0
    X[:, 25] = X[:, 4] - X[:, 9]
    model = PrefixLDA().fit(X, y)
    assert model._model.n_running == 12
    assert model._model.factor.n_features == 25
    prefixes = [*range(1, 53), 62, 70, 90]
    assert_same_path(model.decision_path(X, prefixes), refits(X, y, X, prefixes), prefixes, 60 - n_classes)
    assert set(range(26, 53)) <= set(model._model.exact)
    assert not {62, 70, 90} & set(model._model.exact)


def test_ill_conditioned_prefixes_are_refined():
    # Smallest singular value 2e-4: unrefined weights err by 1e-10 to 1e-9, refined ones like scikit-learn's
    # own, by eps / 2e-4 = 1e-12 and a few roundings.
    rng = np.random.default_rng(0)
    X, y = sample(rng, 300, 40, 3)
    X[:, 20] = X[:, 5] + 3e-4 * rng.standard_normal(300)
    model = PrefixLDA().fit(X, y)
    assert model._model.n_running == 20
    assert not model._model.exact
    prefixes = range(21, 41)
    for ours, theirs in zip(model.decision_path(X, prefixes), refits(X, y, X, prefixes), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-11 * np.abs(theirs).max())


def test_wide_prefixes_of_trunk():
    X, y = make_trunk(80, 300, random_state=0)
    X_test, y_test = make_trunk(30, 300, random_state=1)
    prefixes = np.array([79, 80, 83, 90, 150, 300])
    model = PrefixLDA().fit(X, y)
    theirs = refits(X, y, X_test, prefixes)
    assert_same_path(model.decision_path(X_test, prefixes), theirs, prefixes, 78)
    assert not {83, 90, 150, 300} & set(model._model.exact)
    np.testing.assert_array_equal(model.score_path(X_test, y_test, prefixes), ((theirs > 0) == y_test).mean(axis=1))


def test_wide_prefixes_of_repeated_rows():
    # G has zeros, or values far below tol, beside those of the class indicators.
    rng = np.random.default_rng(9)
    X, y = sample(rng, 30, 80, 2)
    for noise in (0.0, 1e-7):
        rows = np.concatenate([X, X + noise * rng.standard_normal(X.shape)])
        labels = np.concatenate([y, y])
        prefixes = [59, 62, 70, 80]
        model = PrefixLDA().fit(rows, labels)
        assert_same_path(model.decision_path(X, prefixes), refits(rows, labels, X, prefixes), prefixes, 28)


def test_constants_cost_no_refit_and_never_count():
    X, y = make_trunk(50, 12, random_state=3)
    held = np.insert(X, [0, 4, 7], [[0.1, 1e6 + 0.3, 77.7]], axis=1)
    model = PrefixLDA().fit(held, y)
    assert model._model.n_running == 15
    keep = [p for p in range(1, 16) if p not in (1, 6, 10)]
    assert_same_path(model.decision_path(held, keep), refits(X, y, X, range(1, 13)), keep, 48)
    # Nothing but a constant: the priors decide, where scikit-learn stops with an IndexError.
    assert (model.decision_path(held, [1]) == 0.0).all()


def test_directions_of_the_means_below_tol_are_dropped():
    # Three means on a line but for 1e-5 of its length, one direction of two; also wide, and with one class
    # that has no prior and so spans nothing.
    rng = np.random.default_rng(8)
    n, p = 40, 60
    y = np.arange(n) % 3
    noise = rng.standard_normal((n, p))
    noise -= np.array([noise[y == c].mean(axis=0) for c in range(3)])[y]
    X = noise + 1e3 * y[:, None] + 3e-2 * (y == 1)[:, None] * np.arange(p)
    prefixes = [3, 10, 20, 50, 60]
    for priors in (None, [0.2, 0.3, 0.5]):
        model = PrefixLDA(priors=priors).fit(X, y)
        theirs = refits(X, y, X, prefixes, priors=priors)
        assert_same_path(model.decision_path(X, prefixes), theirs, prefixes, n - 3)
        kept = PrefixLDA(priors=priors, tol=1e-12).fit(X, y).decision_path(X, prefixes)
        assert np.abs(kept - theirs).max() > 1e-3
    with np.errstate(divide="ignore"):
        lda = LinearDiscriminantAnalysis(priors=[0.0, 0.4, 0.6]).fit(X[:, :10], y)
    coef, intercept = PrefixLDA(priors=[0.0, 0.4, 0.6]).fit(X, y).coef_path([10])
    np.testing.assert_allclose(coef[0, :, :10], lda.coef_, rtol=0, atol=1e-9 * np.abs(lda.coef_).max())
    np.testing.assert_allclose(intercept[0], lda.intercept_, rtol=1e-9)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_ridge_solves_the_shifted_scatter_beyond_the_rank(n_classes):
    X, y = sample(np.random.default_rng(1), 20, 35, n_classes)
    X[:, 6] = X[:, 2]
    prefixes = [1, 7, 18, 35]
    model = PrefixLDA(ridge=0.5).fit(X, y)
    means = np.array([X[y == c].mean(axis=0) for c in range(n_classes)])
    Z = X - means[y]
    sd = Z.std(axis=0)
    divisor = 20 if DIVIDES_BY_ROWS else 20 - n_classes
    path = model.decision_path(X, prefixes)
    coef, intercept = model.coef_path(prefixes)
    for i, p in enumerate(prefixes):
        S = (Z / sd)[:, :p].T @ (Z / sd)[:, :p] / divisor + 0.5 * np.eye(p)
        centres = ((means - model.xbar_) / sd)[:, :p]
        weights = np.linalg.solve(S, centres.T).T
        scores = ((X - model.xbar_) / sd)[:, :p] @ weights.T - 0.5 * (weights * centres).sum(axis=1)
        scores += np.log(model.priors_)
        scores = scores if n_classes > 2 else scores[:, 1] - scores[:, 0]
        np.testing.assert_allclose(path[i], scores, atol=1e-12 * p)
        np.testing.assert_allclose((X @ coef[i].T + intercept[i]).reshape(scores.shape), scores, atol=1e-12 * p)


@pytest.mark.interpreted
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("n_features", [None, 1, 9, 30])
def test_methods_agree_with_the_path(n_classes, n_features, monkeypatch):
    monkeypatch.setattr(_model, "_ROWS_PER_BLOCK", 7)
    X, codes = sample(np.random.default_rng(2), 24, 30, n_classes)
    labels = np.array(["ash", "beech", "cedar", "date"])[:n_classes]
    y = labels[codes]
    model = PrefixLDA(n_features=n_features).fit(X, y)
    p = n_features or 30
    lda = LinearDiscriminantAnalysis().fit(X[:, :p], y)
    path, scores = model.decision_path(X), lda.decision_function(X[:, :p])
    for ours, theirs in (
        (path[p - 1], scores),
        (model.decision_function(X), scores),
        (model.predict_proba(X), lda.predict_proba(X[:, :p])),
        (np.exp(model.predict_log_proba(X)), lda.predict_proba(X[:, :p])),
        (model.coef_, np.pad(lda.coef_, [(0, 0), (0, 30 - p)])),
        (model.intercept_, lda.intercept_),
        (model.means_[:, :p], lda.means_),
        (model.xbar_[:p], lda.xbar_),
        (model.priors_, lda.priors_),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE * np.abs(theirs).max())
    np.testing.assert_array_equal(model.predict(X), lda.predict(X[:, :p]))
    labels_path = model.predict_path(X)
    decided = np.where(path > 0, labels[1], labels[0]) if n_classes == 2 else labels[path.argmax(axis=-1)]
    np.testing.assert_array_equal(labels_path, decided)
    np.testing.assert_array_equal(model.score_path(X, y), (labels_path == y).mean(axis=1))
    weights = np.arange(24.0)
    assert model.score(X, y) == lda.score(X[:, :p], y)
    assert model.score(X, y, weights) == pytest.approx(lda.score(X[:, :p], y, weights), rel=1e-15)
    unseen = np.where(codes == 0, "elm", y)
    np.testing.assert_array_equal(model.score_path(X, unseen), (labels_path == unseen).mean(axis=1))


@pytest.mark.interpreted
@pytest.mark.parametrize("n_channels", [1, 3])
def test_kernels_are_plain_sums(n_channels):
    rng = np.random.default_rng(4)
    rows, directions = rng.standard_normal((40, 9)), rng.standard_normal((n_channels, 9))
    prefixes = np.array([1, 2, 6, 9])
    offsets, codes = rng.standard_normal((4, n_channels)), rng.integers(-1, 3, 40)
    scores, counts = np.empty((4, 40, n_channels)), np.zeros((7, 4), dtype=np.int64)
    fill_prefix_scores(rows, directions, offsets, prefixes, scores)
    count_correct(rows, directions, offsets, prefixes, codes, counts)
    expected = np.array([rows[:, :p] @ directions[:, :p].T for p in prefixes]) + offsets[:, None]
    np.testing.assert_allclose(scores, expected, atol=1e-13)
    np.testing.assert_array_equal(counts.sum(axis=0), (_model.decided(expected) == codes).sum(axis=1))


def test_a_constant_does_not_count_wherever_it_moves():
    X, y = sample(np.random.default_rng(8), 60, 4, 3)
    moved = np.insert(X, 2, 1e300, axis=1)
    scores = PrefixLDA().fit(np.insert(X, 2, 7.0, axis=1), y).decision_path(moved)
    np.testing.assert_allclose(scores[[0, 1, 3, 4]], PrefixLDA().fit(X, y).decision_path(X), rtol=1e-9, atol=1e-9)


def test_of_equal_scores_the_first_class_is_named():
    lda = PrefixLDA().fit([[-2.0], [-1.0], [1.0], [2.0]], [0, 0, 1, 1])
    assert lda.decision_function([[0.0]]) == 0
    assert lda.predict([[0.0]]) == lda.predict_path([[0.0]]) == 0
    assert lda.score_path([[0.0]], [0]) == 1
    counts = np.zeros((1, 1), dtype=np.int64)
    count_correct(
        np.ones((1, 1)), np.array([[1.0], [2.0], [2.0]]), np.zeros((1, 3)), np.array([1]), np.array([1]), counts
    )
    assert counts == 1


def test_bits_do_not_depend_on_threads_or_layout(monkeypatch):
    monkeypatch.setattr(_model, "_SERIAL_WORK", 0)
    # Large enough for OpenBLAS to split its sums.
    X, y = sample(np.random.default_rng(6), 300, 310, 3)
    prefixes = [*range(1, 280), 310]
    answers = []
    for threads, blas, order in [(1, 1, "C"), (2, 2, "F"), (3, 1, "C"), (8, 2, "C")]:
        monkeypatch.setattr("fastcurse.engine.threads.available_threads", lambda threads=threads: threads)
        with threadpool_limits(limits=blas, user_api="blas"):
            rows = np.asarray(X, order=order)
            model = PrefixLDA().fit(rows, y)
            answers.append((model.decision_path(rows, prefixes), *model.coef_path(prefixes), model.coef_))
            answers[-1] += (model.score_path(rows, y, prefixes),)
    for answer in answers[1:]:
        for first, other in zip(answers[0], answer, strict=True):
            assert (first == other).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int16, bool])
def test_other_dtypes_are_read_as_float64(dtype):
    X, y = sample(np.random.default_rng(3), 30, 12, 3)
    rows = (X > 0).astype(dtype) if dtype is bool else (3 * X).astype(dtype)
    path = PrefixLDA().fit(rows, y).decision_path(rows)
    assert (path == PrefixLDA().fit(rows.astype(float), y).decision_path(rows.astype(float))).all()
    assert_same_path(path, refits(rows.astype(float), y, rows.astype(float), range(1, 13)), range(1, 13), 27)


@pytest.mark.parametrize("least", [1e-12, 0.9e-8, 1.1e-8, 3e-8, 1e-3])
def test_a_direction_is_dropped_below_tol_of_the_largest_spread_of_the_class_means(least):
    # Eigenvalues are squares, and one is 0: that of the means' mean, which is no direction that could be dropped.
    rng = np.random.default_rng(3)
    frame = SimpleNamespace(priors=rng.dirichlet(np.ones(30)))
    root = np.sqrt(frame.priors)
    basis = np.linalg.qr(np.column_stack([root, rng.standard_normal((30, 29))]))[0]
    scaled = (basis * np.r_[0.0, 1.0, np.geomspace(1.0, least, 28)]) @ basis.T
    gram = scaled / np.outer(root, root)
    assert drops_direction((gram + gram.T) / 2, frame, 1e-4) == (least < 1e-8)
