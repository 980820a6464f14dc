"""What a profile says, as a frozen result that shows itself as text, table, figure, page and JSON."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcurse._version import __version__
from fastcurse.engine.files import write_whole
from fastcurse.profile._columns import NAMES
from fastcurse.profile._parts import KINDS, DataQuality, Finding, LabelSummary

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_FORMAT = {"format": "fastcurse profile", "version": 1, "fastcurse": __version__}


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """What distances, neighbours and labels say at each prefix of the features; arrays are read-only.

    ``print(profile)`` shows the verdict and a table; ``to_html`` writes a page, ``to_json`` a file for programs.

    Attributes
    ----------
    prefixes : ndarray of shape (m,), int64
        Number of leading features of each entry, increasing.
    columns : dict of str to ndarray of shape (m,), float64
        One array a quantity, and two for the ends of its interval if it has one; nan where there is nothing to say.
        ``fastcurse.profile.COLUMNS`` says what each is.
    n_samples, n_features : int
        Shape of the data, without dropped rows.
    n_queries : int
        Rows whose neighbours were looked up.
    k : int
        Number of neighbours.
    metric : str
        "euclidean" or "cosine".
    order : str
        How the features were ordered before prefixes were taken: "given", "pca", "variance" or "random".
    exact : bool
        Whether nearest, farthest and contrast are those of all pairs; else they are *sampled*: of the pairs with a
        query.
    quality : DataQuality
        What is wrong with the rows and features as such.
    labels : LabelSummary or None
        What the labels say in single numbers; None without labels.
    verdict : tuple of Finding
        Sentences, each with the numbers that it rests on; empty where the data support none.
    seconds : float
        Wall-clock time.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import fastcurse as fc
    >>> X = np.random.default_rng(0).normal(size=(300, 20))
    >>> found = fc.profile(X, prefixes=[5, 20])
    >>> print(found.verdict[0].text)
    With all 20 features a row's nearest row is on average 44 % as far from it as its farthest.
    >>> round(found.value("effective_dimension", 20))  # one cell of the table
    19
    >>> len(found.summary().splitlines()) > 10, list(found.to_frame())[:3], found.to_dict()["n_samples"]
    (True, ['prefix', 'nearest', 'farthest'], 300)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found.to_json(folder + "/profile.json")
    ...     found.to_html(folder + "/profile.html", name="noise")
    ...     [path.name for path in sorted(Path(folder).iterdir())]
    ['profile.html', 'profile.json']
    >>> len(found.plot().axes)
    12
    """

    prefixes: np.ndarray
    columns: dict[str, np.ndarray]
    n_samples: int
    n_features: int
    n_queries: int
    k: int
    metric: str
    order: str
    exact: bool
    quality: DataQuality
    labels: LabelSummary | None
    verdict: tuple[Finding, ...]
    seconds: float

    def __post_init__(self) -> None:
        prefixes = np.array(self.prefixes, dtype=np.int64)
        if prefixes.ndim != 1 or not prefixes.size or prefixes[0] < 1 or prefixes[-1] > self.n_features:
            raise ValueError(f"prefixes must lie between 1 and n_features = {self.n_features}, got {prefixes.tolist()}")
        if (np.diff(prefixes) <= 0).any():
            raise ValueError(f"prefixes must increase, got {prefixes.tolist()}")
        unknown = [name for name in self.columns if name not in NAMES]
        if unknown:
            raise ValueError(f"columns must be among {', '.join(NAMES)}, got {unknown[0]!r}")
        columns = {
            name: np.array(self.columns.get(name, np.full(prefixes.size, np.nan)), dtype=np.float64) for name in NAMES
        }
        for name, column in columns.items():
            if column.shape != prefixes.shape:
                raise ValueError(f"columns must have one value a prefix, got {name} of shape {column.shape}")
        for array in (prefixes, *columns.values()):
            array.setflags(write=False)
        object.__setattr__(self, "prefixes", prefixes)
        object.__setattr__(self, "columns", columns)
        for finding in self.verdict:
            self._check_finding(finding)

    def _check_finding(self, finding: Finding) -> None:
        if finding.kind not in KINDS:
            raise ValueError(f"kind of a finding must be one of {', '.join(KINDS)}, got {finding.kind!r}")
        if not finding.columns and not finding.prefixes:
            return
        for name, prefix, value in zip(finding.columns, finding.prefixes, finding.values, strict=True):
            if name not in self.columns or prefix not in self.prefixes:
                raise ValueError(f"a finding must name cells of the table, got {name!r} at {prefix}: {finding.text!r}")
            if value != self.value(name, prefix):
                raise ValueError(
                    f"a finding must quote the table, which has {self.value(name, prefix)} as {name} at {prefix}, "
                    f"got {value}: {finding.text!r}"
                )

    def __repr__(self) -> str:
        asked = ", ".join(str(prefix) for prefix in self.prefixes)
        return f"Profile(n_samples={self.n_samples}, n_features={self.n_features}, prefixes=[{asked}])"

    def __str__(self) -> str:
        return self.summary()

    def value(self, column: str, prefix: int) -> float:
        """Return one number of the table.

        Parameters
        ----------
        column : str
            A key of `columns`.
        prefix : int
            One of `prefixes`.

        Returns
        -------
        float
            nan where there is nothing to say.

        Raises
        ------
        KeyError
            There is no such column or prefix.
        """
        at = int(np.searchsorted(self.prefixes, prefix))
        if at == self.prefixes.size or self.prefixes[at] != prefix:
            raise KeyError(prefix)
        return float(self.columns[column][at])

    def summary(self) -> str:
        """Return the verdict and a compact table as text for a terminal, some 80 columns wide."""
        from fastcurse.report.profile.summary import summary_text

        return summary_text(self)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a prefix as a pandas DataFrame (needs pandas): `prefix`, then every column."""
        import pandas as pd

        return pd.DataFrame({"prefix": self.prefixes, **self.columns})

    def to_dict(self) -> dict[str, Any]:
        """Return everything as lists, numbers and strings that JSON can hold.

        Keys are ``format``, ``version`` and ``fastcurse`` (the version that wrote it), then the attributes by name.
        A nan becomes None, and infinity, as the relative contrast of data with duplicates, the string "Infinity".
        ``profile.schema.json`` in the package ``fastcurse.profile`` is its JSON Schema; whatever breaks it gets
        another ``version``.
        """
        return {
            **_FORMAT,
            "n_samples": self.n_samples,
            "n_features": self.n_features,
            "n_queries": self.n_queries,
            "k": self.k,
            "metric": self.metric,
            "order": self.order,
            "exact": self.exact,
            "seconds": _plain(self.seconds),
            "prefixes": self.prefixes.tolist(),
            "columns": {name: _plain(column.tolist()) for name, column in self.columns.items()},
            "quality": _plain(asdict(self.quality)),
            "labels": None if self.labels is None else _plain(asdict(self.labels)),
            "verdict": [_plain(finding._asdict()) for finding in self.verdict],
        }

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write ``to_dict()`` as JSON, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            File to write; replaced if it exists.
        """
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        write_whole(path, (text + "\n").encode("ascii"))

    def to_html(self, path: str | os.PathLike[str], *, name: str | None = None) -> None:
        """Write a page with verdict, figures and tables, whole or not at all.

        The page stands alone: it holds its figures and style, runs no script and loads nothing.

        Parameters
        ----------
        path : str or path-like
            File to write; replaced if it exists.
        name : str, optional
            What the data are called in the page's title.
        """
        from fastcurse.report.profile.page import render_page

        write_whole(path, render_page(self, name).encode(errors="replace"))

    def plot(self) -> Figure:
        """Draw all columns against the prefix, one row of panels a group, and return the figure.

        Returns
        -------
        matplotlib.figure.Figure
            A new figure, not registered with pyplot.
        """
        from fastcurse.report.profile.drawing import draw_profile

        return draw_profile(self)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return value
