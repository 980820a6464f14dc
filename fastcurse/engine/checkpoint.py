"""A file from which interrupted work goes on: small, whole at any moment, and refused by other work."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from fastcurse.engine.tiles import row_blocks

_FORMAT = {"format": "fastcurse checkpoint", "version": 2}
_ABANDONED = 3600  # seconds after which a draft is nobody's: the one who wrote it was killed
_LARGEST = 2**26  # bytes; a checkpoint has a few hundred, or some dozen for each prefix and tile that it notes


def fingerprint(X: np.ndarray) -> str:
    """Return a hash of the rows of a matrix: of their bytes, whatever its layout."""
    digest = hashlib.blake2b(digest_size=16)
    for _, rows in row_blocks(X, X.shape[1]):
        digest.update(np.ascontiguousarray(rows).data)
    return digest.hexdigest()


def _digest(work: dict[str, Any], state: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps([work, state]).encode(), digest_size=16).hexdigest()


class Checkpoint:
    """The state of one piece of work, kept in a JSON file.

    `work` says what the work is; a file of other work is refused, as is a file that is no checkpoint: nothing of the
    user's is overwritten. A link is followed, now and for good; `path` is what the user gave.
    """

    def __init__(self, path: str | os.PathLike[str], work: dict[str, Any]) -> None:
        self.path, self.work = Path(path), work
        try:
            self._target = Path(os.path.realpath(path))
        except (OSError, ValueError) as error:  # a null byte
            raise ValueError(self._not_writable(error)) from error

    def load(self) -> dict[str, Any] | None:
        """Return the state that was saved, or None if there is no file yet.

        Raises ValueError if the file is no checkpoint, or one of other work, or cannot be read.
        """
        try:
            # A pipe would be waited for, a device may have no end.
            if not stat.S_ISREG(self._target.stat().st_mode):
                raise ValueError(f"checkpoint must be a regular file, got {str(self.path)!r}")
            with open(self._target, "rb") as file:
                text = file.read(_LARGEST + 1)
        except FileNotFoundError:
            if not self._target.parent.is_dir():
                raise ValueError(f"checkpoint must lie in a folder that exists, got {str(self.path)!r}") from None
            return None
        except OSError as error:
            given = f"{str(self.path)!r}: {error.strerror}"
            raise ValueError(f"checkpoint must be a file that can be read, got {given}") from error
        try:
            if len(text) > _LARGEST:
                raise ValueError
            record = json.loads(text)
            if {key: record[key] for key in _FORMAT} != _FORMAT:
                raise ValueError
            work, state = record["work"], record["state"]
            if not isinstance(work, dict) or not isinstance(state, dict) or record["digest"] != _digest(work, state):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError(f"checkpoint must be a file that fastcurse wrote, got {str(self.path)!r}") from None
        if work != self.work:
            others = [
                f"{key} {work.get(key)!r}, not {mine!r}" for key, mine in self.work.items() if work.get(key) != mine
            ]
            raise ValueError(
                f"checkpoint must be of the same work, got {str(self.path)!r} with {'; '.join(others) or 'more in it'}"
            )
        self._sweep()
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Write the state: to a temporary file beside the other, which is then renamed.

        Raises ValueError if it cannot be written; the last state is then kept.
        """
        record = json.dumps({**_FORMAT, "digest": _digest(self.work, state), "work": self.work, "state": state})
        draft = self._target.with_name(self._drafts.replace("*", secrets.token_hex(8)))
        try:
            try:
                with open(draft, "x", encoding="utf-8") as file:
                    file.write(record)
                    file.flush()
                    os.fsync(file.fileno())  # else the new name may outlive a power cut, and the content not
                if self._target.exists():
                    shutil.copymode(self._target, draft)
                os.replace(draft, self._target)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise ValueError(self._not_writable(error)) from error

    @property
    def _drafts(self) -> str:
        """The pattern of the drafts' names: short, as the other's name may not be."""
        tag = hashlib.blake2b(os.fsencode(self._target.name), digest_size=4).hexdigest()
        return f".fastcurse-{tag}-*.tmp"

    def _sweep(self) -> None:
        """Remove the drafts of those who were killed while they wrote."""
        for draft in self._target.parent.glob(self._drafts):
            with suppress(OSError):
                if time.time() - draft.stat().st_mtime > _ABANDONED:
                    draft.unlink()

    def _not_writable(self, error: OSError | ValueError) -> str:
        reason = getattr(error, "strerror", None) or error
        return f"checkpoint must be a file that can be written, got {str(self.path)!r}: {reason}"
