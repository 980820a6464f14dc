"""What the neighbours of the queries say at each prefix: overlap, hubs, intrinsic dimension."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from fastcurse import _validation
from fastcurse.hubness import hubness
from fastcurse.intrinsic_dimension import METHODS, chords, cosine_rounding, intrinsic_dimension
from fastcurse.neighbors import PrefixNeighbors, drop_self

MOST_TIED = 0.1  # share of the lists that end within a tie: which of the tied rows they hold says nothing
_SKEWNESS_ERROR = 0.5
_DISTANCES = "distances of neighbors"
_TRIED = 50  # lists of a user's that are measured again


class Lists(NamedTuple):
    """The k nearest rows of every row by all features, itself left out; (n_samples, k) each."""

    distances: np.ndarray
    indices: np.ndarray
    unit: float  # rounding error of the arithmetic that they were found by: float32 or float64


def check_lists(neighbors: Any, n_samples: int, k: int) -> Lists | None:
    """Return the neighbours that a user has found, without the rows themselves."""
    if neighbors is None:
        return None
    try:
        distances, indices = neighbors
    except (TypeError, ValueError):
        raise TypeError(f"neighbors must be a pair (distances, indices), got {type(neighbors).__name__}") from None
    as_given, distances = distances, _validation.check_neighbor_distances(distances, _DISTANCES, minimum=2)
    unit = 2.0**-24 if np.asarray(as_given).dtype in (np.float16, np.float32) else 2.0**-53
    indices = _validation.check_neighbor_rows(indices, n_samples, "indices of neighbors")
    if distances.shape != indices.shape or distances.ndim != 2 or len(distances) != n_samples:
        raise ValueError(
            f"neighbors must have a list for each of the {n_samples} rows of X, got distances of shape "
            f"{distances.shape} and indices of shape {indices.shape}"
        )
    rows = np.arange(n_samples)
    if (indices == rows[:, None]).any():
        distances, indices = drop_self(distances, indices, rows)
    if indices.shape[1] < k:
        raise ValueError(
            f"neighbors must have at least k = {k} rows a list beside the row itself, got {indices.shape[1]}"
        )
    return Lists(distances[:, :k], indices[:, :k], unit)


def rounding_of(near: PrefixNeighbors, unit: float = 2.0**-53) -> float:
    """Return the rounding error of a distance of 0 by all features: that of a copy, or of a multiple by the cosine."""
    return float(cosine_rounding(near.prefixes[-1], unit)) if near.metric == "cosine" else 0.0


def without_last(near: PrefixNeighbors) -> tuple[PrefixNeighbors, np.ndarray]:
    """Return the lists without their last neighbours, and at each prefix the share of them so cut in a tie."""
    tied = (near.distances[:, :, -2] == near.distances[:, :, -1]).mean(axis=1)
    shorter = replace(near, distances=near.distances[:, :, :-1].copy(), indices=near.indices[:, :, :-1].copy())
    return shorter, tied


def check_measured(given: Lists, points: np.ndarray, metric: str) -> None:
    """Raise ValueError where distances that a user gave are not those of the rows."""
    for row in np.linspace(0, len(points) - 1, min(_TRIED, len(points))).astype(int).tolist():
        x, others = points[row].astype(np.float64), points[given.indices[row]].astype(np.float64)
        if metric == "euclidean":
            true = np.sqrt(((others - x) ** 2).sum(axis=1))
        else:
            norms = np.sqrt((others**2).sum(axis=1)) * np.sqrt((x**2).sum())
            true = 1 - np.divide(others @ x, norms, out=np.zeros(len(others)), where=norms > 0)
        wrong = ~np.isclose(given.distances[row], true, rtol=1e-2, atol=1e-2 * true.max())
        if wrong.any():
            at = int(wrong.argmax())
            raise ValueError(
                f"neighbors must hold {metric} distances of the rows of X, got {given.distances[row, at]:.6g} between "
                f"rows {row} and {given.indices[row, at]}, which are {true[at]:.6g} apart"
            )


def neighbor_columns(
    near: PrefixNeighbors, tied: np.ndarray, queries: np.ndarray, given: Lists | None
) -> dict[str, np.ndarray]:
    """Return the columns of the neighbours; what was given stands in for the last prefix."""
    telling = tied <= MOST_TIED
    last = near.indices[-1] if given is None else given.indices[queries]
    shares = np.array([(lists[:, :, None] == last[:, None, :]).any(axis=2).mean(axis=1) for lists in near.indices])
    if given is not None:
        shares[-1] = 1.0
    mean, half = shares.mean(axis=1), 1.96 * shares.std(axis=1) / len(queries) ** 0.5
    columns = {"overlap": mean, "overlap_low": np.maximum(mean - half, 0), "overlap_high": np.minimum(mean + half, 1)}
    arbitrary = ~telling & (np.arange(tied.size) < tied.size - 1) | ~telling[-1]
    for values in columns.values():
        values[arbitrary] = np.nan
    hubs = hubness(near)
    told = telling & (hubs.skewness_error <= np.maximum(_SKEWNESS_ERROR, hubs.skewness / 3))  # else chance has the say
    for name, values in (
        ("hubness_skewness", np.where(told, hubs.skewness, np.nan)),
        ("antihub_share", np.where(telling, hubs.antihub_share, np.nan)),
        ("top_hub_share", np.where(telling, hubs.top_hub_share, np.nan)),
    ):
        columns[name] = np.array(values)
    if given is not None:
        all_hubs = hubness(given.indices, near.n_samples)
        columns["hubness_skewness"][-1] = all_hubs.skewness
        columns["antihub_share"][-1] = all_hubs.antihub_share
        columns["top_hub_share"][-1] = all_hubs.top_hub_share
        lengths = given.distances
        if near.metric == "cosine":
            lengths = chords(lengths, rounding_of(near, given.unit))
    for method in METHODS:
        found = intrinsic_dimension(near, method=method)
        values = np.column_stack([found.dimension, found.interval])
        if given is not None:
            all_rows = intrinsic_dimension(lengths, method=method)
            values[-1] = all_rows.dimension, *all_rows.interval
        columns |= zip((method, f"{method}_low", f"{method}_high"), values.T, strict=True)
    return columns
