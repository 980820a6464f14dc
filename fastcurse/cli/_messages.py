"""What the commands say on stderr."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import click


def complain(message: str) -> None:
    """Print one line."""
    click.echo("fastcurse: " + " ".join(message.split()), err=True)


@contextmanager
def named_as_on_the_command_line(names: dict[str, str]) -> Iterator[None]:
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
