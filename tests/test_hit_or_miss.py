"""Hit-or-miss: the generator and the hit counter, bit for bit."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from fastcurse._kernels import balls as kernels
from fastcurse._kernels import simd
from fastcurse._kernels._compile import kernel
from fastcurse._kernels.philox import philox4x32, philox_vectors
from fastcurse.balls import _hit_or_miss
from fastcurse.reference import balls as reference

# Random123's kat_vectors, philox4x32 with 10 rounds: counter, key, block.
KNOWN_ANSWERS = [
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


def count_hits(first, stop, d, key, *, stream=0, screen=True, block=4096, bits=_hit_or_miss._VECTOR_BITS):
    hits = np.full(-(-(stop - first) // block), -1, dtype=np.int64)
    bounds = kernels.bounds(d) if screen else (-1, 2**62)  # beyond these every draw is looked at in full
    width = simd.width_of(bits)
    kernels.scan_hits(width, first, stop, d, stream, np.array(key, dtype=np.uint32), *bounds, block, hits)
    assert (hits >= 0).all()
    return int(hits.sum())


# The generator.


@pytest.mark.interpreted
@pytest.mark.parametrize(("counter", "key", "block"), KNOWN_ANSWERS)
def test_philox_gives_the_published_known_answers(counter, key, block):
    assert reference.philox4x32(counter, key) == block
    assert [int(word) for word in philox4x32(*np.array(counter + key, dtype=np.uint64))] == block


@kernel()
def vectors(width, t, c2, c3, k0, k1, words):
    found = philox_vectors(simd.count_from(width, t), c2, c3, k0, k1)
    for r in range(4):
        simd.store(words[r], 0, found[r])


@pytest.mark.interpreted
@pytest.mark.parametrize("bits", [128, 256, 512, 1024])
@given(
    t=st.one_of(st.integers(0, 2**63 - 9), st.integers(2**32 - 9, 2**32)),
    rest=st.tuples(*[st.integers(0, 2**32 - 1)] * 4),
)
def test_vectors_of_blocks_are_the_blocks(bits, t, rest):
    width = simd.width_of(bits)
    words = np.empty((4, len(width)), dtype=np.uint64)
    vectors(width, np.uint64(t), *np.array(rest, dtype=np.uint64), words)
    for lane in range(len(width)):
        counter = ((t + lane) & 0xFFFFFFFF, (t + lane) >> 32, *rest[:2])
        assert (words[:, lane] & np.uint64(0xFFFFFFFF)).tolist() == reference.philox4x32(counter, rest[2:])


# Shifts of four bits of the 53: the first, the next, the last that the screen sees and the first that it does not, the
# middle, and the last but the very last, which rounding to float64 takes from the numbers above 1/2.
FIELDS = (49, 45, 37, 33, 17, 1)


@pytest.mark.statistical
def test_uniforms_are_uniform_in_each_coordinate_and_pair():
    """Chi-square of the kernel's draws at 1e-6 a table, 1790 tables: a false alarm in 2 of 1000 seeds.

    Of ten coordinates, for which two octets are drawn: each by its first six bits and by six low ones, and of each of
    the 45 pairs, and each coordinate with itself, any four bits with any other four.
    """
    n_draws, d = 40_000, 10
    points, key = np.empty((n_draws, 16)), np.array([3, 17, 29], dtype=np.uint64)
    for t in range(n_draws):
        for octet in range(2):
            kernels.coordinates(np.uint64(t), np.uint64(octet), *key, points[t, 8 * octet : 8 * octet + 8])
    assert points.min() > 0
    assert points.max() <= 1
    bits = np.floor(points[:, :d] * 2.0**53).astype(np.int64).T
    tables = [np.bincount((row >> shift) & 63, minlength=64) for row in bits for shift in (47, 8)]
    fields = [(row >> shift) & 15 for row in bits for shift in FIELDS]
    tables += [np.bincount(one * 16 + two, minlength=256) for one, two in combinations(fields, 2)]
    assert len(tables) == 1790
    assert min(stats.chisquare(table).pvalue for table in tables) > 1e-6


@pytest.mark.interpreted
@given(
    t=st.integers(0, 2**53),
    octet=st.integers(0, 2**25),
    stream=st.integers(0, 2**32 - 1),
    key=st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
)
def test_kernel_draws_the_coordinates_of_the_reference(t, octet, stream, key):
    """To the last of 53 bits: hits could not show an error below 2^-16."""
    point = np.empty(8)
    kernels.coordinates(*np.array([t, octet, stream, *key], dtype=np.uint64), point)
    assert point.tolist() == reference.eight_coordinates(t, octet, key, stream)


# The hit counter.


@pytest.mark.interpreted
@given(
    d=st.integers(0, 22),
    n_draws=st.integers(1, 150),
    first=st.one_of(st.integers(0, 2**53), st.integers(2**32 - 150, 2**32)),
    key=st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    stream=st.integers(0, 2**32 - 1),
    block=st.integers(1, 200),
    screen=st.booleans(),
    bits=st.sampled_from([128, 256, 512, 1024]),
)
@example(d=2, n_draws=150, first=2**32 - 75, key=(1, 2), stream=0, block=150, screen=True, bits=512)
@example(d=3, n_draws=150, first=2**33 - 75, key=(1, 2), stream=1, block=7, screen=False, bits=256)
def test_kernel_counts_the_hits_of_the_reference(d, n_draws, first, key, stream, block, screen, bits):
    expected = reference.count_hits(first, first + n_draws, d, key, stream)
    assert count_hits(first, first + n_draws, d, key, stream=stream, block=block, screen=screen, bits=bits) == expected


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 6, 7, 8, 9, 12])
def test_kernel_counts_the_hits_of_many_draws(d):
    n_draws = 4133  # chunks and vectors that are not full
    points = [reference.uniform_point(t, d, (5, 6)) for t in range(n_draws)]
    # Any order of the coordinates and any order of the sum: only a sum within rounding of 1 could tell.
    hits = sum(math.fsum(x * x for x in reversed(point)) <= 1.0 for point in points)
    assert count_hits(0, n_draws, d, (5, 6)) == hits


@pytest.mark.parametrize("d", [1, 2, 5, 8, 13])
def test_screen_decides_as_the_full_draw(d):
    assert count_hits(0, 10**6, d, (7, 8)) == count_hits(0, 10**6, d, (7, 8), screen=False)


@pytest.mark.parametrize("d", [1, 2, 3, 7, 100, 10**4, 2**15, 10**6, 2**28])
def test_the_screens_bounds_are_proved(d):
    """In exact arithmetic: whatever the lower bits and the rounding, the bounds decide as the definition does."""
    inner, outer = (Fraction(bound, 2**32) for bound in kernels.bounds(d))
    rounding = Fraction(d + 2, 2**53)
    assert (outer + Fraction(1, 2**32)) * (1 - rounding) > 1
    if inner >= 0:
        assert (inner + Fraction(d, 2**15)) * (1 + rounding) <= 1
    else:
        assert d >= 2**15
    # And no further from 1 than that takes.
    assert outer < 1 + Fraction(1, 2**30) + 4 * rounding
    assert inner >= min(Fraction(0), 1 - Fraction(d, 2**15)) - Fraction(1, 2**29) or inner == Fraction(-1, 2**32)


@given(octet=st.integers(0, 2**25), t=st.integers(0, 2**53))
def test_what_the_upper_halves_leave_open(octet, t):
    """Of the kernel's coordinates, and of the words that its screen sees: 0 <= x² - (h / 2^16)² <= 2^-15 for each."""
    point, counter = np.empty(8), np.array([t & 0xFFFFFFFF, t >> 32, octet, 0, 1, 2], dtype=np.uint64)
    kernels.coordinates(*np.array([t, octet, 0, 1, 2], dtype=np.uint64), point)
    halves = [half for word in map(int, philox4x32(*counter)) for half in (word >> 16, word & 0xFFFF)]
    for x, half in zip(point, halves, strict=True):
        assert 0 <= Fraction(float(x)) ** 2 - Fraction(half, 2**16) ** 2 <= Fraction(1, 2**15)


