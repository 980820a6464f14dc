"""Nearest and farthest pair of points at every feature prefix, exact to the bit, without an n × n matrix."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcurse import _validation
from fastcurse.engine.batches import progress_bar
from fastcurse.engine.pair_scan import PairScan
from fastcurse.engine.screened_scan import ScreenedScan, find_frame
from fastcurse.engine.threads import parallel_region

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_WORK_WORTH_A_SCREEN = 10**7  # pair-features: below this the exact scan takes milliseconds
SCREENS = ("auto", "none", "float32", "int8")


@dataclass(frozen=True)
class ScanStats:
    """What a scan did.

    Attributes
    ----------
    pairs : int
        Pairs i < j of the data, each measured at every prefix.
    tiles : int
        Tiles that the triangle of pairs was cut into.
    tiles_certified : int
        Tiles that the screen could not dismiss whole; without a screen, those measured again to name a pair.
    pairs_certified : int
        Pairs that were measured in float64 after the screen, or again to name a pair.
    screen : str
        "float32" or "none".
    seconds : float
        Wall-clock time of the scan, with compilation if there was any.
    """

    pairs: int
    tiles: int
    tiles_certified: int
    pairs_certified: int
    screen: str
    seconds: float


@dataclass(frozen=True, eq=False)
class DistanceExtremes:
    """Nearest and farthest pair at each prefix; arrays are read-only.

    Attributes
    ----------
    prefixes : ndarray of shape (m,), int64
        Number of leading features of each entry.
    nearest, farthest : ndarray of shape (m,), float64
        Smallest and largest Euclidean distance over all pairs, in the unit of the data.
    nearest_pair, farthest_pair : ndarray of shape (m, 2), int64
        Row indices i < j of the lexicographically smallest pair at that distance.
    n_samples, n_features : int
        Shape of the data.
    stats : ScanStats
        What the scan did.
    """

    prefixes: np.ndarray
    nearest: np.ndarray
    farthest: np.ndarray
    nearest_pair: np.ndarray
    farthest_pair: np.ndarray
    n_samples: int
    n_features: int
    stats: ScanStats

    def __post_init__(self) -> None:
        for name in ("prefixes", "nearest", "farthest", "nearest_pair", "farthest_pair"):
            getattr(self, name).setflags(write=False)

    @property
    def contrast(self) -> np.ndarray:
        """(farthest - nearest) / farthest, shape (m,); 0 where farthest is 0."""
        return _ratio(self.farthest - self.nearest, self.farthest, where_zero=0.0)

    @property
    def squared_contrast(self) -> np.ndarray:
        """The contrast of the squared distances, shape (m,): what the article plots."""
        # 1 - q² as (1 - q)(1 + q): no square can overflow, and nothing cancels when q is near 1.
        return self.contrast * (1.0 + _ratio(self.nearest, self.farthest, where_zero=0.0))

    @property
    def relative_contrast(self) -> np.ndarray:
        """(farthest - nearest) / nearest, shape (m,); inf where nearest is 0 (Beyer et al. 1999)."""
        return _ratio(self.farthest - self.nearest, self.nearest, where_zero=np.inf)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a prefix as a pandas DataFrame (needs pandas)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "prefix": self.prefixes,
                "nearest": self.nearest,
                "farthest": self.farthest,
                "nearest_i": self.nearest_pair[:, 0],
                "nearest_j": self.nearest_pair[:, 1],
                "farthest_i": self.farthest_pair[:, 0],
                "farthest_j": self.farthest_pair[:, 1],
                "contrast": self.contrast,
                "squared_contrast": self.squared_contrast,
                "relative_contrast": self.relative_contrast,
            }
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the contrast against the number of features on `ax` (None: a new figure) and return it.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.
        """
        from fastcurse.plots import draw_contrast

        return draw_contrast(self, ax)


