"""What the pair scan returns: extremes, contrasts, a frame, a plot, a file."""

from __future__ import annotations

import io
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fastcurse._results import freeze_arrays, ratio
from fastcurse.engine.array_files import read_npz
from fastcurse.engine.files import write_whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_FORMAT, _VERSION = "fastcurse.DistanceExtremes", 2
_ARRAYS = ("prefixes", "nearest", "farthest", "nearest_pair", "farthest_pair")


@dataclass(frozen=True)
class ScanStats:
    """What a scan did.

    Attributes
    ----------
    pairs : int
        Pairs i < j of the data; with a screen most are dismissed before they are measured.
    tiles : int
        Tiles that the triangle of pairs was cut into.
    tiles_certified : int
        Tiles that the screen could not dismiss whole; without a screen, those measured again to name a pair.
    pairs_certified : int
        Pairs that were measured in float64 after the screen, or again to name a pair.
    pairs_boxed : int
        Pairs dismissed unread, because the bounding boxes of their points were too far apart and not far enough:
        the work of an index. Counted in whole tiles, and, like the next, only where few prefixes are asked: the
        sum over these.
    pairs_stopped : int
        Pairs that were left before their last feature.
    pairs_resumed : int
        Pairs that a checkpoint had done before, about.
    screen : str
        "int8", "float32" or "none"; several, with commas, where prefixes had several.
    plan : str
        What was decided, and why, a line each.
    copy_bytes : int
        Size of the copy of the data in this process, nearly all of the memory that it needs; 0 where workers made it.
    seconds : float
        Wall-clock time of the scan, with compilation if there was any.
    pair_features_per_second : float
        Pairs times the largest asked prefix, by the seconds.
    """

    pairs: int
    tiles: int
    tiles_certified: int
    pairs_certified: int
    pairs_boxed: int
    pairs_stopped: int
    pairs_resumed: int
    screen: str
    plan: str
    copy_bytes: int
    seconds: float
    pair_features_per_second: float

    @property
    def tiles_dismissed(self) -> int:
        """Tiles in which no pair had to be measured after the screen."""
        return self.tiles - self.tiles_certified


