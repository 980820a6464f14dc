"""What whitening does: all distances equal on few points, and class means that drown in noise on many."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from fastcurse import _validation, theory
from fastcurse.distances import distance_extremes, distance_moments
from fastcurse.experiments._result import ExperimentResult
from fastcurse.experiments._trials import run_trials
from fastcurse.experiments._whitened_rules import RULES, truncated_forms, trunk_draw
from fastcurse.experiments._whitening_checks import make_checks

NAME = "whitening"
QUICK = {
    "repeats": 8, "sizes": (11, 31, 32, 46, 61, 151, 301), "n_features": 30, "features": (11, 101, 501),
    "truncated": (101,),
}  # fmt: skip

CORRECTIONS = (
    "Whitened by their own covariance, n <= d + 1 points are all at the distance √(2(n-1)), whatever they were: "
    "neighbours there are rounding errors.",
    "Whitening restores no contrast: of normal points squared distances then vary by 8d (n-1-d)/(n+1), where one "
    "pair of new points has 8d, and their mean is that of white points.",
    "Whitening by the covariance of both classes together shrinks the one direction that tells them apart, and none of "
    "the noise: the nearest-mean rule falls from .9925 to .796 at p = 501. Whitening within the classes does nothing "
    "here: they are white.",
    "It is the order that counts: truncating to few components before whitening repairs the rule; afterwards no "
    "component leads, and truncating throws the signal away with the noise.",
    "The loss is another where the covariance is fitted: on the same labelled rows, p < N - 1, whitening by the total "
    "covariance is linear discriminant analysis itself, .977 at p = 101, not .926; on as many other rows it is .86.",
)


def run(
    *,
    repeats: int = 32,
    sizes: tuple[int, ...] = (11, 51, 91, 101, 102, 106, 121, 151, 201, 301, 501, 1001, 2001),
    n_features: int = 100,
    n_samples: int = 500,
    features: tuple[int, ...] = (11, 31, 101, 201, 301, 501, 701, 991),
    truncated: tuple[int, ...] = (101, 501),
    n_jobs: int | None = -1,
    random_state: Any = 0,
    progress: bool = False,
) -> ExperimentResult:
    """Whiten points by their own covariance, and Trunk's classes by the covariance of both together.

    Parameters
    ----------
    repeats : int, default=32
        Independent draws, at least 2.
    sizes : tuple of int
        Numbers n of points whose distances are measured, increasing, from 3.
    n_features : int, default=100
        Standard normal features d of these points.
    n_samples : int, default=500
        Training rows N of Trunk's classes, at least 4.
    features : tuple of int, default=(11, 31, 101, 201, 301, 501, 701, 991)
        Numbers of features p of Trunk's classes, increasing.
    truncated : tuple of int, default=(101, 501)
        Those p, increasing, none above the last of `features`, at which components are left out.
    n_jobs : int or None, default=-1
        Processes, as scikit-learn means it: -1 all processors, None 1. The result is the same for any number.
    random_state : int, Generator or None, default=0
        Seed of the draws. The result's `params` hold the whole number that gives the same result again.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "distances" (over the `sizes`), "accuracy" (over the `features`) and "truncation" (over p and k).

    Notes
    -----
    Whitening is U √(n-1) (PCA) or U Vᵀ √(n-1) (ZCA, a rotation of it) for centred points U diag(s) Vᵀ: the same
    distances. U Uᵀ is the projection onto their span, which for n <= d + 1 is all that is orthogonal to (1, ..., 1).
    For normal points it is uniformly random, so that squared distances over 2(n-1) are Beta(d/2, (n-1-d)/2).

    The rule is sign(w·x), w half the difference of the two means of the training rows, in whitened coordinates; its
    accuracy is exact, Φ(w·μ/|w|). "before", "plain" and "after" know the covariance I + μμᵀ; "own" and "own_plain"
    fit it to the training rows, "other" to as many rows without labels.

    Examples
    --------
    >>> import fastcurse as fc
    >>> small = {"repeats": 2, "n_features": 10, "n_samples": 40, "features": (5, 31), "truncated": (5,)}
    >>> table = fc.experiments.whitening.run(sizes=(5, 11, 30), **small, n_jobs=None).tables["distances"]
    >>> table["contrast"].round(2)  # up to 11 points of 10 features all distances are equal, once whitened
    array([0.  , 0.  , 0.69])
    """
    repeats = _validation.check_count(repeats, "repeats", minimum=2)
    n_features = _validation.check_count(n_features, "n_features", minimum=2)
    sizes_ = _validation.check_prefixes(sizes, None, "sizes")
    _validation.check_count(sizes_[0], "sizes", minimum=3)
    n_samples = _validation.check_count(n_samples, "n_samples", minimum=4)
    prefixes = _validation.check_prefixes(features, None, "features")
    cut = _validation.check_prefixes(truncated, int(prefixes[-1]), "truncated")
    n_jobs = _validation.check_jobs(n_jobs)
    seed = _validation.check_seed(random_state)
    grids = {int(p): _grid(min(int(p), n_samples - 1)) for p in cut}
    draw = partial(_draw, sizes=sizes_, n_features=n_features, n_samples=n_samples, features=prefixes, truncated=grids)
    draws = run_trials(draw, seed.spawn(repeats), "whitening", n_jobs=n_jobs, progress=progress)
    points = np.array([found[0] for found in draws])
    rules = np.array([found[1] for found in draws])
    curves = {p: np.array([found[2][p] for found in draws]) for p in grids}
    tables = {
        "distances": _distance_table(points, sizes_, n_features),
        "accuracy": _accuracy_table(rules, prefixes, n_samples),
        "truncation": _truncation_table(curves, grids, n_samples),
    }
    return ExperimentResult(
        name=NAME,
        title="Whitening: equal distances, and a rule that it ruins",
        params={
            "repeats": repeats, "sizes": tuple(sizes_.tolist()), "n_features": n_features, "n_samples": n_samples,
            "features": tuple(prefixes.tolist()), "truncated": tuple(cut.tolist()), "random_state": seed.entropy,
        },
        tables=tables,
        checks=make_checks(tables, n_samples, repeats, max(found[3] for found in draws)),
        corrections=CORRECTIONS,
    )  # fmt: skip


def _grid(last: int) -> np.ndarray:
    return np.unique(np.round(np.geomspace(1, last, 24)).astype(np.int64))


def _draw(
    generator: np.random.Generator, *, sizes: np.ndarray, n_features: int, **trunk: Any
) -> tuple[np.ndarray, np.ndarray, dict[int, np.ndarray], float]:
    """Return what is measured of the points of each size, (n_sizes, 8), and of Trunk's classes."""
    X = generator.standard_normal((int(sizes[-1]), n_features))
    return np.array([_distances(X[:n]) for n in sizes]), *trunk_draw(generator, **trunk)


