"""The whitening experiment at small size: its checks hold for every seed and can fail, its figures draw."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import beta
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import fastcurse as fc
from fastcurse import experiments
from fastcurse.experiments import _whitened_rules, _whitening_checks, whitening
from fastcurse.experiments._whitening_checks import make_checks

SMALL = {"repeats": 6, "sizes": (5, 9, 10, 14, 40), "n_features": 8, "n_samples": 500, "features": (3, 101),
         "truncated": (101,)}  # fmt: skip


@pytest.fixture(scope="module")
def result():
    return whitening.run(**SMALL, n_jobs=1)


@pytest.mark.statistical
@pytest.mark.parametrize("seed", range(3))
def test_checks_hold(seed):
    """All checks of a run together raise about 2e-3 false alarms."""
    assert whitening.run(**whitening.QUICK, random_state=seed).failed == ()


def test_is_registered_with_every_check(result):
    assert experiments.REMEDIES["whitening"] is whitening
    names = [check.name for check in result.checks]
    assert len(set(names)) == len(names)
    assert sum(name.startswith("noted") for name in names) == 4
    assert sum(name.startswith("largest contrast") for name in names) == 2
    assert result.failed == ()


def test_same_seed_same_result_and_json(result):
    again = whitening.run(**SMALL, n_jobs=2).to_dict()
    assert again == result.to_dict()
    assert json.loads(json.dumps(again))["params"]["random_state"] == 0
    assert whitening.run(**SMALL, random_state=1).to_dict() != again


class TestWhiten:
    @pytest.mark.parametrize("n", [4, 9, 30])
    def test_is_white_and_pca_is_scikit_learns(self, n):
        X = np.random.default_rng(0).normal(size=(n, 8)) * np.arange(1, 9) + 5
        pca, zca = whitening.whiten(X)
        rank = min(n - 1, 8)
        assert pca.shape == (n, rank)
        assert zca.shape == (n, 8)
        np.testing.assert_allclose(np.cov(pca.T), np.eye(rank), atol=1e-12)
        peer = PCA(rank, whiten=True).fit_transform(X)
        np.testing.assert_allclose(pdist(pca), pdist(peer), rtol=1e-9)
        np.testing.assert_allclose(pdist(pca), pdist(zca), rtol=1e-12)

    def test_zca_is_the_symmetric_root_of_the_inverse_covariance(self):
        X = np.random.default_rng(1).normal(size=(40, 5)) @ np.random.default_rng(2).normal(size=(5, 5))
        values, vectors = np.linalg.eigh(np.cov(X.T))
        root = vectors / np.sqrt(values) @ vectors.T
        np.testing.assert_allclose(whitening.whiten(X)[1], (X - X.mean(axis=0)) @ root, atol=1e-12)

    def test_few_points_are_equally_far_whatever_they_are(self):
        X = np.exp(np.random.default_rng(3).normal(size=(7, 20)) * 3)
        extremes = fc.distance_extremes(whitening.whiten(X)[0], prefixes=[6])
        assert extremes.contrast[0] < 1e-13
        assert extremes.nearest[0] == pytest.approx(np.sqrt(12), rel=1e-13)


class TestRules:
    def test_own_whitening_is_scikit_learns_discriminant_analysis(self):
        X, y = fc.make_trunk(300, 20, random_state=np.random.default_rng(4))
        k = np.arange(1, 21)
        accuracy, curves, off = _whitened_rules.trunk_draw(
            np.random.default_rng(4), n_samples=300, features=np.array([20]), truncated={20: k}
        )
        w = LinearDiscriminantAnalysis(solver="lsqr").fit(X, y).coef_[0]
        mean = -1 / np.sqrt(np.arange(1, 21))
        own = _whitened_rules.RULES.index("own")
        assert curves[20][own, -1] == pytest.approx(_whitened_rules._accuracy(w, mean), abs=1e-12)
        assert off < 1e-12
        # Of all components the order does not count, nor which basis they are.
        before, plain, after = curves[20][:3, -1]
        assert before == pytest.approx(after, abs=1e-12)
        assert [before, plain] == pytest.approx(accuracy[:, 0].tolist(), abs=1e-12)

    def test_rules_by_their_definition(self):
        """Whitened by the root of the covariance, and by components of it, with matrices."""
        rng = np.random.default_rng(5)
        X, y = fc.make_trunk(60, 7, random_state=rng)
        mean = 1 / np.sqrt(np.arange(1, 8))
        found = (X[y == 0].mean(axis=0) - X[y == 1].mean(axis=0)) / 2
        accuracy, curves, _ = _whitened_rules.trunk_draw(
            np.random.default_rng(5), n_samples=60, features=np.array([7]), truncated={7: np.arange(1, 8)}
        )
        values, vectors = np.linalg.eigh(np.eye(7) + np.outer(mean, mean))
        root = vectors / np.sqrt(values) @ vectors.T
        assert accuracy[0, 0] == pytest.approx(_whitened_rules._accuracy(root @ root @ found, mean), abs=1e-12)
        for k in range(1, 8):
            values, vectors = np.linalg.eigh(np.cov(X.T))
            axes = vectors[:, ::-1][:, :k]
            white = axes / values[::-1][:k] @ axes.T @ found
            own = _whitened_rules._accuracy(white, mean)
            assert curves[7][_whitened_rules.RULES.index("own"), k - 1] == pytest.approx(own, abs=1e-12)
            plain = _whitened_rules._accuracy(axes @ axes.T @ found, mean)
            assert curves[7][_whitened_rules.RULES.index("own_plain"), k - 1] == pytest.approx(plain, abs=1e-12)
        # What does not depend on the basis of equal eigenvalues: one component, the mean's, knows all.
        assert curves[7][:2, 0] == pytest.approx(float(fc.theory.bayes_accuracy(7)), abs=1e-12)

    def test_closed_forms_meet_at_their_ends(self):
        forms = _whitened_rules.truncated_forms(300, np.array([1, 300]), 500)
        assert forms["before"][0] == forms["plain"][0] == pytest.approx(float(fc.theory.bayes_accuracy(300)))
        assert forms["after"][1] == pytest.approx(float(fc.theory.whitened_accuracy(300, 500)), abs=1e-12)
        # (k-1)/N here, one component being free of noise; p/N there.
        assert forms["before"][1] == pytest.approx(float(fc.theory.whitened_accuracy(300, 500)), abs=1e-3)


def test_largest_and_expected_contrasts(result):
    table = result.tables["distances"]
    assert (table["contrast_largest"] > table["contrast"]).all()
    # The medians of the smallest and largest of the pairs, were they independent; 40 points of 8 features.
    low, high = (np.sqrt(beta.ppf(q, 4, 31 / 2)) for q in (1 - 0.5 ** (1 / 780), 0.5 ** (1 / 780)))
    assert table["contrast_theory"][-1] == pytest.approx(1 - low / high, rel=1e-12)
    assert table["contrast"][-1] == pytest.approx(table["contrast_theory"][-1], abs=0.1)


def test_own_whitening_is_compared_with_discriminant_analysis(monkeypatch):
    right = _whitened_rules._fitted
    monkeypatch.setattr(_whitened_rules, "_fitted", lambda X, found, mean: right(X, found, mean)[::-1])
    assert "accuracy of own whitening beyond linear discriminant analysis" in [
        check.name for check in whitening.run(**SMALL, n_jobs=1).failed
    ]


@pytest.mark.parametrize(
    ("table", "column", "change", "name"),
    [
        ("distances", "contrast_largest", lambda x: x + 1e-11, "largest contrast, whitened, n=5"),
        ("distances", "nearest_smallest", lambda x: x * (1 - 1e-11), "nearest distance, whitened, n=9"),
        ("distances", "farthest_largest", lambda x: x * (1 + 1e-11), "farthest distance, whitened, n=9"),
        ("distances", "mean_sq", lambda x: x * (1 + 1e-11), "mean of squared distances, whitened, n=40"),
        ("distances", "var_sq", lambda x: x * 2, "variance of squared distances, whitened, n=14"),
        ("distances", "var_sq_raw", lambda x: x * 3, "variance of squared distances, raw, n=40"),
        ("distances", "pca_zca_difference", lambda x: x + 1e-9, "PCA and ZCA"),
        ("accuracy", "whitened", lambda x: x - 0.1, "accuracy, whitened, p=101"),
        ("accuracy", "whitened", lambda x: x - 0.05, "noted simulation, whitened, p=101"),
        ("accuracy", "plain", lambda x: x - 0.003, "accuracy, not whitened, p=101"),
        ("accuracy", "whitened_theory", lambda x: x - 0.001, "noted accuracy, whitened"),
        ("accuracy", "plain_theory", lambda x: x - 0.001, "noted accuracy, not whitened"),
        ("truncation", "before", lambda x: x[::-1], "accuracy, truncated, then whitened"),
        ("truncation", "after", lambda x: x[::-1], "accuracy, whitened, then truncated"),
        ("truncation", "plain", lambda x: x - 0.003, "accuracy, truncated, p=101, k=101"),
        ("truncation", "own", lambda x: x - 0.02, "noted accuracy of linear discriminant analysis"),
    ],
)
def test_checks_can_fail(result, table, column, change, name):
    tables = {key: dict(columns) for key, columns in result.tables.items()}
    tables[table][column] = change(tables[table][column])
    failed = [check.name for check in make_checks(tables, 500, 6, 0.0) if not check.ok]
    assert [check for check in failed if check.startswith(name)], failed


def test_another_rule_than_discriminant_analysis_fails(result):
    tables = {key: dict(columns) for key, columns in result.tables.items()}
    assert [check.name for check in make_checks(tables, 500, 6, 1e-6) if not check.ok] == [
        "accuracy of own whitening beyond linear discriminant analysis"
    ]
    assert not [check for check in make_checks(tables, 400, 6, 0.0) if check.name.startswith("noted")]


def test_noted_numbers_are_the_notes():
    assert {p: noted[0] for p, noted in _whitening_checks._NOTED.items()} == {101: 0.926, 501: 0.796, 991: 0.729}
    assert {p: noted[1] for p, noted in _whitening_checks._NOTED.items()} == {101: 0.927, 501: 0.794, 991: 0.728}


def test_tables_and_figures(result):
    for table in result.tables.values():
        assert len({len(column) for column in table.values()}) == 1
        assert not any(column.flags.writeable for column in table.values())
    for figure, caption in result.figures.items():
        assert len(caption) > 20
        drawn = result.plot(figure)
        drawn.canvas.draw()
        assert all(ax.get_xlabel() and ax.get_ylabel() and ax.get_title(loc="left") for ax in drawn.axes)
    assert len(result.corrections) >= 3
    assert all(sentence.endswith(".") for sentence in result.corrections)


def test_any_sizes_and_an_odd_number_of_rows():
    result = whitening.run(repeats=3, sizes=(20, 30), n_features=4, n_samples=61, features=(2, 70), truncated=(2, 70))
    assert np.isfinite([column for table in result.tables.values() for column in table.values()][-1]).all()
    off = next(check for check in result.checks if check.name.startswith("accuracy of own"))
    assert off.ok
    for figure in result.figures:
        result.plot(figure).canvas.draw()


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"repeats": 1}, ValueError, "repeats must be at least 2, got 1"),
        ({"repeats": 2.5}, TypeError, "repeats must be a whole number"),
        ({"n_features": 1}, ValueError, "n_features must be at least 2"),
        ({"n_samples": 3}, ValueError, "n_samples must be at least 4"),
        ({"sizes": (2, 5)}, ValueError, "sizes must be at least 3, got 2"),
        ({"features": (4, 2)}, ValueError, "features must increase strictly"),
        ({"truncated": (992,)}, ValueError, "truncated must lie between 1 and"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
        ({"random_state": -1}, ValueError, "random_state must be at least 0"),
    ],
)
def test_bad_parameters(params, error, message):
    with pytest.raises(error, match=message):
        whitening.run(**params)


@pytest.mark.statistical
def test_distances_of_points_as_drawn_vary_as_expected():
    """Their pairs share points: 8d (n-2)/(n-1), not 8d. 250 draws, 5 standard errors: false alarm 6e-7."""
    table = fc.experiments.whitening.run(
        repeats=250, sizes=(5, 11), n_features=30, n_samples=60, features=(11,), truncated=(11,), n_jobs=1
    ).tables["distances"]
    assert table["var_sq_raw_theory"].tolist() == [8 * 30 * 3 / 4, 8 * 30 * 9 / 10]
    error = table["var_sq_raw_sd"] / 250**0.5
    assert (np.abs(table["var_sq_raw"] - table["var_sq_raw_theory"]) < 5 * error).all()
