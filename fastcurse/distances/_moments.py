"""Exact mean and spread of all squared distances at every prefix, in one pass that never touches a pair."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fastcurse import _validation
from fastcurse._memmap import release
from fastcurse._results import freeze_arrays, ratio
from fastcurse.distances._norm_spread import leading_traces, norm_spread_z_scores
from fastcurse.engine.batches import progress_bar
from fastcurse.engine.blas import one_blas_thread
from fastcurse.engine.threads import available_threads
from fastcurse.engine.tiles import row_blocks

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class DistanceMoments:
    """Mean and spread of the squared distances over all pairs, at each prefix; arrays are read-only.

    Where all points are equal, everything is 0.

    Attributes
    ----------
    mean_sq : ndarray of shape (n_features,), float64
        Mean of the squared Euclidean distances, in the squared unit of the data.
    var_sq : ndarray of shape (n_features,), float64
        Their variance (divided by the number of pairs), in the fourth power of the unit.
    cv : ndarray of shape (n_features,), float64
        Coefficient of variation of the squared distances, the root of `var_sq` over `mean_sq`.
    effective_dimension : ndarray of shape (n_features,), float64
        Participation ratio (tr S)² / ||S||_F² of the sample covariance S: how many features of equal variance,
        uncorrelated, would concentrate as much. Between 1 and the prefix, and below n_samples.
    independent_cv : ndarray of shape (n_features,), float64
        What `cv` would be if the features were independent: the mean of `var_sq` over all ways to permute each
        column, as a coefficient of variation. Of n points it is sqrt(sum_f 2 (m4_f + v_f²)) / (sum_f 2 v_f) up to
        1/n, with variances v and fourth central moments m4.
    z_score : ndarray of shape (n_features,), float64
        How far the norms of the centred points spread beyond those of Gaussian points, in standard deviations:
        above 0 where some points lie much farther out than others (heavy tails, clusters of unlike width), below 0
        where the points lie in a shell or fill a bounded body. See `distance_moments`.
    covariance : ndarray of shape (n_features, n_features), float64
        Sample covariance S of the features, in the squared unit of the data.
    n_samples, n_features : int
        Shape of the data.

    Examples
    --------
    >>> import numpy as np
    >>> import fastcurse as fc
    >>> X = np.random.default_rng(0).normal(size=(500, 8)) * [3, 1, 1, 1, 0.1, 0.1, 0.1, 0.1]
    >>> mom = fc.distance_moments(X)
    >>> mom.to_frame()[["prefix", "cv", "gaussian_cv", "effective_dimension"]].round(2).iloc[[0, 3, 7]]
       prefix    cv  gaussian_cv  effective_dimension
    0       1  1.38         1.41                 1.00
    3       4  1.02         1.05                 1.81
    7       8  1.02         1.05                 1.82
    >>> bool((mom.gaussian_cv > mom.cv).all())
    True
    """

    mean_sq: np.ndarray
    var_sq: np.ndarray
    cv: np.ndarray
    effective_dimension: np.ndarray
    independent_cv: np.ndarray
    z_score: np.ndarray
    covariance: np.ndarray
    n_samples: int
    n_features: int

    def __post_init__(self) -> None:
        freeze_arrays(self)

    @property
    def gaussian_cv(self) -> np.ndarray:
        """The `cv` of Gaussian points with this covariance, sqrt(2 / effective_dimension), shape (n_features,)."""
        return np.sqrt(ratio(np.full(self.n_features, 2.0), self.effective_dimension, where_zero=0.0))

    def to_frame(self) -> pd.DataFrame:
        """Return one row a prefix as a pandas DataFrame (needs pandas)."""
        import pandas as pd

        curves = {name: getattr(self, name) for name in (*_CURVES[:4], "gaussian_cv", *_CURVES[4:])}
        return pd.DataFrame({"prefix": np.arange(1, self.n_features + 1), **curves})


def distance_moments(X: Any, *, n_threads: int | None = None, progress: bool = False) -> DistanceMoments:
    """Compute the exact mean and variance of all squared distances at every prefix, and what they are made of.

    With centred rows x_i, r_i = ||x_i|| and sums over ordered pairs, the second moment follows from
    ``sum ||x_i - x_j||^4 = 2 n sum r_i^4 + 2 (sum r_i^2)^2 + 4 ||X'X||_F^2``; the norm of the leading blocks of X'X is
    a running sum. The spread of the distances has two parts: that of the directions, ||X'X||_F^2, which is 2 over the
    effective dimension, and that of the norms, which `z_score` holds against Gaussian points.

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
        Mean, variance, coefficient of variation and its parts at each prefix.

    Raises
    ------
    TypeError
        `X` does not hold real numbers.
    ValueError
        `X` breaks a rule of its shape, has a value that is not finite, or its moments exceed float64.

    Notes
    -----
    O((n_samples + n_features) · n_features²) time, O(n_features²) memory a thread. Relative error of the mean and of
    the second moment below (n_features + log2 n_samples + b) · 1e-15, b the number of blocks, of half a million values
    each; the variance is their difference, so where the coefficient of variation is c its relative error is
    1 + 1 / c² times larger. Blocks of rows are summed in a fixed order with one BLAS thread each: the same bits for
    any number of threads.

    ``z_score`` is (Q - E Q) / sd Q of Q = sum r_i^4. Mean and deviation are exact for Gaussian points that have this
    very covariance, whatever its eigenvalues, for any number of points and features; with S = X'X / n and many points
    it is Var(r²) - 2 ||S||_F² over sqrt((8 ||S||_F⁴ + 16 tr S⁴) / n). Of Gaussian points it has mean 0 and variance 1;
    it is nearly normal where many points meet a large effective dimension, and skewed to the right elsewhere: of 100
    points of 1000 features 3 % of 3000 samples exceeded 2, 1 % fell below -2. A given departure from Gaussian points
    moves it as sqrt(n_samples). Rounding moves it by about E Q / sd Q times the above error. It is 0 for three points
    or fewer, and where n_samples - 1 eigenvalues are all equal (whitened data): nothing is left to vary there.

    References
    ----------
    Identity: expand ``||x_i - x_j||^4 = (r_i^2 + r_j^2 - 2 x_i.x_j)^2`` and sum; mixed terms vanish for centred rows.
    ``z_score``: derived in `fastcurse.distances._norm_spread`; for one feature it is the kurtosis over its exact
    standard deviation (R. A. Fisher 1930). K. V. Mardia (1970), Biometrika 57, 519-530, standardises the data by
    the inverse of S first, which needs n_samples > n_features; here nothing is inverted.
    ``independent_cv``: pairs of features add no covariance in the mean over all permutations.

    Examples
    --------
    >>> import fastcurse as fc
    >>> mom = fc.distance_moments([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> mom.mean_sq                     # squared distances 1, 0, 1 and 1, 4, 5
    array([0.66666667, 3.33333333])
    >>> mom.var_sq.round(6)
    array([0.222222, 2.888889])
    >>> mom.effective_dimension.round(6)
    array([1.      , 1.315789])
    """
    points = _validation.check_points(X)
    threads = _validation.check_threads(n_threads) or available_threads()
    n_samples, n_features = points.shape
    origin, offset, exponents = _mean_and_scale(points)
    curves = {name: np.zeros(n_features) for name in _CURVES}
    covariance = np.zeros((n_features, n_features))
    with (
        one_blas_thread(),
        ThreadPoolExecutor(threads) as pool,
        progress_bar(n_samples, "rows", unit=" rows", enabled=progress) as bar,
    ):
        for begin, end in _runs(exponents):
            exponent = int(exponents[end - 1])
            sums = _sums(points[:, :end], origin[:end], offset[:end], exponent, pool, threads, bar.update)
            traces = leading_traces(sums.scatter, pool, threads)
            with np.errstate(over="ignore"):
                if end == n_features:
                    covariance = np.ldexp(sums.scatter / (n_samples - 1), 2 * exponent)
                for name, curve in _curves(sums, traces, n_samples).items():
                    curves[name][begin:end] = np.ldexp(curve[begin:], _UNIT_POWERS.get(name, 0) * exponent)
    if not (np.isfinite(curves["mean_sq"]).all() and np.isfinite(curves["var_sq"]).all()):
        raise ValueError(_OVERFLOW)
    return DistanceMoments(**curves, covariance=covariance, n_samples=n_samples, n_features=n_features)


_CURVES = ("mean_sq", "var_sq", "cv", "effective_dimension", "independent_cv", "z_score")
_UNIT_POWERS = {"mean_sq": 2, "var_sq": 4}
_OVERFLOW = "X must have moments below 1.8e308, got larger ones; divide X by a power of two"
_EXPONENTS_A_RUN = 100  # eighth powers (tr W⁴) of numbers 2^-100 below the largest are far from underflow


class _Sums(NamedTuple):
    """Sums over the centred rows x times 2^-exponent."""

    scatter: np.ndarray  # X'X (n_features, n_features)
    second: np.ndarray  # of r² at each prefix
    fourth: np.ndarray  # of r⁴ at each prefix
    quartic: np.ndarray  # of x⁴ of each feature


def _runs(exponents: np.ndarray) -> list[tuple[int, int]]:
    """Cut the prefixes into runs (begin, end) in which the scale grows by at most 2^100: nearly always one.

    Features that are smaller still than the scale of a prefix by 2^-100 may underflow in it: they do not count there.
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
) -> _Sums:
    """Return the sums of the rows, a block at a time."""
    n_features = points.shape[1]
    total = _Sums(np.zeros((n_features, n_features)), *np.zeros((3, n_features)))

    def sums_of(block: np.ndarray) -> _Sums:
        # In one layout, whatever that of the data: BLAS sums in another order else.
        scaled = np.ldexp((np.ascontiguousarray(block, dtype=np.float64) - origin) - offset, -exponent)
        release(block)
        squares = scaled**2
        norms = np.cumsum(squares, axis=1)
        second, fourth = _column_sums(norms), _column_sums(np.square(norms, out=norms))
        return _Sums(scaled.T @ scaled, second, fourth, _column_sums(np.square(squares, out=squares)))

    blocks = (block for _, block in row_blocks(points, n_features))
    while some := list(islice(blocks, threads)):
        for block, part in zip(some, pool.map(sums_of, some), strict=True):
            for sum_so_far, term in zip(total, part, strict=True):
                sum_so_far += term
            advance(len(block))
    return total


def _column_sums(rows: np.ndarray) -> np.ndarray:
    """Return the sums of the columns, by halves: log2 n roundings each, where NumPy makes n, all one way at worst."""
    while len(rows) > 1:
        half, rest = len(rows) // 2, rows[len(rows) - len(rows) % 2 :]
        rows = rows[:half] + rows[half : 2 * half]
        rows[: len(rest)] += rest
    return rows.sum(axis=0)  # of one row: a copy


def _curves(sums: _Sums, traces: tuple[np.ndarray, ...], n_samples: int) -> dict[str, np.ndarray]:
    """Return each curve of the result, from sums in its unit."""
    mean = 2 * sums.second / (n_samples - 1)
    variance = _pair_variance(sums.second, sums.fourth, traces[1], n_samples)
    squares = np.diagonal(sums.scatter)
    alone = _pair_variance(squares, sums.quartic, squares**2, n_samples)
    return {
        "mean_sq": mean,
        "var_sq": variance,
        "cv": ratio(np.sqrt(variance), mean, where_zero=0.0),
        "effective_dimension": ratio(traces[0] ** 2, traces[1], where_zero=0.0),
        "independent_cv": ratio(np.sqrt(np.cumsum(alone)), mean, where_zero=0.0),
        "z_score": norm_spread_z_scores(sums.fourth, traces, n_samples),
    }


def _pair_variance(second: np.ndarray, fourth: np.ndarray, norm_sq: np.ndarray, n_samples: int) -> np.ndarray:
    """Return the variance of the squared distances from the sums of r² and r⁴ and from ||X'X||_F²."""
    mean = 2 * second / (n_samples - 1)
    ordered = 2 * n_samples * fourth + 2 * second**2 + 4 * norm_sq
    return np.maximum(ordered / (n_samples * (n_samples - 1)) - mean**2, 0.0)


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
            deviation = np.ascontiguousarray(block, dtype=np.float64) - origin
            total += deviation.sum(axis=0)
            np.maximum(widest, np.abs(deviation).max(axis=0), out=widest)
    if not (np.isfinite(widest).all() and np.isfinite(total).all()):
        raise ValueError(_OVERFLOW)
    smallest = int(np.frexp(np.finfo(np.float64).tiny)[1])
    exponents = np.where(widest > 0, np.frexp(widest)[1], smallest)
    return origin, total / len(points), np.maximum.accumulate(exponents)
