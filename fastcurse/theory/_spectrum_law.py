"""The law of one squared distance between Gaussian points, by saddle point, for `spectrum`."""

from __future__ import annotations

import numpy as np
from scipy import optimize

_NEAREST = 700.0  # log of the inverse of the least squared distance, in units of the largest λ: exp is a float64
_FARTHEST = -340.0  # the same of the largest: squares are float64
_FARTHEST_BOUNDED = -30.0  # nearer to an upper bound than exp(-30) a distance is the bound
_FLAT = 1e-3  # |w| below which w and u cancel; r* is linear there to 1e-7
_ROUNDING = 1e-12  # eigenvalues this close, relative to the largest, are equal


class SpectrumLaw:
    """Φ(r*(t)) ≈ P(D <= t) for D² = 2 Σ λ z² (`degrees` inf) or D² = 2 v Σ λ u² (`degrees` v).

    z are independent normal numbers, u is uniform on the unit sphere of v dimensions, of which those without an
    eigenvalue have 0. The second law, of a ratio, is P(Σ (λ - D²/2v) z² <= 0). In both, with the cumulant generating
    function at σ < 1 / (2 max λ), g = 1 - 2σλ and the excess E = Σ (1/g - 1), the saddle point is at

    D²/2 = x = Σ (λ/g) / (1 + E/v),  w² = v log(1 + E/v) + Σ log g,  u² = 2σ² Σ_v ((λ - x/v) / g)²,

    where the last sum has all v terms and v → ∞ gives E + Σ log g and 2σ² Σ (λ/g)². r* = w + log(u/w) / w, both with
    the sign of σ. Least of v eigenvalues, λ_v is taken off all: it adds the constant 2 v λ_v to D². So v - 1 are
    left and σ → -∞ reaches the least distance.
    """

    def __init__(self, eigenvalues: np.ndarray, degrees: float) -> None:
        """Take eigenvalues (d,), none negative, some positive."""
        kept = np.sort(eigenvalues)[::-1][: int(min(degrees, eigenvalues.size))]
        least = kept[-1] if kept.size == degrees else 0.0
        self._span = kept[0] - least
        self._floor = 2.0 * degrees * least if least > 0.0 else 0.0
        self.is_one_distance = bool(self._span <= _ROUNDING * kept[0])
        if self.is_one_distance:
            return
        self._weights = (kept - least) / self._span
        self._inverse_degrees = 1.0 / degrees
        self._farthest = _FARTHEST_BOUNDED if self._inverse_degrees else _FARTHEST
        self._flat = 2.0 * _FLAT / np.sqrt(2.0 * np.square(self._weights).sum())

    def root(self, distance: float) -> float:
        """Return r* at a distance; infinite beyond what the law reaches."""
        x = ((distance**2 - self._floor) / self._span) / 2.0
        if x <= self._at(_NEAREST)[1]:
            return -np.inf
        if x >= self._at(self._farthest)[1]:
            return np.inf
        v = optimize.brentq(lambda v: np.log(self._at(v)[1]) - np.log(x), self._farthest, _NEAREST)
        return self._at(v)[0]

    def distance(self, root: float) -> float:
        """Return the distance at which r* is `root`."""
        if self.is_one_distance:
            return float(np.sqrt(self._floor))
        sign = 1.0 if self._at(0.0)[0] > root else -1.0
        limit = _NEAREST if sign > 0.0 else -self._farthest
        far = 1.0
        while far < limit and sign * (self._at(sign * far)[0] - root) > 0.0:
            far = min(2.0 * far, limit)
        v = sign * far
        if sign * (self._at(v)[0] - root) < 0.0:
            v = optimize.brentq(lambda v: self._at(v)[0] - root, 0.0, v)
        return float(np.sqrt(self._floor + 2.0 * self._span * self._at(v)[1]))

    def _at(self, v: float) -> tuple[float, float]:
        """Return r* and x at 1 - 2σ = exp(v), for the largest λ scaled to 1; both fall as v grows."""
        growth = np.expm1(v)
        g = (1.0 - self._weights) + self._weights * np.exp(v)
        logs = np.log1p(self._weights * growth) if abs(v) < 1.0 else np.log(g)
        ratios = self._weights / g
        inverse = self._inverse_degrees
        excess = -growth * ratios.sum()
        x = ratios.sum() / (1.0 + excess * inverse)
        if abs(v) < self._flat:
            left, right = self._at(-self._flat)[0], self._at(self._flat)[0]
            return left + (right - left) * (v + self._flat) / (2.0 * self._flat), x
        shrunk = np.log1p(excess * inverse) / inverse if inverse else excess
        w = np.sqrt(shrunk + logs.sum())
        others = (growth * x) ** 2 * inverse * (1.0 - self._weights.size * inverse)  # dimensions without one
        u = np.sqrt((np.square(growth * (self._weights - x * inverse) / g).sum() + others) / 2.0)
        return -np.sign(v) * (w + np.log(u / w) / w), x
