"""Ball volumes: seconds for the same number of draws, peers in turn; and what each method knows at equal time."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numba import njit

from benchmarks.record import Record, Row, compared, seconds_of
from fastcurse.balls import BallVolumeEstimate, estimate_ball_volume

SOURCES = ("_kernels", "engine", "balls")
_REPEATS = 3
_ROWS = 100_000  # a block of 16 MB at d = 20: NumPy is at its best where its temporaries stay in the cache
_HITS_UP_TO = 20  # beyond, counting hits finds none in a second


class Sizes(NamedTuple):
    """Dimensions and draws against peers; dimensions of the methods at equal time, and that time."""

    dimensions: tuple[int, ...]
    n_draws: int
    compared: tuple[int, ...]
    seconds: float


FULL = Sizes((2, 5, 10, 20, 30), 10_000_000, (2, 5, 10, 20, 100, 1000), 1.0)
QUICK = Sizes((2, 10), 1_000_000, (2, 10, 100), 0.2)


def count_hits_as_written(rng: np.random.Generator, n_draws: int, d: int) -> int:
    """Count hits with the two lines that every tutorial has, over the whole cube."""
    points = rng.uniform(-1.0, 1.0, size=(n_draws, d))
    return int(((points**2).sum(axis=1) <= 1.0).sum())


def count_hits_tuned(rng: np.random.Generator, n_draws: int, d: int) -> int:
    """Count hits in one orthant, with the sum of squares in one pass and no temporary."""
    points = rng.random((n_draws, d))
    return int(np.count_nonzero(np.einsum("ij,ij->i", points, points) <= 1.0))


@njit
def count_hits_numba(rng, n_draws, d):
    """Count hits in one orthant by a plain loop that stops a draw when it is outside; one thread, as its generator."""
    hits = 0
    for _ in range(n_draws):
        total = 0.0
        for _ in range(d):
            x = rng.random()
            total += x * x
            if total > 1.0:
                break
        if total <= 1.0:
            hits += 1
    return hits


PEERS = {
    "NumPy, as usually written": count_hits_as_written,
    "NumPy, tuned": count_hits_tuned,
    "Numba loop, NumPy's generator": count_hits_numba,
}


def _count_in_blocks(count_hits: Callable[..., int], rng: np.random.Generator, n_draws: int, d: int) -> int:
    return sum(count_hits(rng, _ROWS, d) for _ in range(n_draws // _ROWS))


def measure(record: Record, sizes: Sizes) -> None:
    """One row a dimension and peer, best of three; then one row a dimension and method at equal time."""

    def warm() -> None:
        estimate_ball_volume(2, 1, random_state=0)
        count_hits_numba(np.random.default_rng(0), 1, 2)

    steps = {
        **{f"hits, d = {d}": partial(_against_peers, d, sizes.n_draws) for d in sizes.dimensions},
        **{f"errors, d = {d}": partial(_errors_at_equal_time, d, sizes.seconds) for d in sizes.compared},
    }
    record.measure(steps, warm)


def _against_peers(d: int, n_draws: int) -> list[Row]:
    rng = np.random.default_rng(0)
    ours = partial(estimate_ball_volume, d, n_draws, random_state=0)
    rows = []
    for peer, count_hits in PEERS.items():
        theirs = partial(_count_in_blocks, count_hits, rng, n_draws, d)
        _check(theirs(), ours())
        seconds = [(seconds_of(theirs), seconds_of(ours)) for _ in range(_REPEATS)]
        rows.append(compared(f"hit-or-miss, d = {d}, {n_draws} draws", peer, *map(min, zip(*seconds, strict=True))))
    return rows


def _check(their_hits: int, estimate: BallVolumeEstimate) -> None:
    """Hold both counts against the closed form: six standard deviations, and a few hits where they are rare."""
    allowed = 6.0 * max(1.0, estimate.expected_hits**0.5)
    for hits in (their_hits, estimate.hits):
        assert abs(hits - estimate.expected_hits) < allowed, (hits, estimate)


def _errors_at_equal_time(d: int, allowed: float) -> list[Row]:
    """Relative standard error of the volume that each method states after about `allowed` seconds."""
    rows = []
    for method in ("hit_or_miss", "quasi", "telescoping") if d <= _HITS_UP_TO else ("telescoping",):
        n_draws, seconds = 2**14 if method == "quasi" else 64 * d + 10_000, 0.0
        while seconds < allowed / 2:  # the draws that take about the time, found by doubling
            began = time.perf_counter()
            estimate = estimate_ball_volume(d, n_draws, method=method, random_state=0)
            seconds = time.perf_counter() - began
            n_draws *= 2
        if np.isfinite(estimate.standard_error):  # there was a hit
            case = f"relative standard error after {seconds:.1f} s, d = {d}, {method}"
            rows.append({"case": case, "value": float(estimate.standard_error), "n_draws": n_draws // 2})
    return rows
