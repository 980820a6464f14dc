"""Numbers as people read them."""

from __future__ import annotations

import math

NOTHING = "n/a"


def shown(value: float, style: str) -> str:
    """Return a number of a `Column` of that style as text: three or four digits, a share in per cent.

    Only a share that is 0 or 1 reads so.
    """
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if style == "share":
        return _per_cent(value)
    if value == 0:
        return "0"
    digits = 4 if style == "distance" else 3
    scientific = f"{value:.{digits - 1}e}"
    exponent = int(scientific.partition("e")[2])
    return f"{value:.{max(digits - 1 - exponent, 0)}f}" if -4 <= exponent < 7 else scientific


def _per_cent(share: float) -> str:
    if share in (0.0, 1.0):
        return f"{100 * share:.0f} %"
    if 0 < share < 0.00005:
        return "< 0.01 %"
    if 0.9995 <= share < 1:
        return "> 99.9 %"
    return f"{100 * share:.{2 if 0 < share < 0.00995 else 1}f} %"


def counted(count: int) -> str:
    """Return a whole number with its thousands set apart."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
