"""How far apart the classes of a fitted PrefixLDA are at each prefix, by as many features as are independent."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse.discriminant._classifier import PrefixLDA
from fastcurse.discriminant._frame import standard_scatter

# A feature whose residual on those before it has a smaller share of its variance is a combination of them.
_SMALLEST_RESIDUAL = 1e-8


class Separation(NamedTuple):
    """Of the class means at m prefixes.

    delta_sq (m, n_classes, n_classes) float64: squared Mahalanobis distances by the pooled within-class covariance,
    divisor n - K; nan where a prefix has more features than the scatter was kept of. rank (m,) int64: the features of
    the prefix that are no linear combination of those before, within the classes; the distances are by these.
    """

    delta_sq: np.ndarray
    rank: np.ndarray


def separation_path(lda: PrefixLDA, prefixes: np.ndarray) -> Separation:
    """Return the separation of the classes at increasing prefixes of a `PrefixLDA` fitted without ridge.

    Whitened centres are running sums over the features, and so are their distances. Combinations of earlier
    features, constants among them, are passed over, where PrefixLDA takes the pseudo-inverse: the same where a
    class mean obeys the same combination as the rows do.
    """
    model = lda._model
    n_scatter = len(lda._sample.moments.scatter)
    whitened, kept = _whitened_centres(lda, min(n_scatter, int(prefixes[-1])))
    coordinates = np.zeros((len(whitened), model.n_features))
    coordinates[:, kept] = whitened
    n_rows = lda._sample.n_rows
    # The whitening is by scikit-learn's divisor.
    unit = (n_rows - len(whitened)) / model.frame.divisor
    delta_sq = np.zeros((len(prefixes), len(whitened), len(whitened)))
    total, start = np.zeros(delta_sq.shape[1:]), 0
    for at, p in enumerate(prefixes.tolist()):
        for column in coordinates[:, start:p].T:
            total += np.square(column[:, None] - column)
        start = p
        delta_sq[at] = total * unit if p <= n_scatter else np.nan
    return Separation(delta_sq, np.searchsorted(kept, prefixes, side="left"))


def _whitened_centres(lda: PrefixLDA, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the class centres (K, r) in coordinates of unit within-class variance, and the features they belong to.

    These are the features among the first `size` that are no combination of earlier ones.
    """
    frame, factor, moments = lda._model.frame, lda._model.factor, lda._sample.moments
    done = min(factor.n_features, size)
    kept = np.flatnonzero(frame.varies[:done])
    if done == size:
        return factor.whitened[:, kept], kept
    # The factor stops at the first singular prefix: go on feature by feature, without the singular ones.
    S = standard_scatter(moments, frame, 0.0)
    inverse, centres = np.zeros((size, size)), np.zeros((len(frame.priors), size))
    inverse[:done, :done], centres[:, :done] = factor.inverse, factor.whitened
    columns = np.arange(size)
    rank = done
    for feature in range(done, size):
        row = inverse[:rank, :rank] @ S[feature, columns[:rank]]
        residual = S[feature, feature] - row @ row
        if residual > _SMALLEST_RESIDUAL * S[feature, feature]:
            root = np.sqrt(residual)
            centres[:, rank] = (frame.centres[:, feature] - centres[:, :rank] @ row) / root
            inverse[rank, :rank] = -(row @ inverse[:rank, :rank]) / root
            inverse[rank, rank] = 1.0 / root
            columns[rank] = feature
            rank += 1
    used = frame.varies[columns[:rank]]
    return centres[:, :rank][:, used], columns[:rank][used]
