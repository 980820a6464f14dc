"""What is wrong with the rows and features as such."""

from __future__ import annotations

import numpy as np

from fastcurse.engine.duplicates import count_repeats
from fastcurse.neighbors import PrefixNeighbors
from fastcurse.profile._neighbors import rounding_of
from fastcurse.profile._parts import DataQuality
from fastcurse.profile._rows import Rows

_NEAR_SHARE = 0.01  # of the median distance to the nearest row


def find_quality(rows: Rows, variances: np.ndarray, near: PrefixNeighbors) -> DataQuality:
    """Count duplicates, near-duplicates, constant features and rows that were dropped; name the widest feature."""
    widest = int(variances.argmax())
    nearest = near.distances[-1, :, 0]
    apart = nearest[nearest > rounding_of(near)]
    limit = _NEAR_SHARE * float(np.median(apart)) if apart.size else np.nan
    return DataQuality(
        duplicates=count_repeats(rows.points),
        near_duplicates=int(np.count_nonzero(apart < limit)),
        near_distance=limit,
        constant_features=tuple(rows.names[f] for f in np.flatnonzero(variances == 0).tolist()),
        non_finite_rows=rows.bad,
        n_non_finite=rows.n_bad,
        widest_feature=rows.names[widest],
        widest_share=float(variances[widest] / (variances.sum() or 1.0)),
    )
