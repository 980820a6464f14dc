"""Experiments at small size: tables, checks that can fail, figures; the article's own numbers."""

from __future__ import annotations

import json
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

import fastcurse as fc
from fastcurse import experiments
from fastcurse.experiments import (
    Check,
    _ball_points,
    _coef_blocks,
    _curvature_checks,
    _curvature_random,
    _peaking_checks,
    _remedy_checks,
    _tree_share,
    _whitening_checks,
    ball,
    boundary,
    concentration,
    moons,
    noise,
    peaking,
)
from fastcurse.experiments._result import family_sigmas, printed_decimals, printed_numbers
from fastcurse.reference import article

SMALL = {
    "ball": {"n_draws": 20_000, "repeats": 2, "n_points": 500},
    "concentration": {"n_samples": 200, "n_features": 40, "repeats": 3},
    "peaking": {"n_samples": 120, "n_features": 120, "repeats": 40, "small_trials": 100},
    "moons": {"repeats": 30, "noise_repeats": 4, "dimensions": (2, 5, 10)},
    "noise": {"n_samples": 100, "n_features": 60, "repeats": 20, "separable_at": (20, 24, 30)},
}


RECORDED = {
    "augmentation": {"repeats": 2, "copies": (2, 3), "peak_rows": 20, "peak_repeats": 2, "peak_copies": (2,),
                     "n_jobs": 1},
    "boundary": {"repeats": 1, "n_points": 2, "features": (2,), "n_jobs": 1},
    "concentration": {"n_samples": 20, "n_features": 10, "repeats": 2, "screen": "none"},
    "moons": {"repeats": 2, "noise_repeats": 2, "dimensions": (2,)},
    "noise": {"n_samples": 20, "n_features": 5, "repeats": 2, "n_jobs": 1},
    "peaking": {"n_samples": 40, "n_features": 10, "repeats": 2, "small_trials": 2, "n_jobs": 1},
    "remedies": {"n_samples": 20, "features": (5,), "repeats": 2, "bags": 1, "subspaces": 1, "component_repeats": 2,
                 "n_jobs": 1},
}  # fmt: skip


@pytest.fixture(scope="module")
def results():
    return {name: module.run(**SMALL[name]) for name, module in experiments.ALL.items()}


@pytest.mark.parametrize("name", list(experiments.ALL))
class TestEveryExperiment:
    def test_checks_hold_at_small_size(self, results, name):
        assert results[name].failed == ()

    def test_tables_are_rectangular_and_read_only(self, results, name):
        for table in results[name].tables.values():
            assert len({len(column) for column in table.values()}) == 1
            assert not any(column.flags.writeable for column in table.values())

    def test_every_figure_draws_with_labels(self, results, name):
        result = results[name]
        assert result.figures
        for figure, caption in result.figures.items():
            assert len(caption) > 20
            drawn = result.plot(figure)
            drawn.canvas.draw()
            for ax in drawn.axes:
                assert ax.get_xlabel()
                assert ax.get_title(loc="left")
        assert result.plot().axes

    def test_same_seed_same_result(self, results, name):
        again = experiments.ALL[name].run(**SMALL[name]).to_dict()
        assert again == results[name].to_dict()

    def test_frame(self, results, name):
        pytest.importorskip("pandas")
        result = results[name]
        for table, columns in result.tables.items():
            assert list(result.to_frame(table)) == list(columns)
        with pytest.raises(ValueError, match="table must be one of"):
            result.to_frame("nothing")
        with pytest.raises(ValueError, match="figure must be one of"):
            result.plot("nothing")

    def test_corrections_are_sentences(self, results, name):
        assert len(results[name].corrections) >= 3
        assert all(sentence.endswith(".") for sentence in results[name].corrections)

    def test_bad_parameters(self, name, results):
        with pytest.raises(ValueError, match="repeats must be at least"):
            experiments.ALL[name].run(repeats=0)
        with pytest.raises(TypeError, match="repeats must be a whole number"):
            experiments.ALL[name].run(repeats=2.5)
        with pytest.raises(ValueError, match="random_state must be at least 0"):
            experiments.ALL[name].run(random_state=-1)

    def test_number_of_jobs_is_checked(self, name, results):
        if "n_jobs" in experiments.ALL[name].run.__kwdefaults__:
            with pytest.raises(ValueError, match="n_jobs must not be 0"):
                experiments.ALL[name].run(n_jobs=0)
            with pytest.raises(TypeError, match="n_jobs must be a whole number, got 'all'"):
                experiments.ALL[name].run(n_jobs="all")


