"""What a data set says at each prefix of its features: contrast, spread, neighbours, labels, and a verdict."""

from __future__ import annotations

import importlib
from typing import Any

from fastcurse.profile._columns import COLUMNS, GROUPS, Column
from fastcurse.profile._parts import DataQuality, Finding, LabelSummary
from fastcurse.profile._result import Profile

__all__ = ["COLUMNS", "GROUPS", "Column", "DataQuality", "Finding", "LabelSummary", "Profile", "profile"]


def __getattr__(name: str) -> Any:
    # What shows a profile needs none of the kernels that compute one.
    if name == "profile":
        return importlib.import_module("fastcurse.profile._profile").profile
    raise AttributeError(f"module 'fastcurse.profile' has no attribute {name!r}")
