"""The list of faults of ``python -m tests.mutation`` does not rot: each has its text once, and tests that exist.

That verdicts are current is not tested, as that would ask for a run at each commit; ``--list`` says how many are.
"""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path

import pytest
from mutation.faults import TESTS, load_faults

import fastcurse

PACKAGE = Path(fastcurse.__file__).parent


@pytest.fixture(scope="module")
def results():
    return json.loads((TESTS / "mutation" / "results.json").read_text(encoding="utf-8"))


def test_every_fault_changes_what_runs_and_has_its_tests():
    faults = load_faults()
    assert len({fault.name for fault in faults}) == len(faults) >= 80
    for fault in faults:
        text = (PACKAGE / fault.file).read_text(encoding="utf-8")
        trees = [ast.dump(ast.parse(version)) for version in (text, fault.applied(text))]  # else any test would fail
        assert trees[0] != trees[1], fault.name
        assert fault.nodes


def test_every_fault_was_judged_and_none_survived_unexplained(results):
    verdicts = results["verdicts"]
    explained = {fault.name: bool(fault.explained) for fault in load_faults()}
    assert verdicts.keys() == explained.keys()
    assert {name: one["verdict"] == "explained" for name, one in verdicts.items()} == explained
    for name, one in verdicts.items():
        # Not a file that could not be imported, nor a run that ended without a word.
        assert explained[name] or "::" in one["by"] or one["by"].startswith("no end"), name
    kinds = [one["verdict"] for one in verdicts.values()]
    assert {kind: results[kind] for kind in ("killed", "explained", "survived")} == {
        "killed": kinds.count("killed"),
        "explained": kinds.count("explained"),
        "survived": 0,
    }
    assert results["faults"] == len(kinds) == results["killed"] + results["explained"]


def test_the_promise_quotes_the_last_results(results):
    promises = tomllib.loads((TESTS / "promises.toml").read_text(encoding="utf-8"))["promise"]
    (quoted,) = (promise["result"] for promise in promises if promise["tests"] == ["test_mutation.py"])
    assert quoted.startswith(f"{results['killed']} of {results['faults']} ")
