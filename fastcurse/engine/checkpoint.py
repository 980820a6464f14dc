"""A file from which interrupted work goes on: small, whole at any moment, and refused by other work."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np

from fastcurse.engine.files import remove_drafts, write_whole
from fastcurse.engine.tiles import row_blocks

_FORMAT = {"format": "fastcurse checkpoint", "version": 2}
_LARGEST = 2**28  # bytes; a checkpoint has a few hundred, or some dozen for each prefix and tile that it notes


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
            found = self._target.stat()
            # A pipe would be waited for, a device may have no end.
            if not stat.S_ISREG(found.st_mode):
                raise ValueError(f"checkpoint must be a regular file, got {str(self.path)!r}")
            with open(self._target, "rb") as file:
                text = file.read() if found.st_size <= _LARGEST else b""
        except FileNotFoundError:
            if not self._target.parent.is_dir():
                raise ValueError(f"checkpoint must lie in a folder that exists, got {str(self.path)!r}") from None
            return None
        except OSError as error:
            given = f"{str(self.path)!r}: {error.strerror}"
            raise ValueError(f"checkpoint must be a file that can be read, got {given}") from error
        try:
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
                f"{key} {work.get(key)!r:.80}, not {mine!r:.80}"
                for key, mine in self.work.items()
                if work.get(key) != mine
            ]
            raise ValueError(
                f"checkpoint must be of the same work, got {str(self.path)!r} with {'; '.join(others) or 'more in it'}"
            )
        remove_drafts(self._target)
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Write the state: to a temporary file beside the other, which is then renamed.

        Raises ValueError if it cannot be written; the last state is then kept.
        """
        record = json.dumps({**_FORMAT, "digest": _digest(self.work, state), "work": self.work, "state": state})
        if len(record) > _LARGEST:
            raise ValueError(
                f"checkpoint must have room for what is to be noted, at most {_LARGEST} bytes, got {len(record)}: "
                "ask for fewer prefixes"
            )
        try:
            write_whole(self._target, record.encode())
        except OSError as error:
            raise ValueError(self._not_writable(error)) from error

    def _not_writable(self, error: OSError | ValueError) -> str:
        reason = getattr(error, "strerror", None) or error
        return f"checkpoint must be a file that can be written, got {str(self.path)!r}: {reason}"
