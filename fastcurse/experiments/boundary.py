"""How near a linear boundary is: random against smallest changes, and an adversary that makes known classes peak."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from fastcurse import _validation, theory
from fastcurse.experiments._result import Check, ExperimentResult
from fastcurse.experiments._trials import run_trials
from fastcurse.robustness import boundary_distance
from fastcurse.theory.trunk_classes import class_mean
from fastcurse.trunk import make_trunk

NAME = "boundary"
QUICK = {"repeats": 4, "features": (2, 10, 100, 1000)}
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# Steps just short of the boundary and just beyond it. The tests hold 1e-9 in exact arithmetic; here w·x is rounded, by
# more than 1e-6 of itself in about one row of 10⁸.
_SHORT, _BEYOND = 1 - 1e-6, 1 + 1e-6
_FALSE_ALARMS = 1e-3
# Numbers of the notes that this project started with; medians of simulated ratios, number of draws not kept.
_MEDIAN_RATIO = {100: 14.67, 1000: 46.7, 10_000: 147.4}
_ATTACKED = {10: (0.922, 3), 100: (0.928, 3), 1000: (0.683, 3), 10_000: (0.0006, 4)}
_CURED = 0.942

CORRECTIONS = (
    "The median ratio of a random to the smallest change is 1.4826 √d only in the limit: exactly it is 1/√x with x the "
    "median of Beta(1/2, (d-1)/2), 14.73, 46.85 and 148.25 at d = 100, 1000 and 10⁴; the noted 14.67, 46.7 and 147.4 "
    "are simulated medians, .3 to .6 % below.",
    "A mean ratio does not exist: for every d > 1 it is infinite, as the line may run along the boundary.",
    "Peaking needs no estimation: with the exact means of Trunk's classes and an adversary of .1 standard deviations a "
    "feature accuracy is best at p = 39 and falls to .0006 at p = 10⁴.",
)


def run(
    *,
    repeats: int = 40,
    n_points: int = 250,
    features: tuple[int, ...] = (2, 4, 10, 20, 39, 100, 200, 400, 1000, 2000, 4000, 10_000),
    epsilon: float = 0.1,
    n_jobs: int | None = -1,
    random_state: Any = 0,
    progress: bool = False,
) -> ExperimentResult:
    """Measure how far rows of Trunk's classes are from the boundary of the rule that knows their means.

    Parameters
    ----------
    repeats : int, default=40
        Independent draws, at least 1.
    n_points : int, default=250
        Rows of each draw, at least 2, each with a random direction of its own.
    features : tuple of int, default=(2, 4, 10, 20, 39, 100, 200, 400, 1000, 2000, 4000, 10000)
        Numbers of features, increasing.
    epsilon : float, default=0.1
        Largest change of a feature that the adversary may make, in standard deviations, below 1.
    n_jobs : int or None, default=-1
        Processes, as scikit-learn means it: -1 all processors, None 1. The result is the same for any number.
    random_state : int, Generator or None, default=0
        Seed of the draws.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "accuracy" and "ratio" (both over the `features`), "curve" (closed forms at every p) and "flips".

    Examples
    --------
    >>> import fastcurse as fc
    >>> result = fc.experiments.boundary.run(repeats=2, n_points=20, features=(10, 1000), n_jobs=None)
    >>> table = result.tables["accuracy"]
    >>> table["clean"].round(1), table["attacked"].round(1)  # more features, more accurate, easier to attack
    (array([1., 1.]), array([0.9, 0.7]))
    """
    repeats = _validation.check_count(repeats, "repeats", minimum=1)
    n_points = _validation.check_count(n_points, "n_points", minimum=2)
    prefixes = _validation.check_prefixes(features, None, "features")
    epsilon = _validation.check_fraction(epsilon, "epsilon")
    n_jobs = _validation.check_jobs(n_jobs)
    seed = _validation.check_seed(random_state)
    draw = partial(_draw, n_points=n_points, prefixes=prefixes, epsilon=epsilon)
    draws = run_trials(draw, seed.spawn(repeats), "boundary", n_jobs=n_jobs, progress=progress)
    right, flipped, ratios = (np.concatenate(values, axis=-1) for values in zip(*draws, strict=True))
    curve = np.unique(np.round(np.geomspace(1, prefixes[-1], 400)).astype(np.int64))
    tables = {
        "accuracy": {
            "p": prefixes, **_forms(prefixes, epsilon),
            **{f"{name}_measured": right[k].mean(axis=1) for k, name in enumerate(("clean", "attacked", "cured"))},
        },
        "ratio": {
            "d": prefixes, **{f"q{100 * q:02.0f}": np.quantile(ratios, q, axis=1) for q in QUANTILES},
            "median_theory": np.asarray(theory.random_direction_ratio(prefixes)),
        },
        "curve": {"p": curve, **_forms(curve, epsilon)},
        "flips": {"p": prefixes, "just_short": flipped[0].mean(axis=1), "just_beyond": flipped[1].mean(axis=1)},
    }  # fmt: skip
    return ExperimentResult(
        name=NAME,
        title="The boundary is near: smallest, random and adversarial changes",
        params={
            "repeats": repeats, "n_points": n_points, "features": tuple(prefixes.tolist()), "epsilon": epsilon,
            "random_state": seed.entropy,
        },
        tables=tables,
        checks=_checks(tables, repeats * n_points, epsilon),
        corrections=CORRECTIONS,
    )  # fmt: skip


def _forms(p: np.ndarray, epsilon: float) -> dict[str, np.ndarray]:
    return {
        "clean": np.asarray(theory.bayes_accuracy(p)),
        "attacked": np.asarray(theory.adversarial_accuracy(p, epsilon)),
        "cured": np.asarray(theory.soft_threshold_accuracy(p, epsilon)),
    }


def _draw(
    generator: np.random.Generator, *, n_points: int, prefixes: np.ndarray, epsilon: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, of each prefix and row, the three rules' right labels, the two steps' flips, and the ratio."""
    X, y = make_trunk(n_points, int(prefixes[-1]), random_state=generator)
    directions = generator.standard_normal(X.shape)
    mean = class_mean(prefixes[-1])
    right = np.empty((3, prefixes.size, n_points), dtype=bool)
    flipped = np.empty((2, prefixes.size, n_points), dtype=bool)
    ratios = np.empty((prefixes.size, n_points))
    for k, p in enumerate(prefixes):
        rows, lines, w = X[:, :p], directions[:, :p], mean[:p]
        # The rule's positive side stands for class 0.
        for at, rule in ((1, w), (2, np.maximum(w - epsilon, 0.0))):
            near = boundary_distance(rule, 0.0, rows, norm=np.inf)
            right[at, k] = ((near.value > 0) == (y == 0)) & (near.distance > epsilon)
        near = boundary_distance(w, 0.0, rows)
        label = near.value > 0
        right[0, k] = label == (y == 0)
        for at, times in enumerate((_SHORT, _BEYOND)):
            flipped[at, k] = ((rows + times * near.correction) @ w > 0) != label
        along = np.abs(near.value) / np.abs(lines @ w) * np.sqrt(np.einsum("ij,ij->i", lines, lines))
        ratios[k] = along / near.distance
    return right, flipped, ratios


