"""Section 3: test accuracy of LDA peaks, falls to a coin toss at p = n - 2, and recovers (Hughes, Trunk)."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy import special
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from fastcurse import _validation, theory
from fastcurse.discriminant import PrefixLDA
from fastcurse.experiments._coef_blocks import coef_blocks
from fastcurse.experiments._peaking_checks import CHECKED_PREFIXES, checks
from fastcurse.experiments._result import ExperimentResult
from fastcurse.experiments._trials import run_trials
from fastcurse.feature_order import ORDERS, FeatureOrder
from fastcurse.theory.trunk_classes import class_mean
from fastcurse.trunk import make_trunk

NAME = "peaking"
QUICK = {"step": 50, "repeats": 8, "small_trials": 100}
SCATTER_FEATURES = (1, 2, 5, 6, 10, 11, 100, 101)
_SMALL_PER_CLASS = 20

CORRECTIONS = (
    "Data and split are made once, so the article's ten trials are one trial ten times: their standard deviation is 0.",
    "The fall is not Trunk's mechanism. With the covariance known, accuracy peaks at p = 696 and hardly falls; the "
    "fall is the cost of estimating the covariance, a factor √(1-p/N).",
    "The curve is a double descent: it drops almost to a coin toss at p = n - 2 and recovers beyond, which the "
    "article's log axis hides.",
    "'The classes get less separable' is false: only each NEW feature separates less; Bayes accuracy rises to 1.",
    "500 test rows blur one trial's accuracy by .007 at the peak, four times what the fitted rules differ by: here the "
    "accuracy of each fitted rule is exact, from its weights.",
    "The title cited is wrong: G. V. Trunk, 'A Problem of Dimensionality: A Simple Example', IEEE TPAMI 1(3), 306-307, "
    "1979.",
)


def run(
    *,
    n_samples: int = 1000,
    n_features: int = 1000,
    repeats: int = 200,
    step: int = 1,
    order: str = "given",
    small_trials: int = 400,
    n_jobs: int | None = -1,
    random_state: Any = 0,
    progress: bool = False,
) -> ExperimentResult:
    """Measure LDA's accuracy on Trunk's classes at every prefix, with fresh data in each trial.

    Parameters
    ----------
    n_samples : int, default=1000
        Rows of each trial, half of them for training.
    n_features : int, default=1000
        Features, and the largest prefix; with the order "pca" that is n_samples // 2 - 1 at most.
    repeats : int, default=200
        Trials, at least 2.
    step : int, default=1
        Distance of the prefixes 1, 1 + step, ...; those around n_train - 2 and those that are checked are added.
    order : {"given", "random", "variance", "pca", "ranked"}, default="given"
        Order of the features, as `FeatureOrder` finds it in each trial's training half.
    small_trials : int, default=400
        Trials of the small table, at least 2: 20 rows a class, where the expected accuracy is known exactly.
    n_jobs : int or None, default=-1
        Processes, as scikit-learn means it: -1 all processors, None 1. The result is the same for any number.
    random_state : int, Generator or None, default=0
        Seed of data and splits.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "summary" (over trials, all prefixes), "trials" (each trial, some prefixes), "small" (20 rows a
        class), "article" (one data set), "scikit_learn" and "scatter".

    Notes
    -----
    A trial of the default size takes a fifth of a second, all of them 20 to 30 s on two cores. A trial holds 8 MB of
    weights, or 64 MB of them at a time if all are more.

    Examples
    --------
    >>> import fastcurse as fc
    >>> small = {"n_samples": 80, "n_features": 80, "repeats": 4, "step": 19, "small_trials": 2}
    >>> result = fc.experiments.peaking.run(**small, n_jobs=None)
    >>> summary = result.tables["summary"]
    >>> int(summary["p"][summary["exact_accuracy_mean"].argmin()])  # 40 training rows: worst at n_train - 2
    38
    """
    n_samples = _validation.check_count(n_samples, "n_samples", minimum=20)
    n_features = _validation.check_count(n_features, "n_features", minimum=2)
    repeats = _validation.check_count(repeats, "repeats", minimum=2)
    step = _validation.check_count(step, "step", minimum=1)
    order = _validation.check_choice(order, "order", ORDERS)
    small_trials = _validation.check_count(small_trials, "small_trials", minimum=2)
    n_jobs = _validation.check_jobs(n_jobs)
    seed = _validation.check_seed(random_state)
    article_seed, small_seed, *trial_seeds = seed.spawn(repeats + 2)
    n_train = n_samples // 2
    # n rows have n - 1 principal components that vary.
    prefixes = _grid(min(n_features, n_train - 1) if order == "pca" else n_features, n_train, step)
    trial = partial(_trial, n_samples=n_samples, n_features=n_features, prefixes=prefixes, order=order)
    found = run_trials(trial, trial_seeds, "peaking", n_jobs=n_jobs, progress=progress)
    trials = Trial(*(np.array(values) for values in zip(*found, strict=True)))
    small = run_trials(
        _small_trial, small_seed.spawn(small_trials), "peaking, 40 rows", n_jobs=n_jobs, progress=progress
    )
    tables = {
        "summary": _summary_table(trials, prefixes, n_train),
        "trials": _trials_table(trials, prefixes, n_train),
        "small": _small_table(np.array(small)),
        **_article_tables(article_seed, n_samples, n_features),
    }
    return ExperimentResult(
        name=NAME,
        title="Peaking: more features, then worse predictions, then better again",
        params={
            "n_samples": n_samples, "n_features": n_features, "repeats": repeats, "step": step, "order": order,
            "small_trials": small_trials, "random_state": seed.entropy,
        },
        tables=tables,
        checks=checks(tables, n_train, repeats, small_trials, order),
        corrections=CORRECTIONS,
    )  # fmt: skip


class Trial(NamedTuple):
    """What one trial measures at each prefix (m,); of several trials (repeats, m)."""

    test: np.ndarray  # accuracy on the test half
    exact: np.ndarray  # accuracy of the same rule, from its weights
    known_covariance: np.ndarray  # exact accuracy of Trunk's rule, which estimates the means only
    separation: np.ndarray  # squared length of the class mean in the first p features of this order


def _grid(n_features: int, n_train: int, step: int) -> np.ndarray:
    dip = n_train - 2 + np.array([-20, -10, -8, -6, -4, -2, -1, 0, 1, 2, 4, 6, 8, 10, 20])
    checked = np.concatenate([[round(share * n_train) for share in CHECKED_PREFIXES], [76, 501, 696, 991]])
    grid = np.concatenate([np.arange(1, n_features + 1, step), np.arange(1, n_features + 1, 100), dip, checked])
    return np.unique(grid[(grid >= 1) & (grid <= n_features)]).astype(np.int64)


def _split(generator: np.random.Generator, n_samples: int, n_features: int) -> tuple[np.ndarray, ...]:
    """Return training and test halves of fresh data, split at random as the article does."""
    X, y = make_trunk(n_samples, n_features, random_state=generator)
    order = generator.permutation(n_samples)
    train, test = order[: n_samples // 2], order[n_samples // 2 :]
    return X[train], y[train], X[test], y[test]


def _trial(
    generator: np.random.Generator, *, n_samples: int, n_features: int, prefixes: np.ndarray, order: str
) -> Trial:
    """Return what one data set shows at each prefix."""
    X_train, y_train, X_test, y_test = _split(generator, n_samples, n_features)
    mean = class_mean(n_features)
    estimate = (1.0 - 2.0 * y_train) @ X_train / len(X_train)
    model, turn, shift = _fitted(order, generator, X_train, y_train)
    test, exact = np.empty(prefixes.size), np.empty(prefixes.size)
    for part, coef, intercept in coef_blocks(model, prefixes):
        if turn is not None:
            coef, intercept = coef @ turn.T, intercept + coef @ shift
        scores = coef @ X_test.T + intercept[:, None]
        test[part] = ((scores > 0) == y_test).mean(axis=1)
        # coef points to class 1, whose mean is the negative one: theory's rule points to the positive mean.
        exact[part] = theory.rule_accuracy(-coef, -intercept)
    if turn is not None:
        mean, estimate = mean @ turn, estimate @ turn
    # The covariance is the identity in every order: the turn is a permutation or a rotation.
    known = special.ndtr(np.cumsum(estimate * mean) / np.sqrt(np.cumsum(estimate**2)))
    at = prefixes - 1
    return Trial(test, exact, known[at], np.cumsum(mean**2)[at])


def _fitted(
    order: str, generator: np.random.Generator, X: np.ndarray, y: np.ndarray
) -> tuple[PrefixLDA, np.ndarray | None, np.ndarray | None]:
    """Return the model of the ordered training rows, and A (D, D) and c (D,) of the order's x -> x A + c."""
    if order == "given":
        return PrefixLDA().fit(X, y), None, None
    transformer = FeatureOrder(order, random_state=int(generator.integers(2**31))).fit(X, y)
    model = PrefixLDA().fit(transformer.transform(X), y)
    shift = transformer.transform(np.zeros((1, X.shape[1])))[0]
    return model, transformer.transform(np.eye(X.shape[1])) - shift, shift


