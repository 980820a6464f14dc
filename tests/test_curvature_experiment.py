"""The curvature experiment at small size: network and its derivatives, tables, figures, checks that can fail."""

from __future__ import annotations

import json

import numpy as np
import pytest

import fastcurse as fc
from fastcurse import theory
from fastcurse.experiments import _curvature_checks, _curvature_random, _curvature_training, curvature
from fastcurse.experiments._curvature_training import Training
from fastcurse.experiments._tanh_network import TanhNetwork


@pytest.fixture(scope="module")
def result():
    return curvature.run(**curvature.QUICK)


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(1)
    network = TanhNetwork(3, 4)
    theta = network.start(rng) + 0.3 * rng.standard_normal(network.n_parameters)
    return network, theta, rng.standard_normal((20, 3)), rng.standard_normal(20)


def dense_hessian(network, theta, X, y):
    return np.column_stack([network.hessian_product(theta, v, X, y) for v in np.eye(network.n_parameters)])


class TestNetwork:
    def test_loss_by_the_definition(self, problem):
        network, theta, X, y = problem
        W, c, a, b = theta[:12].reshape(3, 4), theta[12:16], theta[16:20], theta[20]
        outputs = [b + sum(a[j] * np.tanh(c[j] + W[:, j] @ x) for j in range(4)) for x in X]
        assert network.n_parameters == 21
        assert network.loss(theta, X, y) == pytest.approx(np.mean((np.array(outputs) - y) ** 2) / 2, rel=1e-13)

    def test_gradient_is_the_derivative_of_the_loss(self, problem):
        network, theta, X, y = problem
        differences = [
            (network.loss(theta + step, X, y) - network.loss(theta - step, X, y)) / 2e-5 for step in 1e-5 * np.eye(21)
        ]
        # Central differences: third derivatives of order 10 times 1e-10, and rounding 1e-16 / 1e-5.
        np.testing.assert_allclose(network.gradient(theta, X, y), differences, atol=1e-9)

    def test_hessian_product_is_the_derivative_of_the_gradient(self, problem):
        network, theta, X, y = problem
        differences = [
            (network.gradient(theta + step, X, y) - network.gradient(theta - step, X, y)) / 2e-5
            for step in 1e-5 * np.eye(21)
        ]
        H = dense_hessian(network, theta, X, y)
        np.testing.assert_allclose(H, differences, atol=1e-8)
        np.testing.assert_allclose(H, H.T, atol=1e-14)
        v = np.linspace(-1, 2, 21)
        np.testing.assert_allclose(network.hessian_product(theta, v, X, y), H @ v, atol=1e-13)

    def test_start(self):
        network = TanhNetwork(50, 400)
        theta = network.start(np.random.default_rng(0))
        W, c, a, b = theta[:20_000], theta[20_000:20_400], theta[20_400:20_800], theta[20_800]
        assert W.std() * np.sqrt(50) == pytest.approx(1, abs=0.03)
        assert a.std() * np.sqrt(400) == pytest.approx(1, abs=0.18)  # 5 standard errors
        assert not c.any()
        assert b == 0

    @pytest.mark.parametrize("n_hidden", [4, 40])
    def test_top_curvature_of_the_network(self, n_hidden):
        rng = np.random.default_rng(2)
        network = TanhNetwork(3, n_hidden)
        theta, X, y = network.start(rng), rng.standard_normal((30, 3)), rng.standard_normal(30)
        top = fc.top_curvature(lambda v: network.hessian_product(theta, v, X, y), n_parameters=network.n_parameters)
        exact = np.linalg.eigvalsh(dense_hessian(network, theta, X, y))[::-1][:20]
        np.testing.assert_allclose(top.eigenvalues, exact, rtol=1e-4, atol=1e-10)
        assert (top.trace_error == 0) == (n_hidden == 4)  # the dense matrix, and the search