class TestCheck:
    def test_within_and_beyond_the_tolerance(self):
        assert Check("a", 1.0, 1.1, 0.2, "").ok
        assert not Check("a", 1.0, 1.3, 0.2, "").ok
        assert not Check("a", 1.0, float("nan"), 0.2, "").ok
        assert Check("a", 1, 1, 0, "").ok


class TestPrintedNumbers:
    def test_files_have_every_row(self):
        assert printed_numbers("ball")["d"].tolist() == list(range(1, 20))
        assert printed_numbers("distances")["d"].tolist() == list(range(10, 491, 10))
        assert printed_numbers("noise")["p"].tolist() == list(range(1, 482, 20))
        assert set(printed_decimals("ball", "volume")) == {6}

    def test_noise_average_of_the_article(self):
        assert printed_numbers("noise")["test_accuracy"].mean() == pytest.approx(0.4818, abs=5e-5)


class TestBall:
    def test_all_38_printed_numbers_are_checked(self, results):
        names = [check.name for check in results["ball"].checks]
        assert sum(name.startswith(("volume d=", "shell_fraction d=")) for name in names) == 38 + 1
        assert all(check.tolerance == 0 for check in results["ball"].checks[:38])

    def test_article_formula_fails_where_said(self):
        assert article.ball_volume(341) > 0
        assert article.ball_volume(342) == 0
        assert np.isnan(article.shell_fraction(342))
        assert article.ball_volume(63, np.int64(2)) == pytest.approx(-0.91, abs=0.005)

    def test_the_wall_is_hit_or_miss_alone(self, results):
        draws = results["ball"].tables["draws"]
        at = {d: row for row, d in enumerate(draws["d"].tolist())}
        # 1e4 (1/q - 1), q = 1/401.54 and 2.4611e-8.
        assert draws["hit_or_miss_log10"][at[10]] == pytest.approx(np.log10(1e4 * 400.54), abs=1e-5)
        assert draws["hit_or_miss_log10"][at[20]] == pytest.approx(4 - np.log10(2.4611e-8), abs=1e-5)
        assert draws["hit_or_miss_log10"][at[1000]] > 1000
        measured = draws["telescoping_measured"]
        assert np.isfinite(measured[[at[2], at[100], at[1000]]]).all()
        # Ten repeats, this seed: their root mean square is 22 % off, the draws 15 %; here within a factor of two.
        ratio = measured[at[50] :] / (39 * draws["d"][at[50] :] ** (4 / 3))
        assert ((ratio > 0.5) & (ratio < 2)).all()
        assert np.isnan(draws["hit_or_miss_measured"][at[20]])

    def test_a_thousand_dimensions(self, results):
        table = results["ball"].tables["telescoping"]
        far = table["d"] == 1000
        assert (table["n_draws"][far] == 32 * 999).all()  # 5000 draws would not fill the strata
        assert (np.abs(table["log_volume"] - table["exact_log_volume"]) < 5 * table["standard_error"]).all()

    def test_random_points_lie_where_said(self):
        norms = _ball_points.norm_table(4000, 0.1, np.random.default_rng(0))
        angles = _ball_points.angle_table(4000, np.random.default_rng(0))
        # A median has standard error .5 / √n over the density, here d r^(d-1): at most .006, at d = 2; 5 of them.
        assert np.abs(norms["ball_norm_median"] - norms["ball_norm_median_exact"]).max() < 0.03
        assert norms["cube_norm_sd"][-3:] == pytest.approx(1 / np.sqrt(15), abs=5 * 0.258 / np.sqrt(8000))
        assert norms["cube_norm_mean"] == pytest.approx(np.sqrt(norms["d"] / 3), rel=0.1)
        # A quantile at 2.5 % of 4000 points: the density of the angle is at least that of its normal limit.
        assert angles["angle_low"] == pytest.approx(angles["angle_low_exact"], abs=4)
        assert angles["angle_high"] == pytest.approx(angles["angle_high_exact"], abs=4)
        assert angles["angle_mean"] == pytest.approx(np.full(10, 90), abs=5 * 52 / np.sqrt(4000))

    @pytest.mark.statistical
    def test_scores_of_random_points_are_standard(self):
        """Mean squares of 100 scores a dimension, 2.5 of 10 dimensions (prefixes) independent: 1 ± 5 √(2/250)."""
        scores = []
        for seed in range(100):
            generator = np.random.default_rng(seed)
            norms = _ball_points.norm_table(200, 0.1, generator)
            angles = _ball_points.angle_table(200, generator)
            scores.append([norms["shell_z_score"][:4], norms["cube_z_score"][:4], angles["z_score"][:4]])
        mean_squares = np.mean(np.square(scores), axis=(0, 2))
        assert mean_squares == pytest.approx(np.ones(3), abs=0.45)

    def test_draws_for_one_percent_follow_the_rates(self, results, monkeypatch):
        monte_carlo = {"d": np.array([2, 2]), "expected_hits": np.array([99, 99]), "exact_volume": np.array([1.0, 1.0])}
        monte_carlo["volume"] = np.array([1.03, 0.97])  # 3 %: nine times the draws

        def eight_percent_off(d, n_draws, **options):
            return SimpleNamespace(log_volume=fc.log_ball_volume(d) + 0.08)

        monkeypatch.setattr(ball, "estimate_ball_volume", eight_percent_off)
        table = ball._draws_for_one_percent(monte_carlo, 1000, 2, np.random.SeedSequence(0))
        assert table["hit_or_miss_measured"][0] == pytest.approx(9000)
        assert table["telescoping_measured"][0] == pytest.approx(98 * 8 ** (2 / 3))  # 39 · 2^(4/3) = 98

    @pytest.mark.parametrize("table", ["telescoping", "norm", "angle"])
    def test_wrong_samples_fail_the_checks(self, results, table):
        tables = {name: dict(columns) for name, columns in results["ball"].tables.items()}
        assert all(check.ok for check in ball._checks(tables))
        score = "cube_z_score" if table == "norm" else "z_score"
        tables[table][score] = tables[table][score] + 9
        assert not all(check.ok for check in ball._checks(tables))

    @pytest.mark.parametrize("random_state", [np.random.default_rng(3), np.random.RandomState(3), None])
    def test_any_seed_is_recorded_as_the_number_that_gives_the_result_again(self, random_state):
        small = {"n_draws": 1000, "repeats": 1, "n_points": 100}
        record = ball.run(**small, random_state=random_state).to_dict()
        assert json.loads(json.dumps(record)) == record
        assert ball.run(**small, random_state=record["params"]["random_state"]).to_dict() == record

    @pytest.mark.parametrize("name", list(RECORDED))
    def test_so_it_is_in_the_other_experiments(self, name):
        module, options = getattr(experiments, name), RECORDED[name]
        record = module.run(**options, random_state=np.random.default_rng(3)).to_dict()
        assert json.loads(json.dumps(record)) == record
        assert module.run(**options, random_state=record["params"]["random_state"]).to_dict() == record

    def test_points_are_drawn_a_block_at_a_time(self):
        tracemalloc.start()
        try:
            _ball_points.norm_table(5000, 0.1, np.random.default_rng(0))
            _ball_points.angle_table(5000, np.random.default_rng(0))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 45e6  # all 5000 at once: 160 MB

    def test_a_wrong_volume_fails_the_checks(self, monkeypatch):
        monkeypatch.setattr(ball.theory, "ball_volume", lambda d: 1.000001 * fc.ball_volume(d))
        assert not ball.run(n_draws=1000, repeats=1).ok


