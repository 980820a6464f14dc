"""`fastcurse.theory.curvature` against moments, quadrature over directions, random matrices and descent."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from fastcurse import theory

RATIOS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)


def moment(power, g):
    """Return ∫ x^power density dx, by x = 1 + g + 2 √g cos t, which takes the square roots out."""

    def inside(t):
        x = (1.0 + g) + 2.0 * np.sqrt(g) * np.cos(t)
        return x**power * theory.marchenko_pastur_density(x, g) * 2.0 * np.sqrt(g) * np.sin(t)

    return integrate.quad(inside, 0, np.pi)[0]


@pytest.mark.parametrize("g", RATIOS)
def test_density_has_the_known_moments(g):
    # Narayana polynomials: 1, 1 + g, 1 + 3 g + g², of the p eigenvalues, of which a share of 1 - 1/g is 0 for g > 1.
    assert moment(0, g) == pytest.approx(min(1.0, 1.0 / g), abs=1e-7)
    assert moment(1, g) == pytest.approx(1.0, abs=1e-7)
    assert moment(2, g) == pytest.approx(1.0 + g, abs=1e-7)
    assert moment(3, g) == pytest.approx(1.0 + 3.0 * g + g * g, abs=1e-7)


def test_density_ends():
    low, high = theory.marchenko_pastur_edges([0.5, 1.0, 2.0])
    assert low.tolist() == [pytest.approx(1.5 - np.sqrt(2)), 0.0, 0.0]
    assert high.tolist() == pytest.approx([1.5 + np.sqrt(2), 4.0, 3 + 2 * np.sqrt(2)])
    # For g > 1 the density begins at (√g - 1)², above the eigenvalue 0.
    assert np.flatnonzero(theory.marchenko_pastur_density([-1.0, 0.0, 0.17, 0.18, 5.82, 5.83], 2.0)).tolist() == [3, 4]
    assert theory.marchenko_pastur_density(0.0, 1.0) == np.inf
    assert theory.marchenko_pastur_density(0.0, 0.5) == 0.0


@pytest.mark.statistical
@pytest.mark.parametrize("g", RATIOS)
def test_edges_and_histogram_of_random_matrices(g):
    """Edges as Johnstone's law has them: mean -1.21 and sd 1.27 of 8 draws' units, 5 sd: false alarms 6e-7 a check."""
    rng, n = np.random.default_rng(1), 400
    p = round(g * n)
    eigenvalues = []
    for _ in range(8):
        X = rng.standard_normal((n, p))
        eigenvalues.append(np.linalg.eigvalsh(X.T @ X / n if p <= n else X @ X.T / n))
    low, high = theory.marchenko_pastur_edges(p / n)
    roots = np.sqrt(n - 1) + np.sqrt(p)
    unit = roots * (1 / np.sqrt(n - 1) + 1 / np.sqrt(p)) ** (1 / 3) / n
    largest = np.mean([values[-1] for values in eigenvalues])
    # n - 1 in Johnstone's centre and his order n^(-1/3) of the unit: a tenth of it here.
    assert abs(largest - (roots**2 / n - 1.2065 * unit)) < 5 * 1.268 * unit / np.sqrt(8) + 0.1 * unit
    assert abs(largest - high) < 3 * unit
    assert 2 / largest == pytest.approx(theory.largest_stable_step(p / n), rel=3 * unit / high)
    smallest = np.mean([values[0] for values in eigenvalues])
    if g < 1:
        assert smallest == pytest.approx(low, abs=0.05 * (1 - low))
    # Eigenvalues repel each other: their share below a point has a standard deviation of order √(log p)/p.
    middle = 1.0 + g
    share = np.mean([np.mean(values < middle) for values in eigenvalues])
    t = np.linspace(np.pi / 2, np.pi, 4001)
    x = (1.0 + g) + 2.0 * np.sqrt(g) * np.cos(t)
    y = theory.marchenko_pastur_density(np.maximum(x, 1e-12), g) * 2.0 * np.sqrt(g) * np.sin(t)
    assert abs(share - max(g, 1.0) * integrate.trapezoid(y, t)) < 0.02


@pytest.mark.parametrize("eigenvalues", [[1.0, 1.0], [3.0, -1.0], [5.0, 0.0]])
def test_random_direction_in_the_plane(eigenvalues):
    """v = (cos t, sin t), by the trapezoid rule, which is exact for these trigonometric polynomials."""
    t = np.arange(16) * 2 * np.pi / 16
    slopes = eigenvalues[0] * np.cos(t) ** 2 + eigenvalues[1] * np.sin(t) ** 2
    mean, variance = theory.random_direction_curvature(sum(eigenvalues), np.square(eigenvalues).sum(), 2)
    assert mean == pytest.approx(slopes.mean(), abs=1e-14)
    assert variance == pytest.approx(slopes.var(), abs=1e-13)


@pytest.mark.statistical
@pytest.mark.parametrize("d", [3, 10, 200])
def test_random_direction_against_simulation(d):
    """Mean and variance of 20 000 directions at 5 standard errors, those of the draws: false alarms 6e-7 a check."""
    rng = np.random.default_rng(d)
    eigenvalues = rng.standard_normal(d) * 3
    eigenvalues[0] = 40.0
    V = rng.standard_normal((20_000, d))
    slopes = (V**2 @ eigenvalues) / (V**2).sum(axis=1)
    mean, variance = theory.random_direction_curvature(eigenvalues.sum(), np.square(eigenvalues).sum(), d)
    assert abs(slopes.mean() - mean) < 5 * slopes.std() / np.sqrt(20_000)
    squares = (slopes - mean) ** 2
    assert abs(squares.mean() - variance) < 5 * squares.std() / np.sqrt(20_000)


def test_one_dimension_has_one_direction():
    assert theory.random_direction_curvature(7.0, 49.0, 1) == (7.0, 0.0)
