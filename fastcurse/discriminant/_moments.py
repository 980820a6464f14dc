"""Sufficient statistics of a labelled sample: counts, means and within-class scatter, in blocks that merge."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from fastcurse.engine.threads import available_threads

# Sums run over blocks of rows, and of blocks over parts, in a fixed order: they do not depend on threads.
_VALUES_A_BLOCK = 2**18
_BLOCKS_A_PART = 16


class ClassMoments(NamedTuple):
    """What linear discriminant analysis needs of the rows when it does not need the rows.

    counts (n_classes,) int64; means (n_classes, n_features), rounded, and means_low, what rounding took from
    them, both 0 for a class without rows; sum_sq (n_features,) within-class sums of squares; scatter (q, q)
    within-class sums of products of the first q features. All float64.
    """

    counts: np.ndarray
    means: np.ndarray
    means_low: np.ndarray
    sum_sq: np.ndarray
    scatter: np.ndarray

    def merged(self, other: ClassMoments) -> ClassMoments:
        """Return the moments of both samples together, which have scatter of the same features."""
        total = _Running(self)
        between = total.join(other.counts, other.means, other.means_low)
        total.sum_sq += other.sum_sq
        total.scatter += other.scatter
        total.add(between)
        return total.moments()


class _Running:
    """Moments that blocks of rows are added to, in place."""

    def __init__(self, start: ClassMoments) -> None:
        self.counts, self.means, self.means_low = (values.copy() for values in start[:3])
        self.sum_sq, self.scatter = start.sum_sq.copy(), start.scatter.copy()
        self.product = np.empty_like(self.scatter)

    def join(self, counts: np.ndarray, means: np.ndarray, means_low: np.ndarray) -> np.ndarray:
        """Take in the counts and means of further rows; return rows whose squares the scatter lacks then.

        Chan, Golub and LeVeque 1979: the scatter of two samples together is the sum of theirs and of
        n1 n2 / (n1 + n2) times the square of the difference of their means.
        """
        total = self.counts + counts
        share = counts / np.maximum(total, 1)
        difference = (means - self.means) + (means_low - self.means_low)
        between = np.sqrt(self.counts * share)[:, None] * difference
        seen = self.counts[:, None] > 0
        step = np.where(seen, share[:, None] * difference + self.means_low, means_low)
        self.means, self.means_low = _two_sum(np.where(seen, self.means, means), step)
        self.counts = total
        return between

    def add(self, rows: np.ndarray) -> None:
        """Add the squares and products of centred rows (m, n_features)."""
        self.sum_sq += np.einsum("ij,ij->j", rows, rows)
        q = len(self.scatter)
        if q and len(rows):
            # NumPy calls BLAS's syrk here and frees the GIL, which SciPy's own syrk does not.
            np.matmul(rows[:, :q].T, rows[:, :q], out=self.product)
            self.scatter += self.product

    def moments(self) -> ClassMoments:
        return ClassMoments(self.counts, self.means, self.means_low, self.sum_sq, self.scatter)


def no_moments(n_classes: int, n_features: int, n_scatter: int) -> ClassMoments:
    """Return the moments of no rows."""
    empty = np.zeros((n_classes, n_features))
    scatter = np.zeros((n_scatter, n_scatter))
    return ClassMoments(np.zeros(n_classes, dtype=np.int64), empty, empty.copy(), np.zeros(n_features), scatter)


def class_moments(X: np.ndarray, codes: np.ndarray, n_classes: int, n_scatter: int) -> ClassMoments:
    """Return the moments of `X` (n, D) with class numbers `codes` (n,); scatter of `n_scatter` features.

    `X` is read in blocks, as float64; the caller must hold BLAS at one thread. In a block sums are about each class's
    first row, so that a feature that is constant within the classes has exactly zero scatter, and a mean is that
    row and a step, in two parts: with a shift of 1e8 a rounded mean alone costs the scores' eighth digit.
    """
    n_rows = max(64, _VALUES_A_BLOCK // X.shape[1])
    starts = range(0, len(X), n_rows * _BLOCKS_A_PART)

    def measure(start: int) -> ClassMoments:
        part = _Running(no_moments(n_classes, X.shape[1], n_scatter))
        stop = min(start + n_rows * _BLOCKS_A_PART, len(X))
        # The same memory for every block: fresh pages would cost as much as the sums.
        space = np.empty((2, min(n_rows, len(X)) + n_classes, X.shape[1]))
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for first in range(start, stop, n_rows):
                rows = slice(first, min(first + n_rows, stop))
                _add_block(part, X[rows], codes[rows], space)
        return part.moments()

    n_threads = min(available_threads(), len(starts))
    if n_threads <= 1:
        parts = map(measure, starts)
        total = next(parts)
        for part in parts:
            total = total.merged(part)
        return total
    total = no_moments(n_classes, X.shape[1], n_scatter)
    with ThreadPoolExecutor(n_threads) as pool:
        for at in range(0, len(starts), 2 * n_threads):  # so many parts are held at once
            for part in pool.map(measure, starts[at : at + 2 * n_threads]):
                total = part if not total.counts.any() else total.merged(part)
    return total


def _add_block(part: _Running, rows: np.ndarray, codes: np.ndarray, space: np.ndarray) -> None:
    """Add a block of rows; `space` (2, that many and n_classes more, n_features) float64 is overwritten."""
    n_classes = len(part.counts)
    centred, shift = space[:, : len(rows)]
    counts = np.bincount(codes, minlength=n_classes)
    present, first = np.unique(codes, return_index=True)
    origin = np.zeros((n_classes, rows.shape[1]))
    origin[present] = rows[first]
    indicators = (np.arange(n_classes)[:, None] == codes).astype(np.float64)
    np.take(origin, codes, axis=0, out=shift, mode="clip")
    np.subtract(rows, shift, out=centred)
    step = (indicators @ centred) / np.maximum(counts, 1)[:, None]
    np.take(step, codes, axis=0, out=shift, mode="clip")
    centred -= shift
    between = part.join(counts, *_two_sum(origin, step))
    n_all = len(rows) + len(between)
    space[0, len(rows) : n_all] = between
    part.add(space[0, :n_all])


def _two_sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a + b as a rounded sum and what it lacks (Knuth)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)
