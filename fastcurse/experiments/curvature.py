"""How curved a loss is: spectra of random Hessians, the largest stable step, batch size, and what random slices see."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from fastcurse import _validation, theory
from fastcurse.engine.blas import one_blas_thread
from fastcurse.experiments import _curvature_random as random_part
from fastcurse.experiments import _curvature_training as training_part
from fastcurse.experiments._curvature_checks import checks
from fastcurse.experiments._result import ExperimentResult
from fastcurse.experiments._trials import run_trials

NAME = "curvature"
QUICK = {
    "n_samples": 200, "repeats": 8, "n_directions": 1000, "descent_steps": 300, "training_repeats": 2,
    "training_steps": 300,
}  # fmt: skip

CORRECTIONS = (
    "The largest stable steps 1.16 and .90 at g = .1 and .25 are those of a sample; in the limit they are 1.154 and "
    ".889. A sample's largest eigenvalue lies below the edge, by about n^(-2/3) of it.",
    "Of steps of .5, 1 and 1.05 times 2/λ_max the second is the best only for a handful of steps. At 2/λ_max exactly "
    "the sharpest direction only changes its sign, so that the loss stays on a plateau: the share of it that this "
    "direction holds. The best fixed step is 2/(λ_max + λ_min), of the limit a share of (1+√g)²/(2+2g): "
    ".79 at g = .1, .97 at .5 and just below 1 at g = 1.",
    "'Large batches find sharp minima' depends on what is held equal. After the same number of steps they do; after "
    "the same number of epochs the order turns round, for they have made fewer steps and are hardly trained; at the "
    "same loss little of it is left at a small learning rate.",
    "A flat random slice says nothing of sharpness. It sees the mean eigenvalue tr H/d: 1.9 where the largest is 900, "
    "and none of thousands of directions sees a fiftieth of that.",
)


def run(
    *,
    n_samples: int = 1000,
    repeats: int = 12,
    n_directions: int = 4000,
    descent_steps: int = 1000,
    training_repeats: int = 4,
    training_steps: int = 3000,
    n_jobs: int | None = -1,
    random_state: Any = 0,
    progress: bool = False,
) -> ExperimentResult:
    """Measure the curvature of least squares on random rows, and of a small tanh network, and what follows from it.

    Parameters
    ----------
    n_samples : int, default=1000
        Rows n of each random Hessian X'X / n, at least 20, with p = g n features, g = .1 to 4; descent takes n/2 rows.
    repeats : int, default=12
        Draws of the random Hessians, at least 2.
    n_directions : int, default=4000
        Random directions on the Hessian with one sharp direction, at least 100.
    descent_steps : int, default=1000
        Steps of gradient descent on least squares, at least 100.
    training_repeats : int, default=4
        Draws of rows and start for the network, at least 2.
    training_steps : int, default=3000
        Steps of its training at each learning rate and batch size, at least 64.
    n_jobs : int or None, default=-1
        Processes, as scikit-learn means it: -1 all processors, None 1. The result is the same for any number.
    random_state : int, Generator or None, default=0
        Seed of all draws.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "edges", "spectrum", "descent", "sharp" and "slopes" of least squares; "training", "network",
        "directions", "slices" and "planes" of the network.

    Notes
    -----
    About 20 s on two cores at the default size.

    Examples
    --------
    >>> import fastcurse as fc
    >>> small = {"n_samples": 50, "repeats": 2, "n_directions": 100, "descent_steps": 100}
    >>> result = fc.experiments.curvature.run(**small, training_repeats=2, training_steps=64, n_jobs=None)
    >>> edges = result.tables["edges"]
    >>> edges["largest_mean"].round(1), edges["upper_edge"].round(1)
    (array([1.3, 2.1, 2.8, 3.8, 5.7, 9. ]), array([1.7, 2.2, 2.9, 4. , 5.8, 9. ]))
    """
    n_samples = _validation.check_count(n_samples, "n_samples", minimum=20)
    repeats = _validation.check_count(repeats, "repeats", minimum=2)
    n_directions = _validation.check_count(n_directions, "n_directions", minimum=100)
    descent_steps = _validation.check_count(descent_steps, "descent_steps", minimum=100)
    training_repeats = _validation.check_count(training_repeats, "training_repeats", minimum=2)
    training_steps = _validation.check_count(training_steps, "training_steps", minimum=64)
    n_jobs = _validation.check_jobs(n_jobs)
    seed = _validation.check_seed(random_state)
    spectra_seed, training_seed, sharp_seed, network_seed = seed.spawn(4)
    draws = run_trials(
        partial(random_part.spectra, n_samples=n_samples, n_steps=descent_steps),
        spectra_seed.spawn(repeats), "random Hessians", n_jobs=n_jobs, progress=progress,
    )  # fmt: skip
    spectra = random_part.Spectra(*(np.array(values) for values in zip(*draws, strict=True)))
    runs = run_trials(
        partial(training_part.train, n_steps=training_steps), training_seed.spawn(training_repeats), "training",
        n_jobs=n_jobs, progress=progress,
    )  # fmt: skip
    training = training_part.Training(*(np.array(values) for values in zip(*runs, strict=True)))
    with one_blas_thread():
        sharp = random_part.sharp_direction(np.random.default_rng(sharp_seed), n_directions=n_directions)
        around = training_part.surroundings(np.random.default_rng(network_seed), n_steps=training_steps)
    return ExperimentResult(
        name=NAME,
        title="Curvature: the largest stable step, batch size, and what a slice of the loss shows",
        params={
            "n_samples": n_samples, "repeats": repeats, "n_directions": n_directions, "descent_steps": descent_steps,
            "training_repeats": training_repeats, "training_steps": training_steps,
            "random_state": seed.entropy,
        },
        tables={
            "edges": _edges_table(spectra, n_samples),
            "spectrum": _spectrum_table(spectra, n_samples),
            "descent": _descent_table(spectra, descent_steps),
            **_sharp_tables(sharp),
            "training": _training_table(training),
            **_network_tables(around),
        },
        checks=checks(spectra, sharp, around, n_samples=n_samples, n_steps=descent_steps),
        corrections=CORRECTIONS,
    )  # fmt: skip


def _edges_table(spectra: random_part.Spectra, n_samples: int) -> dict[str, np.ndarray]:
    g = np.array(random_part.RATIOS)
    low, high = theory.marchenko_pastur_edges(g)
    return {
        "g": g,
        "p": np.round(g * n_samples).astype(int),
        "largest_mean": spectra.largest.mean(axis=0),
        "largest_sd": spectra.largest.std(axis=0, ddof=1),
        "largest_expected": np.array([random_part.largest_eigenvalue_law(n_samples, ratio)[0] for ratio in g]),
        "upper_edge": high,
        "smallest_mean": spectra.smallest.mean(axis=0),
        "lower_edge": low,
        "largest_stable_step": (2.0 / spectra.largest).mean(axis=0),
        "largest_stable_step_limit": theory.largest_stable_step(g),
        "best_step_share": (1.0 + np.sqrt(g)) ** 2 / (2.0 + 2.0 * g),
        "relative_error": spectra.error.max(axis=0),
    }


def _spectrum_table(spectra: random_part.Spectra, n_samples: int) -> dict[str, np.ndarray]:
    """Histograms of the positive eigenvalues of all draws, a share of all p in a unit of their size."""
    columns: dict[str, list[np.ndarray]] = {"g": [], "low": [], "high": [], "density": [], "law": []}
    for at, ratio in enumerate(random_part.RATIOS):
        ends = random_part.bin_edges(ratio)
        width, p = ends[1], round(ratio * n_samples)
        columns["g"].append(np.full(ends.size - 1, ratio))
        columns["low"].append(ends[:-1])
        columns["high"].append(ends[1:])
        columns["density"].append(spectra.counts[:, at].mean(axis=0) / (p * width))
        columns["law"].append(np.diff(random_part.shares_below(ends, ratio)) / width)
    return {name: np.concatenate(values) for name, values in columns.items()}


def _descent_table(spectra: random_part.Spectra, n_steps: int) -> dict[str, np.ndarray]:
    """Losses of a start of the first draw by each share of its largest stable step, and their expectation."""
    grid = random_part.step_grid(n_steps)
    # The start of the median share: that share is the height of the plateau.
    start = int(np.argsort(spectra.sharpest_share[0])[random_part.N_STARTS // 2])
    table = {"step": grid}
    for at, share in enumerate(random_part.STEP_SHARES):
        table[f"loss_{share:g}"] = spectra.losses[0, start, at]
        if share in random_part.EXPECTED_SHARES:
            table[f"expected_{share:g}"] = random_part.expected_loss(grid, spectra.steps[0, at])
    table["share_at_limit_below_half"] = (spectra.losses[:, :, 3] < spectra.losses[:, :, 1]).mean(axis=(0, 1))
    table["sharpest_share"] = np.full(grid.size, spectra.sharpest_share[0, start])
    return table


def _sharp_tables(sharp: random_part.SharpDirection) -> dict[str, dict[str, np.ndarray]]:
    d = random_part.N_SHARP_FEATURES
    mean, variance = theory.random_direction_curvature(sharp.trace, sharp.squares, d)
    row = {
        "d": d, "largest_eigenvalue": sharp.eigenvalues[0], "second_eigenvalue": sharp.eigenvalues[1],
        "slope_mean": sharp.slopes.mean(), "slope_mean_exact": mean, "slope_sd": sharp.slopes.std(),
        "slope_sd_exact": np.sqrt(variance), "largest_slope": sharp.slopes.max(),
    }  # fmt: skip
    return {
        "sharp": {name: np.array([value]) for name, value in row.items()},
        "slopes": {"slope": np.sort(sharp.slopes)},
    }


def _training_table(training: training_part.Training) -> dict[str, np.ndarray]:
    """One row a learning rate and batch size; `level_share` is how many runs reached the level of loss at all."""
    shape = (len(training_part.LEARNING_RATES), len(training_part.BATCH_SIZES))
    table = {
        "learning_rate": np.repeat(training_part.LEARNING_RATES, shape[1]),
        "batch_size": np.tile(training_part.BATCH_SIZES, shape[0]),
    }
    for name, values in training._asdict().items():
        reached = np.isfinite(values[..., 0]).sum(axis=0)
        kept = np.where(np.isfinite(values), values, 0.0)
        mean = np.full((*shape, 2), np.nan)
        np.divide(kept.sum(axis=0), reached[..., None], out=mean, where=reached[..., None] > 0)
        spread = np.where(np.isfinite(values[..., 0]), (values[..., 0] - mean[..., 0]) ** 2, 0.0).sum(axis=0)
        sd = np.full(shape, np.nan)
        np.divide(spread, reached - 1, out=sd, where=reached > 1)
        table[f"{name}_eigenvalue_mean"] = mean[..., 0].ravel()
        table[f"{name}_eigenvalue_sd"] = np.sqrt(sd).ravel()
        table[f"{name}_loss_mean"] = mean[..., 1].ravel()
        if name == "level":
            table["level_share"] = reached.ravel() / len(values)
    return table


def _network_tables(around: training_part.Surroundings) -> dict[str, dict[str, np.ndarray]]:
    d, rank = around.exact.size, np.arange(1, around.exact.size + 1)
    top = np.full(d, np.nan)
    top[: around.top.eigenvalues.size] = around.top.eigenvalues
    names = ["leading", *(f"random_{at + 1}" for at in range(training_part.N_RANDOM_DIRECTIONS))]
    first, second = (axis.ravel() for axis in np.meshgrid(around.reach, around.reach))
    return {
        "network": {"rank": rank, "eigenvalue": around.exact, "top_curvature": top},
        "directions": {
            "slope": np.append(around.top.eigenvalues[0], around.random_slopes[: len(names) - 1]),
            "loss": np.full(len(names), around.loss),
            "length_of_parameters": np.full(len(names), around.length),
        },
        "slices": {"reach": around.reach, **dict(zip(names, around.along, strict=True))},
        "planes": {
            "first": first, "second": second, "leading": around.leading_plane.ravel(),
            "random": around.random_plane.ravel(),
        },
    }  # fmt: skip
