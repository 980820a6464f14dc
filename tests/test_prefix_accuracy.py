"""supported_features against scikit-learn's cross-validation and theory; neighbours' votes against scikit-learn's."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import LeaveOneOut, StratifiedKFold, cross_validate
from sklearn.neighbors import KNeighborsClassifier

import fastcurse as fc
from fastcurse.discriminant import _moments, separation_path
from fastcurse.engine.threads import available_threads, parallel_region, thread_limit
from fastcurse.prefix_accuracy import _folds, neighbor_accuracy
from fastcurse.prefix_accuracy._supported import one_standard_error
from fastcurse.reference import prefix_accuracy as reference


def sample(seed, n_samples, n_features, n_classes, *, smallest=2):
    """Rows of overlapping normal classes, each of `smallest` rows or more, in random order."""
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.repeat(np.arange(n_classes), smallest), rng.integers(0, n_classes, n_samples)])[:n_samples]
    y = rng.permutation(y)
    X = rng.normal(size=(n_samples, n_features)) @ rng.normal(size=(n_features, n_features))
    return X + rng.normal(size=(n_classes, n_features))[y], y


def folds_of(y, cv, seed):
    numbers = np.empty(len(y), dtype=int)
    for number, (_, test) in enumerate(StratifiedKFold(cv, shuffle=True, random_state=seed).split(y, y)):
        numbers[test] = number
    return numbers


def same(first, second):
    """The same measurements, and predictions up to the rounding of sums in another order."""
    names = ("prefixes", "fold_accuracy", "train_accuracy")
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in names) and np.allclose(
        first.predicted_accuracy, second.predicted_accuracy, rtol=0, atol=1e-9, equal_nan=True
    )


@pytest.fixture(scope="module")
def trunk():
    return fc.make_trunk(300, 40, random_state=1)


class TestReference:
    @pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
    def test_folds_are_scikit_learns(self, load):
        X, y = load(return_X_y=True)
        train, test = reference.fold_accuracies(X, y, folds_of(y, 4, 3), [1, 5, 13])
        for at, p in enumerate([1, 5, 13]):
            cv = StratifiedKFold(4, shuffle=True, random_state=3)
            peer = cross_validate(LinearDiscriminantAnalysis(), X[:, :p], y, cv=cv, return_train_score=True)
            np.testing.assert_array_equal(test[at], peer["test_score"])
            np.testing.assert_array_equal(train[at], peer["train_score"])

    @pytest.mark.parametrize("k", [1, 3, 7])
    def test_votes_are_scikit_learns(self, k):
        X, y = sample(0, 60, 5, 2)
        near = fc.prefix_neighbors(X, np.arange(60), k)
        shares = reference.neighbor_accuracy(near.indices, y, range(60))
        np.testing.assert_array_equal(neighbor_accuracy(near.indices, y, range(60)).accuracy, shares)
        for p in (2, 5):
            leave_one_out = cross_validate(KNeighborsClassifier(k), X[:, :p], y, cv=LeaveOneOut())["test_score"]
            assert shares[p - 1] == pytest.approx(leave_one_out.mean(), abs=1e-15)

    def test_mahalanobis_is_that_of_one_feature(self):
        # Variances 1 about means 0 and 3, divisor n - K = 2, then (3 - 0)² / (4 / 2).
        found = reference.squared_mahalanobis(np.array([[-1.0], [1.0], [2.0], [4.0]]), np.array([0, 0, 1, 1]))
        np.testing.assert_allclose(found, [[0.0, 4.5], [4.5, 0.0]])


class TestCrossValidation:
    @given(st.integers(0, 2**31), st.integers(2, 4), st.integers(1, 12), st.integers(2, 6), st.booleans())
    def test_is_the_refit_of_every_fold(self, seed, n_classes, n_features, cv, merging):
        X, y = sample(seed, 8 * n_classes + seed % 40, n_features, n_classes, smallest=cv)
        n_training = len(y) - np.bincount(folds_of(y, cv, seed)).max()
        # At p = n - K the scatter is nearly singular, and two computations of one rule may part.
        prefixes = [p for p in range(1, n_features + 1) if abs(p - n_training + n_classes) > 3]
        if not prefixes:
            return
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_folds, "_ROWS_A_FEATURE", 0 if merging else 10**6)
            found = fc.supported_features(X, y, prefixes=prefixes, cv=cv, random_state=seed)
        train, test = reference.fold_accuracies(X, y, folds_of(y, cv, seed), prefixes)
        np.testing.assert_array_equal(found.fold_accuracy, test)
        np.testing.assert_allclose(found.train_accuracy, train.mean(axis=1), rtol=1e-14)
        np.testing.assert_allclose(found.accuracy, test.mean(axis=1), rtol=1e-14)
        np.testing.assert_allclose(found.standard_error, test.std(axis=1, ddof=1) / np.sqrt(cv), rtol=1e-14)
        peak, recommended = reference.one_standard_error(found.accuracy, found.standard_error)
        assert found.peak == prefixes[peak]
        assert found.recommended_features == prefixes[recommended]

    def test_more_features_than_rows(self):
        X, y = sample(5, 40, 70, 2, smallest=5)
        prefixes = [1, 10, 50, 70]
        found = fc.supported_features(X, y, prefixes=prefixes, random_state=2)
        train, test = reference.fold_accuracies(X, y, folds_of(y, 5, 2), prefixes)
        np.testing.assert_array_equal(found.fold_accuracy, test)
        np.testing.assert_array_equal(found.train_accuracy, train.mean(axis=1))
        assert np.isfinite(found.predicted_accuracy[:2]).all()
        assert np.isnan(found.predicted_accuracy[2:]).all()

    def test_a_class_of_fewer_rows_than_folds(self):
        X, y = sample(6, 60, 3, 2, smallest=20)
        y[np.flatnonzero(y == 0)[:2]] = 7
        found = fc.supported_features(X, y, cv=5, random_state=0)
        assert found.n_classes == 3
        numbers = _folds.fold_numbers(np.unique(y, return_inverse=True)[1], 5, 0)
        assert len(set(numbers[y == 7])) == 2
        np.testing.assert_array_equal(found.fold_accuracy, reference.fold_accuracies(X, y, numbers, [1, 2, 3])[1])

    @pytest.mark.parametrize("seed", [0, 4])
    def test_an_int_gives_scikit_learns_folds(self, seed):
        y = np.repeat([0, 1, 2], [30, 11, 8])
        assert np.array_equal(_folds.fold_numbers(y, 4, seed), folds_of(y, 4, seed))

    def test_seeds(self, trunk):
        def accuracy(seed):
            return fc.supported_features(*trunk, prefixes=[5, 20], random_state=seed).fold_accuracy.tolist()

        assert accuracy(3) == accuracy(3) != accuracy(4)
        assert accuracy(np.random.default_rng(3)) == accuracy(np.random.default_rng(3))
        assert accuracy(2**40) == accuracy(2**40)
        assert accuracy(None) != accuracy(None)

    def test_a_prefix_is_that_of_the_prefix_of_the_data(self, trunk):
        X, y = trunk
        whole = fc.supported_features(X, y, random_state=0)
        assert whole.prefixes.tolist() == list(range(1, 41))
        part = fc.supported_features(X[:, :12], y, prefixes=[3, 12], random_state=0)
        np.testing.assert_array_equal(part.fold_accuracy, whole.fold_accuracy[[2, 11]])
        np.testing.assert_allclose(part.predicted_accuracy, whole.predicted_accuracy[[2, 11]], rtol=1e-10)
        np.testing.assert_allclose(
            part.predicted_accuracy_doubled, whole.predicted_accuracy_doubled[[2, 11]], rtol=1e-10
        )

    def test_labels_by_any_name(self, trunk):
        X, y = trunk
        plain = fc.supported_features(X, y, prefixes=[4, 9], random_state=0)
        for labels in (np.array(["no", "yes"])[y], y.astype(float) * 7, y.astype(bool), y[:, None], y.tolist()):
            assert same(plain, fc.supported_features(X, labels, prefixes=[4, 9], random_state=0))


class TestAgnosticism:
    def test_blocks_and_ways_of_fitting(self, trunk, monkeypatch):
        X, y = trunk
        plain = fc.supported_features(X, y, random_state=0)
        monkeypatch.setattr(_folds, "_ROWS_A_FEATURE", 10**6)
        assert same(plain, fc.supported_features(X, y, random_state=0))
        monkeypatch.setattr(_folds, "_ROWS_A_FEATURE", 0)
        monkeypatch.setattr(_folds, "_ROWS_OF_A_FOLD", 1)
        for values in (1, 40 * 17, 40 * 299):
            monkeypatch.setattr(_folds, "_VALUES_A_BLOCK", values)
            assert same(plain, fc.supported_features(X, y, random_state=0))

    def test_one_pass_fits_all_folds(self, trunk, monkeypatch):
        rows = []
        monkeypatch.setattr(
            _moments, "_add_block", lambda part, block, *rest, add=_moments._add_block: (
                rows.append(len(block)), add(part, block, *rest)
            )
        )  # fmt: skip
        fc.supported_features(*trunk, random_state=0)
        assert sum(rows) == 300

    def test_memmap_layout_and_type(self, trunk, tmp_path):
        X, y = trunk
        X = X.astype(np.float32)
        plain = fc.supported_features(X, y, prefixes=[2, 30], random_state=0)
        np.save(tmp_path / "X.npy", X)
        forms = [np.load(tmp_path / "X.npy", mmap_mode="r"), np.asfortranarray(X), X.astype(object)]
        forms += [X.astype(np.longdouble), np.repeat(X, 2, axis=1)[:, ::2], pd.DataFrame(X)]
        for form in forms:
            assert same(plain, fc.supported_features(form, y, prefixes=[2, 30], random_state=0))
        moved = fc.supported_features(X.astype(np.float64) * 1024 + 2.0**23, y, prefixes=[2, 30], random_state=0)
        assert same(plain, moved)

    def test_threads(self, trunk):
        plain = fc.supported_features(*trunk, random_state=0)
        for n_threads in (1, 3):
            assert same(plain, fc.supported_features(*trunk, random_state=0, n_threads=n_threads))

    def test_a_limit_of_threads_reaches_what_is_called(self):
        everywhere = available_threads()
        with thread_limit(3):
            assert available_threads() == 3
            with parallel_region(None) as granted:
                assert granted == 3
            with thread_limit(None):
                assert available_threads() == everywhere
            assert available_threads() == 3
        assert available_threads() == everywhere

    def test_the_limit_is_that_of_the_argument(self, trunk, monkeypatch):
        seen = []
        monkeypatch.setattr(_folds, "release", lambda rows: seen.append(available_threads()))
        fc.supported_features(*trunk, prefixes=[2], n_threads=5)
        assert set(seen) == {5}

    def test_only_some_training_rows_of_many_are_scored(self, trunk, monkeypatch):
        X, y = trunk
        plain = fc.supported_features(X, y, random_state=0)
        monkeypatch.setattr(_folds, "_TRAINING_ROWS", 100)
        part = fc.supported_features(X, y, random_state=0)
        assert np.array_equal(part.fold_accuracy, plain.fold_accuracy)
        assert not np.array_equal(part.train_accuracy, plain.train_accuracy)
        # Means of 400 of 1200 correct or not: a standard error of .01; here of one seed.
        assert np.abs(part.train_accuracy - plain.train_accuracy).max() < 0.05


class TestRecommendation:
    def test_within_one_standard_error_of_the_peak(self):
        error = np.array([0.5, 0.5, 0.02, 0.01, 0.5])
        assert one_standard_error(np.array([0.7, 0.92, 0.93, 0.94, 0.6]), error) == (3, 2)
        assert one_standard_error(np.array([0.7, 0.931, 0.93, 0.94, 0.94]), error) == (3, 1)
        assert one_standard_error(np.array([0.5, 0.5, 0.5, 0.75, 0.75]), np.full(5, 0.25)) == (3, 0)
        assert one_standard_error(np.array([0.1, 0.2, 0.9]), np.zeros(3)) == (2, 2)
        assert one_standard_error(np.array([np.nan, 0.8, 0.9, np.nan]), np.full(4, 0.2)) == (2, 1)

    def test_fields_follow_from_the_folds(self):
        X, y = load_wine(return_X_y=True)
        found = fc.supported_features(X, y, random_state=0)
        accuracy, error = found.accuracy, found.standard_error
        for low, high, mean, half in zip(*found.band.T, accuracy, stats.t.ppf(0.975, 4) * error, strict=True):
            # Of all held-out rows; their number of hits need not be whole, for folds differ by a row.
            square = stats.norm.ppf(0.975) ** 2
            ends = np.roots([1 + square / 178, -(2 * mean + square / 178), mean**2])
            assert low == pytest.approx(min(mean - half, ends.min()), rel=1e-9)
            assert high == pytest.approx(min(max(mean + half, ends.max()), 1.0), rel=1e-9)
        assert found.majority_share == 71 / 178
        assert found.peak == found.recommended_features == 13  # proline, the last, is the best known of all
        assert (found.n_samples, found.n_features, found.n_classes) == (178, 13, 3)
        at = one_standard_error(accuracy + found.predicted_accuracy_doubled - found.predicted_accuracy, error)[1]
        assert found.recommended_features_doubled == found.prefixes[at]

    def test_result_is_frozen_and_makes_a_frame(self, trunk):
        found = fc.supported_features(*trunk, prefixes=[2, 9])
        with pytest.raises(dataclasses.FrozenInstanceError):
            found.peak = 3
        for field in dataclasses.fields(found):
            value = getattr(found, field.name)
            assert not isinstance(value, np.ndarray) or not value.flags.writeable
        frame = found.to_frame()
        assert frame.shape == (2, 8)
        for name in ("accuracy", "standard_error", "train_accuracy", "predicted_accuracy"):
            assert np.array_equal(frame[name], getattr(found, name))
        assert np.array_equal(frame["prefix"], [2, 9])
        assert np.array_equal(frame[["low", "high"]], found.band)


class TestTheory:
    @pytest.mark.statistical
    def test_normal_classes_do_as_predicted_and_twice_the_rows_too(self):
        """Five samples of 400 rows of Trunk's classes. Held-out accuracy of 2000 predictions and the estimated Δ²:
        an sd of .008 together, .01 for the next order; 5 sd: false alarm 1e-5 (over seeds).
        """
        prefixes = [1, 5, 20, 60, 120]
        found = [
            fc.supported_features(*fc.make_trunk(400, 120, random_state=seed), prefixes=prefixes, random_state=0)
            for seed in range(5)
        ]
        p = np.array(prefixes)
        for rows, name in ((320, "predicted_accuracy"), (640, "predicted_accuracy_doubled")):
            truth = 1 - fc.theory.lda_error(4 * fc.theory.separation(p), p, rows / 2, rows / 2)
            predicted = np.array([getattr(result, name) for result in found])
            assert (np.abs(predicted.mean(axis=0) - truth) < 0.05).all()
            assert (np.abs(predicted.mean(axis=0) - truth)[-1] < np.abs(truth - 0.99)[-1]).all()
        measured = np.mean([result.accuracy for result in found], axis=0)
        assert (np.abs(measured - np.mean([r.predicted_accuracy for r in found], axis=0)) < 0.03).all()

    def test_is_the_closed_form_of_the_measured_distances(self):
        X, y = sample(8, 200, 30, 3)
        sizes = np.bincount(y)
        found = fc.supported_features(X, y, prefixes=[1, 7, 30], cv=4, random_state=0)
        for at, p in enumerate([1, 7, 30]):
            plain = reference.squared_mahalanobis(X[:, :p], y)
            delta_sq = fc.theory.unbiased_delta_sq(plain, p, sizes)
            for name, rows in (("predicted_accuracy", 0.75 * sizes), ("predicted_accuracy_doubled", 1.5 * sizes)):
                expected = fc.theory.multiclass_lda_accuracy(delta_sq, p, rows)
                assert getattr(found, name)[at] == pytest.approx(expected, abs=1e-10)

    def test_more_rows_support_more_features(self):
        X, y = fc.make_trunk(80, 50, random_state=2)
        found = fc.supported_features(X, y, random_state=0)
        gain = found.predicted_accuracy_doubled - found.predicted_accuracy
        assert (gain > 0).all()
        at = reference.one_standard_error(found.accuracy + gain, found.standard_error)[1]
        assert found.recommended_features_doubled == at + 1 > found.recommended_features

    def test_has_no_word_beyond_the_degrees_of_freedom(self):
        X, y = sample(9, 60, 58, 2, smallest=10)
        found = fc.supported_features(X, y, cv=3, random_state=0)
        p = found.prefixes
        # A training set has 40 rows, 38 degrees of freedom; twice that is more than the 58 - 1 that measure Δ².
        assert np.array_equal(np.isfinite(found.predicted_accuracy), p < 38)
        assert np.array_equal(np.isfinite(found.predicted_accuracy_doubled), p < 57)

    @pytest.mark.parametrize("merging", [False, True])
    def test_has_no_word_on_a_ridge(self, merging, monkeypatch):
        X, y = sample(9, 60, 58, 2, smallest=10)
        monkeypatch.setattr(_folds, "_ROWS_A_FEATURE", 0 if merging else 4)
        ridged = fc.supported_features(X, y, prefixes=[2, 40], ridge=0.5, random_state=0)
        assert np.isnan(ridged.predicted_accuracy).all()
        assert np.isnan(ridged.predicted_accuracy_doubled).all()
        assert ridged.recommended_features_doubled is None
        fits = [
            fc.PrefixLDA(ridge=0.5).fit(X[train], y[train]).score_path(X[test], y[test], [2, 40])
            for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(X, y)
        ]
        assert np.array_equal(ridged.fold_accuracy, np.transpose(fits))

    def test_no_word_at_the_peak_no_recommendation(self):
        rng = np.random.default_rng(0)
        y = np.repeat([0, 1], 20)
        X = rng.normal(size=(40, 60))
        X[:, 50] += 20 * y  # what tells the classes apart comes beyond the degrees of freedom
        found = fc.supported_features(X, y, prefixes=[1, 10, 60], random_state=0)
        assert found.peak == 60
        assert np.isfinite(found.predicted_accuracy[0])
        assert found.recommended_features_doubled is None


class TestSeparation:
    @given(st.integers(0, 2**32), st.integers(2, 4), st.booleans())
    def test_of_features_that_repeat_one_another(self, seed, n_classes, merged):
        rng = np.random.default_rng(seed)
        X, y = sample(seed, 60, 6, n_classes)
        columns = [X[:, 0], np.full(60, 3.0), X[:, 1], X[:, 0] - 2 * X[:, 1], X[:, 2], 5 * X[:, 2] + 1, *X[:, 3:].T]
        independent = np.array([1, 0, 1, 0, 1, 0, 1, 1, 1], dtype=bool)
        order = rng.permutation(9)
        wide = np.column_stack(columns)[:, order] * 10.0 ** rng.integers(-3, 4, 9)
        lda = fc.PrefixLDA().fit(wide, y)
        if merged:
            lda = fc.PrefixLDA().partial_fit(wide[:30], y[:30], range(n_classes))
            lda.merge(fc.PrefixLDA().partial_fit(wide[30:], y[30:], range(n_classes)))
        delta_sq, rank = separation_path(lda, np.arange(1, 10))
        assert rank[-1] == independent.sum() == 6
        centred = wide - np.array([wide[y == c].mean(axis=0) for c in range(n_classes)])[y]
        for p in range(1, 10):
            scaled = centred[:, :p] / np.where(np.ptp(centred[:, :p], axis=0) > 1e-9, centred[:, :p].std(axis=0), 1)
            assert rank[p - 1] == np.linalg.matrix_rank(scaled, tol=1e-6)
            added = np.flatnonzero(np.diff(np.concatenate([[0], rank[:p]])))
            # A constant adds nothing, and without any feature there is no distance.
            expected = reference.squared_mahalanobis(wide[:, added], y) if len(added) else 0.0
            np.testing.assert_allclose(delta_sq[p - 1], expected, rtol=1e-6, atol=1e-9)

    def test_constants_are_not_counted(self):
        X, y = sample(4, 50, 8, 2)
        X[:, [1, 4]] = 7.0
        delta_sq, rank = separation_path(fc.PrefixLDA().fit(X, y), np.arange(1, 9))
        assert rank.tolist() == [1, 1, 2, 3, 3, 4, 5, 6]
        assert np.array_equal(delta_sq[[1, 4]], delta_sq[[0, 3]])

    def test_features_beyond_the_degrees_of_freedom_are_not_seen(self):
        X, y = sample(5, 30, 40, 2)
        X[:, :20] = 1.0
        delta_sq, _ = separation_path(fc.PrefixLDA().fit(X, y), np.array([20, 28, 29, 40]))
        assert (delta_sq[0] == 0).all()
        np.testing.assert_allclose(delta_sq[1], reference.squared_mahalanobis(X[:, 20:28], y), rtol=1e-9)
        assert np.isnan(delta_sq[2:]).all()

    def test_duplicates_change_no_prediction(self):
        X, y = sample(3, 150, 5, 3)
        plain = fc.supported_features(X, y, random_state=0)
        twice = np.column_stack([np.ones(150), X[:, :3], X[:, 1], X[:, 3:]])
        doubled = fc.supported_features(twice, y, random_state=0)
        np.testing.assert_allclose(
            doubled.predicted_accuracy[[1, 2, 3, 4, 5, 6]], plain.predicted_accuracy[[0, 1, 2, 2, 3, 4]], rtol=1e-9
        )
        # Of a constant alone the most frequent class is all that is known, or any of several.
        assert doubled.predicted_accuracy[0] == pytest.approx(plain.majority_share)
        even = fc.supported_features(twice[:, :2], np.arange(150) % 3, random_state=0)
        assert even.predicted_accuracy[0] == pytest.approx(1 / 3)


class TestBadInput:
    X = np.random.default_rng(0).normal(size=(12, 3))
    Y = np.repeat([0, 1], 6)

    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"y": np.arange(11) % 2}, ValueError, "y must have one label a row: X has 12 rows, y has 11"),
            ({"y": np.zeros(12)}, ValueError, "y must hold at least 2 classes, got 1 class"),
            ({"y": np.repeat([0, 1], [11, 1])}, ValueError, r"y must hold at least 2 rows of each class.*got 1 of 1"),
            ({"y": np.arange(12)}, ValueError, "y must hold at least 2 rows.* got 1 of 0 and of 11 more classes"),
            ({"y": np.where(np.arange(12) == 4, np.nan, np.arange(12) % 2)}, ValueError, "y has a nan at row 4"),
            ({"y": np.linspace(0, 1, 12)}, ValueError, "y must hold whole numbers or strings, got 0.09"),
            ({"y": None}, ValueError, "y must have 1 dimension"),
            ({"prefixes": [2, 4]}, ValueError, "prefixes must lie between 1 and n_features = 3, got 4"),
            ({"prefixes": [2.5]}, TypeError, "prefixes must be whole numbers"),
            ({"cv": 1}, ValueError, "cv must be at least 2, got 1"),
            ({"cv": 7}, ValueError, "cv must be at most the rows of the largest class, 6, got 7"),
            ({"cv": StratifiedKFold(5)}, TypeError, "cv must be a whole number"),
            ({"ridge": -1.0}, ValueError, "ridge must be at least 0"),
            ({"random_state": "a"}, TypeError, "random_state must be a whole number"),
            ({"n_threads": 0}, ValueError, "n_threads must be at least 1"),
            ({"X": X[:3], "y": [0, 0, 1]}, ValueError, "y must hold at least 2 rows of each class"),
            ({"X": X[:4], "y": [0, 0, 1, 1], "cv": 2}, ValueError, "X must leave more rows than classes.*leaves 2"),
            ({"X": np.where(X[5, 1] == X, np.nan, X)}, ValueError, "X has a nan at row 5, column 1"),
            ({"X": X[:, 0]}, ValueError, "X must have 2 dimensions"),
            ({"X": X * 1e200}, ValueError, "X must have squares within float64's range"),
        ],
    )
    def test_is_named(self, changes, error, message):
        arguments = {"X": self.X, "y": self.Y, **changes}
        with pytest.raises(error, match=message):
            fc.supported_features(arguments.pop("X"), arguments.pop("y"), **arguments)

    def test_the_least_that_can_be_done(self):
        found = fc.supported_features([[0.0], [1.0], [3.0], [9.0], [10.0], [14.0]], list("aaabbb"), cv=3)
        assert found.accuracy.shape == (1,)
        assert found.peak == 1


class TestNeighbors:
    @given(st.integers(0, 2**32), st.integers(1, 8), st.integers(2, 4))
    def test_are_the_votes_one_by_one(self, seed, k, n_classes):
        rng = np.random.default_rng(seed)
        X = rng.integers(0, 4, (30, 3)).astype(float)
        y = rng.integers(0, n_classes, 30)
        queries = rng.integers(0, 30, 12)
        near = fc.prefix_neighbors(X, queries, k)
        votes = reference.neighbor_accuracy(near.indices, y, queries)
        np.testing.assert_allclose(neighbor_accuracy(near.indices, y, queries).accuracy, votes, rtol=1e-15)

    def test_ties_go_to_the_class_of_the_nearest(self):
        y = np.array(["a", "b", "c", "a", "b", "b", "c", "a"])
        indices = np.array([[[1, 2, 6, 4]]])  # b c c b: b is nearest
        assert neighbor_accuracy(indices, y, [5]).accuracy == 1.0
        assert neighbor_accuracy(indices, y, [2]).accuracy == 0.0

    def test_duplicates_leak(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(200, 6)), rng.integers(0, 2, 200)
        X, y = np.concatenate([X, X]), np.concatenate([y, y])
        near = fc.prefix_neighbors(X, np.arange(200), 2, [6])
        assert (
            neighbor_accuracy(near.indices, y, np.arange(200)).accuracy[0] == 1.0
        )  # the copy is first, and wins a tie

    def test_bands_are_wilsons(self):
        y = np.array([0] * 11 + [1])
        found = neighbor_accuracy(np.zeros((1, 10, 1), dtype=int), y, np.r_[np.arange(1, 9), 11, 11])
        assert found.accuracy[0] == 0.8
        # (k + z²/2 ± z √(k(n - k)/n + z²/4)) / (n + z²) at k = 8, n = 10
        z = 1.959963984540054
        half = z * np.sqrt(8 * 2 / 10 + z * z / 4)
        np.testing.assert_allclose(
            found.band[0], [(8 + z * z / 2 - half) / (10 + z * z), (8 + z * z / 2 + half) / (10 + z * z)], rtol=1e-12
        )
        assert not found.band.flags.writeable

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ((np.zeros((2, 3), int), [0, 1], [0, 1]), "indices must have shape"),
            ((np.zeros((1, 3, 1), int), [0, 1], [0, 1]), "indices must have shape .* n_queries = 2"),
            ((np.full((1, 1, 1), 2), [0, 1], [0]), "indices must be rows of y, between 0 and 1, got 2"),
            ((np.array([[[1, -3]]]), [0, 1], [0]), "indices must be rows of y, between 0 and 1, got -3"),
            ((np.zeros((1, 1, 1), int), [0, 1], [-1]), "query_rows must be rows of y, between 0 and 1, got -1"),
            ((np.zeros((1, 1, 1), int), [0, np.nan], [0]), "y has a nan at row 1"),
        ],
    )
    def test_bad_input_is_named(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            neighbor_accuracy(*arguments)
