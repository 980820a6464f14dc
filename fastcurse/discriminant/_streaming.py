"""Fitting in pieces: partial_fit, merge, and the model that is built from what has been seen when it is asked for."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from fastcurse._validation import (
    check_classes,
    check_codes,
    check_count,
    check_labels,
    check_nonnegative,
    check_points,
    check_priors,
)
from fastcurse.discriminant._model import PrefixModel, fit_model
from fastcurse.discriminant._sample import Sample, no_sample, sample_of


class StreamingMethods:
    """Methods of `PrefixLDA` that take rows in."""

    priors: Any
    ridge: float
    tol: float
    n_features: int | None
    classes_: np.ndarray
    n_features_in_: int
    _sample: Sample
    _priors: np.ndarray
    _built: PrefixModel | None

    @property
    def priors_(self) -> np.ndarray:
        """The class probabilities: (n_classes,)."""
        self._seen()
        return self._priors

    @property
    def means_(self) -> np.ndarray:
        """Class means: (n_classes, n_features_in_), nan for a class without rows."""
        moments = self._seen().moments
        return np.where(moments.counts[:, None] > 0, moments.means, np.nan)

    @property
    def xbar_(self) -> np.ndarray:
        """Class means weighted by the priors: (n_features_in_,)."""
        self._seen()
        return self._model.frame.location

    def fit(self, X: Any, y: Any) -> Self:
        """Fit every prefix.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows, real and finite; a memmap is read in blocks, as float64.
        y : array-like of shape (n_samples,)
            Labels of at least two classes, fewer classes than rows.

        Returns
        -------
        PrefixLDA
            The estimator itself.

        Examples
        --------
        >>> import fastcurse as fc
        >>> X = [[0.0, 1.0], [1.0, 3.0], [4.0, 1.0], [5.0, 2.0]]
        >>> lda = fc.PrefixLDA().fit(X, ["left", "left", "right", "right"])
        >>> lda.classes_, lda.means_, lda.priors_
        (array(['left', 'right'], dtype='<U5'), array([[0.5, 2. ],
               [4.5, 1.5]]), array([0.5, 0.5]))
        """
        if y is None:
            validate_data(self, X, y, skip_check_array=True)  # says so in scikit-learn's words
        points = check_points(X, allow_objects=True)
        labels = check_labels(y, len(points))
        column_or_1d(y, warn=True)
        classes, codes = check_classes(labels)
        rank = len(points) - len(classes)
        if rank < 1:
            raise ValueError(f"X must have more rows than classes, got {len(points)} rows of {len(classes)} classes")
        self._check_parameters(points.shape[1])
        n_scatter = points.shape[1] if self.ridge > 0.0 else min(points.shape[1], rank)
        sample = sample_of(points, codes, len(classes), n_scatter)
        priors = self._priors_of(sample)
        built = self._build(sample, classes, priors, points, codes)
        # Nothing is set before all has been checked: a call that fails leaves the earlier fit.
        validate_data(self, X, y, skip_check_array=True)  # names and number of features
        self.classes_, self._sample, self._priors, self._built = classes, sample, priors, built
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Self:
        """Take in further rows.

        The result is that of `fit` with all rows so far, up to the rounding of sums: 1e-10 of the scores, less near
        `tol`. Rules are computed when they are asked for, which takes more rows than classes, and one row of each.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, real and finite; one suffices.
        y : array-like of shape (n_samples,)
            Their labels; not every class need be among them.
        classes : array-like of shape (n_classes,), default None
            All labels there will be. Needed at the first call; later the same or None.

        Returns
        -------
        PrefixLDA
            The estimator itself.

        Examples
        --------
        >>> import numpy as np
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(300, 20, random_state=0)
        >>> parts = fc.PrefixLDA()
        >>> for rows in np.array_split(np.arange(300), 3):
        ...     parts = parts.partial_fit(X[rows], y[rows], classes=[0, 1])
        >>> bool(np.allclose(parts.decision_path(X), fc.PrefixLDA().fit(X, y).decision_path(X)))
        True
        """
        points = check_points(X, min_samples=1, allow_objects=True)
        labels = check_labels(y, len(points))
        first = not hasattr(self, "_sample")
        if first and classes is None:
            raise ValueError("classes must name all labels at the first call of partial_fit, got None")
        known = self.classes_ if classes is None else _class_list(classes)
        if not first and not np.array_equal(known, self.classes_):
            raise ValueError(f"classes must be those of the first call, {self.classes_.tolist()}, got {known.tolist()}")
        codes = check_codes(labels, known)
        self._check_parameters(points.shape[1])
        if not first:
            validate_data(self, X, y, reset=False, skip_check_array=True)
        column_or_1d(y, warn=True)
        before = no_sample(len(known), points.shape[1]) if first else self._sample
        sample = before.joined(sample_of(points, codes, len(known), points.shape[1]))
        priors = self._priors_of(sample)
        if first:
            validate_data(self, X, y, skip_check_array=True)
        self.classes_, self._sample, self._priors, self._built = known, sample, priors, None
        return self

    def merge(self, other: Self) -> Self:
        """Take in all rows that another `PrefixLDA` has seen, which stays as it is.

        The result is that of `fit` with the rows of both, up to the rounding of sums: 1e-10 of the scores, less near
        `tol`.

        Parameters
        ----------
        other : PrefixLDA
            Fitted with the same classes and features; its own parameters do not count.

        Returns
        -------
        PrefixLDA
            The estimator itself.

        Examples
        --------
        >>> import numpy as np
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(300, 20, random_state=0)
        >>> here, there = fc.PrefixLDA().fit(X[:100], y[:100]), fc.PrefixLDA().fit(X[100:], y[100:])
        >>> bool(np.allclose(here.merge(there).decision_path(X), fc.PrefixLDA().fit(X, y).decision_path(X)))
        True
        """
        if not isinstance(other, StreamingMethods):
            raise TypeError(f"other must be a PrefixLDA, got {type(other).__name__}")
        check_is_fitted(self)
        check_is_fitted(other)
        if not np.array_equal(self.classes_, other.classes_):
            raise ValueError(f"other must have classes {self.classes_.tolist()}, got {other.classes_.tolist()}")
        if self.n_features_in_ != other.n_features_in_:
            raise ValueError(f"other must have {self.n_features_in_} features, got {other.n_features_in_}")
        names, others = (getattr(model, "feature_names_in_", None) for model in (self, other))
        if names is not None and others is not None and not np.array_equal(names, others):
            raise ValueError(f"other must have features {names.tolist()}, got {others.tolist()}")
        sample = self._sample.joined(other._sample)
        self._sample, self._priors, self._built = sample, self._priors_of(sample), None
        return self

    def _priors_of(self, sample: Sample) -> np.ndarray:
        counts = sample.moments.counts
        return counts / counts.sum() if self.priors is None else check_priors(self.priors, len(counts))

    def _check_parameters(self, n_features: int) -> None:
        check_nonnegative(self.ridge, "ridge")
        check_nonnegative(self.tol, "tol")
        if self.n_features is not None:
            check_count(self.n_features, "n_features", minimum=1, maximum=n_features)

    def _seen(self) -> Sample:
        # An AttributeError, as of any attribute that `fit` sets.
        if not hasattr(self, "_sample"):
            raise AttributeError(f"this {type(self).__name__} has not seen rows yet: call fit or partial_fit first")
        return self._sample

    @property
    def _model(self) -> PrefixModel:
        if self._built is None:
            sample = self._sample
            self._built = self._build(sample, self.classes_, self._priors, sample.X, sample.codes)
        return self._built

    @property
    def _n_used(self) -> int:
        if self.n_features is None:
            return self.n_features_in_
        return check_count(self.n_features, "n_features", minimum=1, maximum=self.n_features_in_)

    def _build(
        self, sample: Sample, classes: np.ndarray, priors: np.ndarray, X: np.ndarray | None, codes: np.ndarray | None
    ) -> PrefixModel:
        counts = sample.moments.counts
        if (counts == 0).any():
            missing = classes[counts == 0].tolist()
            raise _NoRuleYetError(
                f"partial_fit must have seen each class before a rule is asked for, got no row of {missing}"
            )
        if sample.n_rows <= len(counts):
            raise _NoRuleYetError(
                f"partial_fit must have seen more rows than classes before a rule is asked for, got "
                f"{sample.n_rows} rows of {len(counts)} classes"
            )
        return fit_model(sample.moments, X, codes, priors, ridge=float(self.ridge), tol=float(self.tol))


class _NoRuleYetError(ValueError, AttributeError):
    """Too little has been seen: a ValueError of a call, and of an attribute one that `hasattr` knows."""


def _class_list(classes: Any) -> np.ndarray:
    labels = check_labels(classes, np.size(classes), "classes", "classes")
    return check_classes(labels, "classes")[0]
