"""The profile: each number against an independent reference, and what data it takes and refuses."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import pdist
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.neighbors import NearestNeighbors
from strategies import costly

import fastcurse as fc
from fastcurse.prefix_accuracy import neighbor_accuracy
from fastcurse.profile import _verdict
from fastcurse.profile._columns import NAMES
from fastcurse.profile._profile import default_prefixes
from fastcurse.report.profile.numbers import shown


def cloud(n=200, n_features=12, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_features))


def squared_neighbors(X):
    distances, indices = NearestNeighbors(n_neighbors=5).fit(X).kneighbors()
    return distances**2, indices


def same(first, second):
    return all(np.array_equal(first.columns[name], second.columns[name], equal_nan=True) for name in NAMES)


class TestColumns:
    """All rows are queries here, so that every column has a plain counterpart."""

    @given(st.integers(0, 10**6), st.integers(12, 60), st.integers(1, 6), st.sampled_from(["euclidean", "cosine"]))
    @costly(15)
    def test_against_scipy_and_scikit_learn(self, seed, n, n_features, metric):
        X, k = cloud(n, n_features, seed), 4
        found = fc.profile(X, k=k, metric=metric)
        assert found.exact
        assert found.n_queries == n
        for at, p in enumerate(found.prefixes.tolist()):
            row = {name: column[at] for name, column in found.columns.items()}
            if metric == "cosine" and p == 1:
                continue  # every row at 0 or 2 from every other: ties
            pairs = pdist(X[:, :p], metric)
            assert row["nearest"] == pytest.approx(pairs.min(), rel=1e-9, abs=1e-12)
            assert row["farthest"] == pytest.approx(pairs.max(), rel=1e-9)
            assert row["contrast"] == pytest.approx(1 - pairs.min() / pairs.max(), rel=1e-9)
            assert row["relative_contrast"] == pytest.approx(pairs.max() / pairs.min() - 1, rel=1e-6)
            squares = pairs**2 if metric == "euclidean" else pairs
            assert row["cv"] == pytest.approx(squares.std() / squares.mean(), rel=1e-6)
            finder = NearestNeighbors(n_neighbors=k, metric=metric, algorithm="brute").fit(X[:, :p])
            distances, indices = finder.kneighbors()
            all_distances = finder.kneighbors(n_neighbors=n - 1)[0]
            query_contrast = 1 - all_distances[:, 0] / all_distances[:, -1]
            assert row["query_contrast"] == pytest.approx(query_contrast.mean(), rel=1e-6)
            full = NearestNeighbors(n_neighbors=k, metric=metric, algorithm="brute").fit(X).kneighbors()[1]
            overlap = np.mean([len(set(a) & set(b)) / k for a, b in zip(indices, full, strict=True)])
            assert row["overlap"] == pytest.approx(overlap, abs=1e-12)
            counts = np.bincount(indices.ravel(), minlength=n)
            if counts.std() > 0:
                assert row["hubness_skewness"] == pytest.approx(stats.skew(counts), abs=1e-9)
            assert row["antihub_share"] == pytest.approx((counts == 0).mean())
            assert row["top_hub_share"] == pytest.approx(counts.max() / n)
            chords = distances if metric == "euclidean" else np.sqrt(2 * distances)
            logs = np.log(chords[:, 1] / chords[:, 0])
            assert row["twonn"] == pytest.approx((n - 1) / logs.sum(), rel=1e-5)
            ratios = np.log(chords[:, -1:] / chords[:, :-1])
            assert row["levina_bickel"] == pytest.approx((ratios.size - 1) / ratios.sum(), rel=1e-5)
            if metric == "euclidean":
                values = np.linalg.eigvalsh(np.atleast_2d(np.cov(X[:, :p], rowvar=False)))
                assert row["effective_dimension"] == pytest.approx(values.sum() ** 2 / (values**2).sum(), rel=1e-6)
                assert row["gaussian_cv"] == pytest.approx(np.sqrt(2 * (values**2).sum()) / values.sum(), rel=1e-6)

    def test_labels(self):
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
        from sklearn.model_selection import StratifiedKFold, cross_val_score

        X, y = load_wine(return_X_y=True)
        found = fc.profile(X, y, prefixes=[3, 13], k=5, random_state=3)
        for at, p in enumerate([3, 13]):
            folds = StratifiedKFold(5, shuffle=True, random_state=0)
            scores = cross_val_score(LinearDiscriminantAnalysis(), X[:, :p], y, cv=folds)
            assert found.columns["lda_accuracy"][at] == pytest.approx(scores.mean(), abs=0.04)  # other folds
        near = NearestNeighbors(n_neighbors=5).fit(X).kneighbors()[1]
        right = [np.bincount(y[rows]).max() == (y[rows] == label).sum() for rows, label in zip(near, y, strict=True)]
        assert found.columns["knn_accuracy"][-1] == pytest.approx(np.mean(right), abs=0.05)  # ties
        assert found.labels.classes == ("0", "1", "2")
        assert found.labels.majority_share == pytest.approx(71 / 178)
        assert found.labels.peak == 13

    def test_gaussian_points_are_like_gaussian_points(self):
        """Three z-scores at three prefixes, each beyond 4 with a probability of 6e-5."""
        found = fc.profile(cloud(1000, 30, 5) * np.geomspace(1, 0.1, 30), prefixes=[3, 10, 30])
        for name in ("nearest_z", "farthest_z", "z_score"):
            assert (np.abs(found.columns[name]) < 4).all(), name
        assert found.columns["null_contrast"] == pytest.approx(found.columns["contrast"], abs=0.05)
        assert found.columns["cv"] == pytest.approx(found.columns["gaussian_cv"], rel=0.1)

    def test_sampled_extremes_are_those_of_the_queries(self):
        X = cloud(400, 6)
        exact, sampled = (fc.profile(X, n_queries=50, work_budget=work) for work in (1e9, 10.0))
        assert exact.exact
        assert not sampled.exact
        assert (sampled.columns["nearest"] >= exact.columns["nearest"]).all()
        assert (sampled.columns["farthest"] <= exact.columns["farthest"]).all()
        assert np.isnan(sampled.columns["nearest_z"]).all()
        assert np.isnan(sampled.columns["antihub_share"]).all()
        same_else = set(NAMES) - {
            "nearest", "farthest", "contrast", "relative_contrast", "null_contrast", "nearest_z", "farthest_z",
        }  # fmt: skip
        for name in same_else:
            assert np.array_equal(sampled.columns[name], exact.columns[name], equal_nan=True), name

    @pytest.mark.parametrize("metric", ["euclidean", "cosine"])
    def test_exact_extremes_are_not_those_of_the_queries(self, metric):
        X = cloud(300, 5)
        few, all_rows = (fc.profile(X, n_queries=n, metric=metric) for n in (20, 300))
        for name in ("nearest", "farthest"):
            assert few.columns[name] == pytest.approx(all_rows.columns[name], rel=1e-9, abs=1e-12)

    def test_ties_tell_nothing_of_hubs(self):
        """Rows of a tie are listed by number, which makes the first of them neighbours of all."""
        binary = np.random.default_rng(0).integers(0, 2, (500, 8)).astype(float)
        found = fc.profile(binary, np.arange(500) % 2, prefixes=[4, 8])
        for name in ("hubness_skewness", "antihub_share", "top_hub_share", "overlap", "knn_accuracy"):
            assert np.isnan(found.columns[name]).all(), name
        assert not any("crowd" in finding.text or "dimension" in finding.text for finding in found.verdict)
        mixed = fc.profile(np.c_[binary[:, :1], cloud(500, 7)], prefixes=[1, 8])
        for name in ("hubness_skewness", "overlap"):
            assert np.isnan(mixed.columns[name]).tolist() == [True, False]

    def test_copies_do_not_vote(self):
        rng = np.random.default_rng(0)
        X, y = cloud(300, 5), rng.integers(0, 2, 300)  # labels that no feature tells
        both, labels = np.r_[X, X[:15]], np.r_[y, y[:15]]
        doubled = fc.profile(both, labels, k=2, prefixes=[5])
        near = fc.prefix_neighbors(both, np.arange(315), 2)
        (single,) = np.nonzero(near.distances[-1, :, 0] > 0)
        assert len(single) == 285
        assert doubled.columns["knn_accuracy"] == neighbor_accuracy(near.indices[-1:, single], labels, single).accuracy
        alone = fc.profile(np.r_[X, cloud(15, 5, 1)], np.r_[y, y[:15]], k=2, prefixes=[5])
        assert doubled.columns["knn_accuracy"][0] == pytest.approx(alone.columns["knn_accuracy"][0], abs=0.05)

    def test_where_no_query_votes_no_prefix_is_best(self):
        X = cloud(60, 5)
        found = fc.profile(np.r_[X, X], np.arange(120) % 2, k=2, prefixes=[2, 5])
        assert np.isnan(found.columns["knn_accuracy"]).all()
        assert found.labels.knn_peak is None

    @pytest.mark.parametrize("n_zeros", [0, 1, 3, 59])
    def test_rows_of_zeros_are_at_cosine_distance_1(self, n_zeros):
        from sklearn.metrics import pairwise_distances

        X = np.abs(cloud(60, 6))
        X[:n_zeros] = 0.0
        pairs = pairwise_distances(X, metric="cosine")[np.triu_indices(60, 1)]
        for n_queries in (20, 60):
            found = fc.profile(X, metric="cosine", prefixes=[6], n_queries=n_queries)
            assert found.columns["nearest"][0] == pytest.approx(pairs.min(), rel=1e-6, abs=1e-12)
            assert found.columns["farthest"][0] == pytest.approx(pairs.max(), rel=1e-6)
            assert found.columns["cv"][0] == pytest.approx(pairs.std() / pairs.mean(), rel=1e-6, abs=1e-9)

    def test_wide_data_have_the_spectrum_of_their_rows(self):
        X = cloud(30, 400)
        few, many = fc.profile(X, prefixes=[29, 31, 400]), fc.profile(np.c_[X, np.zeros((30, 5))], prefixes=[400])
        assert few.columns["nearest_z"][-1] == pytest.approx(many.columns["nearest_z"][0], rel=1e-6)
        values = np.linalg.eigvalsh(np.cov(X, rowvar=False))
        expected = fc.theory.spectrum_extreme_z_score(
            few.columns["nearest"][-1], 30, np.maximum(values, 0), side="nearest", sample=True
        )
        assert few.columns["nearest_z"][-1] == pytest.approx(expected, rel=1e-6)

    def test_the_interval_of_the_overlap_is_that_of_a_mean(self):
        X, k = cloud(60, 6), 4
        found = fc.profile(X, k=k, prefixes=[2, 6])
        first, last = fc.prefix_neighbors(X, np.arange(60), k, [2, 6]).indices
        shares = np.array([len({*a} & {*b}) / k for a, b in zip(first.tolist(), last.tolist(), strict=True)])
        half = 1.96 * shares.std() / 60**0.5
        assert found.columns["overlap_low"][0] == pytest.approx(shares.mean() - half)
        assert found.columns["overlap_high"][0] == pytest.approx(shares.mean() + half)


class TestInput:
    def test_the_kind_of_table_does_not_matter(self, tmp_path):
        X = cloud(80, 7)
        y = np.repeat(["a", "b"], 40)
        np.save(tmp_path / "X.npy", X)
        expected = fc.profile(X, y)
        names = [f"f{f}" for f in range(7)]
        for other in (pd.DataFrame(X, columns=names), np.load(tmp_path / "X.npy", mmap_mode="r"), X.tolist()):
            assert same(fc.profile(other, pd.Series(y)), expected)

    def test_polars_and_dask(self):
        import dask.array as da
        import polars as pl

        X = cloud(80, 7)
        assert same(fc.profile(pl.DataFrame(X)), fc.profile(X))
        assert same(fc.profile(da.from_array(X, chunks=(30, 3))), fc.profile(X))

    @pytest.mark.parametrize("order", ["pca", "variance", "random"])
    @pytest.mark.parametrize("mapped", [False, True])
    def test_order(self, order, mapped, tmp_path):
        X = cloud(150, 6) @ np.random.default_rng(1).normal(size=(6, 6))
        given_X = X
        if mapped:
            np.save(tmp_path / "X.npy", X)
            given_X = np.load(tmp_path / "X.npy", mmap_mode="r")
        found = fc.profile(given_X, order=order)
        features = {
            "variance": np.argsort(-X.var(axis=0)),
            "random": np.random.default_rng(np.random.SeedSequence(0)).permutation(6),
        }
        turned = X @ np.linalg.eigh(np.cov(X, rowvar=False))[1][:, ::-1] if order == "pca" else X[:, features[order]]
        expected = fc.profile(turned)
        for name in ("nearest", "farthest", "cv", "overlap", "twonn", "effective_dimension"):
            ours, theirs = found.columns[name][:-1], expected.columns[name][:-1]
            if order == "random" and name in ("overlap", "twonn"):
                continue
            assert ours == pytest.approx(theirs, rel=1e-6), name

    def test_bad_rows_are_refused_or_left_out(self):
        X = cloud(60, 4)
        bad = np.insert(X, [5, 30], np.nan, axis=0)
        bad[31] = np.inf
        with pytest.raises(ValueError, match="X has a nan at row 5, column 0"):
            fc.profile(bad)
        y = np.insert(np.repeat([0, 1], 30), [5, 30], 7)
        found = fc.profile(bad, y, on_bad="drop")
        assert same(found, fc.profile(X, np.repeat([0, 1], 30)))
        assert found.quality.non_finite_rows == (5, 31)
        assert found.quality.n_non_finite == 2
        assert found.n_samples == 60
        assert "2 rows with nan or inf left out" in found.verdict[0].text

    def test_labels_are_those_of_the_rows_that_are_left(self):
        X = np.insert(cloud(60, 4), 5, np.nan, axis=0)
        y = np.insert(np.repeat([0.0, 1.0], 30), 5, np.nan)
        assert fc.profile(X, y, on_bad="drop").labels.classes == ("0.0", "1.0")
        assert fc.profile(cloud(60), (np.arange(60) % 2).astype(object)).labels.classes == ("0", "1")

    def test_neighbours_found_elsewhere(self):
        X = cloud(120, 8)
        distances, indices = NearestNeighbors(n_neighbors=11).fit(X).kneighbors(X)  # itself first
        found = fc.profile(X, neighbors=(distances, indices), n_queries=40)
        own, every = fc.profile(X, n_queries=40), fc.profile(X)
        last = {name: column[-1] for name, column in found.columns.items()}
        for name in ("antihub_share", "top_hub_share", "hubness_skewness", "twonn", "levina_bickel"):
            assert last[name] == pytest.approx(every.columns[name][-1], rel=1e-9), name
        assert np.array_equal(found.columns["overlap"], own.columns["overlap"])

    @pytest.mark.parametrize("scale", [1e-140, 1.0, 1e70])
    def test_cosines_found_elsewhere_are_held_against_rows_of_any_scale(self, scale):
        X = cloud(30, 4) * scale
        near = fc.prefix_neighbors(X, np.arange(30), 5, [4], metric="cosine")
        options = {"k": 5, "metric": "cosine", "prefixes": [4]}
        fc.profile(X, neighbors=(near.distances[0], near.indices[0]), **options)
        with pytest.raises(ValueError, match="neighbors"):
            fc.profile(X, neighbors=(near.distances[0] + 1.0, near.indices[0]), **options)

    def test_copies_by_the_cosine_are_at_no_distance(self):
        X = cloud(120, 6)
        X[60:66] = 3.0 * X[:6]
        y = np.arange(120) % 2
        near = fc.prefix_neighbors(X, np.arange(120), 10, [6], metric="cosine")
        copies = near.distances[0, :, 0] < 1e-12
        assert copies.sum() == 12
        assert (near.distances[0, copies, 0] > 0).any()  # by rounding
        given = np.maximum(near.distances[0], 0.0), near.indices[0]
        found = fc.profile(X, y, metric="cosine", prefixes=[6], neighbors=given)
        for name in ("twonn", "levina_bickel"):
            assert found.columns[name][-1] == fc.intrinsic_dimension(near, method=name).dimension[0]
        votes = neighbor_accuracy(near.indices[:, ~copies], y, np.flatnonzero(~copies))
        assert found.columns["knn_accuracy"][-1] == votes.accuracy[-1]
        assert found.quality.near_duplicates == 0
        assert found.quality.near_distance == 0.01 * np.median(near.distances[0, ~copies, 0])

    def test_copies_in_cosine_lists_of_float32_are_at_no_distance(self):
        X = cloud(400, 32).astype(np.float32)
        X[300:] = X[:100]
        distances, indices = NearestNeighbors(n_neighbors=12, metric="cosine", algorithm="brute").fit(X).kneighbors()
        assert distances.dtype == np.float32
        assert 0 < distances[:100, 0].max() < 1e-6
        own = fc.profile(X, metric="cosine", prefixes=[32])
        found = fc.profile(X, metric="cosine", prefixes=[32], neighbors=(distances, indices))
        for name in ("twonn", "levina_bickel"):
            assert found.columns[name] == pytest.approx(own.columns[name], rel=1e-3), name

    def test_faults_of_the_data(self):
        X = cloud(100, 5)
        X[:, 2] = 3.0
        X[50] = X[7]
        X[51] = X[8]
        X[51, 0] += 1e-9
        frame = pd.DataFrame(X, columns=list("abcde"))
        quality = fc.profile(frame).quality
        assert (quality.duplicates, quality.near_duplicates, quality.constant_features) == (1, 2, ("c",))

    @pytest.mark.parametrize("least", [2.0**-481, 1e-200, 5e-324])
    def test_duplicates_beside_a_value_whose_square_vanishes(self, least):
        X = cloud(100, 5)
        X[50:60], X[60, 0] = X[7], least
        found = fc.profile(X)
        assert found.quality.duplicates == 10
        assert "10 rows equal to an earlier one" in " ".join(finding.text for finding in found.verdict)

    def test_a_feature_that_outweighs_all_others_is_named(self):
        frame = load_breast_cancer(as_frame=True).data
        found = fc.profile(frame)
        assert found.quality.widest_feature == "worst area"
        assert found.quality.widest_share == pytest.approx((frame.var() / frame.var().sum()).max())
        assert "'worst area' alone has" in found.verdict[0].text
        scaled = fc.profile((frame - frame.mean()) / frame.std())
        assert not any("alone" in finding.text for finding in scaled.verdict)

    def test_without_room_for_a_copy_extremes_are_sampled(self, monkeypatch):
        from fastcurse.engine import memory

        monkeypatch.setattr(memory, "free_bytes", lambda: 150_000)  # enough for the neighbours
        assert not fc.profile(cloud(300, 90), n_queries=50, prefixes=[2, 90]).exact

    def test_queries_and_folds_follow_the_seed(self):
        X, y = cloud(120, 5), np.repeat([0, 1], 60)
        first, again, other = (fc.profile(X, y, n_queries=30, random_state=seed) for seed in (1, 1, 2))
        assert same(first, again)
        assert not same(first, other)


class TestRefusals:
    @pytest.mark.parametrize(
        ("X", "options", "message"),
        [
            (np.zeros((2, 3)), {}, "X must have at least 3 rows, got 2"),
            (np.zeros((0, 3)), {}, "X must have at least 2 rows, got shape"),
            (np.zeros(5), {}, "X must have 2 dimensions"),
            (np.zeros((5, 0)), {}, "X must have at least 1 feature"),
            (cloud(3), {}, "k must be between 2 and 2, got 10"),
            (cloud(20), {"k": 20}, "k must .* 19, got 20"),
            (cloud(20), {"k": 1}, "k must .*2.*got 1"),
            (cloud(20), {"prefixes": [13]}, "prefixes must lie between 1 and n_features = 12, got 13"),
            (cloud(20), {"y": [0, 1]}, "y must have one label a row: X has 20 rows, y has 2"),
            (cloud(20), {"y": [0] * 20}, "y must hold at least 2 classes"),
            (cloud(20), {"metric": "manhattan"}, "metric must be"),
            (cloud(20), {"order": "ranked"}, "order must be"),
            (cloud(20), {"on_bad": "ignore"}, "on_bad must be"),
            (cloud(20), {"n_queries": 0}, "n_queries must be"),
            (cloud(20), {"work_budget": -1.0}, "work_budget must be"),
            (cloud(20), {"neighbors": 3}, "neighbors must be a pair"),
            (cloud(20), {"neighbors": (np.zeros((20, 4)), np.zeros((20, 4), dtype=int))}, "indices of neighbors"),
            (cloud(20) * 1e150, {}, "X must have moments below 1.8e308"),
            (cloud(20) * 1e-200, {}, "X must have distances above 1e-150, got at most 0"),
            (cloud(20) * 1e-155, {}, "X must have distances above 1e-150, got at most"),
            (
                cloud(20) * 1e-155,
                {"metric": "cosine"},
                "X must have values above 1e-150 in each row .* in row 0; multiply",
            ),
            (
                np.insert(cloud(20), [0, 7], [[np.nan] * 12, [-1e-170] * 12], axis=0),
                {"metric": "cosine", "on_bad": "drop"},
                "X must have values above 1e-150 in each row .* got at most 1e-170 in row 8; multiply X or that row",
            ),
            (
                cloud(20),
                {"k": 3, "neighbors": squared_neighbors(cloud(20))},
                "neighbors must hold euclidean distances of the rows of X, got .* which are .* apart",
            ),
            (
                np.full((20, 3), np.nan),
                {"on_bad": "drop"},
                "X must have at least 3 rows without nan and inf, got 0 of 20",
            ),
            (
                np.repeat([[1.0], [np.inf], [2.0]], [1, 7, 1], axis=0),
                {"on_bad": "drop"},
                "X must have at least 3 rows without nan and inf, got 2 of 9",
            ),
            (np.array([["a"] * 4] * 5), {}, "X must hold real numbers"),
        ],
    )
    def test_one_clear_error(self, X, options, message):
        with pytest.raises((ValueError, TypeError), match=message):
            fc.profile(X, **options)

    def test_a_row_whose_squares_vanish_is_named_in_any_block(self, monkeypatch):
        from fastcurse.engine import tiles

        monkeypatch.setattr(tiles, "_VALUES_A_BLOCK", 60)  # five rows
        X = cloud(20)
        X[3], X[13] = 0.0, -1e-170
        with pytest.raises(ValueError, match="in row 13;"):
            fc.profile(X, metric="cosine")


class TestExtremes:
    def test_all_rows_equal(self):
        found = fc.profile(np.ones((30, 4)))
        assert found.quality.duplicates == 29
        assert len(found.quality.constant_features) == 4
        assert (found.columns["farthest"] == 0).all()
        assert [finding.kind for finding in found.verdict] == ["warning"]

    def test_few_rows_and_one_feature(self):
        assert fc.profile(cloud(4, 3), k=3).verdict == ()
        found = fc.profile(np.arange(50.0)[:, None] ** 2, k=3)
        assert found.prefixes.tolist() == [1]
        assert found.columns["overlap"].tolist() == [1.0]
        assert found.columns["effective_dimension"] == pytest.approx(1.0)

    @pytest.mark.parametrize("scale", [1e-150, 1e60])
    def test_any_unit(self, scale):
        X = cloud(60, 4)
        ours, unit = fc.profile(X * scale), fc.profile(X)
        for name in ("contrast", "cv", "overlap", "twonn", "effective_dimension"):
            assert ours.columns[name] == pytest.approx(unit.columns[name], rel=1e-6), name

    def test_default_prefixes(self):
        assert default_prefixes(1).tolist() == [1]
        assert default_prefixes(768)[[0, -1]].tolist() == [1, 768]
        assert 10 <= default_prefixes(768).size <= 12


class TestVerdict:
    def test_numbers_of_a_sentence_are_those_of_the_table(self):
        for X, y in (load_digits(return_X_y=True), load_breast_cancer(return_X_y=True)):
            found = fc.profile(X, y)
            assert 3 <= len(found.verdict) <= 6
            for finding in found.verdict:
                cells = zip(finding.columns, finding.prefixes, finding.values, strict=True)
                assert all(found.value(column, prefix) == value for column, prefix, value in cells)
                assert finding.text.endswith(".")

    def test_few_rows_bear_few_sentences(self):
        texts = " ".join(finding.text for finding in fc.profile(cloud(20, 300), k=3).verdict)
        assert "crowd" not in texts
        assert "dimensional" not in texts

    @pytest.mark.statistical
    @pytest.mark.parametrize("share", [0.5, 0.05])
    def test_labels_that_nothing_tells_are_not_told(self, share):
        """At most 3 false successes in 40: each has a probability of about .025, more than 3 one of 2 %; seeded."""
        successes = 0
        for seed in range(40):
            rng = np.random.default_rng(seed)
            y = rng.random(200) < share
            found = fc.profile(rng.normal(size=(200, 12)), y, prefixes=[1, 3, 6, 12], n_queries=10, random_state=seed)
            texts = [finding for finding in found.verdict if "discriminant" in finding.text]
            successes += sum(finding.kind == "good" for finding in texts)
            assert not any("twice the rows" in finding.text for finding in texts if finding.kind != "good")
        assert successes <= 3

    def test_one_near_copy_makes_no_contrast(self):
        X = np.random.default_rng(0).normal(size=(500, 300))
        X[1] = X[0] + 1e-6 * X[2]
        (finding,) = [finding for finding in fc.profile(X).verdict if finding.columns == ("query_contrast",)]
        assert finding.kind == "warning"
        assert "hardly differ" in finding.text

    @staticmethod
    def facts(labels=None, **columns):
        """Three prefixes with these columns, of 1000 rows that are as they should be."""
        columns = {name: np.array(values) for name, values in columns.items()}
        quality = SimpleNamespace(duplicates=0)
        return fc.Profile(
            np.array([2, 5, 9]), columns, 1000, 9, 1000, 10, "euclidean", "given", True, quality, labels, (), 0.0
        )

    def test_a_prefix_that_keeps_just_enough_is_named(self):
        overlap = np.array([0.5, 0.95, 1.0])
        finding = _verdict._overlap(
            self.facts(overlap=overlap, overlap_low=overlap - 0.02, overlap_high=overlap + 0.02)
        )
        assert (finding.kind, finding.prefixes) == ("good", (5,))
        assert finding.text == "5 of 9 features keep 95 % of the 10 nearest neighbours."

    def test_hubs_begin_at_the_skewness_of_an_exponential_law(self):
        for skewness, named in ((1.9, False), (2.0, True)):
            facts = self.facts(hubness_skewness=[0, 0, skewness], top_hub_share=[0, 0, 0.3])
            assert (_verdict._hubs(facts) is not None) == named

    def test_an_accuracy_of_a_wide_interval_is_not_quoted(self):
        labels = SimpleNamespace(peak=5, recommended_features=5, majority_share=0.5, recommended_features_doubled=None)
        for half, quoted in ((0.09, True), (0.11, False)):
            ends = {"lda_low": [0, 0.9 - half, 0], "lda_high": [0, 0.9 + half, 0]}
            assert (_verdict._labels(self.facts(labels, lda_accuracy=[0, 0.9, 0], **ends)) is not None) == quoted

    def test_shares_are_written_as_in_their_cells(self):
        labels = SimpleNamespace(peak=5, recommended_features=5, majority_share=0.5, recommended_features_doubled=None)
        finding = _verdict._labels(self.facts(labels, lda_accuracy=[0, 0.97, 0], lda_low=[0, 0.944, 0],
                                              lda_high=[0, 0.9996, 0]))  # fmt: skip
        assert "is 97.0 % right with 5 features (94.4 % to > 99.9 %); " in finding.text
        for value in finding.values:
            assert shown(value, "share") in finding.text

    def test_numbers_have_two_digits_or_are_whole(self):
        assert [_verdict._number(value) for value in (9.96, 9.94, 0.996, 0.994)] == ["10", "9.9", "1.0", "0.99"]

    def test_hubs_are_named(self):
        X = np.random.default_rng(0).normal(size=(1500, 200))
        texts = " ".join(finding.text for finding in fc.profile(X).verdict)
        assert "crowd the neighbour lists" in texts
        assert "rows are too few to tell" in texts  # the dimension saturates
