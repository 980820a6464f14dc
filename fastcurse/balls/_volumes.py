"""Closed forms of balls, for arguments that may be anything."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse import _validation
from fastcurse.theory import balls as closed_forms


def ball_volume(d: Any, radius: Any = 1.0, *, p: Any = 2.0) -> np.ndarray | np.float64:
    """Volume of a ball of the L_p norm.

    V = (2 Γ(1 + 1/p) r)^d / Γ(1 + d/p)

    Parameters
    ----------
    d : array_like of float
        Dimension, at least 0; need not be whole.
    radius : array_like of float, default=1.0
        Radius r, at least 0, in any unit of length; inf is allowed.
    p : array_like of float, default=2.0
        Order of the norm, above 0: 2 is the Euclidean ball, 1 the cross-polytope, inf the cube.

    Returns
    -------
    ndarray or float, float64
        Volume in units of length to the power d, of the broadcast shape; 0 or inf where it leaves the range of
        float64 (for radius = 1, p = 2 from d = 453), where `log_ball_volume` still holds.

    Raises
    ------
    ValueError
        If d is negative or not finite, radius negative or nan, p not above 0, or the shapes do not broadcast.
    TypeError
        If an argument does not hold real numbers.

    Notes
    -----
    O(1) time and memory an element. Integers are taken as float64, so no power wraps around. It is
    V exp(e) with |e| below 2e-15 (1 + M), M the largest of |d log(2 Γ(1 + 1/p))|, |log Γ(1 + d/p)| and |d log r|,
    which may cancel; a small e is the relative error. Below 2.2e-308, where float64 has fewer digits, add a step of
    5e-324.

    References
    ----------
    X. Wang (2005), Volumes of generalized unit balls, Mathematics Magazine 78, 390-395. *Differs:* any real d, and the
    formula is not evaluated as a quotient of two numbers that overflow.

    Examples
    --------
    >>> import fastcurse as fc
    >>> print(fc.ball_volume([1, 2, 3, 20]).round(6))
    [2.       3.141593 4.18879  0.025807]
    >>> float(fc.ball_volume(3, 0.5, p=float("inf")))
    1.0
    """
    d, radius, p = _check_ball(d, radius, p)
    return closed_forms.ball_volume(d, radius, p=p)


def log_ball_volume(d: Any, radius: Any = 1.0, *, p: Any = 2.0) -> np.ndarray | np.float64:
    """Natural logarithm of the volume of a ball of the L_p norm.

    log V = d log(2 Γ(1 + 1/p)) - log Γ(1 + d/p) + d log r

    Parameters
    ----------
    d : array_like of float
        Dimension, at least 0; need not be whole.
    radius : array_like of float, default=1.0
        Radius r, at least 0, in any unit of length; inf is allowed.
    p : array_like of float, default=2.0
        Order of the norm, above 0: 2 is the Euclidean ball, 1 the cross-polytope, inf the cube.

    Returns
    -------
    ndarray or float, float64
        Log volume (the volume is in units of length to the power d), of the broadcast shape: -inf for radius = 0 and
        inf for radius = inf when d > 0, and 0 (a point has volume 1) for d = 0.

    Raises
    ------
    ValueError
        If d is negative or not finite, radius negative or nan, p not above 0, or the shapes do not broadcast.
    TypeError
        If an argument does not hold real numbers.

    Notes
    -----
    O(1) time and memory an element. The error is below 2e-15 M, M the largest of the three terms' magnitudes; for
    r = 1, p = 2 and 0 < d <= 10⁷ below 1e-12 of log V itself, but within .01 of d = 12.764, where V = 1.

    References
    ----------
    As for `ball_volume`.

    Examples
    --------
    >>> import fastcurse as fc
    >>> print(f"{fc.log_ball_volume(1000):.2f}")
    -2038.97
    """
    d, radius, p = _check_ball(d, radius, p)
    return closed_forms.log_ball_volume(d, radius, p=p)


def shell_fraction(d: Any, thickness: Any) -> np.ndarray | np.float64:
    """Share of a ball's volume that lies in its outer shell.

    1 - (1 - t)^d

    Parameters
    ----------
    d : array_like of float
        Dimension, at least 0; need not be whole.
    thickness : array_like of float
        Thickness t of the shell as a share of the radius, in [0, 1].

    Returns
    -------
    ndarray or float, float64
        Share in [0, 1], of the broadcast shape; the same for the ball of any norm.

    Raises
    ------
    ValueError
        If d is negative or not finite, thickness outside [0, 1], or the shapes do not broadcast.
    TypeError
        If an argument does not hold real numbers.

    Notes
    -----
    O(1) time and memory an element; correct to a few units in the last place, also for t below 1e-16.

    References
    ----------
    A. Blum, J. Hopcroft, R. Kannan (2020), Foundations of Data Science, section 2.3. *Differs:* exact, where they
    bound the rest of the ball by exp(-t d).

    Examples
    --------
    >>> import fastcurse as fc
    >>> print(fc.shell_fraction([1, 7, 22, 44], 0.1).round(4))
    [0.1    0.5217 0.9015 0.9903]
    """
    d = _validation.check_real(d, "d", minimum=0)
    thickness = _validation.check_real(thickness, "thickness", minimum=0)
    above = thickness > 1.0
    if above.any():
        raise ValueError(f"thickness must be at most 1 (the radius), got {float(thickness[above].flat[0])!r}")
    _check_shapes(d=d, thickness=thickness)
    return closed_forms.shell_fraction(d, thickness)


def _check_ball(d: Any, radius: Any, p: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    d = _validation.check_real(d, "d", minimum=0)
    radius = _validation.check_real(radius, "radius", minimum=0, allow_infinite=True)
    p = _validation.check_real(p, "p", minimum=0, strict=True, allow_infinite=True)
    _check_shapes(d=d, radius=radius, p=p)
    return d, radius, p


def _check_shapes(**arrays: np.ndarray) -> None:
    try:
        np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"arguments must have shapes that broadcast, got {shapes}") from None
