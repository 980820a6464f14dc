"""prefix_neighbors against scikit-learn's brute-force search once per prefix, in one process, and its own rate."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors

import fastcurse as fc
from benchmarks.cases import normal_memmap
from benchmarks.peak import pair_features_per_second
from benchmarks.record import Record, Row, compared
from fastcurse.engine.threads import available_threads

SOURCES = ("_kernels", "engine", "neighbors")
_PREFIXES = (8, 16, 32, 64, 128, 192, 256, 384)
_METRICS, _ELEMENTS = ("euclidean", "cosine"), (np.float32, np.float64)
_K = 10


class Sizes(NamedTuple):
    """Rows, features and queries: against scikit-learn, of the rate, and of the rows in a file."""

    compared: tuple[tuple[int, int, int], ...]
    rate: tuple[int, int, int]
    file: tuple[int, int, int]


FULL = Sizes(((20_000, 384, 1024), (100_000, 384, 512)), (20_000, 384, 2048), (1_000_000, 384, 2048))
QUICK = Sizes(((5000, 384, 256),), (5000, 384, 256), (20_000, 384, 256))


def measure(record: Record, sizes: Sizes) -> None:
    """Run everything in turn; rows with `ratio` compare with scikit-learn, the last two stand alone."""

    def warm() -> None:
        for metric in _METRICS:
            for element in _ELEMENTS:
                fc.prefix_neighbors(np.eye(8, dtype=element), [0], 1, metric=metric)

    steps = {
        f"{n} rows, {metric}, {element.__name__}": partial(_against_scikit_learn, n, d, queries, metric, element)
        for n, d, queries in sizes.compared
        for metric in _METRICS
        for element in _ELEMENTS
    }
    record.measure(steps | {"rate": partial(_rate, *sizes.rate), "memmap": partial(_memmap, *sizes.file)}, warm)


def _points(n_samples: int, n_features: int, element: Any) -> np.ndarray:
    return np.random.default_rng(20210302).standard_normal((n_samples, n_features)).astype(element)


def _against_scikit_learn(n_samples: int, n_features: int, n_queries: int, metric: str, element: Any) -> list[Row]:
    """Both on the same queries; scikit-learn fits and searches X[:, :p] for each prefix, one neighbour more: itself."""
    X = _points(n_samples, n_features, element)
    queries = np.random.default_rng(1).choice(n_samples, n_queries, replace=False)
    began = time.perf_counter()
    near = fc.prefix_neighbors(X, queries, _K, _PREFIXES, metric=metric)
    ours = time.perf_counter() - began
    began = time.perf_counter()
    found = []
    for p in _PREFIXES:
        peer = NearestNeighbors(n_neighbors=_K + 1, algorithm="brute", metric=metric).fit(X[:, :p])
        found.append(peer.kneighbors(X[queries, :p], return_distance=False)[:, 1:])
    theirs = time.perf_counter() - began
    alike = float((near.indices == np.array(found)).mean())
    assert alike > 0.999, alike  # scikit-learn's products may swap neighbours that are nearly tied
    case = (
        f"{np.dtype(element).name}, {n_samples} x {n_features}, {n_queries} queries, k = {_K}, "
        f"{len(_PREFIXES)} prefixes, {metric}"
    )
    peer = "scikit-learn kneighbors, brute, at each prefix"
    return [compared(case, peer, theirs, ours, share_of_neighbors_alike=alike)]


def _rate(n_samples: int, n_features: int, n_queries: int) -> list[Row]:
    X = _points(n_samples, n_features, np.float32)
    began = time.perf_counter()
    fc.prefix_neighbors(X, np.arange(n_queries), _K, _PREFIXES)
    seconds = time.perf_counter() - began
    rate = n_samples * n_queries * n_features / seconds
    row = {
        "case": f"rate, {available_threads()} threads: {n_samples} x {n_features}, {n_queries} queries",
        "our_seconds": seconds,
        "pair_features_per_second": rate,
        "share_of_float32_peak": rate / pair_features_per_second(),
    }
    return [row]


def _memmap(n_samples: int, n_features: int, n_queries: int) -> list[Row]:
    """Rows in a file that is never held whole, random rows as queries; the file has just been written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.npy"
        generator = np.random.default_rng(20210302)
        X = normal_memmap(path, (n_samples, n_features), generator)
        queries = generator.choice(n_samples, n_queries, replace=False)
        began, busy = time.perf_counter(), time.process_time()
        fc.prefix_neighbors(X, queries, _K, _PREFIXES)
        seconds, busy = time.perf_counter() - began, time.process_time() - busy
        del X
    row = {
        "case": f"float32 memmap, {n_samples} x {n_features}, {n_queries} queries, k = {_K}, {len(_PREFIXES)} prefixes",
        "our_seconds": seconds,
        "pair_features_per_second": n_samples * n_queries * n_features / seconds,
        "processors_busy": busy / seconds,
    }
    return [row]
