"""Section 2: pair distances concentrate, so that nearest and farthest neighbour become alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse import _validation, theory
from fastcurse.distances import DistanceExtremes, distance_extremes, distance_moments
from fastcurse.engine.batches import track
from fastcurse.experiments._result import Check, ExperimentResult, printed_numbers, sigmas
from fastcurse.reference import article

NAME = "concentration"
# A screen would take longer to compile than it saves here; it never changes a number.
QUICK = {"n_features": 100, "repeats": 8, "screen": "none"}
TOY = np.array([[0, 1, 3], [3, 8, 9], [2, 3, 5]])
_SIZES = (100, 200, 500, 1000, 2000)
_SIZE_DIMENSION = 100
# Not printed in the article: the mean over 40 seeds and one seed's Euclidean contrast, of 5000 uniform points,
# from the notes that this project started with.
_FORTY_SEEDS = {10: 0.9949, 50: 0.8529, 100: 0.7299, 200: 0.6000, 300: 0.5217, 400: 0.4729, 490: 0.4344}
_EUCLIDEAN = {10: 0.931, 50: 0.616, 100: 0.476, 200: 0.359, 490: 0.253}

CORRECTIONS = (
    "The article says Euclidean distance but plots the contrast of SQUARED distances; the Euclidean contrast is much "
    "smaller at every d (.25 against .44 at d = 490).",
    "Its toy example prints a contrast of 1.0 because the zero diagonal was not masked; right is .8723 for the squared "
    "distances and .6427 for the distances.",
    "Its x axis is off by one and d = 500 is never run.",
    "'Always decreasing' is false point by point: a single run rises at many d; the mean over seeds falls.",
    "The number depends on the sample size as much as on the dimension: at d = 100 the squared contrast goes from "
    ".59 to .73 between n = 100 and n = 5000.",
    "The Gram-matrix trick cancels: shift the points by 1e8 and squared distances become negative.",
)


def run(
    *,
    n_samples: int = 5000,
    n_features: int = 500,
    repeats: int = 20,
    screen: str = "auto",
    random_state: Any = 0,
    n_threads: int | None = None,
    progress: bool = False,
) -> ExperimentResult:
    """Measure the contrast of uniform points on [-1, 1]^d at every prefix, over several seeds.

    Parameters
    ----------
    n_samples : int, default=5000
        Points of each data set. The printed numbers are compared only at the article's 5000.
    n_features : int, default=500
        Largest dimension; every prefix 1..n_features is measured.
    repeats : int, default=20
        Independent data sets, at least 2.
    screen : {"auto", "none", "float32", "int8"}, default="auto"
        Passed to `distance_extremes`; it never changes a number.
    random_state : int, Generator or None, default=0
        Seed of the data sets.
    n_threads : int, optional
        Threads to use. None: all available.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "contrast", "sample_size", "spread" (coefficient of variation of the squared distances), "toy",
        "cancellation" and, with 5000 samples, "article" (printed prefixes).

    Examples
    --------
    >>> import fastcurse as fc
    >>> result = fc.experiments.concentration.run(n_samples=100, n_features=50, repeats=2, screen="none")
    >>> contrast = result.tables["contrast"]
    >>> contrast["contrast_mean"][[0, 9, 49]].round(1), contrast["contrast_theory"][[9, 49]].round(1)
    (array([1. , 0.8, 0.5]), array([0.8, 0.5]))
    """
    n_samples = _validation.check_count(n_samples, "n_samples", minimum=2)
    n_features = _validation.check_count(n_features, "n_features", minimum=10)
    repeats = _validation.check_count(repeats, "repeats", minimum=2)
    seed = _validation.check_seed(random_state)
    data_seed, size_seed = seed.spawn(2)
    runs, spreads = [], []
    for child in track(data_seed.spawn(repeats), "concentration", enabled=progress):
        X = np.random.default_rng(child).uniform(-1, 1, (n_samples, n_features))
        runs.append(distance_extremes(X, screen=screen, n_threads=n_threads))
        spreads.append(distance_moments(X, n_threads=n_threads).cv)
    contrast = _contrast_table(runs, n_samples)
    printed = _article_table(contrast) if n_samples == 5000 else {}
    tables = {
        "contrast": contrast,
        "sample_size": _sample_size_table(size_seed, min(n_features, _SIZE_DIMENSION), runs, screen, n_threads),
        "spread": {
            "d": contrast["d"],
            "cv_mean": np.mean(spreads, axis=0),
            "cv_sd": np.std(spreads, axis=0, ddof=1),
            "cv_theory": np.asarray(theory.squared_distance_cv(contrast["d"], distribution="uniform")),
        },
        "toy": _toy_table(),
        "cancellation": _cancellation_table(np.random.default_rng(0)),
    }
    if printed:
        tables["article"] = printed
    return ExperimentResult(
        name=NAME,
        title="Contrast of the pair distances at every dimension",
        params={
            "n_samples": n_samples,
            "n_features": n_features,
            "repeats": repeats,
            "screen": screen,
            "random_state": seed.entropy,
        },
        tables=tables,
        checks=_checks(tables, repeats),
        corrections=CORRECTIONS,
    )


def _contrast_table(runs: list[DistanceExtremes], n_samples: int) -> dict[str, np.ndarray]:
    squared = np.array([run.squared_contrast for run in runs])
    euclidean = np.array([run.contrast for run in runs])
    nearest = np.array([run.nearest for run in runs])
    farthest = np.array([run.farthest for run in runs])
    d = runs[0].prefixes.copy()
    near_theory = theory.extreme_distance_median(n_samples, d, distribution="uniform", side="nearest")
    far_theory = theory.extreme_distance_median(n_samples, d, distribution="uniform", side="farthest")
    return {
        "d": d,
        "squared_contrast_first_seed": squared[0].copy(),
        "squared_contrast_mean": squared.mean(axis=0),
        "squared_contrast_sd": squared.std(axis=0, ddof=1),
        "contrast_mean": euclidean.mean(axis=0),
        "contrast_sd": euclidean.std(axis=0, ddof=1),
        "nearest_median": np.median(nearest, axis=0),
        "farthest_median": np.median(farthest, axis=0),
        "nearest_sd": nearest.std(axis=0, ddof=1),
        "farthest_sd": farthest.std(axis=0, ddof=1),
        "nearest_theory": near_theory,
        "farthest_theory": far_theory,
        "contrast_theory": 1 - near_theory / far_theory,
        "squared_contrast_theory": 1 - (near_theory / far_theory) ** 2,
    }


def _article_table(contrast: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    printed = printed_numbers("distances")
    reached = printed["d"] <= contrast["d"][-1]
    d = printed["d"][reached].astype(np.int64)
    mean, sd = contrast["squared_contrast_mean"][d - 1], contrast["squared_contrast_sd"][d - 1]
    published = printed["squared_contrast"][reached]
    return {
        "d": d,
        "published_squared_contrast": published,
        "squared_contrast_mean": mean,
        "squared_contrast_sd": sd,
        "z_score": (published - mean) / sd,
        "contrast_mean": contrast["contrast_mean"][d - 1],
    }


def _sample_size_table(
    seed: np.random.SeedSequence, d: int, runs: list[DistanceExtremes], screen: str, n_threads: int | None
) -> dict[str, np.ndarray]:
    """Squared contrast at d features for fewer and fewer points; the full size comes from the main runs."""
    largest = runs[0].n_samples
    sizes = np.array([*(n for n in _SIZES if n < largest), largest])
    contrasts = []
    for n, child in zip(sizes[:-1], seed.spawn(sizes.size - 1), strict=True):
        # Small samples scatter more and cost less: up to four times as many of them.
        seeds = child.spawn(len(runs) * int(np.clip(1000 // n, 1, 4)))
        points = (np.random.default_rng(grandchild).uniform(-1, 1, (n, d)) for grandchild in seeds)
        contrasts.append(
            [distance_extremes(X, screen=screen, n_threads=n_threads).squared_contrast[-1] for X in points]
        )
    contrasts.append([run.squared_contrast[d - 1] for run in runs])
    ends = [
        theory.extreme_distance_median(sizes, d, distribution="uniform", side=side) for side in ("nearest", "farthest")
    ]
    return {
        "n_samples": sizes,
        "d": np.full(sizes.size, d),
        "draws": np.array([len(values) for values in contrasts]),
        "squared_contrast_mean": np.array([np.mean(values) for values in contrasts]),
        "squared_contrast_sd": np.array([np.std(values, ddof=1) for values in contrasts]),
        "squared_contrast_theory": np.asarray(1 - (ends[0] / ends[1]) ** 2),
    }


def _toy_table() -> dict[str, np.ndarray]:
    pairs = [(0, 1), (0, 2), (1, 2)]
    return {
        "i": np.array([i for i, _ in pairs]),
        "j": np.array([j for _, j in pairs]),
        "squared_distance": np.array([distance_extremes(TOY[[i, j]]).nearest[-1] ** 2 for i, j in pairs]),
    }


def _cancellation_table(generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Squared contrast and nearest squared distance of 500 points shifted far from 0, in two ways."""
    X = generator.uniform(-1, 1, (500, 10))
    shifts = np.array([0.0, 1e6, 1e8])
    gram = [article.squared_distances(X + shift)[np.triu_indices(500, 1)] for shift in shifts]
    exact = [distance_extremes(X + shift) for shift in shifts]
    return {
        "shift": shifts,
        "gram_matrix": np.array([1 - squares.min() / squares.max() for squares in gram]),
        "differences": np.array([extremes.squared_contrast[-1] for extremes in exact]),
        "smallest_gram_square": np.array([squares.min() for squares in gram]),
        "smallest_square": np.array([extremes.nearest[-1] ** 2 for extremes in exact]),
    }


