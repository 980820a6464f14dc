"""Augmentation and dropout are ridge in disguise: the limit, how fast it comes, and what it does to the dip."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from scipy import stats

from fastcurse import _validation, theory
from fastcurse.experiments._augmented_sums import CopySums
from fastcurse.experiments._result import Check, ExperimentResult, family_sigmas, mean_and_sd
from fastcurse.experiments._trials import run_trials
from fastcurse.trunk import make_trunk

NAME = "augmentation"
QUICK = {"repeats": 12, "copies": (30, 100, 300), "peak_rows": 40, "peak_repeats": 8, "peak_copies": (2, 40)}
KINDS = ("noise", "dropout")
_ROWS, _FEATURES = 60, 100
# Of the wide case: the noise's variance is .25 and half of the features are dropped, which gives the noted errors.
_WIDE = {"noise": {"noise": 0.5}, "dropout": {"drop": 0.5}}
# On Trunk's classes both are a ridge of about one variance.
_PEAK = {"noise": {"noise": 1.0}, "dropout": {"drop": 0.5}}
_PEAK_SHARES = (
    0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88, 0.94, 0.98, 1.0, 1.02, 1.06, 1.12, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7,
    1.8, 1.88, 1.94, 1.98, 2.0, 2.02, 2.06, 2.12, 2.2,
)  # fmt: skip
_NOTED = {"noise": 0.018, "dropout": 0.022}  # at 4000 copies
_SINGULAR = 1e-10  # eigenvalues below this share of the largest are those of more features than rows
# The second order of the error is a share of about 2 / √K of the first: it bends the fitted slope.
_SLOPE_ERROR = 0.02
_CLOSED_FORM_ERROR = 0.5
_FALSE_ALARMS = 1e-3
# Checks that allow more tell nothing: they need more draws, and are left out. Accuracies' may allow a fifth of it.
_WIDEST = 0.5

CORRECTIONS = (
    "Noise on the inputs adds nothing to the data: its limit is exactly a ridge with penalty n σ², which costs one "
    "solution instead of thousands of copies.",
    "A few copies do not remove the dip, they move it: K noisy copies of n rows are K n rows, and two copies have "
    "their dip at p = 2 n.",
    "Dropout is no ridge of equal penalties: feature j pays q/(1-q) Σ x_j², so that units do not matter, as they do "
    "for noise.",
)


def run(
    *,
    repeats: int = 12,
    copies: tuple[int, ...] = (10, 30, 100, 300, 1000, 4000),
    peak_rows: int = 150,
    peak_repeats: int = 8,
    peak_copies: tuple[int, ...] = (2, 10, 100),
    n_jobs: int | None = -1,
    random_state: Any = 0,
    progress: bool = False,
) -> ExperimentResult:
    """Measure how far least squares on copies is from its ridge limit, and the accuracy of both on Trunk's classes.

    Parameters
    ----------
    repeats : int, default=12
        Draws of 60 rows with 100 features and random labels ±1, at least 2.
    copies : tuple of int, default=(10, 30, 100, 300, 1000, 4000)
        Numbers K of copies, increasing, at least two of them.
    peak_rows : int, default=150
        Training rows of Trunk's classes, at least 20, with up to 2.2 times as many features.
    peak_repeats : int, default=8
        Draws of these, at least 2.
    peak_copies : tuple of int, default=(2, 10, 100)
        Numbers of copies of these, increasing.
    n_jobs : int or None, default=-1
        Processes, as scikit-learn means it: -1 all processors, None 1. The result is the same for any number.
    random_state : int, Generator or None, default=0
        Seed of the draws and copies.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "error" (relative errors against K), "slopes" (one a draw) and "peak" (accuracies against p).

    Examples
    --------
    >>> import fastcurse as fc
    >>> small = {"repeats": 2, "copies": (10, 1000), "peak_rows": 20, "peak_repeats": 2, "peak_copies": (2,)}
    >>> error = fc.experiments.augmentation.run(**small, n_jobs=None).tables["error"]
    >>> round(error["noise"][0] / error["noise"][1])  # 100 times the copies, about a tenth of the error
    11
    """
    repeats = _validation.check_count(repeats, "repeats", minimum=2)
    counts = _validation.check_prefixes(copies, None, "copies")
    if counts.size < 2:
        raise ValueError(f"copies must be at least two numbers, got {tuple(copies)}")
    peak_rows = _validation.check_count(peak_rows, "peak_rows", minimum=20)
    peak_repeats = _validation.check_count(peak_repeats, "peak_repeats", minimum=2)
    peak_counts = _validation.check_prefixes(peak_copies, None, "peak_copies")
    n_jobs = _validation.check_jobs(n_jobs)
    seed = _validation.check_seed(random_state)
    wide_seed, peak_seed = seed.spawn(2)
    wide = partial(_wide_draw, counts=counts)
    draws = run_trials(wide, wide_seed.spawn(repeats), "copies", n_jobs=n_jobs, progress=progress)
    errors, predicted = (np.array(values) for values in zip(*draws, strict=True))
    prefixes = np.unique(np.round(np.array(_PEAK_SHARES) * peak_rows).astype(np.int64))
    peak = partial(_peak_draw, n=peak_rows, prefixes=prefixes, counts=peak_counts)
    peaks = np.array(run_trials(peak, peak_seed.spawn(peak_repeats), "the dip", n_jobs=n_jobs, progress=progress))
    names = ["least squares"]
    for kind in KINDS:
        names += [f"{kind}, K={K}" for K in peak_counts] + [f"{kind}, limit"]
    later = slice((counts.size - 1) // 2, None)  # few copies are not yet the first order
    logs = np.log(counts[later])
    tables = {
        "error": {
            "K": counts,
            **{kind: np.sqrt(np.mean(errors[:, k] ** 2, axis=0)) for k, kind in enumerate(KINDS)},
            **{f"{kind}, sd": errors[:, k].std(axis=0, ddof=1) for k, kind in enumerate(KINDS)},
            "noise, theory": np.sqrt(np.mean(predicted**2) / counts),
        },
        "slopes": {kind: np.polyfit(logs, np.log(errors[:, k, later]).T, 1)[0] for k, kind in enumerate(KINDS)},
        "peak": {
            "p": prefixes,
            **mean_and_sd(names, peaks),
            "ridge, theory": np.asarray(theory.ridge_accuracy(prefixes, peak_rows, _PEAK["noise"]["noise"] ** 2)),
            "Bayes limit": np.asarray(theory.bayes_accuracy(prefixes)),
        },
    }
    return ExperimentResult(
        name=NAME,
        title="Augmentation and dropout are ridge",
        params={
            "repeats": repeats, "copies": tuple(counts.tolist()), "peak_rows": peak_rows, "peak_repeats": peak_repeats,
            "peak_copies": tuple(peak_counts.tolist()), "random_state": seed.entropy,
        },
        tables=tables,
        checks=_checks(tables, errors, predicted, peaks, peak_counts, peak_rows),
        corrections=CORRECTIONS,
    )  # fmt: skip


def _wide_draw(generator: np.random.Generator, *, counts: np.ndarray) -> tuple[np.ndarray, np.float64]:
    """Return ‖w_K - w‖/‖w‖ of both kinds at each number of copies, and √K times its expectation for noise."""
    X, y = generator.standard_normal((_ROWS, _FEATURES)), generator.choice([-1.0, 1.0], _ROWS)
    errors = np.empty((2, counts.size))
    for k, kind in enumerate(KINDS):
        sums = CopySums(X, y, generator, **_WIDE[kind])
        w = np.linalg.solve(*sums.limit())
        for at, K in enumerate(counts.tolist()):
            sums.grow(K)
            errors[k, at] = np.linalg.norm(minimum_norm(*sums.mean()) - w) / np.linalg.norm(w)
    return errors, expected_noise_error(X, y, _WIDE["noise"]["noise"])


def expected_noise_error(X: np.ndarray, y: np.ndarray, noise: float) -> np.float64:
    """Return √K times the root mean square of ‖w_K - w‖/‖w‖, to first order in 1/K.

    w_K - w is A⁻¹ times the mean over the copies of Zᵀ(y - Zw) with A = XᵀX + n σ² I, and with e = y - Xw, for which
    Xᵀe = n σ² w, that has for each copy the covariance σ²(‖w‖² XᵀX + ‖e‖² I) + n σ⁴(‖w‖² I - wwᵀ).
    """
    n, d = X.shape
    gram, eye = X.T @ X, np.eye(d)
    A = gram + n * noise**2 * eye
    w = np.linalg.solve(A, X.T @ y)
    e, length_sq = y - X @ w, w @ w
    one_copy = noise**2 * (length_sq * gram + (e @ e) * eye) + n * noise**4 * (length_sq * eye - np.outer(w, w))
    inverse = np.linalg.inv(A)
    return np.sqrt(np.trace(inverse @ one_copy @ inverse) / length_sq)


def minimum_norm(gram: np.ndarray, cross: np.ndarray) -> np.ndarray:
    """Return the shortest solution of gram w = cross, for a Gram matrix of any rank."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > _SINGULAR * values[-1]
    return (vectors[:, kept] / values[kept]) @ (vectors[:, kept].T @ cross)


