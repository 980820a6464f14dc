"""Monte Carlo estimates of the unit ball's volume, and what they are worth."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import special

from fastcurse import _validation
from fastcurse.balls import _hit_or_miss, _quasi, _telescoping
from fastcurse.engine.checkpoint import Checkpoint
from fastcurse.theory import balls as closed_forms

METHODS = ("hit_or_miss", "telescoping", "quasi")
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
        Probability with which `interval` covers the volume.
    hits : int or None
        Points that fell into the ball; None for telescoping, which has no such points.
    expected_hits : float or None
        Number of hits that the closed form of the volume predicts; None for telescoping.
    volume : float
        Estimate, in units of the radius to the power d; 0 without a hit, and 0 or inf beyond the range of float64.
    log_volume : float
        Its natural logarithm, which holds at any d; -inf without a hit.
    standard_error : float
        Estimated standard deviation of `volume` over `volume` (telescoping: of `log_volume`); inf without a hit.
    interval : tuple of float
        (low, high) confidence interval of the volume.
    z_score : float
        Estimate minus closed form in standard deviations. hit_or_miss: of hits, the deviation from the closed form.
        telescoping: of `log_volume`, over `standard_error`. quasi: of `volume`, over its estimated error, Student t
        with 15 degrees of freedom, or as hit_or_miss with fewer than 40 hits. 0 below d = 2, where nothing is random.
    advice : str
        A sentence where the draws are too few to tell anything, else empty.
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
    """Estimate the volume of the unit ball from random points.

    hit_or_miss, quasi: V ≈ 2^d hits / n;  telescoping: V = ∏ 2 E (1 - t²)^((k-1)/2), k = 1 .. d, t uniform on (0, 1)

    Parameters
    ----------
    d : int
        Dimension, at least 0; at most 21201 for quasi.
    n_draws : int
        Number n of draws in all: points of the cube [-1, 1]^d, or numbers t. At least 1 for hit_or_miss, 32 (d - 1) for
        telescoping, 256 for quasi.
    method : {"hit_or_miss", "telescoping", "quasi"}, default="hit_or_miss"
        hit_or_miss counts independent uniform points inside the ball; hopeless from d = 20 on, which is its point.
        telescoping multiplies the ratios V_k / V_{k-1}, each from draws on a line; works at d = 1000 and beyond.
        quasi counts 16 independent scramblings of Sobol points; the more exact count up to about d = 10.
    random_state : int, Generator or None, default=None
        Seed. A Generator is asked for one number, None takes fresh entropy.
    confidence : float, default=0.95
        Level of the interval, strictly between 0 and 1.
    n_threads : int, optional
        Threads of hit_or_miss; None: all available. The others use one. The result does not depend on it.
    checkpoint : str or path, optional
        File that the count of hit_or_miss is kept in while it goes on, and from which a later call goes on: with the
        same d and random_state (or None, for the file's) and at least as many draws.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.
    client : dask.distributed.Client, optional
        Cluster whose workers make the draws of hit_or_miss; n_threads then does not count. The hits are the same.

    Returns
    -------
    BallVolumeEstimate
        The estimate, its standard error, an interval, the score against the closed form, and advice where the draws
        are too few: fewer than ten hits are expected, or telescoping's standard error is above .5.

    Raises
    ------
    ValueError
        If d, n_draws, confidence or n_threads is out of range, the method is unknown, the checkpoint is of other work,
        or checkpoint or client is given with another method than hit_or_miss.
    TypeError
        If d, n_draws or n_threads is not a whole number, random_state no seed, or checkpoint no path.

    Notes
    -----
    *hit_or_miss.* Eight coordinates of a draw are looked at together, and the draw is given up as soon as it is
    outside: a nanosecond or two at any d; memory is O(1). A hit costs 2^d / V_d draws: 1.3 at d = 2, 4e7 at d = 20.
    The interval is Clopper and Pearson's: exact, hence conservative. Ctrl-C is served between batches of about a
    fifth of a second.
    *telescoping.* Each of the d - 1 factors has strata of two draws (an odd last draw is not made), t drawn where the
    integrand lives. Standard error of log V: about 2.4 d² n^-1.5, so 1 % takes 39 d^(4/3) draws, at 30 ns each; memory
    is O(d). The interval is log V ± Student t · standard error (delta method, Satterthwaite's degrees of freedom), in
    logarithms. Covers the volume in 94 to 96 % of the runs at confidence .95, from the smallest n on.
    *quasi.* The interval rests on the 16 replicates alone: mean ± Student t (15 degrees of freedom) · their standard
    error; with fewer than 40 hits, or misses, it is Clopper and Pearson's, as if the points were independent. Most
    exact where n is 16 times a power of two. About d · 10 ns a point, and 16 scramblings of d · 50 µs; memory is O(d).
    Determinism: draw t depends on the seed and t only, so the result is the same for any number of threads.

    References
    ----------
    J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC'11, for
    Philox. *Differs:* in hit_or_miss the high and the low bits of a coordinate come from different blocks, so that a
    draw can be decided from the 16 high ones.
    C. J. Clopper, E. S. Pearson (1934), The use of confidence or fiducial limits, Biometrika 26, 404-413.
    A. B. Owen (2023), Practical Quasi-Monte Carlo Integration, for replicated scramblings.

    Examples
    --------
    >>> import fastcurse as fc
    >>> estimate = fc.estimate_ball_volume(3, 100_000, random_state=0)
    >>> low, high = estimate.interval
    >>> bool(low < fc.ball_volume(3) < high)
    True
    >>> print(fc.estimate_ball_volume(20, 1000, random_state=0).advice.split(";")[0])
    2.5e-05 hits are expected in 1000 draws at d = 20, too few to tell anything
    >>> estimate = fc.estimate_ball_volume(1000, 1_000_000, method="telescoping", random_state=0)
    >>> bool(abs(estimate.log_volume - fc.log_ball_volume(1000)) < 0.01)
    True
    """
    d = _validation.check_count(d, "d", minimum=0, maximum=_hit_or_miss.MAX_DIMENSION)
    n_draws = _validation.check_count(n_draws, "n_draws", minimum=1, maximum=_hit_or_miss.MAX_DRAWS)
    method = _validation.check_choice(method, "method", METHODS)
    confidence = _validation.check_fraction(confidence, "confidence")
    n_threads = _validation.check_threads(n_threads)
    seed = _validation.check_seed(random_state)
    kept = _validation.check_path(checkpoint, "checkpoint")
    if method != "hit_or_miss" and (kept is not None or client is not None):
        name = "checkpoint" if kept is not None else "client"
        raise ValueError(f"{name} must be None unless method is 'hit_or_miss', got method {method!r}")
    if method == "telescoping":
        _telescoping.check_draws(d, n_draws)
        log_volume = _telescoping.log_volume(d, n_draws, seed.generate_state(2, np.uint64), progress=progress)
        return _telescoping_estimate(d, n_draws, log_volume, confidence)
    if method == "quasi":
        _quasi.check_draws(d, n_draws)
        hits, shares = _quasi.replicate_shares(d, n_draws, seed, progress=progress)
        return _quasi_estimate(d, n_draws, hits, shares, confidence)
    key = None if random_state is None else seed.generate_state(2, np.uint32)
    saved = None if kept is None else Checkpoint(kept, {"estimate": "hit_or_miss", "d": d})
    hits = _hit_or_miss.count_hits(
        d, n_draws, key, n_threads=n_threads, progress=progress, checkpoint=saved, client=client
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


def _quasi_estimate(d: int, n_draws: int, hits: int, shares: np.ndarray, confidence: float) -> BallVolumeEstimate:
    """Return what the replicates say, or the hits alone where they are too few for that."""
    estimate = replace(_hit_or_miss_estimate(d, n_draws, hits, confidence), method="quasi")
    error, low, high = _quasi.student_interval(shares, confidence)
    if min(hits, n_draws - hits) < _quasi.FEW_HITS or error == 0.0:
        return estimate
    q, share = math.exp(float(closed_forms.log_hit_probability(d))), float(shares.mean())
    return replace(
        estimate,
        volume=_times_cube(share, d),
        log_volume=d * math.log(2.0) + math.log(share),
        standard_error=error / share,
        interval=(_times_cube(max(low, 0.0), d), _times_cube(min(high, 1.0), d)),
        z_score=(share - q) / error,
    )


def _telescoping_estimate(
    d: int, n_draws: int, log_volume: _telescoping.LogVolume, confidence: float
) -> BallVolumeEstimate:
    """Return what the estimate of log V and its standard error say."""
    value, error, degrees = log_volume
    half = float(special.stdtrit(degrees, 0.5 + confidence / 2.0)) * error if error else 0.0
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


def _advice(d: int, n_draws: int, log_q: float) -> str:
    log_expected = math.log(n_draws) + log_q
    if log_expected >= math.log(_FEW_HITS):
        return ""
    return (
        f"{_in_digits(log_expected)} hits are expected in {n_draws} draws at d = {d}, too few to tell anything; "
        f"ten hits need about {_in_digits(math.log(_FEW_HITS) - log_q)} draws, "
        f"method='telescoping' about {_telescoping.draws_for(d, 0.01):.2g} for 1 %, log_ball_volume none"
    )


def _in_digits(log_value: float) -> str:
    """Return exp(log_value) as text, also beyond the range of float64."""
    in_range = abs(log_value) < 700.0
    return f"{math.exp(log_value):.2g}" if in_range else f"1e{log_value / math.log(10.0):+.0f}"
