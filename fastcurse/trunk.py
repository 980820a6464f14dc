"""Trunk's problem: classes that get more separable with every feature, while fitted rules get worse."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse._validation import check_count, check_seed


def make_trunk(n_samples: int, n_features: int, *, random_state: Any = None) -> tuple[np.ndarray, np.ndarray]:
    r"""Two Gaussian classes whose means differ less in every further feature.

    .. math:: X_{ri} = (1 - 2 y_r) / \sqrt{i} + Z_{ri}, \quad i = 1, 2, \ldots, \quad Z_{ri} \sim N(0, 1).

    Parameters
    ----------
    n_samples : int
        Number of rows, at least 2; for an odd number class 0 has one more row than class 1.
    n_features : int
        Number of features, at least 1.
    random_state : int, numpy.random.Generator or None, default None
        Seed; the same seed gives the same rows. None: fresh ones every time.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features), float64
        Rows, in random order.
    y : ndarray of shape (n_samples,), int64
        Class 0 has means :math:`+1/\sqrt i`, class 1 has means :math:`-1/\sqrt i`.

    Raises
    ------
    TypeError
        If a size is not a whole number or `random_state` is of another type.
    ValueError
        If a size or the seed is too small.

    Notes
    -----
    O(n_samples * n_features) time and memory, one array. The classes are shuffled, so that a leading part of
    the rows is a sample of both. The Bayes accuracy at prefix p is :math:`\Phi(\sqrt{\sum_{i \le p} 1/i})`.

    References
    ----------
    .. [1] G. V. Trunk, "A Problem of Dimensionality: A Simple Example", IEEE Transactions on Pattern Analysis
       and Machine Intelligence PAMI-1(3), 1979, pp. 306-307. Here class 0, not a random one, has the means +mu.

    Examples
    --------
    >>> import fastcurse as fc
    >>> X, y = fc.make_trunk(5, 3, random_state=0)
    >>> X.shape, sorted(y.tolist())
    ((5, 3), [0, 0, 0, 1, 1])
    """
    n_samples = check_count(n_samples, "n_samples", minimum=2)
    n_features = check_count(n_features, "n_features", minimum=1)
    generator = np.random.default_rng(check_seed(random_state))
    y = generator.permutation(np.arange(n_samples, dtype=np.int64) % 2)
    X = generator.standard_normal((n_samples, n_features))
    means = 1.0 / np.sqrt(np.arange(1, n_features + 1))
    X[y == 0] += means
    X[y == 1] -= means
    return X, y
