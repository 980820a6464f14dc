"""The registry of cases: the same data for tests and benchmarks, each made from a seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

_ROWS_A_BLOCK = 20_000


class Case(NamedTuple):
    """A point cloud that both tests and benchmarks use."""

    name: str
    n_samples: int
    n_features: int
    make: Callable[[np.random.Generator, int, int], np.ndarray]

    def points(self, n_samples: int | None = None, n_features: int | None = None) -> np.ndarray:
        """Return X (n_samples, n_features) float64, always the same; smaller when asked."""
        n, d = n_samples or self.n_samples, n_features or self.n_features
        return self.make(np.random.default_rng(20210302), n, d)


def _uniform(generator: np.random.Generator, n: int, d: int) -> np.ndarray:
    return generator.uniform(-1, 1, (n, d))


def _gaussian(generator: np.random.Generator, n: int, d: int) -> np.ndarray:
    return generator.standard_normal((n, d))


def _low_rank(generator: np.random.Generator, n: int, d: int) -> np.ndarray:
    return generator.standard_normal((n, 5)) @ generator.standard_normal((5, d))


def _ties(generator: np.random.Generator, n: int, d: int) -> np.ndarray:
    return generator.integers(0, 2, (n, d)).astype(float)


def normal_memmap(path: Path, shape: tuple[int, int], generator: np.random.Generator) -> np.ndarray:
    """Write a .npy file of float32 standard normal numbers, some rows at a time; return it as a read-only memmap."""
    file = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    for start in range(0, shape[0], _ROWS_A_BLOCK):
        generator.standard_normal(out=file[start : start + _ROWS_A_BLOCK], dtype=np.float32)
    del file
    return np.load(path, mmap_mode="r")


DISTANCE_CASES = (
    Case("the article's: uniform", 5000, 500, _uniform),
    Case("Gaussian", 5000, 500, _gaussian),
    Case("intrinsic dimension 5", 5000, 500, _low_rank),
    Case("0/1 data, thousands of ties", 5000, 500, _ties),
)
