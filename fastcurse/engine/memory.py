"""How much memory is free, so that work which needs more is refused before it starts."""

from __future__ import annotations

from pathlib import Path

BUFFERS = 64 * 2**20  # bytes: of blocks and batches
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def free_bytes() -> int | None:
    """Return how much memory this process may still take, None where the system does not say."""
    known = [free for free in (_free_of_machine(), _free_of_group()) if free is not None]
    return min(known, default=None)


def _free_of_machine() -> int | None:
    try:
        lines = _MEMINFO.read_text().splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(sizes[0]) * 1024 if sizes else None


def _free_of_group() -> int | None:
    try:
        most, used = (int((_CGROUP / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # "max": no limit
        return None
    return max(0, most - used + _cached_by_group())


def _cached_by_group() -> int:
    """Return the pages of files that the group's use counts, and that give way: a memmap that was just read."""
    try:
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("active_file ", "inactive_file ")))


def scan_bytes(screen: str, n_samples: int, n_features: int) -> int:
    """Return about what a scan of all pairs takes beside the points: a float64 copy, or a float32 one and a sample."""
    return (8 if screen == "none" else 5) * n_samples * n_features + BUFFERS


def in_words(n_bytes: int) -> str:
    """Return a size as people write it."""
    return f"{n_bytes / 1e9:.2f} GB" if n_bytes >= 10**8 else f"{n_bytes / 1e6:.1f} MB"


def check_free(need: int, rule: str) -> None:
    """Raise MemoryError if `need` bytes are more than what is free; `rule` names them in words: {need} and {free}."""
    free = free_bytes()
    if free is not None and need > free:
        raise MemoryError(rule.format(need=in_words(need), free=in_words(free)))


def check_memory(need: int) -> None:
    """Raise MemoryError if a copy of the points that takes `need` bytes has no room."""
    check_free(need, "X must leave room for a copy to search in: that needs {need}, and {free} are free")
