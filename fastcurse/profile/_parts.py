"""The parts of a profile that are no columns: sentences, faults of the rows, what the labels say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

KINDS = ("good", "warning", "note")


def counted(n: int, one: str, many: str = "") -> str:
    """Return a number and what it counts: "1 row", "2 rows"."""
    return f"{n} {one if n == 1 else many or one + 's'}"


class Finding(NamedTuple):
    """One sentence of the verdict, and the numbers of the table that it rests on.

    Number j is ``values[j]``, that of column ``columns[j]`` at prefix ``prefixes[j]``. A finding that rests on the
    rows as such names neither columns nor prefixes, and its values are free.

    Attributes
    ----------
    kind : {"good", "warning", "note"}
        How to take it.
    text : str
        The sentence, with its numbers.
    columns : tuple of str
        Names of columns.
    prefixes : tuple of int
        As many prefixes of the profile.
    values : tuple of float
        As many numbers of the table.
    """

    kind: str
    text: str
    columns: tuple[str, ...]
    prefixes: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class DataQuality:
    """What is wrong with the rows and features as such.

    Attributes
    ----------
    duplicates : int
        Rows that equal an earlier one.
    near_duplicates : int
        Queries whose nearest row is nearer than `near_distance`, at all features.
    near_distance : float
        What counts as near, in the unit of the distances; nan where nothing does.
    constant_features : tuple of str
        Names of features, or their numbers, that have one value.
    non_finite_rows : tuple of int
        Rows of the data as given that were dropped for a value that is not finite; at most the first 1000.
    n_non_finite : int
        How many there were.
    widest_feature : str
        Name of the feature of the largest variance.
    widest_share : float
        Its share of the variance of all features; 0 where none varies.
    """

    duplicates: int
    near_duplicates: int
    near_distance: float
    constant_features: tuple[str, ...]
    non_finite_rows: tuple[int, ...]
    n_non_finite: int
    widest_feature: str = ""
    widest_share: float = 0.0


@dataclass(frozen=True)
class LabelSummary:
    """What the labels say in single numbers.

    Attributes
    ----------
    classes : tuple of str
        The labels.
    majority_share : float
        Share of the rows with the most frequent label: the accuracy of always saying it.
    peak : int
        Prefix of the highest LDA accuracy.
    recommended_features : int
        Number of leading features that as many rows support.
    recommended_features_doubled : int or None
        The same for twice the rows.
    knn_peak : int or None
        Prefix of the highest accuracy of the k nearest rows; None where there is none.
    """

    classes: tuple[str, ...]
    majority_share: float
    peak: int
    recommended_features: int
    recommended_features_doubled: int | None
    knn_peak: int | None
