"""A profile as one page of HTML that stands alone."""

from __future__ import annotations

from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from fastcurse.profile import COLUMNS, GROUPS, Column, Finding, Profile
from fastcurse.report import environment
from fastcurse.report.profile.figures import HEIGHT, WIDTH, draw_panel
from fastcurse.report.profile.numbers import NOTHING, counted, shown
from fastcurse.report.profile.panels import COLUMN, PANELS, has_numbers, is_sampled

_ORDERS = {
    "given": "as given",
    "pca": "principal components, from the largest",
    "variance": "by variance, from the largest",
    "random": "random",
}
_KINDS = {"good": "Good", "warning": "Warning", "note": "Note"}


class Cell(NamedTuple):
    """A number of the table: as it is written in the JSON, and as it is read; with the ends of its interval."""

    id: str
    value: str
    text: str
    ends: tuple[tuple[str, str], tuple[str, str]] | None


def render_page(profile: Profile, name: str | None = None) -> str:
    """Return the page; `name` is what the data are called."""
    templates = Environment(
        loader=PackageLoader("fastcurse.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["counted"] = counted
    templates.filters["shown"] = lambda value, style: _typeset(shown(value, style))
    return templates.get_template("profile.html.j2").render(
        profile=profile,
        title=f"Profile of {name}" if name else "Profile",
        order=_ORDERS.get(profile.order, profile.order),
        verdict=[{"kind": _KINDS[finding.kind], "finding": finding, "cells": _cells_of(finding)}
                 for finding in profile.verdict],
        sections=[_section(profile, group) for group in GROUPS if group != "labels" or profile.labels is not None],
        width=WIDTH,
        height=HEIGHT,
        meta=environment.describe(),
        nothing=NOTHING,
    )  # fmt: skip


def cell_id(column: str, prefix: int) -> str:
    """Return the address of a number within the page."""
    return f"cell-{column}-{prefix}"


def _cells_of(finding: Finding) -> list[dict[str, str]]:
    return [
        {
            "id": cell_id(name, prefix),
            "text": f"{COLUMN[name].title} at {prefix}: {_typeset(shown(value, COLUMN[name].style))}",
        }
        for name, prefix, value in zip(finding.columns, finding.prefixes, finding.values, strict=False)
        if name in COLUMN
    ]


def _section(profile: Profile, group: str) -> dict[str, Any]:
    columns = [column for column in COLUMNS if column.group == group]
    told = [column for column in columns if has_numbers(profile, column.name)]
    sampled = {column.name for column in told if is_sampled(profile, column.name)}
    return {
        "id": group,
        "title": GROUPS[group],
        "columns": [{"name": column.name, "title": column.title, "meaning": column.meaning,
                     "sampled": column.name in sampled} for column in told],
        "silent": [column.title for column in columns if column not in told],
        "sampled": bool(sampled),
        "panels": [drawing for panel in PANELS if panel.group == group
                   if (drawing := draw_panel(panel, profile)) is not None],
        "rows": [{"prefix": prefix, "cells": [_cell(profile, column, at) for column in told]}
                 for at, prefix in enumerate(profile.prefixes.tolist())],
    }  # fmt: skip


def _cell(profile: Profile, column: Column, at: int) -> Cell:
    def both(name: str) -> tuple[str, str]:
        value = float(profile.columns[name][at])
        written = repr(value).replace("inf", "Infinity")
        return written, _typeset(shown(value, column.style))

    value, text = both(column.name)
    ends = (both(column.low), both(column.high)) if column.low else None
    if ends is None or NOTHING in (text, ends[0][1], ends[1][1]):
        ends = None
    return Cell(cell_id(column.name, int(profile.prefixes[at])), value, text, ends)


def _typeset(text: str) -> str:
    return text.replace("-", "−")
