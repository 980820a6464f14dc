"""Checks of the curvature experiment: random matrix theory, descent, and what random directions see."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fastcurse import theory
from fastcurse.experiments import _curvature_random as random_part
from fastcurse.experiments._curvature_training import N_RANDOM_SLOPES, Surroundings
from fastcurse.experiments._result import Check, sigmas

# The page's: steps at each ratio, and the mean and largest curvature of a thousand features, one times 30.
PRINTED_STEPS = (1.16, 0.90, 0.69, 0.50, 0.34, 0.22)
PRINTED_MEAN_SLOPE, PRINTED_LARGEST = 1.9, 917.0
# Largest eigenvalues of 100 to 400 rows lie within .2 units of Johnstone's law, the smallest .7 above theirs at
# 100 rows, .4 at 200 and .1 at 400: measured on 300 draws each.
_UPPER_ERROR, _LOWER_ERROR = 0.2, 70.0
# Mean losses of p features differ by less from the limit's: 5 % at p = 100, measured on 40 draws.
_LOSS_ERROR = 5.0
_TOLERANCE = 1e-4
# A check of a mean loss that allows more tells nothing: it needs more draws, and is left out.
_WIDEST = 0.5


def checks(
    spectra: random_part.Spectra,
    sharp: random_part.SharpDirection,
    around: Surroundings,
    *,
    n_samples: int,
    n_steps: int,
) -> tuple[Check, ...]:
    """Compare all that has a closed form or was printed."""
    return (
        *_spectrum_checks(spectra, n_samples),
        *_step_checks(spectra, n_samples),
        *_descent_checks(spectra, n_samples // 2, n_steps),
        *_sharp_checks(sharp),
        *_network_checks(around),
    )


def _spectrum_checks(spectra: random_part.Spectra, n: int) -> Iterator[Check]:
    repeats = len(spectra.largest)
    for at, g in enumerate(random_part.RATIOS):
        mean, sd = random_part.largest_eigenvalue_law(n, g)
        tolerance = 4 * sd / np.sqrt(repeats) + _UPPER_ERROR * sd / 1.268
        edge = float(theory.marchenko_pastur_edges(g)[1])
        note = f"edge {edge:.4f} and Tracy-Widom; 4 standard errors of {repeats} draws, and .2 units for finite n"
        yield Check(f"mean largest eigenvalue, g={g}", mean, spectra.largest[:, at].mean(), tolerance, note)
        smallest = float(spectra.smallest[:, at].mean())
        if g < 1:
            mean, sd = random_part.smallest_eigenvalue_law(n, g)
            tolerance = 4 * sd / np.sqrt(repeats) + _LOWER_ERROR / n * sd / 1.268
            note = f"edge {float(theory.marchenko_pastur_edges(g)[0]):.4f} and Tracy-Widom, mirrored; as above"
        else:
            # Edelman 1988: P(n² λ > t) = exp(-t/2 - √t) at g = 1; 6e-5 at 14. Above, p - n eigenvalues are 0.
            mean, tolerance, note = 0.0, 14.0 / n**2 if g == 1 else 0.0, "edge 0; at g = 1 of order 1/n² (Edelman 1988)"
        yield Check(f"mean smallest eigenvalue, g={g}", mean, smallest, tolerance, note)
        ends, p = random_part.bin_edges(g), round(g * n)
        below = np.append(0, np.cumsum(spectra.counts[:, at].mean(axis=0))) / p
        distance = float(np.abs(below - random_part.shares_below(ends, g)).max())
        # The number below a point has a variance near log(m)/π² + .15, m = min(n, p): .54, .67, .88 of 60, 250, 1000.
        spread = 4 * np.sqrt((np.log(min(n, p)) / np.pi**2 + 0.2) / repeats)
        note = "largest distance of the shares below 41 points; 1/p, and 4 standard errors: eigenvalues keep apart"
        yield Check(f"Marchenko-Pastur law, g={g}", 0.0, distance, (1 + spread) / p, note)
    note = "top_curvature against all eigenvalues of the whole matrix, relative, the worst of all draws"
    yield Check("largest eigenvalue by top_curvature", 0.0, float(spectra.error.max()), _TOLERANCE, note)


def _step_checks(spectra: random_part.Spectra, n: int) -> Iterator[Check]:
    repeats = len(spectra.largest)
    for at, (g, printed) in enumerate(zip(random_part.RATIOS, PRINTED_STEPS, strict=True)):
        limit = float(theory.largest_stable_step(g))
        mean, sd = random_part.largest_eigenvalue_law(n, g)
        # Of the printed draw the size is not known: between the limit and ours it may lie.
        apart = abs(2.0 / mean - limit) + 4 * 2.0 / mean * (sd / mean) * np.sqrt(1 + 1 / repeats)
        ours = float((2.0 / spectra.largest[:, at]).mean())
        note = f"limit {limit:.4f}; half a unit of the last digit, the bias of our n, 4 sd of one draw and of our mean"
        yield Check(f"largest stable step, g={g}", printed, ours, 0.005 + apart, note)


def _descent_checks(spectra: random_part.Spectra, p: int, n_steps: int) -> Iterator[Check]:
    # Late losses are those of the few smallest eigenvalues, which the starts of a draw share: draws are what counts.
    grid, repeats = random_part.step_grid(n_steps), len(spectra.losses)
    wide = sigmas(repeats)
    for at, share in enumerate(random_part.EXPECTED_SHARES):
        for wanted in (10, 100):
            place = int(np.searchsorted(grid, wanted))
            expected = [random_part.expected_loss(grid[[place]], steps[at]) for steps in spectra.steps]
            ratios = spectra.losses[:, :, at, place].mean(axis=1) / np.ravel(expected)
            tolerance = wide * float(ratios.std(ddof=1) / np.sqrt(repeats)) + _LOSS_ERROR / p
            note = f"∫ x (1 - step x)^2t over Marchenko-Pastur; {wide:.1f} standard errors of {repeats} draws, and 5/p"
            name = f"mean loss over its expectation, {share:g} of the largest stable step, {grid[place]} steps"
            if tolerance <= _WIDEST:
                yield Check(name, 1.0, float(ratios.mean()), tolerance, note)
    last = spectra.losses[..., -1]
    ordered = (last[..., 2] < last[..., 1]) & (last[..., 1] < last[..., 0]) & (last[..., 4] > 1)
    stays = (last[..., 3] >= spectra.sharpest_share * (1 - 1e-6)) & (last[..., 3] < 1)
    note = "each start: .5 slow, .95 better, 1.05 diverging; 1 is stable, and cannot fall below the sharpest share"
    yield Check("share of descents in that order", 1.0, float((ordered & stays).mean()), 0.0, note)


def _sharp_checks(sharp: random_part.SharpDirection) -> Iterator[Check]:
    d, n = random_part.N_SHARP_FEATURES, random_part.N_SHARP_ROWS
    mean, variance = theory.random_direction_curvature(sharp.trace, sharp.squares, d)
    count = sharp.slopes.size
    scale = random_part.SHARP_SCALE**2
    sd = scale * np.sqrt(2 / n)
    note = f"(d - 1 + 30²)/d = 1.899: a digit's half and 4 standard deviations of {n} rows"
    yield Check("mean curvature, one feature times 30", PRINTED_MEAN_SLOPE, float(mean), 0.05 + 4 * sd / d, note)
    note = f"30² = 900 by a χ² of {n} degrees: 4 standard deviations of ours and of the printed draw, if as large"
    yield Check(
        "largest eigenvalue, one feature times 30", PRINTED_LARGEST, float(sharp.eigenvalues[0]),
        4 * sd * np.sqrt(2) + 0.5, note,
    )  # fmt: skip
    note = f"tr H/d, exact; 4 standard errors of {count} directions"
    tolerance = 4 * float(np.sqrt(variance / count))
    yield Check("mean curvature along random directions", float(mean), float(sharp.slopes.mean()), tolerance, note)
    squares = (sharp.slopes - mean) ** 2
    tolerance = 5 * float(squares.std() / np.sqrt(count))
    note = f"2(‖H‖² - tr²/d)/(d(d+2)), exact; 5 standard errors of {count} directions, whose squares are skewed"
    yield Check("variance along random directions", float(variance), float(squares.mean()), tolerance, note)


def _network_checks(around: Surroundings) -> Iterator[Check]:
    leading = around.exact[: around.top.eigenvalues.size]
    error = float(np.abs(around.top.eigenvalues / leading - 1.0).max())
    note = "top_curvature from Hessian-vector products against the whole Hessian, relative, the worst of 20"
    yield Check("leading 20 eigenvalues of the network", 0.0, error, _TOLERANCE, note)
    d, trace, squares = around.exact.size, around.exact.sum(), np.sum(around.exact**2)
    mean, variance = theory.random_direction_curvature(trace, squares, d)
    tolerance = 4 * float(np.sqrt(variance / N_RANDOM_SLOPES))
    note = f"tr H/d, exact; 4 standard errors of {N_RANDOM_SLOPES} directions"
    ours = float(around.random_slopes.mean())
    yield Check("mean curvature of the network along random directions", float(mean), ours, tolerance, note)
