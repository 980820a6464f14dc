"""Nearest and farthest pair at one prefix: by the pair search, or by the scan of all pairs where that is better."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse.engine.duplicates import distinct_rows
from fastcurse.engine.frame import Frame, find_frame
from fastcurse.engine.memory import check_memory
from fastcurse.engine.pair_scan import PairScan, ScanResult
from fastcurse.engine.pair_search import Best, PairSearch, SearchSettings, settle
from fastcurse.engine.schedule import Schedule
from fastcurse.engine.screened_scan import ScreenedScan

WORK_WORTH_A_SCREEN = 10**7  # pair-features: below this the exact scan takes milliseconds
_SMALL = 64 * 2**20  # buffers of blocks and batches
_ORDER_BYTES = 96  # a point, while the order is found
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


class Choice(NamedTuple):
    """What is to be done for one prefix, and why."""

    frame: Frame | None
    settings: SearchSettings | None  # None: all pairs are scanned
    screen: str
    reasons: tuple[str, ...]
    need: int  # bytes beside the points, about


def choose(points: np.ndarray, n_features: int, screen: str, sides: tuple[bool, bool] = (True, True)) -> Choice:
    """Decide how to find the extremes at one prefix.

    Raises ValueError where a squared distance overflows.
    """
    n = len(points)
    frame = find_frame(points, n_features)
    if frame is None:
        return _exact(frame, n, n_features, "no screen: none can hold such values")
    if screen == "none":
        return _exact(frame, n, n_features, "no screen, as asked")
    if screen == "auto" and n * (n - 1) // 2 * n_features < WORK_WORTH_A_SCREEN:
        return _exact(frame, n, n_features, "no screen: every pair is measured in milliseconds")
    settings = settle(points, frame, screen, sides)
    plan = settings.plan
    need = n * n_features * (1 if plan.screen == "int8" else 4) + n * 8 * len(plan.cuts) + _SMALL
    if plan.order != "given":
        need += _ORDER_BYTES * n
    plain = plan.screen == "float32" and plan.order == "given" and len(plan.cuts) == 1
    # The scan of all pairs has products, which are faster.
    return Choice(frame, None if plain else settings, plan.screen, plan.reasons, need)


def _exact(frame: Frame | None, n_samples: int, n_features: int, why: str) -> Choice:
    return Choice(frame, None, "none", (why,), 8 * n_samples * n_features + _SMALL)


def search_prefix(
    points: np.ndarray,
    n_features: int,
    *,
    screen: str,
    sides: tuple[bool, bool] = (True, True),
    schedule: Schedule,
) -> Found:
    """Find the nearest and the farthest pair over the first features; a side that is not sought may be any pair.

    Raises ValueError where a squared distance overflows, and MemoryError where the search has no room.
    """
    choice = choose(points, n_features, screen, sides)
    check_memory(choice.need)
    if choice.frame is None or choice.screen == "none":
        return _of_scan(PairScan(points, n_features).run(schedule), "none", choice.reasons)
    if choice.settings is None:
        return _scan(points, choice.frame, choice.reasons, schedule)
    settings, reasons = choice.settings, choice.reasons
    found = PairSearch(points, choice.frame, settings).run(schedule)
    if found is None and screen == "auto" and settings.plan.order == "boxes" and settings.plan.screen == "int8":
        schedule.advance(-1.0)  # once more from the start
        reasons = (*reasons, "bytes could not tell near pairs apart: float32")
        settings = settings._replace(plan=settings.plan._replace(screen="float32"))
        found = PairSearch(points, choice.frame, settings).run(schedule.part("float32"))
    if found is not None:
        return Found(
            found.nearest, found.farthest, settings.plan.screen, reasons, found.tiles, found.tiles_certified,
            found.pairs_certified, found.pairs_boxed, sum(found.pairs_stopped), found.copy_bytes,
        )  # fmt: skip
    schedule.advance(-1.0)
    distinct = distinct_rows(points, n_features)
    if distinct is None or distinct.rows.size > _MOSTLY_DISTINCT * len(points):
        check_memory(8 * len(points) * n_features + _SMALL)
        reasons = (*reasons, "too many ties for this: all pairs were scanned")
        return _scan(points, choice.frame, reasons, schedule)
    return _search_distinct(points, n_features, distinct.rows, distinct.pair, screen, sides, schedule)


def _search_distinct(
    points: np.ndarray,
    n_features: int,
    rows: np.ndarray,
    equal_pair: tuple[int, int],
    screen: str,
    sides: tuple[bool, bool],
    schedule: Schedule,
) -> Found:
    """Search among distinct rows: the nearest pair is known, and the farthest is one of first occurrences."""
    nearest = Best(0.0, equal_pair)
    why = f"{rows.size} of {len(points)} rows are distinct: equal ones were set aside"
    if not sides[1] or rows.size == 1:
        return Found(nearest, Best(0.0, (0, 1)), "none", (why,), 0, 0, 0, 0, 0, rows.nbytes)
    kept = points[rows, :n_features]
    found = search_prefix(kept, n_features, screen=screen, sides=(False, True), schedule=schedule.part("distinct"))
    i, j = found.farthest.pair
    farthest = Best(found.farthest.distance, (int(rows[i]), int(rows[j])))
    return found._replace(
        nearest=nearest, farthest=farthest, plan=(why, *found.plan), copy_bytes=found.copy_bytes + kept.nbytes
    )


def _scan(points: np.ndarray, frame: Frame, plan: tuple[str, ...], schedule: Schedule) -> Found:
    prefixes = np.array([frame.centre.size])
    return _of_scan(ScreenedScan(points, prefixes, frame).run(schedule), "float32", plan)


def _of_scan(found: ScanResult, screen: str, plan: tuple[str, ...]) -> Found:
    """Return what a scan of all prefixes found at the last."""
    near, far = (tuple(pairs[-1].tolist()) for pairs in (found.near_pair, found.far_pair))
    return Found(
        Best(float(found.nearest[-1]), near), Best(float(found.farthest[-1]), far), screen, plan, found.tiles,
        found.tiles_certified, found.pairs_certified, 0, 0, found.copy_bytes,
    )  # fmt: skip
