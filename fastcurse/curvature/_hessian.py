"""Hessians that are known by their products with vectors: of a loss over rows of data, or a user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Protocol

import numpy as np
from scipy import special
from scipy.sparse.linalg import LinearOperator

from fastcurse._memmap import release, whole_map
from fastcurse._validation import check_vector

_VALUES_A_BLOCK = 2**18
# A block's share of the products is as large as all of them: fewer rows would spend the time on adding shares up.
_ROWS_A_BLOCK = 32
# The products of an iteration with all rows, some 400, cost as much as a matrix of so many features.
_GRAM_UP_TO = 1500
# Squares of smaller and larger values, or their sums, leave float64's range.
_SMALLEST, _LARGEST = 1e-145, 1e145


class Hessian(Protocol):
    """What the search for eigenvalues sees: d parameters, perhaps the trace, products, and for small d the matrix."""

    n_parameters: int
    trace: float | None

    def products(self, V: np.ndarray) -> np.ndarray:
        """Return H V (d, b) for V (d, b)."""

    def is_small(self, n_vectors: int) -> bool:
        """Return whether the whole matrix is cheaper than a search that holds `n_vectors` vectors."""

    def matrix(self) -> np.ndarray:
        """Return H (d, d)."""


class LossHessian:
    """The Hessian of a mean loss over rows: Z' diag(c) Z / n + l2 on the weights, Z the rows and a 1 if asked for.

    c is 1 for the squared loss and s (1 - s) with s = 1 / (1 + exp(-f)), f the row's score, for the logistic. Blocks
    of rows are read in order, and their shares added in order: the same bits for any number of threads. The caller
    holds BLAS at one thread.
    """

    def __init__(
        self, X: np.ndarray, loss: str, weights: np.ndarray, fit_intercept: bool, l2: float, n_threads: int
    ) -> None:
        """Take rows `X` (n, D) and `weights` (d,), where the Hessian is taken, d = D + 1 with an intercept."""
        self._X, self._fit_intercept, self._l2, self._n_threads = X, fit_intercept, l2, n_threads
        self.n_parameters = weights.size
        self._curvatures: np.ndarray | None = None
        if loss == "logistic":
            self._curvatures = np.empty(len(X))
            self._fill_curvatures(weights)
        self.trace = self._sum_of_squares() / len(X) + l2 * X.shape[1]

    def products(self, V: np.ndarray) -> np.ndarray:
        """Return H V (d, b) in one pass over the rows."""
        D = self._X.shape[1]
        total = np.zeros_like(V)

        def share(rows: slice) -> np.ndarray:
            Z = self._read(rows)
            inner = Z @ V[:D]
            inner += V[D:].sum(axis=0)
            if self._curvatures is not None:
                inner *= self._curvatures[rows, None]
            found = np.empty_like(V)
            found[:D] = Z.T @ inner
            found[D:] = inner.sum(axis=0)
            return found

        for found in self._map(share):
            total += found
        total /= len(self._X)
        total[:D] += self._l2 * V[:D]
        return total

    def is_small(self, n_vectors: int) -> bool:
        """Return whether the whole matrix is cheaper than a search that holds `n_vectors` vectors."""
        return self.n_parameters <= max(_GRAM_UP_TO, n_vectors)

    def matrix(self) -> np.ndarray:
        """Return H (d, d) in one pass over the rows."""
        D, d = self._X.shape[1], self.n_parameters
        total = np.zeros((d, d))

        def share(rows: slice) -> np.ndarray:
            Z = self._read(rows)
            if self._fit_intercept:
                Z = np.column_stack([Z, np.ones(len(Z))])
            if self._curvatures is not None:
                Z = Z * np.sqrt(self._curvatures[rows, None])
            return Z.T @ Z

        for found in self._map(share):
            total += found
        total /= len(self._X)
        total[np.arange(D), np.arange(D)] += self._l2
        return total

    def _fill_curvatures(self, weights: np.ndarray) -> None:
        assert self._curvatures is not None
        D = self._X.shape[1]
        for rows in self._row_slices():
            with np.errstate(over="ignore", invalid="ignore"):
                scores = self._read(rows) @ weights[:D] + weights[D:].sum()
            if not np.isfinite(scores).all():
                raise ValueError("weights must give scores X @ weights below 1.8e308, got larger ones")
            self._curvatures[rows] = special.expit(scores) * special.expit(-scores)

    def _sum_of_squares(self) -> float:
        """Return the sum over rows of c ||z||², and raise where squares leave float64's range."""
        total, largest = 0.0, 0.0
        for rows in self._row_slices():
            Z = self._read(rows)
            largest = max(largest, -float(Z.min()), float(Z.max()))
            if largest > _LARGEST:
                break
            squares = np.einsum("ij,ij->i", Z, Z) + self._fit_intercept
            total += float(squares.sum() if self._curvatures is None else squares @ self._curvatures[rows])
        if largest > _LARGEST or 0.0 < largest < _SMALLEST:
            raise ValueError(
                f"X must have its largest magnitude between {_SMALLEST:g} and {_LARGEST:g}, for squares are added up, "
                f"got {largest:g}; multiply X by a power of two"
            )
        return total

    def _row_slices(self) -> Iterator[slice]:
        step = max(_ROWS_A_BLOCK, _VALUES_A_BLOCK // self._X.shape[1])
        for start in range(0, len(self._X), step):
            yield slice(start, min(start + step, len(self._X)))

    def _read(self, rows: slice) -> np.ndarray:
        """Return rows (m, D) as float64: of an array that is, the rows themselves; of a memmap a copy."""
        block = self._X[rows]
        values = block.astype(np.float64, copy=whole_map(block) is not None)
        release(block)
        return values

    def _map(self, share: Callable[[slice], np.ndarray]) -> Iterator[np.ndarray]:
        """Yield the share of each block of rows in order; as many at a time as there are threads."""
        slices = self._row_slices()
        if self._n_threads == 1:
            yield from map(share, slices)
            return
        with ThreadPoolExecutor(self._n_threads) as pool:
            while some := list(islice(slices, self._n_threads)):
                yield from pool.map(share, some)


class OperatorHessian:
    """A user's own: a function v -> H v, or a SciPy LinearOperator, which may take many vectors at once."""

    trace: float | None = None

    def __init__(self, hvp: Callable[[np.ndarray], Any] | LinearOperator, n_parameters: int) -> None:
        self._hvp, self.n_parameters = hvp, n_parameters

    def products(self, V: np.ndarray) -> np.ndarray:
        """Return H V (d, b); each column is a call of its own unless it is a LinearOperator."""
        if isinstance(self._hvp, LinearOperator):
            found = np.asarray(self._hvp.matmat(V.copy()))
            return np.column_stack([check_vector(column, "X @ v", self.n_parameters) for column in found.T])
        # Each vector in memory of its own: the function may write into it.
        return np.column_stack([check_vector(self._hvp(v.copy()), "X(v)", self.n_parameters) for v in V.T])

    def is_small(self, n_vectors: int) -> bool:
        """Return whether a search would hold as many vectors as there are parameters."""
        return self.n_parameters <= n_vectors

    def matrix(self) -> np.ndarray:
        """Return H (d, d)."""
        return self.products(np.eye(self.n_parameters))
