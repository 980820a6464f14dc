"""The rows that a profile is of: opened, without the bad ones, in the order of features that was asked for."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fastcurse import _validation
from fastcurse._memmap import release, whole_map
from fastcurse.engine.tiles import row_blocks

ORDERS = ("given", "pca", "variance", "random")
ON_BAD = ("error", "drop")
LEAST_ROWS = 3
_MOST_NAMED = 1000
_NO_FALLOCATE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)  # of file systems that cannot set space aside


class Rows(NamedTuple):
    """Finite rows of numbers, and what they were before."""

    points: np.ndarray
    names: tuple[str, ...]  # of the features as given
    kept: np.ndarray | None  # rows of the data that are left; None: all
    bad: tuple[int, ...]  # the first rows that are not
    n_bad: int


class Scratch:
    """Makes copies of data: in memory, or in temporary files where the data are in a file themselves."""

    def __init__(self, folder: Path, *, in_files: bool) -> None:
        self._folder, self._in_files, self._n = folder, in_files, 0

    def copy(self, shape: tuple[int, int], dtype: Any, blocks: Iterator[np.ndarray]) -> np.ndarray:
        """Return an array of the blocks' rows, one block after the other."""
        self._n += 1
        target: np.ndarray = np.empty((0, 0))
        if self._in_files:
            target = _new_file(self._folder / f"{self._n}.npy", shape, dtype)
        else:
            target = np.empty(shape, dtype=dtype)
        at = 0
        for block in blocks:
            target[at : at + len(block)] = block
            release(target[at : at + len(block)])
            at += len(block)
        return target


def _new_file(path: Path, shape: tuple[int, int], dtype: Any) -> np.ndarray:
    """Return an array in a file that goes with it."""
    try:
        array: np.ndarray = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        if hasattr(os, "posix_fallocate"):  # what is written to a map beyond a full disk kills the process
            with open(path, "r+b") as file:
                _set_aside(file.fileno(), path.stat().st_size)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path.parent.parent)) from error
    with suppress(OSError):  # Windows keeps the file of an array until the folder goes
        path.unlink()
    return array


def _set_aside(file: int, size: int) -> None:
    try:
        os.posix_fallocate(file, 0, size)
    except OSError as error:
        if error.errno not in _NO_FALLOCATE:
            raise


@contextmanager
def opened(X: Any, on_bad: str) -> Iterator[tuple[Rows, Scratch]]:
    """Yield the rows of `X` and a place for copies of them; the copies are gone afterwards."""
    lazy = hasattr(X, "dask") and hasattr(X, "chunks")
    with tempfile.TemporaryDirectory(prefix="fastcurse-") as folder:
        scratch = Scratch(Path(folder), in_files=lazy or (isinstance(X, np.ndarray) and whole_map(X) is not None))
        names = tuple(str(name) for name in getattr(X, "columns", ()))
        array = _computed(X, scratch) if lazy else _filled(X)
        kept, bad, n_bad = None, (), 0
        if on_bad == "drop":
            array = _validation.as_numeric(array, "X", allow_objects=True)
            is_bad = _bad_rows(array)
            n_bad = int(np.count_nonzero(is_bad))
            if n_bad:
                kept, bad = np.flatnonzero(~is_bad), tuple(np.flatnonzero(is_bad)[:_MOST_NAMED].tolist())
                if kept.size < LEAST_ROWS:
                    raise ValueError(
                        f"X must have at least {LEAST_ROWS} rows without nan and inf, got {kept.size} of {len(array)}"
                    )
                whole, shape = array, (kept.size, array.shape[1])
                array = scratch.copy(
                    shape, whole.dtype, (rows[~is_bad[at : at + len(rows)]] for at, rows in row_blocks(whole, shape[1]))
                )
        points = _validation.check_points(array, allow_objects=True)
        names = names if len(names) == points.shape[1] else tuple(f"feature {f}" for f in range(points.shape[1]))
        yield Rows(points, names, kept, bad, n_bad), scratch


