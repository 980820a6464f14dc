"""How far the norms of centred points spread beyond those of Gaussian points with the same covariance, every prefix."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np

_COLUMNS = 64  # a block of 10⁴ features takes .3 s: Ctrl-C waits no longer
_ROUNDING = 1e-11  # of the sums; √(8/n) / participation ratio, the least spread that data have, is above 1e-8


def leading_traces(scatter: np.ndarray, pool: ThreadPoolExecutor, threads: int) -> tuple[np.ndarray, ...]:
    """Return tr W, tr W², tr W³ and tr W⁴, each (n_features,), of the leading blocks of a scatter matrix.

    A column s and a diagonal element c make of W the block [W s; s' c]. With g = W s, expanding the square of that
    block gives what each trace grows by: c, 2 s's + c², 3 s'g + 3 c s's + c³ and
    4 g'g + 4 c s'g + 2 (s's)² + 4 c² s's + c⁴, of which no term is negative. O(n_features³).
    """
    n_features = len(scatter)
    new = np.diagonal(scatter)

    def products(begin: int) -> tuple[np.ndarray, ...]:
        end = min(begin + _COLUMNS, n_features)
        above = np.triu(scatter[:end, begin:end], 1 - begin)  # of column j the elements above the diagonal
        image = np.triu(scatter[:end, :end] @ above, 1 - begin)
        pairs = ((above, above), (above, image), (image, image))
        return tuple(np.einsum("ij,ij->j", left, right) for left, right in pairs)

    starts: Iterator[int] = iter(range(0, n_features, _COLUMNS))
    parts = []
    while some := list(islice(starts, threads)):
        parts += list(pool.map(products, some))
    ss, sg, gg = (np.concatenate(part) for part in zip(*parts, strict=True))
    growth = (
        new,
        2 * ss + new**2,
        3 * sg + 3 * new * ss + new**3,
        4 * gg + 4 * new * sg + 2 * ss**2 + 4 * new**2 * ss + new**4,
    )
    return tuple(np.cumsum(grown) for grown in growth)


def norm_spread_z_scores(fourth: np.ndarray, traces: tuple[np.ndarray, ...], n_samples: int) -> np.ndarray:
    """Return (Q - E Q) / sd Q at each prefix, where Q = `fourth` is the sum of the fourth powers of the norms.

    E and sd are exact for Gaussian points given their scatter W. Given W, centred Gaussian points are
    x_i = W^(1/2) O e_i, O a random rotation of the v = n - 1 dimensions and e_i the corners of a regular simplex:
    r_i² = (v/n) e_i'O'W O e_i. Take m = tr W / v, W's mean over v dimensions, out of W: sum r_i² (r_i² - m) stays,
    so Q varies with m2 = Σ (λ - m)² and m4 = Σ (λ - m)⁴ of W's v eigenvalues alone. Averaging (e_i'O'W O e_i)² and
    (e_i'O'W O e_i)² (e_j'O'W O e_j)² over O by zonal polynomials of degree 2 and 4 (A. T. James 1964, Distributions
    of matrix variates and latent roots derived from normal samples, Annals of Mathematical Statistics 35, eq. 23) gives

    E Q = v (t1² + 2 t2) / (n (v + 2)),
    Var Q = (v - 2) (8 (v² + 6 v + 12) / (v + 2) m2² + 16 v m4) / ((v + 1)² (v + 2) (v + 4) (v + 6)).

    For one feature that is the exact variance of the sample kurtosis (R. A. Fisher 1930); for n → ∞ and S = W/n it
    is n (8 (tr S²)² + 16 tr S⁴). 0 where sd Q is 0 or lost to rounding: n < 4, or all v eigenvalues equal.
    """
    v = n_samples - 1.0
    t1, t2, t3, t4 = traces
    mean = t1 / v
    second_sq = (t2 - t1 * mean) ** 2
    fourth_central = t4 - 4 * t3 * mean + 6 * t2 * mean**2 - 3 * t1 * mean**3
    fourth_central = np.clip(fourth_central, second_sq / v, second_sq)  # its bounds; rounding may pass them
    expected = v * (t1**2 + 2 * t2) / (n_samples * (v + 2))
    factor = max(v - 2, 0.0) / ((v + 1) ** 2 * (v + 2) * (v + 4) * (v + 6))
    spread = np.sqrt(factor * (8 * (v**2 + 6 * v + 12) / (v + 2) * second_sq + 16 * v * fourth_central))
    return np.divide(fourth - expected, spread, out=np.zeros_like(fourth), where=spread > _ROUNDING * expected)
