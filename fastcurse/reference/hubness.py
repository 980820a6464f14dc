"""Moments of N_k by the definition: over all pairs and triples of different queries, the rows that they share."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np


class Hubness(NamedTuple):
    """Same names as the public result's, for one list of each query."""

    sd: float
    skewness: float
    antihub_share: float
    top_hub: int
    top_hub_share: float


def hubness(indices: Any, n_samples: int) -> Hubness:
    """Return what `indices` (n_queries, k) say of N_k, were every one of the rows a query; nan as the public one.

    Examples
    --------
    >>> from fastcurse.reference.hubness import hubness
    >>> found = hubness([[1], [0], [0], [0]], n_samples=4)
    >>> found.top_hub, found.top_hub_share, found.antihub_share
    (0, 0.75, 0.5)
    """
    lists = [set(row) for row in np.asarray(indices).tolist()]
    n, m, k = n_samples, len(lists), len(lists[0])
    asked = [sum(row in one for one in lists) for row in range(n)]
    nan = float("nan")
    sd = skewness = nan
    if m >= 2:
        # A pair of different rows, both asked, is any pair of rows alike: the mean over pairs estimates without bias.
        shared = [len(a & b) for a, b in permutations(lists, 2)]
        second = Fraction(n - 1, 1) * Fraction(sum(shared), len(shared))  # mean of N (N - 1)
        variance = second + k - k * k
        sd = float(variance) ** 0.5 if variance >= 0 else nan
        if m >= 3 and variance > 0:
            shared = [len(a & b & c) for a, b, c in permutations(lists, 3)]
            third = (n - 1) * (n - 2) * Fraction(sum(shared), len(shared))  # mean of N (N - 1) (N - 2)
            raw = third + 3 * second + k  # mean of N³
            skewness = float(raw - 3 * k * (second + k) + 2 * k**3) / sd**3
    antihubs = asked.count(0) / n if m == n else nan
    return Hubness(sd, skewness, antihubs, asked.index(max(asked)), max(asked) / m)
