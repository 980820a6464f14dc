"""supported_features: how many leading features the labelled rows at hand support."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse import _validation
from fastcurse.engine.threads import thread_limit
from fastcurse.prefix_accuracy._folds import fold_accuracies, fold_models, fold_numbers
from fastcurse.prefix_accuracy._prediction import predicted_accuracies
from fastcurse.prefix_accuracy._result import SupportedFeatures


def supported_features(
    X: Any,
    y: Any,
    *,
    prefixes: Any = None,
    cv: int = 5,
    ridge: float = 0.0,
    random_state: Any = None,
    n_threads: int | None = None,
) -> SupportedFeatures:
    """Accuracy of linear discriminant analysis at each prefix of the features, and how many of them to keep.

    Measured by stratified cross-validation, and expected by normal theory at these rows and at twice as many. The
    recommendation is the one-standard-error rule: the smallest prefix whose accuracy is at least
    ``accuracy - standard_error`` of the best one.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Rows, real and finite; a ``np.memmap`` is read in blocks.
    y : array-like of shape (n_samples,)
        Labels, whole numbers or strings, of at least two classes of at least two rows each.
    prefixes : array-like of int of shape (m,), default None
        Strictly increasing numbers of leading features. None: every prefix.
    cv : int, default 5
        Number of folds, those of ``StratifiedKFold(cv, shuffle=True)``: at least 2, at most the rows of the largest
        class. A class of fewer rows is held out in as many folds as it has rows.
    ridge : float, default 0.0
        That of `PrefixLDA`. Theory has no word on a ridge.
    random_state : int, numpy.random.Generator or None, default None
        Seed of the folds; an int below 2^32 gives scikit-learn's.
    n_threads : int, default None
        Threads to use. None: all processors that this process may run on. It never changes the answer.

    Returns
    -------
    SupportedFeatures
        Accuracies at each prefix, and the recommendations.

    Raises
    ------
    TypeError
        `X` or `y` holds other than numbers (`y`: or strings), or an argument is of another type.
    ValueError
        `X` has a value that is not finite; `y` has another length than `X`, a nan, one class, or a class of one row;
        `prefixes`, `cv` or `ridge` breaks its rule; a fold that is held out leaves no more rows than classes.

    Notes
    -----
    *Cost*, n rows, D features: the sums of each fold are taken in one pass and merged into those of each training set,
    O(n D²), so that the folds cost no more than one fit; then cv factorisations, O(cv D³), and the scores,
    O(cv n D²) for training rows and O(n D²) for held-out ones. Of training rows at most 65 536 drawn ones are scored.
    With fewer than 4 D rows each training set is fitted by itself. Memory: O(cv D²) and some blocks of rows.

    *Theory*: squared Mahalanobis distances of the class means over all rows, without their bias
    (`theory.unbiased_delta_sq`), give the accuracy of normal classes of one covariance at any number of training rows
    (`theory.multiclass_lda_accuracy`). It counts the features that are no linear combination of earlier ones.
    Where it is far from `accuracy` the classes are not like that; it is used for the difference that twice the rows
    make: ``recommended_features_doubled`` is the same rule for ``accuracy + predicted_accuracy_doubled -
    predicted_accuracy``. It says nothing with a ridge, nor from as many features as a training fold has rows less
    classes on.

    A picture: ``fc.PrefixCurveDisplay(prefixes=found.prefixes, test_scores=found.fold_accuracy).plot()``.

    References
    ----------
    L. Breiman, J. Friedman, R. Olshen, C. Stone (1984), Classification and Regression Trees, section 3.4.3: the rule
    of one standard error. Y. Bengio, Y. Grandvalet (2004), No unbiased estimator of the variance of k-fold
    cross-validation, J. Machine Learning Research 5, 1089-1105: why it is approximate.

    Examples
    --------
    >>> import fastcurse as fc
    >>> X, y = fc.make_trunk(500, 400, random_state=0)
    >>> found = fc.supported_features(X, y, prefixes=[1, 3, 10, 30, 100, 300], random_state=0)
    >>> found.peak, found.recommended_features
    (30, 30)
    >>> found.accuracy.round(2)
    array([0.85, 0.92, 0.95, 0.97, 0.96, 0.91])
    """
    points = _validation.check_points(X, allow_objects=True)
    labels = _validation.check_labels(y, len(points))
    classes, codes = _validation.check_classes(labels)
    chosen = _validation.check_prefixes(prefixes, points.shape[1])
    ridge = _validation.check_nonnegative(ridge, "ridge")
    seed = _validation.check_seed(random_state)
    n_threads = _validation.check_threads(n_threads)
    class_sizes = np.bincount(codes)
    cv = _checked_folds(cv, class_sizes, classes)
    folds = fold_numbers(codes, cv, _entropy(seed) % 2**32)
    left = len(points) - int(np.bincount(folds).max())
    if left <= len(classes):
        raise ValueError(
            f"X must leave more rows than classes when a fold is held out, got {len(points)} rows of {len(classes)} "
            f"classes in {cv} folds, which leaves {left}"
        )
    with thread_limit(n_threads):
        models, whole = fold_models(points, codes, folds, ridge)
        train, test = fold_accuracies(points, codes, folds, models, chosen, np.random.default_rng(seed))
        predicted, doubled = predicted_accuracies(whole, class_sizes, chosen, (cv - 1) / cv)
    accuracy, standard_error = test.mean(axis=1), test.std(axis=1, ddof=1) / np.sqrt(cv)
    peak, recommended = one_standard_error(accuracy, standard_error)
    recommended_doubled = None
    if np.isfinite(predicted[peak]):
        _, at = one_standard_error(accuracy + doubled - predicted, standard_error)
        recommended_doubled = int(chosen[at])
    return SupportedFeatures(
        prefixes=chosen,
        fold_accuracy=test,
        accuracy=accuracy,
        standard_error=standard_error,
        train_accuracy=train.mean(axis=1),
        majority_share=float(class_sizes.max() / class_sizes.sum()),
        peak=int(chosen[peak]),
        recommended_features=int(chosen[recommended]),
        predicted_accuracy=predicted,
        predicted_accuracy_doubled=doubled,
        recommended_features_doubled=recommended_doubled,
        n_samples=len(points),
        n_features=points.shape[1],
        n_classes=len(classes),
    )


def one_standard_error(accuracy: np.ndarray, standard_error: np.ndarray) -> tuple[int, int]:
    """Return the places of the first best accuracy, and of the first within its standard error; nan counts as none."""
    peak = int(np.nanargmax(accuracy))
    return peak, int(np.argmax(accuracy >= accuracy[peak] - standard_error[peak]))


def _checked_folds(cv: Any, class_sizes: np.ndarray, classes: np.ndarray) -> int:
    if class_sizes.min() < 2:
        alone = classes[class_sizes < 2].tolist()
        raise ValueError(
            f"y must hold at least 2 rows of each class, one to fit and one to test, got 1 of {alone[0]!r}"
            + (f" and of {len(alone) - 1} more classes" if len(alone) > 1 else "")
        )
    cv = _validation.check_count(cv, "cv", minimum=2)
    if cv > class_sizes.max():
        raise ValueError(f"cv must be at most the rows of the largest class, {class_sizes.max()}, got {cv}")
    return cv


def _entropy(seed: np.random.SeedSequence) -> int:
    entropy = seed.entropy
    assert isinstance(entropy, int)
    return entropy
