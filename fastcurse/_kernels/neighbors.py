"""The neighbour scan: a few queries against many rows, the k nearest of each query and the farthest at each prefix.

Each pair's sum grows in feature order by float64 operations that are never fused: that order *is* the definition of
a distance's value. One running sum serves all prefixes. At an asked prefix the block of sums is compared with each
query's present k-th nearest and farthest, and only where a lane is beyond does anything else happen: of n rows in
random order about k log(n / k) + log n come that far. Rows are gone through in increasing order, so of equal
distances the smaller row is there first and stays. Layout and masking: ``pair_block``, ``neighbor_block``.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from fastcurse._kernels._compile import kernel
from fastcurse._kernels.neighbor_block import (
    any_beyond,
    lanes_above_bounds,
    lanes_below_bounds,
    start_query_sums,
    to_cosine_distances,
)
from fastcurse._kernels.pair_block import add_products, add_squares, store_sums
from fastcurse._kernels.simd import count_bits

QUERIES = 4  # at a time
_BLOCK = (0,) * (2 * QUERIES)


@kernel(parallel=True)
def fill_panels(rows, n_features, points, panels):
    """Pack rows (n, >= n_features) into float64 panels of `points` rows; the tail is zero.

    Element (panel * n_features + feature) * points + lane of `panels` is rows[panel * points + lane, feature]; there
    are as many panels as hold all rows. Called by ``NeighborScan``.
    """
    n_rows = rows.shape[0]
    for panel in prange((n_rows + points - 1) // points):
        first = panel * points
        for feature in range(n_features):
            at = (panel * n_features + feature) * points
            for lane in range(points):
                panels[at + lane] = rows[first + lane, feature] if first + lane < n_rows else 0.0


@kernel(parallel=True)
def fill_norms(panels, n_panels, points, prefixes, norms):
    """Fill the Euclidean norm of each packed point at each prefix, in the defined order.

    Element (panel * n_prefixes + prefix) * points + lane of `norms` is that of lane `lane` of the panel. `prefixes`
    (n_prefixes,) increase strictly; the last is the number of features of a panel. Called by ``NeighborScan``.
    """
    n_prefixes, n_features = prefixes.shape[0], prefixes[-1]
    for panel in prange(n_panels):
        totals = np.zeros(points)
        begin = 0
        for j in range(n_prefixes):
            for feature in range(begin, prefixes[j]):
                at = (panel * n_features + feature) * points
                for lane in range(points):
                    totals[lane] += panels[at + lane] * panels[at + lane]
            begin = prefixes[j]
            for lane in range(points):
                norms[(panel * n_prefixes + j) * points + lane] = np.sqrt(totals[lane])


@kernel(inline=True)
def _distance(key, is_root):
    """Return the distance that a key stands for: the key, or its root."""
    return key if is_root else np.sqrt(key)


@kernel()
def _take_in(values, bits, is_root, first_row, bounds, bound_at, keys, indices, at, k):
    """Put each value whose bit is set into its query's list, if it is nearer than the k-th neighbour there.

    values (QUERIES * points,) are keys of rows first_row, first_row + 1, ... for each query in turn, and so are
    the bits of an int64; query r has its bound, the key of its k-th neighbour, at bounds[bound_at + r] and its list
    at keys, indices[at + r * k] and on. Lists are in order of distance, then row. Two keys may share one rounded root:
    lists are ordered by the distance, and a bound only says which values cannot enter.
    """
    points = values.shape[0] // QUERIES
    while bits != 0:
        bit = count_bits((bits & -bits) - 1)  # the lowest that is set: rows of a query come in increasing order
        bits &= bits - 1
        key, r = values[bit], bit // points
        if not key < bounds[bound_at + r]:
            continue
        start = at + r * k
        distance = _distance(key, is_root)
        # The first place whose distance is larger: behind equal ones, whose rows are smaller.
        low, high = 0, k
        while low < high:
            middle = (low + high) // 2
            if _distance(keys[start + middle], is_root) <= distance:
                low = middle + 1
            else:
                high = middle
        if low == k:
            continue
        for place in range(start + k - 1, start + low, -1):
            keys[place] = keys[place - 1]
            indices[place] = indices[place - 1]
        keys[start + low] = key
        indices[start + low] = first_row + bit % points
        bounds[bound_at + r] = keys[start + k - 1]


@kernel()
def _widen(values, bits, farthest, at):
    """Raise each query's farthest key, farthest[at + query], to the values (QUERIES * points,) whose bit is set."""
    points = values.shape[0] // QUERIES
    while bits != 0:
        bit = count_bits((bits & -bits) - 1)
        bits &= bits - 1
        r = bit // points
        farthest[at + r] = max(farthest[at + r], values[bit])


