"""PrefixCurveDisplay: accuracy against the number of leading features, in scikit-learn's Display style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from fastcurse._validation import check_choice, check_prefixes
from fastcurse.prefix_curve._scores import (
    as_scores,
    last_step,
    scores_of_folds,
    scores_of_predictions,
    theory_curves,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

BANDS = ("range", "std", "quantile")


class PrefixCurveDisplay:
    """Accuracy of the first p features against p, with a band over repetitions.

    Make one with `from_estimator` or `from_predictions`; the arguments are kept as attributes.

    Parameters
    ----------
    prefixes : array-like of shape (m,)
        Numbers of leading features, increasing.
    test_scores : array-like of shape (m,) or (m, n_repetitions)
        Accuracy on held-out rows at each prefix.
    train_scores : array-like of shape (m,) or (m, n_repetitions), default None
        Accuracy on the training rows; None: not drawn.
    name : str, default None
        What the curve is called in the legend; None: "accuracy".

    Attributes
    ----------
    line_ : matplotlib.lines.Line2D
        Mean accuracy on held-out rows; of the training rows if only they are drawn.
    band_ : matplotlib.collections.PolyCollection or None
        Its band; None for a single repetition or ``band=None``.
    train_line_ : matplotlib.lines.Line2D or None
        Mean accuracy on the training rows, if both are drawn.
    train_band_ : matplotlib.collections.PolyCollection or None
        Its band.
    theory_lines_ : dict of str to matplotlib.lines.Line2D
        The curves of `theory`.
    ax_ : matplotlib.axes.Axes
        The axes drawn on.
    figure_ : matplotlib.figure.Figure
        Their figure.

    Raises
    ------
    TypeError
        An argument is of another type than described.
    ValueError
        `prefixes` are not increasing, scores are not finite or have another number of rows than there are prefixes.

    Notes
    -----
    *Deviations* from scikit-learn's LearningCurveDisplay: the axis is linear unless ``x_scale="log"``, which hides
    what happens beyond the peak; the band is the range, since accuracies near 1 have no symmetric spread.

    Examples
    --------
    >>> import fastcurse as fc
    >>> display = fc.PrefixCurveDisplay(prefixes=[1, 2, 4], test_scores=[[0.8, 0.7], [0.9, 0.8], [0.85, 0.8]])
    >>> display.test_scores.mean(axis=1)
    array([0.75 , 0.85 , 0.825])
    """

    line_: Line2D
    band_: PolyCollection | None
    train_line_: Line2D | None
    train_band_: PolyCollection | None
    theory_lines_: dict[str, Line2D]
    ax_: Axes
    figure_: Figure | SubFigure

    def __init__(self, *, prefixes: Any, test_scores: Any, train_scores: Any = None, name: str | None = None) -> None:
        self.prefixes = check_prefixes(prefixes, None)
        self.test_scores = as_scores(test_scores, "test_scores", self.prefixes.size)
        self.train_scores = None
        if train_scores is not None:
            self.train_scores = as_scores(train_scores, "train_scores", self.prefixes.size)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name must be a string or None, got {name!r} ({type(name).__name__})")
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        prefixes: Any = None,
        cv: Any = None,
        groups: Any = None,
        name: str | None = None,
        ax: Axes | None = None,
        **plot_kwargs: Any,
    ) -> Self:
        """Fit clones of the estimator on training folds, score every prefix on both parts, and plot.

        Parameters
        ----------
        estimator : estimator with ``fit`` and ``score_path``, or pipeline that ends in one
            For example `PrefixLDA`; the steps of a pipeline are fitted on the training folds only.
        X : array-like of shape (n_samples, n_features)
            Rows.
        y : array-like of shape (n_samples,)
            Labels.
        prefixes : array-like of shape (m,), default None
            Increasing whole numbers; None: every prefix.
        cv : int, splitter, iterable or None, default None
            As in scikit-learn; None: 5 stratified folds. ``RepeatedStratifiedKFold`` or ``ShuffleSplit`` give more
            repetitions.
        groups : array-like of shape (n_samples,), default None
            Groups for splitters that need them.
        name : str, default None
            What the curve is called in the legend; None: the class of the estimator.
        ax : matplotlib.axes.Axes, default None
            Where to draw; None: a new figure.
        **plot_kwargs
            Further arguments of `plot`.

        Returns
        -------
        PrefixCurveDisplay
            The display, plotted.

        Raises
        ------
        TypeError
            The estimator has no ``fit`` or no ``score_path``.
        ValueError
            `X`, `y` or `prefixes` are not as described.

        Notes
        -----
        Cost: one fit and two scores of every prefix a fold. Memory: one fold's rows beside `X`.

        Examples
        --------
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(200, 30, random_state=0)
        >>> theory = {"Bayes": fc.theory.bayes_accuracy}
        >>> display = fc.PrefixCurveDisplay.from_estimator(fc.PrefixLDA(), X, y, theory=theory)
        >>> display.test_scores.shape
        (30, 5)
        """
        train_scores, test_scores = scores_of_folds(estimator, X, y, prefixes, cv, groups)
        display = cls(
            prefixes=np.arange(1, len(test_scores) + 1) if prefixes is None else prefixes,
            test_scores=test_scores,
            train_scores=train_scores,
            name=type(last_step(estimator)).__name__ if name is None else name,
        )
        return display.plot(ax, **plot_kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred_path: Any,
        *,
        prefixes: Any = None,
        name: str | None = None,
        ax: Axes | None = None,
        **plot_kwargs: Any,
    ) -> Self:
        """Plot the accuracy of labels that were predicted at each prefix.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,), or one for each repetition
            True labels.
        y_pred_path : array-like of shape (m, n_samples), or list of such repetitions
            Predicted labels, as ``PrefixLDA.predict_path`` gives them; repetitions have the same prefixes.
        prefixes : array-like of shape (m,), default None
            Increasing whole numbers; None: 1 to m.
        name : str, default None
            What the curve is called in the legend; None: "accuracy".
        ax : matplotlib.axes.Axes, default None
            Where to draw; None: a new figure.
        **plot_kwargs
            Further arguments of `plot`.

        Returns
        -------
        PrefixCurveDisplay
            The display, plotted.

        Raises
        ------
        ValueError
            The shapes do not fit together.

        Examples
        --------
        >>> import fastcurse as fc
        >>> display = fc.PrefixCurveDisplay.from_predictions([0, 1], [[0, 0], [0, 1]])
        >>> display.test_scores.ravel()
        array([0.5, 1. ])
        """
        scores = scores_of_predictions(y_true, y_pred_path)
        chosen = np.arange(1, len(scores) + 1) if prefixes is None else prefixes
        return cls(prefixes=chosen, test_scores=scores, name=name).plot(ax, **plot_kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        band: str | None = "range",
        theory: Mapping[str, Any] | None = None,
        score_type: str | None = None,
        x_scale: str = "linear",
        line_kw: Mapping[str, Any] | None = None,
        band_kw: Mapping[str, Any] | None = None,
    ) -> Self:
        """Draw mean, band and theory.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default None
            Where to draw; None: a new pyplot figure, as scikit-learn's displays make.
        band : {"range", "std", "quantile"} or None, default "range"
            Over repetitions: smallest to largest, mean plus and minus one standard deviation, or 5 % to 95 %.
        theory : mapping of str to array-like of shape (m,) or callable, default None
            Label and curve at the prefixes (nan where it does not hold), or a function of the prefixes.
        score_type : {"test", "train", "both"} or None, default None
            Whose accuracy; None: both, if training scores are known.
        x_scale : {"linear", "log"}, default "linear"
            Scale of the number of features.
        line_kw, band_kw : mapping, default None
            Further arguments of ``ax.plot`` and ``ax.fill_between`` for the curve of `line_`.

        Returns
        -------
        PrefixCurveDisplay
            The display itself.

        Raises
        ------
        TypeError
            `ax` are no axes, or `theory` is no mapping.
        ValueError
            A choice is not among those listed, or a theory's curve has not one value a prefix.

        Examples
        --------
        >>> import fastcurse as fc
        >>> display = fc.PrefixCurveDisplay(prefixes=[1, 2, 4], test_scores=[[0.8, 0.7], [0.9, 0.8], [0.85, 0.8]])
        >>> display.plot(band="std", theory={"Bayes": fc.theory.bayes_accuracy}).ax_.get_ylabel()
        'accuracy'
        """
        from fastcurse.prefix_curve._drawing import draw_prefix_curves

        draw_prefix_curves(
            self,
            ax,
            band=None if band is None else check_choice(band, "band", BANDS),
            theory=theory_curves(theory, self.prefixes),
            score_type=self._score_type(score_type),
            x_scale=check_choice(x_scale, "x_scale", ("linear", "log")),
            line_kw=line_kw or {},
            band_kw=band_kw or {},
        )
        return self

    def _score_type(self, score_type: str | None) -> str:
        if score_type is None:
            return "test" if self.train_scores is None else "both"
        if check_choice(score_type, "score_type", ("test", "train", "both")) != "test" and self.train_scores is None:
            raise ValueError(f"score_type must be 'test' where there are no train_scores, got {score_type!r}")
        return score_type
