"""Nearest and farthest pair of points at every feature prefix, exact to the bit, without an n × n matrix."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from fastcurse import _validation
from fastcurse._kernels.search_block import has_dot_product
from fastcurse._version import __version__
from fastcurse.distances._result import DistanceExtremes, ScanStats
from fastcurse.engine.batches import progress_bar
from fastcurse.engine.checkpoint import Checkpoint, fingerprint
from fastcurse.engine.cluster import ClusterSchedule
from fastcurse.engine.frame import find_frame
from fastcurse.engine.memory import check_memory, in_words
from fastcurse.engine.pair_scan import PairScan
from fastcurse.engine.pair_search import Best
from fastcurse.engine.prefix_search import WORK_WORTH_A_SCREEN, Found, choose, search_prefix
from fastcurse.engine.schedule import Journal, Schedule
from fastcurse.engine.screened_scan import ScreenedScan
from fastcurse.engine.search_plan import one_by_one
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
    >>> ext.nearest_pair[-1], ext.nearest[-1] ** 2
    (array([0, 2]), np.float64(11.999999999999998))
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
    find = _search_each if _are_few(n_pairs, chosen, screen) else _scan_all
    journal = Journal(None if path is None else Checkpoint(path, _describe(points, chosen, screen)))
    with progress_bar(n_pairs, "pairs", unit=" pairs", enabled=progress) as bar:

        def advance(share: float) -> None:
            bar.update(share * n_pairs)

        if client is None:
            with parallel_region(n_threads):
                values, did = find(points, chosen, screen, Schedule(journal, advance))
        else:
            values, did = find(points, chosen, screen, ClusterSchedule(client, journal, advance))
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


def explain_search(points: np.ndarray, prefixes: np.ndarray, screen: str) -> str:
    """Return what `distance_extremes` would do, a line each; points and prefixes as checked."""
    n_pairs = len(points) * (len(points) - 1) // 2
    if not _are_few(n_pairs, prefixes, screen):
        return _plan_of_all(prefixes)
    choices = [(p, choose(points, p, screen)) for p in prefixes.tolist()]
    return "\n".join(
        f"p = {p}: {'; '.join(choice.reasons)}; {in_words(choice.need)} beside the data" for p, choice in choices
    )


def _are_few(n_pairs: int, prefixes: np.ndarray, screen: str) -> bool:
    """Return whether the prefixes are searched one by one, not scanned together."""
    small = screen == "auto" and n_pairs * int(prefixes[-1]) < WORK_WORTH_A_SCREEN
    return not small and one_by_one(prefixes, screen=screen, dot_product=has_dot_product())


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


def _search_each(
    points: np.ndarray, prefixes: np.ndarray, screen: str, schedule: Schedule
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Search each prefix by itself; return the values of the result and what was done."""
    found = []
    for p in prefixes.tolist():
        part = schedule.part(f"p = {p}", p / float(prefixes.sum()))
        found.append(_found_before(part) or search_prefix(points, p, screen=screen, schedule=part))
        schedule.journal.drop(part.name)
        schedule.journal.write(f"{part.name}, found", found[-1]._asdict, now=True)
    values = {
        "nearest": np.array([one.nearest.distance for one in found]),
        "farthest": np.array([one.farthest.distance for one in found]),
        "nearest_pair": np.array([one.nearest.pair for one in found], dtype=np.int64),
        "farthest_pair": np.array([one.farthest.pair for one in found], dtype=np.int64),
    }
    plans = [f"p = {p}: {'; '.join(one.plan)}" for p, one in zip(prefixes.tolist(), found, strict=True)]
    n_pairs = len(points) * (len(points) - 1) // 2 * len(found)
    did = {
        "tiles": sum(one.tiles for one in found),
        "tiles_certified": sum(one.tiles_certified for one in found),
        "pairs_certified": sum(one.pairs_certified for one in found),
        # Whole tiles are counted, the filling of the last panel and the other half of the diagonal with them.
        "pairs_boxed": min(sum(one.pairs_boxed for one in found), n_pairs),
        "pairs_stopped": min(sum(one.pairs_stopped for one in found), n_pairs),
        "screen": found[-1].screen,
        "plan": "\n".join(plans),
        "copy_bytes": max(one.copy_bytes for one in found),
    }
    return values, did


def _found_before(part: Schedule) -> Found | None:
    """Return what a journal says was found at a prefix."""
    note = part.journal.read(f"{part.name}, found")
    if note is None:
        return None
    part.advance(1.0)
    part.journal.resumed += part.share
    sides = {side: Best(note[side][0], tuple(note[side][1])) for side in ("nearest", "farthest")}
    return Found(**{**note, **sides, "plan": tuple(note["plan"])})


def _plan_of_all(prefixes: np.ndarray) -> str:
    return f"one scan of all pairs for all of {prefixes.size} prefixes"


def _scan_all(
    points: np.ndarray, prefixes: np.ndarray, screen: str, schedule: Schedule
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Scan all pairs once for all prefixes; return the values of the result and what was done."""
    n_samples, last = len(points), int(prefixes[-1])
    frame = find_frame(points, last)
    work = n_samples * (n_samples - 1) // 2 * last
    exact = screen == "none" or frame is None or (screen == "auto" and work < WORK_WORTH_A_SCREEN)
    check_memory((8 if exact else 5) * n_samples * last)
    if exact or frame is None:
        found, used = PairScan(points, last).run(schedule), "none"
    else:
        found, used = ScreenedScan(points, prefixes, frame).run(schedule), "float32"
    at = prefixes - 1
    values = {
        "nearest": found.nearest[at],
        "farthest": found.farthest[at],
        "nearest_pair": found.near_pair[at],
        "farthest_pair": found.far_pair[at],
    }
    did = {
        "tiles": found.tiles,
        "tiles_certified": found.tiles_certified,
        "pairs_certified": found.pairs_certified,
        "pairs_boxed": 0,
        "pairs_stopped": 0,
        "screen": used,
        "plan": f"{_plan_of_all(prefixes)}; screen: {used}",
        "copy_bytes": found.copy_bytes,
    }
    return values, did
