"""What cross-validation and theory say of each prefix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcurse._results import freeze_arrays

if TYPE_CHECKING:
    import pandas as pd


def wilson(share: np.ndarray, n_trials: int) -> np.ndarray:
    """Return the 95 % Wilson intervals (m, 2) of shares (m,) of so many trials."""
    from scipy.stats import norm

    square = norm.ppf(0.975) ** 2 / n_trials
    centre = (share + square / 2) / (1 + square)
    reach = np.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return np.clip(np.stack([centre - reach, centre + reach], axis=1), 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class SupportedFeatures:
    """How many leading features labelled rows support; arrays are read-only.

    Attributes
    ----------
    prefixes : ndarray of shape (m,), int64
        Numbers of leading features.
    fold_accuracy : ndarray of shape (m, cv), float64
        Share of each held-out fold that `PrefixLDA`, fitted on the other folds, labels right.
    accuracy : ndarray of shape (m,), float64
        Its mean over folds.
    standard_error : ndarray of shape (m,), float64
        Standard deviation over folds by the square root of their number. Folds share training rows, so that it is
        rather too small.
    train_accuracy : ndarray of shape (m,), float64
        Mean over folds of the accuracy on the rows that the rule was fitted on.
    majority_share : float
        Share of the most frequent class: the accuracy of a rule that looks at no feature.
    peak : int
        Prefix of the best accuracy, the smallest of several.
    recommended_features : int
        Smallest prefix whose accuracy is within one standard error, that of the peak, of the peak's.
    predicted_accuracy : ndarray of shape (m,), float64
        What theory expects of normal classes at the rows of the training folds; nan where it says nothing.
    predicted_accuracy_doubled : ndarray of shape (m,), float64
        The same at twice the rows.
    recommended_features_doubled : int or None
        What would be recommended with twice the rows, if the accuracy changed as theory expects; None if
        theory says nothing at the peak.
    n_samples, n_features, n_classes : int
        Rows, features and classes of the data.

    Examples
    --------
    >>> import fastcurse as fc
    >>> X, y = fc.make_trunk(200, 150, random_state=0)
    >>> found = fc.supported_features(X, y, random_state=0)
    >>> found.recommended_features
    12
    >>> found.to_frame().round(2).loc[[0, 19, 149], ["prefix", "train_accuracy", "accuracy"]]
         prefix  train_accuracy  accuracy
    0         1            0.87      0.87
    19       20            0.99      0.98
    149     150            1.00      0.70
    >>> found.band[149].round(2)  # of the accuracy with all 150 features
    array([0.6, 0.8])
    """

    prefixes: np.ndarray
    fold_accuracy: np.ndarray
    accuracy: np.ndarray
    standard_error: np.ndarray
    train_accuracy: np.ndarray
    majority_share: float
    peak: int
    recommended_features: int
    predicted_accuracy: np.ndarray
    predicted_accuracy_doubled: np.ndarray
    recommended_features_doubled: int | None
    n_samples: int
    n_features: int
    n_classes: int

    def __post_init__(self) -> None:
        freeze_arrays(self)

    @property
    def band(self) -> np.ndarray:
        """95 % interval of the accuracy, (m, 2) float64: the wider ends of two.

        Student's of the folds, and Wilson's of all held-out rows: few folds may agree by chance, and agree always
        where the rule says the same of every row.
        """
        from scipy.stats import t

        half = t.ppf(0.975, self.fold_accuracy.shape[1] - 1) * self.standard_error
        low, high = wilson(self.accuracy, self.n_samples).T
        band = [np.minimum(self.accuracy - half, low), np.maximum(self.accuracy + half, high)]
        return np.clip(np.stack(band, axis=1), 0.0, 1.0)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a prefix as a pandas DataFrame (needs pandas)."""
        import pandas as pd

        columns = ("accuracy", "standard_error", "train_accuracy", "predicted_accuracy", "predicted_accuracy_doubled")
        return pd.DataFrame(
            {
                "prefix": self.prefixes,
                **{name: getattr(self, name) for name in columns},
                "low": self.band[:, 0],
                "high": self.band[:, 1],
            }
        )
