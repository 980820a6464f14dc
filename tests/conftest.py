"""Test-wide settings, made before Numba is imported."""

from __future__ import annotations

import hashlib
import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings  # loads neither NumPy nor Numba

# Each version of the kernels has a folder of its own, so that the tests of two trees do not overwrite each other's.
_SPEC = find_spec("fastcurse")
assert _SPEC is not None
assert _SPEC.origin is not None
_KERNELS = Path(_SPEC.origin).parent / "_kernels"
_DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(_KERNELS.glob("*.py")))).hexdigest()
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"fastcurse-tests-{_DIGEST[:16]}"))
# More threads than cores, so that tests with 3 or 8 threads really run that many.
os.environ.setdefault("NUMBA_NUM_THREADS", "8")
os.environ.setdefault("MPLBACKEND", "Agg")

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("dev", max_examples=25, **_COMMON)
settings.register_profile("ci", max_examples=80, derandomize=True, **_COMMON)
settings.register_profile(
    "fuzz", max_examples=int(os.environ.get("FASTCURSE_FUZZ_EXAMPLES", "2000")), print_blob=True, **_COMMON
)
settings.register_profile("brief", max_examples=5, derandomize=True, **_COMMON)
# For tests.mutation, which asks whether a test fails and not at which smallest example.
settings.register_profile("mutation", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate))
_DEFAULT = "brief" if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0" else "dev"
settings.load_profile(os.environ.get("FASTCURSE_TEST_PROFILE", _DEFAULT))


def _fuzzes(config):
    return "fuzz" in config.option.markexpr and "not fuzz" not in config.option.markexpr


def pytest_configure(config):
    if _fuzzes(config):
        settings.load_profile("fuzz")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """With ``-m fuzz`` every property test counts as marked; without it the marked tests are left out."""
    if _fuzzes(config):
        for item in items:
            if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
                item.add_marker("fuzz")
        return
    left_out = [item for item in items if item.get_closest_marker("fuzz")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
