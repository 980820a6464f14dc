"""Ball volumes by recurrence, hit-or-miss and telescoping by plain loops over plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

_WORD = 0xFFFFFFFF


def philox4x32(counter: Sequence[int], key: Sequence[int]) -> list[int]:
    """Return the four words of the Philox4x32-10 block (Salmon et al. 2011, Parallel random numbers, section 3.3).

    Examples
    --------
    >>> from fastcurse.reference import balls
    >>> [f"{word:08x}" for word in balls.philox4x32((0, 0, 0, 0), (0, 0))]  # the published known answer
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        left, right = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (right >> 32) ^ c1 ^ k0, right & _WORD, (left >> 32) ^ c3 ^ k1, left & _WORD
        k0, k1 = (k0 + 0x9E3779B9) & _WORD, (k1 + 0xBB67AE85) & _WORD
    return [c0, c1, c2, c3]


def eight_coordinates(t: int, octet: int, key: Sequence[int], stream: int = 0) -> list[float]:
    """Return coordinates 8 octet .. 8 octet + 7 of draw t, in (0, 1]: (k + 1/2) / 2^53 rounded to float64.

    The 53 bits of k: 16 upper ones, two coordinates a word of block `octet`, the first above; 37 lower ones, two
    coordinates a block, 2^31 + 4 octet onwards: the upper 37 of the 64 bits of words 0, 1 and of words 2, 3.

    Examples
    --------
    >>> from fastcurse.reference import balls
    >>> [round(x, 3) for x in balls.eight_coordinates(t=0, octet=0, key=(1, 2))]
    [0.022, 0.868, 0.597, 0.501, 0.153, 0.561, 0.917, 0.038]
    """
    counter = (t & _WORD, t >> 32)
    upper = [half for word in philox4x32((*counter, octet, stream), key) for half in (word >> 16, word & 0xFFFF)]
    lower = []
    for r in range(4):
        w = philox4x32((*counter, 2**31 + 4 * octet + r, stream), key)
        lower += [(w[0] << 32 | w[1]) >> 27, (w[2] << 32 | w[3]) >> 27]
    return [(float(h << 37 | low) + 0.5) / 2**53 for h, low in zip(upper, lower, strict=True)]


