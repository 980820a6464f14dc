"""The leading eigenvalues of a Hessian, and what they say about gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastcurse._results import freeze_arrays

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class TopCurvature:
    """The k largest eigenvalues of a Hessian H of d parameters, and their directions; arrays are read-only.

    Attributes
    ----------
    eigenvalues : ndarray of shape (k,), float64
        Largest first, with their multiplicity; in units of the loss over squared units of the parameters.
    vectors : ndarray of shape (d, k), float64
        Orthonormal directions, one a column; the largest component of each is positive.
    residuals : ndarray of shape (k,), float64
        ``||H v - eigenvalue v||``: an eigenvalue of H lies at most so far from each one here.
    trace : float
        Sum of all d eigenvalues.
    trace_error : float
        Standard error of `trace`; 0 where it is a sum and not an estimate from random directions.
    n_parameters : int
        d; with an intercept that is the last parameter.
    n_products : int
        Products of the Hessian with a vector that were computed; 0 where the rows were added up to a d × d matrix.

    Examples
    --------
    >>> import numpy as np
    >>> import fastcurse as fc
    >>> X = np.random.default_rng(0).normal(size=(500, 4)) * [4, 2, 1, 1]
    >>> found = fc.top_curvature(X, k=2)  # of the squared loss: the eigenvalues of X'X / n
    >>> found.to_frame()["eigenvalue"].round(1).tolist(), round(found.trace, 1)
    ([16.7, 3.5], 22.3)
    >>> round(found.largest_stable_step, 3)
    0.12
    >>> abs(found.vectors[:, 0]).round(2)  # along the feature of the largest scale
    array([1.  , 0.02, 0.01, 0.01])
    """

    eigenvalues: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    trace: float
    trace_error: float
    n_parameters: int
    n_products: int

    def __post_init__(self) -> None:
        freeze_arrays(self)

    @property
    def largest_stable_step(self) -> float:
        """2 / largest eigenvalue: gradient descent with a larger step moves away along it; inf where none is above 0.

        True of the quadratic loss that has this Hessian everywhere, and of another near where the Hessian was taken.
        """
        largest = float(self.eigenvalues[0])
        return 2.0 / largest if largest > 0.0 else float(np.inf)

    def to_frame(self) -> pd.DataFrame:
        """Return one row an eigenvalue as a pandas DataFrame (needs pandas); `rank` 1 is the largest."""
        import pandas as pd

        rank = np.arange(1, self.eigenvalues.size + 1)
        return pd.DataFrame({"rank": rank, "eigenvalue": self.eigenvalues, "residual": self.residuals})
