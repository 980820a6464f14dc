"""Three to six plain sentences, each with the numbers of the table that it rests on; none that the data cannot bear."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from fastcurse import theory
from fastcurse.intrinsic_dimension import METHODS
from fastcurse.profile._parts import Finding, counted
from fastcurse.profile._result import Profile

_MOST = 6
_CONTRAST = 0.5  # nearest at half the farthest distance
_MOST_OF_VARIANCE = 0.5
_KEPT, _LOST = 0.95, 0.5  # shares of the neighbours
_HUBS = 2.0  # skewness; an exponential law has 2
_ROWS = 30  # fewer bear no sentence on distances
_QUERIES_FOR_HUBS, _QUERIES_FOR_DIMENSION = 100, 50
_SATURATED, _LARGEST = 1.2, 1e5  # a reading of 10 that is worth 12; dimensions that are looked for
_WIDEST = 0.1  # half of an interval of a share that is still quoted


def find_verdict(profile: Profile) -> tuple[Finding, ...]:
    """Return the sentences that the data support, what is wrong with the data first."""
    makers = (_rows, _contrast, _spread, _overlap, _hubs, _dimension, _labels)
    found = [finding for make in makers if (finding := make(profile)) is not None]
    while len(found) > _MOST:  # what says least goes first
        notes = [at for at, finding in enumerate(found) if finding.kind == "note"]
        found.pop(notes[0] if notes else -1)
    return tuple(found)


def _rows(profile: Profile) -> Finding | None:
    quality, parts = profile.quality, []
    if quality.n_non_finite:
        parts.append(f"{counted(quality.n_non_finite, 'row')} with nan or inf left out")
    if quality.duplicates:
        parts.append(f"{counted(quality.duplicates, 'row')} equal to an earlier one")
    if quality.near_duplicates:
        parts.append(
            f"{quality.near_duplicates} of {counted(profile.n_queries, 'query', 'queries')} nearly equal to another row"
        )
    if quality.constant_features:
        parts.append(f"{counted(len(quality.constant_features), 'constant feature')}")
    p = _last(profile)
    too_wide = p > 1 and quality.widest_share > min(max(_MOST_OF_VARIANCE, 2 / p), 0.9)
    if profile.metric == "euclidean" and too_wide and profile.n_samples >= _ROWS:
        share = f"{100 * quality.widest_share:.0f} % of the variance"
        parts.append(
            f"{quality.widest_feature!r} alone has {share}, so that distances are nearly its own: scale the features"
        )
    return _finding(profile, "warning", f"Look at the data first: {_joined(parts)}.") if parts else None


def _contrast(profile: Profile) -> Finding | None:
    contrast, p = _value(profile, "query_contrast"), _last(profile)
    if profile.n_samples < _ROWS or not contrast > 0:
        return None
    text = (
        f"With {_all(p)} a row's nearest row is on average {100 * (1 - contrast):.0f} % as far from it as its farthest"
    )
    if contrast < _CONTRAST:
        return _finding(profile, "warning", f"{text}: near and far hardly differ.", ("query_contrast", p))
    return _finding(profile, "good", f"{text}.", ("query_contrast", p))


def _spread(profile: Profile) -> Finding | None:
    p = _last(profile)
    cv, independent, effective = (_value(profile, name) for name in ("cv", "independent_cv", "effective_dimension"))
    if not (np.isfinite(independent) and independent > 0 and cv > 0) or profile.n_samples < _ROWS:
        return None
    kind_of = "Squared distances" if profile.metric == "euclidean" else "Cosine distances"
    text = (
        f"{kind_of} vary by {100 * cv:.0f} % around their mean, where independent features would give "
        f"{100 * independent:.0f} %"
    )
    cells = [("cv", p), ("independent_cv", p)]
    gaussian = _value(profile, "gaussian_cv")
    if np.isfinite(gaussian):
        text += f" and Gaussian points of the same covariance {100 * gaussian:.0f} %"
        cells.append(("gaussian_cv", p))
    if p > 1:
        text += f"; the covariance is as flat as that of {_number(effective)} equal, uncorrelated features"
        cells.append(("effective_dimension", p))
    return _finding(profile, "note", text + ".", *cells)


def _overlap(profile: Profile) -> Finding | None:
    p, overlap = _last(profile), profile.columns["overlap"]
    half = (profile.columns["overlap_high"] - profile.columns["overlap_low"]) / 2
    if profile.prefixes.size < 2 or profile.n_queries < _ROWS or profile.quality.duplicates == profile.n_samples - 1:
        return None
    if np.isnan(overlap[-1]):  # most lists end within ties
        return None
    enough = np.flatnonzero((overlap[:-1] >= _KEPT) & (half[:-1] <= _WIDEST))
    if enough.size:
        q = int(profile.prefixes[enough[0]])
        text = f"{q} of {p} features {_keep(q)} {100 * overlap[enough[0]]:.0f} % of the {profile.k} nearest neighbours."
        return _finding(profile, "good", text, ("overlap", q))
    q = int(profile.prefixes[-2])
    if not half[-2] <= _WIDEST:
        return None
    text = (
        f"No shorter prefix keeps the neighbours: {q} of {p} features {_keep(q)} {100 * overlap[-2]:.0f} % of the "
        f"{profile.k} nearest."
    )
    return _finding(profile, "warning" if overlap[-2] < _LOST else "note", text, ("overlap", q))


def _hubs(profile: Profile) -> Finding | None:
    p, skewness, top = _last(profile), _value(profile, "hubness_skewness"), _value(profile, "top_hub_share")
    if profile.n_queries < _QUERIES_FOR_HUBS or not np.isfinite(skewness) or skewness < _HUBS:
        return None
    asked = "rows" if profile.n_queries == profile.n_samples else "queries"
    text = (
        f"Few rows crowd the neighbour lists: one is among the {profile.k} nearest of {100 * top:.1f} % of the {asked} "
        f"(skewness {_number(skewness)})"
    )
    cells = [("hubness_skewness", p), ("top_hub_share", p)]
    antihubs = _value(profile, "antihub_share")
    if np.isfinite(antihubs):
        text += f", while {100 * antihubs:.0f} % are nobody's neighbour"
        cells.append(("antihub_share", p))
    return _finding(profile, "warning", text + ".", *cells)


def _dimension(profile: Profile) -> Finding | None:
    p = _last(profile)
    readings = sorted(_value(profile, name) for name in METHODS)
    if profile.n_queries < _QUERIES_FOR_DIMENSION or not np.isfinite(readings).all() or readings[0] <= 0:
        return None
    if np.isnan(_value(profile, "overlap")):  # ties: distances are not measured finely enough
        return None
    low, high = (_number(reading) for reading in readings)
    text = f"Near a row the data look {low if low == high else f'{low}- to {high}'}-dimensional, by two estimators"
    reading = _value(profile, "levina_bickel")
    true = _dimension_that_reads(reading, profile.n_samples, profile.k)
    if true > _SATURATED * reading:
        text += (
            f", as Gaussian points of {_number(true)} dimensions would: {profile.n_samples} rows are too few to tell"
        )
    return _finding(profile, "note", text + ".", *((name, p) for name in METHODS))


def _dimension_that_reads(reading: float, n_samples: int, k: int) -> float:
    """Return the dimension of Gaussian points that read so with so many rows: more, where estimates saturate."""

    def excess(d: float) -> float:
        return float(theory.apparent_dimension(n_samples, d, k=k)) - reading

    high = 2.0 * reading
    while excess(high) < 0 and high < _LARGEST:
        high *= 4.0
    return _LARGEST if high >= _LARGEST else float(brentq(excess, 0.5 * reading, high, rtol=0.01))


def _labels(profile: Profile) -> Finding | None:
    from fastcurse.report.profile.numbers import shown

    if profile.labels is None:
        return None
    best, enough = profile.labels.peak, profile.labels.recommended_features
    low, high = _value(profile, "lda_low", best), _value(profile, "lda_high", best)
    if not (high - low) / 2 <= _WIDEST:
        return None
    accuracy, majority = _value(profile, "lda_accuracy", best), profile.labels.majority_share
    accuracy_text, low_text, high_text, majority_text = (shown(x, "share") for x in (accuracy, low, high, majority))
    cells = [("lda_accuracy", best), ("lda_low", best), ("lda_high", best)]
    right = f"{accuracy_text} right with {counted(best, 'feature')} ({low_text} to {high_text})"
    # The best of several prefixes is better by chance: as many times as there are prefixes.
    chance = (accuracy - low) * float(norm.isf(0.025 / profile.prefixes.size) / norm.isf(0.025))
    if accuracy - chance <= majority:
        text = (
            f"The labels are not told by linear discriminant analysis for sure: at best {right}, and always saying the "
            f"most frequent is {majority_text} right."
        )
        return _finding(profile, "warning", text, *cells)
    text = f"Linear discriminant analysis is {right}; always saying the most frequent label, {majority_text}"
    if enough < best:
        text += f"; {counted(enough, 'feature')} {'does' if enough == 1 else 'do'} as well within one standard error"
        cells.append(("lda_accuracy", enough))
    doubled = profile.labels.recommended_features_doubled
    if doubled is not None and doubled > enough:
        text += f"; with twice the rows {doubled} would pay"
        cells.append(("lda_doubled", doubled))
    return _finding(profile, "good", text + ".", *cells)


def _last(profile: Profile) -> int:
    """Return the number of all features that were looked at."""
    return int(profile.prefixes[-1])


def _value(profile: Profile, column: str, prefix: int | None = None) -> float:
    """Return a number of the table, by default that of the last prefix."""
    return profile.value(column, _last(profile) if prefix is None else prefix)


def _finding(profile: Profile, kind: str, text: str, *cells: tuple[str, int]) -> Finding:
    """Return a sentence that rests on cells of the table."""
    columns, prefixes = zip(*cells, strict=True) if cells else ((), ())
    return Finding(kind, text, columns, prefixes, tuple(profile.value(*cell) for cell in cells))


def _keep(n: int) -> str:
    return "keeps" if n == 1 else "keep"


def _all(p: int) -> str:
    return "the one feature" if p == 1 else f"all {p} features"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}" if value >= 0.995 else f"{value:.2g}"
