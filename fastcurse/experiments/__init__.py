"""The article's five sections as experiments: its figure, the corrected one, and checks against its numbers.

Each module has ``run(**params) -> ExperimentResult`` at the article's own parameters, and ``QUICK``, the
parameters of a run that takes seconds. `scaling` goes on where the article stops: to millions of points.
"""

from fastcurse.experiments import ball, concentration, curvature, moons, noise, peaking, scaling
from fastcurse.experiments._result import Check, ExperimentResult

ALL = {module.NAME: module for module in (ball, concentration, peaking, moons, noise)}
REMEDIES = {module.NAME: module for module in (curvature,)}

__all__ = [
    "ALL",
    "REMEDIES",
    "Check",
    "ExperimentResult",
    "ball",
    "concentration",
    "curvature",
    "moons",
    "noise",
    "peaking",
    "scaling",
]
