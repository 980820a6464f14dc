"""distance_extremes against what a user would write, its scaling, and its share of the machine's peak."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import fastcurse as fc
from benchmarks import peers
from benchmarks.cases import DISTANCE_CASES, Case
from benchmarks.peak import pair_features_per_second
from benchmarks.record import Record, Row, compared
from fastcurse.engine.threads import available_threads

SOURCES = ("_kernels", "engine", "distances")


class Sizes(NamedTuple):
    """Rows and features of the points compared; then those whose times show how it grows with either."""

    points: tuple[int, int]
    lengths: tuple[tuple[int, int], ...]
    widths: tuple[tuple[int, int], ...]


FULL = Sizes(
    points=(5000, 500),
    lengths=((1000, 500), (2000, 500), (5000, 500), (10_000, 500), (20_000, 500)),
    widths=((5000, 50), (5000, 100), (5000, 200), (5000, 500), (5000, 1000), (5000, 2000)),
)
QUICK = Sizes(
    points=(1000, 100),
    lengths=((500, 100), (1000, 100), (2000, 100)),
    widths=((1000, 50), (1000, 100), (1000, 200)),
)
_COLD = """
import time
began = time.perf_counter()
import numpy as np
import fastcurse as fc
X = np.random.default_rng(0).uniform(-1, 1, (1000, 100))
fc.distance_extremes(X)
print(time.perf_counter() - began)
"""


def measure(record: Record, sizes: Sizes) -> None:
    """Run everything in turn; rows with `ratio` compare with a peer, the others stand alone."""
    uniform = DISTANCE_CASES[0].points(*sizes.points)

    def warm() -> None:
        fc.distance_extremes(uniform[:2000])
        fc.distance_extremes(uniform[:200], screen="none")

    steps = {
        **{name: partial(_against, name, uniform) for name in peers.ALL},
        **{case.name: partial(_screened, case, case.points(*sizes.points)) for case in DISTANCE_CASES},
        "threads": partial(_threads, uniform),
        "growth": partial(_growth, sizes),
        "start": _start,
        "memory": partial(_memory, uniform),
    }
    record.measure(steps, warm)


def _best(X: np.ndarray, repeats: int = 5, **options: Any) -> tuple[float, fc.DistanceExtremes]:
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        ext = fc.distance_extremes(X, **options)
        seconds.append(time.perf_counter() - began)
    return min(seconds), ext


def _against(peer: str, X: np.ndarray) -> list[Row]:
    peer_seconds = peers.ALL[peer](X)
    rows = []
    for screen, how in (("auto", "float32 screen"), ("none", "float64 only")):
        ours, _ = _best(X, screen=screen)
        case = f"uniform, {X.shape[0]} x {X.shape[1]}, all prefixes, {how}"
        rows.append(compared(case, peer, peer_seconds, ours))
    return rows


def _screened(case: Case, X: np.ndarray) -> list[Row]:
    exact, expected = _best(X, repeats=3, screen="none")
    ours, ext = _best(X, repeats=3)
    for name in ("nearest", "farthest", "nearest_pair", "farthest_pair"):
        np.testing.assert_array_equal(getattr(ext, name), getattr(expected, name))
    share = ext.stats.pairs_certified / ext.stats.pairs
    name = f"{case.name}, {X.shape[0]} x {X.shape[1]}: screen"
    return [compared(name, "our own float64 scan", exact, ours, share_of_pairs_certified=share)]


def _threads(X: np.ndarray) -> list[Row]:
    rows = []
    for n_threads in sorted({1, min(2, available_threads()), available_threads()}):
        peak = pair_features_per_second(n_threads)
        seconds, ext = _best(X, n_threads=n_threads)
        rows.append(_rate_row(f"{n_threads} threads", X, seconds, ext, peak))
    return rows


def _growth(at: Sizes) -> list[Row]:
    """Time against n and D; the growth of the exact scan beside that of the screen, whose fixed cost shows."""
    peak = pair_features_per_second()
    rows: list[Row] = []
    seconds: dict[tuple[str, int, int], float] = {}
    for n_samples, n_features in dict.fromkeys((*at.lengths, *at.widths)):
        X = DISTANCE_CASES[0].points(n_samples, n_features)
        repeats = 5 if n_samples * n_samples * n_features < 10**11 else 2
        seconds["float32", n_samples, n_features], ext = _best(X, repeats=repeats)
        seconds["none", n_samples, n_features], _ = _best(X, repeats=2, screen="none")
        rows.append(_rate_row("scaling", X, seconds["float32", n_samples, n_features], ext, peak))
    for sizes, which in ((at.lengths, 0), (at.widths, 1)):
        for screen, least in (("none", 0), ("float32", 0), ("float32", at.points[which])):
            kept = [size for size in sizes if size[which] >= least]
            logs = np.log([[size[which], seconds[screen, *size]] for size in kept])
            exponent = float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])
            scan = "float64 only" if screen == "none" else "float32 screen"
            over = f"{'nD'[which]} = {kept[0][which]} to {kept[-1][which]}"
            rows.append({"case": f"time grows as {'nD'[which]} to the power, {scan}, {over}", "value": exponent})
    return rows


def _rate_row(name: str, X: np.ndarray, seconds: float, ext: fc.DistanceExtremes, peak: float) -> Row:
    rate = ext.stats.pairs * X.shape[1] / seconds
    return {
        "case": f"{name}: uniform, {X.shape[0]} x {X.shape[1]}",
        "our_seconds": seconds,
        "pair_features_per_second": rate,
        "share_of_float32_peak": rate / peak,
        "share_of_pairs_certified": ext.stats.pairs_certified / ext.stats.pairs,
        "share_of_tiles_certified": ext.stats.tiles_certified / ext.stats.tiles,
    }


def _start() -> list[Row]:
    """First result on 1000 × 100 in a new process, import included: with an empty cache, then from it."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
        command = [sys.executable, "-c", _COLD]
        times = [
            float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout) for _ in range(2)
        ]
    return [
        {"case": "first result on 1000 x 100, nothing compiled, s", "our_seconds": times[0]},
        {"case": "first result on 1000 x 100, from the cache, s", "our_seconds": times[1]},
    ]


def _memory(X: np.ndarray) -> list[Row]:
    """Largest size of the arrays that one warm scan holds at once, beside the data."""
    tracemalloc.start()
    fc.distance_extremes(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return [{"case": f"extra memory of {X.shape[0]} x {X.shape[1]}, MiB", "value": peak / 2**20}]
