"""How extremes are found: a pure function of what is asked, of what is seen of the points, and of the host."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple, Protocol

import numpy as np

from fastcurse.engine.memory import BUFFERS, scan_bytes
from fastcurse.engine.search_costs import (
    SPEED_OF_SCAN,
    Survey,
    best_cuts,
    rotation_seconds,
    share_undecided,
    speed_of,
    undecided_seconds,
)

BLOCK = (8, 32)  # points of a block, which is left when none of its pairs matters; fewer where vectors are shorter
BOXED = 8  # features that boxes have
WORK_WORTH_A_SCREEN = 10**7  # pair-features: below this the exact scan takes milliseconds
MOST_FEATURES_OF_BYTES = 2**14  # beyond, sums of bytes could overflow 32 bits
_LEAF = 32  # points of a box
_DIMENSIONS_A_DOUBLING = 1.25  # effective dimensions that boxes still serve, for each halving of the points to a leaf
_CLEARLY = 0.1  # share of the variance
_NOTED_A_POINT = 0.5  # pairs that a screen may leave undecided: tiles of neighbours can note so many
_ORDER_BYTES = 96  # a point, while the order is found


class Task(NamedTuple):
    """What is asked, and of what host."""

    n_samples: int
    prefixes: tuple[int, ...]
    screen: str = "auto"  # or the one that is wanted
    sides: tuple[bool, bool] = (True, True)  # whether the nearest and the farthest pair are sought
    dot_product: bool = True  # whether the host multiplies bytes in one instruction

    @property
    def n_features(self) -> int:
        """Features that are looked at."""
        return self.prefixes[-1]

    @property
    def n_pairs(self) -> float:
        """Pairs of points."""
        return self.n_samples * (self.n_samples - 1) / 2

    @property
    def screens(self) -> tuple[str, ...]:
        """Screens that a search may use, the fastest first."""
        if self.n_features > MOST_FEATURES_OF_BYTES:
            return ("float32",)
        return ("int8", "float32") if self.screen == "auto" else (self.screen,)


class Sight(Protocol):
    """What may be seen of the points; looked for when it is asked for."""

    @property
    def in_range(self) -> bool:
        """Whether a screen can hold the values."""

    @property
    def survey(self) -> Survey:
        """What a sample says."""


class SearchPlan(NamedTuple):
    """How to find the extremes; `reasons` says why, a sentence each."""

    screen: str  # "none", "int8" or "float32"
    rotate: bool
    order: str  # "given", "boxes": that of a k-d tree, or "norms": largest first
    boxed: int  # leading features of the boxes of tiles
    cuts: tuple[int, ...]  # features at which blocks may be left; the last is all of them
    reasons: tuple[str, ...]
    path: str = "search"  # or "scan": all pairs at all prefixes; "each", "distinct": parts have plans of their own
    need: int = 0  # bytes beside the points, about


def plan_search(task: Task, sight: Sight) -> SearchPlan:
    """Return the plan of the least expected cost; the points are looked at no closer than it takes."""
    if task.screen == "none":
        return _first_scan(task, "none", "as asked")
    if task.screen == "auto" and task.n_pairs * task.n_features < WORK_WORTH_A_SCREEN:
        return _first_scan(task, "none", "every pair is measured in milliseconds")
    if not sight.in_range:
        return _first_scan(task, "none", "none can hold such values")
    if len(task.prefixes) > 1 and _each_pays(task):
        return _parts("each", (f"each of {len(task.prefixes)} prefixes by itself",))
    if len(task.prefixes) > 1:
        why = "bytes are for few prefixes" if task.screen == "int8" else "nearly all pairs are ruled out in it"
        return _first_scan(task, "float32", why)
    survey = sight.survey
    if survey.dimension <= _DIMENSIONS_A_DOUBLING * np.log2(max(1, task.n_samples / _LEAF)):
        plan = _plan_boxes(task, survey)
    else:
        plan = _plan_cuts(task, survey)
        plan = plan if task.sides[0] else plan._replace(order="norms")
    reasons = _reasons(plan, survey, task)
    if plan.screen == "float32" and plan.order == "given" and len(plan.cuts) == 1:
        return _scan(task, "float32", reasons)  # it has products, which are faster
    return plan._replace(reasons=reasons, need=_need(task, plan))


def plan_again(task: Task, plan: SearchPlan, n_distinct: int) -> SearchPlan:
    """Return what to do where the plan left too many pairs undecided; `n_distinct` rows differ from all earlier ones.

    Rows that are equal are set aside ("distinct"): they need no search, and tie with each other. Else bytes that boxes
    have left with near pairs give way to float32; what is left is the scan of all pairs.
    """
    if n_distinct < task.n_samples:
        why = f"{n_distinct} of {task.n_samples} rows are distinct: equal ones were set aside"
        return _parts("distinct", (*plan.reasons, why))
    if plan.screen == "int8" and plan.order == "boxes" and task.screen == "auto":
        reasons = (*plan.reasons, "bytes could not tell near pairs apart: float32")
        plan = plan._replace(screen="float32", reasons=reasons)
        return plan._replace(need=_need(task, plan))
    why = "the screen left too many pairs undecided: all pairs were scanned"
    return _scan(task, "float32", (*plan.reasons, why))


def _need(task: Task, plan: SearchPlan) -> int:
    """Return about how many bytes a search takes beside the points."""
    a_point = task.n_features * (1 if plan.screen == "int8" else 4) + 8 * len(plan.cuts)
    return task.n_samples * (a_point + (_ORDER_BYTES if plan.order != "given" else 0)) + BUFFERS


def _each_pays(task: Task) -> bool:
    """Return whether a search for each of the prefixes is faster than one scan of all of them."""
    speed = speed_of(task.screens[0] if task.dot_product else "float32", dot_product=True)
    return sum(task.prefixes) / speed <= task.n_features / SPEED_OF_SCAN


def _parts(path: str, reasons: tuple[str, ...]) -> SearchPlan:
    """Return the plan of a task whose parts have plans of their own."""
    return SearchPlan("", False, "given", 0, (), reasons, path)


def _first_scan(task: Task, screen: str, why: str) -> SearchPlan:
    """Return the plan of one scan of all pairs, chosen before any search; `why` is of the screen."""
    m = len(task.prefixes)
    scan = "one scan of all pairs" + (f" for all of {m} prefixes" if m > 1 else "")
    return _scan(task, screen, (scan, f"no screen: {why}" if screen == "none" else f"screen in {screen}: {why}"))


def _scan(task: Task, screen: str, reasons: tuple[str, ...]) -> SearchPlan:
    """Return the plan of one scan of all pairs."""
    need = scan_bytes(screen, task.n_samples, task.n_features)
    return SearchPlan(screen, False, "given", 0, (task.n_features,), reasons, "scan", need)


def _plan_boxes(task: Task, survey: Survey) -> SearchPlan:
    """Return a plan with boxes: along principal axes if these have clearly more of the variance."""
    basis, principal = survey.given, survey.principal
    if principal is not None and principal.leading > basis.leading + _CLEARLY:
        basis = principal
    # Boxes leave pairs that are near, and those a coarse screen cannot tell apart.
    undecided = task.n_pairs * share_undecided(survey, basis.widest, "int8", task.n_features, task.n_pairs)
    fine = task.n_features <= BOXED or undecided > _NOTED_A_POINT * task.n_samples or not task.dot_product
    screen = task.screens[-1] if fine else task.screens[0]
    cuts, _ = best_cuts(survey, basis, screen, task.n_features, task.sides)
    return SearchPlan(screen, basis is principal, "boxes", min(BOXED, task.n_features), cuts, ())


def _plan_cuts(task: Task, survey: Survey) -> SearchPlan:
    """Return the cheapest plan in which every tile is read."""
    best, cheapest = None, np.inf
    bases = [survey.given] if survey.principal is None else [survey.given, survey.principal]
    for basis, screen in product(bases, task.screens):
        cuts, features = best_cuts(survey, basis, screen, task.n_features, task.sides)
        undecided = share_undecided(survey, basis.widest, screen, task.n_features, task.n_pairs)
        seconds = task.n_pairs * features / speed_of(screen, dot_product=task.dot_product)
        seconds += undecided_seconds(task.n_pairs * undecided)
        if basis is survey.principal:
            seconds += rotation_seconds(task.n_samples, task.n_features)
        if seconds < cheapest * 0.9:  # the simpler plan first: another must be clearly faster
            best, cheapest = SearchPlan(screen, basis is survey.principal, "given", 0, cuts, ()), seconds
    assert best is not None
    return best


def _reasons(plan: SearchPlan, survey: Survey, task: Task) -> tuple[str, ...]:
    """Say in sentences what was chosen, and by what."""
    if task.screen == plan.screen:
        why = "as asked"
    elif task.screen != "auto":
        why = f"bytes have room for {MOST_FEATURES_OF_BYTES} features"
    elif plan.screen == "int8":
        why = "this host multiplies bytes in one instruction"
    elif not task.dot_product:
        why = "this host has no instruction for products of bytes"
    else:
        why = "bytes would not tell near pairs apart"
    reasons = [f"screen in {plan.screen}: {why}"]
    reasons.append(f"the points have about {survey.dimension:.1f} effective dimensions")
    if plan.rotate:
        reasons.append("rotated to principal axes, so that few features decide")
    if plan.order == "boxes":
        reasons.append(f"points in the order of a k-d tree; tiles are dismissed by boxes of {plan.boxed} features")
    elif plan.order == "norms":
        reasons.append("points far from the centre first; tiles are dismissed by their norms")
    *early, last = plan.cuts
    if early:
        reasons.append(f"blocks may be left after {', '.join(map(str, early))} of {last} features")
    else:
        reasons.append("no feature is skipped")
    return tuple(reasons)
