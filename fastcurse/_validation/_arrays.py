"""Points, prefixes and arrays of real numbers."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from fastcurse._memmap import release, take_rows
from fastcurse._validation._scalars import shown

_ROWS_PER_CHECK = 4096


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
    array = as_numeric(X, name, allow_objects=allow_objects)
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


def check_prefixes(prefixes: Any, n_features: int | None, name: str = "prefixes") -> np.ndarray:
    """Return `prefixes` as int64 (m,), or every prefix 1..n_features for None; without `n_features`, of any size."""
    if prefixes is None and n_features is not None:
        return np.arange(1, n_features + 1, dtype=np.int64)
    try:
        array = np.asarray(prefixes)
    except ValueError:
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise ValueError(f"{name} must be a list of whole numbers, got {shown(prefixes)}")
    if array.size == 0:
        raise ValueError(f"{name} must name at least one prefix, got none")
    if array.dtype.kind not in "iu":
        exact = np.asarray(prefixes, dtype=object)  # of whole numbers beyond 64 bits NumPy makes floats or objects
        if not all(isinstance(prefix, numbers.Integral) and not isinstance(prefix, bool) for prefix in exact):
            raise TypeError(f"{name} must be whole numbers, got {shown(prefixes)} (dtype {array.dtype})")
        array = exact
    outside = (array < 1) | (array > (np.iinfo(np.int64).max if n_features is None else n_features))
    if outside.any():
        first = array[outside][0]
        rule = f"lie between 1 and n_features = {n_features}"
        if n_features is None:
            rule = "be at least 1" if first < 1 else "be below 2^63"
        raise ValueError(f"{name} must {rule}, got {shown(int(first))}")
    array = array.astype(np.int64)
    falls = np.flatnonzero(np.diff(array) <= 0)
    if falls.size:
        at = falls[0]
        raise ValueError(f"{name} must increase strictly, got {array[at]} followed by {array[at + 1]}")
    return array


def check_queries(queries: Any, X: np.ndarray, name: str = "queries") -> tuple[np.ndarray | None, np.ndarray]:
    """Return the rows of `X` that the queries are (n_queries,) int64, None where they are points, and their points."""
    array = as_numeric(queries, name)
    n_samples, n_features = X.shape
    if array.ndim == 1:
        if array.size == 0:
            raise ValueError(f"{name} must name at least one row of X, got none")
        if array.dtype.kind not in "iu":
            raise TypeError(
                f"{name} of one dimension must be whole numbers, rows of X, got {shown(queries)} (dtype {array.dtype})"
            )
        outside = (array < 0) | (array >= n_samples)
        if outside.any():
            raise ValueError(
                f"{name} must be rows of X, between 0 and {n_samples - 1}, got {array[outside][0]} "
                f"at position {np.flatnonzero(outside)[0]}"
            )
        rows = array.astype(np.int64)
        return rows, take_rows(X, rows)
    if array.ndim != 2:
        raise ValueError(f"{name} must have 1 dimension, rows of X, or 2, points, got shape {array.shape}")
    points = check_points(array, name, min_samples=1)
    if points.shape[1] != n_features:
        raise ValueError(f"{name} must have the {n_features} features of X, got shape {points.shape}")
    return None, points


def check_real(
    value: Any, name: str, *, minimum: float, strict: bool = False, allow_infinite: bool = False
) -> np.ndarray:
    """Return `value` as a float64 array whose elements are all at least (`strict`: above) `minimum`."""
    alone = isinstance(value, numbers.Real)  # of a large int NumPy makes an array of objects without dimension
    array = as_numeric([value] if alone else value, name, allow_objects=True)
    array = array.reshape(()) if alone else array
    array = as_float64(array)
    bad = ~(array > minimum if strict else array >= minimum)
    if not allow_infinite:
        bad |= ~np.isfinite(array)
    if bad.any():
        rule = f"{'above' if strict else 'at least'} {minimum:g}" + ("" if allow_infinite else " and finite")
        raise ValueError(f"{name} must be {rule}, got {float(array[bad].flat[0])!r}")
    return array


def as_numeric(value: Any, name: str, *, allow_objects: bool = False) -> np.ndarray:
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
        raise TypeError(rule + (f" from {shown(value)}" if array.size <= 16 else ""))
    alien = _first_alien(value, array)
    if alien:
        raise TypeError(f"{rule} with {alien}; the argument must be free of strings and objects other than numbers")
    if not allow_objects:
        raise TypeError(f"{rule}, though its elements are numbers; pass {name}.astype(float)")
    try:
        return array.astype(np.float64)
    except OverflowError:
        raise ValueError(f"{name} must hold numbers in the range of float64, got a larger whole number") from None


def as_float64(array: np.ndarray) -> np.ndarray:
    """Return a copy as float64; a long double beyond its range is inf, without a warning."""
    with np.errstate(over="ignore", under="ignore"):
        return array.astype(np.float64)


def _first_alien(value: Any, array: np.ndarray) -> str:
    """Name the first element of an object array that is no real number: itself, its type and its place."""
    for place in np.ndindex(array.shape):
        element = array[place]
        if isinstance(element, (numbers.Real, np.bool_)):
            continue
        where = ", ".join(f"{axis} {k}" for axis, k in zip(("row", "column", "layer"), place, strict=False))
        if array.ndim == 2 and hasattr(value, "columns") and hasattr(value, "dtypes"):
            where += f" ({value.columns[place[1]]!r}, dtype {value.dtypes.iloc[place[1]]})"
        return f"{shown(element)} ({type(element).__name__}) at {where}"
    return ""


def _check_finite(array: np.ndarray, name: str) -> None:
    for start in range(0, array.shape[0], _ROWS_PER_CHECK):
        # A long double beyond float64's range is as infinite here as inf itself.
        with np.errstate(over="ignore"):
            block = np.asarray(array[start : start + _ROWS_PER_CHECK], dtype=np.promote_types(np.float32, array.dtype))
            block = block.astype(np.float64) if block.dtype.itemsize > 8 else block
        finite = np.isfinite(block).all()
        release(array[start : start + _ROWS_PER_CHECK])
        if not finite:
            row, column = np.argwhere(~np.isfinite(block))[0]
            value = block[row, column]
            raise ValueError(
                f"{name} has a {value} at row {start + row}, column {column}; "
                "every value must be finite, neither NaN nor inf"
            )