def _checks(tables: dict[str, dict[str, np.ndarray]], repeats: int) -> tuple[Check, ...]:
    checks = [*_theory_checks(tables, repeats), *_toy_checks(tables)]
    if "article" in tables:
        checks = [*_article_checks(tables, repeats), *checks]
    return tuple(checks)


def _article_checks(tables: dict[str, dict[str, np.ndarray]], repeats: int) -> list[Check]:
    """Printed numbers of the article, and numbers of the notes on it."""
    table, contrast, wide = tables["article"], tables["contrast"], sigmas(repeats)
    note = f"{wide:.1f} standard deviations over {repeats} seeds"
    columns = ("d", "published_squared_contrast", "squared_contrast_mean", "squared_contrast_sd")
    rows = zip(*(table[name] for name in columns), strict=True)
    checks = [Check(f"squared contrast d={d}", printed, mean, wide * sd, note) for d, printed, mean, sd in rows]
    for d, value in _FORTY_SEEDS.items():
        if d <= contrast["d"][-1]:
            error = contrast["squared_contrast_sd"][d - 1] * np.sqrt(1 / repeats + 1 / 40)
            ours = contrast["squared_contrast_mean"][d - 1]
            text = f"not in the article: 40 earlier seeds; {wide:.1f} standard errors"
            checks.append(Check(f"mean squared contrast d={d}", value, ours, wide * error + 5e-5, text))
    for d, value in _EUCLIDEAN.items():
        if d <= contrast["d"][-1]:
            tolerance = wide * contrast["contrast_sd"][d - 1] + 5e-4
            text = f"not in the article: one earlier seed; {wide:.1f} standard deviations"
            checks.append(Check(f"Euclidean contrast d={d}", value, contrast["contrast_mean"][d - 1], tolerance, text))
    return checks


