"""Arguments as the formulas take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def as_float(*values: ArrayLike) -> tuple[np.ndarray, ...]:
    """Return the values as float64 arrays, so that no integer power can overflow."""
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def check_choice(value: str, name: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")
