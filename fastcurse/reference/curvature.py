"""Curvature by the definition: the whole Hessian, a row at a time, and all its eigenvalues."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class TopCurvature(NamedTuple):
    """Same names as the public result's."""

    eigenvalues: np.ndarray
    vectors: np.ndarray
    trace: float


def hessian(
    X: Any, *, loss: str = "squared", weights: Any = None, fit_intercept: bool = False, l2: float = 0.0
) -> np.ndarray:
    """Return the Hessian (d, d) of the mean loss: the mean of c z z' over rows z, and the penalty.

    Examples
    --------
    >>> from fastcurse.reference import curvature
    >>> curvature.hessian([[1.0, 0.0], [1.0, 2.0]])
    array([[1., 1.],
           [1., 2.]])
    >>> curvature.hessian([[2.0]], loss="logistic")  # 2 · 1/4 · 2 at weights of 0
    array([[1.]])
    """
    X = np.asarray(X).astype(float)
    n_features = X.shape[1]
    Z = np.column_stack([X, np.ones(len(X))]) if fit_intercept else X
    w = np.zeros(Z.shape[1]) if weights is None else np.asarray(weights, dtype=float)
    H = np.zeros((Z.shape[1], Z.shape[1]))
    for z in Z:
        e = np.exp(-abs(z @ w))
        c = 1.0 if loss == "squared" else e / (1.0 + e) ** 2
        H += c * np.outer(z, z)
    return H / len(X) + l2 * np.diag([1.0] * n_features + [0.0] * fit_intercept)


def top_curvature(
    X: Any,
    y: Any = None,
    *,
    loss: str = "squared",
    weights: Any = None,
    fit_intercept: bool = False,
    l2: float = 0.0,
    k: int = 20,
) -> TopCurvature:
    """Return the k largest eigenvalues, largest first, and their vectors (d, k).

    Examples
    --------
    >>> from fastcurse.reference import curvature
    >>> curvature.top_curvature([[2.0, 0.0], [0.0, 4.0]], k=1).eigenvalues
    array([8.])
    """
    H = hessian(X, loss=loss, weights=weights, fit_intercept=fit_intercept, l2=l2)
    values, vectors = np.linalg.eigh(H)
    return TopCurvature(values[::-1][:k], vectors[:, ::-1][:, :k], float(np.trace(H)))


def gradient(
    X: Any, y: Any, weights: Any, *, loss: str = "squared", fit_intercept: bool = False, l2: float = 0.0
) -> np.ndarray:
    """Return the gradient (d,) of the mean loss at the weights; labels of the logistic loss are 1 and -1.

    Examples
    --------
    >>> from fastcurse.reference import curvature
    >>> curvature.gradient([[1.0], [3.0]], [0.0, 0.0], [2.0])  # mean of x (x w - y)
    array([10.])
    """
    X, y, w = np.asarray(X).astype(float), np.asarray(y, dtype=float), np.asarray(weights, dtype=float)
    n_features = X.shape[1]
    Z = np.column_stack([X, np.ones(len(X))]) if fit_intercept else X
    slope = Z @ w - y if loss == "squared" else -y / (1.0 + np.exp(y * (Z @ w)))
    penalty = np.append(w[:n_features], [0.0] * fit_intercept)
    return Z.T @ slope / len(X) + l2 * penalty
