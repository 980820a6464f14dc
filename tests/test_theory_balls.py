"""`fastcurse.theory.balls` against mpmath, quadrature and the article's printed table."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import integrate

import fastcurse
from fastcurse import theory

ARTICLE = Path(fastcurse.__file__).parent / "experiments" / "article" / "ball.csv"
DIMENSIONS = [0, 0.5, 1, 2, 3, 5.25, 12, 13, 63, 64, 65, 100, 342, 1000, 10**5, 10**7]
ORDERS = [0.01, 0.3, 1, 1.5, 2, 3, 10, 1e6, math.inf]
LARGEST = float(np.finfo(float).max)


@pytest.fixture(autouse=True)
def _many_digits():
    with mp.workdps(50):
        yield


def _terms(d, radius, p):
    d, radius, p = mp.mpf(d), mp.mpf(radius), mp.mpf(p)
    share = 0 if p == mp.inf else 1 / p
    return [d * mp.log(2 * mp.gamma(1 + share)), -mp.loggamma(1 + d * share), d * mp.log(radius)]


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("radius", [1.0, 0.5, 3.0, 1e-100, 1e100])
def test_log_volume_matches_mpmath(p, radius):
    for d in DIMENSIONS:
        terms = _terms(d, radius, p)
        # Each of the terms is rounded a few times, at one ulp (2.2e-16) or two, and they may cancel.
        bound = 2e-15 * max(map(abs, terms))
        assert abs(theory.log_ball_volume(d, radius, p=p) - sum(terms)) <= bound


FLOATS = st.one_of(
    st.floats(-323, 308.25).map(lambda exponent: 10.0**exponent).filter(lambda x: 0 < x < math.inf),
    st.floats(0.5, 2.0),
)


@given(d=FLOATS, radius=st.one_of(st.just(1.0), FLOATS), p=st.one_of(st.just(2.0), st.just(math.inf), FLOATS))
@example(d=1e-20, radius=1.0, p=2.0)  # 1 + d/2 is 1 in float64
@example(d=1e7, radius=10**2.8837, p=2.0)  # terms of 6e7 cancel
@example(d=1e-100, radius=1.0, p=1e-307)  # 1/p log(d) is beyond float64, and d/p log(d) is not
@example(d=1.2559371067410996e-164, radius=2.494805173069784e-175, p=4.608285161199581e-307)
@example(d=1e307, radius=1.0, p=1e-230)
@example(d=0.9999999982614276, radius=1.0, p=2.274997480739116e-309)  # 1/p is beyond float64
@example(d=1.0000000002, radius=1.0, p=5.8e-320)
@example(d=1.7e308, radius=1.7e308, p=0.99)
def test_log_volume_matches_mpmath_anywhere(d, radius, p):
    """All of float64, subnormal numbers too; inf only where the logarithm or one of its terms is beyond it."""
    with mp.workdps(360):  # 1 + d must not be 1 there, either
        terms = _terms(d, radius, p)
        exact, largest = sum(terms), max(map(abs, terms))
        found = float(theory.log_ball_volume(d, radius, p=p))
        if math.isfinite(found):
            assert abs(found - exact) <= 2e-15 * largest + 5e-322  # a hundred subnormal steps
        else:
            assert largest > 1.79e308
            assert abs(exact) < 1.8e308 or found == math.copysign(math.inf, exact)


@given(st.one_of(st.floats(1e-300, 20), st.floats(1, 1e7), st.integers(1, 10**7)))
@example(13)  # of the whole numbers it cancels worst: |log V| = .094 of terms of 7.5
@example(12)
@example(12.755)
@example(1e-200)
@example(10**7)
@example(9_999_999.5)
def test_log_volume_of_the_unit_ball_is_relatively_accurate(d):
    if abs(d - 12.764) < 0.01:
        return  # where V = 1: an error of 1e-15 is relative to a logarithm near 0
    with mp.workdps(350):
        exact = sum(_terms(d, 1, 2))
        assert abs(theory.log_ball_volume(d) - exact) <= 1e-12 * abs(exact)


def test_log_volume_at_a_thousand():
    assert round(float(theory.log_ball_volume(1000)), 2) == -2038.97


@pytest.mark.parametrize("p", [0.5, 1, 2, 7])
def test_log_volume_is_smooth_where_its_formula_changes(p):
    """Two formulas meet at Γ(1.5) and Γ(11); across each they agree with mpmath to rounding."""
    for argument in (0.5, 10.0):
        for d in argument * p * (1 + np.array([-1e-9, -1e-16, 0, 1e-16, 1e-9])):
            terms = _terms(d, 1, p)
            assert abs(theory.log_ball_volume(d, p=p) - sum(terms)) <= 2e-15 * max(map(abs, terms))
    for order in (1 / 10.0, 2.0):
        for q in order * (1 + np.array([-1e-9, 0, 1e-9])):
            terms = _terms(30, 1, q)
            assert abs(theory.log_ball_volume(30, p=q) - sum(terms)) <= 2e-15 * max(map(abs, terms))


def test_ends_of_float64_give_no_nan():
    # (d, radius, p): log V, by Stirling's formula in 700 digits.
    cases = {
        (5, 1, 1e-308): -math.inf,  # -8.05e308
        (0.5, 1, 1e-308): 3.4657359027997265e307,
        (1, 3, 1e-308): math.log(6),
        (1, 3, 5e-324): math.log(6),  # 1/p is inf
        (0, 1, 5e-324): 0.0,
        (1e-310, 1, 1e-308): 7.087652394367,
        (1e306, 1e150, 2): -5.488816745777e306,  # both terms are beyond float64
        (1e306, 1e300, 2): math.inf,  # 3.4e308
        (1e308, 1, 2): -math.inf,
        (1e308, 1e-300, math.inf): -math.inf,
        (5, math.inf, 5e-324): math.inf,
        (1.7e308, 0.5, math.inf): 0.0,
        (2, 5e-324, 2): 2 * math.log(5e-324) + math.log(math.pi),
        (2, 1.7e308, 2): 2 * math.log(1.7e308) + math.log(math.pi),
    }
    for (d, radius, p), expected in cases.items():
        assert theory.log_ball_volume(d, radius, p=p) == pytest.approx(expected, rel=1e-12)
    assert theory.ball_volume(1, 3, p=1e-308) == pytest.approx(6, rel=1e-15)
    assert theory.ball_volume(5, p=1e-308) == 0.0
    assert not np.isnan(theory.ball_volume([1e306, 1e308, 0, 3], [1e150, 1, math.inf, 1.7e308])).any()


def test_recurrence_across_two_dimensions():
    d = np.concatenate([np.arange(2, 400), [10**5, 10**7], np.linspace(2, 60, 117)])
    step = theory.log_ball_volume(d) - theory.log_ball_volume(d - 2)
    largest = np.maximum(np.abs(theory.log_ball_volume(d)), 10)
    assert (np.abs(step - np.log(2 * np.pi / d)) <= 2e-15 * largest).all()
    assert np.array_equal(theory.ball_volume_recurrence(d), 2 * np.pi / d)


def test_surface_and_volume_by_their_laws():
    d = np.array([2.0, 3, 7.25, 50, 1000])
    # A_d = d V_d = 2π V_{d-2}; both sides a few ulp of a logarithm.
    area = theory.log_surface_area(d)
    tolerance = 4e-15 * np.maximum(np.abs(area), 10)
    assert (np.abs(area - np.log(2 * np.pi) - theory.log_ball_volume(d - 2)) <= tolerance).all()
    assert (np.abs(area - np.log(d) - theory.log_ball_volume(d)) <= tolerance).all()


def _assert_volume_is_right(d, radius, p):
    """2e-15 (1 + M) and a subnormal step, as the docstring says; inf only where float64 ends within this error."""
    terms = _terms(d, radius, p)
    found, exact, step = float(theory.ball_volume(d, radius, p=p)), mp.exp(sum(terms)), mp.mpf(2) ** -1074
    factor = mp.exp(2e-15 * (1 + max(map(abs, terms))))
    assert exact / factor - step <= found
    assert found <= exact * factor + step or exact * factor > LARGEST


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("radius", [1.0, 0.5, 3.0, 1e-100, 1e100])
def test_volume_matches_mpmath(p, radius):
    for d in DIMENSIONS:
        _assert_volume_is_right(d, radius, p)


@given(
    d=st.one_of(st.floats(0.001, 3000), st.integers(1, 600), FLOATS),
    log_volume=st.floats(-750, 712),
    p=st.one_of(st.sampled_from([0.5, 1.0, 2.0, 3.0, math.inf]), st.floats(0.01, 1000), FLOATS),
)
@example(d=450, log_volume=-739.6992, p=2.0)  # subnormal: 116 steps of 5e-324
@example(d=0.59375, log_volume=-427.0, p=3.0)  # the radius is subnormal, and so would be its product
def test_volume_matches_mpmath_where_its_factors_cancel(d, log_volume, p):
    """Radii that bring the volume into float64's range: the factors may still be as large as they like."""
    with mp.workdps(360):
        radius = float(mp.exp((log_volume - sum(_terms(d, 1, p))) / d))
        assume(0 < radius < math.inf)
        _assert_volume_is_right(d, radius, p)


