"""Ball volumes: closed forms behind their checks, the generator, the hit counter, and what an estimate reports."""

from __future__ import annotations

import _thread
import csv
import dataclasses
import inspect
import math
import signal
import threading
import time
from importlib.resources import files

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import fastcurse as fc
from fastcurse._kernels import balls as kernels
from fastcurse.reference import balls as reference

# The closed forms. Their accuracy is tests/test_theory_balls.py's business; here: the published numbers and the door.


def test_published_tables_to_every_printed_digit():
    table = files("fastcurse").joinpath("experiments", "article", "ball.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(table.splitlines()))
    d = np.array([int(row["d"]) for row in rows])
    assert d.tolist() == list(range(1, 20))
    assert [f"{volume:.6f}" for volume in fc.ball_volume(d)] == [row["volume"] for row in rows]
    assert [f"{share:.6f}" for share in fc.shell_fraction(d, 0.1)] == [row["shell_fraction_0.1"] for row in rows]


@given(st.integers(0, 60), st.floats(0.1, 10))
def test_closed_forms_equal_the_recurrence(d, radius):
    # d/2 + 1 products of error 2^-53 in the reference and about as many in the formula.
    tolerance = (d + 8) * 2.0**-52
    assert fc.ball_volume(d, radius) == pytest.approx(reference.ball_volume(d, radius), rel=tolerance)
    log_volume = reference.log_ball_volume(d, radius)
    assert fc.log_ball_volume(d, radius) == pytest.approx(log_volume, rel=1e-13, abs=1e-12)


@given(st.integers(0, 100), st.floats(0, 1))
def test_shell_fraction_equals_its_definition(d, thickness):
    # The reference cancels: one rounding of 1 - t raised to the power d, and one of the difference.
    tolerance = (d + 2) * 2.0**-53
    assert fc.shell_fraction(d, thickness) == pytest.approx(reference.shell_fraction(d, thickness), abs=tolerance)


def test_recurrence_across_two_dimensions():
    d = np.arange(2, 300)
    ratio = np.exp(fc.log_ball_volume(d) - fc.log_ball_volume(d - 2))
    np.testing.assert_allclose(ratio, 2 * np.pi / d, rtol=1e-12)  # |log V| < 500 with an error of 1e-13 of a term


def test_arrays_broadcast_and_integers_do_not_wrap_around():
    volumes = fc.ball_volume([[1], [2], [63]], [1, 2])
    assert volumes.shape == (3, 2)
    assert volumes[2, 1] == pytest.approx(volumes[2, 0] * 2.0**63, rel=1e-13)
    assert fc.shell_fraction(np.arange(3)[:, None], [0.0, 0.5, 1.0]).tolist() == [[0, 0, 0], [0, 0.5, 1], [0, 0.75, 1]]
    assert fc.log_ball_volume(np.float16(2)) == fc.log_ball_volume(np.uint8(2)) == fc.log_ball_volume(2.0)


def test_ends_of_the_range_are_values_and_not_warnings():
    assert fc.ball_volume(0) == 1
    assert fc.ball_volume(0, 0) == 1
    assert fc.ball_volume(3, 0) == 0
    assert fc.ball_volume(3, np.inf) == np.inf
    assert fc.ball_volume(2, 1e200) == np.inf
    assert fc.ball_volume(7, p=np.inf) == 2**7
    assert fc.ball_volume(1, p=0.5) == 2
    assert fc.ball_volume(10**7) == fc.ball_volume(10**30) == 0
    assert fc.log_ball_volume(10**7) < -(10**7)
    assert fc.ball_volume(2.5) == pytest.approx(np.pi**1.25 / math.gamma(2.25), rel=1e-14)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fc.ball_volume(-1), ValueError, "d must be at least 0 and finite, got -1.0"),
        (lambda: fc.ball_volume([1, -0.5]), ValueError, "d must be at least 0 and finite, got -0.5"),
        (lambda: fc.ball_volume(np.nan), ValueError, "d must be at least 0 and finite, got nan"),
        (lambda: fc.ball_volume(np.inf), ValueError, "d must be at least 0 and finite, got inf"),
        (lambda: fc.ball_volume("3"), TypeError, "d must hold real numbers"),
        (lambda: fc.ball_volume(1j), TypeError, "d must hold real numbers"),
        (lambda: fc.ball_volume(None), TypeError, "d must hold real numbers"),
        (lambda: fc.ball_volume([[1, 2], [3]]), ValueError, "d must be rectangular"),
        (lambda: fc.ball_volume(2, -1), ValueError, "radius must be at least 0, got -1.0"),
        (lambda: fc.ball_volume(2, np.nan), ValueError, "radius must be at least 0, got nan"),
        (lambda: fc.ball_volume(2, p=0), ValueError, "p must be above 0, got 0.0"),
        (lambda: fc.ball_volume(2, p=-np.inf), ValueError, "p must be above 0, got -inf"),
        (lambda: fc.ball_volume(2, p=np.nan), ValueError, "p must be above 0, got nan"),
        (lambda: fc.ball_volume([1, 2], [1, 2, 3]), ValueError, r"broadcast, got d \(2,\), radius \(3,\), p \(\)"),
        (lambda: fc.log_ball_volume(-1), ValueError, "d must be at least 0 and finite, got -1.0"),
        (lambda: fc.log_ball_volume(2, -2.5), ValueError, "radius must be at least 0, got -2.5"),
        (lambda: fc.log_ball_volume(2, p=-1), ValueError, "p must be above 0, got -1.0"),
        (lambda: fc.shell_fraction(-1, 0.1), ValueError, "d must be at least 0 and finite, got -1.0"),
        (lambda: fc.shell_fraction(2, -0.1), ValueError, "thickness must be at least 0 and finite, got -0.1"),
        (lambda: fc.shell_fraction(2, [0.1, 1.5]), ValueError, r"thickness must be at most 1 \(the radius\), got 1.5"),
        (lambda: fc.shell_fraction(2, 1.0000000001), ValueError, r"at most 1 \(the radius\), got 1.0000000001$"),
        (lambda: fc.ball_volume(np.longdouble("1e4000")), ValueError, "d must be at least 0 and finite, got inf"),
        (lambda: fc.ball_volume(10**400), ValueError, "d must hold numbers in the range of float64"),
        (lambda: fc.shell_fraction(2, np.nan), ValueError, "thickness must be at least 0 and finite, got nan"),
        (lambda: fc.shell_fraction(2, "thin"), TypeError, "thickness must hold real numbers"),
        (lambda: fc.shell_fraction([1, 2], [0.1] * 3), ValueError, r"broadcast, got d \(2,\), thickness \(3,\)"),
        (lambda: fc.estimate_ball_volume(-1, 10), ValueError, "d must be between 0 and 268435456, got -1"),
        (lambda: fc.estimate_ball_volume(2**29, 10), ValueError, "d must be between 0 and 268435456, got 536870912"),
        (lambda: fc.estimate_ball_volume(2.0, 10), TypeError, r"d must be a whole number, got 2.0 \(float\)"),
        (lambda: fc.estimate_ball_volume([2], 10), TypeError, r"d must be a whole number, got \[2\]"),
        (lambda: fc.estimate_ball_volume(True, 10), TypeError, "d must be a whole number, got True"),
        (lambda: fc.estimate_ball_volume(10**5000, 3), ValueError, "d must be between 0 and 268435456, got a number"),
        (lambda: fc.estimate_ball_volume(3, 10**5000), ValueError, "n_draws must be between 1 and .*, got a number of"),
        (lambda: fc.estimate_ball_volume(2, 0), ValueError, "n_draws must be between 1 and .*, got 0"),
        (lambda: fc.estimate_ball_volume(2, 2**60), ValueError, "n_draws must be between 1 and 9007199254740992, got"),
        (lambda: fc.estimate_ball_volume(2, 1e6), TypeError, "n_draws must be a whole number, got 1000000.0"),
        (
            lambda: fc.estimate_ball_volume(2, 10, method="sobol"),
            ValueError,
            "method must be one of 'hit_or_miss', 'telescoping', 'quasi', got 'sobol'",
        ),
        (
            lambda: fc.estimate_ball_volume(2, 10, confidence=1),
            ValueError,
            "confidence must lie strictly between 0 and 1",
        ),
        (
            lambda: fc.estimate_ball_volume(2, 10, confidence="high"),
            TypeError,
            "confidence must be a number, got 'high'",
        ),
        (
            lambda: fc.estimate_ball_volume(2, 10, random_state=-1),
            ValueError,
            "random_state must be at least 0, got -1",
        ),
        (lambda: fc.estimate_ball_volume(2, 10, random_state="x"), TypeError, "random_state must be .*, got 'x'"),
        (lambda: fc.estimate_ball_volume(2, 10, n_threads=0), ValueError, "n_threads must be at least 1, got 0"),
    ],
)
def test_bad_input_names_argument_rule_and_value(call, error, message):
    with pytest.raises(error, match=message):
        call()


