"""Every check of an argument, and its message: the argument's name, the rule, the value received."""

from __future__ import annotations

import numbers
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

_ROWS_PER_CHECK = 4096


def _shown(value: object, limit: int = 60) -> str:
    text = " ".join(repr(value).split())
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


def check_path(path: Any, name: str) -> Path | None:
    """Return `path` as a Path, None for None."""
    if path is None:
        return None
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{name} must be a path, got {_shown(path)}")
    return Path(path)


class _ComplexDataError(TypeError, ValueError):
    """Complex numbers: the wrong type here, a ValueError in scikit-learn's contract; as numpy's AxisError is two."""


def check_points(X: Any, name: str = "X", *, min_samples: int = 2, allow_objects: bool = False) -> np.ndarray:
    """Return `X` as a real, finite, two-dimensional array, without copying one that already is.

    Raises TypeError for complex numbers, strings, objects and sparse matrices; ValueError for ragged
    lists, the wrong number of dimensions, fewer than `min_samples` rows, no feature, and the first
    element that is not finite (its row and column are named). `allow_objects` takes object arrays whose
    elements are all real numbers, as float64.

    The messages keep to phrases that scikit-learn's `check_estimator` looks for ("Reshape your data",
    "n_samples = 1", "0 feature(s) (shape=(5, 0)) while a minimum of 1 is required.", "NaN").
    """
    array = _as_numeric(X, name, allow_objects=allow_objects)
    if array.ndim != 2:
        hint = ""
        if array.ndim == 1 and min_samples > 1:
            hint = f"; reshape a single feature with {name}.reshape(-1, 1)"
        elif array.ndim == 1:
            hint = f". Reshape your data: {name}.reshape(-1, 1) if it is one feature, {name}.reshape(1, -1) if one row"
        raise ValueError(f"{name} must have 2 dimensions (n_samples, n_features), got shape {array.shape}{hint}")
    n_samples, n_features = array.shape
    if n_samples < min_samples:
        rule = "1 row" if min_samples == 1 else f"{min_samples} rows"
        raise ValueError(f"{name} must have at least {rule}, got shape {array.shape}, n_samples = {n_samples}")
    if n_features < 1:
        raise ValueError(
            f"{name} must have at least 1 feature, got 0 feature(s) (shape={array.shape}) "
            "while a minimum of 1 is required."
        )
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


def check_labels(y: Any, n_samples: int, name: str = "y", points: str = "X") -> np.ndarray:
    """Return the labels as a one-dimensional array of one finite number or string for each row of `points`."""
    try:
        labels = np.asarray(y)
    except (ValueError, TypeError):
        raise ValueError(f"{name} must have 1 dimension (n_samples,), got the ragged {_shown(y)}") from None
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"{name} must have 1 dimension (n_samples,), got shape {labels.shape}")
    if labels.shape[0] != n_samples:
        raise ValueError(
            f"{name} must have one label a row: {points} has {n_samples} rows, {name} has {labels.shape[0]}"
        )
    if labels.dtype.kind == "c":
        raise TypeError(f"{name} must hold numbers or strings, got dtype {labels.dtype}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        at = int(np.flatnonzero(~np.isfinite(labels))[0])
        raise ValueError(f"{name} has a {labels[at]} at row {at}; labels need finite values")
    if labels.dtype.kind == "O":
        for row, label in enumerate(labels):
            if not isinstance(label, str):
                raise TypeError(
                    f"{name} must hold numbers or strings, with dtype object only strings, got {_shown(label)} "
                    f"({type(label).__name__}) at row {row} (Unknown label type)"
                )
    return labels


def check_classes(labels: np.ndarray, name: str = "y") -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted classes (at least two) and each label's place among them.

    A number with a fraction is no class: scikit-learn's "Unknown label type: continuous".
    """
    if labels.dtype.kind == "f":
        fractions = np.flatnonzero(labels != np.rint(labels))
        if fractions.size:
            raise ValueError(
                f"{name} must hold whole numbers or strings, got {labels[fractions[0]]} at row {fractions[0]} "
                "(Unknown label type: continuous)"
            )
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"{name} must hold at least 2 classes, got 1 class: {classes.tolist()[0]!r}")
    return classes, codes


def check_codes(labels: np.ndarray, classes: np.ndarray, name: str = "y") -> np.ndarray:
    """Return each label's place among the sorted `classes`, of which it must be one."""
    if (labels.dtype.kind in "OUS") != (classes.dtype.kind in "OUS"):
        raise TypeError(f"{name} must hold labels of {classes.tolist()}, got dtype {labels.dtype}")
    codes = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    unknown = np.flatnonzero(classes[codes] != labels)
    if unknown.size:
        at = unknown[0]
        raise ValueError(f"{name} must hold labels of {classes.tolist()}, got {labels[at]!r} at row {at}")
    return codes


def _as_numeric(value: Any, name: str, *, allow_objects: bool = False) -> np.ndarray:
    if hasattr(value, "toarray") and hasattr(value, "nnz"):
        raise TypeError(f"{name} must be dense, got a sparse matrix; pass {name}.toarray()")
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(f"{name} must have no masked element, got {np.ma.count_masked(value)} of them")
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{name} must be rectangular: every row the same number of values ({error})") from None
    if array.dtype.kind in "biuf":
        return array
    rule = f"{name} must hold real numbers (float, int or bool), got dtype {array.dtype}"
    if array.dtype.kind == "c":
        raise _ComplexDataError(f"{rule}. Complex data not supported")
    if array.dtype.kind != "O" or array.ndim == 0:
        raise TypeError(rule + (f" from {_shown(value)}" if array.size <= 16 else ""))
    alien = _first_alien(value, array)
    if alien:
        raise TypeError(f"{rule} with {alien}; the argument must be free of strings and objects other than numbers")
    if not allow_objects:
        raise TypeError(f"{rule}, though its elements are numbers; pass {name}.astype(float)")
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{name} must hold numbers in the range of float64, got a larger whole number") from None


def _first_alien(value: Any, array: np.ndarray) -> str:
    """Name the first element of an object array that is no real number: itself, its type and its place."""
    for place in np.ndindex(array.shape):
        element = array[place]
        if isinstance(element, (numbers.Real, np.bool_)):
            continue
        where = ", ".join(f"{axis} {k}" for axis, k in zip(("row", "column", "layer"), place, strict=False))
        if array.ndim == 2 and hasattr(value, "columns") and hasattr(value, "dtypes"):
            where += f" ({value.columns[place[1]]!r}, dtype {value.dtypes.iloc[place[1]]})"
        return f"{_shown(element)} ({type(element).__name__}) at {where}"
    return ""


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
                f"{name} has a {value} at row {start + row}, column {column}; "
                "every value must be finite, neither NaN nor inf"
            )


def check_nonnegative(value: Any, name: str) -> float:
    """Return `value` as a finite float of at least 0, or raise."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (numbers.Real, np.floating)):
        raise TypeError(f"{name} must be a number, got {_shown(value)} ({type(value).__name__})")
    if not 0.0 <= float(value) < np.inf:
        raise ValueError(f"{name} must be at least 0 and finite, got {value}")
    return float(value)


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
