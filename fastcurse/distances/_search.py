"""Nearest and farthest pair of points at every feature prefix, exact to the bit, without an n × n matrix."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

import numpy as np

from fastcurse import _validation
from fastcurse._version import __version__
from fastcurse.distances._paths import find_extremes
from fastcurse.distances._result import DistanceExtremes, ScanStats
from fastcurse.engine.batches import progress_bar
from fastcurse.engine.checkpoint import Checkpoint, fingerprint
from fastcurse.engine.cluster import ClusterSchedule
from fastcurse.engine.schedule import Journal, Schedule
from fastcurse.engine.threads import parallel_region

SCREENS = ("auto", "none", "float32", "int8")


def distance_extremes(
    X: Any,
    *,
    prefixes: Any = None,
    screen: str = "auto",
    n_threads: int | None = None,
    checkpoint: Any = None,
    progress: bool = False,
    client: Any = None,
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
        answer. "none" measures every pair in float64; "auto" screens where that pays. "int8" is for few prefixes;
        where many are asked it is "float32".
    n_threads : int, optional
        Threads to use. None: all processors that this process may run on. It never changes the answer.
    checkpoint : str or path, optional
        File from which interrupted work goes on. It is written every few seconds and replaced whole; a file of other
        data, other arguments or another version is refused. It stays when the work is done.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.
    client : dask.distributed.Client, optional
        Workers that go through the pairs, each with as many threads as it has; `n_threads` is then not used. They open
        a ``np.memmap`` by its path, which must be the same for all; other data are sent to them. It never changes the
        answer.

    Returns
    -------
    DistanceExtremes
        Distances, pairs and contrasts at each prefix.

    Raises
    ------
    TypeError
        `X` or `prefixes` does not hold real numbers, checkpoint is no path, or client no client.
    ValueError
        `X` has fewer than two rows, no feature, a value that is not finite, another number of dimensions
        than two, or a squared distance beyond float64; `prefixes` or `screen` breaks its rule; the checkpoint
        cannot be written, or is of other work.
    MemoryError
        The copy of the data does not fit into the memory that is free.

    Notes
    -----
    O(n_samples² · n_features) time at worst. Memory: a copy of the data in float32, or in bytes where few prefixes are
    asked, and a twentieth of it in float64 (at least a hundred rows); one float64 copy without a screen, or
    where ties defeat it; O(n_features) a thread. ``stats.copy_bytes`` is the size of the copy.
    Pairs are cut into tiles; the running sums of a tile serve all prefixes. The screen dismisses a pair only when a
    proved bound says that its value cannot be an extreme nor tie with one; the others are measured in float64.
    Few prefixes are searched one by one: tiles are then dismissed unread by bounding boxes where the data have few
    effective dimensions, and pairs are left as soon as their leading features decide. ``stats.plan`` says what was
    done and why.

    References
    ----------
    K. Beyer, J. Goldstein, R. Ramakrishnan, U. Shaft, "When is 'nearest neighbor' meaningful?", ICDT 1999.

    Examples
    --------
    >>> import fastcurse as fc
    >>> ext = fc.distance_extremes([[0, 1, 3], [3, 8, 9], [2, 3, 5]])
    >>> ext.farthest**2
    array([ 9., 58., 94.])
    >>> ext.nearest_pair[-1], float(ext.nearest[-1] ** 2)
    (array([0, 2]), 11.999999999999998)
    >>> ext.contrast.round(4)
    array([0.6667, 0.6286, 0.6427])
    """
    points = _validation.check_points(X)
    chosen = _validation.check_prefixes(prefixes, points.shape[1])
    _validation.check_choice(screen, "screen", SCREENS)
    n_threads = _validation.check_threads(n_threads)
    path, client = _validation.check_path(checkpoint, "checkpoint"), _validation.check_client(client)
    began = time.perf_counter()
    n_samples, n_features = points.shape
    n_pairs = n_samples * (n_samples - 1) // 2
    journal = Journal(None if path is None else Checkpoint(path, _describe(points, chosen, screen)))
    with progress_bar(n_pairs, "pairs", unit=" pairs", enabled=progress) as bar:

        def advance(share: float) -> None:
            bar.update(share * n_pairs)

        with ExitStack() as region:
            region.enter_context(parallel_region(n_threads if client is None else None))
            schedule = Schedule(journal, advance)
            if client is not None:
                schedule = ClusterSchedule(client, journal, advance, region)
            values, did = find_extremes(points, chosen, screen, schedule)
    if path is not None:
        with journal.understood():
            _check_noted(points, chosen, values)
    seconds = time.perf_counter() - began
    return DistanceExtremes(
        **values,
        prefixes=chosen,
        n_samples=n_samples,
        n_features=n_features,
        stats=ScanStats(
            **did,
            pairs=n_pairs,
            pairs_resumed=min(round(journal.resumed * n_pairs), n_pairs),
            seconds=seconds,
            pair_features_per_second=n_pairs * int(chosen[-1]) / seconds,
        ),
    )


def _describe(points: np.ndarray, prefixes: np.ndarray, screen: str) -> dict[str, Any]:
    """Return what tells this work from other work."""
    every = prefixes.size == prefixes[-1]
    return {
        "what": "distance_extremes",
        "fastcurse": __version__,
        "shape": list(points.shape),
        "dtype": points.dtype.str,
        "data": fingerprint(points),
        "prefixes": f"1 .. {prefixes[-1]}" if every else prefixes.tolist(),
        "screen": screen,
    }


def _check_noted(points: np.ndarray, prefixes: np.ndarray, values: dict[str, Any]) -> None:
    """Raise unless the pairs have the distances: a checkpoint may hold what no search of these points has found."""
    for side in ("nearest", "farthest"):
        pairs, which = np.unique(values[f"{side}_pair"], axis=0, return_inverse=True)
        for at, (i, j) in enumerate(pairs.tolist()):
            if not 0 <= i < j < len(points):
                raise ValueError(f"rows {i} and {j} are no pair of rows")
            asked = which.ravel() == at
            first, second = (points[row, : prefixes[-1]].astype(np.float64) for row in (i, j))
            measured = np.sqrt(np.cumsum((first - second) ** 2))[prefixes[asked] - 1]
            if not np.array_equal(measured, values[side][asked]):
                raise ValueError(f"rows {i} and {j} are not as far apart as was noted")
