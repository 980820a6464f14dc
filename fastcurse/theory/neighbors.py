"""Neighbours in high dimension: how often points are neighbours, and what estimators of dimension read."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from fastcurse.theory._arguments import above, as_float, at_least, check_choice, inside_unit

_KURTOSIS = {"normal": 3.0, "uniform": 1.8}
# Sums over this grid err by less than 1e-12: the integrands are smooth and vanish, with all derivatives, at its ends.
_Z = np.arange(-1500, 1501) / 100.0
_WEIGHTS = np.exp(-(_Z**2) / 2.0) / np.sqrt(2.0 * np.pi) / 100.0
_RADII, _STEPS = 16, 200  # of `apparent_dimension`: the limit of both is within .25 %


def hubness_limit(
    n_samples: ArrayLike, k: ArrayLike, *, distribution: str = "normal"
) -> tuple[np.ndarray | np.float64, np.ndarray | np.float64]:
    """Spread of the number of times N_k that a point is among the k nearest of others, and share of antihubs.

    N_k | z ~ Binomial(n - 1, Φ((√(μ₄ + 3σ⁴) q - √(μ₄ - σ⁴) z) / (2σ²))), q = Φ⁻¹(k / (n - 1)), z normal

    Parameters
    ----------
    n_samples : array_like of int
        Number n of points, at least 2.
    k : array_like of int
        Number of neighbours, from 1 to n - 1.
    distribution : {"normal", "uniform"}
        Law of the independent features, of variance σ² and fourth central moment μ₄; their scale does not matter.

    Returns
    -------
    standard_deviation : ndarray or float, float64
        Of N_k, whose mean is k, of the broadcast shape.
    antihub_share : ndarray or float, float64
        P(N_k = 0): share of points that are no other point's neighbour.

    Raises
    ------
    ValueError
        If `distribution` is another word, or a `k` is not between 1 and n_samples - 1.

    Notes
    -----
    The limit of d → ∞ at fixed n. z is how far a point lies from the centre: those nearer than most are neighbours
    of nearly all. Points with a low N_k are many, so its skewness is a noisy measure; these two are not.

    References
    ----------
    Derived here: x_j is near x_i where |x_j|² - 2 x_i·x_j is small, a sum of independent normal parts as d → ∞, and
    only the first is common to all i. M. Radovanović, A. Nanopoulos, M. Ivanović (2010), Hubs in space, JMLR 11,
    2487-2531, for the phenomenon.

    Examples
    --------
    >>> for distribution in ("normal", "uniform"):
    ...     spread, antihubs = hubness_limit(1000, 10, distribution=distribution)
    ...     print(f"{spread:.1f} {antihubs:.3f}")
    23.6 0.312
    13.9 0.107
    """
    check_choice(distribution, "distribution", tuple(_KURTOSIS))
    n, k = np.broadcast_arrays(at_least(n_samples, "n_samples", 2), *as_float(k))
    outside = ~((k >= 1) & (k <= n - 1))
    if outside.any():
        raise ValueError(f"k must lie between 1 and n_samples - 1, got {k[outside].flat[0]:g}")
    kurtosis = _KURTOSIS[distribution]
    others, mean = (n - 1.0)[..., np.newaxis], k[..., np.newaxis]
    deviate = (np.sqrt(kurtosis + 3.0) * special.ndtri(mean / others) - np.sqrt(kurtosis - 1.0) * _Z) / 2.0
    near, far = special.ndtr(deviate), special.ndtr(-deviate)
    variance = (_WEIGHTS * (others * near * far + (others * near - mean) ** 2)).sum(axis=-1)
    return np.sqrt(variance)[()], (_WEIGHTS * far**others).sum(axis=-1)[()]


def levina_bickel_relative_error(n_queries: ArrayLike, k: ArrayLike) -> np.ndarray | np.float64:
    """Relative standard error of the mean of Levina and Bickel's estimates of dimension over queries.

    1 / √(n_queries (k - 3)): one estimate (k - 2) / Σ_{j<k} log(T_k / T_j), with T_j the distance to the j-th
    neighbour, has mean m and variance m² / (k - 3) where points lie evenly in m dimensions

    Parameters
    ----------
    n_queries : array_like of int
        Number of queries, at least 1.
    k : array_like of int
        Number of neighbours of each, at least 4.

    Returns
    -------
    ndarray or float, float64
        Standard deviation over mean, of the broadcast shape.

    Raises
    ------
    ValueError
        If a `k` is below 4: the variance is infinite.

    Notes
    -----
    Exact for a Poisson process around each query, and queries that share no neighbours. Queries that do, repeat
    each other's error: with all points as queries the true error is larger. The bias of `apparent_dimension` comes
    on top.

    References
    ----------
    E. Levina, P. Bickel (2004), Maximum likelihood estimation of intrinsic dimension, NIPS 17, equation 8 and the
    text below it.

    Examples
    --------
    >>> print(f"{levina_bickel_relative_error(2048, 10):.4f}")
    0.0084
    """
    n_queries, k = at_least(n_queries, "n_queries", 1), at_least(k, "k", 4)
    return 1.0 / np.sqrt(n_queries * (k - 3.0))


def two_nn_interval(
    dimension: ArrayLike, n_queries: ArrayLike, *, confidence: float = 0.95
) -> tuple[np.ndarray | np.float64, np.ndarray | np.float64]:
    """Confidence interval of the dimension from the two nearest neighbours of each query.

    2 m Σ log(r₂/r₁) ~ χ²_{2N}, since r₂/r₁ has the Pareto law P(r₂/r₁ > t) = t^-m

    Parameters
    ----------
    dimension : array_like of float
        The unbiased estimate (N - 1) / Σ log(r₂/r₁), above 0; its relative standard error is 1 / √(N - 2).
    n_queries : array_like of int
        Number N of queries in the sum, at least 2.
    confidence : float
        Probability that the interval covers the dimension, between 0 and 1.

    Returns
    -------
    low, high : ndarray or float, float64
        Ends of the interval with equal tails, of the broadcast shape.

    Raises
    ------
    ValueError
        If `confidence` is not strictly between 0 and 1, or an `n_queries` is below 2.

    Notes
    -----
    Exact for points that lie evenly in m dimensions around each query, and independent queries. It covers the
    chance of the draw, not the bias of `apparent_dimension`.

    References
    ----------
    E. Facco, M. d'Errico, A. Rodriguez, A. Laio (2017), Estimating the intrinsic dimension of datasets by a minimal
    neighborhood information, Scientific Reports 7, 12140. They fit a line; here is the likelihood.

    Examples
    --------
    >>> low, high = two_nn_interval(10.0, 1000)
    >>> print(f"{low:.2f} {high:.2f}")
    9.40 10.64
    """
    tail = (1.0 - inside_unit(confidence, "confidence")) / 2.0
    dimension, n = above(dimension, "dimension", 0), at_least(n_queries, "n_queries", 2)
    unit = dimension / (n - 1.0)
    return unit * special.gammaincinv(n, tail), unit * special.gammainccinv(n, tail)


def apparent_dimension(n_samples: ArrayLike, d: ArrayLike, *, k: int = 2) -> np.ndarray | np.float64:
    """Dimension that estimates from neighbours read on Gaussian points with d equal, independent features.

    1/m = E ∫ (n - 1) F(t) P(Binomial(n - 2, F(t)) <= k - 2) dlog t / (k - 1), F(t) = P(χ²_d(r²) <= t²), r² ~ χ²_d

    Parameters
    ----------
    n_samples : array_like of int
        Number n of points, above `k`.
    d : array_like of float
        True dimension, above 0.
    k : int
        Number of neighbours of each query: 2 for TwoNN, more for Levina and Bickel's estimate.

    Returns
    -------
    ndarray or float, float64
        Reading m, of the broadcast shape. Below d where n is far from exponential in d.

    Raises
    ------
    ValueError
        If `k` is below 2, an `n_samples` is not above `k`, or a `d` is not above 0.

    Notes
    -----
    Estimates take the density for constant as far as the k-th neighbour, which in high dimension is about as far as
    any other point: from there the density grows more slowly than t^d. So they saturate, all the more with more
    neighbours: a reading m is worth the d at which this function gives m.
    Exact, up to quadrature (.25 %), for the inverse of the mean of Σ_{j<k} log(T_k / T_j) / (k - 1) over all points;
    the mean of the inverses is within 2 % of it. Points of unequal variances or curved ones saturate otherwise.
    Cost: about 10 ms for each element.

    References
    ----------
    Derived here: a point at distance t counts as log(T_k / t) if fewer than k - 1 of the n - 2 others are nearer
    than T_k; integrate by parts.

    Examples
    --------
    >>> print(np.round(apparent_dimension(1000, [2, 10, 100, 1000]), 1))
    [  2.    9.6  47.8 170.6]
    """
    if k < 2:
        raise ValueError(f"k must be at least 2, got {k}")
    n, d = np.broadcast_arrays(above(n_samples, "n_samples", k), above(d, "d", 0))
    readings = [_apparent_dimension(*element, k) for element in zip(n.ravel(), d.ravel(), strict=True)]
    return np.array(readings).reshape(n.shape)[()]


def _apparent_dimension(n: float, d: float, k: int) -> float:
    """One element of `apparent_dimension`."""
    radius_sq = stats.chi2.ppf((np.arange(_RADII) + 0.5) / _RADII, d)
    # Nearer than `first` is less than 1e-9 of a point; farther than `last` there are k or more with certainty.
    first, last = 1e-9 / n, min((k + 10.0 * np.sqrt(k) + 40.0) / n, 1.0 - 1e-12)
    nearest, farthest = stats.ncx2.ppf([[first], [last]], d, radius_sq)
    log_sq = np.linspace(np.log(nearest), np.log(farthest), _STEPS)
    share = stats.ncx2.cdf(np.exp(log_sq), d, radius_sq)
    counted = (n - 1.0) * share * special.betainc(n - k, k - 1.0, 1.0 - share)  # the binomial sum
    steps = np.diff(log_sq, axis=0) / 2.0  # of log t
    means = ((counted[1:] + counted[:-1]) / 2.0 * steps).sum(axis=0) / (k - 1.0)
    return float(1.0 / means.mean())
