"""Does a small fault in the code turn a test red? Each fault of faults.toml is applied in turn, alone.

    python -m tests.mutation [--list] [--only PATTERN] [--again]

from the root of a clone, with what the tests need installed. The package and its tests are copied to a folder of
their own; nothing here changes. A test that notices a fault must pass there without it. Each verdict is noted in
results.json, and stands while the fault, its file and the test that noticed it are the same. Exit code 1 if fewer than
95 % are killed, or one survives unexplained.

Why no public tool. mutmut (3.7) leaves functions with a decorator alone, which all kernels have, and calls the others
through a trampoline; cosmic-ray changes whatever its operators find, and starts all tests for each. Neither drops a
term of an error bound, or knows that Numba's cache does not notice edits in imported files. Here a fault is what
someone thought could go wrong; only the tests that should notice are run; and kernels are compiled again if, and only
if, their file or one that they import has changed. All faults took some 40 minutes of one processor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import NoReturn
from xml.etree import ElementTree

os.environ.setdefault("NUMBA_NUM_THREADS", "8")  # as in conftest.py, and read when Numba is imported

import numba
import numpy as np
import pytest

from .faults import TESTS, Fault, load_faults, source_of

ROOT = TESTS.parent
RESULTS = TESTS / "mutation" / "results.json"
PARTS = ("fastcurse", "tests", "benchmarks", "examples", "pyproject.toml", "README.md", "CONTRIBUTING.md")
SECONDS = 900  # after which a test hangs: the fault is killed
ENOUGH = 0.95
HEAVY = (  # what tests import, and a fault need not import again
    "hypothesis.extra.numpy", "pandas", "scipy.optimize", "scipy.signal", "scipy.stats.qmc",
    "sklearn.discriminant_analysis", "sklearn.model_selection", "sklearn.neighbors", "tqdm.auto",
)  # fmt: skip


class Copy:
    """The tree that faults are applied to, and its caches of compiled kernels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        for part in PARTS:
            shutil.rmtree(folder / part, ignore_errors=True)
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(ROOT / part, folder)
        self.kernels = folder / "fastcurse" / "_kernels"
        texts = [path.read_bytes() for path in sorted(self.kernels.glob("*.py"))]
        self.cache = folder / f"cache-{hashlib.sha256(b''.join(texts)).hexdigest()[:16]}"
        self.sound: set[str] = set()  # tests that pass without a fault
        self.seconds: dict[str, float] = {}  # of each test, when it was last run

    def judge(self, fault: Fault) -> str:
        """Return the first test that fails with the fault, or why there is none; empty if all pass."""
        target = self.folder / "fastcurse" / fault.file
        cache = self.cache
        if target.parent == self.kernels:
            cache = self._cache_without(target.stem)
        target.write_text(fault.applied(target.read_text(encoding="utf-8")), encoding="utf-8")
        try:
            # The quick ones first: most faults are noticed by one of them.
            by = self.test(sorted(fault.nodes, key=lambda node: self.seconds.get(node, 0.0)), cache, SECONDS)
        finally:
            shutil.copy2(ROOT / "fastcurse" / fault.file, target)  # the time of its last change too: caches stay valid
        if by:
            self._check(by, fault)
        return by

    def _check(self, by: str, fault: Fault) -> None:
        """Stop unless the test that failed passes without the fault; or, where none ran, unless all are found."""
        node = by.partition("[")[0] if "::" in by else ""
        if node not in self.sound:
            if self.test([node] if node else [*fault.nodes, "--collect-only"], self.cache):
                raise SystemExit(f"{node or fault.tests} must pass without a fault")
            self.sound |= {node} - {""}

    def _cache_without(self, stem: str) -> Path:
        """Return a copy of the cache without the kernels that see the code of a file."""
        cache = self.folder / "cache-of-a-fault"
        shutil.rmtree(cache, ignore_errors=True)
        self.cache.mkdir(exist_ok=True)
        shutil.copytree(self.cache, cache)
        for name in self._who_import(stem):
            for compiled in cache.glob(f"*/{name}.*"):
                compiled.unlink()
        return cache

    def test(self, nodes: list[str], cache: Path, seconds: float = np.inf) -> str:
        """Run tests; return the first that fails, or why there is none, empty if all pass."""
        output, times, began = self.folder / "output.txt", self.folder / "times.xml", time.monotonic()
        child = os.fork()  # what tests import is there already: half of the time of a quick one
        if child == 0:
            self._become_pytest([*nodes, f"--junitxml={times}"], cache, output)
        try:
            while not (ended := os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG)):
                if time.monotonic() - began > seconds:
                    break
                time.sleep(0.05)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)  # and whom it has started
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        self._learn(times)
        if not ended:
            return f"no end after {seconds:.0f} s"
        if status == 0:
            return ""
        failed = re.search(r"^(?:FAILED|ERROR) (\S+)", output.read_text(encoding="utf-8"), re.MULTILINE)
        return failed.group(1) if failed else f"exit code {status}"

    def _learn(self, times: Path) -> None:
        """Note how long tests took; all runs of one, with whatever parameters, together."""
        taken: dict[str, float] = {}
        for case in ElementTree.parse(times).iter("testcase") if times.exists() else ():
            file, *classes = case.attrib["classname"].removeprefix("tests.").split(".")
            node = "::".join([f"tests/{file}.py", *classes, case.attrib["name"].partition("[")[0]])
            taken[node] = taken.get(node, 0.0) + float(case.attrib["time"])
        self.seconds |= taken
        times.unlink(missing_ok=True)

    def _become_pytest(self, arguments: list[str], cache: Path, output: Path) -> NoReturn:
        os.setsid()
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(file, stream)
        os.chdir(self.folder)
        sys.path.insert(0, str(self.folder))
        sys.dont_write_bytecode = True  # two faults of one length, within a second, would be one to a .pyc
        numba.config.CACHE_DIR = str(cache)
        os.environ |= {"PYTHONPATH": str(self.folder), "NUMBA_CACHE_DIR": str(cache), "PYTEST_ADDOPTS": ""}
        os.environ["FASTCURSE_TEST_PROFILE"] = "mutation"
        status = 1
        try:
            status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--tb=no", "--assert=plain", *arguments]))
        finally:
            sys.stdout.flush()
            os._exit(status)

    def _who_import(self, stem: str) -> set[str]:
        """Return the kernel files that see the code of one: itself, and who import it."""
        texts = {path.stem: path.read_text(encoding="utf-8") for path in self.kernels.glob("*.py")}
        found, new = set(), {stem}
        while new:
            found |= new
            seen = "|".join(map(re.escape, sorted(new)))
            line = re.compile(rf"^from fastcurse\._kernels(\.({seen}) import| import .*\b({seen})\b)", re.MULTILINE)
            new = {name for name, text in texts.items() if line.search(text)} - found
        return found


