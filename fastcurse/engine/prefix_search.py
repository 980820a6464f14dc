"""Nearest and farthest pair at one prefix: by the pair search, or by the scan of all pairs where that is better."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastcurse.engine.duplicates import distinct_rows
from fastcurse.engine.frame import Frame, find_frame
from fastcurse.engine.pair_scan import PairScan, ScanResult
from fastcurse.engine.pair_search import Best, PairSearch
from fastcurse.engine.screened_scan import ScreenedScan

WORK_WORTH_A_SCREEN = 10**7  # pair-features: below this the exact scan takes milliseconds
_MOSTLY_DISTINCT = 0.9  # share of distinct rows beyond which equal rows are not what defeats a screen


class Found(NamedTuple):
    """The extremes at one prefix, and what was done."""

    nearest: Best
    farthest: Best
    screen: str
    plan: tuple[str, ...]
    tiles: int
    tiles_certified: int
    pairs_certified: int
    pairs_boxed: int
    pairs_stopped: int
    copy_bytes: int


def search_prefix(
    points: np.ndarray,
    n_features: int,
    *,
    screen: str,
    sides: tuple[bool, bool] = (True, True),
    advance: Callable[[float], object],
) -> Found:
    """Find the nearest and the farthest pair over the first features; a side that is not sought may be any pair.

    Raises ValueError where a squared distance overflows.
    """
    n = len(points)
    frame = find_frame(points, n_features)
    work = n * (n - 1) // 2 * n_features
    if frame is None or screen == "none" or (screen == "auto" and work < WORK_WORTH_A_SCREEN):
        why = (
            "no screen can hold such values"
            if frame is None
            else "no screen: " + ("as asked" if screen == "none" else "every pair is measured in milliseconds")
        )
        return _of_scan(PairScan(points, n_features).run(advance), "none", (why,))
    search = PairSearch(points, frame, screen=screen, sides=sides)
    plain = search.plan.screen == "float32" and search.plan.order == "given" and len(search.plan.cuts) == 1
    if plain:  # the scan has products, which are faster
        return _scan(points, frame, search.plan.reasons, advance)
    found = search.run(advance)
    if found is not None:
        return Found(
            found.nearest, found.farthest, search.plan.screen, search.plan.reasons, found.tiles, found.tiles_certified,
            found.pairs_certified, found.pairs_boxed, sum(found.pairs_stopped), found.copy_bytes,
        )  # fmt: skip
    distinct = distinct_rows(points, n_features)
    if distinct is None or distinct.rows.size > _MOSTLY_DISTINCT * n:
        return _scan(points, frame, (*search.plan.reasons, "too many ties for this: all pairs were scanned"), advance)
    return _search_distinct(points, n_features, distinct.rows, distinct.pair, screen, sides, advance)


def _search_distinct(
    points: np.ndarray,
    n_features: int,
    rows: np.ndarray,
    equal_pair: tuple[int, int],
    screen: str,
    sides: tuple[bool, bool],
    advance: Callable[[float], object],
) -> Found:
    """Search among distinct rows: the nearest pair is known, and the farthest is one of first occurrences."""
    nearest = Best(0.0, equal_pair)
    why = f"{rows.size} of {len(points)} rows are distinct: equal ones were set aside"
    if not sides[1] or rows.size == 1:
        return Found(nearest, Best(0.0, (0, 1)), "none", (why,), 0, 0, 0, 0, 0, rows.nbytes)
    kept = points[rows, :n_features]
    found = search_prefix(kept, n_features, screen=screen, sides=(False, True), advance=advance)
    i, j = found.farthest.pair
    farthest = Best(found.farthest.distance, (int(rows[i]), int(rows[j])))
    return found._replace(
        nearest=nearest, farthest=farthest, plan=(why, *found.plan), copy_bytes=found.copy_bytes + kept.nbytes
    )


def _scan(points: np.ndarray, frame: Frame, plan: tuple[str, ...], advance: Callable[[float], object]) -> Found:
    prefixes = np.array([frame.centre.size])
    return _of_scan(ScreenedScan(points, prefixes, frame).run(advance), "float32", plan)


def _of_scan(found: ScanResult, screen: str, plan: tuple[str, ...]) -> Found:
    """Return what a scan of all prefixes found at the last."""
    near, far = (tuple(pairs[-1].tolist()) for pairs in (found.near_pair, found.far_pair))
    return Found(
        Best(float(found.nearest[-1]), near), Best(float(found.farthest[-1]), far), screen, plan, found.tiles,
        found.tiles_certified, found.pairs_certified, 0, 0, found.copy_bytes,
    )  # fmt: skip
