"""Hubness: a few rows are among the neighbours of very many others, and many of none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastcurse import _validation
from fastcurse._results import freeze_arrays
from fastcurse.neighbors import PrefixNeighbors, keep_others

_GROUPS = 64  # of the jackknife: its standard error has a relative error of its own of about 1 / √(2 · 64) = 9 %


@dataclass(frozen=True, eq=False)
class Hubness:
    """How unevenly rows serve as neighbours; arrays are read-only, one element a prefix, or of shape () for one list.

    N_k of a row is the number of queries that have the row among their k neighbours, were every row a query.

    Attributes
    ----------
    sd, skewness : ndarray of shape (m,), float64
        Standard deviation and skewness of N_k over the rows; estimates where only some rows were asked. The mean of
        N_k is k. The skewness is nan where all rows are alike, and either where an estimated variance is below 0:
        then too few rows were asked.
    sd_error, skewness_error : ndarray of shape (m,), float64
        Standard errors of those estimates; 0 where every row was asked.
    antihub_share : ndarray of shape (m,), float64
        Share of rows with N_k = 0, which nobody has as neighbour; nan where not every row was asked.
    top_hub : ndarray of shape (m,), int64
        Row that most of the queries have among their neighbours; of equal ones the smallest.
    top_hub_share : ndarray of shape (m,), float64
        Share of the queries that have it. With few queries chance makes it larger: compare it with k / n_samples only
        where it stands for many queries.
    k, n_queries, n_samples : int
        Neighbours a query, queries, and rows.

    Examples
    --------
    >>> import numpy as np
    >>> import fastcurse as fc
    >>> X = np.random.default_rng(0).normal(size=(400, 50))
    >>> hubs = fc.hubness(fc.prefix_neighbors(X, range(400), k=5, prefixes=[2, 50]))
    >>> hubs.skewness.round(1), hubs.antihub_share.round(2)  # more features: hubs, and rows that nobody has
    (array([-0.1,  4.2]), array([0.  , 0.23]))
    >>> int(hubs.top_hub[1]), round(hubs.top_hub_share[1] * hubs.n_queries)
    (199, 75)
    """

    sd: np.ndarray
    skewness: np.ndarray
    sd_error: np.ndarray
    skewness_error: np.ndarray
    antihub_share: np.ndarray
    top_hub: np.ndarray
    top_hub_share: np.ndarray
    k: int
    n_queries: int
    n_samples: int

    def __post_init__(self) -> None:
        freeze_arrays(self)


def hubness(indices: Any, n_samples: int | None = None, *, queries: Any = None) -> Hubness:
    """Measure how unevenly rows serve as neighbours: spread and skewness of N_k, hubs and antihubs.

    N_k of a row is the number of rows that have it among their k nearest. With fewer queries than rows, the queries
    must be rows drawn at random: of N rows that have a given row in their lists, S are then asked, hypergeometric, and
    E[S (S-1) .. (S-r+1)] = N (N-1) .. (N-r+1) · (m)_r / (n)_r with the falling factorials of m = n_queries and
    n = n_samples. So the factorial moments of S, and with them variance and third central moment of N_k, are estimated
    without bias. The share of antihubs is not: a row that no query has may well be had by a row that was not asked.

    Parameters
    ----------
    indices : PrefixNeighbors, or array-like of int of shape (n_queries, k) or (m, n_queries, k)
        Lists of neighbours, as rows between 0 and n_samples - 1, in any order; none twice in a list. One list a row,
        or lists of rows drawn at random without replacement; no more than n_samples.
    n_samples : int, optional
        Number of rows searched. None: that of a PrefixNeighbors.
    queries : array-like of int of shape (n_queries,), optional
        The row that each query is, where lists may hold the query itself, as those of other libraries do: it is taken
        out. Every list then has k - 1 neighbours: one without its query loses its last. None: nothing is taken out,
        right for PrefixNeighbors, which never holds the query.

    Returns
    -------
    Hubness
        Arrays of shape (m,), or () for `indices` of two dimensions.

    Raises
    ------
    TypeError
        `indices`, `queries` or `n_samples` are not whole numbers.
    ValueError
        They have the wrong shape, are no rows, or repeat one; there are more lists than rows; `n_samples` is missing,
        or is not that of the PrefixNeighbors; `queries` is given with a PrefixNeighbors, or leaves lists empty.

    Notes
    -----
    O(m · (n_samples + n_queries · k · log(n_queries · k))) time. Standard errors by a jackknife that leaves out one
    of 64 groups of queries at a time, times the square root of 1 - n_queries / n_samples; the groups are drawn from a
    fixed seed. Where few rows are met twice, as with few queries or no hubs, they are too large: of 500 of 3000
    Gaussian points, k = 10, by 10 % in 30 dimensions, by 30 % (sd) and 60 % (skewness) in 5 (six sets, 200 draws of
    each). Skewness is a ratio of two estimates, so a little biased; of a full count it is that of
    ``scipy.stats.skew``.

    References
    ----------
    M. Radovanović, A. Nanopoulos, M. Ivanović, "Hubs in space: popular nearest neighbors in high-dimensional data",
    JMLR 11 (2010), equation 1: the skewness of N_k. The estimate from some of the rows is not there.

    Examples
    --------
    >>> import fastcurse as fc
    >>> star = [[3, 0, 0], [4, 3, 0], [6, 0, 3], [1, -3, 0], [0, 0, -3]]  # row 0 ends up in the middle
    >>> hubs = fc.hubness(fc.prefix_neighbors(star, range(5), k=1))
    >>> hubs.top_hub, hubs.top_hub_share
    (array([1, 0, 0]), array([0.4, 0.6, 0.8]))
    >>> hubs.antihub_share
    array([0.2, 0.4, 0.6])
    """
    if isinstance(indices, PrefixNeighbors):
        if n_samples not in (None, indices.n_samples):
            raise ValueError(f"n_samples must be that of the PrefixNeighbors, {indices.n_samples}, got {n_samples}")
        if queries is not None:
            raise ValueError("queries must be None with a PrefixNeighbors, whose lists never hold the query, got some")
        n_samples, indices = indices.n_samples, indices.indices
    if n_samples is None:
        raise ValueError("n_samples must be given: the number of rows that were searched, got None")
    n_samples = _validation.check_count(n_samples, "n_samples", minimum=2)
    lists = _validation.check_neighbor_rows(indices, n_samples)
    n_queries = lists.shape[-2]
    if n_queries > n_samples:
        raise ValueError(f"indices must have at most n_samples = {n_samples} lists, one a row, got {n_queries}")
    if queries is not None:
        if lists.shape[-1] < 2:
            raise ValueError("indices must have at least 2 neighbours a list where queries are taken out, got 1")
        rows = _validation.check_query_rows(queries, n_queries, n_samples)
        lists = lists[keep_others(lists, rows)].reshape(*lists.shape[:-1], -1)
    found = [_measure(one, n_samples) for one in lists.reshape(-1, *lists.shape[-2:])]
    arrays: dict[str, Any] = {
        name: np.array([one[name] for one in found]).reshape(lists.shape[:-2]) for name in found[0]
    }
    return Hubness(**arrays, k=lists.shape[-1], n_queries=n_queries, n_samples=n_samples)


def _measure(lists: np.ndarray, n_samples: int) -> dict[str, float | int]:
    """Return what lists (n_queries, k) of one prefix say, by the names of `Hubness`."""
    n_queries, k = lists.shape
    counts = np.bincount(lists.ravel(), minlength=n_samples)
    sums = _falling_sums(counts)
    sd, skewness = _moments(*sums, k, n_queries, n_samples)
    sd_error, skewness_error = 0.0 * sd, 0.0 * skewness  # nan stays nan
    antihubs = float((counts == 0).mean())
    if n_queries < n_samples:
        sd_error, skewness_error = _standard_errors(lists, counts, sums)
        antihubs = float("nan")
    hub = int(counts.argmax())
    return {
        "sd": sd,
        "skewness": skewness,
        "sd_error": sd_error,
        "skewness_error": skewness_error,
        "antihub_share": antihubs,
        "top_hub": hub,
        "top_hub_share": float(counts[hub] / n_queries),
    }


def _falling_sums(counts: np.ndarray) -> tuple[int, int]:
    """Return the sums of S (S - 1) and of S (S - 1) (S - 2); exact below 9e15, where float64 holds whole numbers."""
    S = counts.astype(np.float64)
    pairs = S * (S - 1.0)
    return int(pairs.sum()), int((pairs * (S - 2.0)).sum())


def _moments(pairs: int, triples: int, k: int, n_queries: int, n_samples: int) -> tuple[float, float]:
    """Return standard deviation and skewness of N_k from the sums of `_falling_sums`.

    In whole numbers up to one division: a variance that is 0 comes out as 0.
    """
    m, n = n_queries, n_samples
    if m < 2:
        return float("nan"), float("nan")
    # F2 + k - k², with F2 = pairs (n)₂ / (m)₂ / n, over one denominator.
    variance = (pairs * (n - 1) + (k - k * k) * m * (m - 1)) / (m * (m - 1))
    sd = variance**0.5 if variance >= 0 else float("nan")
    if m < 3 or not sd > 0:
        return sd, float("nan")
    # F3 + 3 (1 - k) F2 + k - 3k² + 2k³, with F3 = triples (n)₃ / (m)₃ / n.
    third = (
        triples * (n - 1) * (n - 2)
        + 3 * (1 - k) * pairs * (n - 1) * (m - 2)
        + (k - 3 * k * k + 2 * k**3) * m * (m - 1) * (m - 2)
    ) / (m * (m - 1) * (m - 2))
    return sd, third / sd**3


def _groups(n_queries: int) -> list[np.ndarray]:
    """Return the queries of each group: at random, for their order may mean something, but always alike."""
    return np.array_split(np.random.default_rng(0).permutation(n_queries), min(_GROUPS, n_queries))


def _standard_errors(lists: np.ndarray, counts: np.ndarray, sums: tuple[int, int]) -> tuple[float, float]:
    """Return the jackknife's standard errors of standard deviation and skewness."""
    n_queries, k = lists.shape
    groups = _groups(n_queries)
    found = np.empty((len(groups), 2))
    for g, group in enumerate(groups):
        rows, times = np.unique(lists[group], return_counts=True)
        with_group, without = _falling_sums(counts[rows]), _falling_sums(counts[rows] - times)
        pairs, triples = (total - a + b for total, a, b in zip(sums, with_group, without, strict=True))
        found[g] = _moments(pairs, triples, k, n_queries - len(group), len(counts))
    spread = ((found - found.mean(axis=0)) ** 2).sum(axis=0)
    share_unseen = 1.0 - n_queries / len(counts)
    sd_error, skewness_error = np.sqrt((len(groups) - 1) / len(groups) * spread * share_unseen).tolist()
    return sd_error, skewness_error
