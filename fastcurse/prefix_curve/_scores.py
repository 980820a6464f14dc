"""Scores at each prefix: of fitted folds, of predicted labels, and as arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastcurse._validation import check_labels, check_points


def as_scores(scores: Any, name: str, n_prefixes: int) -> np.ndarray:
    """Return float64 (n_prefixes, n_repetitions), finite."""
    try:
        array = np.asarray(scores, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be numbers of shape (m,) or (m, n_repetitions), got {scores!r:.60}") from None
    shape = array.shape
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or len(array) != n_prefixes or array.size == 0:
        raise ValueError(f"{name} must have shape ({n_prefixes},) or ({n_prefixes}, n_repetitions), got {shape}")
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(f"{name} must be finite, got {array[row, column]} at prefix {row}, repetition {column}")
    return array


def scores_of_folds(
    estimator: Any, X: Any, y: Any, prefixes: Any, cv: Any, groups: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the accuracies (m, n_folds) on the training and on the held-out rows of each fold."""
    from sklearn.base import clone, is_classifier
    from sklearn.model_selection import check_cv
    from sklearn.utils import _safe_indexing

    scorer = last_step(estimator)
    if isinstance(scorer, type) or not (hasattr(scorer, "fit") and hasattr(scorer, "score_path")):
        shown = f"the class {scorer.__name__}" if isinstance(scorer, type) else type(scorer).__name__
        raise TypeError(f"estimator must have the methods fit and score_path, as PrefixLDA() has, got {shown}")
    if not hasattr(X, "iloc"):  # a frame keeps its names for the estimator, which checks it
        X = check_points(X, allow_objects=True)
    y = check_labels(y, len(X))
    train_scores, test_scores = [], []
    for train, test in check_cv(cv, y, classifier=is_classifier(scorer)).split(X, y, groups):
        rows = [_safe_indexing(X, part) for part in (train, test)]
        fitted = clone(estimator).fit(rows[0], y[train])
        train_scores.append(_score_path(fitted, rows[0], y[train], prefixes))
        test_scores.append(_score_path(fitted, rows[1], y[test], prefixes))
    if len({len(scores) for scores in train_scores}) > 1:
        raise ValueError("prefixes must be given where folds have different numbers of features, got None")
    return np.transpose(train_scores), np.transpose(test_scores)


def last_step(estimator: Any) -> Any:
    """Return the estimator that scores: the last step of a pipeline."""
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator


def _score_path(fitted: Any, X: Any, y: np.ndarray, prefixes: Any) -> np.ndarray:
    # scikit-learn's pipelines pass on the methods that they know; score_path is not among them.
    scorer = last_step(fitted)
    return scorer.score_path(X if scorer is fitted else fitted[:-1].transform(X), y, prefixes)


def scores_of_predictions(y_true: Any, y_pred_path: Any) -> np.ndarray:
    """Return the shares of right labels (m, n_repetitions)."""
    repeated = len(y_pred_path) > 0 and np.ndim(y_pred_path[0]) == 2
    paths = [np.asarray(path) for path in (y_pred_path if repeated else [y_pred_path])]
    several = len(y_true) > 0 and np.ndim(y_true[0]) == 1
    truths = [np.asarray(labels) for labels in y_true] if several else [np.asarray(y_true)] * len(paths)
    if len(truths) != len(paths):
        raise ValueError(
            f"y_true must be one array of labels or one for each of the {len(paths)} repetitions of y_pred_path, "
            f"got {len(truths)}"
        )
    scores = []
    for labels, path in zip(truths, paths, strict=True):
        if path.ndim != 2 or path.size == 0 or path.shape != (len(paths[0]), labels.size):
            rule = f"shape (m, n_samples = {labels.size})" + (f" with m = {len(paths[0])}" if repeated else "")
            raise ValueError(f"y_pred_path must have {rule} and at least one label, got shape {path.shape}")
        if (labels.dtype.kind in "OUS") != (path.dtype.kind in "OUS"):
            raise TypeError(f"y_pred_path must hold labels like y_true's {labels.dtype}, got {path.dtype}")
        scores.append((path == labels).mean(axis=1))
    return np.transpose(scores)


def theory_curves(theory: Any, prefixes: np.ndarray) -> dict[str, np.ndarray]:
    """Return each curve of a mapping at the prefixes, float64 (m,)."""
    if theory is None:
        return {}
    if not isinstance(theory, Mapping):
        raise TypeError(f"theory must be a mapping of labels to curves, got {type(theory).__name__}")
    curves = {}
    for label, curve in theory.items():
        values = curve(prefixes) if callable(curve) else curve
        values = np.asarray(values, dtype=np.float64)
        if values.shape != prefixes.shape:
            raise ValueError(
                f"theory must have one value a prefix, shape {prefixes.shape}, got shape {values.shape} for {label!r}"
            )
        curves[str(label)] = values
    return curves
