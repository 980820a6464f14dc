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
    columns: dict[str, list[float]] = {name: [] for name in _OF_ANGLES}
    for p in prefixes.tolist():
        unit = unit_rows(points, p, scratch)
        if len(unit) < 2:
            found = dict.fromkeys(_OF_ANGLES, 0.0)
        else:
            of_unit = distance_moments(unit, **work)
            found = {name: float(getattr(of_unit, name)[-1]) for name in _OF_ANGLES}
            found["cv"] = _cv_with_zeros(of_unit, len(points))
        for name, value in found.items():
            columns[name].append(value)
    return {name: np.array(values) for name, values in columns.items()}


def _cv_with_zeros(of_unit: DistanceMoments, n_samples: int) -> float:
    """Return the CV of cosine distances where rows of zeros, which were left out, are at distance 1 from all others."""
    n_pairs, n_between = n_samples * (n_samples - 1) / 2, of_unit.n_samples * (of_unit.n_samples - 1) / 2
    share, mean, variance = n_between / n_pairs, of_unit.mean_sq[-1] / 2, of_unit.var_sq[-1] / 4
    overall = share * mean + (1 - share)
    spread = share * variance + share * (1 - share) * (mean - 1) ** 2
    return float(np.sqrt(spread) / overall) if overall > 0 else 0.0
