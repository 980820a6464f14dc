"""Trunk's problem: classes that get more separable with every feature, while fitted rules get worse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from fastcurse._validation import check_count, check_prefixes, check_seed
from fastcurse.theory.trunk_classes import check_covariance, class_mean, decayed_sum, two_sided_accuracy, variance_path

# Features that are drawn at a time. It is part of what a seed means: another width gives other rows.
BLOCK_FEATURES = 4096


def make_trunk(
    n_samples: int,
    n_features: int,
    *,
    covariance: str = "identity",
    correlation: float = 0.5,
    random_state: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    r"""Two Gaussian classes whose means differ less in every further feature.

    .. math:: X_{ri} = (1 - 2 y_r) / \sqrt{i} + Z_{ri}, \quad i = 1, 2, \ldots, \quad Z_r \sim N(0, \Sigma).

    Parameters
    ----------
    n_samples : int
        Number of rows, at least 2; for an odd number class 0 has one more row than class 1.
    n_features : int
        Number of features, at least 1.
    covariance : {"identity", "ar1", "factor"}, default "identity"
        Covariance of both classes, with unit variances: the identity; :math:`\Sigma_{ij} = \rho^{|i-j|}`;
        one common factor, :math:`\Sigma = (1 - \rho) I + \rho 1 1^T`.
    correlation : float, default 0.5
        rho: -1 < rho < 1 for "ar1", 0 <= rho < 1 for "factor"; not used for "identity".
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
        If a size is not a whole number, `correlation` is no number or `random_state` is of another type.
    ValueError
        If a size or the seed is too small, or `covariance` or `correlation` is out of range.

    Notes
    -----
    O(n_samples * n_features) time and memory, one array. The classes are shuffled, so that a leading part of
    the rows is a sample of both. The Bayes accuracy at prefix p is :math:`\Phi(\sqrt{S_p})`, where
    ``theory.separation`` gives S_p, the sum of 1/i for the identity.
    The rows are those of `trunk_blocks`, which never holds them all.

    References
    ----------
    .. [1] G. V. Trunk, "A Problem of Dimensionality: A Simple Example", IEEE Transactions on Pattern Analysis
       and Machine Intelligence PAMI-1(3), 1979, pp. 306-307. Here class 0, not a random one, has the means +mu;
       the correlated variants are ours.

    Examples
    --------
    >>> import fastcurse as fc
    >>> X, y = fc.make_trunk(5, 3, random_state=0)
    >>> X.shape, sorted(y.tolist())
    ((5, 3), [0, 0, 0, 1, 1])
    """
    blocks, y = trunk_blocks(
        n_samples, n_features, covariance=covariance, correlation=correlation, random_state=random_state
    )
    if n_features <= BLOCK_FEATURES:
        return next(blocks)[1], y
    X = np.empty((n_samples, n_features))
    for first, block in blocks:
        X[:, first : first + block.shape[1]] = block
    return X, y


def trunk_blocks(
    n_samples: int,
    n_features: int,
    *,
    covariance: str = "identity",
    correlation: float = 0.5,
    random_state: Any = None,
) -> tuple[Iterator[tuple[int, np.ndarray]], np.ndarray]:
    """Rows of `make_trunk` as a stream of blocks of features, and their labels.

    Parameters
    ----------
    n_samples : int
        Number of rows, at least 2.
    n_features : int
        Number of features, at least 1.
    covariance : {"identity", "ar1", "factor"}, default "identity"
        Covariance of both classes, as in `make_trunk`.
    correlation : float, default 0.5
        Its rho; not used for "identity".
    random_state : int, numpy.random.Generator or None, default None
        Seed: the same seed gives the rows of `make_trunk`, bit for bit.

    Returns
    -------
    blocks : iterator of (int, ndarray of shape (n_samples, at most 4096), float64)
        Number of features before the block, and the block; to be run through once. The arrays are the caller's.
    y : ndarray of shape (n_samples,), int64
        Labels, as in `make_trunk`.

    Raises
    ------
    TypeError, ValueError
        As `make_trunk`, in the call, not at the first block.

    Notes
    -----
    O(n_samples * n_features) time, O(n_samples * 4096) memory.
    All is drawn from one stream: the labels, then the common factor of "factor", then block after block, row by
    row. A block that is full is therefore the same for any larger `n_features`; a last, narrower one is not.
    "ar1" goes on from the last feature of the block before, and "factor" keeps its factor, so that the
    covariance knows of no blocks.

    Examples
    --------
    >>> import fastcurse as fc
    >>> blocks, y = fc.trunk_blocks(6, 10_000, covariance="ar1", random_state=0)
    >>> [(first, block.shape) for first, block in blocks]
    [(0, (6, 4096)), (4096, (6, 4096)), (8192, (6, 1808))]
    """
    n_samples = check_count(n_samples, "n_samples", minimum=2)
    n_features = check_count(n_features, "n_features", minimum=1)
    rho = check_covariance(covariance, correlation)
    generator = np.random.default_rng(check_seed(random_state))
    y = generator.permutation(np.arange(n_samples, dtype=np.int64) % 2)
    return _blocks(generator, y == 0, n_features, covariance, rho), y


def nearest_mean_path(
    n_samples: int,
    n_features: int,
    *,
    prefixes: Any = None,
    covariance: str = "identity",
    correlation: float = 0.5,
    random_state: Any = None,
) -> np.ndarray:
    r"""Exact accuracy, at every prefix, of the nearest-mean rule fitted on rows of `make_trunk`.

    With the class means :math:`m_0, m_1` of the rows, the rule is
    :math:`w \cdot (x - (m_0 + m_1) / 2) > 0` with :math:`w = (m_0 - m_1) / 2`; given these rows its accuracy is

    .. math:: \tfrac12 \Phi\frac{w \cdot \mu + b}{\sqrt{w^T \Sigma w}}
        + \tfrac12 \Phi\frac{w \cdot \mu - b}{\sqrt{w^T \Sigma w}},
        \quad b = -w \cdot (m_0 + m_1) / 2, \quad \mu_i = 1 / \sqrt i.

    Parameters
    ----------
    n_samples : int
        Number of training rows N, at least 2.
    n_features : int
        Number of features, at least 1.
    prefixes : array-like of shape (m,), default None
        Increasing whole numbers between 1 and `n_features`; None: all.
    covariance : {"identity", "ar1", "factor"}, default "identity"
        Covariance of both classes, as in `make_trunk`. The rule does not know it.
    correlation : float, default 0.5
        Its rho; not used for "identity".
    random_state : int, numpy.random.Generator or None, default None
        Seed: the rows are those of `make_trunk` with this seed.

    Returns
    -------
    ndarray of shape (m,), float64
        Probability of a right label at equal priors.

    Raises
    ------
    TypeError, ValueError
        As `make_trunk`, or if `prefixes` are not increasing whole numbers in range.

    Notes
    -----
    O(n_samples * n_features) time, O(n_samples * 4096 + m) memory: of the rows only a block is held, of the rule
    only running sums. Expected for the identity and even N: ``theory.known_covariance_accuracy(p, N)``, less at most
    .13 / N, because b / |w| is N(0, 1/N); for odd N the larger class pulls the threshold, by p (1/n1 - 1/n0) / 4. At
    N = 500 it rises to .9926 near p = 700 and falls to .594 at p = 2e6: with every feature the classes are more
    separable, and the fitted rule is nearer to a coin. With "factor" it would fall
    even with exact means.

    References
    ----------
    .. [1] G. V. Trunk, "A Problem of Dimensionality: A Simple Example", IEEE Transactions on Pattern Analysis
       and Machine Intelligence PAMI-1(3), 1979, pp. 306-307. Here both class means are estimated, so that the
       threshold b is not 0.

    Examples
    --------
    >>> import fastcurse as fc
    >>> fc.nearest_mean_path(20, 20_000, prefixes=[1, 30, 20_000], random_state=0).round(2)
    array([0.82, 0.95, 0.62])
    """
    blocks, y = trunk_blocks(
        n_samples, n_features, covariance=covariance, correlation=correlation, random_state=random_state
    )
    prefixes = check_prefixes(prefixes, n_features)
    rho = check_covariance(covariance, correlation)
    accuracies = np.empty(len(prefixes))
    sums_state = variance_state = None
    for first, X in blocks:
        end = first + X.shape[1]
        positive, negative = X[y == 0].mean(axis=0), X[y == 1].mean(axis=0)
        coef = (positive - negative) / 2.0
        terms = np.stack([coef * class_mean(end, first), -coef * (positive + negative) / 2.0])
        (along, intercept), sums_state = decayed_sum(terms, 1.0, sums_state)
        variance, variance_state = variance_path(coef, covariance, rho, variance_state)
        inside = slice(*np.searchsorted(prefixes, [first + 1, end + 1]))
        at = prefixes[inside] - first - 1
        accuracies[inside] = two_sided_accuracy(along[at], intercept[at], np.sqrt(variance[at]))
        if end >= prefixes[-1]:
            break
    return accuracies


def _blocks(
    generator: np.random.Generator, positive: np.ndarray, n_features: int, covariance: str, rho: float
) -> Iterator[tuple[int, np.ndarray]]:
    common = generator.standard_normal((len(positive), 1)) if covariance == "factor" else None
    state = None
    for first in range(0, n_features, BLOCK_FEATURES):
        end = min(first + BLOCK_FEATURES, n_features)
        X = generator.standard_normal((len(positive), end - first))
        if common is not None:
            X *= np.sqrt(1.0 - rho)
            X += np.sqrt(rho) * common
        elif covariance == "ar1":
            fresh = X if first else X[:, 1:]  # the very first feature has its variance already
            fresh *= np.sqrt((1.0 - rho) * (1.0 + rho))
            X, state = decayed_sum(X, rho, state)
        mean = class_mean(end, first)
        X[positive] += mean
        X[~positive] -= mean
        yield first, X
