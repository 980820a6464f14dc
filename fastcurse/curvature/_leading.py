"""The largest eigenvalues of a symmetric matrix from its products with blocks of vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import linalg

from fastcurse.curvature._hessian import Hessian
from fastcurse.engine.blas import interruptible
from fastcurse.engine.memory import check_free

# The search starts from k and so many random vectors, and may hold so many times as many. Larger blocks take fewer
# passes and more products.
_SPARE, _BLOCK, _HELD = 10, 8, 4
# The pairs after the k are watched, too, and residuals are a third of what is promised: see `_Search`.
_GUARDS, _GUARD_REACH, _MARGIN = 4, 0.1, 3.0
# A cluster of 60 eigenvalues within a thousandth took 330 passes at k = 20, 930 at k = 5.
_MAX_PASSES = 3000
# Of the largest eigenvalue in magnitude: what rounding leaves of a residual, generously.
_ROUNDING = 1e-11
_ASYMMETRY = 1e-4
_DEPENDENT = 1e-8
# Eigenvectors are off by an angle of the residuals over the distance to the other eigenvalues (Davis and Kahan).
_APART = 100.0


class Leading(NamedTuple):
    """Eigenvalues (k,), largest first, vectors (d, k), residuals (k,), the trace and its standard error, the cost."""

    eigenvalues: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    trace: float
    trace_error: float
    n_products: int


def leading_eigenpairs(
    hessian: Hessian, k: int, tol: float, generator: np.random.Generator, advance: Callable[[int], object]
) -> Leading:
    """Return the k largest eigenvalues; `advance` is told of products.

    A search leaves each a residual of at most tol times itself, and times what it exceeds the mean of the rest by; or
    of 1e-11 of the largest in magnitude, which is what rounding may leave.
    """
    if hessian.is_small(_HELD * (k + _SPARE)):
        return _from_matrix(hessian.matrix(), k, hessian)
    return _Search(hessian, k, generator, advance).run(tol)


def _from_matrix(H: np.ndarray, k: int, hessian: Hessian) -> Leading:
    d = len(H)
    _check_symmetric(H, H.T, float(np.abs(H).max()))
    # All of them: asked for some alone, LAPACK's syevr gives none at all of a half times the identity plus 1e-121.
    values, vectors = interruptible(lambda: np.linalg.eigh(H))
    values, vectors = values[: -k - 1 : -1].copy(), vectors[:, : -k - 1 : -1].copy()
    residuals = _lengths(H @ vectors - vectors * values)
    products = 0 if hessian.trace is not None else d
    return Leading(values, _with_sign(vectors), residuals, float(np.trace(H)), 0.0, products)


class _Search:
    """Block Lanczos with thick restarts: the subspace grows by the residuals of the pairs that are not there yet.

    In the space of V (d, m), orthonormal, with W = H V, the eigenpairs (θ, u) of T = V'W give the candidates θ, V u
    with residuals W u - θ V u, orthogonal to V: the next directions (Davidson's method without a preconditioner,
    which spans what Lanczos's does). Where V is full it goes on from the leading candidates. θ never exceed the
    eigenvalues of the same rank (Cauchy), and for each residual r an eigenvalue lies within r of θ.

    Neither SciPy solver will do. `eigsh` looks from one vector: of an eigenvalue of multiplicity 40 it left copies out
    at tolerance 1e-4 and 1e-8, so that the twentieth was off by 70 %, and each of its 180 to 280 products is a pass
    over the rows; this takes 10 to 150. `lobpcg` does not stop where k exceeds the rank, and stops at once, wrong,
    where an eigenvalue asked for is 0. Here a direction is missed if k + 10 random vectors are all orthogonal to it.

    A residual of tol · θ alone would not do: of the identity in a million dimensions with one eigenvalue of 1.01,
    random vectors have residuals of 5e-5. What θ exceeds the mean of the others by does not change when a multiple of
    the identity is added, as the search itself does not.

    Nor would that: a vector between two close eigenvalues, or below one that is not there yet, can have a small
    residual, too. So the four pairs after the k are watched: each may be rough, but not so that ten times its residual
    reaches up to the last of the k. And residuals are a third of what is promised. The open pairs grow in turn: served
    in their order, the last of 20 copies had no directions of its own and was missed in 60 of 60 spectra, by up to 3 %.
    """

    def __init__(
        self, hessian: Hessian, k: int, generator: np.random.Generator, advance: Callable[[int], object]
    ) -> None:
        self._hessian, self._k, self._advance = hessian, k, advance
        d, n_held = hessian.n_parameters, _HELD * (k + _SPARE)
        vectors = f"{2 * n_held} vectors of {d} parameters"
        check_free(16 * d * n_held, f"k must leave room for {vectors}: that needs {{need}}, and {{free}} are free")
        self._V, self._W = (np.empty((d, n_held), order="F") for _ in range(2))
        self._T = np.zeros((n_held, n_held))
        self._size, self._n_products = 0, 0
        self._start = np.linalg.qr(generator.standard_normal((d, k + _SPARE)))[0]
        self._grow(self._start)
        self._slopes = np.diagonal(self._T)[: self._size].copy()

    def run(self, tol: float) -> Leading:
        """Return the pairs once all residuals are small."""
        k = self._k
        for turn in range(_MAX_PASSES):
            m = self._size
            values, U = np.linalg.eigh(self._T[:m, :m])
            values, U = values[::-1], U[:, ::-1]
            watched = values[: k + _GUARDS]
            vectors = self._V[:, :m] @ U[:, : watched.size]
            residuals = self._W[:, :m] @ U[:, : watched.size] - vectors * watched
            sizes, top = _lengths(residuals), watched[:k]
            # Those well above the last: the others may be directions of a multiple eigenvalue, chosen by the start.
            apart = np.flatnonzero(top - top[-1] > _APART * _lengths(sizes[:k]))
            rest = self._slopes_of_rest(top[apart], vectors[:, apart])
            allowed = self._allowed(watched, float(rest.mean()), float(np.abs(values).max()), tol)
            open_pairs = np.flatnonzero(sizes > allowed)
            if open_pairs.size == 0:
                trace, error = self._trace(top[apart], rest)
                pairs = top.copy(), _with_sign(vectors[:, :k]), sizes[:k].copy()
                return Leading(*pairs, trace, error, self._n_products)
            chosen = np.roll(open_pairs, -_BLOCK * turn)[:_BLOCK]
            if m + chosen.size > self._V.shape[1]:
                self._restart(values, U)
            directions = self._directions(residuals[:, chosen] / sizes[chosen])
            if directions.shape[1] == 0:
                break
            self._grow(directions)
        at = open_pairs[0]
        raise RuntimeError(
            f"top_curvature found no {k} eigenvalues in {self._n_products} products: number {at + 1}, "
            f"{watched[at]:.6g}, has a residual of {sizes[at]:.3g} and may have {allowed[at]:.3g}; raise tol or lower k"
        )

    def _allowed(self, values: np.ndarray, mean_of_rest: float, largest: float, tol: float) -> np.ndarray:
        """Return the largest residual that each pair may have; those after the k must not be able to rise to them."""
        above = np.minimum(np.abs(values), values - mean_of_rest)
        allowed = np.maximum(tol / _MARGIN * above, _ROUNDING * largest)
        allowed[self._k :] = np.maximum(allowed[self._k :], _GUARD_REACH * (values[self._k - 1] - values[self._k :]))
        return allowed

    def _grow(self, directions: np.ndarray) -> None:
        """Take in orthonormal directions (d, b), orthogonal to those that are held."""
        m = self._size
        stop = m + directions.shape[1]
        images = self._hessian.products(directions)
        self._V[:, m:stop], self._W[:, m:stop] = directions, images
        self._n_products += stop - m
        self._advance(stop - m)
        rows = self._V[:, :stop].T @ images
        self._T[:stop, m:stop] = rows
        self._T[m:stop, :stop] = rows.T
        self._size = stop
        _check_symmetric(rows, self._W[:, :stop].T @ directions, float(np.abs(self._T[:stop, :stop]).max()))

    def _restart(self, values: np.ndarray, U: np.ndarray) -> None:
        """Keep the leading candidates alone."""
        m, kept = self._size, self._k + _SPARE
        for held in (self._V, self._W):
            held[:, :kept] = held[:, :m] @ U[:, :kept]
        self._T[:kept, :kept] = np.diag(values[:kept])
        self._size = kept

    def _directions(self, residuals: np.ndarray) -> np.ndarray:
        """Return an orthonormal basis of what the columns, of length 1, add to the directions that are held."""
        V = self._V[:, : self._size]
        for _ in range(2):  # the second time takes out what rounding left
            residuals = residuals - V @ (V.T @ residuals)
            basis, triangle, _ = linalg.qr(residuals, mode="economic", pivoting=True)
            residuals = basis[:, np.abs(np.diagonal(triangle)) > _DEPENDENT]
        return np.asarray(residuals)

    def _slopes_of_rest(self, top: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Return v'Hv / v'v along the random start less its parts along these leading vectors: (k + 10,)."""
        shares = (vectors.T @ self._start) ** 2
        return np.asarray((self._slopes - top @ shares) / (1.0 - shares.sum(axis=0)))

    def _trace(self, top: np.ndarray, rest: np.ndarray) -> tuple[float, float]:
        """Return the trace and its standard error: known, or from the slopes of the rest."""
        if self._hessian.trace is not None:
            return self._hessian.trace, 0.0
        n_rest = self._hessian.n_parameters - top.size
        mean = float(rest.mean())
        error = n_rest * float(_lengths(rest - mean)) / (rest.size * (rest.size - 1)) ** 0.5
        return float(top.sum()) + n_rest * mean, error


def _lengths(columns: np.ndarray) -> np.ndarray:
    """Return the length of each column, or of one vector: Hessians may be so large or small that squares are not."""
    exponent = np.frexp(np.abs(columns).max())[1]
    return np.ldexp(np.linalg.norm(np.ldexp(columns, -exponent), axis=0), exponent)


def _check_symmetric(first: np.ndarray, second: np.ndarray, largest: float) -> None:
    """Raise ValueError unless u'Hv and v'Hu agree, to a share of the largest of them so far."""
    differs = float(np.abs(first - second).max())
    if differs > _ASYMMETRY * largest:
        raise ValueError(
            f"X must be symmetric, as a Hessian is: u'Hv and v'Hu differ by {differs:.3g}, where none exceeds "
            f"{largest:.3g}"
        )


def _with_sign(vectors: np.ndarray) -> np.ndarray:
    """Return the vectors (d, k), each with its largest component positive."""
    largest = vectors[np.argmax(np.abs(vectors), axis=0), np.arange(vectors.shape[1])]
    return vectors * np.where(largest < 0.0, -1.0, 1.0)
