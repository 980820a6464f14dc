"""The two ways to the extremes of several prefixes: a search for each of few, one scan of all pairs for many."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse._kernels.search_block import has_dot_product
from fastcurse.engine import notes
from fastcurse.engine.memory import in_words
from fastcurse.engine.pair_search import Best
from fastcurse.engine.prefix_search import Found, scan_pairs, search_prefix
from fastcurse.engine.schedule import Schedule
from fastcurse.engine.search_plan import SearchPlan, Task, plan_search
from fastcurse.engine.survey import View


def explain_search(points: np.ndarray, prefixes: np.ndarray, screen: str) -> str:
    """Return what `distance_extremes` would do, a line each; points and prefixes as checked."""
    plan, _ = _plan(points, prefixes, screen)
    plans = {f"p = {prefixes[-1]}" if prefixes.size == 1 else "all": plan}
    if plan.path == "each":
        plans = {f"p = {p}": _plan(points, np.array([p]), screen)[0] for p in prefixes.tolist()}
    return "\n".join(
        f"{name}: {'; '.join(plan.reasons)}; {in_words(plan.need)} beside the data" for name, plan in plans.items()
    )


def find_extremes(
    points: np.ndarray, prefixes: np.ndarray, screen: str, schedule: Schedule
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Find the extremes of the prefixes; return the values of the result and what was done."""
    if prefixes.size == 1:
        return search_each(points, prefixes, screen, schedule)
    plan, view = _plan(points, prefixes, screen)
    if plan.path == "each":
        return search_each(points, prefixes, screen, schedule)
    return scan_all(points, prefixes, view, plan, schedule)


def _plan(points: np.ndarray, prefixes: np.ndarray, screen: str) -> tuple[SearchPlan, View]:
    view = View(points, int(prefixes[-1]))
    task = Task(len(points), tuple(prefixes.tolist()), screen, dot_product=has_dot_product())
    return plan_search(task, view), view


def search_each(
    points: np.ndarray, prefixes: np.ndarray, screen: str, schedule: Schedule
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Search each prefix by itself; return the values of the result and what was done."""
    found = []
    for p in prefixes.tolist():
        part = schedule.part(f"p = {p}", p / float(prefixes.sum()))
        found.append(_found_before(part, len(points)) or search_prefix(points, p, screen=screen, schedule=part))
        schedule.journal.drop(f"{part.name}/")
        schedule.journal.write(f"{part.name}, found", found[-1]._asdict, now=True)
    values = {
        "nearest": np.array([one.nearest.distance for one in found]),
        "farthest": np.array([one.farthest.distance for one in found]),
        "nearest_pair": np.array([one.nearest.pair for one in found], dtype=np.int64),
        "farthest_pair": np.array([one.farthest.pair for one in found], dtype=np.int64),
    }
    plans = [f"p = {p}: {'; '.join(one.plan)}" for p, one in zip(prefixes.tolist(), found, strict=True)]
    n_pairs = len(points) * (len(points) - 1) // 2
    did = {
        "tiles": sum(one.tiles for one in found),
        # A cluster's notes count tiles beyond the first that is not done, which are gone through again.
        "tiles_certified": sum(min(one.tiles_certified, one.tiles) for one in found),
        "pairs_certified": sum(min(one.pairs_certified, n_pairs) for one in found),  # some are measured again
        # Whole tiles are counted, the filling of the last panel and the other half of the diagonal with them.
        "pairs_boxed": sum(min(one.pairs_boxed, n_pairs) for one in found),
        "pairs_stopped": sum(min(one.pairs_stopped, max(0, n_pairs - one.pairs_boxed)) for one in found),
        "screen": ", ".join(dict.fromkeys(one.screen for one in found)),
        "plan": "\n".join(plans),
        "copy_bytes": max(one.copy_bytes for one in found),
    }
    return values, did


def _found_before(part: Schedule, n_samples: int) -> Found | None:
    """Return what a journal says was found at a prefix."""
    note = part.journal.read(f"{part.name}, found")
    if note is None:
        return None
    with part.journal.understood():
        values: dict[str, Any] = dict(note)
        for side in ("nearest", "farthest"):
            i, j = notes.whole_numbers(note[side][1], (2,), below=n_samples).tolist()
            values[side] = Best(float(notes.distances(note[side][0], ())), (i, j))
        for count in Found._fields[4:]:
            values[count] = int(notes.whole_numbers(note[count], ()))
        values["plan"] = tuple(note["plan"])
        if not all(isinstance(text, str) for text in (note["screen"], *values["plan"])):
            raise TypeError("texts are expected")
        found = Found(**values)
    part.advance(1.0)
    part.journal.resumed += part.share
    return found


def scan_all(
    points: np.ndarray, prefixes: np.ndarray, view: View, plan: SearchPlan, schedule: Schedule
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Scan all pairs once for all prefixes; return the values of the result and what was done."""
    schedule.check_memory(plan.need)
    found = scan_pairs(points, prefixes, view, plan, schedule)
    at = prefixes - 1
    values = {
        "nearest": found.nearest[at],
        "farthest": found.farthest[at],
        "nearest_pair": found.near_pair[at],
        "farthest_pair": found.far_pair[at],
    }
    did = {
        "tiles": found.tiles,
        "tiles_certified": min(found.tiles_certified, found.tiles),  # as above
        "pairs_certified": min(found.pairs_certified, len(points) * (len(points) - 1) // 2),
        "pairs_boxed": 0,
        "pairs_stopped": 0,
        "screen": plan.screen,
        "plan": "; ".join(plan.reasons),
        "copy_bytes": found.copy_bytes,
    }
    return values, did