class TestParts:
    def test_descent_is_what_the_eigenvalues_say(self):
        losses, steps, shares = _curvature_random._descend(np.random.default_rng(3), 40, 60)
        grid = _curvature_random.step_grid(60)
        rng = np.random.default_rng(3)
        X = rng.standard_normal((40, 40))
        rng.integers(0, 2**63)  # the seed of the search for the largest eigenvalue
        values, vectors = np.linalg.eigh(X.T @ X / 40)
        starts = vectors.T @ rng.standard_normal((40, _curvature_random.N_STARTS))
        np.testing.assert_allclose(steps, np.array(_curvature_random.STEP_SHARES) * 2 / values[-1], rtol=1e-12)
        for start, curves, share in zip(starts.T, losses, shares, strict=True):
            parts = values * start**2 / np.sum(values * start**2)
            for step, curve in zip(steps, curves, strict=True):
                expected = [np.sum(parts * (1 - step * values) ** (2 * t)) for t in grid]
                np.testing.assert_allclose(curve, expected, rtol=1e-8)
            assert share == pytest.approx(parts[-1], rel=1e-8)

    def test_expected_loss_of_one_and_two_steps(self):
        # Moments 1, 1 + g, 1 + 3g + g² of x: ∫ x (1 - s x)² = 1 - 2 s (1 + g) + s² (1 + 3 g + g²).
        for g in (0.5, 1.0, 2.0):
            expected = 1 - 0.6 * (1 + g) + 0.09 * (1 + 3 * g + g * g)
            found = _curvature_random.expected_loss(np.array([0, 1]), 0.3, g)
            np.testing.assert_allclose(found, [1, expected], rtol=1e-9)

    def test_shares_below(self):
        for g in _curvature_random.RATIOS:
            high = theory.marchenko_pastur_edges(g)[1]
            found = _curvature_random.shares_below(np.array([0.0, 2 * high]), g)
            np.testing.assert_allclose(found, [0, min(1, 1 / g)], atol=1e-6)

    def test_runs_that_do_not_reach_the_level_count_as_such(self):
        values = np.ones((3, 2, 4, 2))
        values[0, 0, 0] = values[:, 1, 1] = values[1:, 1, 2] = np.nan
        values[1, 0, 0, 0], values[2, 0, 0, 0] = 3.0, 5.0
        table = curvature._training_table(Training(np.ones_like(values), np.ones_like(values), values))
        assert table["level_share"].tolist() == pytest.approx([2 / 3, 1, 1, 1, 1, 0, 1 / 3, 1])
        assert table["level_eigenvalue_mean"][0] == 4.0
        assert table["level_eigenvalue_sd"][0] == pytest.approx(np.sqrt(2))
        assert np.isnan(table["level_eigenvalue_mean"]).tolist() == [False] * 5 + [True] + [False] * 2
        assert np.isnan(table["level_eigenvalue_sd"]).tolist() == [False] * 5 + [True, True, False]
        assert not np.isnan(table["steps_eigenvalue_mean"]).any()

    def test_training_looks_when_it_says(self, monkeypatch):
        looks = []
        monkeypatch.setattr(_curvature_training, "LEVEL", 0.3)
        sharpness = _curvature_training.sharpness

        def recorded(theta, X, y, k=1):
            looks.append(_curvature_training.NETWORK.loss(theta, X, y))
            return sharpness(theta, X, y, k)

        monkeypatch.setattr(_curvature_training, "sharpness", recorded)
        found = _curvature_training.train(np.random.default_rng(4), n_steps=128)
        assert found.steps.shape == found.epochs.shape == found.level.shape == (2, 4, 2)
        assert np.array_equal(found.steps[:, 0], found.epochs[:, 0])  # the smallest batch makes the most steps
        assert (found.epochs[:, 3, 1] > found.steps[:, 3, 1]).all()  # two steps against 128
        reached = np.isfinite(found.level[..., 0])
        assert reached.any()
        assert (found.level[..., 1][reached] <= 0.3).all()
        assert set(found.level[..., 1][reached]) <= set(looks)


