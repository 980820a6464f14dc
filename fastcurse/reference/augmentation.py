"""Noisy and masked copies of training rows by plain loops, and the ridge that least squares on them tends to."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fastcurse.reference.balls import philox4x32


def normals(t: int, r: int, d: int, key: Sequence[int]) -> list[float]:
    """Return the d standard normal draws of row r of copy t: two by Box and Muller of each two words.

    Examples
    --------
    >>> from fastcurse.reference import augmentation
    >>> [round(z, 3) for z in augmentation.normals(t=0, r=0, d=3, key=(1, 2))]
    [-2.268, -1.582, 1.68]
    """
    found: list[float] = []
    for g in range(-(-d // 4)):
        u = [(word + 0.5) / 2**32 for word in philox4x32((t, r, g, 0), key)]
        for first, second in ((u[0], u[1]), (u[2], u[3])):
            radius = math.sqrt(-2.0 * math.log(first))
            found += [radius * math.cos(2.0 * math.pi * second), radius * math.sin(2.0 * math.pi * second)]
    return found[:d]


def kept(t: int, r: int, d: int, key: Sequence[int], drop: float) -> list[bool]:
    """Return which of the d features of row r of copy t stay: those whose word is at least 2^32 (1 - drop) do not.

    Examples
    --------
    >>> from fastcurse.reference import augmentation
    >>> augmentation.kept(t=0, r=0, d=6, key=(1, 2), drop=0.5)
    [True, False, True, False, False, False]
    """
    bound = round((1.0 - drop) * 2**32)
    return [word < bound for g in range(-(-d // 4)) for word in philox4x32((t, r, g, 0), key)][:d]


def copies(
    X: np.ndarray, first: int, stop: int, key: Sequence[int], *, noise: float = 0.0, drop: float = 0.0
) -> np.ndarray:
    """Return copies first .. stop - 1 of X (n, d), (stop - first, n, d): X + noise z, or X z / (1 - drop), z 0 or 1.

    Examples
    --------
    >>> import numpy as np
    >>> from fastcurse.reference import augmentation
    >>> augmentation.copies(np.ones((1, 6)), 0, 2, key=(3, 4), drop=0.5).tolist()
    [[[2.0, 2.0, 2.0, 2.0, 0.0, 2.0]], [[2.0, 0.0, 2.0, 0.0, 0.0, 0.0]]]
    """
    n, d = X.shape
    numbers = range(first, stop)
    if noise > 0.0:
        return np.array([[X[r] + noise * np.array(normals(t, r, d, key)) for r in range(n)] for t in numbers])
    return np.array([[X[r] * kept(t, r, d, key, drop) / (1.0 - drop) for r in range(n)] for t in numbers])


def ridge_limit(X: np.ndarray, y: np.ndarray, *, noise: float = 0.0, drop: float = 0.0) -> np.ndarray:
    """Return the weights that least squares on infinitely many copies tends to.

    (XᵀX + n σ² I)⁻¹ Xᵀy for noise of standard deviation σ, (XᵀX + q/(1-q) diag(XᵀX))⁻¹ Xᵀy for a share q dropped

    Examples
    --------
    >>> import numpy as np
    >>> from fastcurse.reference import augmentation
    >>> X, y = np.array([[1.0], [1.0]]), np.array([1.0, 1.0])
    >>> augmentation.ridge_limit(X, y, noise=1.0), augmentation.ridge_limit(X, y, drop=0.5)  # 2 / (2 + 2)
    (array([0.5]), array([0.5]))
    """
    gram = X.T @ X
    penalty = np.full(len(gram), len(X) * noise**2) if noise > 0.0 else drop / (1.0 - drop) * np.diag(gram)
    return np.linalg.solve(gram + np.diag(penalty), X.T @ y)
