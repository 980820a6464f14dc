"""Does a small fault in the code turn a test red? Each fault of faults.toml is applied in turn, alone.

    python -m tests.mutation [--list] [--only PATTERN] [--again] [--jobs N]

from the root of a clone, with what the tests need installed. The package and its tests are copied to a folder of
their own, one for each of N faults at a time; nothing here changes but results.json. A test that notices a fault must
pass there without it. Each verdict is noted at once, so that a run that was stopped goes on, and is current while the
fault, its file and the test that noticed it are the same; --list says how many are. Exit code 1 if fewer than 95 % are
killed, or one survives unexplained.

Why no public tool. mutmut (3.7) leaves functions with a decorator alone, which all kernels have, and calls the others
through a trampoline; cosmic-ray changes whatever its operators find, and starts all tests for each. Neither drops a
term of an error bound. Here a fault is what someone thought could go wrong, and only the tests that should notice are
run, the one that noticed it last time first. fastcurse compiles all kernels anew after an edit of one: a fault of a
kernel has a cache of its own, the others share one.
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
from collections.abc import Generator, Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn

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
    """A tree that faults are applied to, one at a time; what waits for tests is a generator, and others go on then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            shutil.rmtree(folder / part, ignore_errors=True)
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(ROOT / part, folder)
        self.cache = folder / "cache"  # of kernels without a fault
        self.sound: set[str] = set()  # tests that pass without a fault

    def judge(self, fault: Fault, likely: str) -> Generator[None, None, str]:
        """Return the first test that fails with the fault, or why there is none; empty if all pass."""
        target = self.folder / "fastcurse" / fault.file
        text = target.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as own:
            target.write_text(fault.applied(text), encoding="utf-8")
            try:
                compiled = Path(own) if fault.file.startswith("_kernels/") else self.cache
                by = yield from self.test(sorted(fault.nodes, key=lambda node: node != likely), compiled, SECONDS)
            finally:
                target.write_text(text, encoding="utf-8")
        if by:
            yield from self._check(by, fault)
        return by

    def _check(self, by: str, fault: Fault) -> Iterator[None]:
        """Stop unless the test that failed passes without the fault; or, where none ran, unless all are found."""
        node = by.partition("[")[0] if "::" in by else ""
        if node not in self.sound:
            if (yield from self.test([node] if node else [*fault.nodes, "--collect-only"], self.cache)):
                raise SystemExit(f"{node or fault.tests} must pass without a fault")
            self.sound |= {node} - {""}

    def try_out(self, nodes: set[str]) -> Iterator[None]:
        """See whether tests pass without a fault, all in one process; if one fails, each is tried when it matters."""
        if nodes and not (yield from self.test(sorted(nodes), self.cache)):
            self.sound |= nodes

    def test(self, nodes: list[str], compiled: Path, seconds: float = np.inf) -> Generator[None, None, str]:
        """Run tests; return the first that fails, or why there is none, empty if all pass."""
        output, began = self.folder / "output.txt", time.monotonic()
        child = os.fork()  # what tests import is there already: half of the time of a quick one
        if child == 0:
            self._become_pytest(nodes, compiled, output)
        try:
            while not (ended := os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT | os.WNOHANG)):
                if time.monotonic() - began > seconds:
                    break
                yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)  # and whom it has started
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if not ended:
            return f"no end after {seconds:.0f} s"
        if status == 0:
            return ""
        failed = re.search(r"^(?:FAILED|ERROR) (\S+)", output.read_text(encoding="utf-8"), re.MULTILINE)
        return failed.group(1) if failed else f"exit code {status}"

    def _become_pytest(self, nodes: list[str], compiled: Path, output: Path) -> NoReturn:
        os.setsid()
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(file, stream)
        os.chdir(self.folder)
        sys.path.insert(0, str(self.folder))
        sys.dont_write_bytecode = True  # two faults of one length, within a second, would be one to a .pyc
        numba.config.CACHE_DIR = str(compiled)
        os.environ |= {"PYTHONPATH": str(self.folder), "NUMBA_CACHE_DIR": str(compiled), "PYTEST_ADDOPTS": ""}
        os.environ["FASTCURSE_TEST_PROFILE"] = "mutation"
        status = 1
        try:
            status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--tb=no", "--assert=plain", *nodes]))
        finally:
            sys.stdout.flush()
            os._exit(status)


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

    def likely(self, fault: Fault) -> str:
        """Return the test that noticed the fault last time; empty if none did, or it is none of the fault's now."""
        node = self.known.get(fault.name, {"by": ""})["by"].partition("[")[0]
        return node if node in fault.nodes else ""

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
    digest.update(_code_of(fault.file))
    for node in [by] if by.startswith("tests/") else fault.nodes:
        digest.update(source_of(node).encode())
    return digest.hexdigest()[:16]


