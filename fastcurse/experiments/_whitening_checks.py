"""Checks of the whitening experiment: exact laws of the distances, closed forms of the rules, and noted numbers."""

from __future__ import annotations

import numpy as np

from fastcurse.experiments._result import Check, family_sigmas

_FALSE_ALARMS = 1e-3
# What the closed forms leave out, the noise along the mean: no mean of 32 draws at N = 500 is off by more than this,
# nor by more than 2.5 of its standard errors.
_MODEL = {"whitened": 0.003, "before": 0.003, "plain": 0.0003, "after": 0.003}
_AFTER_FROM = 5  # components: of fewer the share of the signal that they hold is too random for a mean to tell
# Numbers of the notes that this project started with, at N = 500: closed form, simulation, and not whitening.
_NOTED = {101: (0.926, 0.927, 0.987), 501: (0.796, 0.794, 0.9925), 991: (0.729, 0.728, 0.9925)}
_NOTED_LDA = 0.9774  # at p = 101
_ROUNDING = 1e-12
_TEXT = {
    ("whitened", False): "whitened", ("plain", False): "not whitened", ("before", True): "truncated, then whitened",
    ("plain", True): "truncated", ("after", True): "whitened, then truncated",
}  # fmt: skip


def make_checks(
    tables: dict[str, dict[str, np.ndarray]], n_samples: int, repeats: int, off: float
) -> tuple[Check, ...]:
    """Return all checks of the experiment's tables; `off` is how far "own" is from linear discriminant analysis."""
    distances, accuracy, truncation = (tables[name] for name in ("distances", "accuracy", "truncation"))
    return (
        *_distance_checks(distances, repeats),
        *_rule_checks(accuracy, truncation, repeats),
        *(_noted_numbers(accuracy, truncation, repeats) if n_samples == 500 else ()),
        Check("accuracy of own whitening beyond linear discriminant analysis", 0.0, off, 1e-9,
              "the same rule (Sherman-Morrison), p < N - 1; rounding, times the condition of the covariance"),
    )  # fmt: skip


def _distance_checks(table: dict[str, np.ndarray], repeats: int) -> list[Check]:
    checks = []
    full = table["n"] - 1 <= table["d"]
    note = "exact: the span is all that is orthogonal to (1, ..., 1); rounding"
    for at in np.flatnonzero(full).tolist():
        n, equal = table["n"][at], float(table["equal_distance"][at])
        checks.append(Check(f"largest contrast, whitened, n={n}", 0.0, table["contrast_largest"][at], _ROUNDING, note))
        for side in ("nearest_smallest", "farthest_largest"):
            name = f"{side.split('_')[0]} distance, whitened, n={n}"
            checks.append(Check(name, equal, table[side][at], _ROUNDING * equal, note))
    wide = family_sigmas(repeats, 2 * table["n"].size, _FALSE_ALARMS)
    together = (
        f"exact expectation of normal points; {wide:.1f} standard errors: all such raise {_FALSE_ALARMS:g} alarms"
    )
    for at, n in enumerate(table["n"]):
        for name, expected in (("var_sq", table["var_sq_theory"][at]), ("var_sq_raw", table["var_sq_raw_theory"][at])):
            if name == "var_sq_raw" or not full[at]:
                text = f"variance of squared distances, {'raw' if 'raw' in name else 'whitened'}, n={n}"
                tolerance = wide * table[f"{name}_sd"][at] / np.sqrt(repeats)
                checks.append(Check(text, expected, table[name][at], tolerance, together))
        expected = float(table["mean_sq_theory"][at])
        name = f"mean of squared distances, whitened, n={n}"
        checks.append(
            Check(name, expected, table["mean_sq"][at], _ROUNDING * expected, "exact: 2 min(d, n-1); rounding")
        )
    worst = float(table["pca_zca_difference"].max())
    checks.append(Check("PCA and ZCA whitening: distances differ by", 0.0, worst, _ROUNDING, "a rotation; rounding"))
    return checks


def _rule_checks(accuracy: dict[str, np.ndarray], truncation: dict[str, np.ndarray], repeats: int) -> list[Check]:
    rows = [(accuracy, at, name, "") for at in range(accuracy["p"].size) for name in ("whitened", "plain")]
    rows += [
        (truncation, at, name, f", k={k}")
        for at, k in enumerate(truncation["k"]) for name in ("before", "plain", "after")
        if name != "after" or k >= _AFTER_FROM
    ]  # fmt: skip
    wide = family_sigmas(repeats, len(rows), _FALSE_ALARMS)
    checks = []
    for table, at, name, kept in rows:
        note = (
            f"closed form, which is right to {_MODEL[name]}; {wide:.1f} standard errors: all such raise "
            f"{_FALSE_ALARMS:g} alarms"
        )
        tolerance = _MODEL[name] + wide * table[f"{name}_sd"][at] / np.sqrt(repeats)
        text = f"accuracy, {_TEXT[name, bool(kept)]}, p={table['p'][at]}{kept}"
        checks.append(Check(text, float(table[f"{name}_theory"][at]), table[name][at], tolerance, note))
    return checks


def _noted_numbers(accuracy: dict[str, np.ndarray], truncation: dict[str, np.ndarray], repeats: int) -> list[Check]:
    checks = []
    for at, p in enumerate(accuracy["p"].tolist()):
        if p in _NOTED:
            form, simulated, plain = _NOTED[p]
            half = "closed form; half a unit of the last decimal"
            wide = 4.5 * accuracy["whitened_sd"][at] * np.sqrt(2 / repeats)
            checks += [
                Check(f"noted accuracy, whitened, p={p}", form, float(accuracy["whitened_theory"][at]), 5e-4, half),
                Check(f"noted accuracy, not whitened, p={p}", plain, float(accuracy["plain_theory"][at]), 5e-4, half),
                Check(f"noted simulation, whitened, p={p}", simulated, accuracy["whitened"][at], 5e-4 + wide,
                      "half a unit; 4.5 standard errors of a mean of as many draws, and of ours"),
            ]  # fmt: skip
    for last in np.flatnonzero((truncation["p"] == 101) & (truncation["k"] == 101)):
        wide = 4.5 * truncation["own_sd"][last] * np.sqrt(2 / repeats)
        name = "noted accuracy of linear discriminant analysis, p=101: whitened on its own rows"
        note = "half a unit; 4.5 standard errors of a mean of as many draws, and of ours"
        checks.append(Check(name, _NOTED_LDA, truncation["own"][last], 5e-5 + wide, note))
    return checks
