"""The nearest rows of each query, and its farthest, at every feature prefix, exact to the bit, in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcurse import _validation
from fastcurse._results import freeze_arrays, ratio
from fastcurse.engine.batches import progress_bar
from fastcurse.engine.neighbor_scan import NeighborScan
from fastcurse.engine.threads import parallel_region

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("euclidean", "cosine")


@dataclass(frozen=True, eq=False)
class PrefixNeighbors:
    """The k nearest rows of each query at each prefix, nearest first; arrays are read-only.

    Attributes
    ----------
    prefixes : ndarray of shape (m,), int64
        Number of leading features of each entry.
    distances : ndarray of shape (m, n_queries, k), float64
        Distances, increasing: Euclidean in the unit of the data, cosine without unit.
    indices : ndarray of shape (m, n_queries, k), int64
        Rows of X at these distances; of equal distances the smaller row first.
    farthest : ndarray of shape (m, n_queries), float64
        Largest distance of each query to any row of X, itself excepted; inf where its square overflows.
    metric : str
        "euclidean" or "cosine".
    n_samples, n_features : int
        Shape of the data.

    Examples
    --------
    >>> import numpy as np
    >>> import fastcurse as fc
    >>> X = np.random.default_rng(0).normal(size=(1000, 64))
    >>> near = fc.prefix_neighbors(X, range(100), k=10, prefixes=[4, 32, 64])
    >>> near.overlap()  # what truncated rows keep of their neighbours
    array([0.029, 0.248, 1.   ])
    >>> near.contrast().round(2), near.relative_contrast().round(1)
    (array([0.92, 0.51, 0.39]), array([13.4,  1. ,  0.7]))
    >>> near.to_frame().query("prefix == 64 and query == 0")[["rank", "neighbor"]].head(2)
          rank  neighbor
    2000     1       844
    2001     2       155
    """

    prefixes: np.ndarray
    distances: np.ndarray
    indices: np.ndarray
    farthest: np.ndarray
    metric: str
    n_samples: int
    n_features: int

    def __post_init__(self) -> None:
        freeze_arrays(self)

    def overlap(self) -> np.ndarray:
        """Return the mean share of each query's k neighbours at the last prefix that each prefix finds.

        With all features as the last prefix this is the recall of truncated (Matryoshka) embeddings. The order of
        neighbours does not count.

        Returns
        -------
        ndarray of shape (m,), float64
            Between 0 and 1; the last is 1.
        """
        n_queries, k = self.indices.shape[1:]
        query = np.arange(n_queries)[:, None] * self.n_samples
        last = np.sort((query + self.indices[-1]).ravel())
        found = np.empty(self.prefixes.size)
        for j, rows in enumerate(self.indices):
            at = np.searchsorted(last, query + rows)
            found[j] = (last[np.minimum(at, last.size - 1)] == query + rows).sum()
        return found / (n_queries * k)

    def contrast(self) -> np.ndarray:
        """Return the mean over queries of (farthest - nearest) / farthest; a query whose farthest is 0 gives 0.

        Returns
        -------
        ndarray of shape (m,), float64
            Near 0 where all rows are about equally far from a query: there "nearest" says little.
        """
        # The cosine distance of equal directions may be rounded below 0.
        nearest, farthest = np.maximum(self.distances[:, :, 0], 0.0), np.maximum(self.farthest, 0.0)
        # Beside an infinite distance every other is 0.
        largest = np.where(np.isinf(farthest), 1.0, farthest)
        gap = np.where(np.isinf(farthest), 1.0, farthest - nearest)
        return ratio(gap, largest, where_zero=0.0).mean(axis=1)

    def relative_contrast(self) -> np.ndarray:
        """Return the mean over queries of (farthest - nearest) / nearest (Beyer et al. 1999).

        Returns
        -------
        ndarray of shape (m,), float64
            inf where a query's nearest distance is 0, as a duplicate's is (or, by rounding of a cosine, below 0);
            `contrast` stays finite there.
        """
        nearest = self.distances[:, :, 0]
        return ratio(self.farthest - nearest, nearest, where_zero=np.inf).mean(axis=1)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a prefix, query and neighbour as a pandas DataFrame (needs pandas); `rank` 1 is nearest."""
        import pandas as pd

        m, n_queries, k = self.indices.shape
        return pd.DataFrame(
            {
                "prefix": np.repeat(self.prefixes, n_queries * k),
                "query": np.tile(np.repeat(np.arange(n_queries), k), m),
                "rank": np.tile(np.arange(1, k + 1), m * n_queries),
                "neighbor": self.indices.ravel(),
                "distance": self.distances.ravel(),
            }
        )


