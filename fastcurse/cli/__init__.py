"""The console command ``fastcurse``: tables to stdout, progress to stderr, exit code 2 and one line for bad input."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from fastcurse._version import __version__
from fastcurse.cli._article import article, remedies, scaling
from fastcurse.cli._ball import ball
from fastcurse.cli._distances import distances
from fastcurse.cli._lda import lda
from fastcurse.cli._messages import complain
from fastcurse.cli._profile import profile


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 a check failed, 2 bad input, 130 interrupted."""
    try:
        if sys.stdout is None:  # a shell's >&-
            raise OSError("stdout must be open, got one that is closed")
        sys.exit(cli.main(arguments, prog_name="fastcurse", standalone_mode=False) or 0)
    except click.ClickException as error:
        complain(error.format_message())
        sys.exit(2)
    except (ValueError, TypeError, OSError, MemoryError) as error:
        complain(" ".join([str(error) or type(error).__name__, *getattr(error, "__notes__", [])]))
        _give_up_output()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt) as error:
        # Click hides the interrupt behind its own Abort, 8.1.0 even as its cause; a note says what it left behind.
        notes = [note for raised in (error, error.__context__) for note in getattr(raised, "__notes__", [])]
        complain("interrupted; " + (" ".join(notes) or "nothing was written"))
        sys.exit(130)


def _give_up_output() -> None:
    """Drop what stdout cannot take: the interpreter would try once more when it ends, and complain in its own way."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# Without a command click raises the help text as an error, or prints it, by version: here it is always printed.
@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",  # click before 8.2 shows the command as required
)
@click.version_option(__version__, prog_name="fastcurse")
@click.pass_context
def cli(context: click.Context) -> None:
    """Measure what high dimension does to data, and what helps against it."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


for _command in (profile, distances, lda, ball, article, remedies, scaling):
    cli.add_command(_command)
