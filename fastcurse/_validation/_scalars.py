"""Numbers, choices, seeds and paths."""

from __future__ import annotations

import numbers
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np


def shown(value: object, limit: int = 60) -> str:
    """Return the value's text on one line, cut after `limit` characters."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # Python writes no whole number of more than some thousand digits
        return "a number of more digits than Python writes"
    return text if len(text) <= limit else text[: limit - 3] + "..."


def check_count(value: Any, name: str, *, minimum: int, maximum: int | None = None) -> int:
    """Return `value` as an int, or raise: it must be a whole number of at least `minimum`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {shown(value)} ({type(value).__name__})")
    count = int(value)
    if count < minimum or (maximum is not None and count > maximum):
        rule = f"at least {minimum}" if maximum is None else f"between {minimum} and {maximum}"
        raise ValueError(f"{name} must be {rule}, got {shown(count)}")
    return count


def check_threads(n_threads: Any) -> int | None:
    """Return `n_threads` as a positive int, or None for all available processors."""
    return None if n_threads is None else check_count(n_threads, "n_threads", minimum=1)


def check_jobs(n_jobs: Any) -> int | None:
    """Return `n_jobs` as scikit-learn means it: a whole number other than 0, or None."""
    if n_jobs is None:
        return None
    jobs = check_count(n_jobs, "n_jobs", minimum=-sys.maxsize)
    if jobs == 0:
        raise ValueError("n_jobs must not be 0: a number of processes, -1 for all processors, or None, got 0")
    return jobs


def check_choice(value: Any, name: str, choices: tuple[str, ...]) -> str:
    """Return `value`, or raise: it must be one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        allowed = ", ".join(repr(choice) for choice in choices)
        raise ValueError(f"{name} must be one of {allowed}, got {shown(value)}")
    return value


def check_fraction(value: Any, name: str) -> float:
    """Return `value` as a float strictly between 0 and 1, or raise."""
    number, given = _number(value, name)
    if not 0.0 < number < 1.0:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {given}")
    return number


def check_nonnegative(value: Any, name: str) -> float:
    """Return `value` as a finite float of at least 0, or raise."""
    number, given = _number(value, name)
    if not 0.0 <= number < np.inf:
        raise ValueError(f"{name} must be at least 0 and finite, got {given}")
    return number


def _number(value: Any, name: str) -> tuple[float, str]:
    """Return a real number as a float, an infinite one beyond float64's range, and its text for a message."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {shown(value)} ({type(value).__name__})")
    real: Any = value
    try:
        with np.errstate(over="ignore"):  # of a long double
            number = float(real)
    except OverflowError:
        number = float(np.inf) if real > 0 else -float(np.inf)
    return number, shown(value if isinstance(value, int) else number)


def check_seed(random_state: Any) -> np.random.SeedSequence:
    """Return the SeedSequence of an int, a Generator or RandomState (one draw is taken) or None (fresh entropy)."""
    if random_state is None:
        return np.random.SeedSequence()
    if isinstance(random_state, np.random.Generator):
        return np.random.SeedSequence(int(random_state.integers(0, 2**63)))
    if isinstance(random_state, np.random.RandomState):
        return np.random.SeedSequence(int(random_state.randint(0, 2**31 - 1)))
    if isinstance(random_state, (bool, np.bool_)) or not isinstance(random_state, numbers.Integral):
        raise TypeError(f"random_state must be a whole number, a numpy Generator or None, got {shown(random_state)}")
    if random_state < 0:
        raise ValueError(f"random_state must be at least 0, got {shown(random_state)}")
    return np.random.SeedSequence(int(random_state))


def check_client(client: Any) -> Any:
    """Return `client`, or raise: it must be None or a running dask.distributed Client with workers.

    Without workers a result would be waited for in vain.
    """
    if client is None:
        return None
    distributed = sys.modules.get("distributed")  # who has a client has imported it
    if distributed is None or not isinstance(client, distributed.Client):
        raise TypeError(
            f"client must be a dask.distributed.Client or None, got {shown(client)} ({type(client).__name__})"
        )
    if client.status != "running" or client.asynchronous:
        state = "an asynchronous one" if client.asynchronous else f"status {client.status!r}"
        raise ValueError(f"client must be running and synchronous, got {state}")
    if not client.ncores():
        raise ValueError("client must have at least one worker, got none; see client.wait_for_workers")
    return client


def check_path(path: Any, name: str) -> Path | None:
    """Return `path` as a Path, None for None."""
    if path is None:
        return None
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{name} must be a path, got {shown(path)}")
    if not os.fspath(path):
        raise ValueError(f"{name} must be a path, got an empty one")
    return Path(path)
