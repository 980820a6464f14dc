"""What has been measured so far, and of what: a file that is whole at any moment, from which a run goes on."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import fastcurse

Row = dict[str, Any]
Step = Callable[[], list[Row]]


class Record:
    """The rows of one area, kept from an earlier run if machine, versions and sources are the same."""

    def __init__(self, path: Path | None, machine: dict[str, Any], fresh: bool = False) -> None:
        self.path, self.machine, self.rows = path, machine, list[Row]()
        if path is not None and path.exists() and not fresh:
            record = json.loads(path.read_text(encoding="utf-8"))
            if record["machine"] == machine:
                self.rows = record["rows"]

    def find(self, **about: str) -> Row | None:
        """Return the first row with these values, None if there is none yet."""
        return next((row for row in self.rows if about.items() <= row.items()), None)

    def add(self, *rows: Row) -> None:
        """Append rows, show them, and write the file: a temporary one, then renamed."""
        self.rows.extend(rows)
        for row in rows:
            print("  " + ", ".join(f"{key} {_shown(value)}" for key, value in row.items()), flush=True)
        if self.path is not None:
            text = json.dumps({"machine": self.machine, "rows": self.rows}, indent=1) + "\n"
            draft = self.path.with_name(f".{self.path.name}.tmp")
            draft.write_text(text, encoding="utf-8")
            os.replace(draft, self.path)

    def measure(self, steps: Mapping[str, Step], warm: Callable[[], object]) -> None:
        """Run the steps that have no rows yet, `warm` once before the first of them."""
        missing = [name for name in steps if self.find(step=name) is None]
        if missing:
            warm()
        for name in missing:
            self.add(*({"step": name, **row} for row in steps[name]()))


def compared(case: str, peer: str, peer_seconds: float, our_seconds: float, **more: Any) -> Row:
    """Return a row that has a peer."""
    ratio = peer_seconds / our_seconds
    return {
        "case": case, "peer": peer, "peer_seconds": peer_seconds, "our_seconds": our_seconds, "ratio": ratio, **more
    }  # fmt: skip


def seconds_of(call: Callable[[], object], repeats: int = 1) -> float:
    """Return the wall-clock seconds of a call, the fastest of some."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def source_digest(*names: str) -> str:
    """Return a digest of modules and packages of fastcurse, named without suffix: the code that is measured."""
    root = Path(fastcurse.__file__).parent
    files = [path for name in names for path in sorted([*root.glob(f"{name}.py"), *root.glob(f"{name}/**/*.py")])]
    assert files, names
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
