"""Opens a user's data file as an array: .npy (memory-mapped), .npz, .csv, .parquet."""

from __future__ import annotations

from pathlib import Path

import numpy as np

_READERS = (".npy", ".npz", ".csv", ".parquet")


def read_points(path: Path, name: str = "DATA") -> np.ndarray:
    """Return the table in `path`; a CSV may have one header line.

    Raises
    ------
    ValueError
        The file is missing, unreadable, of another kind, or holds no table of numbers.
    """
    array = _read(path, name)
    return array.reshape(-1, 1) if array.ndim == 1 and path.suffix.lower() == ".csv" else array


def read_labels(path: Path, name: str = "LABELS") -> np.ndarray:
    """Return the labels in `path`, one a row: numbers, or strings in a CSV."""
    array = _read(path, name, numbers=False)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _read(path: Path, name: str, *, numbers: bool = True) -> np.ndarray:
    kind = path.suffix.lower()
    if kind not in _READERS:
        raise ValueError(f"{name} must be a {', '.join(_READERS)} file, got {str(path)!r}")
    try:
        if kind == ".npy":
            return np.load(path, mmap_mode="r", allow_pickle=False)
        if kind == ".npz":
            return _only_array(path, name)
        if kind == ".csv":
            return _read_csv(path, name, numbers)
        return _read_parquet(path)
    except (OSError, EOFError) as error:
        raise ValueError(f"{name} cannot be read: {error}") from None
    except ValueError as error:
        if str(error).startswith(name):
            raise
        raise ValueError(f"{name} cannot be read as a table: {str(path)!r}: {error}") from None


def _only_array(path: Path, name: str) -> np.ndarray:
    with np.load(path, allow_pickle=False) as archive:
        if len(archive.files) != 1:
            raise ValueError(f"{name} must be an .npz file with one array, got {len(archive.files)}: {archive.files}")
        return archive[archive.files[0]]


def _read_csv(path: Path, name: str, numbers: bool) -> np.ndarray:
    with open(path, encoding="utf-8-sig") as file:
        lines = [line for line in file if line.strip()]
    if not lines:
        raise ValueError(f"{name} must hold a table, got the empty file {str(path)!r}")
    if not numbers:
        cells = [line.strip().split(",") for line in lines]
        try:
            return np.array([[float(cell) for cell in row] for row in cells])
        except ValueError:
            return np.array(cells)
    header = any(not _is_number(cell) for cell in lines[0].split(","))
    return np.loadtxt(lines, delimiter=",", skiprows=int(header), ndmin=2)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _read_parquet(path: Path) -> np.ndarray:
    try:
        import pandas as pd
    except ImportError:
        raise ValueError("DATA in .parquet needs the extra: python -m pip install 'fastcurse[parquet]'") from None
    return pd.read_parquet(path).to_numpy()
