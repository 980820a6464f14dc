"""The remedies experiment at small size: its rules are the known ones, its checks hold for every seed and can fail."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid

import fastcurse as fc
from fastcurse import experiments
from fastcurse.experiments import _remedy_rules as rules
from fastcurse.experiments import remedies


@pytest.fixture(scope="module")
def result():
    return remedies.run(**remedies.QUICK)


@pytest.fixture(scope="module", params=["identity", "factor"])
def sample(request):
    X, y = fc.make_trunk(60, 90, covariance=request.param, correlation=0.4, random_state=5)
    return rules.Sample(X, y == 0, request.param, 0.4)


def linear(sample, score, p):
    """Exact accuracy of a fitted linear rule, its weights read from its scores."""
    intercept = score(np.zeros((1, p)))[0]
    return sample.exact(score(np.eye(p)) - intercept, intercept)


class TestRules:
    def test_mean_only_is_the_nearest_centroid(self, sample):
        path = rules.mean_paths(sample, np.array([1, 20, 90]))["mean only"]
        for p, ours in zip([1, 20, 90], path, strict=True):
            centres = NearestCentroid().fit(sample.X[:, :p], sample.positive).centroids_
            w = centres[1] - centres[0]
            assert ours == pytest.approx(sample.exact(w, -w @ centres.mean(axis=0)), rel=1e-12)
        assert path[-1] == pytest.approx(rules.mean_only(sample), rel=1e-12)

    def test_diagonal_is_naive_bayes_of_equal_variances(self, sample):
        for p in (1, 25, 90):
            model = GaussianNB(priors=[0.5, 0.5]).fit(sample.X[:, :p], sample.positive)
            shared = np.average(model.var_, axis=0, weights=model.class_count_)
            w = (model.theta_[1] - model.theta_[0]) / shared
            expected = sample.exact(w, -w @ model.theta_.mean(axis=0))
            assert rules.mean_paths(sample, np.array([p]))["diagonal"][0] == pytest.approx(expected, rel=1e-8)

    def test_prior_shrinks_the_means(self, sample):
        half, middle, _ = rules.fitted_means(sample.X, sample.positive)
        w = half * [60 / (60 + i) for i in range(1, 91)]
        ours = rules.mean_paths(sample, np.array([90]))["Bayes prior"][0]
        assert ours == pytest.approx(sample.exact(w, -w @ middle), rel=1e-12)

    def test_first_component_is_pca(self, sample):
        points = np.array([2, 40, 90])
        for p, ours in zip(points, rules.first_component(sample, points), strict=True):
            pca = PCA(1).fit(sample.X[:, :p])
            w = pca.components_[0]
            w = w * np.sign(
                w @ (sample.X[sample.positive, :p].sum(axis=0) - sample.X[~sample.positive, :p].sum(axis=0))
            )
            assert ours == pytest.approx(sample.exact(w, -w @ pca.mean_), abs=1e-9)

    def test_labels_decide_the_components_sign(self, sample):
        points = np.array([2, 40, 90])
        ours = rules.first_component(sample, points)
        other = rules.first_component(sample._replace(positive=~sample.positive), points)
        np.testing.assert_allclose(other, 1 - ours, rtol=1e-12)

    def test_shrunk_covariance_is_between_mean_only_and_lda(self, sample):
        p = 30
        covariance = rules.ledoit_wolf(rules.fitted_means(sample.X, sample.positive)[2][:, :p], assume_centered=True)[0]
        model = LinearDiscriminantAnalysis(solver="lsqr", covariance_estimator=_Given(covariance))
        model.fit(sample.X[:, :p], sample.positive)
        expected = linear(sample, model.decision_function, p)
        assert rules.shrunk_covariance(sample, np.array([p]))[0] == pytest.approx(expected, rel=1e-9)

    def test_one_bag_of_all_rows_is_lda(self, sample):
        ones, points = np.ones(60, dtype=int), np.array([1, 30, 57, 58, 59, 75, 90])
        rule = rules._weighted_lda(sample.X, sample.positive, ones, points)
        half, middle, residuals = rules.fitted_means(sample.X, sample.positive)
        for p, (w, b) in zip(points, rule, strict=True):
            inverse = np.linalg.pinv(residuals[:, :p].T @ residuals[:, :p] / 60, rcond=1e-12)
            expected = inverse @ half[:p]
            np.testing.assert_allclose(w, expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())
            assert b == pytest.approx(-expected @ middle[:p], rel=1e-5, abs=1e-7)

    def test_counted_rows_are_repeated_rows(self, sample):
        counts = np.random.default_rng(0).integers(1, 4, 60)
        repeated = np.repeat(np.arange(60), counts)
        points = np.array([10, 80])
        ours = rules._weighted_lda(sample.X, sample.positive, counts, points)
        half, _, residuals = rules.fitted_means(sample.X[repeated], sample.positive[repeated])
        for p, (w, _) in zip(points, ours, strict=True):
            inverse = np.linalg.pinv(residuals[:, :p].T @ residuals[:, :p] / len(repeated), rcond=1e-12)
            np.testing.assert_allclose(w, inverse @ half[:p], rtol=1e-6, atol=1e-8)

    def test_ensembles_average_scores(self, sample):
        points = np.array([10, 50])

        class Once:
            """Draws every row once, and the features in order."""

            def integers(self, n, size):
                return np.arange(n)

            def choice(self, p, size, replace):
                return np.arange(size)

        bagged = rules.bagged_lda(sample, points, 3, Once())
        np.testing.assert_allclose(bagged, rules.lda_path(sample, points, 0.0), rtol=1e-9)
        subspaces = rules.random_subspaces(sample, points, 2, 10, Once())
        expected = rules.lda_path(sample, points[:1], 0.0)[0]
        assert subspaces[0] == pytest.approx(expected, rel=1e-9)
        # Weights are 0 beyond the ten first features: the accuracy of the shorter rule.
        assert subspaces[1] == pytest.approx(expected, rel=1e-9)


class _Given:
    """A covariance estimator that has its answer, for every class the same."""

    def __init__(self, covariance):
        self.covariance_ = covariance

    def fit(self, X):
        return self

    def get_params(self, deep=True):
        return {"covariance": self.covariance_}


@pytest.mark.statistical
@pytest.mark.parametrize("seed", range(1, 3))
def test_checks_hold(seed):
    """Noted numbers, closed forms and components raise 1e-3 false alarms each."""
    assert remedies.run(**remedies.QUICK, random_state=seed).failed == ()


def test_is_registered_with_every_check(result):
    assert result.failed == ()
    assert experiments.REMEDIES["remedies"] is remedies
    names = [check.name for check in result.checks]
    assert sum(name.startswith("noted accuracy") for name in names) == 7 * 2
    assert sum("theory" in name or "Bayes limit" in name for name in names) == 2 + 4 * 2
    assert sum(name.startswith("accuracy of mean only") for name in names) == 3 * 2


def test_same_seed_same_result_for_any_number_of_workers(result):
    assert remedies.run(**remedies.QUICK, n_jobs=1).to_dict() == result.to_dict()


def test_tables_and_figures(result):
    for table in result.tables.values():
        assert len({len(column) for column in table.values()}) == 1
        assert not any(column.flags.writeable for column in table.values())
    for figure, caption in result.figures.items():
        assert len(caption) > 20
        drawn = result.plot(figure)
        drawn.canvas.draw()
        for ax in drawn.axes:
            assert ax.get_xlabel()
            assert ax.get_title(loc="left")
    assert all(sentence.endswith(".") for sentence in result.corrections)


def test_few_rows_and_any_features():
    """Across n - 2 and bagging's dip at .632 n: with 60 rows, whose closed forms are further off."""
    params = {**remedies.QUICK, "n_samples": 60, "features": (1, 20, 38, 59, 90), "subspace_size": 10}
    result = remedies.run(**params, correlation=0.3)
    names = {check.name for check in result.checks}
    assert {"prefix of LDA's lowest accuracy, ar1", "prefix of bagged LDA's lowest accuracy"} <= names
    assert not any(name.startswith("noted") for name in names)
    for figure in result.figures:
        result.plot(figure).canvas.draw()


