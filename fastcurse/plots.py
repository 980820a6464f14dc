"""How fastcurse's figures look: one style, four inks that differ in lightness and in line style."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fastcurse.distances import DistanceExtremes

# Lightness falls from left to right, so that a greyscale print keeps them apart.
BAND, ACCENT, SECOND, FIRST = "#bcd0e6", "#e08a1e", "#b5325c", "#123f73"
SECOND_BAND = "#ecd3dc"
# Where four do not do.
SLATE, GREEN, SKY = "#6b7785", "#009e73", "#56b4e9"
# Words, and lines that only mark a place.
GREY, LIGHT_GREY = "#555555", "#777777"
PRINTED: dict[str, Any] = {
    "marker": "o",
    "markersize": 4,
    "linestyle": "none",
    "color": "#222222",
    "markerfacecolor": "white",
}
THEORY: dict[str, Any] = {"linestyle": "--", "color": ACCENT, "linewidth": 1.8}
STYLE: Any = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "grid.alpha": 0.25,
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,
    "legend.fontsize": 8.5,
    "savefig.dpi": 150,
    "svg.fonttype": "path",
    "svg.hashsalt": "fastcurse",
}


def styled(draw: Callable[..., Any]) -> Callable[..., Any]:
    """Run a drawing function under `STYLE`, leaving the user's settings as they were."""

    @wraps(draw)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with mpl.rc_context(STYLE):
            return draw(*args, **kwargs)

    return wrapper


def panels(count: int, *, width: float = 5.0, height: float = 3.6) -> tuple[Figure, list[Axes]]:
    """Return a figure with `count` axes side by side, outside pyplot's registry."""
    figure = Figure(figsize=(width * count, height))
    axes = figure.subplots(1, count, squeeze=False)
    return figure, list(axes[0])


def counted(n: int) -> str:
    """Return a number as figures write it: 10 000."""
    return f"{n:,}".replace(",", " ")


def logarithmic(ax: Axes, axes: str = "x", *, minor_labels: bool = True) -> None:
    """Make the axes of those letters logarithmic, with 1000 at a tick and not 10³."""
    for axis in (getattr(ax, f"{letter}axis") for letter in axes):
        ax.set(**{f"{axis.axis_name}scale": "log"})
        axis.set_major_formatter("{x:g}")
        if not minor_labels:
            axis.set_minor_formatter(NullFormatter())


@styled
def draw_contrast(extremes: DistanceExtremes, ax: Axes | None) -> Axes:
    """Draw both contrasts of a `DistanceExtremes` against the number of features."""
    if ax is None:
        ax = panels(1)[1][0]
    ax.plot(extremes.prefixes, extremes.contrast, color=FIRST, label="distance")
    ax.plot(extremes.prefixes, extremes.squared_contrast, color=SECOND, linestyle="-.", label="squared distance")
    ax.set(
        xlabel="number of features",
        ylabel="(farthest - nearest) / farthest",
        ylim=(0, 1.02),
        title=f"Contrast of all pairs of {extremes.n_samples} points",
    )
    ax.legend()
    return ax