@cache
def _code_of(file: str) -> bytes:
    return (ROOT / "fastcurse" / file).read_bytes()


def main() -> int:
    """Judge the faults that were not judged before, and say how many tests noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.split("\n\n")[0])
    parser.add_argument("--list", action="store_true", help="show the faults and what is known of them")
    parser.add_argument("--only", default="", metavar="PATTERN", help="those whose 'file: name' matches, a regex")
    parser.add_argument("--again", action="store_true", help="judge also what was judged before")
    parser.add_argument("--folder", type=Path, help="where to copy the tree; one run at a time in each")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many faults at a time, in as many copies")
    options = parser.parse_args()
    faults, verdicts = load_faults(), Verdicts(RESULTS)
    chosen = [fault for fault in faults if re.search(options.only, f"{fault.file}: {fault.name}")]
    if options.list:
        current = [verdicts.of(fault) for fault in chosen]
        for fault, known in zip(chosen, current, strict=True):
            print(f"{known['verdict'] if known else '-':10}{fault.file}: {fault.name}")
        print(f"{sum(map(bool, current))} of {len(chosen)} verdicts are current")
        return 0
    new = [fault for fault in chosen if verdicts.of(fault) is None or options.again]
    if new:
        _judge(new, faults, verdicts, options.folder, max(options.jobs, 1))
    verdicts.save(faults)
    found = [known for fault in chosen if (known := verdicts.of(fault)) is not None]
    counts = _counts(found)
    print(f"{counts['killed']} of {len(chosen)} killed, {counts['explained']} explained, {counts['survived']} survived")
    return 0 if counts["killed"] >= ENOUGH * len(chosen) and not counts["survived"] else 1


def _judge(new: list[Fault], faults: list[Fault], verdicts: Verdicts, folder: Path | None, jobs: int) -> None:
    mark = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]
    folder = folder or Path(tempfile.gettempdir()) / f"fastcurse-mutation-{mark}"
    for module in HEAVY:
        import_module(module)
    for fault in new:
        _digest(fault, "")  # reads what a verdict rests on: who edits it meanwhile has no verdict on the edit
    likely = sorted({node for fault in new if (node := verdicts.likely(fault))})
    copies, queue = [Copy(folder / str(job)) for job in range(jobs)], iter(new)
    running = [_work(copy, set(likely[job::jobs]), queue, faults, verdicts) for job, copy in enumerate(copies)]
    try:
        while running:
            running = [work for work in running if next(work, "done") is None]
            time.sleep(0.05)
    finally:
        for work in running:
            work.close()


def _work(
    copy: Copy, likely: set[str], queue: Iterator[Fault], faults: list[Fault], verdicts: Verdicts
) -> Generator[None, None, None]:
    """Judge in one copy what is next, until nothing is left."""
    yield from copy.try_out(likely)
    for fault in queue:
        began = time.monotonic()
        by = yield from copy.judge(fault, verdicts.likely(fault))
        verdicts.note(fault, by)
        verdicts.save(faults)
        seconds = f"{time.monotonic() - began:.0f} s"
        print(f"{_verdict(fault, by):10}{seconds:>6}  {fault.file}: {fault.name}  {by}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
