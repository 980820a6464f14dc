"""Where random points lie as the dimension grows: in the ball, in the cube, and seen from one another."""

from __future__ import annotations

import numpy as np
from scipy import special

from fastcurse import theory

DIMENSIONS = np.array([2, 3, 5, 10, 20, 50, 100, 200, 500, 1000])
_OUTER = np.array([0.025, 0.975])  # the middle 95 %
_BLOCK = 1000  # points drawn at a time, with all their coordinates: 8 MB an array


def _blocks(n_points: int) -> list[slice]:
    return [slice(start, start + _BLOCK) for start in range(0, n_points, _BLOCK)]


def norm_table(n_points: int, thickness: float, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Return norms of uniform points of the unit ball and of the cube [-1, 1]^d, at each of `DIMENSIONS`.

    The first d coordinates of a random direction in d + 2 dimensions are uniform in the ball (Archimedes), so nothing
    here rests on the law of the norm that is to be seen. One sample serves all dimensions: prefixes of its features.
    """
    d = DIMENSIONS
    ball, cube_sq = np.empty((2, n_points, len(d)))
    for rows in _blocks(n_points):
        squares = np.cumsum(generator.standard_normal((len(ball[rows]), d[-1] + 2)) ** 2, axis=1)
        ball[rows] = np.sqrt(squares[:, d - 1] / squares[:, d + 1])
    for rows in _blocks(n_points):
        cube_sq[rows] = np.cumsum(generator.uniform(-1.0, 1.0, (len(ball[rows]), d[-1])) ** 2, axis=1)[:, d - 1]
    cube = np.sqrt(cube_sq)
    share, exact = np.mean(ball > 1.0 - thickness, axis=0), np.asarray(theory.shell_fraction(d, thickness))
    deviation = np.sqrt(exact * (1.0 - exact) / n_points)
    tells = n_points * np.minimum(exact, 1.0 - exact) >= 10.0  # else nearly every point lies in the shell
    (ball_low, ball_high), (cube_low, cube_high) = np.quantile(ball, _OUTER, axis=0), np.quantile(cube, _OUTER, axis=0)
    return {
        "d": d.copy(),
        "ball_norm_low": ball_low,
        "ball_norm_median": np.median(ball, axis=0),
        "ball_norm_high": ball_high,
        "ball_norm_median_exact": 0.5 ** (1.0 / d),
        "shell_share": share,
        "shell_fraction": exact,
        "shell_z_score": np.where(tells, (share - exact) / np.where(tells, deviation, 1.0), 0.0),
        "cube_norm_low": cube_low,
        "cube_norm_mean": cube.mean(axis=0),
        "cube_norm_high": cube_high,
        "cube_norm_sd": cube.std(axis=0, ddof=1),
        # E x² = 1/3 and Var x² = 4/45 for a coordinate.
        "cube_z_score": (cube_sq.mean(axis=0) - d / 3.0) / np.sqrt(4.0 * d / 45.0 / n_points),
    }


def angle_table(n_points: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the angle in degrees between two random directions, at each of `DIMENSIONS`."""
    d = DIMENSIONS
    cosine = np.empty((n_points, len(d)))
    for rows in _blocks(n_points):
        one, two = generator.standard_normal((2, len(cosine[rows]), d[-1]))
        lengths_sq = np.cumsum(one * one, axis=1)[:, d - 1] * np.cumsum(two * two, axis=1)[:, d - 1]
        cosine[rows] = np.cumsum(one * two, axis=1)[:, d - 1] / np.sqrt(lengths_sq)
    angle = np.degrees(np.arccos(cosine))
    low, high = np.quantile(angle, _OUTER, axis=0)
    variance = np.asarray(theory.cosine_variance(d))
    # (1 + c)/2 is Beta((d - 1)/2, (d - 1)/2), so E c⁴ = 3 / (d (d + 2)). A small angle is a large cosine.
    exact_low, exact_high = np.degrees(
        np.arccos(2.0 * special.betaincinv((d - 1) / 2.0, (d - 1) / 2.0, _OUTER[::-1, np.newaxis]) - 1.0)
    )
    return {
        "d": d.copy(),
        "angle_low": low,
        "angle_mean": angle.mean(axis=0),
        "angle_high": high,
        "angle_low_exact": exact_low,
        "angle_high_exact": exact_high,
        "cosine_sd": np.sqrt(np.mean(cosine**2, axis=0)),
        "cosine_sd_exact": np.sqrt(variance),
        "z_score": (np.mean(cosine**2, axis=0) - variance) / np.sqrt((3.0 / (d * (d + 2.0)) - variance**2) / n_points),
    }