class TestConcentration:
    def test_articles_sizes_have_49_checks(self):
        # The comparison itself runs at full size in `fastcurse article`; here its bookkeeping, on a made-up scan.
        mean = np.interp(
            np.arange(1, 501), printed_numbers("distances")["d"], printed_numbers("distances")["squared_contrast"]
        )
        contrast = {
            "d": np.arange(1, 501), "squared_contrast_mean": mean, "squared_contrast_sd": np.full(500, 0.01),
            "contrast_mean": np.zeros(500),
        }  # fmt: skip
        table = concentration._article_table(contrast)
        assert table["d"].size == 49
        assert np.abs(table["z_score"]).max() < 1e-9

    def test_toy_and_cancellation(self, results):
        tables = results["concentration"].tables
        assert tables["toy"]["squared_distance"].round(9).tolist() == [94, 12, 42]
        cancelled = tables["cancellation"]
        lost = np.abs(cancelled["smallest_gram_square"] / cancelled["smallest_square"] - 1)
        assert lost[0] < 1e-12 < 1e-4 < lost[1]
        assert cancelled["smallest_gram_square"][2] <= 0 < cancelled["smallest_gram_square"][0]
        assert np.ptp(cancelled["differences"]) < 1e-6


class TestPeaking:
    def test_each_trial_has_fresh_data(self, results):
        trials = results["peaking"].tables["trials"]
        at = trials["p"] == 51
        assert len(set(trials["exact_accuracy"][at])) == at.sum() == 40

    @pytest.mark.statistical
    def test_test_accuracy_estimates_the_exact_one(self, results):
        # Given the rules of a trial, its test half has a variance of at most .25/60 at each prefix, and the mean over
        # prefixes no more: 4 standard deviations of 40 trials, false alarm 6e-5.
        trials = results["peaking"].tables["trials"]
        assert abs((trials["test_accuracy"] - trials["exact_accuracy"]).mean()) < 4 * 0.5 / np.sqrt(60 * 40)

    def test_every_prefix_is_measured(self, results):
        assert results["peaking"].tables["summary"]["p"].tolist() == list(range(1, 121))
        assert peaking.run.__kwdefaults__["step"] == 1

    def test_closed_forms_are_checked_at_many_prefixes(self, results):
        names = [check.name for check in results["peaking"].checks]
        assert sum(name.startswith("LDA, mean exact accuracy") for name in names) >= 20
        assert sum(name.startswith("covariance known") for name in names) >= 20
        assert sum(name.startswith("20 rows a class") for name in names) == 20

    @pytest.mark.parametrize(
        ("formula", "wrong", "failing"),
        [
            # The covariance's error forgotten, part of the error missing, the means' error forgotten.
            ("lda_accuracy", lambda p, n: fc.theory.known_covariance_accuracy(p, n), "LDA, mean exact accuracy p=36"),
            ("lda_error", lambda *args: 0.7 * fc.theory.lda_error(*args), "LDA, mean exact accuracy p=120"),
            ("known_covariance_error_exact", lambda p, m: 1.0 - fc.theory.bayes_accuracy(p), "covariance known p=120"),
        ],
    )  # fmt: skip
    def test_a_wrong_closed_form_fails_the_checks(self, monkeypatch, formula, wrong, failing):
        # Formulas of their own: the wrong ones above call the right ones.
        forms = type("Forms", (), {name: staticmethod(getattr(fc.theory, name)) for name in fc.theory.__all__})
        setattr(forms, formula, staticmethod(wrong))
        monkeypatch.setattr(peaking, "theory", forms)
        monkeypatch.setattr(_peaking_checks, "theory", forms)
        result = peaking.run(**SMALL["peaking"])
        assert failing in [check.name for check in result.failed]

    def test_a_rule_that_is_not_lda_fails_the_exact_expectation(self, monkeypatch):
        class Ridge(fc.PrefixLDA):
            def __init__(self):
                super().__init__(ridge=0.5)

        monkeypatch.setattr(peaking, "PrefixLDA", Ridge)
        failed = [check.name for check in peaking.run(**SMALL["peaking"]).failed]
        assert sum(name.startswith("20 rows a class") for name in failed) >= 5

    def test_weights_in_blocks_are_the_weights_at_once(self, results, monkeypatch):
        monkeypatch.setattr(_coef_blocks, "_COEF_BYTES", 120 * 8 * 7)
        blocks = peaking.run(**SMALL["peaking"]).tables["summary"]
        for name, column in results["peaking"].tables["summary"].items():
            np.testing.assert_allclose(blocks[name], column, atol=1e-9)


