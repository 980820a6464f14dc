"""What normal theory expects of LDA at each prefix, from the class distances that a fit has measured."""

from __future__ import annotations

import numpy as np

from fastcurse import theory
from fastcurse.discriminant import PrefixLDA, separation_path


def predicted_accuracies(
    lda: PrefixLDA, class_sizes: np.ndarray, prefixes: np.ndarray, share: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the accuracies (m,) expected of training on `share` of the rows, and on twice that; nan without a word.

    `lda` is fitted on all rows, `class_sizes` (n_classes,) of each class. There is no word where the independent
    features are as many as the degrees of freedom, nor with a ridge.
    """
    if lda.ridge > 0.0:
        return np.full(len(prefixes), np.nan), np.full(len(prefixes), np.nan)
    separation = separation_path(lda, prefixes)
    delta_sq = theory.unbiased_delta_sq(separation.delta_sq, separation.rank, class_sizes)
    known = np.isfinite(delta_sq).all(axis=(1, 2))
    curves = np.full((2, len(prefixes)), np.nan)
    for curve, factor in zip(curves, (share, 2.0 * share), strict=True):
        curve[known] = theory.multiclass_lda_accuracy(delta_sq[known], separation.rank[known], factor * class_sizes)
    return curves[0], curves[1]
