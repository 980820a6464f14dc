"""What a checkpoint notes is only taken in if it can be of this work: its digest tells damage, not who wrote it."""

from __future__ import annotations

from typing import Any

import numpy as np


def whole_numbers(note: Any, shape: tuple[int, ...], *, least: int = 0, below: int = 2**62) -> np.ndarray:
    """Return a note as int64 of that shape; raise TypeError unless all are whole, `least` to `below` - 1."""
    numbers = np.array(note)
    if numbers.shape != shape or (numbers.size and numbers.dtype.kind != "i"):
        raise TypeError(f"whole numbers of shape {shape} are expected")
    if not ((numbers >= least) & (numbers < below)).all():
        raise TypeError(f"whole numbers from {least} to {below - 1} are expected")
    return numbers.astype(np.int64)


def places(note: Any, below: int) -> np.ndarray:
    """Return a list of any length of whole numbers from 0 to `below` - 1 as int64."""
    return whole_numbers(note, (len(note),), below=below)


def distances(note: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return a note as float64 of that shape; raise TypeError unless all are numbers, infinite ones among them."""
    numbers = np.array(note)
    if numbers.shape != shape or numbers.dtype != np.float64 or np.isnan(numbers).any():
        raise TypeError(f"distances of shape {shape} are expected")
    return numbers


def truth(note: Any) -> bool:
    """Return a note that is true or false."""
    if not isinstance(note, bool):
        raise TypeError("true or false is expected")
    return note
