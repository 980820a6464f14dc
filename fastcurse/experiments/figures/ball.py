"""Figures of the ball experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcurse import theory
from fastcurse.experiments._result import printed_numbers
from fastcurse.plots import ACCENT, FIRST, PRINTED, SECOND, THEORY, panels, styled

if TYPE_CHECKING:
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


@styled
def draw_monte_carlo(result: ExperimentResult) -> Figure:
    """Corrected: hit-or-miss Monte Carlo agrees with the closed form until, near d = 20, nothing hits any more."""
    table, n_draws = result.tables["monte_carlo"], result.params["n_draws"]
    hit = table["hits"] > 0
    figure, (left, right) = panels(2)
    ratio = table["volume"] / table["exact_volume"]
    d = np.arange(1, table["d"].max() + 1)
    error = np.asarray(2 * theory.hit_or_miss_relative_error(d, n_draws))
    left.plot(table["d"][hit], ratio[hit], ".", color=FIRST, markersize=5, label=f"estimates of {n_draws:,} draws")
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
    wide = np.arange(2, 41)
    right.semilogy(wide, 1e4 * (np.exp(-theory.log_hit_probability(wide)) - 1), color=FIRST)
    right.axhline(n_draws, label=f"the {n_draws:,} draws used here", **THEORY)
    right.set(
        xlabel="dimension d",
        ylabel="draws for a relative error of 1 %",
        ylim=(1, None),
        title="The exponential wall",
    )
    left.legend(loc="upper left")
    right.legend(loc="upper left")
    return figure


FIGURES = {"volume": draw_volume, "formula": draw_formula, "monte_carlo": draw_monte_carlo}