class TestExperiment:
    def test_checks_hold_at_small_size(self, result):
        assert result.failed == ()
        names = [check.name for check in result.checks]
        assert sum(name.startswith("largest stable step") for name in names) == 6
        assert len(names) == len(set(names)) == 38 - 3  # so few draws say nothing of three of the late losses

    @pytest.mark.parametrize("seed", [1, 2])
    def test_checks_hold_for_other_seeds(self, seed):
        other = curvature.run(**curvature.QUICK, random_state=seed)
        assert other.failed == ()

    def test_any_seed_is_recorded_and_repeats_the_run(self):
        small = {**curvature.QUICK, "n_samples": 40, "repeats": 2, "descent_steps": 100, "training_steps": 64}
        record = curvature.run(**small, random_state=np.random.default_rng(3)).to_dict()
        assert json.loads(json.dumps(record)) == record
        assert curvature.run(**small, random_state=record["params"]["random_state"], n_jobs=1).to_dict() == record

    def test_tables_are_rectangular_and_read_only(self, result):
        for table in result.tables.values():
            assert len({len(column) for column in table.values()}) == 1
            assert not any(column.flags.writeable for column in table.values())

    def test_every_figure_draws_with_labels(self, result):
        for figure, caption in result.figures.items():
            assert len(caption) > 20
            drawn = result.plot(figure)
            drawn.canvas.draw()
            for ax in drawn.axes:
                assert ax.get_xlabel()
                assert ax.get_title(loc="left")

    def test_no_legend_covers_the_runs(self, result):
        figure = result.plot("batch_size")
        assert [ax.get_legend() for ax in figure.axes] == [None] * 3
        texts = [text.get_text() for text in figure.legends[0].get_texts()]
        assert texts == ["learning rate 0.05, 2 runs", "learning rate 0.2, 2 runs"]

    def test_corrections_are_sentences(self, result):
        assert len(result.corrections) >= 3
        assert all(sentence.endswith(".") for sentence in result.corrections)

    def test_is_a_remedy(self):
        assert fc.experiments.REMEDIES["curvature"] is curvature

    @pytest.mark.parametrize(
        ("name", "minimum"),
        [
            ("n_samples", 20), ("repeats", 2), ("n_directions", 100), ("descent_steps", 100), ("training_repeats", 2),
            ("training_steps", 64),
        ],
    )  # fmt: skip
    def test_bad_parameters(self, name, minimum):
        with pytest.raises(ValueError, match=f"{name} must be at least {minimum}, got {minimum - 1}"):
            curvature.run(**{name: minimum - 1})
        with pytest.raises(TypeError, match=f"{name} must be a whole number"):
            curvature.run(**{name: 200.5})

    def test_other_bad_parameters(self):
        with pytest.raises(ValueError, match="random_state must be at least 0"):
            curvature.run(random_state=-1)
        with pytest.raises(ValueError, match="n_jobs must not be 0"):
            curvature.run(n_jobs=0)

    @pytest.mark.parametrize(
        ("formula", "wrong", "failing"),
        [
            ("random_direction_curvature", lambda t, f, d: (1.2 * t / d, f / d**2), "mean curvature along random"),
            ("random_direction_curvature", lambda t, f, d: (t / d, 9 * f / d**2), "variance along random directions"),
        ],
    )
    def test_a_wrong_closed_form_fails_the_checks(self, formula, wrong, failing, monkeypatch):
        forms = type("Forms", (), {name: staticmethod(getattr(theory, name)) for name in theory.__all__})
        setattr(forms, formula, staticmethod(wrong))
        monkeypatch.setattr(_curvature_checks, "theory", forms)
        sharp = _curvature_random.sharp_direction(np.random.default_rng(5), n_directions=1000)
        failed = [check.name for check in _curvature_checks._sharp_checks(sharp) if not check.ok]
        assert any(name.startswith(failing) for name in failed)

    @pytest.mark.parametrize(("repeats", "holds"), [(2, True), (50, False)])
    def test_few_draws_may_be_further_from_the_law(self, repeats, holds):
        """Two draws of 1000 rows were 2.1 eigenvalues off; of many draws that is another law."""
        n = 1000
        of_ratio = [np.diff(_curvature_random.shares_below(_curvature_random.bin_edges(g), g)) * round(g * n)
                    for g in _curvature_random.RATIOS]  # fmt: skip
        counts = np.repeat([of_ratio], repeats, axis=0)
        counts[:, :, 15] += 2.1
        counts[:, :, 25] -= 2.1
        ones = np.ones((repeats, len(of_ratio)))
        spectra = _curvature_random.Spectra(ones, ones, ones, counts, ones, ones, ones)
        found = [
            check for check in _curvature_checks._spectrum_checks(spectra, n) if check.name.startswith("Marchenko")
        ]
        assert len(found) == len(of_ratio)
        assert all(check.ok == holds for check in found)

    def test_a_wrong_spectrum_fails_the_checks(self):
        draws = [_curvature_random.spectra(np.random.default_rng(s), n_samples=100, n_steps=100) for s in range(20)]
        good = _curvature_random.Spectra(*(np.array(values) for values in zip(*draws, strict=True)))

        def failed(spectra):
            some = [*_curvature_checks._spectrum_checks(spectra, 100), *_curvature_checks._step_checks(spectra, 100),
                    *_curvature_checks._descent_checks(spectra, 50, 100)]  # fmt: skip
            return {check.name for check in some if not check.ok}

        assert failed(good) == set()
        assert "mean largest eigenvalue, g=1.0" in failed(good._replace(largest=1.1 * good.largest))
        assert "mean smallest eigenvalue, g=0.5" in failed(good._replace(smallest=1.3 * good.smallest))
        assert "Marchenko-Pastur law, g=2.0" in failed(good._replace(counts=np.roll(good.counts, 2, axis=2)))
        assert "largest eigenvalue by top_curvature" in failed(good._replace(error=good.error + 2e-4))
        assert "largest stable step, g=4.0" in failed(good._replace(largest=0.6 * good.largest))
        assert "share of descents in that order" in failed(good._replace(losses=good.losses[:, :, ::-1]))
        assert "share of descents in that order" in failed(good._replace(sharpest_share=2 + good.sharpest_share))
        late = good.losses.copy()
        late[:, :, 1] *= 2
        assert any("0.5 of the largest stable step" in name for name in failed(good._replace(losses=late)))
