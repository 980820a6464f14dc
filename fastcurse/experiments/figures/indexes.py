"""Figures of the index experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcurse.experiments._tree_share import EARLIER
from fastcurse.plots import ACCENT, FIRST, GREY, PRINTED, SECOND, counted, logarithmic, panels, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult


def _dimension_axis(ax: Axes) -> None:
    logarithmic(ax, minor_labels=False)
    ax.set_xlabel("number of features d (logarithmic)")
    ax.set_xticks([tick for tick in (2, 5, 10, 20, 50, 100) if tick <= 1.1 * ax.get_xlim()[1]])


@styled
def draw_share(result: ExperimentResult) -> Figure:
    """A query in a k-d tree: of uniform points it soon measures all, of points of few dimensions never many."""
    share, embedded = result.tables["share"], result.tables["embedded"]
    figure, (ax,) = panels(1, width=7.5, height=4.0)
    sizes = list(dict.fromkeys(share["n_samples"].tolist()))
    for n, ink, style, marker in zip(sizes, (FIRST, SECOND), ("-", "-."), ("o", "s"), strict=True):
        here = share["n_samples"] == n
        ax.plot(share["d"][here], share["tree_share"][here], color=ink, linestyle=style, marker=marker, markersize=4,
                label=f"uniform, {counted(n)} points")  # fmt: skip
    ax.plot(embedded["d"], embedded["tree_share"], color=ACCENT, linestyle="--", marker="^", markersize=5,
            label=f"intrinsic dimension {embedded['intrinsic'][0]}, {counted(sizes[0])} points")  # fmt: skip
    noted = [(d, EARLIER[n][d]) for n in sizes if n in EARLIER for d in EARLIER[n]]
    if noted:
        ax.plot(
            *np.transpose(noted), **{**PRINTED, "markersize": 7, "markerfacecolor": "none"}, label="earlier measurement"
        )
    ax.set(ylabel="share of the points measured", ylim=(-0.03, 1.05))
    ax.set_title("1-nearest-neighbour query, scikit-learn's KDTree, leaves of 10")
    ax.legend(loc="upper left")
    _dimension_axis(ax)
    return figure


@styled
def draw_seconds(result: ExperimentResult) -> Figure:
    """Time of a query on this machine: where a tree is slower than reading every point, and where it is not."""
    seconds, n, own = result.tables["seconds"], result.params["n_samples"], result.params["intrinsic"]
    embedded = seconds["d"] > seconds["intrinsic"]
    figure, axes = panels(2)
    titles = (f"{counted(n)} uniform points", f"Intrinsic dimension {own}, rotated into d")
    for ax, here, title in zip(axes, (~embedded & (seconds["n_samples"] == n), embedded), titles, strict=True):
        for name, text, ink, style, marker in (
            ("tree", "k-d tree, built before", FIRST, "-", "o"),
            ("brute", "brute force, scikit-learn", SECOND, "-.", "s"),
            ("scan", "our scan", ACCENT, "--", "^"),
        ):
            ax.plot(seconds["d"][here], 1e6 * seconds[f"{name}_seconds"][here], color=ink, linestyle=style,
                    marker=marker, markersize=4, label=text)  # fmt: skip
        logarithmic(ax, "y")
        _dimension_axis(ax)
        ax.set_title(title)
    low, high = (end(ax.get_ylim()[side] for ax in axes) for side, end in ((0, min), (1, max)))
    for ax in axes:
        ax.set_ylim(low, high)
    axes[0].set_ylabel("microseconds a query (logarithmic)")
    axes[0].legend(loc="upper left")
    axes[1].text(0.02, 0.97, "one thread", color=GREY, va="top", fontsize=8.5, transform=axes[1].transAxes)
    return figure


FIGURES = {"share": draw_share, "seconds": draw_seconds}
