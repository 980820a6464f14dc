"""Linear discriminant analysis refitted at every prefix: the algorithm of scikit-learn's svd solver, written out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def decision_path(
    X_train: np.ndarray,
    y_train: np.ndarray,
    X: np.ndarray,
    prefixes: Sequence[int] | None = None,
    priors: Sequence[float] | None = None,
    tol: float = 1e-4,
    divisor: float | None = None,
) -> np.ndarray:
    """Scores (m, n) for two classes, positive for the larger label, else (m, n, n_classes).

    `divisor` of the within-class scatter: None is the number of training rows, as scikit-learn from 1.9 on;
    the number of rows less the number of classes, before.

    Examples
    --------
    >>> import numpy as np
    >>> from fastcurse.reference import discriminant
    >>> X, y = np.array([[0.0, 1.0], [1.0, 2.0], [4.0, 0.0], [5.0, 4.0]]), np.array([0, 0, 1, 1])
    >>> discriminant.decision_path(X, y, X, prefixes=[1]).round(1)
    array([[-40., -24.,  24.,  40.]])
    """
    X_train, X = np.asarray(X_train, dtype=np.float64), np.asarray(X, dtype=np.float64)
    if prefixes is None:
        prefixes = range(1, X.shape[1] + 1)
    scores = np.array([_decision(X_train[:, :p], y_train, X[:, :p], priors, tol, divisor) for p in prefixes])
    return scores[:, :, 1] - scores[:, :, 0] if scores.shape[2] == 2 else scores


def _decision(
    X_train: np.ndarray,
    y_train: np.ndarray,
    X: np.ndarray,
    priors: Sequence[float] | None,
    tol: float,
    divisor: float | None,
) -> np.ndarray:
    classes, codes, counts = np.unique(y_train, return_inverse=True, return_counts=True)
    n_samples, n_classes = len(X_train), len(classes)
    if divisor is None:
        divisor = n_samples
    pi = counts / n_samples if priors is None else np.asarray(priors, dtype=np.float64)
    means = np.array([X_train[codes == c].mean(axis=0) for c in range(n_classes)])
    overall = pi @ means

    # Whiten: in units of the within-class standard deviations, then along the within-class singular vectors.
    centred = X_train - means[codes]
    sd = centred.std(axis=0)
    sd[sd == 0.0] = 1.0
    _, singular, V = np.linalg.svd(centred / sd / np.sqrt(divisor), full_matrices=False)
    rank = np.sum(singular > tol)
    whitening = (V[:rank] / sd).T / singular[:rank]

    # Keep the directions in which the weighted class means differ.
    between = np.sqrt(n_samples * pi / (n_classes - 1))[:, None] * (means - overall)
    _, singular, V = np.linalg.svd(between @ whitening, full_matrices=False)
    rank = np.sum(singular > tol * singular[0])
    scalings = whitening @ V[:rank].T

    projected_means = (means - overall) @ scalings
    projected = (X - overall) @ scalings
    return projected @ projected_means.T - 0.5 * np.sum(projected_means**2, axis=1) + np.log(pi)
