"""The frame in which features have unit within-class variance, and the sample seen from it."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh, qr
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from fastcurse.discriminant._moments import ClassMoments

_ROWS_A_QR = 4  # rows that one QR decomposition adds to the triangle, in units of its size


class StandardFrame(NamedTuple):
    """The features about their overall mean, in units of their within-class standard deviation.

    location, location_low, scale (n_features,), the mean being location + location_low; centres (n_classes,
    n_features) are the class means in this frame; varies (n_features,) bool tells which features vary within the
    classes; log_priors, priors (n_classes,); divisor: scikit-learn's of the scatter.
    """

    location: np.ndarray
    location_low: np.ndarray
    scale: np.ndarray
    centres: np.ndarray
    varies: np.ndarray
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
    return StandardFrame(location, location_low, scale, centres, ~constant, priors, log_priors, float(n_samples - lost))


def standard_scatter(moments: ClassMoments, frame: StandardFrame, ridge: float) -> np.ndarray:
    """Return the lower triangle of S = Z'Z / divisor + ridge * I of the leading features.

    A constant has variance 1 if not `ridge`.
    """
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


def triangular_root(X: np.ndarray, codes: np.ndarray, moments: ClassMoments, frame: StandardFrame) -> np.ndarray:
    """Return R (D, D) with R'R = Z'Z, upper triangular, from blocks of rows: as exact as Z, and small."""
    n_features = X.shape[1]
    root = np.empty((0, n_features))
    for start in range(0, len(X), _ROWS_A_QR * n_features):
        rows = slice(start, start + _ROWS_A_QR * n_features)
        Z = centred_rows(np.asarray(X[rows], dtype=np.float64), codes[rows], moments, frame)
        (root,) = qr(np.concatenate([root, Z]), mode="r", overwrite_a=True, check_finite=False)
        root = root[:n_features]
    return root


def scatter_root(moments: ClassMoments, frame: StandardFrame) -> np.ndarray:
    """Return R (D, D) with R'R = Z'Z from the scatter alone.

    Its singular values below 1e-7 of the largest are lost: the scatter holds their squares.
    """
    S = moments.scatter / frame.scale
    S /= frame.scale[:, None]
    values, vectors = eigh(S, lower=True, check_finite=False)
    return np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T


@cache
def _divides_by_rows() -> bool:
    # The svd solver divides the within-class scatter by n from scikit-learn 1.9 on (its pull request 33626)
    # and by n - K before. Four points, scatter 4, means 5 apart: the weight is 5 * divisor / 4.
    rule = LinearDiscriminantAnalysis(solver="svd").fit([[0.0], [2.0], [5.0], [7.0]], [0, 0, 1, 1])
    return bool(rule.coef_[0, 0] > 3.75)
