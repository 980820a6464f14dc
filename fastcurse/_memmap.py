"""Memory-mapped files are read in blocks, and what was read need not stay resident."""

from __future__ import annotations

import mmap

import numpy as np

_ROWS_AT_A_TIME = 128


def release(rows: np.ndarray) -> None:
    """Let go of the file pages under rows of a ``np.memmap`` that have been read; does nothing to other arrays.

    Pages that were read count as this process's memory until the system wants them back. They stay in the system's
    cache of files: to read them again costs little, and what was written to a shared map is kept. A copy-on-write map
    is left alone, for what was written there would be lost; so are columns of a map in Fortran order, whose
    pages hold other rows.
    """
    file = _file_of(rows)
    if file is None or rows.size == 0 or min(rows.strides) < 0 or rows.strides[0] != max(rows.strides):
        return
    start = rows.ctypes.data - np.frombuffer(file, dtype=np.uint8).ctypes.data
    stop = start + sum((n - 1) * stride for n, stride in zip(rows.shape, rows.strides, strict=True)) + rows.itemsize
    # The first page may hold the end of rows that were read before, the last one rows that will be read next.
    start -= start % mmap.PAGESIZE
    stop -= stop % mmap.PAGESIZE
    if stop > start:
        file.madvise(mmap.MADV_DONTNEED, start, stop - start)


def take_rows(X: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return X[rows]; of a ``np.memmap`` no more than some rows' pages are held at a time.

    A row here and there makes the system map up to half a megabyte around it: 2048 of 10⁶ rows, 1.5 GB.
    """
    taken = np.empty((len(rows), *X.shape[1:]), dtype=X.dtype)
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        taken[start : start + _ROWS_AT_A_TIME] = X[rows[start : start + _ROWS_AT_A_TIME]]
        release(X)
    return taken


def whole_map(array: np.ndarray) -> np.memmap | None:
    """Return the ``np.memmap`` of a file that the array is a view of, or is; None where there is none."""
    base: object = array
    while isinstance(base, np.ndarray):
        if isinstance(base, np.memmap) and isinstance(base.base, mmap.mmap):
            return base
        base = base.base
    return None


def _file_of(array: np.ndarray) -> mmap.mmap | None:
    """Return the shared map that the array is a view of, None where there is none or none that can be advised."""
    whole = whole_map(array)
    if whole is None or whole.mode not in ("r", "r+", "w+") or not hasattr(mmap, "MADV_DONTNEED"):
        return None
    file = whole.base
    return file if isinstance(file, mmap.mmap) else None
