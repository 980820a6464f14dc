"""Files made to mislead whoever reads them, and what they are held against."""

from __future__ import annotations

import io
import os
import pickle
import signal
import struct
import tracemalloc
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import strategies as st

_LENGTHS = {1: "<H", 2: "<I", 3: "<I"}


def npy(header, data=b"", *, version=1, length=None):
    """Return a .npy file with any text as its header."""
    text = header.encode() + b"\n"
    claimed = len(text) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack(_LENGTHS.get(version, "<H"), claimed) + text + data


def header_of(shape, descr="'<f8'", fortran=False):
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


def npz(members, compression=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def parquet(n_rows, *claims):
    """Return a .parquet file of a column of zeros, in groups of `n_rows` or some more that claim other numbers."""
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    content, sizes = io.BytesIO(), [n_rows + i for i in range(max(1, len(claims)))]
    table = pa.table({"a": np.zeros(sizes[-1])})
    with pq.ParquetWriter(content, table.schema, store_schema=False) as writer:
        for size in sizes:
            writer.write_table(table[:size], row_group_size=size)
    whole = content.getvalue()
    start = len(whole) - 8 - struct.unpack("<I", whole[-8:-4])[0]
    footer = whole[start:-8]
    for size, claim in zip(sizes, claims, strict=False):
        number = _varint(size)
        at = footer.rindex(number)  # a row group ends with its rows
        footer = footer[:at] + _varint(claim) + footer[at + len(number) :]
    return whole[:start] + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _varint(number):
    """Return a whole number as Thrift's compact protocol writes it: zigzag, 7 bits a byte."""
    parts = [2 * number if number >= 0 else -2 * number - 1]
    while parts[-1] > 127:
        parts[-1:] = [parts[-1] & 127 | 128, parts[-1] >> 7]
    return bytes(parts)


class Bomb:
    """Its pickle makes a file when it is loaded."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return os.mkdir, (self.path,)


def pickles(target):
    """Return names and contents of files that hold pickles of a bomb in every way that a reader might unpickle."""
    raw, objects = pickle.dumps(Bomb(target)), np.array([[Bomb(target)] * 3] * 3, dtype=object)
    stored, archive, flat = io.BytesIO(), io.BytesIO(), header_of("(3,)", "'|O'")
    np.save(stored, objects)
    np.savez(archive, objects)
    return {
        "raw.npy": raw, "objects.npy": stored.getvalue(), "claimed.npy": npy(flat, raw),
        "nested.npy": npy(header_of("(3,)", "[('a', '<f8'), ('b', '|O')]"), raw), "raw.npz": raw,
        "objects.npz": archive.getvalue(), "member.npz": npz({"arr_0.npy": raw}), "plain.npz": npz({"arr_0": raw}),
        "claimed.npz": npz({"arr_0.npy": npy(flat, raw)}), "npy.npz": stored.getvalue(), "npz.npy": archive.getvalue(),
        "raw.csv": raw, "raw.parquet": raw,
    }  # fmt: skip


@contextmanager
def peak_below(n_bytes):
    """Fail if so much memory is taken, touched or not."""
    tracemalloc.start()
    try:
        yield
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < n_bytes


@contextmanager
def seconds_at_most(seconds):
    """Interrupt what waits for ever, where the system can."""

    def give_up(*_):
        raise AssertionError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@st.composite
def damaged(draw, whole):
    """Draw `whole` with some bytes changed, cut off, left out, put in, or doubled."""
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at, n = draw(st.integers(0, len(content))), draw(st.integers(1, 16))
        how = draw(st.sampled_from(["flip", "number", "cut", "remove", "insert", "repeat"]))
        if how == "flip" and at < len(content):
            content[at] ^= draw(st.integers(1, 255))
        elif how == "number":
            content[at : at + 8] = struct.pack("<Q", draw(st.sampled_from([0, 1, 2**31, 2**32 - 1, 2**60, 2**64 - 1])))
        elif how == "cut":
            del content[at:]
        elif how == "remove":
            del content[at : at + n]
        elif how == "insert":
            content[at:at] = draw(st.binary(min_size=n, max_size=n))
        else:
            content[at:at] = content[at : at + n]
    return bytes(content)
