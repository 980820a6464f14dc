"""Accuracy of LDA of several classes against quadrature, `lda_error` and fitted rules; distances without bias."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special
from threadpoolctl import threadpool_limits

import fastcurse as fc
from fastcurse import theory
from fastcurse.reference import prefix_accuracy as reference


@pytest.fixture(autouse=True, scope="module")
def _one_blas_thread():
    with threadpool_limits(1):
        yield


def distances_of(points):
    return np.square(points[:, None] - points).sum(axis=-1)


def two_classes(delta_sq):
    return delta_sq * (1.0 - np.eye(2))


class TestAccuracy:
    @pytest.mark.parametrize("sizes", [(50, 50), (90, 10), (13, 40)])
    def test_two_classes_are_lda_error(self, sizes):
        nu = sum(sizes) - 2
        for delta_sq in (0.0, 0.3, 4.0, 30.0):
            p = np.arange(1, nu)
            ours = theory.multiclass_lda_accuracy(two_classes(delta_sq), p, sizes, [0.5, 0.5])
            # Both are sums of two Φ.
            np.testing.assert_allclose(ours, 1.0 - theory.lda_error(delta_sq, p, *sizes), rtol=0, atol=1e-13)

    def test_two_classes_of_known_frequencies_are_bayes_rule_in_the_limit(self):
        # Φ(Δ/2 ± log(π₁/π₂)/Δ) with as many rows as it takes for p/n to vanish.
        for share, delta in ((0.5, 1.0), (0.8, 1.5), (0.99, 2.0)):
            shift = np.log(share / (1 - share)) / delta
            expected = share * special.ndtr(delta / 2 + shift) + (1 - share) * special.ndtr(delta / 2 - shift)
            sizes = [1e14 * share, 1e14 * (1 - share)]
            assert theory.multiclass_lda_accuracy(two_classes(delta**2), 1, sizes) == pytest.approx(expected, abs=1e-12)

    @pytest.mark.parametrize(("n_classes", "tolerance"), [(3, 1e-3), (5, 2e-3), (10, 3e-3), (50, 6e-3)])
    def test_equidistant_classes_against_quadrature(self, n_classes, tolerance):
        """Three times the spread over scramblings that the docstring states; nothing here is random."""
        for delta in (0.5, 1.0, 3.0, 5.0):
            for p, rows in ((1, 1e12), (30, 40.0)):
                room = 1 - p / (n_classes * (rows - 1))
                # h_c leads by a' = (Δ² / 2 + p/n) in units of the others' common spread √((Δ²/2 + p/n) / room),
                # and by Δ²/2 of that in truth: P = ∫ φ(z) Φ(z + a)^(K - 1) dz.
                a = delta**2 / 2 * np.sqrt(room / (delta**2 / 2 + p / rows))
                expected = integrate.quad(
                    lambda z, a=a: np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * special.ndtr(z + a) ** (n_classes - 1),
                    -12, 12,
                )[0]  # fmt: skip
                corners = delta**2 * (1 - np.eye(n_classes))
                ours = theory.multiclass_lda_accuracy(corners, p, np.full(n_classes, rows))
                assert abs(ours - expected) < tolerance

    @pytest.mark.statistical
    @pytest.mark.parametrize("n_classes", [3, 4, 8])
    def test_against_draws_of_its_scores(self, n_classes):
        """5 standard errors of 40 000 draws, and 3 sd of the lines: false alarm 1e-6 (over seeds)."""
        rng = np.random.default_rng(n_classes)
        for p in (1, 8, 60):
            delta_sq = distances_of(rng.normal(size=(n_classes, 5)))
            sizes, priors = rng.integers(20, 90, n_classes), rng.dirichlet(np.full(n_classes, 2.0))
            drawn = reference.multiclass_lda_accuracy(delta_sq, p, sizes, priors, 40_000, rng)
            ours = theory.multiclass_lda_accuracy(delta_sq, p, sizes, priors)
            assert abs(ours - drawn) < 5 * 0.5 / np.sqrt(40_000) + 0.004

    @pytest.mark.statistical
    @pytest.mark.parametrize(
        ("sizes", "scale"),
        [((100, 100, 100), 2.0), ((200, 70, 30), 2.0), ((60,) * 5, 2.0), ((150, 60, 40, 30, 20), 2.0)],
        ids=str,
    )
    def test_fitted_rules_agree(self, sizes, scale):
        """Mean of 25 fits on 300 rows: .008, the next order in 1/n, and 5 standard errors: false alarm 3e-6."""
        rng = np.random.default_rng(sum(sizes[:2]))
        n_classes, nu = len(sizes), sum(sizes) - len(sizes)
        prefixes = np.array([2, 5, 20, int(0.2 * nu), int(0.4 * nu), int(0.7 * nu)])
        centres = rng.normal(size=(n_classes, prefixes[-1])) / np.sqrt(np.arange(1, prefixes[-1] + 1))
        centres *= scale / np.sqrt(np.square(centres).sum(axis=1).mean())
        y, y_test = np.repeat(np.arange(n_classes), sizes), np.repeat(np.arange(n_classes), 10 * np.array(sizes))
        fitted = np.array([
            fc.PrefixLDA().fit(rng.normal(size=(len(y), prefixes[-1])) + centres[y], y)
            .score_path(rng.normal(size=(len(y_test), prefixes[-1])) + centres[y_test], y_test, prefixes)
            for _ in range(25)
        ])  # fmt: skip
        delta_sq = np.array([distances_of(centres[:, :p]) for p in prefixes])
        ours = theory.multiclass_lda_accuracy(delta_sq, prefixes, sizes)
        allowed = 0.008 + 5 * fitted.std(axis=0) / np.sqrt(len(fitted))
        assert (np.abs(fitted.mean(axis=0) - ours) < allowed).all()

    def test_laws(self):
        rng = np.random.default_rng(0)
        points, sizes = rng.normal(size=(4, 3)), np.array([30, 20, 50, 40])
        delta_sq = distances_of(points)
        p = np.arange(1, 140)
        path = theory.multiclass_lda_accuracy(delta_sq, p, sizes)
        assert (np.diff(path[:135]) < 0).all()  # features without new distance cost accuracy
        assert np.isfinite(path[:135]).all()
        assert np.isnan(path[135:]).all()  # ν = 136
        more = theory.multiclass_lda_accuracy(delta_sq, 20, 2 * sizes, sizes / 140)
        assert more > theory.multiclass_lda_accuracy(delta_sq, 20, sizes)
        assert isinstance(theory.multiclass_lda_accuracy(delta_sq, 20, sizes), np.float64)
        order = [2, 0, 3, 1]
        # Other lines: three times their spread.
        swapped = theory.multiclass_lda_accuracy(delta_sq[order][:, order], 20, sizes[order])
        assert abs(swapped - path[19]) < 0.005
        several = theory.multiclass_lda_accuracy(np.stack([delta_sq, 4 * delta_sq])[:, None], [[20, 30]], sizes)
        assert several.shape == (2, 2)
        assert several[0, 0] == path[19]
        assert several[1, 1] == theory.multiclass_lda_accuracy(4 * delta_sq, 30, sizes)

    def test_a_class_of_no_probability_is_never_named(self):
        near = distances_of(np.array([[0.0], [2.0], [1.0]]))
        three = theory.multiclass_lda_accuracy(near, 3, [50, 50, 50], [0.5, 0.5, 0.0])
        assert three == pytest.approx(
            theory.multiclass_lda_accuracy(near[:2, :2], 3, [51.5, 51.5], [0.5, 0.5]), abs=0.01
        )

        five = theory.multiclass_lda_accuracy(distances_of(np.arange(5.0)[:, None]), 3, [50] * 5, [0.5, 0.5, 0, 0, 0])
        assert 0.6 < five < 0.7  # Φ(1/2) = .69 less what 3 features cost

    @pytest.mark.parametrize("scale", [1e-320, 1e-300, 1e-30, 1e4, 1e100])
    def test_distances_of_any_size(self, scale):
        near = distances_of(np.array([[0.0], [1.0], [3.0]])) * scale
        for p in (0, 2):
            ours = theory.multiclass_lda_accuracy(near, p, [30, 50, 20])
            assert ours == pytest.approx(1.0 if scale > 1 else 0.5, abs=0.03)

    def test_equal_classes_are_told_by_their_frequencies(self):
        ours = theory.multiclass_lda_accuracy(np.zeros((3, 3)), 1, [8e5, 1e5, 1e5])
        assert ours == pytest.approx(0.8, abs=1e-6)
        assert theory.multiclass_lda_accuracy(np.zeros((4, 4)), 5, [30] * 4) == pytest.approx(0.25, abs=2e-3)
        assert theory.multiclass_lda_accuracy(np.zeros((4, 4)), 0, [31, 30, 30, 30]) == pytest.approx(31 / 121)
        for n_classes in (2, 4):  # not a feature, and a tie
            nothing = np.zeros((n_classes, n_classes))
            assert theory.multiclass_lda_accuracy(nothing, 0, [30] * n_classes) == pytest.approx(1 / n_classes)

    @pytest.mark.parametrize(
        ("delta_sq", "sizes", "priors"),
        [
            (np.zeros((3, 2)), [5, 5], None),
            (np.zeros((3, 3)), [5, 5], None),
            (np.zeros((1, 1)), [5], None),
            (np.zeros((2, 2)), [5, 5], [1.0]),
            (np.zeros(2), [5, 5], None),
        ],
    )
    def test_shapes_must_fit(self, delta_sq, sizes, priors):
        with pytest.raises(ValueError, match=r"delta_sq must have shape \(..., K, K\), class_sizes and priors \(K,\)"):
            theory.multiclass_lda_accuracy(delta_sq, 1, sizes, priors)


class TestUnbiased:
    @pytest.mark.statistical
    def test_the_mean_over_samples_is_the_truth(self):
        """5 standard errors of 300 samples of three far classes: false alarm 1e-6 a distance (over seeds)."""
        rng = np.random.default_rng(5)
        sizes, p = np.array([30, 20, 40]), 25
        centres = rng.normal(size=(3, p)) * 1.5
        y = np.repeat(np.arange(3), sizes)
        found, plain = [], []
        for _ in range(300):
            plain.append(reference.squared_mahalanobis(rng.normal(size=(90, p)) + centres[y], y))
            found.append(theory.unbiased_delta_sq(plain[-1], p, sizes))
        truth = distances_of(centres)
        error = np.std(found, axis=0) / np.sqrt(300)
        assert (np.abs(np.mean(found, axis=0) - truth) <= 5 * error).all()
        assert (np.mean(plain, axis=0) - truth > 20 * error)[~np.eye(3, dtype=bool)].all()

    @pytest.mark.statistical
    def test_the_mean_over_pairs_is_kept_where_there_is_next_to_nothing(self):
        """The truth is .1; 40 samples of 8 classes; 5 standard errors: false alarm 6e-7 (over seeds)."""
        rng = np.random.default_rng(6)
        sizes, p = np.full(8, 40), 60
        y = np.repeat(np.arange(8), sizes)
        centres = np.zeros((8, p))
        centres[np.arange(8), np.arange(8)] = np.sqrt(0.05)
        X = (rng.normal(size=(320, p)) + centres[y] for _ in range(40))
        means = [theory.unbiased_delta_sq(reference.squared_mahalanobis(x, y), p, sizes).sum() / 56 for x in X]
        assert abs(np.mean(means) - 0.1) < 5 * np.std(means) / np.sqrt(40)

    def test_possible_distances_stay(self):
        rng = np.random.default_rng(7)
        truth, sizes, p = distances_of(rng.normal(size=(5, 4))), np.arange(20, 25), 9
        nu = sizes.sum() - 5
        noise = (1 / sizes[:, None] + 1 / sizes) * (1 - np.eye(5))
        estimated = (truth + p * noise) * nu / (nu - p - 1)
        # A few roundings of numbers below 30.
        np.testing.assert_allclose(theory.unbiased_delta_sq(estimated, p, sizes), truth, rtol=0, atol=1e-12)

    @given(st.integers(0, 2**32), st.integers(2, 9))
    def test_the_result_is_the_nearest_that_is_possible(self, seed, n_classes):
        rng = np.random.default_rng(seed)
        sizes = np.full(n_classes, 1000)
        delta_sq = np.triu(rng.normal(size=(n_classes, n_classes)) + rng.uniform(-1, 2), 1)
        delta_sq = delta_sq + delta_sq.T
        p = int(rng.integers(0, 5))
        nu = sizes.sum() - n_classes
        raw = delta_sq * (nu - p - 1) / nu - p * 0.002 * (1 - np.eye(n_classes))
        found = theory.unbiased_delta_sq(delta_sq, p, sizes)
        assert (found >= 0).all()
        assert (np.diag(found) == 0).all()
        assert found.sum() == pytest.approx(max(raw.sum(), 0.0), abs=1e-9)
        centring = np.eye(n_classes) - 1 / n_classes
        gram, wanted = (-0.5 * centring @ d @ centring for d in (found, raw))
        assert np.linalg.eigvalsh(gram).min() > -1e-9
        # No other Gram matrix of the same trace is nearer: those of random points are not.
        for _ in range(5):
            other = centring @ rng.normal(size=(n_classes, n_classes))
            other = other @ other.T
            other *= np.trace(gram) / np.trace(other)
            for step in (0.01, 1.0):
                assert np.linalg.norm(gram + step * (other - gram) - wanted) >= np.linalg.norm(gram - wanted) - 1e-9

    def test_without_degrees_of_freedom_there_is_no_estimate(self):
        found = theory.unbiased_delta_sq(two_classes(9.0), [47, 48, 60], [25, 26])
        assert np.isfinite(found[0]).all()  # ν = 49: 47 is below ν - 1
        assert np.isnan(found[1:]).all()
        assert np.isnan(theory.unbiased_delta_sq(two_classes(np.nan), 3, [25, 26])).all()

    def test_two_classes_are_cut_at_zero(self):
        found = theory.unbiased_delta_sq([two_classes(9.0), two_classes(0.1)], 4, [25, 25])
        np.testing.assert_allclose(found[0], two_classes(9.0 * 43 / 48 - 0.32), rtol=1e-14)
        assert (found[1] == 0).all()


def test_rows_that_leave_no_degree_of_freedom_give_nan():
    assert np.isnan(theory.multiclass_lda_accuracy(1.0 - np.eye(3), [0.0, 0.5, 2.0], [1, 1, 1])).all()
