"""Figures of the peaking experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import ScalarFormatter

from fastcurse.plots import ACCENT, BAND, FIRST, LIGHT_GREY, SECOND, THEORY, panels, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult

_ORDERS = {
    "given": "",
    "random": ", in random order",
    "variance": ", by falling variance",
    "pca": ", principal components",
    "ranked": ", ranked on the training half",
}


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
    table, repeats, order = result.tables["summary"], result.params["repeats"], result.params["order"]
    n_train = result.params["n_samples"] // 2
    p = table["p"]
    figure, (ax,) = panels(1, width=7.5, height=4.2)
    _draw_lda(ax, table, repeats)
    _draw_theory(ax, table, order, beyond=p[-1] > n_train)
    best = int(np.nanargmax(table["estimated_covariance_accuracy"]))
    marks = [(p[best], f"best p* = {p[best]}")] if order == "given" else []
    if p[-1] >= n_train - 2:
        marks.append((n_train - 2, f"n - 2 = {n_train - 2}"))
    for at, text in marks:
        ax.axvline(at, color=LIGHT_GREY, linewidth=0.9)
        ax.annotate(text, (at, 0.455), xytext=(4, 0), textcoords="offset points", fontsize=8.5)
    ax.set(
        xlabel=f"number of features p{_ORDERS[order]}",
        ylabel="accuracy",
        ylim=(0.44, 1.01),
        title=f"Peaking and double descent, {n_train} training rows",
    )
    ax.legend(loc="lower right" if p[-1] < n_train else (0.56, 0.07))
    return figure


@styled
def draw_exact(result: ExperimentResult) -> Figure:
    """Why exact: a finite test half blurs the peak; and 20 rows a class against the expectation known exactly."""
    table, repeats, order = result.tables["summary"], result.params["repeats"], result.params["order"]
    n_train = result.params["n_samples"] // 2
    figure, (left, right) = panels(2, width=5.2, height=4.0)
    near = table["p"] <= 0.4 * n_train
    table = {name: column[near] for name, column in table.items()}
    p, mean, sd = table["p"], table["test_accuracy_mean"], table["test_accuracy_sd"]
    left.fill_between(
        p, mean - 2 * sd, mean + 2 * sd, color="#e9e9e9", linewidth=0, label="on the test half: ± 2 sd of a trial"
    )
    _draw_lda(left, table, repeats)
    left.plot(p, mean, ".", color="#222222", markersize=2.5, label="LDA, mean on the test half")
    _draw_theory(left, table, order, beyond=False)
    lowest = table["exact_accuracy_q05"][p >= 0.02 * n_train].min() - 0.05
    left.set(xlabel=f"number of features p{_ORDERS[order]}", ylabel="accuracy", ylim=(lowest, 1.003))
    left.set_title("The peak")
    left.legend(loc="lower right")
    small = result.tables["small"]
    error = 2 * small["exact_accuracy_sd"] / np.sqrt(result.params["small_trials"])
    right.errorbar(
        small["p"], small["exact_accuracy_mean"], error, fmt="o", color=FIRST, markersize=3.5,
        label=f"LDA, mean of {result.params['small_trials']} trials ± 2 se",
    )  # fmt: skip
    right.plot(small["p"], small["expected_accuracy"], color="#222222", linewidth=1.1, label="theory: exact")
    right.plot(small["p"], small["lda_accuracy"], label="theory: asymptotic", **THEORY)
    right.set(xlabel="number of features p, in the given order", ylabel="accuracy", ylim=(0.48, 0.95))
    right.set_title("20 rows a class")
    right.legend(loc="lower left")
    return figure


def _draw_lda(ax: Axes, table: Mapping[str, np.ndarray], repeats: int) -> None:
    """Draw the exact accuracy of the fitted rules: where 9 of 10 trials lie, and their mean."""
    ax.fill_between(
        table["p"], table["exact_accuracy_q05"], table["exact_accuracy_q95"], color=BAND, linewidth=0,
        label=f"LDA, exact: 5 % to 95 % of {repeats} trials",
    )  # fmt: skip
    ax.plot(table["p"], table["exact_accuracy_mean"], color=FIRST, label="LDA, mean of the exact accuracy")


def _draw_theory(ax: Axes, table: Mapping[str, np.ndarray], order: str, *, beyond: bool) -> None:
    """Draw the closed forms, which are those of the given order, and Bayes in this one."""
    p, given = table["p"], "" if order == "given" else ", given order"
    if beyond:
        wide = p >= np.max(p[np.isfinite(table["estimated_covariance_accuracy"])])
        ax.plot(
            p[wide], table["lda_accuracy_in_order"][wide], color=ACCENT, linestyle=(0, (1, 1)), linewidth=2.2,
            label="theory: LDA beyond n - 2",
        )  # fmt: skip
    label = r"theory: $\Phi(S\sqrt{1-g}/\sqrt{S+g})$"
    ax.plot(p, table["estimated_covariance_accuracy"], label=label + given, **THEORY)
    ax.plot(
        p, table["known_covariance_accuracy"], color=SECOND, linestyle="-.",
        label=f"theory: covariance known (Trunk){given}",
    )  # fmt: skip
    ax.plot(p, table["bayes_accuracy_in_order"], color="#222222", linestyle=":", label="theory: Bayes")


FIGURES = {"corrected": draw_corrected, "exact": draw_exact, "article": draw_article, "scatter": draw_scatter}
