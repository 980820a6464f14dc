"""Linear discriminant analysis of two normal classes: expected error, and how many features help."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from fastcurse.theory._arguments import above, as_float, at_least


def lda_error(delta_sq: ArrayLike, p: ArrayLike, n1: ArrayLike, n2: ArrayLike) -> np.ndarray | np.float64:
    """Approximate error of linear discriminant analysis below and above p = n1 + n2 - 2: double descent.

    (err₁ + err₂)/2 with err₁ = Φ(-ψ (Δ² - p/n₁ + p/n₂) / (2 √(Δ² + p/n₁ + p/n₂))), err₂ with n₁, n₂ swapped;
    with ν = n₁ + n₂ - 2 and γ = p/ν: ψ = √(1 - γ) for γ <= 1 and √(γ - 1) / γ above

    Parameters
    ----------
    delta_sq : array_like of float
        Squared Mahalanobis distance Δ² of the class means over the p features.
    p : array_like of float
        Number of features, at least 1.
    n1, n2 : array_like of float
        Training rows of each class; the threshold is midway between the estimated means.

    Returns
    -------
    ndarray or float, float64
        Probability of a wrong label at equal priors, of the broadcast shape; 1/2 at p = ν.

    Raises
    ------
    ValueError
        If a number of rows is below 1 or both together are 2, which leaves nothing to estimate a covariance from.

    Notes
    -----
    Above ν the rule takes the pseudo-inverse of the within-class scatter, and the covariance must be a multiple
    of the identity; ψ is largest there at p = 2ν, where it is 1/2. The error is of order 1/n, and more near
    γ = 1: at Δ² = 4, n₁ = n₂ = 20, p = 37 this gives .4535, exactly .4278 (`lda_error_exact`).

    References
    ----------
    S. Raudys, D. Young (2004), Results in statistical discriminant analysis, J. Multivariate Analysis 89, 1-35,
    for γ < 1; derived here for γ > 1.

    Examples
    --------
    >>> p = np.array([10, 98, 196, 1000])
    >>> print(np.round(lda_error(9.0, p, 50, 50), 3))
    [0.082 0.5   0.292 0.424]
    """
    delta_sq, p = at_least(delta_sq, "delta_sq", 0), at_least(p, "p", 1)
    n1, n2 = at_least(n1, "n1", 1), at_least(n2, "n2", 1)
    gamma = p / (above(n1 + n2, "n1 + n2", 2) - 2.0)
    psi = np.sqrt(np.abs(1.0 - gamma)) / np.maximum(gamma, 1.0)
    shift = p / n2 - p / n1
    scale = psi / (2.0 * np.sqrt(delta_sq + p / n1 + p / n2))
    return (special.ndtr(-scale * (delta_sq + shift)) + special.ndtr(-scale * (delta_sq - shift))) / 2.0


def lda_error_exact(
    delta_sq: ArrayLike,
    p: ArrayLike,
    n_per_class: ArrayLike,
    *,
    n_draws: int = 200_000,
    random_state: int | np.random.Generator | None = None,
) -> tuple[np.ndarray | np.float64, np.ndarray | np.float64]:
    """Exact expected error of linear discriminant analysis, by sampling ten scalars and no matrix.

    E Φ(-(u + R w t) / √(1 + R²)), each letter a function of independent normal and χ² variables (Notes)

    Parameters
    ----------
    delta_sq : array_like of float
        Squared Mahalanobis distance Δ² of the class means.
    p : array_like of int
        Number of features, from 1 to 2n - 2.
    n_per_class : array_like of int
        Training rows n of each class.
    n_draws : int
        Draws for each element; 200 000 take .05 s and 24 MB.
    random_state : int, Generator or None
        Seed. An int gives each element the value that it has alone.

    Returns
    -------
    error : ndarray or float, float64
        Expected probability of a wrong label at equal priors, of the broadcast shape.
    standard_error : ndarray or float, float64
        Standard error of `error`.

    Raises
    ------
    ValueError
        If a `p` is below 1 or above 2n - 2, where the estimated covariance is singular.

    Notes
    -----
    With g₁..g₄ standard normal, every χ² independent (χ²_0 = 0), ν = 2n - 2 and h² = 1/(2n):
    x = Δ + √(2/n) g₁ and q = (2/n) χ²_{p-1}: the estimated mean difference along and across the true one;
    c = x / √(x² + q), s = √(1 - c²): the cosine and sine between the two;
    u = Δc/2 - h g₂, v = Δs/2 - h g₃, w² = v² + h² χ²_{p-2}: a class mean less the estimated midpoint, along and
    across the estimated difference; R² = χ²_{p-1} / χ²_{ν-p+2}: the squared tangent of the angle by which the
    inverse of the estimated covariance turns that; t = g₄ / √(g₄² + χ²_{p-2}): the cosine to w of this turn.

    References
    ----------
    Derived here from the partition of an inverse Wishart matrix; R. J. Muirhead (1982), Aspects of Multivariate
    Statistical Theory, section 3.2.

    Examples
    --------
    >>> error, standard_error = lda_error_exact(4.0, 37, 20, random_state=0)
    >>> print(f"{error:.3f} {standard_error:.4f}")
    0.428 0.0002
    """
    grid = np.broadcast(at_least(delta_sq, "delta_sq", 0), p, at_least(n_per_class, "n_per_class", 1))
    result = np.empty((2, *grid.shape))
    for index, (d_sq, n_features, n) in zip(np.ndindex(grid.shape), grid, strict=True):
        if not 1 <= n_features <= 2 * n - 2:
            raise ValueError(f"p must be between 1 and 2 n_per_class - 2 = {2 * n - 2:g}, got {n_features}")
        errors = _conditional_errors(d_sq, n_features, n, n_draws, np.random.default_rng(random_state))
        result[(0, *index)] = errors.mean()
        result[(1, *index)] = errors.std() / np.sqrt(n_draws)
    return result[0][()], result[1][()]


def _conditional_errors(delta_sq: float, p: int, n: int, n_draws: int, rng: np.random.Generator) -> np.ndarray:
    """Error given each draw (n_draws,) of the scalars in the Notes of `lda_error_exact`."""

    def chi_sq(degrees: int) -> np.ndarray:
        return rng.chisquare(degrees, n_draws) if degrees > 0 else np.zeros(n_draws)

    delta, h = np.sqrt(delta_sq), np.sqrt(0.5 / n)
    g = rng.standard_normal((4, n_draws))
    x, q = delta + 2.0 * h * g[0], 4.0 * h**2 * chi_sq(p - 1)
    length = np.sqrt(x**2 + q)
    u = delta / 2.0 * x / length - h * g[1]
    v = delta / 2.0 * np.sqrt(q) / length - h * g[2]
    w = np.sqrt(v**2 + h**2 * chi_sq(p - 2))
    turn = np.sqrt(chi_sq(p - 1) / chi_sq(2 * n - p))
    t = g[3] / np.sqrt(g[3] ** 2 + chi_sq(p - 2))
    return special.ndtr(-(u + turn * w * t) / np.sqrt(1.0 + turn**2))


def recommended_features(delta_sq_path: ArrayLike, n_samples: int) -> np.ndarray | np.int64:
    """Number of leading features at which linear discriminant analysis is expected to err least.

    argmax over p < ν of Δ⁴ (1 - p/ν) / (Δ² + 4p/N), with ν = N - 2: the maximum of `lda_error`'s argument

    Parameters
    ----------
    delta_sq_path : array_like of float, shape (..., p)
        Squared Mahalanobis distance Δ² over the first 1, 2, ... features: true or unbiased, never decreasing.
    n_samples : int
        Training rows N, half of them in each class.

    Returns
    -------
    ndarray or int, int64, shape (...)
        The smallest best number of features; 0 if no prefix separates the classes or N is below 4.

    Notes
    -----
    A feature that raises Δ² by a helps while 2a/Δ² > (a + 4/N)/(Δ² + 4p/N) + 1/(ν - p): the derivative of the
    logarithm. The argmax is taken, not the first failure of this test: one useless feature before a good one
    does not stop it. Equal gains give p = ν/2. The plug-in Δ² of a sample is biased upwards; correct it first.

    References
    ----------
    Derived here from Raudys and Young (2004), see `lda_error`.

    Examples
    --------
    >>> int(recommended_features(np.arange(1, 401), 402))
    200
    """
    (path,) = as_float(delta_sq_path)
    if path.ndim == 0:
        raise ValueError(f"delta_sq_path must have at least one dimension, got the number {path:g}")
    p = np.arange(1.0, path.shape[-1] + 1.0)
    room = np.maximum(1.0 - p / max(n_samples - 2.0, 1.0), 0.0)
    path = np.maximum(path, 0.0)  # unbiased estimates may be negative
    merit = path**2 * room / (path + 4.0 * p / n_samples)
    return np.where(merit.max(axis=-1) > 0.0, merit.argmax(axis=-1) + 1, 0)[()]
