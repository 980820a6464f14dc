"""What labels say at each prefix."""

from __future__ import annotations

import numpy as np

from fastcurse.neighbors import PrefixNeighbors
from fastcurse.prefix_accuracy import neighbor_accuracy, supported_features
from fastcurse.profile._neighbors import MOST_TIED, rounding_of
from fastcurse.profile._parts import LabelSummary


def label_columns(
    points: np.ndarray, labels: np.ndarray, near: PrefixNeighbors, tied: np.ndarray, queries: np.ndarray, cv: int,
    seed: int, n_threads: int | None,
) -> tuple[dict[str, np.ndarray], LabelSummary]:  # fmt: skip
    """Return the columns of the labels, and what they say in single numbers; `tied`: shares of lists cut in a tie."""
    cv = min(cv, int(np.unique(labels, return_counts=True)[1].max()))
    lda = supported_features(points, labels, prefixes=near.prefixes, cv=cv, random_state=seed, n_threads=n_threads)
    # A copy of a row tells its label, and no test set would hold one: such queries do not count.
    alone = near.distances[-1, :, 0] > rounding_of(near)
    votes, ends = np.full(near.prefixes.size, np.nan), np.full((near.prefixes.size, 2), np.nan)
    if alone.any():
        found = neighbor_accuracy(near.indices[:, alone], labels, queries[alone])
        telling = tied <= MOST_TIED
        votes[telling], ends[telling] = found.accuracy[telling], found.band[telling]
    doubled = lda.accuracy + lda.predicted_accuracy_doubled - lda.predicted_accuracy
    columns = {
        "lda_accuracy": lda.accuracy,
        "lda_low": lda.band[:, 0],
        "lda_high": lda.band[:, 1],
        "lda_doubled": np.minimum(doubled, 1.0),
        "knn_accuracy": votes,
        "knn_low": ends[:, 0],
        "knn_high": ends[:, 1],
    }
    summary = LabelSummary(
        classes=tuple(str(label) for label in np.unique(labels).tolist()),
        majority_share=lda.majority_share,
        peak=lda.peak,
        recommended_features=lda.recommended_features,
        recommended_features_doubled=lda.recommended_features_doubled,
        knn_peak=None if np.isnan(votes).all() else int(near.prefixes[np.nanargmax(votes)]),
    )
    return columns, summary
