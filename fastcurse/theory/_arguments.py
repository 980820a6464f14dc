"""Arguments as the formulas take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def as_float(*values: ArrayLike) -> tuple[np.ndarray, ...]:
    """Return the values as float64 arrays, so that no integer power can overflow."""
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def at_least(value: ArrayLike, name: str, least: float) -> np.ndarray:
    """Return `value` as float64, all of it `least` or more; nan is not."""
    array = np.asarray(value, dtype=np.float64)
    if not (fits := array >= least).all():
        raise ValueError(f"{name} must be at least {least:g}, got {array[~fits].flat[0]:g}")
    return array


def above(value: ArrayLike, name: str, bound: float) -> np.ndarray:
    """Return `value` as float64, all of it above `bound`; nan is not."""
    array = np.asarray(value, dtype=np.float64)
    if not (fits := array > bound).all():
        raise ValueError(f"{name} must be above {bound:g}, got {array[~fits].flat[0]:g}")
    return array


def whole(value: ArrayLike, name: str, least: float) -> np.ndarray:
    """Return `value` as float64, all of it whole numbers of `least` or more."""
    array = np.asarray(value, dtype=np.float64)
    if not (fits := np.isfinite(array) & (array >= least) & (array == np.floor(array))).all():
        raise ValueError(f"{name} must be whole and at least {least:g}, got {array[~fits].flat[0]:g}")
    return array


def inside_unit(value: ArrayLike, name: str) -> np.ndarray:
    """Return `value` as float64, all of it strictly between 0 and 1; nan is not."""
    array = np.asarray(value, dtype=np.float64)
    if not (fits := (array > 0) & (array < 1)).all():
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {array[~fits].flat[0]:g}")
    return array


def check_choice(value: str, name: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
