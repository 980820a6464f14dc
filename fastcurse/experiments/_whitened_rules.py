"""Trunk's classes after whitening: closed forms, and the rules of one draw, whose accuracies are exact."""

from __future__ import annotations

import numpy as np
from scipy import special

from fastcurse import theory
from fastcurse.theory.trunk_classes import class_mean
from fastcurse.trunk import make_trunk

RULES = ("before", "plain", "after", "own", "own_plain", "other")


def truncated_forms(p: int, k: np.ndarray, n_samples: int) -> dict[str, np.ndarray]:
    """Return approximate accuracies of the nearest-mean rule on k of p components, the covariance I + μμᵀ known.

    "before": the k leading components, whitened: Φ(S / √(S + (k-1)/N (1+S)²)).
    "plain": the same, not whitened: Φ(S / √(S + (k-1)/N)).
    "after": whitened, then k of the components, which then have no order, so any: with the share κ = k/p,
    Φ(κS / √((1+S) κS - κ²S² + (1+S)² k/N)); it ends where "before" does, at k = p.
    """
    s = float(theory.separation(p))
    noise, share = (k - 1.0) / n_samples, k / p
    kept = share * s
    after = kept / np.sqrt((1.0 + s) * kept - kept**2 + (1.0 + s) ** 2 * k / n_samples)
    return {
        "before": special.ndtr(s / np.sqrt(s + noise * (1.0 + s) ** 2)),
        "plain": special.ndtr(s / np.sqrt(s + noise)),
        "after": special.ndtr(after),
    }


def trunk_draw(
    generator: np.random.Generator, *, n_samples: int, features: np.ndarray, truncated: dict[int, np.ndarray]
) -> tuple[np.ndarray, dict[int, np.ndarray], float]:
    """Return accuracies of one draw: of two rules at each prefix, of `RULES` at each k, and how far "own" is from LDA.

    The first are those of the whitened and of the plain rule, (2, n_prefixes). `truncated` gives each p its k.
    """
    X, y = make_trunk(n_samples, int(features[-1]), random_state=generator)
    unlabelled, _ = make_trunk(n_samples, max(truncated, default=1), random_state=generator)
    centres = np.array([X[y == label].mean(axis=0) for label in (0, 1)])
    half = (centres[0] - centres[1]) / 2.0
    mean = class_mean(features[-1])
    accuracy = np.empty((2, features.size))
    for at, p in enumerate(features):
        m, found = mean[:p], half[:p]
        accuracy[0, at] = _accuracy(found - m * (m @ found) / (1.0 + m @ m), m)
        accuracy[1, at] = _accuracy(found, m)
    curves, off = {}, 0.0
    for p, k in truncated.items():
        m, found = mean[:p], half[:p]
        own, own_plain = _fitted(X[:, :p], found, m)
        other, _ = _fitted(unlabelled[:, :p], found, m)
        curves[p] = np.array([of_k[k - 1] for of_k in (*_known(generator, found, m), own, own_plain, other)])
        if p < n_samples - 1:
            within = X[:, :p] - centres[y, :p]
            off = max(off, abs(own[p - 1] - _accuracy(np.linalg.solve(within.T @ within, found), m)))
    return accuracy, curves, off


def _known(generator: np.random.Generator, found: np.ndarray, mean: np.ndarray) -> list[np.ndarray]:
    """Accuracies of "before", "plain" and "after" for every k, the covariance I + μμᵀ known."""
    p, s = mean.size, mean @ mean
    root = np.sqrt(s)
    gaussian = generator.standard_normal((p, p))
    # The leading eigenvector is the mean's; the other eigenvalues are 1, so that any basis of the rest will do.
    rest = np.linalg.qr(np.column_stack([mean, gaussian[:, : p - 1]]))[0][:, 1:].T @ found
    first = mean @ found / root
    accuracies = []
    for leading in (first / (1.0 + s), first):
        norm_sq = leading**2 + np.concatenate([[0.0], np.cumsum(rest**2)])
        accuracies.append(special.ndtr(root * leading / np.sqrt(norm_sq)))
    shrink = 1.0 / np.sqrt(1.0 + s)  # the whitening: I - (1 - shrink) μμᵀ/S
    white = found - (1.0 - shrink) * first * mean / root
    axes = np.linalg.qr(gaussian)[0].T
    along, mean_along = axes @ white, axes @ mean / root
    signal = np.cumsum(mean_along * along)
    norm = np.sqrt(np.cumsum(along**2) - (1.0 - shrink**2) * signal**2)
    accuracies.append(special.ndtr(root * shrink * signal / norm))
    return accuracies


def _fitted(X: np.ndarray, found: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Accuracies for every k of the rule on the leading components of X's covariance, whitened and not.

    Components are orthonormal, so that the rules of all k are running sums.
    """
    _, singular, axes = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    rank = min(X.shape[1], X.shape[0] - 1)
    along, mean_along = axes[:rank] @ found, axes[:rank] @ mean
    accuracies = []
    for weights in (along / (singular[:rank] / singular[0]) ** 2, along):
        accuracies.append(special.ndtr(np.cumsum(weights * mean_along) / np.sqrt(np.cumsum(weights**2))))
    return accuracies[0], accuracies[1]


def _accuracy(w: np.ndarray, mean: np.ndarray) -> float:
    """Exact accuracy of the rule sign(w·x) on Trunk's classes."""
    return float(special.ndtr(w @ mean / np.sqrt(w @ w)))
