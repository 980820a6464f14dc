"""Linear discriminant analysis of several normal classes: its accuracy, and unbiased distances of the class means."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg, special

from fastcurse.theory._arguments import as_float, at_least

# Lines of integration: 2^10 give the accuracy to .0015 (one sd over scramblings) at 3 to 10 classes, 2^9 to .002 at 50.
_LINES = 2**10
_FEWEST_LINES = 2**5
_CLASS_PAIRS_ON_LINES = 2**21  # which take about .2 s


def multiclass_lda_accuracy(
    delta_sq: ArrayLike, p: ArrayLike, class_sizes: ArrayLike, priors: ArrayLike | None = None
) -> np.ndarray | np.float64:
    """Approximate accuracy of linear discriminant analysis of K classes fitted on so many rows of each.

    Σ_c π_c P(h_c > h_k for all k ≠ c), h_k = -(Δ²_ck + p/n_k) / 2 + (1 - γ) log π_k + z_k, where the z_k are normal
    with covariance (M + diag(p/n_k)) / (1 - γ), M is the Gram matrix of the class means, γ = p/ν and ν = Σ n_k - K

    Parameters
    ----------
    delta_sq : array_like of float, shape (..., K, K)
        Squared Mahalanobis distances Δ² of the class means over the p features: symmetric, 0 on the diagonal.
    p : array_like of float, shape (...)
        Number of features.
    class_sizes : array_like of float, shape (K,)
        Training rows n_k of each class, which has at least one.
    priors : array_like of float, shape (K,), optional
        Class probabilities π_k, which the rule knows and test points follow. None: the shares of the training rows.

    Returns
    -------
    ndarray or float, float64, shape (...)
        Probability of a right label; nan for p >= ν, where the scatter is singular.

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Notes
    -----
    Why: the noise of the estimated means, p/n_k in squared length, is orthogonal to the means and to that of other
    classes, and the inverse S^-1 of the estimated covariance acts as 1/(1 - γ) on means and 1/(1 - γ)³ on variances.
    For two classes at equal priors it is 1 - `lda_error`. The error is of order 1/n_k: beside the mean of 60
    fitted rules of 300 rows and 3 to 10 classes it was measured to be at most .006 for 5 <= p <= .7 ν, and .009 at
    30 rows a class and p = 2.

    The probability is that of a normal vector in a cone about its mean, by Deák's method: exact along each of 1024
    fixed lines through the mean (fewer beyond 45 classes, 32 at 1000), so that two classes are exact, and neighbouring
    arguments share their error: one standard deviation is about .0015 up to 10 classes, .002 at 50.

    References
    ----------
    Derived here after S. Raudys, D. Young (2004), see `lda_error`. I. Deák (1980), Three digit accurate multiple
    normal probabilities, Numerische Mathematik 35, 369-380.

    Examples
    --------
    >>> corners = 9.0 * (1 - np.eye(3))             # three classes, each 3 from the others
    >>> print(np.round([multiclass_lda_accuracy(corners, p, [50, 50, 50]) for p in (2, 20, 80)], 2))
    [0.88 0.85 0.7 ]
    """
    delta_sq, p, sizes = at_least(delta_sq, "delta_sq", 0), at_least(p, "p", 0), at_least(class_sizes, "class_sizes", 1)
    n_classes = sizes.size
    pi = sizes / sizes.sum() if priors is None else at_least(priors, "priors", 0)
    if n_classes < 2 or sizes.ndim != 1 or pi.shape != sizes.shape or delta_sq.shape[-2:] != 2 * sizes.shape:
        raise ValueError(
            "delta_sq must have shape (..., K, K), class_sizes and priors (K,), with K at least 2, "
            f"got {delta_sq.shape}, {sizes.shape} and {pi.shape}"
        )
    grid = np.broadcast_shapes(delta_sq.shape[:-2], p.shape)
    delta_sq, p = np.broadcast_to(delta_sq, (*grid, n_classes, n_classes)), np.broadcast_to(p, grid)
    directions, freedom = _unit_directions(n_classes), sizes.sum() - n_classes
    result = np.full(grid, np.nan)
    for index in np.ndindex(grid):
        if p[index] < freedom:
            room = 1.0 - p[index] / freedom
            noise = p[index] / sizes
            with np.errstate(divide="ignore"):  # a class of prior 0
                log_pi = np.log(pi)
            means = room * log_pi - (delta_sq[index] + noise) / 2.0
            lines = directions @ _contrast_root((np.diag(noise) - delta_sq[index] / 2.0) / room)
            possible = np.flatnonzero(pi)
            result[index] = pi[possible] @ [_share_of_class(c, means[c], lines) for c in possible.tolist()]
    return result[()]


def _unit_directions(n_classes: int) -> np.ndarray:
    """Return fixed unit vectors (m, K - 1), evenly spread: Sobol points made normal."""
    from scipy.stats import qmc

    budget = min(_LINES, max(_FEWEST_LINES, _CLASS_PAIRS_ON_LINES // n_classes**2))
    sobol = qmc.Sobol(n_classes - 1, scramble=True, seed=0)
    normal = special.ndtri(np.maximum(sobol.random_base2(int(np.log2(budget))), np.finfo(np.float64).tiny))
    return normal / np.linalg.norm(normal, axis=1, keepdims=True)


def _contrast_root(covariance: np.ndarray) -> np.ndarray:
    """Return R (K - 1, K) such that g R, g standard normal, has this covariance in all differences of its entries.

    The symmetric root of the covariance of orthonormal contrasts is a smooth function of it.
    """
    contrasts = linalg.helmert(len(covariance))
    values, vectors = np.linalg.eigh(contrasts @ covariance @ contrasts.T)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T @ contrasts


def _share_of_class(c: int, means: np.ndarray, lines: np.ndarray) -> float:
    """Return P(h_c is the largest) for h = means (K,) + r u, u a row of `lines` (m, K) and |r| of χ law.

    h_c > h_k wherever gap + r slope > 0: on each line an interval of r. A tie goes to the first class.
    """
    others = np.delete(np.arange(len(means)), c)
    gap, slope = means[c] - means[others], lines[:, [c]] - lines[:, others]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        crossing = -gap / slope
    low = np.where(slope > 0.0, crossing, -np.inf).max(axis=1)
    high = np.where(slope < 0.0, crossing, np.inf).min(axis=1)
    never = ((slope == 0.0) & ((gap < 0.0) | (gap == 0.0) & (others < c))).any(axis=1)
    degrees = len(means) - 1
    inside = np.maximum(_signed_chi_cdf(high, degrees) - _signed_chi_cdf(low, degrees), 0.0)
    return float(np.where(never, 0.0, inside).mean())


def _signed_chi_cdf(r: np.ndarray, degrees: int) -> np.ndarray:
    """Return P(R <= r) where |R| has the χ law and R either sign."""
    with np.errstate(over="ignore"):
        return (1.0 + np.sign(r) * special.gammainc(degrees / 2.0, r * r / 2.0)) / 2.0


def unbiased_delta_sq(estimated: ArrayLike, p: ArrayLike, class_sizes: ArrayLike) -> np.ndarray:
    """Squared Mahalanobis distances of class means without the bias of their estimate.

    Δ²_kl = (ν - p - 1)/ν · estimated_kl - p (1/n_k + 1/n_l), ν = Σ n_k - K, then made possible

    Parameters
    ----------
    estimated : array_like of float, shape (..., K, K)
        Squared distances of the sample means by the pooled within-class covariance, whose divisor is ν.
    p : array_like of int, shape (...)
        Number of features: the rank of that covariance.
    class_sizes : array_like of float, shape (K,)
        Rows n_k of each class.

    Returns
    -------
    ndarray of shape (..., K, K), float64
        Distances of K points; nan where p >= ν - 1, where the estimate has no expectation.

    Notes
    -----
    The first formula is unbiased for normal classes. Its values may be negative, or distances of no points: their
    Gram matrix is replaced by the nearest that has no negative eigenvalue and the same trace (0 if that is negative).
    So the mean over pairs stays unbiased where it is not negative; cutting negative eigenvalues off instead promised an
    accuracy of .185 at twice the rows where .118 is true (10 classes of 30 rows, 203 features).

    References
    ----------
    P. A. Lachenbruch, M. R. Mickey (1968), Estimation of error rates in discriminant analysis, Technometrics 10, 1-11,
    for the factor. Here the noise of the means is subtracted as well.

    Examples
    --------
    >>> unbiased_delta_sq([[0.0, 9.0], [9.0, 0.0]], 4, [25, 25])
    array([[0.    , 7.7425],
           [7.7425, 0.    ]])
    """
    (estimated,), p, sizes = as_float(estimated), at_least(p, "p", 0), at_least(class_sizes, "class_sizes", 1)
    n_classes = sizes.size
    if sizes.ndim != 1 or estimated.shape[-2:] != 2 * sizes.shape:
        raise ValueError(
            f"estimated must have shape (..., K, K) and class_sizes (K,), got {estimated.shape} and {sizes.shape}"
        )
    nu, p = sizes.sum() - n_classes, p[..., np.newaxis, np.newaxis]
    noise = 1.0 / sizes[:, np.newaxis] + 1.0 / sizes
    np.fill_diagonal(noise, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = (nu - p - 1.0) / nu * estimated - p * noise
    centring = np.eye(n_classes) - 1.0 / n_classes
    usable = np.isfinite(raw).all(axis=(-2, -1), keepdims=True) & (p < nu - 1.0)
    values, vectors = np.linalg.eigh(-0.5 * centring @ np.where(usable, raw, 0.0) @ centring)
    gram = (vectors * _with_same_sum(values)[..., np.newaxis, :]) @ np.swapaxes(vectors, -1, -2)
    squares = np.einsum("...ii->...i", gram)
    distances = squares[..., :, np.newaxis] + squares[..., np.newaxis, :] - 2.0 * gram
    return np.where(usable, np.maximum(distances, 0.0), np.nan)


def _with_same_sum(values: np.ndarray) -> np.ndarray:
    """Return the nearest numbers >= 0 of the same sum, 0 if that is negative: a projection on a simplex, last axis.

    J. Duchi et al. (2008), Efficient projections onto the l1-ball, ICML.
    """
    falling = -np.sort(-values, axis=-1)
    excess = (np.cumsum(falling, axis=-1) - values.sum(axis=-1, keepdims=True)) / np.arange(1.0, values.shape[-1] + 1.0)
    kept = np.maximum((falling > excess).sum(axis=-1, keepdims=True), 1)
    return np.maximum(values - np.take_along_axis(excess, kept - 1, axis=-1), 0.0)
