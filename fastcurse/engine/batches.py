"""Cuts a list of work items into batches between which Python can breathe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from tqdm.auto import tqdm

BATCH_SECONDS = 0.2
_FIRST_ITEMS = 8


def run_batches(
    work: np.ndarray,
    run: Callable[[int, int], None],
    *,
    max_items: int,
    first_items: int | None = None,
    advance: Callable[[float], object] = lambda amount: None,
) -> None:
    """Call ``run(start, stop)`` over all items in order, about `BATCH_SECONDS` a call.

    `work` (n_items,) is each item's cost in any unit; the rate is measured as the batches go, and
    the first batch is small, or `first_items` where their cost is known. Between two calls Python handles
    signals, so Ctrl-C takes at most a batch.
    A batch never holds more than `max_items` items: its results must fit in memory.
    """
    total = np.concatenate([[0.0], np.cumsum(work, dtype=np.float64)])
    n_items = len(work)
    # A hundredth of small work, a few items of large work: the rate is not known yet.
    start, budget = 0, min(total[-1] / 100, float(total[min(_FIRST_ITEMS, n_items)]))
    if first_items is not None:
        budget = float(total[min(first_items, n_items)])
    while start < n_items:
        stop = int(np.searchsorted(total, total[start] + budget, side="right")) - 1
        stop = min(max(stop, start + 1), start + max_items, n_items)
        began = time.perf_counter()
        run(start, stop)
        seconds = max(time.perf_counter() - began, 1e-6)
        done = total[stop] - total[start]
        advance(done)
        # Grow at most fourfold a step: the first batch may have waited for the compiler.
        budget = min(done * BATCH_SECONDS / seconds, 4 * done)
        start = stop


@contextmanager
def progress_bar(total: float, description: str, *, unit: str, enabled: bool) -> Iterator[Any]:
    """Show a tqdm bar on stderr; nothing when not `enabled` or stderr is not a terminal."""
    with tqdm(
        total=total, desc=description, unit=unit, unit_scale=True, miniters=1, disable=None if enabled else True
    ) as bar:
        yield bar


def track(items: Sequence[Any], description: str, *, enabled: bool) -> Iterator[Any]:
    """Yield the items with a tqdm bar on stderr; nothing when not `enabled` or not a terminal."""
    yield from tqdm(items, desc=description, disable=None if enabled else True, leave=False)