@kernel()
def _scan_group(
    width, cosine, group, begin, end, queries, own, query_norms, panels, row_norms, first_row, n_rows, prefixes, bounds,
    farthest, keys, indices, k,
):  # fmt: skip
    """Go through panels begin .. end - 1 of a block for one group of queries."""
    points = 2 * len(width)
    n_prefixes, n_features = prefixes.shape[0], prefixes[-1]
    stride = own.shape[0] * k
    scratch = np.empty(QUERIES * points)
    for panel in range(begin, end):
        row = first_row + panel * points
        sums = start_query_sums(width, _BLOCK, own, group * QUERIES, row, n_rows, scratch)
        query_at = group * n_features * QUERIES
        column_at = panel * n_features * points
        feature = 0
        for j in range(n_prefixes):
            at = (group * n_prefixes + j) * QUERIES
            if cosine:
                for _ in range(feature, prefixes[j]):
                    sums = add_products(sums, queries, query_at, panels, column_at)
                    query_at += QUERIES
                    column_at += points
                found = to_cosine_distances(sums, row_norms, (panel * n_prefixes + j) * points, query_norms, at)
            else:
                for _ in range(feature, prefixes[j]):
                    sums = add_squares(sums, queries, query_at, panels, column_at)
                    query_at += QUERIES
                    column_at += points
                found = sums
            feature = prefixes[j]
            if any_beyond(found, bounds, farthest, at):
                store_sums(found, scratch)
                _widen(scratch, lanes_above_bounds(found, farthest, at), farthest, at)
                bits = lanes_below_bounds(found, bounds, at)
                list_at = j * stride + group * QUERIES * k
                _take_in(scratch, bits, cosine, row, bounds, at, keys, indices, list_at, k)


@kernel(parallel=True)
def fill_neighbors(
    width, cosine, begin, end, n_parts, step, queries, own, query_norms, panels, row_norms, first_row, n_rows, prefixes,
    bounds, farthest, keys, indices, k,
):  # fmt: skip
    """Bring nearest rows and farthest distance of query groups begin .. end - 1 up to date with one block of rows.

    The groups are shared out in `n_parts`; all groups of a part go over `step` panels, which stay in the cache, before
    they go on to the next. Neither changes the result.
    The block holds rows first_row .. n_rows - 1 of X in `panels`; its rows must be larger than all that came before.
    `queries` (n_groups * n_features * QUERIES,) are packed alike in panels of QUERIES; own (n_groups * QUERIES,) int64
    is the row of X that each query is, which is not its neighbour, or -1. Both are finite. For the cosine,
    `row_norms` and `query_norms` are what `fill_norms` gives; else they are not read.
    State, which the caller makes: bounds and farthest (n_groups * n_prefixes * QUERIES,) float64, inf and -inf, and the
    other way round for queries that pad the last group; keys, inf, and indices, -1, of shape
    (n_prefixes * n_groups * QUERIES * k,): element (prefix * n_groups * QUERIES + query) * k + place. A key is the
    squared Euclidean, or the cosine distance. A pair whose squared distance overflows enters no list, and its query's
    farthest key is inf. Called by ``NeighborScan``.
    """
    points = 2 * len(width)
    n_panels = (n_rows - first_row + points - 1) // points
    for part in prange(n_parts):
        first = begin + (end - begin) * part // n_parts
        last = begin + (end - begin) * (part + 1) // n_parts
        for panel in range(0, n_panels, step):
            for group in range(first, last):
                _scan_group(
                    width, cosine, group, panel, min(panel + step, n_panels), queries, own, query_norms, panels,
                    row_norms, first_row, n_rows, prefixes, bounds, farthest, keys, indices, k,
                )  # fmt: skip
