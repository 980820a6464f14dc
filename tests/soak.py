"""Interrupts long work again and again, and watches that every answer stays the same and that nothing piles up.

    python tests/soak.py --minutes 60

runs two kinds of process side by side, in a folder and with a Numba cache of their own:

- Commands with ``--checkpoint``, one after another. Each is sent SIGINT, SIGTERM or SIGKILL after a random time,
  often while it still compiles, and is started again until it ends. What it prints must be, byte for byte, what the
  same command prints that is left alone. SIGINT must end in code 130 with a line that says so,
  or, where Python is still starting, by the signal itself, and leave no temporary file either way; those of the killed
  must be gone after the next run that finds them old.
- One process, as a notebook's, that calls the package's functions for the whole time, with SIGINT in between: the
  results must not change, and its memory, open files and threads must not grow.

It prints one line of JSON at the end, and one on stderr after each piece of work; the exit code is 1 if anything was
not as it must be. Not part of the default suite.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
LONGEST_LIFE = 15.0  # seconds of a command before its signal
MOST_SIGNALS = 40  # of one piece of work: it has to end some day, on a busy machine too
COMMAND = [sys.executable, "-m", "fastcurse"]
# Code that Python itself ends with where Ctrl-C comes before the command's own first line.
INTERRUPTED = (130, -signal.SIGINT)
SAID = re.compile(rb"(fastcurse: .*\n)?\n?fastcurse: interrupted; .*\n")  # the empty line is click's, after ^C


def commands(folder: Path, seed: int) -> dict[str, list[str]]:
    """Write data of that seed; return the work of one round, a minute or less each on two cores."""
    rng = np.random.default_rng(seed)
    many, more = folder / "many.npy", folder / "more.npy"
    np.save(many, rng.random((40_000, 64), dtype=np.float32))
    np.save(more, rng.standard_normal((100_000, 48), dtype=np.float32))
    return {
        "every prefix": ["distances", str(many)],
        "one prefix": ["distances", str(more), "--prefixes", "48"],
        "ball": ["ball", "8", "--draws", "3000000000", "--seed", str(seed)],
    }


class Commands:
    """Work that is interrupted and compared."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder, self.rng = folder, rng
        self.sent: Counter[str] = Counter()
        self.faults: list[str] = []
        self.rounds = self.resumed = self.drafts = 0

    def round(self, until: float) -> None:
        """Do one round's work, each piece interrupted and not; after `until` no more signals, and no more pieces."""
        for name, arguments in commands(self.folder, self.rounds).items():
            if time.monotonic() < until:
                expected = subprocess.run([*COMMAND, *arguments], capture_output=True, check=True).stdout
                found = self._interrupted(name, [*arguments, "--checkpoint", str(self.folder / "state")], until)
                if found != expected:
                    self.faults.append(f"round {self.rounds}, {name}: another answer")
                self._sweep(arguments)
                told = {"round": self.rounds, "work": name, "signals": self.sent, "faults": self.faults}
                print(json.dumps(told), file=sys.stderr, flush=True)  # for who ends it before it ends
        self.rounds += 1

    def _interrupted(self, name: str, arguments: list[str], until: float) -> bytes:
        for _ in range(MOST_SIGNALS):
            before = self._drafts()
            sent = self.rng.choice(SIGNALS)
            threads = [] if self.rng.random() < 0.5 else ["--threads", "1"]
            process = subprocess.Popen([*COMMAND, *arguments, *threads], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            patience = self.rng.uniform(0.0, LONGEST_LIFE) if time.monotonic() < until else None
            try:
                out, err = process.communicate(timeout=patience)
            except subprocess.TimeoutExpired:
                process.send_signal(sent)
                out, err = process.communicate()
                self.sent[sent.name] += 1
            self.resumed += b"of the work was done before" in err
            if process.returncode == 0:
                return out
            allowed = INTERRUPTED if sent == signal.SIGINT else (-sent,)
            if process.returncode not in allowed:
                self.faults.append(f"{name}: code {process.returncode} after {sent.name}: {err[-300:]!r}")
            if sent == signal.SIGINT and process.returncode == 130 and not SAID.fullmatch(err):
                self.faults.append(f"{name}: said {err[-300:]!r} when interrupted")
            if sent == signal.SIGINT and self._drafts() - before:
                self.faults.append(f"{name}: left {sorted(self._drafts() - before)} when interrupted")
        return subprocess.run([*COMMAND, *arguments], capture_output=True, check=True).stdout

    def _drafts(self) -> set[Path]:
        return set(self.folder.glob(".fastcurse-*"))

    def _sweep(self, arguments: list[str]) -> None:
        """Count the drafts that the killed left; make them old, and see that the next run removes them."""
        drafts = self._drafts()
        self.drafts += len(drafts)
        for draft in drafts:
            os.utime(draft, (0, 0))
        state = self.folder / "state"
        subprocess.run([*COMMAND, *arguments, "--checkpoint", str(state)], capture_output=True, check=True)
        if self._drafts():
            self.faults.append(f"drafts are still there: {sorted(self._drafts())}")
        state.unlink()


NOTEBOOK = """
import hashlib, importlib, json, os, pkgutil, signal, sys
import numpy as np
from numba.core import registry
import fastcurse as fc

# Numba does not survive Ctrl-C while it is imported, or while it loads its own parts at the first compilation.
for module in pkgutil.walk_packages(fc.__path__, "fastcurse."):
    importlib.import_module(module.name)
registry.cpu_target.target_context.refresh()
registry.cpu_target.typing_context.refresh()

X = np.random.default_rng(5).random((3000, 32), dtype=np.float32)
y = np.arange(len(X)) % 3
calls = {
    "distance_extremes": lambda: fc.distance_extremes(X, checkpoint=sys.argv[1] + "/extremes").nearest_pair,
    "closest_pair": lambda: np.array(fc.closest_pair(X)[1]),
    "prefix_neighbors": lambda: fc.prefix_neighbors(X, k=5, prefixes=[8, 32], queries=range(500)).indices,
    "distance_moments": lambda: np.asarray(fc.distance_moments(X).cv),
    "PrefixLDA": lambda: fc.PrefixLDA().fit(X, y).decision_path(X[:200]),
    "ball": lambda: np.array(fc.estimate_ball_volume(6, 10**7, random_state=1).hits),
    "profile": lambda: fc.profile(X, y, prefixes=[4, 32], n_queries=64).columns["overlap"],
}
armed, first, interrupts, faults, passes = False, {}, 0, [], 0


def interrupt(*details):
    if armed:
        raise KeyboardInterrupt


signal.signal(signal.SIGINT, interrupt)
print("ready", flush=True)
while not os.path.exists(sys.argv[1] + "/stop"):
    for name, call in calls.items():
        while True:
            try:
                armed = True
                found = hashlib.sha256(np.ascontiguousarray(call()).tobytes()).hexdigest()
                armed = False
                break
            except KeyboardInterrupt:
                armed = False
                interrupts += 1
        if first.setdefault(name, found) != found:
            faults.append(name + " changed")
    os.unlink(sys.argv[1] + "/extremes")
    passes += 1
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(json.dumps({
        "passes": passes, "interrupts": interrupts, "faults": faults, "rss_mb": int(status["VmRSS"].split()[0]) // 1024,
        "files": len(os.listdir("/proc/self/fd")), "threads": int(status["Threads"]),
    }), flush=True)
"""


class Notebook:
    """One process that is interrupted all the time and lives on."""

    WARM = 5  # passes before what it holds is compared

    def __init__(self, folder: Path, rng: random.Random) -> None:
        folder.mkdir()
        self.folder, self.log, self.ending = folder, folder / "log", threading.Event()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([sys.executable, "-c", NOTEBOOK, str(folder)], stdout=log, stderr=log)
        self.pinger = threading.Thread(target=self._ping, args=(rng,), daemon=True)
        self.pinger.start()

    def _ping(self, rng: random.Random) -> None:
        while not self.ending.wait(rng.uniform(0.2, 20.0)):
            if self.log.stat().st_size:  # else Ctrl-C would still end it
                self.process.send_signal(signal.SIGINT)

    def end(self) -> tuple[list[str], dict[str, object]]:
        """Let it finish its pass; return what was wrong, and what it held early and late."""
        self.ending.set()
        self.pinger.join()
        (self.folder / "stop").touch()
        try:
            code = self.process.wait(timeout=600)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return ["notebook: hangs"], {}
        lines = self.log.read_text().splitlines()
        if code != 0 or not lines:
            return [f"notebook: code {code}: {' '.join(lines[-5:])}"], {}
        passes = [json.loads(line) for line in lines if line.startswith("{")]
        early, late = passes[min(self.WARM, len(passes) - 1)], passes[-1]
        held = {key: [early[key], late[key]] for key in ("rss_mb", "files", "threads")}
        faults = list(late["faults"])
        if late["files"] > early["files"] + 2:
            faults.append("notebook: open files grow")
        if late["threads"] > early["threads"] + 2:
            faults.append("notebook: threads grow")
        if late["rss_mb"] > 1.2 * early["rss_mb"] + 50:
            faults.append("notebook: memory grows")
        return faults, {"passes": late["passes"], "interrupts": late["interrupts"], **held}


def main() -> None:
    """Run for as long as is asked, and print the result."""
    parser = argparse.ArgumentParser(description="Interrupt long work for a while; see the file's head.")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kernels", help="folder of compiled kernels; default: a new one, and signals meet compilers")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs, and their children, ignore it
    began, rng = time.monotonic(), random.Random(options.seed)
    until = began + 60.0 * options.minutes
    with tempfile.TemporaryDirectory(prefix="fastcurse-soak-") as place:
        os.environ["NUMBA_CACHE_DIR"] = options.kernels or f"{place}/numba"
        folder = Path(place) / "work"
        folder.mkdir()
        notebook = Notebook(Path(place) / "notebook", random.Random(options.seed))
        work = Commands(folder, rng)
        try:
            while time.monotonic() < until:
                work.round(until)
        finally:
            faults, held = notebook.end()
        kernels = list(Path(place).glob("numba/*/*"))
        result = {
            "ok": not (faults or work.faults), "minutes": round((time.monotonic() - began) / 60, 1),
            "seed": options.seed, "rounds": work.rounds, "signals": dict(work.sent), "runs_resumed": work.resumed,
            "drafts_of_the_killed": work.drafts, "faults": [*work.faults, *faults], "notebook": held,
            "kernel_files": len(kernels), "kernel_files_cut_off": sum(".tmp." in path.name for path in kernels),
        }  # fmt: skip
    print(json.dumps(result))
    sys.exit(0 if result["ok"] else 1)


if __name__ == "__main__":
    main()
