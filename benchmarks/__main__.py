"""Runs every benchmark and prints its ratios: python -m benchmarks [--only NAME] [--json FILE]."""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path

from fastcurse.report.environment import describe

NAMES = ("distances", "discriminant", "balls")


def main() -> None:
    """Run the chosen benchmarks in one process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=NAMES, action="append")
    parser.add_argument("--json", type=Path, help="also write the rows and the machine here")
    arguments = parser.parse_args()
    machine = describe()
    print(f"{machine['cpu']}, {machine['instruction_set']}, {machine['threads']} threads, {machine['versions']}")
    rows = []
    for name in arguments.only or NAMES:
        for row in import_module(f"benchmarks.bench_{name}").run():
            rows.append({"benchmark": name, **row})
            print(
                f"{name:13} {row['case']:58} {row['peer']}: {row['peer_seconds']:.3g} s, "
                f"ours: {row['our_seconds']:.3g} s, ratio {row['ratio']:.3g}"
            )
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
