"""Holds BLAS at one thread, so that its sums do not depend on the number of cores; lets Ctrl-C through LAPACK."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import OpenBLASController, ThreadpoolController

_LOCK = threading.Lock()
_holders: list[int] = []  # Python threads
_before: list[tuple[Any, int]] = []  # libraries and their limits, while there are holders


def _begin_in_child() -> None:
    """Let a forked child go on without the holders that only its parent has, nor wait for one that has the lock."""
    _LOCK.release()
    if _holders:
        _holders[:] = [holder for holder in _holders if holder == threading.get_ident()]
        if not _holders:
            _let_go()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_begin_in_child)


@cache
def _libraries(_with_scipy: bool) -> list[Any]:
    """Return the BLAS that are loaded: SciPy's wheels bring their own. It takes 2 ms, more than a small fit."""
    found: list[Any] = ThreadpoolController().select(user_api="blas").lib_controllers
    return found


def _set_limits(limits: list[tuple[Any, int]]) -> None:
    """Set the limit of each library. While a thread lives that set it, threadpoolctl 3.8 ignores all other threads."""
    let_any_thread = getattr(OpenBLASController, "clear_controlling_thread", lambda *, force: None)
    for library, limit in limits:
        let_any_thread(force=True)
        library.set_num_threads(limit)
    let_any_thread(force=True)


def _let_go() -> None:
    _set_limits(_before)
    _before.clear()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS at one thread; the first of several Python threads sets the limit, the last restores it.

    Ctrl-C within the lines that set and restore it, of some microseconds, may leave that to the next thread that holds.
    """
    own = threading.get_ident()
    try:
        with _LOCK:
            if not _holders:
                _let_go()
            _holders.append(own)
            held = [library.filepath for library, _ in _before]
            free = [one for one in _libraries("scipy.linalg._fblas" in sys.modules) if one.filepath not in held]
            _before.extend((library, library.get_num_threads()) for library in free)
            _set_limits([(library, 1) for library in free])
        yield
    finally:
        with _LOCK:
            if own in _holders:
                _holders.remove(own)
            if not _holders:
                _let_go()


def interruptible(compute: Callable[[], Any]) -> Any:
    """Return what `compute` returns, from another thread: Ctrl-C need not wait for one long call of LAPACK."""
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.extend((compute(), None))
        except BaseException as error:
            outcome.extend((None, error))

    worker = threading.Thread(target=run, daemon=True)  # an interpreter that ends does not wait for it
    worker.start()
    while worker.is_alive():
        worker.join(0.1)
    value, error = outcome
    if error is not None:
        raise error
    return value
