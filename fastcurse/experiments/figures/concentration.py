"""Figures of the concentration experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcurse.plots import BAND, FIRST, PRINTED, SECOND, THEORY, counted, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult


@styled
def draw_contrast(result: ExperimentResult) -> Figure:
    """Left the article's figure, which is of squared distances; right the Euclidean contrast it speaks of."""
    table, repeats = result.tables["contrast"], result.params["repeats"]
    d = table["d"]
    figure, (left, right) = panels(2)
    for ax, name, ink in ((left, "squared_contrast", SECOND), (right, "contrast", FIRST)):
        mean, sd = table[f"{name}_mean"], table[f"{name}_sd"]
        ax.fill_between(d, mean - 2 * sd, mean + 2 * sd, color=BAND, label=f"mean ± 2 sd over {repeats} seeds")
        ax.plot(d, mean, color=ink, label="mean")
        ax.plot(d, table[f"{name}_theory"], label="extreme-value theory", **THEORY)
        ax.set(xlabel="number of features d", ylim=(0, 1.03))
    if "article" in result.tables:
        printed = result.tables["article"]
        left.plot(printed["d"], printed["published_squared_contrast"], label="printed in the article", **PRINTED)
    left.set(ylabel="(max - min) / max of squared distances", title="The article's figure: squared distances")
    right.set(ylabel="(farthest - nearest) / farthest", title="Corrected: Euclidean distances")
    left.legend()
    right.legend()
    return figure


@styled
def draw_extremes(result: ExperimentResult) -> Figure:
    """Corrected: nearest and farthest distance grow together; their gap stays, so their ratio goes to 1."""
    table, n_samples = result.tables["contrast"], result.params["n_samples"]
    figure, (ax,) = panels(1, width=6.5)
    ax.plot(table["d"], table["farthest_median"], color=SECOND, label="farthest pair, median over seeds")
    ax.plot(table["d"], table["nearest_median"], color=FIRST, label="nearest pair, median over seeds")
    ax.plot(table["d"], table["farthest_theory"], label="extreme-value theory", **THEORY)
    ax.plot(table["d"], table["nearest_theory"], **THEORY)
    ax.set(
        xlabel="number of features d",
        ylabel="Euclidean distance",
        ylim=(0, None),
        title=f"Extremes over all pairs of {counted(n_samples)} uniform points",
    )
    ax.legend()
    return figure


@styled
def draw_sample_size(result: ExperimentResult) -> Figure:
    """Corrected: the contrast of all pairs depends on the sample size as much as on the dimension."""
    table = result.tables["sample_size"]
    figure, (ax,) = panels(1, width=6.5)
    ax.errorbar(
        table["n_samples"], table["squared_contrast_mean"], yerr=2 * table["squared_contrast_sd"], color=FIRST,
        marker="o", capsize=3, label="mean ± 2 sd over seeds",
    )  # fmt: skip
    ax.plot(table["n_samples"], table["squared_contrast_theory"], label="extreme-value theory", **THEORY)
    ax.set_xscale("log")
    ax.set(
        xlabel="number of points n (logarithmic)",
        ylabel="squared contrast",
        title=f"The same d = {table['d'][0]}, more points",
    )
    ax.legend()
    return figure


@styled
def draw_spread(result: ExperimentResult) -> Figure:
    """Corrected: why it happens, over all pairs: the spread of squared distances is 1.18322/√d of their mean."""
    table = result.tables["spread"]
    figure, (ax,) = panels(1, width=6.5)
    ax.plot(table["d"], table["cv_mean"], color=FIRST, label="all pairs, exact, mean over seeds")
    ax.plot(table["d"], table["cv_theory"], label=r"theory: $1.18322/\sqrt{d}$", **THEORY)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set(
        xlabel="number of features d (logarithmic)",
        ylabel="standard deviation / mean (logarithmic)",
        title="Coefficient of variation of the squared distances",
    )
    ax.legend()
    return figure


FIGURES = {"contrast": draw_contrast, "extremes": draw_extremes, "spread": draw_spread, "sample_size": draw_sample_size}
