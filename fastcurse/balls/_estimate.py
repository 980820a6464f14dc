"""Monte Carlo estimates of the unit ball's volume, and what they are worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastcurse import _validation
from fastcurse.balls import _hit_or_miss
from fastcurse.engine.checkpoint import Checkpoint
from fastcurse.theory import balls as closed_forms

METHODS = ("hit_or_miss",)
_FEW_HITS = 10.0


@dataclass(frozen=True)
class BallVolumeEstimate:
    """Monte Carlo estimate of the volume of the unit ball, and how far it can be trusted.

    Attributes
    ----------
    d : int
        Dimension.
    n_draws : int
        Uniform points drawn.
    method : str
        How they were used.
    confidence : float
        Probability with which `interval` covers the volume, at least.
    hits : int
        Points that fell into the ball.
    expected_hits : float
        Number of hits that the closed form of the volume predicts.
    volume : float
        Estimate, in units of the radius to the power d; 0 without a hit, inf beyond the range of float64.
    log_volume : float
        Its natural logarithm; -inf without a hit.
    standard_error : float
        Estimated standard deviation of `volume` over `volume`; inf without a hit.
    interval : tuple of float
        (low, high) confidence interval of the volume.
    z_score : float
        (hits - expected_hits) over the standard deviation that the closed form gives to hits; 0 where hits are certain.
    advice : str
        A sentence where the draws are too few to tell anything, else empty.
    """

    d: int
    n_draws: int
    method: str
    confidence: float
    hits: int
    expected_hits: float
    volume: float
    log_volume: float
    standard_error: float
    interval: tuple[float, float]
    z_score: float
    advice: str


def estimate_ball_volume(
    d: int,
    n_draws: int,
    *,
    method: str = "hit_or_miss",
    random_state: Any = None,
    confidence: float = 0.95,
    n_threads: int | None = None,
    checkpoint: Any = None,
    progress: bool = False,
    client: Any = None,
) -> BallVolumeEstimate:
    """Estimate the volume of the unit ball from uniform points of the cube around it.

    V ≈ 2^d hits / n, standard error √((1 - q) / (n q)) of it with q = hits / n

    Parameters
    ----------
    d : int
        Dimension, at least 0.
    n_draws : int
        Number n of points, at least 1.
    method : {"hit_or_miss"}, default="hit_or_miss"
        Count the points inside the ball.
    random_state : int, Generator or None, default=None
        Seed. A Generator is asked for one number, None takes fresh entropy.
    confidence : float, default=0.95
        Level of the interval, strictly between 0 and 1.
    n_threads : int, optional
        Threads to use. None: all available. The result does not depend on it.
    checkpoint : str or path, optional
        File that the count is kept in while it goes on, and from which a later call goes on: with the same d and
        random_state (or None, for the file's) and at least as many draws.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.
    client : dask.distributed.Client, optional
        Cluster whose workers draw; n_threads then does not count. The hits are the same.

    Returns
    -------
    BallVolumeEstimate
        The estimate, its standard error, the Clopper-Pearson interval, the score against the closed form, and advice
        where fewer than ten hits are expected.

    Raises
    ------
    ValueError
        If d, n_draws, confidence or n_threads is out of range, the method is unknown, or the checkpoint is of other
        work.
    TypeError
        If d, n_draws or n_threads is not a whole number, random_state no seed, or checkpoint no path.

    Notes
    -----
    Cost: eight coordinates of a draw are looked at together, and the draw is given up as soon as it is outside, so that
    it takes a nanosecond or two at any d; memory is O(1). A hit costs 2^d / V_d draws: 1.3 at d = 2, 4e7 at d = 20.
    Determinism: draw t depends on the seed and t only, and hits are whole numbers, so the result is the same for any
    number of threads. Ctrl-C is served between batches of about a fifth of a second.
    The interval is exact, hence conservative: it covers the volume with at least the stated probability.

    References
    ----------
    J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC'11, for
    Philox4x32-10. *Differs:* the high and the low bits of a coordinate come from different blocks, so that a draw can
    be decided from the 16 high ones.
    C. J. Clopper, E. S. Pearson (1934), The use of confidence or fiducial limits, Biometrika 26, 404-413.

    Examples
    --------
    >>> import fastcurse as fc
    >>> estimate = fc.estimate_ball_volume(3, 100_000, random_state=0)
    >>> low, high = estimate.interval
    >>> bool(low < fc.ball_volume(3) < high)
    True
    >>> print(fc.estimate_ball_volume(20, 1000, random_state=0).advice.split(";")[0])
    2.5e-05 hits are expected in 1000 draws at d = 20, too few to tell anything
    """
    d = _validation.check_count(d, "d", minimum=0, maximum=_hit_or_miss.MAX_DIMENSION)
    n_draws = _validation.check_count(n_draws, "n_draws", minimum=1, maximum=_hit_or_miss.MAX_DRAWS)
    method = _validation.check_choice(method, "method", METHODS)
    confidence = _validation.check_fraction(confidence, "confidence")
    n_threads = _validation.check_threads(n_threads)
    seed = _validation.check_seed(random_state)
    key = None if random_state is None else seed.generate_state(2, np.uint32)
    kept = _validation.check_path(checkpoint, "checkpoint")
    hits = _hit_or_miss.count_hits(
        d,
        n_draws,
        key,
        n_threads=n_threads,
        progress=progress,
        checkpoint=None if kept is None else Checkpoint(kept, {"estimate": "hit_or_miss", "d": d}),
        client=client,
    )
    return _hit_or_miss_estimate(d, n_draws, hits, confidence)


def _hit_or_miss_estimate(d: int, n_draws: int, hits: int, confidence: float) -> BallVolumeEstimate:
    """Return what `hits` of `n_draws` say about the volume."""
    share = hits / n_draws
    log_q = float(closed_forms.log_hit_probability(d))
    expected = n_draws * math.exp(log_q)
    deviation = math.sqrt(expected * -math.expm1(log_q))
    low, high = _hit_or_miss.clopper_pearson(hits, n_draws, confidence)
    return BallVolumeEstimate(
        d=d,
        n_draws=n_draws,
        method="hit_or_miss",
        confidence=confidence,
        hits=hits,
        expected_hits=expected,
        volume=_times_cube(share, d),
        log_volume=d * math.log(2.0) + math.log(share) if hits else -math.inf,
        standard_error=math.sqrt((1.0 - share) / hits) if hits else math.inf,
        interval=(_times_cube(low, d), _times_cube(high, d)),
        # Without any spread (d < 2, or q below the range of float64) the hits are what the closed form says.
        z_score=(hits - expected) / deviation if deviation else 0.0,
        advice=_advice(d, n_draws, log_q),
    )


def _times_cube(share: float, d: int) -> float:
    """Return share · 2^d, the volume of that share of the cube [-1, 1]^d: exact, or inf."""
    with np.errstate(over="ignore"):
        return float(np.ldexp(share, d))


def _advice(d: int, n_draws: int, log_q: float) -> str:
    log_expected = math.log(n_draws) + log_q
    if log_expected >= math.log(_FEW_HITS):
        return ""
    return (
        f"{_in_digits(log_expected)} hits are expected in {n_draws} draws at d = {d}, too few to tell anything; "
        f"ten hits need about {_in_digits(math.log(_FEW_HITS) - log_q)} draws, log_ball_volume needs none"
    )


def _in_digits(log_value: float) -> str:
    """Return exp(log_value) as text, also beyond the range of float64."""
    in_range = abs(log_value) < 700.0
    return f"{math.exp(log_value):.2g}" if in_range else f"1e{log_value / math.log(10.0):+.0f}"