@pytest.mark.parametrize(
    ("d", "radius", "p"),
    [
        (226.34501810560175, 2.445901241544556, 2.4313904003948252556),  # |log V| is .017
        (65.72424003015676, 1.165333802975422, 3.0),
        (63.57313931665353, 10.463277280860764, 0.5),
        (29.272484169588765, 14.077377536976895, 0.33204395996562974),
        (45.914389285012376, 1.0539848075759284, 3.0),  # .79e-15 (1 + M)
    ],
)
def test_volume_matches_mpmath_at_its_worst(d, radius, p):
    _assert_volume_is_right(d, radius, p)


def test_volume_reproduces_the_article_digit_by_digit():
    with ARTICLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 19
    for row in rows:
        d = int(row["d"])
        assert f"{theory.ball_volume(d):.6f}" == row["volume"]
        assert f"{theory.shell_fraction(d, 0.1):.6f}" == row["shell_fraction_0.1"]


def test_subnormal_volumes_of_the_unit_ball():
    for d in range(430, 460):  # 0 from 453 on; V_450 is 116 steps
        _assert_volume_is_right(d, 1.0, 2.0)
    assert theory.ball_volume(452) > theory.ball_volume(453) == 0.0


def test_small_volumes_are_exact():
    assert theory.ball_volume(1) == 2.0
    assert theory.ball_volume(1, 3, p=0.7) == 6.0
    assert theory.ball_volume(3) == 4.188790204786391
    assert np.array_equal(theory.ball_volume(np.arange(50), p=math.inf), 2.0 ** np.arange(50))
    for d in range(1, 20):  # the cross-polytope; Γ(1 + d) is within 2 ulp of the factorial
        assert theory.ball_volume(d, p=1) == pytest.approx(2**d / math.factorial(d), rel=1e-15)


