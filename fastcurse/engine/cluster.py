"""Tiles gone through by the workers of a dask.distributed client; the answer is that of one machine, bit for bit."""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import ExitStack, suppress
from typing import Any, NamedTuple

import numpy as np

from fastcurse._memmap import whole_map
from fastcurse.engine.batches import run_batches
from fastcurse.engine.memory import check_memory
from fastcurse.engine.schedule import Journal, Recipe, Scan, Schedule
from fastcurse.engine.threads import parallel_region

_TASK_SECONDS = 1.0
_FIRST_TASKS = 64  # a worker: the first task is that part of its share of the work
_AHEAD = 2  # tasks of a worker at a time: one runs, one waits
_ATTEMPTS = 10  # to give a task to the workers that there are
_PATIENCE = 60  # seconds to wait for a worker when there is none

_LOCK = threading.Lock()
_SCANS: dict[str, Scan] = {}  # of a worker: the scan it is at work on


class MappedFile(NamedTuple):
    """An array in a file that every worker can open."""

    path: str
    dtype: str
    offset: int
    shape: tuple[int, ...]
    order: str

    def open(self) -> np.ndarray:
        """Return the array."""
        order: Any = self.order
        return np.memmap(self.path, self.dtype, "r", self.offset, self.shape, order)


def mapped_file(points: np.ndarray) -> MappedFile | None:
    """Return where a memmap is read from; None for other arrays, parts of memmaps, and one's own changes."""
    whole = whole_map(points)
    if whole is None or whole.filename is None or whole.mode == "c" or whole.dtype != points.dtype:
        return None
    same_start = points.__array_interface__["data"][0] == whole.__array_interface__["data"][0]
    if not same_start or points.shape != whole.shape or points.strides != whole.strides:
        return None
    if not (points.flags.c_contiguous or points.flags.f_contiguous):
        return None
    order = "C" if points.flags.c_contiguous else "F"
    return MappedFile(str(whole.filename), points.dtype.str, int(whole.offset), points.shape, order)


def _scan_range(
    token: str, recipe: Recipe, source: Any, state: dict[str, Any], start: int, stop: int
) -> tuple[dict[str, Any], float]:
    """Go through tiles start .. stop - 1 on a worker; return what was found and the seconds that it took."""
    from distributed import get_worker

    with parallel_region(get_worker().state.nthreads):
        with _LOCK:
            scan = _SCANS.get(token)
        if scan is None:
            check_memory(recipe.need)
            points = source.open() if isinstance(source, MappedFile) else source
            scan = recipe.make(points, *recipe.arguments)
            with _LOCK:
                _SCANS.clear()  # a worker has one scan at a time
                _SCANS[token] = scan
        scan.merge(state)
        scan.forget()
        began = time.perf_counter()
        found = scan
        run_batches(
            scan.work[start:stop], lambda a, b: found.scan(start + a, start + b), max_items=scan.max_items,
            first_items=scan.first_items,
        )  # fmt: skip
        return scan.state(), time.perf_counter() - began


class ClusterSchedule(Schedule):
    """A schedule whose tiles are gone through by the workers of a client, as many threads each as it has.

    Points are opened by each worker where they are a memmap of a file, else sent to all of them once.
    Tasks that a lost worker had are given to others. `region` holds the parallel region of this thread. It is left
    while the workers go through the tiles: they may be threads of this process.
    """

    def __init__(self, client: Any, journal: Journal, advance: Any, region: ExitStack) -> None:
        super().__init__(journal, advance)
        self._client, self._region = client, region

    def check_memory(self, need: int, *, by_workers: bool = False) -> None:
        """Raise MemoryError where this process has no room; the workers look for themselves."""
        if not by_workers:
            super().check_memory(need)

    def go_through(self, scan: Scan, name: str, done: int) -> None:
        """Go through all tiles from number `done` on."""
        if done == len(scan.work):
            return
        run = _ClusterRun(self._client, scan)
        self._region.close()
        total = float(scan.work.sum())
        for finished, share in run.results(done):
            self.advance(share / total)
            self.note(scan, name, finished)
        self._region.enter_context(parallel_region(None))


class _ClusterRun:
    """One scan on a cluster: its tasks in flight, and the tiles that are done."""

    def __init__(self, client: Any, scan: Scan) -> None:
        self.client, self.scan, self.token = client, scan, uuid.uuid4().hex
        self.recipe = self._spread(scan.recipe())
        self.mapped = mapped_file(scan.points)
        self.source = self._send()
        self.n_workers = max(1, len(client.ncores()))
        self.rate = 0.0  # items a second of a worker

    def _send(self) -> Any:
        return self.mapped or self._spread(self.scan.points)

    def _spread(self, data: Any) -> Any:
        """Send data to all workers; a list, for what scatter does with other containers."""
        return self.client.scatter([data], broadcast=True, hash=False)[0]

    def results(self, done: int) -> Any:
        """Yield (first tile that may not be done, work done) after each task."""
        from distributed import CancelledError, KilledWorker, wait

        lost = (CancelledError, KilledWorker)  # errors of tasks that failed because of their worker
        n_items, at = len(self.scan.work), done
        flying: dict[Any, tuple[int, int, int]] = {}
        ahead: list[tuple[int, int]] = []  # ranges done beyond `done`
        try:
            while done < n_items:
                while at < n_items and len(flying) < _AHEAD * self.n_workers:
                    stop = min(at + self._items(), n_items)
                    flying[self._submit(at, stop)] = (at, stop, 1)
                    at = stop
                with suppress(CancelledError):  # tasks that went with their worker: they are done, in their way
                    wait(list(flying), return_when="FIRST_COMPLETED")
                for task in [task for task in flying if task.done()]:
                    start, stop, attempt = flying.pop(task)
                    try:
                        state, seconds = task.result()
                    except lost:
                        flying[self._again(start, stop, attempt)] = (start, stop, attempt + 1)
                        continue
                    self.scan.merge(state)
                    self.rate = (stop - start) / max(seconds, 1e-3)
                    ahead.append((start, stop))
                    while reached := [end for begin, end in ahead if begin <= done < end]:
                        done = max(reached)
                    yield done, float(self.scan.work[start:stop].sum())
        finally:
            with suppress(Exception):  # a client that is gone has nothing to cancel
                self.client.cancel(list(flying))
                self.client.run(_forget_scan, self.token)

    def _items(self) -> int:
        """Return how many items a task should have."""
        if self.rate == 0.0:
            return max(1, len(self.scan.work) // (_FIRST_TASKS * self.n_workers))
        return max(1, int(self.rate * _TASK_SECONDS))

    def _submit(self, start: int, stop: int) -> Any:
        arguments = (self.token, self.recipe, self.source, self.scan.state(), start, stop)
        return self.client.submit(_scan_range, *arguments, pure=False)

    def _again(self, start: int, stop: int, attempt: int) -> Any:
        """Submit a task once more that was lost with its worker."""
        try:
            if attempt > _ATTEMPTS:
                raise TimeoutError
            self.client.wait_for_workers(1, timeout=_PATIENCE)
        except Exception as error:
            raise ValueError(
                f"client must keep a worker, got none in {_PATIENCE} s, or one task that {attempt} workers died of"
            ) from error
        if self.recipe.status != "finished":  # it went with its worker, and the points with it
            self.recipe = self._spread(self.scan.recipe())
            self.source = self._send()
        return self._submit(start, stop)


def _forget_scan(token: str) -> None:
    """Let a worker drop its points and their copy."""
    with _LOCK:
        _SCANS.pop(token, None)
