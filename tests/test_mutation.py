"""The list of faults of ``python -m tests.mutation`` does not rot: each has its text once, and tests that exist."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from mutation.faults import TESTS, load_faults

import fastcurse

PACKAGE = Path(fastcurse.__file__).parent


def test_every_fault_can_be_applied():
    faults = load_faults()
    assert len({fault.name for fault in faults}) == len(faults) >= 80
    for fault in faults:
        assert fault.applied((PACKAGE / fault.file).read_text(encoding="utf-8"))
        assert fault.nodes


def test_the_promise_quotes_the_last_results():
    results = json.loads((TESTS / "mutation" / "results.json").read_text(encoding="utf-8"))
    assert results["survived"] == 0
    promises = tomllib.loads((TESTS / "promises.toml").read_text(encoding="utf-8"))["promise"]
    (quoted,) = (promise["result"] for promise in promises if promise["tests"] == ["test_mutation.py"])
    assert quoted.startswith(f"{results['killed']} of {results['faults']} ")
