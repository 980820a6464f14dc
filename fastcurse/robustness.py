"""How far a point is from a linear rule's boundary, and the smallest change that takes it across."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastcurse._results import freeze_arrays
from fastcurse._validation import (
    check_bounds,
    check_count,
    check_linear_rule,
    check_mutable,
    check_nonnegative,
    check_norm,
    check_points,
)

_DUAL = {1.0: np.inf, 2.0: 2.0, np.inf: 1.0}


@dataclass(frozen=True, eq=False)
class HalfSpace:
    """All changes d of a row with normal · d >= offset; `str` writes the inequality.

    Attributes
    ----------
    normal : ndarray of shape (n_features,), float64
        0 for features that may not change.
    offset : float
        At least 0.
    """

    normal: np.ndarray
    offset: float

    def __post_init__(self) -> None:
        freeze_arrays(self)

    def __str__(self) -> str:
        """Return, say, "0.5*d0 - 1.2*d3 >= 0.71": six digits, d3 is the change of feature 3."""
        terms = [f"{'-' if self.normal[i] < 0 else '+'} {abs(self.normal[i]):g}*d{i}" for i in self.normal.nonzero()[0]]
        text = " ".join(terms).removeprefix("+ ") or "0"
        return f"{'-' + text[2:] if text.startswith('- ') else text} >= {self.offset:g}"


@dataclass(frozen=True, eq=False)
class BoundaryDistance:
    """The smallest change of each row that flips its label; arrays are read-only.

    Attributes
    ----------
    distance : ndarray of shape (n_samples,), float64
        Norm of the smallest correction, in the unit of the data; inf where none exists.
    correction : ndarray of shape (n_samples, n_features), float64
        The change itself, to be added to the row; nan where none exists.
    norm : float
        1, 2 or inf.
    stable : float
        Norm of the further changes that a corrected row withstands.
    value : ndarray of shape (n_samples,), float64
        w·x + b. The label is ``value > 0``.
    coef : ndarray of shape (n_features,), float64
        The weights w of the features that may change, 0 for the others.
    margin : float
        How far beyond 0 a correction takes the value: `stable` times the dual norm of all weights.

    Examples
    --------
    >>> import fastcurse as fc
    >>> found = fc.boundary_distance([1.0, 2.0], -1.0, [[2.0, 2.0], [0.0, 0.0]], norm=1)
    >>> found.value, found.distance  # one row on either side
    (array([ 5., -1.]), array([2.5, 0.5]))
    >>> found.correction  # in L1 the feature of the largest weight suffices
    array([[ 0. , -2.5],
           [ 0. ,  0.5]])
    >>> print(found.half_space(0))
    -1*d0 - 2*d1 >= 5
    """

    distance: np.ndarray
    correction: np.ndarray
    norm: float
    stable: float
    value: np.ndarray
    coef: np.ndarray
    margin: float

    def __post_init__(self) -> None:
        freeze_arrays(self)

    def half_space(self, row: int) -> HalfSpace:
        """Return all corrections of a row that flip its label and keep it flipped, not only the smallest.

        Parameters
        ----------
        row : int
            Number of the row.

        Returns
        -------
        HalfSpace
            Its `normal` and `offset`, printable. Changes of features that may not change are 0 besides, and the
            limits of `bounds` are not in it.
        """
        row = check_count(row, "row", minimum=0, maximum=self.value.size - 1)
        side = -1.0 if self.value[row] > 0.0 else 1.0
        return HalfSpace(side * self.coef + 0.0, float(abs(self.value[row]) + self.margin))


def boundary_distance(
    w: Any, b: Any, X: Any, norm: float = 2, stable: float = 0.0, mutable: Any = None, *, bounds: Any = None
) -> BoundaryDistance:
    r"""Find the smallest change of each row that flips the label of the linear rule w·x + b > 0.

    With :math:`f = w \cdot x + b`, e = `stable` and the dual norm :math:`\|\cdot\|_*` (of L1: L-infinity; of L2: L2;
    of L-infinity: L1) the corrections of a row with f > 0 are all :math:`\delta` with
    :math:`w \cdot (x + \delta) + b \le -e \|w\|_*`, of the others those with
    :math:`w \cdot (x + \delta) + b \ge e \|w\|_*`. If all features may change without limits, the shortest has norm

    .. math:: (|f| + e \|w\|_*) / \|w\|_*.

    Parameters
    ----------
    w : array-like of shape (n_features,) or (1, n_features)
        Weights, not all 0: ``coef_`` of a binary classifier of scikit-learn.
    b : float or array-like of shape (1,)
        Intercept: its ``intercept_``.
    X : array-like of shape (n_samples, n_features)
        At least one row of finite real numbers.
    norm : {1, 2, inf}, default=2
        What the change is measured in: sum of the sizes, Euclidean length, largest size (``numpy.inf``).
    stable : float, default=0.0
        The label of the corrected row stays flipped under every further change of at most this norm, of any feature,
        also of one that `mutable` or `bounds` holds.
    mutable : array-like of bool of shape (n_features,), or of int, optional
        The features that a correction may change, as a mask or as their numbers. None: all.
    bounds : pair (low, high), optional
        Limits of those features in the corrected row, each a number or an array of shape (n_features,), inf for none.
        The rows of `X` themselves must keep them. None: no limits.

    Returns
    -------
    BoundaryDistance
        `distance` and `correction` of each row, and `half_space(row)`: all its corrections. A row has none
        if the weights of all features that may change are 0, or the limits leave too little room: then the distance
        is inf and the correction nan.

    Raises
    ------
    TypeError
        An argument does not hold real numbers.
    ValueError
        `w` is 0 or has another shape than the features of `X`; a value is not finite; `norm` is none of the three;
        `stable` is negative; `mutable` names no feature of `X`; `bounds` is no pair of limits, or a row of `X` breaks
        them; w·x + b is beyond the range of float64.

    Notes
    -----
    *On the boundary*: corrections are a closed set, so that a smallest one exists. It ends on the boundary: any
    longer one in its direction flips the label, a shorter one does not. A row on the boundary (f = 0, label 0) is at
    distance 0.

    *Which correction*: in L1 it changes one feature, that of the largest weight (the first of equal ones), and within
    `bounds` the next ones as the first reach their limits; in L2 it is along w, in L-infinity it changes
    all features of weight other than 0 by the same size, in both cases until they reach their limits. Other
    corrections of the same norm may exist in L1 and L-infinity.

    *Cost*: O(n_samples * n_features) time, and the memory of the corrections beside `X` in float64; within `bounds`
    one sort of each row, and ten times that memory.

    *Error*: that of w·x + b, about n_features units of 1.1e-16 of the largest term, over the dual norm of w; 1e-12
    relative besides. Limits that leave room just up to the boundary may so be decided either way.

    References
    ----------
    .. [1] O. L. Mangasarian, "Arbitrary-norm separating plane", Operations Research Letters 24(1-2), 1999, pp. 15-23,
       theorem 2.2: the distance in any norm.
    .. [2] X. Zhang, A. Solar-Lezama, R. Singh, "Interpreting neural network judgments via minimal, stable, and symbolic
       corrections", NeurIPS 2018. There the corrections of a network are bounded by linear programs; here
       those of one linear rule are exact, and within limits found by filling features up in order.

    Examples
    --------
    >>> import fastcurse as fc
    >>> found = fc.boundary_distance([3.0, -4.0], 0.0, [[2.0, -1.0]], stable=0.5)
    >>> found.distance, found.correction
    (array([2.5]), array([[-1.5,  2. ]]))
    >>> print(found.half_space(0))
    -3*d0 + 4*d1 >= 12.5
    >>> fc.boundary_distance([3.0, -4.0], 0.0, [[2.0, -1.0]], norm=1).correction
    array([[0. , 2.5]])
    """
    points = np.asarray(check_points(X, min_samples=1), dtype=np.float64)
    weights, intercept = check_linear_rule(w, b, points.shape[1])
    norm = check_norm(norm)
    stable = check_nonnegative(stable, "stable")
    changeable = check_mutable(mutable, points.shape[1])
    limits = None if bounds is None else check_bounds(bounds, points, changeable)
    with np.errstate(over="ignore", invalid="ignore"):
        value = points @ weights + intercept
        margin = stable * float(_lengths(weights[None], _DUAL[norm])[0])
        need = np.abs(value) + margin
    if not np.isfinite(need).all():
        row = np.flatnonzero(~np.isfinite(need))[0]
        raise ValueError(f"X must have |w·x + b| + stable |w| in the range of float64, got {need[row]} at row {row}")
    coef = np.where(changeable, weights, 0.0)
    side = np.where(value > 0.0, -1.0, 1.0)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        if not coef.any():
            distance, correction = np.where(need > 0.0, np.inf, 0.0), np.zeros_like(points)
        elif limits is None:
            distance, direction = need / _lengths(coef[None], _DUAL[norm])[0], _steepest(coef, norm)
            correction = np.multiply.outer(side * distance, direction)
        else:
            toward = np.multiply.outer(side, np.sign(coef))
            sizes = _sizes_within(need, np.abs(coef), _room(points, toward, *limits), norm)
            distance, correction = _lengths(sizes, norm), sizes * toward
    correction[np.isinf(distance)] = np.nan
    correction += 0.0  # no -0
    return BoundaryDistance(distance, correction, norm, stable, value, coef, margin)


def _lengths(rows: np.ndarray, norm: float) -> np.ndarray:
    """Return the norm of each row; squares neither overflow nor vanish."""
    largest = np.abs(rows).max(axis=1)
    if norm == np.inf:
        return largest
    scale = np.where((largest > 0.0) & (largest < np.inf), largest, 1.0)
    return scale * np.linalg.norm(rows / scale[:, None], ord=norm, axis=1)


def _steepest(coef: np.ndarray, norm: float) -> np.ndarray:
    """Return the direction of norm 1 with the largest product with `coef`, which is its dual norm."""
    if norm == 2.0:
        return coef / _lengths(coef[None], 2.0)[0]
    if norm == np.inf:
        return np.sign(coef)
    direction = np.zeros_like(coef)
    first = np.abs(coef).argmax()
    direction[first] = np.sign(coef[first])
    return direction


def _room(points: np.ndarray, toward: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return how far each value may go; where the rounded sum would be beyond the limit, a unit less."""
    room = np.where(toward > 0.0, high - points, points - low)
    there = points + np.where(toward > 0.0, room, -room)
    return np.where((there > high) | (there < low), np.nextafter(room, 0.0), room)


