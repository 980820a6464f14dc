"""Bounds that a profile must keep, for pipelines that stop where data have changed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from fastcurse.profile import Profile


class Bound(NamedTuple):
    """A number, and the prefix at which it bounds; None: at the last one."""

    prefix: int | None
    value: float

    def __str__(self) -> str:
        return f"{self.value:g}" if self.prefix is None else f"{self.prefix}:{self.value:g}"


class BoundType(click.ParamType):
    """``[PREFIX:]VALUE``; a share lies between 0 and 1."""

    name = "bound"

    def __init__(self, value: str) -> None:
        self.is_share, self.form = value == "SHARE", f"[PREFIX:]{value}"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        return self.form

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Bound:
        if isinstance(value, Bound):
            return value
        before, colon, number = str(value).rpartition(":")
        try:
            bound = Bound(int(before) if colon else None, float(number))
        except ValueError:
            self.fail(f"{value!r} is not of the form {self.form}", param, ctx)
        if not math.isfinite(bound.value) or (self.is_share and not 0 <= bound.value <= 1):
            kind = "a share between 0 and 1" if self.is_share else "a finite number"
            self.fail(f"{value!r} does not bound by {kind}", param, ctx)
        return bound


class Gate(NamedTuple):
    """An option, and the column that it bounds; of several columns the highest number counts."""

    option: str
    value: str  # what its number is
    broken: str  # when it fails
    what: str
    columns: tuple[str, ...]
    least: bool  # the bound is a lower one
    remedy: str  # where there is no number

    @property
    def argument(self) -> str:
        """Name under which a command is given the bounds."""
        return self.option.removeprefix("--").replace("-", "_")


GATES = (
    Gate("--min-overlap", "SHARE", "if fewer of the neighbours at all features are kept",
         "overlap", ("overlap",), True, "look at the rows of DATA"),
    Gate("--max-hubness", "SKEWNESS", "if the skewness of N_k is higher",
         "hubness", ("hubness_skewness",), False, "raise --queries, or give DATA more rows"),
    Gate("--min-accuracy", "SHARE", "if LDA and the nearest neighbours both have a lower accuracy",
         "accuracy", ("lda_accuracy", "knn_accuracy"), True, "give LABELS more rows a class"),
    Gate("--min-contrast", "SHARE", "if the mean contrast of a query (query_contrast) is lower",
         "contrast of a query", ("query_contrast",), True, "look for rows of DATA that are all equal"),
)  # fmt: skip


def gate_options(command: Callable[..., int]) -> Callable[..., int]:
    """Add an option for each gate to a command; each may be given several times."""
    for gate in reversed(GATES):
        text = f"Exit with 1 {gate.broken}, at PREFIX or else at the last prefix."
        command = click.option(gate.option, type=BoundType(gate.value), multiple=True, help=text)(command)
    return command


def check_prefixes_of(bounds: Iterable[tuple[str, Sequence[Bound]]], prefixes: Sequence[int] | None) -> None:
    """Raise a UsageError for a bound at a prefix that is not asked: nothing is measured there.

    So is one of the overlap without prefix: at the last one it is 1, and the bound would always hold.
    """
    for option, given in bounds:
        for bound in given:
            if bound.prefix is None and option == "--min-overlap":
                raise click.UsageError(
                    f"{option} {bound} needs a prefix, as 64:{bound}: at the last one the overlap is 1"
                )
            if bound.prefix is not None and bound.prefix not in (prefixes or ()):
                raise click.UsageError(f"{option} {bound} needs {bound.prefix} among --prefixes")


def failures(profile: Profile, bounds: Iterable[tuple[str, Sequence[Bound]]]) -> Iterator[str]:
    """Yield a line for each bound that does not hold; a number that could not be measured keeps none."""
    gates = {gate.option: gate for gate in GATES}
    for option, given in bounds:
        for bound in given:
            missed = _missed(profile, gates[option], bound)
            if missed:
                yield f"gate failed: {option} {bound}: {missed}"


def _missed(profile: Profile, gate: Gate, bound: Bound) -> str:
    """Return what is wrong; nothing if nothing is."""
    prefix = int(profile.prefixes[-1]) if bound.prefix is None else bound.prefix
    value = _highest(profile.value(column, prefix) for column in gate.columns)
    at = f"at {prefix} feature{'s' * (prefix != 1)}"
    if math.isnan(value):
        return f"no {gate.what} could be measured {at}: {gate.remedy}"
    broken = value < bound.value if gate.least else value > bound.value
    return f"{gate.what} is {value:.6g} {at}" if broken else ""


def _highest(values: Iterable[float]) -> float:
    return max((value for value in values if not math.isnan(value)), default=math.nan)
