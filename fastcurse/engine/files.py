"""Writes files that are whole at any moment."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file: to a temporary one beside it, which is then renamed; after an error the old one is still there.

    A link is followed and stays, and so does the mode of a file that is replaced. A pipe or device is no file to
    replace: it is written to.

    Raises
    ------
    OSError
        `path` cannot be written.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            file.write(content)
        return
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".fastcurse-{secrets.token_hex(8)}.tmp")  # short: the other's name may not be
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
