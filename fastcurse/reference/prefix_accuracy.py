"""Accuracies at every prefix the long way: refitted in each fold, voted for row by row, drawn from the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis


def fold_accuracies(
    X: np.ndarray, y: np.ndarray, folds: np.ndarray, prefixes: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracies (m, n_folds) on the training rows and on the held-out rows: those whose number of `folds` it is.

    Examples
    --------
    >>> import numpy as np
    >>> from fastcurse.reference import prefix_accuracy
    >>> X, y = np.array([[0.0], [1.0], [2.0], [9.0], [5.0], [6.0], [7.0], [8.0]]), np.repeat([0, 1], 4)
    >>> train, test = prefix_accuracy.fold_accuracies(X, y, folds=np.array([0, 0, 1, 1] * 2), prefixes=[1])
    >>> train, test
    (array([[0.75, 1.  ]]), array([[0.5 , 0.75]]))
    """
    scores = np.empty((2, len(prefixes), folds.max() + 1))
    for fold in range(folds.max() + 1):
        held_out = folds == fold
        for at, p in enumerate(prefixes):
            rule = LinearDiscriminantAnalysis().fit(X[~held_out, :p], y[~held_out])
            scores[0, at, fold] = np.mean(rule.predict(X[~held_out, :p]) == y[~held_out])
            scores[1, at, fold] = np.mean(rule.predict(X[held_out, :p]) == y[held_out])
    return scores[0], scores[1]


def one_standard_error(accuracy: Sequence[float], standard_error: Sequence[float]) -> tuple[int, int]:
    """Places of the first best accuracy and of the first within its standard error.

    Examples
    --------
    >>> from fastcurse.reference import prefix_accuracy
    >>> prefix_accuracy.one_standard_error([0.7, 0.85, 0.9, 0.9], [0.1, 0.1, 0.06, 0.1])
    (2, 1)
    """
    peak = 0
    for at in range(len(accuracy)):
        if accuracy[at] > accuracy[peak]:
            peak = at
    for at in range(len(accuracy)):
        if accuracy[at] >= accuracy[peak] - standard_error[peak]:
            return peak, at
    return peak, peak


def squared_mahalanobis(X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Squared distances (K, K) of the class means by the inverse of the pooled covariance, divisor n - K.

    Examples
    --------
    >>> import numpy as np
    >>> from fastcurse.reference import prefix_accuracy
    >>> X, y = np.array([[-1.0], [1.0], [2.0], [4.0]]), np.array([0, 0, 1, 1])
    >>> prefix_accuracy.squared_mahalanobis(X, y)  # 3² over a variance of 2
    array([[0. , 4.5],
           [4.5, 0. ]])
    """
    classes = np.unique(y)
    means = np.array([X[y == c].mean(axis=0) for c in classes])
    centred = X - means[np.searchsorted(classes, y)]
    inverse = np.linalg.inv(centred.T @ centred / (len(X) - len(classes)))
    return np.array([[(a - b) @ inverse @ (a - b) for b in means] for a in means])


def multiclass_lda_accuracy(
    delta_sq: np.ndarray, p: float, class_sizes: np.ndarray, priors: np.ndarray, n_draws: int, rng: np.random.Generator
) -> float:
    """Share of draws of the scores h_k, normal by the theory, in which the true class has the largest.

    Examples
    --------
    >>> import numpy as np
    >>> from fastcurse.reference import prefix_accuracy
    >>> halves, delta_sq = np.array([0.5, 0.5]), np.array([[0.0, 4.0], [4.0, 0.0]])
    >>> rng = np.random.default_rng(0)
    >>> found = prefix_accuracy.multiclass_lda_accuracy(delta_sq, 1.0, np.array([1e9, 1e9]), halves, 10_000, rng)
    >>> round(found, 2)  # the normal distribution function at 1
    0.84
    """
    n_classes = len(class_sizes)
    room = 1.0 - p / (class_sizes.sum() - n_classes)
    # Means with these distances: the Gram matrix about the first mean.
    gram = (delta_sq[:, :1] + delta_sq[:1] - delta_sq) / 2.0
    covariance = (gram + np.diag(p / class_sizes)) / room
    right = 0.0
    for c in range(n_classes):
        centre = -(delta_sq[c] + p / class_sizes) / 2.0 + room * np.log(priors)
        h = rng.multivariate_normal(centre, covariance, n_draws)
        right += priors[c] * np.mean(h.argmax(axis=1) == c)
    return float(right)


def neighbor_accuracy(indices: np.ndarray, y: Sequence, query_rows: Sequence[int]) -> np.ndarray:
    """Share (m,) of the queries (m, n_queries, k) whose neighbours' vote is right.

    Examples
    --------
    >>> import numpy as np
    >>> from fastcurse.reference import prefix_accuracy
    >>> indices = np.array([[[1, 2], [0, 2]]])  # of queries 0 and 1, at one prefix
    >>> prefix_accuracy.neighbor_accuracy(indices, ["a", "a", "b"], [0, 1])
    array([1.])
    """
    shares = np.empty(len(indices))
    for at in range(len(indices)):
        right = 0
        for query, row in enumerate(query_rows):
            labels = [y[i] for i in indices[at, query]]
            # max takes the first of equal counts, which the nearest neighbour has.
            right += max(labels, key=labels.count) == y[row]
        shares[at] = right / len(query_rows)
    return shares
