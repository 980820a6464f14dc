"""The hot kernels keep their vector instructions: read from the machine code that Numba made."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from fastcurse._kernels import simd

CODE = """
import numpy as np
import fastcurse as fc
from fastcurse._kernels import distances, neighbors, screen
X = np.random.default_rng(0).normal(size=(100, 20))
fc.distance_extremes(X, screen="none")
fc.distance_extremes(X, screen="float32")
fc.prefix_neighbors(X, [0], 1, metric="cosine")
for kernel in (distances.fill_tile_extremes, screen.scan_tiles, neighbors.fill_neighbors, neighbors.fill_norms):
    print("KERNEL")
    print("".join(kernel.inspect_asm().values()))
"""

pytestmark = pytest.mark.skipif(simd.host_bits() < 256, reason="needs an x86 processor with AVX2")


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    # Code that comes from Numba's cache cannot be read again: compile into an empty one.
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path_factory.mktemp("numba"))}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=environment)
    _, *codes = done.stdout.split("KERNEL")
    return dict(zip(("exact", "screened", "neighbors", "norms"), codes, strict=True))


def count(text, instruction):
    register = "zmm" if simd.host_bits() == 512 else "ymm"
    return len(re.findall(rf"\b{instruction}\b[^\n]*%{register}", text))


def test_exact_kernel_has_vector_minimum_maximum_and_no_fma(code):
    assert count(code["exact"], "vminpd") >= 8
    assert count(code["exact"], "vmaxpd") >= 8
    assert count(code["exact"], "vsubpd") >= 8
    assert not re.search(r"\bvfn?m(add|sub)", code["exact"])


def test_screen_has_vector_minimum_maximum_and_fma(code):
    assert count(code["screened"], "vminps") >= 8
    assert count(code["screened"], "vmaxps") >= 8
    assert count(code["screened"], r"vfmadd\d+ps") >= 8


def test_neighbor_kernels_have_vector_arithmetic_and_no_fma(code):
    assert count(code["neighbors"], "vsubpd") >= 8
    assert count(code["neighbors"], "vmulpd") >= 16
    assert count(code["neighbors"], "vaddpd") >= 16
    assert count(code["neighbors"], r"vcmp\w+pd") >= 8
    assert not re.search(r"\bvfn?m(add|sub)", code["neighbors"] + code["norms"])
