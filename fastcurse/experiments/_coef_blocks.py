"""The rules of one PrefixLDA of two classes, some prefixes at a time: all of them would take as much as the rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fastcurse.discriminant import PrefixLDA

# Coefficients of 1000 prefixes of 1000 features take 8 MB.
_COEF_BYTES = 2**26


def coef_blocks(model: PrefixLDA, prefixes: np.ndarray) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
    """Yield (places among the prefixes, weights (m, n_features), constants (m,))."""
    block = max(1, _COEF_BYTES // (8 * model.n_features_in_))
    for start in range(0, prefixes.size, block):
        part = slice(start, start + block)
        coef, intercept = model.coef_path(prefixes[part])
        yield part, coef[:, 0], intercept[:, 0]
