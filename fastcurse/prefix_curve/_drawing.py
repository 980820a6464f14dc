"""Draws a PrefixCurveDisplay: mean and band of each curve, theory on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

from fastcurse.plots import ACCENT, BAND, FIRST, SECOND, SECOND_BAND, SLATE, THEORY, styled

if TYPE_CHECKING:
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D

    from fastcurse.prefix_curve._display import PrefixCurveDisplay

# Each differs from the others in lightness or dashes, so that a greyscale print keeps them apart.
_THEORIES: tuple[dict[str, Any], ...] = (
    THEORY,
    {"linestyle": ":", "color": "#222222", "linewidth": 1.8},
    {"linestyle": (0, (7, 2, 1, 2, 1, 2)), "color": SLATE, "linewidth": 1.5},
    {"linestyle": (0, (1, 1)), "color": ACCENT, "linewidth": 2.4},
)
_SPREADS = {"range": "range", "std": "± 1 sd", "quantile": "5 % to 95 %"}


@styled
def draw_prefix_curves(
    display: PrefixCurveDisplay,
    ax: Axes | None,
    *,
    band: str | None,
    theory: Mapping[str, np.ndarray],
    score_type: str,
    x_scale: str,
    line_kw: Mapping[str, Any],
    band_kw: Mapping[str, Any],
) -> None:
    """Draw on `ax` (None: a new pyplot figure) and set the display's attributes of artists."""
    if ax is None:
        ax = plt.subplots(figsize=(6.5, 4.0))[1]
    elif not isinstance(ax, Axes):
        raise TypeError(f"ax must be matplotlib Axes or None, got {type(ax).__name__}")
    p, name = display.prefixes, display.name or "accuracy"
    display.train_line_ = display.train_band_ = None
    if score_type == "both":
        assert display.train_scores is not None
        display.train_line_, display.train_band_ = _draw_curve(
            ax, p, display.train_scores, f"{name}, training rows", band,
            {"color": SECOND, "linestyle": "-."}, {"color": SECOND_BAND},
        )  # fmt: skip
    main = display.train_scores if score_type == "train" else display.test_scores
    assert main is not None
    rows = "training rows" if score_type == "train" else "held-out rows"
    display.line_, display.band_ = _draw_curve(
        ax, p, main, f"{name}, {rows}", band, {"color": FIRST, **line_kw}, {"color": BAND, **band_kw}
    )
    display.theory_lines_ = {
        label: ax.plot(p, curve, label=label, **_THEORIES[at % len(_THEORIES)])[0]
        for at, (label, curve) in enumerate(theory.items())
    }
    ax.set_xscale(x_scale)
    if x_scale == "log":
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.set(xlabel=f"number of leading features{' (logarithmic)' if x_scale == 'log' else ''}", ylabel="accuracy")
    ax.legend()
    display.ax_, display.figure_ = ax, ax.figure


def _draw_curve(
    ax: Axes,
    p: np.ndarray,
    scores: np.ndarray,
    label: str,
    band: str | None,
    line_kw: Mapping[str, Any],
    band_kw: Mapping[str, Any],
) -> tuple[Line2D, PolyCollection | None]:
    """Draw the mean over repetitions, and the band if there are several."""
    repetitions = scores.shape[1]
    mean = scores.mean(axis=1)
    if repetitions == 1:
        return ax.plot(p, mean, **{"label": label, **line_kw})[0], None
    drawn = None
    if band is not None:
        if band == "range":
            low, high = scores.min(axis=1), scores.max(axis=1)
        elif band == "std":
            sd = scores.std(axis=1, ddof=1)
            low, high = mean - sd, mean + sd
        else:
            low, high = np.quantile(scores, [0.05, 0.95], axis=1)
        drawn = ax.fill_between(p, low, high, **{"linewidth": 0, "alpha": 0.8, **band_kw})
        label = f"{label} (band: {_SPREADS[band]} of {repetitions})"
    else:
        label = f"{label} (mean of {repetitions})"
    return ax.plot(p, mean, **{"label": label, **line_kw})[0], drawn
