"""Every error bound that a docstring or a proof states, against exact rational or many-digit arithmetic.

Held elsewhere in the same way: the float32 screen (test_screen.TestBound), the limits of the pair search
(test_pair_search.TestLimits), the screen of hit-or-miss and intervals of more than 10^8 hits (test_hit_or_miss),
volumes, shells and their logarithms (test_theory_balls), saddle points of uniform pairs (test_theory_distances) and of
a spectrum (test_theory_spectrum), where the smallest change ends (test_robustness). Bounds that only a simulation can
test are where the simulation is: there is no chance in this module.
"""

from __future__ import annotations

import functools
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from strategies import costly, point_clouds
from test_pair_search import TestApproximation as Decoding
from test_pair_search import plans, search_of

import fastcurse as fc
from fastcurse import theory
from fastcurse.balls import _hit_or_miss, _telescoping
from fastcurse.discriminant._frame import scatter_root, standard_frame, standard_scatter
from fastcurse.discriminant._moments import class_moments
from fastcurse.discriminant._nested import nested_factor
from fastcurse.engine import tiles
from fastcurse.engine.frame import find_frame
from fastcurse.engine.threads import parallel_region
from fastcurse.theory._log_gamma import log_gamma_of_one_plus
from fastcurse.theory.spectrum import _log_complement

UNIT = Fraction(1, 2**53)


@pytest.fixture(autouse=True)
def _many_digits():
    with mp.workdps(50):
        yield


def exactly(values):
    """Return an array of float64 as whole numbers (object) and the Fraction that they count."""
    values = np.asarray(values, dtype=np.float64)
    some = values[values != 0]
    unit = Fraction(2) ** int(np.frexp(some)[1].min() - 53) if some.size else Fraction(1)
    counts = np.array([int(Fraction(float(value)) / unit) for value in values.ravel()], dtype=object)
    return counts.reshape(values.shape), unit


def number(value):
    """Return a Fraction or float as mpmath's."""
    value = Fraction(value)
    return mp.mpf(value.numerator) / value.denominator


# Distances.


@given(point_clouds(max_samples=2, max_features=12))
def test_a_defined_distance_is_near_the_true_one(X):
    """_kernels.screen, 4: the sum within (p + 2) 2^-52 and an underflow each, the distance within k = (p + 8) 2^-52."""
    X = X[:2].astype(float)
    with np.errstate(over="ignore"):
        sums = np.cumsum((X[0] - X[1]) ** 2)
    assume(np.isfinite(sums).all())
    found = fc.distance_extremes(X, screen="none")
    true, tiny = Fraction(0), Fraction(2) ** -1074
    for p, (x, y) in enumerate(zip(*X.tolist(), strict=True), start=1):
        true += (Fraction(x) - Fraction(y)) ** 2
        assert abs(Fraction(float(sums[p - 1])) - true) <= (p + 2) * Fraction(2) ** -52 * true + p * tiny
        reach = Fraction(float(found.nearest[p - 1])), (p + 8) * Fraction(2) ** -52
        assert true <= (reach[0] * (1 + reach[1])) ** 2 + p * tiny
        assert true >= (reach[0] * (1 - reach[1])) ** 2 - p * tiny


@given(point_clouds(max_samples=7, max_features=9))
@example(np.array([[1.0, 1e-9], [1.0, -1e-9], [-1.0, 1e-9], [3e10, 30.0]]))
def test_a_cosine_distance_errs_by_2p_plus_5_units(X):
    """prefix_neighbors: where norms are above 1e-150; products that underflow cost a last subnormal each."""
    X = X.astype(float)
    squares = (X**2)[:, 0]
    assume(((squares > 1e-299) & (np.abs(X) < 1e150).all(axis=1)).all())
    near = fc.prefix_neighbors(X, np.arange(len(X)), len(X) - 1, metric="cosine")
    counts, _ = exactly(X)
    for p in range(1, X.shape[1] + 1):
        gram = counts[:, :p] @ counts[:, :p].T
        for i in range(len(X)):
            for distance, j in zip(near.distances[p - 1, i].tolist(), near.indices[p - 1, i].tolist(), strict=True):
                true = 1 - number(gram[i, j]) / mp.sqrt(number(gram[i, i]) * number(gram[j, j]))
                assert abs(number(distance) - true) <= (2 * p + 5) * number(UNIT)


