"""How the tiles of a scan are gone through, in batches, with progress, and with a file to resume from.

A scan's tiles have a fixed order. What a scan has found of tiles 0 .. k - 1 is its *state*: small, and the same
whoever found it and in what order parts were merged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, NamedTuple, Protocol

import numpy as np

from fastcurse.engine.batches import run_batches
from fastcurse.engine.checkpoint import Checkpoint
from fastcurse.engine.memory import check_memory

_SAVE_SECONDS = 3.0


class Recipe(NamedTuple):
    """How to make a scan of points: ``make(points, *arguments)``."""

    make: Callable[..., Any]
    arguments: tuple[Any, ...]
    need: int  # bytes beside the points, about


class Scan(Protocol):
    """What can be scheduled."""

    points: np.ndarray
    work: np.ndarray  # of each tile, in any unit
    max_items: int  # tiles of a batch
    first_items: int | None  # tiles of the first batch, where their cost is known

    def scan(self, start: int, stop: int) -> None:
        """Go through tiles start .. stop - 1."""

    def label(self) -> list[Any]:
        """Return what tells its tiles from those of another scan, as numbers."""

    def recipe(self) -> Recipe:
        """Return how to make it elsewhere."""

    def forget(self) -> None:
        """Set all counts to zero; what was found may stay."""

    def state(self) -> dict[str, Any]:
        """Return what was found, as numbers, texts, lists and dicts of those."""

    def merge(self, state: dict[str, Any]) -> None:
        """Take in what was found by another scan of the same points, or by this one before it was interrupted."""


class Journal:
    """Notes by name, kept in a checkpoint if there is one; written every few seconds."""

    def __init__(self, checkpoint: Checkpoint | None = None) -> None:
        self._checkpoint = checkpoint
        self._notes: dict[str, Any] = {}
        if checkpoint is not None:
            self._notes = checkpoint.load() or {}
            checkpoint.save(self._notes)  # a file that cannot be written is better known now
        self._saved = time.monotonic()
        self.resumed = 0.0  # share of all work that the file had

    def read(self, name: str) -> Any:
        """Return the note of that name, None if there is none."""
        return self._notes.get(name)

    def write(self, name: str, make: Callable[[], Any], *, now: bool = False) -> None:
        """Note what `make` returns, if it is time to, or `now`."""
        if self._checkpoint is not None and (now or time.monotonic() - self._saved > _SAVE_SECONDS):
            self._notes[name] = make()
            self._checkpoint.save(self._notes)
            self._saved = time.monotonic()

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Turn the errors of notes that are none of ours into the one that says so."""
        try:
            yield
        except (LookupError, TypeError, ArithmeticError, ValueError, AttributeError) as error:
            path = None if self._checkpoint is None else str(self._checkpoint.path)
            raise ValueError(f"checkpoint must be a file that fastcurse wrote, got {path!r}") from error

    def drop(self, prefix: str) -> None:
        """Forget the notes whose names begin with `prefix`; the file forgets them when it is next written."""
        self._notes = {name: note for name, note in self._notes.items() if not name.startswith(prefix)}


class Schedule:
    """Runs scans to their end, from where a journal says; `name` tells one scan's notes from another's."""

    def __init__(
        self, journal: Journal | None = None, advance: Callable[[float], object] | None = None, name: str = ""
    ) -> None:
        self.journal, self._advance, self.name = journal or Journal(), advance or (lambda share: None), name
        self.share = 1.0
        self._resumed = 0.0  # share of all work that notes of this schedule spared

    def part(self, name: str, share: float = 1.0) -> Schedule:
        """Return the schedule of a part of the work, which is that share of it."""
        part = copy(self)
        part.name, part.share, part._resumed = f"{self.name}/{name}", self.share * share, 0.0
        return part

    def check_memory(self, need: int, *, by_workers: bool = False) -> None:
        """Raise MemoryError where there is no room for that many bytes, which workers take if there are any."""
        check_memory(need)

    def advance(self, share: float) -> None:
        """Say that so much more of the work is done."""
        self._advance(self.share * share)

    def restart(self) -> None:
        """Say that what was done has to be done in another way."""
        self.advance(-1.0)
        self.journal.resumed -= self._resumed
        self._resumed = 0.0

    def run(self, scan: Scan, name: str) -> None:
        """Go through all tiles of the scan, or through those that are left."""
        done = self._resume(scan, name)
        resumed = float(scan.work[:done].sum()) / float(scan.work.sum())
        self._resumed = self.share * resumed
        self.journal.resumed += self._resumed
        self.advance(resumed)
        self.go_through(scan, name, done)
        self.note(scan, name, len(scan.work), now=True)

    def go_through(self, scan: Scan, name: str, done: int) -> None:
        """Go through all tiles from number `done` on."""
        total = float(scan.work.sum())

        def run(start: int, stop: int) -> None:
            scan.scan(done + start, done + stop)
            self.note(scan, name, done + stop)

        run_batches(
            scan.work[done:], run, max_items=scan.max_items, first_items=scan.first_items,
            advance=lambda more: self.advance(more / total),
        )  # fmt: skip

    def note(self, scan: Scan, name: str, done: int, *, now: bool = False) -> None:
        """Note what was found of the first tiles, if it is time to, or `now`."""
        self.journal.write(
            f"{self.name}/{name}",
            lambda: {"label": scan.label(), "done": done, "state": scan.state()},
            now=now,
        )

    def _resume(self, scan: Scan, name: str) -> int:
        note = self.journal.read(f"{self.name}/{name}")
        if note is None:
            return 0
        with self.journal.understood():
            label, done, state = note["label"], note["done"], note["state"]
            if not isinstance(done, int) or not 0 <= done <= len(scan.work):
                raise TypeError(done)
        if label != scan.label():
            raise ValueError("checkpoint must be of the same tiles, got one of a host that cuts others")
        with self.journal.understood():
            scan.merge(state)
        return done
