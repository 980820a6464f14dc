"""PrefixCurveDisplay: what is drawn, on which axes, with which band, and what bad input is told."""

from __future__ import annotations

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, ShuffleSplit, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fastcurse as fc

SCORES = np.array([[0.6, 0.7, 0.8], [0.9, 0.7, 0.8], [0.5, 0.6, 0.4]])


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    plt.close("all")


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture(scope="module")
def trunk():
    return fc.make_trunk(120, 30, random_state=0)


def band_edges(band):
    """Return p, lower and upper edge of a band from its polygon."""
    corners = band.get_paths()[0].vertices
    p = np.unique(corners[:, 0])
    return p, *(np.array([pick(corners[corners[:, 0] == at, 1]) for at in p]) for pick in (np.min, np.max))


def display(**changes):
    return fc.PrefixCurveDisplay(**{"prefixes": [1, 2, 5], "test_scores": SCORES, **changes})


class TestPlot:
    def test_attributes_of_a_new_figure(self):
        shown = display().plot()
        assert isinstance(shown.line_, Line2D)
        assert isinstance(shown.band_, PolyCollection)
        assert shown.ax_.figure is shown.figure_
        assert shown.figure_.number in plt.get_fignums()
        assert shown.ax_.get_xscale() == "linear"
        assert shown.ax_.get_xlabel() == "number of leading features"
        assert shown.ax_.get_ylabel() == "accuracy"
        assert shown.train_line_ is None
        assert shown.train_band_ is None
        assert shown.theory_lines_ == {}
        shown.figure_.canvas.draw()

    def test_draws_into_given_axes_and_nothing_else(self, ax):
        before = dict(mpl.rcParams)
        shown = display().plot(ax)
        assert shown.ax_ is ax
        assert shown.figure_ is ax.figure
        assert plt.get_fignums() == []
        assert dict(mpl.rcParams) == before
        assert display().plot(ax).ax_ is ax  # two curves in one picture
        assert len(ax.lines) == 2

    @pytest.mark.parametrize(
        ("band", "low", "high"),
        [
            ("range", SCORES.min(axis=1), SCORES.max(axis=1)),
            ("std", SCORES.mean(axis=1) - SCORES.std(axis=1, ddof=1), SCORES.mean(axis=1) + SCORES.std(axis=1, ddof=1)),
            ("quantile", *np.quantile(SCORES, [0.05, 0.95], axis=1)),
        ],
    )
    def test_line_and_band(self, ax, band, low, high):
        shown = display().plot(ax, band=band)
        np.testing.assert_allclose(shown.line_.get_xydata(), np.column_stack([[1, 2, 5], SCORES.mean(axis=1)]))
        for drawn, expected in zip(band_edges(shown.band_), ([1, 2, 5], low, high), strict=True):
            np.testing.assert_allclose(drawn, expected)

    def test_no_band_for_one_repetition_or_on_request(self, ax):
        for scores in (SCORES[:, 0], SCORES[:, :1]):
            shown = display(test_scores=scores).plot(ax)
            assert shown.band_ is None
            np.testing.assert_allclose(shown.line_.get_ydata(), SCORES[:, 0])
        assert display().plot(ax, band=None).band_ is None

    def test_training_scores(self, ax):
        both = display(train_scores=SCORES + 0.1)
        shown = both.plot(ax)
        np.testing.assert_allclose(shown.train_line_.get_ydata(), SCORES.mean(axis=1) + 0.1)
        assert isinstance(shown.train_band_, PolyCollection)
        shown = both.plot(ax, score_type="train")
        np.testing.assert_allclose(shown.line_.get_ydata(), SCORES.mean(axis=1) + 0.1)
        assert shown.train_line_ is None
        shown = both.plot(ax, score_type="test")
        np.testing.assert_allclose(shown.line_.get_ydata(), SCORES.mean(axis=1))
        assert shown.train_line_ is None

    def test_theory_as_array_and_as_function(self, ax):
        shown = display().plot(ax, theory={"Bayes": fc.theory.bayes_accuracy, "half": [0.5, np.nan, 0.5]})
        assert list(shown.theory_lines_) == ["Bayes", "half"]
        np.testing.assert_allclose(shown.theory_lines_["Bayes"].get_ydata(), fc.theory.bayes_accuracy([1, 2, 5]))
        np.testing.assert_allclose(shown.theory_lines_["half"].get_ydata(), [0.5, np.nan, 0.5])
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert labels[1:] == ["Bayes", "half"]

    def test_lines_survive_greyscale(self, ax):
        """Any two lines differ in dashes, or in lightness by a tenth."""
        shown = display(train_scores=SCORES).plot(ax, theory={str(k): SCORES[:, 0] for k in range(4)})
        lines = [shown.line_, shown.train_line_, *shown.theory_lines_.values()]
        light = [np.dot(mpl.colors.to_rgb(line.get_color()), [0.299, 0.587, 0.114]) for line in lines]
        for k, first in enumerate(lines):
            for j in range(k):
                # matplotlib names "-." and a pattern of one's own alike: the patterns decide.
                alike = first._unscaled_dash_pattern == lines[j]._unscaled_dash_pattern
                assert not alike or abs(light[k] - light[j]) > 0.1

    def test_logarithmic_axis_on_request(self, ax):
        display().plot(ax, x_scale="log")
        assert ax.get_xscale() == "log"
        assert "logarithmic" in ax.get_xlabel()

    def test_keywords_reach_the_artists(self, ax):
        shown = display(name="mine").plot(ax, line_kw={"color": "k", "label": "own"}, band_kw={"alpha": 0.1})
        assert shown.line_.get_color() == "k"
        assert shown.line_.get_label() == "own"
        assert shown.band_.get_alpha() == 0.1
        assert "mine" in display(name="mine").plot(ax).line_.get_label()


