"""A profile as one Matplotlib figure: a row of panels a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, PercentFormatter

from fastcurse.plots import ACCENT, BAND, FIRST, SECOND, SECOND_BAND, SLATE, styled
from fastcurse.profile import GROUPS, Profile
from fastcurse.report.profile.panels import COLUMN, PANELS, Panel, has_numbers, is_sampled, limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MEASURED: tuple[dict[str, Any], ...] = (
    {"color": FIRST, "marker": "o", "markersize": 4},
    {"color": SECOND, "marker": "s", "markersize": 4, "markerfacecolor": "white"},
)
_EXPECTED: tuple[dict[str, Any], ...] = (
    {"color": ACCENT, "linestyle": "--", "marker": "D", "markersize": 3.5, "markerfacecolor": "white"},
    {
        "color": SLATE,
        "linestyle": (0, (4, 1.5, 1, 1.5)),
        "marker": "^",
        "markersize": 4,
        "markerfacecolor": "white",
    },
)
_BANDS = (BAND, SECOND_BAND)
_MOST_LABELS = 6


@styled
def draw_profile(profile: Profile) -> Figure:
    """Draw every panel that has a number, each group in rows of three."""
    groups = []
    for group in GROUPS:
        panels = [panel for panel in PANELS if panel.group == group and _is_told(panel, profile)]
        groups += [(GROUPS[group] if not at else "", panels[at : at + 3]) for at in range(0, len(panels), 3)]
    figure = Figure(figsize=(12, 2.7 * max(len(groups), 1)))
    rows = figure.subfigures(max(len(groups), 1), 1, squeeze=False)[:, 0]
    for row, (title, panels) in zip(rows, groups, strict=False):
        row.suptitle(title, x=0.01, ha="left", fontweight="bold")
        for ax, panel in zip(row.subplots(1, 3), [*panels, None, None], strict=False):
            if panel is None:
                ax.set_axis_off()
            else:
                _draw(ax, panel, profile)
    return figure


def _is_told(panel: Panel, profile: Profile) -> bool:
    return any(has_numbers(profile, name) for name, _ in panel.measured + panel.expected)


def _draw(ax: Axes, panel: Panel, profile: Profile) -> None:
    p = profile.prefixes
    for series, styles in ((panel.measured, _MEASURED), (panel.expected, _EXPECTED)):
        for (name, label), style, band in zip(series, styles, _BANDS, strict=False):
            column = COLUMN[name]
            if column.low:
                ends = profile.columns[column.low], profile.columns[column.high]
                ax.fill_between(p, *ends, color=band, alpha=0.7, linewidth=0)
            ax.plot(p, profile.columns[name], label=label, **style)
    if panel.scale == "z":
        ax.axhspan(-2, 2, color="#888888", alpha=0.15, linewidth=0)
    majority = profile.labels.majority_share if panel.group == "labels" and profile.labels else None
    if majority is not None:
        ax.axhline(majority, color="#222222", linestyle=":", label="always the largest class")
    low, high = limits(panel, profile, *([] if majority is None else [majority]))
    if panel.scale == "log":
        ax.set_yscale("log")
        ax.set_ylim(low / 1.2, high * 1.2)
    else:
        ax.set_ylim(low - 0.04 * (high - low), high + 0.04 * (high - low))
    sampled = any(is_sampled(profile, name) for name, _ in panel.measured)
    ax.set(xscale="log", xlabel="leading features", title=panel.title + (" (sampled)" if sampled else ""))
    shown = p[np.unique(np.linspace(0, p.size - 1, min(p.size, _MOST_LABELS)).round().astype(int))]
    ax.xaxis.set_major_locator(FixedLocator(shown))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.xaxis.set_minor_locator(NullLocator())
    if panel.style == "share":
        ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    if len(ax.get_legend_handles_labels()[0]) > 1:
        ax.legend()
