"""A file from which interrupted work goes on: small, whole at any moment, and refused by other work."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

_FORMAT = {"format": "fastcurse checkpoint", "version": 1}
_LARGEST = 2**20  # bytes; a checkpoint has a few hundred


class Checkpoint:
    """The state of one piece of work, kept in a JSON file.

    `work` says what the work is; a file of other work is refused, as is a file that is no checkpoint: nothing of the
    user's is overwritten.
    """

    def __init__(self, path: str | os.PathLike[str], work: dict[str, Any]) -> None:
        self.path, self.work = Path(path), work

    def load(self) -> dict[str, Any] | None:
        """Return the state that was saved, or None if there is no file yet.

        Raises ValueError if the file is no checkpoint, or one of other work, or cannot be read.
        """
        try:
            with open(self.path, "rb") as file:
                text = file.read(_LARGEST + 1)
        except FileNotFoundError:
            if not self.path.parent.is_dir():
                raise ValueError(f"checkpoint must lie in a folder that exists, got {str(self.path)!r}") from None
            return None
        except OSError as error:
            raise ValueError(f"checkpoint must be a file, got {str(self.path)!r}: {error.strerror}") from error
        try:
            if len(text) > _LARGEST:
                raise ValueError
            record = json.loads(text)
            if {key: record[key] for key in _FORMAT} != _FORMAT:
                raise ValueError
            work, state = record["work"], record["state"]
            if not isinstance(work, dict) or not isinstance(state, dict):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError(f"checkpoint must be a file that fastcurse wrote, got {str(self.path)!r}") from None
        if work != self.work:
            raise ValueError(f"checkpoint must be of the same work, {self.work}, got {work} in {str(self.path)!r}")
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Write the state: to a temporary file beside the other, which is then renamed."""
        record = {**_FORMAT, "work": self.work, "state": state}
        handle, draft = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}-", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(record, file)
            os.replace(draft, self.path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
