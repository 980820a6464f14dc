"""`top_curvature`: the arguments of one search, checked, and its result."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator

from fastcurse import _validation
from fastcurse.curvature._hessian import Hessian, LossHessian, OperatorHessian
from fastcurse.curvature._leading import leading_eigenpairs
from fastcurse.curvature._result import TopCurvature
from fastcurse.engine.batches import progress_bar
from fastcurse.engine.blas import one_blas_thread
from fastcurse.engine.threads import available_threads

LOSSES = ("squared", "logistic")


def top_curvature(
    X: Any,
    y: Any = None,
    *,
    loss: str = "squared",
    weights: Any = None,
    fit_intercept: bool = False,
    l2: float = 0.0,
    k: int = 20,
    tol: float = 1e-4,
    n_parameters: int | None = None,
    random_state: Any = 0,
    n_threads: int | None = None,
    progress: bool = False,
) -> TopCurvature:
    """Find the largest eigenvalues of the Hessian of a mean loss, or of any Hessian that is known by its products.

    With rows z_i, of `X` and an added 1 for the intercept, and f_i = z_i'w:
    the squared loss ``sum (f_i - y_i)^2 / 2n`` has the Hessian ``Z'Z / n`` everywhere; the logistic loss
    ``sum log(1 + exp(-y_i f_i)) / n``, y_i = 1 or -1, has ``Z' diag(s_i (1 - s_i)) Z / n`` at w,
    ``s_i = 1 / (1 + exp(-f_i))``. The penalty ``l2 ||w||^2 / 2`` on the weights, not the intercept, adds l2 to each.
    Neither Hessian depends on the labels.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), callable, or scipy.sparse.linalg.LinearOperator
        Rows: finite real numbers; a ``np.memmap`` is read in blocks. Or a Hessian: a function that takes a vector v
        of shape (n_parameters,), float64, and returns Hv of the same shape; or such an operator.
    y : array-like of shape (n_samples,), optional
        Labels, one a row. Not used, for the Hessian does not depend on them.
    loss : {"squared", "logistic"}, default="squared"
        Which loss of the rows.
    weights : array-like of shape (d,), optional
        Where the Hessian of the logistic loss is taken: n_features weights, then the intercept if there is one. None:
        zeros. The squared loss does not use it.
    fit_intercept : bool, default=False
        Add the intercept, a last parameter.
    l2 : float, default=0.0
        Penalty, at least 0.
    k : int, default=20
        Number of eigenvalues, at least 1; with fewer parameters all of them are found.
    tol : float, default=1e-4
        Largest residual of a pair as a share of its eigenvalue, strictly between 0 and 1.
    n_parameters : int, optional
        Number of parameters d of a callable; None for anything else.
    random_state : int, Generator or None, default=0
        Seed of the vectors that the search starts from.
    n_threads : int, optional
        Threads that share the rows. None: all processors that this process may run on. It never changes the answer.
    progress : bool, default=False
        Show the number of products so far on stderr when that is a terminal.

    Returns
    -------
    TopCurvature
        Eigenvalues, directions, residuals, the trace, and the largest stable step of gradient descent.

    Raises
    ------
    TypeError
        `X` is neither rows of real numbers nor a Hessian, or another argument has the wrong type.
    ValueError
        An argument breaks its rule; `X` has a value that is not finite, or is so large or small that squares leave
        float64's range; a Hessian is not symmetric to 1e-4, or a product has another shape or is not finite.
    RuntimeError
        The residuals stay too large: a Hessian's products are too rough for `tol`.
    MemoryError
        The vectors of the search do not fit into the memory that is free.

    Notes
    -----
    *Error.* For each pair some eigenvalue of H lies within its residual, at most tol · eigenvalue, or 1e-11 of the
    largest in magnitude where that is more; the error is about the square of that, as a share, over the relative gap to
    the next eigenvalues. That no larger one, and no copy of a multiple one, is left out is as sure as random vectors
    make it: the search starts from k + 10 of them. Of 440 spectra with copies or near ties of the first none was
    off by more than tol.

    *Cost.* Rows of up to 1500 features are added up to a matrix, in one pass: n d² operations. For more a pass serves
    up to eight vectors, and each takes 32 n d operations; of twelve spectra of 1500 ten took 10 to 150 passes at
    k = 20, the flattest 330. Neither n × n nor d × d numbers ever exist.
    Memory: 64 (k + 10) d bytes, d (k + 10) for each thread, and some megabytes. A callable costs 20 to 500 calls at
    k = 1 and 100 to 1200 at k = 20, or d if that is at most 4 (k + 10).

    *Determinism.* The same bits for any number of threads: blocks of rows have one BLAS thread each and are added up
    in their order. BLAS has one thread in a callable, too.

    *Trace.* A sum for rows and for small d. Otherwise the leading eigenvalues, and of the rest a mean of v'Hv over
    random orthonormal vectors beside them, with its standard error: rough where large eigenvalues, also negative
    ones, are among the rest.

    References
    ----------
    G. H. Golub, R. Underwood (1977), The block Lanczos method for computing eigenvalues. K. Wu, H. Simon (2000),
    Thick-restart Lanczos method for large symmetric eigenvalue problems, SIAM J. Matrix Anal. Appl. 22, 602-616. Here
    blocks are residuals of pairs that have not converged, and only 8 of them.

    Examples
    --------
    >>> import fastcurse as fc
    >>> top = fc.top_curvature([[3.0, 0.0], [0.0, 1.0]])
    >>> top.eigenvalues, round(top.largest_stable_step, 6), top.trace
    (array([4.5, 0.5]), 0.444444, 5.0)
    >>> fc.top_curvature([[3.0, 0.0], [0.0, 1.0]], loss="logistic").eigenvalues     # at weights 0: a quarter
    array([1.125, 0.125])
    >>> fc.top_curvature(lambda v: [2.0, 5.0, -7.0] * v, n_parameters=3, k=2).eigenvalues
    array([5., 2.])
    """
    _validation.check_choice(loss, "loss", LOSSES)
    k = _validation.check_count(k, "k", minimum=1)
    tol = _validation.check_fraction(tol, "tol")
    l2 = _validation.check_nonnegative(l2, "l2")
    if not isinstance(fit_intercept, (bool, np.bool_)):
        raise TypeError(f"fit_intercept must be True or False, got {fit_intercept!r}")
    threads = _validation.check_threads(n_threads) or available_threads()
    generator = np.random.default_rng(_validation.check_seed(random_state))
    is_operator = isinstance(X, LinearOperator) or callable(X)
    if is_operator and (y is not None or weights is not None or fit_intercept or l2 or loss != "squared"):
        raise ValueError(
            "y, loss, weights, fit_intercept and l2 must be left out where X is a Hessian: they are of rows"
        )
    with one_blas_thread(), progress_bar(np.inf, "curvature", unit=" products", enabled=progress) as bar:
        hessian: Hessian
        if is_operator:
            hessian = OperatorHessian(X, _number_of_parameters(X, n_parameters))
        else:
            hessian = _of_rows(X, y, loss, weights, bool(fit_intercept), l2, n_parameters, threads)
        d = hessian.n_parameters
        found = leading_eigenpairs(hessian, min(k, d), tol, generator, bar.update)
    return TopCurvature(
        found.eigenvalues, found.vectors, found.residuals, found.trace, found.trace_error, d, found.n_products
    )


def _of_rows(
    X: Any,
    y: Any,
    loss: str,
    weights: Any,
    fit_intercept: bool,
    l2: float,
    n_parameters: int | None,
    n_threads: int,
) -> LossHessian:
    if n_parameters is not None:
        raise ValueError(f"n_parameters must be None where X holds rows, got {n_parameters!r}")
    points = _validation.check_points(X, min_samples=1)
    if y is not None:
        _validation.check_labels(y, len(points))
    d = points.shape[1] + fit_intercept
    where = np.zeros(d) if weights is None else _validation.check_vector(weights, "weights", d)
    return LossHessian(points, loss, where, fit_intercept, l2, n_threads)


def _number_of_parameters(X: Any, n_parameters: int | None) -> int:
    if not isinstance(X, LinearOperator):
        if n_parameters is None:
            raise ValueError("n_parameters must be given where X is a function, got None")
        return _validation.check_count(n_parameters, "n_parameters", minimum=1)
    if X.shape[0] != X.shape[1] or X.shape[0] < 1:
        raise ValueError(f"X must be a square operator, got shape {X.shape}")
    if n_parameters not in (None, X.shape[0]):
        raise ValueError(f"n_parameters must be None or X's {X.shape[0]}, got {n_parameters!r}")
    return int(X.shape[0])
