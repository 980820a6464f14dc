"""Ball volumes: seconds for the same number of draws, peers in turn; and what each method knows at equal time."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import njit

from fastcurse.balls import BallVolumeEstimate, estimate_ball_volume

DIMENSIONS = (2, 5, 10, 20, 30)
N_DRAWS = 10_000_000
REPEATS = 3
_ROWS = 100_000  # a block of 16 MB at d = 20: NumPy is at its best where its temporaries stay in the cache
_EQUAL_SECONDS = 1.0
_COMPARED = (2, 5, 10, 20, 100, 1000)
_HITS_UP_TO = 20  # beyond, counting hits finds none in a second


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


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _count_in_blocks(count_hits: Callable[..., int], rng: np.random.Generator, d: int) -> int:
    return sum(count_hits(rng, _ROWS, d) for _ in range(N_DRAWS // _ROWS))


def run() -> list[dict[str, Any]]:
    """Return one row a dimension and peer, best of `REPEATS`; then one row a dimension and method at equal time."""
    rng = np.random.default_rng(0)
    estimate_ball_volume(2, 1, random_state=0)  # compiles, or loads from the cache
    count_hits_numba(rng, 1, 2)
    rows = []
    for d in DIMENSIONS:
        ours = partial(estimate_ball_volume, d, N_DRAWS, random_state=0)
        for peer, count_hits in PEERS.items():
            theirs = partial(_count_in_blocks, count_hits, rng, d)
            _check(theirs(), ours())
            seconds = [(_seconds(theirs), _seconds(ours)) for _ in range(REPEATS)]
            peer_seconds, our_seconds = map(min, zip(*seconds, strict=True))
            rows.append(
                {
                    "case": f"hit-or-miss, d = {d}, {N_DRAWS} draws",
                    "peer": peer,
                    "peer_seconds": peer_seconds,
                    "our_seconds": our_seconds,
                    "ratio": peer_seconds / our_seconds,
                }
            )
    return rows + _errors_at_equal_time()


def _check(their_hits: int, estimate: BallVolumeEstimate) -> None:
    """Hold both counts against the closed form: six standard deviations, and a few hits where they are rare."""
    allowed = 6.0 * max(1.0, estimate.expected_hits**0.5)
    for hits in (their_hits, estimate.hits):
        assert abs(hits - estimate.expected_hits) < allowed, (hits, estimate)


def _errors_at_equal_time() -> list[dict[str, Any]]:
    """Relative standard error of the volume that each method states after about a second."""
    rows = []
    for d in _COMPARED:
        for method in ("hit_or_miss", "quasi", "telescoping"):
            if method != "telescoping" and d > _HITS_UP_TO:
                continue
            n_draws, seconds = 2**14 if method == "quasi" else 64 * d + 10_000, 0.0
            while seconds < _EQUAL_SECONDS / 2:  # the draws that take about the time, found by doubling
                began = time.perf_counter()
                estimate = estimate_ball_volume(d, n_draws, method=method, random_state=0)
                seconds = time.perf_counter() - began
                n_draws *= 2
            if not np.isfinite(estimate.standard_error):
                continue  # no hit
            rows.append(
                {
                    "case": f"relative standard error after {seconds:.1f} s, d = {d}, {method}",
                    "value": float(estimate.standard_error),
                    "n_draws": n_draws // 2,
                }
            )
    return rows
