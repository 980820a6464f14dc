"""What results share: their arrays are read-only, and a ratio of distances may be 0 / 0."""

from __future__ import annotations

import numpy as np


def freeze_arrays(result: object) -> None:
    """Make every array among the attributes of a result read-only; dataclasses call it when they are made."""
    for value in vars(result).values():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)


def ratio(numerator: np.ndarray, denominator: np.ndarray, *, where_zero: float) -> np.ndarray:
    """Return numerator / denominator, `where_zero` where the denominator is 0; inf beyond float64's range."""
    with np.errstate(over="ignore"):
        return np.divide(numerator, denominator, out=np.full_like(numerator, where_zero), where=denominator > 0)
