"""A search interrupted, resumed, moved back, damaged and mistaken in any order ends with the bits of one run."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from outcomes import answer_or_refusal
from strategies import costly

import fastcurse as fc
from fastcurse.engine import pair_scan, schedule, screened_scan

FIELDS = ("nearest", "farthest", "nearest_pair", "farthest_pair")
# Each way through the pairs: shape, options, and whether the values are 0 or 1.
WAYS = [
    ((700, 12), {"prefixes": [4, 12], "screen": "int8"}, False),
    ((900, 3), {"prefixes": [3], "screen": "float32"}, False),
    ((500, 9), {"screen": "float32"}, False),
    ((400, 6), {"screen": "none"}, False),
    ((300, 3), {"screen": "none"}, True),
    ((700, 40), {"screen": "float32"}, True),
    ((1500, 9), {"prefixes": [9], "screen": "int8"}, True),
]
# What is changed, and what a refusal names.
OTHER_WORK = {
    "data": lambda X, options: (X + 1, options),
    "shape": lambda X, options: (X[:-1], options),
    "dtype": lambda X, options: (X.astype(float), options),
    "prefixes": lambda X, options: (X, {**options, "prefixes": [2]}),
    "screen": lambda X, options: (X, {**options, "screen": "auto"}),
}


class Search(RuleBasedStateMachine):
    """One search and the file that it is resumed from."""

    @initialize(way=st.sampled_from(WAYS), seed=st.integers(0, 9))
    def begin(self, way, seed):
        shape, self.options, whole = way
        X = np.random.default_rng(seed).random(shape, dtype=np.float32)
        self.X = np.round(X) if whole else X
        self.expected = fc.distance_extremes(self.X, **self.options)
        self.folder = Path(tempfile.mkdtemp())
        self.path, self.kept = self.folder / "state", self.folder / "kept"
        self.finished = self.damaged = False
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(schedule, "_SAVE_SECONDS", -1.0)
        self.patch.setattr(schedule, "run_batches", self.run_in_steps)
        self.step = 1

    def run_in_steps(self, work, run, *, max_items, first_items=None, advance=lambda amount: None):
        step = min(max_items, max(1, len(work) // 6)) * self.step
        for start in range(0, len(work), step):
            run(start, min(start + step, len(work)))
            advance(work[start : start + step].sum())

    def teardown(self):
        if hasattr(self, "patch"):
            self.patch.undo()
            shutil.rmtree(self.folder)

    def search(self, X=None, **options):
        X = self.X if X is None else X
        return fc.distance_extremes(X, checkpoint=self.path, **(options or self.options))

    def is_right(self, found):
        assert all(np.array_equal(getattr(found, field), getattr(self.expected, field)) for field in FIELDS)
        assert 0 <= found.stats.pairs_resumed <= found.stats.pairs

    @precondition(lambda self: not self.damaged)
    @rule(notes=st.integers(1, 8), n_threads=st.sampled_from([None, 1, 3]), step=st.integers(1, 3))
    def run_and_interrupt(self, notes, n_threads, step):
        write, left, self.step = schedule.Journal.write, [notes], step

        def noted(journal, *arguments, **rest):
            write(journal, *arguments, **rest)
            left[0] -= journal._checkpoint is not None
            if left[0] == 0:
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(schedule.Journal, "write", noted)
            try:
                found = self.search(**self.options, n_threads=n_threads)
            except KeyboardInterrupt:
                assert self.path.exists()
                return
        self.is_right(found)
        self.finished = True

    @precondition(lambda self: not self.damaged)
    @rule(n_threads=st.sampled_from([None, 1, 8]))
    def run_to_the_end(self, n_threads):
        found = self.search(**self.options, n_threads=n_threads)
        self.is_right(found)
        if self.finished:
            assert found.stats.pairs_resumed == found.stats.pairs
        self.finished = True

    @precondition(lambda self: self.path.exists() and not self.damaged)
    @rule(change=st.sampled_from(sorted(OTHER_WORK)))
    def mistake_it_for_other_work(self, change):
        before = self.path.read_bytes()
        X, options = OTHER_WORK[change](self.X, self.options)
        with pytest.raises(ValueError, match=f"checkpoint must be of the same work, got .* with .*{change} "):
            self.search(X, **options)
        assert self.path.read_bytes() == before

    @precondition(lambda self: self.path.exists() and not self.damaged)
    @rule()
    def cut_other_tiles(self):
        """As a host with other vectors does: its answer is the same, or it says why it does not go on."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(pair_scan, "PAIR_FEATURES_A_TILE", 1)
            patch.setattr(screened_scan, "_SMALLEST_TILE", 1)
            before = self.path.read_bytes()
            found, refusal = answer_or_refusal(self.search)
            if refusal:
                assert "checkpoint must be of the same tiles" in refusal
                self.path.write_bytes(before)
            else:
                self.is_right(found)
                self.finished = True

    @precondition(lambda self: self.path.exists() and not self.damaged)
    @rule()
    def keep_a_copy(self):
        shutil.copy(self.path, self.kept)

    @precondition(lambda self: self.path.exists() and not self.damaged)
    @rule(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
    def change_a_bit(self, at, bit):
        content = bytearray(self.path.read_bytes())
        content[int(at * len(content))] ^= 1 << bit
        self.path.write_bytes(content)
        self.damaged = True

    @precondition(lambda self: self.damaged)
    @rule()
    def run_from_damage(self):
        before = self.path.read_bytes()
        found, refusal = answer_or_refusal(self.search)
        if refusal:
            assert "checkpoint must be a file that fastcurse wrote" in refusal
            assert self.path.read_bytes() == before
        else:  # the seventeenth digit of a number, which is still the same number
            self.is_right(found)
            self.finished, self.damaged = True, False

    @precondition(lambda self: self.kept.exists())
    @rule()
    def go_back_to_the_copy(self):
        shutil.copy(self.kept, self.path)
        self.finished = self.damaged = False

    @precondition(lambda self: self.path.exists())
    @rule()
    def delete_it(self):
        self.path.unlink()
        self.finished = self.damaged = False

    @invariant()
    def nothing_else_lies_there(self):
        if hasattr(self, "folder"):
            assert {path.name for path in self.folder.iterdir()} <= {"state", "kept"}


TestSearch = Search.TestCase
TestSearch.settings = settings(costly(6), stateful_step_count=15)
