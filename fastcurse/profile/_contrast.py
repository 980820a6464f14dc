"""Nearest and farthest at each prefix, over all pairs or over those with a query, beside Gaussian points."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse import theory
from fastcurse._results import ratio
from fastcurse.distances import distance_extremes
from fastcurse.neighbors import PrefixNeighbors
from fastcurse.profile._rows import Scratch, unit_rows


def contrast_columns(
    points: np.ndarray, near: PrefixNeighbors, covariance: np.ndarray, budget: float, scratch: Scratch, **work: Any
) -> tuple[dict[str, np.ndarray], bool]:
    """Return the columns of the contrast, and whether they are of all pairs."""
    n_samples, prefixes = len(points), near.prefixes
    n_queries = near.indices.shape[1]
    exact = n_queries == n_samples or n_samples * (n_samples - 1) / 2 * float(prefixes[-1]) <= budget
    # The cosine distance of equal directions may be rounded below 0.
    nearest, farthest = (
        np.maximum(ends, 0.0) for ends in (near.distances[:, :, 0].min(axis=1), near.farthest.max(axis=1))
    )
    if exact and n_queries < n_samples:
        search = _of_points if near.metric == "euclidean" else _of_angles
        try:
            nearest, farthest = search(points, prefixes, scratch, **work)
        except MemoryError:  # no room for a copy: what the queries say stays
            exact = False
    columns = {
        "nearest": nearest,
        "farthest": farthest,
        "contrast": ratio(farthest - nearest, farthest, where_zero=np.nan),
        "relative_contrast": ratio(farthest - nearest, nearest, where_zero=np.nan),
        "query_contrast": near.contrast(),
    }
    if near.metric == "euclidean" and exact:
        columns |= _beside_gaussian(nearest, farthest, points, covariance, prefixes)
    return columns, exact


def _of_points(points: np.ndarray, prefixes: np.ndarray, _: Scratch, **work: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest distances of all pairs."""
    found = distance_extremes(points, prefixes=prefixes, **work)
    return found.nearest, found.farthest


def _of_angles(
    points: np.ndarray, prefixes: np.ndarray, scratch: Scratch, **work: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and largest cosine distances: half the squared distances of rows of norm 1.

    Rows of zeros, which have no direction, are at distance 1 from all others.
    """
    nearest, farthest = np.empty((2, prefixes.size))
    for at, p in enumerate(prefixes.tolist()):
        unit = unit_rows(points, p, scratch)
        ends = []
        if len(unit) > 1:
            found = distance_extremes(unit, prefixes=[p], **work)
            ends += [found.nearest[0] ** 2 / 2, found.farthest[0] ** 2 / 2]
        if len(unit) < len(points):
            ends.append(1.0)
        nearest[at], farthest[at] = min(ends), max(ends)
    return nearest, farthest


def _beside_gaussian(
    nearest: np.ndarray, farthest: np.ndarray, points: np.ndarray, covariance: np.ndarray, prefixes: np.ndarray
) -> dict[str, np.ndarray]:
    """Return how the extremes compare with those of as many Gaussian points that have the same covariance."""
    n_samples = len(points)
    null, near_z, far_z = np.full((3, prefixes.size), np.nan)
    for at, p in enumerate(prefixes.tolist()):
        eigenvalues = np.maximum(_eigenvalues(points, covariance, p), 0.0)
        if eigenvalues.max() <= 0:
            continue
        low, high = (
            theory.spectrum_extreme_quantile(0.5, n_samples, eigenvalues, side=side, sample=True)
            for side in ("nearest", "farthest")
        )
        null[at] = (high - low) / high
        near_z[at], far_z[at] = (
            theory.spectrum_extreme_z_score(distance, n_samples, eigenvalues, side=side, sample=True)
            for side, distance in (("nearest", nearest[at]), ("farthest", farthest[at]))
        )
    return {"null_contrast": null, "nearest_z": near_z, "farthest_z": far_z}


def _eigenvalues(points: np.ndarray, covariance: np.ndarray, p: int) -> np.ndarray:
    """Return the eigenvalues of the covariance of the first p features, without zeros that few rows leave."""
    if p <= len(points):
        return np.linalg.eigvalsh(covariance[:p, :p])
    centred = points[:, :p].astype(np.float64)
    centred -= centred.mean(axis=0)
    return np.linalg.eigvalsh(centred @ centred.T / (len(points) - 1))
