"""The rules that the remedies experiment compares: each the exact accuracies, at some prefixes, of what it fits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import linalg
from sklearn.covariance import ledoit_wolf

from fastcurse import theory
from fastcurse.discriminant import PrefixLDA
from fastcurse.experiments._coef_blocks import coef_blocks
from fastcurse.theory.trunk_classes import two_sided_accuracy, variance_path


class Sample(NamedTuple):
    """Training rows X (n, D), whether each is of the class at +μ, and the covariance that they were drawn with."""

    X: np.ndarray
    positive: np.ndarray
    covariance: str
    correlation: float

    def exact(self, coef: np.ndarray, intercept: np.ndarray | float) -> np.ndarray | np.float64:
        """Return the accuracy of a rule whose positive side stands for the class at +μ."""
        return theory.rule_accuracy(coef, intercept, covariance=self.covariance, correlation=self.correlation)


def lda_path(sample: Sample, prefixes: np.ndarray, ridge: float) -> np.ndarray:
    """Linear discriminant analysis: the pseudo-inverse of the scatter, or a ridge of that many variances added."""
    model = PrefixLDA(ridge=ridge).fit(sample.X, sample.positive)
    accuracies = np.empty(prefixes.size)
    for part, coef, intercept in coef_blocks(model, prefixes):
        accuracies[part] = sample.exact(coef, intercept)
    return accuracies


def mean_paths(sample: Sample, prefixes: np.ndarray) -> dict[str, np.ndarray]:
    """The rules that take the features for independent: one pass for all prefixes."""
    half, middle, residuals = fitted_means(sample.X, sample.positive)
    n, i = len(sample.X), np.arange(1.0, len(half) + 1.0)
    weights = {
        "diagonal": half / np.einsum("ij,ij->j", residuals, residuals) * (n - 2),
        "mean only": half,
        "Bayes prior": half * n / (n + i),
    }
    rho = sample.correlation if sample.covariance != "identity" else 0.0
    paths = {}
    for name, w in weights.items():
        deviation = np.sqrt(variance_path(w, sample.covariance, rho)[0])
        path = two_sided_accuracy(np.cumsum(w / np.sqrt(i)), -np.cumsum(w * middle), deviation)
        paths[name] = np.asarray(path)[prefixes - 1]
    return paths


def mean_only(sample: Sample) -> float:
    """The nearest-mean rule of all features."""
    half, middle, _ = fitted_means(sample.X, sample.positive)
    return float(sample.exact(half, -half @ middle))


def shrunk_covariance(sample: Sample, prefixes: np.ndarray) -> np.ndarray:
    """Ledoit and Wolf's covariance, of each prefix anew."""
    half, middle, residuals = fitted_means(sample.X, sample.positive)
    accuracies = []
    for p in prefixes:
        covariance = ledoit_wolf(residuals[:, :p], assume_centered=True)[0]
        w = linalg.solve(covariance, half[:p], assume_a="pos")
        accuracies.append(sample.exact(w, -w @ middle[:p]))
    return np.array(accuracies)


def first_component(sample: Sample, prefixes: np.ndarray) -> np.ndarray:
    """The projection on the first principal component of all rows; the labels decide its sign only."""
    centre = sample.X.mean(axis=0)
    X = sample.X - centre
    half = fitted_means(sample.X, sample.positive)[0]
    gram, start, last, accuracies = np.zeros((len(X), len(X))), 0, len(X) - 1, []
    for p in prefixes:
        gram += X[:, start:p] @ X[:, start:p].T
        start = p
        w = linalg.eigh(gram, subset_by_index=[last, last])[1][:, 0] @ X[:, :p]
        w *= np.sign(w @ half[:p])
        accuracies.append(sample.exact(w, -w @ centre[:p]))
    return np.array(accuracies)


def bagged_lda(sample: Sample, prefixes: np.ndarray, n_rules: int, generator: np.random.Generator) -> np.ndarray:
    """The mean score of LDA on bootstrap samples, which again is a linear rule."""
    n, D = sample.X.shape
    coef, intercept = np.zeros((prefixes.size, D)), np.zeros(prefixes.size)
    for _ in range(n_rules):
        rows, counts = np.unique(generator.integers(n, size=n), return_counts=True)
        for k, (w, b) in enumerate(_weighted_lda(sample.X[rows], sample.positive[rows], counts, prefixes)):
            coef[k, : len(w)] += w
            intercept[k] += b
    pairs = zip(coef, intercept, prefixes, strict=True)
    return np.array([sample.exact(w[:p], b) for w, b, p in pairs])


def random_subspaces(
    sample: Sample, prefixes: np.ndarray, n_rules: int, size: int, generator: np.random.Generator
) -> np.ndarray:
    """The mean score of LDA on random sets of `size` features (all, where there are no more)."""
    half, middle, residuals = fitted_means(sample.X, sample.positive)
    covariance = residuals.T @ residuals / (len(residuals) - 2)
    accuracies = []
    for p in prefixes:
        w = np.zeros(p)
        for _ in range(n_rules if p > size else 1):
            chosen = generator.choice(p, min(size, p), replace=False)
            w[chosen] += linalg.solve(covariance[np.ix_(chosen, chosen)], half[chosen], assume_a="pos")
        accuracies.append(sample.exact(w, -w @ middle[:p]))
    return np.array(accuracies)


def fitted_means(
    X: np.ndarray, positive: np.ndarray, counts: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return half the difference and the middle of the two class means, and the rows less their class means."""
    means = np.array([np.average(X[side], axis=0, weights=None if counts is None else counts[side])
                      for side in (positive, ~positive)])  # fmt: skip
    return (means[0] - means[1]) / 2.0, means.mean(axis=0), X - means[np.where(positive, 0, 1)]


def _weighted_lda(
    X: np.ndarray, positive: np.ndarray, counts: np.ndarray, prefixes: np.ndarray
) -> Iterator[tuple[np.ndarray, np.float64]]:
    """Yield w = W⁺(m₊ - m₋)/2 and its constant at each prefix, W the within-class covariance of counted rows.

    Beyond its rank r, rows less 2, W⁺ is Zᵀ(ZZᵀ)⁻²Z up to the divisor, where the class indicators, on which ZZᵀ
    vanishes, are filled in: what it is applied to is orthogonal to them. Near p = r one draw in a hundred is too
    nearly singular for Cholesky, hence LU.
    """
    half, middle, residuals = fitted_means(X, positive, counts)
    n, root = counts.sum(), np.sqrt(counts)
    Z = residuals * root[:, np.newaxis]
    gram, start = np.zeros((len(Z), len(Z))), 0
    for side in (positive, ~positive):
        indicator = np.where(side, root, 0.0)
        gram += np.outer(indicator, indicator)
    for p in prefixes:
        if p <= len(Z) - 2:
            w = np.linalg.solve(Z[:, :p].T @ Z[:, :p], half[:p])
        else:
            gram += Z[:, start:p] @ Z[:, start:p].T
            start = p
            factor = linalg.lu_factor(gram)
            w = linalg.lu_solve(factor, linalg.lu_solve(factor, Z[:, :p] @ half[:p])) @ Z[:, :p]
        yield n * w, -n * w @ middle[:p]