def test_every_draw_hits_below_two_dimensions():
    assert count_hits(0, 10**6, 0, (1, 1)) == 10**6
    assert count_hits(0, 10**6, 1, (1, 1)) == 10**6


def test_hits_never_grow_with_the_dimension():
    """The first d coordinates of draw t are the same at any dimension."""
    hits = [count_hits(0, 10**5, d, (3, 4)) for d in range(1, 25)]
    assert all(later <= earlier for earlier, later in pairwise(hits))
    assert hits[1] > hits[6] > 0


def test_draws_may_be_split_anywhere():
    cuts = [0, 1, 7, 8, 9, 2049, 50_000, 99_999]
    parts = [count_hits(a, b, 4, (9, 9)) for a, b in pairwise(cuts)]
    assert sum(parts) == count_hits(0, 99_999, 4, (9, 9))


def test_streams_and_keys_differ():
    counts = {count_hits(0, 10**6, 5, key, stream=stream) for key in [(0, 0), (1, 0), (0, 1)] for stream in (0, 1)}
    assert len(counts) == 6  # the chance that two of six counts agree is about 1 in 80; this seed's do not


@pytest.mark.parametrize("n_draws", [10**9, 2**53])
@pytest.mark.parametrize("block", [1000, 2**15])
def test_ctrl_c_waits_for_a_tenth_of_a_second_at_most(monkeypatch, n_draws, block):
    """Python serves it between two calls of the kernel, none of which makes more than 2^26 draws."""
    calls = []

    def interrupted_at_the_fifth(width, first, stop, *arguments):
        calls.append((first, stop))
        arguments[-1][:] = 0
        if len(calls) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(kernels, "scan_hits", interrupted_at_the_fifth)
    with pytest.raises(KeyboardInterrupt):
        _hit_or_miss.count_hits(20, n_draws, np.zeros(2, np.uint32), n_threads=1, progress=False, block=block)
    assert calls[0][0] == 0
    assert all(stop == start for (_, stop), (start, _) in pairwise(calls))
    assert max(stop - first for first, stop in calls) <= 2**26