@given(st.data())
@costly(15)
def test_a_search_knows_how_far_its_approximations_are(data):
    """_kernels.pair_search: |d - s sqrt(D)| <= E for every pair, rotated or not, in bytes and in float32."""
    X = data.draw(point_clouds(max_samples=12, max_features=7))
    frame = find_frame(X, X.shape[1])
    assume(frame is not None)
    plan = data.draw(plans(X.shape[1]))
    with parallel_region(None):
        known = search_of(X, plan).known
    seen, order = Decoding.decoded(known, *X.shape)
    at = {int(row): position for position, row in enumerate(order)}
    points, unit = exactly(X.astype(float))
    step = Fraction(1) if known.step is None else Fraction(float(known.step))
    rounded, rounded_unit = exactly(seen)
    for i in range(len(X)):
        for j in range(i):
            true = mp.sqrt(number(sum((points[i] - points[j]) ** 2) * unit**2)) * mp.mpf(2) ** -frame.exponent
            ours = mp.sqrt(number(sum((rounded[at[i]] - rounded[at[j]]) ** 2) * (rounded_unit * step) ** 2))
            assert abs(true - ours) <= known.error


# Moments of all squared distances.


def exact_moments(X):
    """Mean, second moment, (tr S)², ||S||² and Σ r⁴ of the centred rows, each a Fraction at each prefix."""
    counts, unit = exactly(X)
    n, n_features = X.shape
    centred = counts * n - counts.sum(axis=0)
    unit /= n
    norms = np.cumsum(centred * centred, axis=1)
    second, fourth, scatter = norms.sum(axis=0), (norms * norms).sum(axis=0), centred.T @ centred
    for p in range(1, n_features + 1):
        r2, r4 = int(second[p - 1]) * unit**2, int(fourth[p - 1]) * unit**4
        block = scatter[:p, :p]
        powers = [int(np.trace(block)) * unit**2, int((block * block).sum()) * unit**4]
        image = block @ block
        powers += [int((image * block).sum()) * unit**6, int((image * image).sum()) * unit**8]
        yield 2 * r2 / (n - 1), (2 * n * r4 + 2 * r2**2 + 4 * powers[1]) / (n * (n - 1)), r4, powers


def exact_z_score(n, fourth, traces):
    """The formula of `norm_spread_z_scores`, and E Q / sd Q."""
    v, (t1, t2, t3, t4) = Fraction(n - 1), traces
    m = t1 / v
    m2, m4 = t2 - t1 * m, t4 - 4 * t3 * m + 6 * t2 * m**2 - 3 * t1 * m**3
    mean = v * (t1**2 + 2 * t2) / (n * (v + 2))
    factor = (v - 2) / ((v + 1) ** 2 * (v + 2) * (v + 4) * (v + 6))
    spread = mp.sqrt(number(factor * (8 * (v**2 + 6 * v + 12) / (v + 2) * m2**2 + 16 * v * m4)))
    return number(fourth - mean) / spread, number(mean) / spread


def clouds():
    rng = np.random.default_rng(0)
    signs = rng.choice([-1.0, 1.0], (30_000, 3))
    return {
        "normal": rng.normal(size=(300, 8)),
        "few": rng.normal(size=(5, 4)),
        "wide": rng.normal(size=(20, 30)),
        "far from 0": rng.normal(size=(300, 6)) + 1e8,
        "one outlier": np.vstack([rng.normal(size=(200, 5)), np.full((1, 5), 1e6)]),
        "scales": rng.normal(size=(100, 8)) * 10.0 ** rng.integers(-6, 7, 8),
        "0/1": rng.integers(0, 2, (200, 9)).astype(float),
        "simplex": np.eye(20),
        # All terms of a sum are alike, and so are its roundings.
        "corners": np.vstack([signs, -signs]) * [0.1, 0.7, 0.3],
    }


