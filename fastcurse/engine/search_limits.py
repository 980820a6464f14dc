"""The limits of the pair search, as proved in ``_kernels.pair_search``: pure functions of the best distances so far."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse.engine.screen_bounds import UNIT32

_ROOM = 2.0**-40  # covers the float64 roundings of these lines themselves
_BOX_ROOM = 2.0**-18  # covers float32 sums of a few squares


class Limits(NamedTuple):
    """What the kernel compares with; all but the last float64."""

    near: float  # sums below are noted: floats only
    far: float  # F: the squared distance from which on a pair may be the farthest
    near_box: float  # boxes farther apart hold no nearest pair
    far_box: float  # boxes whose far ends are nearer hold no farthest pair
    unit: float  # unit * (F - (A + B)²) - shift: sums beyond are noted
    shift: float
    least_high: float  # what that is raised to
    base: np.int32  # what is added to the first offset: bytes only


def search_limits(
    nearest: float,
    farthest: float,
    *,
    exponent: int,
    n_features: int,
    step: float | None,
    error: float,
    sides: tuple[bool, bool] = (True, True),
) -> Limits:
    """Return the limits that no pair within the best distances passes undetected.

    nearest, farthest: best distances so far, in the unit of the data; the frame divides by 2^`exponent`. `step`: that
    of the bytes, None for float32. `error`: E, in the frame. `sides`: whether the nearest and the farthest are sought.
    """
    slack, tiny = (n_features + 8) * 2.0**-52, n_features * 2.0**-136
    scale = 1.0 if step is None else step
    reach = (np.ldexp(nearest, -exponent) * (1 + slack) + tiny + error) / scale
    near = reach**2 * (1 + _ROOM)
    reach = max(0.0, np.ldexp(farthest, -exponent) * (1 - slack) - tiny - error) / scale
    far = reach**2 * (1 - _ROOM)
    if not sides[0]:
        near = -6.0  # below every sum, also after the rounding of bytes
    if not sides[1]:
        far = np.inf
    boxes = (near * (1 + _BOX_ROOM), far * (1 - _BOX_ROOM))
    if step is None:
        growth = (n_features + 3) * UNIT32 / (1 - (n_features + 3) * UNIT32)
        near = near * (1 + growth) * (1 + 2.0**-22) + 2 * n_features * 2.0**-149 if sides[0] else -1.0
        return Limits(near, far, *boxes, 1 - 2 * growth - 2.0**-22, n_features * 2.0**-148, -1.0, np.int32(0))
    # Half of any difference of bytes is below 2^30: `MOST_FEATURES_OF_BYTES`.
    base = -int(min(near, 2.0**31 - 256) // 2) - 1
    return Limits(0.0, far, *boxes, 0.5, 1 - base + 2.0**-10, 0.0, np.int32(base))
