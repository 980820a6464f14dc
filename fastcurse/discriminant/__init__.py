"""Linear discriminant analysis at every feature prefix, from one factorisation.

::

    _classifier   PrefixLDA: scikit-learn's face; validates, then asks the model
    _single       its methods that use one prefix, as any classifier's do
    _model        which route each prefix takes; scores, counts and coefficients
    _nested       tall or ridge: one Cholesky factor, all prefixes are running sums
    _dense        the other prefixes, one rule each: refined, wide, scikit-learn
    _moments      sufficient statistics (counts, means, scatter) and the standardised frame
"""

from fastcurse.discriminant._classifier import PrefixLDA

__all__ = ["PrefixLDA"]
