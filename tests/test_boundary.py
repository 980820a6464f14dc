"""The boundary experiment at small size: its checks hold for every seed and can fail, its figures draw."""

from __future__ import annotations

import numpy as np
import pytest

from fastcurse import experiments
from fastcurse.experiments import boundary


@pytest.fixture(scope="module")
def result():
    return boundary.run(**boundary.QUICK)


@pytest.mark.statistical
@pytest.mark.parametrize("seed", range(5))
def test_checks_hold(seed):
    """All checks of a run together raise 1e-3 false alarms."""
    assert boundary.run(**boundary.QUICK, random_state=seed).failed == ()


def test_is_registered_with_every_check(result):
    assert experiments.REMEDIES["boundary"] is boundary
    names = [check.name for check in result.checks]
    for p in boundary.QUICK["features"]:
        assert sum(name.endswith((f", p={p}", f", d={p}")) for name in names) >= 6
    assert sum(name.startswith("noted") for name in names) == 2 + 3 + 2


def test_same_seed_same_result_for_any_number_of_workers(result):
    assert boundary.run(**boundary.QUICK, n_jobs=1).to_dict() == result.to_dict()
    generator = np.random.default_rng(3)
    assert boundary.run(**boundary.QUICK, random_state=generator).to_dict() != result.to_dict()


def test_tables_and_figures(result):
    for table in result.tables.values():
        assert len({len(column) for column in table.values()}) == 1
        assert not any(column.flags.writeable for column in table.values())
    for figure, caption in result.figures.items():
        assert len(caption) > 20
        drawn = result.plot(figure)
        drawn.canvas.draw()
        for ax in drawn.axes:
            assert ax.get_xlabel()
            assert ax.get_title(loc="left")
    assert len(result.corrections) >= 3
    assert all(sentence.endswith(".") for sentence in result.corrections)


def test_any_features_and_epsilon():
    result = boundary.run(repeats=1, n_points=40, features=(1, 3, 150), epsilon=0.4)
    assert result.failed == ()
    assert not [check for check in result.checks if "noted accuracy" in check.name]
    for figure in result.figures:
        result.plot(figure).canvas.draw()


@pytest.mark.parametrize(
    ("formula", "wrong", "failing"),
    [
        ("random_direction_ratio", lambda d, q=0.5: np.sqrt(d) + 0 * np.asarray(q), "median ratio"),
        ("bayes_accuracy", lambda p: 0.8 + 0.0 * p, "accuracy without"),
        ("adversarial_accuracy", lambda p, epsilon: 0.99 + 0.0 * p, "accuracy under an adversary, p=1000"),
        ("adversarial_accuracy", lambda p, epsilon: 0.99 + 0.0 * p, "noted accuracy under an adversary, p=100"),
        ("soft_threshold_accuracy", lambda p, epsilon: 0.99 + 0.0 * p, "accuracy under an adversary, rule"),
    ],
)
def test_a_wrong_closed_form_fails_the_checks(monkeypatch, formula, wrong, failing):
    monkeypatch.setattr(boundary.theory, formula, wrong)
    assert any(failing in check.name for check in boundary.run(**boundary.QUICK).failed)


def test_a_wrong_distance_fails_the_checks(monkeypatch):
    right = boundary.boundary_distance

    def longer(w, b, X, norm=2):
        found = right(w, b, X, norm)
        return type(found)(1.2 * found.distance, 1.2 * found.correction, *list(vars(found).values())[2:])

    monkeypatch.setattr(boundary, "boundary_distance", longer)
    names = [check.name for check in boundary.run(**boundary.QUICK, n_jobs=1).failed]
    assert any(name.startswith("share flipped at (1 - 1e-6)") for name in names)
    assert any(name.startswith("median ratio") for name in names)
    assert any(name.startswith("accuracy under") for name in names)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"repeats": 0}, ValueError, "repeats must be at least 1, got 0"),
        ({"repeats": 2.5}, TypeError, "repeats must be a whole number"),
        ({"n_points": 1}, ValueError, "n_points must be at least 2"),
        ({"features": (4, 2)}, ValueError, "features must increase strictly"),
        ({"epsilon": 1}, ValueError, "epsilon must lie strictly between 0 and 1"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
        ({"random_state": -1}, ValueError, "random_state must be at least 0"),
    ],
)
def test_bad_parameters(params, error, message):
    with pytest.raises(error, match=message):
        boundary.run(**params)
