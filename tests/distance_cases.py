"""What the tests of distance_extremes share: how results are held against the definition and each other."""

from __future__ import annotations

import numpy as np

import fastcurse as fc
from fastcurse.reference import distances as reference

FIELDS = ("nearest", "farthest", "nearest_pair", "farthest_pair")


def same(first, second):
    return all(np.array_equal(getattr(first, field), getattr(second, field)) for field in FIELDS)


def assert_equals_definition(X, **options):
    ours = fc.distance_extremes(X, **options)
    expected = reference.distance_extremes(X, prefixes=options.get("prefixes"))
    for field in FIELDS:
        assert np.array_equal(getattr(ours, field), getattr(expected, field)), field
    return ours
