"""What high dimension does to data, and what helps against it.

The layers (an import may only point down)::

    cli  report                        what a person runs and looks at
    experiments                        the article's sections
    prefix_curve                       Display classes, which people draw
    plots                              matplotlib, imported lazily
    distances  discriminant  balls     public functions: validate -> plan -> run -> frozen result
    neighbors  curvature
    trunk  feature_order               data to run them on
    engine                             batches of tiles, threads, progress, Ctrl-C
    _kernels                           the only folder with compiled code
    theory                             closed forms
    reference                          plain NumPy, imports nothing of fastcurse
    _validation                        every input check and its message
    _memmap                            file pages that were read are let go

Public names are loaded when first used, so ``import fastcurse`` compiles nothing and
imports neither matplotlib nor scikit-learn nor pandas.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from fastcurse._version import __version__

if TYPE_CHECKING:
    from fastcurse import experiments, theory
    from fastcurse.balls import (
        BallVolumeEstimate,
        ball_volume,
        estimate_ball_volume,
        log_ball_volume,
        shell_fraction,
    )
    from fastcurse.curvature import TopCurvature, top_curvature
    from fastcurse.discriminant import PrefixLDA
    from fastcurse.distances import (
        DistanceExtremes,
        DistanceMoments,
        closest_pair,
        distance_extremes,
        distance_moments,
        farthest_pair,
    )
    from fastcurse.feature_order import FeatureOrder
    from fastcurse.neighbors import PrefixNeighbors, prefix_neighbors
    from fastcurse.prefix_curve import PrefixCurveDisplay
    from fastcurse.trunk import make_trunk, nearest_mean_path, trunk_blocks

_HOME = {
    "BallVolumeEstimate": "balls",
    "DistanceExtremes": "distances",
    "DistanceMoments": "distances",
    "FeatureOrder": "feature_order",
    "PrefixCurveDisplay": "prefix_curve",
    "PrefixLDA": "discriminant",
    "PrefixNeighbors": "neighbors",
    "TopCurvature": "curvature",
    "ball_volume": "balls",
    "closest_pair": "distances",
    "distance_extremes": "distances",
    "distance_moments": "distances",
    "estimate_ball_volume": "balls",
    "farthest_pair": "distances",
    "log_ball_volume": "balls",
    "make_trunk": "trunk",
    "nearest_mean_path": "trunk",
    "prefix_neighbors": "neighbors",
    "shell_fraction": "balls",
    "top_curvature": "curvature",
    "trunk_blocks": "trunk",
}
_SUBMODULES = ("experiments", "theory")

__all__ = [
    "BallVolumeEstimate",
    "DistanceExtremes",
    "DistanceMoments",
    "FeatureOrder",
    "PrefixCurveDisplay",
    "PrefixLDA",
    "PrefixNeighbors",
    "TopCurvature",
    "__version__",
    "ball_volume",
    "closest_pair",
    "distance_extremes",
    "distance_moments",
    "estimate_ball_volume",
    "experiments",
    "farthest_pair",
    "log_ball_volume",
    "make_trunk",
    "nearest_mean_path",
    "prefix_neighbors",
    "shell_fraction",
    "theory",
    "top_curvature",
    "trunk_blocks",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(importlib.import_module(f"fastcurse.{_HOME[name]}"), name)
    elif name in _SUBMODULES:
        value = importlib.import_module(f"fastcurse.{name}")
    else:
        raise AttributeError(f"module 'fastcurse' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
