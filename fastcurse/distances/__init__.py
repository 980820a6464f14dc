"""Pair distances at every feature prefix.

_search       distance_extremes: validate, run, result
_paths        a search for each of few prefixes, or one scan for many
_pairs        closest_pair, farthest_pair: one side, over all features
_result       DistanceExtremes and what the scan did
_moments      distance_moments: exact mean and spread over all pairs, without touching a pair
_norm_spread  the spread of the norms held against Gaussian points
"""

from fastcurse.distances._moments import DistanceMoments, distance_moments
from fastcurse.distances._pairs import closest_pair, farthest_pair
from fastcurse.distances._paths import explain_search
from fastcurse.distances._result import DistanceExtremes, ScanStats
from fastcurse.distances._search import SCREENS, distance_extremes

__all__ = [
    "SCREENS",
    "DistanceExtremes",
    "DistanceMoments",
    "ScanStats",
    "closest_pair",
    "distance_extremes",
    "distance_moments",
    "explain_search",
    "farthest_pair",
]
