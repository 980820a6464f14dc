"""Nearest and farthest pair of points at every feature prefix, exact to the bit, without an n × n matrix."""

from __future__ import annotations

import time
from typing import Any

from fastcurse import _validation
from fastcurse.distances._result import DistanceExtremes, ScanStats
from fastcurse.engine.batches import progress_bar
from fastcurse.engine.pair_scan import PairScan
from fastcurse.engine.screened_scan import ScreenedScan, find_frame
from fastcurse.engine.threads import parallel_region

_WORK_WORTH_A_SCREEN = 10**7  # pair-features: below this the exact scan takes milliseconds
SCREENS = ("auto", "none", "float32", "int8")


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
        Precision of a first pass over all pairs, which rules nearly all of them out. It never changes the
        answer. "none" measures every pair in float64; "auto" screens where that pays. "int8" is not faster than
        "float32" in this version: it is the same.
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
    O(n_samples² · n_features) time. Memory: one float32 copy of the data with a screen, and a twentieth of it
    in float64 (at least a hundred rows); one float64 copy without, or instead where ties defeat the screen;
    O(n_features) a thread. ``stats.copy_bytes`` is the size of the copy.
    Pairs are cut into tiles; the running sums of a tile serve all prefixes. The screen dismisses a pair only when a
    proved bound says that its value cannot be an extreme nor tie with one; the others are measured in float64.

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
    at, seconds = chosen - 1, time.perf_counter() - began
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
            copy_bytes=found.copy_bytes,
            seconds=seconds,
            pair_features_per_second=work / seconds,
        ),
    )
