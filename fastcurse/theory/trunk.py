"""Trunk's problem: how often rules that know or fit his two normal classes are right, in expectation.

S is the `separation` of the p features. A rule that knows or estimates the covariance does not change when the
features are mixed, so that S is all that the covariance does to it; the two last forms are for the identity alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from fastcurse.theory._arguments import at_least
from fastcurse.theory.trunk_classes import separation

# Gauss-Legendre nodes over 18 standard deviations of a noncentral χ; the error of the rule is below 1e-13.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(128)
_HALF_WIDTH = 9.0


def bayes_accuracy(p: ArrayLike, *, covariance: str = "identity", correlation: float = 0.5) -> np.ndarray | np.float64:
    """Accuracy of the best rule, which knows means and covariance.

    Φ(√S_p): it rises to 1, so the classes become more separable with every feature

    Parameters
    ----------
    p : array_like of float
        Number of features, at least 1.
    covariance, correlation : str and float
        Covariance of the classes, as in `separation`.

    Returns
    -------
    ndarray or float, float64
        Probability of a right label, of the shape of `p`.

    References
    ----------
    Trunk (1979), see `separation`.

    Examples
    --------
    >>> print(f"{bayes_accuracy(1000):.4f}")
    0.9969
    """
    return special.ndtr(np.sqrt(separation(at_least(p, "p", 1), covariance=covariance, correlation=correlation)))


def known_covariance_accuracy(
    p: ArrayLike, n_samples: ArrayLike, *, covariance: str = "identity", correlation: float = 0.5
) -> np.ndarray | np.float64:
    """Approximate accuracy when the means are estimated and the covariance is known.

    Φ(S / √((1 + 1/N) S + p/N))

    Parameters
    ----------
    p : array_like of float
        Number of features, at least 1.
    n_samples : array_like of float
        Training rows N, of both classes together (Trunk's m, with the signs of the labels folded in).
    covariance, correlation : str and float
        Covariance of the classes, as in `separation`.

    Returns
    -------
    ndarray or float, float64
        Probability of a right label, of the broadcast shape.

    Notes
    -----
    Falls to 1/2 as p grows at fixed N, but slowly: N = 500 peaks at p = 696 (.99264) and has .594 at p = 2e6.
    For few rows use `known_covariance_error_exact`: at p = N = 5 the error is .1037, here .1189.

    References
    ----------
    Trunk (1979), see `separation`.

    Examples
    --------
    >>> print(np.round(known_covariance_accuracy([696, 1000, 2_000_000], 500), 5))
    [0.99264 0.99242 0.59409]
    """
    p, n_samples = at_least(p, "p", 1), at_least(n_samples, "n_samples", 1)
    s = separation(p, covariance=covariance, correlation=correlation)
    return special.ndtr(s / np.sqrt((1.0 + 1.0 / n_samples) * s + p / n_samples))


def known_covariance_error_exact(
    p: ArrayLike, m: ArrayLike, *, covariance: str = "identity", correlation: float = 0.5
) -> np.ndarray | np.float64:
    """Expected error when the mean is estimated from m rows and the covariance is known.

    P(A < B) for independent A ~ χ²_p((1 + √m)² S/2) and B ~ χ²_p((1 - √m)² S/2), noncentral

    Parameters
    ----------
    p : array_like of int
        Number of features, at least 1.
    m : array_like of int
        Training rows of both classes together, signs folded in, at least 1.
    covariance, correlation : str and float
        Covariance of the classes, as in `separation`.

    Returns
    -------
    ndarray or float, float64
        Probability of a wrong label, of the broadcast shape.

    Notes
    -----
    4√m x·m̂ = |x + √m m̂|² - |x - √m m̂|², and the two vectors are independent with covariance 2I. The integral
    over √A, whose standard deviation is at most 1, takes 128 Gauss-Legendre nodes; absolute error below 1e-12.

    References
    ----------
    Trunk (1979), see `separation`, gives the approximation only.

    Examples
    --------
    >>> print(f"{known_covariance_error_exact(5, 5):.4f}")
    0.1037
    """
    p, m = at_least(p, "p", 1)[..., np.newaxis], at_least(m, "m", 1)[..., np.newaxis]
    half_s, root_m = separation(p, covariance=covariance, correlation=correlation) / 2.0, np.sqrt(m)
    near, far = half_s * (1.0 - root_m) ** 2, half_s * (1.0 + root_m) ** 2
    centre = np.sqrt(p + far)
    low = np.maximum(centre - _HALF_WIDTH, 0.0)
    half = (centre + _HALF_WIDTH - low) / 2.0
    root = low + half * (1.0 + _NODES)
    density = 2.0 * root * stats.ncx2.pdf(root**2, p, far)
    return np.sum(density * stats.ncx2.sf(root**2, p, near) * half * _WEIGHTS, axis=-1)


def lda_accuracy(
    p: ArrayLike, n_samples: ArrayLike, *, covariance: str = "identity", correlation: float = 0.5
) -> np.ndarray | np.float64:
    """Approximate accuracy of linear discriminant analysis: means and covariance estimated.

    Φ(S √(1 - g) / √(S + g)) with g = p/N

    Parameters
    ----------
    p : array_like of float
        Number of features, from 1 to N.
    n_samples : array_like of float
        Training rows N, of both classes together.
    covariance, correlation : str and float
        Covariance of the classes, as in `separation`.

    Returns
    -------
    ndarray or float, float64
        Probability of a right label, of the broadcast shape; 1/2 at p = N.

    Raises
    ------
    ValueError
        If p > N: there the rule depends on the pseudo-inverse, see `lda_error`.

    Notes
    -----
    Peaking: N = 500 rises to .9778 at p = 76. Within .007 of simulation up to p = .6 N.

    References
    ----------
    S. Raudys, D. Young (2004), Results in statistical discriminant analysis, J. Multivariate Analysis 89, 1-35.

    Examples
    --------
    >>> print(np.round(lda_accuracy([76, 301, 500], 500), 4))
    [0.9778 0.9346 0.5   ]
    """
    p, n_samples = at_least(p, "p", 1), at_least(n_samples, "n_samples", 1)
    s, g = separation(p, covariance=covariance, correlation=correlation), p / n_samples
    if np.any(g > 1.0):
        raise ValueError(f"p must be at most n_samples, got p / n_samples = {np.max(g):g}; see lda_error")
    return special.ndtr(s * np.sqrt(1.0 - g) / np.sqrt(s + g))


def first_component_accuracy(p: ArrayLike, n_samples: ArrayLike) -> np.ndarray | np.float64:
    """Approximate accuracy of the first principal component, which needs no labels but for its sign.

    Φ(√(S cos²)) with cos² = (1 - g/S²) / (1 + g/S) and g = p/N; 1/2 where S <= √g

    Parameters
    ----------
    p : array_like of float
        Number of features, at least 1.
    n_samples : array_like of float
        Training rows N.

    Returns
    -------
    ndarray or float, float64
        Probability of a right label, of the broadcast shape.

    Notes
    -----
    A limit for N, p → ∞ at fixed g; N = 500: within .0002 of simulation at p = 101 to 991.

    References
    ----------
    D. Paul (2007), Asymptotics of sample eigenstructure for a large dimensional spiked covariance model,
    Statistica Sinica 17, 1617-1642, theorem 4, with the spike S.

    Examples
    --------
    >>> print(np.round(first_component_accuracy([101, 501, 991], 500), 4))
    [0.9871 0.992  0.9915]
    """
    p, n_samples = at_least(p, "p", 1), at_least(n_samples, "n_samples", 1)
    s, g = separation(p), p / n_samples
    cosine_sq = np.maximum(1.0 - g / s**2, 0.0) / (1.0 + g / s)
    return special.ndtr(np.sqrt(s * cosine_sq))


def whitened_accuracy(p: ArrayLike, n_samples: ArrayLike) -> np.ndarray | np.float64:
    """Approximate accuracy of the nearest-mean rule after whitening by the total covariance I + μμᵀ.

    Φ(S / √(S + g (1 + S)²)) with g = p/N: the one direction that separates is shrunk, the noise is not

    Parameters
    ----------
    p : array_like of float
        Number of features, at least 1.
    n_samples : array_like of float
        Training rows N for the means; the covariance is known.

    Returns
    -------
    ndarray or float, float64
        Probability of a right label, of the broadcast shape.

    Notes
    -----
    N = 500: within .003 of simulation at p = 101 to 991, where not whitening gives .987 to .9925.

    References
    ----------
    Derived here: the rule is sign(xᵀ(I + μμᵀ)⁻¹m̂), and m̂ - μ is almost orthogonal to μ.

    Examples
    --------
    >>> print(np.round(whitened_accuracy([101, 501, 991], 500), 3))
    [0.926 0.796 0.729]
    """
    p, n_samples = at_least(p, "p", 1), at_least(n_samples, "n_samples", 1)
    s, g = separation(p), p / n_samples
    return special.ndtr(s / np.sqrt(s + g * (1.0 + s) ** 2))
