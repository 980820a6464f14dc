"""prefix_neighbors: bitwise equal to the definition, whatever the data, layout, threads, blocks and vector width."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from strategies import point_clouds

import fastcurse as fc
from fastcurse._kernels import neighbors as kernels
from fastcurse._kernels import simd
from fastcurse.engine import batches, neighbor_scan
from fastcurse.reference import neighbors as reference

METRIC = st.sampled_from(["euclidean", "cosine"])


def same(first, second):
    return all(
        np.array_equal(getattr(first, field), getattr(second, field)) for field in ("prefixes", "distances", "indices")
    )


def assert_equals_definition(X, queries, k, prefixes=None, **options):
    ours = fc.prefix_neighbors(X, queries, k, prefixes, **options)
    expected = reference.prefix_neighbors(X, queries, k, prefixes, metric=options.get("metric", "euclidean"))
    assert np.array_equal(ours.prefixes, expected.prefixes)
    assert np.array_equal(ours.distances, expected.distances)
    assert np.array_equal(ours.indices, expected.indices)
    return ours


@st.composite
def problems(draw, **sizes):
    """Draw (X, queries, k, prefixes): queries are rows, repeated ones too, or points, some of them rows moved."""
    X = draw(point_clouds(**sizes))
    n_samples, n_features = X.shape
    rows = np.array(draw(st.lists(st.integers(0, n_samples - 1), min_size=1, max_size=9)))
    foreign = draw(st.booleans())
    queries = X[rows] if foreign else rows
    if foreign and X.dtype == np.float64 and draw(st.booleans()):
        queries = queries * 0.75
    k = draw(st.integers(1, n_samples if foreign else n_samples - 1))
    prefixes = draw(st.none() | st.sets(st.integers(1, n_features), min_size=1).map(sorted))
    return X, queries, k, prefixes


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

    def test_ties_go_to_the_smaller_row(self):
        found = reference.prefix_neighbors(np.eye(5), [2, 0], 3)
        assert found.indices[-1].tolist() == [[0, 1, 3], [1, 2, 3]]


class TestDefinition:
    @given(problems(), METRIC)
    def test_equals_the_definition(self, problem, metric):
        assert_equals_definition(*problem, metric=metric)

    @given(problems(max_samples=150, max_features=3), METRIC)
    def test_equals_the_definition_over_many_panels(self, problem, metric):
        assert_equals_definition(*problem, metric=metric)

    @pytest.mark.parametrize("bits", [128, 256, 512])
    @given(problem=problems(), metric=METRIC)
    def test_equals_the_definition_at_every_vector_width(self, bits, problem, metric):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(simd, "host_bits", lambda: bits)
            assert_equals_definition(*problem, metric=metric)

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


class TestAgnosticism:
    X = np.random.default_rng(7).integers(-4, 5, (300, 9)).astype(float)

    @pytest.mark.parametrize("metric", ["euclidean", "cosine"])
    @pytest.mark.parametrize("n_threads", [1, 2, 3, 8, 100])
    def test_threads(self, n_threads, metric):
        expected = fc.prefix_neighbors(self.X, np.arange(300), 5, metric=metric)
        assert same(expected, fc.prefix_neighbors(self.X, np.arange(300), 5, metric=metric, n_threads=n_threads))

    @pytest.mark.parametrize("bits", [128, 256, 512])
    @pytest.mark.parametrize("size", [1, 5000, 2**30])
    @pytest.mark.parametrize("step", [1, 2000])
    @pytest.mark.parametrize("items", [1, 10**4, 10**9])
    def test_vector_widths_blocks_and_batches(self, bits, size, step, items, monkeypatch):
        expected = fc.prefix_neighbors(self.X, np.arange(300), 5)
        monkeypatch.setattr(simd, "host_bits", lambda: bits)
        monkeypatch.setattr(neighbor_scan, "BYTES_A_BLOCK", size)
        monkeypatch.setattr(neighbor_scan, "BYTES_A_STEP", step)
        monkeypatch.setattr(neighbor_scan, "_GROUPS_A_PART", 3)
        monkeypatch.setattr(neighbor_scan, "PAIR_FEATURES_AN_ITEM", items)
        assert same(expected, fc.prefix_neighbors(self.X, np.arange(300), 5))

    def test_each_row_is_packed_once_and_each_pair_measured_once(self, monkeypatch):
        packed, measured = [], np.zeros((304, 300), dtype=int)
        pack, scan = kernels.fill_panels, kernels.fill_neighbors
        monkeypatch.setattr(neighbor_scan, "BYTES_A_BLOCK", 8 * 9 * 64)
        monkeypatch.setattr(neighbor_scan, "PAIR_FEATURES_AN_ITEM", 1)
        monkeypatch.setattr(batches, "BATCH_SECONDS", 1e-5)

        def fill_panels(rows, *arguments):
            packed.append(len(rows))
            pack(rows, *arguments)

        def fill_neighbors(width, cosine, begin, end, *arguments):
            measured[4 * begin : 4 * end, arguments[7] : arguments[8]] += 1
            scan(width, cosine, begin, end, *arguments)

        monkeypatch.setattr(kernels, "fill_panels", fill_panels)
        monkeypatch.setattr(kernels, "fill_neighbors", fill_neighbors)
        fc.prefix_neighbors(self.X, np.arange(300), 5)
        assert packed == [64, 64, 64, 64, 44]
        assert (measured[:300] == 1).all()

    def test_interrupt_comes_through_and_restores_the_thread_count(self, monkeypatch):
        import numba

        before = numba.get_num_threads()

        def interrupt(*arguments):
            raise KeyboardInterrupt

        monkeypatch.setattr(kernels, "fill_neighbors", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fc.prefix_neighbors(self.X, [0], 1, n_threads=1)
        assert numba.get_num_threads() == before

    def test_arguments_are_left_alone(self):
        X, queries, prefixes = self.X.copy(), np.array([3, 1]), np.array([2, 9])
        found = fc.prefix_neighbors(X, queries, 2, prefixes)
        assert np.array_equal(X, self.X)
        X[0, 0], queries[0], prefixes[0] = 5.0, 7, 1  # still writeable, and not shared
        assert found.prefixes.tolist() == [2, 9]


class TestLaws:
    @given(problems(), st.integers(1, 12), METRIC)
    def test_prefix_of_the_input_gives_prefix_of_the_output(self, problem, p, metric):
        X, queries, k, _ = problem
        p = min(p, X.shape[1])
        whole = fc.prefix_neighbors(X, queries, k, metric=metric)
        part = fc.prefix_neighbors(X[:, :p], queries if queries.ndim == 1 else queries[:, :p], k, metric=metric)
        assert np.array_equal(whole.distances[:p], part.distances)
        assert np.array_equal(whole.indices[:p], part.indices)

    @given(problems(), METRIC)
    def test_fewer_neighbours_are_the_first_ones(self, problem, metric):
        X, queries, k, prefixes = problem
        some = fc.prefix_neighbors(X, queries, 1, prefixes, metric=metric)
        more = fc.prefix_neighbors(X, queries, k, prefixes, metric=metric)
        assert np.array_equal(some.indices[..., 0], more.indices[..., 0])

    @given(point_clouds())
    def test_nearest_of_all_rows_is_the_closest_pair(self, X):
        near = fc.prefix_neighbors(X, np.arange(len(X)), 1)
        assert np.array_equal(near.distances.min(axis=(1, 2)), fc.distance_extremes(X).nearest)

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
            for array in (near.prefixes, near.distances, near.indices):
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
        monkeypatch.setattr(neighbor_scan, "free_bytes", lambda: 1000)
        with pytest.raises(MemoryError, match="queries, k and prefixes must leave room"):
            fc.prefix_neighbors(np.zeros((50, 4)), np.arange(50), 9)
