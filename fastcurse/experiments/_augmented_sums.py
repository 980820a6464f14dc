"""Least squares on noisy or masked copies of the training rows, which are summed up and never stored."""

from __future__ import annotations

import numpy as np

from fastcurse._kernels.augmentation import LANES, add_copies
from fastcurse.engine.threads import parallel_region


class CopySums:
    """XᵀX and Xᵀy over copies of X (n, d), y (n,), in 8 d² numbers, whatever their number.

    Noise of standard deviation `noise` is added to every feature, or each is set to 0 with probability `drop` and
    otherwise divided by 1 - `drop`. The same seed gives the same copies for any number of threads or calls.
    """

    def __init__(
        self, X: np.ndarray, y: np.ndarray, generator: np.random.Generator, *, noise: float = 0.0, drop: float = 0.0
    ) -> None:
        self.X, self.y = np.ascontiguousarray(X, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64)
        self.noise, self.drop, self.n_copies = noise, drop, 0
        self._key = generator.integers(2**32, size=2, dtype=np.uint32)
        d = X.shape[1]
        self._gram, self._cross = np.zeros((LANES, d, d)), np.zeros((LANES, d))

    def grow(self, n_copies: int) -> None:
        """Add copies until there are `n_copies`, below 2^32."""
        bound = np.uint64(round((1.0 - self.drop) * 2**32))
        with parallel_region(None):
            add_copies(
                self.X, self.y, self.n_copies, n_copies, self.noise, bound, 1.0 / (1.0 - self.drop), self._key,
                self._gram, self._cross,
            )  # fmt: skip
        self.n_copies = n_copies

    def mean(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean XᵀX (d, d) and Xᵀy (d,) of a copy."""
        lower = self._gram.sum(axis=0) / self.n_copies
        return lower + np.tril(lower, -1).T, self._cross.sum(axis=0) / self.n_copies

    def limit(self) -> tuple[np.ndarray, np.ndarray]:
        """Return their expectation: XᵀX + n σ² I, or XᵀX + q/(1-q) diag(XᵀX), and Xᵀy."""
        gram = self.X.T @ self.X
        penalty = self.drop / (1.0 - self.drop) * np.diag(gram) if self.drop else len(self.X) * self.noise**2
        return gram + np.diag(np.broadcast_to(penalty, len(gram))), self.X.T @ self.y
