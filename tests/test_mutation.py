"""The list of faults of ``python -m tests.mutation`` does not rot: each has its text once, and tests that exist."""

from __future__ import annotations

from pathlib import Path

from mutation.faults import load_faults

import fastcurse

PACKAGE = Path(fastcurse.__file__).parent


def test_every_fault_can_be_applied():
    faults = load_faults()
    assert len({fault.name for fault in faults}) == len(faults) >= 80
    for fault in faults:
        assert fault.applied((PACKAGE / fault.file).read_text(encoding="utf-8"))
        assert fault.nodes