# The estimate.


@pytest.mark.statistical
def test_z_scores_of_a_fixed_seed():
    """2e7 draws, |z| < 4 at d = 1..20: the exact binomial chance of a false alarm is 3.6e-3 a seed.

    Two thirds of it lie at d = 18..20, where few hits are expected and their law is skew. Computed below.
    """
    n_draws = 20_000_000
    estimates = [fc.estimate_ball_volume(d, n_draws, random_state=d) for d in range(1, 21)]
    assert estimates[0].z_score == 0
    assert max(abs(estimate.z_score) for estimate in estimates) < 4
    q = np.array([reference.ball_volume(d) / 2**d for d in range(2, 21)])
    width = 4 * np.sqrt(n_draws * q * (1 - q))
    law = stats.binom(n_draws, q)
    false_alarms = law.sf(np.ceil(n_draws * q + width) - 1) + law.cdf(np.floor(n_draws * q - width))
    assert false_alarms.sum() < 3.7e-3


@pytest.mark.parametrize(("d", "n_draws"), [(1, 50), (2, 1000), (3, 777), (10, 3000), (12, 100)])
def test_estimate_reports_the_binomial_law_of_its_hits(d, n_draws):
    estimate = fc.estimate_ball_volume(d, n_draws, random_state=5, confidence=0.9)
    volume, hits = reference.estimate_ball_volume(d, n_draws, random_state=5)
    share, q = hits / n_draws, reference.ball_volume(d) / 2**d
    assert (estimate.d, estimate.n_draws, estimate.method, estimate.confidence) == (d, n_draws, "hit_or_miss", 0.9)
    assert estimate.hits == hits
    assert estimate.volume == volume
    assert estimate.expected_hits == pytest.approx(n_draws * q, rel=1e-13)
    interval = stats.binomtest(hits, n_draws).proportion_ci(confidence_level=0.9, method="exact")
    # Two inversions of the incomplete beta function.
    assert estimate.interval == pytest.approx((2**d * interval.low, 2**d * interval.high), rel=1e-10)
    logarithms = [math.log(2**d * end) if end else -np.inf for end in (interval.low, interval.high)]
    assert estimate.log_interval == pytest.approx(logarithms, rel=1e-10, abs=1e-10)
    if hits:
        assert estimate.log_volume == pytest.approx(math.log(volume), rel=1e-14)
        assert estimate.standard_error == pytest.approx(math.sqrt((1 - share) / (n_draws * share)), rel=1e-13, abs=0)
    if d > 1:
        assert estimate.z_score == pytest.approx((hits - n_draws * q) / math.sqrt(n_draws * q * (1 - q)), rel=1e-9)
    with pytest.raises(dataclasses.FrozenInstanceError):
        estimate.hits = 1


