"""The screen's thresholds and blocks, as proved in ``_kernels.screen``: pure functions of the best distances so far."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_UNIT32 = 2.0**-24 * (1 + 2.0**-20)
_SUBNORMAL32 = 2.0**-149
LARGEST_PREFIX = 2**22  # the proof needs (p + 2) u < 1; up to here the bound is at most a third
_EAGER_FEATURES = 16  # blocks of one feature: sums still grow by large factors there
_LONGEST_BLOCK = 16
_GROWTH = 8  # a block of features (a, b] has b - a <= a / _GROWTH


class Blocks(NamedTuple):
    """Blocks of features, counted from 1: (m,) int64 each."""

    low_at: np.ndarray  # first asked prefix of the block, where its lower threshold is tested
    high_at: np.ndarray  # last asked prefix of the block, where it ends


class Thresholds(NamedTuple):
    """Sums below `low` or above `high` are noted; float32, of each feature and of each block."""

    block_low: np.ndarray
    block_high: np.ndarray
    low: np.ndarray
    high: np.ndarray


def cut_blocks(prefixes: np.ndarray) -> Blocks:
    """Group the asked prefixes (m,) into blocks that are short where sums still grow fast."""
    low_at, high_at = [], []
    at = 0
    while at < prefixes.size:
        first = int(prefixes[at])
        longest = 1 if first <= _EAGER_FEATURES else min(_LONGEST_BLOCK, max(1, first // _GROWTH))
        last = int(np.searchsorted(prefixes, first + longest)) - 1
        low_at.append(first)
        high_at.append(int(prefixes[last]))
        at = last + 1
    return Blocks(np.array(low_at, dtype=np.int64), np.array(high_at, dtype=np.int64))


def thresholds(
    nearest: np.ndarray,
    farthest: np.ndarray,
    largest_norm: np.ndarray,
    exponent: int,
    prefixes: np.ndarray,
    blocks: Blocks,
) -> Thresholds:
    """Return the thresholds that no pair within the best distances passes undetected.

    Parameters
    ----------
    nearest, farthest : ndarray of shape (n_features,), float64
        Best distances so far at each prefix, in the unit of the data.
    largest_norm : ndarray of shape (n_features,), float64
        N(p): an upper bound of the scaled norms of the centred points at each prefix.
    exponent : int
        e: the screened points are those of the data times 2^-e.
    prefixes : ndarray of shape (m,), int64
        Asked prefixes; at all others nothing is noted.
    blocks : Blocks
        ``cut_blocks(prefixes)``.

    Returns
    -------
    Thresholds
        Rounded outward to float32.
    """
    p = np.arange(1, nearest.size + 1, dtype=np.float64)
    unit = (p + 2) * _UNIT32
    growth = unit / (1 - unit)
    slack = (p + 8) * 2.0**-52
    distance_error = (2 * _UNIT32 * largest_norm + 2 * p * _SUBNORMAL32 + p * 2.0**-136) * (1 + 2.0**-40)
    sum_error = p * _SUBNORMAL32
    # 2^-40 covers the float64 roundings of these lines themselves.
    reach = np.ldexp(nearest, -exponent) * (1 + slack) + distance_error
    low = (reach**2 * (1 + growth) + sum_error) * (1 + 2.0**-40)
    reach = np.maximum(np.ldexp(farthest, -exponent) * (1 - slack) - distance_error, 0.0)
    high = reach**2 * (1 - growth) * (1 - 2.0**-40) - sum_error
    asked = np.zeros(nearest.size, dtype=bool)
    asked[prefixes - 1] = True
    # A sum equal to a threshold must be noted too, and the kernel compares strictly: two steps outward.
    low32 = np.where(asked, _step(_step(low.astype(np.float32), np.inf), np.inf), np.float32(-1))
    high32 = np.where(asked, _step(_step(high.astype(np.float32), -np.inf), -np.inf), np.float32(np.inf))
    begins = blocks.low_at - 1
    return Thresholds(
        block_low=np.maximum.reduceat(low32, begins),
        block_high=np.minimum.reduceat(high32, begins),
        low=low32,
        high=high32,
    )


def _step(values: np.ndarray, towards: float) -> np.ndarray:
    return np.nextafter(values, np.float32(towards))
