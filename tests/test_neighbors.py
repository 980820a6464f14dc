"""prefix_neighbors: bitwise equal to the definition, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neighbor_cases import METRIC, assert_equals_definition, problems, same
from sklearn.neighbors import NearestNeighbors

import fastcurse as fc
from fastcurse._kernels import simd
from fastcurse.engine import neighbor_scan
from fastcurse.reference import neighbors as reference


class TestReference:
    @pytest.mark.parametrize("metric", ["euclidean", "cosine"])
    def test_against_scikit_learn(self, metric):
        X = np.random.default_rng(1).normal(size=(60, 7))
        for p in range(2, 8):  # at one feature all cosines are 1 or -1
            peer = NearestNeighbors(n_neighbors=4, algorithm="brute", metric=metric).fit(X[:, :p])
            distances, indices = peer.kneighbors()
            rows = reference.prefix_neighbors(X, np.arange(60), 4, [p], metric=metric)
            assert np.array_equal(rows.indices[0], indices)
            # scikit-learn's Gram trick cancels: a few roundings of squared norms near 20, and their root.
            np.testing.assert_allclose(rows.distances[0], distances, rtol=0, atol=1e-12)
            points = reference.prefix_neighbors(X, X[:9] + 0.1, 4, [p], metric=metric)
            assert np.array_equal(points.indices[0], peer.kneighbors(X[:9, :p] + 0.1)[1])
            every, _ = peer.kneighbors(X[:9, :p] + 0.1, n_neighbors=60)
            np.testing.assert_allclose(points.farthest[0], every[:, -1], rtol=0, atol=1e-12)

    def test_ties_go_to_the_smaller_row(self):
        found = reference.prefix_neighbors(np.eye(5), [2, 0], 3)
        assert found.indices[-1].tolist() == [[0, 1, 3], [1, 2, 3]]

    def test_the_query_itself_is_not_its_farthest(self):
        found = reference.prefix_neighbors([[1.0, 0.0], [2.0, 0.0], [2.0, 1.0]], [0, 1, 2], 1, metric="cosine")
        assert found.farthest[0].tolist() == [0.0, 0.0, 0.0]
        np.testing.assert_allclose(found.farthest[1], 1 - 2 / np.sqrt(5), rtol=1e-15)


class TestDefinition:
    @pytest.mark.interpreted
    @given(problems(), METRIC)
    def test_equals_the_definition(self, problem, metric):
        assert_equals_definition(*problem, metric=metric)

    @pytest.mark.interpreted
    @given(problems(max_samples=150, max_features=3), METRIC)
    def test_equals_the_definition_over_many_panels(self, problem, metric):
        assert_equals_definition(*problem, metric=metric)

    @pytest.mark.interpreted
    @pytest.mark.parametrize("bits", [128, 256, 512])
    @given(problem=problems(), metric=METRIC)
    def test_equals_the_definition_at_every_vector_width(self, bits, problem, metric):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(simd, "host_bits", lambda: bits)
            assert_equals_definition(*problem, metric=metric)

    @pytest.mark.interpreted
    @given(problems(max_samples=150, max_features=4), METRIC, st.sampled_from([1, 2, 3, 8]), st.integers(1, 4000))
    def test_equals_the_definition_over_many_blocks(self, problem, metric, n_threads, size):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(neighbor_scan, "BYTES_A_BLOCK", size)
            patch.setattr(neighbor_scan, "BYTES_A_STEP", size // 3)
            patch.setattr(neighbor_scan, "PAIR_FEATURES_AN_ITEM", 1)
            assert_equals_definition(*problem, metric=metric, n_threads=n_threads)

    @pytest.mark.parametrize("n_samples", [2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65])
    @pytest.mark.parametrize("n_queries", [1, 3, 4, 5, 9])
    def test_edges_of_panels_and_groups(self, n_samples, n_queries):
        generator = np.random.default_rng(n_samples)
        X = generator.integers(0, 6, (n_samples, 3))
        assert_equals_definition(X, generator.integers(0, n_samples, n_queries), n_samples - 1)
        assert_equals_definition(X, generator.integers(0, 6, (n_queries, 3)), n_samples, metric="cosine")

    @pytest.mark.parametrize("metric", ["euclidean", "cosine"])
    def test_one_row_beyond_the_others_is_found_in_any_lane(self, metric):
        for row in range(64):
            X = np.ones((64, 2))
            X[row] = [1.0, 0.0]
            near = assert_equals_definition(X, [[0.0, 1.0], [1.0, 0.0]], 1, [2], metric=metric)
            assert near.indices[0, 1, 0] == row
            assert near.farthest[0, 0] > near.distances[0, 0, 0]

    @pytest.mark.interpreted
    def test_two_sums_with_one_rounded_root_are_tied(self):
        # Legs 1 and t give the sum 1 + t²: find sums that differ and share a rounded root.
        legs = 1.0 + np.arange(2000) * np.spacing(1.0)
        sums = 1.0 + legs * legs
        at = np.flatnonzero((np.diff(sums) > 0) & (np.diff(np.sqrt(sums)) == 0))[0]
        smaller, larger = legs[at], legs[at + 1]
        assert sums[at] < sums[at + 1]
        X = np.array([[5.0, 5.0], [1.0, larger], [1.0, smaller], [1.0, larger], [1.0, smaller], [4.0, 4.0]])
        for k in range(1, 6):
            ours = assert_equals_definition(X, [[0.0, 0.0]], k, [2])
            assert ours.indices[0, 0].tolist() == [1, 2, 3, 4, 5][:k]
        # The list's last sum is the smaller of two that share its root: what ties with it comes too late.
        ours = assert_equals_definition(X[[1, 2, 0, 4, 3]], [[0.0, 0.0]], 2, [2])
        assert ours.indices[0, 0].tolist() == [0, 1]

    @pytest.mark.interpreted
    def test_zero_vectors_are_at_cosine_distance_one(self):
        X = np.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])
        ours = assert_equals_definition(X, [0, 1, 3], 4, metric="cosine")
        assert ours.distances[:, 0].tolist() == [[1.0] * 4] * 2
        assert ours.indices[:, 0].tolist() == [[1, 2, 3, 4]] * 2
        assert ours.distances[0, 2].tolist() == [1.0] * 4  # the query's first feature is 0
        assert ours.distances[1, 1].tolist() == [1.0, 1.0, 1.0, 2.0]
        # Norms whose product underflows count as zero.
        assert_equals_definition(
            np.array([[1e-162], [1e-162], [1e-160], [1.0], [1e150]]), [0, 2, 3], 4, metric="cosine"
        )

    def test_farthest_leaves_out_the_query_and_what_pads_a_panel(self):
        # Far from the origin, where the rows lie that fill the last panel; at one panel's edges.
        for n_samples in (2, 15, 16, 17):
            X = 1e6 + np.arange(2.0 * n_samples).reshape(-1, 2)
            near = assert_equals_definition(X, np.arange(n_samples), 1)
            assert near.farthest.max() == np.hypot(*(X[-1] - X[0]))
        # By rounding a vector may be farther by the cosine from itself than from its multiple.
        x = np.random.default_rng(0).normal(size=(400, 5))
        norm, other = (np.sqrt(np.cumsum(y * y, axis=1)[:, -1]) for y in (x, 3 * x))
        own = 1 - np.cumsum(x * x, axis=1)[:, -1] / (norm * norm)
        farther = np.flatnonzero(own > 1 - np.cumsum(x * (3 * x), axis=1)[:, -1] / (norm * other))[:5]
        for row in farther:
            near = assert_equals_definition(x[row] * [[1.0], [3.0]], [0, 1], 1, [5], metric="cosine")
            assert near.farthest[0, 0] < own[row]
        assert len(farther) == 5

    @pytest.mark.parametrize(
        "X",
        [
            np.ones((20, 4)),
            np.vstack([np.random.default_rng(0).normal(size=(50, 4)), np.full((1, 4), 1e12)]),
            np.random.default_rng(0).normal(size=(50, 4)) + 1e8,
            np.random.default_rng(0).normal(size=(50, 4)) * 1e-150,
            np.random.default_rng(0).normal(size=(50, 4)) * 1e150,
            1.0 + np.arange(40).reshape(20, 2) * np.spacing(1.0),
            np.random.default_rng(0).normal(size=(30, 5)).astype(np.longdouble),
            np.random.default_rng(0).normal(size=(30, 5)).astype(">f4"),
            np.random.default_rng(0).integers(-(2**62), 2**62, (30, 3)),
        ],
        ids=["all equal", "outlier", "offset", "tiny", "huge", "one ulp apart", "long double", "big endian", "int64"],
    )
    def test_hard_cases(self, X):
        for metric in ("euclidean", "cosine"):
            assert_equals_definition(X, [0, 3, 3, len(X) - 1], 7, metric=metric)
            assert_equals_definition(X, X[::-2], len(X), metric=metric)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int16, np.bool_])
    def test_memmaps_and_frames(self, dtype, tmp_path):
        pandas = pytest.importorskip("pandas")
        X = np.random.default_rng(3).normal(size=(40, 5)).astype(dtype)
        np.save(tmp_path / "X.npy", X)
        expected = assert_equals_definition(X, [1, 2], 3, [2, 4])
        stored = np.load(tmp_path / "X.npy", mmap_mode="r")
        assert same(expected, fc.prefix_neighbors(stored, [1, 2], 3, [2, 4]))
        assert same(expected, fc.prefix_neighbors(pandas.DataFrame(X), pandas.Series([1, 2]), 3, [2, 4]))
        unaligned = np.frombuffer(b"0" + X.tobytes(), dtype=dtype, offset=1).reshape(X.shape)
        assert same(expected, fc.prefix_neighbors(unaligned, [1, 2], 3, [2, 4]))
        assert_equals_definition(X[::3], stored[::2], 3)
