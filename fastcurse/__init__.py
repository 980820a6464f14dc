"""What high dimension does to data, and what helps against it.

The layers (an import may only point down)::

    __main__                           python -m fastcurse
    cli  report                        what a person runs and looks at
    experiments                        the article's sections, and what helps
    profile                            a user's own data
    prefix_curve                       Display classes, which people draw
    prefix_accuracy                    what labels say: cross-validation, theory, neighbours
    plots                              matplotlib, imported lazily
    hubness  intrinsic_dimension       what neighbours tell of the data
    distances  discriminant  balls     public functions: validate -> plan -> run -> frozen result
    neighbors  robustness  curvature
    trunk  feature_order               data to run them on
    engine                             tiles in batches: threads or Dask, progress, Ctrl-C, checkpoints
    _kernels                           the only folder with compiled code
    theory                             closed forms
    reference                          plain NumPy, imports nothing else of fastcurse
    _validation                        every input check and its message
    _version                           the number of this release
    _memmap  _results                  pages of files that were read are let go; results' arrays are read-only

One stem runs through every layer: ``distances``, ``_kernels/distances.py``, ``reference/distances.py``,
``tests/test_distances.py``, ``benchmarks/bench_distances.py``. Each module's docstring says its part of the design,
each kernel's the proof of its bounds. CONTRIBUTING.md says how to add to it.

Public names are loaded when first used, so ``import fastcurse`` compiles nothing and
imports neither matplotlib nor scikit-learn nor pandas. A function may have the name of its module.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
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
    from fastcurse.hubness import Hubness, hubness
    from fastcurse.intrinsic_dimension import IntrinsicDimension, intrinsic_dimension
    from fastcurse.neighbors import PrefixNeighbors, prefix_neighbors
    from fastcurse.prefix_accuracy import SupportedFeatures, supported_features
    from fastcurse.prefix_curve import PrefixCurveDisplay
    from fastcurse.profile import Profile, profile
    from fastcurse.robustness import BoundaryDistance, boundary_distance
    from fastcurse.trunk import make_trunk, nearest_mean_path, trunk_blocks

_HOME = {
    "BallVolumeEstimate": "balls",
    "BoundaryDistance": "robustness",
    "DistanceExtremes": "distances",
    "DistanceMoments": "distances",
    "FeatureOrder": "feature_order",
    "Hubness": "hubness",
    "IntrinsicDimension": "intrinsic_dimension",
    "PrefixCurveDisplay": "prefix_curve",
    "PrefixLDA": "discriminant",
    "PrefixNeighbors": "neighbors",
    "Profile": "profile",
    "SupportedFeatures": "prefix_accuracy",
    "TopCurvature": "curvature",
    "ball_volume": "balls",
    "boundary_distance": "robustness",
    "closest_pair": "distances",
    "distance_extremes": "distances",
    "distance_moments": "distances",
    "estimate_ball_volume": "balls",
    "farthest_pair": "distances",
    "hubness": "hubness",
    "intrinsic_dimension": "intrinsic_dimension",
    "log_ball_volume": "balls",
    "make_trunk": "trunk",
    "nearest_mean_path": "trunk",
    "prefix_neighbors": "neighbors",
    "profile": "profile",
    "shell_fraction": "balls",
    "supported_features": "prefix_accuracy",
    "top_curvature": "curvature",
    "trunk_blocks": "trunk",
}
_SUBMODULES = ("experiments", "theory")

__all__ = [
    "BallVolumeEstimate",
    "BoundaryDistance",
    "DistanceExtremes",
    "DistanceMoments",
    "FeatureOrder",
    "Hubness",
    "IntrinsicDimension",
    "PrefixCurveDisplay",
    "PrefixLDA",
    "PrefixNeighbors",
    "Profile",
    "SupportedFeatures",
    "TopCurvature",
    "__version__",
    "ball_volume",
    "boundary_distance",
    "closest_pair",
    "distance_extremes",
    "distance_moments",
    "estimate_ball_volume",
    "experiments",
    "farthest_pair",
    "hubness",
    "intrinsic_dimension",
    "log_ball_volume",
    "make_trunk",
    "nearest_mean_path",
    "prefix_neighbors",
    "profile",
    "shell_fraction",
    "supported_features",
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


class _Package(ModuleType):
    """Keeps the import of a submodule from hiding the function of the same name."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
