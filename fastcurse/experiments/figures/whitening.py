"""Figures of the whitening experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcurse.plots import ACCENT, FIRST, GREY, LIGHT_GREY, SECOND, THEORY, logarithmic, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult


@styled
def draw_distances(result: ExperimentResult) -> Figure:
    """Whitened by their own covariance, d + 1 points or fewer are equally far apart; contrast returns with more."""
    table = result.tables["distances"]
    n, d = table["n"], result.params["n_features"]
    figure, (left, right) = panels(2)
    left.plot(n, table["contrast_raw"], color=FIRST, marker="o", markersize=4, label="as drawn")
    left.plot(n, table["contrast_theory"], label="whitened: beta law, pairs as if independent", **THEORY)
    left.plot(n, table["contrast"], color=SECOND, marker="s", markersize=4, linestyle="none", label="whitened")
    equal = n <= d + 1
    if equal.any():
        left.annotate(
            f"n ≤ d + 1: all\ndistances √(2(n-1)),\ncontrast ≤ {table['contrast_largest'][equal].max():.0e}",
            (n[equal][-1], 0.0), xytext=(0.03, 0.12), textcoords="axes fraction", color=SECOND,
            arrowprops={"arrowstyle": "-", "color": SECOND},
        )  # fmt: skip
    left.set(ylabel="(farthest - nearest) / farthest", ylim=(-0.03, 0.85))
    left.set_title(f"Contrast of all pairs, {d} normal features")
    left.legend(loc="upper left")
    size = np.unique(np.concatenate([n, np.geomspace(n[0], n[-1], 300)]))
    right.plot(size, np.maximum(size - 1 - d, 0) / (size + 1), label="(n-1-d)/(n+1)", **THEORY)
    right.plot(n, table["var_sq_raw"] / (8 * d), color=FIRST, marker="o", markersize=4, label="as drawn")
    right.plot(n, table["var_sq"] / (8 * d), color=SECOND, marker="s", markersize=4, linestyle="none", label="whitened")
    right.set(ylabel="variance of squared distances / 8d", ylim=(-0.04, 1.19))
    right.set_title("What whitening takes from their spread")
    right.legend(loc="center left")
    for ax in (left, right):
        logarithmic(ax, minor_labels=False)
        ax.axvline(d + 1, color=LIGHT_GREY, linewidth=0.9)
        ax.set_xlabel("number of points n (logarithmic)")
    right.text(d + 1, 1.18, " n = d + 1", color=GREY, va="top", fontsize=8.5)
    return figure


@styled
def draw_rule(result: ExperimentResult) -> Figure:
    """Whitening by the total covariance ruins the nearest-mean rule; truncating first repairs it, later does not."""
    accuracy, truncation = result.tables["accuracy"], result.tables["truncation"]
    n_samples, p = result.params["n_samples"], result.params["truncated"][-1]
    figure, (left, right) = panels(2, height=4.0)
    left.plot(accuracy["p"], accuracy["bayes"], color=GREY, linestyle=":", label="best possible")
    for name, text, ink, style, marker in (
        ("plain", "not whitened", FIRST, "-", "o"), ("whitened", "whitened", SECOND, "-.", "s"),
    ):  # fmt: skip
        left.plot(accuracy["p"], accuracy[f"{name}_theory"], color=ink, linestyle=style)
        left.plot(accuracy["p"], accuracy[name], color=ink, linestyle="none", marker=marker, markersize=5)
        left.plot([], [], color=ink, linestyle=style, marker=marker, markersize=5, label=text)
    left.set(xlabel="number of features p (logarithmic)", ylabel="accuracy", ylim=(0.48, 1.01))
    left.set_title(f"Nearest-mean rule, N = {n_samples}; total covariance known")
    left.legend(loc="lower left")
    left.text(0.99, 0.02, "lines: closed forms\nmarks: means of draws", color=GREY, fontsize=8.5, ha="right",
              transform=left.transAxes)  # fmt: skip
    here = truncation["p"] == p
    k = truncation["k"][here]
    for name, text, ink, style, marker in (
        ("plain", "k leading, not whitened", FIRST, "-", "o"),
        ("before", "k leading, then whitened", SECOND, "-.", "s"),
        ("after", "whitened, then k of them", ACCENT, "--", "^"),
    ):
        right.plot(k, truncation[f"{name}_theory"][here], color=ink, linestyle=style)
        right.plot(k, truncation[name][here], color=ink, linestyle="none", marker=marker, markersize=4)
        right.plot([], [], color=ink, linestyle=style, marker=marker, markersize=4, label=text)
    for name, text, style in (("own", "of the same rows", "-"), ("other", "of other rows", ":")):
        right.plot(
            k,
            truncation[name][here],
            color=GREY,
            linestyle=style,
            linewidth=1.2,
            label=f"then whitened, covariance {text}",
        )
    right.set(xlabel="components kept k (logarithmic)", ylabel="accuracy", ylim=(0.48, 1.01))
    right.set_title(f"Components left out, p = {p}")
    right.legend(loc="center left", fontsize=8)
    for ax in (left, right):
        logarithmic(ax, minor_labels=False)
    return figure


FIGURES = {"distances": draw_distances, "rule": draw_rule}
