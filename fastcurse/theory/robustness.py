"""Closed forms of small changes: random against minimal ones, and an adversary on Trunk's two classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from fastcurse.theory._arguments import at_least, whole
from fastcurse.theory.trunk_classes import class_mean


def random_direction_ratio(d: ArrayLike, q: ArrayLike = 0.5) -> np.ndarray | np.float64:
    """Quantile of how much longer a change along a random line is than the smallest that reaches the boundary.

    1/√x with x the quantile 1 - q of Beta(1/2, (d-1)/2); in the median it tends to √d / Φ⁻¹(3/4) = 1.4826 √d

    Parameters
    ----------
    d : array_like of float
        Number of features, at least 1.
    q : array_like of float
        Order of the quantile, from 0 to 1. 0.5: the median.

    Returns
    -------
    ndarray or float, float64
        Euclidean length along the random line over that along w, at least 1, of the broadcast shape.

    Notes
    -----
    A line at angle θ to w is |f| / (‖w‖ |cos θ|) long up to the boundary w·x + b = 0, so that the ratio is
    1/|cos θ|, whatever the rule and the point; cos² θ of a random line has that beta distribution. The line is taken
    in its better sense: in the other it never arrives. Quantiles only: the mean is infinite for every d > 1.
    The median is 1.4826 √d less .943/√d, but for terms of order d^(-3/2).

    References
    ----------
    Derived here. For the factor √d see A. Fawzi, S.-M. Moosavi-Dezfooli, P. Frossard (2016), Robustness of classifiers:
    from adversarial to random noise, NeurIPS 29, 1632-1640.

    Examples
    --------
    >>> print(np.round(random_direction_ratio([3, 100, 10_000]), 4))
    [  2.      14.7315 148.2508]
    """
    d, q = at_least(d, "d", 1), at_least(q, "q", 0)
    if not (q <= 1.0).all():
        raise ValueError(f"q must be at most 1, got {q.max():g}")
    with np.errstate(divide="ignore"):  # q = 1: a line along the boundary
        return np.where(d > 1.0, 1.0 / np.sqrt(special.betaincinv(0.5, np.maximum(d - 1.0, 0.5) / 2.0, 1.0 - q)), 1.0)[
            ()
        ]


def adversarial_accuracy(p: ArrayLike, epsilon: ArrayLike) -> np.ndarray | np.float64:
    """Accuracy of the Bayes rule w = μ for Trunk's classes when an adversary may change every feature by ε.

    Φ((S - ε Σ_{i<=p} μ_i) / √S) with μ_i = 1/√i and S = Σ_{i<=p} 1/i: peaking with nothing estimated

    Parameters
    ----------
    p : array_like of int
        Number of features, at least 1.
    epsilon : array_like of float
        ε, at least 0: largest change of a feature, in standard deviations.

    Returns
    -------
    ndarray or float, float64
        Probability that the label is right under the worst change, of the broadcast shape.

    Notes
    -----
    The rule w = μ, best without an adversary (`bayes_accuracy`), loses ε‖μ‖₁ ≈ 2ε√p of a score N(S, S) with S ≈ log p:
    each further feature adds 1/p to the score and ε/√p to what may be taken away. ε = .1: best at p = 39 (.936).
    O(max p) time and memory.

    References
    ----------
    Derived here. For the effect see D. Tsipras, S. Santurkar, L. Engstrom, A. Turner, A. Madry (2019), Robustness may
    be at odds with accuracy, ICLR.

    Examples
    --------
    >>> print(np.round(adversarial_accuracy([10, 39, 100, 1000, 10_000], 0.1), 3))
    [0.922 0.936 0.928 0.683 0.001]
    """
    p, epsilon = whole(p, "p", 1), at_least(epsilon, "epsilon", 0)
    mean = class_mean(p.max(initial=1.0))
    at = p.astype(np.int64) - 1
    separation, reach = np.cumsum(np.square(mean))[at], np.cumsum(mean)[at]
    return special.ndtr((separation - epsilon * reach) / np.sqrt(separation))


def soft_threshold_accuracy(p: ArrayLike, epsilon: ArrayLike) -> np.ndarray | np.float64:
    """Accuracy of the most robust rule for Trunk's classes when an adversary may change every feature by ε.

    Φ(‖(μ - ε)₊‖₂) with μ_i = 1/√i, i <= p: the rule w = (μ - ε)₊ drops the features that the adversary can turn

    Parameters
    ----------
    p : array_like of int
        Number of features, at least 1.
    epsilon : array_like of float
        ε, at least 0: largest change of a feature, in standard deviations.

    Returns
    -------
    ndarray or float, float64
        Probability that the label is right under the worst change, of the broadcast shape; 1/2 for ε >= 1.

    Notes
    -----
    A linear rule w is right with probability Φ((w·μ - ε‖w‖₁)/‖w‖₂) at most, which is largest for w = (μ - ε)₊. So it
    never falls in p: it rises up to p = 1/ε² and stays. O(max p) memory; that times the size of the result, time.

    References
    ----------
    Derived here, by the Cauchy-Schwarz inequality. That no other rule does better: A. N. Bhagoji, D. Cullina, P. Mittal
    (2019), Lower bounds on adversarial robustness from optimal transport, NeurIPS 32.

    Examples
    --------
    >>> print(np.round(soft_threshold_accuracy([10, 39, 100, 10_000], 0.1), 4))
    [0.9226 0.9402 0.942  0.942 ]
    """
    p, epsilon = np.broadcast_arrays(whole(p, "p", 1), at_least(epsilon, "epsilon", 0))
    mean = class_mean(p.max(initial=1.0))
    kept = [
        np.square(np.maximum(mean[: int(size)] - e, 0.0)).sum() for size, e in zip(p.flat, epsilon.flat, strict=True)
    ]
    return special.ndtr(np.sqrt(np.reshape(kept, p.shape)))
