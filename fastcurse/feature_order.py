"""FeatureOrder: which features come first, so that a prefix of the features is a choice of them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from fastcurse._validation import check_choice, check_classes, check_labels, check_points, check_seed

ORDERS = ("given", "random", "variance", "pca", "ranked")


class FeatureOrder(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    r"""Features in another order, or rotated to the principal axes: a scikit-learn transformer.

    "ranked" sorts by decreasing F of the analysis of variance, with class means :math:`m_{ci}` of the
    :math:`n_c` rows of class c, the mean :math:`m_i` of all n rows and K classes

    .. math:: F_i = \frac{\sum_c n_c (m_{ci} - m_i)^2 / (K - 1)}{\sum_r (x_{ri} - m_{y_r i})^2 / (n - K)}.

    Parameters
    ----------
    order : {"given", "random", "variance", "pca", "ranked"}, default "given"
        The features as they are; permuted at random; by decreasing variance; replaced by their principal
        components, of which there are min(n_samples, n_features); by decreasing F. Equal values keep their order;
        constant features, which have no F, come last.
    random_state : int, numpy.random.Generator or None, default None
        Seed of "random"; an int gives the same order in every fit.

    Attributes
    ----------
    permutation_ : ndarray of shape (n_features_in_,), int64, or None
        Number of the input feature in each place; None for "pca".
    pca_ : sklearn.decomposition.PCA or None
        The rotation, fitted; None unless the order is "pca".
    n_features_in_ : int
        Number of features in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features in `fit`, if they are all strings.

    Raises
    ------
    TypeError
        X holds other than real numbers, or is sparse; y holds other than numbers or strings; `random_state` is of
        another type.
    ValueError
        X is not two-dimensional, has fewer than two rows, has NaN or inf, or values whose squares overflow;
        `order` is none of the five; for "ranked" y is missing, has not one label a row, fewer than two classes or
        as many as rows, or continuous values.

    Notes
    -----
    *Leakage*: the order is learned from the rows of `fit` alone. "ranked" looks at y: put it in a pipeline before the
    classifier, so that each fold ranks its own training rows. Ranked once on all rows, pure noise is
    classified far better than by a coin.

    *Cost*: O(n_samples * n_features), three copies of X in float64; "pca" a full singular value decomposition,
    O(n_samples * n_features * min(n_samples, n_features)).

    *Deviation*: ``sklearn.feature_selection.f_classif`` subtracts raw sums of squares: an offset of 1e8, or a feature
    that separates the classes without error, may give it a negative F. Here F is summed from differences;
    it agrees where that one is accurate.

    References
    ----------
    .. [1] C. Ambroise, G. J. McLachlan, "Selection bias in gene extraction on the basis of microarray
       gene-expression data", PNAS 99(10), 2002, pp. 6562-6566: the leakage.

    Examples
    --------
    >>> import fastcurse as fc
    >>> X = [[0.0, 1.0, 5.0], [0.0, 2.0, 9.0], [0.0, 3.0, 1.0]]
    >>> order = fc.FeatureOrder("variance").fit(X)
    >>> order.permutation_
    array([2, 1, 0])
    >>> order.transform(X)[0], order.get_feature_names_out()
    (array([5., 1., 0.]), array(['x2', 'x1', 'x0'], dtype=object))
    >>> from sklearn.pipeline import make_pipeline
    >>> ranked_lda = make_pipeline(fc.FeatureOrder("ranked"), fc.PrefixLDA(n_features=10))
    """

    def __init__(self, order: str = "given", *, random_state: Any = None) -> None:
        self.order = order
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the order.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows, real and finite.
        y : array-like of shape (n_samples,), default None
            Labels, for "ranked"; not used by the other orders.

        Returns
        -------
        FeatureOrder
            The transformer itself.
        """
        order = check_choice(self.order, "order", ORDERS)
        points = check_points(X, allow_objects=True)
        permutation: Any = np.arange(points.shape[1])
        pca: Any = None
        if order == "random":
            permutation = np.random.default_rng(check_seed(self.random_state)).permutation(points.shape[1])
        elif order == "variance":
            permutation = _decreasing(_squares(_centred(points)))
        elif order == "ranked":
            if y is None:
                validate_data(self, X, y, skip_check_array=True)  # says so in scikit-learn's words
            permutation = _decreasing(_f_values(_centred(points), _checked_codes(y, len(points))))
        elif order == "pca":
            _centred(points)  # its check
            with np.errstate(invalid="ignore"):  # of constants alone the shares of the variance are 0/0
                permutation, pca = None, PCA(svd_solver="full").fit(points.astype(np.float64))
        # Nothing is set before all has been checked: a call that fails leaves the earlier fit.
        validate_data(self, X, y, skip_check_array=True)  # names and number of features
        self.permutation_, self.pca_ = permutation, pca
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Rows with their features in the learned order, in a new array.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_in_)
            Rows, real and finite.

        Returns
        -------
        ndarray of shape (n_samples, n_features_in_), dtype of X
            Rows; for "pca" float64 of shape (n_samples, min(n_samples in `fit`, n_features_in_)).
        """
        check_is_fitted(self)
        points = check_points(X, min_samples=1, allow_objects=True)
        validate_data(self, X, reset=False, skip_check_array=True)
        if self.pca_ is not None:
            return self.pca_.transform(points.astype(np.float64))
        return np.take(points, self.permutation_, axis=1)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the features of `transform`.

        Parameters
        ----------
        input_features : array-like of shape (n_features_in_,), default None
            Names of the input features; None: those of `fit`, or "x0", "x1", ...

        Returns
        -------
        ndarray of shape (n_features_out,), object
            The names in the learned order; for "pca" "pca0", "pca1", ...
        """
        names = super().get_feature_names_out(input_features)
        if self.pca_ is not None:
            return self.pca_.get_feature_names_out()
        return names[self.permutation_]

    def __sklearn_tags__(self) -> Tags:
        """Whether labels are needed, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.order == "ranked"
        return tags


def _checked_codes(y: Any, n_samples: int) -> np.ndarray:
    labels = check_labels(y, n_samples)
    column_or_1d(y, warn=True)
    classes, codes = check_classes(labels)
    if n_samples <= len(classes):
        raise ValueError(f"X must have more rows than classes, got {n_samples} rows of {len(classes)} classes")
    return codes


def _centred(points: np.ndarray) -> np.ndarray:
    """Return the rows less their mean, as float64; raise if a feature's squares overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        X = points.astype(np.float64)
        X -= X[0].copy()  # a constant feature becomes 0, whatever its mean is rounded to
        X -= X.mean(axis=0)
        overflow = ~np.isfinite(_squares(X))
    if overflow.any():
        column = int(np.argmax(overflow))
        largest = np.abs(points[:, column].astype(np.float64)).max()
        raise ValueError(f"X must have squares in the range of float64, got {largest:g} in column {column}")
    return X


def _squares(X: np.ndarray) -> np.ndarray:
    return np.square(X).sum(axis=0)


def _f_values(X: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return F of each feature of centred rows: inf for one that separates without error, nan for a constant."""
    X = X / np.maximum(np.abs(X).max(axis=0), np.finfo(np.float64).tiny)  # F has no unit, and no square vanishes
    counts = np.bincount(codes)
    means = np.stack([X[codes == code].mean(axis=0) for code in range(len(counts))])
    between = counts @ np.square(means) / (len(counts) - 1)
    within = _squares(X - means[codes]) / (len(X) - len(counts))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return between / within


def _decreasing(scores: np.ndarray) -> np.ndarray:
    """Return the places of the scores from the largest to the smallest, equal ones in order, nan last."""
    return np.argsort(-scores, kind="stable")
