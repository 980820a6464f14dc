"""Sums over copies against the plain reference, threads and cuts; the experiment's checks hold and can fail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from strategies import costly

from fastcurse import experiments
from fastcurse._kernels.augmentation import fill_copy
from fastcurse.experiments import augmentation
from fastcurse.experiments._augmented_sums import CopySums
from fastcurse.reference import augmentation as reference
from fastcurse.reference.balls import philox4x32

KINDS = [{"noise": 0.7}, {"drop": 0.3}, {"drop": 0.5}]


@pytest.fixture(scope="module")
def result():
    return augmentation.run(**augmentation.QUICK)


def data(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, d)), rng.standard_normal(n)


class TestReference:
    def test_limit_is_scikit_learns_ridge(self):
        X, y = data(20, 30)
        noisy = Ridge(alpha=20 * 0.7**2, fit_intercept=False).fit(X, y).coef_
        np.testing.assert_allclose(reference.ridge_limit(X, y, noise=0.7), noisy, rtol=1e-9)
        scale = np.sqrt(np.sum(X**2, axis=0))
        dropped = Ridge(alpha=0.25 / 0.75, fit_intercept=False).fit(X / scale, y).coef_ / scale
        np.testing.assert_allclose(reference.ridge_limit(X, y, drop=0.25), dropped, rtol=1e-9)

    @pytest.mark.statistical
    def test_draws_have_their_moments(self):
        """Moments of 24 000 draws at 5 standard errors: false alarm 6e-7 each."""
        z = np.array([reference.normals(t, r, 6, (7, 8)) for t in range(400) for r in range(10)])
        assert abs(z.mean()) < 5 / np.sqrt(z.size)
        assert abs(np.mean(z**2) - 1) < 5 * np.sqrt(2 / z.size)
        assert abs(np.mean(z**4) - 3) < 5 * np.sqrt(96 / z.size)
        assert np.abs(np.corrcoef(z.T) - np.eye(6)).max() < 5 / np.sqrt(len(z))
        stays = np.array([reference.kept(t, r, 6, (7, 8), 0.3) for t in range(400) for r in range(10)])
        assert abs(stays.mean() - 0.7) < 5 * np.sqrt(0.21 / stays.size)


class TestSums:
    @pytest.mark.interpreted
    @pytest.mark.parametrize("kind", KINDS)
    @given(n=st.integers(1, 9), d=st.integers(1, 9), n_copies=st.integers(1, 19), seed=st.integers(0, 99))
    @costly(15)
    def test_against_the_reference(self, kind, n, d, n_copies, seed):
        """Sums of 171 products and a normal of libm's: 1e-12 is 4000 units in the last place."""
        X, y = data(n, d, seed)
        sums = CopySums(X, y, np.random.default_rng(seed), **kind)
        sums.grow(n_copies)
        Z = reference.copies(X, 0, n_copies, sums._key.tolist(), **kind)
        gram, cross = sums.mean()
        scale = np.abs(Z).max() ** 2 * n
        np.testing.assert_allclose(gram, np.einsum("tri,trj->ij", Z, Z) / n_copies, rtol=0, atol=1e-12 * scale)
        np.testing.assert_allclose(cross, np.einsum("tri,r->i", Z, y) / n_copies, rtol=0, atol=1e-12 * scale)
        assert np.array_equal(gram, gram.T)
        limit = np.linalg.solve(*sums.limit()) if kind.get("noise") else None
        if limit is not None:
            np.testing.assert_allclose(limit, reference.ridge_limit(X, y, **kind), rtol=1e-9)

    @pytest.mark.interpreted
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_copy_is_the_references(self, kind):
        X, _ = data(6, 7)
        key, t = (2**32 - 1, 12), 2**31 + 5
        bound = np.uint64(round((1 - kind.get("drop", 0.0)) * 2**32))
        rows = np.full((4, 7), np.nan)
        up = 1 / (1 - kind.get("drop", 0.0))
        fill_copy(X, 4, np.uint64(t), kind.get("noise", 0.0), bound, up, np.uint64(key[0]), np.uint64(key[1]), rows)
        np.testing.assert_allclose(rows[:2], reference.copies(X, t, t + 1, key, **kind)[0, 4:], rtol=1e-12)
        assert np.array_equal(rows[2:], np.zeros((2, 7)))

    @pytest.mark.interpreted
    def test_a_word_at_the_bound_drops_its_feature(self):
        word = philox4x32((3, 0, 0, 0), (1, 2))[1]
        rows = np.empty((4, 4))
        for bound, kept in ((word, 0.0), (word + 1, 2.0)):
            arguments = np.uint64(3), 0.0, np.uint64(bound), 2.0, np.uint64(1), np.uint64(2)
            fill_copy(np.ones((1, 4)), 0, *arguments, rows)
            assert rows[0, 1] == kept

    @pytest.mark.statistical
    @pytest.mark.parametrize("kind", KINDS)
    def test_mean_tends_to_the_limit(self, kind):
        """Each of 20 sums over 4000 copies at 6 standard errors of the mean over 40 hundreds: false alarm 1e-5."""
        X, y = data(8, 4)
        sums = CopySums(X, y, np.random.default_rng(0), **kind)
        parts, before = [], 0.0
        for n_copies in range(100, 4001, 100):
            sums.grow(n_copies)
            total = np.column_stack(sums.mean()) * n_copies
            parts.append((total - before) / 100)
            before = total
        error = np.std(parts, axis=0, ddof=1) / np.sqrt(len(parts))
        assert (np.abs(np.mean(parts, axis=0) - np.column_stack(sums.limit())) < 6 * error).all()


