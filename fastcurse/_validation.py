"""Every check of an argument, and its message: the argument's name, the rule, the value received."""

from __future__ import annotations

import numbers
import warnings
from typing import Any

import numpy as np

_ROWS_PER_CHECK = 4096


def _shown(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


def check_count(value: Any, name: str, *, minimum: int, maximum: int | None = None) -> int:
    """Return `value` as an int, or raise: it must be a whole number of at least `minimum`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {_shown(value)} ({type(value).__name__})")
    count = int(value)
    if count < minimum or (maximum is not None and count > maximum):
        rule = f"at least {minimum}" if maximum is None else f"between {minimum} and {maximum}"
        raise ValueError(f"{name} must be {rule}, got {count}")
    return count


def check_threads(n_threads: Any) -> int | None:
    """Return `n_threads` as a positive int, or None for all available processors."""
    return None if n_threads is None else check_count(n_threads, "n_threads", minimum=1)


def check_choice(value: Any, name: str, choices: tuple[str, ...]) -> str:
    """Return `value`, or raise: it must be one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        allowed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be one of {allowed}, got {_shown(value)}")
    return value


def check_fraction(value: Any, name: str) -> float:
    """Return `value` as a float strictly between 0 and 1, or raise."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {_shown(value)} ({type(value).__name__})")
    if not 0.0 < float(value) < 1.0:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {value}")
    return float(value)


def check_real(
    value: Any, name: str, *, minimum: float, strict: bool = False, allow_infinite: bool = False
) -> np.ndarray:
    """Return `value` as a float64 array whose elements are all at least (`strict`: above) `minimum`."""
    array = _as_numeric(value, name)
    array = np.asarray(array, dtype=np.float64)
    bad = ~(array > minimum if strict else array >= minimum)
    if not allow_infinite:
        bad |= ~np.isfinite(array)
    if bad.any():
        rule = f"{'above' if strict else 'at least'} {minimum:g}" + ("" if allow_infinite else " and finite")
        raise ValueError(f"{name} must be {rule}, got {array[bad].flat[0]:g}")
    return array


def check_seed(random_state: Any) -> np.random.SeedSequence:
    """Return the SeedSequence of an int, a Generator (one draw is taken) or None (fresh entropy)."""
    if random_state is None:
        return np.random.SeedSequence()
    if isinstance(random_state, np.random.Generator):
        return np.random.SeedSequence(int(random_state.integers(0, 2**63)))
    if isinstance(random_state, np.random.RandomState):
        return np.random.SeedSequence(int(random_state.randint(0, 2**31 - 1)))
    if isinstance(random_state, (bool, np.bool_)) or not isinstance(random_state, numbers.Integral):
        raise TypeError(f"random_state must be a whole number, a numpy Generator or None, got {_shown(random_state)}")
    if random_state < 0:
        raise ValueError(f"random_state must be at least 0, got {random_state}")
    return np.random.SeedSequence(int(random_state))


def check_points(X: Any, name: str = "X", *, min_samples: int = 2) -> np.ndarray:
    """Return `X` as a real, finite, two-dimensional array, without copying one that already is.

    Raises TypeError for complex numbers, strings, objects and sparse matrices; ValueError for ragged
    lists, the wrong number of dimensions, fewer than `min_samples` rows, no feature, and the first
    element that is not finite (its row and column are named).
    """
    array = _as_numeric(X, name)
    if array.ndim != 2:
        hint = "; reshape a single feature with X.reshape(-1, 1)" if array.ndim == 1 else ""
        raise ValueError(f"{name} must have 2 dimensions (n_samples, n_features), got shape {array.shape}{hint}")
    n_samples, n_features = array.shape
    if n_samples < min_samples:
        raise ValueError(f"{name} must have at least {min_samples} rows, got shape {array.shape}")
    if n_features < 1:
        raise ValueError(f"{name} must have at least 1 feature, got shape {array.shape}")
    if array.dtype.kind == "f":
        _check_finite(array, name)
    return array


def check_prefixes(prefixes: Any, n_features: int) -> np.ndarray:
    """Return `prefixes` as int64 (m,), or every prefix 1..n_features for None."""
    if prefixes is None:
        return np.arange(1, n_features + 1, dtype=np.int64)
    try:
        array = np.asarray(prefixes)
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise ValueError(f"prefixes must be a list of whole numbers, got {_shown(prefixes)}")
    if array.size == 0:
        raise ValueError("prefixes must name at least one prefix, got none")
    if array.dtype.kind not in "iu":
        raise TypeError(f"prefixes must be whole numbers, got {_shown(prefixes)} (dtype {array.dtype})")
    outside = (array < 1) | (array > n_features)
    if outside.any():
        raise ValueError(f"prefixes must lie between 1 and n_features = {n_features}, got {array[outside][0]}")
    array = array.astype(np.int64)
    falls = np.flatnonzero(np.diff(array) <= 0)
    if falls.size:
        at = falls[0]
        raise ValueError(f"prefixes must increase strictly, got {array[at]} followed by {array[at + 1]}")
    return array


def check_labels(y: Any, n_samples: int, name: str = "y") -> np.ndarray:
    """Return the labels as a one-dimensional array of `n_samples` elements of at least two classes."""
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"{name} must have 1 dimension (n_samples,), got shape {labels.shape}")
    if labels.shape[0] != n_samples:
        raise ValueError(f"{name} must have one label a row: X has {n_samples} rows, {name} has {labels.shape[0]}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        at = int(np.flatnonzero(~np.isfinite(labels))[0])
        raise ValueError(f"{name} has a {labels[at]} at row {at}; labels need finite values")
    return labels


def _as_numeric(value: Any, name: str) -> np.ndarray:
    if hasattr(value, "toarray") and hasattr(value, "nnz"):
        raise TypeError(f"{name} must be dense, got a sparse matrix; pass {name}.toarray()")
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(f"{name} must have no masked element, got {np.ma.count_masked(value)} of them")
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name} must be rectangular: every row the same number of values ({error})") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must hold real numbers (float, int or bool), got dtype {array.dtype}"
            + (f" from {_shown(value)}" if array.size <= 16 else "")
        )
    return array


def _check_finite(array: np.ndarray, name: str) -> None:
    for start in range(0, array.shape[0], _ROWS_PER_CHECK):
        # A long double beyond float64's range is as infinite here as inf itself.
        with np.errstate(over="ignore"):
            block = np.asarray(array[start : start + _ROWS_PER_CHECK], dtype=np.promote_types(np.float32, array.dtype))
            block = block.astype(np.float64) if block.dtype.itemsize > 8 else block
        if not np.isfinite(block).all():
            row, column = np.argwhere(~np.isfinite(block))[0]
            value = block[row, column]
            raise ValueError(
                f"{name} has a {value} at row {start + row}, column {column}; only finite values have distances"
            )


def check_nonnegative(value: Any, name: str) -> float:
    """Return `value` as a finite float of at least 0, or raise."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, np.floating)):
        raise TypeError(f"{name} must be a number, got {_shown(value)} ({type(value).__name__})")
    if not 0.0 <= float(value) < np.inf:
        raise ValueError(f"{name} must be at least 0 and finite, got {value}")
    return float(value)


def check_finite_rows(array: np.ndarray, name: str, purpose: str) -> np.ndarray:
    """Return the float64 `array` (n, D), or raise: the first element that is NaN or inf is named."""
    for start in range(0, array.shape[0], _ROWS_PER_CHECK):
        finite = np.isfinite(array[start : start + _ROWS_PER_CHECK])
        if not finite.all():
            row, column = np.argwhere(~finite)[0]
            value = array[start + row, column]
            shown = "NaN" if np.isnan(value) else f"{value}"
            raise ValueError(f"{name} has {shown} at row {start + row}, column {column}; {purpose} needs finite values")
    return array


def check_priors(priors: Any, n_classes: int) -> np.ndarray:
    """Return `priors` as float64 (n_classes,), none negative; they are made to sum to 1, with a warning."""
    try:
        array = np.array(priors, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"priors must be numbers, one a class, got {_shown(priors)}") from None
    if array.shape != (n_classes,):
        raise ValueError(f"priors must be {n_classes} numbers, one a class, got {_shown(priors)}")
    if not (np.isfinite(array) & (array >= 0.0)).all():
        raise ValueError(f"priors must be non-negative and finite, got {_shown(priors)}")
    total = array.sum()
    if total <= 0.0:
        raise ValueError(f"priors must have a positive sum, got {_shown(priors)}")
    if abs(total - 1.0) > 1e-5:
        warnings.warn(f"priors must sum to 1, got {total:g}: renormalizing", UserWarning, stacklevel=3)
        array /= total
    return array
