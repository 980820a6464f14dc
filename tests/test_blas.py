"""Long calls of LAPACK, and who holds BLAS."""

from __future__ import annotations

import _thread
import signal
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import fastcurse as fc
from fastcurse.discriminant import _model
from fastcurse.distances import _moments
from fastcurse.engine.blas import interruptible


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


@pytest.mark.parametrize("compute", [fc.distance_moments, lambda X: fc.PrefixLDA().fit(X, np.arange(len(X)) % 2)])
def test_ctrl_c_gives_blas_its_threads_back(compute, monkeypatch):
    def threads():
        return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]

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
    assert held == [[1] * len(before)]
