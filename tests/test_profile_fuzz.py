"""profile takes any finite data but the largest and smallest, and what it says can be printed, drawn and written."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from outcomes import answer_or_refusal
from strategies import costly, point_clouds

import fastcurse as fc

OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "n_queries": st.integers(1, 60), "metric": st.sampled_from(["euclidean", "cosine"]),
        "order": st.sampled_from(["given", "pca", "variance", "random"]), "random_state": st.integers(0, 9),
        "work_budget": st.sampled_from([1.0, 1e5]), "n_threads": st.sampled_from([1, 3]),
    },
)  # fmt: skip


def assert_shows(folder, X, n_classes, seed, options, k):
    """The profile of X, with labels of that many classes, and all that shows it."""
    n_classes = min(n_classes, len(X) // 4)
    n_classes *= n_classes > 1
    y = np.random.default_rng(seed).permutation(np.arange(len(X)) % n_classes) if n_classes else None
    found, refusal = answer_or_refusal(lambda: fc.profile(X, y, k=min(k, len(X) - 1), **options))
    if refusal:
        # Fourth powers of the differences are summed.
        large = np.abs(X.astype(float)).max() > 1e70
        assert large or np.ptp(X.astype(float), axis=0).max() < 2e-150  # or no value, by the cosine, reaches half of it
        assert refusal.endswith(f"{'divide' if large else 'multiply'} X by a power of two")
        return
    assert found.n_samples == len(X)
    assert found.summary()
    page, numbers = (folder / f"profile.{kind}" for kind in ("html", "json"))
    found.to_html(page)
    found.to_json(numbers)
    assert "</html>" in page.read_text(encoding="utf-8")
    assert json.loads(numbers.read_text(encoding="utf-8"))
    for name in ("overlap", "contrast", "query_contrast", "lda_accuracy", "knn_accuracy"):
        shares = found.columns[name][~np.isnan(found.columns[name])]
        assert ((shares >= 0) & (shares <= 1)).all(), name


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
