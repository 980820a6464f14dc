"""Profiles of a large file and of labelled rows: seconds and resident memory, each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

_MEASURED = """
import json, sys, time
import numpy as np
import fastcurse as fc

small = np.random.default_rng(0).normal(size=(3000, 32)).astype(np.float32)
fc.profile(small, np.arange(3000) % 2, prefixes=[8, 32])  # compiles
X, y = np.load(sys.argv[1], mmap_mode="r"), None
options = json.loads(sys.argv[2])
if len(sys.argv) > 3:
    X, y = np.array(X), np.load(sys.argv[3])
began = time.perf_counter()
found = fc.profile(X, y, **options)
seconds = time.perf_counter() - began
with open("/proc/self/status", encoding="ascii") as file:
    peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
print(json.dumps({"seconds": seconds, "mebibytes": peak / 1024, "exact": found.exact, "sentences": len(found.verdict)}))
"""


def run() -> list[dict[str, Any]]:
    """Run both; neither has a peer: no other package gives the same table."""
    with tempfile.TemporaryDirectory() as folder:
        large, labelled, labels = (Path(folder) / name for name in ("large.npy", "labelled.npy", "labels.npy"))
        file = np.lib.format.open_memmap(large, mode="w+", dtype=np.float32, shape=(1_000_000, 384))
        generator = np.random.default_rng(0)
        for start in range(0, len(file), 20_000):
            generator.standard_normal(out=file[start : start + 20_000], dtype=np.float32)
        del file
        y = generator.integers(0, 10, 20_000)
        X = generator.normal(size=(20_000, 256)) * np.geomspace(1, 0.1, 256)
        np.save(labelled, X + generator.normal(size=(10, 256))[y] * 0.3)
        np.save(labels, y)
        prefixes = {"prefixes": [8, 16, 32, 64, 128, 192, 256, 384]}
        return [
            *_rows("profile of a float32 memmap, 1000000 x 384, 8 prefixes, 2048 queries", large, prefixes),
            *_rows("profile of 20000 x 256 with 10 classes, 12 prefixes, exact", labelled, {}, labels),
        ]


def _rows(case: str, path: Path, options: dict[str, Any], labels: Path | None = None) -> list[dict[str, Any]]:
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
    assert found["exact"] == (labels is not None)
    assert found["sentences"] >= 3
    return [
        {"case": f"{case}: seconds", "value": found["seconds"]},
        {"case": f"{case}: resident memory, MiB", "value": found["mebibytes"]},
    ]
