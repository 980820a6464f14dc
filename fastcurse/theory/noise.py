"""Labels without meaning: how well a linear rule still fits them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from fastcurse.theory._arguments import above, at_least


def training_accuracy(p: ArrayLike, n_samples: ArrayLike) -> np.ndarray | np.float64:
    """Training accuracy of least squares or linear discriminant analysis on random labels.

    Φ(√(g / (1 - g))) with g = p/N; 1 for p >= N

    Parameters
    ----------
    p : array_like of float
        Number of features, at least 0; normal, independent of the labels.
    n_samples : array_like of float
        Training rows N, above 0.

    Returns
    -------
    ndarray or float, float64
        Expected share of right labels, of the broadcast shape.

    Notes
    -----
    A limit for N, p → ∞ at fixed g. A soft-margin linear machine follows it to .02 up to g = .48, then leaves
    upwards.

    References
    ----------
    Derived here: every leverage tends to g, so that the fit of label y is g y + √(g (1 - g)) times a normal.

    Examples
    --------
    >>> print(np.round(training_accuracy([0, 100, 250, 500], 500), 4))
    [0.5    0.6915 0.8413 1.    ]
    """
    p, n = at_least(p, "p", 0), above(n_samples, "n_samples", 0)
    with np.errstate(divide="ignore"):
        return special.ndtr(np.sqrt(p / np.maximum(n - p, 0.0)))


def separable_probability(p: ArrayLike, n_samples: ArrayLike) -> np.ndarray | np.float64:
    """Probability that random labels of points in general position are linearly separable.

    P(Binomial(N - 1, 1/2) <= p), for a hyperplane with intercept; one half at N = 2(p + 1)

    Parameters
    ----------
    p : array_like of int
        Number of features, at least 0.
    n_samples : array_like of int
        Number of points N, at least 1.

    Returns
    -------
    ndarray or float, float64
        Probability, of the broadcast shape; 1 for p >= N - 1.

    References
    ----------
    T. M. Cover (1965), Geometrical and statistical properties of systems of linear inequalities with
    applications in pattern recognition, IEEE Trans. Electronic Computers EC-14, 326-334, theorem 1, with p + 1
    coordinates for the intercept.

    Examples
    --------
    >>> print(np.round(separable_probability([241, 249, 261, 281], 500), 3))
    [0.237 0.5   0.859 0.998]
    """
    p, n = at_least(p, "p", 0), at_least(n_samples, "n_samples", 1)
    # The binomial sum as an incomplete beta function, which takes floats.
    return np.where(p < n - 1.0, special.betainc(np.maximum(n - 1.0 - p, 1.0), p + 1.0, 0.5), 1.0)[()]
