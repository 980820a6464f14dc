"""Section 1: the unit ball empties as the dimension grows, and its volume moves into a thin shell."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse import _validation, theory
from fastcurse.balls import estimate_ball_volume
from fastcurse.engine.batches import track
from fastcurse.experiments._result import Check, ExperimentResult, printed_decimals, printed_numbers
from fastcurse.reference import article

NAME = "ball"
QUICK = {"n_draws": 200_000}
THICKNESS = 0.1
_FORMULA_DIMENSION = 400  # far enough to see the article's formula fail at d = 342
_MONTE_CARLO_DIMENSION = 20  # beyond this even 10⁸ draws expect about two hits

CORRECTIONS = (
    "The article's formula divides by Γ(d/2+1), which overflows: from d = 342 on it prints a volume of 0, and its "
    "shell share becomes nan. In logarithms the volume is right for any d.",
    "With an integer radius the power wraps around: the article's code gives V(63, 2) = -0.91.",
    "Table and plot computed the shell share by two different codes; here both come from one formula, 1-(1-t)^d.",
)


def run(
    *,
    max_dimension: int = 49,
    n_draws: int = 1_000_000,
    repeats: int = 8,
    random_state: Any = 0,
    n_threads: int | None = None,
    progress: bool = False,
) -> ExperimentResult:
    """Tabulate the ball's volume and shell share, and check the volume by hit-or-miss Monte Carlo.

    Parameters
    ----------
    max_dimension : int, default=49
        Largest dimension of the article's two figures; at least 19, the length of its tables.
    n_draws : int, default=1_000_000
        Points drawn for each estimate.
    repeats : int, default=8
        Independent estimates at each of the dimensions 1..20.
    random_state : int, Generator or None, default=0
        Seed of the draws.
    n_threads : int, optional
        Threads to use. None: all available.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "volume", "formula" and "monte_carlo".
    """
    max_dimension = _validation.check_count(max_dimension, "max_dimension", minimum=19)
    n_draws = _validation.check_count(n_draws, "n_draws", minimum=1)
    repeats = _validation.check_count(repeats, "repeats", minimum=1)
    seed = _validation.check_seed(random_state)
    d = np.arange(1, max_dimension + 1)
    volume: dict[str, np.ndarray] = {
        "d": d,
        "volume": np.asarray(theory.ball_volume(d)),
        "shell_fraction": np.asarray(theory.shell_fraction(d, THICKNESS)),
    }
    far = np.arange(1, _FORMULA_DIMENSION + 1)
    formula: dict[str, np.ndarray] = {
        "d": far,
        "log10_volume": theory.log_ball_volume(far) / np.log(10),
        "article_volume": article.ball_volume(far),
        "article_shell_fraction": article.shell_fraction(far, THICKNESS),
        "shell_fraction": np.asarray(theory.shell_fraction(far, THICKNESS)),
    }
    monte_carlo = _estimate(n_draws, repeats, seed, n_threads, progress)
    return ExperimentResult(
        name=NAME,
        title="Volume of the unit ball, and the share of its outer shell",
        params={
            "max_dimension": max_dimension,
            "n_draws": n_draws,
            "repeats": repeats,
            "random_state": random_state,
        },
        tables={"volume": volume, "formula": formula, "monte_carlo": monte_carlo},
        checks=_checks(volume, formula, monte_carlo),
        corrections=CORRECTIONS,
    )


def _estimate(n_draws: int, repeats: int, seed: np.random.SeedSequence, n_threads: Any, progress: bool) -> dict:
    cases = [(d, repeat) for d in range(1, _MONTE_CARLO_DIMENSION + 1) for repeat in range(repeats)]
    generators = [np.random.default_rng(child) for child in seed.spawn(len(cases))]
    estimates = [
        estimate_ball_volume(d, n_draws, random_state=generator, n_threads=n_threads)
        for (d, _), generator in track(list(zip(cases, generators, strict=True)), "ball", enabled=progress)
    ]
    d, repeat = np.array(cases).T
    return {
        "d": d,
        "repeat": repeat,
        "hits": np.array([estimate.hits for estimate in estimates]),
        "expected_hits": np.array([estimate.expected_hits for estimate in estimates]),
        "volume": np.array([estimate.volume for estimate in estimates]),
        "low": np.array([estimate.interval[0] for estimate in estimates]),
        "high": np.array([estimate.interval[1] for estimate in estimates]),
        "exact_volume": theory.ball_volume(d),
        "z_score": np.array([estimate.z_score for estimate in estimates]),
    }


def _checks(volume: dict, formula: dict, monte_carlo: dict) -> tuple[Check, ...]:
    checks = []
    printed = printed_numbers(NAME)
    for column, ours in (("volume", "volume"), ("shell_fraction_0.1", "shell_fraction")):
        decimals = printed_decimals(NAME, column)
        for d, number, places in zip(printed["d"].astype(int), printed[column], decimals, strict=True):
            checks.append(
                Check(
                    f"{ours} d={d}",
                    number,
                    round(float(volume[ours][d - 1]), int(places)),
                    0.0,
                    f"equal in all {places} printed decimals",
                )
            )
    checks.append(
        Check(
            "volume d=3, all digits",
            4.188790204786391,
            volume["volume"][2],
            2e-15,
            "two units in the last place",
        )
    )
    zero = formula["d"][formula["article_volume"] == 0][0]
    checks.append(Check("first d where the article's formula gives 0", 342, int(zero), 0, "exact"))
    wrapped = article.ball_volume(63, np.int64(2))
    checks.append(
        Check("the article's V(63, 2) with an integer radius", -0.91, wrapped, 0.005, "printed to 2 decimals")
    )
    d = monte_carlo["d"]
    scores = [monte_carlo["z_score"][(d == k) & (monte_carlo["expected_hits"] >= 10)] for k in range(2, 21)]
    pooled = np.array([z.sum() / np.sqrt(z.size) for z in scores if z.size])
    if pooled.size:
        largest = float(np.abs(pooled).max())
        note = f"{pooled.size} dimensions with at least 10 expected hits; a false alarm in about 1 of 10 000 runs"
        checks.append(Check("largest pooled |z| of hit-or-miss", 0.0, largest, 4.5, note))
    covered = (monte_carlo["low"] <= monte_carlo["exact_volume"]) & (monte_carlo["exact_volume"] <= monte_carlo["high"])
    checks.append(
        Check(
            "share of the 95 % intervals that hold the exact volume",
            0.975,
            float(covered.mean()),
            0.025 + 4 * np.sqrt(0.95 * 0.05 / covered.size),
            "Clopper-Pearson covers at least .95; lower edge 4 binomial standard errors below it",
        )
    )
    return tuple(checks)
