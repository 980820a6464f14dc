"""What a sample of the points says: first bounds, and what the planner asks."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from fastcurse._memmap import take_rows
from fastcurse.engine.blas import interruptible, one_blas_thread
from fastcurse.engine.frame import Axes, Frame, find_frame
from fastcurse.engine.search_costs import Basis, Survey, axes_can_pay
from fastcurse.engine.search_plan import BLOCK, BOXED

_SAMPLE = (256, 1024)  # rows, one in _SHARE
_SHARE = 32
_MANY = 150_000
_PAIRED = (256, 512)  # of the sample, to look along: of fewer points than _MANY, and of more
_ROWS_A_FEATURE = 8  # of the sample that gives the axes
_HILL = 100  # nearest pairs of the sample
_CUTS = (4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096)  # all multiples of four


def sample_rows(n_samples: int, wanted: int | None = None, seed: int = 0) -> np.ndarray:
    """Return a sample of about `wanted` row indices, sorted; the same on every run."""
    if wanted is None:
        wanted = int(np.clip(n_samples // _SHARE, *_SAMPLE))
    if n_samples <= wanted:
        return np.arange(n_samples)
    return np.unique(np.random.default_rng(seed).integers(0, n_samples, wanted))


class View:
    """What is seen of the first features of the points; each thing is looked for once, when it is first asked for.

    Raises ValueError, then, where a squared distance overflows.
    """

    def __init__(self, points: np.ndarray, n_features: int) -> None:
        self.points, self.n_features = points, n_features

    @cached_property
    def frame(self) -> Frame | None:
        """Where a screen sees the points; None where none can hold such values."""
        return find_frame(self.points, self.n_features)

    @property
    def in_range(self) -> bool:
        """Whether a screen can hold the values."""
        return self.frame is not None

    @property
    def survey(self) -> Survey:
        """What a sample says."""
        return self._seen[0]

    @property
    def axes(self) -> Axes | None:
        """The principal axes, if they may pay."""
        return self._seen[1]

    @property
    def seeds(self) -> np.ndarray:
        """Pairs of rows (m, 2): first bounds."""
        return self._seen[2]

    @cached_property
    def _seen(self) -> tuple[Survey, Axes | None, np.ndarray]:
        assert self.frame is not None
        with one_blas_thread():  # others would spin on, beside the first tiles
            return _look_over(self.points, self.frame)


def _look_over(points: np.ndarray, frame: Frame) -> tuple[Survey, Axes | None, np.ndarray]:
    """Return the survey, the principal axes if they may pay, and row pairs (m, 2).

    The pairs are the nearest and the farthest of the sample: first bounds. Sweeps from farthest to farthest over all
    points cost more than their better bounds spare: .2 to 16 % of the whole search on five kinds of data.
    """
    n_samples, n_features = len(points), frame.centre.size
    rows = sample_rows(n_samples)
    given = _in_frame(points, rows, frame)
    mean = given.mean(axis=0)
    moved = given - mean
    squares = _squared_distances(moved)
    i, j = np.triu_indices(len(rows), 1)
    upper = squares[i, j]
    seeds = [(rows[i[at]], rows[j[at]]) for at in (upper.argmin(), upper.argmax())]
    basis = None
    if axes_can_pay(n_samples, n_features):
        # Of other rows: along axes of their own, points look flatter than they are.
        others = sample_rows(n_samples, max(_SAMPLE[1], _ROWS_A_FEATURE * n_features), seed=2)
        basis = _principal_axes(_in_frame(points, others, frame))
    distances = np.sqrt(np.sort(upper))
    growth = _growth(distances)
    nearest = float(distances[0] * (n_samples * (n_samples - 1) / 2 / upper.size) ** (-1 / growth))
    paired = np.random.default_rng(1).permutation(len(rows))[: _PAIRED[n_samples >= _MANY]]
    along = _look_along(given[paired])
    # The sample may miss an outlier, which the frame knows: it makes other axes wider too, by about as much.
    reach = float(np.abs(moved).max())
    missed = max(1.0, (frame.widest + float(np.abs(mean).max())) / reach) if reach > 0 else 1.0
    turned = None
    if basis is not None:
        turned = _look_along(moved[paired] @ basis)
        turned = turned._replace(widest=turned.widest * missed)
    survey = Survey(_dimension(moved), growth, nearest, distances, along._replace(widest=frame.widest), turned)
    axes = None if basis is None else Axes(frame.centre + np.ldexp(mean, frame.exponent), basis)
    return survey, axes, np.array(seeds)


def _growth(distances: np.ndarray) -> float:
    """Return the power of r that the number of sorted distances within a small r grows with (Hill's estimate)."""
    few = distances[: min(_HILL, len(distances))]
    if few[0] <= 0:
        return 1.0
    spread = float(np.log(few[-1] / few).sum())
    return max(1.0, (len(few) - 1) / spread) if spread > 0 else 1.0


def _dimension(moved: np.ndarray) -> float:
    """Return the participation ratio of the variances along the principal axes."""
    n, n_features = moved.shape
    products = moved.T @ moved if n_features <= n else moved @ moved.T  # of the same trace and Frobenius norm
    squared = float((products**2).sum())
    return float(np.trace(products)) ** 2 / squared if squared > 0 else 1.0


def _principal_axes(points: np.ndarray) -> np.ndarray:
    """Return orthonormal columns (n_features, n_features), that of the largest variance first."""
    moved = points - points.mean(axis=0)

    def decompose() -> np.ndarray:
        with one_blas_thread():  # also after Ctrl-C has left this thread behind
            vectors: np.ndarray = np.linalg.eigh(moved.T @ moved)[1]
            return vectors

    return np.ascontiguousarray(interruptible(decompose)[:, ::-1])


def _in_frame(points: np.ndarray, rows: np.ndarray, frame: Frame) -> np.ndarray:
    moved: np.ndarray = take_rows(points[:, : frame.centre.size], rows).astype(np.float64) - frame.centre
    return moved * np.ldexp(1.0, -frame.exponent)


def _squared_distances(points: np.ndarray) -> np.ndarray:
    norms = np.einsum("ij,ij->i", points, points)
    return np.maximum(norms[:, None] + norms - 2 * (points @ points.T), 0.0)


def _look_along(points: np.ndarray) -> Basis:
    """Return between what the squared distances of blocks of pairs may be when each cut is reached."""
    cuts = [cut for cut in _CUTS if cut < points.shape[1]]
    rows, columns = BLOCK
    some, done = points[: len(points) // columns * columns], 0
    n = len(some)
    partial = np.zeros((n, n))
    np.fill_diagonal(partial, np.inf)
    shape = (n // rows, rows, n // columns, columns)
    least, most = np.empty((2, len(cuts), (n // rows) * (n // columns)))
    for row, cut in enumerate(cuts):
        partial += _squared_distances(some[:, done:cut])
        tail = np.sqrt(np.einsum("ij,ij->i", some[:, cut:], some[:, cut:])).reshape(-1, columns).max(axis=1)
        reach = (np.repeat(tail, columns // rows)[:, None] + tail) ** 2
        blocks = partial.reshape(shape)
        least[row] = np.sort(blocks.min(axis=(1, 3)), axis=None)
        most[row] = np.sort(np.where(np.isinf(blocks), 0.0, blocks).max(axis=(1, 3)) + reach, axis=None)
        done = cut
    variances = points.var(axis=0)
    leading = float(variances[:BOXED].sum() / (variances.sum() or 1.0))
    return Basis(float(np.abs(points).max()), leading, np.array(cuts, dtype=np.int64), least, most)
