"""Leading eigenvalues of the Hessian of a loss, from its products with vectors."""

from __future__ import annotations

from fastcurse.curvature._result import TopCurvature
from fastcurse.curvature._top import top_curvature

__all__ = ["TopCurvature", "top_curvature"]
