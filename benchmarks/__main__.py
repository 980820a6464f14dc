"""Runs every benchmark and prints its rows: python -m benchmarks [--only NAME] [--output FOLDER]."""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path
from typing import Any

from fastcurse.report.environment import describe

NAMES = ("distances", "neighbors", "profile", "discriminant", "balls")


def main() -> None:
    """Run the chosen benchmarks in one process; write NAME.json of each into the folder, if one is given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=NAMES, action="append")
    parser.add_argument("--output", type=Path, help="folder for NAME.json; benchmarks/results is what README.md shows")
    arguments = parser.parse_args()
    machine = describe()
    print(f"{machine['cpu']}, {machine['instruction_set']}, {machine['threads']} threads, {machine['versions']}")
    for name in arguments.only or NAMES:
        rows = import_module(f"benchmarks.bench_{name}").run()
        for row in rows:
            print(f"{name}: {row['case']}: " + ", ".join(_shown(key, row[key]) for key in row if key != "case"))
        if arguments.output:
            arguments.output.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n"
            (arguments.output / f"{name}.json").write_text(text, encoding="utf-8")


def _shown(key: str, value: Any) -> str:
    return f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"


if __name__ == "__main__":
    main()
