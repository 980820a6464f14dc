"""`fastcurse.theory.spectrum` against exact laws, numerical inversion and simulation."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from scipy import special, stats
from scipy.spatial.distance import pdist
from threadpoolctl import threadpool_limits

from fastcurse import theory
from fastcurse.theory import _spectrum_law

Q = np.array([1e-12, 1e-6, 0.05, 0.5, 0.95, 1 - 1e-6])
SIDES = ["nearest", "farthest"]
SPECTRA = {
    "equal": np.ones(7),
    "one": np.array([3.0]),
    "harmonic": 1 / np.arange(1, 301),
    "spike": np.r_[1000.0, np.ones(50)],
    "steps": np.r_[1.0, np.full(10, 1e-3), np.full(100, 1e-6)],
    "decades": np.logspace(0, -200, 60),
}


def _log_cdf_and_sf(distance, eigenvalues):
    """Log F and log(1 - F) of one distance, which is the extreme of two points."""
    z = theory.spectrum_extreme_z_score(distance, 2, eigenvalues)
    return special.log_ndtr(z), special.log_ndtr(-z)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("n", [2, 100, 10**6])
@pytest.mark.parametrize("d", [1, 2, 10, 100, 4096])
def test_equal_eigenvalues_against_the_exact_law(d, n, side):
    ours = theory.spectrum_extreme_quantile(Q[1:], n, np.full(d, 2.25), side=side)
    exact = 1.5 * theory.extreme_distance_quantile(Q[1:], n, d, distribution="normal", side=side)
    # log F errs by Stirling's remainder, at most 1 / 6d, and F grows like t^d or more slowly.
    assert np.abs(np.log(ours / exact)).max() < 1 / (6 * d**2)


@pytest.mark.parametrize("d", [1, 2, 3, 10, 100])
def test_far_tails_of_equal_eigenvalues(d):
    lower, upper = stats.chi2.ppf(1e-100, d), stats.chi2.isf(1e-300, d)
    assert _log_cdf_and_sf(np.sqrt(2 * lower), np.ones(d))[0] == pytest.approx(np.log(1e-100), abs=1 / (6 * d))
    assert _log_cdf_and_sf(np.sqrt(2 * upper), np.ones(d))[1] == pytest.approx(np.log(1e-300), abs=1 / (6 * d))
    # Below the range of float64: F = (x/2)^(d/2) / Γ(d/2 + 1) for x = t²/2 → 0.
    log_t = -150.0
    expected = d / 2 * (2 * log_t - 2 * np.log(2)) - special.gammaln(d / 2 + 1)
    assert _log_cdf_and_sf(np.exp(log_t), np.ones(d))[0] == pytest.approx(expected, abs=1 / (6 * d))


@pytest.mark.parametrize(("d", "accuracy"), [(1, 1e-2), (10, 1e-3), (100, 3e-5), (4096, 2e-7)])
def test_near_the_mean_where_the_saddle_point_cancels(d, accuracy):
    steps = np.array([-0.3, -0.1, -0.01, -1e-3, -1e-4, 0, 1e-4, 1e-3, 0.01, 0.1, 0.3])
    x = d + np.sqrt(2 * d) * steps
    ours = theory.spectrum_extreme_z_score(np.sqrt(2 * x), 2, np.ones(d))
    np.testing.assert_allclose(ours, stats.norm.isf(stats.chi2.sf(x, d)), rtol=0, atol=accuracy)


@pytest.mark.parametrize("ratio", [0.9, 0.5, 0.1, 1e-3])
def test_two_double_eigenvalues_against_two_exponentials(ratio):
    # 2 λ χ²_2 is 4 λ times an exponential number.
    slow, fast = 4.0, 4.0 * ratio
    for x in np.r_[np.logspace(-8, 0, 9), np.linspace(2, 1000, 20)]:
        log_sf = np.log((slow * np.exp(-x / slow) - fast * np.exp(-x / fast)) / (slow - fast))
        cdf = -(slow * np.expm1(-x / slow) - fast * np.expm1(-x / fast)) / (slow - fast)
        log_cdf = np.log(cdf) if x > 1e-3 * ratio else np.log(x**2 / (2 * slow * fast))
        ours = _log_cdf_and_sf(np.sqrt(x), [1.0, 1.0, ratio, ratio])
        assert ours == pytest.approx((log_cdf, log_sf), abs=0.09)


@pytest.mark.parametrize("eigenvalues", [[1, 0.3], [1, 0.5, 0.5], [1, 0.7, 0.4, 0.1], 1 / np.arange(1, 20)])
def test_unequal_eigenvalues_against_numerical_inversion(eigenvalues):
    with mp.workdps(40):
        for mean_share in (1e-4, 1e-2, 0.2, 0.7, 2.0, 5.0):
            x = 2 * np.sum(eigenvalues) * mean_share

            def transform(s):
                return mp.fprod(1 / mp.sqrt(1 + 4 * mp.mpf(float(value)) * s) for value in eigenvalues) / s

            cdf = mp.invertlaplace(transform, x, method="talbot", degree=50)
            expected = float(mp.log(cdf)), float(mp.log(1 - cdf))
            assert _log_cdf_and_sf(np.sqrt(x), eigenvalues) == pytest.approx(expected, abs=0.09)


@pytest.mark.parametrize("side", SIDES)
def test_one_eigenvalue_dominating_and_zeros(side):
    for n in (2, 1000):
        alone = theory.spectrum_extreme_quantile(Q, n, [2.0], side=side)
        assert np.array_equal(theory.spectrum_extreme_quantile(Q, n, [0, 2.0, 0, 0], side=side), alone)
        beside = theory.spectrum_extreme_quantile(Q, n, [2.0, *np.full(9, 1e-60)], side=side)
        np.testing.assert_allclose(beside, alone, rtol=1e-6)
        noise = theory.spectrum_extreme_quantile(Q, n, [2.0, -1e-16], side=side)
        assert np.array_equal(noise, alone)


@pytest.mark.parametrize("sample", [False, True])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", SPECTRA)
def test_quantile_and_z_score_are_inverse_and_rise(name, side, sample):
    for n in (2, 3, 40, 10**5):
        if sample and (n == 2 or (name, n) == ("equal", 3)):
            continue  # one distance
        # Between the rest of Q and a bound of the distance no digits are left.
        q = Q[2:5] if sample and n - 1 <= SPECTRA[name].size + 1 else Q
        quantiles = theory.spectrum_extreme_quantile(q, n, SPECTRA[name], side=side, sample=sample)
        assert (np.diff(quantiles) > 0).all()
        scores = theory.spectrum_extreme_z_score(quantiles, n, SPECTRA[name], side=side, sample=sample)
        np.testing.assert_allclose(scores, special.ndtri(q), rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("degrees", [2.0, 7.0, 8.0, 50.0, 1e6, np.inf])
def test_saddle_points_run_from_end_to_end(name, degrees):
    """Both roots and distances fall all the way as σ does, so that each value is met once."""
    law = _spectrum_law.SpectrumLaw(SPECTRA[name], degrees)
    if not law.is_one_distance:
        ends = np.linspace(law._farthest, _spectrum_law._NEAREST, 300)
        root, x = np.transpose([law._at(v) for v in np.sort(np.r_[ends, np.linspace(-3, 3, 300)])])
        assert np.isfinite(root).all()
        assert (np.diff(root) < 1e-9).all()
        assert (np.diff(x) <= 0).all()


@pytest.mark.parametrize("scale", [1e-280, 1e280])
def test_scale(scale):
    for sample in (False, True):
        plain = theory.spectrum_extreme_quantile(Q, 40, SPECTRA["harmonic"], sample=sample)
        scaled = theory.spectrum_extreme_quantile(Q, 40, SPECTRA["harmonic"] * scale, sample=sample)
        np.testing.assert_allclose(scaled / np.sqrt(scale), plain, rtol=1e-12)


def test_z_scores_beyond_float64_probabilities():
    for side, sign in (("nearest", 1), ("farthest", -1)):
        z = theory.spectrum_extreme_z_score(np.logspace(-60, 60, 25), 1000, SPECTRA["harmonic"], side=side)
        assert (np.diff(z) > 0).all()
        assert np.isfinite(z).all()
        assert theory.spectrum_extreme_z_score(0.0, 1000, [1.0, 0.5], side=side) == -np.inf
        # The sum over pairs has no seam where the tail of one leaves the range of exp.
        t = np.linspace(0.02, 2, 1000) if sign == 1 else np.linspace(4, 40, 1000)
        steps = np.diff(theory.spectrum_extreme_z_score(t, 10**5, np.ones(8), side=side))
        assert steps.min() > 0
        assert np.abs(np.diff(np.log(steps))).max() < 0.1


class TestSample:
    @pytest.mark.parametrize(("d", "n"), [(2, 9), (5, 20), (30, 200), (3, 10**5)])
    @pytest.mark.parametrize("side", SIDES)
    def test_equal_eigenvalues_against_the_beta_law(self, d, n, side):
        # d of n - 1 coordinates of a random direction: their squares sum to a Beta number.
        beta = stats.beta(d / 2, (n - 1 - d) / 2)
        tail = -np.expm1((np.log(Q) if side == "farthest" else np.log1p(-Q)) / (n * (n - 1) / 2))
        share = beta.isf(tail) if side == "farthest" else beta.ppf(tail)
        ours = theory.spectrum_extreme_quantile(Q, n, np.full(d, 0.5), side=side, sample=True)
        np.testing.assert_allclose(np.log(ours**2 / (n - 1) / share), 0, atol=1 / (3 * d**2))

    @pytest.mark.statistical
    @pytest.mark.parametrize("d", [3, 7, 8, 12])
    def test_unequal_eigenvalues_against_random_directions(self, d):
        """Counts below four quantiles of one distance: 5 standard errors (6e-7 each) and the saddle point's .03."""
        n, eigenvalues = 9, 1 / np.arange(1, d + 1)
        directions = np.random.default_rng(d).standard_normal((100_000, 8))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        kept = eigenvalues[:8]
        distances = np.sqrt(2 * 8 * directions[:, : kept.size] ** 2 @ kept)
        for q in (0.1, 0.5, 0.9, 0.999):
            below = -np.expm1(np.log1p(-q) / 36)
            t = theory.spectrum_extreme_quantile(q, n, eigenvalues, sample=True)
            error = 5 * np.sqrt(below / len(distances)) + 0.03 * below
            assert np.mean(distances <= t) == pytest.approx(below, abs=error)

    def test_many_points_have_the_true_eigenvalues_law(self):
        for side in SIDES:
            one, other = (
                theory.spectrum_extreme_z_score([1.0, 2.0, 4.0], 10**9, SPECTRA["harmonic"], side=side, sample=sample)
                for sample in (False, True)
            )
            np.testing.assert_allclose(one, other, rtol=1e-5)

    @pytest.mark.parametrize("n", [2, 6])
    def test_n_less_1_equal_eigenvalues_make_one_distance(self, n):
        for side in SIDES:
            distance = theory.spectrum_extreme_quantile(Q, n, np.full(20, 2.0), side=side, sample=True)
            np.testing.assert_allclose(distance, np.sqrt(2 * (n - 1) * 2.0), rtol=1e-14)
            noise = np.random.default_rng(n).uniform(-1e-14, 1e-14, 20)
            scores = theory.spectrum_extreme_z_score([0, 1, 99], n, 2.0 + noise, side=side, sample=True)
            assert scores.tolist() == [0, 0, 0]

    def test_bounds(self):
        # Of four points in three dimensions no squared distance leaves 6 λ_min .. 6 λ_max.
        eigenvalues = [3.0, 2.0, 1.0]
        for side in SIDES:
            low, high = theory.spectrum_extreme_z_score(np.sqrt([5.99, 18.01]), 4, eigenvalues, side=side, sample=True)
            assert (low, high) == (-np.inf, np.inf)
            inside = theory.spectrum_extreme_z_score(np.sqrt([6.01, 17.99]), 4, eigenvalues, side=side, sample=True)
            assert np.isfinite(inside).all()
            towards = np.sqrt(18 * (1 - 10.0 ** -np.arange(1, 13)))
            assert (np.diff(theory.spectrum_extreme_z_score(towards, 4, eigenvalues, side=side, sample=True)) > 0).all()
        at_last = theory.spectrum_extreme_quantile(1 - 1e-15, 4, eigenvalues, side="farthest", sample=True)
        assert at_last == pytest.approx(np.sqrt(18), rel=1e-9)

    @pytest.mark.statistical
    @pytest.mark.parametrize("d", [40, 400])
    def test_nearest_of_gaussian_points_by_their_own_covariance(self, d):
        """Mean of the z-scores at 5 standard errors and .1, spread within .2 of 1: the pairs are not independent."""
        rng, n, repeats = np.random.default_rng(d), 150, 150
        scores = []
        with threadpool_limits(1):
            for _ in range(repeats):
                X = rng.standard_normal((n, d)) / np.arange(1, d + 1) ** 0.25
                centred = X - X.mean(axis=0)
                product = centred @ centred.T if d > n else centred.T @ centred
                eigenvalues = np.linalg.eigvalsh(product) / (n - 1)
                nearest = pdist(X).min()
                scores.append(
                    [
                        theory.spectrum_extreme_z_score(nearest, n, eigenvalues, sample=sample)
                        for sample in (False, True)
                    ]
                )
        biased, ours = np.mean(scores, axis=0)
        assert abs(ours) < 5 / np.sqrt(repeats) + 0.1
        assert abs(np.std(scores, axis=0)[1] - 1) < 0.2 + 5 / np.sqrt(2 * repeats)
        assert biased > 1


