"""Missing values as people have them: empty cells of a CSV, and what pandas has for a number that is not there."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fastcurse import cli
from fastcurse.profile._rows import opened, unit_rows
from fastcurse.report import datafiles

NAN = float("nan")


def rows_of(X, on_bad="drop"):
    """Return the rows as lists, and what was dropped."""
    with opened(X, on_bad) as (rows, _):
        return rows.points.tolist(), rows.bad, rows.points.dtype


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_copy_in_a_file_goes_with_its_array(tmp_path):
    np.save(tmp_path / "X.npy", np.random.default_rng(0).normal(size=(50, 4)))
    with opened(np.load(tmp_path / "X.npy", mmap_mode="r"), "error") as (rows, scratch):
        held = []
        for p in (1, 2, 3, 4):
            unit = unit_rows(rows.points, p, scratch)
            assert isinstance(unit, np.memmap)
            held.append(Path("/proc/self/maps").read_text(encoding="utf-8").count(str(Path(unit.filename).parent)))
            assert list(Path(unit.filename).parent.iterdir()) == []
        np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1.0)
    assert max(held) <= 1


@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.ENOSPC])
def test_a_file_system_need_not_set_space_aside(code, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(code, "refused")

    monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    np.save(tmp_path / "X.npy", [[1.0, 2.0], [NAN, 0.0], [3.0, 4.0], [5.0, 6.0]])
    X = np.load(tmp_path / "X.npy", mmap_mode="r")
    if code == errno.ENOSPC:
        with pytest.raises(OSError, match="refused"):
            rows_of(X)
    else:
        assert rows_of(X) == ([[1, 2], [3, 4], [5, 6]], (1,), np.float64)


class TestFrames:
    @pytest.mark.parametrize(
        ("column", "dtype"),
        [
            ([1, None, 3, 4], "Int64"),
            ([1, None, 3, 4], "UInt8"),
            ([1.0, None, 3.0, 4.0], "Float64"),
            ([True, None, False, True], "boolean"),
            ([1, None, 3.0, True], object),
            ([1, pd.NA, 3.0, 4], object),
            ([1, NAN, 3.0, 4], object),
        ],
    )
    def test_what_is_missing_is_nan(self, column, dtype):
        X = pd.DataFrame({"a": np.arange(4), "b": pd.Series(column, dtype=dtype)})
        points, bad, kind = rows_of(X)
        assert points == [[0.0, float(column[0])], [2.0, float(column[2])], [3.0, float(column[3])]]
        assert (bad, kind) == ((1,), np.float64)
        with pytest.raises(ValueError, match="X has a nan at row 1, column 1"):
            rows_of(X, "error")

    @pytest.mark.parametrize("dtype", [object, "string", "category"])
    @pytest.mark.parametrize("on_bad", ["drop", "error"])
    def test_strings_are_refused_even_if_they_read_as_numbers(self, dtype, on_bad):
        X = pd.DataFrame({"a": pd.Series([1, None, 3], dtype="Int64"), "b": pd.Series(["1", None, "2"], dtype=dtype)})
        with pytest.raises(TypeError, match=r"X must hold real numbers .*'1' \(str\) at row 0, column 1 \('b'"):
            rows_of(X, on_bad)

    def test_complex_and_dates_are_refused(self):
        for column in ([1j, 2j, 3j], pd.to_datetime(["2020-01-01", None, "2020-01-03"])):
            with pytest.raises(TypeError, match="X must hold real numbers"):
                rows_of(pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": column}))

    @pytest.mark.parametrize("dtype", ["float32", "int64", "uint8", "bool"])
    def test_what_misses_nothing_keeps_its_type(self, dtype):
        X = pd.DataFrame(np.array([[0, 1], [1, 0], [1, 1]], dtype=dtype), columns=["a", "b"])
        assert rows_of(X) == ([[0, 1], [1, 0], [1, 1]], (), np.dtype(dtype))

    def test_columns_of_several_types(self):
        X = pd.DataFrame({"a": [True, False], "b": [0.5, 2.0], "c": pd.Series([3, 4], dtype="Int64")})
        assert rows_of(X) == ([[1.0, 0.5, 3.0], [0.0, 2.0, 4.0]], (), np.float64)


class TestFiles:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a,b,c\n1,,3\n4,5,6\n", [[1, NAN, 3], [4, 5, 6]]),
            ("1,2,3\n4,5,\n,8,9\n", [[1, 2, 3], [4, 5, NAN], [NAN, 8, 9]]),
            ('"a","b"\n"1",""\n"3"," "\n', [[1, NAN], [3, NAN]]),
            ("1, ,3\n4,nan,6\n", [[1, NAN, 3], [4, NAN, 6]]),
            (",\n1,2\n", [[NAN, NAN], [1, 2]]),
            (",a\n1,\n", [[1, NAN]]),
            ('"first\nfeature",b\n1,\n3,4\n', [[1, NAN], [3, 4]]),
        ],
    )
    def test_an_empty_cell_is_nan(self, tmp_path, text, expected):
        (tmp_path / "X.csv").write_text(text, encoding="utf-8")
        np.testing.assert_array_equal(datafiles.read_points(tmp_path / "X.csv"), expected)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("1,,3\n4,NA,6\n", "could not convert string 'NA'"),
            ('1,\n"3,4",5\n', "could not convert string '3,4'"),
            ("1,,3\n4,5\n", "number of columns changed"),
            ("1,\n1_000,2\n", "could not convert string '1_000'"),
        ],
    )
    def test_nothing_else_is(self, tmp_path, text, message):
        (tmp_path / "X.csv").write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match=f"DATA cannot be read as a table: .*{message}"):
            datafiles.read_points(tmp_path / "X.csv")

    @pytest.mark.parametrize("suffix", [".csv", ".parquet"])
    def test_the_command_drops_or_names_them(self, suffix, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        frame = pd.DataFrame(np.random.default_rng(0).integers(100, size=(40, 4)), columns=list("abcd")).astype("Int64")
        frame.iloc[6, 3] = pd.NA
        if suffix == ".csv":
            frame.to_csv("X.csv", index=False)
        else:
            pytest.importorskip("pyarrow")
            frame.to_parquet("X.parquet")
        with pytest.raises(SystemExit) as stop:
            cli.main(["profile", f"X{suffix}"])
        assert stop.value.code == 2
        assert "DATA has a nan at row 6, column 3; every value must be finite" in capsys.readouterr().err
        with pytest.raises(SystemExit) as stop:
            cli.main(["profile", f"X{suffix}", "--on-bad", "drop", "--json", "p.json"])
        assert not stop.value.code
        assert '"n_samples": 39' in Path("p.json").read_text(encoding="ascii")
        assert "1 row with nan or inf left out" in capsys.readouterr().out
