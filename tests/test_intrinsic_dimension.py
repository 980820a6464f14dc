"""intrinsic_dimension: the formula, known dimensions, coverage on exact ratios, duplicates and ties."""

from __future__ import annotations

import numpy as np
import pytest
import skdim
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

import fastcurse as fc
from fastcurse.reference import intrinsic_dimension as reference

METHOD = st.sampled_from(["twonn", "levina_bickel"])
ELEMENTS = st.sampled_from([0.0, 0.0, 1.0, 2.0, 3.0]) | st.floats(1e-150, 1e150)


@st.composite
def distance_lists(draw, *, elements=ELEMENTS):
    """Draw distances (n_queries, k), increasing, with zeros and ties."""
    shape = (draw(st.integers(1, 6)), draw(st.integers(2, 6)))
    return np.sort(draw(hnp.arrays(np.float64, shape, elements=elements)), axis=1)


def neighbor_distances(generator, n_queries, k, d):
    """Draw T_1 < ... < T_k of independent queries among infinitely many points, evenly dense in d dimensions."""
    # Volumes within which neighbours lie are sums of exponential variables: a Poisson process.
    return np.cumsum(generator.exponential(size=(n_queries, k)), axis=1) ** (1 / d)


class TestReference:
    def test_against_the_formulas_of_the_papers(self):
        T = neighbor_distances(np.random.default_rng(0), 20, 6, 3.0)
        found = reference.intrinsic_dimension(T)
        np.testing.assert_allclose(found.dimension, 19 / np.log(T[:, 1] / T[:, 0]).sum(), rtol=1e-14)
        # MacKay and Ghahramani's average of the inverses of Levina and Bickel's estimates, each with k - 1.
        inverses = [1 / (1 / (np.log(row[-1] / row[:-1]).sum() / 5)) for row in T]
        found = reference.intrinsic_dimension(T, method="levina_bickel")
        np.testing.assert_allclose(found.dimension * 100 / 99, 1 / np.mean(inverses), rtol=1e-14)
        # Of one query: the docstring's (k - 2) / L.
        one = reference.intrinsic_dimension(T[:1], method="levina_bickel")
        np.testing.assert_allclose(one.dimension, 4 / np.log(T[0, -1] / T[0, :-1]).sum(), rtol=1e-14)

    def test_zeros_are_passed_over(self):
        T = [[0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 0.0, 4.0], [1.0, 3.0, 5.0, 6.0]]
        assert reference.intrinsic_dimension(T) == (1 / (np.log(2) + np.log(3)), 2)
        levina_bickel = reference.intrinsic_dimension(T, method="levina_bickel")
        np.testing.assert_allclose(levina_bickel.dimension, 3 / np.log(2 * 6 * 2 * 6 / 5), rtol=1e-14)
        assert levina_bickel.n_used == 2


