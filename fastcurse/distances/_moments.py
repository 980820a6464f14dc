"""Exact mean and variance of all squared distances at every prefix, in one pass that never touches a pair."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcurse import _validation
from fastcurse.engine.batches import progress_bar
from fastcurse.engine.blas import one_blas_thread
from fastcurse.engine.threads import available_threads
from fastcurse.engine.tiles import row_blocks

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class DistanceMoments:
    """Mean and variance of the squared distances over all pairs, at each prefix; arrays are read-only.

    Attributes
    ----------
    mean_sq : ndarray of shape (n_features,), float64
        Mean of the squared Euclidean distances, in the squared unit of the data.
    var_sq : ndarray of shape (n_features,), float64
        Their variance (divided by the number of pairs), in the fourth power of the unit.
    n_samples, n_features : int
        Shape of the data.
    """

    mean_sq: np.ndarray
    var_sq: np.ndarray
    n_samples: int
    n_features: int

    def __post_init__(self) -> None:
        self.mean_sq.setflags(write=False)
        self.var_sq.setflags(write=False)

    @property
    def cv(self) -> np.ndarray:
        """Coefficient of variation of the squared distances, shape (n_features,); 0 where all are 0."""
        positive = self.mean_sq > 0
        return np.divide(np.sqrt(self.var_sq), self.mean_sq, out=np.zeros_like(self.mean_sq), where=positive)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a prefix as a pandas DataFrame (needs pandas)."""
        import pandas as pd

        prefix = np.arange(1, self.n_features + 1)
        return pd.DataFrame({"prefix": prefix, "mean_sq": self.mean_sq, "var_sq": self.var_sq, "cv": self.cv})


def distance_moments(X: Any, *, n_threads: int | None = None, progress: bool = False) -> DistanceMoments:
    """Compute the exact mean and variance of all squared distances at every prefix.

    With centred rows x_i, r_i = ||x_i|| and sums over ordered pairs, the second moment follows from
    ``sum ||x_i - x_j||^4 = 2 n sum r_i^4 + 2 (sum r_i^2)^2 + 4 ||X'X||_F^2``; the norm of the leading blocks of X'X is
    a running sum.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        At least two rows of finite real numbers; a ``np.memmap`` is read in blocks, twice.
    n_threads : int, optional
        Threads to use. None: all processors that this process may run on. It never changes the answer.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    DistanceMoments
        Mean, variance and coefficient of variation at each prefix.

    Raises
    ------
    TypeError
        `X` does not hold real numbers.
    ValueError
        `X` breaks a rule of its shape, has a value that is not finite, or its moments exceed float64.

    Notes
    -----
    O(n_samples · n_features²) time, O(n_features²) memory a thread. Relative error about
    (n_features + log2 n_samples) · 1e-16 of the mean and of the second moment; the variance is their difference, so
    where the coefficient of variation is c its relative error is 1 / c² times larger. Blocks of rows are summed in
    a fixed order with one BLAS thread each: the same bits for any number of threads.

    References
    ----------
    Identity: expand ``||x_i - x_j||^4 = (r_i^2 + r_j^2 - 2 x_i.x_j)^2`` and sum; mixed terms vanish for centred rows.

    Examples
    --------
    >>> import fastcurse as fc
    >>> mom = fc.distance_moments([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> mom.mean_sq                     # squared distances 1, 0, 1 and 1, 4, 5
    array([0.66666667, 3.33333333])
    >>> mom.var_sq.round(6)
    array([0.222222, 2.888889])
    """
    points = _validation.check_points(X)
    threads = _validation.check_threads(n_threads) or available_threads()
    n_samples, n_features = points.shape
    origin, offset, exponents = _mean_and_scale(points)
    mean_sq, var_sq = np.zeros(n_features), np.zeros(n_features)
    with (
        one_blas_thread(),
        ThreadPoolExecutor(threads) as pool,
        progress_bar(n_samples, "rows", unit=" rows", enabled=progress) as bar,
    ):
        for begin, end in _runs(exponents):
            exponent = int(exponents[end - 1])
            sums = _sums(points[:, :end], origin[:end], offset[:end], exponent, pool, threads, bar.update)
            mean, variance = _moments_of(*sums, n_samples)
            with np.errstate(over="ignore"):
                mean_sq[begin:end] = np.ldexp(mean[begin:], 2 * exponent)
                var_sq[begin:end] = np.ldexp(variance[begin:], 4 * exponent)
    if not (np.isfinite(mean_sq).all() and np.isfinite(var_sq).all()):
        raise ValueError(_OVERFLOW)
    return DistanceMoments(mean_sq, var_sq, n_samples, n_features)


