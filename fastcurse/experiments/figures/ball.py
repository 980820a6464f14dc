"""Figures of the ball experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcurse import theory
from fastcurse.experiments._result import printed_numbers
from fastcurse.plots import ACCENT, BAND, FIRST, PRINTED, SECOND, THEORY, counted, panels, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult


@styled
def draw_volume(result: ExperimentResult) -> Figure:
    """The article's two figures: volume of the unit ball and share of its outer shell of thickness 0.1."""
    table, printed = result.tables["volume"], printed_numbers("ball")
    figure, (left, right) = panels(2)
    left.plot(table["d"], table["volume"], color=FIRST, label="closed form")
    left.plot(printed["d"], printed["volume"], label="printed in the article", **PRINTED)
    left.set(xlabel="dimension d", ylabel="volume of the unit ball", title="Largest at d = 5, then it vanishes")
    right.plot(table["d"], table["shell_fraction"], color=FIRST, label="1 - 0.9$^d$")
    right.plot(printed["d"], printed["shell_fraction_0.1"], label="printed in the article", **PRINTED)
    right.set(
        xlabel="dimension d",
        ylabel="share of the outer shell",
        ylim=(0, 1.03),
        title="The volume moves outward",
    )
    left.legend()
    right.legend(loc="lower right")
    return figure


@styled
def draw_formula(result: ExperimentResult) -> Figure:
    """Corrected: in logarithms nothing overflows, while the article's formula gives 0 from d = 342 on."""
    table = result.tables["formula"]
    shown = table["article_volume"] > 0
    figure, (left, right) = panels(2)
    left.plot(table["d"], table["log10_volume"], color=FIRST, label="in logarithms")
    article_log = np.log10(table["article_volume"][shown])
    left.plot(
        table["d"][shown],
        article_log,
        color=SECOND,
        linestyle=":",
        linewidth=4,
        label="the article's formula",
    )
    zero = table["d"][~shown][0]
    left.axvline(zero, color=ACCENT, linestyle="--", linewidth=1.2, label=f"d = {zero}: Γ overflows")
    left.set(xlabel="dimension d", ylabel="log$_{10}$ of the volume", title="The volume further out")
    right.plot(table["d"], table["shell_fraction"], color=FIRST, label="1 - 0.9$^d$")
    known = np.isfinite(table["article_shell_fraction"])
    right.plot(
        table["d"][known], table["article_shell_fraction"][known], color=SECOND, linestyle=":", linewidth=4,
        label=f"ratio of two volumes (nan from {zero})",
    )  # fmt: skip
    right.axvline(zero, color=ACCENT, linestyle="--", linewidth=1.2)
    right.set(xlabel="dimension d", ylabel="share of the outer shell", ylim=(0, 1.03), title="Its outer shell")
    left.legend()
    right.legend(loc="lower center")
    return figure


def _draw_costs(ax: Axes, wide: np.ndarray, far: np.ndarray, label: str) -> None:
    """Draw how many draws 1 % takes, of hit-or-miss in the dimensions `wide` and of telescoping in `far`."""
    ax.semilogy(wide, 1e4 * (np.exp(-theory.log_hit_probability(wide)) - 1), color=FIRST, label="hit-or-miss")
    ax.plot(far, 39 * far ** (4 / 3), color=SECOND, linestyle="-.", label=label)


@styled
def draw_monte_carlo(result: ExperimentResult) -> Figure:
    """Corrected: hit-or-miss Monte Carlo agrees with the closed form until, near d = 20, nothing hits any more."""
    table, n_draws = result.tables["monte_carlo"], result.params["n_draws"]
    hit = table["hits"] > 0
    figure, (left, right) = panels(2)
    ratio = table["volume"] / table["exact_volume"]
    d = np.arange(1, table["d"].max() + 1)
    error = np.asarray(2 * theory.hit_or_miss_relative_error(d, n_draws))
    spent = f"{counted(n_draws)} draws"
    left.plot(table["d"][hit], ratio[hit], ".", color=FIRST, markersize=5, label=f"estimates of {spent}")
    left.plot(d, 1 + error, label="1 ± 2 standard errors, closed form", **THEORY)
    left.plot(d[error < 1], 1 - error[error < 1], **THEORY)
    left.set_yscale("log")
    missed = np.unique(table["d"][~hit])
    if missed.size:
        bottom = np.full(missed.size, 0.13)
        left.plot(missed, bottom, "x", color=SECOND, label="no hit in some estimates: 0, off the axis")
    left.set_xticks(range(0, int(d[-1]) + 1, 5))
    left.set(
        xlabel="dimension d",
        ylabel="estimated / exact volume",
        ylim=(0.1, 300),
        title="Hit-or-miss loses the ball",
    )
    wide, draws = np.arange(2, 41), result.tables["draws"]
    _draw_costs(right, wide, wide, "telescoping; dots: measured")
    near = draws["d"] <= wide[-1]
    for name, ink in (("hit_or_miss", FIRST), ("telescoping", SECOND)):
        right.plot(draws["d"][near], draws[f"{name}_measured"][near], "o", color=ink, markersize=4)
    right.axhline(n_draws, label=f"the {spent} used on the left", **THEORY)
    right.set(
        xlabel="dimension d",
        ylabel="draws for a relative error of 1 %",
        ylim=(1, None),
        title="The exponential wall",
    )
    left.legend(loc="upper left")
    right.legend(loc="upper left")
    return figure


