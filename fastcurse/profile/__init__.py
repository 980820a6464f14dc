"""What a data set says at each prefix of its features: contrast, spread, neighbours, labels, and a verdict."""

from fastcurse.profile._columns import COLUMNS, GROUPS, Column
from fastcurse.profile._parts import DataQuality, Finding, LabelSummary
from fastcurse.profile._result import Profile

__all__ = ["COLUMNS", "GROUPS", "Column", "DataQuality", "Finding", "LabelSummary", "Profile"]
