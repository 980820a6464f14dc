"""Telescoping: the volume as a product of d - 1 integrals on a line, each of them easy at any dimension.

V_k / V_{k-1} = 2 E (1 - t²)^((k-1)/2), t uniform on (0, 1): the slice of the ball at height t is a ball of dimension
k - 1 and radius √(1 - t²). Nearly all of the mean comes from t below 2/√k, so plain draws have relative variance
.56 √k. Here t is drawn where the integrand lives, t = y / √(1 + y²) with y = s u / (1 - u), s = 1.4 / √k and u
uniform; the mean becomes that of

    g(u) = s (1 - u)^-2 (1 + y²)^(-(k+2)/2),

smooth on [0, 1] and nearly of one shape for every k. u is stratified: S strata of equal width, two draws in each. The
difference of the two gives the variance without bias, and the variance of a factor is C / S³ of its square with
C = ∫g'² / 24 (∫g)² between .35 and .74 (1.4 is the minimum at large k). So log V is known to about 2.4 d² n^-1.5.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from fastcurse.engine.batches import progress_bar

# Fewer strata a factor, and its variance would rest on too few pairs. The coverage test holds this number.
MIN_STRATA = 16
MAX_DIMENSION = 10**7  # 80 bytes of memory a dimension
_WIDTH = 1.4
_BLOCK = 2**14  # strata of one turn: its arrays stay in the second-level cache. Even: a Philox block is four draws
_ROUNDING = 2.0**-51  # of one factor: exponent, exponential, sum and logarithm, an ulp each


class LogVolume(NamedTuple):
    """The estimated logarithm of the volume, its standard error, and the degrees of freedom behind that."""

    value: float
    standard_error: float
    degrees: float


def check_draws(d: int, n_draws: int) -> None:
    """Raise unless every one of the d - 1 factors gets its `MIN_STRATA` pairs of draws, and they fit in memory."""
    if d > MAX_DIMENSION:
        raise ValueError(f"d must be at most {MAX_DIMENSION} for method='telescoping', got {d}")
    smallest = 2 * MIN_STRATA * (d - 1)
    if n_draws < smallest:
        raise ValueError(
            f"n_draws must be at least {2 * MIN_STRATA} (d - 1) = {smallest} for method='telescoping' at d = {d}, "
            f"got {n_draws}"
        )


def draws_for(d: int, error: float) -> int:
    """Return about how many draws give this standard error of log V (module docstring)."""
    return math.ceil(max(2 * MIN_STRATA * (d - 1), (2.4 * d * d / error) ** (2.0 / 3.0)))


def log_volume(d: int, n_draws: int, key: np.ndarray, *, progress: bool, block: int = _BLOCK) -> LogVolume:
    """Return the estimate from the n_draws // 2 pairs of draws of the stream `key` (2,) uint64.

    `block`, even, changes the speed, and the value by rounding alone.
    """
    if d < 2:
        return LogVolume(d * math.log(2.0), 0.0, math.inf)
    means, variances, squares = _factor_moments(d, n_draws // 2, key, progress=progress, block=block)
    # E log(mean) is short of log E(mean) by half the relative variance, in each of the d - 1 factors.
    value = math.log(2.0) + float(np.sum(np.log(2.0 * means) + variances / 2.0))
    total = float(variances.sum())
    # Satterthwaite's degrees of freedom with the estimated squares as they are, R = total² / sum. Without their bias it
    # would be 24 R / 7 - 2, but R is large where the total happens to be small: 95 % intervals of 16 strata at d = 2
    # then cover .939, with 2 R .948.
    degrees = 2.0 * total**2 / float(squares.sum())
    return LogVolume(value, math.hypot(math.sqrt(total), d * _ROUNDING), degrees)


def _factor_moments(
    d: int, n_pairs: int, key: np.ndarray, *, progress: bool, block: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for k = 2 .. d: the mean of g, its relative variance, and the sum of the squares of that sum's terms.

    Stratum i of all factors' strata in a row uses draws 2 i and 2 i + 1 of the stream.
    """
    # The first factors have one stratum more where the pairs do not divide.
    base, longer = divmod(n_pairs, d - 1)
    n_strata = np.full(d - 1, base)
    n_strata[:longer] += 1
    ends = np.cumsum(n_strata)
    sums = np.zeros((3, d - 1))
    with progress_bar(2 * n_pairs, f"telescoping, d = {d}", unit="draw", enabled=progress) as bar:
        for start in range(0, n_pairs, block):
            stop = min(start + block, n_pairs)
            first, last = np.searchsorted(ends, [start, stop - 1], side="right")
            factors = np.arange(first, last + 1)
            begins = np.maximum(ends[factors] - n_strata[factors], start)
            lengths = np.minimum(ends[factors], stop) - begins
            uniforms = np.random.Generator(np.random.Philox(key=key, counter=start // 2)).random((stop - start, 2))
            factor = np.repeat(factors, lengths)
            stratum = np.arange(start, stop) - (ends[factor] - n_strata[factor])
            pairs = _integrand(factor + 2.0, stratum, n_strata[factor], uniforms)
            square = ((pairs[:, 0] - pairs[:, 1]) / 2.0) ** 2
            terms = np.stack([(pairs[:, 0] + pairs[:, 1]) / 2.0, square, square**2])
            sums[:, factors] += np.add.reduceat(terms, begins - start, axis=1)
            bar.update(2 * (stop - start))
    means = sums[0] / n_strata
    relative = (means * n_strata) ** 2
    return means, sums[1] / relative, sums[2] / relative**2


def _integrand(k: np.ndarray, stratum: np.ndarray, n_strata: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Return g at u = (stratum + uniforms) / n_strata, (m, 2); 1 - u is formed directly and never 0."""
    scale = (_WIDTH / np.sqrt(k))[:, np.newaxis]
    rest = ((n_strata - stratum)[:, np.newaxis] - uniforms) / n_strata[:, np.newaxis]
    y = scale * (1.0 - rest) / rest
    return scale / rest**2 * np.exp((-0.5 * (k + 2.0))[:, np.newaxis] * np.log1p(y * y))
