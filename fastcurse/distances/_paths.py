"""The two ways to the extremes of several prefixes: a search for each of few, one scan of all pairs for many."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse._kernels.search_block import has_dot_product
from fastcurse.engine.frame import Frame, find_frame
from fastcurse.engine.memory import check_memory, in_words
from fastcurse.engine.pair_scan import PairScan
from fastcurse.engine.pair_search import Best
from fastcurse.engine.prefix_search import WORK_WORTH_A_SCREEN, Found, choose, search_prefix
from fastcurse.engine.schedule import Schedule
from fastcurse.engine.screened_scan import ScreenedScan
from fastcurse.engine.search_plan import one_by_one


def explain_search(points: np.ndarray, prefixes: np.ndarray, screen: str) -> str:
    """Return what `distance_extremes` would do, a line each; points and prefixes as checked."""
    n_pairs = len(points) * (len(points) - 1) // 2
    if not are_few(n_pairs, prefixes, screen):
        _, _, need, plan = _choose_all(points, prefixes, screen)
        return f"{plan}; {in_words(need)} beside the data"
    choices = [(p, choose(points, p, screen)) for p in prefixes.tolist()]
    return "\n".join(
        f"p = {p}: {'; '.join(choice.reasons)}; {in_words(choice.need)} beside the data" for p, choice in choices
    )


def are_few(n_pairs: int, prefixes: np.ndarray, screen: str) -> bool:
    """Return whether the prefixes are searched one by one, not scanned together."""
    small = screen == "auto" and n_pairs * int(prefixes[-1]) < WORK_WORTH_A_SCREEN
    return not small and one_by_one(prefixes, screen=screen, dot_product=has_dot_product())


def search_each(
    points: np.ndarray, prefixes: np.ndarray, screen: str, schedule: Schedule
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Search each prefix by itself; return the values of the result and what was done."""
    found = []
    for p in prefixes.tolist():
        part = schedule.part(f"p = {p}", p / float(prefixes.sum()))
        found.append(_found_before(part) or search_prefix(points, p, screen=screen, schedule=part))
        schedule.journal.drop(f"{part.name}/")
        schedule.journal.write(f"{part.name}, found", found[-1]._asdict, now=True)
    values = {
        "nearest": np.array([one.nearest.distance for one in found]),
        "farthest": np.array([one.farthest.distance for one in found]),
        "nearest_pair": np.array([one.nearest.pair for one in found], dtype=np.int64),
        "farthest_pair": np.array([one.farthest.pair for one in found], dtype=np.int64),
    }
    plans = [f"p = {p}: {'; '.join(one.plan)}" for p, one in zip(prefixes.tolist(), found, strict=True)]
    n_pairs = len(points) * (len(points) - 1) // 2 * len(found)
    did = {
        "tiles": sum(one.tiles for one in found),
        "tiles_certified": sum(one.tiles_certified for one in found),
        "pairs_certified": min(sum(one.pairs_certified for one in found), n_pairs),  # some are measured again
        # Whole tiles are counted, the filling of the last panel and the other half of the diagonal with them.
        "pairs_boxed": min(sum(one.pairs_boxed for one in found), n_pairs),
        "pairs_stopped": min(sum(one.pairs_stopped for one in found), n_pairs),
        "screen": ", ".join(dict.fromkeys(one.screen for one in found)),
        "plan": "\n".join(plans),
        "copy_bytes": max(one.copy_bytes for one in found),
    }
    return values, did


def _found_before(part: Schedule) -> Found | None:
    """Return what a journal says was found at a prefix."""
    note = part.journal.read(f"{part.name}, found")
    if note is None:
        return None
    with part.journal.understood():
        sides = {}
        for side in ("nearest", "farthest"):
            distance, (i, j) = note[side]
            sides[side] = Best(float(distance), (int(i), int(j)))
        found = Found(**{**note, **sides, "plan": tuple(note["plan"])})
    part.advance(1.0)
    part.journal.resumed += part.share
    return found


def _choose_all(points: np.ndarray, prefixes: np.ndarray, screen: str) -> tuple[Frame | None, str, int, str]:
    """Return frame, screen, memory need and plan of one scan of all pairs."""
    n_samples, last = len(points), int(prefixes[-1])
    frame = find_frame(points, last)
    work = n_samples * (n_samples - 1) // 2 * last
    exact = screen == "none" or frame is None or (screen == "auto" and work < WORK_WORTH_A_SCREEN)
    used, need = ("none", 8) if exact else ("float32", 5)
    if frame is None:
        why = "none can hold such values"
    elif screen == "none":
        why = "as asked"
    elif exact:
        why = "every pair is measured in milliseconds"
    else:
        why = "bytes are for few prefixes" if screen == "int8" else "nearly all pairs are ruled out in it"
    plural = "one prefix" if prefixes.size == 1 else f"all of {prefixes.size} prefixes"
    plan = f"one scan of all pairs for {plural}; screen: {used}, {why}"
    return frame, used, need * n_samples * last, plan


def scan_all(
    points: np.ndarray, prefixes: np.ndarray, screen: str, schedule: Schedule
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Scan all pairs once for all prefixes; return the values of the result and what was done."""
    frame, used, need, plan = _choose_all(points, prefixes, screen)
    check_memory(need)
    if used == "none" or frame is None:
        found = PairScan(points, int(prefixes[-1])).run(schedule)
    else:
        found = ScreenedScan(points, prefixes, frame).run(schedule)
    at = prefixes - 1
    values = {
        "nearest": found.nearest[at],
        "farthest": found.farthest[at],
        "nearest_pair": found.near_pair[at],
        "farthest_pair": found.far_pair[at],
    }
    did = {
        "tiles": found.tiles,
        "tiles_certified": found.tiles_certified,
        "pairs_certified": found.pairs_certified,
        "pairs_boxed": 0,
        "pairs_stopped": 0,
        "screen": used,
        "plan": plan,
        "copy_bytes": found.copy_bytes,
    }
    return values, did
