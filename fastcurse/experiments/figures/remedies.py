"""Figures of the remedies experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter

from fastcurse import theory
from fastcurse.plots import ACCENT, FIRST, GREEN, GREY, LIGHT_GREY, SECOND, SKY, logarithmic, panels, styled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult

_TITLES = {
    "identity": "Identity covariance: the easy rules win",
    "ar1": "AR(1), ρ = {rho:g}: smooth means spare them",
    "factor": "One common factor, ρ = {rho:g}: they lose",
}
# Name, ink, line, marker: the rules that know or estimate the covariance are solid marks, the easy ones hollow.
_LOOKS = {
    "LDA": (SECOND, "-", None),
    "ridge": (FIRST, "-", None),
    "Ledoit-Wolf": (FIRST, ":", "s"),
    "bagged LDA": (SECOND, ":", "v"),
    "random subspaces": (GREEN, ":", "^"),
    "mean only": (ACCENT, "--", None),
    "Bayes prior": (GREEN, "-.", None),
    "first component": (SKY, ":", "o"),
}


def _log_error(ax: Axes, lowest: float) -> None:
    """An accuracy axis on which 1 - accuracy is logarithmic, upside down."""
    ax.set_yscale("log")
    ax.set_ylim(0.55, lowest)
    ax.set_yticks([error for error in (0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005) if error >= lowest])
    ax.yaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{1 - error:g}"))


def _draw_rules(ax: Axes, result: ExperimentResult, covariance: str) -> None:
    points, paths = result.tables[covariance], result.tables[f"{covariance}_paths"]
    for name, (ink, line, marker) in _LOOKS.items():
        table = paths if marker is None else points
        ax.plot(table["p"], 1.0 - table[name], color=ink, linestyle=line, marker=marker, markersize=5,
                markerfacecolor="white" if name == "first component" else ink, label=name)  # fmt: skip
    ax.plot(paths["p"], 1.0 - paths["Bayes limit"], color="#222222", linewidth=0.9, label="limit: all known")
    _log_error(ax, 0.0028)
    ax.set(xlabel="number of features p", title=_TITLES[covariance].format(rho=result.params["correlation"]))


@styled
def draw_covariances(result: ExperimentResult) -> Figure:
    """The same rules under three covariances: what ignores the covariance wins on Trunk's, and loses to a factor."""
    figure, axes = panels(3, width=4.3, height=4.6)
    for ax, covariance in zip(axes, ("identity", "factor", "ar1"), strict=True):
        _draw_rules(ax, result, covariance)
    axes[0].set_ylabel("exact accuracy (its error logarithmic)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


@styled
def draw_theory(result: ExperimentResult) -> Figure:
    """Closed forms through the measured accuracies; and more rows, which move the dip of LDA to their own number."""
    figure, (left, right) = panels(2, width=5.4, height=4.2)
    points, paths, n = result.tables["identity"], result.tables["identity_paths"], result.params["n_samples"]
    wide = paths["p"] >= 20
    p = paths["p"][wide]
    for name, ink, marker, lift in (
        ("Bayes prior", GREEN, "D", 7), ("mean only", ACCENT, "s", 0), ("first component", SKY, "o", -7),
        ("ridge", FIRST, "^", 0),
    ):  # fmt: skip
        left.plot(p, paths[f"{name}, theory"][wide], color=ink)
        left.errorbar(points["p"], points[name], 2 * points[f"{name}, sd"] / np.sqrt(result.params["repeats"]),
                      fmt=marker, color=ink, markersize=4)  # fmt: skip
        left.annotate(name, (p[-1], points[name][-1]), xytext=(8, lift), textcoords="offset points", color=ink,
                      va="center", annotation_clip=False)  # fmt: skip
    left.plot(p, paths["Bayes limit"][wide], color="#222222", linewidth=0.9)
    left.annotate("limit", (p[-1], paths["Bayes limit"][-1]), xytext=(8, 0), textcoords="offset points", va="center")
    left.set(xlabel="number of features p", ylabel="accuracy", ylim=(0.9775, 0.998), xlim=(0, 1.015 * p[-1]))
    left.set_title(f"Identity, N = {n}: lines are closed forms")
    for name, text, ink, line in (
        ("LDA", f"N = {n}, measured", SECOND, "-"), ("LDA, theory", f"N = {n}, closed form", SECOND, "--"),
        ("LDA of 2 N rows, theory", f"N = {2 * n}, closed form", ACCENT, "-."),
        ("LDA of 4 N rows, theory", f"N = {4 * n}, closed form", FIRST, (0, (1, 1))),
    ):  # fmt: skip
        right.plot(paths["p"], paths[name], color=ink, linestyle=line, label=text)
    right.plot(points["p"], points["LDA of 2 N rows"], "o", color=ACCENT, markersize=4, label=f"N = {2 * n}, measured")
    right.plot(paths["p"], paths["Bayes limit"], color="#222222", linewidth=0.9, label="limit: all known")
    right.set(xlabel="number of features p", ylabel="accuracy", ylim=(0.48, 1.005))
    right.set_title("LDA with more data")
    right.legend(loc="lower left")
    return figure


@styled
def draw_threshold(result: ExperimentResult) -> Figure:
    """A representation learnt without labels needs rows: below N = p/S² the first component misses the classes."""
    table = result.tables["threshold"]
    figure, (ax,) = panels(1, width=7.0, height=4.0)
    n = np.geomspace(table["N"][0], table["N"][-1], 300)
    error = 2 / np.sqrt(result.params["component_repeats"])
    forms: Mapping[str, np.ndarray] = {
        "first component": np.asarray(theory.first_component_accuracy(1000, n)),
        "mean only": np.asarray(theory.nearest_mean_accuracy(1000, n)),
    }
    for name, ink, line, marker, place in (
        ("mean only", ACCENT, "--", "s", (0.05, 0.62)), ("first component", FIRST, "-", "o", (0.34, 0.28)),
    ):  # fmt: skip
        ax.plot(n, forms[name], color=ink, linestyle=line)
        ax.errorbar(table["N"], table[name], error * table[f"{name}, sd"], fmt=marker, color=ink, markersize=5)
        ax.text(*place, name, color=ink, transform=ax.transAxes)
    threshold = float(1000 / theory.separation(1000) ** 2)
    ax.axvline(threshold, color=LIGHT_GREY, linewidth=0.9)
    ax.text(threshold * 1.03, 0.515, f"S = √g at N = {threshold:.1f}", color=GREY)
    logarithmic(ax)
    ax.set(xlabel="training rows N (logarithmic), p = 1000 features", ylabel="accuracy", ylim=(0.48, 1.01))
    ax.set_title("Lines: limits for many rows; marks: measured ± 2 se")
    return figure


FIGURES = {"covariances": draw_covariances, "theory": draw_theory, "threshold": draw_threshold}
