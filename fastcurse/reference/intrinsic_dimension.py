"""Intrinsic dimension by the formula, logarithm by logarithm."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np


class IntrinsicDimension(NamedTuple):
    """Same names as the public result's, for one list of each query; no interval."""

    dimension: float
    n_used: int


def intrinsic_dimension(distances: Any, *, method: str = "twonn") -> IntrinsicDimension:
    """Return (N - 1) / L of the N logarithms log(T_k / T_j) of `distances` (n_queries, k), whose sum is L.

    Examples
    --------
    >>> import math
    >>> from fastcurse.reference.intrinsic_dimension import intrinsic_dimension
    >>> intrinsic_dimension([[1.0, 2.0], [1.0, 2.0], [0.0, 1.0]]).dimension == 1 / (2 * math.log(2))
    True
    """
    logarithms, n_used = [], 0
    for one in np.asarray(distances, dtype=float).tolist():
        above = [distance for distance in one if distance > 0]
        if method == "twonn":
            above = above[:2]
        if len(above) < 2:
            continue
        n_used += 1
        logarithms += [math.log(above[-1] / distance) for distance in above[:-1]]
    if len(logarithms) < 2:
        return IntrinsicDimension(float("nan"), n_used)
    total = math.fsum(logarithms)
    return IntrinsicDimension((len(logarithms) - 1) / total if total > 0 else float("inf"), n_used)
