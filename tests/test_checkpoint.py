"""Work that is interrupted, resumed or spread over a cluster gives the same hits; foreign files are refused."""

from __future__ import annotations

import json
import warnings

import distributed
import numpy as np
import pytest

import fastcurse as fc
from fastcurse.balls import _hit_or_miss
from fastcurse.engine.checkpoint import Checkpoint

N_DRAWS = 3_000_001


def small_batches(monkeypatch):
    monkeypatch.setattr(_hit_or_miss, "_DRAWS_A_BATCH", 2**16)


def interrupt_after(monkeypatch, batches):
    """Ctrl-C after so many saves."""
    save, left = Checkpoint.save, [batches]

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
    with pytest.raises(OSError, match="full"):
        checkpoint.save({"draws": 2})
    assert checkpoint.load() == {"draws": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["c"]


FOREIGN = [
    b"",
    b"hits: 3",
    b"[1, 2]",
    b'{"format": "fastcurse checkpoint"}',
    b'{"format": "fastcurse checkpoint", "version": 2, "work": {}, "state": {}}',
    b'{"format": "fastcurse checkpoint", "version": 1, "work": [], "state": {}}',
    b"\x80\x04\x95pickle",
    b"{" * 2**21,
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", FOREIGN, ids=range(len(FOREIGN)))
def test_files_of_others_are_refused_and_stay(tmp_path, content):
    path = tmp_path / "precious"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"checkpoint must be a file that fastcurse wrote, got .*precious"):
        fc.estimate_ball_volume(3, 1000, random_state=0, checkpoint=path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "checkpoint must hold draws, hits and a key"),
        ({"draws": 10, "hits": 11, "key": [1, 2]}, "checkpoint must hold"),
        ({"draws": 10, "hits": -1, "key": [1, 2]}, "checkpoint must hold"),
        ({"draws": 10, "hits": 1, "key": [1, 2**32]}, "checkpoint must hold"),
        ({"draws": 10, "hits": 1, "key": [1]}, "checkpoint must hold"),
        ({"draws": 10, "hits": 1.0, "key": [1, 2]}, "checkpoint must hold"),
        ({"draws": 2000, "hits": 1, "key": [1, 2]}, "checkpoint must be of at most n_draws = 1000 draws, got 2000"),
        ({"draws": 10, "hits": 1, "key": [1, 2]}, "checkpoint must be of the same random_state"),
    ],
)
def test_states_that_cannot_be(tmp_path, state, message):
    path = tmp_path / "c"
    Checkpoint(path, {"estimate": "hit_or_miss", "d": 3}).save(state)
    with pytest.raises(ValueError, match=message):
        fc.estimate_ball_volume(3, 1000, random_state=0, checkpoint=path)


def test_other_work_and_other_places(tmp_path):
    path = tmp_path / "c"
    fc.estimate_ball_volume(3, 1000, random_state=0, checkpoint=path)
    with pytest.raises(ValueError, match=r"checkpoint must be of the same work, .*'d': 4.*, got .*'d': 3"):
        fc.estimate_ball_volume(4, 1000, random_state=0, checkpoint=path)
    with pytest.raises(ValueError, match="checkpoint must lie in a folder that exists"):
        fc.estimate_ball_volume(3, 1000, checkpoint=tmp_path / "no" / "c")
    with pytest.raises(ValueError, match="checkpoint must be a file, got"):
        fc.estimate_ball_volume(3, 1000, checkpoint=tmp_path)
    with pytest.raises(TypeError, match="checkpoint must be a path, got 7"):
        fc.estimate_ball_volume(3, 1000, checkpoint=7)


@pytest.mark.parametrize("method", ["telescoping", "quasi"])
def test_other_methods_have_no_checkpoint_and_no_cluster(tmp_path, method):
    with pytest.raises(ValueError, match="checkpoint must be None unless method is 'hit_or_miss', got method"):
        fc.estimate_ball_volume(3, 1000, method=method, checkpoint=tmp_path / "c")
    with pytest.raises(ValueError, match="client must be None unless method is 'hit_or_miss'"):
        fc.estimate_ball_volume(3, 1000, method=method, client=object())
    assert not list(tmp_path.iterdir())


def test_hits_on_a_cluster(tmp_path, monkeypatch):
    monkeypatch.setattr(_hit_or_miss, "_DRAWS_A_TASK", 10**5)
    monkeypatch.setattr(_hit_or_miss, "_TASKS_A_THREAD", 2)
    local = fc.estimate_ball_volume(5, N_DRAWS, random_state=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs=50
        )
        with cluster, distributed.Client(cluster) as client:
            assert fc.estimate_ball_volume(5, N_DRAWS, random_state=3, client=client) == local
            path = tmp_path / "c"
            fc.estimate_ball_volume(5, 10**6 + 7, random_state=3, checkpoint=path)
            assert fc.estimate_ball_volume(5, N_DRAWS, random_state=3, checkpoint=path, client=client) == local