@pytest.mark.statistical
@pytest.mark.parametrize(("n", "d"), [(6, 4), (5, 1)])
def test_expected_error_of_noise(n, d):
    """First order of w_K - w from 100 000 copies, whose mean square has a standard error below .6 %: 5 of them."""
    X = data(n, d)[0]
    y, noise = X.sum(axis=1), 0.7
    w = reference.ridge_limit(X, y, noise=noise)
    Z = X + noise * np.random.default_rng(1).standard_normal((100_000, n, d))
    gradients = np.einsum("trj,tr->tj", Z, y - Z @ w)
    steps = np.linalg.solve(X.T @ X + n * noise**2 * np.eye(d), gradients.T)
    measured = np.mean(np.sum(steps**2, axis=0)) / (w @ w)
    assert augmentation.expected_noise_error(X, y, noise) ** 2 == pytest.approx(measured, rel=0.03)


def test_minimum_norm_is_the_shortest_least_squares():
    for n, d in ((12, 5), (5, 12), (6, 6)):
        X, y = data(n, d)
        expected = np.linalg.lstsq(X, y, rcond=None)[0]
        np.testing.assert_allclose(augmentation.minimum_norm(X.T @ X, X.T @ y), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.statistical
@pytest.mark.parametrize("seed", range(1, 3))
def test_checks_hold(seed):
    """Slopes, ratio and closed forms raise 2e-3 false alarms a run."""
    assert augmentation.run(**augmentation.QUICK, random_state=seed).failed == ()


def test_is_registered_with_every_check(result):
    assert result.failed == ()
    assert experiments.REMEDIES["augmentation"] is augmentation
    names = [check.name for check in result.checks]
    assert sum(name.startswith("slope") for name in names) == 2
    assert sum(name.startswith("accuracy in the limit") for name in names) >= 18
    assert sum("helps" in name or "lost" in name for name in names) == 4


def test_noted_errors_are_checked_at_4000_copies():
    result = augmentation.run(**{**augmentation.QUICK, "copies": (1000, 4000), "repeats": 3, "peak_repeats": 2})
    noted = [check for check in result.checks if check.name.startswith("noted")]
    assert len(noted) == 2
    assert all(check.ok for check in noted)


def test_same_seed_same_result_for_any_number_of_workers(result):
    assert augmentation.run(**augmentation.QUICK, n_jobs=1).to_dict() == result.to_dict()


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
    assert all(sentence.endswith(".") for sentence in result.corrections)


def test_wrong_penalties_fail_the_checks(monkeypatch):
    right = CopySums.limit

    def doubled(self):
        gram, cross = right(self)
        return 2 * gram - self.X.T @ self.X, cross

    monkeypatch.setattr(CopySums, "limit", doubled)
    names = [check.name for check in augmentation.run(**augmentation.QUICK, n_jobs=1).failed]
    assert {f"slope of log error against log K, {kind}" for kind in augmentation.KINDS} <= set(names)


def test_a_wrong_closed_form_fails_the_checks(monkeypatch):
    monkeypatch.setattr(augmentation.theory, "ridge_accuracy", lambda p, n, ridge: 0.8 + 0.0 * p)
    names = [check.name for check in augmentation.run(**augmentation.QUICK).failed]
    assert any(name.startswith("accuracy in the limit") for name in names)


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"repeats": 1}, ValueError, "repeats must be at least 2, got 1"),
        ({"copies": (4, 2)}, ValueError, "copies must increase strictly"),
        ({"copies": (4,)}, ValueError, "copies must be at least two numbers"),
        ({"peak_rows": 19}, ValueError, "peak_rows must be at least 20, got 19"),
        ({"peak_repeats": 1}, ValueError, "peak_repeats must be at least 2"),
        ({"peak_copies": ()}, ValueError, "peak_copies"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
        ({"random_state": -1}, ValueError, "random_state must be at least 0"),
    ],
)
def test_bad_parameters(params, error, message):
    with pytest.raises(error, match=message):
        augmentation.run(**params)
