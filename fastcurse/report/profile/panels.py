"""What is drawn of a profile: which columns share a panel, and the numbers between which its axis runs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse.profile import COLUMNS, Profile


class Panel(NamedTuple):
    """One small figure: curves against the prefix."""

    key: str
    group: str
    title: str
    style: str  # of its numbers, as of a Column
    scale: str  # of its axis: "share" from 0 to 1, "zero" from 0, "fit" to the numbers, "z" around 0, "log"
    measured: tuple[tuple[str, str], ...]  # columns and their labels
    expected: tuple[tuple[str, str], ...] = ()  # drawn dashed: what theory or a null model gives
    beside: tuple[str, ...] = ()  # columns of another panel that the same axis must hold


PANELS = (
    Panel("distances", "contrast", "Nearest and farthest pair", "distance", "log",
          (("farthest", "farthest"), ("nearest", "nearest"))),
    Panel("contrast", "contrast", "Contrast", "share", "share",
          (("contrast", "of pairs"), ("query_contrast", "of a query, mean")), (("null_contrast", "Gaussian points"),)),
    Panel("extremes", "contrast", "Against Gaussian points, z", "number", "z",
          (("nearest_z", "nearest"), ("farthest_z", "farthest"))),
    Panel("cv", "spread", "CV of squared distances", "number", "zero", (("cv", "measured"),),
          (("gaussian_cv", "Gaussian points"), ("independent_cv", "independent features"))),
    Panel("spread", "spread", "Against Gaussian points, z", "number", "z", (("z_score", "spread of squared norms"),)),
    Panel("dimension", "spread", "Effective dimension", "number", "zero",
          (("effective_dimension", "effective dimension"),)),
    Panel("overlap", "neighbors", "Overlap with the neighbours at all features", "share", "share",
          (("overlap", "overlap"),)),
    Panel("hubness", "neighbors", "Hubness (skewness)", "number", "zero", (("hubness_skewness", "skewness"),)),
    Panel("antihubs", "neighbors", "Antihubs: rows near to no query", "share", "zero",
          (("antihub_share", "antihubs"),)),
    Panel("hub", "neighbors", "Top hub: queries that have it near", "share", "zero", (("top_hub_share", "top hub"),)),
    Panel("twonn", "neighbors", "Intrinsic dimension, TwoNN", "number", "zero", (("twonn", "TwoNN"),),
          beside=("levina_bickel",)),
    Panel("levina", "neighbors", "Intrinsic dimension, Levina-Bickel", "number", "zero",
          (("levina_bickel", "Levina-Bickel"),), beside=("twonn",)),
    Panel("accuracy", "labels", "Accuracy on rows held out", "share", "fit",
          (("lda_accuracy", "LDA"), ("knn_accuracy", "k nearest rows")), (("lda_doubled", "LDA, twice the rows"),)),
)  # fmt: skip

COLUMN = {column.name: column for column in COLUMNS}
# Of these every pair is asked; where there are too many, only those with a query are measured.
OF_ALL_PAIRS = frozenset({"nearest", "farthest", "contrast", "relative_contrast", "nearest_z", "farthest_z"})


def is_sampled(profile: Profile, column: str) -> bool:
    """Return whether a column is of sampled pairs."""
    return not profile.exact and column in OF_ALL_PAIRS


def has_numbers(profile: Profile, column: str) -> bool:
    """Return whether a column says anything at any prefix."""
    return not bool(np.isnan(profile.columns[column]).all())


def limits(panel: Panel, profile: Profile, *others: float) -> tuple[float, float]:
    """Return the ends of the panel's axis, which holds all finite numbers of its columns, and `others`."""
    drawn = [COLUMN[name] for name, _ in panel.measured + panel.expected] + [COLUMN[name] for name in panel.beside]
    names = [name for column in drawn for name in (column.name, column.low, column.high) if name]
    values = np.concatenate([*(profile.columns[name] for name in names), np.array(others)])
    values = values[np.isfinite(values) & ((values > 0) | (panel.scale != "log"))]
    if panel.scale == "share" or not values.size:
        return (0.1, 1.0) if panel.scale == "log" else (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if panel.scale == "zero":
        low, high = min(low, 0.0), max(high, 0.0)
    elif panel.scale == "z":
        low, high = min(low, -3.0), max(high, 3.0)
    if panel.scale == "log":
        return min(low, high / 3), max(high, 3 * low)
    return (low, high) if low < high else (low, low + (abs(low) or 1.0) / 2)
