"""What a k-d tree spares a nearest-neighbour query: points that it does not measure, and seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.neighbors import KDTree, NearestNeighbors
from threadpoolctl import threadpool_limits

from fastcurse import _validation
from fastcurse.engine.batches import progress_bar
from fastcurse.experiments._result import Check, ExperimentResult
from fastcurse.experiments._scaling_cases import Case, make_points, make_queries
from fastcurse.experiments._tree_share import (
    SIGMAS,
    earlier_checks,
    excess_check,
    rising_check,
    suited_row,
    tree_share,
)
from fastcurse.neighbors import prefix_neighbors

NAME = "indexes"
QUICK = {
    "dimensions": (2, 4, 8, 16, 30), "large_samples": 12_000, "large_dimensions": (16,), "embedded": (10, 30),
    "n_queries": 60, "timed_queries": 30,
}  # fmt: skip
_ROUNDS = 3  # of each timing the fastest counts
# scikit-learn's brute force finds the nearest by |x|² - 2xy + |y|² and measures it again: another one only in a tie.
_AGREE = {"brute": 1e-7, "scan": 1e-12}
_RIVALS = {"brute": "scikit-learn's brute force", "scan": "our scan"}

CORRECTIONS = (
    "It is not the number of features that defeats an index: of points of 5 dimensions, rotated into any number of "
    "features, a query measures 2 %.",
    "The share is not the time: boxes cost a query something too. The figure of the times says where, on this machine, "
    "a tree that measures few of the points is still no faster than a plain scan.",
    "More points help little: 7.6 times as many lower the share at d = 20 from .93 to .60.",
    "The share jumps with the number of points: leaves hold 10 to 20, so that n = 10 230 reads "
    ".65 at d = 16, and n = 10 260 reads .46. The two noted sizes have leaves of 19.5 and 18.6.",
    "The noted shares, of an unknown number of queries, lie high: over three data sets of 400 queries each it is .044, "
    "not .0506, at d = 8, .426, not .445, at d = 14, and .644, not .673, at d = 16, with standard errors of .001, .005 "
    "and .005.",
)


def run(
    *,
    n_samples: int = 10_000,
    dimensions: tuple[int, ...] = (2, 4, 6, 8, 10, 12, 14, 16, 20, 30, 50, 100),
    large_samples: int = 76_000,
    large_dimensions: tuple[int, ...] = (16, 20, 30),
    embedded: tuple[int, ...] = (6, 10, 20, 30, 50, 100),
    intrinsic: int = 5,
    n_queries: int = 300,
    timed_queries: int = 50,
    random_state: Any = 0,
    progress: bool = False,
) -> ExperimentResult:
    """Count what a 1-nearest-neighbour query of a k-d tree measures, and time it beside two full scans.

    Parameters
    ----------
    n_samples : int, default=10_000
        Points, uniform on [-1, 1]^d, and of `intrinsic` dimensions.
    dimensions : tuple of int
        Numbers of features d of the uniform points, increasing.
    large_samples : int, default=76_000
        Points of a second series of uniform points, more than `n_samples`.
    large_dimensions : tuple of int, default=(16, 20, 30)
        Their numbers of features, increasing.
    embedded : tuple of int, default=(6, 10, 20, 30, 50, 100)
        Numbers of features, increasing, above `intrinsic`, that points of `intrinsic` dimensions are rotated into.
    intrinsic : int, default=5
        Their dimension.
    n_queries : int, default=300
        New points of the same law whose share is counted, at least 2.
    timed_queries : int, default=50
        So many of them are timed, together, at most `n_queries`.
    random_state : int, Generator or None, default=0
        Seed of the points. The result's `params` hold the whole number that gives the same points again.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "share" and "embedded" (mean share of the points that a query measures, and its standard error),
        "seconds" (a query, of each method) and "crossover" (first measured d where the tree is the slower; nan: none).

    Notes
    -----
    The share is that of `sklearn.neighbors.KDTree` with leaves of 10. The time is that of its default leaves of 40, of
    brute force by scikit-learn, and of `prefix_neighbors` at the last prefix, which also finds the farthest point: one
    thread each, the fastest of three rounds, the tree's construction apart. "seconds" and "crossover" are this
    machine's, and no check looks at them.

    Examples
    --------
    >>> import fastcurse as fc
    >>> small = {"n_samples": 2000, "large_samples": 2001, "n_queries": 10, "timed_queries": 2}
    >>> result = fc.experiments.indexes.run(dimensions=(2, 16), large_dimensions=(16,), embedded=(10,), **small)
    >>> share = result.tables["share"]
    >>> share["d"], share["tree_share"].round(1)  # of the rows that a query of a k-d tree measures
    (array([ 2, 16, 16]), array([0. , 0.9, 0.9]))
    """
    n_samples = _validation.check_count(n_samples, "n_samples", minimum=2)
    large_samples = _validation.check_count(large_samples, "large_samples", minimum=n_samples + 1)
    intrinsic = _validation.check_count(intrinsic, "intrinsic", minimum=1)
    uniform_d = _validation.check_prefixes(dimensions, None, "dimensions").tolist()
    large_d = _validation.check_prefixes(large_dimensions, None, "large_dimensions").tolist()
    embedded_d = _validation.check_prefixes(embedded, None, "embedded").tolist()
    _validation.check_count(embedded_d[0], "embedded", minimum=intrinsic + 1)
    n_queries = _validation.check_count(n_queries, "n_queries", minimum=2)
    timed_queries = _validation.check_count(timed_queries, "timed_queries", minimum=1, maximum=n_queries)
    entropy = _validation.check_seed(random_state).entropy
    assert isinstance(entropy, int)  # one whole number, whatever was given
    cases = [
        *(Case("features", n_samples, d, 0, n_queries, entropy, 0) for d in uniform_d),
        *(Case("features", large_samples, d, 0, n_queries, entropy, 1) for d in large_d),
        *(Case("embedded", n_samples, d, intrinsic, n_queries, entropy, 0) for d in embedded_d),
    ]
    rows = []
    with progress_bar(len(cases), "indexes", unit=" cases", enabled=progress) as bar:
        for case in cases:
            rows.append(_measure(case, timed_queries))
            bar.update()
    found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    tables = _tables(found, len(uniform_d) + len(large_d))
    return ExperimentResult(
        name=NAME,
        title="Indexes: what a k-d tree spares, and up to which dimension",
        params={
            "n_samples": n_samples, "dimensions": tuple(uniform_d), "large_samples": large_samples,
            "large_dimensions": tuple(large_d), "embedded": tuple(embedded_d), "intrinsic": intrinsic,
            "n_queries": n_queries, "timed_queries": timed_queries, "random_state": entropy,
        },
        tables=tables,
        checks=make_checks(tables, {name: float(found[f"{name}_differs"].max()) for name in _RIVALS}),
        corrections=CORRECTIONS,
    )  # fmt: skip


def _measure(case: Case, timed_queries: int) -> dict[str, float]:
    """Return the share, the seconds a query of the three methods, and how far their nearest distances differ."""
    X, queries = make_points(case), make_queries(case)
    share, error = tree_share(X, queries)
    queries = queries[:timed_queries]
    d = case.n_features
    with threadpool_limits(limits=1):
        build, tree = _fastest(lambda: KDTree(X))
        brute = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(X)
        prefix_neighbors(X[:2], queries, 1, [d], n_threads=1)  # compiled, or read from disk, before it is timed
        seconds, nearest = {}, {}
        seconds["tree"], nearest["tree"] = _fastest(lambda: tree.query(queries, k=1)[0][:, 0])
        seconds["brute"], nearest["brute"] = _fastest(lambda: brute.kneighbors(queries)[0][:, 0])
        seconds["scan"], nearest["scan"] = _fastest(
            lambda: prefix_neighbors(X, queries, 1, [d], n_threads=1).distances[0, :, 0]
        )
    return {
        "n_samples": case.n_samples, "d": d, "intrinsic": case.intrinsic or d, "tree_share": share, "tree_error": error,
        "build_seconds": build,
        **{f"{name}_seconds": value / len(queries) for name, value in seconds.items()},
        **{f"{name}_differs": float(np.max(np.abs(nearest[name] / nearest["tree"] - 1))) for name in _RIVALS},
    }  # fmt: skip


def _fastest(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds of the fastest of `_ROUNDS`, and what the work returns."""
    seconds = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - began)
    return min(seconds), found


