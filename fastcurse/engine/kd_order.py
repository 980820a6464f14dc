"""An order of points in which neighbours in space are neighbours in memory."""

from __future__ import annotations

import numpy as np

_POINTS_AT_ONCE = 2**17
_LOOKED_AT = 64  # points of a node that say which axis is the widest


def kd_order(coordinates: np.ndarray, leaf: int) -> np.ndarray:
    """Return the order (n_leaves * leaf,) of the points (n, k) by the leaves of a k-d tree of `leaf` points each.

    Each node is split at a multiple of `leaf` nearest the median, along its widest axis. The last point stands in
    for those that fill up the last leaf, under indices from n on.
    """
    n = len(coordinates)
    n_leaves = -(-n // leaf)
    order = np.arange(n_leaves * leaf, dtype=np.int32 if n < 2**30 else np.int64)
    starts, sizes = np.zeros(1, dtype=np.int64), np.array([n_leaves])
    while sizes.max() > 1:
        halves = np.where(sizes > 1, sizes // 2, sizes)
        for size in np.unique(sizes[sizes > 1]).tolist():  # at most two sizes a level
            nodes = starts[sizes == size] * leaf
            for some in np.array_split(nodes, -(-nodes.size * size * leaf // _POINTS_AT_ONCE)):
                if some.size:
                    _split(coordinates, order, some, size * leaf, size // 2 * leaf)
        starts = np.sort(np.concatenate([starts, (starts + halves)[sizes > 1]]))
        sizes = np.diff(np.append(starts, n_leaves))
    return order


def _split(coordinates: np.ndarray, order: np.ndarray, nodes: np.ndarray, size: int, left: int) -> None:
    """Move the `left` lowest of the `size` points of each node to its front; a node begins at order[nodes]."""
    at = nodes[:, None] + np.arange(size, dtype=order.dtype)
    members = order[at]
    points = np.minimum(members, len(coordinates) - 1)
    some = coordinates[points[:, :: -(-size // _LOOKED_AT)]]
    axis = np.argmax(some.max(axis=1) - some.min(axis=1), axis=1)
    split = np.argpartition(coordinates[points, axis[:, None]], left, axis=1)
    order[at] = np.take_along_axis(members, split, axis=1)
