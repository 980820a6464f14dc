"""The console command ``fastcurse``: tables to stdout, progress to stderr, exit code 2 and one line for bad input."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fastcurse._version import __version__
from fastcurse.report.tables import print_aligned, print_csv

if TYPE_CHECKING:
    import numpy as np

_EXPERIMENTS = ("ball", "concentration", "peaking", "moons", "noise")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 a check failed, 2 bad input, 130 interrupted."""
    try:
        sys.exit(cli.main(arguments, prog_name="fastcurse", standalone_mode=False) or 0)
    except click.ClickException as error:
        _complain(error.format_message())
        sys.exit(2)
    except (ValueError, TypeError, OSError, MemoryError) as error:
        _complain(" ".join([str(error) or type(error).__name__, *getattr(error, "__notes__", [])]))
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt) as error:
        # Click hides the interrupt behind its own Abort; a note says what the interrupt left behind.
        notes = getattr(error.__cause__ or error, "__notes__", [])
        _complain("interrupted; " + (" ".join(notes) or "nothing was written"))
        sys.exit(130)


# Without a command click raises the help text as an error, or prints it, by version: here it is always printed.
@click.group(context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True)
@click.version_option(__version__, prog_name="fastcurse")
@click.pass_context
def cli(context: click.Context) -> None:
    """Measure what high dimension does to data, and what helps against it."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command()
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
        _complain(
            f"check failed: {name}: {check.name}: {check.ours:.6g}, not {check.published:.6g} ± {check.tolerance:.2g}"
        )
    return 1 if failed else 0


@cli.command()
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
            _complain(
                f"check failed: {check.name}: {check.ours:.6g}, not {check.published:.6g} ± {check.tolerance:.2g}"
            )
    return 0 if result.ok else 1


@cli.command()
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
    chosen = _validation.check_prefixes(_parse_prefixes(prefixes), X.shape[1])
    if explain:
        click.echo(explain_search(X, chosen, screen))
        return
    with _named_as_on_the_command_line({"X": "DATA", "checkpoint": "--checkpoint"}):
        try:
            ext = distance_extremes(
                X, prefixes=chosen, screen=screen, n_threads=n_threads, checkpoint=checkpoint, progress=True
            )
        except KeyboardInterrupt as interrupt:
            if checkpoint is not None:
                interrupt.add_note(f"what was done is in {str(checkpoint)!r}, and the same command goes on from it")
            raise
    if ext.stats.pairs_resumed:
        done = ext.stats.pairs_resumed / ext.stats.pairs
        click.echo(f"fastcurse: {done:.0%} of the work was done before, in {str(checkpoint)!r}", err=True)
    header = ("prefix", "nearest", "farthest", "contrast", "nearest_i", "nearest_j", "farthest_i", "farthest_j")
    columns = [ext.prefixes, ext.nearest, ext.farthest, ext.contrast, *ext.nearest_pair.T, *ext.farthest_pair.T]
    print_csv(header, zip(*(column.tolist() for column in columns), strict=True))


@cli.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("labels", type=click.Path(path_type=Path))
@click.option("--prefixes", default=None, help="Comma-separated numbers of leading features; default: every one.")
@click.option("--test-share", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.5, show_default=True,
              help="Share of the rows kept for testing.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the split.")
def lda(data: Path, labels: Path, prefixes: str | None, test_share: float, seed: int) -> None:
    """Print LDA's training and test accuracy at each prefix of DATA's features, as CSV.

    DATA is a .npy, .npz (one array), .csv or .parquet file; a .csv may have one header line, without numbers.
    LABELS is such a file of one label a row; a .csv may hold strings, and may have a header line too: one line
    more than DATA has rows, the first of them no number and no label of another row.
    """
    import numpy as np

    from fastcurse import _validation
    from fastcurse.discriminant import PrefixLDA
    from fastcurse.report.datafiles import read_labels, read_points

    X = np.asarray(_validation.check_points(read_points(data), "DATA"))
    y = _validation.check_labels(read_labels(labels, n_samples=len(X)), len(X), "LABELS", "DATA")
    chosen = _validation.check_prefixes(_parse_prefixes(prefixes), X.shape[1])
    test = _test_rows(y, _validation.check_fraction(test_share, "--test-share"), seed)
    X_train, X_test, y_train, y_test = X[~test], X[test], y[~test], y[test]
    with _named_as_on_the_command_line({"X": "DATA"}):
        model = PrefixLDA().fit(X_train, y_train)
        accuracies = [model.score_path(X_train, y_train, chosen), model.score_path(X_test, y_test, chosen)]
    columns = [chosen, *accuracies]
    print_csv(("prefix", "train_accuracy", "test_accuracy"), zip(*(column.tolist() for column in columns), strict=True))


class _Count(click.IntRange):
    """A whole number of at least `min`, which may be written 1e6."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and "e" in value.lower():
            with suppress(ValueError):
                number = float(value)
                value = int(number) if number.is_integer() else value
        return super().convert(value, param, ctx)