def distance_extremes(
    X: Any,
    *,
    prefixes: Any = None,
    screen: str = "auto",
    n_threads: int | None = None,
    progress: bool = False,
) -> DistanceExtremes:
    """Find the nearest and the farthest pair of rows at every prefix of the features.

    The value of pair (i, j) at prefix p is, by definition, what NumPy gives for
    ``np.sqrt(np.cumsum((X[i].astype(float) - X[j].astype(float)) ** 2)[p - 1])``. The result is the minimum and
    the maximum of these values over all i < j, bit for bit; of several pairs at that value, the
    lexicographically smallest.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        At least two rows of finite real numbers: floats of any width, integers, bool; a ``np.memmap``
        is read in blocks.
    prefixes : array-like of int of shape (m,), optional
        Strictly increasing numbers of leading features, between 1 and n_features. None: every prefix.
    screen : {"auto", "none", "float32", "int8"}, default="auto"
        Precision of a first pass that rules pairs out. It never changes the answer. In this version every
        choice scans in float64.
    n_threads : int, optional
        Threads to use. None: all processors that this process may run on. It never changes the answer.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    DistanceExtremes
        Distances, pairs and contrasts at each prefix.

    Raises
    ------
    TypeError
        `X` or `prefixes` does not hold real numbers.
    ValueError
        `X` has fewer than two rows, no feature, a value that is not finite, another number of dimensions
        than two, or a squared distance beyond float64; `prefixes` or `screen` breaks its rule.

    Notes
    -----
    O(n_samples² · n_features) time; memory for one float64 copy of the data and O(n_features) a thread.
    Pairs are cut into tiles; the running sums of a tile serve all prefixes. The few strips of rows that hold an
    extreme are measured again to name its pair.

    References
    ----------
    K. Beyer, J. Goldstein, R. Ramakrishnan, U. Shaft, "When is 'nearest neighbor' meaningful?", ICDT 1999.

    Examples
    --------
    >>> import fastcurse as fc
    >>> ext = fc.distance_extremes([[0, 1, 3], [3, 8, 9], [2, 3, 5]])
    >>> ext.farthest**2
    array([ 9., 58., 94.])
    >>> ext.nearest_pair[-1], ext.nearest[-1] ** 2
    (array([0, 2]), np.float64(11.999999999999998))
    >>> ext.contrast.round(4)
    array([0.6667, 0.6286, 0.6427])
    """
    points = _validation.check_points(X)
    chosen = _validation.check_prefixes(prefixes, points.shape[1])
    _validation.check_choice(screen, "screen", SCREENS)
    n_threads = _validation.check_threads(n_threads)
    began = time.perf_counter()
    n_samples, n_features = points.shape
    frame = find_frame(points, int(chosen[-1]))
    work = n_samples * (n_samples - 1) // 2 * int(chosen[-1])
    with (
        parallel_region(n_threads),
        progress_bar(n_samples * (n_samples - 1) / 2, "pairs", unit=" pairs", enabled=progress) as bar,
    ):
        screened = screen != "none" and frame is not None and (screen != "auto" or work >= _WORK_WORTH_A_SCREEN)
        scan = (
            ScreenedScan(points, chosen, frame) if screened and frame is not None else PairScan(points, int(chosen[-1]))
        )
        found = scan.run(lambda share: bar.update(share * bar.total))
    at = chosen - 1
    return DistanceExtremes(
        prefixes=chosen,
        nearest=found.nearest[at],
        farthest=found.farthest[at],
        nearest_pair=found.near_pair[at],
        farthest_pair=found.far_pair[at],
        n_samples=n_samples,
        n_features=n_features,
        stats=ScanStats(
            pairs=n_samples * (n_samples - 1) // 2,
            tiles=found.tiles,
            tiles_certified=found.tiles_certified,
            pairs_certified=found.pairs_certified,
            screen="float32" if screened else "none",
            seconds=time.perf_counter() - began,
        ),
    )


def _ratio(numerator: np.ndarray, denominator: np.ndarray, where_zero: float) -> np.ndarray:
    return np.divide(numerator, denominator, out=np.full_like(numerator, where_zero), where=denominator > 0)
