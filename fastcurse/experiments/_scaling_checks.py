"""Checks of the scaling experiment: the closed form of the extremes, exact laws, and earlier measurements of trees."""

from __future__ import annotations

import numpy as np
from scipy import stats

from fastcurse import theory
from fastcurse.experiments._result import Check
from fastcurse.experiments._tree_share import earlier_checks, excess_check, rising_check, suited_row

Tables = dict[str, dict[str, np.ndarray]]

RATE = 1e-3  # false alarms a run of all checks against the closed form together
# What the closed form leaves out: .2 % of the saddle point and of dependence; far pairs share their outliers.
_MODEL = {"nearest": 0.005, "farthest": 0.01}


def make_checks(tables: Tables) -> tuple[Check, ...]:
    """Return all checks of the experiment's tables."""
    embedded = {name: column[:1] for name, column in tables["embedded"].items()}
    n_checks = 2 * (tables["growth"]["d"].size + tables["dimension"]["d"].size + 1)
    return (
        *_closed_form(tables["growth"], "_median", n_checks),
        *_nested(tables["draws"]),
        *_closed_form({**tables["dimension"], "draws": np.ones_like(tables["dimension"]["d"])}, "", n_checks),
        *_rising(tables["dimension"]),
        *_closed_form({**embedded, "draws": np.ones(1, dtype=int)}, "", n_checks),
        *_isometry(tables["embedded"]),
        *_shares(tables["dimension"]),
        *_saved(tables["dimension"], tables["embedded"]),
    )


def median_band(probability: float, draws: int) -> tuple[float, float]:
    """Return two levels: the median of so many draws of any law lies between their quantiles with `probability`.

    The k-th smallest of r draws has the level Beta(k, r + 1 - k); an even r's median lies between its two middle ones.
    """
    low, high = (draws + 1) // 2, draws // 2 + 1
    beyond = (1 - probability) / 2
    return float(stats.beta.ppf(beyond, low, draws + 1 - low)), float(stats.beta.isf(beyond, high, draws + 1 - high))


def _closed_form(table: dict[str, np.ndarray], suffix: str, n_checks: int) -> list[Check]:
    """Extremes within the quantiles that the Poisson law gives their median, all checks at `RATE` together."""
    checks = []
    own = table.get("intrinsic", table["d"])
    for at, (n, d, draws) in enumerate(zip(table["n_samples"], table["d"], table["draws"], strict=True)):
        levels = np.array(median_band(1 - RATE / n_checks, int(draws)))
        for side, model in _MODEL.items():
            expected = float(table[f"{side}_theory"][at])
            ours = float(table[side + suffix][at])
            low, high = np.asarray(theory.extreme_distance_quantile(levels, n, own[at], side=side))
            wide = float(high - expected if ours > expected else expected - low)
            note = f"closed form; quantiles {levels[0]:.2g} and {levels[1]:.2g}, and {100 * model:g} % of the distance"
            name = f"{side} distance n={n}, D={d}" + (f", intrinsic {own[at]}" if own[at] != d else "")
            checks.append(Check(name, expected, ours, wide + model * expected, note))
    return checks


def _nested(draws: dict[str, np.ndarray]) -> list[Check]:
    """Of one draw, smaller data sets are the first rows of larger ones."""
    worst = {"nearest": 0.0, "farthest": 0.0}
    for draw in np.unique(draws["draw"]):
        for side, sign in (("nearest", -1), ("farthest", 1)):
            steps = sign * np.diff(draws[side][draws["draw"] == draw])
            worst[side] = max(worst[side], float(np.max(-steps, initial=0.0)))
    note = "exact: the smaller data sets are the first rows of the larger"
    return [
        Check("largest rise of the nearest distance with more points", 0.0, worst["nearest"], 0.0, note),
        Check("largest fall of the farthest distance with more points", 0.0, worst["farthest"], 0.0, note),
    ]


def _rising(table: dict[str, np.ndarray]) -> list[Check]:
    """Narrower data sets are the first features of wider ones, and distances never fall with a feature."""
    note = "exact: the narrower data sets are the first features of the wider"
    return [
        Check(f"largest fall of the {side} distance with more features", 0.0, _fall(table[side]), 0.0, note)
        for side in ("nearest", "farthest")
    ]


def _isometry(table: dict[str, np.ndarray]) -> list[Check]:
    """Rotated into more features, the same points keep their distances."""
    note = "the same points rotated; float64 coordinates round to 1e-16 of the cube, the nearest is above 1e-6 of it"
    return [
        Check(
            f"{side} distance, intrinsic {table['intrinsic'][0]}, D={d}", table[side][0], ours, 1e-9 * table[side][0],
            note,
        )
        for side in ("nearest", "farthest")
        for d, ours in zip(table["d"][1:], table[side][1:], strict=True)
    ]  # fmt: skip


def _shares(table: dict[str, np.ndarray]) -> list[Check]:
    """Uniform points: boxes dismiss less, and trees read more, with every feature."""
    checks = [
        Check("largest rise of the share of pairs that boxes dismiss, with more features", 0.0,
              _fall(-table["share_boxed"]), 0.02, "counts depend a little on how early good bounds are found"),
        rising_check(table),
    ]  # fmt: skip
    checks.extend(earlier_checks(table))
    if table["d"][-1] >= 30 and table["n_samples"][0] <= 100_000:
        name = f"share that a k-d tree reads, D={table['d'][-1]}: all"
        note = "earlier: .997 at D = 30 and 76 000 points, more in higher dimension"
        checks.append(Check(name, 1.0, float(table["tree_share"][-1]), 0.01, note))
    return checks


def _saved(uniform: dict[str, np.ndarray], embedded: dict[str, np.ndarray]) -> list[Check]:
    """What an index saves is decided by the intrinsic dimension, whatever the number of features."""
    own = int(embedded["intrinsic"][0])
    row = suited_row(uniform, own)
    if row is None:
        return []
    tree = excess_check(uniform, embedded, row)
    missing = uniform["share_boxed"][row] - embedded["share_boxed"]
    name = f"intrinsic {own}: pairs that boxes fail to dismiss"
    return [Check(name, 0.0, float(np.max(missing, initial=0.0)), 0.0, tree.note), tree]


def _fall(values: np.ndarray) -> float:
    """Return the largest step down, 0 if there is none."""
    return float(np.max(-np.diff(values), initial=0.0)) + 0.0  # no negative zero