def _distances(X: np.ndarray) -> list[float]:
    """Return contrast and variance of the squared distances; whitened, nearest, farthest, contrast, mean and variance.

    Last, how far the distances of PCA and ZCA differ.
    """
    pca, zca = whiten(X)
    found, white, rotated = (distance_extremes(Y, prefixes=[Y.shape[1]], n_threads=1) for Y in (X, zca, pca))
    raw, moments = (distance_moments(Y) for Y in (X, zca))
    differ = max(abs(rotated.nearest[0] / white.nearest[0] - 1), abs(rotated.farthest[0] / white.farthest[0] - 1))
    return [
        found.contrast[0], raw.var_sq[-1], white.nearest[0], white.farthest[0], white.contrast[0],
        moments.mean_sq[-1], moments.var_sq[-1], differ,
    ]  # fmt: skip


def whiten(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the points whitened by their own covariance: in principal axes, (n, rank), and turned back, (n, d)."""
    left, singular, axes = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    rank = int(np.sum(singular > singular[0] * max(X.shape) * np.finfo(float).eps))
    pca = left[:, :rank] * np.sqrt(len(X) - 1.0)
    return pca, pca @ axes[:rank]


def _distance_table(points: np.ndarray, n: np.ndarray, d: int) -> dict[str, np.ndarray]:
    raw, raw_var, nearest, farthest, contrast, mean_sq, var_sq, differ = np.moveaxis(points, 2, 0)
    spare = np.maximum(n - 1.0 - d, 0.0)
    # As if the pairs were independent: the medians of the smallest and the largest of so many.
    level = 0.5 ** (2.0 / (n * (n - 1.0)))
    extremes = [np.sqrt(stats.beta.ppf(q, d / 2, np.maximum(spare, 1) / 2)) for q in (1.0 - level, level)]
    return {
        "n": n, "d": np.full(n.size, d), "contrast_raw": raw.mean(axis=0), "contrast": contrast.mean(axis=0),
        "contrast_largest": contrast.max(axis=0),
        "contrast_theory": np.where(spare > 0, 1.0 - extremes[0] / extremes[1], 0.0),
        "nearest_smallest": nearest.min(axis=0), "farthest_largest": farthest.max(axis=0),
        "equal_distance": np.sqrt(2.0 * (n - 1.0)),
        "mean_sq": mean_sq.mean(axis=0), "mean_sq_theory": 2.0 * np.minimum(d, n - 1.0),
        "var_sq_raw": raw_var.mean(axis=0), "var_sq_raw_sd": raw_var.std(axis=0, ddof=1),
        "var_sq": var_sq.mean(axis=0), "var_sq_sd": var_sq.std(axis=0, ddof=1),
        "var_sq_theory": 8.0 * d * spare / (n + 1.0),
        # Around the mean of the n (n - 1) / 2 pairs themselves, which share points.
        "var_sq_raw_theory": 8.0 * d * (n - 2.0) / (n - 1.0), "pca_zca_difference": differ.max(axis=0),
    }  # fmt: skip


def _accuracy_table(rules: np.ndarray, p: np.ndarray, n_samples: int) -> dict[str, np.ndarray]:
    table: dict[str, np.ndarray] = {"p": p, "bayes": np.asarray(theory.bayes_accuracy(p))}
    forms = (theory.whitened_accuracy, theory.known_covariance_accuracy)
    for at, (name, form) in enumerate(zip(("whitened", "plain"), forms, strict=True)):
        table[f"{name}_theory"] = np.asarray(form(p, n_samples))
        table[name] = rules[:, at].mean(axis=0)
        table[f"{name}_sd"] = rules[:, at].std(axis=0, ddof=1)
    return table


def _truncation_table(
    curves: dict[int, np.ndarray], grids: dict[int, np.ndarray], n_samples: int
) -> dict[str, np.ndarray]:
    parts = []
    for p, k in grids.items():
        part = {"p": np.full(k.size, p), "k": k}
        part.update({f"{name}_theory": form for name, form in truncated_forms(p, k, n_samples).items()})
        for at, name in enumerate(RULES):
            part[name] = curves[p][:, at].mean(axis=0)
            part[f"{name}_sd"] = curves[p][:, at].std(axis=0, ddof=1)
        parts.append(part)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
