"""Where the nearest and the farthest of all pairs lie: the Poisson law of extremes over dependent pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from fastcurse.theory._arguments import at_least, check_choice, inside_unit
from fastcurse.theory._uniform_pairs import uniform_distance_quantile


def extreme_distance_quantile(
    probability: ArrayLike,
    n_samples: ArrayLike,
    d: ArrayLike,
    *,
    distribution: str = "uniform",
    side: str = "nearest",
) -> np.ndarray | np.float64:
    """Quantile of the smallest or largest Euclidean distance over all pairs of a sample.

    P(nearest <= t) = 1 - (1 - F(t))^M and P(farthest <= t) = F(t)^M, with M = n(n-1)/2 pairs

    Parameters
    ----------
    probability : array_like of float
        Probability that the extreme is at most the quantile, strictly between 0 and 1.
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
        Distance, in the unit of the features, of the broadcast shape.

    Raises
    ------
    ValueError
        If `distribution` or `side` is another word, a `probability` is not strictly between 0 and 1, or an
        `n_samples` is below 2.

    Notes
    -----
    The pairs are taken as independent, which is the Poisson approximation exp(-M F) up to 1/M, and exact for n = 2.
    F, the law of one distance, is as in `extreme_distance_median`, the quantile at 1/2. Near pairs hardly share
    points, and the nearest has this law up to the simulation error. Far pairs share their outlying points: the
    farthest has about this median, and spreads more.

    References
    ----------
    B. Silverman, T. Brown (1978), Short distances, flat triangles and Poisson limits, J. Applied Probability
    15, 815-825.

    Examples
    --------
    >>> print(np.round(extreme_distance_quantile([0.05, 0.5, 0.95], 10**6, 100), 2))
    [4.58 4.75 4.85]
    """
    check_choice(distribution, "distribution", ("uniform", "normal"))
    check_choice(side, "side", ("nearest", "farthest"))
    q, n, d = np.broadcast_arrays(
        inside_unit(probability, "probability"), at_least(n_samples, "n_samples", 2), at_least(d, "d", 1)
    )
    upper = side == "farthest"
    log_other = (np.log(q) if upper else np.log1p(-q)) / (n * (n - 1.0) / 2.0)  # of the probability beyond the tail
    tail = -special.expm1(log_other)
    # Beyond 1/2, for a handful of pairs only, the quantile is sought from the other end.
    if distribution == "uniform":
        near = uniform_distance_quantile(np.log(np.minimum(tail, 0.5)), d, upper=upper)
        if np.all(tail <= 0.5):
            return near[()]
        far = uniform_distance_quantile(np.minimum(log_other, np.log(0.5)), d, upper=not upper)
        return np.where(tail <= 0.5, near, far)[()]
    inverses = (special.gammainccinv, special.gammaincinv)[:: 1 if upper else -1]
    half_square = np.where(tail <= 0.5, inverses[0](d / 2.0, tail), inverses[1](d / 2.0, np.exp(log_other)))
    return 2.0 * np.sqrt(half_square)  # D²/2 is χ²_d