class TestFromEstimator:
    def test_scores_are_those_of_the_folds(self, ax, trunk):
        X, y = trunk
        shown = fc.PrefixCurveDisplay.from_estimator(fc.PrefixLDA(), X, y, prefixes=[1, 4, 30], cv=4, ax=ax)
        for k, (train, test) in enumerate(StratifiedKFold(4).split(X, y)):
            model = fc.PrefixLDA().fit(X[train], y[train])
            assert np.array_equal(shown.test_scores[:, k], model.score_path(X[test], y[test], [1, 4, 30]))
            assert np.array_equal(shown.train_scores[:, k], model.score_path(X[train], y[train], [1, 4, 30]))
        assert shown.name == "PrefixLDA"
        assert shown.ax_ is ax

    def test_every_prefix_and_five_folds_by_default(self, ax, trunk):
        estimator = fc.PrefixLDA()
        shown = fc.PrefixCurveDisplay.from_estimator(estimator, *trunk, ax=ax)
        assert shown.prefixes.tolist() == list(range(1, 31))
        assert shown.test_scores.shape == shown.train_scores.shape == (30, 5)
        assert not hasattr(estimator, "classes_")  # clones were fitted

    def test_splitters_and_groups(self, ax, trunk):
        split = ShuffleSplit(1, test_size=0.5, random_state=0)
        shown = fc.PrefixCurveDisplay.from_estimator(fc.PrefixLDA(), *trunk, cv=split, ax=ax, band="std")
        assert shown.band_ is None  # a single repetition
        groups = np.arange(120) % 3
        shown = fc.PrefixCurveDisplay.from_estimator(fc.PrefixLDA(), *trunk, cv=GroupKFold(3), groups=groups, ax=ax)
        assert shown.test_scores.shape == (30, 3)

    def test_pipeline_is_fitted_on_the_training_folds(self, ax, trunk):
        X, y = trunk
        pipeline = make_pipeline(StandardScaler(), fc.FeatureOrder("ranked"), fc.PrefixLDA())
        shown = fc.PrefixCurveDisplay.from_estimator(pipeline, X, y, prefixes=[3], cv=3, ax=ax)
        for k, (train, test) in enumerate(StratifiedKFold(3).split(X, y)):
            order = fc.FeatureOrder("ranked").fit(X[train], y[train])
            model = fc.PrefixLDA().fit(order.transform(X[train]), y[train])
            assert shown.test_scores[0, k] == model.score_path(order.transform(X[test]), y[test], [3])[0]
        assert shown.name == "PrefixLDA"

    @pytest.mark.parametrize(
        ("estimator", "shown"),
        [
            (LogisticRegression(), "LogisticRegression"),
            (fc.PrefixLDA, "the class PrefixLDA"),
            (make_pipeline(fc.PrefixLDA(), BaseEstimator()), "BaseEstimator"),
            (None, "NoneType"),
        ],
    )
    def test_estimators_without_score_path(self, trunk, estimator, shown):
        with pytest.raises(TypeError, match=f"estimator must have the methods fit and score_path, .* got {shown}"):
            fc.PrefixCurveDisplay.from_estimator(estimator, *trunk)

    def test_bad_data(self, trunk):
        X, y = trunk
        with pytest.raises(ValueError, match="y must have one label a row: X has 120 rows, y has 3"):
            fc.PrefixCurveDisplay.from_estimator(fc.PrefixLDA(), X, y[:3])
        with pytest.raises(ValueError, match="prefixes must lie between 1 and n_features = 30, got 31"):
            fc.PrefixCurveDisplay.from_estimator(fc.PrefixLDA(), X, y, prefixes=[31])
        with pytest.raises(ValueError, match="X has a nan at row 0"):
            fc.PrefixCurveDisplay.from_estimator(fc.PrefixLDA(), X * np.nan, y)
        assert plt.get_fignums() == []


