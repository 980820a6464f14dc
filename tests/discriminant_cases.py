"""What the tests of PrefixLDA share: rows, scikit-learn's scores of each prefix, and how ours are held against them."""

from __future__ import annotations

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

# Decision values are promised to 1e-8 of the largest score of the prefix; measured: 1e-12 and below, except ...
TOLERANCE = 1e-8
# ... within 2 of p = n - K, where the smallest singular value may be anything above tol = 1e-4: its square
# times eps is 1e-8, and a dozen further roundings.
TOLERANCE_NEAR_RANK = 1e-6


def sample(rng, n_samples, n_features, n_classes):
    """Gaussian rows with every class present at least once, means a random half of a standard deviation apart."""
    y = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, n_samples - n_classes)])
    X = rng.standard_normal((n_samples, n_features))
    return X + 0.5 * rng.standard_normal((n_classes, n_features))[y], y


def refits(X, y, X_test, prefixes, **params):
    """Scores of scikit-learn fitted to each prefix."""
    models = [LinearDiscriminantAnalysis(solver="svd", **params).fit(X[:, :p], y) for p in prefixes]
    return np.array([m.decision_function(X_test[:, :p]) for m, p in zip(models, prefixes, strict=True)])


def assert_same_labels(ours, theirs, tolerance):
    """The same decisions, except where scikit-learn's two highest scores tie."""
    if theirs.ndim == 1:
        tied = np.abs(theirs) <= tolerance
        decisions = ours > 0, theirs > 0
    else:
        first, second = np.sort(theirs, axis=1)[:, -1:-3:-1].T
        tied = first - second <= tolerance
        decisions = ours.argmax(axis=1), theirs.argmax(axis=1)
    np.testing.assert_array_equal(decisions[0][~tied], decisions[1][~tied])


def assert_same_path(ours, theirs, prefixes, rank):
    for p, our, their in zip(prefixes, ours, theirs, strict=True):
        # Closer ties than 1e-9 of the largest score may fall either way; near n - K, than the scores' own tolerance.
        near = abs(p - rank) <= 2
        assert_same_labels(our, their, (TOLERANCE_NEAR_RANK if near else 1e-9) * np.abs(their).max())
        tolerance = TOLERANCE_NEAR_RANK if abs(p - rank) <= 2 else TOLERANCE
        np.testing.assert_allclose(our, their, rtol=0, atol=tolerance * np.abs(their).max(), err_msg=f"prefix {p}")
