"""Trunk's two normal classes with means ±μ, μ_i = 1/√i: how far apart they are, and what a given rule makes of it.

Three covariances, all with unit variances: the identity; "ar1", Σ_ij = ρ^|i-j|; "factor", one common factor,
Σ = (1 - ρ) I + ρ 11ᵀ. Each is that of a running sum, so that everything here is one pass over the features.
"""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import signal, special

from fastcurse.theory._arguments import as_float, at_least, check_choice, whole

COVARIANCES = ("identity", "ar1", "factor")


def check_covariance(covariance: Any, correlation: Any) -> float:
    """Return the correlation ρ as a float, 0 for the identity, or raise TypeError or ValueError."""
    check_choice(covariance, "covariance", COVARIANCES)
    if covariance == "identity":
        return 0.0
    if isinstance(correlation, (bool, np.bool_)) or not isinstance(correlation, numbers.Real):
        raise TypeError(f"correlation must be a number, got {correlation!r} ({type(correlation).__name__})")
    rho = float(correlation)
    if covariance == "ar1" and not -1.0 < rho < 1.0:
        raise ValueError(f"correlation must lie strictly between -1 and 1 with covariance='ar1', got {rho}")
    if covariance == "factor" and not 0.0 <= rho < 1.0:
        raise ValueError(f"correlation must be at least 0 and below 1 with covariance='factor', got {rho}")
    return rho


def class_mean(p: int | float, first: int = 0) -> np.ndarray:
    """Return μ, the mean of the class at +μ, in features first + 1 .. p."""
    return 1.0 / np.sqrt(np.arange(first + 1.0, p + 1.0))


def separation(p: ArrayLike, *, covariance: str = "identity", correlation: float = 0.5) -> np.ndarray | np.float64:
    """Squared length of the mean vector of one class: a quarter of the squared Mahalanobis distance Δ².

    S_p = μᵀΣ⁻¹μ over the first p features; for the identity Σ_{i<=p} 1/i = digamma(p + 1) + γ

    Parameters
    ----------
    p : array_like of float
        Number of features, at least 0; whole numbers unless the covariance is the identity.
    covariance : {"identity", "ar1", "factor"}
        Σ_ij for i ≠ j: 0; ρ^|i-j|; ρ. The variances are 1.
    correlation : float
        ρ: -1 < ρ < 1 for "ar1", 0 <= ρ < 1 for "factor"; not used for the identity.

    Returns
    -------
    ndarray or float, float64
        The separation, of the shape of `p`: for the identity within a few units in the last place of itself, or of 1
        where it is less (0 < p < 1).

    Raises
    ------
    TypeError
        If `correlation` is no number.
    ValueError
        If `covariance` or `correlation` is out of range, or a `p` is not whole where it has to be.

    Notes
    -----
    "ar1": Σ_i (μ_i - ρ μ_{i-1})² / (1 - ρ²), the first term being 1. "factor": Σ_i (μ_i - μ̄)² / (1 - ρ) across
    the factor and p μ̄² / (1 - ρ + ρ p) along it (Sherman-Morrison), with μ̄ the mean of μ_1..μ_p. Both are running
    sums of positive terms, O(max p) time and memory, with a relative error of at most p units in the last place.

    References
    ----------
    G. V. Trunk (1979), A problem of dimensionality: a simple example, IEEE TPAMI 1(3), 306-307: the identity.

    Examples
    --------
    >>> print(f"{separation(4):.6f}")
    2.083333
    >>> print(np.round(separation([1, 2, 1000], covariance="ar1"), 4))
    [1.     1.0572 2.9064]
    """
    p = at_least(p, "p", 0) if covariance == "identity" else whole(p, "p", 0)
    rho = check_covariance(covariance, correlation)
    if covariance == "identity":
        return special.digamma(p + 1.0) + np.euler_gamma
    i = np.arange(1.0, p.max(initial=0.0) + 1.0)
    mean = class_mean(i.size)
    if covariance == "ar1":
        new = (mean[1:] - rho * mean[:-1]) / np.sqrt((1.0 - rho) * (1.0 + rho))
        path = np.cumsum(np.square(np.concatenate([mean[:1], new])))
    else:
        total = np.cumsum(mean)
        before = np.concatenate([mean[:1], total[:-1] / i[:-1]])
        across = np.cumsum(np.square(mean - before) * (i - 1.0) / i)
        path = across / (1.0 - rho) + np.square(total) / i / (1.0 - rho + rho * i)
    return np.concatenate([[0.0], path])[p.astype(np.int64)]


