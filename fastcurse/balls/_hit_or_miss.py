"""Hit-or-miss: how many of the draws fall into the ball, and the exact interval of such a count."""

from __future__ import annotations

import numpy as np
from scipy import special

from fastcurse._kernels import balls as kernels
from fastcurse._kernels import simd
from fastcurse.engine.batches import progress_bar, run_batches
from fastcurse.engine.threads import parallel_region

MAX_DRAWS = 2**53  # every count is then exact in float64
MAX_DIMENSION = kernels.MAX_DIMENSION
_BLOCK = 2**15  # draws of one turn of the parallel loop: about .2 ms
_MAX_ITEMS = 2**20  # work items of a run: memory does not grow with the number of draws
_DRAWS_A_BATCH = 2**26  # about .2 s on two cores, also for the first batch, which no measured speed bounds


def count_hits(
    d: int, n_draws: int, key: np.ndarray, *, n_threads: int | None, progress: bool, block: int = _BLOCK
) -> int:
    """Return the hits among draws 0 .. n_draws - 1 of stream 0; `block` changes the speed alone."""
    item = block * -(-n_draws // (block * _MAX_ITEMS))
    work = np.full(-(-n_draws // item), float(item))
    work[-1] = n_draws - item * (len(work) - 1)
    width, bounds = simd.width_of(simd.host_bits()), kernels.bounds(d)
    hits = 0

    def run(start: int, stop: int) -> None:
        nonlocal hits
        first, end = start * item, min(stop * item, n_draws)
        block_hits = np.empty(-(-(end - first) // block), dtype=np.int64)
        kernels.scan_hits(width, first, end, d, 0, key, *bounds, block, block_hits)
        hits += int(block_hits.sum())

    with (
        parallel_region(n_threads),
        progress_bar(n_draws, f"hit-or-miss, d = {d}", unit="draw", enabled=progress) as bar,
    ):
        run_batches(work, run, max_items=max(1, _DRAWS_A_BATCH // item), advance=bar.update)
    return hits


def clopper_pearson(hits: int, n_draws: int, confidence: float) -> tuple[float, float]:
    """Return the exact binomial interval of the hit probability."""
    tail = (1.0 - confidence) / 2.0
    low = float(special.betaincinv(hits, n_draws - hits + 1, tail)) if hits else 0.0
    high = float(special.betainccinv(hits + 1, n_draws - hits, tail)) if hits < n_draws else 1.0
    return low, high
