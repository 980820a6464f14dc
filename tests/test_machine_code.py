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
from fastcurse._kernels import augmentation, balls, discriminant, distances, neighbors, screen, simd
X = np.random.default_rng(0).normal(size=(100, 20))
fc.distance_extremes(X, screen="none")
fc.distance_extremes(X, screen="float32")
fc.prefix_neighbors(X, [0], 1, metric="cosine")
fc.estimate_ball_volume(3, 500, random_state=0)
at, best, pairs = np.arange(100), np.empty((2, 100)), np.empty((2, 100, 2), dtype=np.int64)
distances.fill_row_extremes(X, X, at, at, best[0], pairs[0], best[1], pairs[1])
sums = X, X[:2], np.zeros((1, 2)), np.array([20])
discriminant.fill_prefix_scores(*sums, np.empty((1, 100, 2)))
discriminant.count_correct(*sums, at, np.zeros((1, 1), dtype=np.int64))
discriminant.grow_factor(simd.width_of(simd.host_bits()), np.eye(20).ravel(), np.ones(20))
copies, key = (0, 1, 0.5, np.uint64(0), 1.0), np.zeros(2, dtype=np.uint32)
augmentation.add_copies(X, X[:, 0], *copies, key, np.zeros((8, 20, 20)), np.zeros((8, 20)))
for module in (augmentation, balls, discriminant, distances, neighbors):
    for name, kernel in vars(module).items():
        if hasattr(kernel, "inspect_asm") and kernel.py_func.__module__ == module.__name__:
            print("KERNEL " + name + " " + "".join(kernel.inspect_asm().values()))
print("KERNEL scan_tiles " + "".join(screen.scan_tiles.inspect_asm().values()))
"""

FUSED = r"\bvfn?m(add|sub)"
pytestmark = [
    pytest.mark.slow, pytest.mark.skipif(simd.host_bits() < 256, reason="needs an x86 processor with AVX2")
]  # fmt: skip


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    """Code of the float32 screen, and of every kernel in the modules whose bits are promised."""
    # Code that comes from Numba's cache cannot be read again: compile into an empty one.
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path_factory.mktemp("numba"))}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=environment)
    return dict(part.split(" ", 1) for part in done.stdout.split("KERNEL ")[1:])


def count(text, instruction):
    register = "zmm" if simd.host_bits() == 512 else "ymm"
    return len(re.findall(rf"\b{instruction}\b[^\n]*%{register}", text))


def test_exact_kernel_has_vector_minimum_and_maximum(code):
    assert count(code["fill_tile_extremes"], "vminpd") >= 8
    assert count(code["fill_tile_extremes"], "vmaxpd") >= 8
    assert count(code["fill_tile_extremes"], "vsubpd") >= 8


def test_screen_has_vector_minimum_maximum_and_fma(code):
    assert count(code["scan_tiles"], "vminps") >= 8
    assert count(code["scan_tiles"], "vmaxps") >= 8
    assert count(code["scan_tiles"], r"vfmadd\d+ps") >= 8


def test_neighbor_kernel_has_vector_arithmetic(code):
    assert count(code["fill_neighbors"], "vsubpd") >= 8
    assert count(code["fill_neighbors"], "vmulpd") >= 16
    assert count(code["fill_neighbors"], "vaddpd") >= 16
    assert count(code["fill_neighbors"], r"vcmp\w+pd") >= 8


def test_no_kernel_with_promised_bits_fuses(code):
    """Distances, neighbours, hits, and the sums of discriminant analysis and of augmented copies."""
    exact = {name: text for name, text in code.items() if name != "scan_tiles"}
    assert [name for name, text in exact.items() if not text.strip()] == []  # all ran above
    assert [name for name, text in exact.items() if re.search(FUSED, text)] == []
    sums = {
        "fill_tile_extremes", "fill_tile_pairs", "certify_pairs", "fill_row_extremes", "fill_neighbors", "fill_norms",
        "_is_hit", "fill_prefix_scores", "count_correct", "grow_factor", "fill_copy", "add_copies",
    }  # fmt: skip
    assert {name for name in sums if not re.search(r"\bvmul[sp]d\b", exact[name])} == set()