def decayed_sum(terms: np.ndarray, decay: float, state: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return s_i = decay s_{i-1} + terms_i along the last axis, and the state that continues the sum in a next block.

    Additions are made one by one in order, so that a sum cut into blocks has the bits of the whole one.
    """
    if state is None:
        state = np.zeros((*terms.shape[:-1], 1))
    return signal.lfilter([1.0], [1.0, -decay], terms, zi=state)


def variance_path(
    coef: np.ndarray, covariance: str, rho: float, state: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return wᵀΣw of the first 1, 2, ... weights (..., p), and the state that continues it in a next block.

    "factor" and, with ρ = 0, the identity: (1 - ρ) Σ w_i² + ρ (Σ w_i)². "ar1": with h_i = ρ h_{i-1} + w_i, the
    covariance of the last feature's noise with w·x, it is Σ_i (h_i² - ρ² h_{i-1}²) = (1 - ρ²) Σ h_i² + ρ² h_p².
    No term is negative, so that nothing cancels.
    """
    ar1 = covariance == "ar1"
    inner, outer = (None, None) if state is None else state
    total, inner = decayed_sum(coef, rho if ar1 else 1.0, inner)
    squares, outer = decayed_sum(np.square(total if ar1 else coef), 1.0, outer)
    shared = rho**2 if ar1 else rho
    return (1.0 - shared) * squares + shared * np.square(total), (inner, outer)


def rule_accuracy(
    coef: ArrayLike, intercept: ArrayLike, *, covariance: str = "identity", correlation: float = 0.5
) -> np.ndarray | np.float64:
    """Exact accuracy of a given linear rule on Trunk's two classes: no test set, no test noise.

    (Φ((w·μ + b)/σ) + Φ((w·μ - b)/σ)) / 2 with σ² = wᵀΣw, which is |w|² for the identity

    Parameters
    ----------
    coef : array_like of float, shape (..., p)
        Weights w of the rule sign(w·x + b), whose positive side stands for the class at +μ. `make_trunk` puts
        its class 0 there: negate a rule whose positive side means class 1.
    intercept : array_like of float, shape (...)
        Intercepts b.
    covariance : {"identity", "ar1", "factor"}
        Σ of the classes, as in `separation`.
    correlation : float
        Its ρ; not used for the identity.

    Returns
    -------
    ndarray or float, float64, shape (...)
        Probability of a right label at equal priors; 1/2 for w = 0, which gives all points one label.

    Examples
    --------
    >>> print(f"{rule_accuracy([1, 0.5], 0.0):.4f} {rule_accuracy([1, 0.5**0.5], 0.0):.4f}")
    0.8870 0.8897
    """
    w, b = as_float(coef, intercept)
    rho = check_covariance(covariance, correlation)
    largest = np.abs(w).max(axis=-1)
    scale = np.where(largest > 0.0, largest, 1.0)  # no square can overflow or vanish
    w, b = w / scale[..., np.newaxis], b / scale
    variance = variance_path(w, covariance, rho)[0][..., -1]
    mean = w @ class_mean(w.shape[-1])
    return two_sided_accuracy(mean, b, np.where(largest > 0.0, np.sqrt(variance), np.inf))


def two_sided_accuracy(mean: np.ndarray, intercept: np.ndarray, deviation: np.ndarray) -> np.ndarray | np.float64:
    """Return the accuracy of a rule whose score is N(±`mean` + `intercept`, `deviation`²) on the two classes."""
    return (special.ndtr((mean + intercept) / deviation) + special.ndtr((mean - intercept) / deviation)) / 2.0
