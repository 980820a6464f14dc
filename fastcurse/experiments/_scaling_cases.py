"""The cases of the scaling experiment: their points, what is measured of each, and the files that keep it."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fastcurse._version import __version__
from fastcurse.distances import distance_extremes
from fastcurse.engine.batches import progress_bar
from fastcurse.engine.checkpoint import Checkpoint
from fastcurse.engine.notes import distances
from fastcurse.experiments._tree_share import tree_share

_NUMBERS = (
    "nearest",
    "farthest",
    "share_boxed",
    "share_stopped",
    "search_seconds",
    "seconds",
    "tree_share",
    "tree_error",
)


class Case(NamedTuple):
    """One data set to measure; equal cases give equal distances, to the bit."""

    points: str  # "rows", "features" or "embedded": how `make_points` makes them
    n_samples: int
    n_features: int
    intrinsic: int  # dimension of the embedded points, 0 for the others
    n_queries: int  # of the k-d tree; 0: no tree is built
    entropy: int
    draw: int

    def generator(self, purpose: int = 0) -> np.random.Generator:
        """Return the generator of the points (0), the axes that they are embedded along (1), or the queries (2)."""
        # The same for all sizes, so that larger cases of one draw begin with the numbers of smaller ones; embedded
        # points are the first of "features".
        key = (0 if self.points == "rows" else 1, self.draw, purpose)
        return np.random.default_rng(np.random.SeedSequence(self.entropy, spawn_key=key))


def make_points(case: Case) -> np.ndarray:
    """Return X (n_samples, n_features): uniform on [-1, 1]^d, or such points of few dimensions, rotated into many.

    "rows", float32: drawn row by row, so that the first rows of a larger case are a smaller case.
    "features", float64: drawn feature by feature, so that the first features of a wider case are a narrower case.
    "embedded", float64: the points of "features" of `intrinsic` features, times orthonormal axes; an isometry.
    """
    if case.points == "rows":
        X = case.generator().random((case.n_samples, case.n_features), dtype=np.float32)
        X *= 2.0
        X -= 1.0
        return X
    if case.points == "features":
        return _by_features(case.generator(), case.n_samples, case.n_features)
    return _by_features(case.generator(), case.n_samples, case.intrinsic) @ _axes(case)


def make_queries(case: Case) -> np.ndarray:
    """Return new points (n_queries, n_features) of the law of the case's."""
    generator = case.generator(2)
    if case.points == "embedded":
        return _by_features(generator, case.n_queries, case.intrinsic) @ _axes(case)
    return _by_features(generator, case.n_queries, case.n_features)


def _by_features(generator: np.random.Generator, n: int, d: int) -> np.ndarray:
    X = np.empty((n, d))
    for feature in range(d):
        X[:, feature] = generator.uniform(-1, 1, n)
    return X


def _axes(case: Case) -> np.ndarray:
    axes, _ = np.linalg.qr(case.generator(1).standard_normal((case.n_features, case.intrinsic)))
    return axes.T


def measure(case: Case, n_threads: int | None) -> dict[str, Any]:
    """Return the extremes of all pairs, how many pairs were dismissed or left, and the share that a k-d tree reads."""
    began = time.perf_counter()
    X = make_points(case)
    ext = distance_extremes(X, prefixes=[case.n_features], n_threads=n_threads)
    stats = ext.stats
    found = {
        "nearest": float(ext.nearest[0]),
        "farthest": float(ext.farthest[0]),
        "share_boxed": stats.pairs_boxed / stats.pairs,
        "share_stopped": stats.pairs_stopped / stats.pairs,
        "screen": stats.screen,
        "search_seconds": round(stats.seconds, 4),
    }
    if case.n_queries:
        found["tree_share"], found["tree_error"] = tree_share(X, make_queries(case))
    found["seconds"] = round(time.perf_counter() - began, 4)
    return found


def run_cases(
    cases: Sequence[Case], folder: Path | None, *, n_threads: int | None, progress: bool
) -> list[dict[str, Any]]:
    """Return what `measure` gives for each case, read from its file in `folder` where an earlier run left one.

    A file is written as soon as its case is finished, whole or not at all; its name holds a digest of the case and
    of fastcurse's version, so that other parameters and versions have files of their own.
    """
    files = [None if folder is None else _file(folder, case) for case in cases]
    found = [None if file is None else _load(file, case) for file, case in zip(files, cases, strict=True)]
    costs = [case.n_samples**2 / 2 * case.n_features for case in cases]
    left = sum(cost for cost, state in zip(costs, found, strict=True) if state is None)
    with progress_bar(left, "scaling", unit=" pair-features", enabled=progress) as bar:
        for at, (case, file) in enumerate(zip(cases, files, strict=True)):
            if found[at] is not None:
                continue
            bar.set_postfix_str(f"n = {case.n_samples}, D = {case.n_features}")
            state = measure(case, n_threads)
            if file is not None:
                file.save(state)
            found[at] = state
            bar.update(costs[at])
    return [state for state in found if state is not None]


def _load(file: Checkpoint, case: Case) -> dict[str, Any] | None:
    """Return what a case's file says, None if there is none."""
    try:
        state = file.load()
        if state is not None:
            names = _NUMBERS if case.n_queries else _NUMBERS[:-2]
            distances([state.get(name) for name in names], (len(names),))
        return state
    except (ValueError, TypeError) as error:
        where = f"got {str(file.path)!r}; delete it, and its case is measured again"
        raise ValueError(f"the folder of finished cases must hold files of this experiment alone, {where}") from error


def _file(folder: Path, case: Case) -> Checkpoint:
    work = {"experiment": "scaling", "fastcurse": __version__, **case._asdict()}
    digest = hashlib.sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{case.points}-n{case.n_samples}-d{case.n_features}-{case.draw}-{digest}.json"
    return Checkpoint(folder / name, work)
