"""What scikit-learn asks of a linear classifier: one rule, that of the first n_features features."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.utils.validation import check_is_fitted, validate_data

from fastcurse._validation import check_labels, check_points, check_prefixes
from fastcurse.discriminant._model import decided
from fastcurse.discriminant._streaming import StreamingMethods
from fastcurse.engine.blas import one_blas_thread


class SinglePrefixMethods(StreamingMethods):
    """Methods of `PrefixLDA` that use one prefix."""

    @property
    def coef_(self) -> np.ndarray:
        """Weights of the first `n_features` features, 0 beyond: (1 or n_classes, n_features_in_)."""
        return self._linear_rule()[0]

    @property
    def intercept_(self) -> np.ndarray:
        """Constants of the rule of the first `n_features` features: (1 or n_classes,)."""
        return self._linear_rule()[1]

    def decision_function(self, X: Any) -> np.ndarray:
        """Scores of each row from the first `n_features` features.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in_)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes), float64
            Two classes: log odds, positive for ``classes_[1]``; else log posteriors up to a constant a row.

        Examples
        --------
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(200, 9, random_state=0)
        >>> fc.PrefixLDA(n_features=3).fit(X, y).decision_function(X[:3]).round()  # log odds of class 1
        array([ 5.,  0., -9.])
        """
        X, _ = self._checked(X, None)
        rule = self._model.rule(self._n_used)
        with one_blas_thread():
            scores = self._model.frame.standardise(X[:, : self._n_used]) @ rule.weights.T + rule.offset
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> np.ndarray:
        """Label of each row from the first `n_features` features.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in_)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,), dtype of `classes_`
            Labels.

        Examples
        --------
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(200, 9, random_state=0)
        >>> fc.PrefixLDA(n_features=3).fit(X, y).predict(X[:3])
        array([1, 1, 0])
        """
        scores = self.decision_function(X)
        return self.classes_[decided(scores[:, None] if scores.ndim == 1 else scores)]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy of `predict`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in_)
            Rows.
        y : array-like of shape (n_samples,)
            Their labels; one that `fit` has not seen counts as wrong.
        sample_weight : array-like of shape (n_samples,), default None
            Weights of the rows; None: all the same.

        Returns
        -------
        float
            Share of the rows, or of their weight, whose label is predicted.

        Examples
        --------
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(200, 9, random_state=0)
        >>> fc.PrefixLDA(n_features=3).fit(X, y).score(X, y)
        0.91
        """
        predicted = self.predict(X)
        return float(np.average(check_labels(y, len(predicted)) == predicted, weights=sample_weight))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Class probabilities of each row from the first `n_features` features.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in_)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            Posterior probabilities; each row sums to 1.

        Examples
        --------
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(200, 9, random_state=0)
        >>> fc.PrefixLDA(n_features=3).fit(X, y).predict_proba(X[:3]).round(2)
        array([[0.01, 0.99],
               [0.39, 0.61],
               [1.  , 0.  ]])
        """
        scores = self.decision_function(X)
        return np.column_stack([expit(-scores), expit(scores)]) if scores.ndim == 1 else softmax(scores, axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Logarithms of `predict_proba`, without its underflow.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in_)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), float64
            Logarithms of the posterior probabilities.

        Examples
        --------
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(200, 9, random_state=0)
        >>> lda = fc.PrefixLDA().fit(X, y)
        >>> far = 1000 * X[:1]
        >>> lda.predict_proba(far), bool(lda.predict_log_proba(far)[0, 0] < -1000)
        (array([[0., 1.]]), True)
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return np.column_stack([log_expit(-scores), log_expit(scores)])
        return log_softmax(scores, axis=1)

    def _checked(self, X: Any, prefixes: Any) -> tuple[np.ndarray, np.ndarray]:
        check_is_fitted(self)
        points = check_points(X, min_samples=1, allow_objects=True)
        validate_data(self, X, reset=False, skip_check_array=True)
        # Blocks become float64 one by one, so that a memmap is never held whole.
        points = points if points.dtype.itemsize <= 8 else points.astype(np.float64)
        return points, check_prefixes(prefixes, self.n_features_in_)

    def _linear_rule(self) -> tuple[np.ndarray, np.ndarray]:
        check_is_fitted(self)
        rule, frame = self._model.rule(self._n_used), self._model.frame
        coef = np.zeros((len(rule.offset), self.n_features_in_))
        coef[:, : self._n_used] = rule.weights / frame.scale[: self._n_used]
        with one_blas_thread():
            return coef, rule.offset - (coef @ frame.location + coef @ frame.location_low)
