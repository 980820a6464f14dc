"""What a call ends in, where it may answer or refuse, and how much of a file it holds."""

from __future__ import annotations

import re
from pathlib import Path


def answer_or_refusal(call):
    """Return (what `call` gives, ""), or (None, the message of its ValueError)."""
    try:
        return call(), ""
    except ValueError as error:
        return None, str(error)


def resident(path):
    """Return the bytes of the file that this process holds."""
    maps = Path("/proc/self/smaps").read_text(encoding="utf-8")
    sizes = re.findall(rf"{re.escape(str(path))}\n(?:.*\n)*?Rss:\s+(\d+) kB", maps)
    return 1024 * sum(int(size) for size in sizes)
