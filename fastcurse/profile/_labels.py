"""What labels say at each prefix."""

from __future__ import annotations

import numpy as np

from fastcurse.neighbors import PrefixNeighbors
from fastcurse.prefix_accuracy import neighbor_accuracy, supported_features
from fastcurse.profile._parts import LabelSummary

_ROUNDING = {"euclidean": 0.0, "cosine": 4e-16}  # distances of duplicates


def label_columns(
    points: np.ndarray, labels: np.ndarray, near: PrefixNeighbors, queries: np.ndarray, cv: int, seed: int,
    n_threads: int | None,
) -> tuple[dict[str, np.ndarray], LabelSummary]:  # fmt: skip
    """Return the columns of the labels, and what they say in single numbers."""
    lda = supported_features(points, labels, prefixes=near.prefixes, cv=cv, random_state=seed, n_threads=n_threads)
    vote = neighbor_accuracy(near.indices, labels, queries, near.distances, largest_zero=_ROUNDING[near.metric])
    doubled = lda.accuracy + lda.predicted_accuracy_doubled - lda.predicted_accuracy
    columns = {
        "lda_accuracy": lda.accuracy,
        "lda_low": lda.band[:, 0],
        "lda_high": lda.band[:, 1],
        "lda_doubled": np.minimum(doubled, 1.0),
        "knn_accuracy": vote.without_duplicates,
        "knn_low": vote.without_duplicates_band[:, 0],
        "knn_high": vote.without_duplicates_band[:, 1],
    }
    votes = np.where(np.isnan(vote.without_duplicates), -1.0, vote.without_duplicates)
    summary = LabelSummary(
        classes=tuple(str(label) for label in np.unique(labels).tolist()),
        majority_share=lda.majority_share,
        peak=lda.peak,
        recommended_features=lda.recommended_features,
        recommended_features_doubled=lda.recommended_features_doubled,
        knn_peak=int(near.prefixes[votes.argmax()]),
    )
    return columns, summary
