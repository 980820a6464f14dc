"""Monte Carlo estimates of the unit ball's volume, by any of three methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse import _validation
from fastcurse.balls import _hit_or_miss, _quasi, _telescoping
from fastcurse.balls._result import BallVolumeEstimate, from_hits, from_log_volume, from_replicates
from fastcurse.engine.checkpoint import Checkpoint

METHODS = ("hit_or_miss", "telescoping", "quasi")


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
        Dimension, at least 0; at most 2^28 for hit_or_miss, 10^7 for telescoping, 21201 for quasi.
    n_draws : int
        Number n of draws in all: points of the cube [-1, 1]^d, or numbers t. At least 1 for hit_or_miss, 32 (d - 1) for
        telescoping, 256 for quasi; at most 2^53, 2^34 for quasi.
    method : {"hit_or_miss", "telescoping", "quasi"}, default="hit_or_miss"
        hit_or_miss counts independent uniform points inside the ball; hopeless from d = 20 on, which is its point.
        telescoping multiplies the ratios V_k / V_{k-1}, each from draws on a line; works at d = 1000 and beyond.
        quasi counts 16 independent scramblings of Sobol points; its error with as many draws (2^21) is a quarter of
        hit_or_miss's at d = 5, two thirds at d = 10, where a draw costs more.
    random_state : int, Generator, RandomState or None, default=None
        Seed. A Generator or RandomState is asked for one number, None takes fresh entropy.
    confidence : float, default=0.95
        Level of the interval, strictly between 0 and 1.
    n_threads : int, optional
        Threads of hit_or_miss; None: all available. The others use one. The result does not depend on it.
    checkpoint : str or path, optional
        File that the count of hit_or_miss is kept in while it goes on, and from which a later call goes on: with the
        same d and random_state (or None, for the file's) and at least as many draws. It is written before the first
        draw, so that a place that cannot be written is found at once; a link is followed.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.
    client : dask.distributed.Client, optional
        Cluster whose workers, at least one, make the draws of hit_or_miss, each on its own number of threads; n_threads
        then does not count. The hits are the same.

    Returns
    -------
    BallVolumeEstimate
        The estimate, its standard error, an interval, the score against the closed form, and advice where the draws
        are too few: fewer than ten hits are expected, or telescoping's standard error is above .5.

    Raises
    ------
    ValueError
        If d, n_draws, confidence or n_threads is out of range, the method is unknown, the checkpoint is of other work
        or cannot be written, the client has no workers, or either is given with another method than hit_or_miss.
    TypeError
        If d, n_draws or n_threads is not a whole number, random_state no seed, checkpoint no path, or client no client.

    Notes
    -----
    *hit_or_miss.* Eight coordinates of a draw are looked at together, and the draw is given up when it is outside after
    them: two to four nanoseconds of a core at any d; memory is O(1). A hit costs 2^d / V_d draws: 1.3 at d = 2, 4e7 at
    d = 20. The interval is Clopper and Pearson's: exact, hence conservative; its ends, computed by an expansion beyond
    10^8 hits and misses, are within 1e-6 of its half-width. Ctrl-C is served between batches of 2^26 draws, a tenth of
    a second on two cores.
    *telescoping.* Each of the d - 1 factors has strata of two draws (an odd last draw is not made), t drawn where the
    integrand lives. Standard error of log V: about 2.4 d² n^-1.5, so 1 % takes 39 d^(4/3) draws, at 30 ns each; memory
    is 80 bytes times d. The interval is log V ± Student t · standard error (delta method, Satterthwaite's degrees of
    freedom), in logarithms. Covers the volume in 94 to 96 % of the runs at confidence .95, from the smallest n on.
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
        return from_log_volume(d, n_draws, log_volume, confidence)
    if method == "quasi":
        _quasi.check_draws(d, n_draws)
        hits, shares = _quasi.replicate_shares(d, n_draws, seed, progress=progress)
        return from_replicates(d, n_draws, hits, shares, confidence)
    client = _validation.check_client(client)
    key = None if random_state is None else seed.generate_state(2, np.uint32)
    saved = None if kept is None else Checkpoint(kept, {"estimate": "hit_or_miss", "d": d, "draws": _hit_or_miss.DRAWS})
    hits = _hit_or_miss.count_hits(
        d, n_draws, key, n_threads=n_threads, progress=progress, checkpoint=saved, client=client
    )
    return from_hits(d, n_draws, hits, confidence)