def _sizes_within(need: np.ndarray, weights: np.ndarray, room: np.ndarray, norm: float) -> np.ndarray:
    """Return the smallest sizes (n, d) with weights · sizes = need and sizes <= room; inf in rows that have none.

    L1 fills the features one by one, the largest weight first. L2 and L-infinity fill all at once, feature i
    at the pace w_i or 1, each until it is full: at level t its size is min(t pace_i, room_i), and the gain
    Σ w_i min(t pace_i, room_i) is linear in t between the levels room_i / pace_i at which a feature gets full.
    These sizes satisfy the Karush-Kuhn-Tucker conditions of the convex problem, so they are smallest.
    """
    exponent = -np.frexp(weights.max())[1]  # a power of two: nothing is rounded
    weights, need = np.ldexp(weights, exponent), np.ldexp(need, exponent)
    pace = weights if norm == 2.0 else np.ones_like(weights)
    used = np.flatnonzero(weights * pace > 0.0)
    w, pace, free = weights[used], pace[used], room[:, used]
    sizes = np.zeros(room.shape)
    if norm == 1.0:
        order = np.argsort(-w, kind="stable")
        before, enough = _gains(w[order] * free[:, order], need)
        sizes[:, used[order]] = np.clip((need[:, None] - before) / w[order], 0.0, free[:, order])
    else:
        full = free / pace
        order = np.argsort(full, axis=1)
        before, enough = _gains(np.take_along_axis(w * free, order, axis=1), need)
        slope = np.cumsum((w * pace)[order][:, ::-1], axis=1)[:, ::-1]
        reached = before + np.take_along_axis(full, order, axis=1) * slope >= need[:, None]
        reached[:, -1] = True  # of rows with enough room, if a rounding hides it
        at = np.arange(len(need)), reached.argmax(axis=1)
        level = (need - before[at]) / slope[at]
        sizes[:, used] = np.minimum(level[:, None] * pace, free)
    sizes[~enough | np.isinf(need)] = np.inf
    return sizes


def _gains(gains: np.ndarray, need: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what is gained before each feature that is filled up in turn, and which rows gain what they need."""
    total = np.cumsum(gains, axis=1)
    return np.concatenate([np.zeros((len(total), 1)), total[:, :-1]], axis=1), total[:, -1] >= need