def _computed(X: Any, scratch: Scratch) -> np.ndarray:
    """Return a Dask array, computed a chunk of rows at a time."""
    if X.ndim != 2 or np.isnan(X.shape).any():
        raise ValueError(f"X must have 2 dimensions of known size, got shape {X.shape}")
    ends = np.cumsum(X.chunks[0]).tolist()
    blocks = (np.asarray(X[begin:end].compute()) for begin, end in zip([0, *ends[:-1]], ends, strict=True))
    return scratch.copy(X.shape, X.dtype, blocks)


def _filled(X: Any) -> Any:
    """Return a pandas frame of numbers with nan for every value that is missing; anything else as it is."""
    pd = sys.modules.get("pandas")
    if pd is None or not isinstance(X, pd.DataFrame):
        return X
    if all(dtype.kind in "biuf" for dtype in X.dtypes):
        array = np.asarray(X)
        return X.to_numpy(dtype=np.float64, na_value=np.nan) if array.dtype.kind == "O" else array
    # A string that reads as a number is none: the columns stay as they are, and the check names it.
    return X.astype(object).where(X.notna(), np.nan)


def _bad_rows(array: np.ndarray) -> np.ndarray:
    """Return which rows have a value that is not finite."""
    if array.ndim != 2 or array.dtype.kind != "f" or array.shape[1] == 0:
        return np.zeros(len(array) if array.ndim else 0, dtype=bool)
    bad = np.empty(len(array), dtype=bool)
    for at, rows in row_blocks(array, array.shape[1]):
        bad[at : at + len(rows)] = ~np.isfinite(rows).all(axis=1)
    return bad


def turned(
    points: np.ndarray, turn: Callable[[np.ndarray], np.ndarray], n_features: int, scratch: Scratch
) -> np.ndarray:
    """Return `turn` of the rows, block by block, in float32 where the rows have no more."""
    dtype = np.float32 if np.promote_types(points.dtype, np.float32) == np.float32 else np.float64

    def blocks() -> Iterator[np.ndarray]:
        for _, rows in row_blocks(points, points.shape[1]):
            yield turn(rows.astype(np.float64))

    return scratch.copy((len(points), n_features), dtype, blocks())


def in_order(
    points: np.ndarray, order: str, covariance: np.ndarray, rng: np.random.Generator, scratch: Scratch
) -> np.ndarray:
    """Return the rows with their features in the order that is asked for."""
    n_features = points.shape[1]
    if order == "given":
        return points
    if order == "pca":
        # Distances do not ask for the mean, and angles want it left where it is.
        axes = np.linalg.eigh(covariance)[1][:, ::-1]
        return turned(points, lambda rows: rows @ axes, n_features, scratch)
    if order == "variance":
        features = np.argsort(-np.diagonal(covariance), kind="stable")
    else:
        features = rng.permutation(n_features)
    return turned(points, lambda rows: rows[:, features], n_features, scratch)


def unit_rows(points: np.ndarray, p: int, scratch: Scratch) -> np.ndarray:
    """Return the first p features of the rows, divided by their norms, without rows of zeros."""

    def scale(rows: np.ndarray) -> np.ndarray:
        widest = np.abs(rows[:, :p]).max(axis=1, keepdims=True)
        part = np.divide(rows[:, :p], widest, out=np.zeros((len(rows), p)), where=widest > 0)
        norms = np.sqrt((part**2).sum(axis=1, keepdims=True))
        return np.divide(part, norms, out=part, where=norms > 0)

    unit = turned(points, scale, p, scratch)
    filled = [rows.any(axis=1) for _, rows in row_blocks(unit, p)]
    n_filled = int(sum(some.sum() for some in filled))
    if n_filled == len(unit):
        return unit
    blocks = (rows[some] for some, (_, rows) in zip(filled, row_blocks(unit, p), strict=True))
    return scratch.copy((n_filled, p), unit.dtype, blocks)
