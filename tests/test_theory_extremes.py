"""`fastcurse.theory.extremes` against its own law, the exact one-dimensional law, and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import pdist

from fastcurse import theory

Q = np.array([1e-6, 0.05, 0.5, 0.95, 1 - 1e-6])


@pytest.mark.parametrize("distribution", ["uniform", "normal"])
@pytest.mark.parametrize("side", ["nearest", "farthest"])
def test_quantiles_rise_with_the_probability_and_have_the_median(distribution, side):
    n, d = np.array([2, 3, 5, 400, 10**6])[:, None, None], np.array([1, 2, 10, 100, 1000])[:, None]
    quantiles = theory.extreme_distance_quantile(Q, n, d, distribution=distribution, side=side)
    assert quantiles.shape == (5, 5, 5)
    assert np.all(np.diff(quantiles, axis=-1) > 0)
    medians = theory.extreme_distance_median(n, d, distribution=distribution, side=side)
    assert np.array_equal(quantiles[..., 2], medians[..., 0])


@pytest.mark.parametrize("side", ["nearest", "farthest"])
def test_two_points_have_the_law_of_one_distance(side):
    # P(D <= t) = t - t²/4 for one uniform feature. Bisection ends at 1e-16 of log t; near 2 the law is flat.
    one = theory.extreme_distance_quantile(Q, 2, 1, side=side)
    np.testing.assert_allclose(one - one**2 / 4, Q, rtol=1e-9)
    # D²/2 is χ²_d for normal features; the inverse is good to 1e-14 of the distance.
    normal = theory.extreme_distance_quantile(Q, 2, 7, distribution="normal", side=side)
    np.testing.assert_allclose(stats.chi2.cdf(normal**2 / 2, 7), Q, rtol=1e-9)


@pytest.mark.statistical
@pytest.mark.parametrize(("d", "repeats"), [(2, 800), (10, 800), (100, 300)])
def test_nearest_has_this_law_and_farthest_about_this_median(d, repeats):
    """Counts below each quantile at 5 standard errors: false alarm 6e-7 each, five of them (over seeds)."""
    rng, n = np.random.default_rng(0), 300
    pairs = [pdist(rng.uniform(-1, 1, (n, d))) for _ in range(repeats)]
    near, far = np.array([(part.min(), part.max()) for part in pairs]).T
    for q in (0.05, 0.25, 0.5, 0.75, 0.95):
        below = np.mean(near <= theory.extreme_distance_quantile(q, n, d))
        # 1/n for pairs that share a point, which the Poisson limit leaves out.
        assert abs(below - q) < 5 * np.sqrt(q * (1 - q) / repeats) + 1 / n
    # The docstring of the median: theory reads up to .7 % high (d = 2) where far pairs share outliers.
    median = theory.extreme_distance_quantile(0.5, n, d, side="farthest")
    error = 5 * 1.2533 * far.std() / np.sqrt(repeats)
    assert -error < median - np.median(far) < 0.01 * median + error


@pytest.mark.statistical
def test_numbers_of_the_notes_at_400_points():
    """Medians within .5 % at d = 200, 1 % at 50, 2 % at 10; the simulated medians' errors are below .3 %."""
    rng = np.random.default_rng(1)
    for d, accuracy, repeats in ((200, 0.005, 100), (50, 0.01, 200), (10, 0.02, 400)):
        pairs = [pdist(rng.uniform(-1, 1, (400, d))) for _ in range(repeats)]
        for side, measured in (("nearest", np.min(pairs, axis=1)), ("farthest", np.max(pairs, axis=1))):
            expected = theory.extreme_distance_quantile(0.5, 400, d, side=side)
            assert np.median(measured) == pytest.approx(expected, rel=accuracy)


def test_contrast_depends_on_the_sample_as_the_notes_say():
    # d = 100: from n = 100 to 5000 the squared contrast goes from .563 to .732 (one seed each; .03 is its spread).
    near, far = (theory.extreme_distance_quantile(0.5, [100, 5000], 100, side=side) for side in ("nearest", "farthest"))
    np.testing.assert_allclose(1 - (near / far) ** 2, [0.563, 0.732], atol=0.03)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="probability must lie strictly between 0 and 1, got 1"):
        theory.extreme_distance_quantile([0.5, 1], 10, 2)
    with pytest.raises(ValueError, match="probability must lie strictly between 0 and 1, got nan"):
        theory.extreme_distance_quantile(np.nan, 10, 2)
    with pytest.raises(ValueError, match="n_samples must be at least 2, got 1"):
        theory.extreme_distance_quantile(0.5, 1, 2)
    with pytest.raises(ValueError, match="distribution must be one of"):
        theory.extreme_distance_quantile(0.5, 10, 2, distribution="cauchy")
    with pytest.raises(ValueError, match="side must be one of"):
        theory.extreme_distance_quantile(0.5, 10, 2, side="middle")
