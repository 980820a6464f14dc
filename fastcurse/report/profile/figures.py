"""Panels of a profile as shapes of an SVG drawing, in its own units: the template only writes them down."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from matplotlib.ticker import MaxNLocator

from fastcurse.profile import Profile
from fastcurse.report.profile.numbers import NOTHING, shown
from fastcurse.report.profile.panels import COLUMN, Panel, has_numbers, is_sampled, limits

WIDTH, HEIGHT = 360, 220
_TOP, _RIGHT, _BOTTOM = 10, 14, 38
_LETTER = 6.6  # width of a digit of 12 units, and some space
_MOST_MARKERS = 40  # and most prefixes that have a tick each
Scale = Callable[[float], float]


class Mark(NamedTuple):
    """A point of a curve, and what it says when it is pointed at."""

    x: float
    y: float
    text: str


class Tick(NamedTuple):
    """A place on an axis; most prefixes have no label."""

    at: float
    label: str


@dataclass(frozen=True)
class Curve:
    """One column: its line in pieces, where numbers are missing, its points, and the band of its interval."""

    css: str  # "measured-0", "measured-1", "expected-0" or "expected-1"
    label: str
    path: str
    band: str
    marks: list[Mark]


@dataclass(frozen=True)
class Drawing:
    """All of one panel; lengths are in units of which the drawing is `WIDTH` wide."""

    key: str
    title: str
    description: str
    sampled: bool
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    curves: list[Curve]
    usual: tuple[float, float] | None  # y of z = 2 and of z = -2
    chance: Tick | None  # the majority's share


def draw_panel(panel: Panel, profile: Profile) -> Drawing | None:
    """Return the panel's shapes, or None if none of its columns says anything, or just at one prefix."""
    told = any(has_numbers(profile, name) for name, _ in panel.measured + panel.expected)
    if not told or profile.prefixes.size == 1:
        return None
    majority = [profile.labels.majority_share] if panel.group == "labels" and profile.labels else []
    low, high = limits(panel, profile, *majority)
    ticks = _y_ticks(panel, low, high)
    low, high = (min(low, ticks[0]), max(high, ticks[-1])) if panel.scale == "zero" else (low, high)
    labels = [_tick_label(tick, panel.style) for tick in ticks]
    left = 12 + _LETTER * max(len(label) for label in labels)
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM

    x = _log_scale(profile.prefixes[0], profile.prefixes[-1], left + 8, right - 8)
    # Numbers end a little inside of the axis, but where that is a bound.
    below, above = low == 0.0, panel.scale in {"share", "zero"}
    y = (_log_scale if panel.scale == "log" else _linear_scale)(
        low, high, bottom - (0 if below else 6), _TOP + (0 if above else 4)
    )
    curves = [
        _draw_curve(profile, f"{kind}-{at}", name, label, x, y, positive=panel.scale == "log")
        for kind, series in (("measured", panel.measured), ("expected", panel.expected))
        for at, (name, label) in enumerate(series)
        if has_numbers(profile, name)
    ]
    return Drawing(
        panel.key,
        panel.title,
        _describe(panel, profile),
        any(is_sampled(profile, name) for name, _ in panel.measured),
        left,
        right,
        _TOP,
        bottom,
        _prefix_ticks(profile.prefixes, x),
        [Tick(y(tick), label) for tick, label in zip(ticks, labels, strict=True)],
        curves,
        (y(2.0), y(-2.0)) if panel.scale == "z" else None,
        Tick(y(majority[0]), "always the largest class") if majority else None,
    )


def _y_ticks(panel: Panel, low: float, high: float) -> list[float]:
    """Return some five round numbers: within the ends of the axis, or just around those that start at zero."""
    if panel.scale == "share":
        return [0.0, 0.25, 0.5, 0.75, 1.0]
    if panel.scale == "log":
        return _log_ticks(low, high)
    ticks = np.asarray(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))
    if panel.scale == "zero":
        return ticks.tolist()
    slack = 1e-9 * (high - low)
    return ticks[(ticks >= low - slack) & (ticks <= high + slack)].tolist()


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        ticks = [digit * 10.0**decade for decade in decades for digit in digits]
        ticks = [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]
        if len(ticks) <= 6:
            break
    return ticks[:: math.ceil(len(ticks) / 6)] if ticks else []