def _theory_checks(tables: dict[str, dict[str, np.ndarray]], repeats: int) -> list[Check]:
    """Medians of the extremes, and the contrast at other sample sizes, against extreme-value theory."""
    contrast, sizes, wide, checks = tables["contrast"], tables["sample_size"], sigmas(repeats), []
    spread = tables["spread"]
    for at in {0, 9, contrast["d"].size - 1}:
        tolerance = wide * spread["cv_sd"][at] / np.sqrt(repeats) + 1e-12
        note = f"1.18322/√d; {wide:.1f} standard errors"
        name = f"coefficient of variation of squared distances, d={at + 1}"
        checks.append(Check(name, spread["cv_theory"][at], spread["cv_mean"][at], tolerance, note))
    for d in (50, 100, 200, 490):
        if d > contrast["d"][-1]:
            continue
        for side in ("nearest", "farthest"):
            # The standard error of a median is 1.2533 sd / sqrt(n); .01 for the saddle point at finite d.
            error = 1.2533 * contrast[f"{side}_sd"][d - 1] / np.sqrt(repeats)
            expected, ours = contrast[f"{side}_theory"][d - 1], contrast[f"{side}_median"][d - 1]
            note = f"closed form; {wide:.1f} standard errors of the median and 1 %"
            checks.append(Check(f"{side} distance d={d}", expected, ours, wide * error + 0.01 * expected, note))
    for at, n in enumerate(sizes["n_samples"][:-1]):
        error = sizes["squared_contrast_sd"][at] / np.sqrt(sizes["draws"][at])
        expected, ours = sizes["squared_contrast_theory"][at], sizes["squared_contrast_mean"][at]
        note = f"closed form; {sigmas(int(sizes['draws'][at])):.1f} standard errors and .01, for medians are not means"
        tolerance = sigmas(int(sizes["draws"][at])) * error + 0.01
        checks.append(Check(f"squared contrast d={sizes['d'][at]}, n={n}", expected, ours, tolerance, note))
    return checks


def _toy_checks(tables: dict[str, dict[str, np.ndarray]]) -> list[Check]:
    toy, squares = distance_extremes(TOY), tables["toy"]["squared_distance"]
    return [
        *(
            Check(f"toy squared distance {printed}", printed, ours, 1e-12, "the square of a rounded root")
            for printed, ours in zip((94, 12, 42), squares, strict=True)
        ),
        Check("toy squared contrast", 0.8723, toy.squared_contrast[-1], 5e-5, "4 decimals"),
        Check("toy Euclidean contrast", 0.6427, toy.contrast[-1], 5e-5, "4 decimals"),
    ]