def prefix_neighbors(
    X: Any,
    queries: Any,
    k: int,
    prefixes: Any = None,
    *,
    metric: str = "euclidean",
    n_threads: int | None = None,
    progress: bool = False,
) -> PrefixNeighbors:
    """Find the k nearest rows of each query, and its largest distance, at every prefix of the features.

    The distance of query x and row y, both as float64, at prefix p is by definition what NumPy gives: Euclidean
    ``np.sqrt(np.cumsum((x - y) ** 2)[p - 1])``; cosine ``1 - c / (a * b)`` with ``c = np.cumsum(x * y)[p - 1]``,
    ``a = np.sqrt(np.cumsum(x * x)[p - 1])``, ``b = np.sqrt(np.cumsum(y * y)[p - 1])``, and 1 where ``a * b`` is 0: a
    zero vector is at distance 1 from every vector, also from itself. The result holds the k smallest of these values,
    bit for bit, in increasing order, and the largest; of equal distances the smaller row comes first.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        At least two rows of finite real numbers: floats of any width, integers, bool; a ``np.memmap`` is read in
        blocks.
    queries : array-like of int of shape (n_queries,), or of shape (n_queries, n_features)
        One dimension: rows of `X`, whole numbers, in any order and also repeated; a row is never its own neighbour,
        its duplicates are. Two dimensions: other points, finite real numbers.
    k : int
        Number of neighbours, at least 1; at most n_samples - 1 for rows of `X`, n_samples for other points.
    prefixes : array-like of int of shape (m,), optional
        Strictly increasing numbers of leading features, between 1 and n_features. None: every prefix.
    metric : {"euclidean", "cosine"}, default="euclidean"
        Which distance. The cosine of a prefix takes the norms of that prefix.
    n_threads : int, optional
        Threads to use. None: all processors that this process may run on. It never changes the answer.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    PrefixNeighbors
        Distances and rows at each prefix.

    Raises
    ------
    TypeError
        `X`, `queries` or `prefixes` does not hold real numbers, queries of one dimension are not whole numbers, or
        `k` is not one.
    ValueError
        `X` or `queries` has a value that is not finite or the wrong shape; a query is no row of `X`; `k`, `prefixes`
        or `metric` breaks its rule; a query has fewer than k rows at squared distances below 1.8e308, or, for the
        cosine, a squared norm reaches that.
    MemoryError
        Queries and result do not fit into the memory that is free.

    Notes
    -----
    O(n_samples · n_queries · n_features) time, whatever the number of prefixes: one running sum of a pair serves them
    all; each asked prefix costs about one more feature (Euclidean), or eight (cosine, which divides), and its lists.
    Memory: 16 bytes a neighbour of the result, the queries up to the last prefix in float64, and some twenty megabytes.
    `X` is read twice, in blocks: to be checked, and to be searched. The same bits for any number of threads and any
    instruction set. Queries share the work among threads in fours: fewer than eight keep one thread busy.
    Cosine distances carry rounding errors of up to about 2 p + 5 units of 1.1e-16, so they may fall below 0 by as
    much; norms below 1e-150 lose digits to underflow.

    References
    ----------
    K. Beyer et al., "When is 'nearest neighbor' meaningful?", ICDT 1999: the relative contrast of a query.
    A. Kusupati et al., "Matryoshka representation learning", NeurIPS 2022: embeddings of which prefixes are kept.
    Here neighbours are exact: nothing is indexed, sampled or rounded.

    Examples
    --------
    >>> import fastcurse as fc
    >>> near = fc.prefix_neighbors([[0, 0, 9], [1, 5, 0], [3, 0, 9], [6, 0, 9]], queries=[0, 3], k=2, prefixes=[1, 3])
    >>> near.indices[:, 0]              # of row 0: rows 1 and 2 by the first feature, 2 and 3 by all
    array([[1, 2],
           [2, 3]])
    >>> near.distances[:, 0]
    array([[1., 3.],
           [3., 6.]])
    >>> near.overlap()
    array([0.5, 1. ])
    >>> near.farthest                   # of rows 0 and 3
    array([[ 6.        ,  6.        ],
           [10.34408043, 11.44552314]])
    """
    points = _validation.check_points(X)
    chosen = _validation.check_prefixes(prefixes, points.shape[1])
    own, asked = _validation.check_queries(queries, points)
    most = len(points) if own is None else len(points) - 1
    k = _validation.check_count(k, "k", minimum=1, maximum=most)
    _validation.check_choice(metric, "metric", METRICS)
    n_threads = _validation.check_threads(n_threads)
    with (
        parallel_region(n_threads) as granted,
        progress_bar(len(points) * len(asked), "pairs", unit=" pairs", enabled=progress) as bar,
    ):
        scan = NeighborScan(points, asked, own, k, chosen, metric == "cosine", granted)
        distances, indices, farthest = scan.run(bar.update)
    return PrefixNeighbors(chosen, distances, indices, farthest, metric, *points.shape)


def keep_others(indices: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Return which k - 1 neighbours of each list of `drop_self` stay, a bool for each element of `indices`."""
    own = indices == queries[:, None]
    own[..., -1] |= ~own.any(axis=-1)
    return ~own


def drop_self(distances: np.ndarray, indices: np.ndarray, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take each query out of its own list of neighbours, and of a list that does not hold it, the last neighbour.

    Other libraries give a row that is asked for as its own neighbour: mostly first, but behind its duplicates if they
    come before it, and not at all where k others are as near. All lists have one neighbour fewer then, the nearest.

    Parameters
    ----------
    distances, indices : ndarray of shape (n_queries, k) or (m, n_queries, k)
        Lists, nearest first, k at least 2, no row twice in one; as `_validation.check_neighbor_distances` and
        `check_neighbor_rows` return them.
    queries : ndarray of shape (n_queries,)
        Row that each query is.

    Returns
    -------
    distances, indices : ndarray of shape (n_queries, k - 1) or (m, n_queries, k - 1)
        The k - 1 nearest others.
    """
    stays = keep_others(indices, queries)
    shape = (*indices.shape[:-1], indices.shape[-1] - 1)
    return distances[stays].reshape(shape), indices[stays].reshape(shape)
