"""Figures of the curvature experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcurse import theory
from fastcurse.plots import GREEN, GREY, LIGHT_GREY, SKY, panels, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from fastcurse.experiments._result import ExperimentResult

# With GREEN and SKY, Okabe and Ito's: told apart by people of any colour vision; markers and dashes do so in grey.
_BLUE, _VERMILION, _ORANGE, _DARK = "#0072b2", "#d55e00", "#e69f00", "#222222"
_SHOWN_RATIOS = (0.25, 1.0, 4.0)


@styled
def draw_spectrum(result: ExperimentResult) -> Figure:
    """Eigenvalues of X'X/n of normal features, the Marchenko-Pastur law, and the largest stable step that follows."""
    table, edges = result.tables["spectrum"], result.tables["edges"]
    figure, axes = panels(4, width=3.6, height=3.4)
    for ax, g in zip(axes, _SHOWN_RATIOS, strict=False):
        rows = table["g"] == g
        high = float(theory.marchenko_pastur_edges(g)[1])
        ends = np.append(table["low"][rows], table["high"][rows][-1])
        ax.stairs(table["density"][rows], ends, fill=True, color=SKY, alpha=0.7, label="measured")
        first = (np.sqrt(g) - 1.0) ** 2  # for g > 1 the positive eigenvalues begin above the edge 0
        x = first + (high - first) * (1 - np.cos(np.linspace(0.03 if g == 1 else 0.0, np.pi, 400))) / 2
        ax.plot(
            x,
            theory.marchenko_pastur_density(x, g),
            color=_DARK,
            linestyle="--",
            linewidth=1.5,
            label="Marchenko-Pastur",
        )
        ax.axvline(high, color=_VERMILION, linewidth=1)
        top = 1.18 * table["density"][rows][1:].max()
        ax.set(xlabel="eigenvalue", ylabel="share of the p eigenvalues, per unit" if g == 0.25 else "", ylim=(0, top))
        ax.set_title(f"g = p/n = {g:g}" + (f": a share {1 - 1 / g:g} is 0" if g > 1 else ""))
        text = f"upper edge\n{high:g}: steps\nup to {2 / high:.3g}"
        ax.annotate(text, (high, 0.97 * top), xytext=(-5, 0), textcoords="offset points", va="top", ha="right",
                    fontsize=8.5, color=_VERMILION)  # fmt: skip
    axes[1].legend(loc="center", bbox_to_anchor=(0.5, 0.55))
    ax = axes[3]
    ratio = np.geomspace(0.08, 5, 100)
    ax.plot(
        ratio, theory.largest_stable_step(ratio), color=_DARK, linestyle="--", linewidth=1.5, label="limit: 2/(1+√g)²"
    )
    ax.plot(
        edges["g"], edges["largest_stable_step"], "o", color=_BLUE, markersize=5,
        label=f"mean of {result.params['repeats']} draws, n = {result.params['n_samples']}",
    )  # fmt: skip
    ax.set(
        xscale="log", xlabel="g = p/n (logarithmic)", ylabel=r"largest stable step $2/\lambda_{\max}$", ylim=(0, 1.45)
    )
    ax.set_xticks(edges["g"], [f"{value:g}" for value in edges["g"]])
    ax.minorticks_off()
    ax.set_title("Largest stable step")
    ax.legend(loc="upper right")
    return figure


@styled
def draw_descent(result: ExperimentResult) -> Figure:
    """Gradient descent on least squares (g = 1): a step that is too low, low, good, on the plateau, and too high."""
    table = result.tables["descent"]
    figure, (ax,) = panels(1, width=8.0, height=4.4)
    after = table["step"] > 0
    t = table["step"][after]
    for share, text, ink, style in (
        (0.05, "too low", GREEN, (0, (1, 1))),
        (0.5, "slow", _BLUE, (0, (5, 1, 1, 1))),
        (0.95, "good", _DARK, "-"),
        (1, "plateau", _ORANGE, (0, (6, 2))),
        (1.05, "diverges", _VERMILION, (0, (3, 1))),
    ):
        loss = table[f"loss_{share:g}"][after]
        shown = loss < 3.0
        ax.plot(
            t[shown],
            loss[shown],
            color=ink,
            linestyle=style,
            linewidth=2,
            label=rf"{share:g} × $2/\lambda_{{\max}}$: {text}",
        )
        if f"expected_{share:g}" in table:
            ax.plot(t[::6], table[f"expected_{share:g}"][after][::6], "o", color=ink, markersize=3.5,
                    markerfacecolor="white")  # fmt: skip
    ax.plot([], [], "o", color=LIGHT_GREY, markersize=3.5, markerfacecolor="white", label="mean loss, Marchenko-Pastur")
    plateau = table["sharpest_share"][0]
    ax.axhline(plateau, color=LIGHT_GREY, linewidth=1, linestyle=":")
    ax.annotate(
        "share of the sharpest direction", (1.05, plateau), xytext=(0, -4),
        textcoords="offset points", va="top", fontsize=8.5, color=GREY,
    )  # fmt: skip
    ax.set(
        xscale="log", yscale="log", xlabel="steps (logarithmic)", ylabel="loss, of the first (logarithmic)",
        ylim=(min(1e-6, 0.5 * plateau, 0.5 * table["loss_0.95"].min()), 4),
    )  # fmt: skip
    half = result.params["n_samples"] // 2
    ax.set_title(f"Four mistakes and one good step: {half} rows, {half} features")
    ax.legend(loc="lower left")
    return figure


