"""The smallest correction of a linear rule by optimisation, row by row: linear programs, and for L2 a root."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq, linprog


class BoundaryDistance(NamedTuple):
    """Same names as the public result's."""

    distance: np.ndarray
    correction: np.ndarray


def boundary_distance(
    w: Any, b: Any, X: Any, norm: float = 2, stable: float = 0.0, mutable: Any = None, *, bounds: Any = None
) -> BoundaryDistance:
    """Minimise the norm of δ subject to ±(w·(x + δ) + b) <= -stable ‖w‖_*, low <= x + δ <= high, δ = 0 elsewhere.

    Examples
    --------
    >>> from fastcurse.reference.robustness import boundary_distance
    >>> found = boundary_distance([1.0, 2.0], -1.0, [[2.0, 2.0]], norm=1)
    >>> found.distance, found.correction + 0.0
    (array([2.5]), array([[ 0. , -2.5]]))
    """
    w, X = np.asarray(w, float), np.asarray(X, float)
    free = np.zeros(w.size, bool)
    free[slice(None) if mutable is None else mutable] = True
    low, high = (-np.inf, np.inf) if bounds is None else bounds
    solve = {1: _least_sum, 2: _least_square, np.inf: _least_largest}[norm]
    margin = stable * np.linalg.norm(w, {1: np.inf, 2: 2, np.inf: 1}[norm])
    distances, corrections = [], []
    for x in X:
        value = w @ x + b
        slope = -w if value > 0 else w
        correction = solve(slope, abs(value) + margin, np.where(free, low - x, 0.0), np.where(free, high - x, 0.0))
        corrections.append(np.full(w.size, np.nan) if correction is None else correction)
        distances.append(np.inf if correction is None else np.linalg.norm(correction, norm))
    return BoundaryDistance(np.array(distances), np.array(corrections))


def _least_sum(slope: np.ndarray, need: float, low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
    """Minimise the sum of u and v >= 0, of which δ is the difference."""
    bounds = [*zip(np.zeros_like(high), high, strict=True), *zip(np.zeros_like(low), -low, strict=True)]
    found = linprog(np.ones(2 * slope.size), A_ub=-np.concatenate([slope, -slope])[None], b_ub=[-need], bounds=bounds)
    return None if found.status == 2 else found.x[: slope.size] - found.x[slope.size :]


def _least_largest(slope: np.ndarray, need: float, low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
    """Minimise the bound t on all |δ_i|."""
    d = slope.size
    objective = np.append(np.zeros(d), 1.0)
    sides = np.block([[np.eye(d), -np.ones((d, 1))], [-np.eye(d), -np.ones((d, 1))]])
    rows = np.vstack([np.append(-slope, 0.0), sides])
    bounds = [*zip(low, high, strict=True), (0.0, None)]
    found = linprog(objective, A_ub=rows, b_ub=np.append(-need, np.zeros(2 * d)), bounds=bounds)
    return None if found.status == 2 else found.x[:d]


def _least_square(slope: np.ndarray, need: float, low: np.ndarray, high: np.ndarray) -> np.ndarray | None:
    """Clip a multiple of the slope to the limits; the multiplier is the root of a growing function."""
    used = slope != 0.0
    if need > 0 and np.maximum(slope[used] * low[used], slope[used] * high[used]).sum() < need:
        return None

    def excess(multiplier: float) -> float:
        return float(slope @ np.clip(multiplier * slope, low, high)) - need

    top = 1.0
    while excess(top) < 0.0:
        top *= 2.0
    return np.clip(brentq(excess, 0.0, top, xtol=1e-300, rtol=1e-15) * slope, low, high)
