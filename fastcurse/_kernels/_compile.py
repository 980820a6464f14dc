"""The flags that every kernel is compiled with, in one place; and what runs where Numba is disabled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import extending

from fastcurse._kernels._cache import keep_on_disk


def kernel(*, parallel: bool = False, inline: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Return the decorator of a kernel: kept on disk, free of the GIL, divisions like NumPy's.

    `inline` makes LLVM inline the kernel where it is called: for the pieces of a hot loop.
    ``fastmath`` is never set: it allows fused and reordered sums, and the value of a distance is
    defined by the order of its float64 operations.
    Under ``NUMBA_DISABLE_JIT=1`` the kernel is plain Python, and NumPy silent as compiled code is.
    """
    if numba.config.DISABLE_JIT:
        return np.errstate(all="ignore")
    compiled = numba.njit(
        nogil=True,
        parallel=parallel,
        error_model="numpy",
        boundscheck=False,
        forceinline=inline,
    )
    return lambda function: keep_on_disk(compiled(function))


def intrinsic(typer: Callable[..., Any]) -> Any:
    """Return Numba's intrinsic; under ``NUMBA_DISABLE_JIT=1`` the function of its name in ``_interpreted``."""
    if numba.config.DISABLE_JIT:
        from fastcurse._kernels import _interpreted

        return getattr(_interpreted, typer.__name__)
    return extending.intrinsic(typer)
