"""Nearest and farthest pair at one prefix: by the pair search, or by the scan of all pairs where that is better."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse._kernels import simd
from fastcurse._kernels.search_block import has_dot_product
from fastcurse._memmap import take_rows
from fastcurse.engine.duplicates import DistinctRows, distinct_rows
from fastcurse.engine.pair_scan import PairScan, ScanResult
from fastcurse.engine.pair_search import Best, PairSearch, SearchSettings
from fastcurse.engine.schedule import Schedule
from fastcurse.engine.screened_scan import ScreenedScan
from fastcurse.engine.search_plan import SearchPlan, Task, plan_again, plan_search
from fastcurse.engine.survey import View


class Found(NamedTuple):
    """The extremes at one prefix, and what was done."""

    nearest: Best
    farthest: Best
    screen: str
    plan: tuple[str, ...]
    tiles: int = 0
    tiles_certified: int = 0
    pairs_certified: int = 0
    pairs_boxed: int = 0
    pairs_stopped: int = 0
    copy_bytes: int = 0


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
    view = View(points, n_features)
    task = Task(len(points), (n_features,), screen, sides, has_dot_product())
    plan, part = plan_search(task, view), schedule
    while plan.path == "search":
        assert view.frame is not None
        schedule.check_memory(plan.need, by_workers=True)
        settings = SearchSettings(plan, view.axes, view.seeds, sides, simd.host_bits())
        found = PairSearch(points, view.frame, settings).run(part)
        if found is not None:
            return Found(
                found.nearest, found.farthest, plan.screen, plan.reasons, found.tiles, found.tiles_certified,
                found.pairs_certified, found.pairs_boxed, sum(found.pairs_stopped), found.copy_bytes,
            )  # fmt: skip
        part.restart()
        distinct = distinct_rows(points, n_features)
        if distinct is not None:
            plan = plan_again(task, plan, distinct.rows.size)
            return _search_distinct(points, distinct, task, plan, schedule)
        plan = plan_again(task, plan, len(points))
        part = schedule.part(plan.screen)
    schedule.check_memory(plan.need)
    return _of_scan(scan_pairs(points, np.array([n_features]), view, plan, part), plan)


def scan_pairs(
    points: np.ndarray, prefixes: np.ndarray, view: View, plan: SearchPlan, schedule: Schedule
) -> ScanResult:
    """Scan all pairs for the prefixes, screened as the plan says."""
    if plan.screen == "none" or view.frame is None:
        return PairScan(points, int(prefixes[-1])).run(schedule)
    return ScreenedScan(points, prefixes, view.frame).run(schedule)


def _search_distinct(
    points: np.ndarray, distinct: DistinctRows, task: Task, plan: SearchPlan, schedule: Schedule
) -> Found:
    """Search among distinct rows: the nearest pair is known, and the farthest is one of first occurrences."""
    rows, nearest = distinct.rows, Best(0.0, distinct.pair)
    if not task.sides[1] or rows.size == 1:
        return Found(nearest, Best(0.0, (0, 1)), "none", plan.reasons, copy_bytes=rows.nbytes)
    schedule.check_memory(rows.size * task.n_features * points.itemsize)
    kept = take_rows(points[:, : task.n_features], rows)
    part = schedule.part("distinct")
    found = search_prefix(kept, task.n_features, screen=task.screen, sides=(False, True), schedule=part)
    i, j = found.farthest.pair
    farthest = Best(found.farthest.distance, (int(rows[i]), int(rows[j])))
    reasons = (*plan.reasons, *found.plan)
    return found._replace(nearest=nearest, farthest=farthest, plan=reasons, copy_bytes=found.copy_bytes + kept.nbytes)


def _of_scan(found: ScanResult, plan: SearchPlan) -> Found:
    """Return what a scan of all prefixes found at the last."""
    near, far = (tuple(pairs[-1].tolist()) for pairs in (found.near_pair, found.far_pair))
    return Found(
        Best(float(found.nearest[-1]), near), Best(float(found.farthest[-1]), far), plan.screen, plan.reasons,
        found.tiles, found.tiles_certified, found.pairs_certified, copy_bytes=found.copy_bytes,
    )  # fmt: skip
