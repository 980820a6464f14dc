"""The teaching article's own code, where it is right about what it computes, and where its failure is the point."""

from __future__ import annotations

import numpy as np
from scipy.special import gamma


def ball_volume(d, radius=1.0):
    """Return the volume as the article computes it: 0 from d = 342 on, since Γ overflows first.

    An integer radius stays an integer, so that its power wraps around (d = 63, radius = 2: negative).
    """
    with np.errstate(over="ignore"):
        return np.pi ** (d / 2) * np.power(radius, d) / gamma(d / 2 + 1)


def shell_fraction(d, thickness=0.1):
    """Return the share of the outer shell as a ratio of two volumes: nan once they are 0."""
    with np.errstate(invalid="ignore"):
        return 1 - ball_volume(d, 1 - thickness) / ball_volume(d, 1.0)


def squared_distances(X):
    """Return all squared distances by the Gram-matrix trick: n × n memory, cancels for points far from 0."""
    X = np.asarray(X, dtype=float)
    squares = (X**2).sum(axis=1)
    return squares[:, None] + squares[None, :] - 2 * X @ X.T


def squared_contrast(X):
    """Return (max - min) / max of the squared distances over all pairs, diagonal masked."""
    squared = squared_distances(X)[np.triu_indices(len(X), k=1)]
    return (squared.max() - squared.min()) / squared.max()
