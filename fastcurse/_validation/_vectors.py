"""Vectors of real numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse._validation._arrays import as_float64, as_numeric


def check_vector(value: Any, name: str, size: int) -> np.ndarray:
    """Return `value` as float64 (size,), or raise: one dimension, `size` real and finite numbers."""
    array = as_numeric(value, name, allow_objects=True)
    if array.shape != (size,):
        raise ValueError(f"{name} must have shape ({size},), got shape {array.shape}")
    vector = as_float64(array)
    at = np.flatnonzero(~np.isfinite(vector))
    if at.size:
        raise ValueError(f"{name} has a {vector[at[0]]} at position {at[0]}; every value must be finite")
    return vector