def test_volume_takes_whole_numbers_without_overflow():
    # The article's code gave -.91 for an integer radius: 2^63 overflowed.
    assert theory.ball_volume(63, 2) == pytest.approx(float(mp.exp(sum(_terms(63, 2, 2)))), rel=1e-13)
    assert theory.ball_volume(np.int8(100), np.int8(100)) == pytest.approx(
        float(mp.exp(sum(_terms(100, 100, 2)))), rel=1e-12
    )


def test_degenerate_balls():
    radius = [0.0, 1.0, math.inf]
    assert np.array_equal(theory.log_ball_volume(0, radius), [0, 0, 0])
    assert np.array_equal(theory.ball_volume(0, radius), [1, 1, 1])
    assert np.array_equal(theory.log_ball_volume(7, radius)[[0, 2]], [-math.inf, math.inf])
    assert np.array_equal(theory.ball_volume([7, 700], [[0.0], [math.inf]]), [[0, 0], [math.inf, math.inf]])
    assert theory.ball_volume(10, 1e300) == math.inf
    # r^d overflows, the volume does not.
    assert theory.ball_volume(200, 100) == pytest.approx(float(mp.exp(sum(_terms(200, 100, 2)))), rel=1e-11)
    assert theory.ball_volume(1000) == 0.0


@pytest.mark.parametrize("d", [3, 10, 64, 65, 66, 200])
def test_volume_follows_its_recurrences(d):
    # Both sides carry the error of `test_volume_matches_mpmath`: at most 3e-14 at d = 200.
    expected = 2 * np.pi / d * theory.ball_volume(d - 2)
    assert theory.ball_volume(d) == pytest.approx(expected, rel=1e-13)
    mean, _ = integrate.quad(lambda t: (1 - t * t) ** ((d - 1) / 2), 0, 1, epsabs=1e-13, epsrel=1e-13)
    assert theory.ball_volume(d) / theory.ball_volume(d - 1) == pytest.approx(2 * mean, rel=1e-12)


def test_shell_fraction_matches_mpmath():
    for d in [0.5, 1, 7, 22, 44, 1000, 10**7]:
        for t in [1e-20, 1e-9, 0.1, 0.5, 0.999]:
            expected = 1 - (1 - mp.mpf(t)) ** mp.mpf(d)
            # log1p and expm1 err by an ulp each; d multiplies none of it, as the exponent is small or saturates.
            assert theory.shell_fraction(d, t) == pytest.approx(float(expected), rel=4e-15)


