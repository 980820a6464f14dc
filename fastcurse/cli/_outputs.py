"""Files that a command writes: found to be possible before anything is computed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import click


def check_outputs(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None]) -> None:
    """Raise a UsageError unless each output can be written and is no input and no other output; keys are their names.

    That it can be written is tried: a temporary file is made and removed in its folder.
    """
    others = {name: path for name, path in inputs.items() if path is not None}
    for option, path in outputs.items():
        if path is None:
            continue
        for name, other in others.items():
            if _same_file(path, other):
                raise click.UsageError(f"{option} must be another file than {name}, got {str(path)!r} for both")
        others[option] = path
        _try(option, path)


def _same_file(path: Path, other: Path) -> bool:
    if os.path.realpath(path) == os.path.realpath(other):
        return True
    try:
        return os.path.samefile(path, other)
    except OSError:  # one is not there yet
        return False


def _try(option: str, path: Path) -> None:
    target = Path(os.path.realpath(path))
    try:
        if path.exists() and not path.is_file():  # a pipe or device: it is not replaced
            return
        if not target.parent.is_dir():
            raise click.UsageError(f"{option} must lie in a folder that exists, got {str(path)!r}")
        with suppress(FileNotFoundError):
            target.stat()  # is the name itself possible?
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.UsageError(f"{option} must be a file that can be written, got {str(path)!r}: {reason}") from None
