"""How many threads a compiled loop may use."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

import numba

# Numba's fallback threading layer ("workqueue") aborts the process when two Python threads enter
# parallel regions at once, so fastcurse enters them one at a time.
_ONE_REGION_AT_A_TIME = threading.RLock()
_LIMIT: ContextVar[int | None] = ContextVar("thread_limit", default=None)
_forked_from: str | None = None  # the threading layer that the parent had started


def _begin_in_child() -> None:
    """Let a forked child wait for no thread of its parent, and know which threads it lacks."""
    global _ONE_REGION_AT_A_TIME, _forked_from
    _ONE_REGION_AT_A_TIME = threading.RLock()
    with suppress(ValueError):  # none was started
        _forked_from = numba.threading_layer()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)


def available_threads() -> int:
    """Return the number of processors that this process may run on, or the limit that is set."""
    limit = _LIMIT.get()
    if limit is not None:
        return limit
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def thread_limit(n_threads: int | None) -> Iterator[None]:
    """Let everything called inside take `n_threads` for the available ones (None: no limit)."""
    token = _LIMIT.set(n_threads)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def started_threads() -> int:
    """Return the number of threads that Numba starts: ``NUMBA_NUM_THREADS``, by default one a processor."""
    return int(numba.config.NUMBA_NUM_THREADS)


@contextmanager
def parallel_region(n_threads: int | None) -> Iterator[int]:
    """Hold Numba's thread count at `n_threads` (None: all available) and restore it after.

    Numba starts at most ``NUMBA_NUM_THREADS`` threads; a larger `n_threads` uses that many.

    Raises
    ------
    RuntimeError
        In a process that was forked after its parent had started threads of GNU's OpenMP: they cannot be started
        again, and Numba ends a process that tries.
    """
    if _forked_from == "omp" and sys.platform.startswith("linux"):
        raise RuntimeError(
            "fastcurse must not run in a process that was forked after its parent had started OpenMP threads: start "
            "processes by 'spawn' or 'forkserver', or set NUMBA_THREADING_LAYER=workqueue"
        )
    wanted = available_threads() if n_threads is None else n_threads
    with _ONE_REGION_AT_A_TIME:
        before = numba.get_num_threads()
        granted = min(wanted, started_threads())
        numba.set_num_threads(granted)
        try:
            yield granted
        finally:
            numba.set_num_threads(before)
