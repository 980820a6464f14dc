"""A linear rule, the norm that a change of its input is measured in, and what may change."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from fastcurse._validation._arrays import as_float64, as_numeric
from fastcurse._validation._scalars import shown


def check_linear_rule(w: Any, b: Any, n_features: int) -> tuple[np.ndarray, float]:
    """Return weights (n_features,) float64 and intercept; `coef_` and `intercept_` of a binary classifier will do."""
    array = as_numeric(w, "w")
    if array.shape not in ((n_features,), (1, n_features)):
        raise ValueError(f"w must have one weight for each of the {n_features} features of X, got shape {array.shape}")
    weights = as_float64(array).ravel()
    bad = np.flatnonzero(~np.isfinite(weights))
    if bad.size:
        raise ValueError(f"w must be finite, got {weights[bad[0]]} at position {bad[0]}")
    if not weights.any():
        raise ValueError("w must have a weight other than 0: a constant rule has no boundary; got zeros only")
    alone = as_numeric([b] if isinstance(b, numbers.Real) else b, "b", allow_objects=True)
    if alone.size != 1:
        raise ValueError(f"b must be one number, got shape {alone.shape}")
    intercept = float(as_float64(alone).ravel()[0])
    if not np.isfinite(intercept):
        raise ValueError(f"b must be finite, got {intercept}")
    return weights, intercept


def check_norm(norm: Any) -> float:
    """Return `norm` as a float, or raise: it must be 1, 2 or infinity."""
    if isinstance(norm, (bool, np.bool_)) or not isinstance(norm, numbers.Real) or norm not in (1, 2, np.inf):
        raise ValueError(f"norm must be 1, 2 or inf, got {shown(norm)}")
    return float(norm)


def check_mutable(mutable: Any, n_features: int) -> np.ndarray:
    """Return which features may change (n_features,) bool, from such a mask, their indices, or None for all."""
    if mutable is None:
        return np.ones(n_features, dtype=bool)
    array = as_numeric(mutable, "mutable")
    if array.ndim != 1:
        raise ValueError(f"mutable must be a mask or a list of features, got shape {array.shape}")
    if array.dtype.kind == "b":
        if array.size != n_features:
            raise ValueError(f"mutable must have an entry for each of the {n_features} features, got {array.size}")
        return array.copy()
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"mutable must hold bools or whole numbers, got {shown(mutable)} (dtype {array.dtype})")
    outside = (array < 0) | (array >= n_features)
    if outside.any():
        raise ValueError(f"mutable must name features between 0 and {n_features - 1}, got {array[outside][0]}")
    mask = np.zeros(n_features, dtype=bool)
    mask[array.astype(np.int64)] = True
    return mask


def check_bounds(bounds: Any, X: np.ndarray, mutable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits, each (n_features,) float64; the rows of `X` keep those of the features that may change."""
    try:
        low, high = bounds
    except (TypeError, ValueError):
        raise ValueError(f"bounds must be a pair (low, high), got {shown(bounds)}") from None
    n_features = X.shape[1]
    low, high = (_as_limits(value, n_features) for value in (low, high))
    wrong = np.flatnonzero(low > high)
    if wrong.size:
        at = wrong[0]
        raise ValueError(f"bounds must have low <= high, got {low[at]:g} and {high[at]:g} for feature {at}")
    outside = ((low > X) | (high < X)) & mutable
    if outside.any():
        row, column = np.argwhere(outside)[0]
        raise ValueError(
            f"X must lie within bounds where it may change, got {X[row, column]:g} at row {row}, column {column}, "
            f"with bounds {low[column]:g} and {high[column]:g}"
        )
    return low, high


def _as_limits(value: Any, n_features: int) -> np.ndarray:
    array = as_float64(as_numeric([value] if isinstance(value, numbers.Real) else value, "bounds", allow_objects=True))
    if array.shape not in ((1,), (n_features,)):
        raise ValueError(
            f"bounds must be numbers or one for each of the {n_features} features, got shape {array.shape}"
        )
    if np.isnan(array).any():
        raise ValueError(f"bounds must not be nan, got one at position {np.flatnonzero(np.isnan(array))[0]}")
    return np.broadcast_to(array, (n_features,))
