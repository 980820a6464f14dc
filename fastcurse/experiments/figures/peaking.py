"""Figures of the peaking experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import ScalarFormatter

from fastcurse.plots import ACCENT, BAND, FIRST, SECOND, THEORY, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult


@styled
def draw_scatter(result: ExperimentResult) -> Figure:
    """The article's scatter plots: each later pair of features separates the two classes less."""
    table = result.tables["scatter"]
    features = [int(name.removeprefix("feature_")) for name in table if name != "label"]
    pairs = list(zip(features[::2], features[1::2], strict=False))
    figure, axes = panels(len(pairs), width=3.1, height=3.4)
    for ax, (first, second) in zip(axes, pairs, strict=True):
        for label, ink, marker in ((0, FIRST, "o"), (1, ACCENT, "^")):
            chosen = table["label"] == label
            ax.plot(
                table[f"feature_{first}"][chosen], table[f"feature_{second}"][chosen], marker, color=ink,
                markersize=2.5, alpha=0.55, markeredgewidth=0, label=f"class {label}", rasterized=True,
            )  # fmt: skip
        ax.set(xlabel=f"feature {first}", ylabel=f"feature {second}", xlim=(-5, 5), ylim=(-5, 5), aspect="equal")
        ax.set_title(f"features {first} and {second}")
    axes[0].legend(loc="upper left", markerscale=2.5)
    return figure


@styled
def draw_article(result: ExperimentResult) -> Figure:
    """The article's figure: one data set, one split, a logarithmic axis (its ten trials are this curve ten times)."""
    table = result.tables["article"]
    figure, (ax,) = panels(1, width=6.5)
    ax.plot(table["p"], table["test_accuracy"], color=FIRST, marker=".")
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.set(
        xlabel="number of features p (logarithmic)",
        ylabel="accuracy on the test half",
        ylim=(0.45, 1.01),
        title="LDA on one data set",
    )
    return figure


@styled
def draw_corrected(result: ExperimentResult) -> Figure:
    """Corrected: fresh data in each trial, exact accuracy of each fitted rule, a linear axis, and theory on top."""
    table, repeats = result.tables["summary"], result.params["repeats"]
    n_train = result.params["n_samples"] // 2
    p = table["p"]
    figure, (ax,) = panels(1, width=7.5, height=4.2)
    ax.fill_between(
        p,
        table["exact_accuracy_low"],
        table["exact_accuracy_high"],
        color=BAND,
        label=f"range over {repeats} trials",
    )
    ax.plot(p, table["exact_accuracy_mean"], color=FIRST, label="LDA, mean of the exact accuracy")
    ax.plot(
        p,
        table["test_accuracy_mean"],
        ".",
        color=FIRST,
        markersize=3,
        alpha=0.6,
        label="LDA, mean on the test half",
    )
    ax.plot(p, table["estimated_covariance_accuracy"], label=r"theory: $\Phi(S\sqrt{1-g}/\sqrt{S+g})$", **THEORY)
    ax.plot(
        p,
        table["known_covariance_accuracy"],
        color=SECOND,
        linestyle="-.",
        label="theory: covariance known (Trunk)",
    )
    ax.plot(p, table["bayes_accuracy"], color="#222222", linestyle=":", label="theory: Bayes")
    best = int(np.nanargmax(table["estimated_covariance_accuracy"]))
    marks = [(p[best], f"best p* = {p[best]}")]
    if p[-1] >= n_train - 2:
        marks.append((n_train - 2, f"n - 2 = {n_train - 2}"))
    for at, text in marks:
        ax.axvline(at, color="#777777", linewidth=0.9)
        ax.annotate(text, (at, 0.455), xytext=(4, 0), textcoords="offset points", fontsize=8.5)
    ax.set(
        xlabel="number of features p",
        ylabel="accuracy",
        ylim=(0.44, 1.01),
        title=f"Peaking and double descent, {n_train} training rows",
    )
    ax.legend(loc="lower right" if p[-1] < n_train else (0.60, 0.06))
    return figure


FIGURES = {"corrected": draw_corrected, "article": draw_article, "scatter": draw_scatter}