# The interval of a count.


@pytest.mark.parametrize("n_draws", [2**53, 10**12, 10**9])
@pytest.mark.parametrize("share", [0.2, 1 / 3, 0.5, 0.9])
@pytest.mark.parametrize("confidence", [1e-6, 0.5, 0.95, 1 - 1e-12])
def test_interval_of_more_hits_than_scipy_counts(n_draws, share, confidence):
    """The ends against the binomial tails by Edgeworth's expansion, which a deviation of 10^4 hits makes exact."""
    hits = int(n_draws * share)
    low, high = _hit_or_miss.clopper_pearson(hits, n_draws, confidence)
    assert low < hits / n_draws < high
    tail = (1 - confidence) / 2
    for side, end, at in ((1, low, hits - 0.5), (-1, high, hits + 0.5)):
        # P(X >= hits) is the tail at the low end, P(X <= hits) at the high one.
        deviation = math.sqrt(n_draws * end * (1 - end))
        z = side * float(Fraction(at) - n_draws * Fraction(end)) / deviation
        skewness = side * (1 - 2 * end) / deviation
        found = stats.norm.sf(z) + skewness * (z * z - 1) / 6 * stats.norm.pdf(z)
        # An ulp of the end is 1e-16 n draws of the deviation, and moves the logarithm of the tail by z times that.
        assert found == pytest.approx(tail, rel=1e-6 + 4e-16 * n_draws / deviation * (z + 1))


@pytest.mark.parametrize("confidence", [0.1, 0.95, 1 - 1e-12])
def test_intervals_agree_where_their_formulas_meet(monkeypatch, confidence):
    for hits, n_draws in [(10**8, 2 * 10**8 + 7), (10**8, 10**12), (10**10 - 10**8, 10**10)]:
        expanded = _hit_or_miss.clopper_pearson(hits, n_draws, confidence)
        with monkeypatch.context() as patch:
            patch.setattr(_hit_or_miss, "_MANY", 10**9)
            exact = _hit_or_miss.clopper_pearson(hits, n_draws, confidence)
        assert expanded != exact
        assert expanded == pytest.approx(exact, rel=0, abs=1e-6 * (exact[1] - exact[0]) / 2)