ORDERED = {"n_samples": 80, "n_features": 60, "repeats": 30, "small_trials": 2}


@pytest.mark.parametrize("order", peaking.ORDERS)
class TestPeakingOrders:
    def test_exact_accuracy_is_that_of_the_ordered_rule(self, order, monkeypatch):
        """The weights mapped back to the features, against the scores of the means in the transformer's own frame."""
        fitted = []

        class Recorded(fc.FeatureOrder):
            def fit(self, X, y=None):
                fitted.append(self)
                self.seen = X.shape, len(y)
                return super().fit(X, y)

        monkeypatch.setattr(peaking, "FeatureOrder", Recorded)
        prefixes = np.array([1, 5, 20, 35])
        trial = peaking._trial(np.random.default_rng(0), n_samples=80, n_features=60, prefixes=prefixes, order=order)
        X_train, y_train, X_test, y_test = peaking._split(np.random.default_rng(0), 80, 60)
        if order == "given":
            assert not fitted
            transform = np.asarray
        else:
            (transformer,) = fitted
            assert transformer.seen == ((40, 60), 40)  # the training half only
            transform = transformer.transform
        model = fc.PrefixLDA().fit(transform(X_train), y_train)
        assert np.array_equal(trial.test, model.score_path(transform(X_test), y_test, prefixes))
        mean = 1 / np.sqrt(np.arange(1, 61))
        # Class 0 has the positive mean and a negative score; the features' noise has the weights' norm in any frame.
        scores = model.decision_path(transform(np.array([-mean, mean])), prefixes)
        norms = np.linalg.norm(model.coef_path(prefixes)[0][:, 0], axis=1)
        expected = (norm.cdf(scores[:, 0] / norms) + norm.cdf(-scores[:, 1] / norms)) / 2
        np.testing.assert_allclose(trial.exact, expected, atol=1e-9)

    def test_bayes_and_known_covariance_in_this_order(self, order):
        prefixes = np.arange(1, 40)
        trial = peaking._trial(np.random.default_rng(0), n_samples=80, n_features=60, prefixes=prefixes, order=order)
        bayes = fc.theory.bayes_accuracy(prefixes)
        in_order = norm.cdf(np.sqrt(trial.separation))
        assert (np.diff(trial.separation) >= 0).all()
        assert (trial.known_covariance <= in_order + 1e-12).all()
        assert (trial.exact <= in_order + 1e-12).all()
        if order == "given":
            np.testing.assert_allclose(in_order, bayes, atol=1e-12)
        elif order != "pca":
            assert (in_order <= bayes + 1e-12).all()  # the given order is the best

    def test_run(self, order):
        result = peaking.run(**ORDERED, order=order)
        assert result.failed == ()
        assert result.params["order"] == order
        assert result.tables["summary"]["p"][-1] == (39 if order == "pca" else 60)
        for figure in result.figures:
            result.plot(figure).canvas.draw()