@cli.command()
@click.argument("d", type=click.IntRange(min=0))
@click.option("--draws", "n_draws", type=_Count(min=1), default=10**7, show_default=True, help="Random draws.")
@click.option("--method", type=click.Choice(["hit_or_miss", "telescoping", "quasi"]), default="hit_or_miss",
              show_default=True, help="How they are used; telescoping works to D = 10^7.")  # fmt: skip
@click.option("--confidence", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.95,
              show_default=True, help="Level of the interval.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the draws.")
@click.option("--threads", "n_threads", type=click.IntRange(min=1), default=None, help="Default: all available.")
@click.option("--checkpoint", type=click.Path(path_type=Path), default=None,
              help="File from which an interrupted hit_or_miss goes on.")  # fmt: skip
def ball(
    d: int, n_draws: int, method: str, confidence: float, seed: int, n_threads: int | None, checkpoint: Path | None
) -> None:
    """Print the volume of the unit ball of dimension D: closed form and Monte Carlo estimate."""
    from fastcurse.balls import ball_volume, estimate_ball_volume, log_ball_volume

    names = {"n_draws": "--draws", "d": "D", "method": "--method", "confidence": "--confidence",
             "checkpoint": "--checkpoint"}  # fmt: skip
    with _named_as_on_the_command_line(names):
        try:
            est = estimate_ball_volume(
                d, n_draws, method=method, random_state=seed, confidence=confidence, n_threads=n_threads,
                checkpoint=checkpoint, progress=True,
            )  # fmt: skip
        except KeyboardInterrupt as interrupt:
            if checkpoint is not None:
                interrupt.add_note(f"the count so far is in {str(checkpoint)!r}, and the same command goes on from it")
            raise
    name, interval = method.replace("_", " "), f"{100 * confidence:.12g} % interval"
    rows = [
        ("closed form", f"{ball_volume(d):.10g}"),
        ("closed form, logarithm", f"{log_ball_volume(d):.10g}"),
        (name, f"{est.volume:.6g}"),
        (f"{name}, logarithm", f"{est.log_volume:.10g}"),
        ("relative standard error", f"{est.standard_error:.2g}"),
        (interval, " .. ".join(f"{end:.6g}" for end in est.interval)),
        (f"{interval}, logarithm", " .. ".join(f"{end:.10g}" for end in est.log_interval)),
        ("draws", str(est.n_draws)),
        *([] if est.hits is None else [("hits", str(est.hits))]),
        ("z-score", f"{est.z_score:z.2f}"),
    ]
    print_aligned(("quantity", "value"), rows)
    if est.advice:
        click.echo(est.advice, err=True)


def _test_rows(y: np.ndarray, test_share: float, seed: int) -> np.ndarray:
    """Return bool (n,): a random `test_share` of the rows of each class, rounded up or down.

    The rows stand in a random order within their class, class by class; evenly spaced ones are for testing.
    """
    import numpy as np

    from fastcurse import _validation

    classes, codes = _validation.check_classes(y, "LABELS")
    counts = np.bincount(codes)
    if counts.min() < 2:
        alone = classes.tolist()[counts.argmin()]
        raise ValueError(f"LABELS must have at least 2 rows of each class, got 1 of {alone!r}")
    order = np.lexsort((np.random.default_rng(seed).random(len(y)), codes))
    steps = np.floor(np.arange(len(y) + 1) * test_share + 0.5)
    test = np.empty(len(y), dtype=bool)
    test[order] = np.diff(steps) > 0
    left = np.bincount(codes[~test], minlength=len(classes))
    given = f"--test-share must leave rows to train and to test, got {test_share:g}, which leaves"
    if not test.any():
        raise ValueError(f"{given} none of {len(y)} to test")
    if left.min() == 0:
        gone = int(left.argmin())
        raise ValueError(f"{given} none of the {counts[gone]} of class {classes.tolist()[gone]!r} to train")
    if left.sum() <= len(classes):
        raise ValueError(f"{given} {left.sum()} of {len(y)} to train, no more than the {len(classes)} classes")
    return test


@contextmanager
def _named_as_on_the_command_line(names: dict[str, str]) -> Iterator[None]:
    """Call arguments what the user calls them, in messages of rules that only the computation can check.

    What a message quotes is the user's own, and stays.
    """
    try:
        yield
    except (ValueError, MemoryError) as error:
        quoted = r"""'[^']*'|"[^"]*\""""
        raise type(error)(
            re.sub(rf"({quoted})|\b({'|'.join(names)})\b", lambda found: found[1] or names[found[2]], str(error))
        ) from None


def _complain(message: str) -> None:
    click.echo("fastcurse: " + " ".join(message.split()), err=True)


def _parse_prefixes(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise click.UsageError(f"prefixes must be whole numbers separated by commas, got {text!r}") from None
