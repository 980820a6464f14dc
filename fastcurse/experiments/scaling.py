"""How the curse scales: contrast against the number of points to millions, and indexes against the dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastcurse import _validation, theory
from fastcurse.experiments._result import ExperimentResult
from fastcurse.experiments._scaling_cases import Case, run_cases
from fastcurse.experiments._scaling_checks import make_checks

NAME = "scaling"
# Seconds; minutes; the defaults of `run` are between.
QUICK = {
    "sizes": (1000, 3000, 10_000),
    "n_samples": 10_000,
    "dimensions": (2, 4, 5, 6, 8, 10, 16, 30, 100),
    "n_queries": 400,
}
FULL = {
    "sizes": (1000, 3162, 10_000, 31_623, 100_000, 316_228, 1_000_000),
    "repeats": 15,
    "n_samples": 100_000,
    "dimensions": (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 25, 30, 40, 50, 70, 100, 150, 200, 300, 500, 700, 1000),
}
_BAND = {"low": 0.05, "high": 0.95}


def run(
    *,
    sizes: Any = (1000, 3162, 10_000, 31_623, 100_000),
    n_features: int = 100,
    repeats: int = 5,
    repeat_up_to: int = 100_000,
    n_samples: int = 20_000,
    dimensions: Any = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 25, 30, 50, 100, 200, 500, 1000),
    intrinsic: int = 5,
    n_queries: int = 100,
    checkpoint: Any = None,
    random_state: Any = 0,
    n_threads: int | None = None,
    progress: bool = False,
) -> ExperimentResult:
    """Measure nearest and farthest pair against the number of points, and what indexes save against the dimension.

    Uniform points on [-1, 1]^D; beside them, against the dimension, such points of `intrinsic` dimensions, rotated
    into D: their distances are those of `intrinsic` dimensions at every D.

    Parameters
    ----------
    sizes : sequence of int, default=(1000, 3162, 10000, 31623, 100000)
        Strictly increasing numbers of points of `n_features` features, at least 2.
    n_features : int, default=100
        Features of the points whose number varies.
    repeats : int, default=5
        Data sets of each size; the medians are compared with the closed form.
    repeat_up_to : int, default=100_000
        Larger sizes have one data set.
    n_samples : int, default=20_000
        Points of the data whose dimension varies.
    dimensions : sequence of int
        Strictly increasing dimensions D; the last must be above `intrinsic`.
    intrinsic : int, default=5
        Intrinsic dimension of the embedded points.
    n_queries : int, default=100
        Nearest-neighbour queries of scikit-learn's k-d tree, at least 2.
    checkpoint : path-like, optional
        Folder, made if missing, where each finished case is kept in a file, and from which it is read when the
        experiment is run again with the same parameters and version. None: nothing is kept.
    random_state : int, Generator or None, default=0
        Seed of the data. The result's `params` hold the whole number that gives the same result again.
    n_threads : int, optional
        Threads to use. None: all available.
    progress : bool, default=False
        Show a progress bar on stderr when that is a terminal.

    Returns
    -------
    ExperimentResult
        Tables "growth" (medians at each size, closed form, the closed form's 5 and 95 % quantiles for one data set),
        "draws" (every data set of it), "dimension" and "embedded" (extremes and shares at each D).

    Notes
    -----
    `share_boxed` is the share of all pairs that `distance_extremes` dismissed unread by bounding boxes,
    `share_stopped` that of pairs that it left before their last feature. Both are counted in whole tiles, some per cent
    too high for 10 000 points, and depend on how early good bounds are found: they change a little from run to run;
    the distances never do. Boxes are not tried where the search's plan expects nothing of them. `tree_share` is
    the share of all points whose distance a 1-nearest-neighbour query of `sklearn.neighbors.KDTree` (leaves of 10)
    computes, the mean over queries from the points' law. Memory: the largest data set in float32 or, where D varies,
    in float64, and the search's copy.

    Examples
    --------
    >>> import fastcurse as fc
    >>> small = {"n_samples": 200, "dimensions": (2, 8), "intrinsic": 2, "n_queries": 10}
    >>> result = fc.experiments.scaling.run(sizes=(100, 400), n_features=10, repeats=3, **small)
    >>> growth = result.tables["growth"]
    >>> growth["nearest_median"].round(2), growth["nearest_theory"].round(2)  # more points, nearer pairs
    (array([0.83, 0.66]), array([0.83, 0.61]))
    """
    sizes = _validation.check_prefixes(sizes, None, "sizes").tolist()
    _validation.check_count(sizes[0], "sizes", minimum=2)
    dimensions = _validation.check_prefixes(dimensions, None, "dimensions").tolist()
    n_features = _validation.check_count(n_features, "n_features", minimum=1)
    repeats = _validation.check_count(repeats, "repeats", minimum=1)
    repeat_up_to = _validation.check_count(repeat_up_to, "repeat_up_to", minimum=0)
    n_samples = _validation.check_count(n_samples, "n_samples", minimum=2)
    intrinsic = _validation.check_count(intrinsic, "intrinsic", minimum=1, maximum=dimensions[-1] - 1)
    n_queries = _validation.check_count(n_queries, "n_queries", minimum=2)
    entropy = _validation.check_seed(random_state).entropy
    assert isinstance(entropy, int)  # one whole number, whatever was given
    folder = _validation.check_path(checkpoint, "checkpoint")
    growth = [
        Case("rows", n, n_features, 0, 0, entropy, draw)
        for n in sizes
        for draw in range(repeats if n <= repeat_up_to else 1)
    ]
    uniform = [Case("features", n_samples, d, 0, n_queries, entropy, 0) for d in dimensions]
    embedded = [Case("embedded", n_samples, d, intrinsic, n_queries, entropy, 0) for d in dimensions if d >= intrinsic]
    cases = [*growth, *uniform, *embedded]
    found = run_cases(cases, folder, n_threads=n_threads, progress=progress)
    first, last = len(growth), len(growth) + len(uniform)
    draws = _columns(growth, found[:first], ("nearest", "farthest", "share_boxed", "share_stopped"))
    tables = {
        "growth": _growth_table(draws, n_features),
        "draws": draws,
        "dimension": _dimension_table(uniform, found[first:last]),
        "embedded": _dimension_table(embedded, found[last:]),
    }
    return ExperimentResult(
        name=NAME,
        title="Contrast against the number of points, and what an index saves against the dimension",
        params={
            "sizes": tuple(sizes),
            "n_features": n_features,
            "repeats": repeats,
            "repeat_up_to": repeat_up_to,
            "n_samples": n_samples,
            "dimensions": tuple(dimensions),
            "intrinsic": intrinsic,
            "n_queries": n_queries,
            "random_state": entropy,
        },
        tables=tables,
        checks=make_checks(tables),
    )


def _columns(cases: list[Case], found: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, np.ndarray]:
    about = {
        "n_samples": np.array([case.n_samples for case in cases]),
        "draw": np.array([case.draw for case in cases]),
    }
    return {**about, **{name: np.array([state[name] for state in found]) for name in names}}


def _growth_table(draws: dict[str, np.ndarray], d: int) -> dict[str, np.ndarray]:
    """Medians over the data sets of each size, beside the closed form."""
    sizes, counts = np.unique(draws["n_samples"], return_counts=True)
    table: dict[str, np.ndarray] = {"n_samples": sizes, "d": np.full(sizes.size, d), "draws": counts}
    contrast = 1 - draws["nearest"] / draws["farthest"]
    for name, values in {**{key: draws[key] for key in ("nearest", "farthest")}, "contrast": contrast}.items():
        table[f"{name}_median"] = np.array([np.median(values[draws["n_samples"] == n]) for n in sizes])
    for side in ("nearest", "farthest"):
        table[f"{side}_theory"] = np.asarray(theory.extreme_distance_median(sizes, d, side=side))
        for end, level in _BAND.items():
            table[f"{side}_{end}"] = np.asarray(theory.extreme_distance_quantile(level, sizes, d, side=side))
    table["contrast_theory"] = 1 - table["nearest_theory"] / table["farthest_theory"]
    return table


def _dimension_table(cases: list[Case], found: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Extremes and shares at each D, beside the closed form of the points' own dimension."""
    d = np.array([case.n_features for case in cases])
    own = np.array([case.intrinsic or case.n_features for case in cases])
    names = ("nearest", "farthest", "share_boxed", "share_stopped", "tree_share", "tree_error")
    table = {"d": d, "intrinsic": own, **_columns(cases, found, names)}
    del table["draw"]
    table["contrast"] = 1 - table["nearest"] / table["farthest"]
    for side in ("nearest", "farthest"):
        table[f"{side}_theory"] = np.asarray(theory.extreme_distance_median(table["n_samples"], own, side=side))
    table["contrast_theory"] = 1 - table["nearest_theory"] / table["farthest_theory"]
    return table