def test_unknown_order_is_named():
    with pytest.raises(ValueError, match=r"order must be one of 'given', .*, got 'best'"):
        peaking.run(order="best")


def test_noted_numbers_are_checked_at_the_default_size():
    """A number is compared only where its parameters are run."""
    defaults = {name: module.run.__kwdefaults__ for name, module in experiments.REMEDIES.items()}
    rules = defaults["remedies"]
    for noted in (_remedy_checks._NOTED, _remedy_checks._NOTED_FORMS):
        assert all(set(values) <= set(rules["features"]) for values in noted.values())
    assert (rules["n_samples"], rules["bags"], rules["subspaces"], rules["subspace_size"]) == (500, 30, 100, 100)
    assert 4000 in defaults["augmentation"]["copies"]
    assert set(_whitening_checks._NOTED) <= set(defaults["whitening"]["features"])
    assert 101 in defaults["whitening"]["truncated"]
    few, many = (defaults["indexes"][name] for name in ("dimensions", "large_dimensions"))
    assert _tree_share.EARLIER.keys() == {defaults["indexes"][name] for name in ("n_samples", "large_samples")}
    assert set(_tree_share.EARLIER[10_000]) <= set(few)
    assert set(_tree_share.EARLIER[76_000]) <= set(many)
    assert {*boundary._MEDIAN_RATIO, *boundary._ATTACKED} <= set(defaults["boundary"]["features"])
    assert defaults["boundary"]["epsilon"] == 0.1
    assert len(_curvature_checks.PRINTED_STEPS) == len(_curvature_random.RATIOS)