def _tables(found: dict[str, np.ndarray], n_uniform: int) -> dict[str, dict[str, np.ndarray]]:
    about = ("n_samples", "d", "intrinsic")
    shares = {name: found[name] for name in (*about, "tree_share", "tree_error")}
    seconds = {name: found[name] for name in (*about, "build_seconds", "tree_seconds")}
    for name in _RIVALS:
        seconds[f"{name}_seconds"] = found[f"{name}_seconds"]
        seconds[f"tree_over_{name}"] = found["tree_seconds"] / found[f"{name}_seconds"]
    return {
        "share": {name: column[:n_uniform].copy() for name, column in shares.items()},
        "embedded": {name: column[n_uniform:].copy() for name, column in shares.items()},
        "seconds": seconds,
        "crossover": _crossover(seconds, n_uniform),
    }


def _crossover(seconds: dict[str, np.ndarray], n_uniform: int) -> dict[str, np.ndarray]:
    """Return, of each series, the first d where the tree takes longer; nan where it never does."""
    embedded = np.arange(seconds["d"].size) >= n_uniform
    series = [(n, False) for n in dict.fromkeys(seconds["n_samples"][:n_uniform].tolist())]
    series.append((int(seconds["n_samples"][-1]), True))
    first: dict[str, list[float]] = {name: [] for name in _RIVALS}
    for n, low in series:
        here = (seconds["n_samples"] == n) & (embedded == low)
        for name in _RIVALS:
            slower = seconds["d"][here][seconds[f"tree_over_{name}"][here] > 1]
            first[name].append(float(slower[0]) if slower.size else np.nan)
    return {
        "n_samples": np.array([n for n, _ in series]),
        "points": np.array(["embedded" if low else "uniform" for _, low in series]),
        **{f"slower_than_{name}_from": np.array(column) for name, column in first.items()},
    }


