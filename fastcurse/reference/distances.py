"""Nearest and farthest pair by the definition: one cumulative sum a pair."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Extremes(NamedTuple):
    """Same names as the public result's."""

    prefixes: np.ndarray
    nearest: np.ndarray
    farthest: np.ndarray
    nearest_pair: np.ndarray
    farthest_pair: np.ndarray


def distance_extremes(X: Any, *, prefixes: Any = None) -> Extremes:
    """Return the extremes over all pairs i < j, each pair measured exactly as the definition says.

    Examples
    --------
    >>> from fastcurse.reference import distances
    >>> found = distances.distance_extremes([[0, 0], [1, 0], [4, 3]])
    >>> found.nearest, found.farthest, found.farthest_pair[-1]
    (array([1., 1.]), array([4., 5.]), array([0, 2]))
    """
    X = np.asarray(X)
    n_samples, n_features = X.shape
    prefixes = np.arange(1, n_features + 1) if prefixes is None else np.asarray(prefixes)
    m = len(prefixes)
    nearest, farthest = np.full(m, np.inf), np.full(m, -np.inf)
    nearest_pair, farthest_pair = np.full((m, 2), -1), np.full((m, 2), -1)
    for i in range(n_samples):
        for j in range(i + 1, n_samples):
            squares = (X[i].astype(float) - X[j].astype(float)) ** 2
            distance = np.sqrt(np.cumsum(squares))[prefixes - 1]
            nearer, farther = distance < nearest, distance > farthest  # strict: the first of ties stays
            nearest[nearer], nearest_pair[nearer] = distance[nearer], (i, j)
            farthest[farther], farthest_pair[farther] = distance[farther], (i, j)
    return Extremes(prefixes, nearest, farthest, nearest_pair, farthest_pair)


def closest_pair(X: Any) -> tuple[float, tuple[int, int]]:
    """Return the smallest distance over all features and its pair.

    Examples
    --------
    >>> from fastcurse.reference import distances
    >>> distances.closest_pair([[0, 0], [4, 3], [1, 0]])
    (1.0, (0, 2))
    """
    found = distance_extremes(X, prefixes=[np.asarray(X).shape[1]])
    i, j = found.nearest_pair[0].tolist()
    return float(found.nearest[0]), (i, j)


def farthest_pair(X: Any) -> tuple[float, tuple[int, int]]:
    """Return the largest distance over all features and its pair.

    Examples
    --------
    >>> from fastcurse.reference import distances
    >>> distances.farthest_pair([[0, 0], [4, 3], [1, 0]])
    (5.0, (0, 1))
    """
    found = distance_extremes(X, prefixes=[np.asarray(X).shape[1]])
    i, j = found.farthest_pair[0].tolist()
    return float(found.farthest[0]), (i, j)


class Moments(NamedTuple):
    """Same names as the public result's."""

    mean_sq: np.ndarray
    var_sq: np.ndarray
    cv: np.ndarray
    effective_dimension: np.ndarray
    gaussian_cv: np.ndarray
    independent_cv: np.ndarray
    z_score: np.ndarray


def distance_moments(X: Any) -> Moments:
    """Return mean and variance of the squared distances over all pairs, from the pairs; the rest from eigenvalues.

    Examples
    --------
    >>> from fastcurse.reference import distances
    >>> found = distances.distance_moments([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    >>> found.mean_sq, found.var_sq.round(6)  # squared distances 1, 0, 1 and 1, 4, 5
    (array([0.66666667, 3.33333333]), array([0.222222, 2.888889]))
    """
    X = np.asarray(X).astype(float)
    i, j = np.triu_indices(len(X), 1)
    each = (X[i] - X[j]) ** 2
    squares = np.cumsum(each, axis=1)
    mean, variance = squares.mean(axis=0), squares.var(axis=0)
    dimension, z = np.zeros((2, X.shape[1]))
    for p in np.flatnonzero(mean):
        found = norm_spread(X[:, : p + 1])
        dimension[p] = found.eigenvalues.sum() ** 2 / (found.eigenvalues**2).sum()
        z[p] = found.z_score
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 where all points are equal
        shares = np.sqrt([variance / mean**2, 2 / dimension, np.cumsum(each.var(axis=0)) / mean**2])
    cv, gaussian_cv, independent_cv = np.where(mean > 0, shares, 0.0)
    return Moments(mean, variance, cv, dimension, gaussian_cv, independent_cv, z)


