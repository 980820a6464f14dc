"""How spread squared distances are at each prefix, exactly over all pairs."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse.distances import DistanceMoments, distance_moments
from fastcurse.profile._rows import Scratch, unit_rows

_OF_MOMENTS = ("cv", "gaussian_cv", "independent_cv", "z_score", "effective_dimension")
_OF_ANGLES = ("cv", "independent_cv", "effective_dimension")  # directions are never Gaussian


def spread_columns(
    points: np.ndarray, moments: DistanceMoments, prefixes: np.ndarray, metric: str, scratch: Scratch, **work: Any
) -> dict[str, np.ndarray]:
    """Return the columns of the spread; of cosine distances, of squared distances between rows of norm 1."""
    if metric == "euclidean":
        return {name: getattr(moments, name)[prefixes - 1] for name in _OF_MOMENTS}
    of_prefix = [distance_moments(unit_rows(points, p, scratch), **work) for p in prefixes.tolist()]
    return {name: np.array([getattr(one, name)[-1] for one in of_prefix]) for name in _OF_ANGLES}
