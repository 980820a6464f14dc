"""Curvature and boundaries against the whole Hessian's eigenvalues and a linear program for each row."""

from __future__ import annotations

import time
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigvalsh
from scipy.optimize import linprog

import fastcurse as fc
from benchmarks.record import Record, Row, compared

SOURCES = ("curvature", "robustness", "engine", "_memmap")
_LEADING = 3
_BOX = 2.0


class Sizes(NamedTuple):
    """Rows and features of the Hessians and of the corrected rows; how many of those go through linear programs."""

    hessians: tuple[tuple[int, int], ...]
    corrected: tuple[int, int]
    programs: int


FULL = Sizes(((50_000, 500), (5000, 3000)), (10_000, 100), 100)
QUICK = Sizes(((2000, 100), (300, 600)), (1000, 20), 20)


def measure(record: Record, sizes: Sizes) -> None:
    """Run everything in turn; each row has a peer."""
    steps = {
        **{f"curvature, {n} x {d}": partial(_curvature, n, d) for n, d in sizes.hessians},
        "boundary": partial(_boundary, *sizes.corrected, sizes.programs),
    }
    record.measure(steps, warm=lambda: _curvature(50, 10))


def _curvature(n_samples: int, n_features: int) -> list[Row]:
    """The three largest eigenvalues of the logistic loss' Hessian; the features' variances fall like a power."""
    generator = np.random.default_rng(0)
    X = generator.standard_normal((n_samples, n_features)) * np.arange(1, n_features + 1) ** -0.5
    w = generator.standard_normal(n_features)
    began = time.perf_counter()
    p = 1 / (1 + np.exp(-X @ w))
    H = X.T @ (X * (p * (1 - p))[:, None]) / n_samples
    theirs = eigvalsh(H, subset_by_index=(n_features - _LEADING, n_features - 1))[::-1]
    peer_seconds = time.perf_counter() - began
    began = time.perf_counter()
    ours = fc.top_curvature(X, loss="logistic", weights=w, k=_LEADING)
    our_seconds = time.perf_counter() - began
    np.testing.assert_allclose(ours.eigenvalues, theirs, rtol=1e-3)
    case = f"{_LEADING} leading eigenvalues of a logistic Hessian, {n_samples} x {n_features}"
    return [compared(case, "the whole Hessian, SciPy eigvalsh", peer_seconds, our_seconds)]


def _boundary(n_samples: int, n_features: int, programs: int) -> list[Row]:
    """The smallest L1 corrections within a box; the peer's time is that of the first `programs` rows, scaled to all."""
    generator = np.random.default_rng(0)
    X = generator.uniform(-_BOX, _BOX, (n_samples, n_features))
    w = generator.standard_normal(n_features)
    began = time.perf_counter()
    ours = fc.boundary_distance(w, 0.0, X, norm=1, bounds=(-_BOX, _BOX))
    our_seconds = time.perf_counter() - began
    began = time.perf_counter()
    theirs = [_smallest_change(w, x) for x in X[:programs]]
    peer_seconds = (time.perf_counter() - began) / programs * n_samples
    np.testing.assert_allclose(ours.distance[:programs], theirs, rtol=1e-6, atol=1e-9)
    case = f"smallest L1 corrections within a box, {n_samples} x {n_features}"
    return [compared(case, "SciPy linprog, a program a row", peer_seconds, our_seconds)]


def _smallest_change(w: np.ndarray, x: np.ndarray) -> float:
    """Minimise sum(up + down) with w·(x + up - down) on the other side of 0, x + up - down within the box."""
    value = w @ x
    side = 1.0 if value > 0 else -1.0
    limits = [*((0.0, _BOX - xi) for xi in x), *((0.0, _BOX + xi) for xi in x)]
    found = linprog(np.ones(2 * len(x)), A_ub=[[*(side * w), *(-side * w)]], b_ub=[-side * value], bounds=limits)
    return float(found.fun)
