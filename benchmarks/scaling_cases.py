"""The data and the contenders of `bench_scaling`: each contender gives what it finds, timed whole."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import numpy as np

PEERS_OF_GROWTH = ("faiss IndexFlatL2", "scikit-learn brute force", "SciPy cKDTree", "SciPy pdist")
ALL_SIZES = (1000, 3162, 10_000, 31_623, 100_000, 316_228, 1_000_000)


class Job(NamedTuple):
    """One data set, and who is to find its nearest pair; ours finds the farthest too."""

    case: str
    n_samples: int
    n_features: int
    make: Callable[[int, int], np.ndarray]
    peers: tuple[str, ...]
    screen: str = "auto"
    against_uniform: bool = False  # also compared with our own time on uniform points of this shape

    def points(self) -> np.ndarray:
        """Return X (n_samples, n_features) float32, always the same."""
        return self.make(self.n_samples, self.n_features)


def uniform(n: int, d: int) -> np.ndarray:
    """Return uniform points of [-1, 1]^d."""
    X = np.random.default_rng(20210302).random((n, d), dtype=np.float32)
    X *= 2
    X -= 1
    return X


def intrinsic_five(n: int, d: int) -> np.ndarray:
    """Return points of five uniform coordinates along five orthonormal axes, to the rounding of float32."""
    generator = np.random.default_rng(20210302)
    axes, _ = np.linalg.qr(generator.standard_normal((d, 5)))
    return generator.uniform(-1, 1, (n, 5)).astype(np.float32) @ axes.T.astype(np.float32)


def noisy_digits(n: int, d: int) -> np.ndarray:
    """Return scikit-learn's 1797 digits (8 × 8 pixels from 0 to 16), again and again, with noise of deviation 1."""
    from sklearn.datasets import load_digits

    digits = load_digits().data[:, :d]
    generator = np.random.default_rng(20210302)
    X = digits[np.arange(n) % len(digits)] + generator.standard_normal((n, d))
    return X.astype(np.float32)


def jobs(quick: bool) -> tuple[Job, ...]:
    """Return the cases, the smallest first."""
    sizes = ALL_SIZES[:3] if quick else ALL_SIZES
    middle, large, tiled = (10_000, 50_000, 10_000) if quick else (50_000, 1_000_000, 50_000)
    fast = ("faiss IndexFlatL2", "scikit-learn brute force")
    return (
        *(Job(f"uniform, {n} x 100", n, 100, uniform, PEERS_OF_GROWTH) for n in sizes),
        Job(f"ratios: uniform, {middle} x 100, screen of this host", middle, 100, uniform, fast),
        Job(f"ratios: uniform, {middle} x 100, float32 screen", middle, 100, uniform, fast, "float32"),
        Job(f"digits with noise, {tiled} x 64", tiled, 64, noisy_digits, fast, against_uniform=True),
        Job(f"uniform, {large} x 3", large, 3, uniform, ("SciPy cKDTree",)),
        Job(f"intrinsic dimension 5, {large} x 100", large, 100, intrinsic_five, ("SciPy cKDTree",),
            against_uniform=True),
    )  # fmt: skip


def bytes_needed(peer: str, n: int) -> float:
    """Return about how many bytes a peer needs beside the data."""
    return 8.0 * n * (n - 1) / 2 if peer == "SciPy pdist" else 0.0


def peer_functions() -> dict[str, Callable[[np.ndarray], Any]]:
    """Return the peers that are installed: each gives the nearest distance, or nearest and farthest."""
    from scipy.spatial import cKDTree
    from scipy.spatial.distance import pdist
    from sklearn.neighbors import NearestNeighbors

    def scikit_learn(X: np.ndarray) -> float:
        search = NearestNeighbors(n_neighbors=2, algorithm="brute", n_jobs=-1).fit(X)
        return float(search.kneighbors(X)[0][:, 1].min())

    def tree(X: np.ndarray) -> float:
        return float(cKDTree(X).query(X, k=2, workers=-1)[0][:, 1].min())

    def all_pairs(X: np.ndarray) -> tuple[float, float]:
        distances = pdist(X)
        return float(distances.min()), float(distances.max())

    found: dict[str, Callable[[np.ndarray], Any]] = {
        "scikit-learn brute force": scikit_learn,
        "SciPy cKDTree": tree,
        "SciPy pdist": all_pairs,
    }
    try:
        import faiss
    except ImportError:
        return found

    def flat(X: np.ndarray) -> float:
        index = faiss.IndexFlatL2(X.shape[1])
        index.add(X)
        return float(np.sqrt(max(0.0, index.search(X, 2)[0][:, 1].min())))

    return {"faiss IndexFlatL2": flat, **found}


def faiss_version() -> str:
    """Return faiss's version, or that it is missing."""
    try:
        return version("faiss-cpu")
    except PackageNotFoundError:
        return "not installed"
