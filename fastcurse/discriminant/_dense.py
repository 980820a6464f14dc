"""Prefixes that do not nest: one explicit rule each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from fastcurse.discriminant._moments import StandardFrame
from fastcurse.discriminant._nested import NestedFactor, channels

# Below this relative eigenvalue a direction of the class centres is rounding error: dropping it changes nothing.
_NOISE = 1e-15
# LAPACK's estimate of ||G^-1||_1 is seldom more than 3 times too small.
_NORM_MARGIN = 4.0
# A Cholesky factor of G with a smaller reciprocal condition number may cost the eighth digit.
_SMALLEST_RCOND = 1e-9


class Rule(NamedTuple):
    """Scores x @ weights.T + offset of a standardised row x: weights (C, p), offset (C,)."""

    weights: np.ndarray
    offset: np.ndarray


class TrainingRows(NamedTuple):
    """Z (n, D), the class-centred standardised training rows, and their class numbers (n,)."""

    Z: np.ndarray
    codes: np.ndarray


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
    values = np.linalg.eigvalsh(root[:, None] * gram * root)
    return bool(((values <= tol**2 * values[-1]) & (values > _NOISE * values[-1])).any())


def _kept_directions(gram: np.ndarray, frame: StandardFrame, tol: float) -> np.ndarray:
    # Whitened centres Y (K, p) have Y Y' = gram. With A = diag(root) Y = P s Q', the projection of Y on the
    # kept rows of Q' is Y A' P s^-2 P' A: a K x K matrix times Y, hence times the weights and the scores.
    root = np.sqrt(frame.priors)
    values, P = np.linalg.eigh(root[:, None] * gram * root)
    kept = (values > tol**2 * values[-1]) & (values > 0.0)
    P = P[:, kept]
    return (gram * root) @ (P / values[kept]) @ (P.T * root)


def refined_rule(p: int, factor: NestedFactor, rows: TrainingRows, frame: StandardFrame, tol: float) -> Rule:
    """Return the rule of an ill-conditioned tall prefix: Cholesky weights, corrected once against the rows.

    Corrected semi-normal equations: the residual is taken through Z, not Z'Z, which squares its condition.
    """
    Z = rows.Z[:, :p]
    weights = factor.class_weights(p)
    residual = frame.centres[:, :p] - (weights @ Z.T) @ Z / frame.divisor
    return class_rule(weights + factor.solve(residual), frame, tol)


def exact_rule(p: int, rows: TrainingRows, frame: StandardFrame, tol: float) -> Rule:
    """Return scikit-learn's rule of a (nearly) singular prefix, fitted in the standardised frame.

    Deviation: scikit-learn stops with an IndexError when every singular value is <= tol; the rule of the
    priors is returned.
    """
    Z, centres = rows.Z[:, :p], frame.centres[:, :p]
    # A feature that varies has a singular value >= 1 to itself.
    if tol >= 1.0 or not Z.any():
        largest = np.linalg.norm(Z, 2) / np.sqrt(frame.divisor)
        if largest <= tol:
            return Rule(channels(np.zeros_like(centres)), channels(frame.log_priors))
    lda = LinearDiscriminantAnalysis(solver="svd", priors=frame.priors, tol=tol)
    with np.errstate(divide="ignore"):
        lda.fit(Z + centres[rows.codes], rows.codes)
    return Rule(lda.coef_, lda.intercept_)


def wide_rules(
    prefixes: np.ndarray, rows: TrainingRows, frame: StandardFrame, tol: float, *, smallest_kept: float
) -> Iterator[Rule]:
    """Yield the rules of prefixes p > n - K: weights N Z_p' G^-2 Z_p c, G = Z_p Z_p', N the divisor.

    G is singular along the class indicators only (the rows are class-centred), and Z_p c is orthogonal to
    them, so adding a multiple of their projections makes G invertible and changes nothing.
    1 / (||G^-1||_1 N) <= sigma_min^2, the smallest nonzero singular value; where LAPACK's estimate of it is
    near `smallest_kept`^2, scikit-learn decides.
    """
    Z, codes = rows
    n_samples = len(Z)
    same_class = (codes[:, None] == codes) / np.bincount(codes)[codes]
    G = np.zeros((n_samples, n_samples))
    projected = np.zeros((n_samples, len(frame.centres)))
    start = 0
    for p in prefixes.tolist():
        added = Z[:, start:p]
        G += added @ added.T
        projected += added @ frame.centres[:, start:p].T
        start = p
        regular = G + same_class * (np.trace(G) / n_samples)
        one_norm = np.abs(regular).sum(axis=0).max()
        factor, info = lapack.dpotrf(regular.T, lower=1, overwrite_a=1)
        rcond = lapack.dpocon(factor, one_norm, uplo="L")[0] if info == 0 else 0.0
        if rcond < _SMALLEST_RCOND or rcond * one_norm < _NORM_MARGIN * frame.divisor * smallest_kept**2:
            yield exact_rule(p, rows, frame, tol)
            continue
        once = lapack.dpotrs(factor, projected, lower=1)[0]
        twice = lapack.dpotrs(factor, once, lower=1)[0]
        yield class_rule(frame.divisor * (twice.T @ Z[:, :p]), frame, tol)