def uniform_point(t: int, d: int, key: Sequence[int], stream: int = 0) -> list[float]:
    """Return the d coordinates of draw t.

    Examples
    --------
    >>> from fastcurse.reference import balls
    >>> balls.uniform_point(0, 3, (1, 2)) == balls.eight_coordinates(0, 0, (1, 2))[:3]
    True
    """
    octets = (eight_coordinates(t, octet, key, stream) for octet in range(-(-d // 8)))
    return [x for eight in octets for x in eight][:d]


def count_hits(first: int, stop: int, d: int, key: Sequence[int], stream: int = 0) -> int:
    """Return how many of the draws first .. stop - 1 lie in the unit ball.

    Examples
    --------
    >>> from fastcurse.reference import balls
    >>> balls.count_hits(0, 1000, 2, key=(1, 2)) / 1000  # about pi / 4
    0.779
    """
    hits = 0
    for t in range(first, stop):
        total = 0.0
        for x in uniform_point(t, d, key, stream):
            total += x * x
        hits += total <= 1.0
    return hits


def estimate_ball_volume(d: int, n_draws: int, *, random_state: int) -> tuple[float, int]:
    """Return the hit-or-miss estimate of the unit ball's volume, and the hits it rests on.

    Examples
    --------
    >>> from fastcurse.reference import balls
    >>> volume, hits = balls.estimate_ball_volume(2, 1000, random_state=0)
    >>> volume == 4 * hits / 1000
    True
    """
    key = [int(word) for word in np.random.SeedSequence(random_state).generate_state(2, np.uint32)]
    hits = count_hits(0, n_draws, d, key)
    return 2.0**d * hits / n_draws, hits


def telescoping_integrand(k: int, u: float) -> float:
    """Return (1 - t²)^((k-1)/2) dt/du, where t = y / √(1 + y²) and y = 1.4 / √k · u / (1 - u).

    Examples
    --------
    >>> from fastcurse.reference import balls
    >>> n = 1000  # V_3 / V_2 = 4/3 is twice its integral over u
    >>> round(2 * sum(balls.telescoping_integrand(3, (i + 0.5) / n) for i in range(n)) / n, 4)
    1.3333
    """
    scale = 1.4 / math.sqrt(k)
    y = scale * u / (1.0 - u)
    t_squared = y * y / (1.0 + y * y)
    dt_du = (1.0 + y * y) ** -1.5 * scale / (1.0 - u) ** 2
    return (1.0 - t_squared) ** ((k - 1) / 2.0) * dt_du


def telescoping_log_volume(d: int, n_draws: int, *, random_state: int) -> tuple[float, float, float]:
    """Return log V_d = log 2 + Σ log(2 E (1 - t²)^((k-1)/2)), its standard error and the degrees of freedom of that.

    From pairs of draws in strata. Each pair's variance has one degree of freedom: Satterthwaite's are 2 (Σ v)² / Σ v².

    Examples
    --------
    >>> from fastcurse.reference import balls
    >>> log_volume, error, _ = balls.telescoping_log_volume(5, 2000, random_state=0)
    >>> round(log_volume, 4), round(error, 4), round(balls.log_ball_volume(5), 4)
    (1.6606, 0.0003, 1.6609)
    """
    key = np.random.SeedSequence(random_state).generate_state(2, np.uint64)
    stream = np.random.Generator(np.random.Philox(key=key))
    log_volume, variance, squares = math.log(2.0), 0.0, 0.0
    for k in range(2, d + 1):
        n_strata = n_draws // 2 // (d - 1) + (k - 2 < n_draws // 2 % (d - 1))
        mean = mean_variance = mean_squares = 0.0
        for stratum in range(n_strata):
            first, second = (telescoping_integrand(k, (stratum + stream.random()) / n_strata) for _ in range(2))
            mean += (first + second) / 2.0 / n_strata
            mean_variance += (first - second) ** 2 / 4.0 / n_strata**2
            mean_squares += (first - second) ** 4 / 16.0 / n_strata**4
        # The second-order term of E log: the logarithm of a noisy mean is too small.
        log_volume += math.log(2.0 * mean) + mean_variance / mean**2 / 2.0
        variance += mean_variance / mean**2
        squares += mean_squares / mean**4
    return log_volume, math.sqrt(variance), 2.0 * variance**2 / squares


def ball_volume(d: int, radius: float = 1.0) -> float:
    """Return the volume by V_0 = 1, V_1 = 2 r, V_d = 2 π r² / d · V_{d-2}.

    Examples
    --------
    >>> from fastcurse.reference import balls
    >>> [round(balls.ball_volume(d), 3) for d in range(7)]
    [1.0, 2.0, 3.142, 4.189, 4.935, 5.264, 5.168]
    """
    volume = 2.0 * radius if d % 2 else 1.0
    for k in range(2 + d % 2, d + 1, 2):
        volume *= 2.0 * math.pi * radius**2 / k
    return volume


def log_ball_volume(d: int, radius: float = 1.0) -> float:
    """Return the logarithm of the volume as the sum of the logarithms of the recurrence's factors.

    Examples
    --------
    >>> from fastcurse.reference import balls
    >>> round(balls.log_ball_volume(1000), 3)
    -2038.966
    """
    first = math.log(2.0 * radius) if d % 2 else 0.0
    factors = range(2 + d % 2, d + 1, 2)
    return math.fsum([first, *(math.log(2.0 * math.pi * radius**2 / k) for k in factors)])


def shell_fraction(d: int, thickness: float) -> float:
    """Return the share of the outer shell as it is defined: one minus the share of the ball inside it.

    Examples
    --------
    >>> from fastcurse.reference import balls
    >>> balls.shell_fraction(2, 0.5)
    0.75
    """
    return 1.0 - (1.0 - thickness) ** d
