"""``fastcurse article`` and ``fastcurse scaling``: experiments that fill a folder."""

from __future__ import annotations

from pathlib import Path

import click

from fastcurse.cli._messages import complain
from fastcurse.report.tables import print_aligned

_EXPERIMENTS = ("ball", "concentration", "peaking", "moons", "noise")


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=Path("fastcurse-article"), show_default=True,
              help="Folder to write: new, empty, or of an earlier run.")  # fmt: skip
@click.option("--quick", is_flag=True, help="Smaller parameters: seconds instead of a minute.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of all random data.")
@click.option("--only", type=click.Choice(_EXPERIMENTS), multiple=True, help="Run just this experiment; repeatable.")
@click.option("--repeats", type=click.IntRange(min=2), default=None,
              help="At least this many trials, draws or splits of each experiment.")  # fmt: skip
def article(output: Path, quick: bool, seed: int, only: tuple[str, ...], repeats: int | None) -> int:
    """Reproduce and correct every figure of the teaching article."""
    from fastcurse.report.article import run_article, write_article
    from fastcurse.report.folder import check_output_folder

    check_output_folder(output)
    names = [name for name in _EXPERIMENTS if not only or name in only]
    results, meta = run_article(names, seed=seed, quick=quick, repeats=repeats, progress=True)
    write_article(output, results, meta)
    rows = [
        (name, len(result.checks), sum(not check.ok for check in result.checks), f"{meta['seconds'][name]:.1f}")
        for name, result in results.items()
    ]
    print_aligned(("experiment", "checks", "failed", "seconds"), rows)
    click.echo(f"compiling took {meta['compile_seconds']['total']:.1f} s; open {output / 'index.html'}")
    failed = [(name, check) for name, result in results.items() for check in result.checks if not check.ok]
    for name, check in failed:
        complain(
            f"check failed: {name}: {check.name}: {check.ours:.6g}, not {check.published:.6g} ± {check.tolerance:.2g}"
        )
    return 1 if failed else 0


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=Path("fastcurse-scaling"), show_default=True,
              help="Folder to write: new, empty, or of an earlier run, which is gone on with.")  # fmt: skip
@click.option("--quick", is_flag=True, help="To 10 000 points: seconds, not minutes.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of all random data.")
@click.option("--threads", "n_threads", type=click.IntRange(min=1), default=None, help="Default: all available.")
def scaling(output: Path, quick: bool, seed: int, n_threads: int | None) -> int:
    """Measure how the curse scales: to a million points, and to a thousand dimensions.

    Each finished case is kept in OUTPUT/cases at once; the same command goes on from there.
    """
    from fastcurse.report.scaling import CASES, run_scaling, summary, write_scaling

    try:
        result, meta = run_scaling(output, seed=seed, quick=quick, n_threads=n_threads, progress=True)
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"finished cases are in {str(output / CASES)!r}, and the same command goes on from them")
        raise
    write_scaling(output, result, meta)
    for header, rows in summary(result):
        print_aligned(header, rows)
        click.echo("")
    click.echo(f"{len(result.checks)} checks; figures, tables and results.json are in {output}")
    for check in result.checks:
        if not check.ok:
            complain(f"check failed: {check.name}: {check.ours:.6g}, not {check.published:.6g} ± {check.tolerance:.2g}")
    return 0 if result.ok else 1
