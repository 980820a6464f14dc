"""Writes a folder of results all or nothing, and never touches a file that fastcurse did not write."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RESULTS = "results.json"


def check_output_folder(folder: Path, name: str = "output") -> None:
    """Raise unless `folder` is new, empty, or holds just the files of an earlier run, and can be written.

    Raises
    ------
    ValueError
        `folder` is a file, cannot be written, or holds a file that is not in an earlier run's ``results.json``.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{name} must be a folder, got the file {str(folder)!r}")
    parent = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not parent.is_dir():
        raise ValueError(f"{name} must lie in a folder, but {str(parent)!r} is a file")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ValueError(f"{name} must be a folder that can be written, got {str(folder)!r} without permission")
    foreign = _present(folder) - _written_before(folder)
    if foreign:
        raise ValueError(
            f"{name} must be a new or empty folder, or one of an earlier run; {str(folder)!r} holds "
            f"{sorted(foreign)[0]!r}, which fastcurse did not write"
        )


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `folder`; on success its files replace the earlier run's, else it vanishes.

    Each file is renamed into place, so none is ever half-written; ``results.json``, which lists the others in
    ``meta.files``, comes last. Files of the earlier run that this one did not write again are removed.
    """
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield stage
        check_output_folder(folder)  # again: something may have been put there while the experiments ran
        stale = _written_before(folder)
        staged = sorted(_present(stage), key=lambda path: (path == RESULTS, path))
        for path in staged:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(stage / path, folder / path)
        for path in stale - set(staged):
            (folder / path).unlink(missing_ok=True)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _present(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _written_before(folder: Path) -> set[str]:
    try:
        files = json.loads((folder / RESULTS).read_text(encoding="utf-8"))["meta"]["files"]
        inside = {str(path) for path in files if (folder / path).resolve().is_relative_to(folder.resolve())}
        return inside | {RESULTS}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
