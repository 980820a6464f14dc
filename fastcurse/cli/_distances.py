"""``fastcurse distances``."""

from __future__ import annotations

from pathlib import Path

import click

from fastcurse.cli._arguments import parse_prefixes
from fastcurse.cli._messages import named_as_on_the_command_line, resumable
from fastcurse.report.tables import print_csv


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--prefixes", default=None, help="Comma-separated numbers of leading features; default: every one.")
@click.option("--threads", "n_threads", type=click.IntRange(min=1), default=None, help="Default: all available.")
@click.option("--screen", type=click.Choice(("auto", "none", "float32", "int8")), default="auto", show_default=True,
              help="Precision of the first pass; it never changes the answer.")  # fmt: skip
@click.option("--checkpoint", type=click.Path(path_type=Path), default=None,
              help="File from which interrupted work goes on.")  # fmt: skip
@click.option("--explain", is_flag=True, help="Print what would be done, and why, and the memory it needs; do nothing.")
def distances(
    data: Path, prefixes: str | None, n_threads: int | None, screen: str, checkpoint: Path | None, explain: bool
) -> None:
    """Print the nearest and farthest pair of rows of DATA at each prefix, as CSV.

    DATA is a .npy, .npz (one array), .csv or .parquet file. A .csv may have one header line, without numbers.
    """
    from fastcurse import _validation
    from fastcurse.distances import distance_extremes, explain_search
    from fastcurse.report.datafiles import read_points

    X = _validation.check_points(read_points(data), "DATA")
    chosen = _validation.check_prefixes(parse_prefixes(prefixes), X.shape[1], "--prefixes")
    if explain:
        click.echo(explain_search(X, chosen, screen))
        return
    names = {"X": "DATA", "prefixes": "--prefixes", "checkpoint": "--checkpoint"}
    with named_as_on_the_command_line(names), resumable("what was done is", checkpoint):
        ext = distance_extremes(
            X, prefixes=chosen, screen=screen, n_threads=n_threads, checkpoint=checkpoint, progress=True
        )
    if ext.stats.pairs_resumed:
        done = ext.stats.pairs_resumed / ext.stats.pairs
        click.echo(f"fastcurse: {done:.0%} of the work was done before, in {str(checkpoint)!r}", err=True)
    header = ("prefix", "nearest", "farthest", "contrast", "nearest_i", "nearest_j", "farthest_i", "farthest_j")
    columns = [ext.prefixes, ext.nearest, ext.farthest, ext.contrast, *ext.nearest_pair.T, *ext.farthest_pair.T]
    print_csv(header, zip(*(column.tolist() for column in columns), strict=True))