@pytest.mark.parametrize("values", [7, 2**19])
@pytest.mark.parametrize("name", clouds())
def test_moments_err_by_features_rows_and_blocks(name, values, monkeypatch):
    X = clouds()[name]
    n, n_features = X.shape
    if values == 7 and n > 1000:
        values = 2**12  # 44 blocks
    monkeypatch.setattr(tiles, "_VALUES_A_BLOCK", values)
    blocks = -(-n // max(1, values // n_features))
    found = fc.distance_moments(X)
    for p, (mean, second, fourth, traces) in enumerate(exact_moments(X)):
        error = Fraction(1, 10**15) * Fraction(n_features + np.log2(n) + blocks)
        assert abs(Fraction(float(found.mean_sq[p])) / mean - 1) <= error
        variance = second - mean**2
        # 1 + 1 / c² times the error is that of the second moment, as a share of the variance.
        assert abs(Fraction(float(found.var_sq[p])) - variance) <= error * second + 4 * UNIT * second
        dimension = traces[0] ** 2 / traces[1]
        assert abs(Fraction(float(found.effective_dimension[p])) / dimension - 1) <= 4 * error
        if found.z_score[p] != 0:
            z, scale = exact_z_score(n, fourth, traces)
            assert abs(number(float(found.z_score[p])) - z) <= 4 * number(error) * (scale + abs(z) * scale**2 / n)


# Sums of linear discriminant analysis.


@pytest.mark.parametrize("shift", [0.0, 2.0**27, 1e8 + 0.1, 1e15])
def test_class_means_in_two_parts_lose_nothing_to_a_shift(shift, monkeypatch):
    """discriminant._moments: constants have exactly zero scatter; sums err in units of the rows about their mean."""
    monkeypatch.setattr("fastcurse.discriminant._moments._VALUES_A_BLOCK", 64 * 5)
    rng = np.random.default_rng(1)
    X, codes = rng.normal(size=(400, 5)) + shift, np.arange(400) % 3
    X[:, 2] = 0.1 + codes
    found = class_moments(X, codes, 3, 5)
    counts, unit = exactly(X)
    squares, scatter = np.zeros(5, dtype=object), np.zeros((5, 5), dtype=object)
    for c in range(3):
        rows = counts[codes == c]
        centred = rows * len(rows) - rows.sum(axis=0)
        scale = unit / len(rows)
        scatter = scatter + np.vectorize(lambda v, s=scale: v * s**2, otypes=[object])(centred.T @ centred)
        for f in range(5):
            mean = Fraction(int(rows[:, f].sum())) * scale
            ours = Fraction(float(found.means[c, f])) + Fraction(float(found.means_low[c, f]))
            width = max(int(abs(centred[:, f]).max()) * scale, Fraction(0))
            assert abs(ours - mean) <= len(rows) * UNIT * width
    squares = np.diag(scatter)
    assert found.sum_sq[2] == 0.0
    assert not found.scatter[2].any()
    for f in range(5):
        assert abs(Fraction(float(found.sum_sq[f])) - squares[f]) <= 400 * UNIT * squares[f]
        for g in range(f + 1):
            room = 400 * UNIT * (squares[f] + squares[g])
            assert abs(Fraction(float(found.scatter[f, g])) - scatter[f, g]) <= room


@pytest.mark.parametrize("nearness", [1.0, 1e-2, 1e-3, 2e-4])
@pytest.mark.parametrize("seed", range(3))
def test_a_prefix_knows_how_near_to_singular_it_is(nearness, seed):
    """discriminant._nested: a lower bound of the smallest singular value, wrong by eps p / σ², and of the error."""
    rng = np.random.default_rng(seed)
    X, codes = rng.normal(size=(60, 6)), np.arange(60) % 2
    X[:, 3] = X[:, 1] + nearness * rng.normal(size=60)
    moments = class_moments(X, codes, 2, 6)
    frame = standard_frame(moments, moments.counts / 60, drop_constant=True)
    S = standard_scatter(moments, frame, 0.0)
    factor = nested_factor(S, frame, smallest_kept=1e-9)
    assert factor.n_features == 6
    for p in range(1, 7):
        block = mp.matrix(S[:p, :p].tolist())
        for i in range(p):
            for j in range(i):
                block[j, i] = block[i, j]
        smallest = mp.sqrt(min(mp.eigsy(block, eigvals_only=True)))
        assert factor.smallest[p - 1] <= smallest * (1 + p * 2.0**-52 / smallest**2)
        assert factor.smallest[p - 1] >= smallest / mp.sqrt(p) * (1 - 1e-6)
        for c in range(2):
            true = mp.lu_solve(block, mp.matrix(frame.centres[c, :p].tolist()))
            error = mp.norm(mp.matrix(factor.class_weights(p)[c].tolist()) - true) / mp.norm(true)
            assert error <= factor.rounding[p - 1] + 8 * number(UNIT)  # an estimate: at p = 1 one rounding


def test_a_root_of_the_scatter_has_the_singular_values_above_1e_7():
    """discriminant._frame: eigenvalues err by some eps of the largest, singular values s by eps / s of theirs."""
    rng = np.random.default_rng(0)
    Q, true = np.linalg.qr(rng.normal(size=(6, 6)))[0], np.array([1.0, 1e-3, 1e-5, 1e-6, 1e-7, 1e-9])
    moments = class_moments(rng.normal(size=(60, 6)), np.arange(60) % 2, 2, 6)
    frame = standard_frame(moments, moments.counts / 60, drop_constant=True)._replace(scale=np.ones(6))
    root = scatter_root(moments._replace(scatter=(Q * true**2) @ Q.T), frame)
    found = np.linalg.svd(root, compute_uv=False)
    assert (np.abs(found - true) <= 6 * 2.0**-52 / true)[:5].all()  # of 1e-7 a digit is sure
    assert abs(found[5] / true[5] - 1) > 0.5


# Linear rules and curvature.


@given(
    st.integers(1, 12), st.integers(0, 2**32), st.sampled_from([1, 2, np.inf]), st.sampled_from([0.0, 1.0, 1e8, 1e-8]),
    st.booleans(),
)  # fmt: skip
def test_the_distance_to_a_boundary_errs_as_its_value(d, seed, norm, shift, limited):
    """boundary_distance: d units of the largest term, over the dual norm of w, and 1e-12 of itself."""
    rng = np.random.default_rng(seed)
    w, X = rng.normal(size=d) * 10.0 ** rng.integers(-5, 6, d), rng.normal(size=(3, d)) + shift
    b = -float(w @ X[0])  # row 0 is hardly off the boundary: all digits cancel
    limits = (X.min(axis=0) - 1e12, X.max(axis=0) + 1e12) if limited else None
    found = fc.boundary_distance(w, b, X, norm, bounds=limits)
    coef, rows = [Fraction(v) for v in w.tolist()], [[Fraction(v) for v in row] for row in X.tolist()]
    sizes = [number(abs(v)) for v in coef]
    dual = {1: max(sizes), 2: mp.sqrt(sum(v**2 for v in sizes)), np.inf: sum(sizes)}[norm]
    for row, distance, change in zip(rows, found.distance.tolist(), found.correction.tolist(), strict=True):
        terms = [a * x for a, x in zip(coef, row, strict=True)]
        value = sum(terms, Fraction(b))
        slack = (d + 1) * number(UNIT) * max(*map(abs, map(number, terms)), abs(b)) * 2
        assert abs(number(distance) - abs(number(value)) / dual) <= slack / dual + 1e-12 * number(distance)
        reached = number(value + sum(a * Fraction(c) for a, c in zip(coef, change, strict=True)))
        assert abs(reached) <= slack + 1e-12 * dual * number(distance)


def hadamard(order):
    matrix = np.ones((1, 1))
    while len(matrix) < order:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix


@pytest.mark.parametrize("order", [16, 256])
@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-9])
def test_an_eigenvalue_lies_within_the_residual(order, tol):
    """top_curvature, the matrix and the search: H = Q diag(λ) Q' has whole numbers over a power of two, all exact."""
    rng, Q = np.random.default_rng(order), hadamard(order)
    eigenvalues = np.sort(np.concatenate([[1000, 1000, 640, 639], rng.integers(-50, 600, order - 4)]))[::-1]
    H = (Q * eigenvalues) @ Q.T / order
    found = fc.top_curvature(lambda v: H @ v, n_parameters=order, k=5, tol=tol)
    for value, residual, true in zip(found.eigenvalues, found.residuals, eigenvalues[:5], strict=True):
        allowed = max(tol * value, 1e-11 * 1000)
        assert residual <= allowed
        assert np.abs(value - eigenvalues).min() <= residual + 1e-11 * 1000
        assert abs(value - true) <= allowed


