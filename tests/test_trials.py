"""Trials in this process and in others: the same results, progress that advances, an end within a second."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import fastcurse
from fastcurse.experiments import _trials, augmentation, boundary, curvature, noise, peaking, remedies, whitening

SEEDS = np.random.SeedSequence(5).spawn(6)
CASES = {
    peaking: {"n_samples": 60, "n_features": 70, "repeats": 6, "small_trials": 5},
    noise: {"n_samples": 60, "n_features": 30, "repeats": 6, "separable_at": (10, 20)},
    boundary: {"repeats": 6, "n_points": 20, "features": (2, 30)},
    remedies: {"n_samples": 60, "features": (1, 20, 90), "repeats": 6, "bags": 3, "subspaces": 3, "subspace_size": 10,
               "component_repeats": 6},
    whitening: {"repeats": 6, "sizes": (5, 11), "n_features": 8, "n_samples": 60, "features": (11,),
                "truncated": (11,)},
    augmentation: {**augmentation.QUICK, "repeats": 6, "copies": (30, 60), "peak_repeats": 6},
    curvature: {"n_samples": 40, "repeats": 4, "n_directions": 100, "descent_steps": 100, "training_repeats": 3,
                "training_steps": 64},
}  # fmt: skip


def draw(generator, *, size):
    return os.getpid(), generator.normal(size=size)


def draw_slowly(generator):
    value = generator.random()
    time.sleep(0.5 * value)
    return value


def fail_in_worker(generator, *, pid):
    if os.getpid() != pid:
        raise TypeError("size")


def work(generator, *, pid):
    """Be quick in the first process, slow in a worker, which says that it is there."""
    if os.getpid() == pid:
        time.sleep(0.1)
    else:
        os.write(1, b"a worker works\n")
        time.sleep(30)


@pytest.fixture
def always_workers(monkeypatch):
    """Start workers however little they save."""
    monkeypatch.setattr(_trials, "WORTH_SECONDS", 0.0)


class TestRunTrials:
    def test_each_trial_has_its_own_generator_in_order(self):
        found = _trials.run_trials(partial(draw, size=3), SEEDS, "test", n_jobs=1, progress=False)
        expected = [np.random.default_rng(seed).normal(size=3) for seed in SEEDS]
        assert np.array_equal([values for _, values in found], expected)
        assert {pid for pid, _ in found} == {os.getpid()}

    def test_workers_give_the_same(self, always_workers):
        alone = _trials.run_trials(partial(draw, size=3), SEEDS, "test", n_jobs=None, progress=False)
        shared = _trials.run_trials(partial(draw, size=3), SEEDS, "test", n_jobs=2, progress=False)
        assert np.array_equal([values for _, values in alone], [values for _, values in shared])
        pids = [pid for pid, _ in shared]
        assert pids[:2] == [os.getpid()] * 2
        assert os.getpid() not in pids[2:]

    def test_results_keep_their_order_when_later_trials_end_first(self, always_workers):
        seeds = sorted(SEEDS, key=lambda seed: -np.random.default_rng(seed).random())
        found = _trials.run_trials(draw_slowly, seeds, "test", n_jobs=2, progress=False)
        assert found == [np.random.default_rng(seed).random() for seed in seeds]

    def test_short_trials_start_no_worker(self, monkeypatch):
        def never(*arguments, **options):
            raise AssertionError

        monkeypatch.setattr(_trials, "Parallel", never)
        assert len(_trials.run_trials(partial(draw, size=3), SEEDS, "test", n_jobs=2, progress=False)) == 6

    def test_a_failing_trial_raises_its_own_error(self, always_workers):
        with pytest.raises(ValueError, match="negative dimensions"):
            _trials.run_trials(partial(draw, size=-1), SEEDS, "test", n_jobs=1, progress=False)
        with pytest.raises(TypeError, match="size"):
            _trials.run_trials(partial(fail_in_worker, pid=os.getpid()), SEEDS, "test", n_jobs=2, progress=False)


@pytest.mark.parametrize("module", list(CASES), ids=lambda module: module.NAME)
def test_experiment_is_the_same_for_any_number_of_workers(module, always_workers, monkeypatch):
    started, parallel = [], _trials.Parallel
    monkeypatch.setattr(_trials, "Parallel", lambda **options: started.append(options) or parallel(**options))
    alone = module.run(**CASES[module], n_jobs=1)
    assert not started
    shared = module.run(**CASES[module], n_jobs=2)
    assert started
    assert shared.to_dict() == alone.to_dict()
    for name, table in alone.tables.items():
        for column, values in table.items():
            assert np.array_equal(values, shared.tables[name][column], equal_nan=values.dtype.kind == "f")


@pytest.mark.skipif(os.name != "posix", reason="sends a terminal's interrupt to a process group")
def test_interrupt_ends_all_workers():
    code = (
        "import os, sys, time\n"
        "from functools import partial\n"
        "import numpy as np\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "from test_trials import work\n"
        "from fastcurse.experiments._trials import run_trials\n"
        "seeds = np.random.SeedSequence(0).spawn(200)\n"
        "try:\n"
        "    run_trials(partial(work, pid=os.getpid()), seeds, 'test', n_jobs=2, progress=False)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', flush=True)\n"
    )
    root = str(Path(fastcurse.__file__).parent.parent)
    path = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(Path(__file__).parent)], start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
        # A shell's background jobs ignore the interrupt, and so would all that they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "a worker works\n"
    os.killpg(process.pid, signal.SIGINT)
    began = time.perf_counter()
    try:
        out, err = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    seconds = time.perf_counter() - began
    assert out.endswith("interrupted\n")
    assert (err, process.returncode) == ("", 0)
    assert seconds < 20  # 0.7 s on a quiet machine; a worker's trial takes 30
