"""The closest or the farthest pair of points alone, over all features."""

from __future__ import annotations

from typing import Any

from fastcurse import _validation
from fastcurse.distances._search import SCREENS
from fastcurse.engine.batches import progress_bar
from fastcurse.engine.pair_search import Best
from fastcurse.engine.prefix_search import search_prefix
from fastcurse.engine.schedule import Schedule
from fastcurse.engine.threads import parallel_region


def closest_pair(
    X: Any, *, screen: str = "auto", n_threads: int | None = None, progress: bool = False
) -> tuple[float, tuple[int, int]]:
    """Find the two rows nearest to each other.

    The distance of pair (i, j) is, by definition, what NumPy gives for
    ``np.sqrt(np.cumsum((X[i].astype(float) - X[j].astype(float)) ** 2)[-1])``; the result is the smallest of these
    over all i < j, bit for bit, and of several pairs at that value the lexicographically smallest.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        As for `distance_extremes`.
    screen : {"auto", "none", "float32", "int8"}, default="auto"
        Precision of a first pass over the pairs; it never changes the answer.
    n_threads : int, optional
        Threads to use. None: all processors that this process may run on. It never changes the answer.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    distance : float
        Euclidean distance, in the unit of the data.
    pair : tuple of (int, int)
        Row indices i < j.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `distance_extremes`.

    Notes
    -----
    Cost and memory: as `distance_extremes` with ``prefixes=[n_features]``, less what only the other side needs.

    Examples
    --------
    >>> import fastcurse as fc
    >>> fc.closest_pair([[0, 0], [6, 8], [3, 4]])
    (5.0, (0, 2))
    """
    return _search(X, (True, False), "closest pair", screen, n_threads, progress)


def farthest_pair(
    X: Any, *, screen: str = "auto", n_threads: int | None = None, progress: bool = False
) -> tuple[float, tuple[int, int]]:
    """Find the two rows farthest from each other.

    The counterpart of `closest_pair`: the same definition with the largest distance.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        As for `distance_extremes`.
    screen : {"auto", "none", "float32", "int8"}, default="auto"
        Precision of a first pass over the pairs; it never changes the answer.
    n_threads : int, optional
        Threads to use. None: all processors that this process may run on. It never changes the answer.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    distance : float
        Euclidean distance, in the unit of the data.
    pair : tuple of (int, int)
        Row indices i < j.

    Raises
    ------
    TypeError, ValueError, MemoryError
        As `distance_extremes`, which also takes a checkpoint and a client.

    Examples
    --------
    >>> import fastcurse as fc
    >>> fc.farthest_pair([[0, 0], [6, 8], [3, 4]])
    (10.0, (0, 1))
    """
    return _search(X, (False, True), "farthest pair", screen, n_threads, progress)


def _search(
    X: Any, sides: tuple[bool, bool], description: str, screen: str, n_threads: int | None, progress: bool
) -> tuple[float, tuple[int, int]]:
    points = _validation.check_points(X)
    _validation.check_choice(screen, "screen", SCREENS)
    n_threads = _validation.check_threads(n_threads)
    n_samples, n_features = points.shape
    with (
        parallel_region(n_threads),
        progress_bar(n_samples * (n_samples - 1) / 2, description, unit=" pairs", enabled=progress) as bar,
    ):
        found = search_prefix(
            points,
            n_features,
            screen=screen,
            sides=sides,
            schedule=Schedule(advance=lambda share: bar.update(share * bar.total)),
        )
    best: Best = found.nearest if sides[0] else found.farthest
    return best.distance, best.pair
