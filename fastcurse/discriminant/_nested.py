"""Prefixes whose scatter nests: one Cholesky factor serves them all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import blas, lapack

from fastcurse.discriminant._frame import StandardFrame


class NestedFactor(NamedTuple):
    """S = L L' of the first r features, where every leading block of L is the factor of its prefix.

    inverse (r, r) is L^-1, lower, Fortran order; whitened (n_classes, r) is L^-1 of the class centres;
    smallest (r,) bounds the smallest singular value of Z_p / sqrt(divisor) from below;
    rounding (r,) estimates the relative error of the weights.
    """

    inverse: np.ndarray
    whitened: np.ndarray
    smallest: np.ndarray
    rounding: np.ndarray

    @property
    def n_features(self) -> int:
        return len(self.smallest)

    def directions(self, p: int) -> np.ndarray:
        """Return (C, p): what a whitened row is multiplied with; C = 1 for two classes, else one a class."""
        return np.ascontiguousarray(channels(self.whitened[:, :p]))

    def offsets(self, prefixes: np.ndarray, frame: StandardFrame) -> np.ndarray:
        """Return (m, C): the constant of each prefix's scores."""
        half_norms = 0.5 * np.cumsum(self.whitened**2, axis=1)[:, prefixes - 1]
        return np.ascontiguousarray(channels(frame.log_priors[:, None] - half_norms).T)

    def whiten(self, rows: np.ndarray) -> np.ndarray:
        """Return L_p^-1 of each standardised row: (b, p) C order; overwrites `rows`.

        Why not a triangular solve: it takes 3 to 5 times as long here, and L^-1 is known to the accuracy
        that `rounding` estimates.
        """
        p = rows.shape[1]
        inverse = np.asfortranarray(self.inverse[:p, :p])
        return blas.dtrmm(1.0, inverse, rows.T, lower=1, overwrite_b=1).T

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Return S_p^-1 of each row of `right` (K, p)."""
        inverse = self.inverse[: right.shape[1], : right.shape[1]]
        return (right @ inverse.T) @ inverse

    def class_weights(self, p: int) -> np.ndarray:
        """Return S_p^-1 of the class centres: (n_classes, p)."""
        return self.whitened[:, :p] @ self.inverse[:p, :p]

    def weights(self, prefixes: np.ndarray) -> np.ndarray:
        """Return (m, C, p_max): every asked prefix's weights, zero beyond it.

        Row f of L^-1, times the whitened centre's coordinate f, is what feature f adds to the weights.
        """
        p = int(prefixes[-1])
        directions = self.directions(p)
        out = np.empty((len(prefixes), len(directions), p))
        for channel, direction in enumerate(directions):
            out[:, channel] = np.cumsum(direction[:, None] * self.inverse[:p, :p], axis=0)[prefixes - 1]
        return out


def channels(per_class: np.ndarray) -> np.ndarray:
    """Return the scores' channels (C, ...) of values a class (K, ...): for two classes their difference."""
    return per_class[1:] - per_class[:1] if len(per_class) == 2 else per_class


def nested_factor(S: np.ndarray, frame: StandardFrame, *, smallest_kept: float) -> NestedFactor:
    """Factor `S` as far as its prefixes' smallest singular values are above `smallest_kept`.

    The leading blocks of L^-1 are the inverses of the leading blocks of L, and
    1 / sigma_min(L_p) = ||L_p^-1||_2 <= ||L_p^-1||_F, so a running sum of squares bounds
    sigma_min(Z_p / sqrt(divisor)) = sigma_min(L_p) from below for every prefix. It never rises, nor does
    sigma_min, so the kept prefixes are the first r.
    A factorisation that meets a pivot <= 0 at feature j leaves the factor of the first j - 1.
    """
    size = len(S)
    lower = np.tril(S)
    squares = 2.0 * np.einsum("ij,ij->i", lower, lower) - np.diag(S) ** 2
    factor, info = lapack.dpotrf(S, lower=1, clean=1)
    done = size if info == 0 else info - 1
    factor = np.asfortranarray(factor[:done, :done])
    with np.errstate(over="ignore", invalid="ignore"):
        inverse = lapack.dtrtri(factor, lower=1)[0] if done else factor
        inverse_sq = np.cumsum(np.einsum("ij,ij->i", inverse, inverse))
        smallest = 1.0 / np.sqrt(inverse_sq)
        rounding = np.finfo(np.float64).eps * np.sqrt(np.cumsum(squares[:done])) * inverse_sq
    # A nan (overflow after a vanishing pivot) compares as not above.
    above = smallest > smallest_kept
    kept = done if above.all() else int(np.argmin(above))
    inverse = np.asfortranarray(inverse[:kept, :kept])
    whitened = np.ascontiguousarray(frame.centres[:, :kept] @ inverse.T)
    return NestedFactor(inverse, whitened, smallest[:kept], rounding[:kept])