def make_checks(tables: dict[str, dict[str, np.ndarray]], differ: dict[str, float]) -> tuple[Check, ...]:
    """Return all checks; `differ` is how far each method's nearest distances are from the tree's."""
    share, embedded = tables["share"], tables["embedded"]
    few, many = (
        {name: column[share["n_samples"] == n] for name, column in share.items()}
        for n in dict.fromkeys(share["n_samples"].tolist())
    )
    checks = earlier_checks(share)
    for part in (few, many):
        rising = rising_check(part)
        checks.append(replace(rising, name=f"{rising.name}, n={part['n_samples'][0]}"))
    # Of more points in as many features a query reads a smaller share.
    _, one, other = np.intersect1d(few["d"], many["d"], return_indices=True)
    for at, large in zip(one, other, strict=True):
        error = np.hypot(few["tree_error"][at], many["tree_error"][large])
        beyond = max(float(many["tree_share"][large] - few["tree_share"][at] - SIGMAS * error), 0.0)
        name = f"rise of the share that a k-d tree reads with more points, beyond its error, D={few['d'][at]}"
        checks.append(Check(name, 0.0, beyond, 0.0, f"{SIGMAS} standard errors over queries"))
    row = suited_row(few, int(embedded["intrinsic"][0]))
    if row is not None:
        checks.append(excess_check(few, embedded, row))
    for name, method in _RIVALS.items():
        text = f"nearest distances of {method}, relative difference from the tree's"
        checks.append(Check(text, 0.0, differ[name], _AGREE[name], "the same nearest points; rounding"))
    return tuple(checks)
