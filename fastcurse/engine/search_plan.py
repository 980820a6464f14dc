"""How the pair search goes about it: a pure function of the shape, a survey of the points, and the host."""

from __future__ import annotations

from itertools import combinations, product
from typing import NamedTuple

import numpy as np

BLOCK = (8, 32)  # points of a block, which is left when none of its pairs matters; fewer where vectors are shorter
BOXED = 8  # features that boxes have
_LEAF = 32  # points of a box
_DIMENSIONS_A_DOUBLING = 1.25  # effective dimensions that boxes still serve, for each halving of the points to a leaf
_CLEARLY = 0.1  # share of the variance
_NOTED_A_POINT = 0.5  # pairs that a screen may leave undecided: tiles of neighbours can note so many
_WORTH_AXES = 16  # the principal axes must cost less than this part of the plain search
_PAIR_SECONDS = 1.5e-6  # of a pair measured by the definition
# Features that the test at a segment's end costs as much as; and pair-features a second of two cores.
_TEST_FEATURES = {"int8": 16, "float32": 2}
_SPEED = {"int8": 4.8e11, "float32": 7.5e10}
_SCAN_SPEED = 1.1e11  # of the scan of all prefixes, with products
_SPEED_WITHOUT_INSTRUCTION = 2e10
_ROTATION_SPEED = 5e10
MOST_FEATURES_OF_BYTES = 2**14  # beyond, sums of bytes could overflow 32 bits


class Basis(NamedTuple):
    """What the planner knows of the points along one set of axes."""

    widest: float  # largest coordinate, about
    leading: float  # share of the variance in the first `BOXED` features
    cuts: np.ndarray  # features (c,)
    least: np.ndarray  # (c, blocks): smallest squared distance that a block has come to at each cut, sorted
    most: np.ndarray  # (c, blocks): largest that it may still come to, sorted


class Survey(NamedTuple):
    """What a sample says of the points; lengths in the frame."""

    dimension: float  # participation ratio of the covariance's eigenvalues
    growth: float  # pairs within r of each other are about as many as r to this power, for small r
    nearest: float  # about where the nearest pair of all will be
    distances: np.ndarray  # of sampled pairs, sorted
    given: Basis
    principal: Basis | None  # None where a rotation cannot pay


class _Task(NamedTuple):
    """What is to be planned, beside what the points are like."""

    n_samples: int
    n_features: int
    screens: tuple[str, ...]  # that may be used, the fastest first
    sides: tuple[bool, bool]
    dot_product: bool

    @property
    def n_pairs(self) -> float:
        return self.n_samples * (self.n_samples - 1) / 2


class SearchPlan(NamedTuple):
    """How to search; `reasons` says why, a sentence each."""

    screen: str  # "int8" or "float32"
    rotate: bool
    order: str  # "given", "boxes": that of a k-d tree, or "norms": largest first
    boxed: int  # leading features of the boxes of tiles
    cuts: tuple[int, ...]  # features at which blocks may be left; the last is all of them
    reasons: tuple[str, ...]


def one_by_one(prefixes: np.ndarray, *, screen: str, dot_product: bool) -> bool:
    """Return whether a search for each of the prefixes (m,) is faster than one scan of all of them."""
    if screen == "none":
        return False
    speed = _SPEED["int8" if dot_product and screen != "float32" else "float32"]
    return prefixes.size == 1 or bool(prefixes.sum() / speed <= prefixes[-1] / _SCAN_SPEED)


def axes_can_pay(n_samples: int, n_features: int) -> bool:
    """Return whether finding the principal axes costs little beside the plain search."""
    return 40.0 * n_features**3 / _ROTATION_SPEED * _WORTH_AXES < n_samples**2 / 2 * n_features / _SPEED["int8"]


def plan_search(
    n_samples: int,
    n_features: int,
    survey: Survey,
    *,
    screen: str = "auto",
    sides: tuple[bool, bool] = (True, True),
    dot_product: bool,
) -> SearchPlan:
    """Return the plan of the least expected cost.

    `screen` is "auto" or the one that is wanted; `sides`: whether the nearest and the farthest pair are sought;
    `dot_product`: whether the host multiplies bytes in one instruction.
    """
    screens = ("int8", "float32") if screen == "auto" else (screen,)
    if n_features > MOST_FEATURES_OF_BYTES:
        screens = ("float32",)
    task = _Task(n_samples, n_features, screens, sides, dot_product)
    if survey.dimension <= _DIMENSIONS_A_DOUBLING * np.log2(max(1, n_samples / _LEAF)):
        plan = _plan_boxes(task, survey)
    else:
        plan = _plan_cuts(task, survey)
        plan = plan if sides[0] else plan._replace(order="norms")
    return plan._replace(reasons=_reasons(plan, survey, dot_product, screen))


