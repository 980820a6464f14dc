"""What a profile says, as a frozen result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Finding(NamedTuple):
    """One sentence of the verdict, and the numbers of the table that it rests on."""

    kind: str  # "good", "warning" or "note"
    text: str
    columns: tuple[str, ...]  # of the table; empty where it rests on the rows as such
    prefixes: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class DataQuality:
    """What is wrong with the rows and features as such."""

    duplicates: int  # rows that equal an earlier one
    near_duplicates: int  # queries whose nearest row is nearer than `near_distance`, at all features
    near_distance: float
    constant_features: tuple[str, ...]
    non_finite_rows: tuple[int, ...]  # dropped, of the data as given; at most the first 1000 are listed
    n_non_finite: int


@dataclass(frozen=True)
class LabelSummary:
    """What the labels say in single numbers."""

    classes: tuple[str, ...]
    majority_share: float
    peak: int  # prefix
    recommended_features: int
    recommended_features_doubled: int | None
    knn_peak: int


@dataclass(frozen=True, eq=False)
class Profile:
    """..."""

    prefixes: np.ndarray  # (m,) int64
    columns: dict[str, np.ndarray]  # name -> (m,) float64, nan where there is nothing to say; names as in COLUMNS
    n_samples: int
    n_features: int
    n_queries: int
    k: int
    metric: str
    order: str
    exact: bool  # contrast over all pairs; else over the pairs with a query: "sampled"
    quality: DataQuality
    labels: LabelSummary | None
    verdict: tuple[Finding, ...]
    seconds: float