class TestFromPredictions:
    def test_one_repetition(self, ax):
        path = [["a", "a", "b"], ["a", "b", "b"]]
        shown = fc.PrefixCurveDisplay.from_predictions(["a", "b", "b"], path, ax=ax)
        np.testing.assert_allclose(shown.test_scores, [[2 / 3], [1]])
        assert shown.prefixes.tolist() == [1, 2]
        assert shown.band_ is None
        assert shown.train_scores is None

    def test_repetitions_with_labels_of_their_own_or_the_same(self, ax):
        paths = [np.array([[0, 0], [0, 1]]), np.array([[1, 0], [1, 1]])]
        same = fc.PrefixCurveDisplay.from_predictions([0, 1], paths, prefixes=[3, 9], ax=ax)
        np.testing.assert_allclose(same.test_scores, [[0.5, 0.0], [1.0, 0.5]])
        assert same.prefixes.tolist() == [3, 9]
        own = fc.PrefixCurveDisplay.from_predictions([[0, 1], [1, 0]], np.array(paths), ax=ax)
        np.testing.assert_allclose(own.test_scores, [[0.5, 1.0], [1.0, 0.5]])
        lengths = fc.PrefixCurveDisplay.from_predictions([[0, 1], [1, 1, 1]], [paths[0], [[1, 1, 0], [1, 1, 1]]], ax=ax)
        np.testing.assert_allclose(lengths.test_scores, [[0.5, 2 / 3], [1.0, 1.0]])

    def test_agrees_with_score_path(self, ax, trunk):
        X, y = trunk
        model = fc.PrefixLDA().fit(X[:60], y[:60])
        shown = fc.PrefixCurveDisplay.from_predictions(y[60:], model.predict_path(X[60:]), ax=ax)
        assert np.array_equal(shown.test_scores[:, 0], model.score_path(X[60:], y[60:]))

    @pytest.mark.parametrize(
        ("y_true", "path", "message"),
        [
            ([0, 1], [[0, 1, 1]], r"y_pred_path must have shape \(m, n_samples = 2\) .*, got shape \(1, 3\)"),
            ([0, 1], [0, 1], r"y_pred_path must have shape \(m, n_samples = 2\) .*, got shape \(2,\)"),
            ([0, 1], [], r"y_pred_path must have shape .*, got shape \(0,\)"),
            ([], [[]], r"y_pred_path must have shape .* at least one label, got shape \(1, 0\)"),
            ([0, 1], [[[0, 1]], [[0, 1], [0, 1]]], r"with m = 1 and at least one label, got shape \(2, 2\)"),
            ([[0, 1]] * 3, [[[0, 1]]] * 2, "y_true must be one array .* each of the 2 repetitions .*, got 3"),
        ],
    )  # fmt: skip
    def test_shapes_that_do_not_fit(self, y_true, path, message):
        with pytest.raises(ValueError, match=message):
            fc.PrefixCurveDisplay.from_predictions(y_true, path)
        assert plt.get_fignums() == []

    def test_labels_of_another_kind(self):
        with pytest.raises(TypeError, match="y_pred_path must hold labels like y_true's <U1, got int64"):
            fc.PrefixCurveDisplay.from_predictions(["a", "b"], [[0, 1]])