class Verdicts:
    """What was found of each fault, in a file that is written after each."""

    def __init__(self, path: Path) -> None:
        self.path, self.known, self.date = path, {}, ""
        self._read()

    def _read(self) -> None:
        if self.path.exists():
            noted = json.loads(self.path.read_text(encoding="utf-8"))
            self.known, self.date = noted["verdicts"], noted["date"]

    def of(self, fault: Fault) -> dict[str, str] | None:
        """Return the verdict, if what it rests on is the same."""
        known = self.known.get(fault.name)
        if known and known["digest"] == _digest(fault, known["by"]):
            return {**known, "verdict": _verdict(fault, known["by"])}
        return None

    def note(self, fault: Fault, by: str) -> None:
        """Note what noticed the fault, if anything did; another run, in another folder, may have noted some too."""
        self._read()
        self.known[fault.name] = {"by": by, "digest": _digest(fault, by)}
        self.date = date.today().isoformat()

    def save(self, faults: list[Fault]) -> None:
        """Write what is known of these faults, and what that is in all."""
        verdicts = {
            fault.name: {"verdict": _verdict(fault, known["by"]), "by": known["by"], "digest": known["digest"]}
            for fault in faults
            if (known := self.known.get(fault.name))
        }
        summary = {"date": self.date, "faults": len(faults), **_counts(list(verdicts.values()))}
        draft = self.path.with_suffix(f".{os.getpid()}")
        text = json.dumps({**summary, "verdicts": verdicts}, indent=1, ensure_ascii=False)
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(self.path)


def _verdict(fault: Fault, by: str) -> str:
    if by:
        return "killed"
    return "explained" if fault.explained else "survived"


def _counts(verdicts: list[dict[str, str]]) -> dict[str, int]:
    return {kind: sum(one["verdict"] == kind for one in verdicts) for kind in ("killed", "explained", "survived")}


def _digest(fault: Fault, by: str) -> str:
    """Return a hash of what a verdict rests on: the fault, its file, and the test that failed, or all that passed."""
    digest = hashlib.sha256(repr((fault.file, fault.find, fault.replace)).encode())
    digest.update((ROOT / "fastcurse" / fault.file).read_bytes())
    for node in [by] if by.startswith("tests/") else fault.nodes:
        digest.update(source_of(node).encode())
    return digest.hexdigest()[:16]


def main() -> int:
    """Judge the faults that were not judged before, and say how many tests noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.split("\n\n")[0])
    parser.add_argument("--list", action="store_true", help="show the faults and what is known of them")
    parser.add_argument("--only", default="", metavar="PATTERN", help="those whose 'file: name' matches, a regex")
    parser.add_argument("--again", action="store_true", help="judge also what was judged before")
    parser.add_argument("--folder", type=Path, help="where to copy the tree; one run at a time in each")
    options = parser.parse_args()
    faults, verdicts = load_faults(), Verdicts(RESULTS)
    chosen = [fault for fault in faults if re.search(options.only, f"{fault.file}: {fault.name}")]
    if options.list:
        for fault in chosen:
            known = verdicts.of(fault)
            print(f"{known['verdict'] if known else '-':10}{fault.file}: {fault.name}")
        return 0
    new = [fault for fault in chosen if options.again or verdicts.of(fault) is None]
    if new:
        _judge(new, faults, verdicts, options.folder)
    verdicts.save(faults)
    found = [known for fault in chosen if (known := verdicts.of(fault)) is not None]
    counts = _counts(found)
    print(f"{counts['killed']} of {len(chosen)} killed, {counts['explained']} explained, {counts['survived']} survived")
    return 0 if counts["killed"] >= ENOUGH * len(chosen) and not counts["survived"] else 1


def _judge(new: list[Fault], faults: list[Fault], verdicts: Verdicts, folder: Path | None) -> None:
    mark = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    for module in HEAVY:
        import_module(module)
    copy = Copy(folder or Path(tempfile.gettempdir()) / f"fastcurse-mutation-{mark}")
    for fault in new:
        began = time.monotonic()
        by = copy.judge(fault)
        verdicts.note(fault, by)
        verdicts.save(faults)
        seconds = f"{time.monotonic() - began:.0f} s"
        print(f"{_verdict(fault, by):10}{seconds:>6}  {fault.file}: {fault.name}  {by}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
