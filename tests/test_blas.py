"""Long calls of LAPACK, and who holds BLAS."""

from __future__ import annotations

import _thread
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import fastcurse as fc
from fastcurse.discriminant import _model
from fastcurse.distances import _moments
from fastcurse.engine import blas
from fastcurse.engine.blas import interruptible, one_blas_thread


def test_the_value_is_that_of_the_call():
    A = np.diag([3.0, 1.0, 2.0])
    assert interruptible(lambda: np.linalg.eigvalsh(A)).tolist() == [1.0, 2.0, 3.0]


def test_an_error_is_that_of_the_call():
    with pytest.raises(np.linalg.LinAlgError):
        interruptible(lambda: np.linalg.inv(np.zeros((2, 2))))


@pytest.fixture
def ctrl_c_raises():
    """A shell starts jobs in the background with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_raises")
def test_ctrl_c_does_not_wait_for_the_call():
    gone_on = threading.Event()

    def long_call():
        _thread.interrupt_main()
        time.sleep(0.3)
        gone_on.set()

    with pytest.raises(KeyboardInterrupt):
        interruptible(long_call)
    assert not gone_on.is_set()
    assert gone_on.wait(30)


def threads():
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.mark.parametrize("compute", [fc.distance_moments, lambda X: fc.PrefixLDA().fit(X, np.arange(len(X)) % 2)])
def test_ctrl_c_gives_blas_its_threads_back(compute, monkeypatch):
    held = []

    def interrupt(*arguments, **options):
        held.append(threads())
        raise KeyboardInterrupt

    monkeypatch.setattr(_moments, "_sums", interrupt)
    monkeypatch.setattr(_model, "standard_frame", interrupt)
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        with pytest.raises(KeyboardInterrupt):
            compute(np.random.default_rng(0).normal(size=(50, 4)))
        assert threads() == before
    assert held == [{1}]


def test_ctrl_c_before_the_limit_is_set_leaves_none(monkeypatch):
    def interrupt(limits):
        monkeypatch.undo()
        raise KeyboardInterrupt

    with threadpool_limits(2, user_api="blas"):
        before = threads()
        monkeypatch.setattr(blas, "_set_limits", interrupt)
        with pytest.raises(KeyboardInterrupt), one_blas_thread():
            pass
        assert threads() == before


def test_ctrl_c_before_the_limit_is_restored_leaves_that_to_the_next(monkeypatch):
    def interrupt():
        monkeypatch.undo()
        raise KeyboardInterrupt

    with threadpool_limits(2, user_api="blas"):
        before = threads()
        with pytest.raises(KeyboardInterrupt), one_blas_thread():
            monkeypatch.setattr(blas, "_let_go", interrupt)
        assert threads() == {1}
        with one_blas_thread():
            assert threads() == {1}
        assert threads() == before


SCIPY_COMES_LATER = """
import sys
from threadpoolctl import threadpool_info
import fastcurse as fc
from fastcurse.engine.blas import one_blas_thread

fc.distance_moments([[0.0, 0.0], [1.0, 2.0]])
assert "scipy.linalg" not in sys.modules
with one_blas_thread():
    import scipy.linalg
    with one_blas_thread():
        assert {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"} == {1}
assert 1 not in {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}
"""


def test_scipys_blas_is_held_though_it_comes_later():
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "2"}
    subprocess.run([sys.executable, "-c", SCIPY_COMES_LATER], env=environment, check=True)


def test_threads_that_overlap_hold_blas_and_let_it_go():
    """Also where another thread has set a limit: threadpoolctl 3.8 ignores those of all threads but one."""
    first_in, second_in, first_out, told = threading.Event(), threading.Event(), threading.Event(), []

    def first():
        with one_blas_thread():
            told.append(threads())
            first_in.set()
            second_in.wait(30)
        first_out.set()
        second.join(30)  # it is alive when the other restores the limit

    def run_second():
        first_in.wait(30)
        with one_blas_thread():
            second_in.set()
            first_out.wait(30)
            told.append(threads())
        told.append(threads())

    before = threads()
    with threadpool_limits(2, user_api="blas"):
        second = threading.Thread(target=run_second)
        begun = [second, threading.Thread(target=first)]
        for thread in begun:
            thread.start()
        for thread in begun:
            thread.join(30)
        assert told == [{1}, {1}, {2}]
    assert threads() == before
