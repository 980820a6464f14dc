"""The inner products of bytes: exact at every width, and one instruction where the host has it."""

from __future__ import annotations

import re

import numba
import numpy as np
import pytest

from fastcurse._kernels import search_block, simd
from fastcurse._kernels.pair_block import load_sums, store_sums
from fastcurse._kernels.search_block import FLIP, add_words

ROWS = 4


# Not cached on disk: the machine code of what comes from there cannot be read.
@numba.njit
def add_products(width, rows, panel, out):
    """Add to out (2 * rows * lanes,) the inner products of a word of each row and of each point of a panel."""
    store_sums(add_words(load_sums(width, (0,) * 8, out), rows, 0, panel, 0), out)


@pytest.mark.parametrize("bits", [128, 256, 512])
def test_inner_products_of_bytes(bits):
    width, points = simd.width_of(bits), 2 * bits // 32
    row_bytes = np.random.default_rng(bits).integers(-127, 128, size=(ROWS, 4), dtype=np.int8)
    panel_bytes = np.random.default_rng(1).integers(-127, 128, size=(points, 4), dtype=np.int8)
    row_bytes[0], panel_bytes[0], panel_bytes[1] = -127, 127, -127  # the largest sums of either sign
    start = np.arange(ROWS * points, dtype=np.int32) - 50
    out = start.copy()
    rows, panel = row_bytes.view(np.int32)[:, 0] ^ np.int32(FLIP), panel_bytes.view(np.int32)[:, 0].copy()
    add_products(width, rows, panel, out)
    products = panel_bytes.astype(np.int64) @ (127 - row_bytes.astype(np.int64)).T
    assert np.array_equal(out.reshape(ROWS, points), start.reshape(ROWS, points) + products.T)
    # Each LLVM that Numba was ever built on must take the instruction: its arguments' types changed in LLVM 22.
    if search_block.has_dot_product(bits):
        register = {128: "xmm", 256: "ymm", 512: "zmm"}[bits]
        text = add_products.inspect_asm()[add_products.signatures[-1]]
        assert len(re.findall(rf"\bvpdpbusd\b[^\n]*%{register}", text)) == 2 * ROWS
