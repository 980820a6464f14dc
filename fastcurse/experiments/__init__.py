"""The article's five sections as experiments: its figure, the corrected one, and checks against its numbers.

Each module has ``run(**params) -> ExperimentResult`` at the article's own parameters, and ``QUICK``, the
parameters of a run that takes seconds. `scaling` goes on where the article stops: to millions of points.
"""

from fastcurse.experiments import ball, boundary, concentration, indexes, moons, noise, peaking, scaling, whitening
from fastcurse.experiments._result import Check, ExperimentResult

ALL = {module.NAME: module for module in (ball, concentration, peaking, moons, noise)}
REMEDIES = {module.NAME: module for module in (boundary, whitening, indexes)}

__all__ = [
    "ALL",
    "REMEDIES",
    "Check",
    "ExperimentResult",
    "ball",
    "boundary",
    "concentration",
    "indexes",
    "moons",
    "noise",
    "peaking",
    "scaling",
    "whitening",
]
