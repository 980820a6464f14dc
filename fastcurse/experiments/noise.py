"""Section 4b: enough features fit any labels, and predict none."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.optimize import linprog
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import LinearSVC

from fastcurse import _validation, theory
from fastcurse.discriminant import PrefixLDA
from fastcurse.engine.batches import track
from fastcurse.experiments._result import Check, ExperimentResult, printed_numbers

NAME = "noise"
_SMALL_ROWS, _SMALL_DRAWS = 50, 120
QUICK = {"step": 160, "separable_at": ()}  # a linear program takes a third of a second

CORRECTIONS = (
    "One draw, in which all prefixes share rows and labels: the bands over fresh draws show what is chance.",
    "The printed test accuracies average .4818, which reads as worse than a coin; they share one test set, and the "
    "mean lies .8 standard errors below 1/2.",
    "Training accuracy 1.0 at p = 321 is not where the classes become separable: a soft-margin machine gets there "
    "later than linear separability, which Cover's theorem puts at one half for p = 249.",
)


def run(
    *,
    n_samples: int = 1000,
    n_features: int = 500,
    repeats: int = 8,
    step: int = 20,
    separable_at: tuple[int, ...] = (241, 249, 261, 281),
    random_state: Any = 0,
    progress: bool = False,
) -> ExperimentResult:
    """Fit random labels with a linear support vector machine and LDA, at growing numbers of features.

    Parameters
    ----------
    n_samples : int, default=1000
        Rows of each draw, half of them for training.
    n_features : int, default=500
        Standard normal features.
    repeats : int, default=8
        Independent draws, at least 2.
    step : int, default=20
        Distance of the prefixes 1, 1 + step, ...
    separable_at : tuple of int, default=(241, 249, 261, 281)
        Prefixes at which a linear program decides separability, increasing.
    random_state : int, Generator or None, default=0
        Seed of the draws.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "svm", "lda", "separable", "small_separable" (50 rows, 120 draws) and "article".
    """
    n_samples = _validation.check_count(n_samples, "n_samples", minimum=20)
    n_features = _validation.check_count(n_features, "n_features", minimum=2)
    repeats = _validation.check_count(repeats, "repeats", minimum=2)
    step = _validation.check_count(step, "step", minimum=1)
    separable = _validation.check_prefixes(separable_at, n_features) if len(separable_at) else np.empty(0, np.int64)
    n_train = n_samples // 2
    svm_prefixes = np.arange(1, n_features + 1, step)
    lda_prefixes = np.arange(1, min(n_features, n_train - 3) + 1)
    draw_seed, small_seed = _validation.check_seed(random_state).spawn(2)
    draws = [
        _draw(np.random.default_rng(seed), n_samples, n_features, svm_prefixes, lda_prefixes, separable)
        for seed in track(draw_seed.spawn(repeats), "noise", enabled=progress)
    ]
    svm, lda, shares = (np.array(values) for values in zip(*draws, strict=True))
    tables = {
        "svm": {
            "p": svm_prefixes, **_mean_and_sd("train", svm[:, 0]), **_mean_and_sd("test", svm[:, 1]),
            "train_first_draw": svm[0, 0].copy(), "test_first_draw": svm[0, 1].copy(),
        },
        "lda": {
            "p": lda_prefixes, **_mean_and_sd("train", lda[:, 0]), **_mean_and_sd("test", lda[:, 1]),
            "train_theory": theory.training_accuracy(lda_prefixes, n_train),
        },
        "separable": {
            "p": separable, "share": shares.mean(axis=0),
            "cover": theory.separable_probability(separable, n_train),
        },
        "small_separable": _small_separable_table(np.random.default_rng(small_seed)),
    }  # fmt: skip
    if n_samples == 1000:
        printed = printed_numbers(NAME)
        reached = np.isin(printed["p"], svm_prefixes)
        tables["article"] = {name: column[reached] for name, column in printed.items()}
    return ExperimentResult(
        name=NAME,
        title="Fitting noise: perfect in training, a coin toss in testing",
        params={
            "n_samples": n_samples, "n_features": n_features, "repeats": repeats, "step": step,
            "separable_at": tuple(separable.tolist()), "random_state": random_state,
        },
        tables=tables,
        checks=_checks(tables, n_train, repeats),
        corrections=CORRECTIONS,
    )  # fmt: skip


def _draw(
    generator: np.random.Generator,
    n_samples: int,
    n_features: int,
    svm_prefixes: np.ndarray,
    lda_prefixes: np.ndarray,
    separable: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the accuracies (train, test) of both machines and whether each prefix separates the training rows."""
    X, y = generator.standard_normal((n_samples, n_features)), generator.integers(0, 2, n_samples)
    half = n_samples // 2
    X_train, X_test, y_train, y_test = X[:half], X[half:], y[:half], y[half:]
    svm = []
    for p in svm_prefixes:
        # The article's estimator solved the dual problem, at most 1000 iterations, converged or not. Below
        # separability both problems end within a row of each other, and the primal is ten times faster.
        machine = LinearSVC(dual=bool(p > half // 2), random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            machine.fit(X_train[:, :p], y_train)
        svm.append([machine.score(X_train[:, :p], y_train), machine.score(X_test[:, :p], y_test)])
    model = PrefixLDA().fit(X_train, y_train)
    lda = [model.score_path(X_train, y_train, lda_prefixes), model.score_path(X_test, y_test, lda_prefixes)]
    return np.transpose(svm), np.array(lda), _separable_prefixes(X_train, y_train, separable)


def _separable_prefixes(X: np.ndarray, y: np.ndarray, prefixes: np.ndarray) -> np.ndarray:
    """Return whether each prefix separates the classes; once one does, all longer ones do."""
    first, last = 0, prefixes.size
    while first < last:
        middle = (first + last) // 2
        if is_separable(X[:, : prefixes[middle]], y):
            last = middle
        else:
            first = middle + 1
    return np.arange(prefixes.size) >= first


def is_separable(X: np.ndarray, y: np.ndarray) -> bool:
    """Return whether a hyperplane separates the labels 0 and 1, by a linear program.

    Maximise t subject to s_i (w·x_i + b) >= t with w, b in [-1, 1] and t <= 1: always feasible (t = 0), and the
    optimum is positive just when the classes are strictly separable.
    """
    sign = 2.0 * y - 1.0
    margins = sign[:, None] * np.column_stack([X, np.ones(len(X))])
    constraints = np.column_stack([-margins, np.ones(len(X))])
    bounds = [(-1.0, 1.0)] * margins.shape[1] + [(0.0, 1.0)]
    objective = np.zeros(constraints.shape[1])
    objective[-1] = -1.0
    solution = linprog(objective, A_ub=constraints, b_ub=np.zeros(len(X)), bounds=bounds, method="highs-ds")
    if solution.status != 0:
        raise RuntimeError(f"linprog stopped without an answer: {solution.message}")
    return bool(-solution.fun > 1e-9)


def _small_separable_table(generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Share of separable draws where a linear program takes a millisecond: many draws, so that Cover is tested."""
    prefixes = np.array([18, 24, 30])
    shares = []
    for p in prefixes:
        draws = (
            (generator.standard_normal((_SMALL_ROWS, p)), generator.integers(0, 2, _SMALL_ROWS))
            for _ in range(_SMALL_DRAWS)
        )
        shares.append(np.mean([is_separable(X, y) for X, y in draws]))
    return {
        "p": prefixes,
        "share": np.array(shares),
        "cover": np.asarray(theory.separable_probability(prefixes, _SMALL_ROWS)),
    }


def _mean_and_sd(name: str, values: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}_mean": values.mean(axis=0), f"{name}_sd": values.std(axis=0, ddof=1)}


def _checks(tables: dict[str, dict[str, np.ndarray]], n_train: int, repeats: int) -> tuple[Check, ...]:
    checks = []
    svm, lda = tables["svm"], tables["lda"]
    if "article" in tables:
        printed = tables["article"]
        at = np.searchsorted(svm["p"], printed["p"])
        for k, p in enumerate(printed["p"].astype(int)):
            mean = svm["train_mean"][at[k]]
            # A share of 500 rows; +1/n so that a mean of exactly 1 still allows one row. Where draws become separable
            # they differ by more than that.
            sd = max(np.sqrt(max(mean * (1 - mean), 1 / n_train) / n_train), svm["train_sd"][at[k]])
            tolerance = 4 * sd * np.sqrt(1 + 1 / repeats)
            note = "4 binomial standard deviations of 500 rows (or those of our draws, if larger), and of our mean"
            checks.append(Check(f"training accuracy p={p}", printed["train_accuracy"][k], mean, tolerance, note))
            mean = svm["test_mean"][at[k]]
            tolerance = 4 * np.sqrt(0.25 / n_train * (1 + 1 / repeats))
            checks.append(Check(f"test accuracy p={p}", printed["test_accuracy"][k], mean, tolerance, note))
    usual = lda["p"] <= 0.9 * n_train
    gap = np.abs(lda["train_mean"] - lda["train_theory"])[usual].max()
    tolerance = 5 * np.sqrt(0.25 / (n_train * repeats)) + 0.01
    note = "Φ(√(g/(1-g))), p <= .9 N: 5 binomial standard errors, largest of all prefixes, and .01 for finite N"
    checks.append(Check("LDA's training accuracy against the closed form", 0.0, gap, tolerance, note))
    overall = lda["test_mean"].mean()
    tolerance = 5 * np.sqrt(0.25 / (n_train * repeats))
    checks.append(Check("LDA's mean test accuracy", 0.5, overall, tolerance, "5 binomial standard errors"))
    small = tables["small_separable"]
    for p, share, cover in zip(small["p"], small["share"], small["cover"], strict=True):
        tolerance = 4 * np.sqrt(cover * (1 - cover) / _SMALL_DRAWS)
        note = f"Cover 1965; 4 binomial standard deviations of {_SMALL_DRAWS} draws"
        checks.append(Check(f"share of separable draws, {_SMALL_ROWS} rows, p={p}", cover, share, tolerance, note))
    return tuple(checks)
