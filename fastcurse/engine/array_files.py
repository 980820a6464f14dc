"""Opens .npy and .npz files that anybody may have written.

Nothing is unpickled, and a header is only believed as far as there are bytes for what it claims: an array is mapped,
or read as long as bytes come. Errors say what is wrong with the file; whoever calls adds its name.
"""

from __future__ import annotations

import ast
import math
import re
import stat
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, cast

import numpy as np

from fastcurse.engine.memory import check_free

# What damaged files raise: an unknown compression is a NotImplementedError, a set encryption bit a RuntimeError, a
# mangled header anything that parsing a Python literal may raise.
DAMAGED = (
    OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, LookupError,
    OverflowError, SyntaxError, TypeError, ValueError, tokenize.TokenError,
)  # fmt: skip
_MAGIC = b"\x93NUMPY"
_LENGTHS = {(1, 0): ("<H", "latin1"), (2, 0): ("<I", "latin1"), (3, 0): ("<I", "utf-8")}
_LONGEST_HEADER = 10_000  # bytes; NumPy reads no longer one either
_READ_AT_ONCE = 2**20


class _Header(NamedTuple):
    """What a .npy file says that it holds, from byte `start` on."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: Literal["C", "F"]
    start: int

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read its bytes; raise ValueError for what may never end or never begin: a pipe, a device."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise ValueError("it is no regular file")
    return open(path, "rb")


def open_npy(path: Path) -> np.ndarray:
    """Return the array of a .npy file: a read-only memmap, unless it is empty."""
    with open_regular(path) as file:
        header = _read_header(file, "it is no .npy file, which holds a plain array")
        n_bytes = file.seek(0, 2) - header.start
    if n_bytes < header.n_bytes:
        raise ValueError(f"{_claim(header)}, and {n_bytes} follow")
    if header.n_bytes == 0:
        return np.empty(header.shape, header.dtype)
    return np.memmap(path, header.dtype, "r", header.start, header.shape, header.order)


def read_npz(path: Path, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Return the arrays of those names in a .npz file; without names, the only one that there is."""
    with open_regular(path) as file:
        if file.read(2) != b"PK":
            raise ValueError("it is no .npz file, which holds plain arrays")
        with zipfile.ZipFile(file) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if names is None:
                if len(members) != 1:
                    raise ValueError(f"it must hold one array, got {len(members)}: {list(members)[:9]}")
                names = list(members)
            missing = [name for name in names if name not in members]
            if missing:
                raise ValueError(f"it must hold {missing[0]!r}, got {list(members)[:9]}")
            return {name: _read_member(archive, members[name]) for name in names}


def check_room(n_bytes: int) -> None:
    """Raise MemoryError if so many bytes are more than what is free."""
    check_free(n_bytes, "it takes {need} of memory, and {free} are free")


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    # Others than NumPy's take memory by a size that the file claims.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"its arrays must be stored or deflated, got compression {info.compress_type}")
    with archive.open(info) as member:
        header = _read_header(cast(BinaryIO, member), "it holds no plain array")
        check_room(header.n_bytes)
        content = bytearray()
        while len(content) <= header.n_bytes and (part := member.read(_READ_AT_ONCE)):
            content += part
    if len(content) != header.n_bytes:
        more = "more" if len(content) > header.n_bytes else f"{len(content)}"
        raise ValueError(f"{_claim(header)}, and {more} follow")
    if header.n_bytes == 0:
        return np.empty(header.shape, header.dtype)
    return np.frombuffer(content, header.dtype).reshape(header.shape, order=header.order)


def _claim(header: _Header) -> str:
    return f"its header claims an array of shape {header.shape} and dtype {header.dtype}, {header.n_bytes} bytes"


def _read_header(file: BinaryIO, otherwise: str) -> _Header:
    """Read a header as NumPy defines it, versions 1 to 3; raise, with `otherwise` as the reason, if there is none."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError(otherwise)
    version = tuple(file.read(2))
    if version not in _LENGTHS:
        raise ValueError(f"its format must be version 1.0, 2.0 or 3.0, got {'.'.join(map(str, version)) or 'none'}")
    form, encoding = _LENGTHS[version]
    (length,) = struct.unpack(form, file.read(struct.calcsize(form)))
    if length > _LONGEST_HEADER:
        raise ValueError(f"its header must have at most {_LONGEST_HEADER} bytes, got {length}")
    text = file.read(length)
    if len(text) < length:
        raise ValueError(f"its header must have {length} bytes, got {len(text)}")
    dtype, shape, order = _parsed(text.decode(encoding))
    if dtype.hasobject:
        raise ValueError("it holds Python objects, no plain array")
    if dtype.itemsize == 0:
        raise ValueError(f"its values must have bytes, got dtype {dtype}")
    return _Header(dtype, shape, order, len(_MAGIC) + 2 + struct.calcsize(form) + length)


def _parsed(text: str) -> tuple[np.dtype[Any], tuple[int, ...], Literal["C", "F"]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a stray backslash
            record = ast.literal_eval(re.sub(r"(?<=\d)L\b", "", text))  # Python 2 wrote 10L
        fortran, shape = record["fortran_order"], record["shape"]
        sound = type(fortran) is bool and type(shape) is tuple and all(type(n) is int and n >= 0 for n in shape)
        if not sound or len(record) != 3:
            raise ValueError
        return np.lib.format.descr_to_dtype(record["descr"]), shape, "F" if fortran else "C"
    except DAMAGED:
        shown = text.strip() if len(text) <= 200 else f"{text[:200]}..."
        raise ValueError(f"its header must be that of an array, got {shown!r}") from None