def _summary_table(trials: Trial, prefixes: np.ndarray, n_train: int) -> dict[str, np.ndarray]:
    estimated = np.full(prefixes.size, np.nan)
    below = prefixes <= n_train
    estimated[below] = theory.lda_accuracy(prefixes[below], n_train)
    exact = trials.exact
    general = 1.0 - theory.lda_error(4.0 * trials.separation, prefixes, n_train / 2, n_train / 2)
    return {
        "p": prefixes,
        "test_accuracy_mean": trials.test.mean(axis=0),
        "test_accuracy_sd": trials.test.std(axis=0, ddof=1),
        "exact_accuracy_mean": exact.mean(axis=0),
        "exact_accuracy_sd": exact.std(axis=0, ddof=1),
        "exact_accuracy_low": exact.min(axis=0),
        "exact_accuracy_q05": np.quantile(exact, 0.05, axis=0),
        "exact_accuracy_q95": np.quantile(exact, 0.95, axis=0),
        "exact_accuracy_high": exact.max(axis=0),
        "known_covariance_mean": trials.known_covariance.mean(axis=0),
        "known_covariance_sd": trials.known_covariance.std(axis=0, ddof=1),
        "bayes_accuracy": theory.bayes_accuracy(prefixes),
        "known_covariance_accuracy": theory.known_covariance_accuracy(prefixes, n_train),
        "estimated_covariance_accuracy": estimated,
        "bayes_accuracy_in_order": special.ndtr(np.sqrt(trials.separation)).mean(axis=0),
        "lda_accuracy_in_order": general.mean(axis=0),
    }


