"""The screen's thresholds and blocks, as proved in ``_kernels.screen``: pure functions of the best distances so far."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

UNIT32 = 2.0**-24 * (1 + 2.0**-20)
_SUBNORMAL32 = 2.0**-149
LARGEST_PREFIX = 2**22  # the proof needs (p + 3) u < 1; up to here the bound is at most a third
_CLEAR = 3.8  # standard deviations between the mean and what a block may not reach: some 1 % of blocks run again
_SHORTEST = 64  # a block (a, b] has b - a >= a / _SHORTEST, whatever the data, if prefixes are asked there
_PRODUCTS_PAY = 8  # features of a block from which on two norms cost less than products save
_PRODUCT_MARGIN = 32  # how much smaller the error of products must be than the spread of the sums


class Outlook(NamedTuple):
    """What a sample says of all pairs' squared distances, in the frame: (n_features,) float64 each."""

    mean: np.ndarray
    deviation: np.ndarray
    low: np.ndarray  # about where the nearest pair will be
    high: np.ndarray


class Blocks(NamedTuple):
    """Blocks of features (a, b], counted from 1; the last of them is empty."""

    ends: np.ndarray  # b, an asked prefix; (n_blocks,) int64
    n_squared: int  # blocks at the front that add squared differences

    @property
    def begins(self) -> np.ndarray:
        """Where each block begins: a."""
        return np.append(0, self.ends[:-1])

    @property
    def products(self) -> range:
        """Indices of the blocks that add products."""
        return range(self.n_squared, self.ends.size - 1)


class Thresholds(NamedTuple):
    """Sums below `low` or above `high` are noted; float32, of each block and of each prefix from 0 on."""

    block_low: np.ndarray
    block_high: np.ndarray
    low: np.ndarray
    high: np.ndarray


def look_ahead(nearest: np.ndarray, farthest: np.ndarray, n_sampled: int, n_pairs: int) -> Outlook:
    """Extrapolate the extremes (n_features,) of `n_sampled` pairs to `n_pairs`, as if squared distances were normal.

    nearest, farthest: in the frame.
    """
    low, high = nearest**2, farthest**2
    quantile, beyond = (NormalDist().inv_cdf(1 - 1 / (n + 2)) for n in (n_sampled, n_pairs))
    mean = (low + high) / 2
    reach = (high - low) / 2 / quantile
    return Outlook(mean, reach, np.maximum(mean - beyond * reach, 0), mean + beyond * reach)


def cut_blocks(prefixes: np.ndarray, outlook: Outlook) -> Blocks:
    """Group the asked prefixes (m,) into blocks in which hardly a pair comes near the extremes.

    A block (a, b] is as long as the mean sum, less a few standard deviations, exceeds at a the nearest pair's at
    b, and plus a few is at b below the farthest pair's at a + 1. Blocks add products from where they are long and the
    products' error is small beside the spread of the sums. Any blocks are right; these are fast.
    """
    floor = outlook.mean - _CLEAR * outlook.deviation
    low = np.maximum.accumulate(outlook.low)
    ceiling = np.maximum.accumulate(outlook.mean + _CLEAR * outlook.deviation)
    error = 4 * outlook.high * (np.arange(floor.size) + 64) * UNIT32  # of the order of the bound of products
    harmful = prefixes[(error * _PRODUCT_MARGIN > np.minimum(outlook.low, outlook.high - outlook.low))[prefixes - 1]]
    first_product = int(harmful[-1]) if harmful.size else 0
    ends, n_squared = [0], 0
    while (at := ends[-1]) < prefixes[-1]:
        reached = at + 1
        if at > 0:
            reached = min(np.searchsorted(low, floor[at - 1]) + 1, np.searchsorted(ceiling, outlook.high[at]))
            reached = max(reached, at + at // _SHORTEST)
        first, following = np.searchsorted(prefixes, (reached, at), side="right")
        ends.append(int(prefixes[max(first - 1, following)]))
        if n_squared == len(ends) - 2 and (at < first_product or ends[-1] - at < _PRODUCTS_PAY):
            n_squared += 1
    ends.append(ends[-1])  # the empty block
    return Blocks(np.array(ends[1:], dtype=np.int64), n_squared)


def thresholds(
    nearest: np.ndarray,
    farthest: np.ndarray,
    largest_norm: np.ndarray,
    exponent: int,
    prefixes: np.ndarray,
    blocks: Blocks,
    largest_square: np.ndarray,
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
        The blocks of those prefixes.
    largest_square : ndarray of shape (n_blocks,), float64
        M / 4: an upper bound of the squared norms of the screened points where each block ends.

    Returns
    -------
    Thresholds
        Rounded outward to float32.
    """
    # Of each block, at its end: relative and absolute error of the sums.
    unit = (blocks.ends + 3) * UNIT32
    growth = unit / (1 - unit)
    sum_error = 2 * blocks.ends * _SUBNORMAL32
    longest = (blocks.ends - blocks.begins)[blocks.products].max(initial=0)
    steps = blocks.ends + 2 * len(blocks.products) + 2 * longest + 6
    product_error = 4 * largest_square * steps * UNIT32 / (1 - steps * UNIT32) + 4 * steps * _SUBNORMAL32
    product = slice(blocks.n_squared, None)
    growth[product], sum_error[product] = 0, product_error[product]
    # Prefix p is tested for the upper threshold with the block (a, b] where a < p <= b, for the lower where a <= p < b.
    p = np.arange(1, nearest.size + 1, dtype=np.float64)
    upper = np.searchsorted(blocks.ends, p)
    lower = np.minimum(np.searchsorted(blocks.ends, p, side="right"), blocks.ends.size - 2)
    slack = (p + 8) * 2.0**-52
    distance_error = (2 * UNIT32 * largest_norm + 2 * p * _SUBNORMAL32 + p * 2.0**-136) * (1 + 2.0**-40)
    # 2^-40 covers the float64 roundings of these lines themselves.
    reach = np.ldexp(nearest, -exponent) * (1 + slack) + distance_error
    low = (reach**2 * (1 + growth[lower]) + sum_error[lower]) * (1 + 2.0**-40)
    reach = np.maximum(np.ldexp(farthest, -exponent) * (1 - slack) - distance_error, 0.0)
    high = reach**2 * (1 - growth[upper]) * (1 - 2.0**-40) - sum_error[upper] * (1 + 2.0**-40)
    # A sum equal to a threshold must be noted too, and the kernel compares strictly: two steps outward.
    low32, high32 = np.full(p.size + 1, np.float32(-1)), np.full(p.size + 1, np.float32(np.inf))
    low32[prefixes] = _step(_step(low.astype(np.float32), np.inf), np.inf)[prefixes - 1]
    high32[prefixes] = _step(_step(high.astype(np.float32), -np.inf), -np.inf)[prefixes - 1]
    return Thresholds(
        block_low=np.maximum.reduceat(low32, blocks.begins),
        block_high=np.append(np.minimum.reduceat(high32[1:], blocks.begins[:-1]), np.float32(np.inf)),
        low=low32,
        high=high32,
    )


def _step(values: np.ndarray, towards: float) -> np.ndarray:
    return np.nextafter(values, np.float32(towards))
