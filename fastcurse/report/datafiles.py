"""Opens a user's data file as an array: .npy (memory-mapped), .npz, .csv, .parquet."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from fastcurse.engine.array_files import DAMAGED, check_room, open_npy, open_regular, read_npz

if TYPE_CHECKING:
    import pandas as pd
    from pyarrow.parquet import FileMetaData

_READERS = (".npy", ".npz", ".csv", ".parquet")
_LONGEST_REASON = 300  # letters


def read_points(path: Path, name: str = "DATA") -> np.ndarray | pd.DataFrame:
    """Return the table in `path`, of a .parquet file as a frame, whose columns may miss values.

    A CSV may have one header line, which holds no number; its empty cells are nan.

    Raises
    ------
    ValueError
        The file is missing, unreadable, of another kind, or holds no table of numbers.
    """
    kind = _kind(path, name)
    if kind == ".parquet":
        return _read_parquet(path, name)
    return _read_csv_table(path, name) if kind == ".csv" else _read_array(path, name)


def read_labels(path: Path, name: str = "LABELS", *, n_samples: int | None = None) -> np.ndarray:
    """Return the labels in `path`, one a row: numbers, or strings in a CSV.

    A CSV may have one header line if it has one line more than `n_samples` and the first is no number and no
    label of another row.
    """
    kind = _kind(path, name)
    if kind == ".parquet":
        array = _read_parquet(path, name).to_numpy()
    else:
        array = _read_csv_labels(path, name, n_samples) if kind == ".csv" else _read_array(path, name)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _kind(path: Path, name: str) -> str:
    kind = path.suffix.lower()
    if kind not in _READERS:
        raise ValueError(f"{name} must be a {', '.join(_READERS)} file, got {str(path)!r}")
    return kind


def _read_array(path: Path, name: str) -> np.ndarray:
    try:
        return open_npy(path) if path.suffix.lower() == ".npy" else next(iter(read_npz(path).values()))
    except DAMAGED as error:
        raise _unreadable(path, name, error) from None


def _unreadable(path: Path, name: str, error: Exception) -> ValueError:
    if isinstance(error, OSError) and error.filename is not None:
        return ValueError(f"{name} cannot be read: {error}")
    reason = " ".join(str(error).split()) or type(error).__name__
    reason = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}..."  # it may quote the file
    return ValueError(f"{name} cannot be read as a table: {str(path)!r}: {reason}")


def _read_parquet(path: Path, name: str) -> pd.DataFrame:
    try:
        import pandas as pd
        from pyarrow import parquet

        # An open file: pyarrow's error of a missing one lacks the reason.
        with open_regular(path) as file:
            about = parquet.read_metadata(file)
            _check_flat(about)
            check_room(_claimed_bytes(about))
            file.seek(0)
            check_room(_text_bytes(file, about))
            file.seek(0)
            return pd.read_parquet(file)
    except ImportError:
        raise ValueError(f"{name} in .parquet needs the extra: python -m pip install 'fastcurse[parquet]'") from None
    except Exception as error:  # the frame's own description is JSON, which may hold anything
        raise _unreadable(path, name, error) from None


def _check_flat(about: FileMetaData) -> None:
    for j in range(about.num_columns):
        column = about.schema.column(j)
        if column.max_repetition_level or column.path != column.name:
            kind = "lists" if column.max_repetition_level else "records"
            raise ValueError(f"every column must hold a value a row, got {column.path.split('.')[0]!r} of {kind}")


def _claimed_bytes(about: FileMetaData) -> int:
    """Return what pyarrow takes for what the groups of rows claim, one after the other: none makes up for another."""
    total = 0
    for i in range(about.num_row_groups):
        group = about.row_group(i)
        for j in range(about.num_columns):
            column, width = group.column(j), max(8, about.schema.column(j).length)  # 0 but for bytes of fixed length
            total += max(0, width * group.num_rows, width * column.num_values, column.total_uncompressed_size)
    return total


def _text_bytes(file: BinaryIO, about: FileMetaData) -> int:
    """Return the bytes of all texts, of which the file may hold one for many rows: so are they read here."""
    from pyarrow import compute, parquet, types

    columns = [about.schema.column(j) for j in range(about.num_columns)]
    texts = [c.path for c in columns if c.physical_type == "BYTE_ARRAY" and c.logical_type.type != "DECIMAL"]
    if not texts:
        return 0
    table = parquet.ParquetFile(file, read_dictionary=texts).read(texts)
    chunks = [chunk for column in table.columns for chunk in column.chunks if types.is_dictionary(column.type)]
    lengths = [compute.binary_length(chunk.dictionary).take(chunk.indices) for chunk in chunks]
    return sum(compute.sum(length).as_py() or 0 for length in lengths)


def _csv_lines(path: Path, name: str) -> list[str]:
    try:
        with io.TextIOWrapper(open_regular(path), encoding="utf-8-sig") as file:
            check_room(path.stat().st_size)
            lines = [line for line in file if line.strip()]
    except (OSError, ValueError, MemoryError) as error:
        raise _unreadable(path, name, error) from None
    if not lines:
        raise ValueError(f"{name} must hold a table, got the empty file {str(path)!r}")
    return lines


def _read_csv_table(path: Path, name: str) -> np.ndarray:
    lines = [line for line in _csv_lines(path, name) if not line.lstrip().startswith("#")]
    try:
        reader = csv.reader(lines, strict=True, skipinitialspace=True)
        first = next(reader, [])
        header = not any(_is_number(cell) for cell in first) and any(cell.strip() for cell in first)
        rows = lines[reader.line_num :] if header else lines
        if not rows:
            raise ValueError("it has no rows, at most a header line")
        try:
            return np.loadtxt(rows, delimiter=",", quotechar='"', ndmin=2)
        except ValueError:
            return np.loadtxt(_with_nan(rows), delimiter=",", quotechar='"', ndmin=2)
    except (ValueError, csv.Error) as error:
        raise _unreadable(path, name, error) from None


def _with_nan(lines: list[str]) -> io.StringIO:
    """Return the lines of a CSV with nan in its empty cells."""
    text = io.StringIO(newline="")
    reader = csv.reader(lines, strict=True, skipinitialspace=True)
    csv.writer(text, lineterminator="\n").writerows([cell if cell.strip() else "nan" for cell in row] for row in reader)
    text.seek(0)
    return text


def _read_csv_labels(path: Path, name: str, n_samples: int | None) -> np.ndarray:
    try:
        reader = csv.reader(_csv_lines(path, name), strict=True, skipinitialspace=True)
        rows = [[cell.strip() for cell in row] for row in reader]
    except csv.Error as error:
        raise _unreadable(path, name, error) from None
    first, others = rows[0], rows[1:]
    if len(others) == n_samples and first not in others and not any(_is_number(cell) for cell in first):
        rows = others
    widths = [len(row) for row in rows]
    if min(widths) != max(widths):
        raise ValueError(f"{name} must have one label a line, got lines of {min(widths)} to {max(widths)} values")
    if not all(_is_number(cell) for row in rows for cell in row):
        return np.array(rows)
    labels = np.array(rows, dtype=np.float64)
    whole = np.abs(labels) < 2.0**53
    return labels.astype(np.int64) if (whole & (labels == np.rint(labels))).all() else labels


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
