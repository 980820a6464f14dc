"""What a way of searching costs, by what is known of the points: in features, pairs, and seconds of two cores."""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import numpy as np

# Features that the test at a segment's end costs as much as; and pair-features a second of two cores.
_TEST_FEATURES = {"int8": 16, "float32": 2}
_SPEED = {"int8": 4.8e11, "float32": 7.5e10}
SPEED_OF_SCAN = 1.1e11  # of the scan of all prefixes, with products
_SPEED_WITHOUT_INSTRUCTION = 2e10
_ROTATION_SPEED = 5e10
_PAIR_SECONDS = 1.5e-6  # of a pair measured by the definition
_WORTH_AXES = 16  # the principal axes must cost less than this part of the plain search


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


def speed_of(screen: str, *, dot_product: bool) -> float:
    """Return the pair-features a second of a search with the screen."""
    if screen == "int8" and not dot_product:
        return _SPEED_WITHOUT_INSTRUCTION
    return _SPEED[screen]


def axes_can_pay(n_samples: int, n_features: int) -> bool:
    """Return whether finding the principal axes costs little beside the plain search."""
    return 40.0 * n_features**3 / _ROTATION_SPEED * _WORTH_AXES < n_samples**2 / 2 * n_features / _SPEED["int8"]


def rotation_seconds(n_samples: int, n_features: int) -> float:
    """Return what it takes to turn the points to other axes."""
    return 2.0 * n_samples * n_features**2 / _ROTATION_SPEED


def undecided_seconds(n_pairs: float) -> float:
    """Return what it takes to measure pairs that a screen leaves undecided."""
    return n_pairs * _PAIR_SECONDS


def best_cuts(
    survey: Survey, basis: Basis, screen: str, n_features: int, sides: tuple[bool, bool]
) -> tuple[tuple[int, ...], float]:
    """Return the at most two cuts before the end of least cost, and that cost in features."""
    alive, test = {0: 1.0}, _TEST_FEATURES[screen]
    error = _error(screen, basis.widest, n_features)
    # What is the nearest pair after half of the search.
    near = (survey.nearest * 2 ** (1 / survey.growth) + error) ** 2 if sides[0] else -1.0
    far = max(0.0, survey.distances[-1] - error) ** 2 if sides[1] else np.inf
    for cut, least, most in zip(basis.cuts.tolist(), basis.least, basis.most, strict=True):
        matters = np.searchsorted(least, near) + most.size - np.searchsorted(most, far)
        alive[cut] = min(1.0, matters / max(1, least.size))
    best: tuple[int, ...] = (n_features,)
    cheapest = np.inf
    for number in range(3):
        for cuts in combinations([cut for cut in alive if cut], number):
            begins, ends = (0, *cuts), (*cuts, n_features)
            cost = sum(alive[a] * (b - a + test) for a, b in zip(begins, ends, strict=True))
            if cost < cheapest * (0.95 if number else 1):  # another cut must pay clearly
                best, cheapest = ends, cost
    return best, float(cheapest)


def share_undecided(survey: Survey, widest: float, screen: str, n_features: int, n_pairs: float) -> float:
    """Return about what share of the pairs a screen cannot decide: those that its error reaches."""
    error = _error(screen, widest, n_features)
    near, far = survey.nearest + error, survey.distances[-1] - error
    counted = np.searchsorted(survey.distances, near) + survey.distances.size - np.searchsorted(survey.distances, far)
    seen = max(0.0, (counted - 4) / survey.distances.size)
    growth = min(survey.growth * np.log(near / survey.nearest), 700.0) if survey.nearest > 0 else 0.0
    return float(max(seen, min(1.0, np.exp(growth) / n_pairs)))


def _error(screen: str, widest: float, n_features: int) -> float:
    """Return about how far the screen's distances are from the true ones."""
    step = widest / 127 if screen == "int8" else widest * 2.0**-24
    return float(2.6 * step * (n_features / 12) ** 0.5)  # the largest error is beyond the mean one