@dataclass(frozen=True, eq=False)
class DistanceExtremes:
    """Nearest and farthest pair at each prefix; arrays are read-only.

    Attributes
    ----------
    prefixes : ndarray of shape (m,), int64
        Number of leading features of each entry.
    nearest, farthest : ndarray of shape (m,), float64
        Smallest and largest Euclidean distance over all pairs, in the unit of the data.
    nearest_pair, farthest_pair : ndarray of shape (m, 2), int64
        Row indices i < j of the lexicographically smallest pair at that distance.
    n_samples, n_features : int
        Shape of the data.
    stats : ScanStats
        What the scan did.

    Examples
    --------
    >>> import tempfile
    >>> import fastcurse as fc
    >>> ext = fc.distance_extremes([[0.0, 0.0], [1.0, 0.0], [4.0, 3.0]])
    >>> ext.farthest, ext.farthest_pair[-1]
    (array([4., 5.]), array([0, 2]))
    >>> ext.contrast, ext.squared_contrast, ext.relative_contrast
    (array([0.75, 0.8 ]), array([0.9375, 0.96  ]), array([3., 4.]))
    >>> ext.to_frame()[["prefix", "nearest", "farthest"]]
       prefix  nearest  farthest
    0       1      1.0       4.0
    1       2      1.0       5.0
    >>> ext.plot().get_xlabel()
    'number of features'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ext.save(folder + "/ext.npz")
    ...     again = fc.DistanceExtremes.load(folder + "/ext.npz")
    >>> again.stats == ext.stats
    True
    """

    prefixes: np.ndarray
    nearest: np.ndarray
    farthest: np.ndarray
    nearest_pair: np.ndarray
    farthest_pair: np.ndarray
    n_samples: int
    n_features: int
    stats: ScanStats

    def __post_init__(self) -> None:
        freeze_arrays(self)

    @property
    def contrast(self) -> np.ndarray:
        """(farthest - nearest) / farthest, shape (m,); 0 where farthest is 0."""
        return ratio(self.farthest - self.nearest, self.farthest, where_zero=0.0)

    @property
    def squared_contrast(self) -> np.ndarray:
        """The contrast of the squared distances, shape (m,): what the article plots."""
        # 1 - q² as (1 - q)(1 + q): no square can overflow, and nothing cancels when q is near 1.
        return self.contrast * (1.0 + ratio(self.nearest, self.farthest, where_zero=0.0))

    @property
    def relative_contrast(self) -> np.ndarray:
        """(farthest - nearest) / nearest, shape (m,); inf where nearest is 0 (Beyer et al. 1999)."""
        return ratio(self.farthest - self.nearest, self.nearest, where_zero=np.inf)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to `path` as a versioned ``.npz`` file, whole or not at all.

        Parameters
        ----------
        path : str or path-like
            File to write; replaced if it exists.
        """
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        about = {"n_samples": self.n_samples, "n_features": self.n_features, "stats": asdict(self.stats)}
        content = io.BytesIO()
        np.savez(content, format=_FORMAT, version=_VERSION, about=json.dumps(about), **arrays)
        write_whole(path, content.getvalue())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> DistanceExtremes:
        """Return what `save` wrote.

        Parameters
        ----------
        path : str or path-like
            File to read; nothing in it is ever unpickled.

        Returns
        -------
        DistanceExtremes
            Equal in every bit to what was saved.

        Raises
        ------
        ValueError
            The file cannot be read, is not one of ours, or is of another version.
        """
        try:
            found = read_npz(Path(path), ("format", "version"))
            if str(found["format"]) != _FORMAT:
                raise ValueError(f"its format is {str(found['format'])!r}, not {_FORMAT!r}")
            version = found["version"]
            if version.dtype.kind != "i" or int(version) != _VERSION:
                raise ValueError(f"its version is {version}, this fastcurse reads {_VERSION}")
            arrays = read_npz(Path(path), (*_ARRAYS, "about"))
            about = json.loads(str(arrays.pop("about")))
            loaded = cls(**{**arrays, **about, "stats": ScanStats(**about["stats"])})
            _check_loaded(loaded)
        except Exception as error:  # a damaged archive raises nearly anything: zlib.error, RecursionError
            raise ValueError(
                f"path must be a file that DistanceExtremes.save wrote, got {str(path)!r}: {error}"
            ) from None
        return loaded

    def to_frame(self) -> pd.DataFrame:
        """Return one row a prefix as a pandas DataFrame (needs pandas)."""
        import pandas as pd

        return pd.DataFrame(
            {
                "prefix": self.prefixes,
                "nearest": self.nearest,
                "farthest": self.farthest,
                "nearest_i": self.nearest_pair[:, 0],
                "nearest_j": self.nearest_pair[:, 1],
                "farthest_i": self.farthest_pair[:, 0],
                "farthest_j": self.farthest_pair[:, 1],
                "contrast": self.contrast,
                "squared_contrast": self.squared_contrast,
                "relative_contrast": self.relative_contrast,
            }
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the contrast against the number of features on `ax` (None: a new figure) and return it.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.
        """
        from fastcurse.plots import draw_contrast

        return draw_contrast(self, ax)


def _check_loaded(ext: DistanceExtremes) -> None:
    """Raise unless types, shapes and values are those that a scan gives."""
    m = ext.prefixes.size
    for name, dtype, shape in (
        ("prefixes", np.int64, (m,)), ("nearest", np.float64, (m,)), ("farthest", np.float64, (m,)),
        ("nearest_pair", np.int64, (m, 2)), ("farthest_pair", np.int64, (m, 2)),
    ):  # fmt: skip
        array = getattr(ext, name)
        if array.dtype != dtype or array.shape != shape:
            raise ValueError(f"its {name} has dtype {array.dtype} and shape {array.shape}")
    kinds = {"int": int, "float": float, "str": str}
    wrong = [
        field.name for field in fields(ext.stats) if type(getattr(ext.stats, field.name)) is not kinds[str(field.type)]
    ]
    if wrong or type(ext.n_samples) is not int or type(ext.n_features) is not int:
        raise ValueError("its counts are not numbers")
    pairs = np.concatenate([ext.nearest_pair, ext.farthest_pair])
    sound = (
        m > 0
        and ext.prefixes[0] >= 1
        and ext.prefixes[-1] <= ext.n_features
        and (np.diff(ext.prefixes) > 0).all()
        and (pairs[:, 0] >= 0).all()
        and (pairs[:, 0] < pairs[:, 1]).all()
        and (pairs[:, 1] < ext.n_samples).all()
        and np.isfinite(ext.farthest).all()
        and (ext.nearest >= 0).all()
        and (ext.nearest <= ext.farthest).all()
    )
    if not sound:
        raise ValueError("its values cannot be those of a scan")
