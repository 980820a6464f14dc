"""The flags that every kernel is compiled with, in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from fastcurse._kernels._cache import keep_on_disk


def kernel(*, parallel: bool = False, inline: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Return the decorator of a kernel: kept on disk, free of the GIL, divisions like NumPy's.

    `inline` makes LLVM inline the kernel where it is called: for the pieces of a hot loop.
    ``fastmath`` is never set: it allows fused and reordered sums, and the value of a distance is
    defined by the order of its float64 operations.
    """
    compiled = numba.njit(
        nogil=True,
        parallel=parallel,
        error_model="numpy",
        boundscheck=False,
        forceinline=inline,
    )
    return lambda function: keep_on_disk(compiled(function))