_OVERFLOW = "X must have moments below 1.8e308, got larger ones; divide X by a power of two"
_EXPONENTS_A_RUN = 200  # fourth powers of numbers 2^-200 below the largest are far from underflow


def _runs(exponents: np.ndarray) -> list[tuple[int, int]]:
    """Cut the prefixes into runs (begin, end) in which the scale grows by less than 2^200: nearly always one.

    Features that are smaller still than the scale of a prefix by 2^-200 may underflow in it: they do not count there.
    """
    runs, begin = [], 0
    while begin < exponents.size:
        end = int(np.searchsorted(exponents, exponents[begin] + _EXPONENTS_A_RUN, side="right"))
        runs.append((begin, end))
        begin = end
    return runs


def _sums(
    points: np.ndarray,
    origin: np.ndarray,
    offset: np.ndarray,
    exponent: int,
    pool: ThreadPoolExecutor,
    threads: int,
    advance: Callable[[int], object],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X'X and the sums over rows of r^2 and r^4 at each prefix, of the centred rows times 2^-exponent."""
    n_features = points.shape[1]
    scatter, second, fourth = np.zeros((n_features, n_features)), np.zeros(n_features), np.zeros(n_features)

    def sums_of(block: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        scaled = np.ldexp((block.astype(np.float64) - origin) - offset, -exponent)
        norms = np.cumsum(scaled**2, axis=1)
        return scaled.T @ scaled, norms.sum(axis=0), (norms**2).sum(axis=0)

    blocks = (block for _, block in row_blocks(points, n_features))
    while some := list(islice(blocks, threads)):
        for block, (product, squares, fourths) in zip(some, pool.map(sums_of, some), strict=True):
            scatter += product
            second += squares
            fourth += fourths
            advance(len(block))
    return scatter, second, fourth


def _moments_of(
    scatter: np.ndarray, second: np.ndarray, fourth: np.ndarray, n_samples: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance of the squared distances from the sums."""
    mean = 2 * second / (n_samples - 1)
    ordered = 2 * n_samples * fourth + 2 * second**2 + 4 * _leading_norms(scatter)
    return mean, np.maximum(ordered / (n_samples * (n_samples - 1)) - mean**2, 0.0)


def _mean_and_scale(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the first point, the means less the first point, and the scale of each prefix.

    The two parts of the mean stay apart: their sum would be rounded in the unit of the origin. The scale of a prefix
    is the exponent e at which no deviation from the first point exceeds 2^e in any of its features.
    """
    n_features = points.shape[1]
    origin = points[0].astype(np.float64)
    total, widest = np.zeros(n_features), np.zeros(n_features)
    with np.errstate(over="ignore", invalid="ignore"):
        for _, block in row_blocks(points, n_features):
            deviation = block.astype(np.float64) - origin
            total += deviation.sum(axis=0)
            np.maximum(widest, np.abs(deviation).max(axis=0), out=widest)
    if not (np.isfinite(widest).all() and np.isfinite(total).all()):
        raise ValueError(_OVERFLOW)
    smallest = int(np.frexp(np.finfo(np.float64).tiny)[1])
    exponents = np.where(widest > 0, np.frexp(widest)[1], smallest)
    return origin, total / len(points), np.maximum.accumulate(exponents)


def _leading_norms(scatter: np.ndarray) -> np.ndarray:
    """Return the squared Frobenius norm of each leading block of a symmetric matrix."""
    squares = scatter**2
    return np.cumsum(np.diagonal(squares) + 2 * np.tril(squares, -1).sum(axis=1))
