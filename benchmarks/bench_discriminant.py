"""PrefixLDA at every prefix against scikit-learn refitted at the article's, in one process in turn."""

from __future__ import annotations

import time

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from threadpoolctl import threadpool_limits

import fastcurse as fc

N_ROWS = 500
ARTICLE_PREFIXES = range(1, 492, 10)
OUR_REPEATS = 3


def run() -> list[dict[str, object]]:
    """Return rows of case, peer, peer_seconds, our_seconds, ratio: compilation excluded, our fastest of three.

    scikit-learn answers 50 prefixes and we answer all 498; the ratio does not take that into account.
    """
    n_prefixes = N_ROWS - 2
    X, y = fc.make_trunk(N_ROWS, n_prefixes, random_state=0)
    X_test, y_test = fc.make_trunk(N_ROWS, n_prefixes, random_state=1)
    small = fc.PrefixLDA().fit(X[:9, :3], y[:9])
    small.decision_path(X[:9, :3])
    small.score_path(X[:9, :3], y[:9])

    def refits() -> np.ndarray:
        scores = []
        for p in ARTICLE_PREFIXES:
            model = LinearDiscriminantAnalysis(solver="svd").fit(X[:, :p], y)
            scores.append((model.score(X[:, :p], y), model.score(X_test[:, :p], y_test)))
        return np.array(scores)

    def ours() -> np.ndarray:
        model = fc.PrefixLDA().fit(X, y)
        return np.column_stack([model.score_path(X, y), model.score_path(X_test, y_test)])

    our_seconds = np.inf
    for _ in range(OUR_REPEATS):
        start = time.perf_counter()
        mine = ours()
        our_seconds = min(our_seconds, time.perf_counter() - start)
    case = f"fit and two scores, {N_ROWS} + {N_ROWS} rows: all {n_prefixes} prefixes (peer: {len(ARTICLE_PREFIXES)})"
    rows: list[dict[str, object]] = []
    # On busy cores two BLAS threads wait for each other, so the peer is also timed with one.
    for peer, threads in (("scikit-learn refits", None), ("scikit-learn refits, 1 BLAS thread", 1)):
        with threadpool_limits(limits=threads, user_api="blas"):
            start = time.perf_counter()
            theirs = refits()
            seconds = time.perf_counter() - start
        np.testing.assert_array_equal(mine[np.array(ARTICLE_PREFIXES) - 1], theirs)
        rows.append(
            {
                "case": case,
                "peer": peer,
                "peer_seconds": seconds,
                "our_seconds": our_seconds,
                "ratio": seconds / our_seconds,
            }
        )
    return rows