@pytest.mark.parametrize(
    ("formula", "wrong", "failing"),
    [
        ("nearest_mean_accuracy", lambda p, n, **kind: 0.95 + 0.0 * p, "accuracy of mean only"),
        ("prior_mean_accuracy", lambda p, n: 0.95 + 0.0 * p, "noted Bayes prior, theory"),
        ("ridge_accuracy", lambda p, n, ridge: 0.95 + 0.0 * p, "accuracy of ridge, identity"),
        (
            "first_component_accuracy",
            lambda p, n: 0.95 + 0.0 * (p + np.asarray(n)),
            "accuracy of the first component, p=1000",
        ),
        ("bayes_accuracy", lambda p, **kind: 0.95 + 0.0 * p, "noted Bayes limit"),
    ],
)
def test_a_wrong_closed_form_fails_the_checks(monkeypatch, formula, wrong, failing):
    monkeypatch.setattr(remedies.theory, formula, wrong)
    params = {**remedies.QUICK, "features": (101,), "repeats": 3, "component_repeats": 3, "bags": 1}
    assert any(failing in check.name for check in remedies.run(**params).failed)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"n_samples": 19}, ValueError, "n_samples must be at least 20, got 19"),
        ({"features": (4, 2)}, ValueError, "features must increase strictly"),
        ({"repeats": 1}, ValueError, "repeats must be at least 2, got 1"),
        ({"bags": 0}, ValueError, "bags must be at least 1"),
        ({"subspaces": 0}, ValueError, "subspaces must be at least 1"),
        ({"subspace_size": 0}, ValueError, "subspace_size must be at least 1"),
        ({"component_repeats": 1}, ValueError, "component_repeats must be at least 2"),
        ({"correlation": 1}, ValueError, "correlation must lie strictly between 0 and 1"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
        ({"random_state": -1}, ValueError, "random_state must be at least 0"),
    ],
)
def test_bad_parameters(params, error, message):
    with pytest.raises(error, match=message):
        remedies.run(**params)
