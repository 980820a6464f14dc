"""Accuracy against the number of leading features, as a picture."""

from fastcurse.prefix_curve._display import PrefixCurveDisplay

__all__ = ["PrefixCurveDisplay"]
