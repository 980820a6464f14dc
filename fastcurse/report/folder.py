"""Writes a folder of results, each file whole, and never touches a file that fastcurse did not write.

A manifest in the folder records the SHA-256 of every file written. Only a file whose path is listed and whose content
has a listed hash is ever replaced or removed; anything else in the folder, links included, makes the run refuse.
The files are made in a hidden stage on the same file system and then renamed into place::

    new folder       place/.fastcurse-stage-xxxx/files  ->  place/folder, in one step
    earlier run's    manifest of old and new hashes; each file; index.html; results.json; manifest of the new hashes

So each file is whole at any moment, and whenever a run is interrupted or killed, the next one knows every file there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

RESULTS = "results.json"
MANIFEST = ".fastcurse.json"

_FORMAT = {"format": "fastcurse output folder", "version": 1}
_LARGEST = 2**24  # bytes of a manifest, which has a hundred a file
_STAGE = ".fastcurse-stage-"
_MARKER = "made-by-fastcurse"
_ABANDONED = 3600.0  # seconds; a stage is in use while figures are drawn, a minute at most: an older one was left over


def check_output_folder(folder: Path, *, beside: str | None = None) -> None:
    """Raise unless `folder` is new, empty, or holds just what earlier runs wrote, and can be written; changes nothing.

    That it can be written is tried: temporary folders are made and removed where the files will go. A subfolder
    `beside` of another owner may be there too: what it holds is neither looked at nor touched.

    Raises
    ------
    ValueError
        `folder` is a file, cannot be read or written, or holds a file or link that no earlier run wrote as it now is.
    """
    real = Path(os.path.realpath(folder))
    place = _nearest(real)
    if not place.is_dir():
        if place == real:
            raise ValueError(f"output must be a folder, got the file {str(folder)!r}")
        raise ValueError(f"output must lie in a folder, but {str(place)!r} is a file; got {str(folder)!r}")
    try:
        own = _own_files(real, beside)
        for parent in {place, *((real / path).parent for path in own)}:
            with tempfile.TemporaryDirectory(prefix=_STAGE, dir=parent) as trial:
                (trial / real.relative_to(place)).mkdir(parents=True, exist_ok=True)  # are the new names possible?
    except OSError as error:
        reason = error.strerror or str(error)
        raise ValueError(f"output must be a folder that can be written, got {str(folder)!r}: {reason}") from error


@contextmanager
def staged_folder(folder: Path, *, beside: str | None = None) -> Iterator[Path]:
    """Yield an empty temporary folder; on success its files replace those of the earlier run, else it vanishes.

    If `folder` is new, it appears whole in one step. Else the files are exchanged one by one, each by one rename:
    ``index.html`` and ``results.json`` come last of the new ones, then files that this run did not write are removed.

    An error or interruption before the exchange leaves `folder` as it was. One during the exchange, some milliseconds,
    leaves files of both runs, each of them whole; it is raised with a note that says so, and the next run into
    `folder` replaces or removes them all. So it is after a kill, which also leaves the hidden stage: later runs do
    not count it as a file, and remove it once it is an hour old. Not guaranteed: what a power failure leaves, and
    that an edit is seen which falls between the last check and the rename of that very file.

    Raises
    ------
    ValueError
        As in `check_output_folder`, which is called before and again after the body; nothing was touched.
    OSError
        That the body or the exchange met, as a full disk; the body's names `folder`, in which nothing was touched.
    """
    check_output_folder(folder, beside=beside)
    given, folder = folder, Path(os.path.realpath(folder))
    place = _nearest(folder)  # the folder itself if it exists: its parent may be another file system, or not writable
    _remove_leftovers(place)
    hidden = Path(tempfile.mkdtemp(prefix=_STAGE, dir=place))
    try:
        (hidden / _MARKER).touch()
        stage = hidden / "files"  # mkdtemp's folder is private; this one gets the usual permissions
        stage.mkdir()
        try:
            yield stage
        except OSError as error:
            if error.errno is None:
                raise
            raise OSError(error.errno, error.strerror, str(given)) from error  # a full disk names no file at all
        _publish(stage, folder, beside)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def _publish(stage: Path, folder: Path, beside: str | None) -> None:
    new = {path.relative_to(stage).as_posix(): _sha256(path) for path in _entries(stage)}
    final = {path: [digest] for path, digest in new.items()}
    if not os.path.lexists(folder):
        _write_manifest(stage / MANIFEST, final)
        folder.parent.mkdir(parents=True, exist_ok=True)
        os.replace(stage, folder)
        return
    check_output_folder(folder, beside=beside)  # again: something may have been put there while the experiments ran
    old = _own_files(folder, beside)
    for path in (*new, MANIFEST):
        if (folder / path).is_dir():
            raise ValueError(f"output must have no folder where a file goes; {str(folder)!r} holds the folder {path!r}")
    draft = stage.parent / MANIFEST
    both = {path: sorted({files[path] for files in (old, new) if path in files}) for path in old | new}
    _write_manifest(draft, both)  # first, so that every file is known to the next run whatever happens from here on
    os.replace(draft, folder / MANIFEST)
    try:
        for path in sorted(new, key=lambda path: (path == RESULTS, path == "index.html", path)):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            os.replace(stage / path, folder / path)
        for path in old.keys() - new.keys():
            (folder / path).unlink(missing_ok=True)
        _write_manifest(draft, final)
        os.replace(draft, folder / MANIFEST)
    except BaseException as error:
        error.add_note(f"{str(folder)!r} may now hold files of two runs, each of them whole; run again to replace them")
        raise


def _own_files(folder: Path, beside: str | None) -> dict[str, str]:
    """Map each file in `folder` to its SHA-256; raise at the first one that is not exactly what the manifest records.

    Paths are found by walking and only looked up in the manifest: one that it names outside `folder` means nothing.
    """
    recorded = _read_manifest(folder / MANIFEST)
    own = {}
    for path in _entries(folder, beside):
        key = path.relative_to(folder).as_posix()
        if key == MANIFEST and recorded is not None:
            continue
        hashes = (recorded or {}).get(key)
        digest = _sha256(path) if hashes and _is_plain(path) else ""
        if not hashes or digest not in hashes:
            fault = "is no longer as fastcurse wrote it" if hashes else "fastcurse did not write"
            raise ValueError(
                f"output must be a new or empty folder, or one of an earlier run; {str(folder)!r} holds {key!r}, "
                f"which {fault}"
            )
        own[key] = digest
    return own


def _entries(folder: Path, beside: str | None = None) -> Iterator[Path]:
    """Yield all in `folder` that is not itself a folder, leaving out stages and `beside`; no link is followed."""
    pending = [folder] if folder.exists() else []
    while pending:
        for path in sorted(pending.pop().iterdir()):
            if path.is_symlink() or not path.is_dir():
                yield path
            elif path.parent != folder or not (path.name == beside or path.name.startswith(_STAGE)):
                pending.append(path)


def _read_manifest(path: Path) -> dict[str, set[str]] | None:
    try:
        readable = _is_plain(path) and path.stat().st_size <= _LARGEST
        record = json.loads(path.read_text(encoding="utf-8")) if readable else {}
        if any(record[key] != value for key, value in _FORMAT.items()):
            return None
        return {str(file): {str(digest) for digest in hashes} for file, hashes in record["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _write_manifest(path: Path, files: Mapping[str, list[str]]) -> None:
    path.write_text(json.dumps({**_FORMAT, "files": files}, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _remove_leftovers(place: Path) -> None:
    """Remove the stages of killed runs: those that have the name, hold the marker, and are too old to be in use."""
    for stage in place.glob(f"{_STAGE}*"):
        with suppress(OSError):  # another user's stage, or one that another run is just removing
            age = time.time() - (stage / _MARKER).lstat().st_mtime
            if age > _ABANDONED and not stage.is_symlink():
                shutil.rmtree(stage, ignore_errors=True)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _nearest(folder: Path) -> Path:
    """Return `folder` if there is such a thing, else the nearest of its parents that exists."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
