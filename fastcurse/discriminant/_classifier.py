"""PrefixLDA: a scikit-learn classifier that answers for every feature prefix."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from fastcurse._validation import check_labels, check_prefixes
from fastcurse.discriminant._model import decided
from fastcurse.discriminant._single import SinglePrefixMethods


class PrefixLDA(SinglePrefixMethods, ClassifierMixin, BaseEstimator):
    r"""Linear discriminant analysis of the first p features, for every p, from one fit.

    The score of class c at prefix p, with :math:`\tilde x = (x - \bar x) / \sigma` in units of the within-class
    standard deviations, :math:`\tilde m_c` the class means so standardised and S_p the first p rows and columns
    of their within-class scatter divided by n, is

    .. math:: g_c(x) = \tilde x_p^T S_p^+ \tilde m_{c,p} - \tfrac12 \tilde m_{c,p}^T S_p^+ \tilde m_{c,p} + \log\pi_c,

    where the pseudo-inverse drops singular values of S_p^{1/2} up to `tol`. It is what
    ``sklearn.discriminant_analysis.LinearDiscriminantAnalysis(solver="svd")`` gives for ``X[:, :p]``.

    Parameters
    ----------
    priors : array-like of shape (n_classes,), default None
        Class probabilities; None: the class frequencies. Renormalised with a warning if the sum is not 1.
    ridge : float, default 0.0
        Added to the diagonal of every S_p (whose diagonal is 1 before); scikit-learn has no counterpart.
    tol : float, default 1e-4
        Singular values up to `tol`, and directions of the class means up to `tol` times the largest, are
        dropped, as by scikit-learn. Not used if ``ridge > 0``.
    n_features : int, default None
        Number of leading features that `predict` and its like use; None: all.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    priors_ : ndarray of shape (n_classes,), float64
        The class probabilities.
    means_ : ndarray of shape (n_classes, n_features_in_), float64
        Class means.
    xbar_ : ndarray of shape (n_features_in_,), float64
        Class means weighted by the priors.
    coef_ : ndarray of shape (1 or n_classes, n_features_in_), float64
        Weights of the rule of the first `n_features` features, 0 beyond. One row for two classes.
        Computed when first asked for, as is `intercept_`.
    intercept_ : ndarray of shape (1 or n_classes,), float64
        Its constants.
    n_features_in_ : int
        Number of features in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features in `fit`, if they are all strings.

    Raises
    ------
    TypeError
        X holds strings, None or other objects that are no real numbers, or is sparse; y holds other than numbers
        or strings.
    ValueError
        X is not two-dimensional, is complex, has NaN or inf, or values whose squares overflow; y has not one label
        a row, or fewer than two classes, or continuous values; no more rows than classes; an argument out of
        range; a ridge too small to make the scatter invertible.

    Notes
    -----
    *Cost*, n rows, D features, nu = n - K. Features p <= nu, or ridge > 0: O(n D^2 + D^3) once, then O(D^2) a
    row for all prefixes together. p > nu: O(n^2) for each feature on the way and O(n p) a prefix, then O(p) a row.
    For three classes or more each asked prefix costs O(n_classes^3) besides.
    Memory O(D^2) and a few blocks of rows. While n <= D + K, which is while prefixes p > nu exist, the rows are kept as
    well, and what was solved at such prefixes, n (K - 1) numbers each.

    *Singular prefixes*: where a lower bound of the smallest singular value is near `tol`, the singular value
    decomposition of a root of the scatter decides, O(p^3) a prefix; these rules are kept. From the first duplicate or
    collinear feature on every prefix is of this kind (constant features are not): ask for few prefixes, or give a
    ridge. After `partial_fit` or `merge` of more than D + K rows the root is that of the scatter, in which singular
    values below 1e-7 of the largest are lost.

    *Accuracy*: scores agree with scikit-learn's on float64 data to about 1e-8 of their size, less near p = nu and
    where a singular value is near `tol`, for the scatter is nearly singular there. Means and sums are float64 for any
    dtype of X.

    *Determinism*: the same bits for any number of threads; BLAS is held at one thread during a call.

    *Deviations*: a feature that is constant within the classes never counts; scikit-learn divides by rounding
    noise if its computed mean is inexact. If nothing but constants is left the rule is that of the priors,
    where scikit-learn fails. The scatter's divisor is that of the installed scikit-learn: n from 1.9 on,
    n - K before.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, J. Friedman, *The Elements of Statistical Learning*, 2nd ed., 2009,
       equations 4.10 and 4.11. Here S is that of every leading block, by one Cholesky factor.
    .. [2] A. Bjorck, *Numerical Methods for Least Squares Problems*, 1996, section 6.6.5: the correction of the
       semi-normal equations that refines ill-conditioned prefixes.
    .. [3] T. F. Chan, G. H. Golub, R. J. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
       Variances", 1979: how the scatters of two samples are merged.

    Examples
    --------
    >>> import fastcurse as fc
    >>> X, y = fc.make_trunk(400, 60, random_state=0)
    >>> X_test, y_test = fc.make_trunk(400, 60, random_state=1)
    >>> lda = fc.PrefixLDA().fit(X, y)
    >>> lda.score_path(X_test, y_test, prefixes=[1, 10, 60]).shape
    (3,)
    >>> lda.decision_path(X_test).shape
    (60, 400)
    >>> lda.coef_.shape, lda.intercept_.shape, lda.means_.shape, lda.xbar_.shape, lda.priors_
    ((1, 60), (1,), (2, 60), (60,), array([0.5, 0.5]))
    """

    def __init__(
        self,
        *,
        priors: Any = None,
        ridge: float = 0.0,
        tol: float = 1e-4,
        n_features: int | None = None,
    ) -> None:
        self.priors = priors
        self.ridge = ridge
        self.tol = tol
        self.n_features = n_features

    def decision_path(self, X: Any, prefixes: Any = None) -> np.ndarray:
        """Scores of each row at each prefix.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in_)
            Rows.
        prefixes : array-like of shape (m,), default None
            Increasing whole numbers between 1 and `n_features_in_`; None: all.

        Returns
        -------
        ndarray of shape (m, n_samples) or (m, n_samples, n_classes), float64
            Two classes: log odds, positive for ``classes_[1]``; else log posteriors up to a constant a row.

        Examples
        --------
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(200, 3, random_state=0)
        >>> fc.PrefixLDA().fit(X, y).decision_path(X[:2]).round()  # one row a prefix
        array([[ 2., -1.],
               [ 3., -2.],
               [ 5., -1.]])
        """
        X, prefixes = self._checked(X, prefixes)
        scores = np.empty((len(prefixes), len(X), self._model.n_channels))
        for places, rows, part in self._model.score_parts(X, prefixes):
            scores[places, rows] = part
        return scores[:, :, 0] if len(self.classes_) == 2 else scores

    def predict_path(self, X: Any, prefixes: Any = None) -> np.ndarray:
        """Labels of each row at each prefix.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in_)
            Rows.
        prefixes : array-like of shape (m,), default None
            Increasing whole numbers between 1 and `n_features_in_`; None: all.

        Returns
        -------
        ndarray of shape (m, n_samples), dtype of `classes_`
            Labels.

        Examples
        --------
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(200, 3, random_state=0)
        >>> fc.PrefixLDA().fit(X, y).predict_path(X[:6], prefixes=[1, 3]), y[:6]
        (array([[1, 0, 0, 1, 1, 1],
               [1, 0, 0, 1, 1, 1]]), array([1, 0, 0, 0, 1, 1]))
        """
        X, prefixes = self._checked(X, prefixes)
        codes = np.empty((len(prefixes), len(X)), dtype=np.intp)
        for places, rows, part in self._model.score_parts(X, prefixes):
            codes[places, rows] = decided(part)
        return self.classes_[codes]

    def score_path(self, X: Any, y: Any, prefixes: Any = None) -> np.ndarray:
        """Accuracy at each prefix, without holding (prefixes x rows).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in_)
            Rows.
        y : array-like of shape (n_samples,)
            Their labels; one that `fit` has not seen counts as wrong.
        prefixes : array-like of shape (m,), default None
            Increasing whole numbers between 1 and `n_features_in_`; None: all.

        Returns
        -------
        ndarray of shape (m,), float64
            Share of the rows whose label is predicted.

        Examples
        --------
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(1000, 498, random_state=0)
        >>> lda = fc.PrefixLDA().fit(X[:500], y[:500])
        >>> lda.score_path(X[500:], y[500:], prefixes=[1, 76, 498])  # it peaks, then falls towards a coin toss
        array([0.842, 0.978, 0.562])
        """
        X, prefixes = self._checked(X, prefixes)
        labels = check_labels(y, len(X))
        codes = np.full(len(X), -1, dtype=np.int64)
        for code, label in enumerate(self.classes_):
            codes[labels == label] = code
        return self._model.correct(X, codes, prefixes) / len(X)

    def coef_path(self, prefixes: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Weights and constants at each prefix, laid out as scikit-learn's ``coef_`` and ``intercept_``.

        Parameters
        ----------
        prefixes : array-like of shape (m,), default None
            Increasing whole numbers between 1 and `n_features_in_`; None: all.

        Returns
        -------
        coef : ndarray of shape (m, 1 or n_classes, n_features_in_), float64
            Weights, 0 beyond the prefix; ``X @ coef[i].T + intercept[i]`` are the scores.
        intercept : ndarray of shape (m, 1 or n_classes), float64
            Constants.

        Examples
        --------
        >>> import numpy as np
        >>> import fastcurse as fc
        >>> X, y = fc.make_trunk(200, 3, random_state=0)
        >>> lda = fc.PrefixLDA().fit(X, y)
        >>> coef, intercept = lda.coef_path()
        >>> coef[:, 0].round() + 0.0  # no -0
        array([[-2.,  0.,  0.],
               [-2., -1.,  0.],
               [-2., -1., -1.]])
        >>> bool(np.allclose(X @ coef[1, 0] + intercept[1, 0], lda.decision_path(X)[1]))
        True
        """
        check_is_fitted(self)
        return self._model.weights(check_prefixes(prefixes, self.n_features_in_))
