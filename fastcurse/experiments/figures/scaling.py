"""Figures of the scaling experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcurse.plots import ACCENT, BAND, FIRST, PRINTED, SECOND, THEORY, counted, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult


@styled
def draw_growth(result: ExperimentResult) -> Figure:
    """More points: the nearest pair comes closer, slowly; contrast grows with the logarithm of their number."""
    table, draws = result.tables["growth"], result.tables["draws"]
    n, d = table["n_samples"], result.params["n_features"]
    figure, (left, right) = panels(2)
    for side, ink in (("farthest", SECOND), ("nearest", FIRST)):
        left.fill_between(n, table[f"{side}_low"], table[f"{side}_high"], color=BAND,
                          label="theory: 5 to 95 % of data sets" if side == "farthest" else None)  # fmt: skip
        left.plot(n, table[f"{side}_theory"], **THEORY, label="theory: median" if side == "farthest" else None)
        left.plot(draws["n_samples"], draws[side], **{**PRINTED, "markersize": 2.5, "color": ink})
        left.plot(n, table[f"{side}_median"], color=ink, marker="o", markersize=4, linestyle="none",
                  label=f"{side} pair, median of data sets")  # fmt: skip
    contrast = 1 - draws["nearest"] / draws["farthest"]
    right.plot(n, table["contrast_theory"], label="extreme-value theory", **THEORY)
    right.plot(draws["n_samples"], contrast, **PRINTED, label="one data set")
    right.plot(n, table["contrast_median"], color=FIRST, marker="o", linestyle="none", label="median of data sets")
    left.set(ylabel="Euclidean distance", ylim=(0, None), title=f"Uniform points, D = {d}: extremes of all pairs")
    right.set(ylabel="(farthest - nearest) / farthest", title="Contrast, Euclidean")
    for ax in (left, right):
        ax.set_xscale("log")
        ax.set_xlabel("number of points n (logarithmic)")
        ax.legend()
    return figure


@styled
def draw_dimension(result: ExperimentResult) -> Figure:
    """Contrast falls with the dimension of the points, not with the number of features that they are written in."""
    uniform, embedded = result.tables["dimension"], result.tables["embedded"]
    n, own = result.params["n_samples"], result.params["intrinsic"]
    figure, (ax,) = panels(1, width=6.5)
    ax.plot(uniform["d"], uniform["contrast_theory"], label="extreme-value theory", **THEORY)
    ax.plot(embedded["d"], embedded["contrast_theory"], **THEORY)
    ax.plot(uniform["d"], uniform["contrast"], color=FIRST, marker="o", linestyle="none", label="uniform in D")
    ax.plot(embedded["d"], embedded["contrast"], color=SECOND, marker="s", linestyle="none",
            label=f"intrinsic dimension {own}, rotated into D")  # fmt: skip
    ax.set_xscale("log")
    ax.set(
        xlabel="number of features D (logarithmic)", ylabel="(farthest - nearest) / farthest", ylim=(0, 1.03),
        title=f"Contrast of all pairs of {counted(n)} points",
    )  # fmt: skip
    ax.legend()
    return figure


@styled
def draw_index(result: ExperimentResult) -> Figure:
    """Index breakdown: of uniform points soon all must be read; of points of low intrinsic dimension few in any D."""
    n, own = result.params["n_samples"], result.params["intrinsic"]
    figure, axes = panels(2, height=3.8)
    titles = (f"{counted(n)} uniform points", f"Intrinsic dimension {own}, rotated into D")
    for ax, name, title in zip(axes, ("dimension", "embedded"), titles, strict=True):
        table = result.tables[name]
        boxed = table["share_boxed"]
        left = np.minimum(1.0, boxed + table["share_stopped"])  # whole tiles are counted
        ax.fill_between(table["d"], boxed, left, color=BAND, label="fastcurse: pairs left before their last feature")
        ax.plot(table["d"], boxed, color=FIRST, marker="o", markersize=4,
                label="fastcurse: pairs that boxes dismiss unread")  # fmt: skip
        ax.plot(table["d"], 1 - table["tree_share"], color=ACCENT, marker="s", markersize=4, linestyle="--",
                label="scikit-learn KDTree: points not measured,\nin a 1-nearest-neighbour query")  # fmt: skip
        ax.set_xscale("log")
        ax.set(xlabel="number of features D (logarithmic)", ylim=(-0.03, 1.04), title=title)
    axes[0].set_ylabel("share of the work that the index saves")
    axes[1].legend(loc="lower right")
    return figure


FIGURES = {"growth": draw_growth, "dimension": draw_dimension, "index": draw_index}
