"""Runs the experiments of a page and writes figures, tables, results.json and the page, self-contained."""

from __future__ import annotations

import base64
import csv
import io
import json
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from fastcurse.experiments import ALL, REMEDIES, ExperimentResult
from fastcurse.report import environment
from fastcurse.report.folder import MANIFEST, RESULTS, staged_folder

_PAGE_ROWS = 12  # longer tables are thinned on the page; the CSV files hold every row


class Page(NamedTuple):
    """The experiments that a page can show, in its order, and the words above them."""

    title: str
    intro: str
    modules: Mapping[str, ModuleType]


PAGES = {
    "article": Page(
        "The curse of dimensionality, measured",
        "Every figure and table of a teaching article, reproduced; beside each, the corrected one, and what the "
        "original got wrong.",
        ALL,
    ),
    "remedies": Page(
        "What helps against the curse of dimensionality, and what only seems to",
        "Remedies and false friends on problems whose answer is known: each measured, beside its closed form where "
        "there is one, and what is easily got wrong about it.",
        REMEDIES,
    ),
    "all": Page(
        "The curse of dimensionality, and what helps against it",
        "Every figure and table of a teaching article, reproduced and corrected; then remedies and false friends, each "
        "measured beside its closed form where there is one.",
        ALL | REMEDIES,
    ),
}


def run_article(
    modules: Mapping[str, ModuleType], *, seed: int, quick: bool, repeats: int | None, progress: bool
) -> tuple[dict[str, ExperimentResult], dict[str, Any]]:
    """Run the experiments and return their results and the meta record (versions, machine, seconds).

    `repeats` raises the number of repetitions of each experiment that has fewer.
    """
    results, seconds, compiled = {}, {}, {}
    for name, module in modules.items():
        params: dict[str, Any] = dict(module.QUICK) if quick else {}
        if repeats is not None:
            defaults = {**module.run.__kwdefaults__, **params}
            raised = [key for key in defaults if key.endswith("repeats")]
            params.update({key: max(defaults[key], repeats) for key in raised})
        began = time.perf_counter()
        with environment.CompileClock() as clock:
            results[name] = module.run(**params, random_state=seed, progress=progress)
        seconds[name] = round(time.perf_counter() - began, 3)
        compiled[name] = round(clock.seconds, 3)
    meta = {
        **environment.describe(),
        "seed": seed,
        "quick": quick,
        "seconds": {**seconds, "total": round(sum(seconds.values()), 3)},
        "compile_seconds": {**compiled, "total": round(sum(compiled.values()), 3)},
    }
    return results, meta


def write_article(folder: Path, page: Page, results: Mapping[str, ExperimentResult], meta: Mapping[str, Any]) -> None:
    """Write the output folder: each file whole, and nothing if anything fails before the files are moved in."""
    began = time.perf_counter()
    with staged_folder(folder) as stage:
        drawings = {name: write_figures(stage / "figures", result) for name, result in results.items()}
        for name, result in results.items():
            write_tables(stage / "tables", name, result)
        figures = round(time.perf_counter() - began, 3)
        seconds = {**meta["seconds"], "figures": figures, "total": round(meta["seconds"]["total"] + figures, 3)}
        meta = {**meta, "seconds": seconds}
        (stage / "index.html").write_text(_render(page, results, drawings, meta), encoding="utf-8")
        write_record(stage, results, meta)


def write_figures(folder: Path, result: ExperimentResult) -> list[dict[str, str]]:
    """Write each figure as PNG and SVG and return name, caption and the SVG as a data address."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for name, caption in result.figures.items():
        figure = result.plot(name)
        stem = f"{result.name}-{name.replace('_', '-')}"
        figure.draw_without_rendering()  # lays the axes out
        figure.set_layout_engine(None)  # once is enough: each format would do it again, a quarter of the time
        figure.savefig(folder / f"{stem}.png", dpi=130, pil_kwargs={"compress_level": 3})
        vector = io.BytesIO()
        figure.savefig(vector, format="svg", metadata={"Date": None})
        (folder / f"{stem}.svg").write_bytes(vector.getvalue())
        address = "data:image/svg+xml;base64," + base64.b64encode(vector.getvalue()).decode("ascii")
        drawn.append({"name": stem, "caption": caption, "address": address})
    return drawn


def write_tables(folder: Path, name: str, result: ExperimentResult) -> None:
    """Write each table as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, columns in result.tables.items():
        with open(folder / f"{name}-{table.replace('_', '-')}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))


def write_record(stage: Path, results: Mapping[str, ExperimentResult], meta: Mapping[str, Any]) -> None:
    """Write results.json, which names all files that are there by then."""
    files = [path.relative_to(stage).as_posix() for path in sorted(stage.rglob("*")) if path.is_file()]
    record: dict[str, Any] = {name: result.to_dict() for name, result in results.items()}
    record["meta"] = {**meta, "files": [*files, MANIFEST, RESULTS]}
    (stage / RESULTS).write_text(json.dumps(record, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _render(
    page: Page, results: Mapping[str, ExperimentResult], drawings: Mapping[str, Any], meta: Mapping[str, Any]
) -> str:
    templates = Environment(
        loader=PackageLoader("fastcurse.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    templates.filters["number"] = _number
    sections = [
        {
            "name": name,
            "reproduced": name in ALL,
            "title": result.title,
            "params": ", ".join(f"{key} = {value}" for key, value in result.params.items()),
            "corrections": result.corrections,
            "figures": drawings[name],
            "checks": result.checks,
            "failed": len(result.failed),
            "tables": {table: _thinned(columns) for table, columns in result.tables.items()},
        }
        for name, result in results.items()
    ]
    return templates.get_template("article.html.j2").render(page=page, sections=sections, meta=meta)


def _thinned(columns: Mapping[str, np.ndarray]) -> dict[str, Any]:
    size = len(next(iter(columns.values())))
    rows = np.unique(np.linspace(0, size - 1, min(size, _PAGE_ROWS)).round().astype(int))
    return {
        "columns": list(columns),
        "rows": [[column[row] for column in columns.values()] for row in rows],
        "size": size,
    }


def _number(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return "–" if np.isnan(value) else f"{value:.6g}"
    return str(value)