class NormSpread(NamedTuple):
    """The sum of the fourth powers of centred norms, and what it would be for Gaussian points."""

    eigenvalues: np.ndarray
    observed: float
    mean: float
    deviation: float

    @property
    def z_score(self) -> float:
        """Standard deviations above the mean; 0 where there is no deviation but rounding."""
        return (self.observed - self.mean) / self.deviation if self.deviation > 1e-11 * self.mean else 0.0


def norm_spread(X: Any) -> NormSpread:
    """Return sum r⁴ of the centred points, and its mean and deviation when their directions turn at random.

    Gaussian points given their scatter W are x_i = sqrt(v / n) W^(1/2) O a_i with v = n - 1, O a random rotation of v
    dimensions and a_i unit vectors with products -1/v. For A of rank 2 with tr A = s, det A = q and zonal polynomials
    Z of degree 4, E tr(A O'WO)⁴ = sum Z(A) Z(W) c / (105 Z(I)), c = 1, 20, 14 for (4), (3,1), (2,2). Of
    A = x a a' + y b b' the coefficient of x² y² is six times the mean of (a'O'WOa)² (b'O'WOb)².

    Examples
    --------
    >>> import numpy as np
    >>> from fastcurse.reference import distances
    >>> cube = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    >>> bool(distances.norm_spread(cube).z_score < 0)  # a shell: norms spread less than those of Gaussian points
    True
    """
    X = np.asarray(X).astype(float)
    X = X - X[0]  # so that a common offset takes no digits of the mean
    X = X / np.abs(X).max()
    X = X - X.mean(axis=0)
    n = len(X)
    v = n - 1
    eigenvalues = np.maximum(np.linalg.eigvalsh(X @ X.T)[1:], 0.0)
    t1, t2, t3, t4 = (float((eigenvalues**k).sum()) for k in (1, 2, 3, 4))
    zonal = {
        (4,): t1**4 + 12 * t1**2 * t2 + 12 * t2**2 + 32 * t1 * t3 + 48 * t4,
        (3, 1): t1**4 + 5 * t1**2 * t2 - 2 * t2**2 + 4 * t1 * t3 - 8 * t4,
        (2, 2): t1**4 + 2 * t1**2 * t2 + 7 * t2**2 - 8 * t1 * t3 - 2 * t4,
    }
    identity = {
        (4,): v * (v + 2) * (v + 4) * (v + 6),
        (3, 1): v * (v + 2) * (v + 4) * (v - 1),
        (2, 2): v * (v + 2) * (v - 1) * (v + 1),
    }
    count = {(4,): 1, (3, 1): 20, (2, 2): 14}

    def mean_product(sine_sq: float) -> float:
        # Z(A) is 105 s⁴ - 360 s² q + 144 q², 18 s² q - 24 q² and 24 q²; here s = x + y and q = x y sin².
        of_pair = {
            (4,): 105 - 120 * sine_sq + 24 * sine_sq**2,
            (3, 1): 6 * sine_sq - 4 * sine_sq**2,
            (2, 2): 4 * sine_sq**2,
        }
        some = [shape for shape in zonal if identity[shape]]
        return sum(count[shape] * of_pair[shape] * zonal[shape] / identity[shape] for shape in some) / 105

    observed = float((np.square(X).sum(axis=1) ** 2).sum())
    mean = n * (v / n) ** 2 * (t1**2 + 2 * t2) / (v * (v + 2))
    second = (v / n) ** 4 * (n * mean_product(0.0) + n * v * mean_product(1 - 1 / v**2))
    return NormSpread(eigenvalues, observed, mean, np.sqrt(max(second - mean**2, 0.0)))
