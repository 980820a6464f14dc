"""The fitted rule of every prefix: which route it takes, its scores, counts and weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from fastcurse._kernels.discriminant import count_correct, fill_prefix_scores
from fastcurse.discriminant._frame import (
    StandardFrame,
    centred_rows,
    scatter_root,
    standard_frame,
    standard_scatter,
    triangular_root,
)
from fastcurse.discriminant._moments import ClassMoments
from fastcurse.discriminant._nested import NestedFactor, nested_factor
from fastcurse.discriminant._rules import Rule, class_rule, drops_direction, refined_rule, singular_rule
from fastcurse.discriminant._wide import TrainingRows, WideRules
from fastcurse.engine.blas import one_blas_thread
from fastcurse.engine.threads import parallel_region

# Rows scored at once: a block of 1000 features is 32 MB.
_ROWS_PER_BLOCK = 4096
# Fewer multiply-adds than this, about a millisecond, are not worth waking threads for.
_SERIAL_WORK = 1_000_000
# With fewer rows a feature, the rows themselves are the root of the scatter: no QR decomposition, little more memory.
_ROWS_THAT_ARE_THEIR_ROOT = 4
# Dense rules held at once.
_RULES_PER_BATCH = 64
# Parts of a block counted side by side; fixed, and the counts are whole numbers.
_PARTS = 32
# A prefix whose bound of the smallest singular value is this many times tol surely drops none. The bound is
# wrong by eps * p / tol^2 relative, 1e-5 at p = 1000.
_TOL_MARGIN = 1.01
# Smaller singular values are squared away by the scatter matrix, whatever tol.
_SMALLEST_SINGULAR_VALUE = 1e-5
# Beyond this estimate of their rounding error weights are refined. Measured on near-duplicates, a common factor,
# random walks and p up to nu, the scores' error is 15 to 1000 times smaller than the estimate.
_ROUNDING_GOAL = 1e-8


@dataclass(frozen=True)
class PrefixModel:
    """The rules of the prefixes 1..n_features of one training sample; all arrays float64.

    The first `n_running` prefixes are running sums; the others of `factor` are refined, the others up to
    `rank` = n - K are singular, both by `root` (r, n_features), a root of the scatter; those above are wide
    (`ridge` > 0: all are running sums).
    """

    n_features: int
    rank: int
    tol: float
    ridge: float
    frame: StandardFrame
    factor: NestedFactor
    n_running: int
    root: np.ndarray | None
    wide: WideRules | None
    exact: dict[int, Rule] = field(default_factory=dict)

    @property
    def n_channels(self) -> int:
        """Scores a row: 1 for two classes, else one a class."""
        return 1 if len(self.frame.priors) == 2 else len(self.frame.priors)

    def score_parts(self, X: np.ndarray, prefixes: np.ndarray) -> Iterator[tuple[slice | int, slice, np.ndarray]]:
        """Yield (places among `prefixes`, rows, scores (places, rows, C)), a few blocks of rows at a time.

        A place may come twice; the later scores are the right ones.
        """
        running, dense = self._plan(prefixes)
        with one_blas_thread():
            for rows, block in self._whitened_blocks(X, running):
                scores = np.empty((len(running), len(block), self.n_channels))
                with parallel_region(self._n_threads(block)):
                    fill_prefix_scores(block, *self._running(running), running, scores)
                yield slice(len(running)), rows, scores
            yield from self._dense_scores(X, prefixes, dense)

    def correct(self, X: np.ndarray, codes: np.ndarray, prefixes: np.ndarray) -> np.ndarray:
        """Return (m,) int64: how many rows of `X` are given their class number `codes` (n,) at each prefix."""
        running, dense = self._plan(prefixes)
        parts = np.zeros((_PARTS, len(running)), dtype=np.int64)
        total = np.zeros(len(prefixes), dtype=np.int64)
        with one_blas_thread():
            for rows, block in self._whitened_blocks(X, running):
                with parallel_region(self._n_threads(block)):
                    count_correct(block, *self._running(running), running, codes[rows], parts)
            total[: len(running)] = parts.sum(axis=0)
            total[dense] = 0
            for at, rows, scores in self._dense_scores(X, prefixes, dense):
                total[at] += np.count_nonzero(decided(scores) == codes[rows])
        return total

    def weights(self, prefixes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return scikit-learn's weights (m, C, n_features), 0 beyond each prefix, and offsets (m, C)."""
        running, dense = self._plan(prefixes)
        weights = np.zeros((len(prefixes), self.n_channels, self.n_features))
        offsets = np.empty((len(prefixes), self.n_channels))
        with one_blas_thread():
            if len(running):
                weights[: len(running), :, : running[-1]] = self.factor.weights(running)
                offsets[: len(running)] = self.factor.offsets(running, self.frame)
            for at, rule in zip(dense.tolist(), self._dense_rules(prefixes[dense]), strict=True):
                weights[at] = 0.0
                weights[at, :, : prefixes[at]], offsets[at] = rule
            weights /= self.frame.scale
            offsets -= weights @ self.frame.location + weights @ self.frame.location_low
        return weights, offsets

    def rule(self, p: int) -> Rule:
        """Return one prefix's rule; it is kept."""
        if p not in self.exact:
            with one_blas_thread():
                if p <= self.n_running:
                    self.exact[p] = self._running_rule(p)
                else:
                    self.exact[p] = next(self._dense_rules(np.array([p])))
        return self.exact[p]

    def _plan(self, prefixes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # The prefixes that are running sums, which come first, and the places of those that need a rule of
        # their own. The latter may lie among the former, where scikit-learn drops a direction of the centres.
        n_running = int(np.searchsorted(prefixes, self.n_running, side="right"))
        dense = np.arange(n_running, len(prefixes))
        with one_blas_thread():
            own = list(self._dropping(prefixes[:n_running]))
        return np.ascontiguousarray(prefixes[:n_running]), np.concatenate([np.array(own, dtype=np.intp), dense])

    def _dropping(self, prefixes: np.ndarray) -> Iterator[int]:
        if self.ridge > 0.0 or (len(self.frame.priors) == 2 and (self.frame.priors > 0.0).all()):
            return
        gram = np.zeros((len(self.frame.priors),) * 2)
        start = 0
        for at, p in enumerate(prefixes.tolist()):
            added = self.factor.whitened[:, start:p]
            gram += added @ added.T
            start = p
            if drops_direction(gram, self.frame, self.tol):
                yield at

    def _running(self, running: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.factor.directions(int(running[-1])), self.factor.offsets(running, self.frame)

    def _n_threads(self, block: np.ndarray) -> int | None:
        return 1 if block.size * self.n_channels < _SERIAL_WORK else None

    def _running_rule(self, p: int) -> Rule:
        weights = self.factor.class_weights(p)
        # With a ridge nothing is dropped: tol is scikit-learn's, which has no ridge.
        return class_rule(weights, self.frame, self.tol if self.ridge == 0.0 else None)

    def _dense_rules(self, prefixes: np.ndarray) -> Iterator[Rule]:
        for p in prefixes[prefixes <= self.rank].tolist():
            if p <= self.n_running:
                yield self._running_rule(p)
            elif p <= self.factor.n_features:
                yield refined_rule(p, self.factor, self._root(), self.frame, self.tol)
            else:
                if p not in self.exact:
                    self.exact[p] = singular_rule(p, self._root(), self.frame, self.tol)
                yield self.exact[p]
        wide = prefixes[prefixes > self.rank]
        if len(wide):
            assert self.wide is not None
            yield from self.wide.rules(wide)

    def _root(self) -> np.ndarray:
        assert self.root is not None
        return self.root

    def _whitened_blocks(self, X: np.ndarray, running: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        if len(running):
            for rows in _row_blocks(len(X)):
                yield rows, self.factor.whiten(self.frame.standardise(X[rows, : running[-1]]))

    def _dense_scores(
        self, X: np.ndarray, prefixes: np.ndarray, dense: np.ndarray
    ) -> Iterator[tuple[int, slice, np.ndarray]]:
        if not len(dense):
            return
        rules = self._dense_rules(prefixes[dense])
        widest = int(prefixes[dense].max())
        blocks = _row_blocks(len(X))
        # One block of rows is standardised once, several again for each batch.
        only = self.frame.standardise(X[:, :widest]) if len(blocks) == 1 else None
        for start in range(0, len(dense), _RULES_PER_BATCH):
            places = dense[start : start + _RULES_PER_BATCH].tolist()
            batch = [next(rules) for _ in places]
            width = max(rule.weights.shape[1] for rule in batch)
            weights = np.zeros((len(batch), self.n_channels, width))
            for row, rule in zip(weights, batch, strict=True):
                row[:, : rule.weights.shape[1]] = rule.weights
            for rows in blocks:
                block = self.frame.standardise(X[rows, :width]) if only is None else only[:, :width]
                scores = (block @ weights.reshape(-1, width).T).reshape(len(block), len(batch), self.n_channels)
                for number, (at, rule) in enumerate(zip(places, batch, strict=True)):
                    yield at, rows, scores[:, number] + rule.offset


def fit_model(
    moments: ClassMoments,
    X: np.ndarray | None,
    codes: np.ndarray | None,
    priors: np.ndarray,
    *,
    ridge: float,
    tol: float,
) -> PrefixModel:
    """Return the model of a sample's moments; its rows `X` (n, D) with class numbers `codes` (n,) need not be at hand.

    Without them there must be more than n_features + n_classes of them, and singular prefixes are less exact.
    """
    n_samples, n_features = int(moments.counts.sum()), len(moments.sum_sq)
    rank = n_samples - len(priors)
    with one_blas_thread():
        frame = standard_frame(moments, priors, drop_constant=ridge == 0.0)
        S = standard_scatter(moments, frame, ridge)
        factor = nested_factor(S, frame, smallest_kept=0.0 if ridge > 0.0 else smallest_kept(tol))
        if ridge > 0.0:
            if factor.n_features < n_features:
                raise ValueError(
                    f"ridge must make the scatter invertible: with {ridge:g} it is not at prefix "
                    f"{factor.n_features + 1}"
                )
            n_running = n_features
        else:
            n_running = int(np.searchsorted(factor.rounding, _ROUNDING_GOAL, side="right"))
        root, wide = None, None
        if n_running < n_features:
            if X is None or codes is None:
                root = scatter_root(moments, frame)
            elif n_features <= rank and n_samples > _ROWS_THAT_ARE_THEIR_ROOT * n_features:
                root = triangular_root(X, codes, moments, frame)
            else:
                root = centred_rows(np.asarray(X, dtype=np.float64), codes, moments, frame)
                if n_features > rank:
                    wide = WideRules(TrainingRows(root, codes), frame, tol, smallest_kept(tol))
    return PrefixModel(n_features, rank, tol, ridge, frame, factor, n_running, root, wide)


def smallest_kept(tol: float) -> float:
    """Return the singular value below which a prefix is scikit-learn's."""
    return max(_TOL_MARGIN * tol, _SMALLEST_SINGULAR_VALUE)


def decided(scores: np.ndarray) -> np.ndarray:
    """Return the class numbers of scores (..., C): above 0 for C = 1, else the first largest."""
    return (scores[..., 0] > 0.0).astype(np.intp) if scores.shape[-1] == 1 else scores.argmax(axis=-1)


def _row_blocks(n_rows: int) -> list[slice]:
    return [slice(start, start + _ROWS_PER_BLOCK) for start in range(0, n_rows, _ROWS_PER_BLOCK)]
