"""Runs the scaling experiment and writes figures, tables and results.json; finished cases are kept as they come."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from fastcurse.experiments import ExperimentResult, scaling
from fastcurse.report import environment
from fastcurse.report.article import write_figures, write_record, write_tables
from fastcurse.report.folder import check_output_folder, staged_folder

CASES = "cases"
_GROWTH = ("n_samples", "draws", "nearest_median", "nearest_theory", "farthest_median", "farthest_theory",
           "contrast_median", "contrast_theory")  # fmt: skip
_DIMENSION = ("d", "intrinsic", "contrast", "contrast_theory", "share_boxed", "share_stopped", "tree_share")
_TITLES = {"n_samples": "n", "d": "D", "draws": "data sets"}


def run_scaling(
    folder: Path, *, seed: int, quick: bool, n_threads: int | None, progress: bool
) -> tuple[ExperimentResult, dict[str, Any]]:
    """Run the experiment, keeping its cases in ``folder/cases``; return the result and the meta record.

    Raises ValueError if `folder` holds what no earlier run wrote, or cannot be written.
    """
    check_output_folder(folder, beside=CASES)
    params: dict[str, Any] = dict(scaling.QUICK if quick else scaling.FULL)
    began = time.perf_counter()
    with environment.CompileClock() as clock:
        result = scaling.run(
            **params, random_state=seed, checkpoint=folder / CASES, n_threads=n_threads, progress=progress
        )
    meta = {
        **environment.describe(),
        "seed": seed,
        "quick": quick,
        # Of this run alone: cases of earlier ones have theirs in their files.
        "seconds": {scaling.NAME: round(time.perf_counter() - began, 3)},
        "compile_seconds": {scaling.NAME: round(clock.seconds, 3)},
    }
    return result, meta


def write_scaling(folder: Path, result: ExperimentResult, meta: dict[str, Any]) -> None:
    """Write the output folder: each file whole, and nothing if anything fails before the files are moved in."""
    with staged_folder(folder, beside=CASES) as stage:
        write_figures(stage / "figures", result)
        write_tables(stage / "tables", scaling.NAME, result)
        write_record(stage, {scaling.NAME: result}, meta)


def summary(result: ExperimentResult) -> list[tuple[list[str], list[tuple[str, ...]]]]:
    """Return header and rows of the two tables to print: against the number of points, and against the dimension."""
    tables = []
    for columns, names in ((_GROWTH, ("growth",)), (_DIMENSION, ("dimension", "embedded"))):
        header = [_TITLES.get(column, column.replace("_", " ").removesuffix(" median")) for column in columns]
        rows = [
            tuple(_shown(value) for value in row)
            for name in names
            for row in zip(*(result.tables[name][column].tolist() for column in columns), strict=True)
        ]
        tables.append((header, rows))
    return tables


def _shown(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"