def _linear_scale(low: float, high: float, first: float, last: float) -> Scale:
    return lambda value: first + (value - low) / (high - low) * (last - first)


def _log_scale(low: float, high: float, first: float, last: float) -> Scale:
    return lambda value: first + math.log(value / low) / math.log(high / low) * (last - first)


def _prefix_ticks(prefixes: np.ndarray, x: Scale) -> list[Tick]:
    """Return a tick for each prefix, with labels where there is room, from the last one on; of many only those."""
    ticks: list[Tick] = []
    free = math.inf
    for prefix in prefixes[::-1].tolist():
        label, at = str(prefix), x(prefix)
        half = _LETTER * len(label) / 2
        fits = at + half + 4 <= free
        ticks.append(Tick(at, label if fits else ""))
        free = at - half - 4 if fits else free
    return [tick for tick in ticks[::-1] if tick.label or len(ticks) <= _MOST_MARKERS]


def _tick_label(value: float, style: str) -> str:
    text = f"{100 * value:.4g} %" if style == "share" else f"{value:.6g}"
    return ("0 %" if style == "share" else "0") if abs(value) < 1e-12 else text.replace("-", "−")


def _draw_curve(profile: Profile, css: str, name: str, label: str, x: Scale, y: Scale, *, positive: bool) -> Curve:
    column, prefixes = COLUMN[name], profile.prefixes.tolist()
    values = [math.nan if positive and value <= 0 else value for value in profile.columns[name].tolist()]
    band = ""
    if column.low:
        low, high = profile.columns[column.low].tolist(), profile.columns[column.high].tolist()
        for piece in _pieces([sum(ends) for ends in zip(low, high, values, strict=True)]):
            around = [(x(prefixes[j]), y(high[j])) for j in piece] + [(x(prefixes[j]), y(low[j])) for j in piece[::-1]]
            band += _path(around if len(piece) > 1 else _bar(x(prefixes[piece[0]]), around)) + "Z"
    pieces = list(_pieces(values))
    drawn = [j for piece in pieces for j in piece]
    alone = {piece[0] for piece in pieces if len(piece) == 1}
    marked = drawn if len(drawn) <= _MOST_MARKERS else [j for j in drawn if j in alone]
    texts = {j: f"{label}, {prefixes[j]} features: {shown(values[j], column.style)}" for j in marked}
    return Curve(
        css,
        label,
        "".join(_path([(x(prefixes[j]), y(values[j])) for j in piece]) for piece in pieces),
        band,
        [Mark(x(prefixes[j]), y(values[j]), texts[j]) for j in marked],
    )


def _pieces(values: Sequence[float]) -> Iterator[list[int]]:
    """Yield the runs of positions that hold finite numbers."""
    run: list[int] = []
    for at, value in enumerate([*values, math.nan]):
        if math.isfinite(value):
            run.append(at)
        elif run:
            yield run
            run = []


def _bar(x: float, ends: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a band that only one prefix has: a bar."""
    (_, high), (_, low) = ends
    return [(x - 5, high), (x + 5, high), (x + 5, low), (x - 5, low)]


def _path(points: list[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _describe(panel: Panel, profile: Profile) -> str:
    """Return what the panel shows, for who does not see it."""
    sentences = []
    for name, label in panel.measured + panel.expected:
        values = profile.columns[name]
        finite = np.flatnonzero(np.isfinite(values))
        if not finite.size:
            continue
        style = COLUMN[name].style
        first, last = (f"{shown(values[j], style)} at {profile.prefixes[j]}" for j in finite[[0, -1]])
        sentences.append(f"{label}: {first}" + ("." if finite.size == 1 else f", {last}."))
    return " ".join(sentences) or f"{panel.title}: {NOTHING}."
