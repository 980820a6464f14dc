"""PrefixLDA grown by any batches and any tree of merges: the same rule; by the same steps, the same bits."""

from __future__ import annotations

import pickle

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, multiple, rule
from strategies import costly

from fastcurse import PrefixLDA
from fastcurse.discriminant import _moments

# Sums in another order: eps times the number of sums, times the condition of the scatter; promised.
TOLERANCE = 1e-10
LABELS = {2: ["ash", "beech"], 3: [-7, 0, 12], 4: [0.0, 1.0, 2.0, 5.0]}
DTYPES = [np.float64, np.float32, np.float16, np.int8, np.int64]


class Grown:
    """A model, and the rows and steps that made it."""

    def __init__(self, model, X, codes, steps):
        self.model, self.X, self.codes, self.steps = model, X, codes, steps


def bits(model):
    """Return everything that the model knows, as bytes."""
    moments, X, codes = model._sample
    return b"".join(np.ascontiguousarray(array).tobytes() for array in (*moments, X, codes) if array is not None)


class Growth(RuleBasedStateMachine):
    """Models of one set of classes and features, taking in rows and one another."""

    models = Bundle("models")

    @initialize(
        n_classes=st.integers(2, 4), n_features=st.sampled_from([1, 3, 8, 25]), ridge=st.sampled_from([0.0, 0.3]),
        shift=st.sampled_from([0.0, 1e6]), seed=st.integers(0, 2**16),
    )  # fmt: skip
    def begin(self, n_classes, n_features, ridge, shift, seed):
        self.rng, self.n_features, self.ridge, self.shift = np.random.default_rng(seed), n_features, ridge, shift
        self.labels = np.array(LABELS[n_classes])
        self.centres = self.rng.normal(size=(n_classes, n_features)) * 3

    def rows(self, n_rows, dtype, one_class):
        codes = self.rng.integers(0, len(self.labels), n_rows)
        if one_class:
            codes[:] = codes[0]
        X = self.rng.normal(size=(n_rows, self.n_features)) + self.centres[codes]
        # Rows far from zero and rows near it would be two clusters, and the scatter of both nearly singular.
        dtype = np.float64 if self.shift and dtype != np.int64 else dtype
        return (np.clip(8 * X, -100, 100) + self.shift).astype(dtype), codes

    @rule(target=models, n_rows=st.integers(1, 60), dtype=st.sampled_from(DTYPES), one_class=st.booleans())
    def start(self, n_rows, dtype, one_class):
        X, codes = self.rows(n_rows, dtype, one_class)
        model = PrefixLDA(ridge=self.ridge).partial_fit(X, self.labels[codes], self.labels)
        return Grown(model, X.astype(float), codes, [(X, codes)])

    @rule(grown=models, n_rows=st.integers(1, 60), dtype=st.sampled_from(DTYPES), one_class=st.booleans())
    def take_in(self, grown, n_rows, dtype, one_class):
        X, codes = self.rows(n_rows, dtype, one_class)
        assert grown.model.partial_fit(X, self.labels[codes]) is grown.model
        grown.X, grown.codes = np.concatenate([grown.X, X]), np.concatenate([grown.codes, codes])
        grown.steps = [*grown.steps, (X, codes)]

    @rule(one=models, other=models)
    def merge(self, one, other):
        before = bits(other.model)
        one.model.merge(other.model)
        if one is not other:
            assert bits(other.model) == before
        one.X, one.codes = np.concatenate([one.X, other.X]), np.concatenate([one.codes, other.codes])
        one.steps = [*one.steps, list(other.steps)]

    @rule(target=models, grown=models)
    def copy(self, grown):
        model = pickle.loads(pickle.dumps(grown.model))
        assert bits(model) == bits(grown.model)
        return Grown(model, grown.X, grown.codes, grown.steps)

    @rule(target=models, grown=consumes(models))
    def fit_at_once(self, grown):
        """Go on from one fit of all rows: the same bits as one batch of them."""
        if not self.has_rule(grown):
            return multiple(grown)
        y = self.labels[grown.codes]
        model, batch = PrefixLDA(ridge=self.ridge).fit(grown.X, y), PrefixLDA(ridge=self.ridge)
        if (np.bincount(grown.codes, minlength=len(self.labels)) > 0).all():
            batch.partial_fit(grown.X, y, self.labels)
            if len(y) - len(self.labels) >= self.n_features:  # else fit leaves out a part of the scatter
                assert bits(batch) == bits(model)
        return Grown(batch, grown.X, grown.codes, [(grown.X, grown.codes)])

    @rule(grown=models)
    def equals_one_fit(self, grown):
        counts = np.bincount(grown.codes, minlength=len(self.labels))
        assert grown.model.priors_.tolist() == (counts / counts.sum()).tolist()
        if not self.has_rule(grown):
            return
        whole = PrefixLDA(ridge=self.ridge).fit(grown.X, self.labels[grown.codes])
        assert np.array_equal(grown.model.classes_, whole.classes_)
        scale = np.abs(grown.X).max() + 1.0
        np.testing.assert_allclose(grown.model.means_, whole.means_, rtol=0, atol=1e-15 * scale)
        # Away from p = n - K, where the scatter is nearly singular and any rounding grows.
        rank = len(grown.X) - len(self.labels)
        prefixes = [p for p in range(1, self.n_features + 1) if self.ridge or abs(p - rank) > rank // 3 + 2]
        if prefixes:
            ours, theirs = (model.decision_path(grown.X, prefixes) for model in (grown.model, whole))
            for p, one, other in zip(prefixes, ours, theirs, strict=True):
                np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE * np.abs(other).max(), err_msg=f"{p}")

    @rule(grown=models, n_threads=st.sampled_from([1, 2, 8]))
    def same_steps_give_the_same_bits(self, grown, n_threads):
        before = _moments.available_threads
        _moments.available_threads = lambda: n_threads
        try:
            assert bits(self.repeat(grown.steps)) == bits(grown.model)
        finally:
            _moments.available_threads = before

    def repeat(self, steps):
        (X, codes), *rest = steps
        model = PrefixLDA(ridge=self.ridge).partial_fit(X, self.labels[codes], self.labels)
        for step in rest:
            if isinstance(step, list):
                model.merge(self.repeat(step))
            else:
                model.partial_fit(step[0], self.labels[step[1]])
        return model

    def has_rule(self, grown):
        return len(np.unique(grown.codes)) == len(self.labels) < len(grown.codes)


TestGrowth = Growth.TestCase
TestGrowth.settings = settings(costly(12), stateful_step_count=20)
