"""A network of one hidden layer of tanh and a linear output, with squared loss: value, gradient, Hessian times v."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class TanhNetwork(NamedTuple):
    """f(x) = b + Σ_j a_j tanh(c_j + w_j·x) of `n_features` inputs and `n_hidden` units; loss Σ (f(x) - y)² / 2n.

    Parameters are one vector (d,): the weights w (n_features, n_hidden) row by row, then c, a and b.
    """

    n_features: int
    n_hidden: int

    @property
    def n_parameters(self) -> int:
        """Length d of the vector of parameters."""
        return (self.n_features + 2) * self.n_hidden + 1

    def start(self, generator: np.random.Generator) -> np.ndarray:
        """Return random parameters (d,): weights of variance 1 / fan-in, no shifts."""
        theta = np.zeros(self.n_parameters)
        W, _, a, _ = self._split(theta)
        W[:] = generator.standard_normal(W.shape) / self.n_features**0.5
        a[:] = generator.standard_normal(a.shape) / self.n_hidden**0.5
        return theta

    def loss(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> float:
        """Return the mean loss of rows `X` (n, n_features) with targets `y` (n,)."""
        W, c, a, b = self._split(theta)
        errors = np.tanh(X @ W + c) @ a + b - y
        return 0.5 * float(errors @ errors) / len(y)

    def gradient(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the gradient (d,) of the mean loss."""
        W, c, a, b = self._split(theta)
        h = np.tanh(X @ W + c)
        errors = (h @ a + b - y) / len(y)
        back = errors[:, None] * a * (1.0 - h * h)
        return np.concatenate([(X.T @ back).ravel(), back.sum(axis=0), h.T @ errors, errors.sum(keepdims=True)])

    def hessian_product(self, theta: np.ndarray, v: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the mean loss's Hessian times `v` (d,): the gradient's derivative along v (Pearlmutter 1994)."""
        W, c, a, b = self._split(theta)
        dW, dc, da, db = self._split(v)
        h = np.tanh(X @ W + c)
        slope = 1.0 - h * h
        errors = (h @ a + b - y) / len(y)
        dh = slope * (X @ dW + dc)
        d_errors = (dh @ a + h @ da + db) / len(y)
        d_back = d_errors[:, None] * a * slope + errors[:, None] * (da * slope - 2.0 * a * h * dh)
        return np.concatenate(
            [(X.T @ d_back).ravel(), d_back.sum(axis=0), dh.T @ errors + h.T @ d_errors, d_errors.sum(keepdims=True)]
        )

    def _split(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return views of w, c, a and b."""
        end = self.n_features * self.n_hidden
        W, c, a, b = np.split(theta, [end, end + self.n_hidden, end + 2 * self.n_hidden])
        return W.reshape(self.n_features, self.n_hidden), c, a, b
