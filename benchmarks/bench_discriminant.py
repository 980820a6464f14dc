"""PrefixLDA against scikit-learn refits, against the bare sum of products when rows stream, and its growth."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.linalg import blas
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from threadpoolctl import threadpool_limits

import fastcurse as fc
from benchmarks.cases import normal_memmap
from benchmarks.record import Record, Row, compared, seconds_of
from fastcurse import theory

SOURCES = ("_kernels", "discriminant", "trunk", "theory")
_ROWS_A_BLOCK = 4096


class Sizes(NamedTuple):
    """Rows and features of the refits, of the stream, of a trial, and of what shows how time grows with either."""

    n_rows: int
    refits: tuple[int, ...]
    streamed: tuple[int, int]
    trial: int
    lengths: tuple[tuple[int, int], ...]
    widths: tuple[tuple[int, int], ...]


FULL = Sizes(
    n_rows=500,
    refits=(498, 1000),
    streamed=(1_000_000, 200),
    trial=1000,
    lengths=((1000, 200), (2000, 200), (5000, 200), (10_000, 200), (20_000, 200)),
    widths=((2000, 50), (2000, 100), (2000, 200), (2000, 400), (2000, 800)),
)
QUICK = Sizes(
    n_rows=100,
    refits=(98, 200),
    streamed=(20_000, 100),
    trial=200,
    lengths=((1000, 50), (5000, 50)),
    widths=((1000, 50), (1000, 200)),
)


def measure(record: Record, sizes: Sizes) -> None:
    """Run everything in turn; rows with `ratio` compare with a peer, others have a rate or a value.

    scikit-learn answers the article's prefixes and we answer all; the ratio does not take that into account.
    """

    def warm() -> None:
        X, y = fc.make_trunk(9, 12, random_state=0)
        model = fc.PrefixLDA().fit(X, y)
        model.decision_path(X)
        model.score_path(X, y)

    steps = {
        **{f"refits of {p}": partial(_against_refits, sizes.n_rows, p) for p in sizes.refits},
        "streaming": partial(_streaming, sizes.streamed),
        "trials": partial(_trials, sizes.n_rows, sizes.trial),
        "growth": partial(_growth, sizes),
    }
    record.measure(steps, warm)


def _against_refits(n_rows: int, n_prefixes: int) -> list[Row]:
    """All prefixes of ours against scikit-learn at 1, 11, 21, ...: fit and the scores of both halves."""
    theirs_at = range(1, n_prefixes + 1, 10)
    X, y = fc.make_trunk(n_rows, n_prefixes, random_state=0)
    X_test, y_test = fc.make_trunk(n_rows, n_prefixes, random_state=1)

    def refits() -> np.ndarray:
        scores = []
        for p in theirs_at:
            model = LinearDiscriminantAnalysis(solver="svd").fit(X[:, :p], y)
            scores.append((model.score(X[:, :p], y), model.score(X_test[:, :p], y_test)))
        return np.array(scores)

    def ours() -> np.ndarray:
        model = fc.PrefixLDA().fit(X, y)
        return np.column_stack([model.score_path(X, y), model.score_path(X_test, y_test)])

    our_seconds = seconds_of(ours, 3)
    case = f"fit and two scores, {n_rows} + {n_rows} rows: all {n_prefixes} prefixes (peer: {len(theirs_at)})"
    rows = []
    # On busy cores two BLAS threads wait for each other, so the peer is also timed with one.
    for peer, threads in (("scikit-learn refits", None), ("scikit-learn refits, 1 BLAS thread", 1)):
        with threadpool_limits(limits=threads, user_api="blas"):
            start = time.perf_counter()
            theirs = refits()
            seconds = time.perf_counter() - start
        np.testing.assert_array_equal(ours()[np.array(theirs_at) - 1], theirs)
        rows.append(compared(case, peer, seconds, our_seconds))
    return rows


def _streaming(shape: tuple[int, int]) -> list[Row]:
    """Fit from a memmap of float32 against the bare float64 sum of products of its blocks, BLAS on all threads."""
    n_samples, n_features = shape
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, n_samples)
    with tempfile.TemporaryDirectory() as folder:
        X = normal_memmap(Path(folder) / "X.npy", shape, generator)

        def bare() -> np.ndarray:
            total = np.zeros((n_features, n_features), order="F")
            for start in range(0, n_samples, _ROWS_A_BLOCK):
                block = X[start : start + _ROWS_A_BLOCK].astype(np.float64)
                total = blas.dsyrk(1.0, block.T, beta=1.0, c=total, lower=1, overwrite_c=1)
            return np.tril(total)

        # The same sums: within the classes, and of their means. The file is in memory then.
        moments = fc.PrefixLDA().fit(X, y)._sample.moments
        sums = moments.scatter + (moments.means.T * moments.counts) @ moments.means
        np.testing.assert_allclose(bare(), np.tril(sums), rtol=0, atol=1e-9 * n_samples)
        peer_seconds, our_seconds = seconds_of(bare, 3), seconds_of(lambda: fc.PrefixLDA().fit(X, y), 3)
    case = f"fit, {n_samples} x {n_features} float32 memmap"
    return [compared(case, "bare float64 syrk of its blocks", peer_seconds, our_seconds)]


def _trials(n_rows: int, n_features: int) -> list[Row]:
    """Trials a second of the peaking experiment in one process: fresh rows, every prefix, exact accuracy."""
    at = iter(range(100))

    def trial() -> None:
        X, y = fc.make_trunk(n_rows, n_features, random_state=next(at))
        coef, intercept = fc.PrefixLDA().fit(X, y).coef_path()
        theory.rule_accuracy(-coef[:, 0], -intercept[:, 0])

    seconds = seconds_of(trial, 3)
    return [{"case": f"peaking trial: {n_rows} rows, all of {n_features} prefixes, seconds", "value": seconds}]


def _growth(at: Sizes) -> list[Row]:
    """Exponents of the time of fit and score_path in the number of rows and of features."""
    seconds = {}
    for n_samples, n_features in dict.fromkeys((*at.lengths, *at.widths)):
        X, y = fc.make_trunk(n_samples, n_features, random_state=0)
        seconds[n_samples, n_features] = seconds_of(lambda X=X, y=y: fc.PrefixLDA().fit(X, y).score_path(X, y), 3)
    rows = []
    for sizes, which in ((at.lengths, 0), (at.widths, 1)):
        logs = np.log([[size[which], seconds[size]] for size in sizes])
        exponent = float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])
        over = f"{'np'[which]} = {sizes[0][which]} to {sizes[-1][which]}"
        rows.append({"case": f"fit and score_path grow as {'np'[which]} to the power, {over}", "value": exponent})
    return rows