@styled
def draw_batch_size(result: ExperimentResult) -> Figure:
    """Sharpness against batch size for a tanh network: steps, epochs, loss and learning rate are confounded with it."""
    table, params = result.tables["training"], result.params
    figure, axes = panels(3, width=4.2, height=3.9)
    titles = {
        "steps": f"Equal steps: {params['training_steps']}",
        "epochs": f"Equal epochs: {params['training_steps'] * 4 / 256:.0f}",
        "level": "Equal loss: first at most .05",
    }
    rates = np.unique(table["learning_rate"])
    highest = 1.3 * max(np.nanmax(table[f"{name}_eigenvalue_mean"]) for name in titles)
    for ax, (name, title) in zip(axes, titles.items(), strict=True):
        for rate, ink, style, marker in zip(rates, (_BLUE, _VERMILION), ("-", "--"), ("o", "s"), strict=True):
            rows = table["learning_rate"] == rate
            size, mean = table["batch_size"][rows], table[f"{name}_eigenvalue_mean"][rows]
            ax.errorbar(size, mean, table[f"{name}_eigenvalue_sd"][rows], color=ink, linestyle=style, marker=marker,
                        markersize=5, capsize=2.5, label=f"learning rate {rate:g}")  # fmt: skip
            height = 0.09 * highest if rate == rates[0] else 0.03 * highest
            for x, loss in zip(size, table[f"{name}_loss_mean"][rows], strict=True):
                text = f"{loss:.2g}" if np.isfinite(loss) else "never"
                ax.annotate(text, (x, height), ha="center", fontsize=8, color=ink)
            if 2 / rate < highest:
                ax.axhline(2 / rate, color=ink, linewidth=1, linestyle=":")
                ax.annotate(f"2 / {rate:g}: stability", (table["batch_size"][0], 2 / rate), xytext=(0, 3),
                            textcoords="offset points", fontsize=8, color=ink)  # fmt: skip
        ax.annotate("mean loss:", (0.02, 0.155), xycoords="axes fraction", fontsize=8)
        ax.set(xscale="log", xlabel="batch size (logarithmic; 256: all rows)", ylim=(0, highest), xlim=(2.9, 360))
        ax.set_xticks(table["batch_size"][:4], [str(size) for size in table["batch_size"][:4]])
        ax.minorticks_off()
        ax.set_title(title)
    axes[0].set_ylabel("largest eigenvalue of the Hessian (mean ± sd)")
    handles, labels = axes[0].get_legend_handles_labels()
    labels = [f"{label}, {params['training_repeats']} runs" for label in labels]
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


