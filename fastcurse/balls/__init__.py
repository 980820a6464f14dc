"""Volumes of balls: closed forms that never overflow, and Monte Carlo that says how much it knows.

::

    _volumes       the closed forms behind their checks
    _estimate      estimate_ball_volume: validates, chooses the method
    _result        BallVolumeEstimate: what hits, replicates or a logarithm say
    _hit_or_miss   independent points counted: draws cut into batches, and the exact interval of a count
    _telescoping   the volume as a product of integrals on a line, which no dimension stops
    _quasi         scrambled Sobol points counted, replicated for an error
"""

from fastcurse.balls._estimate import estimate_ball_volume
from fastcurse.balls._result import BallVolumeEstimate
from fastcurse.balls._volumes import ball_volume, log_ball_volume, shell_fraction

__all__ = [
    "BallVolumeEstimate",
    "ball_volume",
    "estimate_ball_volume",
    "log_ball_volume",
    "shell_fraction",
]