class TestFormula:
    @given(distance_lists(), METHOD)
    def test_equals_the_reference(self, distances, method):
        ours = fc.intrinsic_dimension(distances, method=method)
        expected = reference.intrinsic_dimension(distances, method=method)
        # Sums of up to thirty logarithms, none negative: at most thirty roundings and a unit of each logarithm.
        np.testing.assert_allclose(ours.dimension, expected.dimension, rtol=1e-14)
        assert ours.n_used == expected.n_used
        assert (ours.dimension.shape, ours.n_used.shape, ours.interval.shape) == ((), (), (2,))
        low, high = ours.interval
        if method == "levina_bickel" and ours.n_used == 1:  # one query shows no spread
            assert np.isnan(ours.interval).all()
        elif np.isfinite(ours.dimension):
            assert low <= ours.dimension <= high
        else:
            np.testing.assert_array_equal(ours.interval, [ours.dimension] * 2)

    @given(distance_lists(), METHOD, st.sampled_from([2.0**-300, 0.5, 2.0**99]))
    def test_powers_of_two_change_no_bit(self, distances, method, scale):
        first, second = (fc.intrinsic_dimension(X, method=method) for X in (distances, distances * scale))
        np.testing.assert_array_equal(first.dimension, second.dimension)
        np.testing.assert_array_equal(first.interval, second.interval)
        np.testing.assert_array_equal(first.n_used, second.n_used)

    @given(st.lists(distance_lists(elements=st.floats(0.5, 2)), min_size=1, max_size=3), METHOD)
    def test_prefixes_one_by_one(self, several, method):
        n_queries, k = (min(X.shape[axis] for X in several) for axis in (0, 1))
        distances = np.stack([X[:n_queries, :k] for X in several])
        whole = fc.intrinsic_dimension(distances, method=method)
        for j, X in enumerate(distances):
            alone = fc.intrinsic_dimension(X, method=method)
            for name in ("dimension", "interval", "n_used"):
                # NumPy may sum a row in another order: a rounding for each of at most thirty terms.
                np.testing.assert_allclose(getattr(whole, name)[j], getattr(alone, name), rtol=1e-14)

    def test_intervals_against_their_formulas(self):
        T = neighbor_distances(np.random.default_rng(1), 30, 5, 2.0)
        L = np.log(T[:, 1] / T[:, 0]).sum()
        found = fc.intrinsic_dimension(T, confidence=0.9)
        np.testing.assert_allclose(found.interval, stats.chi2.ppf([0.05, 0.95], 60) / 2 / L, rtol=1e-12)
        # All lists alike long: Student's interval of the mean of the queries' sums.
        L = np.log(T[:, -1:] / T[:, :-1]).sum(axis=1)
        low, high = stats.t.interval(0.9, 29, L.mean(), stats.sem(L))
        found = fc.intrinsic_dimension(T, method="levina_bickel", confidence=0.9)
        np.testing.assert_allclose(found.interval, 119 / 30 / np.array([high, low]), rtol=1e-12)
        assert (found.method, found.confidence) == ("levina_bickel", 0.9)

    def test_interval_of_lists_that_are_not_alike_long(self):
        T = neighbor_distances(np.random.default_rng(1), 40, 6, 2.0)
        T[::2, :3] = 0.0
        found = fc.intrinsic_dimension(T, method="levina_bickel")
        # Each query left out in turn: the jackknife of L / N, which agrees with its linear error to some per cent.
        terms = np.where(np.arange(40) % 2, 5, 2)
        L = np.array([np.log(row[-1] / row[row > 0]).sum() for row in T])
        left = (L.sum() - L) / (terms.sum() - terms)
        error = np.sqrt(39 / 40 * ((left - left.mean()) ** 2).sum())
        reach = stats.t.ppf(0.975, 39) * error * np.array([1, -1])
        np.testing.assert_allclose(139 / 140 / found.interval - L.sum() / 140, reach, rtol=0.04)

    def test_ties_duplicates_and_too_few_queries(self):
        for method in ("twonn", "levina_bickel"):
            tied = fc.intrinsic_dimension(np.ones((4, 3)), method=method)
            assert (tied.dimension, tied.interval.tolist(), tied.n_used) == (np.inf, [np.inf] * 2, 4)
            none = fc.intrinsic_dimension([[0.0, 0.0], [0.0, 1.0]], method=method)
            assert np.isnan(none.dimension)
            assert np.isnan(none.interval).all()
            assert none.n_used == 0
            beyond = fc.intrinsic_dimension([[1e-200, 1e150], [1.0, 2.0]], method=method)
            assert (beyond.dimension, beyond.n_used) == (0.0, 2)
        one = fc.intrinsic_dimension([[1.0, 2.0, 4.0]], method="levina_bickel")
        np.testing.assert_allclose(one.dimension, 1 / np.log(8), rtol=1e-15)
        assert np.isnan(one.interval).all()
        assert np.isnan(fc.intrinsic_dimension([[1.0, 2.0, 4.0]]).dimension)  # one ratio is too few


class TestKnownDimension:
    @pytest.mark.statistical
    @pytest.mark.parametrize("d", [1.0, 3.0, 50.0])
    @pytest.mark.parametrize(("method", "least"), [("twonn", 0.95), ("levina_bickel", 0.93)])
    def test_coverage_on_independent_queries(self, d, method, least):
        # TwoNN's interval is exact; Student's, of 60 skewed sums, covers 1 or 2 % less. Unbiased, both.
        generator = np.random.default_rng(int(d))
        found = [fc.intrinsic_dimension(neighbor_distances(generator, 60, 5, d), method=method) for _ in range(1000)]
        covered = sum(one.interval[0] <= d <= one.interval[1] for one in found)
        assert stats.binom.ppf(1e-5, 1000, least) <= covered <= stats.binom.ppf(1 - 1e-5, 1000, 0.955)
        dimensions = np.array([one.dimension for one in found])
        # Beyond 4.5 standard errors once in 100 000 times.
        assert abs(dimensions.mean() - d) < 4.5 * dimensions.std() / np.sqrt(1000)

    @pytest.mark.statistical
    @pytest.mark.parametrize("method", ["twonn", "levina_bickel"])
    def test_cubes_a_sphere_and_a_line(self, method):
        generator = np.random.default_rng(8)
        sphere = generator.normal(size=(4000, 3))
        sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
        line = generator.uniform(size=(4000, 1)) * np.arange(1.0, 6.0)
        cube = generator.uniform(size=(4000, 3))
        # Of 400 of 4000 rows, far apart: the standard error is 5 % (twonn), 2 %; a cube's faces cost up to 3 %.
        for points, d in ((cube[:, :2], 2), (cube, 3), (sphere, 2), (line, 1)):
            near = fc.prefix_neighbors(points, np.arange(400), 10, [points.shape[1]])
            assert abs(fc.intrinsic_dimension(near, method=method).dimension[0] / d - 1) < 0.2

    @pytest.mark.statistical
    def test_directions_by_the_cosine(self):
        X = np.random.default_rng(2).normal(size=(3000, 4))
        near = fc.prefix_neighbors(X, np.arange(400), 10, [2, 3, 4], metric="cosine")
        for method in ("twonn", "levina_bickel"):
            found = fc.intrinsic_dimension(near, method=method)
            np.testing.assert_allclose(found.dimension, [1, 2, 3], rtol=0.2)  # four standard errors of 5 %
        unit = X[:, :3] / np.linalg.norm(X[:, :3], axis=1, keepdims=True)
        euclidean = fc.intrinsic_dimension(fc.prefix_neighbors(unit, np.arange(400), 10, [3]))
        # A cosine distance of 1e-4 is known to 1e-12 of itself, and its logarithm so.
        np.testing.assert_allclose(fc.intrinsic_dimension(near).dimension[1], euclidean.dimension[0], rtol=1e-8)

    def test_multiples_of_a_row_are_its_duplicates_by_the_cosine(self):
        X = np.random.default_rng(0).normal(size=(50, 6))
        near = fc.prefix_neighbors(np.vstack([X, 3 * X]), np.arange(50), 4, [6], metric="cosine")
        assert (np.abs(near.distances[0, :, 0]) < 2e-15).all()
        assert (near.distances[0, :, 0] != 0).any()
        found = fc.intrinsic_dimension(near)
        assert found.n_used == 50
        T = np.sqrt(2 * near.distances[0, :, 1:3])
        np.testing.assert_allclose(found.dimension, 49 / np.log(T[:, 1] / T[:, 0]).sum(), rtol=1e-13)

    @pytest.mark.statistical
    def test_high_dimension_saturates(self):
        near = fc.prefix_neighbors(np.random.default_rng(1).normal(size=(1000, 100)), np.arange(1000), 10, [100])
        for method in ("twonn", "levina_bickel"):
            assert 35 < fc.intrinsic_dimension(near, method=method).dimension[0] < 60  # as the docstring says


