"""Figures of the boundary experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcurse import theory
from fastcurse.plots import ACCENT, BAND, FIRST, GREY, LIGHT_GREY, SECOND, THEORY, counted, logarithmic, panels, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult

_INNER = "#8fb0d4"


@styled
def draw_adversary(result: ExperimentResult) -> Figure:
    """Peaking with nothing estimated: Trunk's exact means, an adversary who moves every feature, and the cure."""
    curve, table, epsilon = result.tables["curve"], result.tables["accuracy"], result.params["epsilon"]
    figure, (ax,) = panels(1, width=7.5, height=4.2)
    rows = result.params["repeats"] * result.params["n_points"]
    for name, text, ink, style, marker, lift in (
        ("clean", "no adversary,\nw = μ", FIRST, "-", "o", 0.03),
        ("cured", f"adversary,\nw = (μ - {epsilon:g})₊", ACCENT, "--", "s", -0.04),
        ("attacked", "adversary,\nw = μ", SECOND, "-.", "^", 0.0),
    ):
        ax.plot(curve["p"], curve[name], color=ink, linestyle=style)
        ax.plot(table["p"], table[f"{name}_measured"], marker, color=ink, markersize=5)
        ax.text(1.01, curve[name][-1] + lift, text, color=ink, va="center", transform=ax.get_yaxis_transform())
    best = curve["attacked"].argmax()
    ax.annotate(
        f"best at p = {curve['p'][best]}", (curve["p"][best], curve["attacked"][best]), xytext=(0, -34),
        textcoords="offset points", ha="center", color=SECOND, arrowprops={"arrowstyle": "-", "color": SECOND},
    )  # fmt: skip
    ax.axhline(0.5, color=LIGHT_GREY, linewidth=0.9)
    ax.text(1.0, 0.505, "a coin toss", color=GREY, va="bottom", fontsize=8.5)
    logarithmic(ax)
    ax.set(xlabel="number of features p (logarithmic)", ylabel="accuracy", ylim=(-0.02, 1.1))
    ax.text(1.0, 0.02, f"lines: closed forms\nmarks: {counted(rows)} rows", color=GREY, fontsize=8.5)
    ax.set_title(f"Trunk's exact means; the adversary moves every feature by {epsilon:g} sd")
    return figure


@styled
def draw_ratio(result: ExperimentResult) -> Figure:
    """A random change must be √d times longer than the smallest: its distribution, measured and in closed form."""
    table = result.tables["ratio"]
    figure, (left, right) = panels(2)
    d = np.geomspace(table["d"][0], table["d"][-1], 200)
    for low, high, ink, text in ((0.05, 0.95, BAND, "5 to 95 %"), (0.25, 0.75, _INNER, "25 to 75 %")):
        shortest, longest = (np.asarray(theory.random_direction_ratio(d, q)) for q in (low, high))
        left.fill_between(d, shortest, longest, color=ink, linewidth=0, label=f"theory: {text} of lines")
    left.plot(d, np.sqrt(d) / 0.6744898, label="1.4826 √d", **THEORY)
    left.plot(table["d"], table["q50"], "o", color=FIRST, markersize=5, label="measured median")
    for name in ("q05", "q25", "q75", "q95"):
        left.plot(table["d"], table[name], "_", color=FIRST, markersize=8,
                  label="measured quantiles" if name == "q05" else None)  # fmt: skip
    logarithmic(left, "xy")
    left.set(xlabel="number of features d (logarithmic)", ylabel="random change / smallest change (logarithmic)")
    left.set_title("Length up to the boundary")
    left.legend(loc="lower right", fontsize=8)
    shares = np.linspace(0.001, 0.999, 999)
    for size, ink, style in ((2, ACCENT, ":"), (10, SECOND, "-."), (10_000, FIRST, "-")):
        right.plot(theory.random_direction_ratio(size, shares) / np.sqrt(size), shares, color=ink, linestyle=style,
                   label=f"d = {counted(size)}")  # fmt: skip
    right.axvline(1 / 0.6744898, color=LIGHT_GREY, linewidth=0.9)
    right.axhline(0.5, color=LIGHT_GREY, linewidth=0.9)
    right.text(1.55, 0.05, "1.4826", color=GREY)
    logarithmic(right)
    right.set(
        xlabel="random change / (√d · smallest change) (logarithmic)", ylabel="share of random lines", xlim=(0.25, 100)
    )
    right.set_title("Closed form: the heavy tail has no mean")
    right.legend(loc="lower right")
    return figure


FIGURES = {"adversary": draw_adversary, "ratio": draw_ratio}
