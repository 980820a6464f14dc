"""A user's own data: is distance still meaningful there, and how many features are worth keeping?"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from fastcurse import _validation
from fastcurse.distances import distance_moments
from fastcurse.engine.tiles import row_blocks
from fastcurse.neighbors import METRICS, PrefixNeighbors, prefix_neighbors
from fastcurse.profile import _rows
from fastcurse.profile._contrast import contrast_columns
from fastcurse.profile._labels import label_columns
from fastcurse.profile._neighbors import check_lists, check_measured, neighbor_columns, without_last
from fastcurse.profile._quality import find_quality
from fastcurse.profile._result import Profile
from fastcurse.profile._spread import spread_columns
from fastcurse.profile._verdict import find_verdict

_PREFIXES = 12
_SMALLEST = 1e-150  # distance, or value, whose square has all its digits
WORK_BUDGET = 5 * 10**11  # pair-features: some ten seconds of two cores


def profile(
    X: Any,
    y: Any = None,
    *,
    prefixes: Any = None,
    k: int = 10,
    n_queries: int = 2048,
    metric: str = "euclidean",
    order: str = "given",
    neighbors: Any = None,
    on_bad: str = "error",
    work_budget: float = WORK_BUDGET,
    cv: int = 5,
    random_state: Any = 0,
    n_threads: int | None = None,
    progress: bool = False,
) -> Profile:
    """Say at each prefix of the features what distances, neighbours and labels are still worth.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        At least three rows of real numbers: an array, a ``np.memmap`` (read in blocks), a pandas or polars frame, or a
        Dask array (computed chunk by chunk into a temporary file).
    y : array-like of shape (n_samples,), optional
        Labels, numbers or strings, of at least two classes.
    prefixes : array-like of int of shape (m,), optional
        Strictly increasing numbers of leading features, between 1 and n_features. None: about twelve, evenly spaced in
        the logarithm, and all features.
    k : int, default=10
        Number of neighbours, at least 2 and less than n_samples.
    n_queries : int, default=2048
        Rows, drawn at random, whose neighbours are looked for among all rows; all rows where there are no more.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Distance between rows. The cosine of a prefix takes the norms of that prefix.
    order : {"given", "pca", "variance", "random"}, default="given"
        Order in which features form prefixes: as given, rotated to principal axes, by decreasing variance, at random.
        It is found without the labels.
    neighbors : tuple of (distances, indices), optional
        The nearest rows of every row by all features, (n_samples, at least k) each, nearest first, as another library
        found them; a row's entry for itself is dropped. Overlap, hubness and dimension of the last prefix are theirs.
        Cosine distances within their rounding error of 0, in float32 if they are given so, count as 0.
    on_bad : {"error", "drop"}, default="error"
        What is done about rows with nan or inf: refuse them, or leave them out and say so.
    work_budget : float, default=5e11
        Pair-features, n_samples² n_features / 2, up to which nearest and farthest are those of all pairs. Beyond, they
        are *sampled*: of the pairs with a query.
    cv : int, default=5
        Folds of the cross-validation of linear discriminant analysis.
    random_state : int, Generator or None, default=0
        Seed of queries, folds and random order.
    n_threads : int, optional
        Threads to use. None: all processors that this process may run on. It never changes the answer.
    progress : bool, default=False
        Show progress bars on stderr when that is a terminal.

    Returns
    -------
    Profile
        Table, verdict, and what is wrong with the rows; it shows itself as text, HTML, JSON, frame and figure.

    Raises
    ------
    TypeError
        `X` does not hold real numbers, or another argument is of the wrong type.
    ValueError
        An argument breaks its rule; the message names it, the rule and the value.
    MemoryError
        There is no room for a copy of the data to search in.

    Notes
    -----
    O(n_samples · n_queries · n_features) time for the neighbours at all prefixes, in one pass;
    O(n_samples · n_features²) for the spread; O(min(p, n_samples)³) at each prefix p for the Gaussian points; at most
    `work_budget` for exact extremes. Memory: a copy of the data in float32 or bytes while extremes are searched (where
    that has no room they are sampled); for a memmap nothing of its size where they are sampled. Copies that `order`,
    `on_bad` or the cosine metric need are made in temporary files if `X` is a memmap.
    Where more than a tenth of the lists of k neighbours end within a tie, which of the tied rows they hold says
    nothing: overlap, hubs and the neighbours' vote are nan there. Queries that have a copy do not vote.
    `hubness_skewness` is of N_k over all rows as queries, estimated from the sampled ones without bias in its moments;
    `antihub_share` needs every row as a query. Intervals are at 95 %.

    References
    ----------
    K. Beyer et al., "When is 'nearest neighbor' meaningful?", ICDT 1999. M. Radovanović, A. Nanopoulos, M. Ivanović,
    "Hubs in space", JMLR 11 (2010). E. Facco et al., "Estimating the intrinsic dimension of datasets by a minimal
    neighborhood information", Scientific Reports 7 (2017). E. Levina, P. Bickel, "Maximum likelihood estimation of
    intrinsic dimension", NIPS 2004. A. Kusupati et al., "Matryoshka representation learning", NeurIPS 2022.

    Examples
    --------
    >>> import numpy as np
    >>> import fastcurse as fc
    >>> X = np.random.default_rng(0).normal(size=(300, 20))
    >>> found = fc.profile(X, prefixes=[5, 20])
    >>> found.columns["effective_dimension"].round(0)
    array([ 5., 19.])
    >>> found.exact
    True
    """
    began = time.perf_counter()
    _validation.check_choice(metric, "metric", METRICS)
    _validation.check_choice(order, "order", _rows.ORDERS)
    _validation.check_choice(on_bad, "on_bad", _rows.ON_BAD)
    n_queries = _validation.check_count(n_queries, "n_queries", minimum=1)
    budget = float(_validation.check_real(work_budget, "work_budget", minimum=0.0, allow_infinite=True))
    n_threads = _validation.check_threads(n_threads)
    rng = np.random.default_rng(_validation.check_seed(random_state))
    work: dict[str, Any] = {"n_threads": n_threads, "progress": progress}
    with _rows.opened(X, on_bad) as (rows, scratch):
        n_samples, n_features = rows.points.shape
        if n_samples < _rows.LEAST_ROWS:
            raise ValueError(f"X must have at least {_rows.LEAST_ROWS} rows, got {n_samples}")
        chosen = default_prefixes(n_features) if prefixes is None else _validation.check_prefixes(prefixes, n_features)
        k = _validation.check_count(k, "k", minimum=2, maximum=n_samples - 1)
        labels = None
        if y is not None:
            labels = _labels_of(y, n_samples + rows.n_bad, rows.kept)
            _validation.check_classes(labels)
            cv = _validation.check_count(cv, "cv", minimum=2)
        given = check_lists(neighbors, n_samples, k)
        moments = distance_moments(rows.points, **work)
        variances = np.diagonal(moments.covariance)
        points = _rows.in_order(rows.points, order, moments.covariance, rng, scratch)
        if points is not rows.points:
            moments = distance_moments(points, **work)
        queries = np.sort(rng.permutation(n_samples)[:n_queries])
        # One neighbour more tells which lists end within a tie.
        more = prefix_neighbors(points, queries, min(k + 1, n_samples - 1), chosen, metric=metric, **work)
        near, tied = without_last(more) if k < n_samples - 1 else (more, np.zeros(chosen.size))
        _check_scale(rows, near)
        if given is not None:
            check_measured(given, rows.points, metric)
        columns, exact = contrast_columns(points, near, moments.covariance, budget, scratch, **work)
        columns |= spread_columns(points, moments, chosen, metric, scratch, **work)
        columns |= neighbor_columns(near, tied, queries, given)
        summary = None
        if labels is not None:
            seed = int(rng.integers(2**31))
            of_labels, summary = label_columns(points, labels, near, tied, queries, cv, seed, n_threads)
            columns |= of_labels
        quality = find_quality(rows, variances, near)
    found = Profile(
        chosen, columns, n_samples, n_features, len(queries), k, metric, order, exact, quality, summary, verdict=(),
        seconds=0.0,
    )  # fmt: skip
    return replace(found, verdict=find_verdict(found), seconds=time.perf_counter() - began)


def _labels_of(y: Any, n_rows: int, kept: np.ndarray | None) -> np.ndarray:
    """Return the labels of the rows that are left; whole numbers as objects, as frames hold them, are numbers."""
    labels = np.asarray(y)
    if labels.ndim == 1 and len(labels) == n_rows and kept is not None:
        labels, n_rows = labels[kept], kept.size
    if labels.dtype == object and all(isinstance(label, (int, np.integer)) for label in labels.flat):
        labels = labels.astype(np.int64)
    return _validation.check_labels(labels, n_rows)


def _check_scale(rows: _rows.Rows, near: PrefixNeighbors) -> None:
    """Raise ValueError where squares of differences, or of a row, vanish in float64 or lose most of their digits."""
    blocks = row_blocks(rows.points, rows.points.shape[1])
    if near.metric == "euclidean":
        largest = float(near.farthest[-1].max())
        if 0 < largest < _SMALLEST or (largest == 0 and any((some != rows.points[0]).any() for _, some in blocks)):
            raise ValueError(
                f"X must have distances above {_SMALLEST:g}, got at most {largest:g}; multiply X by a power of two"
            )
        return
    for first, some in blocks:
        values = np.maximum(some.max(axis=1).astype(np.float64), -some.min(axis=1).astype(np.float64))
        tiny = np.flatnonzero((values > 0) & (values < _SMALLEST))
        if tiny.size:
            row = first + tiny[0] if rows.kept is None else rows.kept[first + tiny[0]]
            raise ValueError(
                f"X must have values above {_SMALLEST:g} in each row that is not of zeros, got at most "
                f"{values[tiny[0]]:g} in row {row}; multiply X or that row by a power of two"
            )


def default_prefixes(n_features: int) -> np.ndarray:
    """Return about twelve prefixes, evenly spaced in the logarithm, the last of all features."""
    return np.unique(np.rint(np.geomspace(1, n_features, _PREFIXES)).astype(np.int64))
