"""Writes files that are whole at any moment."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

_ABANDONED = 3600  # seconds after which a draft is nobody's: the one who wrote it was killed


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file: to a temporary one beside it, which is then renamed; after an error the old one is still there.

    A link is followed and stays, and so does the mode of a file that is replaced. A pipe or device is no file to
    replace: it is written to. Temporary files of those who were killed while they wrote this file are removed.

    Raises
    ------
    OSError
        `path` cannot be written; it is named, and not the temporary file.
    """
    try:
        _write(path, content)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error  # a full disk names no file at all


def _write(path: str | os.PathLike[str], content: bytes) -> None:
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            file.write(content)
        return
    target = Path(os.path.realpath(path))
    remove_drafts(target)
    draft = target.with_name(_drafts(target).replace("*", secrets.token_hex(8)))
    try:
        with open(draft, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else the new name may outlive a power cut, and the content not
        if target.exists():
            shutil.copymode(target, draft)
        os.replace(draft, target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def remove_drafts(target: Path) -> None:
    """Remove the temporary files that were left beside a file by those who were killed while they wrote it."""
    for draft in target.parent.glob(_drafts(target)):
        with suppress(OSError):
            if time.time() - draft.stat().st_mtime > _ABANDONED:
                draft.unlink()


def _drafts(target: Path) -> str:
    """Return the pattern of the temporary files' names: short, as the target's name may not be."""
    tag = hashlib.blake2b(os.fsencode(target.name), digest_size=4).hexdigest()
    return f".fastcurse-{tag}-*.tmp"
