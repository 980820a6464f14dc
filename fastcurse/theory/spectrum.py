"""Extreme distances between Gaussian points of any covariance: the law of one distance, and of the extremes of all."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from fastcurse.theory._arguments import as_float, check_choice, inside_unit
from fastcurse.theory._spectrum_law import SpectrumLaw

_ROUNDING = 1e-10  # of the largest eigenvalue: a negative one within it is 0


def spectrum_extreme_quantile(
    probability: ArrayLike, n_samples: int, eigenvalues: ArrayLike, *, side: str = "nearest", sample: bool = False
) -> np.ndarray | np.float64:
    """Quantile of the smallest or largest Euclidean distance over all pairs of Gaussian points.

    P(nearest <= t) = 1 - (1 - F(t))^M and P(farthest <= t) = F(t)^M, with M = n(n-1)/2 pairs and F the law of the
    distance of two points, D² = 2 Σ λ_i z_i² with independent normal z_i

    Parameters
    ----------
    probability : array_like of float
        Probability that the extreme is at most the quantile, strictly between 0 and 1.
    n_samples : int
        Number n of points, at least 2.
    eigenvalues : array_like of float of shape (d,)
        Eigenvalues λ of the covariance, in squared units of the features; some may be 0, not all.
    side : {"nearest", "farthest"}
        Which extreme.
    sample : bool
        The eigenvalues are those of the points' own covariance, sums over n - 1, instead of the true ones: the law
        is that of Gaussian points which happen to have this covariance. Only the largest n - 1 count.

    Returns
    -------
    ndarray or float, float64
        Distance, in the unit of the features, of the shape of `probability`.

    Raises
    ------
    ValueError
        If `side` is another word, a `probability` is not strictly between 0 and 1, `n_samples` is below 2, or the
        `eigenvalues` have another shape, a negative or no positive number, or one that is not finite.

    Notes
    -----
    F is a saddle-point approximation. In its tails log F is off by 1 / (6 d) where d eigenvalues are equal, which
    moves the nearest distance by 1 / (6 d²) of itself; by up to .15 where one eigenvalue dwarfs the others, and mostly
    by .01 or .02. Pairs are taken as independent, see `extreme_distance_quantile`. That suits the nearest. Far pairs
    share their outlying points, so the farthest reads high: of 200 points its `spectrum_extreme_z_score` has mean -.4
    and deviation 1.3 for 100 equal eigenvalues, -1.8 and 2.3 where they are 1/j² (3000 draws each).

    Eigenvalues of a sample spread more than the true ones, by about d/n. Given the sample's covariance, a squared
    distance is 2 (n - 1) Σ λ_i u_i² with u uniform on the unit sphere of n - 1 dimensions, whatever the true
    covariance: `sample` takes this law. It matters: of 200 points with 100 equal features the nearest pair has a mean
    z-score of .0 by it and of 3.5 by the law of true eigenvalues. Where n - 1 eigenvalues are all equal, so are all
    distances. Cost: about 3 ms for each element at d = 4096.

    References
    ----------
    R. Lugannani, S. Rice (1980), Saddle point approximation for the distribution of the sum of independent random
    variables, Advances in Applied Probability 12, 475-490, in the form of O. Barndorff-Nielsen (1986), Biometrika
    73, 307-322; for the ratio of quadratic forms R. Butler, M. Paolella (2008), Bernoulli 14, 140-154.

    Examples
    --------
    >>> slow_decay, fast_decay = 1 / np.arange(1, 101), 1 / np.arange(1, 101) ** 2
    >>> for spectrum in (slow_decay, fast_decay):
    ...     print(np.round(spectrum_extreme_quantile([0.05, 0.5, 0.95], 10**4, spectrum), 3))
    [1.498 1.573 1.62 ]
    [0.311 0.336 0.353]
    """
    law, pairs, upper = _law_of(n_samples, eigenvalues, side, sample)
    q = inside_unit(probability, "probability")
    # log P(no pair beyond the quantile), of one pair; then P(one pair is beyond).
    log_other = (np.log(q) if upper else np.log1p(-q)) / pairs
    z = special.ndtri_exp(_log_complement(log_other))
    roots = -z if upper else z
    return np.array([law.distance(root) for root in roots.ravel()]).reshape(q.shape)[()]


def spectrum_extreme_z_score(
    distance: ArrayLike, n_samples: int, eigenvalues: ArrayLike, *, side: str = "nearest", sample: bool = False
) -> np.ndarray | np.float64:
    """How unlikely an observed extreme distance is among Gaussian points, as a normal deviate.

    Φ⁻¹(P(extreme <= t)), with the probabilities of `spectrum_extreme_quantile`

    Parameters
    ----------
    distance : array_like of float
        Observed smallest or largest distance t, in the unit of the features, at least 0.
    n_samples : int
        Number of points, at least 2.
    eigenvalues : array_like of float of shape (d,)
        Eigenvalues of the covariance, in squared units of the features.
    side : {"nearest", "farthest"}
        Which extreme.
    sample : bool
        The eigenvalues are those of the points' own covariance.

    Returns
    -------
    ndarray or float, float64
        Below 0 where the extreme is smaller than the median of Gaussian points, of the shape of `distance`. -inf at
        a distance of 0, and infinite beyond the bounds of the law of `sample`; 0 where that law is one distance.

    Raises
    ------
    ValueError
        If a `distance` is negative or not finite; otherwise as `spectrum_extreme_quantile`.

    Notes
    -----
    Probabilities are kept as logarithms, so that a near duplicate among distances that are all alike still has a
    finite deviate, such as -400. For accuracy, the farthest distance and `sample` see `spectrum_extreme_quantile`.

    Examples
    --------
    >>> spectrum = 1 / np.arange(1, 101)
    >>> print(np.round(spectrum_extreme_z_score([1.0, 1.57, 1.7], 10**4, spectrum), 2))
    [-7.36 -0.09  7.24]
    """
    law, pairs, upper = _law_of(n_samples, eigenvalues, side, sample)
    (t,) = as_float(distance)
    if not np.all((t >= 0) & (t < np.inf)):
        raise ValueError(f"distance must be at least 0 and finite, got {t[~((t >= 0) & (t < np.inf))].flat[0]:g}")
    if law.is_one_distance:
        return np.zeros(t.shape)[()]
    root = np.array([law.root(one) for one in t.ravel()]).reshape(t.shape)
    beyond = -root if upper else root
    log_none = pairs * special.log_ndtr(-beyond)
    log_some = np.where(log_none > -1e-9, np.log(pairs) + special.log_ndtr(beyond), _log_complement(log_none))
    z = np.where(log_some < log_none, special.ndtri_exp(log_some), -special.ndtri_exp(log_none))
    return (-z if upper else z)[()]


def _law_of(n_samples: int, eigenvalues: ArrayLike, side: str, sample: bool) -> tuple[SpectrumLaw, float, bool]:
    """Check the arguments; return the law of one distance, the number of pairs and whether the tail is the upper."""
    check_choice(side, "side", ("nearest", "farthest"))
    if not n_samples >= 2:
        raise ValueError(f"n_samples must be at least 2, got {n_samples}")
    (spectrum,) = as_float(eigenvalues)
    if spectrum.ndim != 1 or spectrum.size == 0:
        raise ValueError(f"eigenvalues must have one dimension and hold a number, got shape {spectrum.shape}")
    if not np.isfinite(spectrum).all():
        raise ValueError(f"eigenvalues must be finite, got {spectrum[~np.isfinite(spectrum)][0]}")
    largest = spectrum.max()
    if largest <= 0.0:
        raise ValueError(f"eigenvalues must hold a positive number, the largest is {largest:g}")
    if spectrum.min() < -_ROUNDING * largest:
        raise ValueError(f"eigenvalues must not be negative, got {spectrum.min():g}")
    law = SpectrumLaw(np.maximum(spectrum, 0.0), n_samples - 1.0 if sample else np.inf)
    return law, n_samples * (n_samples - 1.0) / 2.0, side == "farthest"


def _log_complement(log_p: np.ndarray) -> np.ndarray:
    """Return log(1 - exp(log_p)), log_p <= 0, to full relative accuracy."""
    with np.errstate(divide="ignore"):  # both branches are computed
        return np.where(log_p > -np.log(2.0), np.log(-special.expm1(log_p)), np.log1p(-np.exp(log_p)))
