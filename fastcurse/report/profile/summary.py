"""A profile as text for a terminal."""

from __future__ import annotations

import math
import textwrap

import numpy as np

from fastcurse.profile import COLUMNS, Profile
from fastcurse.report.profile.numbers import shown
from fastcurse.report.profile.panels import has_numbers, is_sampled
from fastcurse.report.tables import aligned

_WIDTH = 88
_MOST_ROWS = 16
_MARKS = {"good": "+", "warning": "!", "note": "-"}


def summary_text(profile: Profile) -> str:
    """Return what the data are, the verdict, what is wrong with the rows, and a table of the main columns."""
    paragraphs = [
        f"{profile.n_samples} rows x {profile.n_features} features, {profile.metric}, order {profile.order}; "
        f"k = {profile.k} neighbours of {profile.n_queries} queries; {profile.seconds:.1f} s",
        "",
        *(f"{_MARKS[finding.kind]} {finding.text}" for finding in profile.verdict),
        *([] if profile.verdict else ["The data support no verdict."]),
        "",
        f"Rows and features: {', '.join(_faults(profile)) or 'nothing wrong was found'}.",
    ]
    lines = [
        line
        for paragraph in paragraphs
        for line in (textwrap.wrap(paragraph, _WIDTH, subsequent_indent="  ") if paragraph else [""])
    ]
    return "\n".join(lines + _table(profile))


def _faults(profile: Profile) -> list[str]:
    quality, near = profile.quality, profile.quality.near_distance
    faults = [
        (quality.duplicates, "duplicate rows"),
        (
            0 if math.isnan(near) else quality.near_duplicates,
            f"queries with a row nearer than {shown(near, 'distance')}",
        ),
        (len(quality.constant_features), "constant features"),
        (quality.n_non_finite, "rows dropped for values that are not finite"),
    ]
    return [f"{count} {fault}" for count, fault in faults if count]


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
