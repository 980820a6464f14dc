"""Compiled kernels: the only folder that says ``njit``. One file a stem; flags in ``_compile``."""
