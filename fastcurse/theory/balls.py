"""Balls: volume, shell, surface, and what hit-or-miss sampling can see of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from fastcurse.theory._arguments import above, as_float, at_least
from fastcurse.theory._log_gamma import log_unit_ratio

# A factor of the direct product may not come near the ends of float64, at |log| = 709.
_DIRECT_LOG_LIMIT = 600.0


def log_ball_volume(d: ArrayLike, radius: ArrayLike = 1.0, *, p: ArrayLike = 2.0) -> np.ndarray | np.float64:
    """Natural logarithm of the volume of a ball of the L_p norm.

    log V = d log(2 Γ(1 + 1/p)) - log Γ(1 + d/p) + d log r

    Parameters
    ----------
    d, radius, p : array_like of float
        Dimension, radius r and order of the norm, as for `fastcurse.log_ball_volume`.

    Returns
    -------
    ndarray or float, float64
        Log volume, of the broadcast shape; its error is stated in `fastcurse.log_ball_volume`.

    Examples
    --------
    >>> print(f"{log_ball_volume(1000):.2f}")
    -2038.97
    """
    d, radius, p = np.broadcast_arrays(at_least(d, "d", 0), at_least(radius, "radius", 0), above(p, "p", 0))
    inside = np.where((radius > 0.0) & (radius < np.inf), radius, 1.0)
    with np.errstate(over="ignore"):
        # One logarithm of 2r while it stays in range: 0 for r = 1/2, and not log 2 + log r.
        log_side = np.where(inside < 1.0, np.log(2.0 * inside), np.log(2.0) + np.log(inside))
        log_volume = log_unit_ratio(d, p, log_side)
    return np.select([d == 0.0, radius == 0.0, radius == np.inf], [0.0, -np.inf, np.inf], log_volume)[()]


def ball_volume(d: ArrayLike, radius: ArrayLike = 1.0, *, p: ArrayLike = 2.0) -> np.ndarray | np.float64:
    """Volume of a ball of the L_p norm.

    V = (2 Γ(1 + 1/p) r)^d / Γ(1 + d/p)

    Parameters
    ----------
    d, radius, p : array_like of float
        Dimension, radius r and order of the norm, as for `fastcurse.ball_volume`, which checks them.

    Returns
    -------
    ndarray or float, float64
        Volume, of the broadcast shape; its error is stated in `fastcurse.ball_volume`.

    Notes
    -----
    While its factors stay in range (d/p < 170, 2 Γ r not subnormal) the product is formed directly: V_1 is exactly 2r,
    V_3 correct to the last place. Beyond, it is the exponential of `log_ball_volume`.

    Examples
    --------
    >>> float(ball_volume(1)), float(ball_volume(2, p=1)), float(ball_volume(5, 0.5, p=float("inf")))
    (2.0, 2.0, 1.0)
    >>> print(f"{ball_volume(3):.12f}")
    4.188790204786
    """
    d, radius, p = as_float(d, radius, p)
    log_volume = log_ball_volume(d, radius, p=p)
    with np.errstate(all="ignore"):  # the branch not taken may overflow, and so may the volume itself
        base = 2.0 * special.gamma(1.0 + 1.0 / p) * radius
        gamma = special.gamma(1.0 + d / p)
        # 2 Γ(3/2) is √π: the power of π itself is rounded d/2 times less.
        power = np.where(p == 2.0, np.pi ** (d / 2.0) * radius**d, base**d)
        largest_log = np.maximum(np.abs(special.xlogy(d, base)), np.abs(special.xlogy(d, radius)))
        safe = np.isfinite(gamma) & (largest_log < _DIRECT_LOG_LIMIT) & (base > np.finfo(np.float64).tiny)
        return np.where(safe, power / gamma, np.exp(log_volume))[()]


def shell_fraction(d: ArrayLike, thickness: ArrayLike) -> np.ndarray | np.float64:
    """Share of a ball's volume that lies in its outer shell.

    1 - (1 - t)^d

    Parameters
    ----------
    d, thickness : array_like of float
        Dimension, and thickness t as a share of the radius, as for `fastcurse.shell_fraction`.

    Returns
    -------
    ndarray or float, float64
        Share in [0, 1], of the broadcast shape.

    Examples
    --------
    >>> print(np.round(shell_fraction([1, 7, 22, 44], 0.1), 4))
    [0.1    0.5217 0.9015 0.9903]
    """
    d, thickness = at_least(d, "d", 0), at_least(thickness, "thickness", 0)
    if not (thickness <= 1.0).all():
        raise ValueError(f"thickness must be at most 1, got {thickness.max():g}")
    return 0.0 - special.expm1(special.xlog1py(d, -thickness))  # 0 - x: no negative zero


def ball_volume_recurrence(d: ArrayLike) -> np.ndarray | np.float64:
    """Factor by which two more dimensions change the volume of the unit ball.

    V_d / V_{d-2} = 2π / d

    Parameters
    ----------
    d : array_like of float
        The larger dimension, at least 2; need not be whole.

    Returns
    -------
    ndarray or float, float64
        Factor, of the shape of `d`: below 1 from d = 7 on. A ball of radius r has r² times as much.

    Examples
    --------
    >>> print(np.round(ball_volume_recurrence([2, 6, 7]), 4))
    [3.1416 1.0472 0.8976]
    """
    return 2.0 * np.pi / at_least(d, "d", 2)


def log_surface_area(d: ArrayLike, radius: ArrayLike = 1.0) -> np.ndarray | np.float64:
    """Natural logarithm of the surface area of the Euclidean ball.

    log A = log 2 + (d/2) log π - log Γ(d/2) + (d - 1) log r, the derivative of the volume (DLMF 5.19.4)

    Parameters
    ----------
    d : array_like of float
        Dimension of the ball, above 0 (1: the two end points of an interval).
    radius : array_like of float
        Radius r, at least 0, in any unit of length.

    Returns
    -------
    ndarray or float, float64
        Log area (in units of length to the power d - 1), of the broadcast shape.

    Examples
    --------
    >>> print(np.round(np.exp(log_surface_area([1, 2, 3])), 6))
    [ 2.        6.283185 12.566371]
    """
    d, radius = above(d, "d", 0), at_least(radius, "radius", 0)
    return np.log(d) + log_ball_volume(d) + special.xlogy(d - 1.0, radius)


def largest_volume_dimension() -> float:
    """Real dimension in which the unit ball has the largest volume.

    The root of log π = digamma(d/2 + 1)

    Returns
    -------
    float
        5.2569464... (OEIS A074455), where the volume is 5.2777680...; the largest whole dimension is 5.

    Examples
    --------
    >>> print(f"{largest_volume_dimension():.7f}")
    5.2569464
    """
    return float(optimize.brentq(lambda d: np.log(np.pi) - special.digamma(d / 2.0 + 1.0), 1.0, 20.0))


def largest_surface_dimension() -> float:
    """Real dimension in which the unit ball has the largest surface.

    Two more than `largest_volume_dimension`, since A_d = 2π V_{d-2}

    Returns
    -------
    float
        7.2569464... (OEIS A074457).

    Examples
    --------
    >>> print(f"{largest_surface_dimension():.7f}")
    7.2569464
    """
    return largest_volume_dimension() + 2.0


def log_hit_probability(d: ArrayLike) -> np.ndarray | np.float64:
    """Natural logarithm of the share of the cube [-1, 1]^d that the unit ball fills.

    log q = d log Γ(3/2) - log Γ(1 + d/2), which is log(V_d / 2^d)

    Parameters
    ----------
    d : array_like of float
        Dimension, at least 0.

    Returns
    -------
    ndarray or float, float64
        Log probability that a uniform point of the cube hits the ball, of the shape of `d`.

    Examples
    --------
    >>> print(f"{np.exp(log_hit_probability(20)):.4e}")
    2.4611e-08
    """
    # A ball in a cube of side 1. Between d = 0 and 1 the formula exceeds 1, which no share can.
    return np.minimum(log_ball_volume(d, 0.5), 0.0) + 0.0


def hit_or_miss_relative_error(d: ArrayLike, n_draws: ArrayLike) -> np.ndarray | np.float64:
    """Relative standard error of the hit-or-miss estimate of the unit ball's volume.

    √((1 - q) / (n q)) with q = V_d / 2^d

    Parameters
    ----------
    d : array_like of float
        Dimension, at least 0.
    n_draws : array_like of float
        Number n of uniform points of the cube, at least 1.

    Returns
    -------
    ndarray or float, float64
        Standard deviation over true volume, of the broadcast shape; inf beyond the range of float64.

    Examples
    --------
    >>> print(np.round(hit_or_miss_relative_error([2, 10, 20], 10**6), 4))
    [5.0000e-04 2.0000e-02 6.3743e+00]
    """
    n_draws = at_least(n_draws, "n_draws", 1)
    log_q = log_hit_probability(d)
    with np.errstate(over="ignore"):
        return np.exp(-0.5 * log_q) * np.sqrt((0.0 - np.expm1(log_q)) / n_draws)


def no_hit_probability(d: ArrayLike, n_draws: ArrayLike) -> np.ndarray | np.float64:
    """Probability that no uniform point of the cube hits the unit ball.

    (1 - q)^n with q = V_d / 2^d

    Parameters
    ----------
    d : array_like of float
        Dimension, at least 0.
    n_draws : array_like of float
        Number n of uniform points of the cube, at least 0.

    Returns
    -------
    ndarray or float, float64
        Probability, of the broadcast shape.

    Examples
    --------
    >>> print(np.round(no_hit_probability([10, 20, 30], 10**7), 4))
    [0.     0.7818 1.    ]
    """
    n_draws = at_least(n_draws, "n_draws", 0)
    return np.exp(special.xlog1py(n_draws, -np.exp(log_hit_probability(d))))


def nearest_to_centre_median(n_points: ArrayLike, d: ArrayLike) -> np.ndarray | np.float64:
    """Median distance from the centre of the unit ball to the nearest of uniform points in it.

    (1 - 2^(-1/N))^(1/d)

    Parameters
    ----------
    n_points : array_like of float
        Number N of points, at least 1.
    d : array_like of float
        Dimension, above 0.

    Returns
    -------
    ndarray or float, float64
        Distance in units of the radius, of the broadcast shape.

    References
    ----------
    T. Hastie, R. Tibshirani, J. Friedman (2009), The Elements of Statistical Learning, equation 2.24.

    Examples
    --------
    >>> print(f"{nearest_to_centre_median(500, 10):.2f}")
    0.52
    """
    n_points, d = at_least(n_points, "n_points", 1), above(d, "d", 0)
    return (-special.expm1(-np.log(2.0) / n_points)) ** (1.0 / d)
