"""What a user would write instead of distance_extremes: each peer gives the seconds that all prefixes would take."""

from __future__ import annotations

from functools import partial

import numpy as np
from numba import njit, prange
from scipy.spatial.distance import pdist

from benchmarks.record import seconds_of
from fastcurse.reference import article


def article_loop(X: np.ndarray) -> float:
    """The article's loop: a new n × n matrix at each prefix; three prefixes timed, scaled to all."""
    n_features = X.shape[1]
    timed = [max(1, n_features // 10), n_features // 2, n_features * 9 // 10]
    return float(np.mean([seconds_of(partial(article.squared_contrast, X[:, :p])) for p in timed])) * n_features


def numpy_running_matrix(X: np.ndarray) -> float:
    """The best NumPy way: one n × n matrix that each feature adds to; eight features timed, scaled to all."""
    matrix = np.zeros((len(X), len(X)))
    difference = np.empty_like(matrix)
    rows, columns = np.diag_indices(len(X))

    def add(feature: int) -> None:
        np.subtract(X[:, feature, None], X[None, :, feature], out=difference)
        np.multiply(difference, difference, out=difference)
        np.add(matrix, difference, out=matrix)
        matrix[rows, columns] = np.inf
        matrix.min()
        matrix[rows, columns] = 0.0
        matrix.max()

    add(0)
    return float(np.mean([seconds_of(partial(add, feature)) for feature in range(1, 9)])) * X.shape[1]


def scipy_pdist(X: np.ndarray) -> float:
    """SciPy's pdist at each prefix, minimum and maximum of its result; three prefixes timed, scaled to all."""
    n_features = X.shape[1]

    def measure(p: int) -> None:
        distances = pdist(X[:, :p], "sqeuclidean")
        distances.min(), distances.max()

    timed = [max(1, n_features // 10), n_features // 2, n_features * 9 // 10]
    return float(np.mean([seconds_of(partial(measure, p)) for p in timed])) * n_features


@njit(parallel=True, cache=True)
def _triple_loop(X, near, far):
    for i in prange(X.shape[0]):
        for j in range(i + 1, X.shape[0]):
            total = 0.0
            for feature in range(X.shape[1]):
                difference = X[i, feature] - X[j, feature]
                total += difference * difference
                near[i, feature] = min(near[i, feature], total)
                far[i, feature] = max(far[i, feature], total)


def numba_triple_loop(X: np.ndarray) -> float:
    """A plain Numba triple loop over i, j and features, parallel over i; timed whole."""
    shape = (len(X), X.shape[1])

    def measure(points: np.ndarray) -> None:
        near, far = np.full(shape, np.inf)[: len(points)], np.zeros(shape)[: len(points)]
        _triple_loop(points, near, far)
        near.min(axis=0), far.max(axis=0)

    measure(X[:100])
    return seconds_of(partial(measure, X))


ALL = {
    "the article's loop": article_loop,
    "NumPy, running n × n matrix": numpy_running_matrix,
    "SciPy pdist at each prefix": scipy_pdist,
    "plain Numba triple loop": numba_triple_loop,
}