# Closed forms.


@given(st.one_of(st.floats(0, 1e-300), st.floats(0, 0.99), st.floats(1.01, 30), st.floats(1, 1e300)))
@example(0.5)
@example(np.nextafter(0.5, 1))
def test_log_gamma_of_one_plus(z):
    """Relatively, but near z = 1, where the logarithm is 0 and 1 + z is rounded: there a unit of 1."""
    with mp.workdps(360):
        true = mp.loggamma(1 + mp.mpf(z))
        error = abs(mp.mpf(float(log_gamma_of_one_plus(np.array(z)))) - true)
        assert error <= 1e-14 * abs(true) + (3e-16 if abs(z - 1) < 0.5 else 5e-324)


@given(st.one_of(st.floats(-745, -1e-300), st.floats(-2, -1e-12)))
def test_log_of_a_complement(log_p):
    with mp.workdps(360):
        true = mp.log(-mp.expm1(mp.mpf(log_p)))
        assert abs(mp.mpf(float(_log_complement(np.array(log_p)))) - true) <= 1e-15 * abs(true) + 5e-324


def test_separation_errs_by_p_units():
    for p in (1, 2, 3.5, 40, 10**6, 1e12):
        assert abs(theory.separation(p) - mp.harmonic(p)) <= 4 * number(UNIT) * mp.harmonic(p)
    for p in (0.01, 0.5):  # the two terms cancel
        assert abs(theory.separation(p) - mp.harmonic(p)) <= 4 * number(UNIT)
    p = 600
    means = [1 / mp.sqrt(i) for i in range(1, p + 1)]
    for rho in (-0.9, 0.5, 0.999):
        ours = theory.separation(np.arange(p + 1), covariance="ar1", correlation=rho)
        true, r = mp.mpf(1), mp.mpf(rho)
        for i in range(1, p):
            true += (means[i] - r * means[i - 1]) ** 2 / (1 - r * r)
            assert abs(ours[i + 1] - true) <= (i + 1) * 2 * number(UNIT) * true
    for rho in (0.0, 0.5, 0.999):
        ours = theory.separation(np.arange(p + 1), covariance="factor", correlation=rho)
        squares, total, r = mp.mpf(0), mp.mpf(0), mp.mpf(rho)
        for i in range(1, p + 1):
            squares, total = squares + mp.mpf(1) / i, total + means[i - 1]
            true = (squares - total**2 / i) / (1 - r) + total**2 / i / (1 - r + r * i)
            assert abs(ours[i] - true) <= max(i, 4) * 2 * number(UNIT) * true


