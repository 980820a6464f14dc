"""What every experiment returns, and the article's printed numbers."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module, resources
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Table = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Check:
    """A published or theoretical number beside ours; it is ok when they differ by at most `tolerance`.

    Attributes
    ----------
    name : str
        What was compared.
    published : float
        The article's number, or the closed form's.
    ours : float
        What this run measured.
    tolerance : float
        Largest difference that the check allows.
    note : str
        Where the tolerance comes from.

    Examples
    --------
    >>> from fastcurse.experiments import Check
    >>> Check("LDA at p = 76", published=0.98, ours=0.976, tolerance=0.005, note="4 standard deviations").ok
    True
    """

    name: str
    published: float
    ours: float
    tolerance: float
    note: str

    @property
    def ok(self) -> bool:
        """Whether the difference is within the tolerance; never for nan."""
        return bool(abs(self.ours - self.published) <= self.tolerance)


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """Tables, checks and corrections of one experiment.

    Attributes
    ----------
    name : str
        The experiment.
    title : str
        One line for people.
    params : mapping
        The arguments that it was run with.
    tables : mapping of str to mapping of str to ndarray
        Columns of each table; the first table is the main one.
    checks : tuple of Check
        Published numbers beside ours.
    corrections : tuple of str
        One plain sentence for each thing that the original got wrong.

    Examples
    --------
    >>> import fastcurse as fc
    >>> result = fc.experiments.boundary.run(repeats=2, n_points=20, features=(2, 10, 100), n_jobs=None)
    >>> result.ok, result.failed, len(result.checks), list(result.tables), list(result.figures)
    (True, (), 22, ['accuracy', 'ratio', 'curve', 'flips'], ['adversary', 'ratio'])
    >>> result.to_frame("ratio")[["d", "q50", "median_theory"]].round(1)
         d   q50  median_theory
    0    2   1.3            1.4
    1   10   4.1            4.4
    2  100  15.0           14.7
    >>> result.plot("ratio").axes[0].get_xlabel()
    'number of features d (logarithmic)'
    >>> result.to_dict()["checks"][0]["ok"]
    True
    """

    name: str
    title: str
    params: Mapping[str, Any]
    tables: Mapping[str, Table]
    checks: tuple[Check, ...]
    corrections: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        for table in self.tables.values():
            for column in table.values():
                column.setflags(write=False)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return not self.failed

    @property
    def figures(self) -> dict[str, str]:
        """Names of the figures and their captions, in the order of the page."""
        return {name: draw.__doc__.splitlines()[0] for name, draw in self._drawings().items()}

    def to_frame(self, table: str | None = None) -> pd.DataFrame:
        """Return one table as a pandas DataFrame (needs pandas).

        Parameters
        ----------
        table : str, optional
            A key of `tables`. None: the main table.

        Returns
        -------
        pandas.DataFrame
            The table's columns.

        Raises
        ------
        ValueError
            There is no table of that name.
        """
        import pandas as pd

        return pd.DataFrame(dict(self.tables[self._pick("table", table, self.tables)]))

    def to_dict(self) -> dict[str, Any]:
        """Return params, tables and checks as JSON can hold them: lists, numbers, None for nan and infinities."""
        return {
            "params": {name: _plain(value) for name, value in self.params.items()},
            "tables": {
                name: {key: _plain(column) for key, column in table.items()} for name, table in self.tables.items()
            },
            "checks": [
                {
                    "name": check.name,
                    "published": _plain(check.published),
                    "ours": _plain(check.ours),
                    "tolerance": _plain(check.tolerance),
                    "ok": check.ok,
                    "note": check.note,
                }
                for check in self.checks
            ],
        }

    def plot(self, figure: str | None = None) -> Figure:
        """Draw one figure.

        Parameters
        ----------
        figure : str, optional
            A key of `figures`. None: the first.

        Returns
        -------
        matplotlib.figure.Figure
            A new figure, not registered with pyplot.

        Raises
        ------
        ValueError
            There is no figure of that name.
        """
        drawings = self._drawings()
        return drawings[self._pick("figure", figure, drawings)](self)

    def _drawings(self) -> dict[str, Any]:
        return import_module(f"fastcurse.experiments.figures.{self.name}").FIGURES

    @staticmethod
    def _pick(argument: str, name: str | None, choices: Mapping[str, Any]) -> str:
        if name is None:
            return next(iter(choices))
        if name not in choices:
            raise ValueError(f"{argument} must be one of {', '.join(choices)}, got {name!r}")
        return name


def mean_and_sd(names: Sequence[str], values: np.ndarray) -> dict[str, np.ndarray]:
    """Return the means of values (repeats, names, places) by name, and standard deviations as "name, sd"."""
    means = {name: values[:, k].mean(axis=0) for k, name in enumerate(names)}
    return means | {f"{name}, sd": values[:, k].std(axis=0, ddof=1) for k, name in enumerate(names)}


def sigmas(repeats: int) -> float:
    """Return how many standard deviations, estimated from `repeats` draws, a check allows: 4 or more.

    Two-sided Student t at a false-alarm rate of 6e-5, that of 4 known standard deviations; 20 draws count as many.
    """
    return 4.0 if repeats >= 20 else float(stats.t.isf(3e-5, repeats - 1))


def family_sigmas(repeats: int, n_checks: int, rate: float) -> float:
    """Return how many standard deviations, estimated from `repeats` draws, each of `n_checks` checks allows.

    Two-sided Student t at `rate` / `n_checks`: together the checks of normal draws raise at most `rate` false alarms a
    run. Skewed draws raise more: resample them to know how many.
    """
    return float(stats.t.isf(rate / (2 * max(n_checks, 1)), repeats - 1))


def _printed(name: str) -> dict[str, tuple[str, ...]]:
    text = (resources.files("fastcurse.experiments") / "article" / f"{name}.csv").read_text(encoding="ascii")
    header, *rows = csv.reader(text.splitlines())
    return dict(zip(header, zip(*rows, strict=True), strict=True))


def printed_numbers(name: str) -> dict[str, np.ndarray]:
    """Return the columns of one of the article's printed tables: "ball", "distances" or "noise"."""
    return {column: np.array([float(text) for text in texts]) for column, texts in _printed(name).items()}


def printed_decimals(name: str, column: str) -> np.ndarray:
    """Return how many decimals the article printed for each number of a column."""
    return np.array([len(text.partition(".")[2]) for text in _printed(name)[column]])


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
