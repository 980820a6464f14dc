"""Where compiled kernels are kept: Numba's cache on disk, made safe for upgrades, other processes and bad disks.

Numba's own cache differs in what it does when
- a file is edited that a kernel inlines functions of, as an upgrade may: it runs the old code;
- two processes compile a kernel for different types at once: it may give both results one file's name, and the next
  process then runs the one's code on the other's arguments;
- nothing can be written, a file is cut off, or the disk is full: it raises.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba.core.caching import FunctionCache, IndexDataCacheFile


def keep_on_disk(dispatcher: Any) -> Any:
    """Give a jitted function its cache, or none where there is no folder for one; return it."""
    try:
        dispatcher._cache = _KernelCache(dispatcher.py_func)
    except (RuntimeError, OSError):  # Numba's own words name a function that the user never heard of
        _warn("there is no folder that can be written")
    return dispatcher


class _KernelCache(FunctionCache):
    """Numba's cache of one function, which neither fails nor gives the code of other sources or other types."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _Files(self.cache_path, self._impl.filename_base, _sources())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what was compiled for these types, or None."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a file that was cut off may raise anything; it will be written anew
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled for these types, if that can be written."""
        try:
            super().save_overload(sig, data)
        except OSError as error:
            _warn(error.strerror or str(error))
        except RuntimeError:  # Ctrl-C while LLVM hands its code to Numba is lost, and so is what would be kept
            return


class _Files(IndexDataCacheFile):
    """An index and its data files, each of which belongs to one Numba and one signature for good."""

    def save(self, key: Any, data: Any) -> None:
        """Write the data, then the index: whoever is killed in between leaves no name of what is not there.

        Two processes that write the index at once may lose an entry of it, which costs a compilation.
        """
        digest = hashlib.blake2b(repr((self._version, self._source_stamp, key)).encode(), digest_size=8)
        name = self._data_name(int.from_bytes(digest.digest(), "big"))
        self._save_data(name, data)
        self._save_index({**self._load_index(), key: name})

    def _load_index(self) -> dict[Any, str]:
        try:
            return super()._load_index()
        except Exception:  # cut off, or not to be read
            return {}


@cache
def _sources() -> str:
    """Return a hash of all kernels' sources: they inline one another."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _warn(reason: str) -> None:
    # Python shows a warning of one place once.
    warnings.warn(
        f"compiled kernels cannot be kept, so that the next process compiles them again: {reason}; "
        "set NUMBA_CACHE_DIR to a folder that can be written",
        RuntimeWarning,
        stacklevel=1,
    )
