"""What the commands say on stderr."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from fastcurse.experiments import Check


def complain(message: str) -> None:
    """Print one line."""
    click.echo("fastcurse: " + " ".join(message.split()), err=True)


def complain_of(check: Check, *where: str) -> None:
    """Print the line of a check that failed."""
    name = ": ".join((*where, check.name))
    complain(f"check failed: {name}: {check.ours:.6g}, not {check.published:.6g} ± {check.tolerance:.2g}")


@contextmanager
def resumable(what: str, place: Path | None) -> Iterator[None]:
    """Let an interrupt say that `what` there is in `place`, from which the same command goes on; if it is kept."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if place is not None:
            interrupt.add_note(f"{what} in {str(place)!r}, and the same command goes on from it")
        raise


@contextmanager
def named_as_on_the_command_line(names: dict[str, str]) -> Iterator[None]:
    """Call arguments what the user calls them, in messages of rules that only the computation can check.

    What a message quotes is the user's own, and stays.
    """
    try:
        yield
    except (ValueError, TypeError, MemoryError) as error:
        quoted = r"""'[^']*'|"[^"]*\""""
        # Some of their kinds take more than a text: NumPy's memory errors, and what cannot be decoded.
        kind = next(kind for kind in (MemoryError, TypeError, ValueError) if isinstance(error, kind))
        raise kind(
            re.sub(rf"({quoted})|\b({'|'.join(names)})\b", lambda found: found[1] or names[found[2]], str(error))
        ) from None
