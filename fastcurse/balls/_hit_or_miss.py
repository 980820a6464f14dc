"""Hit-or-miss: how many draws fall into the ball, here or on a cluster, and the exact interval of such a count."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from fastcurse._kernels import balls as kernels
from fastcurse._kernels import simd
from fastcurse._validation._scalars import shown
from fastcurse.engine.batches import progress_bar, run_batches
from fastcurse.engine.checkpoint import Checkpoint
from fastcurse.engine.threads import parallel_region

MAX_DRAWS = 2**53  # every count is then exact in float64
MAX_DIMENSION = kernels.MAX_DIMENSION
DRAWS = kernels.DRAWS
# A generator's block is one chain of products and waits for each: several vectors at a time keep the processor busy.
# 10^7 draws at d = 20: 16.2 ms with one vector of 512 bits, 14.1 with two; 28.7 with one of 256 bits, 22.2 with four.
_VECTOR_BITS = 1024
_BLOCK = 2**15  # draws of one turn of the parallel loop: about .1 ms
_MAX_ITEMS = 2**20  # blocks planned at a time: memory does not grow with the number of draws
_DRAWS_A_BATCH = 2**26  # about .1 s on two cores: what Ctrl-C waits for
_DRAWS_A_TASK = 2**28  # of a cluster: about a second of a core
_TASKS_A_THREAD = 4  # in flight at once, after which a checkpoint is written
# Hits and misses from which SciPy's inverse of the incomplete beta function is no more exact than an expansion.
_MANY = 10**8


def count_hits(
    d: int,
    n_draws: int,
    key: np.ndarray | None,
    *,
    n_threads: int | None,
    progress: bool,
    checkpoint: Checkpoint | None = None,
    client: Any = None,
    block: int = _BLOCK,
) -> int:
    """Return the hits among draws 0 .. n_draws - 1 of stream 0; `block` changes the speed alone.

    A `key` of None is that of the `checkpoint`, which may have been made with fewer draws, or fresh.
    """
    done = hits = 0
    state = checkpoint.load() if checkpoint is not None else None
    if state is not None and checkpoint is not None:
        done, hits, kept = _read(state, n_draws, checkpoint)
        if key is not None and (key != kept).any():
            raise ValueError(f"checkpoint must be of the same random_state, got another in {str(checkpoint.path)!r}")
        key = kept
    used = np.random.SeedSequence().generate_state(2, np.uint32) if key is None else key

    def save() -> None:
        if checkpoint is not None:
            checkpoint.save({"draws": done, "hits": hits, "key": used.tolist()})

    def take(new_hits: int, stop: int) -> None:
        nonlocal done, hits
        bar.update(stop - done)
        done, hits = stop, hits + new_hits
        save()

    save()  # a file that cannot be written is found now, not after hours
    with progress_bar(n_draws, f"hit-or-miss, d = {d}", unit="draw", enabled=progress) as bar:
        bar.update(done)
        if client is None:
            with parallel_region(n_threads):
                _count_here(d, done, n_draws, used, block, take)
        else:
            _count_on_cluster(client, d, done, n_draws, used, take)
    return hits


def _read(state: dict[str, Any], n_draws: int, checkpoint: Checkpoint) -> tuple[int, int, np.ndarray]:
    """Return draws, hits and key of a checkpoint's state."""
    draws: Any = state.get("draws")
    hits: Any = state.get("hits")
    key: Any = state.get("key")
    if not (_is_count(draws) and _is_count(hits) and isinstance(key, list) and len(key) == 2) or (
        hits > draws or not all(_is_count(word) and word < 2**32 for word in key)
    ):
        raise ValueError(f"checkpoint must hold draws, hits and a key, got {shown(state)} in {str(checkpoint.path)!r}")
    if draws > n_draws:
        raise ValueError(
            f"checkpoint must be of at most n_draws = {n_draws} draws, got {shown(draws)} in {str(checkpoint.path)!r}"
        )
    return draws, hits, np.array(key, dtype=np.uint32)


def _is_count(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number >= 0


def _count_here(d: int, first: int, stop: int, key: np.ndarray, block: int, take: Callable[[int, int], None]) -> None:
    """Count draws first .. stop - 1 and give `take` the hits of each batch, in order, with where it ends."""
    width, bounds = simd.width_of(_VECTOR_BITS), kernels.bounds(d)
    most = max(1, _DRAWS_A_BATCH // block)
    for begin in range(first, stop, block * _MAX_ITEMS):
        end = min(begin + block * _MAX_ITEMS, stop)
        work = np.full(-(-(end - begin) // block), float(block))
        work[-1] = end - begin - block * (len(work) - 1)

        def run(first_item: int, stop_item: int, begin: int = begin, end: int = end) -> None:
            start, finish = begin + first_item * block, min(begin + stop_item * block, end)
            block_hits = np.empty(-(-(finish - start) // block), dtype=np.int64)
            kernels.scan_hits(width, start, finish, d, 0, key, *bounds, block, block_hits)
            take(int(block_hits.sum()), finish)

        run_batches(work, run, max_items=most, first_items=most)


def _count_task(d: int, first: int, stop: int, key: np.ndarray) -> int:
    """Return the hits among draws first .. stop - 1, on one worker of a cluster and as many threads as that has."""
    from distributed import get_worker

    hits = 0

    def take(new_hits: int, end: int) -> None:
        nonlocal hits
        hits += new_hits

    with parallel_region(get_worker().state.nthreads):
        _count_here(d, first, stop, key, _BLOCK, take)
    return hits


def _count_on_cluster(
    client: Any, d: int, first: int, stop: int, key: np.ndarray, take: Callable[[int, int], None]
) -> None:
    """Count draws first .. stop - 1 as tasks of a dask.distributed client, some for each of its threads at a time."""
    wave = _DRAWS_A_TASK * _TASKS_A_THREAD * sum(client.ncores().values())
    for start in range(first, stop, wave):
        end = min(start + wave, stop)
        starts = range(start, end, _DRAWS_A_TASK)
        tasks = [client.submit(_count_task, d, at, min(at + _DRAWS_A_TASK, end), key, pure=False) for at in starts]
        try:
            take(sum(client.gather(tasks)), end)
        finally:
            client.cancel(tasks)


def clopper_pearson(hits: int, n_draws: int, confidence: float) -> tuple[float, float]:
    """Return the exact binomial interval of the hit probability.

    Beyond `_MANY` hits and misses its ends are expanded for a large deviation σ of the hits, with z the normal quantile
    and q the share: n q ± (z σ + 1/2) + (1 - 2 q) (2 z² + 1) / 6, within z² / σ² < 1e-6 of the half-width.
    """
    tail = (1.0 - confidence) / 2.0
    misses = n_draws - hits
    if min(hits, misses) < _MANY:
        low = float(special.betaincinv(hits, misses + 1, tail)) if hits else 0.0
        high = float(special.betainccinv(hits + 1, misses, tail)) if misses else 1.0
        return low, high
    z, share = -float(special.ndtri(tail)), hits / n_draws
    half = z * math.sqrt(n_draws * share * (1.0 - share)) + 0.5
    shift = (1.0 - 2.0 * share) * (2.0 * z * z + 1.0) / 6.0
    return (hits + (shift - half)) / n_draws, (hits + (shift + half)) / n_draws
