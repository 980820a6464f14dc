"""What an estimate of the unit ball's volume reports, from hits, replicates or a logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from fastcurse.balls import _hit_or_miss, _quasi, _telescoping
from fastcurse.theory import balls as closed_forms

_FEW_HITS = 10.0
_LARGE_ERROR = 0.5  # of log V: the interval then spans a factor of seven


@dataclass(frozen=True)
class BallVolumeEstimate:
    """Monte Carlo estimate of the volume of the unit ball, and how far it can be trusted.

    Attributes
    ----------
    d : int
        Dimension.
    n_draws : int
        Random draws asked for.
    method : str
        How they were used.
    confidence : float
        Probability with which `interval` and `log_interval` cover the volume.
    hits : int or None
        Points that fell into the ball; None for telescoping, which has no such points.
    expected_hits : float or None
        Number of hits that the closed form of the volume predicts; None for telescoping.
    volume : float
        Estimate, in units of the radius to the power d; 0 without a hit, and 0 or inf beyond the range of float64.
    log_volume : float
        Its natural logarithm, which holds at any d; -inf without a hit.
    standard_error : float
        Estimated standard deviation of `volume` over `volume` (telescoping: of `log_volume`); inf without a hit. Where
        all of n > 0 points hit, that of a share of hits of (n + 1) / (n + 2); 0 below d = 2, where nothing is random.
    interval : tuple of float
        (low, high) confidence interval of the volume; an end beyond the range of float64 is 0 or inf.
    log_interval : tuple of float
        The natural logarithms of its ends, which hold at any d: (-inf, a finite number) without a hit.
    z_score : float
        Estimate minus closed form in standard deviations. hit_or_miss: of hits, the deviation from the closed form.
        telescoping: of `log_volume`, over `standard_error`. quasi: of `volume`, over its estimated error, Student t
        with 15 degrees of freedom; as hit_or_miss where fewer than 40 points hit, or miss, or the replicates agree in
        every count. 0 below d = 2.
    advice : str
        A sentence where the draws are too few to tell anything, else empty.

    Examples
    --------
    >>> import fastcurse as fc
    >>> est = fc.estimate_ball_volume(3, 100_000, random_state=0)
    >>> est.hits, round(est.expected_hits)
    (52441, 52360)
    >>> est.volume, bool(est.interval[0] < fc.ball_volume(3) < est.interval[1])
    (4.19528, True)
    >>> fc.estimate_ball_volume(30, 100_000, random_state=0).hits  # one draw in 5e13 would hit
    0
    """

    d: int
    n_draws: int
    method: str
    confidence: float
    hits: int | None
    expected_hits: float | None
    volume: float
    log_volume: float
    standard_error: float
    interval: tuple[float, float]
    log_interval: tuple[float, float]
    z_score: float
    advice: str


def from_hits(d: int, n_draws: int, hits: int, confidence: float) -> BallVolumeEstimate:
    """Return what `hits` of `n_draws` say about the volume."""
    share = hits / n_draws
    log_q = float(closed_forms.log_hit_probability(d))
    expected = n_draws * math.exp(log_q)
    deviation = math.sqrt(expected * -math.expm1(log_q))
    low, high = _hit_or_miss.clopper_pearson(hits, n_draws, confidence)
    # Without a miss the deviation of the share itself would be 0, which no number of draws can show.
    spread = share if hits < n_draws or d < 2 else (n_draws + 1) / (n_draws + 2)
    return BallVolumeEstimate(
        d=d,
        n_draws=n_draws,
        method="hit_or_miss",
        confidence=confidence,
        hits=hits,
        expected_hits=expected,
        volume=_times_cube(share, d),
        log_volume=_log_times_cube(share, d),
        standard_error=math.sqrt((1.0 - spread) / (n_draws * spread)) if hits else math.inf,
        interval=(_times_cube(low, d), _times_cube(high, d)),
        log_interval=(_log_times_cube(low, d), _log_times_cube(high, d)),
        # Without any spread (d < 2, or q below the range of float64) the hits are what the closed form says.
        z_score=(hits - expected) / deviation if deviation else 0.0,
        advice=_advice(d, n_draws, log_q),
    )


def from_replicates(d: int, n_draws: int, hits: int, shares: np.ndarray, confidence: float) -> BallVolumeEstimate:
    """Return what the replicates say, or the hits alone where they are too few for that."""
    estimate = replace(from_hits(d, n_draws, hits, confidence), method="quasi")
    error, low, high = _quasi.student_interval(shares, confidence)
    if min(hits, n_draws - hits) < _quasi.FEW_HITS or error == 0.0:
        return estimate
    low, high = max(low, 0.0), min(high, 1.0)
    q, share = math.exp(float(closed_forms.log_hit_probability(d))), float(shares.mean())
    return replace(
        estimate,
        volume=_times_cube(share, d),
        log_volume=_log_times_cube(share, d),
        standard_error=error / share,
        interval=(_times_cube(low, d), _times_cube(high, d)),
        log_interval=(_log_times_cube(low, d), _log_times_cube(high, d)),
        z_score=(share - q) / error,
    )


def from_log_volume(d: int, n_draws: int, log_volume: _telescoping.LogVolume, confidence: float) -> BallVolumeEstimate:
    """Return what the estimate of log V and its standard error say."""
    value, error, degrees = log_volume
    half = -float(special.stdtrit(degrees, (1.0 - confidence) / 2.0)) * error if error else 0.0
    advice = ""
    if error > _LARGE_ERROR:
        advice = (
            f"the volume is known to a factor of exp({half:.2g}) only; "
            f"1 % takes about {_telescoping.draws_for(d, 0.01):.2g} draws, log_ball_volume needs none"
        )
    return BallVolumeEstimate(
        d=d,
        n_draws=n_draws,
        method="telescoping",
        confidence=confidence,
        hits=None,
        expected_hits=None,
        volume=_exp(value) if d > 1 else 2.0**d,
        log_volume=value,
        standard_error=error,
        interval=(_exp(value - half), _exp(value + half)) if d > 1 else (2.0**d, 2.0**d),
        log_interval=(value - half, value + half),
        z_score=(value - float(closed_forms.log_ball_volume(d))) / error if error else 0.0,
        advice=advice,
    )


def _exp(log_value: float) -> float:
    """Return exp(log_value): 0 or inf beyond the range of float64, without a complaint."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.exp(log_value))


