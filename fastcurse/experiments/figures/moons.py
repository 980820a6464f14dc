"""Figures of the two-moons experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcurse.plots import ACCENT, BAND, FIRST, LIGHT_GREY, SECOND, panels, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult


def _draw_points(ax: Axes, result: ExperimentResult) -> None:
    table = result.tables["points"]
    for label, ink, marker in ((0, FIRST, "o"), (1, ACCENT, "^")):
        chosen = table["label"] == label
        ax.plot(table["x"][chosen], table["y"][chosen], marker, color=ink, markersize=3.5, label=f"class {label}")
    ax.set(xlabel="first feature", ylabel="second feature", xlim=(-1.5, 2.5), ylim=(-1.05, 1.5))


@styled
def draw_article(result: ExperimentResult) -> Figure:
    """The article's figures: the points, a linear rule, and the regions of an RBF machine, on one split."""
    rule, regions = result.tables["linear_rule"], result.tables["regions"]
    figure, (points, line, curved) = panels(3, width=4.0)
    side = int(np.sqrt(regions["x"].size))
    grid = [regions[name].reshape(side, side) for name in ("x", "y", "decision")]
    curved.contourf(*grid, levels=[-np.inf, 0, np.inf], colors=[BAND, "#f7e3c6"])
    curved.contour(*grid, levels=[0], colors=[SECOND], linewidths=1.5)
    for ax in (points, line, curved):
        _draw_points(ax, result)
    x = np.array([-1.5, 2.5])
    line.plot(x, -(rule["coef_x"] * x + rule["intercept"]) / rule["coef_y"], color=SECOND)
    points.set_title("Two moons")
    line.set_title(f"LinearSVC: {rule['linear_accuracy'][0]:.4f} on the test half")
    curved.set_title(f"SVC(rbf): {rule['rbf_accuracy'][0]:.4f} on the test half")
    points.legend(loc="upper right")
    return figure


@styled
def draw_corrected(result: ExperimentResult) -> Figure:
    """Corrected: accuracies over many splits, and the same RBF machine with noise features appended."""
    splits, noise = result.tables["splits"], result.tables["noise_features"]
    figure, (left, right) = panels(2)
    n_test = result.tables["points"]["x"].size // 2
    # Each bin holds two of the possible scores k / n_test; the last ends half a score beyond 1.
    bins = [(k + 0.5) / n_test for k in range(n_test - 2 * (n_test // 8), n_test + 1, 2)]
    for name, text, ink, style in (
        ("linear", "LinearSVC", SECOND, "-"),
        ("rbf_auto", "SVC(rbf, gamma='auto')", ACCENT, "--"),
        ("rbf_scale", "SVC(rbf, gamma='scale')", FIRST, "-"),
    ):
        label = f"{text}: {splits[name].mean():.3f} ± {splits[name].std(ddof=1):.3f}"
        left.hist(splits[name], bins=bins, histtype="step", linewidth=1.8, linestyle=style, color=ink, label=label)
    left.axvline(0.9133, color=LIGHT_GREY, linewidth=1, label="printed: LinearSVC .9133")
    left.axvline(0.98, color=LIGHT_GREY, linewidth=1, linestyle=":", label="printed: SVC .98")
    count = splits["linear"].size
    left.set(xlabel="accuracy on the test half", ylabel="splits", title=f"{count} splits, not one")
    left.set_xlim(0.70, 1.005)
    for name, text, ink, style in (("rbf", "SVC(rbf)", FIRST, "-"), ("linear", "LinearSVC", SECOND, "--")):
        right.errorbar(
            noise["d"], noise[f"{name}_mean"], yerr=noise[f"{name}_sd"], color=ink, linestyle=style, marker="o",
            markersize=4, capsize=2.5, label=text,
        )  # fmt: skip
    right.axhline(0.5, color=LIGHT_GREY, linewidth=1, label="a coin toss")
    right.set_xscale("log")
    right.set_xticks(noise["d"], [str(d) for d in noise["d"]])
    right.minorticks_off()
    right.set(xlabel="features: two moons and noise (logarithmic)", ylabel="accuracy on the test half")
    right.set(ylim=(0.45, 1.02), title="The blessing turns into the curse")
    left.legend(loc="upper left")
    right.legend(loc="lower left")
    return figure


FIGURES = {"article": draw_article, "corrected": draw_corrected}
