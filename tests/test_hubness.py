"""hubness: moments of N_k from full counts and from samples of the queries; lists that hold the query itself."""

from __future__ import annotations

from dataclasses import fields
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.neighbors import NearestNeighbors

import fastcurse as fc
from fastcurse import hubness as measured_by
from fastcurse.hubness import _groups
from fastcurse.neighbors import drop_self
from fastcurse.reference import hubness as reference

FIELDS = ("sd", "skewness", "antihub_share", "top_hub", "top_hub_share")


@st.composite
def neighbor_lists(draw, *, full=False):
    """Draw (lists, n_samples): k different rows a list, often the same ones; as many lists as rows, or fewer."""
    n_samples = draw(st.integers(2, 8))
    k = draw(st.integers(1, n_samples))
    n_queries = n_samples if full else draw(st.integers(1, n_samples))
    orders = st.permutations(range(n_samples)) | st.just(list(range(n_samples)))
    return np.array([draw(orders)[:k] for _ in range(n_queries)]), n_samples


def assert_equals_reference(found, lists, n_samples):
    expected = reference.hubness(lists, n_samples)
    for field in FIELDS:
        value = getattr(found, field)
        assert value.shape == ()
        # Sums of whole numbers, exact; then a division, a root and a power: a few roundings.
        np.testing.assert_allclose(value, getattr(expected, field), rtol=1e-14, atol=0)


def random_lists(generator, n_samples, n_queries, k):
    return np.argsort(generator.random((n_queries, n_samples)), axis=1)[:, :k]


class TestReference:
    @given(neighbor_lists(full=True))
    def test_full_counts_against_scipy(self, problem):
        lists, n_samples = problem
        counts = np.bincount(lists.ravel(), minlength=n_samples)
        found = reference.hubness(lists, n_samples)
        np.testing.assert_allclose(found.sd, counts.std(), rtol=1e-14, atol=1e-15)
        if n_samples > 2 and np.ptp(counts) > 0:
            # The third central moment may cancel to 0; SciPy's does so up to roundings of the terms.
            np.testing.assert_allclose(found.skewness, stats.skew(counts), rtol=1e-12, atol=1e-13)
        assert found.antihub_share == np.mean(counts == 0)
        assert (found.top_hub, found.top_hub_share) == (counts.argmax(), counts.max() / n_samples)


class TestMoments:
    @given(neighbor_lists())
    def test_equals_the_reference(self, problem):
        lists, n_samples = problem
        assert_equals_reference(fc.hubness(lists, n_samples), lists, n_samples)

    @pytest.mark.parametrize("n_queries", [4, 5, 6, 7])
    def test_estimates_of_all_samples_average_to_the_full_count(self, n_queries):
        # Row 0 is in nearly every list; over all samples of the queries an unbiased estimate is exact on average.
        lists = np.array([[6, 5], [0, 2], [0, 1], [0, 4], [0, 3], [0, 1], [0, 2]])
        counts = np.bincount(lists.ravel())
        found = [fc.hubness(lists[list(rows)], 7) for rows in combinations(range(7), n_queries)]
        sd, skewness = (np.array([getattr(one, name) for one in found]) for name in ("sd", "skewness"))
        np.testing.assert_allclose(np.mean(sd**2), counts.var(), rtol=1e-13)
        np.testing.assert_allclose(np.mean(skewness * sd**3), stats.moment(counts, 3), rtol=1e-13)

    def test_rows_that_are_all_alike(self):
        lists = np.array([[j for j in range(6) if j != i] for i in range(6)])
        for n_queries in (4, 6):  # every count is n_queries, less one for a row that asks itself: no spread at all
            found = fc.hubness(lists[:n_queries], 6)
            assert (found.sd, found.sd_error) == (0.0, 0.0)
            assert np.isnan(found.skewness)
            assert np.isnan(found.skewness_error)

    def test_large_counts_are_exact(self):
        # A hub of all 200 000 lists, the others once each: sums of 8e15 that must cancel to the last unit.
        n = 200_000
        lists = np.column_stack([np.zeros(n, dtype=int), np.r_[1, 1:n]])
        counts = np.bincount(lists.ravel())
        found = fc.hubness(lists[:, ::-1], n)
        np.testing.assert_allclose(found.sd, counts.std(), rtol=1e-14)
        np.testing.assert_allclose(found.skewness, stats.skew(counts), rtol=1e-12)
        assert (found.top_hub, found.top_hub_share, found.antihub_share) == (0, 1.0, 0.0)

    def test_few_queries(self):
        one, two, three = (fc.hubness([[0, 1], [0, 2], [0, 3]][:m], 5) for m in (1, 2, 3))
        assert np.isnan([one.sd, one.sd_error, one.skewness, two.skewness, one.antihub_share]).all()
        assert not np.isnan([two.sd, three.sd, three.skewness]).any()
        assert (one.top_hub, one.top_hub_share) == (0, 1.0)
        assert np.isnan([two.sd_error, three.skewness_error]).all()  # what is left out leaves too little

    @given(neighbor_lists(), st.randoms(use_true_random=False))
    def test_order_of_queries_and_of_neighbours_does_not_count(self, problem, random):
        lists, n_samples = problem
        order = random.sample(range(len(lists)), len(lists))
        first, second = fc.hubness(lists, n_samples), fc.hubness(lists[order][:, ::-1], n_samples)
        for field in FIELDS:
            np.testing.assert_array_equal(getattr(first, field), getattr(second, field))


