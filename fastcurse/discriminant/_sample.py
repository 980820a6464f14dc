"""What is kept of the rows seen: their moments, and the rows themselves while they are few."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse.discriminant._moments import ClassMoments, class_moments, no_moments
from fastcurse.engine.blas import one_blas_thread


class Sample(NamedTuple):
    """Moments of labelled rows; `X` (n, D) float64 and `codes` (n,) as long as n <= D + n_classes, else None.

    Only then are there prefixes of more than n - n_classes features, whose rules need the rows; and so the rows never
    take more memory than the scatter.
    """

    moments: ClassMoments
    X: np.ndarray | None
    codes: np.ndarray | None

    @property
    def n_rows(self) -> int:
        """Number of rows seen."""
        return int(self.moments.counts.sum())

    def joined(self, other: Sample) -> Sample:
        """Return the sample of both, of the same features and classes; the rows of this one come first."""
        with one_blas_thread(), np.errstate(over="ignore", under="ignore", invalid="ignore"):
            moments = self._full().merged(other._full())
        if not np.isfinite(moments.sum_sq).all():
            column = int(np.argmin(np.isfinite(moments.sum_sq)))
            raise ValueError(f"X must have squares within float64's range, got rows too far apart in column {column}")
        if self.X is None or other.X is None or self.codes is None or other.codes is None:
            return Sample(moments, None, None)
        X, codes = np.concatenate([self.X, other.X]), np.concatenate([self.codes, other.codes])
        return _within_memory(moments, X, codes)

    def _full(self) -> ClassMoments:
        """Return the moments with the scatter of every feature."""
        n_features = len(self.moments.sum_sq)
        if len(self.moments.scatter) == n_features:
            return self.moments
        assert self.X is not None
        assert self.codes is not None
        return class_moments(self.X, self.codes, len(self.moments.counts), n_features)


def no_sample(n_classes: int, n_features: int) -> Sample:
    """Return the sample of no rows."""
    moments = no_moments(n_classes, n_features, n_features)
    return Sample(moments, np.empty((0, n_features)), np.empty(0, dtype=np.int64))


def sample_of(X: np.ndarray, codes: np.ndarray, n_classes: int, n_scatter: int) -> Sample:
    """Return the sample of rows `X` (n, D) with class numbers `codes` (n,), with scatter of `n_scatter` features.

    Raises ValueError where squares overflow.
    """
    with one_blas_thread():
        moments = class_moments(X, codes, n_classes, n_scatter)
    overflown = ~np.isfinite(moments.sum_sq)
    if overflown.any():
        raise ValueError(
            f"X must have squares within float64's range, got values up to "
            f"{np.abs(X[:, overflown.argmax()]).max():g} in column {overflown.argmax()}"
        )
    return _within_memory(moments, X, codes)


def _within_memory(moments: ClassMoments, X: np.ndarray, codes: np.ndarray) -> Sample:
    if len(X) > X.shape[1] + len(moments.counts):
        return Sample(moments, None, None)
    return Sample(moments, np.array(X, dtype=np.float64, order="C"), codes)