class TestInputs:
    def test_prefix_neighbors_and_read_only_arrays(self):
        near = fc.prefix_neighbors(np.random.default_rng(0).normal(size=(30, 4)), np.arange(30), 3)
        found, again = fc.intrinsic_dimension(near), fc.intrinsic_dimension(near.distances.tolist())
        assert (found.dimension.shape, found.interval.shape, found.n_used.dtype) == ((4,), (4, 2), np.int64)
        for name in ("dimension", "interval", "n_used"):
            np.testing.assert_array_equal(getattr(found, name), getattr(again, name))
            with pytest.raises(ValueError, match="read-only"):
                getattr(found, name)[0] = 1
        with pytest.raises(AttributeError):
            found.dimension = 2.0

    @pytest.mark.parametrize(
        ("distances", "options", "error", "message"),
        [
            ([[1.0]], {}, ValueError, "distances must have at least 2 neighbours a list, got 1"),
            ([1.0, 2.0], {}, ValueError, r"distances must have shape \(n_queries, k\) or .*, got \(2,\)"),
            (np.empty((0, 3)), {}, ValueError, r"none 0, got \(0, 3\)"),
            ([[1.0, np.nan]], {}, ValueError, "distances must be finite and at least 0, got nan in list 0"),
            ([[1.0, np.inf]], {}, ValueError, "distances must be finite and at least 0, got inf in list 0"),
            ([[[1.0, 2.0]], [[-1.0, 2.0]]], {}, ValueError, r"at least 0, got -1\.0 in list 1, 0"),
            ([[1.0, 2.0], [3.0, 2.0]], {}, ValueError, r"must not fall within a list, got 3\.0 before 2\.0 in list 1"),
            ([["a", "b"]], {}, TypeError, "distances must hold real numbers"),
            ([[1.0, 2.0]], {"method": "mle"}, ValueError, "method must be one of 'twonn', 'levina_bickel', got 'mle'"),
            ([[1.0, 2.0]], {"confidence": 1.0}, ValueError, "confidence must lie strictly between 0 and 1"),
            ([[1.0, 2.0]], {"confidence": "x"}, TypeError, "confidence must be a number"),
        ],
    )
    def test_bad_input(self, distances, options, error, message):
        with pytest.raises(error, match=message):
            fc.intrinsic_dimension(distances, **options)


class TestAgainstScikitDimension:
    """Another package's estimates, from its own search for neighbours."""

    X = np.random.default_rng(0).uniform(size=(600, 5)) @ np.random.default_rng(1).normal(size=(5, 9))

    def test_levina_bickel_is_its_mle_without_the_bias(self):
        theirs = skdim.id.MLE(K=10, neighborhood_based=True).fit(self.X, n_neighbors=10).dimension_
        near = fc.prefix_neighbors(self.X, range(600), 10, [9])
        n_ratios = 600 * 9
        ours = fc.intrinsic_dimension(near, method="levina_bickel").dimension[0]
        assert ours * n_ratios / (n_ratios - 1) == pytest.approx(theirs, rel=1e-9)

    def test_twonn_is_near_its_line_through_the_distribution(self):
        """The line has an error of its own, as large as ours of 4 %: each within two of these of the other."""
        theirs = skdim.id.TwoNN(discard_fraction=0.1).fit(self.X).dimension_
        found = fc.intrinsic_dimension(fc.prefix_neighbors(self.X, range(600), 2, [9]))
        assert found.dimension[0] == pytest.approx(theirs, rel=0.08)
