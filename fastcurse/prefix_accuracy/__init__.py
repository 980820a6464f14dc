"""What labelled data say at every feature prefix.

::

    _supported    supported_features: cross-validation, theory, and what they recommend
    _result       what it returns
    _folds        one model a fold, merged from the others' sums; their accuracies
    _prediction   what normal theory expects, at these rows and at twice as many
    _neighbors    accuracy of the nearest neighbours' vote, from a search that has been made
"""

from fastcurse.prefix_accuracy._neighbors import NeighborAccuracy, neighbor_accuracy
from fastcurse.prefix_accuracy._result import SupportedFeatures
from fastcurse.prefix_accuracy._supported import supported_features

__all__ = ["NeighborAccuracy", "SupportedFeatures", "neighbor_accuracy", "supported_features"]
