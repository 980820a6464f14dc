"""distance_extremes against what a user would write, its scaling, and its share of the machine's peak."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from typing import Any

import numpy as np

import fastcurse as fc
from benchmarks import peers
from benchmarks.cases import DISTANCE_CASES
from benchmarks.peak import pair_features_per_second
from fastcurse.engine.threads import available_threads

_SIZES = ((1000, 500), (2000, 500), (5000, 500), (10_000, 500), (20_000, 500))
_WIDTHS = ((5000, 50), (5000, 100), (5000, 200), (5000, 500), (5000, 1000), (5000, 2000))
_COLD = """
import time
began = time.perf_counter()
import numpy as np
import fastcurse as fc
X = np.random.default_rng(0).uniform(-1, 1, (1000, 100))
fc.distance_extremes(X)
print(time.perf_counter() - began)
"""


def run() -> list[dict[str, Any]]:
    """Run everything in turn in this process; rows with `ratio` compare with a peer, the others stand alone."""
    uniform = DISTANCE_CASES[0].points()
    fc.distance_extremes(uniform[:2000])
    fc.distance_extremes(uniform[:200], screen="none")
    return [*_against_peers(uniform), *_other_data(), *_threads(uniform), *_scaling(), *_start(), _memory()]


def _best(X: np.ndarray, repeats: int = 5, **options: Any) -> tuple[float, fc.DistanceExtremes]:
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        ext = fc.distance_extremes(X, **options)
        seconds.append(time.perf_counter() - began)
    return min(seconds), ext


def _against_peers(X: np.ndarray) -> list[dict[str, Any]]:
    rows = []
    for name, peer in peers.ALL.items():
        peer_seconds = peer(X)
        for screen in ("auto", "none"):
            ours, _ = _best(X, screen=screen)
            how = "float32 screen" if screen == "auto" else "float64 only"
            rows.append(
                {
                    "case": f"uniform, {X.shape[0]} x {X.shape[1]}, all prefixes, {how}",
                    "peer": name,
                    "peer_seconds": peer_seconds,
                    "our_seconds": ours,
                    "ratio": peer_seconds / ours,
                }
            )
    return rows


def _other_data() -> list[dict[str, Any]]:
    rows = []
    for case in DISTANCE_CASES:
        X = case.points()
        exact, expected = _best(X, repeats=3, screen="none")
        ours, ext = _best(X, repeats=3)
        for name in ("nearest", "farthest", "nearest_pair", "farthest_pair"):
            np.testing.assert_array_equal(getattr(ext, name), getattr(expected, name))
        rows.append(
            {
                "case": f"{case.name}, {X.shape[0]} x {X.shape[1]}: screen",
                "peer": "our own float64 scan",
                "peer_seconds": exact,
                "our_seconds": ours,
                "ratio": exact / ours,
                "share_of_pairs_certified": ext.stats.pairs_certified / ext.stats.pairs,
            }
        )
    return rows


def _threads(X: np.ndarray) -> list[dict[str, Any]]:
    rows = []
    for n_threads in sorted({1, min(2, available_threads()), available_threads()}):
        peak = pair_features_per_second(n_threads)
        seconds, ext = _best(X, n_threads=n_threads)
        rows.append(_rate_row(f"{n_threads} threads", X, seconds, ext, peak))
    return rows


def _scaling() -> list[dict[str, Any]]:
    """Time against n and D; the growth of the exact scan beside that of the screen, whose fixed cost shows."""
    peak = pair_features_per_second()
    rows: list[dict[str, Any]] = []
    seconds: dict[tuple[str, int, int], float] = {}
    for n_samples, n_features in dict.fromkeys((*_SIZES, *_WIDTHS)):
        X = DISTANCE_CASES[0].points(n_samples, n_features)
        repeats = 5 if n_samples * n_samples * n_features < 10**11 else 2
        seconds["float32", n_samples, n_features], ext = _best(X, repeats=repeats)
        seconds["none", n_samples, n_features], _ = _best(X, repeats=2, screen="none")
        rows.append(_rate_row("scaling", X, seconds["float32", n_samples, n_features], ext, peak))
    for sizes, which, large in ((_SIZES, 0, 5000), (_WIDTHS, 1, 500)):
        for screen, least in (("none", 0), ("float32", 0), ("float32", large)):
            kept = [size for size in sizes if size[which] >= least]
            logs = np.log([[size[which], seconds[screen, *size]] for size in kept])
            exponent = float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])
            scan = "float64 only" if screen == "none" else "float32 screen"
            over = f"{'nD'[which]} = {kept[0][which]} to {kept[-1][which]}"
            rows.append({"case": f"time grows as {'nD'[which]} to the power, {scan}, {over}", "value": exponent})
    return rows


def _rate_row(name: str, X: np.ndarray, seconds: float, ext: fc.DistanceExtremes, peak: float) -> dict[str, Any]:
    rate = ext.stats.pairs * X.shape[1] / seconds
    return {
        "case": f"{name}: uniform, {X.shape[0]} x {X.shape[1]}",
        "our_seconds": seconds,
        "pair_features_per_second": rate,
        "share_of_float32_peak": rate / peak,
        "share_of_pairs_certified": ext.stats.pairs_certified / ext.stats.pairs,
        "share_of_tiles_certified": ext.stats.tiles_certified / ext.stats.tiles,
    }


def _start() -> list[dict[str, Any]]:
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


def _memory() -> dict[str, Any]:
    """Largest size of the arrays that one warm scan of 5000 × 500 holds at once, beside the data."""
    X = DISTANCE_CASES[0].points()
    tracemalloc.start()
    fc.distance_extremes(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"case": "extra memory of 5000 x 500, MiB", "value": peak / 2**20}
