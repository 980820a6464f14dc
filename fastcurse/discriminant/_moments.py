"""Sufficient statistics of a labelled sample, and the frame in which features have unit variance."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

# Sums run over blocks of this many rows in order, so they do not depend on threads.
ROWS_PER_BLOCK = 4096


class ClassMoments(NamedTuple):
    """What linear discriminant analysis needs of the rows when it does not need the rows.

    counts (n_classes,) int64; means (n_classes, n_features), rounded, and means_low, what rounding took from
    them; sum_sq (n_features,) within-class sums of squares; scatter (q, q) within-class sums of products of
    the first q features. All float64.
    """

    counts: np.ndarray
    means: np.ndarray
    means_low: np.ndarray
    sum_sq: np.ndarray
    scatter: np.ndarray


class StandardFrame(NamedTuple):
    """The features about their overall mean, in units of their within-class standard deviation.

    location, location_low, scale (n_features,), the mean being location + location_low; centres (n_classes,
    n_features) are the class means in this frame; log_priors, priors (n_classes,); divisor: scikit-learn's of
    the scatter.
    """

    location: np.ndarray
    location_low: np.ndarray
    scale: np.ndarray
    centres: np.ndarray
    priors: np.ndarray
    log_priors: np.ndarray
    divisor: float

    def standardise(self, X: np.ndarray) -> np.ndarray:
        """Return a new C-ordered array: `X`, whose columns are leading features, in this frame."""
        p = X.shape[1]
        moved = np.subtract(X, self.location[:p], order="C")
        moved -= self.location_low[:p]
        moved /= self.scale[:p]
        return moved


def class_moments(X: np.ndarray, codes: np.ndarray, n_classes: int, n_scatter: int) -> ClassMoments:
    """Return the moments of `X` (n, D) float64 with class numbers `codes` (n,); scatter of `n_scatter` features.

    Two passes: sums about each class's first row, so that a feature that is constant within the classes has
    exactly zero scatter; then sums of products about the means, and of what is left of the means: with a shift
    of 1e8 a rounded mean alone costs the scores' eighth digit.
    """
    counts = np.bincount(codes, minlength=n_classes)
    _, first = np.unique(codes, return_index=True)
    origin = X[first]
    sums = np.zeros_like(origin)
    for rows in _blocks(len(X)):
        sums += _indicators(codes[rows], n_classes) @ (X[rows] - origin[codes[rows]])
    means = origin + sums / counts[:, None]
    left = np.zeros_like(origin)
    sum_sq = np.zeros(X.shape[1])
    scatter = np.zeros((n_scatter, n_scatter))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for rows in _blocks(len(X)):
            centred = X[rows] - means[codes[rows]]
            left += _indicators(codes[rows], n_classes) @ centred
            sum_sq += np.einsum("ij,ij->j", centred, centred)
            leading = centred[:, :n_scatter]
            scatter += leading.T @ leading
    return ClassMoments(counts, means, left / counts[:, None], sum_sq, scatter)


def standard_frame(moments: ClassMoments, priors: np.ndarray, *, drop_constant: bool) -> StandardFrame:
    """Return the frame; `drop_constant` gives features without within-class variance no weight.

    Deviation from scikit-learn: where a constant's mean is not exact in floating point (77 times 0.1), its
    standard deviation there is rounding noise, which it divides by; here a constant stays a constant.
    """
    n_samples = int(moments.counts.sum())
    location = priors @ moments.means
    differences = (moments.means - location) + moments.means_low
    location_low = priors @ differences
    constant = moments.sum_sq == 0.0
    scale = np.sqrt(moments.sum_sq / n_samples)
    scale[constant] = 1.0
    centres = (differences - location_low) / scale
    if drop_constant:
        centres[:, constant] = 0.0
    with np.errstate(divide="ignore"):
        log_priors = np.log(priors)
    lost = 0 if _divides_by_rows() else len(priors)
    return StandardFrame(location, location_low, scale, centres, priors, log_priors, float(n_samples - lost))


def standard_scatter(moments: ClassMoments, frame: StandardFrame, ridge: float) -> np.ndarray:
    """Return S = Z'Z / divisor + ridge * I of the leading features; a constant has variance 1 if not `ridge`."""
    scale = frame.scale[: len(moments.scatter)]
    S = moments.scatter / scale
    S /= scale[:, None] * frame.divisor
    diagonal = np.einsum("ii->i", S)
    if ridge > 0.0:
        diagonal += ridge
    else:
        # scikit-learn's pseudo-inverse ignores a constant; so does any other value here, as its centres are 0.
        diagonal[diagonal == 0.0] = 1.0
    return S


def centred_rows(X: np.ndarray, codes: np.ndarray, moments: ClassMoments, frame: StandardFrame) -> np.ndarray:
    """Return Z (n, D): the rows about their class mean in the units of the frame."""
    Z = X - moments.means[codes]
    Z -= moments.means_low[codes]
    Z /= frame.scale
    return Z


def _indicators(codes: np.ndarray, n_classes: int) -> np.ndarray:
    return (np.arange(n_classes)[:, None] == codes).astype(np.float64)


def _blocks(n_rows: int) -> list[slice]:
    return [slice(start, start + ROWS_PER_BLOCK) for start in range(0, n_rows, ROWS_PER_BLOCK)]


@cache
def _divides_by_rows() -> bool:
    # The svd solver divides the within-class scatter by n from scikit-learn 1.9 on (its pull request 33626)
    # and by n - K before. Four points, scatter 4, means 5 apart: the weight is 5 * divisor / 4.
    rule = LinearDiscriminantAnalysis(solver="svd").fit([[0.0], [2.0], [5.0], [7.0]], [0, 0, 1, 1])
    return bool(rule.coef_[0, 0] > 3.75)
