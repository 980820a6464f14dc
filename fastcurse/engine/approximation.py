"""The points as the pair search sees them: moved, perhaps rotated and ordered, and rounded to bytes or to float32."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fastcurse._kernels import pair_search as kernels
from fastcurse._kernels.search_block import FLIP
from fastcurse._memmap import release
from fastcurse.engine.frame import Axes, Frame
from fastcurse.engine.kd_order import kd_order
from fastcurse.engine.search_plan import SearchPlan

_VALUES_A_BLOCK = 2**20
_LEADING = 8  # coordinates along the principal axes, among which the largest is looked for


class Approximation(NamedTuple):
    """What the kernel reads, by position in the order, and what is known of it."""

    panels: np.ndarray  # (n_panels, n_slots, size) int32
    ends: np.ndarray  # words before which the segments end
    offsets: np.ndarray
    tails: np.ndarray
    box_low: np.ndarray
    box_high: np.ndarray
    order: np.ndarray | None  # rows by position, None if row by row; from n_samples on they stand for nothing
    step: float | None  # of bytes
    error: float  # E: how far a distance may be from that of the approximations, in the frame

    @property
    def zero(self) -> np.int32 | np.float32:
        """The zero of the type that sums have."""
        return np.float32(0) if self.step is None else np.int32(0)

    @property
    def flip(self) -> np.int32:
        """What turns a word of a column into one of a row."""
        return np.int32(0 if self.step is None else FLIP)

    @property
    def nbytes(self) -> int:
        """Memory that it takes."""
        return sum(part.nbytes for part in self if isinstance(part, np.ndarray))


class _Source:
    """The points, block by block, before they are rounded: as given, or rotated."""

    def __init__(self, points: np.ndarray, frame: Frame, axes: Axes | None) -> None:
        self.points, self.n_features = points, frame.centre.size
        self.scale = float(np.ldexp(1.0, -frame.exponent))  # exact
        self.centre = frame.centre if axes is None else axes.centre
        self.vectors = None if axes is None else axes.vectors
        moved_by = float(np.linalg.norm((self.centre - frame.centre) * self.scale))
        largest = float(frame.largest_norm[-1]) + moved_by * (1 + 2.0**-40)
        # Twice what two points may each have, rounded generously: the subtraction, and a product of any order of sums.
        self.error = 4 * largest * 2.0**-53
        if self.vectors is not None:
            n = self.n_features
            unit = (n + 2) * 2.0**-53
            defect = float(np.linalg.norm(self.vectors.T @ self.vectors - np.eye(n))) + 2 * n * unit
            self.error += 2 * largest * (defect + 2 * unit * n**0.5)

    def blocks(self, order: np.ndarray | None, size: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (first position, block float64) of whole panels of `size` points."""
        n, rows = len(self.points), size * max(1, _VALUES_A_BLOCK // (self.n_features * size))
        for start in range(0, -(-n // size) * size, rows):
            stop = min(start + rows, -(-n // size) * size)
            if order is None:
                block = self.points[start:stop, : self.n_features]
            else:
                block = self.points[np.minimum(order[start:stop], n - 1), : self.n_features]
            block = np.ascontiguousarray(block, dtype=np.float64)
            release(self.points if order is not None else self.points[start:stop])
            if len(block) < stop - start:  # the last point fills up the last panel
                block = np.concatenate([block, np.repeat(block[-1:], stop - start - len(block), axis=0)])
            yield start, block

    def turned(self, block: np.ndarray, n_leading: int | None = None) -> np.ndarray:
        """Return the first coordinates of a block in the frame, along the axes."""
        if self.vectors is None:
            return (block[:, :n_leading] - self.centre[:n_leading]) * self.scale
        return ((block - self.centre) * self.scale) @ self.vectors[:, :n_leading]


class Layout(NamedTuple):
    """What must be the same wherever tiles of one search are gone through."""

    widest: float  # largest coordinate, as far as it was looked for
    order: np.ndarray | None  # rows by position; from n_samples on they stand for nothing


def lay_out(points: np.ndarray, frame: Frame, axes: Axes | None, plan: SearchPlan, size: int) -> Layout:
    """Return the order of the points that the plan wants, whole panels of `size`."""
    if not plan.rotate and plan.order == "given":
        return Layout(frame.widest, None)
    return _survey(_Source(points, frame, axes if plan.rotate else None), plan, size)


def approximate(
    points: np.ndarray, frame: Frame, axes: Axes | None, plan: SearchPlan, size: int, layout: Layout
) -> Approximation:
    """Return the points in panels of `size`, as the plan says: of the frame's features, along `axes` if rotated."""
    source = _Source(points, frame, axes if plan.rotate else None)
    widest, order = layout
    if plan.screen != "int8":
        return _pack(source, plan, size, order, None)
    step = _step(widest)
    known = _pack(source, plan, size, order, step)
    if known.error > source.error + step * source.n_features**0.5 * (1 + 2.0**-20):
        # Some coordinate is beyond those that were looked at.
        known = _pack(source, plan, size, order, _step(_widest(source)))
    return known


def _step(widest: float) -> float:
    return widest * (1 + 2.0**-30) / 127 or 1.0


def _pack(source: _Source, plan: SearchPlan, size: int, order: np.ndarray | None, step: float | None) -> Approximation:
    """Return the points in panels, in bytes of the step or in float32."""
    n_features, n_panels = source.n_features, -(-len(source.points) // size)
    ends = np.array([-(-cut // (1 if step is None else 4)) for cut in plan.cuts], dtype=np.int64)
    n_segments, n_words = len(ends), int(ends[-1])
    tails = np.empty((n_segments + 1, n_panels), dtype=np.float32)
    low, high = (np.empty((plan.boxed, n_panels), dtype=np.float32) for _ in range(2))
    n_offsets = n_segments if step is not None else 0
    panels = np.empty((n_panels, n_words + n_offsets, size), dtype=np.int32)
    offsets = np.empty((n_offsets, n_panels * size), dtype=np.int32)
    centre, scale, largest = source.centre, source.scale, 0.0
    if source.vectors is not None:
        centre, scale = np.zeros(n_features), 1.0
    for start, rows in source.blocks(order, size):
        block = rows if source.vectors is None else source.turned(rows)
        part, errors = slice(start // size, (start + len(block)) // size), np.empty(len(block))
        known = (tails[:, part], low[:, part], high[:, part], errors)
        if step is not None:
            of_bytes = panels[part].view(np.int8).reshape(*panels[part].shape, 4)
            at = offsets[:, start : start + len(block)]
            kernels.fill_bytes(block, centre, scale, step, ends, panels[part], of_bytes, at, *known)
        else:
            kernels.fill_floats(block, centre, scale, ends, panels[part].view(np.float32), *known)
        largest = max(largest, float(errors.max()))
    # The norms of rounding errors are themselves sums of so many roundings.
    error = 2 * largest * (1 + (n_features + 8) * 2.0**-52) + source.error + n_features * 2.0**-148
    return Approximation(panels, ends, offsets, tails, low, high, order, step, error)


def _widest(source: _Source) -> float:
    """Return the largest coordinate along the axes."""
    return max(float(np.abs(source.turned(block)).max()) for _, block in source.blocks(None, 1))


def _survey(source: _Source, plan: SearchPlan, size: int) -> Layout:
    """Return the largest of the first coordinates along the axes, and the order that the plan wants."""
    n, n_leading = len(source.points), max(plan.boxed, _LEADING)
    leading = np.empty((n, min(n_leading, source.n_features)), dtype=np.float32)
    squares = np.empty(n)
    for start, block in source.blocks(None, 1):
        at = slice(start, start + len(block))
        leading[at] = source.turned(block, leading.shape[1])
        if plan.order == "norms":
            squares[at] = (((block - source.centre) * source.scale) ** 2).sum(axis=1)
    order = None
    if plan.order == "boxes":
        order = kd_order(leading[:, : plan.boxed], size)
    elif plan.order == "norms":
        order = np.append(np.argsort(-squares, kind="stable"), np.arange(n, -(-n // size) * size))
    return Layout(float(np.abs(leading).max()) * (1 + 2.0**-20), order)