@functools.cache
def legendre(n):
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return [mp.mpf(x) for x in nodes.tolist()], [mp.mpf(w) for w in weights.tolist()]


@pytest.mark.parametrize(("p", "m"), [(40, 7), (300, 500), (10**6, 10**6)])
def test_the_exact_error_of_a_known_covariance(p, m):
    """Below 1e-12, by another integral: over the estimated mean's parts along the true one and across it."""
    with mp.workdps(25):
        s, k = mp.harmonic(p), mp.mpf(p - 1)
        nodes, weights = legendre(60)

        def densities(low, high, log_density):
            at = [(high + low) / 2 + (high - low) / 2 * x for x in nodes]
            mass = [w * mp.exp(log_density(x)) for x, w in zip(at, weights, strict=True)]
            return at, [v / sum(mass) for v in mass]

        along, along_mass = densities(mp.mpf(-9), mp.mpf(9), lambda g: -g * g / 2)
        top = mp.sqrt(k - 1)
        across, across_mass = densities(
            max(mp.mpf(0), top - 8), top + 8, lambda r: (k - 1) * (mp.log(r) - mp.log(top)) - (r * r - top * top) / 2
        )
        error = mp.mpf(0)
        for g, u in zip(along, along_mass, strict=True):
            t = mp.sqrt(s) + g / mp.sqrt(m)
            for r, v in zip(across, across_mass, strict=True):
                error += u * v * mp.erfc(mp.sqrt(s / 2) * t / mp.sqrt(t * t + r * r / m)) / 2
        assert abs(theory.known_covariance_error_exact(p, m) - error) < 1e-12


