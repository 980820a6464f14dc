"""Labels, classes and their probabilities."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from fastcurse._validation._scalars import shown


def check_labels(y: Any, n_samples: int, name: str = "y", points: str = "X") -> np.ndarray:
    """Return the labels as a one-dimensional array of one finite number or string for each row of `points`."""
    try:
        labels = np.asarray(y)
    except (ValueError, TypeError):
        raise ValueError(f"{name} must have 1 dimension (n_samples,), got the ragged {shown(y)}") from None
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError(f"{name} must have 1 dimension (n_samples,), got shape {labels.shape}")
    if labels.shape[0] != n_samples:
        raise ValueError(
            f"{name} must have one label a row: {points} has {n_samples} rows, {name} has {labels.shape[0]}"
        )
    if labels.dtype.kind == "T":  # NumPy's strings of any length; one that is missing is none
        labels = labels.astype(object)
    if labels.dtype.kind not in "biufOUS":
        raise TypeError(f"{name} must hold numbers or strings, got dtype {labels.dtype}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        at = int(np.flatnonzero(~np.isfinite(labels))[0])
        raise ValueError(f"{name} has a {labels[at]} at row {at}; labels need finite values")
    if labels.dtype.kind == "O":
        for row, label in enumerate(labels):
            if not isinstance(label, str):
                raise TypeError(
                    f"{name} must hold numbers or strings, with dtype object only strings, got {shown(label)} "
                    f"({type(label).__name__}) at row {row} (Unknown label type)"
                )
    return labels


def check_classes(labels: np.ndarray, name: str = "y") -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted classes (at least two) and each label's place among them.

    A number with a fraction is no class: scikit-learn's "Unknown label type: continuous".
    """
    if labels.dtype.kind == "f":
        fractions = np.flatnonzero(labels != np.rint(labels))
        if fractions.size:
            raise ValueError(
                f"{name} must hold whole numbers or strings, got {labels[fractions[0]]} at row {fractions[0]} "
                "(Unknown label type: continuous)"
            )
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"{name} must hold at least 2 classes, got 1 class: {classes.tolist()[0]!r}")
    return classes, codes


def check_codes(labels: np.ndarray, classes: np.ndarray, name: str = "y") -> np.ndarray:
    """Return each label's place among the sorted `classes`, of which it must be one."""
    if (labels.dtype.kind in "OUS") != (classes.dtype.kind in "OUS"):
        raise TypeError(f"{name} must hold labels of {classes.tolist()}, got dtype {labels.dtype}")
    codes = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    unknown = np.flatnonzero(classes[codes] != labels)
    if unknown.size:
        at = unknown[0]
        raise ValueError(f"{name} must hold labels of {classes.tolist()}, got {labels[at]!r} at row {at}")
    return codes


def check_priors(priors: Any, n_classes: int) -> np.ndarray:
    """Return `priors` as float64 (n_classes,), none negative; they are made to sum to 1, with a warning."""
    try:
        array = np.array(priors, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"priors must be numbers, one a class, got {shown(priors)}") from None
    if array.shape != (n_classes,):
        raise ValueError(f"priors must be {n_classes} numbers, one a class, got {shown(priors)}")
    if not (np.isfinite(array) & (array >= 0.0)).all():
        raise ValueError(f"priors must be non-negative and finite, got {shown(priors)}")
    total = array.sum()
    if total <= 0.0:
        raise ValueError(f"priors must have a positive sum, got {shown(priors)}")
    if abs(total - 1.0) > 1e-5:
        warnings.warn(f"priors must sum to 1, got {total:g}: renormalizing", UserWarning, stacklevel=3)
        array /= total
    return array