class TestStandardErrors:
    @pytest.mark.parametrize(("n_queries", "n_samples"), [(9, 10), (70, 200), (129, 130)])
    def test_against_leaving_groups_out_by_hand(self, n_queries, n_samples):
        lists = random_lists(np.random.default_rng(n_queries), n_samples, n_queries, 4)
        lists[lists[:, 0] > n_samples // 3, 0] = n_samples - 1  # a hub, if it is not in the list already
        lists = lists[[len(set(one)) == 4 for one in lists.tolist()]]
        n_queries = len(lists)
        groups = _groups(n_queries)
        assert sorted(np.concatenate(groups).tolist()) == list(range(n_queries))
        assert len(groups) == min(64, n_queries)
        assert max(np.ptp(group) - len(group) for group in groups) > n_queries / 4 or len(groups) == n_queries
        left = [fc.hubness(np.delete(lists, group, axis=0), n_samples) for group in groups]
        found = fc.hubness(lists, n_samples)
        for name in ("sd", "skewness"):
            values = np.array([getattr(one, name) for one in left])
            spread = (len(groups) - 1) * values.var() * (1 - n_queries / n_samples)
            np.testing.assert_allclose(getattr(found, f"{name}_error"), np.sqrt(spread), rtol=1e-10)

    def test_a_full_count_has_no_error(self):
        found = fc.hubness(random_lists(np.random.default_rng(0), 50, 50, 3), 50)
        assert (found.sd_error, found.skewness_error) == (0.0, 0.0)

    @pytest.mark.statistical
    @pytest.mark.parametrize(("d", "sd", "skewness"), [(30, 1.1, 1.1), (5, 1.3, 1.6)])
    def test_calibration(self, d, sd, skewness):
        generator = np.random.default_rng(4)
        X = generator.normal(size=(3000, d))
        lists = fc.prefix_neighbors(X, np.arange(3000), 10, [d]).indices[0]
        full = fc.hubness(lists, 3000)
        found = [fc.hubness(lists[generator.choice(3000, 500, replace=False)], 3000) for _ in range(200)]
        variance = np.array([one.sd for one in found]) ** 2
        # Unbiased: the mean of 200 is within 4.5 of its standard errors but once in 100 000 times.
        assert abs(variance.mean() - full.sd**2) < 4.5 * variance.std() / np.sqrt(200)
        for name, high in {"sd": sd, "skewness": skewness}.items():
            values, errors = (np.array([getattr(one, name + end) for one in found]) for end in ("", "_error"))
            # The spread of 200 values is known to 5 %: four times that about what the docstring says.
            assert abs(np.sqrt((errors**2).mean()) / values.std() / high - 1) < 0.2


class TestPhenomenon:
    @pytest.mark.statistical
    def test_high_dimension_makes_hubs(self):
        # The limit of many features (`theory.hubness_limit`), normal and uniform. Single draws of 1000 features scatter
        # by 10 % and 4 %, and lie 7 % lower: 25 % is four deviations of the uniform ones, two of the normal ones up.
        generator = np.random.default_rng(12)
        X = np.stack([generator.normal(size=(1000, 1000)), generator.uniform(-1, 1, (1000, 1000))])
        normal, uniform = (fc.hubness(fc.prefix_neighbors(points, np.arange(1000), 10, [2, 1000])) for points in X)
        assert abs(normal.sd[1] / 23.6 - 1) < 0.25
        assert abs(uniform.sd[1] / 13.9 - 1) < 0.25
        assert 0.2 < normal.antihub_share[1] < 0.36
        assert 0.04 < uniform.antihub_share[1] < 0.14
        assert max(normal.sd[0], uniform.sd[0]) < 4 < uniform.sd[1]


class TestInputs:
    X = np.random.default_rng(3).integers(0, 3, (40, 3)).astype(float)

    def test_prefix_neighbors_and_arrays(self):
        near = fc.prefix_neighbors(self.X, np.arange(40), 4)
        found = fc.hubness(near)
        again = fc.hubness(near.indices.tolist(), 40)
        for field in fields(found):
            np.testing.assert_array_equal(getattr(found, field.name), getattr(again, field.name))
            if field.name in ("k", "n_queries", "n_samples"):
                continue
            array = getattr(found, field.name)
            assert array.shape == (3,)
            assert array.dtype == (np.int64 if field.name == "top_hub" else np.float64)
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1
        assert (found.k, found.n_queries, found.n_samples) == (4, 40, 40)
        for j in range(3):
            assert_equals_reference(fc.hubness(near.indices[j], 40), near.indices[j], 40)

    @pytest.mark.parametrize("algorithm", ["brute", "kd_tree"])
    def test_lists_of_scikit_learn_that_hold_the_query(self, algorithm):
        X = self.X + 0.01 * np.random.default_rng(0).normal(size=self.X.shape)  # without ties
        rows = np.arange(39, 3, -2)
        distances, indices = NearestNeighbors(n_neighbors=5, algorithm=algorithm).fit(X).kneighbors(X[rows])
        near = fc.prefix_neighbors(X, rows, 4, [3])
        ours, theirs = fc.hubness(near), fc.hubness(indices[None], 40, queries=rows)
        for field in fields(ours):
            np.testing.assert_array_equal(getattr(ours, field.name), getattr(theirs, field.name))
        others, left = drop_self(distances, indices, rows)
        assert np.array_equal(left, near.indices[0])
        np.testing.assert_allclose(others, near.distances[0], rtol=1e-6)

    def test_a_query_behind_its_duplicates_or_not_in_its_list(self):
        indices = np.array([[7, 2, 4], [3, 4, 7], [2, 4, 3]])
        distances = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 2.0], [0.0, 0.0, 0.0]])
        others, left = drop_self(distances, indices, np.array([2, 3, 7]))
        assert left.tolist() == [[7, 4], [4, 7], [2, 4]]
        assert others.tolist() == [[0.0, 1.0], [1.0, 2.0], [0.0, 0.0]]
        both = drop_self(np.stack([distances, distances + 1]), np.stack([indices, indices[::-1]]), np.array([2, 3, 7]))
        assert both[1].tolist() == [left.tolist(), [[4, 3], [4, 7], [2, 4]]]
        assert both[0].tolist() == [others.tolist(), [[1.0, 2.0], [2.0, 3.0], [1.0, 1.0]]]
        assert fc.hubness(indices, 9, queries=[2, 3, 7]).k == 2
        assert fc.hubness(indices, 9, queries=[2, 3, 7]).top_hub == 4

    @pytest.mark.parametrize(
        ("indices", "options", "error", "message"),
        [
            ([[0], [1]], {}, ValueError, "n_samples must be given: the number of rows that were searched"),
            ([[0], [1]], {"n_samples": 1}, ValueError, "n_samples must be at least 2, got 1"),
            ([[0], [1]], {"n_samples": 3.0}, TypeError, "n_samples must be a whole number, got 3.0"),
            ([[0], [3]], {"n_samples": 3}, ValueError, "indices must be rows of X, between 0 and 2, got 3"),
            ([[0], [-1]], {"n_samples": 3}, ValueError, "indices must be rows of X, between 0 and 2, got -1"),
            ([[0.0], [1.0]], {"n_samples": 3}, TypeError, "indices must be whole numbers, rows of X, got array"),
            ([0, 1], {"n_samples": 3}, ValueError, r"indices must have shape \(n_queries, k\) or .*, got \(2,\)"),
            (np.empty((2, 0), int), {"n_samples": 3}, ValueError, r"none 0, got \(2, 0\)"),
            ([[0, 1], [2]], {"n_samples": 3}, ValueError, "indices must be rectangular"),
            ([[0, 1], [2, 2]], {"n_samples": 3}, ValueError, "name a row once a list, got 2 twice in list 1"),
            ([[2, 0, 2], [0, 1, 2]], {"n_samples": 3}, ValueError, "name a row once a list, got 2 twice in list 0"),
            ([[[0, 1]], [[1, 1]]], {"n_samples": 3}, ValueError, "name a row once a list, got 1 twice in list 1, 0"),
            ([[0]] * 4, {"n_samples": 3}, ValueError, "at most n_samples = 3 lists, one a row, got 4"),
            ([[0], [1]], {"n_samples": 3, "queries": [0, 1]}, ValueError, "at least 2 neighbours a list where"),
            ([[0, 1]], {"n_samples": 3, "queries": [0, 1]}, ValueError, r"queries must be 1 rows, one a list, got"),
            ([[0, 1]], {"n_samples": 3, "queries": [3]}, ValueError, "queries must be rows of X, between 0 and 2"),
            ([[0, 1]], {"n_samples": 3, "queries": [0.5]}, TypeError, "queries must be whole numbers"),
            ([[0, 1], [1, 2]], {"n_samples": 3, "queries": [1, 1]}, ValueError, "be different rows, got 1 twice"),
        ],
    )
    def test_bad_input(self, indices, options, error, message):
        with pytest.raises(error, match=message):
            measured_by(indices, **options)

    def test_prefix_neighbors_say_all_themselves(self):
        near = fc.prefix_neighbors(self.X, [0, 1], 2)
        with pytest.raises(ValueError, match="n_samples must be that of the PrefixNeighbors, 40, got 41"):
            fc.hubness(near, 41)
        with pytest.raises(ValueError, match="queries must be None with a PrefixNeighbors"):
            fc.hubness(near, queries=[0, 1])
        assert fc.hubness(near, 40).n_queries == 2
