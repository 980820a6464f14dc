"""Holds BLAS at one thread, so that its sums do not depend on the number of cores; lets Ctrl-C through LAPACK."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

_LOCK = threading.Lock()
_HOLD = ExitStack()
_holders = 0

if hasattr(os, "register_at_fork"):  # a child must not wait for a thread that only its parent has
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)


@cache
def _controller() -> ThreadpoolController:
    # Finding the loaded libraries takes about 2 ms, more than a small fit. NumPy's and SciPy's are loaded by
    # now: the callers import both.
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS at one thread; the first of several Python threads sets the limit, the last restores it."""
    global _holders
    with _LOCK:
        if _holders == 0:
            _HOLD.enter_context(_controller().limit(limits=1, user_api="blas"))
        _holders += 1
    try:
        yield
    finally:
        with _LOCK:
            _holders -= 1
            if _holders == 0:
                _HOLD.close()


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
