"""Every test that promises.toml names exists."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROMISES = tomllib.loads((HERE / "promises.toml").read_text(encoding="utf-8"))["promise"]


@cache
def names_in(file):
    """All tests of a file: classes, and functions by themselves or after their class."""
    found = set()
    for node in ast.parse((HERE / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found |= {node.name, *(f"{node.name}::{inner.name}" for inner in node.body if hasattr(inner, "name"))}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return {name for name in found if name.split("::")[-1].startswith(("test_", "Test"))}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise["says"][:40])
def test_its_tests_exist(promise):
    assert set(promise) == {"says", "tests", "result"}
    assert promise["tests"]
    for test in promise["tests"]:
        file, _, name = test.partition("::")
        assert (HERE / file).is_file(), test
        assert not name or name in names_in(file), test


def test_each_is_said_once():
    assert len({promise["says"] for promise in PROMISES}) == len(PROMISES) >= 25
