"""Figures of the augmentation experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcurse.plots import ACCENT, FIRST, GREEN, GREY, LIGHT_GREY, SECOND, THEORY, logarithmic, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult

_TITLES = {
    "noise": "Noisy copies, σ = 1: ridge of penalty nσ²",
    "dropout": "Half of each copy dropped: ridge of penalty diag(XᵀX)",
}


@styled
def draw_peak(result: ExperimentResult) -> Figure:
    """Noisy or masked copies fill the dip at p = n, as the ridge does that they stand for; two copies only move it."""
    table, n = result.tables["peak"], result.params["peak_rows"]
    figure, axes = panels(2, width=5.2, height=4.2)
    counts = result.params["peak_copies"]
    inks = ((ACCENT, "-."), (GREEN, "--"), (FIRST, (0, (1, 1))))
    for ax, (kind, text) in zip(axes, _TITLES.items(), strict=True):
        ax.plot(table["p"], table["least squares"], color=SECOND, label="least squares")
        for K, (ink, line) in zip(counts, inks[-len(counts) :], strict=False):
            ax.plot(table["p"], table[f"{kind}, K={K}"], color=ink, linestyle=line, label=f"K = {K} copies",
                    linewidth=2 if counts[-1] == K else 1.5)  # fmt: skip
        ax.plot(table["p"], table[f"{kind}, limit"], "o", color="#222222", markersize=3, label="ridge, the limit")
        ax.plot(table["p"], table["Bayes limit"], color="#222222", linewidth=0.9, label="best possible")
        for times in (1, 2):
            ax.axvline(times * n, color=LIGHT_GREY, linewidth=0.9)
            ax.text(times * n, 0.485, f" p = {'' if times == 1 else times}n", fontsize=8.5, color=GREY)
        ax.set(xlabel=f"number of features p ({n} training rows)", ylim=(0.48, 1.01), title=text)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    axes[0].set_ylabel("exact accuracy on Trunk's classes")
    return figure


@styled
def draw_error(result: ExperimentResult) -> Figure:
    """Least squares on K copies tends to its ridge as 1/√K: ten times closer costs a hundred times the copies."""
    table = result.tables["error"]
    figure, (ax,) = panels(1, width=6.5, height=4.0)
    for kind, ink, marker in (("noise", FIRST, "o"), ("dropout", SECOND, "^")):
        slope = result.tables["slopes"][kind].mean()
        ax.errorbar(table["K"], table[kind], 2 * table[f"{kind}, sd"] / np.sqrt(result.params["repeats"]), fmt=marker,
                    color=ink, markersize=5, label=f"{kind}, fitted slope {slope:.3f}")  # fmt: skip
    ax.plot(table["K"], table["noise, theory"], label="theory for noise, first order in 1/K", **THEORY)
    logarithmic(ax, "xy", minor_labels=False)
    ax.set_yticks([0.01, 0.02, 0.05, 0.1, 0.2, 0.5])
    ax.set_ylim(0.8 * table["noise"].min(), 1.25 * table["dropout"].max())
    ax.set(xlabel="copies K (logarithmic)", ylabel="relative error ‖w_K - w‖ / ‖w‖ (logarithmic)")
    ax.set_title("60 rows, 100 features, labels ±1")
    ax.legend()
    return figure


FIGURES = {"peak": draw_peak, "error": draw_error}