@styled
def draw_slices(result: ExperimentResult) -> Figure:
    """Random directions see the mean curvature, not the largest: least squares with one sharp direction, a network."""
    sharp = {name: column[0] for name, column in result.tables["sharp"].items()}
    slopes = result.tables["slopes"]["slope"]
    slices, directions = result.tables["slices"], result.tables["directions"]
    figure, (left, middle, right) = panels(3, width=4.3, height=3.9)
    left.plot(slopes, 1 - np.arange(slopes.size) / slopes.size, color=_BLUE, drawstyle="steps-post")
    largest, mean = sharp["largest_eigenvalue"], sharp["slope_mean_exact"]
    left.axvline(mean, color=_DARK, linestyle="--", linewidth=1.2)
    left.axvline(largest, color=_VERMILION, linewidth=1.8)
    left.annotate(f"tr H/d = {mean:.2f}", (mean, 1.2 / slopes.size), xytext=(4, 0), textcoords="offset points",
                  fontsize=8.5, color=_DARK)  # fmt: skip
    left.annotate(f"sharpest\n{largest:.0f}", (largest, 0.5), xytext=(-5, 0), textcoords="offset points", ha="right",
                  fontsize=8.5, color=_VERMILION, va="top")  # fmt: skip
    left.annotate(f"{slopes.size} random\ndirections", (slopes[-1], 1 / slopes.size), xytext=(8, 12),
                  textcoords="offset points", fontsize=8.5, color=_BLUE)  # fmt: skip
    left.set(xscale="log", yscale="log", xlabel="curvature v'Hv (logarithmic)", ylabel="share of directions above",
             xlim=(0.4, 2 * largest))  # fmt: skip
    left.set_title("1000 features, one of them × 30")
    _draw_eigenvalues(middle, result)
    t = slices["reach"]
    for name in slices:
        if name.startswith("random"):
            label = "random directions" if name == "random_1" else None
            right.plot(t, slices[name], color=_BLUE, linewidth=1, linestyle="--", label=label)
    right.plot(t, slices["leading"], color=_VERMILION, linewidth=2, label="leading eigenvector")
    loss = directions["loss"][0]
    near = np.abs(t) < 0.8
    right.plot(t[near], loss + 0.5 * directions["slope"][0] * t[near] ** 2, "o", color=_VERMILION, markersize=3.5,
               markerfacecolor="white", label="½ λ t²")  # fmt: skip
    right.set(xlabel="t: distance along a unit direction", ylabel="loss (logarithmic)", yscale="log")
    right.set_title(f"The network's loss, |θ| = {directions['length_of_parameters'][0]:.1f}")
    right.legend(loc="upper center")
    return figure


def _draw_eigenvalues(ax: Axes, result: ExperimentResult) -> None:
    """Draw the network's spectrum, dense and by products, and what random directions see of it."""
    table, directions = result.tables["network"], result.tables["directions"]
    d, positive = table["rank"].size, table["eigenvalue"] > 0
    ax.plot(table["rank"][positive], table["eigenvalue"][positive], color=_DARK, linewidth=1.2, label="whole Hessian")
    ax.plot(table["rank"], table["top_curvature"], "o", color=_VERMILION, markersize=4, label="top_curvature")
    mean = table["eigenvalue"].mean()
    ax.axhline(mean, color=_DARK, linestyle="--", linewidth=1.2)
    ax.annotate(f"tr H/d = {mean:.2g}", (d, mean), xytext=(0, 4), textcoords="offset points", ha="right", fontsize=8.5)
    ax.plot(np.full(directions["slope"].size - 1, 1.0), directions["slope"][1:], "_", color=_BLUE, markersize=14,
            markeredgewidth=1.5, label="random directions see")  # fmt: skip
    largest = table["eigenvalue"][0]
    ax.set(xscale="log", yscale="log", xlabel="rank (logarithmic)", ylabel="eigenvalue (logarithmic)")
    ax.set_ylim(1e-5 * largest, 4 * largest)
    ax.set_title(f"A tanh network of {d} parameters")
    ax.legend(loc="lower left")


@styled
def draw_plane(result: ExperimentResult) -> Figure:
    """Contours of the same network's loss in two planes of unit directions: one holds the sharpest, one is random."""
    table = result.tables["planes"]
    side = int(np.sqrt(table["first"].size))
    x, y, leading, random = (table[name].reshape(side, side) for name in ("first", "second", "leading", "random"))
    smallest, largest = min(leading.min(), random.min()), max(leading.max(), random.max())
    levels = np.geomspace(smallest * 1.02, largest, 14)
    figure, axes = panels(2, width=4.6, height=4.4)
    names = ("leading eigenvector", "random direction")
    for ax, loss, across, title in zip(
        axes, (leading, random), names, ("With the sharpest direction", "Two random directions"), strict=True
    ):
        ax.contourf(x, y, loss, levels=[0, *levels[1:]], cmap="Greys", alpha=0.55,
                    norm="log" if smallest > 0 else None)  # fmt: skip
        lines = ax.contour(x, y, loss, levels=levels, colors=_BLUE, linewidths=1.1)
        ax.clabel(lines, levels[1::2], fmt="%.2g", fontsize=7.5)
        ax.plot(0, 0, "+", color=_VERMILION, markersize=10, markeredgewidth=2)
        ax.set(xlabel=f"along the {across}" if across == names[0] else "along a random direction",
               ylabel="along another random direction" if across != names[0] else "along a random direction",
               aspect="equal", title=title)  # fmt: skip
    return figure


FIGURES = {
    "spectrum": draw_spectrum,
    "descent": draw_descent,
    "batch_size": draw_batch_size,
    "slices": draw_slices,
    "plane": draw_plane,
}