def _peak_draw(generator: np.random.Generator, *, n: int, prefixes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return exact accuracies at the prefixes of: least squares; of each kind each number of copies, and the limit."""
    X, label = make_trunk(n, int(prefixes[-1]), random_state=generator)
    y = 1.0 - 2.0 * label
    x_mean, y_mean = X.mean(axis=0), y.mean()
    X, y = X - x_mean, y - y_mean

    def accuracies(gram: np.ndarray, cross: np.ndarray) -> list[float]:
        rules = [minimum_norm(gram[:p, :p], cross[:p]) for p in prefixes]
        return [float(theory.rule_accuracy(w, y_mean - w @ x_mean[: w.size])) for w in rules]

    found = [accuracies(X.T @ X, X.T @ y)]
    for kind in KINDS:
        sums = CopySums(X, y, generator, **_PEAK[kind])
        for K in counts.tolist():
            sums.grow(K)
            found.append(accuracies(*sums.mean()))
        found.append(accuracies(*sums.limit()))
    return np.array(found)


def _checks(
    tables: dict[str, dict[str, np.ndarray]],
    errors: np.ndarray,
    predicted: np.ndarray,
    peaks: np.ndarray,
    peak_counts: np.ndarray,
    n: int,
) -> tuple[Check, ...]:
    checks = []
    counts, repeats = tables["error"]["K"], len(errors)
    wide = family_sigmas(repeats, 6, _FALSE_ALARMS)
    for k, kind in enumerate(KINDS):
        slopes = tables["slopes"][kind]
        tolerance = _SLOPE_ERROR + wide * slopes.std(ddof=1) / np.sqrt(repeats)
        note = f"{_SLOPE_ERROR} for the error's second order and {wide:.1f} standard errors"
        checks.append(Check(f"slope of log error against log K, {kind}", -0.5, slopes.mean(), tolerance, note))
        for at in np.flatnonzero(counts == 4000):
            tolerance = (1 + wide / np.sqrt(repeats)) * tables["error"][f"{kind}, sd"][at] + 5e-4
            note = f"noted, its draws unknown: one sd for them, {wide:.1f} standard errors of ours, its rounding"
            name = f"noted relative error of {kind}, 4000 copies"
            checks.append(Check(name, _NOTED[kind], errors[:, k, at].mean(), tolerance, note))
    ratios = errors[:, 0, -1] ** 2 * counts[-1] / predicted**2
    tolerance = 8 / counts[-1] ** 0.5 + wide * ratios.std(ddof=1) / np.sqrt(repeats)
    note = f"8/√K for the second order and {wide:.1f} standard errors"
    checks.append(Check("squared error of noise over its first order", 1.0, ratios.mean(), tolerance, note))
    checks = [check for check in checks if check.tolerance <= _WIDEST]
    checks.extend(_peak_checks(tables["peak"], peaks, peak_counts, n))
    return tuple(checks)


def _peak_checks(peak: dict[str, np.ndarray], peaks: np.ndarray, counts: np.ndarray, n: int) -> list[Check]:
    p, repeats = peak["p"], len(peaks)
    low = p[peak["least squares"][p >= 0.5 * n].argmin() + np.sum(p < 0.5 * n)]
    note = "n - 1, where the rows are first interpolated; the prefixes asked for are 2 % of n apart there"
    checks = [Check("prefix of the lowest accuracy of least squares", n - 1, float(low), 0.03 * n + 1, note)]
    wide = family_sigmas(repeats, p.size, _FALSE_ALARMS)
    note = f"ridge in closed form: {_CLOSED_FORM_ERROR}/n and {wide:.1f} standard errors"
    for at in np.flatnonzero(p >= 20):
        tolerance = _CLOSED_FORM_ERROR / n + wide * peak["noise, limit, sd"][at] / np.sqrt(repeats)
        name = f"accuracy in the limit of noisy copies, p={p[at]}"
        checks.append(Check(name, peak["ridge, theory"][at], peak["noise, limit"][at], tolerance, note))
    near = (p >= 0.9 * n) & (p <= 1.1 * n)
    for k, kind in enumerate(KINDS):
        last = 1 + k * (counts.size + 1) + counts.size - 1
        gap = (peaks[:, last + 1] - peaks[:, last])[:, near].mean(axis=1)
        expected = _copies_cost(counts[-1])
        note = f"what {counts[-1]} copies may cost, and its standard errors"
        tolerance = expected + stats.t.isf(1e-4, repeats - 1) * gap.std(ddof=1) / np.sqrt(repeats)
        name = f"accuracy lost to the limit around the dip, {kind}, K={counts[-1]}"
        checks.append(Check(name, 0.0, gap.mean(), tolerance, note))
        better = np.mean(peak[f"{kind}, K={counts[-1]}"][near] > peak["least squares"][near])
        note = "at every prefix within a tenth of n"
        checks.append(Check(f"share of prefixes around the dip where {kind} helps", 1.0, float(better), 0.0, note))
    return [checks[0], *(check for check in checks[1:] if check.tolerance <= _WIDEST / 5)]


def _copies_cost(n_copies: int) -> float:
    """Bound of the accuracy that finitely many copies cost around p = n: the rule's variance adds, as 1/K."""
    return 0.5 / n_copies
