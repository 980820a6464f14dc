"""profile takes any finite data but the largest and smallest, and what it says can be printed, drawn and written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import costly, point_clouds

from tests.profiles import assert_shows

OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "n_queries": st.integers(1, 60), "metric": st.sampled_from(["euclidean", "cosine"]),
        "order": st.sampled_from(["given", "pca", "variance", "random"]), "random_state": st.integers(0, 9),
        "work_budget": st.sampled_from([1.0, 1e5]), "n_threads": st.sampled_from([1, 3]),
    },
)  # fmt: skip


@pytest.mark.slow
@costly(8)
@example(  # the cosine distance of equal directions may be rounded below 0
    X=np.array([[1e6, 1e6 + 1], [1e6 + 1, 1e6 + 1]]), options={"metric": "cosine"}, k=2, n_classes=0, seed=0
)
@given(
    X=point_clouds(max_samples=60), options=OPTIONS, k=st.integers(2, 12), n_classes=st.sampled_from([0, 2, 4]),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_any_finite_data(tmp_path_factory, X, options, k, n_classes, seed):
    X = np.concatenate([X, X[:1], X[:1]])  # four rows at least
    assert_shows(tmp_path_factory.getbasetemp(), X, n_classes, seed, options, k)