def _plan_boxes(task: _Task, survey: Survey) -> SearchPlan:
    """Return a plan with boxes: along principal axes if these have clearly more of the variance."""
    basis, principal = survey.given, survey.principal
    if principal is not None and principal.leading > basis.leading + _CLEARLY:
        basis = principal
    # Boxes leave pairs that are near, and those a coarse screen cannot tell apart.
    undecided = task.n_pairs * _share_undecided(task, survey, basis.widest, "int8")
    fine = task.n_features <= BOXED or undecided > _NOTED_A_POINT * task.n_samples or not task.dot_product
    kind = task.screens[-1] if fine else task.screens[0]
    cuts, _ = _best_cuts(task, survey, basis, kind)
    return SearchPlan(kind, basis is principal, "boxes", min(BOXED, task.n_features), cuts, ())


def _plan_cuts(task: _Task, survey: Survey) -> SearchPlan:
    """Return the cheapest plan in which every tile is read."""
    speed = dict(_SPEED) if task.dot_product else {**_SPEED, "int8": _SPEED_WITHOUT_INSTRUCTION}
    best, cheapest = None, np.inf
    bases = [survey.given] if survey.principal is None else [survey.given, survey.principal]
    for basis, kind in product(bases, task.screens):
        cuts, features = _best_cuts(task, survey, basis, kind)
        undecided = _share_undecided(task, survey, basis.widest, kind)
        seconds = task.n_pairs * (features / speed[kind] + undecided * _PAIR_SECONDS)
        if basis is survey.principal:
            seconds += 2.0 * task.n_samples * task.n_features**2 / _ROTATION_SPEED
        if seconds < cheapest * 0.9:  # the simpler plan first: another must be clearly faster
            best, cheapest = SearchPlan(kind, basis is survey.principal, "given", 0, cuts, ()), seconds
    assert best is not None
    return best


def _best_cuts(task: _Task, survey: Survey, basis: Basis, kind: str) -> tuple[tuple[int, ...], float]:
    """Return the at most two cuts before the end of least cost, and that cost in features."""
    alive, test = {0: 1.0}, _TEST_FEATURES[kind]
    error = _error(kind, basis.widest, task.n_features)
    # What is the nearest pair after half of the search.
    near = (survey.nearest * 2 ** (1 / survey.growth) + error) ** 2 if task.sides[0] else -1.0
    far = max(0.0, survey.distances[-1] - error) ** 2 if task.sides[1] else np.inf
    for cut, least, most in zip(basis.cuts.tolist(), basis.least, basis.most, strict=True):
        matters = np.searchsorted(least, near) + most.size - np.searchsorted(most, far)
        alive[cut] = min(1.0, matters / max(1, least.size))
    best: tuple[int, ...] = (task.n_features,)
    cheapest = np.inf
    for number in range(3):
        for cuts in combinations([cut for cut in alive if cut], number):
            begins, ends = (0, *cuts), (*cuts, task.n_features)
            cost = sum(alive[a] * (b - a + test) for a, b in zip(begins, ends, strict=True))
            if cost < cheapest * (0.95 if number else 1):  # another cut must pay clearly
                best, cheapest = ends, cost
    return best, float(cheapest)


def _error(kind: str, widest: float, n_features: int) -> float:
    """Return about how far the screen's distances are from the true ones."""
    step = widest / 127 if kind == "int8" else widest * 2.0**-24
    return float(2.6 * step * (n_features / 12) ** 0.5)  # the largest error is beyond the mean one


def _share_undecided(task: _Task, survey: Survey, widest: float, kind: str) -> float:
    """Return about what share of the pairs a screen cannot decide: those that its error reaches."""
    error = _error(kind, widest, task.n_features)
    near, far = survey.nearest + error, survey.distances[-1] - error
    counted = np.searchsorted(survey.distances, near) + survey.distances.size - np.searchsorted(survey.distances, far)
    seen = max(0.0, (counted - 4) / survey.distances.size)
    growth = min(survey.growth * np.log(near / survey.nearest), 700.0) if survey.nearest > 0 else 0.0
    return float(max(seen, min(1.0, np.exp(growth) / task.n_pairs)))


def _reasons(plan: SearchPlan, survey: Survey, dot_product: bool, asked: str) -> tuple[str, ...]:
    """Say in sentences what was chosen, and by what."""
    if asked == plan.screen:
        why = "as asked"
    elif asked != "auto":
        why = f"bytes have room for {MOST_FEATURES_OF_BYTES} features"
    elif plan.screen == "int8":
        why = "this host multiplies bytes in one instruction"
    elif not dot_product:
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
