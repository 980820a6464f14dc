"""Hit-or-miss: seconds for the same number of draws, NumPy's vectorised code and ours in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from fastcurse.balls import estimate_ball_volume

DIMENSIONS = (2, 10, 20)
N_DRAWS = 10_000_000
REPEATS = 5
_ROWS = 100_000  # a block of 16 MB at d = 20: NumPy is at its best where its temporaries stay in the cache


def count_hits_as_written(rng: np.random.Generator, n_draws: int, d: int) -> int:
    """Count hits with the two lines that every tutorial has, over the whole cube."""
    points = rng.uniform(-1.0, 1.0, size=(n_draws, d))
    return int(((points**2).sum(axis=1) <= 1.0).sum())


def count_hits_tuned(rng: np.random.Generator, n_draws: int, d: int) -> int:
    """Count hits in one orthant, with the sum of squares in one pass and no temporary."""
    points = rng.random((n_draws, d))
    return int(np.count_nonzero(np.einsum("ij,ij->i", points, points) <= 1.0))


PEERS = {"NumPy, as usually written": count_hits_as_written, "NumPy, tuned": count_hits_tuned}


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _count_in_blocks(count_hits: Callable[..., int], rng: np.random.Generator, d: int) -> int:
    return sum(count_hits(rng, _ROWS, d) for _ in range(N_DRAWS // _ROWS))


def run() -> list[dict]:
    """Return one row a dimension and peer; best of `REPEATS`, peer and ours timed in turn."""
    rng = np.random.default_rng(0)
    estimate_ball_volume(2, 1, random_state=0)  # compiles, or loads from the cache
    rows = []
    for d in DIMENSIONS:
        ours = partial(estimate_ball_volume, d, N_DRAWS, random_state=0)
        for peer, count_hits in PEERS.items():
            theirs = partial(_count_in_blocks, count_hits, rng, d)
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
    return rows
