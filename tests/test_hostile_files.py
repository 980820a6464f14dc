"""Files that lie: one clear error, nothing unpickled, no memory taken because a header says so."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import socket
import subprocess
import sys
import warnings
import zipfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import hostile
import numpy as np
import pytest
from hostile import header_of, npy, npz
from hypothesis import given
from hypothesis import strategies as st
from outcomes import answer_or_refusal

import fastcurse as fc
from fastcurse import cli
from fastcurse.distances import _result
from fastcurse.engine import memory
from fastcurse.engine.checkpoint import Checkpoint
from fastcurse.report import datafiles, folder

X = np.arange(12.0).reshape(4, 3) ** 2
SAVED = "path must be a file that DistanceExtremes.save wrote"
MEMORY = 8 * 2**20  # bytes: what reading a small file may take


def stored(save, array, **options):
    content = io.BytesIO()
    save(content, array, **options)
    return content.getvalue()


def parquet(array):
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    content = io.BytesIO()
    pandas.DataFrame(array, columns=list("abc")).to_parquet(content)
    return content.getvalue()


@cache
def saved():
    """Return the file of a saved result: the same bytes whenever it runs."""
    ext, content = fc.distance_extremes(X), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_result, "write_whole", lambda path, written: content.write(written))
        stats = dataclasses.replace(ext.stats, seconds=1.0, pair_features_per_second=18.0)
        dataclasses.replace(ext, stats=stats).save("")
    return content.getvalue()


WHOLE = {
    ".npy": stored(np.save, X),
    ".npz": stored(np.savez_compressed, X),
    ".csv": b'"a","b","c"\n' + stored(np.savetxt, X, delimiter=","),
    ".parquet": parquet(X),
}


def complaint(path, read=datafiles.read_points, name="DATA"):
    """Return the one line that reading the file ends with, after its start; None where it is read."""
    # pyarrow's threads outlive its errors, and Python 3.11 crashes where tracemalloc stops under them (gh-128679).
    traced = path.suffix != ".parquet"
    try:
        with hostile.peak_below(MEMORY) if traced else contextlib.nullcontext():
            read(path)
    except ValueError as error:
        message = str(error)
    else:
        return None
    assert message.startswith((f"{name} cannot be read", f"{name} must "))
    assert "\n" not in message
    return message.removeprefix(f"{name} cannot be read as a table: {str(path)!r}: ")


# Header, data, and what the error says.
HEADERS = {
    "2^60 values": (header_of((2**60,)), rb"", "claims an array of shape (1152921504606846976,) and dtype float64"),
    "2^60 rows of 2^60": (header_of((2**60, 2**60)), b"", "claims an array of shape (1152921504606846976, 11529215"),
    "a product that wraps to 0": (header_of((2**32, 2**32)), b"", "18446744073709551616 rows"),
    "a product that wraps to 8 bytes": (header_of((2**61 + 1,)), bytes(8), "and 8 follow"),
    "one value too many": (header_of((4, 3)), bytes(95), "96 bytes, and 95 follow"),
    "none of 2^80 values": (header_of((0, 2**80)), b"", ""),
    "a negative shape": (header_of((-1, -5)), bytes(40), "must be that of an array, got"),
    "a shape of truths": (header_of((True, 5)), bytes(40), "must be that of an array, got"),
    "a shape of fractions": (header_of((1.0, 5)), bytes(40), "must be that of an array, got"),
    "a shape that is a list": (header_of([1, 5]), bytes(40), "must be that of an array, got"),
    "70 dimensions": (header_of((1,) * 70), bytes(8), ""),
    "an order that is a number": (header_of((1, 5), fortran=1), bytes(40), "must be that of an array, got"),
    "objects": (header_of((1, 5), "'|O'"), bytes(40), "it holds Python objects, no plain array"),
    "objects inside": (header_of((1,), "[('a', '|O')]"), bytes(8), "it holds Python objects, no plain array"),
    "no bytes": (header_of((2**60,), "'|V0'"), b"", "its values must have bytes, got dtype |V0"),
    "values of 2^40 bytes": (header_of((1,), f"('<f8', ({2**37},))"), b"", ""),
    "a type of its own": (header_of((1,), "'quaternion'"), bytes(40), "must be that of an array, got"),
    "a type that is a number": (header_of((1,), "7"), bytes(40), "must be that of an array, got"),
    "a list": ("[1, 2]", b"", "must be that of an array, got '[1, 2]'"),
    "nothing": ("", b"", "must be that of an array, got ''"),
    "one key more": ("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 0}", bytes(8), "that of an array"),
    "a call": (header_of("__import__('os').mkdir('made')"), b"", "must be that of an array, got"),
    "9000 signs": (header_of("-" * 9000 + "1"), b"", "must be that of an array, got"),
    "3000 brackets": (header_of("(" * 3000 + ")" * 3000), b"", "must be that of an array, got"),
    "an endless number": (header_of("(" + "9" * 9000 + ",)"), b"", "must be that of an array, got"),
    "a null byte": (header_of((1, 5)) + "\0", bytes(40), "must be that of an array, got"),
}  # fmt: skip


class TestHeaders:
    @pytest.mark.parametrize("kind", [".npy", ".npz"])
    @pytest.mark.parametrize("name", HEADERS)
    def test_what_a_header_claims_is_not_believed(self, tmp_path, monkeypatch, name, kind):
        header, data, says = HEADERS[name]
        monkeypatch.chdir(tmp_path)
        content = npy(header, data)
        path = tmp_path / f"X{kind}"
        path.write_bytes(content if kind == ".npy" else npz({"X.npy": content}))
        # A whole member that does not fit is refused before it is read.
        monkeypatch.setattr(memory, "free_bytes", lambda: None)
        found = complaint(path)
        assert found is not None
        assert says.replace("18446744073709551616 rows", "claims an array of shape (4294967296, 4294967296)") in found
        assert not Path("made").exists()

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (npy(header_of((4, 3)), length=2**32 - 1, version=2), "at most 10000 bytes, got 4294967295"),
            (npy(header_of((4, 3)), length=2**32 - 1, version=3), "at most 10000 bytes, got 4294967295"),
            (npy(header_of((4, 3)), length=9999), "must have 9999 bytes, got 60"),
            (npy(header_of((4, 3)), bytes(96), version=9), "version 1.0, 2.0 or 3.0, got 9.0"),
            (npy(header_of((4, 3)), version=3)[:-1], "must have 60 bytes, got 59"),
            (npy(header_of((4, 3), "'\xff'"), version=3).replace("\xff".encode(), b"\xff\xff"), "utf-8"),
            (b"\x93NUMPY", "version 1.0, 2.0 or 3.0, got none"),
            (b"\x93NUMPY\x01\x00\x05", "unpack requires"),
            (b"", "it is no .npy file, which holds a plain array"),
        ],
        ids=range(9),
    )
    def test_headers_that_are_none(self, tmp_path, content, says):
        (tmp_path / "X.npy").write_bytes(content)
        assert says in complaint(tmp_path / "X.npy")

    def test_a_stray_backslash_is_no_warning(self, tmp_path):
        (tmp_path / "X.npy").write_bytes(npy(header_of((1,), r"'\<f8'"), bytes(8)))
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            assert "must be that of an array" in complaint(tmp_path / "X.npy")
        assert not seen

    @pytest.mark.parametrize("version", [1, 2, 3])
    @pytest.mark.parametrize("order", ["C", "F"])
    @pytest.mark.parametrize("descr", ["<f8", ">f8", "<f4", "<i2", "|b1"])
    def test_every_sound_file_is_read_as_numpy_reads_it(self, tmp_path, version, order, descr):
        array = np.asarray(X > 3 if descr == "|b1" else X, dtype=descr, order=order)
        with open(tmp_path / "X.npy", "wb") as file:
            np.lib.format.write_array(file, array, version=(version, 0))
        content = (tmp_path / "X.npy").read_bytes()
        (tmp_path / "X.npz").write_bytes(npz({"X.npy": content}, zipfile.ZIP_DEFLATED))
        for kind in (".npy", ".npz"):
            found = datafiles.read_points(tmp_path / f"X{kind}")
            assert np.array_equal(found, np.load(tmp_path / "X.npy"))
            assert found.dtype == array.dtype
            assert found.flags.f_contiguous == (order == "F")

    def test_headers_of_others(self, tmp_path):
        # Python 2 wrote 4L, other writers leave out blanks, and what follows the array does not count.
        for header in ("{'shape': (4L, 3L), 'fortran_order': False, 'descr': '<f8'}",
                       "{'descr':'<f8','fortran_order':False,'shape':(4,3)}"):  # fmt: skip
            (tmp_path / "X.npy").write_bytes(npy(header, X.tobytes() + b"more"))
            assert np.array_equal(datafiles.read_points(tmp_path / "X.npy"), X)
        (tmp_path / "X.npy").write_bytes(npy(header_of((0, 3))))
        assert datafiles.read_points(tmp_path / "X.npy").shape == (0, 3)


class TestArchives:
    def test_a_member_that_inflates_beyond_its_header(self, tmp_path):
        content = npy(header_of((4, 3)), bytes(3 * 10**7))
        (tmp_path / "X.npz").write_bytes(npz({"X.npy": content}, zipfile.ZIP_DEFLATED))
        assert "96 bytes, and more follow" in complaint(tmp_path / "X.npz")

    def test_an_array_that_does_not_fit(self, tmp_path, monkeypatch):
        content = npy(header_of((12 * 10**6,)))
        (tmp_path / "X.npz").write_bytes(npz({"X.npy": content}, zipfile.ZIP_DEFLATED))
        monkeypatch.setattr(memory, "free_bytes", lambda: 50 * 10**6)
        assert complaint(tmp_path / "X.npz") == "it takes 96.0 MB of memory, and 50.0 MB are free"
        (tmp_path / "X.csv").write_bytes(b"1,2\n" * 100)
        monkeypatch.setattr(memory, "free_bytes", lambda: 100)
        assert complaint(tmp_path / "X.csv") == "it takes 0.0 MB of memory, and 0.0 MB are free"

    def test_a_table_that_does_not_fit(self, tmp_path, monkeypatch):
        path, free = tmp_path / "X.parquet", 50 * 10**6
        monkeypatch.setattr(memory, "free_bytes", lambda: free)
        for n_rows, claims, says in (
            (2**23, [], "67.1 MB"),
            (12_345, [2**31 - 1], "17.18 GB"),
            (12_345, [2**60], "9223372036.85 GB"),
            (12_345, [2**40, -(2**40)], "8796.09 GB"),
        ):
            path.write_bytes(hostile.parquet(n_rows, *claims))
            assert path.stat().st_size < 10**6 / 4
            assert complaint(path) == f"it takes {says} of memory, and 50.0 MB are free"
        free = 10**6
        path.write_bytes(hostile.parquet(12_345))
        assert len(datafiles.read_points(path)) == 12_345

    @pytest.mark.parametrize(
        ("column", "says"),
        [
            ([[0.0] * 10**5] * 2, "every column must hold a value a row, got 'emb' of lists"),
            ([{"a": 1.0, "b": 2.0}] * 2, "every column must hold a value a row, got 'emb' of records"),
            (["a" * 10**7, "b"], "it takes 10.0 MB of memory, and 1.0 MB are free"),
            (["a" * 10**4, None] * 300 + ["b" * 10**4] * 300, "it takes 6.0 MB of memory, and 1.0 MB are free"),
            (np.full(600, "a" * 10**4, "S10000"), "it takes 6.0 MB of memory, and 1.0 MB are free"),
        ],
    )
    def test_values_that_are_more_than_eight_bytes(self, tmp_path, monkeypatch, column, says):
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        path = tmp_path / "X.parquet"
        column = pa.array(column, pa.binary(10**4)) if isinstance(column, np.ndarray) else column
        pq.write_table(pa.table({"x": [0.0] * len(column), "emb": column}), path, compression="gzip")
        assert path.stat().st_size < 20_000
        monkeypatch.setattr(memory, "free_bytes", lambda: 10**6)
        assert complaint(path) == says
        assert complaint(path, datafiles.read_labels, "LABELS") == says

    def test_texts_are_read_whatever_they_are(self, tmp_path):
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        texts, path = pa.array(["a", None, "b"]), tmp_path / "y.parquet"
        for column in (texts, texts.cast("large_string"), texts.cast("binary"), texts.dictionary_encode(), texts[:0]):
            pq.write_table(pa.table({"a.b": column}), path)
            assert len(datafiles.read_labels(path)) == len(column)

    @pytest.mark.parametrize("claim", ["num_rows", "num_values", "total_uncompressed_size"])
    def test_each_claim_of_a_table_counts(self, claim):
        group = {"num_rows": 1, "num_values": 1, "total_uncompressed_size": 1} | {claim: 10**6}
        chunk = SimpleNamespace(**group, column=lambda j: SimpleNamespace(**group))
        about = SimpleNamespace(
            num_row_groups=3, num_columns=2, row_group=lambda i: chunk,
            schema=SimpleNamespace(column=lambda j: SimpleNamespace(length=0)),
        )  # fmt: skip
        assert datafiles._claimed_bytes(about) == 6 * (10**6 if claim == "total_uncompressed_size" else 8 * 10**6)

    @pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_compressions_that_take_what_they_claim(self, tmp_path, compression):
        content = npz({"X.npy": npy(header_of((4, 3)), X.tobytes())}, compression)
        (tmp_path / "X.npz").write_bytes(content)
        assert complaint(tmp_path / "X.npz") == f"its arrays must be stored or deflated, got compression {compression}"

    def test_a_directory_that_lies(self, tmp_path):
        content = npz({"X.npy": npy(header_of((4, 3)), X.tobytes())})
        at = content.index(b"PK\1\2")
        for first in (20, 24):  # compressed size, size
            lies = content[: at + first] + b"\xfe\xff\xff\xff" + content[at + first + 4 :]
            (tmp_path / "X.npz").write_bytes(lies)
            overlap = "Overlapped entries: 'X.npy' (possible zip bomb)"  # what newer Pythons see first
            assert complaint(tmp_path / "X.npz") in (None, "Bad CRC-32 for file 'X.npy'", overlap)
        end = content.index(b"PK\5\6")
        for first in (12, 16):  # size and place of the directory
            (tmp_path / "X.npz").write_bytes(content[: end + first] + b"\xfe\xff\xff\xff" + content[end + first + 4 :])
            assert complaint(tmp_path / "X.npz")

    def test_names_that_lead_elsewhere_are_only_names(self, tmp_path, monkeypatch):
        (tmp_path / "inner").mkdir()
        monkeypatch.chdir(tmp_path / "inner")
        Path("X.npz").write_bytes(npz({"../../made.npy": npy(header_of((4, 3)), X.tobytes())}))
        assert np.array_equal(datafiles.read_points(Path("X.npz")), X)
        assert [path.name for path in tmp_path.rglob("*")] == ["inner", "X.npz"]


class TestPickles:
    def test_none_is_loaded(self, tmp_path):
        made = tmp_path / "made"
        for name, content in hostile.pickles(made).items():
            path = tmp_path / name
            path.write_bytes(content)
            assert complaint(path) is not None, name
            assert complaint(path, datafiles.read_labels, "LABELS") is not None, name
            for read in (fc.DistanceExtremes.load, Checkpoint(path, {}).load):
                with pytest.raises(ValueError, match="must be a file that"):
                    read(path) if read == fc.DistanceExtremes.load else read()
            assert not made.exists(), name

    def test_nor_one_in_a_saved_result(self, tmp_path):
        path, made = tmp_path / "ext.npz", tmp_path / "made"
        path.write_bytes(saved())
        with np.load(path) as archive:
            contents = dict(archive)
        for name in contents:
            np.savez(path, **{**contents, name: np.array([hostile.Bomb(made)], dtype=object)})
            with pytest.raises(
                ValueError, match=r"path must be a file that .*: it holds Python objects, no plain array"
            ):
                fc.DistanceExtremes.load(path)
            assert not made.exists()

    def test_the_bomb_does_go_off_where_a_pickle_is_loaded(self, tmp_path):
        path = tmp_path / "objects.npy"
        path.write_bytes(hostile.pickles(tmp_path / "made")["objects.npy"])
        np.load(path, allow_pickle=True)
        assert (tmp_path / "made").exists()


CSV = {
    "null byte": (b"1,2\n3,\0004\n", "could not convert string"),
    "only null bytes": (bytes(9), "it has no rows"),
    "UTF-16": ("1,2\n3,4\n".encode("utf-16"), "codec can't decode"),
    "latin-1": (b"\xe9,b\n1,2\n", "codec can't decode"),
    "ragged": (b"1,2\n3,4,5\n", "number of columns changed from 2 to 3 at row 2"),
    "short": (b"1,2\n3\n", "number of columns changed from 2 to 1 at row 2"),
    "open quote": (b'1,"2\n3,4\n', "unexpected end of data"),
    "a word": (b"1,2\n3,x\n", "could not convert string 'x'"),
    "long word": (b"1,2\n3," + b"x" * 100_000 + b"\n", "could not convert string"),
    "huge word": (b"1,2\n3," + b"x" * 10**6 + b"\n", "field larger than field limit"),
    "huge field": (b"x" * 200_000 + b",b\n1,2\n", "field larger than field limit"),
    "only a header": (b"a,b\n", "it has no rows"),
    "only blanks": (b" \n\n", "must hold a table"),
    "only a comment": (b"# 1,2\n", "it has no rows"),
    "fractions": (b"1/2,1\n1,1\n", "could not convert string"),
    "hexadecimal": (b"0x10,1\n1,1\n", "could not convert string"),
    "complex": (b"1j,1\n1,1\n", "could not convert string"),
    "9999 digits and a letter": (b"1" * 9999 + b"x,1\n", "could not convert string"),
}


class TestCsv:
    @pytest.mark.parametrize("name", CSV)
    def test_what_is_no_table(self, tmp_path, name):
        content, says = CSV[name]
        (tmp_path / "X.csv").write_bytes(content)
        found = complaint(tmp_path / "X.csv")
        assert found is not None
        assert says in found
        assert len(found) < 400

    @pytest.mark.parametrize(
        "content",
        [b"\xef\xbb\xbf1,2\n3,4\n", b"\xef\xbb\xbfa,b\n1,2\n3,4\n", b"1,2\r\n3,4\r\n", b"1,2\r3,4\r", b'"1","2"\n3,4',
         b'"a\nb",c\n1,2\n3,4\n', b"1e0,2.0\n+3,4.\n"],
    )  # fmt: skip
    def test_what_is_one(self, tmp_path, content):
        (tmp_path / "X.csv").write_bytes(content)
        assert datafiles.read_points(tmp_path / "X.csv").tolist() == [[1, 2], [3, 4]]

    def test_one_huge_line(self, tmp_path):
        (tmp_path / "X.csv").write_bytes(b",".join([b"1"] * 10**6))
        assert datafiles.read_points(tmp_path / "X.csv").shape == (1, 10**6)

    @pytest.mark.parametrize(("word", "value"), [("1e999", "inf"), ("-1e999", "-inf"), ("nan", "nan"), ("", "nan")])
    def test_what_is_not_finite_is_named_by_its_place(self, tmp_path, capsys, word, value):
        (tmp_path / "X.csv").write_text(f"1,2\n3,{word}\n")
        with pytest.raises(SystemExit) as stopped:
            cli.main(["distances", str(tmp_path / "X.csv")])
        assert stopped.value.code == 2
        assert capsys.readouterr().err == (
            f"fastcurse: DATA has a {value} at row 1, column 1; every value must be finite, neither NaN nor inf\n"
        )


def places(folder):
    """Make things that are no files, or none that end."""
    os.chdir(folder)
    for kind in (".npy", ".npz", ".csv", ".parquet"):
        Path(f"folder{kind}").mkdir()
        os.mkfifo(f"pipe{kind}")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"socket{kind}")
        Path(f"loop{kind}").symlink_to(f"loop{kind}")
        Path(f"other{kind}").symlink_to(f"pipe{kind}")
        Path(f"zero{kind}").symlink_to("/dev/zero")
        Path(f"dangling{kind}").symlink_to("nothing")


PLACES = {
    "folder": "it is no regular file", "pipe": "it is no regular file", "socket": "it is no regular file",
    "other": "it is no regular file", "zero": "it is no regular file", "loop": "Too many levels of symbolic links",
    "dangling": "No such file", "missing": "No such file",
}  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
class TestPlaces:
    @pytest.fixture(autouse=True)
    def _made(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        places(tmp_path)

    @pytest.mark.parametrize("kind", [".npy", ".npz", ".csv", ".parquet"])
    def test_what_is_no_file_is_not_waited_for(self, kind):
        for name, says in PLACES.items():
            for read, argument in ((datafiles.read_points, "DATA"), (datafiles.read_labels, "LABELS")):
                with hostile.seconds_at_most(20):
                    found = complaint(Path(name + kind), read, argument)
                assert says in found, name

    def test_nor_as_a_saved_result_or_a_checkpoint(self):
        for name, says in PLACES.items():
            with hostile.seconds_at_most(20):
                with pytest.raises(ValueError, match=f"path must be a file that .*{says}"):
                    fc.DistanceExtremes.load(f"{name}.npz")
                if name in ("dangling", "missing"):
                    continue  # a checkpoint may be new
                with pytest.raises(ValueError, match=f"checkpoint must be .*, got '{name}.csv'"):
                    fc.distance_extremes(X, checkpoint=f"{name}.csv")

    def test_nor_as_a_manifest(self):
        for name in PLACES:
            with hostile.seconds_at_most(20):
                assert folder._read_manifest(Path(f"{name}.csv")) is None


def test_files_that_are_mostly_holes(tmp_path):
    """Larger than any memory, and no byte of it on the disk."""
    path = tmp_path / "X.csv"
    Checkpoint(path, {}).save({})
    os.truncate(path, 2**42)
    assert "of memory, and" in complaint(path)
    with hostile.peak_below(MEMORY), pytest.raises(ValueError, match="checkpoint must be a file that fastcurse wrote"):
        Checkpoint(path, {}).load()
    folder._write_manifest(path, {})
    os.truncate(path, 2**42)
    with hostile.peak_below(MEMORY):
        assert folder._read_manifest(path) is None


class TestDamage:
    @pytest.mark.parametrize("kind", [".npy", ".npz", ".parquet"])
    def test_cut_anywhere(self, tmp_path, kind):
        path, whole = tmp_path / f"X{kind}", WHOLE[kind]
        step = 29 if kind == ".parquet" else 1
        for length in range(0, len(whole), step):
            path.write_bytes(whole[:length])
            assert complaint(path) is not None, length

    @pytest.mark.parametrize("kind", WHOLE)
    @given(data=st.data())
    def test_any_damage_is_one_line(self, tmp_path_factory, kind, data):
        path = tmp_path_factory.getbasetemp() / f"damaged{kind}"
        path.write_bytes(data.draw(hostile.damaged(WHOLE[kind])))
        complaint(path)
        complaint(path, datafiles.read_labels, "LABELS")

    def test_a_saved_result_cut_anywhere(self, tmp_path):
        path = tmp_path / "ext.npz"
        whole = saved()
        for length in range(0, len(whole), 5):
            path.write_bytes(whole[:length])
            with pytest.raises(ValueError, match=SAVED):
                fc.DistanceExtremes.load(path)

    @given(data=st.data())
    def test_a_damaged_result_is_refused_or_the_same(self, tmp_path_factory, data):
        path = tmp_path_factory.getbasetemp() / "damaged-ext.npz"
        path.write_bytes(data.draw(hostile.damaged(saved())))
        with hostile.peak_below(MEMORY):
            again, refusal = answer_or_refusal(lambda: fc.DistanceExtremes.load(path))
        if refusal:
            assert refusal.startswith(SAVED)
        else:
            assert np.array_equal(again.nearest, fc.distance_extremes(X).nearest)

    @given(data=st.data())
    def test_a_damaged_checkpoint_is_refused_or_the_same(self, tmp_path_factory, data):
        path = tmp_path_factory.getbasetemp() / "damaged-checkpoint"
        Checkpoint(path, {"d": 3}).save({"draws": 10, "hits": [0.25, 1e-300]})
        path.write_bytes(data.draw(hostile.damaged(path.read_bytes())))
        with hostile.peak_below(MEMORY):
            state, refusal = answer_or_refusal(Checkpoint(path, {"d": 3}).load)
        if refusal:
            assert refusal.startswith("checkpoint must be")
        else:
            assert state == {"draws": 10, "hits": [0.25, 1e-300]}

    @given(data=st.data())
    def test_a_damaged_manifest_lists_what_it_says_or_is_none(self, tmp_path_factory, data):
        path = tmp_path_factory.getbasetemp() / "damaged-manifest"
        folder._write_manifest(path, {"a": ["1"], "b/c": ["2", "3"]})
        path.write_bytes(data.draw(hostile.damaged(path.read_bytes())))
        with hostile.peak_below(MEMORY):
            found = folder._read_manifest(path)
        assert found is None or all(isinstance(hashes, set) for hashes in found.values())


LIMITED = """
import resource, sys
from pathlib import Path
import numpy
from fastcurse.report.datafiles import read_points
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**28,) * 2)
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        read_points(path)
        print(path.name, "read")
    except ValueError as error:
        print(path.name, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the address space")
def test_within_256_mb_of_addresses(tmp_path):
    claims = {
        "header.npy": npy(header_of((4, 3)), length=2**32 - 1, version=2),
        "shape.npy": npy(header_of((2**29,))),
        "shape.npz": npz({"X.npy": npy(header_of((2**29,)))}),
        "header.npz": npz({"X.npy": npy(header_of((4, 3)), length=2**32 - 1, version=2)}),
        "lzma.npz": npz({"X.npy": npy(header_of((4, 3)), X.tobytes())}, zipfile.ZIP_LZMA),
    }
    for name, content in claims.items():
        (tmp_path / name).write_bytes(content)
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split()[0] for line in lines] == sorted(claims)
    for line in lines:
        assert " DATA cannot be read as a table: " in line
        assert "claims" in line or "must" in line, line
