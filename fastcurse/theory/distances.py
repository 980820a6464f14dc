"""Distances between independent points: how they concentrate, and where their extremes lie."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fastcurse.theory._arguments import above, as_float, at_least, check_choice
from fastcurse.theory.extremes import extreme_distance_quantile

# d CV² of the squared distance, which is (μ₄ + σ⁴) / (2 σ⁴)
_SQUARED_CV = {"uniform": 1.4, "normal": 2.0}


def squared_distance_mean(d: ArrayLike, variance: ArrayLike) -> np.ndarray | np.float64:
    """Mean squared distance of two independent points with independent, identical features.

    E D² = 2 d σ²

    Parameters
    ----------
    d : array_like of float
        Number of features, at least 0.
    variance : array_like of float
        Variance σ² of one feature, in squared units of the feature.

    Returns
    -------
    ndarray or float, float64
        Mean, in squared units of the feature, of the broadcast shape.

    Examples
    --------
    >>> float(squared_distance_mean(3, 1 / 3))
    2.0
    """
    d, variance = at_least(d, "d", 0), at_least(variance, "variance", 0)
    return 2.0 * d * variance


def squared_distance_variance(d: ArrayLike, variance: ArrayLike, fourth_moment: ArrayLike) -> np.ndarray | np.float64:
    """Variance of the squared distance of two independent points with independent, identical features.

    Var D² = 2 d (μ₄ + σ⁴)

    Parameters
    ----------
    d : array_like of float
        Number of features, at least 0.
    variance : array_like of float
        Variance σ² of one feature, in squared units of the feature.
    fourth_moment : array_like of float
        Fourth central moment μ₄ of one feature, in fourth powers of its unit.

    Returns
    -------
    ndarray or float, float64
        Variance, in fourth powers of the feature's unit, of the broadcast shape.

    Examples
    --------
    >>> float(squared_distance_variance(1, 1, 3))
    8.0
    """
    d, variance = at_least(d, "d", 0), at_least(variance, "variance", 0)
    fourth_moment = at_least(fourth_moment, "fourth_moment", 0)
    return 2.0 * d * (fourth_moment + variance**2)


def squared_distance_cv(d: ArrayLike, *, distribution: str = "uniform") -> np.ndarray | np.float64:
    """Coefficient of variation of the squared distance: how far distances are from all being equal.

    √Var D² / E D² = √((μ₄ + σ⁴) / (2 σ⁴ d)): √(1.4 / d) for uniform features and √(2 / d) for normal ones

    Parameters
    ----------
    d : array_like of float
        Number of features, above 0.
    distribution : {"uniform", "normal"}
        Law of the features; their mean and scale do not matter.

    Returns
    -------
    ndarray or float, float64
        Standard deviation over mean, no unit, of the shape of `d`.

    Raises
    ------
    ValueError
        If `distribution` is another word.

    Examples
    --------
    >>> print(f"{squared_distance_cv(1):.5f} {squared_distance_cv(200, distribution='normal'):.5f}")
    1.18322 0.10000
    """
    check_choice(distribution, "distribution", tuple(_SQUARED_CV))
    return np.sqrt(_SQUARED_CV[distribution] / above(d, "d", 0))


def effective_dimension(eigenvalues: ArrayLike) -> np.ndarray | np.float64:
    """Participation ratio of a covariance: the number of equal features that would concentrate as much.

    (Σ λ)² / Σ λ² = 2 / CV² of the squared distance of Gaussian points with these variances

    Parameters
    ----------
    eigenvalues : array_like of float, shape (..., d)
        Eigenvalues of the covariance, none negative, in any unit.

    Returns
    -------
    ndarray or float, float64, shape (...)
        Between 1 and d.

    Raises
    ------
    ValueError
        If all eigenvalues are 0: every distance is 0 then.

    Notes
    -----
    Sample eigenvalues spread: n points of d independent features read about 1 / (1/d + 1/n).

    Examples
    --------
    >>> print(effective_dimension([1, 1, 1, 0]))
    3.0
    """
    (spectrum,) = as_float(eigenvalues)
    largest = spectrum.max(axis=-1, keepdims=True)
    if not np.all(largest > 0.0):
        raise ValueError(f"eigenvalues must hold a positive number, the largest is {largest.min():g}")
    spectrum = spectrum / largest  # no square can overflow or vanish
    return spectrum.sum(axis=-1) ** 2 / np.square(spectrum).sum(axis=-1)


def extreme_distance_median(
    n_samples: ArrayLike, d: ArrayLike, *, distribution: str = "uniform", side: str = "nearest"
) -> np.ndarray | np.float64:
    """Median of the smallest or largest Euclidean distance over all pairs: `extreme_distance_quantile` at 1/2.

    F(t) = 1 - 2^(-1/M) (nearest) or 1 - F(t) = 1 - 2^(-1/M) (farthest), with M = n(n-1)/2 pairs

    Parameters
    ----------
    n_samples : array_like of int
        Number n of independent points, at least 2.
    d : array_like of int
        Number of independent features, at least 1.
    distribution : {"uniform", "normal"}
        Law of the features: uniform on [-1, 1], or normal with variance 1.
    side : {"nearest", "farthest"}
        Which extreme.

    Returns
    -------
    ndarray or float, float64
        Median distance, in the unit of the features, of the broadcast shape.

    Raises
    ------
    ValueError
        If `distribution` or `side` is another word, or an `n_samples` is below 2.

    Notes
    -----
    The pairs are taken as independent, (1 - F)^M = 1/2, which is the Poisson approximation exp(-M F) = 1/2 up
    to 1/M, and exact for n = 2. F, the law of one distance, is exact for normal features; for uniform ones it is
    exact up to a distance of 2 for d <= 12 and a saddle-point approximation beyond (within .2 % of the distance).
    Far pairs share their outlying points, so the farthest distance reads high. At n = 400 and d = 2, 10, 50:
    uniform by .7, .4, .2 % (± .1), normal by 4.7, 1.8, .7 % (± .2). The nearest is within the simulation error
    (.2 % at d = 50). Cost: about .1 ms and 3 kB of scratch for each element.

    References
    ----------
    B. Silverman, T. Brown (1978), Short distances, flat triangles and Poisson limits, J. Applied Probability
    15, 815-825. R. Lugannani, S. Rice (1980), Saddle point approximation for the distribution of the sum of
    independent random variables, Advances in Applied Probability 12, 475-490; here in the form of O.
    Barndorff-Nielsen (1986), Biometrika 73, 307-322.

    Examples
    --------
    >>> near, far = (extreme_distance_median(5000, [10, 100], side=side) for side in ("nearest", "farthest"))
    >>> print(np.round(1 - near / far, 2))
    [0.93 0.48]
    """
    return extreme_distance_quantile(0.5, n_samples, d, distribution=distribution, side=side)


def contrast_limit(k: ArrayLike) -> np.ndarray | np.float64:
    """Limit of the scaled relative contrast of two uniform points seen from a corner of the cube.

    √d E[(Dmax - Dmin) / Dmin] → (2/√π) / √(2k + 1) as d grows: two points of [0, 1]^d, L_k distance to 0

    Parameters
    ----------
    k : array_like of float
        Order of the norm, above 0.

    Returns
    -------
    ndarray or float, float64
        The limit, no unit, of the shape of `k`.

    References
    ----------
    K. Beyer, J. Goldstein, R. Ramakrishnan, U. Shaft (1999), When is "nearest neighbor" meaningful?, ICDT;
    C. Aggarwal, A. Hinneburg, D. Keim (2001), ICDT, theorem 2, which leaves the constant 2/√π open.

    Examples
    --------
    >>> print(f"{contrast_limit(2):.4f}")
    0.5046
    """
    return 2.0 / np.sqrt(np.pi * (2.0 * above(k, "k", 0) + 1.0))


def cosine_variance(d: ArrayLike) -> np.ndarray | np.float64:
    """Variance of the cosine between two independent isotropic vectors.

    Var c = 1/d, since (1 + c)/2 ~ Beta((d - 1)/2, (d - 1)/2)

    Parameters
    ----------
    d : array_like of float
        Number of features, at least 1.

    Returns
    -------
    ndarray or float, float64
        Variance around the mean 0, of the shape of `d`.

    References
    ----------
    T. Cai, J. Fan, T. Jiang (2013), Distributions of angles in random packing on spheres, JMLR 14, 1837-1864.

    Examples
    --------
    >>> float(cosine_variance(100))
    0.01
    """
    return 1.0 / at_least(d, "d", 1)


def rbf_kernel_mean(d: ArrayLike, gamma: ArrayLike, variance: ArrayLike = 1.0) -> np.ndarray | np.float64:
    """Mean value of the Gaussian kernel between two independent Gaussian points.

    E exp(-g |x - y|²) = (1 + 4 g σ²)^(-d/2)

    Parameters
    ----------
    d : array_like of float
        Number of features, at least 0.
    gamma : array_like of float
        The kernel's g, at least 0, in one over squared units of the feature.
    variance : array_like of float
        Variance σ² of one feature, in squared units of the feature.

    Returns
    -------
    ndarray or float, float64
        Mean in (0, 1], of the broadcast shape.

    Examples
    --------
    >>> print(f"{rbf_kernel_mean(2, 0.25):.2f}")
    0.50
    """
    d, gamma, variance = at_least(d, "d", 0), at_least(gamma, "gamma", 0), at_least(variance, "variance", 0)
    return np.exp(-0.5 * d * np.log1p(4.0 * gamma * variance))
