"""Linear discriminant analysis at every feature prefix, from one factorisation.

::

    _classifier   PrefixLDA: scikit-learn's face of the paths
    _single       its methods that use one prefix, as any classifier's do
    _streaming    fit, partial_fit, merge
    _sample       what is kept of the rows seen
    _model        which route each prefix takes; scores, counts and coefficients
    _nested       tall or ridge: one Cholesky factor, all prefixes are running sums
    _rules        the others, one rule each: refined, singular
    _wide         and beyond n - K features, by a factor that grows
    _separation   distances of the class means, for who predicts accuracies from them
    _frame        the features in units of their within-class standard deviation
    _moments      counts, means and scatter, in blocks that merge
"""

from fastcurse.discriminant._classifier import PrefixLDA
from fastcurse.discriminant._separation import Separation, separation_path

__all__ = ["PrefixLDA", "Separation", "separation_path"]