@pytest.mark.parametrize("d", [20, 400, 2000, kernels.MAX_DIMENSION])
def test_no_hit_is_reported_as_no_knowledge(d):
    estimate = fc.estimate_ball_volume(d, 1000, random_state=0)
    assert (estimate.hits, estimate.volume) == (0, 0)
    assert (estimate.log_volume, estimate.standard_error) == (-np.inf, np.inf)
    low, high = estimate.interval
    assert low == 0
    # No hit among n: the upper limit q solves (1 - q)^n = .025. Beyond d = 1023 it leaves the range of float64.
    limit = -math.expm1(math.log(0.025) / 1000)
    assert high == (pytest.approx(2.0**d * limit, rel=1e-12) if d < 1024 else np.inf)
    assert estimate.log_interval == (-np.inf, pytest.approx(d * math.log(2) + math.log(limit), rel=1e-12))
    assert -0.1 < estimate.z_score <= 0
    assert "too few to tell anything" in estimate.advice


def test_advice_is_given_below_ten_expected_hits_and_counts_the_draws_needed():
    assert fc.estimate_ball_volume(10, 4016, random_state=0).advice == ""  # q = 1 / 401.5...
    assert "9.9 hits are expected in 3976 draws at d = 10" in fc.estimate_ball_volume(10, 3976, random_state=0).advice
    advice = fc.estimate_ball_volume(20, 10, random_state=0).advice
    assert "ten hits need about 4.1e+08 draws, method='telescoping' about 2.1e+03 for 1 %" in advice
    # No float64 holds it: log10 of n q is 3 - 395.9.
    assert "1e-393 hits are expected" in fc.estimate_ball_volume(400, 1000, random_state=0).advice


