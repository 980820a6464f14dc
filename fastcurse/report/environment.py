"""What machine and which versions a result was made with."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import llvmlite.binding as llvm
from numba.core import event

from fastcurse._version import __version__
from fastcurse.engine.threads import available_threads, started_threads

_PACKAGES = ("numba", "llvmlite", "numpy", "scipy", "scikit-learn", "matplotlib")
# From the widest: the first that the host has names its instruction set.
_LEVELS = (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("avx", "AVX"), ("sse4.2", "SSE4.2"), ("neon", "NEON"))


def instruction_set() -> str:
    """Return the widest vector instruction set that LLVM reports for this host."""
    features = llvm.get_host_cpu_features()
    for feature, name in _LEVELS:
        if features.get(feature, False):
            return name
    return platform.machine()


def describe() -> dict[str, Any]:
    """Return versions, processor, instruction set and threads, as JSON can hold them."""
    versions = {"fastcurse": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "unknown"
    return {
        "versions": versions,
        "cpu": _processor_name(),
        "llvm_cpu": llvm.get_host_cpu_name(),
        "instruction_set": instruction_set(),
        "platform": f"{platform.system()} {platform.machine()}",
        "threads": min(available_threads(), started_threads()),
    }


class CompileClock:
    """Counts the seconds that Numba spends compiling while the `with` block runs; 0 when all came from the cache."""

    def __init__(self) -> None:
        self._recorder = event.RecordingListener()
        self._registered = event.install_recorder("numba:compile")

    def __enter__(self) -> CompileClock:
        self._recorder = self._registered.__enter__()
        return self

    def __exit__(self, *details: Any) -> None:
        self._registered.__exit__(*details)

    @property
    def seconds(self) -> float:
        """Seconds in outermost compilations."""
        total, depth, began = 0.0, 0, 0.0
        for at, happening in self._recorder.buffer:
            if happening.is_start:
                began = at if depth == 0 else began
                depth += 1
            else:
                depth -= 1
                total += at - began if depth == 0 else 0.0
        return total


def _processor_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