@pytest.mark.statistical
@pytest.mark.parametrize("name", ["harmonic", "spike"])
def test_nearest_of_gaussian_points(name):
    """Counts below each quantile: 5 standard errors (6e-7 each), and .03 for pairs that share a point."""
    rng, n, repeats = np.random.default_rng(0), 200, 300
    deviations = np.sqrt(SPECTRA[name])
    nearest = [pdist(rng.standard_normal((n, deviations.size)) * deviations).min() for _ in range(repeats)]
    for q in (0.05, 0.5, 0.95):
        below = np.mean(nearest <= theory.spectrum_extreme_quantile(q, n, SPECTRA[name]))
        assert abs(below - q) < 5 * np.sqrt(q * (1 - q) / repeats) + 0.03


@pytest.mark.statistical
@pytest.mark.parametrize(("power", "mean", "deviation"), [(0, -0.4, 1.3), (2, -1.8, 2.3)])
def test_farthest_of_gaussian_points_reads_high(power, mean, deviation):
    """The docstring's numbers, to 5 standard errors of 200 draws and .05: false alarm 6e-7 a mean, 1e-6 a deviation."""
    rng, n, repeats = np.random.default_rng(2), 200, 200
    eigenvalues = 1 / np.arange(1.0, 101.0) ** power
    farthest = [pdist(rng.standard_normal((n, 100)) * np.sqrt(eigenvalues)).max() for _ in range(repeats)]
    scores = theory.spectrum_extreme_z_score(np.array(farthest), n, eigenvalues, side="farthest")
    assert abs(scores.mean() - mean) < 5 * deviation / np.sqrt(repeats) + 0.05
    assert abs(scores.std() - deviation) < 5 * deviation / np.sqrt(2 * repeats) + 0.05


