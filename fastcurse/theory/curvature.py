"""Curvature of a loss: the spectrum of a random least-squares Hessian, and what random directions see of any."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fastcurse.theory._arguments import above, as_float, at_least


def marchenko_pastur_edges(g: ArrayLike) -> tuple[np.ndarray | np.float64, np.ndarray | np.float64]:
    """Smallest and largest eigenvalue of X'X / n for independent entries of variance 1, as g = p/n stays and n → ∞.

    (1 - √g)², 0 for g >= 1, and (1 + √g)²

    Parameters
    ----------
    g : array_like of float
        Features a row p/n, above 0.

    Returns
    -------
    low, high : ndarray or float, float64
        The edges, of the shape of `g`. If g > 1 the eigenvalue 0 is there p - n times; the others begin at (√g - 1)².

    Notes
    -----
    Of a sample the largest differs from its edge by about n^(-2/3): for Gaussian entries it is
    (√(n-1) + √p)² / n plus (√(n-1) + √p) (1/√(n-1) + 1/√p)^(1/3) / n times a Tracy-Widom number of mean -1.21 and
    standard deviation 1.27 (Johnstone 2001).

    References
    ----------
    V. A. Marchenko, L. A. Pastur (1967), Distribution of eigenvalues for some sets of random matrices, Math. USSR Sb.
    1, 457-483; S. Geman (1980) and Z. D. Bai, Y. Q. Yin (1993) for the edges. I. M. Johnstone (2001), On the
    distribution of the largest eigenvalue in principal components analysis, Ann. Statist. 29, 295-327.

    Examples
    --------
    >>> low, high = marchenko_pastur_edges([0.25, 1.0, 4.0])
    >>> print(low, high)
    [0.25 0.   0.  ] [2.25 4.   9.  ]
    """
    g = above(g, "g", 0)
    return (np.maximum(1.0 - np.sqrt(g), 0.0) ** 2)[()], ((1.0 + np.sqrt(g)) ** 2)[()]


def marchenko_pastur_density(x: ArrayLike, g: ArrayLike) -> np.ndarray | np.float64:
    """Density of the eigenvalues of X'X / n for independent entries of variance 1, as g = p/n stays and n → ∞.

    √((x - a)(b - x)) / (2π g x) between a = (1 - √g)² and b = (1 + √g)², 0 elsewhere

    Parameters
    ----------
    x : array_like of float
        Eigenvalue.
    g : array_like of float
        Features a row p/n, above 0.

    Returns
    -------
    ndarray or float, float64
        Share of the p eigenvalues in a unit of x, of the broadcast shape; inf at x = 0 for g = 1. For g > 1 it adds up
        to 1/g: the others, a share of 1 - 1/g, are 0.

    References
    ----------
    V. A. Marchenko, L. A. Pastur (1967), Distribution of eigenvalues for some sets of random matrices, Math. USSR Sb.
    1, 457-483.

    Examples
    --------
    >>> print(np.round(marchenko_pastur_density([0.1, 0.5, 1.0, 2.0, 3.0], 0.25), 4))
    [0.     0.8422 0.6164 0.2105 0.    ]
    """
    x, g = at_least(x, "x", -np.inf), above(g, "g", 0)
    root = np.sqrt(g)
    inside = np.maximum((x - (1.0 - root) ** 2) * ((1.0 + root) ** 2 - x), 0.0)
    zero_at_edge = (x == 0.0) & (g == 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        density = np.where(inside > 0.0, np.sqrt(inside) / (2.0 * np.pi * g * x), 0.0)
    return np.where(zero_at_edge, np.inf, density)[()]


def largest_stable_step(g: ArrayLike) -> np.ndarray | np.float64:
    """Largest step of gradient descent on least squares, of loss ||Xw - y||² / 2n, that does not diverge.

    2 / (1 + √g)², for independent entries of variance 1, g = p/n, as n → ∞

    Parameters
    ----------
    g : array_like of float
        Features a row p/n, at least 0.

    Returns
    -------
    ndarray or float, float64
        Step, of the shape of `g`, in the unit of 1 / variance.

    Notes
    -----
    Of a sample it is 2 / λ_max, larger by a share of about 1.2 (1 + 1/√g)^(1/3) / (1 + √g) · n^(-2/3): see
    `marchenko_pastur_edges`.

    References
    ----------
    Y. LeCun, I. Kanter, S. A. Solla (1991), Eigenvalues of covariance matrices: application to neural-network
    learning, Phys. Rev. Lett. 66, 2396-2399.

    Examples
    --------
    >>> print(np.round(largest_stable_step([0.1, 0.25, 0.5, 1.0, 2.0, 4.0]), 4))
    [1.1544 0.8889 0.6863 0.5    0.3431 0.2222]
    """
    g = at_least(g, "g", 0)
    return (2.0 / (1.0 + np.sqrt(g)) ** 2)[()]


def random_direction_curvature(
    trace: ArrayLike, frobenius_sq: ArrayLike, d: ArrayLike
) -> tuple[np.ndarray | np.float64, np.ndarray | np.float64]:
    """Mean and variance of the curvature v'Hv along a uniformly random unit direction v.

    tr H / d and 2 (||H||_F² - (tr H)²/d) / (d (d + 2)): exact, for any symmetric H

    Parameters
    ----------
    trace : array_like of float
        Sum of the eigenvalues of H.
    frobenius_sq : array_like of float
        Sum of their squares, at least (trace)²/d.
    d : array_like of float
        Number of parameters, at least 1.

    Returns
    -------
    mean, variance : ndarray or float, float64
        Of the broadcast shape.

    References
    ----------
    Derived here: the squared coordinates of v in H's axes are Dirichlet(1/2, ..., 1/2), of mean 1/d, variance
    2 (d - 1) / (d² (d + 2)) and covariance -2 / (d² (d + 2)).

    Examples
    --------
    One direction of 900 among a thousand, the others of 1: a random direction hardly sees it.

    >>> mean, variance = random_direction_curvature(999 + 900, 999 + 900**2, 1000)
    >>> print(mean, round(variance**0.5, 3))
    1.899 1.269
    """
    (trace,), squares, d = as_float(trace), at_least(frobenius_sq, "frobenius_sq", 0), at_least(d, "d", 1)
    variance = 2.0 * np.maximum(squares - trace**2 / d, 0.0) / (d * (d + 2.0))
    return (trace / d + 0.0 * variance)[()], variance[()]
