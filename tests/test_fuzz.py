"""Searches for disagreement with the references that are too long for every day: python -m pytest -m fuzz."""

from __future__ import annotations

import numpy as np
import pytest
from distance_cases import assert_equals_definition
from hypothesis import given
from hypothesis import strategies as st
from neighbor_cases import METRIC
from neighbor_cases import assert_equals_definition as neighbors_equal_definition
from strategies import troubled_clouds
from test_hit_or_miss import count_hits

import fastcurse as fc
from fastcurse._kernels import simd
from fastcurse.distances import SCREENS
from fastcurse.reference import balls as reference
from fastcurse.reference import distances
from tests.profiles import assert_shows

pytestmark = pytest.mark.fuzz


@given(
    X=troubled_clouds(), screen=st.sampled_from(SCREENS), bits=st.sampled_from([128, 256, 512]),
    n_threads=st.sampled_from([None, 1, 3]), data=st.data(),
)  # fmt: skip
def test_distances(X, screen, bits, n_threads, data):
    """One scan of all prefixes, or a search of few of them."""
    prefixes = data.draw(st.none() | st.sets(st.integers(1, X.shape[1]), min_size=1, max_size=3).map(sorted))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simd, "host_bits", lambda: bits)
        assert_equals_definition(X, prefixes=prefixes, screen=screen, n_threads=n_threads)


@given(X=troubled_clouds(max_samples=900, max_features=40), screen=st.sampled_from(SCREENS))
def test_one_pair(X, screen):
    expected = distances.distance_extremes(X, prefixes=[X.shape[1]])
    for find, side in ((fc.closest_pair, "nearest"), (fc.farthest_pair, "farthest")):
        distance, pair = find(X, screen=screen)
        assert distance == getattr(expected, side)[0]
        assert pair == tuple(getattr(expected, f"{side}_pair")[0].tolist())


@given(
    X=troubled_clouds(), metric=METRIC, n_threads=st.sampled_from([None, 1, 3]), data=st.data(),
)  # fmt: skip
def test_neighbors(X, metric, n_threads, data):
    rows = np.array(data.draw(st.lists(st.integers(0, len(X) - 1), min_size=1, max_size=9)))
    prefixes = data.draw(st.none() | st.sets(st.integers(1, X.shape[1]), min_size=1, max_size=4).map(sorted))
    k = data.draw(st.integers(1, min(len(X) - 1, 20)))
    if metric == "cosine":
        X = np.clip(X.astype(float), -1e120, 1e120)
    neighbors_equal_definition(X, rows, k, prefixes, metric=metric, n_threads=n_threads)


@given(
    first=st.one_of(st.integers(0, 10**6), st.integers(2**32 - 300, 2**32), st.integers(2**50, 2**53 - 500)),
    n=st.integers(1, 400), d=st.integers(1, 40), key=st.tuples(*[st.integers(0, 2**32 - 1)] * 2),
    stream=st.integers(0, 2**31), block=st.integers(1, 500), bits=st.sampled_from([128, 256, 512, 1024]),
    screen=st.booleans(),
)  # fmt: skip
def test_hits(first, n, d, key, stream, block, bits, screen):
    ours = count_hits(first, first + n, d, key, stream=stream, screen=screen, block=block, bits=bits)
    assert ours == reference.count_hits(first, first + n, d, key, stream)


@given(X=troubled_clouds(max_samples=150, max_features=30), seed=st.integers(0, 99))
def test_profile(tmp_path_factory, X, seed):
    assert_shows(tmp_path_factory.getbasetemp(), np.concatenate([X, X[:1], X[:1]]), seed % 3 * 2, seed, {}, 5)