def _times_cube(share: float, d: int) -> float:
    """Return share · 2^d, the volume of that share of the cube [-1, 1]^d: exact, or inf."""
    with np.errstate(over="ignore"):
        return float(np.ldexp(share, d))


def _log_times_cube(share: float, d: int) -> float:
    """Return the logarithm of that volume, -inf for a share of 0."""
    return d * math.log(2.0) + math.log(share) if share else -math.inf


def _advice(d: int, n_draws: int, log_q: float) -> str:
    log_expected = math.log(n_draws) + log_q
    if d < 2 or log_expected >= math.log(_FEW_HITS):
        return ""
    telescoping = f"method='telescoping' about {_telescoping.draws_for(d, 0.01):.2g} for 1 %, "
    return (
        f"{_in_digits(log_expected)} hits are expected in {n_draws} draws at d = {d}, too few to tell anything; "
        f"ten hits need about {_in_digits(math.log(_FEW_HITS) - log_q)} draws, "
        f"{telescoping if d <= _telescoping.MAX_DIMENSION else ''}log_ball_volume none"
    )


def _in_digits(log_value: float) -> str:
    """Return exp(log_value) as text, also beyond the range of float64."""
    in_range = abs(log_value) < 700.0
    return f"{math.exp(log_value):.2g}" if in_range else f"1e{log_value / math.log(10.0):+.0f}"
