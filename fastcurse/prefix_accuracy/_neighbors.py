"""How well the nearest neighbours' labels tell a row's own, from a search that has been made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastcurse import _validation
from fastcurse._results import freeze_arrays
from fastcurse.prefix_accuracy._result import wilson


@dataclass(frozen=True, eq=False)
class NeighborAccuracy:
    """Share of the queries whose neighbours' vote is their own label, at each prefix; arrays are read-only.

    Attributes
    ----------
    accuracy : ndarray of shape (m,), float64
        The share, of all queries.
    band : ndarray of shape (m, 2), float64
        Its 95 % Wilson interval: the queries are taken for a random sample of the rows.
    """

    accuracy: np.ndarray
    band: np.ndarray

    def __post_init__(self) -> None:
        freeze_arrays(self)


def neighbor_accuracy(indices: Any, y: Any, query_rows: Any) -> NeighborAccuracy:
    """Leave-one-out accuracy of the majority vote of the k nearest neighbours, at each prefix.

    A row is never its own neighbour, so that each query is classified by all other rows: n-fold cross-validation, at
    the cost of the search alone. A tied vote goes to the tied class of the nearest neighbour.

    Parameters
    ----------
    indices : ndarray of int of shape (m, n_queries, k)
        Rows of the neighbours, nearest first: ``PrefixNeighbors.indices`` of queries that are rows.
    y : array-like of shape (n_samples,)
        Labels of all rows.
    query_rows : array-like of int of shape (n_queries,)
        The rows that the queries are.

    Returns
    -------
    NeighborAccuracy
        Accuracies with their intervals.

    Raises
    ------
    ValueError
        If shapes do not fit together, or a row is outside `y`.

    Notes
    -----
    O(m n_queries k²) time. *Deviation*: scikit-learn's KNeighborsClassifier gives ties to the smallest label.

    References
    ----------
    E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference, J. American
    Statistical Association 22, 209-212.

    Examples
    --------
    >>> import fastcurse as fc
    >>> X, y = [[0.0], [0.1], [0.3], [2.0], [2.2]], ["a", "a", "a", "b", "b"]
    >>> near = fc.prefix_neighbors(X, queries=[0, 2, 3], k=1)
    >>> neighbor_accuracy(near.indices, y, [0, 2, 3]).accuracy
    array([1.])
    """
    indices, rows = np.asarray(indices), np.asarray(query_rows)
    if indices.ndim != 3 or rows.shape != indices.shape[1:2] or indices.size == 0:
        raise ValueError(
            f"indices must have shape (m, n_queries, k) with n_queries = {rows.size}, the length of query_rows, "
            f"got {indices.shape}"
        )
    labels = _validation.check_labels(y, np.size(y), points="y")
    for name, values in (("indices", indices), ("query_rows", rows)):
        outside = values[(values < 0) | (values >= len(labels))]
        if outside.size:
            raise ValueError(f"{name} must be rows of y, between 0 and {len(labels) - 1}, got {outside[0]}")
    codes = np.unique(labels, return_inverse=True)[1]
    right = np.array([np.count_nonzero(_voted(near) == codes[rows]) for near in codes[indices]])
    return NeighborAccuracy(right / rows.size, wilson(right / rows.size, rows.size))


def _voted(near: np.ndarray) -> np.ndarray:
    """Return the class number (n,) that most of the neighbours (n, k) have; of tied ones that of the first."""
    votes = (near[:, :, None] == near[:, None, :]).sum(axis=2)
    return near[np.arange(len(near)), votes.argmax(axis=1)]
