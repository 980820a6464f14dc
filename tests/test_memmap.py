"""Pages of a memory-mapped file that were read are let go, and no value ever changes."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from outcomes import resident

import fastcurse as fc
from fastcurse._memmap import release, take_rows
from fastcurse.engine.screened_scan import ScreenedScan
from fastcurse.engine.survey import View

X = np.random.default_rng(0).normal(size=(20_000, 64)).astype(np.float32)


@pytest.fixture
def path(tmp_path):
    np.save(tmp_path / "X.npy", X)
    return tmp_path / "X.npy"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_was_read_is_not_kept(path):
    stored = np.load(path, mmap_mode="r")
    assert stored.sum(dtype=float) == X.sum(dtype=float)
    assert resident(path) >= X.nbytes
    release(stored)
    assert resident(path) < X.nbytes // 10
    found = fc.prefix_neighbors(stored, [0, 19_999], 3, [64])
    assert resident(path) < X.nbytes // 4
    assert np.array_equal(found.indices, fc.prefix_neighbors(X, [0, 19_999], 3, [64]).indices)
    assert np.array_equal(stored, X)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    "read",
    [
        lambda X: fc.distance_extremes(X, prefixes=[64]),
        lambda X: fc.distance_extremes(X[:, :8], prefixes=[8]),
        lambda X: fc.closest_pair(X, screen="float32"),
        lambda X: fc.farthest_pair(X, screen="float32"),
        fc.distance_moments,
        lambda X: fc.PrefixLDA().fit(X, np.arange(len(X)) % 2),
        lambda X: fc.profile(X, prefixes=[64], n_queries=50, work_budget=1.0),
        lambda X: fc.profile(X, prefixes=[64], n_queries=50, work_budget=1.0, order="variance"),
    ],
)
def test_a_file_is_not_held_whole(path, read):
    read(np.load(path, mmap_mode="r"))
    assert resident(path) < X.nbytes // 4


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_rows_of_a_sample_and_of_noted_pairs_are_not_held(path):
    stored = np.load(path, mmap_mode="r")
    view = View(stored, 64)
    assert view.frame is not None
    assert view.survey.nearest >= 0
    assert resident(path) < X.nbytes // 4
    scan = ScreenedScan(stored, np.array([64]), view.frame)
    scan._certify(np.arange(20_000)[::-7].reshape(-1, 1) - [[1, 0]])
    assert resident(path) < X.nbytes // 4


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_no_value_changes(path, mode):
    stored, expected = np.load(path, mmap_mode=mode), X.copy()
    if mode != "r":
        stored[5:9000, 3] = expected[5:9000, 3] = 7.0
    views = [stored, np.asarray(stored), stored[100:900, :7], stored[::-1], stored[::3, 5:], stored[:, ::2], stored.T]
    for view in [*views, stored[:0], stored[7], stored[3, 4:5], X]:
        release(view)
        assert np.array_equal(stored, expected)


def test_rows_are_those_that_were_asked_for(path):
    rows = np.random.default_rng(1).integers(0, len(X), 500)
    for source in (X, X[::-1], np.load(path, mmap_mode="r"), np.load(path, mmap_mode="r")[:, ::3]):
        taken = take_rows(source, rows)
        assert np.array_equal(taken, source[rows])
        assert taken.dtype == source.dtype


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_rows_here_and_there_are_not_kept(path):
    stored = np.load(path, mmap_mode="r")
    take_rows(stored, np.arange(0, 20_000, 7))
    assert resident(path) < X.nbytes // 10
