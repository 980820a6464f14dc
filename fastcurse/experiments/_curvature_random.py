"""Random least-squares Hessians: their spectra, gradient descent on them, and one with a single sharp direction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse import theory
from fastcurse.curvature import top_curvature

RATIOS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
N_BINS = 40
# Shares of the largest stable step of the very rows.
STEP_SHARES = (0.05, 0.5, 0.95, 1.0, 1.05)
EXPECTED_SHARES = STEP_SHARES[:3]  # whose mean loss is compared with the closed form
N_STARTS = 8
N_SHARP_FEATURES, N_SHARP_ROWS, SHARP_SCALE = 1000, 2000, 30.0


class Spectra(NamedTuple):
    """What rows of independent normal features show, at each ratio p/n (m,)."""

    largest: np.ndarray  # (m,) by top_curvature
    smallest: np.ndarray  # (m,) of the p eigenvalues
    error: np.ndarray  # (m,) largest, relative to the dense one
    counts: np.ndarray  # (m, N_BINS) positive eigenvalues in bins from 0 to 1.1 times the upper edge
    losses: np.ndarray  # (N_STARTS, len(STEP_SHARES), len(grid)) of descent at ratio 1, relative to the first
    steps: np.ndarray  # (len(STEP_SHARES),) the steps it took
    sharpest_share: np.ndarray  # (N_STARTS,) of the first loss, that the leading eigenvector holds


class SharpDirection(NamedTuple):
    """A Hessian X'X/n of features of variance 1 but one of SHARP_SCALE², and what random directions see of it."""

    eigenvalues: np.ndarray  # (20,)
    trace: float
    squares: float  # sum of the squared eigenvalues
    slopes: np.ndarray  # (n_directions,) v'Hv of random unit vectors


def step_grid(n_steps: int) -> np.ndarray:
    """Return numbers of steps from 0 to `n_steps`, about evenly spaced in their logarithm."""
    return np.unique(np.append(0, np.geomspace(1, n_steps, 120).round().astype(int)))


def bin_edges(ratio: float) -> np.ndarray:
    """Return the ends (N_BINS + 1,) of a histogram of eigenvalues."""
    return np.linspace(0.0, 1.1 * float(theory.marchenko_pastur_edges(ratio)[1]), N_BINS + 1)


def spectra(generator: np.random.Generator, *, n_samples: int, n_steps: int) -> Spectra:
    """Draw rows at each ratio and measure their Hessians; descend on one of ratio 1 and half the size."""
    largest, smallest, error, counts = [], [], [], []
    for ratio in RATIOS:
        X = generator.standard_normal((n_samples, round(ratio * n_samples)))
        top = top_curvature(X, k=1, random_state=generator, n_threads=1)
        gram = X.T @ X if ratio <= 1 else X @ X.T
        values = np.maximum(np.linalg.eigvalsh(gram / n_samples), 0.0)
        largest.append(top.eigenvalues[0])
        smallest.append(values[0] if ratio <= 1 else 0.0)
        error.append(abs(top.eigenvalues[0] / values[-1] - 1.0))
        counts.append(np.histogram(values, bin_edges(ratio))[0])
    descent = _descend(generator, n_samples // 2, n_steps)
    return Spectra(np.array(largest), np.array(smallest), np.array(error), np.array(counts), *descent)


def _descend(generator: np.random.Generator, n: int, n_steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Descend on the loss w'Hw / 2 of n rows of n features, from random w: losses, steps, the sharpest one's shares."""
    X = generator.standard_normal((n, n))
    top = top_curvature(X, k=1, random_state=generator, n_threads=1)
    steps = np.array(STEP_SHARES) * top.largest_stable_step
    H, starts = X.T @ X / n, generator.standard_normal((n, N_STARTS))
    W = np.repeat(starts, len(steps), axis=1)
    column_steps = np.tile(steps, N_STARTS)
    grid = step_grid(n_steps)
    losses: list[np.ndarray] = []
    for step in range(n_steps + 1):
        gradient = H @ W
        if step == grid[len(losses)]:
            losses.append(np.einsum("ij,ij->j", W, gradient))
        W -= column_steps * gradient
    relative = (np.array(losses) / losses[0]).T.reshape(N_STARTS, len(steps), grid.size)
    shares = top.eigenvalues[0] * (top.vectors[:, 0] @ starts) ** 2 / losses[0][:: len(steps)]
    return relative, steps, shares


def expected_loss(steps: np.ndarray, step: float, ratio: float = 1.0) -> np.ndarray:
    """Return the mean loss after `steps` (m,) steps of size `step`, relative to the first, as n → ∞.

    ∫ x (1 - step x)^2t density(x) dx, from a start in a uniformly random direction.
    """
    x, weight = _nodes(ratio)
    return np.array([weight @ (x * (1.0 - step * x) ** (2 * int(t))) for t in steps])


def shares_below(edges: np.ndarray, ratio: float) -> np.ndarray:
    """Return the share (m,) of the p eigenvalues that the Marchenko-Pastur law has above 0 and below each edge."""
    x, weight = _nodes(ratio)
    return np.interp(edges, x, np.cumsum(weight) - weight / 2, left=0.0, right=weight.sum())


def _nodes(ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Return increasing x and weights of a quadrature with the Marchenko-Pastur density: x = 1 + g - 2 √g cos u."""
    n = 4000
    u = (np.arange(n) + 0.5) * np.pi / n
    x = 1.0 + ratio - 2.0 * np.sqrt(ratio) * np.cos(u)
    return x, theory.marchenko_pastur_density(x, ratio) * 2.0 * np.sqrt(ratio) * np.sin(u) * np.pi / n


def largest_eigenvalue_law(n: int, ratio: float) -> tuple[float, float]:
    """Return mean and standard deviation of λ_max(X'X/n) of normal rows: Johnstone's centre and unit, Tracy-Widom."""
    first, second = np.sqrt(n - 1.0), np.sqrt(round(ratio * n))
    unit = (first + second) * (1.0 / first + 1.0 / second) ** (1 / 3) / n
    return float((first + second) ** 2 / n - 1.2065 * unit), float(1.2680 * unit)


def smallest_eigenvalue_law(n: int, ratio: float) -> tuple[float, float]:
    """Return mean and standard deviation of λ_min(X'X/n), for ratios below 1: the same law, mirrored."""
    first, second = np.sqrt(n - 1.0), np.sqrt(round(ratio * n))
    unit = (first - second) * (1.0 / second - 1.0 / first) ** (1 / 3) / n
    return float((first - second) ** 2 / n + 1.2065 * unit), float(1.2680 * unit)


def sharp_direction(generator: np.random.Generator, *, n_directions: int) -> SharpDirection:
    """Draw rows with one sharp direction and take the curvature along random ones."""
    X = generator.standard_normal((N_SHARP_ROWS, N_SHARP_FEATURES))
    X[:, 0] *= SHARP_SCALE
    top = top_curvature(X, random_state=generator)
    H = X.T @ X / N_SHARP_ROWS
    slopes = []
    for start in range(0, n_directions, 1000):
        V = generator.standard_normal((N_SHARP_FEATURES, min(1000, n_directions - start)))
        slopes.append(np.einsum("ij,ij->j", V, H @ V) / np.einsum("ij,ij->j", V, V))
    return SharpDirection(top.eigenvalues, top.trace, float(np.sum(H * H)), np.concatenate(slopes))
