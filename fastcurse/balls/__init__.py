"""Volumes of balls: closed forms that never overflow, and Monte Carlo that says how much it knows.

::

    _volumes       the closed forms behind their checks
    _estimate      estimate_ball_volume: validates, counts, reports
    _hit_or_miss   the counting: draws cut into batches, and the exact interval of a count
"""

from fastcurse.balls._estimate import BallVolumeEstimate, estimate_ball_volume
from fastcurse.balls._volumes import ball_volume, log_ball_volume, shell_fraction

__all__ = [
    "BallVolumeEstimate",
    "ball_volume",
    "estimate_ball_volume",
    "log_ball_volume",
    "shell_fraction",
]