def test_trivial_dimensions():
    for d in (0, 1):
        estimate = fc.estimate_ball_volume(d, 1000, random_state=0)
        assert (estimate.hits, estimate.expected_hits, estimate.z_score) == (1000, 1000, 0)
        assert estimate.volume == fc.ball_volume(d) == 2**d
        assert estimate.standard_error == 0
        assert estimate.interval[0] < estimate.interval[1] == 2**d
        # Nothing is random here, and nothing is to be advised, with one draw either.
        assert (estimate.advice, fc.estimate_ball_volume(d, 1, random_state=0).advice) == ("", "")


def test_no_miss_is_no_proof_of_no_error():
    estimate = fc.estimate_ball_volume(2, 1, random_state=0)
    assert estimate.hits == 1
    # A share of 2/3: √((1/3) / (2/3)).
    assert estimate.standard_error == pytest.approx(math.sqrt(0.5), rel=1e-14)


def test_advice_names_no_method_that_would_refuse():
    assert "telescoping" in fc.estimate_ball_volume(10**7, 10, random_state=0).advice
    advice = fc.estimate_ball_volume(10**7 + 1, 10, random_state=0).advice
    assert "too few to tell anything" in advice
    assert "telescoping" not in advice


def test_seeds():
    def hits(seed):
        return fc.estimate_ball_volume(5, 10**6, random_state=seed).hits

    assert hits(3) == hits(3) == hits(np.int64(3)) != hits(4)
    generator = np.random.default_rng(3)
    assert hits(generator) != hits(generator)
    assert hits(np.random.default_rng(3)) == hits(np.random.default_rng(3))
    assert hits(np.random.RandomState(3)) == hits(np.random.RandomState(3))
    assert hits(None) > 0
    # The same draws in every release: reference and kernel could only change together.
    assert hits(0) == 164_985


def test_same_answer_on_any_number_of_threads_and_none_left_behind():
    before = numba.get_num_threads()
    estimates = [fc.estimate_ball_volume(7, 10**6, random_state=1, n_threads=n) for n in (None, 1, 2, 3, 8, 1000)]
    assert all(estimate == estimates[0] for estimate in estimates)
    assert numba.get_num_threads() == before


def test_progress_stays_off_a_pipe(capsys):
    fc.estimate_ball_volume(3, 10**5, random_state=0, progress=True)
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_stops_a_run_that_would_take_hours():
    fc.estimate_ball_volume(20, 1, random_state=0)  # nothing left to compile
    before, threads = time.perf_counter(), numba.get_num_threads()
    old = signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background it is ignored
    ctrl_c = threading.Timer(0.2, _thread.interrupt_main)
    ctrl_c.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            fc.estimate_ball_volume(20, 10**13, random_state=0, n_threads=1)
    finally:
        ctrl_c.cancel()
        signal.signal(signal.SIGINT, old)
    assert time.perf_counter() - before < 20  # a batch, on a machine that may be busy
    assert numba.get_num_threads() == threads


@pytest.mark.parametrize("function", [fc.ball_volume, fc.log_ball_volume, fc.shell_fraction, fc.estimate_ball_volume])
def test_docstring_lists_the_parameters_of_the_signature(function):
    section = inspect.getdoc(function).split("Parameters\n----------\n")[1].split("\n\nReturns")[0]
    listed = [line.split(" : ")[0] for line in section.splitlines() if " : " in line and not line.startswith(" ")]
    assert listed == list(inspect.signature(function).parameters)
