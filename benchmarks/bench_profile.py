"""Profiles of a large file and of labelled rows: seconds and resident memory, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.cases import normal_memmap
from benchmarks.record import Record, Row

SOURCES = (
    "_kernels", "engine", "distances", "neighbors", "discriminant", "prefix_accuracy", "hubness", "intrinsic_dimension",
    "profile", "theory",
)  # fmt: skip
_PREFIXES = (8, 16, 32, 64, 128, 192, 256, 384)
_MEASURED = """
import json, sys, time
import numpy as np
import fastcurse as fc

X, y = np.load(sys.argv[1], mmap_mode="r"), None
options = json.loads(sys.argv[2])
if len(sys.argv) > 3:
    X, y = np.array(X), np.load(sys.argv[3])
fc.profile(np.array(X[:20_000]), None if y is None else y[:20_000], **options)  # loads the kernels that it takes
began = time.perf_counter()
found = fc.profile(X, y, **options)
seconds = time.perf_counter() - began
with open("/proc/self/status", encoding="ascii") as file:
    peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "mebibytes": peak / 1024, "exact": found.exact, "sentences": len(found.verdict)}))
"""


class Sizes(NamedTuple):
    """Rows and features of the large file, its queries; rows and features with labels."""

    large: tuple[int, int]
    n_queries: int
    labelled: tuple[int, int]


FULL = Sizes((1_000_000, 384), 2048, (20_000, 256))
QUICK = Sizes((100_000, 384), 512, (2000, 256))


def measure(record: Record, sizes: Sizes) -> None:
    """Run both; neither has a peer: no other package gives the same table."""
    steps = {
        "memmap": partial(_large, *sizes.large, sizes.n_queries),
        "labels": partial(_labelled, *sizes.labelled),
    }
    record.measure(steps, warm=_compile)


def _compile() -> None:
    """Fill Numba's cache, so that no process that is measured holds the compiler."""
    _large(20_000, _PREFIXES[-1], 512)
    _labelled(20_000, 256)


def _large(n_samples: int, n_features: int, n_queries: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.npy"
        normal_memmap(path, (n_samples, n_features), np.random.default_rng(0))
        options = {"prefixes": _PREFIXES, "n_queries": n_queries}
        case = (
            f"profile of a float32 memmap, {n_samples} x {n_features}, {len(_PREFIXES)} prefixes, {n_queries} queries"
        )
        return _rows(case, path, options)


def _labelled(n_samples: int, n_features: int) -> list[Row]:
    generator = np.random.default_rng(0)
    y = generator.integers(0, 10, n_samples)
    X = generator.normal(size=(n_samples, n_features)) * np.geomspace(1, 0.1, n_features)
    with tempfile.TemporaryDirectory() as folder:
        rows, labels = Path(folder) / "labelled.npy", Path(folder) / "labels.npy"
        np.save(rows, X + generator.normal(size=(10, n_features))[y] * 0.3)
        np.save(labels, y)
        return _rows(f"profile of {n_samples} x {n_features} with 10 classes, 12 prefixes", rows, {}, labels)


def _rows(case: str, path: Path, options: dict[str, Any], labels: Path | None = None) -> list[Row]:
    command = [
        sys.executable,
        "-c",
        _MEASURED,
        str(path),
        json.dumps(options),
        *([] if labels is None else [str(labels)]),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    case += ", exact" if found["exact"] else ""
    assert found["sentences"] >= 3
    return [
        {"case": f"{case}: seconds", "value": found["seconds"]},
        {"case": f"{case}: resident memory, MiB", "value": found["mebibytes"]},
    ]
