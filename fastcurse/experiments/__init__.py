"""The article's five sections as experiments, and what helps against what they show.

Each module has ``run(**params) -> ExperimentResult`` at full size, and ``QUICK``, the parameters of a run that takes
seconds. `ALL` are the article's: its figure, the corrected one, and checks against its numbers. `REMEDIES` are of what
helps and what only seems to. `scaling` goes on where the article stops: to millions of points.
"""

from fastcurse.experiments import (
    augmentation,
    ball,
    boundary,
    concentration,
    curvature,
    indexes,
    moons,
    noise,
    peaking,
    remedies,
    scaling,
    whitening,
)
from fastcurse.experiments._result import Check, ExperimentResult

ALL = {module.NAME: module for module in (ball, concentration, peaking, moons, noise)}
REMEDIES = {
    module.NAME: module
    for module in (
        remedies,
        augmentation,
        whitening,
        indexes,
        boundary,
        curvature,
    )
}

__all__ = [
    "ALL",
    "REMEDIES",
    "Check",
    "ExperimentResult",
    "augmentation",
    "ball",
    "boundary",
    "concentration",
    "curvature",
    "indexes",
    "moons",
    "noise",
    "peaking",
    "remedies",
    "scaling",
    "whitening",
]