def test_sums_over_the_grid_of_hubness():
    """theory.neighbors: below 1e-12, of the variance as a share."""
    for n, k, distribution, kurtosis in [
        (1000, 10, "normal", 3),
        (10**6, 10, "uniform", mp.mpf(9) / 5),
        (20, 5, "normal", 3),
    ]:
        with mp.workdps(20):
            share, others = mp.mpf(k) / (n - 1), n - 1
            q = mp.sqrt(2) * mp.erfinv(2 * share - 1)

            def near(z, q=q, kurtosis=kurtosis):
                return mp.ncdf((mp.sqrt(kurtosis + 3) * q - mp.sqrt(kurtosis - 1) * z) / 2)

            def spread(z, near=near, others=others, k=k):
                return mp.npdf(z) * (others * near(z) * (1 - near(z)) + (others * near(z) - k) ** 2)

            ends = [mp.mpf(end) for end in range(-14, 15, 2)]
            deviation = mp.sqrt(mp.quad(spread, ends, maxdegree=4))
            none = mp.quad(lambda z, near=near, others=others: mp.npdf(z) * (1 - near(z)) ** others, ends, maxdegree=4)
        found = theory.hubness_limit(n, k, distribution=distribution)
        assert abs(found[0] / deviation - 1) < 1e-12
        # A probability to the power n - 1: that many roundings of it.
        assert abs(found[1] - none) < 1e-12 + n * 2.0**-53


@pytest.mark.parametrize("side", ["nearest", "farthest"])
@pytest.mark.parametrize("d", [1, 2, 10, 100, 1000])
def test_extremes_of_normal_points_are_exact(side, d):
    """By the law of one distance, D²/2 ~ χ²_d: the probability of the quantile is the one asked for."""
    for n in (2, 50, 10**6):
        for q in (1e-6, 0.5, 0.99):
            t = mp.mpf(float(theory.extreme_distance_quantile(q, n, d, distribution="normal", side=side)))
            pairs = mp.mpf(n) * (n - 1) / 2
            if side == "nearest":
                found = -mp.expm1(pairs * mp.log1p(-mp.gammainc(mp.mpf(d) / 2, 0, t * t / 4, regularized=True)))
            else:
                found = mp.exp(pairs * mp.log1p(-mp.gammainc(mp.mpf(d) / 2, t * t / 4, mp.inf, regularized=True)))
            # A unit in the last place of t changes the tail by up to d + t² of its own.
            assert abs(found - q) <= 1e-14 * (d + t * t) * min(q, 1)