@pytest.mark.parametrize("function", [theory.spectrum_extreme_quantile, theory.spectrum_extreme_z_score])
def test_bad_arguments_are_named(function):
    with pytest.raises(ValueError, match="side must be one of"):
        function(0.5, 10, [1.0], side="middle")
    with pytest.raises(ValueError, match="n_samples must be at least 2, got 1"):
        function(0.5, 1, [1.0])
    with pytest.raises(ValueError, match=r"eigenvalues must have one dimension and hold a number, got shape \(1, 1\)"):
        function(0.5, 10, [[1.0]])
    with pytest.raises(ValueError, match=r"eigenvalues must have one dimension and hold a number, got shape \(0,\)"):
        function(0.5, 10, [])
    with pytest.raises(ValueError, match="eigenvalues must be finite, got inf"):
        function(0.5, 10, [1.0, np.inf])
    with pytest.raises(ValueError, match="eigenvalues must hold a positive number, the largest is 0"):
        function(0.5, 10, [0.0, 0.0])
    with pytest.raises(ValueError, match="eigenvalues must not be negative, got -"):
        function(0.5, 10, [1.0, -0.1])
    name = "distance" if function is theory.spectrum_extreme_z_score else "probability"
    for value in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"{name} must .*, got {value:g}"):
            function([0.5, value], 10, [1.0])


def test_shapes():
    assert isinstance(theory.spectrum_extreme_quantile(0.5, 10, [1.0]), float)
    assert isinstance(theory.spectrum_extreme_z_score(0.5, 10, [1.0]), float)
    assert isinstance(theory.spectrum_extreme_z_score(0.5, 2, [1.0], sample=True), float)
    assert theory.spectrum_extreme_quantile(np.full((2, 3), 0.5), 10, [1.0]).shape == (2, 3)
    assert theory.spectrum_extreme_z_score(np.empty((0, 3)), 10, [1.0]).shape == (0, 3)