def test_shell_fraction_thresholds_and_ends():
    for share, d in [(0.5, 7), (0.9, 22), (0.99, 44)]:
        assert theory.shell_fraction(d - 1, 0.1) < share <= theory.shell_fraction(d, 0.1)
    assert np.array_equal(theory.shell_fraction([0, 0, 3, 3], [0, 1, 0, 1]), [0, 0, 0, 1])
    assert not np.signbit(theory.shell_fraction([0, 3], [1, 0])).any()


def test_surface_is_the_derivative_of_the_volume():
    for d in [1, 2, 3, 7.5, 100]:
        for radius in [0.5, 1.0, 3.0]:
            slope = mp.diff(lambda r, d=d: mp.exp(sum(_terms(d, r, 2))), radius)
            # gammaln and the power, as for the volume; |log A| is below 200 here.
            assert theory.log_surface_area(d, radius) == pytest.approx(float(mp.log(slope)), rel=1e-13, abs=1e-13)
    assert theory.log_surface_area(1, 0.0) == pytest.approx(math.log(2))
    assert theory.log_surface_area(2, 0.0) == -math.inf


def test_largest_dimensions():
    root = mp.findroot(lambda d: mp.log(mp.pi) - mp.digamma(d / 2 + 1), 5.2)
    # brentq stops at 2e-12.
    assert theory.largest_volume_dimension() == pytest.approx(float(root), abs=1e-11)
    assert round(theory.largest_volume_dimension(), 7) == 5.2569464
    assert round(theory.largest_surface_dimension(), 7) == 7.2569464
    assert round(float(theory.ball_volume(theory.largest_volume_dimension())), 7) == 5.2777680
    around = theory.largest_surface_dimension() + np.array([-1e-3, 0, 1e-3])
    assert np.argmax(theory.log_surface_area(around)) == 1
    assert np.argmax(theory.ball_volume(np.arange(50))) == 5
    assert np.argmax(theory.log_surface_area(np.arange(1, 50))) + 1 == 7


def test_hit_probability_matches_mpmath():
    for d in [2, 3, 20, 342, 10**7]:
        expected = float(sum(_terms(d, 1, 2)) - d * mp.log(2))
        assert theory.log_hit_probability(d) == pytest.approx(expected, rel=1e-14)
    assert np.array_equal(theory.log_hit_probability([0, 1]), [0, 0])
    assert f"{math.exp(theory.log_hit_probability(20)):.4e}" == "2.4611e-08"


def test_hit_or_miss_laws_match_mpmath():
    for d in [2, 10, 20, 400]:
        q = mp.exp(sum(_terms(d, 1, 2))) / mp.mpf(2) ** d
        for n in [1, 10**7]:
            error, none = mp.sqrt((1 - q) / (n * q)), (1 - q) ** n
            # |log q| ulp in q, below 1e-13 of it for d <= 400; then n q of that in the exponent.
            assert theory.hit_or_miss_relative_error(d, n) == pytest.approx(float(error), rel=1e-13)
            assert theory.no_hit_probability(d, n) == pytest.approx(float(none), rel=1e-13 * (1 + n * float(q)))
    assert theory.hit_or_miss_relative_error(1, 10) == 0.0
    assert theory.hit_or_miss_relative_error(10**5, 10) == math.inf
    assert np.array_equal(theory.no_hit_probability([0, 1, 1, 10**5], [5, 5, 0, 5]), [0, 0, 1, 1])


def test_nearest_to_centre_is_the_median():
    for d in [1, 10, 200]:
        for n in [1, 500, 10**9]:
            distance = mp.mpf(float(theory.nearest_to_centre_median(n, d)))
            # An ulp of the distance moves the probability by d ulp.
            assert abs((1 - distance**d) ** n - 0.5) < 1e-15 * (d + 10)


@pytest.mark.statistical
def test_nearest_to_centre_agrees_with_simulation():
    """Sign test at 5 standard errors: false alarm 6e-7 (over seeds)."""
    rng, repeats = np.random.default_rng(0), 2000
    points = rng.standard_normal((repeats, 20, 5))
    points *= (rng.random((repeats, 20)) ** (1 / 5) / np.linalg.norm(points, axis=-1))[..., np.newaxis]
    nearest = np.linalg.norm(points, axis=-1).min(axis=1)
    below = np.sum(nearest < theory.nearest_to_centre_median(20, 5))
    assert abs(below - repeats / 2) < 5 * math.sqrt(repeats) / 2
