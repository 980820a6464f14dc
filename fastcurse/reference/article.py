"""The teaching article's own code, where it is right about what it computes, and where its failure is the point."""

from __future__ import annotations

import numpy as np
from scipy.special import gamma


def ball_volume(d, radius=1.0):
    """Return the volume as the article computes it: 0 from d = 342 on, since Γ overflows first.

    An integer radius stays an integer, so that its power wraps around (d = 63, radius = 2: negative).

    Examples
    --------
    >>> from fastcurse.reference import article
    >>> float(article.ball_volume(2).round(4)), float(article.ball_volume(342.0)), bool(article.ball_volume(63, 2) < 0)
    (3.1416, 0.0, True)
    """
    with np.errstate(over="ignore"):
        return np.pi ** (d / 2) * np.power(radius, d) / gamma(d / 2 + 1)


def shell_fraction(d, thickness=0.1):
    """Return the share of the outer shell as a ratio of two volumes: nan once they are 0.

    Examples
    --------
    >>> from fastcurse.reference import article
    >>> float(article.shell_fraction(2).round(2)), float(article.shell_fraction(400.0))
    (0.19, nan)
    """
    with np.errstate(invalid="ignore"):
        return 1 - ball_volume(d, 1 - thickness) / ball_volume(d, 1.0)


def squared_distances(X):
    """Return all squared distances by the Gram-matrix trick: n × n memory, cancels for points far from 0.

    Examples
    --------
    >>> from fastcurse.reference import article
    >>> article.squared_distances([[0, 0], [3, 4]])
    array([[ 0., 25.],
           [25.,  0.]])
    >>> float(article.squared_distances([[1e9], [1e9 + 1]])[0, 1])  # it is 1
    0.0
    """
    X = np.asarray(X, dtype=float)
    squares = (X**2).sum(axis=1)
    return squares[:, None] + squares[None, :] - 2 * X @ X.T


def squared_contrast(X):
    """Return (max - min) / max of the squared distances over all pairs, diagonal masked.

    Examples
    --------
    >>> from fastcurse.reference import article
    >>> float(article.squared_contrast([[0.0], [1.0], [2.0]]))  # squared distances 1, 4, 1
    0.75
    """
    squared = squared_distances(X)[np.triu_indices(len(X), k=1)]
    return (squared.max() - squared.min()) / squared.max()
