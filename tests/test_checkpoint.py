"""Work that is interrupted, resumed or spread over a cluster gives the same hits; foreign files are refused."""

from __future__ import annotations

import json
import os
import stat
import warnings
from contextlib import contextmanager
from types import SimpleNamespace

import distributed
import numpy as np
import pytest

import fastcurse as fc
from fastcurse.balls import _hit_or_miss
from fastcurse.engine import files
from fastcurse.engine.checkpoint import Checkpoint

N_DRAWS = 3_000_001
WORK = {"estimate": "hit_or_miss", "d": 3, "draws": "philox-octets-1"}


def small_batches(monkeypatch):
    monkeypatch.setattr(_hit_or_miss, "_DRAWS_A_BATCH", 2**16)


def interrupt_after(monkeypatch, batches):
    """Ctrl-C after so many batches, each of which is saved, as is the start."""
    save, left = Checkpoint.save, [1 + batches]

    def saves(self, state):
        save(self, state)
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", saves)
    return lambda: monkeypatch.setattr(Checkpoint, "save", save)


@pytest.mark.parametrize("seed", [0, None])
@pytest.mark.parametrize("batches", [1, 2, 7])
def test_interrupted_and_resumed(tmp_path, monkeypatch, seed, batches):
    small_batches(monkeypatch)
    path = tmp_path / "hits.json"
    restore = interrupt_after(monkeypatch, batches)
    with pytest.raises(KeyboardInterrupt):
        fc.estimate_ball_volume(4, N_DRAWS, random_state=seed, checkpoint=path)
    restore()
    state = json.loads(path.read_text())["state"]
    assert 0 < state["draws"] < N_DRAWS
    resumed = fc.estimate_ball_volume(4, N_DRAWS, random_state=seed, checkpoint=str(path), n_threads=1)
    key = np.array(state["key"], dtype=np.uint32)
    whole = _hit_or_miss.count_hits(4, N_DRAWS, key, n_threads=None, progress=False)
    assert resumed.hits == whole
    # Finished work is read, not done again; more draws go on from there.
    assert fc.estimate_ball_volume(4, N_DRAWS, random_state=seed, checkpoint=path).hits == whole
    more = fc.estimate_ball_volume(4, N_DRAWS + 77, random_state=seed, checkpoint=path).hits
    assert more == _hit_or_miss.count_hits(4, N_DRAWS + 77, key, n_threads=None, progress=False)
    assert [file.name for file in tmp_path.iterdir()] == ["hits.json"]


def test_a_save_that_fails_leaves_the_last_one(tmp_path, monkeypatch):
    checkpoint = Checkpoint(tmp_path / "c", {"d": 1})
    checkpoint.save({"draws": 1})
    with pytest.raises(TypeError):
        checkpoint.save({"draws": object()})
    monkeypatch.setattr("os.replace", lambda *paths: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(ValueError, match=r"checkpoint must be a file that can be written, got .*c': full"):
        checkpoint.save({"draws": 2})
    assert checkpoint.load() == {"draws": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["c"]


FOREIGN = [
    b"",
    b"hits: 3",
    b"[1, 2]",
    b'{"format": "fastcurse checkpoint"}',
    b'{"format": "fastcurse checkpoint", "version": 1, "work": {}, "state": {}}',
    b'{"format": "fastcurse checkpoint", "version": 2, "work": {}, "state": {}}',
    b'{"format": "fastcurse checkpoint", "version": 2, "work": [], "state": {}}',
    b"\x80\x04\x95pickle",
    b"{" * 2**21,
    b"[" * 100_000,
    # Cut where fastcurse stops reading it would be a checkpoint.
    json.dumps(
        {
            "format": "fastcurse checkpoint",
            "version": 2,
            "work": WORK,
            "state": {"draws": 0, "hits": 0, "key": np.random.SeedSequence(0).generate_state(2).tolist()},
        }
    ).encode()
    + b" " * 2**20
    + b"precious",
]


@pytest.mark.parametrize("content", FOREIGN, ids=range(len(FOREIGN)))
def test_files_of_others_are_refused_and_stay(tmp_path, content):
    path = tmp_path / "precious"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"checkpoint must be a file that fastcurse wrote, got .*precious"):
        fc.estimate_ball_volume(3, 1000, random_state=0, checkpoint=path)
    assert path.read_bytes() == content


def test_a_file_that_was_changed_is_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path / "c", {"d": 1})
    checkpoint.save({"nearest": 0.25})
    text = checkpoint.path.read_text()
    checkpoint.path.write_text(text.replace("0.25", "0.24"))
    with pytest.raises(ValueError, match="checkpoint must be a file that fastcurse wrote"):
        checkpoint.load()
    checkpoint.path.write_text(text)
    assert checkpoint.load() == {"nearest": 0.25}


