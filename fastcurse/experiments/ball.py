"""Section 1: the unit ball empties as the dimension grows, and its volume moves into a thin shell."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse import _validation, theory
from fastcurse.balls import estimate_ball_volume
from fastcurse.engine.batches import track
from fastcurse.experiments import _ball_points
from fastcurse.experiments._result import Check, ExperimentResult, printed_decimals, printed_numbers
from fastcurse.reference import article

NAME = "ball"
QUICK = {"n_draws": 200_000, "n_points": 1000}
THICKNESS = 0.1
_FORMULA_DIMENSION = 400  # far enough to see the article's formula fail at d = 342
_MONTE_CARLO_DIMENSION = 20  # beyond this even 10⁸ draws expect about two hits
_TELESCOPING_DIMENSIONS = (2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
_DRAWS_A_FACTOR = 32  # of telescoping, at least
_ONE_PERCENT = 0.01
_ERROR_REPEATS = 10  # a root mean square of so many errors is 22 % off, the draws deduced from it 15 %

CORRECTIONS = (
    "The article's formula divides by Γ(d/2+1), which overflows: from d = 342 on it prints a volume of 0, and its "
    "shell share becomes nan. In logarithms the volume is right for any d.",
    "With an integer radius the power wraps around: the article's code gives V(63, 2) = -0.91.",
    "Table and plot computed the shell share by two different codes; here both come from one formula, 1-(1-t)^d.",
    "The wall is hit-or-miss's and not the dimension's: telescoping, a product of d - 1 integrals on a line, needs "
    "about 39 d^(4/3) draws for an error of 1 %, 400 000 at d = 1000.",
)


def run(
    *,
    max_dimension: int = 49,
    n_draws: int = 1_000_000,
    repeats: int = 8,
    n_points: int = 4000,
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
        Independent estimates at each of the dimensions 1..20 (hit-or-miss) and ten up to 1000 (telescoping).
    n_points : int, default=4000
        Random points of ball and cube, and pairs of directions, whose norms and angles are shown; of memory they take
        half a kilobyte each, and 30 MB in all.
    random_state : int, Generator, RandomState or None, default=0
        Seed of the draws. The result's `params` hold the whole number that gives the same result again.
    n_threads : int, optional
        Threads to use. None: all available.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "volume", "formula", "monte_carlo", "telescoping", "draws", "norm" and "angle".

    Examples
    --------
    >>> import fastcurse as fc
    >>> result = fc.experiments.ball.run(max_dimension=19, n_draws=20_000, repeats=2, n_points=100)
    >>> result.ok, list(result.tables)
    (True, ['volume', 'formula', 'monte_carlo', 'telescoping', 'draws', 'norm', 'angle'])
    >>> closed_form = result.tables["volume"]
    >>> int(closed_form["d"][closed_form["volume"].argmax()])  # the unit ball is largest in five dimensions
    5
    """
    max_dimension = _validation.check_count(max_dimension, "max_dimension", minimum=19)
    n_draws = _validation.check_count(n_draws, "n_draws", minimum=1)
    repeats = _validation.check_count(repeats, "repeats", minimum=1)
    n_points = _validation.check_count(n_points, "n_points", minimum=100)
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
    monte_carlo = _hit_or_miss(n_draws, repeats, seed, n_threads, progress)
    telescoping = _telescoping(n_draws, repeats, seed)
    tables = {
        "volume": volume,
        "formula": formula,
        "monte_carlo": monte_carlo,
        "telescoping": telescoping,
        "draws": _draws_for_one_percent(monte_carlo, n_draws, max(repeats, _ERROR_REPEATS), seed),
        "norm": _ball_points.norm_table(n_points, THICKNESS, np.random.default_rng(seed.spawn(1)[0])),
        "angle": _ball_points.angle_table(n_points, np.random.default_rng(seed.spawn(1)[0])),
    }
    return ExperimentResult(
        name=NAME,
        title="Volume of the unit ball, the share of its outer shell, and what sampling sees of it",
        params={
            "max_dimension": max_dimension,
            "n_draws": n_draws,
            "repeats": repeats,
            "n_points": n_points,
            "random_state": seed.entropy,
        },
        tables=tables,
        checks=_checks(tables),
        corrections=CORRECTIONS,
    )


def _hit_or_miss(n_draws: int, repeats: int, seed: np.random.SeedSequence, n_threads: Any, progress: bool) -> dict:
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


