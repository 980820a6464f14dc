"""Figures of the fitting-noise experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcurse import theory
from fastcurse.plots import BAND, FIRST, PRINTED, SECOND, SECOND_BAND, THEORY, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult


@styled
def draw_article(result: ExperimentResult) -> Figure:
    """The article's figure: one draw of random labels, a linear machine, training and test accuracy."""
    table = result.tables["svm"]
    figure, (ax,) = panels(1, width=6.5)
    ax.plot(table["p"], table["train_first_draw"], color=SECOND, label="training half")
    ax.plot(table["p"], table["test_first_draw"], color=FIRST, linestyle="-.", label="test half")
    if "article" in result.tables:
        printed = result.tables["article"]
        ax.plot(printed["p"], printed["train_accuracy"], label="printed in the article", **PRINTED)
        ax.plot(printed["p"], printed["test_accuracy"], **PRINTED)
    ax.set(
        xlabel="number of noise features p",
        ylabel="accuracy",
        ylim=(0.4, 1.03),
        title="LinearSVC on random labels",
    )
    ax.legend(loc="center right")
    return figure


@styled
def draw_corrected(result: ExperimentResult) -> Figure:
    """Corrected: bands over fresh draws, the closed form of LDA's training accuracy, and where noise is separable."""
    svm, lda, separable = (result.tables[name] for name in ("svm", "lda", "separable"))
    n_train, repeats = result.params["n_samples"] // 2, result.params["repeats"]
    figure, (left, right) = panels(2)
    for table, name, ink in ((lda, "train", "#d9d9d9"), (svm, "train", SECOND_BAND), (svm, "test", BAND)):
        mean, sd = table[f"{name}_mean"], table[f"{name}_sd"]
        left.fill_between(table["p"], mean - 2 * sd, mean + 2 * sd, color=ink, linewidth=0)
    left.plot(svm["p"], svm["train_mean"], color=SECOND, label="LinearSVC, training")
    left.plot(svm["p"], svm["test_mean"], color=FIRST, linestyle="-.", label="LinearSVC, test")
    left.plot(lda["p"], lda["train_mean"], color="#222222", linewidth=1.2, label="LDA, training")
    left.plot(lda["p"], lda["train_theory"], label=r"theory: $\Phi(\sqrt{g/(1-g)})$", **THEORY)
    left.set(
        xlabel="number of noise features p",
        ylabel="accuracy",
        ylim=(0.2, 1.03),
        title=f"Training climbs, test does not (mean ± 2 sd of {repeats} draws)",
    )
    p = np.arange(1, result.params["n_features"] + 1)
    cover = np.asarray(theory.separable_probability(p, n_train))
    shown = (p > 0.4 * n_train) & (p < 0.9 * n_train)
    right.plot(p[shown], cover[shown], label="Cover 1965", **THEORY)
    if separable["p"].size:
        right.plot(separable["p"], separable["share"], "o", color=FIRST, label=f"linear programs\non {repeats} draws")
    full = svm["p"][svm["train_mean"] >= 1]
    if full.size:
        right.axvline(full[0], color=SECOND, linestyle="-.", label=f"LinearSVC fits\nevery draw: p = {full[0]}")
    right.set(xlabel="number of noise features p", ylabel="probability", ylim=(-0.03, 1.03))
    right.set_xlim(0.38 * n_train, 0.98 * n_train)
    right.set_title(f"Separability of {n_train} random labels")
    left.legend(loc="lower right")
    right.legend(loc="center right")
    return figure


FIGURES = {"corrected": draw_corrected, "article": draw_article}