def _trials_table(trials: Trial, prefixes: np.ndarray, n_train: int) -> dict[str, np.ndarray]:
    """Each trial at the article's prefixes, at the peak and the dip: all prefixes would be 200 000 rows."""
    some = np.flatnonzero((prefixes % 10 == 1) | np.isin(prefixes, [76, n_train - 2]))
    repeats = len(trials.test)
    return {
        "trial": np.repeat(np.arange(repeats), some.size),
        "p": np.tile(prefixes[some], repeats),
        "test_accuracy": trials.test[:, some].ravel(),
        "exact_accuracy": trials.exact[:, some].ravel(),
    }


def _small_trial(generator: np.random.Generator) -> np.ndarray:
    """Return the exact accuracy (2n - 2,) at every prefix of a rule fitted to n rows a class."""
    X, y = make_trunk(2 * _SMALL_PER_CLASS, 2 * _SMALL_PER_CLASS - 2, random_state=generator)
    coef, intercept = PrefixLDA().fit(X, y).coef_path()
    return np.asarray(theory.rule_accuracy(-coef[:, 0], -intercept[:, 0]))


def _small_table(accuracies: np.ndarray) -> dict[str, np.ndarray]:
    p = np.append(np.arange(1, 2 * _SMALL_PER_CLASS - 2, 2), 2 * _SMALL_PER_CLASS - 2)
    gaps = 4.0 * theory.separation(p)
    error, error_of_exact = theory.lda_error_exact(gaps, p, _SMALL_PER_CLASS, n_draws=50_000, random_state=0)
    shown = accuracies[:, p - 1]
    return {
        "p": p,
        "exact_accuracy_mean": shown.mean(axis=0),
        "exact_accuracy_sd": shown.std(axis=0, ddof=1),
        "expected_accuracy": 1.0 - np.asarray(error),
        "expected_accuracy_error": np.asarray(error_of_exact),
        "lda_accuracy": 1.0 - np.asarray(theory.lda_error(gaps, p, _SMALL_PER_CLASS, _SMALL_PER_CLASS)),
    }


def _article_tables(seed: np.random.SeedSequence, n_samples: int, n_features: int) -> dict[str, dict[str, np.ndarray]]:
    """One data set and one split at p = 1, 11, ...: the article's figure; and scikit-learn at a few of them."""
    X_train, y_train, X_test, y_test = _split(np.random.default_rng(seed), n_samples, n_features)
    prefixes = np.arange(1, n_features + 1, 10)
    model = PrefixLDA().fit(X_train, y_train)
    ours = model.score_path(X_test, y_test, prefixes)
    some = prefixes[:: max(1, prefixes.size // 5)]
    peer = [LinearDiscriminantAnalysis().fit(X_train[:, :p], y_train).score(X_test[:, :p], y_test) for p in some]
    shown = [feature for feature in SCATTER_FEATURES if feature <= n_features]
    X, y = np.concatenate([X_train, X_test]), np.concatenate([y_train, y_test])
    return {
        "article": {"p": prefixes, "test_accuracy": ours},
        "scikit_learn": {
            "p": some,
            "test_accuracy": np.array(peer),
            "prefix_lda": ours[np.searchsorted(prefixes, some)],
        },
        "scatter": {"label": y, **{f"feature_{feature}": X[:, feature - 1].round(4) for feature in shown}},
    }