def _telescoping(n_draws: int, repeats: int, seed: np.random.SeedSequence) -> dict[str, np.ndarray]:
    cases = [d for d in _TELESCOPING_DIMENSIONS for _ in range(repeats)]
    # A quarter of hit-or-miss's draws is plenty, but at d = 1000 few would not even fill the strata.
    draws = [max(n_draws // 4, _DRAWS_A_FACTOR * (d - 1)) for d in cases]
    estimates = [
        estimate_ball_volume(d, n, method="telescoping", random_state=np.random.default_rng(child))
        for d, n, child in zip(cases, draws, seed.spawn(len(cases)), strict=True)
    ]
    return {
        "d": np.array(cases),
        "n_draws": np.array(draws),
        "log_volume": np.array([estimate.log_volume for estimate in estimates]),
        "exact_log_volume": np.asarray(theory.log_ball_volume(cases)),
        "standard_error": np.array([estimate.standard_error for estimate in estimates]),
        "z_score": np.array([estimate.z_score for estimate in estimates]),
    }


def _draws_for_one_percent(
    monte_carlo: dict, n_draws: int, repeats: int, seed: np.random.SeedSequence
) -> dict[str, np.ndarray]:
    """Return the draws that a relative error of 1 % costs either method, by closed form and as measured.

    Measured: the root mean square error of repeated estimates, carried to 1 % by the method's rate, n^-1/2 or n^-3/2;
    nan where not measured, for hit-or-miss where fewer than ten hits are expected.
    """
    d = np.union1d(np.arange(2, _MONTE_CARLO_DIMENSION + 1), _TELESCOPING_DIMENSIONS)
    counted, needed = np.full((2, len(d)), np.nan)
    for at, (dimension, child) in enumerate(zip(d.tolist(), seed.spawn(len(d)), strict=True)):
        rows = monte_carlo["d"] == dimension
        if rows.any() and monte_carlo["expected_hits"][rows][0] >= 10:
            errors = monte_carlo["volume"][rows] / monte_carlo["exact_volume"][rows] - 1.0
            counted[at] = n_draws * np.mean(errors**2) / _ONE_PERCENT**2
        if dimension in _TELESCOPING_DIMENSIONS:
            draws = max(round(39 * dimension ** (4 / 3)), _DRAWS_A_FACTOR * (dimension - 1))
            generator = np.random.default_rng(child)
            estimates = [
                estimate_ball_volume(dimension, draws, method="telescoping", random_state=generator).log_volume
                for _ in range(repeats)
            ]
            error = np.sqrt(np.mean((np.array(estimates) - theory.log_ball_volume(dimension)) ** 2))
            needed[at] = draws * (error / _ONE_PERCENT) ** (2 / 3)
    log_q = np.asarray(theory.log_hit_probability(d))
    return {
        "d": d,
        "hit_or_miss_log10": (np.log(-np.expm1(log_q)) - log_q) / np.log(10.0) - 2.0 * np.log10(_ONE_PERCENT),
        "hit_or_miss_measured": counted,
        "telescoping_measured": needed,
    }


def _checks(tables: dict[str, dict]) -> tuple[Check, ...]:
    volume, formula, monte_carlo = tables["volume"], tables["formula"], tables["monte_carlo"]
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
    return (*checks, *_sampling_checks(tables))


def _sampling_checks(tables: dict[str, dict]) -> list[Check]:
    table = tables["telescoping"]
    pooled = [table["z_score"][table["d"] == d].sum() / np.sqrt((table["d"] == d).sum()) for d in np.unique(table["d"])]
    points = np.concatenate(
        [tables["norm"]["shell_z_score"], tables["norm"]["cube_z_score"], tables["angle"]["z_score"]]
    )
    return [
        Check(
            "largest pooled |z| of telescoping, d = 2 to 1000",
            0.0,
            float(np.abs(pooled).max()),
            4.5,
            f"{len(pooled)} dimensions; a false alarm in about 1 of 10 000 runs",
        ),
        Check(
            "largest |z| of norms and angles of random points",
            0.0,
            float(np.abs(points).max()),
            5.0,
            "shell share, mean squared norm in the cube, mean squared cosine, ten dimensions each; "
            "a false alarm in about 1 of 10 000 runs",
        ),
    ]
