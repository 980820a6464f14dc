"""A profile as text for a terminal."""

from __future__ import annotations

import math
import textwrap

import numpy as np

from fastcurse.profile import COLUMNS, Finding, Profile
from fastcurse.profile._parts import counted
from fastcurse.report.profile.numbers import shown
from fastcurse.report.profile.panels import has_numbers, is_sampled
from fastcurse.report.tables import aligned

_WIDTH = 88
_MOST_ROWS = 16
_GLUE = "\N{NO-BREAK SPACE}"
_STYLES = {name: column.style for column in COLUMNS for name in (column.name, column.low, column.high)}
_MARKS = {"good": "+", "warning": "!", "note": "-"}


def summary_text(profile: Profile) -> str:
    """Return what the data are, the verdict and its numbers, what is wrong with the rows, and the main columns."""
    lines = [
        *_wrapped(
            f"{counted(profile.n_samples, 'row')} x {counted(profile.n_features, 'feature')}, {profile.metric}, "
            f"order {profile.order}; k = {counted(profile.k, 'neighbour')} of "
            f"{counted(profile.n_queries, 'query', 'queries')}; {profile.seconds:.1f} s"
        ),
        "",
        *(line for finding in profile.verdict for line in _sentence(finding)),
        *([] if profile.verdict else ["The data support no verdict."]),
        "",
        *_wrapped(f"Rows and features: {', '.join(_faults(profile)) or 'nothing wrong was found'}."),
    ]
    return "\n".join(lines + _table(profile))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent="  ")


def _sentence(finding: Finding) -> list[str]:
    """Return a sentence of the verdict, and below it the cells of the table that it rests on."""
    cells = [
        f"{name} at {prefix}: {shown(value, _STYLES[name])}"
        for name, prefix, value in zip(finding.columns, finding.prefixes, finding.values, strict=False)
    ]
    # A cell is not parted.
    rests = textwrap.wrap("; ".join(cell.replace(" ", _GLUE) for cell in cells), _WIDTH - 4, break_long_words=False)
    return [*_wrapped(f"{_MARKS[finding.kind]} {finding.text}"), *("    " + line.replace(_GLUE, " ") for line in rests)]


def _faults(profile: Profile) -> list[str]:
    quality, near = profile.quality, profile.quality.near_distance
    nearer = f"with a row nearer than {shown(near, 'distance')}"
    dropped = "dropped for values that are not finite"
    faults = [
        (quality.duplicates, "duplicate row", "duplicate rows"),
        (0 if math.isnan(near) else quality.near_duplicates, f"query {nearer}", f"queries {nearer}"),
        (len(quality.constant_features), "constant feature", "constant features"),
        (quality.n_non_finite, f"row {dropped}", f"rows {dropped}"),
    ]
    return [counted(*fault) for fault in faults if fault[0]]


def _table(profile: Profile) -> list[str]:
    """Return the lines of the table: of many prefixes some, among them those of the verdict."""
    columns = [column for column in COLUMNS if column.short and has_numbers(profile, column.name)]
    if not columns:
        return []
    sampled = [is_sampled(profile, column.name) for column in columns]
    m = profile.prefixes.size
    some = np.linspace(0, m - 1, min(m, _MOST_ROWS)).round().astype(int)
    named = np.isin(profile.prefixes, [prefix for finding in profile.verdict for prefix in finding.prefixes])
    rows = np.union1d(some, np.flatnonzero(named))
    header = ["prefix", *(column.short + "*" * mark for column, mark in zip(columns, sampled, strict=True))]
    cells = [
        [profile.prefixes[at], *(shown(profile.columns[column.name][at], column.style) for column in columns)]
        for at in rows
    ]
    lines = ["", *aligned(header, cells)]
    lines += ["* sampled: of the pairs with a query"] if any(sampled) else []
    lines += [f"{rows.size} of {m} prefixes are shown"] if rows.size < m else []
    return lines
