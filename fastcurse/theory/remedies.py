"""What helps on Trunk's problem, in closed form: leave the covariance out, shrink it, or shrink the means."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from fastcurse.theory._arguments import above, at_least, whole
from fastcurse.theory.trunk_classes import check_covariance, class_mean, separation, variance_path

# Over the one common factor; the accuracy is smooth in it.
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(40)


def nearest_mean_accuracy(
    p: ArrayLike, n_samples: ArrayLike, *, covariance: str = "identity", correlation: float = 0.5
) -> np.ndarray | np.float64:
    """Approximate accuracy of the nearest-mean rule, which estimates the means and takes the covariance for I.

    Φ(|μ|² / √((1 + 1/N) μᵀΣμ + tr Σ²/N)); with one common factor, which the means share the error of, the mean of
    such a form over that error

    Parameters
    ----------
    p : array_like of int
        Number of features, at least 1.
    n_samples : array_like of float
        Training rows N, of both classes together; np.inf: exact means.
    covariance : {"identity", "ar1", "factor"}
        Σ of the classes, as in `separation`.
    correlation : float
        Its ρ; not used for the identity.

    Returns
    -------
    ndarray or float, float64
        Probability of a right label, of the broadcast shape.

    Notes
    -----
    For the identity it is `known_covariance_accuracy`. With "factor" it falls to Φ(0) even for exact means, as
    Φ(log p / (2 √(ρp))), while `bayes_accuracy` rises to 1. N = 500: within .0006 of simulation at p = 5 to 301.

    References
    ----------
    Derived here: N(0, Σ/N) is the error of the estimated mean, and its squares are near their expectation in all
    directions but the factor's.

    Examples
    --------
    >>> for covariance in ("identity", "ar1", "factor"):
    ...     print(np.round(nearest_mean_accuracy([101, 991], 500, covariance=covariance), 3))
    [0.987 0.992]
    [0.915 0.936]
    [0.653 0.584]
    """
    p, n = np.broadcast_arrays(whole(p, "p", 1), at_least(n_samples, "n_samples", 1))
    rho = check_covariance(covariance, correlation)
    mean = class_mean(p.max(initial=1.0))
    at = p.astype(np.int64) - 1
    length_sq, total = np.cumsum(mean**2)[at], np.cumsum(mean)[at]
    spread = variance_path(mean, covariance, rho)[0][at]
    if covariance == "factor":
        # w = μ + c 1 + e with c ~ N(0, ρ/N), e ~ N(0, (1-ρ)/N I)
        c = np.sqrt(rho / n)[..., np.newaxis] * _NODES
        length_sq, total, p, n = (value[..., np.newaxis] for value in (length_sq, total, p, n))
        own = length_sq + 2.0 * c * total + c**2 * p + (1.0 - rho) * p / n
        common = (total + c * p) ** 2 + (1.0 - rho) * p / n
        along = length_sq + c * total
        # (1 - ρ)|μ|²/N: the variance that e gives w·μ
        variance = (1.0 - rho) * (own + length_sq / n) + rho * common
        return (special.ndtr(along / np.sqrt(variance)) @ _WEIGHTS / _WEIGHTS.sum())[()]
    # tr Σ² = p + 2 Σ_k (p - k) ρ^2k
    decay = rho**2
    noise = p + 2.0 * decay / (1.0 - decay) * (p - (1.0 - decay**p) / (1.0 - decay))
    return special.ndtr(length_sq / np.sqrt((1.0 + 1.0 / n) * spread + noise / n))


def prior_mean_accuracy(p: ArrayLike, n_samples: ArrayLike) -> np.ndarray | np.float64:
    """Approximate accuracy of the rule that knows the covariance I and takes μ_i ~ N(0, 1/i) for granted.

    Φ(√T) with T = Σ_{i<=p} N / (i (N + i)) = S_p + S_N - S_{N+p}, S the `separation`

    Parameters
    ----------
    p : array_like of float
        Number of features, at least 1.
    n_samples : array_like of float
        Training rows N, of both classes together.

    Returns
    -------
    ndarray or float, float64
        Probability of a right label, of the broadcast shape.

    Notes
    -----
    The posterior mean of μ_i is m̂_i N/(N + i). It never peaks: T rises with every feature, to S_N at p = ∞. What
    saves the rule is prior knowledge of how the means fall, which no data gave. N = 500: within .0002 of simulation.

    References
    ----------
    Derived here; Trunk (1979), see `separation`, for the rule that does not shrink.

    Examples
    --------
    >>> print(np.round(prior_mean_accuracy([101, 501, 991, 1e9], 500), 4))
    [0.9874 0.9932 0.9942 0.9954]
    """
    p, n = at_least(p, "p", 1), at_least(n_samples, "n_samples", 1)
    if not np.all(n < np.inf):
        raise ValueError(f"n_samples must be finite, got {n.max():g}")
    return special.ndtr(np.sqrt(separation(p) + separation(n) - separation(n + p)))


def ridge_accuracy(p: ArrayLike, n_samples: ArrayLike, ridge: ArrayLike) -> np.ndarray | np.float64:
    """Approximate accuracy of linear discriminant analysis with λ added to the estimated variances.

    Φ(S m / √((S + g) m')) with g = p/N; m = tr (W + λI)⁻¹ / p and m' = tr (W + λI)⁻² / p in the Marchenko-Pastur limit
    of the estimated covariance W: 1/m = λ + 1/(1 + γm), m' = m² / (1 - γ m²/(1 + γm)²), γ = p/(N - 2)

    Parameters
    ----------
    p : array_like of float
        Number of features, at least 1.
    n_samples : array_like of float
        Training rows N, of both classes together, above 2.
    ridge : array_like of float
        λ > 0, in units of the features' variance within the classes; the covariance is the identity.

    Returns
    -------
    ndarray or float, float64
        Probability of a right label, of the broadcast shape.

    Notes
    -----
    λ → 0 gives `lda_error` below p = N - 2. Beyond, it gives Φ(S √(1 - 1/γ) / √(S + g)), which is more than the
    pseudo-inverse's: directions that the rows do not span are left out there, and here they count most. λ → ∞ gives
    `known_covariance_accuracy`, up to 1/N: best for the identity, and for no other covariance. N = 500, λ = 1: within
    .0006 of simulation.

    References
    ----------
    E. Dobriban, S. Wager (2018), High-dimensional asymptotics of prediction: ridge regression and classification,
    Annals of Statistics 46, 247-279, theorem 3.1; derived here for given means, with the identity.

    Examples
    --------
    >>> print(np.round(ridge_accuracy([101, 301, 501, 991], 500, 1.0), 4))
    [0.9856 0.9881 0.9877 0.9865]
    """
    p, n, ridge = at_least(p, "p", 1), above(n_samples, "n_samples", 2), above(ridge, "ridge", 0)
    s, gamma = separation(p), p / (n - 2.0)
    half = (1.0 - gamma + ridge) / 2.0
    # The root of γλm² + (1 - γ + λ)m - 1 = 0 without a difference of near numbers, whichever sign `half` has.
    root = np.sqrt(half**2 + gamma * ridge)
    m = np.where(half > 0.0, 1.0 / (root + np.maximum(half, 0.0)), (root - half) / (gamma * ridge))
    share = m / (1.0 + gamma * m)
    return special.ndtr(s / np.sqrt(s + p / n) * np.sqrt(1.0 - gamma * share**2))
