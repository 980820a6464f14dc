"""``fastcurse profile``."""

from __future__ import annotations

import math
from pathlib import Path

import click

from fastcurse.cli._arguments import Count, parse_prefixes
from fastcurse.cli._gates import GATES, Bound, check_prefixes_of, failures, gate_options
from fastcurse.cli._messages import complain, named_as_on_the_command_line
from fastcurse.cli._outputs import check_outputs

_NAMES = {
    "X": "DATA", "y": "LABELS", "prefixes": "--prefixes", "k": "--k", "n_queries": "--queries", "metric": "--metric",
    "order": "--order", "on_bad": "--on-bad", "n_threads": "--threads",
}  # fmt: skip


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--labels", type=click.Path(path_type=Path), default=None, help="File of one label a row.")
@click.option("--prefixes", default=None,
              help="Comma-separated numbers of leading features; default: about 12, up to all.")  # fmt: skip
@click.option("--k", type=click.IntRange(min=2), default=10, show_default=True, help="Neighbours of each query.")
@click.option("--queries", "n_queries", type=Count(min=1), default=2048, show_default=True,
              help="Rows drawn to be queries, at most; each is compared with every row.")  # fmt: skip
@click.option("--metric", type=click.Choice(("euclidean", "cosine")), default="euclidean", show_default=True)
@click.option("--order", type=click.Choice(("given", "pca", "variance", "random")), default="given", show_default=True,
              help="Order of the features before prefixes are taken.")  # fmt: skip
@click.option("--on-bad", type=click.Choice(("error", "drop")), default="error", show_default=True,
              help="What to do with rows that hold values that are not finite.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of all that is drawn.")
@click.option("--threads", "n_threads", type=click.IntRange(min=1), default=None, help="Default: all available.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), default=None, help="Page to write.")
@click.option("--json", type=click.Path(path_type=Path, dir_okay=False), default=None, help="JSON file to write.")
@gate_options
@click.option("--max-duplicates", type=click.FloatRange(0, 1), metavar="SHARE", default=None,
              help="Exit with 1 if a higher share of the rows equals an earlier row.")  # fmt: skip
def profile(
    data: Path,
    labels: Path | None,
    prefixes: str | None,
    k: int,
    n_queries: int,
    metric: str,
    order: str,
    on_bad: str,
    seed: int,
    n_threads: int | None,
    html: Path | None,
    json: Path | None,
    max_duplicates: float | None,
    **given: tuple[Bound, ...],
) -> int:
    """Tell what distances, neighbours and labels of DATA still mean at each prefix of its features.

    DATA is a .npy, .npz (one array), .csv or .parquet file; a .csv may have one header line, without numbers.

    The bounds of --min-overlap and the like may be given several times, each at a PREFIX that --prefixes asks for, or
    without one at the last prefix, by default all features (but not --min-overlap, which is 1 there). What breaks one
    is told on stderr, a line each, after everything was written; so is a number that could not be measured.
    """
    bounds = [(gate.option, given[gate.argument]) for gate in GATES]
    chosen = parse_prefixes(prefixes)
    check_prefixes_of(bounds, chosen)
    if given["min_accuracy"] and labels is None:
        raise click.UsageError("--min-accuracy needs --labels")
    if max_duplicates is not None and math.isnan(max_duplicates):
        raise click.UsageError("--max-duplicates must be a share between 0 and 1, got nan")
    check_outputs({"--html": html, "--json": json}, {"DATA": data, "LABELS": labels})

    from fastcurse.profile import profile as profile_of
    from fastcurse.report.datafiles import read_labels, read_points

    X = read_points(data)
    y = None if labels is None else read_labels(labels, n_samples=len(X))
    with named_as_on_the_command_line(_NAMES):
        result = profile_of(
            X, y, prefixes=chosen, k=k, n_queries=n_queries, metric=metric, order=order, on_bad=on_bad,
            random_state=seed, n_threads=n_threads, progress=True,
        )  # fmt: skip
    click.echo(result.summary())
    if html is not None:
        result.to_html(html, name=data.name)
    if json is not None:
        result.to_json(json)
    broken = list(failures(result, bounds))
    share = result.quality.duplicates / result.n_samples
    if max_duplicates is not None and share > max_duplicates:
        broken.append(f"gate failed: --max-duplicates {max_duplicates:g}: {share:.6g} of the rows equal an earlier one")
    for line in broken:
        complain(line)
    return 1 if broken else 0
