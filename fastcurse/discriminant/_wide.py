"""Prefixes of more features than n - K: the Gram matrix of the rows grows by one rank with every feature."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.linalg import blas, lapack

from fastcurse._kernels import simd
from fastcurse._kernels.discriminant import grow_factor
from fastcurse.discriminant._frame import StandardFrame
from fastcurse.discriminant._rules import Rule, class_rule, singular_rule

# LAPACK's estimate of ||A^-1||_1 is seldom more than 3 times too small.
_NORM_MARGIN = 4.0
# A Cholesky factor with a smaller reciprocal condition number may cost the eighth digit.
_SMALLEST_RCOND = 1e-9
# Growing by more features than n / 15 costs more than a new factorisation: .04 ms each against 1.6 ms at n = 500.
_ROWS_A_GROWN_FEATURE = 15
_PREFIXES_A_BATCH = 64


class TrainingRows(NamedTuple):
    """Z (n, D), the class-centred standardised training rows, and their class numbers (n,)."""

    Z: np.ndarray
    codes: np.ndarray


class _GramFactor:
    """Factor U'U = A = Z_p Z_p' + shift P of the leading features; P projects on the class indicators.

    Z_p Z_p' is singular along the class indicators only (the rows are class-centred), and Z_p c is orthogonal to
    them, so `shift` P makes A invertible and changes nothing. The other eigenvalues never fall when a feature is
    added: once they are known to be large enough they stay so.
    """

    def __init__(self, rows: TrainingRows, shift: float) -> None:
        self.Z, self.width = rows.Z, simd.width_of(simd.host_bits())
        codes = rows.codes
        # P is its own square, and constant on blocks of one class.
        self.A = (codes[:, None] == codes) * (shift / np.bincount(codes)[codes])
        self.summed = self.p = 0  # features in A, in the factor
        self.factor = np.empty((0, 0))
        # Bounds of the eigenvalues of A, the smallest by LAPACK's estimate; 0: not known.
        self.smallest = self.largest = 0.0

    def reach(self, p: int, wanted: float) -> bool:
        """Bring the factor to prefix `p`; return whether its eigenvalues are above `wanted`, and not too far apart."""
        added = self.Z[:, self.p : p]
        self.largest += float(np.einsum("ij,ij->", added, added))
        if not self._is_good(wanted) or (p - self.p) * _ROWS_A_GROWN_FEATURE > len(self.Z):
            self._refactor(p)
        else:
            for feature in range(self.p, p):
                grow_factor(self.width, self.factor.ravel(), self.Z[:, feature].copy())
        self.p = p
        return self._is_good(wanted)

    def _is_good(self, wanted: float) -> bool:
        return self.smallest > 0.0 and self.smallest >= max(_NORM_MARGIN * wanted, _SMALLEST_RCOND * self.largest)

    def _refactor(self, p: int) -> None:
        added = self.Z[:, self.summed : p]
        self.A += added @ added.T
        self.summed = p
        self.largest = float(np.abs(self.A).sum(axis=0).max())  # the one-norm, at least the largest eigenvalue
        lower, info = lapack.dpotrf(self.A.T, lower=1)  # in Fortran order, so that its transpose is in C order
        self.factor = lower.T
        rcond = lapack.dpocon(lower, self.largest, uplo="L")[0] if info == 0 else 0.0
        self.smallest = rcond * self.largest

    def solve_twice(self, right: np.ndarray) -> np.ndarray:
        """Return A^-2 of each column of `right` (n, m)."""
        lower = self.factor.T
        solved = np.empty_like(right, order="F")
        for k in range(right.shape[1]):
            column = right[:, k].copy()
            for trans in (0, 1, 0, 1):
                column = blas.dtrsv(lower, column, lower=1, trans=trans, overwrite_x=1)
            solved[:, k] = column
        return solved


class WideRules:
    """The rules of prefixes p > n - K: weights N Z_p' A^-2 Z_p c, N the divisor.

    A^-2 Z_p c, n numbers a class less one, is kept of every prefix that was asked for. Where the smallest nonzero
    singular value is not a bound away from `smallest_kept`, the prefix goes to `singular_rule`.
    """

    def __init__(self, rows: TrainingRows, frame: StandardFrame, tol: float, smallest_kept: float) -> None:
        self.rows, self.frame, self.tol = rows, frame, tol
        self.smallest_eigenvalue = frame.divisor * smallest_kept**2
        # All centres are combinations of their differences, for their mean weighted by the priors is 0.
        self.differences = frame.centres[1:] - frame.centres[:1]
        self.mixing = np.eye(len(frame.priors), len(frame.priors) - 1, k=-1) - frame.priors[1:]
        self.solved: dict[int, np.ndarray | None] = {}

    def rules(self, prefixes: np.ndarray) -> Iterator[Rule]:
        """Yield the rules of increasing prefixes."""
        new = [p for p in prefixes.tolist() if p not in self.solved]
        if new:
            self._solve(new)
        for first in range(0, len(prefixes), _PREFIXES_A_BATCH):
            yield from self._batch(prefixes[first : first + _PREFIXES_A_BATCH].tolist())

    def _solve(self, prefixes: list[int]) -> None:
        gram = _GramFactor(self.rows, shift=float(prefixes[0]))
        projected = np.zeros((len(self.rows.Z), len(self.differences)))
        start = 0
        for p in prefixes:
            projected += self.rows.Z[:, start:p] @ self.differences[:, start:p].T
            start = p
            good = gram.reach(p, self.smallest_eigenvalue)
            self.solved[p] = gram.solve_twice(projected) if good else None

    def _batch(self, prefixes: list[int]) -> Iterator[Rule]:
        # One matrix product; what is beyond a prefix is cut off after.
        good = [columns for p in prefixes if (columns := self.solved[p]) is not None]
        solved = np.hstack(good) if good else np.empty((len(self.rows.Z), 0))
        products = self.frame.divisor * (solved.T @ self.rows.Z[:, : prefixes[-1]])
        weights = iter(products.reshape(len(good), len(self.differences), prefixes[-1]))
        for p in prefixes:
            if self.solved[p] is None:
                yield singular_rule(p, self.rows.Z, self.frame, self.tol)
            else:
                yield class_rule(self.mixing @ next(weights)[:, :p], self.frame, self.tol)
