"""``fastcurse article``, ``remedies`` and ``scaling``: experiments that fill a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fastcurse.cli._messages import complain_of, resumable
from fastcurse.report.tables import print_aligned


def _page_options(folder: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Return a decorator that adds the options of a command that writes a page, by default into `folder`."""
    options = (
        click.option("--output", type=click.Path(path_type=Path), default=Path(folder), show_default=True,
                     help="Folder to write: new, empty, or of an earlier run."),
        click.option("--quick", is_flag=True, help="Smaller parameters: seconds instead of minutes."),
        click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
                     help="Seed of all random data."),
        click.option("--only", metavar="NAME", multiple=True,
                     help="Run just this experiment; repeatable. A wrong name lists the right ones."),
        click.option("--repeats", type=click.IntRange(min=2), default=None,
                     help="At least this many trials, draws or splits of each experiment."),
    )  # fmt: skip

    def add(command: Callable[..., int]) -> Callable[..., int]:
        for option in reversed(options):
            command = option(command)
        return command

    return add


@click.command()
@_page_options("fastcurse-article")
@click.option("--all", "everything", is_flag=True, help="The experiments of `fastcurse remedies` too, on one page.")
def article(everything: bool, **options: Any) -> int:
    """Reproduce and correct every figure of the teaching article."""
    return _write_page("all" if everything else "article", **options)


@click.command()
@_page_options("fastcurse-remedies")
def remedies(**options: Any) -> int:
    """Measure what helps against the curse, and what only seems to."""
    return _write_page("remedies", **options)


def _write_page(name: str, *, output: Path, quick: bool, seed: int, only: tuple[str, ...], repeats: int | None) -> int:
    """Run the experiments of a page, write its folder, print a summary; return 1 if a check failed."""
    from fastcurse.report.article import PAGES, run_article, write_article
    from fastcurse.report.folder import check_output_folder

    page = PAGES[name]
    for chosen in only:
        if chosen not in page.modules:
            raise click.BadParameter(f"{chosen!r} is not one of {', '.join(page.modules)}", param_hint="'--only'")
    check_output_folder(output)
    modules = {name: module for name, module in page.modules.items() if not only or name in only}
    results, meta = run_article(modules, seed=seed, quick=quick, repeats=repeats, progress=True)
    write_article(output, page, results, meta)
    rows = [
        (name, len(result.checks), len(result.failed), f"{meta['seconds'][name]:.1f}")
        for name, result in results.items()
    ]
    print_aligned(("experiment", "checks", "failed", "seconds"), rows)
    click.echo(f"compiling took {meta['compile_seconds']['total']:.1f} s; open {output / 'index.html'}")
    failed = [(name, check) for name, result in results.items() for check in result.failed]
    for name, check in failed:
        complain_of(check, name)
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

    with resumable("finished cases are", output / CASES):
        result, meta = run_scaling(output, seed=seed, quick=quick, n_threads=n_threads, progress=True)
    write_scaling(output, result, meta)
    for header, rows in summary(result):
        print_aligned(header, rows)
        click.echo("")
    click.echo(f"{len(result.checks)} checks; figures, tables and results.json are in {output}")
    for check in result.failed:
        complain_of(check)
    return 0 if result.ok else 1
