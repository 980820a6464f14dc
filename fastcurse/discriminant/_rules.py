"""One explicit rule: the weights and offsets of a prefix that no running sum serves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack, svd

from fastcurse.discriminant._frame import StandardFrame
from fastcurse.discriminant._nested import NestedFactor, channels

# Below this relative eigenvalue a direction of the class centres is rounding error: dropping it changes nothing.
_NOISE = 1e-15


class Rule(NamedTuple):
    """Scores x @ weights.T + offset of a standardised row x: weights (C, p), offset (C,)."""

    weights: np.ndarray
    offset: np.ndarray


def class_rule(weights: np.ndarray, frame: StandardFrame, tol: float | None) -> Rule:
    """Return the rule of the class weights S^+ c_k (K, p).

    Directions along which the whitened centres hardly differ are projected out, as by scikit-learn's second
    singular value decomposition; not for a `tol` of None.
    """
    p = weights.shape[1]
    gram = weights @ frame.centres[:, :p].T
    if tol is not None and drops_direction(gram, frame, tol):
        mixing = _kept_directions(gram, frame, tol)
        weights, gram = mixing @ weights, mixing @ gram @ mixing.T
    return Rule(channels(weights), channels(frame.log_priors - 0.5 * np.diag(gram)))


def drops_direction(gram: np.ndarray, frame: StandardFrame, tol: float) -> bool:
    """Tell whether scikit-learn's second SVD drops a direction of the whitened centres that is not noise.

    `gram` (K, K) are the centres' inner products c_a' S^+ c_b. A class of prior 0 does not span the
    directions, so its own weights change.
    """
    if (frame.priors == 0.0).any():
        return True
    if len(gram) == 2:
        return False
    root = np.sqrt(frame.priors)
    scaled = root[:, None] * gram * root
    # A Cholesky factor, a tenth of the work, shows that all are above but that of `root`, which is 0.
    trace = float(np.trace(scaled))
    shifted = scaled + trace * np.outer(root, root)
    np.fill_diagonal(shifted, np.diagonal(shifted) - 2.0 * max(tol**2, _NOISE * len(gram)) * trace)
    if lapack.dpotrf(shifted)[1] == 0:
        return False
    values = np.linalg.eigvalsh(scaled)
    return bool(((values <= tol**2 * values[-1]) & (values > _NOISE * values[-1])).any())


def _kept_directions(gram: np.ndarray, frame: StandardFrame, tol: float) -> np.ndarray:
    # Whitened centres Y (K, p) have Y Y' = gram. With A = diag(root) Y = P s Q', the projection of Y on the
    # kept rows of Q' is Y A' P s^-2 P' A: a K x K matrix times Y, hence times the weights and the scores.
    root = np.sqrt(frame.priors)
    values, P = np.linalg.eigh(root[:, None] * gram * root)
    kept = (values > tol**2 * values[-1]) & (values > 0.0)
    P = P[:, kept]
    return (gram * root) @ (P / values[kept]) @ (P.T * root)


def refined_rule(p: int, factor: NestedFactor, root: np.ndarray, frame: StandardFrame, tol: float) -> Rule:
    """Return the rule of an ill-conditioned tall prefix: Cholesky weights, corrected once against `root`.

    Corrected semi-normal equations: the residual is taken through a root R of the scatter, R'R = Z'Z, not through Z'Z,
    which squares its condition.
    """
    R = root[:, :p]
    weights = factor.class_weights(p)
    residual = frame.centres[:, :p] - (weights @ R.T) @ R / frame.divisor
    return class_rule(weights + factor.solve(residual), frame, tol)


def singular_rule(p: int, root: np.ndarray, frame: StandardFrame, tol: float) -> Rule:
    """Return scikit-learn's rule of a (nearly) singular prefix: without singular values of Z_p / sqrt(divisor) <= tol.

    `root` (r, D) has R'R = Z'Z, so that its leading columns have the singular values and right vectors of Z_p.
    Deviation: scikit-learn stops with an IndexError when every singular value is <= tol; the rule of the
    priors is returned.
    """
    _, values, vectors = svd(root[:, :p] / np.sqrt(frame.divisor), full_matrices=False, check_finite=False)
    kept = values > tol
    whitening = vectors[kept] / values[kept, None]
    # Rounding leaves a constant 1e-17, which a row far from the constant would multiply.
    whitening[:, ~frame.varies[:p]] = 0.0
    return class_rule((frame.centres[:, :p] @ whitening.T) @ whitening, frame, tol)
