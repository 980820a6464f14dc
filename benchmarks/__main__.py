"""Runs the benchmarks, peers in turn in one process: python -m benchmarks --all [--quick] [--output FOLDER].

Each measurement is written to FOLDER/AREA.json (with --quick: AREA-quick.json) as soon as it is made. The same command
goes on from there, if machine, versions, instruction set and the sources that are measured are the same; Ctrl-C loses
no more than the measurement that was under way. benchmarks/results is the folder that README.md shows. faiss (package
faiss-cpu) is optional.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.record import Record, source_digest
from fastcurse.report.environment import describe

AREAS = ("distances", "neighbors", "profile", "discriminant", "balls", "remedies", "scaling")


def main(arguments: list[str] | None = None) -> None:
    """Measure what is not yet measured in the chosen areas."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_const", const=AREAS, dest="areas", help="every area")
    which.add_argument("--only", choices=AREAS, action="append", dest="areas", help="this area; may be repeated")
    parser.add_argument("--quick", action="store_true", help="small sizes: a few minutes in all")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where results are kept; without it only shown")
    parser.add_argument("--fresh", action="store_true", help="measure all anew")
    options = parser.parse_args(arguments)
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
    machine = describe()
    print(f"{machine['cpu']}, {machine['instruction_set']}, {machine['threads']} threads, {machine['versions']}")
    try:
        for area in options.areas:
            run_area(area, machine, options.quick, options.output, options.fresh)
    except KeyboardInterrupt:
        where = f"is kept in {options.output}; the same command goes on" if options.output else "is shown above"
        sys.exit(f"interrupted: what was finished {where}")
    if options.output and not options.quick:
        print(f"All of it is in {options.output}. If that is benchmarks/results, README.md's tables are made anew by\n"
              "  python examples/readme.py --benchmarks")  # fmt: skip


def run_area(area: str, machine: dict[str, Any], quick: bool, folder: Path | None, fresh: bool) -> Record:
    """Measure one area; return its record."""
    module = import_module(f"benchmarks.bench_{area}")
    versions = {**machine["versions"], **getattr(module, "VERSIONS", {})}
    stem = f"{area}-quick" if quick else area
    path = folder / f"{stem}.json" if folder else None
    record = Record(path, {**machine, "versions": versions, "sources": source_digest(*module.SOURCES)}, fresh)
    print(f"{area}: {len(record.rows)} rows of an earlier run are kept", flush=True)
    module.measure(record, module.QUICK if quick else module.FULL)
    return record


if __name__ == "__main__":
    main()