def test_drafts_of_the_killed_are_removed(tmp_path, monkeypatch):
    checkpoint, other = Checkpoint(tmp_path / "c", {"d": 1}), Checkpoint(tmp_path / "d", {"d": 1})
    with monkeypatch.context() as patch:
        patch.setattr("os.replace", lambda *paths: None)  # as far as a killed process may come
        for _ in range(2):
            checkpoint.save({})
            other.save({})
    old, new, others = *tmp_path.glob(files._drafts(checkpoint.path)), next(tmp_path.glob(files._drafts(other.path)))
    os.utime(old, (0, 0))
    os.utime(others, (0, 0))
    checkpoint.save({})
    assert checkpoint.load() == {}
    assert not old.exists()
    assert new.exists()
    assert others.exists()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "checkpoint must hold draws, hits and a key"),
        ({"draws": 10, "hits": 11, "key": [1, 2]}, "checkpoint must hold"),
        ({"draws": 10, "hits": -1, "key": [1, 2]}, "checkpoint must hold"),
        ({"draws": 10, "hits": 1, "key": [1, 2**32]}, "checkpoint must hold"),
        ({"draws": 10, "hits": 1, "key": [1]}, "checkpoint must hold"),
        ({"draws": 10, "hits": 1.0, "key": [1, 2]}, "checkpoint must hold"),
        ({"draws": 10, "hits": 1, "key": [1] * 10**5}, r"checkpoint must hold .*\.\.\. in '.{1,200}$"),
        ({"draws": 10**4000, "hits": 1, "key": [1, 2]}, r"n_draws = 1000 draws, got 1000.*\.\.\. in '.{1,200}$"),
        ({"draws": 2000, "hits": 1, "key": [1, 2]}, "checkpoint must be of at most n_draws = 1000 draws, got 2000"),
        ({"draws": 10, "hits": 1, "key": [1, 2]}, "checkpoint must be of the same random_state"),
    ],
)
def test_states_that_cannot_be(tmp_path, state, message):
    path = tmp_path / "c"
    Checkpoint(path, WORK).save(state)
    with pytest.raises(ValueError, match=message):
        fc.estimate_ball_volume(3, 1000, random_state=0, checkpoint=path)


def test_other_work_and_other_places(tmp_path):
    path = tmp_path / "c"
    fc.estimate_ball_volume(3, 1000, random_state=0, checkpoint=path)
    with pytest.raises(ValueError, match=r"checkpoint must be of the same work, got '.*c' with d 3, not 4$"):
        fc.estimate_ball_volume(4, 1000, random_state=0, checkpoint=path)
    with pytest.raises(ValueError, match="checkpoint must lie in a folder that exists"):
        fc.estimate_ball_volume(3, 1000, checkpoint=tmp_path / "no" / "c")
    with pytest.raises(ValueError, match="checkpoint must be a regular file, got"):
        fc.estimate_ball_volume(3, 1000, checkpoint=tmp_path)
    with pytest.raises(TypeError, match="checkpoint must be a path, got 7"):
        fc.estimate_ball_volume(3, 1000, checkpoint=7)


def test_all_draws_may_be_hits(tmp_path):
    for n_draws in (100, 200):
        assert fc.estimate_ball_volume(1, n_draws, random_state=0, checkpoint=tmp_path / "c").hits == n_draws


@pytest.mark.parametrize("key", [[1, 3], [3, 2]])
def test_one_word_of_another_key_is_another_key(tmp_path, key):
    Checkpoint(tmp_path / "c", WORK).save({"draws": 10, "hits": 1, "key": [1, 2]})
    with pytest.raises(ValueError, match="checkpoint must be of the same random_state"):
        _hit_or_miss.count_hits(
            3, 20, np.array(key, dtype=np.uint32), n_threads=None, progress=False,
            checkpoint=Checkpoint(tmp_path / "c", WORK),
        )  # fmt: skip


def test_counts_of_another_definition_of_a_draw_are_not_added(tmp_path):
    Checkpoint(tmp_path / "c", {**WORK, "draws": "philox-octets-0"}).save({"draws": 10, "hits": 1, "key": [1, 2]})
    with pytest.raises(ValueError, match=r"the same work, got .* with draws 'philox-octets-0', not 'philox-octets-1'$"):
        fc.estimate_ball_volume(3, 1000, checkpoint=tmp_path / "c")


PLACES = [
    ("c" * 300, "checkpoint must be a file that can be read, got .*ccc': File name too long"),
    ("a\0b", r"checkpoint must be a file that can be written, got 'a\\x00b': .*null"),
    (os.devnull, "checkpoint must be a regular file, got"),
    (".", "checkpoint must be a regular file, got"),
]
if hasattr(os, "mkfifo"):
    PLACES.append(("pipe", "checkpoint must be a regular file, got .*pipe"))


@pytest.mark.parametrize(("place", "message"), PLACES)
def test_places_that_cannot_hold_it_are_found_before_the_first_draw(tmp_path, monkeypatch, place, message):
    monkeypatch.setattr(_hit_or_miss.kernels, "scan_hits", None)
    monkeypatch.chdir(tmp_path)
    if place == "pipe":
        os.mkfifo(place)
    with pytest.raises(ValueError, match=message):
        fc.estimate_ball_volume(3, 1000, random_state=0, checkpoint=place)