def _checks(tables: dict[str, dict[str, np.ndarray]], n: int, epsilon: float) -> tuple[Check, ...]:
    checks = []
    accuracy, ratio, flips = tables["accuracy"], tables["ratio"], tables["flips"]
    rate = _FALSE_ALARMS / (4 * ratio["d"].size)
    together = f"all {4 * ratio['d'].size} such checks together raise {_FALSE_ALARMS:g} false alarms"
    for d, ours, expected in zip(ratio["d"], ratio["q50"], ratio["median_theory"], strict=True):
        # The median of n ratios is beyond a quantile just when enough of n coins fall so.
        share = stats.binom.ppf([rate / 2, 1 - rate / 2], n, 0.5) / n + np.array([-1, 1]) / n
        share = np.clip(share, 0.0, 1.0)  # of few draws the interval has no ends
        tolerance = np.abs(theory.random_direction_ratio(float(d), share) - expected).max() + 1e-12
        note = f"closed form; exact interval of the median of {n} draws, {together}"
        checks.append(Check(f"median ratio of random to smallest change, d={d}", expected, ours, tolerance, note))
    for name, text in (
        ("clean", "without an adversary"),
        ("attacked", "under an adversary"),
        ("cured", "under an adversary, rule soft-thresholded"),
    ):
        for p, ours, expected in zip(accuracy["p"], accuracy[f"{name}_measured"], accuracy[name], strict=True):
            low, high = np.array(stats.binom.interval(1 - rate, n, expected)) / n
            tolerance = max(high - expected, expected - low) + 1e-9  # the interval's ends are possible shares
            note = f"closed form; exact binomial interval of {n} rows, {together}"
            checks.append(Check(f"accuracy {text}, p={p}", expected, ours, tolerance, note))
    for p, short, beyond in zip(flips["p"], flips["just_short"], flips["just_beyond"], strict=True):
        checks.append(Check(f"share flipped at (1 - 1e-6) of the correction, p={p}", 0.0, short, 0.0, "exact"))
        checks.append(Check(f"share flipped at (1 + 1e-6) of the correction, p={p}", 1.0, beyond, 0.0, "exact"))
    checks.extend(_noted_numbers(ratio, accuracy, epsilon))
    return tuple(checks)


def _noted_numbers(ratio: dict[str, np.ndarray], accuracy: dict[str, np.ndarray], epsilon: float) -> list[Check]:
    """The notes' numbers against the closed forms, which the measurements are held against above."""
    checks = []
    for d, exact in zip(ratio["d"], ratio["median_theory"], strict=True):
        if d in _MEDIAN_RATIO:
            note = "noted; a simulated median of unknown error: 1 %. See the corrections for the exact one"
            checks.append(Check(f"noted median ratio, d={d}", _MEDIAN_RATIO[d], exact, 0.01 * exact, note))
    if epsilon == 0.1:
        for p, attacked, cured in zip(accuracy["p"], accuracy["attacked"], accuracy["cured"], strict=True):
            if p in _ATTACKED:
                noted, decimals = _ATTACKED[p]
                tolerance = 0.5 * 10.0**-decimals + 1e-12
                name = f"noted accuracy under an adversary, p={p}"
                checks.append(Check(name, noted, attacked, tolerance, "closed form; half a unit of the last decimal"))
            if p in _ATTACKED and p >= 100:
                name = f"noted accuracy under an adversary, rule soft-thresholded, p={p}"
                checks.append(Check(name, _CURED, cured, 5e-4, "closed form; half a unit of the last decimal"))
    return checks
