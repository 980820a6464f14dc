"""What prefix_neighbors returns: laws, overlap and contrast, the frame; what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neighbor_cases import METRIC, problems
from strategies import point_clouds

import fastcurse as fc
from fastcurse.engine import memory


class TestLaws:
    @given(problems(), st.integers(1, 12), METRIC)
    def test_prefix_of_the_input_gives_prefix_of_the_output(self, problem, p, metric):
        X, queries, k, _ = problem
        p = min(p, X.shape[1])
        whole = fc.prefix_neighbors(X, queries, k, metric=metric)
        part = fc.prefix_neighbors(X[:, :p], queries if queries.ndim == 1 else queries[:, :p], k, metric=metric)
        assert np.array_equal(whole.distances[:p], part.distances)
        assert np.array_equal(whole.indices[:p], part.indices)
        assert np.array_equal(whole.farthest[:p], part.farthest)

    @given(problems(), METRIC)
    def test_fewer_neighbours_are_the_first_ones(self, problem, metric):
        X, queries, k, prefixes = problem
        some = fc.prefix_neighbors(X, queries, 1, prefixes, metric=metric)
        more = fc.prefix_neighbors(X, queries, k, prefixes, metric=metric)
        assert np.array_equal(some.indices[..., 0], more.indices[..., 0])

    @given(point_clouds())
    def test_extremes_of_all_rows_are_those_of_all_pairs(self, X):
        near, ext = fc.prefix_neighbors(X, np.arange(len(X)), 1), fc.distance_extremes(X)
        assert np.array_equal(near.distances.min(axis=(1, 2)), ext.nearest)
        assert np.array_equal(near.farthest.max(axis=1), ext.farthest)

    @given(problems(), METRIC)
    def test_farthest_is_the_last_of_all_neighbours(self, problem, metric):
        X, queries, k, prefixes = problem
        every = fc.prefix_neighbors(X, queries, len(X) - (queries.ndim == 1), prefixes, metric=metric)
        assert np.array_equal(every.farthest, every.distances[:, :, -1])
        assert np.array_equal(every.farthest, fc.prefix_neighbors(X, queries, k, prefixes, metric=metric).farthest)

    @given(problems(), METRIC)
    def test_a_row_is_never_its_own_neighbour_and_no_row_comes_twice(self, problem, metric):
        X, queries, k, prefixes = problem
        near = fc.prefix_neighbors(X, queries, k, prefixes, metric=metric)
        if queries.ndim == 1:
            assert (near.indices != queries[:, None]).all()
        assert (np.diff(np.sort(near.indices, axis=2), axis=2) > 0).all()
        assert (np.diff(near.distances, axis=2) >= 0).all()


class TestResult:
    def test_arrays_are_read_only_and_result_is_frozen(self):
        for n_queries in (1, 4):
            near = fc.prefix_neighbors(np.eye(5), range(n_queries), 2)
            assert (near.distances.shape, near.indices.shape) == ((5, n_queries, 2),) * 2
            assert (near.distances.dtype, near.indices.dtype, near.prefixes.dtype) == (np.float64, np.int64, np.int64)
            assert (near.farthest.shape, near.farthest.dtype) == ((5, n_queries), np.float64)
            for array in (near.prefixes, near.distances, near.indices, near.farthest):
                with pytest.raises(ValueError, match="read-only"):
                    array[0] = 3
        with pytest.raises(AttributeError):
            near.distances = None
        assert (near.metric, near.n_samples, near.n_features) == ("euclidean", 5, 5)

    @given(problems())
    def test_overlap_against_sets(self, problem):
        near = fc.prefix_neighbors(*problem)
        shares = [
            np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(rows, near.indices[-1], strict=True)])
            for rows in near.indices.tolist()
        ]
        # Up to nine shares are averaged: a few roundings of numbers up to 1.
        np.testing.assert_allclose(near.overlap(), shares, rtol=0, atol=1e-15)
        assert near.overlap()[-1] == 1.0

    def test_contrast(self):
        near = fc.prefix_neighbors([[0.0, 0.0], [1.0, 0.0], [4.0, 0.0], [0.0, 8.0]], [0, 1], 1)
        # By the first feature rows 0 and 3 are one; by both, row 0 has distances 1, 4, 8, row 1: 1, 3, root of 65.
        assert near.contrast().tolist() == [(4 / 4 + 2 / 3) / 2, (7 / 8 + (65**0.5 - 1) / 65**0.5) / 2]
        assert near.relative_contrast().tolist() == [np.inf, (7 + (65**0.5 - 1)) / 2]

    @given(problems(), METRIC)
    def test_contrast_against_the_formula(self, problem, metric):
        near = fc.prefix_neighbors(*problem, metric=metric)
        for j in range(near.prefixes.size):
            pairs = list(zip(near.distances[j, :, 0].tolist(), near.farthest[j].tolist(), strict=True))
            # A cosine distance may be rounded below 0.
            shares = [(most - max(least, 0.0)) / most if most > 0 else 0.0 for least, most in pairs]
            ratios = [(most - least) / least if least > 0 else np.inf for least, most in pairs]
            # Sums of up to nine terms, none below a rounding of 0: nine roundings. Quotients may pass float64's range.
            np.testing.assert_allclose(near.contrast()[j], np.mean(shares), rtol=2e-15)
            np.testing.assert_allclose(near.relative_contrast()[j], np.mean(ratios), rtol=2e-15)

    def test_contrast_of_equal_rows_and_of_infinite_distances(self):
        near = fc.prefix_neighbors(np.ones((3, 2)), [0], 1)
        assert near.contrast().tolist() == [0.0, 0.0]
        assert near.relative_contrast().tolist() == [np.inf, np.inf]
        near = fc.prefix_neighbors([[0.0], [1.0], [1e155], [1e155]], [0, 1], 1)
        assert near.farthest.tolist() == [[np.inf, np.inf]]
        assert near.contrast().tolist() == [1.0]
        assert near.relative_contrast().tolist() == [np.inf]

    def test_frame(self):
        pytest.importorskip("pandas")
        near = fc.prefix_neighbors([[0.0, 0.0], [1.0, 0.0], [0.0, 3.0]], [0, 2], 2)
        frame = near.to_frame()
        assert frame.columns.tolist() == ["prefix", "query", "rank", "neighbor", "distance"]
        assert frame.to_numpy()[[1, 5, 6]].tolist() == [[1, 0, 2, 1, 1], [2, 0, 2, 2, 3], [2, 1, 1, 0, 3]]
        for row in frame.itertuples():
            at = near.prefixes.tolist().index(row.prefix), row.query, row.rank - 1
            assert (row.neighbor, row.distance) == (near.indices[at], near.distances[at])


class TestBadInput:
    @pytest.mark.parametrize(
        ("queries", "error", "message"),
        [
            ([], ValueError, "queries must name at least one row of X, got none"),
            ([0, 3], ValueError, "queries must be rows of X, between 0 and 2, got 3 at position 1"),
            ([-1], ValueError, "queries must be rows of X, between 0 and 2, got -1 at position 0"),
            ([0.0], TypeError, r"queries of one dimension must be whole numbers, rows of X, got \[0.0\]"),
            ([True, False, True], TypeError, "queries of one dimension must be whole numbers.*dtype bool"),
            (1, ValueError, r"queries must have 1 dimension, rows of X, or 2, points, got shape \(\)"),
            (np.zeros((1, 1, 2)), ValueError, "queries must have 1 dimension"),
            ([[0.0]], ValueError, r"queries must have the 2 features of X, got shape \(1, 1\)"),
            (np.empty((0, 2)), ValueError, "queries must have at least 1 row"),
            ([[0.0, np.nan]], ValueError, "queries has a nan at row 0, column 1"),
            ([[0.0, 1.0], [2.0]], ValueError, "queries must be rectangular"),
            (["a"], TypeError, "queries must hold real numbers"),
            (None, TypeError, "queries must hold real numbers"),
        ],
    )
    def test_queries(self, queries, error, message):
        with pytest.raises(error, match=message):
            fc.prefix_neighbors([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], queries, 1)

    @pytest.mark.parametrize(
        ("k", "error", "message"),
        [
            (0, ValueError, "k must be between 1 and 2, got 0"),
            (3, ValueError, "k must be between 1 and 2, got 3"),
            (1.0, TypeError, "k must be a whole number, got 1.0"),
            (None, TypeError, "k must be a whole number, got None"),
        ],
    )
    def test_k(self, k, error, message):
        with pytest.raises(error, match=message):
            fc.prefix_neighbors(np.eye(3), [0], k)

    def test_k_of_other_points_may_be_all_rows(self):
        assert fc.prefix_neighbors(np.eye(3), np.eye(3), 3).indices[0, 0].tolist() == [0, 1, 2]
        with pytest.raises(ValueError, match="k must be between 1 and 3, got 4"):
            fc.prefix_neighbors(np.eye(3), np.eye(3), 4)

    def test_others(self):
        with pytest.raises(ValueError, match="X has a nan at row 0, column 1"):
            fc.prefix_neighbors([[0.0, np.nan], [1.0, 1.0]], [0], 1)
        with pytest.raises(ValueError, match="metric must be one of 'euclidean', 'cosine', got 'manhattan'"):
            fc.prefix_neighbors(np.eye(3), [0], 1, metric="manhattan")
        with pytest.raises(ValueError, match="between 1 and n_features = 3, got 4"):
            fc.prefix_neighbors(np.eye(3), [0], 1, [4])
        with pytest.raises(ValueError, match="n_threads must be at least 1, got 0"):
            fc.prefix_neighbors(np.eye(3), [0], 1, n_threads=0)

    def test_overflow(self):
        X = np.array([[0.0], [1.0], [1e155], [1e155]])
        assert fc.prefix_neighbors(X, [0, 2], 1).indices[0, :, 0].tolist() == [1, 3]  # far rows need no distance
        with pytest.raises(ValueError, match=r"squared distances to k rows below 1\.8e308"):
            fc.prefix_neighbors(X, [0], 2)
        with pytest.raises(ValueError, match=r"squared norms below 1\.8e308"):
            fc.prefix_neighbors(X, [0], 1, metric="cosine")
        with pytest.raises(ValueError, match=r"squared norms below 1\.8e308"):
            fc.prefix_neighbors(X[:2], [[1e155]], 1, metric="cosine")

    def test_no_room_is_said_before_the_work(self, monkeypatch):
        monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
        with pytest.raises(MemoryError, match="queries, k and prefixes must leave room"):
            fc.prefix_neighbors(np.zeros((50, 4)), np.arange(50), 9)
