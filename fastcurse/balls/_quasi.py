"""Quasi-Monte Carlo: hit-or-miss with scrambled Sobol points, replicated so that the error can be seen."""

from __future__ import annotations

import numpy as np
from scipy import special

from fastcurse.engine.batches import progress_bar

REPLICATES = 16
_BITS = 30
MAX_DRAWS = REPLICATES * 2**_BITS
MIN_DRAWS = REPLICATES * 16  # 95 % intervals of 16 points a replicate cover .947 at d = 2 (9600 scramblings)
# With fewer hits or misses than this the replicates' counts are too coarse for Student's t, and Clopper and Pearson's
# interval, which knows nothing of the points' evenness, is hardly wider.
FEW_HITS = 40
_NUMBERS_A_BLOCK = 2**17


def check_draws(d: int, n_draws: int) -> None:
    """Raise where SciPy has no Sobol points of this dimension or number, or the replicates hold too few."""
    from scipy.stats import qmc

    if d > qmc.Sobol.MAXDIM:
        raise ValueError(
            f"d must be at most {qmc.Sobol.MAXDIM} (scipy.stats.qmc.Sobol.MAXDIM) for method='quasi', got {d}"
        )
    if not MIN_DRAWS <= n_draws <= MAX_DRAWS:
        raise ValueError(f"n_draws must be between {MIN_DRAWS} and {MAX_DRAWS} for method='quasi', got {n_draws}")


def replicate_shares(d: int, n_draws: int, seed: np.random.SeedSequence, *, progress: bool) -> tuple[int, np.ndarray]:
    """Return all hits, and the share of hits in each of the `REPLICATES` independent scramblings.

    The first n_draws mod `REPLICATES` replicates hold one point more than the others.
    """
    hits = np.empty(REPLICATES, dtype=np.int64)
    sizes = np.full(REPLICATES, n_draws // REPLICATES)
    sizes[: n_draws % REPLICATES] += 1
    with progress_bar(n_draws, f"quasi, d = {d}", unit="draw", enabled=progress) as bar:
        for r, child in enumerate(seed.spawn(REPLICATES)):
            hits[r] = _count_hits(d, int(sizes[r]), np.random.default_rng(child))
            bar.update(int(sizes[r]))
    return int(hits.sum()), hits / sizes


def student_interval(values: np.ndarray, confidence: float) -> tuple[float, float, float]:
    """Return the standard error of the mean of independent `values`, and the interval's low and high end."""
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / float(np.sqrt(len(values)))
    half = -float(special.stdtrit(len(values) - 1, (1.0 - confidence) / 2.0)) * error
    return error, mean - half, mean + half


def _count_hits(d: int, n_points: int, rng: np.random.Generator) -> int:
    """Return how many of the first `n_points` of one scrambling lie in the unit ball."""
    from scipy.stats import qmc

    if d == 0:
        return n_points
    # Positional or `rng=` needs SciPy 1.15; `seed=` is taken by every SciPy from 1.11 on.
    sobol = qmc.Sobol(d, scramble=True, bits=_BITS, seed=rng)
    rows = max(1, _NUMBERS_A_BLOCK // d)
    rows = 1 << (min(rows, n_points).bit_length() - 1)  # SciPy warns unless the first block is a power of two
    hits = 0
    for start in range(0, n_points, rows):
        points = sobol.random(min(rows, n_points - start))
        points += 2.0 ** -(_BITS + 1)  # the middle of a cell, not its lower corner
        hits += int(np.count_nonzero(np.einsum("ij,ij->i", points, points) <= 1.0))
    return hits