class TestFamilySigmas:
    @pytest.mark.statistical
    def test_false_alarm_rate_of_a_family(self):
        # 20 standard normal means of 10 draws each, 4000 families at a rate of .05: 200 false alarms, sd 14; the
        # union bound is nearly reached. Both bounds at 4 sd: false alarm 6e-5.
        draws = np.random.default_rng(0).normal(size=(4000, 20, 10))
        z = np.abs(draws.mean(axis=2)) / (draws.std(axis=2, ddof=1) / np.sqrt(10))
        alarms = (z > family_sigmas(10, 20, 0.05)).any(axis=1).sum()
        assert 4000 * (1 - (1 - 0.05 / 20) ** 20) - 4 * 14 < alarms < 200 + 4 * 14


class TestMoons:
    def test_noise_features_hurt_the_kernel_more(self, results):
        table = results["moons"].tables["noise_features"]
        assert table["rbf_mean"][0] > table["linear_mean"][0]
        assert table["rbf_mean"][-1] < table["linear_mean"][-1]

    def test_dimensions_are_checked(self):
        with pytest.raises(ValueError, match="dimensions must be at least 2, got 1"):
            moons.run(dimensions=(1,))


class TestNoise:
    def test_separability_by_linear_program(self):
        line = np.arange(6.0)[:, None]
        assert noise.is_separable(line, np.array([0, 0, 0, 1, 1, 1]))
        assert not noise.is_separable(line, np.array([0, 1, 0, 1, 0, 1]))
        assert not noise.is_separable(np.zeros((2, 1)), np.array([0, 1]))

    @pytest.mark.statistical
    def test_separable_share_follows_cover(self):
        # 400 draws of 30 rows in 14 features, one half by Cover; 4 binomial sd: false alarm 6e-5.
        generator = np.random.default_rng(0)
        hits = sum(
            noise.is_separable(generator.normal(size=(30, 14)), generator.integers(0, 2, 30)) for _ in range(400)
        )
        assert abs(hits / 400 - 0.5) < 4 * 0.025

    def test_bisection_finds_the_first_separable_prefix(self):
        generator = np.random.default_rng(1)
        X, y = generator.normal(size=(40, 30)), generator.integers(0, 2, 40)
        prefixes = np.arange(1, 31, 3)
        found = noise._separable_prefixes(X, y, prefixes)
        assert found.tolist() == [noise.is_separable(X[:, :p], y) for p in prefixes]

    @pytest.mark.parametrize(
        ("formula", "wrong", "failing"),
        [
            ("training_accuracy", lambda p, n: norm.cdf(np.sqrt(p / n)), "LDA's mean training accuracy p=45"),
            ("training_accuracy", lambda p, n: 0.9 + 0 * p, "LinearSVC's mean training accuracy p=1"),
            ("separable_probability", lambda p, n: 1.0 - 0 * p, "share of separable draws, 50 rows, p=20"),
        ],
    )
    def test_a_wrong_closed_form_fails_the_checks(self, monkeypatch, formula, wrong, failing):
        monkeypatch.setattr(noise.theory, formula, wrong)
        assert failing in [check.name for check in noise.run(**SMALL["noise"]).failed]

    def test_lda_is_checked_at_many_prefixes(self):
        result = noise.run(n_samples=200, n_features=100, repeats=2, step=50, separable_at=())
        assert sum(check.name.startswith("LDA's mean training") for check in result.checks) >= 20


class TestPeakingGrid:
    def test_holds_the_dip_and_stays_in_range(self):
        grid = peaking._grid(1000, 500, 10)
        assert {1, 11, 76, 498, 501, 991} <= set(grid.tolist())
        assert grid.min() >= 1
        assert peaking._grid(30, 500, 10).max() <= 30
