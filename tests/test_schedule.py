"""Interrupted, resumed, on a cluster: the same answer, bit for bit."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

import distributed
import numpy as np
import pytest
from distance_cases import same
from numba.core.dispatcher import Dispatcher

import fastcurse as fc
from fastcurse._kernels import distances as exact
from fastcurse._kernels import pair_search as kernels_of_search
from fastcurse._kernels import screen as kernels_of_screen
from fastcurse.engine import cluster, memory, pair_search, schedule, threads
from fastcurse.engine.batches import run_batches
from fastcurse.engine.checkpoint import Checkpoint, fingerprint
from fastcurse.engine.cluster import mapped_file
from fastcurse.engine.frame import find_frame
from fastcurse.engine.screened_scan import ScreenedScan

# Each way through the pairs: one by one in bytes, in float32 with boxes, all prefixes screened, all exactly.
WAYS = {
    "few": ((3500, 40), {"prefixes": [8, 40], "screen": "int8"}),
    "boxed": ((4000, 3), {"prefixes": [3], "screen": "float32"}),
    "every": ((2500, 30), {"screen": "float32"}),
    "exact": ((1500, 20), {"screen": "none"}),
    "given up": ((1200, 40), {"screen": "float32"}),
    "distinct": ((6000, 9), {"prefixes": [9], "screen": "int8"}),
}


def points(way):
    shape = WAYS[way][0]
    X = np.random.default_rng(7).random(shape, dtype=np.float32)
    return np.round(X) if way in ("given up", "distinct") else X


@pytest.fixture
def often(monkeypatch):
    """Save after every batch, of as few tiles as there can be."""
    monkeypatch.setattr(schedule, "_SAVE_SECONDS", -1.0)

    def small(work, run, *, max_items, first_items=None, advance=lambda amount: None):
        step = min(max_items, max(1, len(work) // 5))
        for start in range(0, len(work), step):
            run(start, min(start + step, len(work)))
            advance(work[start : start + step].sum())

    monkeypatch.setattr(schedule, "run_batches", small)
    return small


class TestResume:
    @pytest.mark.parametrize("way", WAYS)
    def test_interrupted_anywhere_it_goes_on_to_the_same_answer(self, way, often, monkeypatch, tmp_path):
        X, options = points(way), WAYS[way][1]
        expected = fc.distance_extremes(X, **options)
        path, resumed, write = tmp_path / "state", [], schedule.Journal.write
        for _ in range(200):
            notes = 0

            def noted(journal, *arguments, **rest):
                nonlocal notes
                write(journal, *arguments, **rest)
                notes += journal._checkpoint is not None
                if notes == 4:
                    raise KeyboardInterrupt

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(schedule.Journal, "write", noted)
                try:
                    found = fc.distance_extremes(X, checkpoint=path, **options)
                    break
                except KeyboardInterrupt:
                    resumed.append(json.loads(path.read_text())["state"])
        assert same(found, expected)
        assert len(resumed) > 1
        assert found.stats.pairs_resumed > 0
        again = fc.distance_extremes(X, checkpoint=path, **options)
        assert same(again, expected)
        assert again.stats.pairs_resumed == again.stats.pairs

    def test_what_has_to_be_done_again_was_not_spared(self, often, monkeypatch, tmp_path):
        X, path = points("distinct"), tmp_path / "state"
        monkeypatch.setattr(pair_search, "_FEW_TILES", 0)

        def search():
            return fc.distance_extremes(X, prefixes=[9], screen="int8", checkpoint=path).stats

        def interrupted(part):
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(schedule.Schedule, "restart", interrupted)
            with pytest.raises(KeyboardInterrupt):
                search()
        assert list(json.loads(path.read_text())["state"]) == ["/p = 9/search"]
        assert search().pairs_resumed == 0

    def test_counts_are_those_of_one_run(self, often, tmp_path):
        X = points("few")
        whole = fc.distance_extremes(X, prefixes=[40], screen="int8").stats
        first = fc.distance_extremes(X, prefixes=[40], screen="int8", checkpoint=tmp_path / "state").stats
        again = fc.distance_extremes(X, prefixes=[40], screen="int8", checkpoint=tmp_path / "state").stats
        assert (whole.pairs_resumed, first.pairs_resumed) == (0, 0)
        assert again.tiles == whole.tiles
        assert again.pairs_certified == first.pairs_certified

    @pytest.mark.parametrize("way", WAYS)
    def test_counts_of_tiles_that_are_done_twice_stay_in_range(self, way, often, tmp_path):
        """A cluster notes what it found in tiles beyond the first that is not done, and goes through them again."""
        X, options = points(way), WAYS[way][1]
        expected, note = fc.distance_extremes(X, **options), schedule.Schedule.note

        def behind(part, scan, name, done, *, now=False):
            note(part, scan, name, 0, now=True)
            if done == len(scan.work):
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(schedule.Schedule, "note", behind)
            with pytest.raises(KeyboardInterrupt):
                fc.distance_extremes(X, checkpoint=tmp_path / "state", **options)
        found = fc.distance_extremes(X, checkpoint=tmp_path / "state", **options)
        assert same(found, expected)
        stats = found.stats
        assert 0 <= stats.tiles_certified <= stats.tiles == expected.stats.tiles
        assert 0 <= stats.pairs_certified <= stats.pairs * len(found.prefixes)

    @pytest.mark.parametrize(
        "change",
        [
            lambda X: {"X": X + 1},
            lambda X: {"X": X[:-1]},
            lambda X: {"X": X.astype(float)},
            lambda X: {"X": X, "prefixes": [7, 40]},
            lambda X: {"X": X, "screen": "float32"},
        ],
    )
    def test_other_work_is_refused(self, change, tmp_path):
        X, path = points("few"), tmp_path / "state"
        fc.distance_extremes(X, prefixes=[8, 40], checkpoint=path)
        before = path.read_bytes()
        with pytest.raises(ValueError, match="checkpoint must be of the same work"):
            fc.distance_extremes(**{"prefixes": [8, 40], "checkpoint": path, **change(X)})
        assert path.read_bytes() == before

    def test_another_version_is_refused(self, tmp_path, monkeypatch):
        from fastcurse.distances import _search

        X, path = points("few"), tmp_path / "state"
        fc.distance_extremes(X, prefixes=[8], checkpoint=path)
        monkeypatch.setattr(_search, "__version__", "99")
        with pytest.raises(ValueError, match="checkpoint must be of the same work"):
            fc.distance_extremes(X, prefixes=[8], checkpoint=path)

    def test_other_tiles_are_refused(self, tmp_path):
        X, path = points("few"), tmp_path / "state"
        fc.distance_extremes(X, screen="float32", checkpoint=path)
        record = json.loads(path.read_text())
        (name,) = record["state"]
        record["state"][name]["label"][0] += 1
        Checkpoint(path, record["work"]).save(record["state"])
        with pytest.raises(ValueError, match="checkpoint must be of the same tiles"):
            fc.distance_extremes(X, screen="float32", checkpoint=path)

    @pytest.mark.parametrize(
        "change",
        [
            {"done": 10**6}, {"done": -3}, {"done": "x"}, {"state": None}, {"state": {}},
            {"state": {"nearest": 1}}, {"label": ()},
        ],
    )  # fmt: skip
    def test_notes_that_are_not_ours_are_refused(self, change, tmp_path):
        X, path = points("few"), tmp_path / "state"
        fc.distance_extremes(X, screen="float32", checkpoint=path)
        record = json.loads(path.read_text())
        (name,) = record["state"]
        record["state"][name].update(change)
        for damaged in (record["state"], {name: 5}, {name: {}}):
            Checkpoint(path, record["work"]).save(damaged)
            with pytest.raises(ValueError, match="checkpoint must be"):
                fc.distance_extremes(X, screen="float32", checkpoint=path)

    def test_a_file_that_cannot_be_written_is_refused_before_the_work(self, tmp_path):
        with pytest.raises(ValueError, match="checkpoint must lie in a folder that exists"):
            fc.distance_extremes(points("few"), checkpoint=tmp_path / "no" / "state")

    def test_the_fingerprint_is_of_values_and_not_of_layout(self):
        X = points("few")
        assert fingerprint(X) == fingerprint(np.asfortranarray(X)) != fingerprint(X[::-1])

    def test_prefixes_that_begin_alike_are_kept_apart(self, tmp_path):
        X, path = points("few"), tmp_path / "state"
        first = fc.distance_extremes(X, prefixes=[4, 40], screen="int8", checkpoint=path)
        again = fc.distance_extremes(X, prefixes=[4, 40], screen="int8", checkpoint=path)
        assert same(first, again)
        assert again.stats.pairs_resumed == again.stats.pairs
        assert len(json.loads(path.read_text())["state"]) == 2


KILLED = """
import sys, numpy as np, fastcurse as fc
from fastcurse.engine import batches, schedule
X = np.random.default_rng(7).random((40_000, 64), dtype=np.float32)
fc.distance_extremes(X[:2500], prefixes=[64], screen="int8")
schedule._SAVE_SECONDS = batches.BATCH_SECONDS = .01
print("ready", flush=True)
found = fc.distance_extremes(X, prefixes=[64], screen="int8", checkpoint=sys.argv[1], n_threads=1)
found.save(sys.argv[2])
"""


@pytest.mark.slow
def test_killed_twenty_times_it_goes_on_to_the_same_answer(tmp_path):
    X = np.random.default_rng(7).random((40_000, 64), dtype=np.float32)
    expected = fc.distance_extremes(X, prefixes=[64])
    rng, kills, ends, latest = random.Random(1), 0, [], 0.3
    while kills < 20 or not ends:
        state, out = tmp_path / f"state{len(ends)}", tmp_path / f"found{len(ends)}.npz"
        command = [sys.executable, "-c", KILLED, str(state), str(out)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"ready\n"
            try:
                process.wait(timeout=rng.uniform(0, latest) if kills < 20 else 120)
            except subprocess.TimeoutExpired:
                process.kill()
                kills += 1
                if not state.exists() or not json.loads(state.read_text())["state"]:
                    latest *= 1.5  # a busy machine: nothing was noted yet
                continue
        assert process.returncode == 0
        ends.append(fc.DistanceExtremes.load(out))
    assert all(same(found, expected) for found in ends)
    assert max(found.stats.pairs_resumed for found in ends) > 0
    # What a killed run may have left is whole.
    assert all(same(fc.DistanceExtremes.load(path), expected) for path in tmp_path.glob("found*"))


@pytest.fixture(scope="module")
def client():
    local = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0")
    with local as cluster, distributed.Client(cluster) as client:
        yield client


class TestCluster:
    @pytest.mark.parametrize("way", WAYS)
    def test_every_way_gives_the_answer_of_one_machine(self, way, client):
        X, options = points(way), WAYS[way][1]
        assert same(fc.distance_extremes(X, client=client, **options), fc.distance_extremes(X, **options))

    @pytest.mark.parametrize("order", ["C", "F"])
    def test_a_memmap_is_opened_by_the_workers(self, order, client, tmp_path):
        np.save(tmp_path / "X.npy", np.asarray(points("few"), order=order))
        X = np.load(tmp_path / "X.npy", mmap_mode="r")
        mapped = mapped_file(X)
        assert mapped is not None
        assert np.array_equal(mapped.open(), X)
        assert same(fc.distance_extremes(X, prefixes=[40], client=client), fc.distance_extremes(X, prefixes=[40]))

    def test_views_of_a_memmap_are_sent(self, tmp_path):
        np.save(tmp_path / "X.npy", points("few"))
        X = np.load(tmp_path / "X.npy", mmap_mode="r")
        assert mapped_file(X[10:]) is None
        assert mapped_file(X[:, ::2]) is None
        assert mapped_file(X.view(np.int32)) is None
        assert mapped_file(np.array(X)) is None
        assert mapped_file(np.asarray(X)) is not None
        assert mapped_file(np.load(tmp_path / "X.npy", mmap_mode="c")) is None

    def test_a_memmap_is_not_sent(self, client, tmp_path, monkeypatch):
        np.save(tmp_path / "X.npy", points("few"))
        X, sent = np.load(tmp_path / "X.npy", mmap_mode="r"), []
        scatter = client.scatter

        def noted(data, **rest):
            sent.extend(data)
            return scatter(data, **rest)

        monkeypatch.setattr(client, "scatter", noted)
        fc.distance_extremes(X, prefixes=[40], screen="int8", client=client)
        assert sent
        assert not any(isinstance(data, np.ndarray) for data in sent)
        fc.distance_extremes(np.array(X), prefixes=[40], screen="int8", client=client)
        assert any(isinstance(data, np.ndarray) for data in sent)

    def test_workers_keep_nothing(self, client):
        fc.distance_extremes(points("few"), prefixes=[40], screen="int8", client=client)
        assert set(client.run(lambda: len(cluster._SCANS)).values()) == {0}

    def test_the_client_makes_no_copy_of_its_own(self, client, monkeypatch):
        monkeypatch.setattr(pair_search, "approximate", None)
        found = fc.distance_extremes(points("few"), prefixes=[40], screen="int8", client=client)
        assert found.stats.copy_bytes == 0

    @pytest.mark.parametrize("way", WAYS)
    def test_every_kernel_runs_in_the_region(self, way, monkeypatch):
        """Also when workers are threads of this process, which must not wait for the region of who waits for them."""
        outside = set()

        def watched(name, kernel):
            def run(*arguments):
                if not threads._ONE_REGION_AT_A_TIME._is_owned():
                    outside.add((name, threading.current_thread().name))
                return kernel(*arguments)

            return run

        for module in (exact, kernels_of_search, kernels_of_screen):
            for name, kernel in vars(module).items():
                if isinstance(kernel, Dispatcher) and kernel.targetoptions.get("parallel"):
                    monkeypatch.setattr(module, name, watched(name, kernel))
        X, options = points(way), WAYS[way][1]
        local = distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0")
        with local as workers, distributed.Client(workers) as client:
            found = fc.distance_extremes(X, client=client, **options)
        assert outside == set()
        assert same(found, fc.distance_extremes(X, **options))

    @pytest.mark.parametrize("n_workers", [1, 2])
    def test_a_worker_may_be_killed_at_work(self, n_workers):
        X = np.random.default_rng(8).random((40_000, 64), dtype=np.float32)
        expected = fc.distance_extremes(X, prefixes=[64])
        local = distributed.LocalCluster(
            n_workers=n_workers, threads_per_worker=1, processes=True, dashboard_address=":0"
        )
        with local as workers, distributed.Client(workers) as client:
            victim = next(iter(client.run(os.getpid).values()))
            merged, merge = [], pair_search.PairSearch.merge

            def killing(search, state):
                merge(search, state)
                merged.append(state)
                if len(merged) == 2:
                    os.kill(victim, signal.SIGKILL)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(pair_search.PairSearch, "merge", killing)
                found = fc.distance_extremes(X, prefixes=[64], screen="int8", client=client)
        assert len(merged) > 2  # there was work left when it died
        assert same(found, expected)

    def test_a_cluster_resumes_what_one_machine_began(self, client, often, tmp_path):
        X, path = points("few"), tmp_path / "state"
        expected = fc.distance_extremes(X, prefixes=[40], screen="int8")

        def first_half(work, run, **rest):
            often(work[: len(work) // 2], run, **rest)
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(schedule, "run_batches", first_half)
            with pytest.raises(KeyboardInterrupt):
                fc.distance_extremes(X, prefixes=[40], screen="int8", checkpoint=path)
        found = fc.distance_extremes(X, prefixes=[40], screen="int8", checkpoint=path, client=client)
        assert same(found, expected)
        assert 0 < found.stats.pairs_resumed < found.stats.pairs

    def test_no_tile_is_noted_before_all_earlier_ones(self, monkeypatch):
        """Tasks that end last first: what is noted is done."""
        flying, finished = [], set()

        class Task:
            def __init__(self, start, stop):
                self.tiles = range(start, stop)
                flying.append(self)

            def done(self):
                return self is flying[-1]

            def result(self):
                finished.update(flying.pop().tiles)
                return {}, 1.0

        monkeypatch.setattr(distributed, "wait", lambda *_, **__: None)
        client = SimpleNamespace(
            scatter=lambda data, **_: data, ncores=lambda: {"one": 1, "other": 1}, cancel=len,
            submit=lambda *arguments, **_: Task(*arguments[-2:]), run=lambda *_: None,
        )  # fmt: skip
        scan = SimpleNamespace(
            work=np.ones(30), points=np.zeros((2, 1)), recipe=dict, state=dict, merge=lambda state: None
        )
        for done, _ in cluster._ClusterRun(client, scan).results(0):
            assert finished >= set(range(done))
        assert done == 30

    def test_a_worker_counts_what_it_does(self, monkeypatch):
        X = points("every")
        scan = ScreenedScan(X, np.arange(1, 31), find_frame(X, 30))
        monkeypatch.setattr(distributed, "get_worker", lambda: SimpleNamespace(state=SimpleNamespace(nthreads=1)))
        told = {**scan.state(), "pairs_certified": 10**9}
        found, _ = cluster._scan_range("one", scan.recipe(), X, told, 0, 1)
        cluster._forget_scan("one")
        assert found["pairs_certified"] < 10**9

    def test_an_error_of_a_worker_is_the_error_here(self, client):
        X = np.zeros((30, 2))
        X[0, 0], X[1, 1], X[2] = 1.1e154, -1.1e154, 1e153
        with pytest.raises(ValueError, match="X must have squared distances below"):
            fc.distance_extremes(X, client=client, screen="none")

    def test_a_worker_without_room_says_so(self, client):
        def starve():
            from fastcurse.engine import memory

            memory.free_bytes = lambda: 1000

        def feed():
            import importlib

            from fastcurse.engine import memory

            importlib.reload(memory)

        client.run(starve)
        try:
            with pytest.raises(MemoryError, match="X must leave room for a copy"):
                fc.distance_extremes(points("few"), prefixes=[40], screen="int8", client=client)
        finally:
            client.run(feed)
        assert same(
            fc.distance_extremes(points("few"), prefixes=[40], screen="int8", client=client),
            fc.distance_extremes(points("few"), prefixes=[40], screen="int8"),
        )


class TestMemory:
    @pytest.mark.parametrize(
        "options", [{"prefixes": [40], "screen": "int8"}, {"screen": "none"}, {"screen": "float32"}]
    )
    def test_work_that_has_no_room_is_refused(self, options, monkeypatch):
        monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
        with pytest.raises(MemoryError, match=r"X must leave room for a copy.*, and 0\.0 MB are free"):
            fc.distance_extremes(points("few"), **options)

    @pytest.mark.parametrize(
        ("X", "options", "asked"),
        [
            # Distinct rows are copied; tiles that the screen gives up are measured in a float64 copy.
            (points("distinct"), {"prefixes": [9], "screen": "int8"}, 500 * 9 * 4),
            (points("given up"), {"screen": "float32"}, 8 * 1200 * 40),
        ],
    )
    def test_what_a_defeated_screen_needs_is_asked_for(self, X, options, asked, monkeypatch):
        needs = []
        monkeypatch.setattr(pair_search, "_FEW_TILES", 0)
        monkeypatch.setattr(schedule, "check_memory", needs.append)
        found = fc.distance_extremes(X, **options)
        assert max(needs[1:]) >= asked
        assert found.stats.copy_bytes <= sum(needs)

    def test_the_client_of_workers_needs_room_for_a_scan(self, monkeypatch):
        monkeypatch.setattr(memory, "free_bytes", lambda: 1000)
        with pytest.raises(MemoryError, match="X must leave room"):
            cluster.ClusterSchedule(None, None, None, None).check_memory(2000)
        cluster.ClusterSchedule(None, None, None, None).check_memory(2000, by_workers=True)

    def test_without_a_word_of_the_system_it_goes_on(self, monkeypatch, tmp_path):
        monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "no")
        monkeypatch.setattr(memory, "_CGROUP", tmp_path / "no")
        assert memory.free_bytes() is None
        fc.distance_extremes(points("few"), prefixes=[40])

    def test_a_group_of_processes_has_a_limit_of_its_own(self, monkeypatch, tmp_path):
        (tmp_path / "meminfo").write_text("MemTotal: 90 kB\nMemAvailable:   50 kB\n")
        monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
        monkeypatch.setattr(memory, "_CGROUP", tmp_path)
        assert memory.free_bytes() == 50 * 1024
        (tmp_path / "memory.max").write_text("30000\n")
        (tmp_path / "memory.current").write_text("10000\n")
        assert memory.free_bytes() == 20_000
        (tmp_path / "memory.stat").write_text("anon 7\nactive_file 300\ninactive_file 700\nfile_mapped 9\n")
        assert memory.free_bytes() == 21_000
        (tmp_path / "memory.max").write_text("max\n")
        assert memory.free_bytes() == 50 * 1024


def test_progress_reaches_its_end(often):
    for way, (_, options) in WAYS.items():
        seen = []
        from fastcurse.distances import _paths
        from fastcurse.engine.schedule import Schedule

        X = points(way)
        prefixes = np.array(options.get("prefixes", range(1, X.shape[1] + 1)))
        _paths.find_extremes(X, prefixes, options["screen"], Schedule(advance=seen.append))
        assert sum(seen) == pytest.approx(1.0), way


def test_batches_may_begin_large():
    sizes = []
    run_batches(np.ones(100), lambda start, stop: sizes.append(stop - start), max_items=60, first_items=50)
    assert sizes[0] == 50
    assert max(sizes) <= 60
