"""Runs independent trials here or in worker processes: the same results either way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from joblib import effective_n_jobs, parallel_config
from sklearn.utils.parallel import Parallel, delayed

from fastcurse.engine.batches import progress_bar
from fastcurse.engine.blas import one_blas_thread

# Workers start, import and load the compiled kernels in 1.5 to 2 s: less than this is not worth saving.
WORTH_SECONDS = 2.0
# The first trial may wait for the compiler, whose work the workers then find on disk.
_TRIALS_BEFORE_WORKERS = 2


def run_trials(
    trial: Callable[[np.random.Generator], Any],
    seeds: Sequence[np.random.SeedSequence],
    description: str,
    *,
    n_jobs: int | None,
    progress: bool,
) -> list[Any]:
    """Return ``[trial(np.random.default_rng(seed)) for seed in seeds]``, for any number of workers.

    A trial's result depends on its seed only: each has a generator of its own and one BLAS thread. The first trials
    run in this process and are timed; the others go to `n_jobs` processes of one thread if that saves
    `WORTH_SECONDS`, so `trial` must be picklable. Ctrl-C ends the workers at once.
    """
    n_workers = effective_n_jobs(n_jobs)
    results: list[Any] = []
    fastest = np.inf
    with progress_bar(len(seeds), description, unit=" trials", enabled=progress) as bar:
        for seed in seeds:
            saved = (len(seeds) - len(results)) * fastest * (1 - 1 / n_workers)
            if n_workers > 1 and len(results) >= _TRIALS_BEFORE_WORKERS and saved >= WORTH_SECONDS:
                break
            began = time.perf_counter()
            results.append(_run_one(trial, seed))
            fastest = min(fastest, time.perf_counter() - began)
            bar.update()
        left = seeds[len(results) :]
        if left:
            with parallel_config(backend="loky", inner_max_num_threads=1):
                workers = Parallel(n_jobs=n_workers, return_as="generator", batch_size=1)
                for result in workers(delayed(_run_one)(trial, seed) for seed in left):
                    results.append(result)
                    bar.update()
    return results


def _run_one(trial: Callable[[np.random.Generator], Any], seed: np.random.SeedSequence) -> Any:
    with one_blas_thread():
        return trial(np.random.default_rng(seed))
