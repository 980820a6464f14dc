"""Sums of log-gamma functions that cancel, without the loss: what volumes of balls are made of."""

from __future__ import annotations

import numpy as np
from scipy import special

# Above it six terms of Stirling's series suffice: the next, 1 / 156 z^13, is 6e-16 where log Γ(1 + z) is 15.
_LARGE = 10.0
_STIRLING = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)
_LARGEST = np.finfo(np.float64).max
# log Γ(1 + z) = -log(1 + z) + (1 - γ) z + Σ (ζ(k) - 1) (-z)^k / k, k = 2, 3 ..: at |z| <= 1/2 the terms fall like 4^-k.
_NEAR_ONE = 0.5
_SERIES = tuple(float((-1) ** k * special.zetac(k) / k) for k in range(2, 28))


def log_gamma_of_one_plus(z: np.ndarray) -> np.ndarray:
    """Return log Γ(1 + z), z >= 0, relatively accurate down to the smallest z, where 1 + z is 1.

    But near its zero at z = 1, where the error is 3e-16.
    """
    small = np.minimum(z, _NEAR_ONE)
    total = np.zeros_like(small)
    for coefficient in reversed(_SERIES):
        total = (total + coefficient) * small
    near_one = total * small + (1.0 - np.euler_gamma) * small - np.log1p(small)
    return np.where(z <= _NEAR_ONE, near_one, special.gammaln(1.0 + z))


def log_unit_ratio(d: np.ndarray, p: np.ndarray, log_side: np.ndarray) -> np.ndarray:
    """Return d (log_side + log Γ(1 + 1/p)) - log Γ(1 + d/p), for d >= 0 and 0 < p <= inf; log_side is finite.

    Where both arguments of Γ are large, Stirling's terms are subtracted by hand: d z log z - d z log(d z) = -d z log d.
    Error: a few 1e-16 of the largest term that is left; nan nowhere.
    """
    with np.errstate(over="ignore"):
        share, product = np.minimum(1.0 / p, _LARGEST), np.minimum(d / p, _LARGEST)
    many, wide = share >= _LARGE, product >= _LARGE
    log_d = np.log(np.where(d > 0.0, d, 1.0))
    # log Γ(1 + z) = z (log z - 1) + log(2π z) / 2 + rest(z), for the large ones.
    large_product = np.maximum(product, _LARGE)
    log_share = -np.log(np.minimum(p, 1.0 / _LARGE))  # also where 1/p is beyond float64
    half_log_share = 0.5 * (np.log(2.0 * np.pi) + log_share)
    half_log_product = 0.5 * (np.log(2.0 * np.pi) + np.log(large_product))
    share_rest, product_rest = _stirling_rest(np.maximum(share, _LARGE)), _stirling_rest(large_product)
    side_of_few = log_side + log_gamma_of_one_plus(np.minimum(share, _LARGE))
    log_gamma_product = log_gamma_of_one_plus(np.minimum(product, _LARGE))
    with np.errstate(over="ignore", invalid="ignore"):  # in the branches not taken
        neither = d * side_of_few - log_gamma_product
        only_wide = d * (side_of_few - share * (np.log(large_product) - 1.0)) - half_log_product - product_rest
        only_many = d * (log_side + half_log_share + share_rest) + product * (log_share - 1.0) - log_gamma_product
        # half_log_product is half_log_share + log(d) / 2: at d = 1 all but log_side cancels, and does so exactly.
        # d log(d) / p is cut in two factors that stay in range where d < 1; above, one grows with the other terms of d.
        root = np.sqrt(p)
        below_one = d * (log_side + share_rest) - (d / root) * (log_d / root) + (d - 1.0) * half_log_share
        one = log_side + share_rest - log_d / p
        from_one = (d - 1.0) * (one + half_log_share) + one
        both = np.where(d < 1.0, below_one, from_one) - 0.5 * log_d - product_rest
    return np.select([many & wide, many, wide], [both, only_many, only_wide], neither)


def _stirling_rest(z: np.ndarray) -> np.ndarray:
    """Return log Γ(1 + z) - z (log z - 1) - log(2π z) / 2 for z >= 10."""
    inverse = 1.0 / z
    total = np.zeros_like(inverse)
    for coefficient in reversed(_STIRLING):
        total = total * inverse * inverse + coefficient
    return total * inverse