@styled
def draw_telescoping(result: ExperimentResult) -> Figure:
    """Beyond the article: a product of integrals on a line finds the same volume at d = 1000."""
    table, draws = result.tables["telescoping"], result.tables["draws"]
    figure, (left, right) = panels(2)
    error = np.abs(np.expm1(table["log_volume"] - table["exact_log_volume"]))
    left.loglog(table["d"], np.maximum(error, 1e-9), "o", color=FIRST, markersize=3.5, label="error of each estimate")
    d, at = np.unique(table["d"], return_index=True)
    left.plot(d, table["standard_error"][at], label="its own standard error", **THEORY)
    least, most = (counted(n) for n in table["n_draws"][[0, -1]])
    left.set(
        xlabel="dimension d (logarithmic)",
        ylabel="relative error of the volume (logarithmic)",
        title=f"Telescoping with {least if least == most else f'{least} to {most}'} draws",
    )
    right.set_xscale("log")
    _draw_costs(right, np.arange(2, 41), draws["d"], "39 d$^{4/3}$, its law at large d")
    measured = np.isfinite(draws["telescoping_measured"])
    right.plot(draws["d"][measured], draws["telescoping_measured"][measured], "o", color=SECOND, markersize=4,
               label="telescoping, measured")  # fmt: skip
    right.set(
        xlabel="dimension d (logarithmic)",
        ylabel="draws for a relative error of 1 %",
        ylim=(10, 1e13),
        title="No wall in its way",
    )
    left.legend(loc="upper left")
    right.legend(loc="upper right")
    return figure


@styled
def draw_norms(result: ExperimentResult) -> Figure:
    """Beyond the article: random points of the ball lie at its surface, those of the cube far outside the ball."""
    table, n_points = result.tables["norm"], result.params["n_points"]
    d, many = table["d"], np.geomspace(2, 1000, 200)
    figure, (left, right) = panels(2)
    band = f"the middle 95 % of {counted(n_points)} points"
    left.fill_between(d, table["ball_norm_low"], table["ball_norm_high"], color=BAND, label=band)
    left.plot(d, table["ball_norm_median"], "o", color=FIRST, markersize=4, label="their median")
    left.plot(many, 0.5 ** (1 / many), label="2$^{-1/d}$", **THEORY)
    left.axhline(0.9, color=SECOND, linestyle="-.", linewidth=1.2, label="outer shell of thickness 0.1: above this")
    left.set(ylabel="distance from the centre", ylim=(0, 1.03), title="Uniform points of the unit ball")
    right.fill_between(d, table["cube_norm_low"], table["cube_norm_high"], color=BAND, label=band)
    right.plot(d, table["cube_norm_mean"], "o", color=FIRST, markersize=4, label="their mean")
    right.plot(many, np.sqrt(many / 3), label=r"$\sqrt{d/3}$", **THEORY)
    right.axhline(1, color=SECOND, linestyle="-.", linewidth=1.2, label="surface of the unit ball")
    right.set(ylabel="distance from the centre", title="Of the cube [-1, 1]$^d$: spread 0.26 at any d")
    right.set_yscale("log")
    for ax in (left, right):
        ax.set_xscale("log")
        ax.set_xlabel("dimension d (logarithmic)")
    left.legend(loc="lower right")
    right.legend(loc="upper left")
    return figure


@styled
def draw_angles(result: ExperimentResult) -> Figure:
    """Beyond the article: two random directions are nearly at right angles; the spread falls like 1/√d."""
    table, n_points = result.tables["angle"], result.params["n_points"]
    figure, (ax,) = panels(1, width=6.5)
    band = f"the middle 95 % of {counted(n_points)} pairs"
    ax.fill_between(table["d"], table["angle_low"], table["angle_high"], color=BAND, label=band)
    ax.plot(table["d"], table["angle_low_exact"], label="its ends by the law of the angle", **THEORY)
    ax.plot(table["d"], table["angle_high_exact"], **THEORY)
    ax.plot(table["d"], table["angle_mean"], "o", color=FIRST, markersize=4, label="mean of the pairs")
    ax.set_xscale("log")
    ax.set(
        xlabel="dimension d (logarithmic)",
        ylabel="angle in degrees",
        ylim=(0, 180),
        yticks=range(0, 181, 30),
        title="Angle between two random directions",
    )
    ax.legend(loc="upper right")
    return figure


FIGURES = {
    "volume": draw_volume,
    "formula": draw_formula,
    "monte_carlo": draw_monte_carlo,
    "telescoping": draw_telescoping,
    "norms": draw_norms,
    "angles": draw_angles,
}
