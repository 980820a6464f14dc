"""The law of the distance between two uniform points of [-1, 1]^d: tail quantiles for `extremes`.

The squared distance is a sum of d independent Z², where Z = |x - y| has the density 1 - t/2 on [0, 2].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

# The exact polynomial serves up to this dimension, where it still loses no digit that matters (alternating
# sums below 1e3); from there on the saddle point is within .2 % in every tail.
_EXACT_DIMENSION = 12
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_CUT = 50.0  # exp(-50) is below half a unit in the last place of the integral
_FLAT = 1e-3  # |s| below which w and u cancel; r* is linear there to 1e-6


def uniform_distance_quantile(log_tail: np.ndarray, d: np.ndarray, *, upper: bool) -> np.ndarray:
    """Distance t with log P(D <= t) = log_tail, or log P(D > t) = log_tail if `upper`; tails of at most 1/2.

    `d` holds whole numbers >= 1. Called by `extreme_distance_quantile`.
    """
    log_tail, d = np.broadcast_arrays(log_tail, d)
    log_cdf = np.log1p(-np.exp(log_tail)) if upper else log_tail
    z = -special.ndtri_exp(log_tail) if upper else special.ndtri_exp(log_tail)
    distance = np.asarray(np.sqrt(d * _saddle_mean_sq(z, d)))
    coefficients = _ball_coefficients(np.minimum(d, _EXACT_DIMENSION))
    exact = (d <= _EXACT_DIMENSION) & (log_cdf <= _log_ball_cdf(np.log(2.0), d, coefficients))
    if exact.any():
        d, coefficients = d[exact], coefficients[exact]
        root = _bisect(lambda v: _log_ball_cdf(v, d, coefficients), log_cdf[exact], -100.0, np.log(2.0))
        distance[exact] = np.exp(root)
    return distance


def _bisect(increasing: Callable, target: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return v in [low, high] with increasing(v) = target, to (high - low) / 2^60."""
    below, above = np.full(target.shape, low), np.full(target.shape, high)
    for _ in range(60):
        middle = (below + above) / 2.0
        short = increasing(middle) < target
        below, above = np.where(short, middle, below), np.where(short, above, middle)
    return (below + above) / 2.0


def _ball_coefficients(d: np.ndarray) -> np.ndarray:
    """Coefficients c_k (..., 13) of P(D <= t) = t^d Σ_k c_k t^k, exact for t <= 2.

    The difference of two points has the density Π (1 - |δ_i|/2) / 2; no |δ_i| exceeds 2 in a ball of radius
    t <= 2, so the product is expanded and Dirichlet's integral gives each term:
    c_k = C(d, k) (-1/2)^k 2^-d π^((d-k)/2) / Γ((d+k)/2 + 1).
    """
    d = d[..., np.newaxis]
    k = np.arange(_EXACT_DIMENSION + 1)
    scale = (-0.5) ** k * 0.5**d * np.pi ** ((d - k) / 2.0)
    return special.binom(d, k) * scale / special.gamma((d + k) / 2.0 + 1.0)


def _log_ball_cdf(log_t: np.ndarray, d: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    """Log of the polynomial of `_ball_coefficients` at t = exp(log_t) <= 2."""
    powers = np.exp(np.asarray(log_t)[..., np.newaxis] * np.arange(_EXACT_DIMENSION + 1))
    return d * log_t + np.log(np.sum(coefficients * powers, axis=-1))


def _saddle_mean_sq(z: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Mean square per coordinate x with r*(x) = z, where P(D² <= d x) ≈ Φ(r*).

    r* = w + log(u/w) / w with w = sign(s) √(2 d (s x - K(s))), u = s √(d K''(s)), x = K'(s) is the modified
    root of Barndorff-Nielsen: the same order as Lugannani and Rice, Φ(w) + φ(w)(1/w - 1/u), but always a
    probability, and solved in the scale of z, where a tail of 1e-12 is as easy as the middle.
    """

    def at(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        w, u, x = _saddle(s)
        return np.sqrt(d) * w + np.log(u / w) / (np.sqrt(d) * w), x

    left, x_left = at(np.full(d.shape, -_FLAT))
    right, x_right = at(np.full(d.shape, _FLAT))
    # The sign of s is known before the search, so that no step lands near s = 0; |s| runs to sinh(40) = 1e17.
    sign = np.where(z < (left + right) / 2.0, -1.0, 1.0)
    magnitude = _bisect(lambda v: sign * at(sign * np.sinh(v))[0], sign * z, np.arcsinh(_FLAT), 40.0)
    share = (z - left) / (right - left)
    flat = x_left + share * (x_right - x_left)
    return np.where((share > 0.0) & (share < 1.0), flat, at(sign * np.sinh(magnitude))[1])


def _saddle(s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """w, u and x of one coordinate at the saddle point s != 0; K(s) = log ∫₀² exp(s t²) (1 - t/2) dt."""
    s = s[..., np.newaxis]
    # v is the distance to the integrand's peak (t = v for s < 0, t = 2 - v for s > 0), as far as exp(-50) of it.
    width_sq = np.minimum(_CUT / np.abs(s), 4.0)
    half = np.where(s < 0.0, np.sqrt(width_sq), width_sq / (2.0 + np.sqrt(4.0 - width_sq))) / 2.0
    v = half * (1.0 + _NODES)
    y = np.where(s < 0.0, v * v, v * (v - 4.0))  # t² less its value at the peak
    density = np.where(s < 0.0, 1.0 - v / 2.0, v / 2.0)
    mass = np.exp(s * y) * density * half * _WEIGHTS
    total = mass.sum(axis=-1)
    mean = (mass * y).sum(axis=-1) / total
    variance = (mass * (y - mean[..., np.newaxis]) ** 2).sum(axis=-1) / total
    s = s[..., 0]
    w = np.sign(s) * np.sqrt(2.0 * (s * mean - np.log(total)))
    return w, s * np.sqrt(variance), mean + np.where(s < 0.0, 0.0, 4.0)
