"""The list of faults: what each changes in which file, and the tests that must notice."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parents[1]
_SLOW = {"slow", "statistical"}  # marks of tests that run for a fault only where it names them


@dataclass(frozen=True)
class Fault:
    """One small change of one file; `explained` says why no test can notice it, if none can."""

    name: str
    file: str  # below fastcurse/
    find: str
    replace: str
    tests: tuple[str, ...]  # "test_x.py::test_y", whatever class that is in, or "test_x.py" for all that are not slow
    explained: str = ""

    def applied(self, text: str) -> str:
        """Return the text of the file with the fault; ValueError unless what is to be changed occurs exactly once."""
        if text.count(self.find) != 1:
            raise ValueError(f"{self.name!r} must have its text once in {self.file}, got {text.count(self.find)}")
        return text.replace(self.find, self.replace)

    @property
    def nodes(self) -> list[str]:
        """The tests by the names that pytest knows; ValueError where there is none of a name."""
        return [node for test in self.tests for node in _nodes(*test.partition("::")[::2])]


def load_faults() -> list[Fault]:
    """Return the faults of faults.toml."""
    entries = tomllib.loads((TESTS / "mutation" / "faults.toml").read_text(encoding="utf-8"))["fault"]
    return [Fault(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]


class Test(NamedTuple):
    """A test as pytest names it, how it is written, and whether it is marked as slow."""

    node: str
    source: str
    slow: bool


def source_of(node: str) -> str:
    """Return how a test is written; empty if there is none of that name."""
    file = node.partition("::")[0].removeprefix("tests/")
    return next((test.source for test in _tests_of(file) if test.node == node.partition("[")[0]), "")


def _nodes(file: str, function: str) -> list[str]:
    tests = _tests_of(file)
    nodes = [test.node for test in tests if (test.node.split("::")[-1] == function if function else not test.slow)]
    if not nodes:
        raise ValueError(f"{file} has no test {function!r}")
    return nodes


@cache
def _tests_of(file: str) -> list[Test]:
    text, tests = (TESTS / file).read_text(encoding="utf-8"), []
    lines = text.splitlines()
    for top in ast.parse(text).body:
        prefix = f"tests/{file}::" + (f"{top.name}::" if isinstance(top, ast.ClassDef) else "")
        for one in top.body if isinstance(top, ast.ClassDef) else [top]:
            if isinstance(one, ast.FunctionDef) and one.name.startswith("test"):
                inside = [part for mark in one.decorator_list for part in ast.walk(mark)]
                slow = any(isinstance(part, ast.Attribute) and part.attr in _SLOW for part in inside)
                first = min([one.lineno, *(mark.lineno for mark in one.decorator_list)])
                tests.append(Test(prefix + one.name, "\n".join(lines[first - 1 : one.end_lineno]), slow))
    return tests