class TestBadArguments:
    @pytest.mark.parametrize(
        ("changes", "error", "message"),
        [
            ({"prefixes": [2, 1, 3]}, ValueError, "prefixes must increase strictly, got 2 followed by 1"),
            ({"prefixes": [0, 1, 2]}, ValueError, "prefixes must be at least 1, got 0"),
            ({"prefixes": [1.0, 2.0, 3.0]}, TypeError, "prefixes must be whole numbers"),
            ({"prefixes": None}, ValueError, "prefixes must be a list of whole numbers, got None"),
            ({"test_scores": SCORES[:2]}, ValueError, r"test_scores must have shape \(3,\) or .*, got \(2, 3\)"),
            ({"test_scores": np.empty((3, 0))}, ValueError, r"test_scores must have shape .*, got \(3, 0\)"),
            ({"test_scores": SCORES * np.nan}, ValueError, "test_scores must be finite, got nan at prefix 0"),
            ({"test_scores": ["a", "b", "c"]}, TypeError, "test_scores must be numbers"),
            ({"train_scores": SCORES.T[:1]}, ValueError, r"train_scores must have shape .*, got \(1, 3\)"),
            ({"name": 3}, TypeError, "name must be a string or None, got 3"),
        ],
    )
    def test_of_the_display(self, changes, error, message):
        with pytest.raises(error, match=message):
            display(**changes)

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ({"band": "sem"}, ValueError, "band must be one of 'range', 'std', 'quantile', got 'sem'"),
            ({"x_scale": "symlog"}, ValueError, "x_scale must be one of 'linear', 'log', got 'symlog'"),
            ({"score_type": "all"}, ValueError, "score_type must be one of 'test', 'train', 'both', got 'all'"),
            ({"score_type": "both"}, ValueError, "score_type must be 'test' where there are no train_scores, got 'bo"),
            ({"theory": [0.5] * 3}, TypeError, "theory must be a mapping of labels to curves, got list"),
            (
                {"theory": {"a": [0.5]}},
                ValueError,
                r"theory must have one value a prefix, shape \(3,\), got .* for 'a'",
            ),
            ({"ax": "here"}, TypeError, "ax must be matplotlib Axes or None, got str"),
        ],
    )
    def test_of_the_plot(self, arguments, error, message):
        with pytest.raises(error, match=message):
            display().plot(**arguments)
        assert plt.get_fignums() == []


def test_matplotlib_is_imported_only_to_draw():
    code = (
        "import sys, fastcurse as fc\n"
        "display = fc.PrefixCurveDisplay(prefixes=[1, 2], test_scores=[.5, .6])\n"
        "print('matplotlib' in sys.modules); display.plot(); print('matplotlib' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
