"""What the tests of prefix_neighbors share: problems to draw, and how results are held against the definition."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from strategies import point_clouds

import fastcurse as fc
from fastcurse.reference import neighbors as reference

METRIC = st.sampled_from(["euclidean", "cosine"])
FIELDS = ("prefixes", "distances", "indices", "farthest")


def same(first, second):
    return all(np.array_equal(getattr(first, field), getattr(second, field)) for field in FIELDS)


def assert_equals_definition(X, queries, k, prefixes=None, **options):
    ours = fc.prefix_neighbors(X, queries, k, prefixes, **options)
    expected = reference.prefix_neighbors(X, queries, k, prefixes, metric=options.get("metric", "euclidean"))
    for field in FIELDS:
        assert np.array_equal(getattr(ours, field), getattr(expected, field)), field
    return ours


@st.composite
def problems(draw, **sizes):
    """Draw (X, queries, k, prefixes): queries are rows, repeated ones too, or points, some of them rows moved."""
    X = draw(point_clouds(**sizes))
    n_samples, n_features = X.shape
    rows = np.array(draw(st.lists(st.integers(0, n_samples - 1), min_size=1, max_size=9)))
    foreign = draw(st.booleans())
    queries = X[rows] if foreign else rows
    if foreign and X.dtype == np.float64 and draw(st.booleans()):
        queries = queries * 0.75
    k = draw(st.integers(1, n_samples if foreign else n_samples - 1))
    prefixes = draw(st.none() | st.sets(st.integers(1, n_features), min_size=1).map(sorted))
    return X, queries, k, prefixes