def test_a_place_that_refuses_the_first_save_is_found_before_the_first_draw(tmp_path, monkeypatch):
    def refuse(*paths):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    monkeypatch.setattr(_hit_or_miss.kernels, "scan_hits", None)
    with pytest.raises(ValueError, match=r"can be written, got .*c': Permission denied$"):
        fc.estimate_ball_volume(3, 1000, random_state=0, checkpoint=tmp_path / "c")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")
def test_links_and_modes_stay(tmp_path):
    path, link = tmp_path / ("c" * 250), tmp_path / "link"  # no room for more letters in a temporary file's name
    link.symlink_to(path.name)
    fc.estimate_ball_volume(3, 1000, random_state=0, checkpoint=link)
    assert link.is_symlink()
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    path.chmod(0o640)
    fc.estimate_ball_volume(3, 2000, random_state=0, checkpoint=link)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert json.loads(path.read_text())["state"]["draws"] == 2000


def test_the_bar_of_a_resumed_run_begins_where_it_was(tmp_path, monkeypatch):
    updates = []

    @contextmanager
    def bar(total, description, *, unit, enabled):
        updates.append([])
        yield SimpleNamespace(update=updates[-1].append)

    monkeypatch.setattr(_hit_or_miss, "progress_bar", bar)
    for n_draws in (10**5, 3 * 10**5):
        fc.estimate_ball_volume(3, n_draws, random_state=0, checkpoint=tmp_path / "c")
    assert updates == [[0, 10**5], [10**5, 2 * 10**5]]


@pytest.mark.parametrize("method", ["telescoping", "quasi"])
def test_other_methods_have_no_checkpoint_and_no_cluster(tmp_path, method):
    with pytest.raises(ValueError, match="checkpoint must be None unless method is 'hit_or_miss', got method"):
        fc.estimate_ball_volume(3, 1000, method=method, checkpoint=tmp_path / "c")
    with pytest.raises(ValueError, match="client must be None unless method is 'hit_or_miss'"):
        fc.estimate_ball_volume(3, 1000, method=method, client=object())
    assert not list(tmp_path.iterdir())


@contextmanager
def cluster_of(**options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(dashboard_address=None, silence_logs=50, **options)
        with cluster, distributed.Client(cluster) as client:
            yield client


def test_hits_on_a_cluster(tmp_path, monkeypatch):
    monkeypatch.setattr(_hit_or_miss, "_DRAWS_A_TASK", 10**5)
    monkeypatch.setattr(_hit_or_miss, "_TASKS_A_THREAD", 2)
    local = fc.estimate_ball_volume(5, N_DRAWS, random_state=3)
    with cluster_of(n_workers=2, threads_per_worker=1, processes=False) as client:
        assert fc.estimate_ball_volume(5, N_DRAWS, random_state=3, client=client) == local
        path = tmp_path / "c"
        fc.estimate_ball_volume(5, 10**6 + 7, random_state=3, checkpoint=path)
        assert fc.estimate_ball_volume(5, N_DRAWS, random_state=3, checkpoint=path, client=client) == local


def test_hits_of_other_processes(monkeypatch):
    """Workers get the function by name and its arguments by value."""
    monkeypatch.setattr(_hit_or_miss, "_DRAWS_A_TASK", 10**6)
    local = fc.estimate_ball_volume(5, N_DRAWS, random_state=3)
    with cluster_of(n_workers=2, threads_per_worker=1, processes=True) as client:
        assert fc.estimate_ball_volume(5, N_DRAWS, random_state=3, client=client) == local


def test_a_worker_uses_its_own_number_of_threads(monkeypatch):
    seen, region = [], _hit_or_miss.parallel_region

    def recording(n_threads):
        seen.append(n_threads)
        return region(n_threads)

    monkeypatch.setattr(_hit_or_miss, "parallel_region", recording)
    with cluster_of(n_workers=1, threads_per_worker=3, processes=False) as client:
        fc.estimate_ball_volume(5, 1000, random_state=3, client=client)
    assert seen == [3]


def test_no_task_is_left_behind_by_an_interrupt():
    class Client:
        submitted, cancelled = 0, ()

        def ncores(self):
            return {"tcp://worker": 2}

        def submit(self, *arguments, pure):
            self.submitted += 1
            return self.submitted

        def gather(self, tasks):
            raise KeyboardInterrupt

        def cancel(self, tasks):
            self.cancelled = tasks

    client, key = Client(), np.array([1, 2], dtype=np.uint32)
    with pytest.raises(KeyboardInterrupt):
        _hit_or_miss.count_hits(5, 10**12, key, n_threads=None, progress=False, client=client)
    assert client.cancelled == list(range(1, 1 + 2 * _hit_or_miss._TASKS_A_THREAD))


@pytest.mark.parametrize(("client", "error"), [(5, TypeError), (SimpleNamespace(ncores=dict), TypeError)])
def test_a_client_is_checked(client, error):
    with pytest.raises(error, match=r"client must be a dask.distributed.Client or None, got"):
        fc.estimate_ball_volume(5, 1000, client=client)