@pytest.mark.parametrize("d", [1, 3, 7, 12])
def test_nearest_uniform_points_are_exact_up_to_a_distance_of_two(d):
    """P(D <= t) = t^d Σ_k c_k t^k for t <= 2, by the moments of the ball's orthant; alternating sums below 1e3."""
    for n in (2, 20, 10**3, 10**6):
        t = mp.mpf(float(theory.extreme_distance_median(n, d)))
        if t > 2:
            continue
        terms = [
            mp.binomial(d, k) * (mp.mpf(-1) / 2) ** k * mp.gamma(0.5) ** (d - k) / mp.mpf(2) ** d
            / mp.gamma(1 + mp.mpf(d + k) / 2) * t ** (d + k)
            for k in range(d + 1)
        ]  # fmt: skip
        pairs = mp.mpf(n) * (n - 1) / 2
        assert sum(map(abs, terms)) < 1e3 * sum(terms)
        assert abs(-mp.expm1(pairs * mp.log1p(-sum(terms))) - 0.5) < 1e-12


# Monte Carlo.


@pytest.mark.parametrize("confidence", [0.5, 0.95, 1 - 1e-9])
@pytest.mark.parametrize(("hits", "n_draws"), [(0, 1), (0, 10**6), (1, 7), (7, 7), (3, 10**9), (400, 1000)])
def test_an_interval_of_few_hits_has_the_binomials_tails(hits, n_draws, confidence):
    """Clopper and Pearson's: P(X >= hits) at the low end and P(X <= hits) at the high one.

    1e-6 of the half-width, as is promised, moves a tail by some 1e-6 of itself; an end near 1 has a last place.
    """
    tail = (1 - mp.mpf(confidence)) / 2
    low, high = _hit_or_miss.clopper_pearson(hits, n_draws, confidence)

    room = 1e-6 + number(UNIT) / tail

    def at_most(count, q):
        return sum(mp.binomial(n_draws, i) * q**i * (1 - q) ** (n_draws - i) for i in range(count + 1))

    with mp.workdps(90):
        assert low == 0 if hits == 0 else abs((1 - at_most(hits - 1, mp.mpf(low))) / tail - 1) < room
        assert high == 1 if hits == n_draws else abs(at_most(hits, mp.mpf(high)) / tail - 1) < room


@pytest.mark.parametrize("d", [2, 17, 10**3, 10**7])
def test_a_factor_of_telescoping_is_rounded_as_its_error_says(d):
    """2^-51 of one factor: the mean of its strata, with the same draws."""
    n_strata, rng = 64, np.random.default_rng(d)
    stratum, uniforms = np.arange(n_strata), rng.random((n_strata, 2))
    ours = _telescoping._integrand(np.full(n_strata, float(d)), stratum, np.full(n_strata, n_strata), uniforms).sum()
    scale, total = mp.mpf(7) / 5 / mp.sqrt(d), mp.mpf(0)
    for i in range(n_strata):
        for u in uniforms[i].tolist():
            rest = (n_strata - i - mp.mpf(u)) / n_strata
            y = scale * (1 - rest) / rest
            total += scale / rest**2 * (1 + y * y) ** (-mp.mpf(d + 2) / 2)
    assert abs(mp.mpf(float(ours)) / total - 1) <= 2.0**-51


@given(st.floats(0.5, 1e3), st.integers(2, 10**6), st.sampled_from([0.5, 0.95, 0.999]))
@costly(10)
def test_an_interval_of_two_nn_has_the_gammas_tails(dimension, n, confidence):
    """(N - 1) m / m̂ is gamma of shape N: each end leaves out half of what the interval does not cover."""
    low, high = theory.two_nn_interval(dimension, n, confidence=confidence)
    tail = (1 - confidence) / 2
    for end, upper in ((low, False), (high, True)):
        x = mp.mpf(float(end)) * (n - 1) / mp.mpf(dimension)
        found = mp.gammainc(n, x, mp.inf, regularized=True) if upper else mp.gammainc(n, 0, x, regularized=True)
        # A unit of the end moves the tail by about √n of its own.
        assert abs(found / tail - 1) < 1e-14 * (100 + 10 * n**0.5)
