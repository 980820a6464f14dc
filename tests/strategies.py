"""Hypothesis strategies for point clouds, with the nasty ones mixed in."""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

FINITE = st.floats(-1e3, 1e3, allow_nan=False, width=32)
# Zero, the smallest numbers, subnormal and normal, those whose squares are so, one and its neighbours, and large ones.
_ODD = [0.0, 5e-324, 2.0**-1022, 2.0**-537, 2.0**-511, 1.0 - 2.0**-53, 1.0, 1.0 + 2.0**-52, 2.0**27, 2.0**500]


def costly(max_examples):
    """Return the settings of a property whose examples are slow: so many, or a twentieth of a fuzz run's."""
    return settings(max_examples=max(max_examples, settings.default.max_examples // 20))


def _ties(shape):
    return hnp.arrays(np.float64, shape, elements=st.integers(-2, 2).map(float))


def _wide(shape):
    """Any float64 whose squared distances stay finite."""
    return hnp.arrays(np.float64, shape, elements=st.floats(-1e150, 1e150, allow_subnormal=True))


def _shifted(shape):
    shift = st.sampled_from([1e6, -1e8, 1e12])
    return st.builds(lambda X, by: X + by, hnp.arrays(np.float64, shape, elements=FINITE), shift)


def _scaled(shape):
    scale = st.sampled_from([1e-150, 1e-160, 1e150, 5e-324])
    unit = st.floats(-1, 1, allow_nan=False)
    return st.builds(lambda X, by: X * by, hnp.arrays(np.float64, shape, elements=unit), scale)


def _odd(shape):
    """Few distinct values, all of them odd, of either sign."""
    return hnp.arrays(np.float64, shape, elements=st.sampled_from([*_ODD, *(-value for value in _ODD)]))


def _typed(shape):
    return st.one_of(
        hnp.arrays(np.float16, shape, elements=st.floats(-100, 100, width=16)),
        hnp.arrays(np.float32, shape, elements=FINITE),
        hnp.arrays(np.int8, shape),
        hnp.arrays(np.int64, shape),
        hnp.arrays(np.uint16, shape),
        hnp.arrays(np.bool_, shape),
    )


def _with_copies(X, rows, columns):
    """Duplicate some rows and make some columns constant or equal."""
    X = X.copy()
    for source, target in rows:
        X[target % len(X)] = X[source % len(X)]
    for source, target in columns:
        X[:, target % X.shape[1]] = X[:, source % X.shape[1]] if source % 3 else X[0, 0]
    return X


def _laid_out(X, layout):
    if layout == "fortran":
        return np.asfortranarray(X)
    if layout == "strided":
        wide = np.zeros((2 * X.shape[0], 3 * X.shape[1]), dtype=X.dtype)
        wide[::2, ::3] = X
        return wide[::2, ::3]
    if layout == "reversed":
        return np.ascontiguousarray(X[::-1])[::-1]
    if layout == "read-only":
        X = X.copy()
        X.setflags(write=False)
    return X


@st.composite
def point_clouds(draw, max_samples=40, max_features=12):
    """Draw X (n_samples, n_features): plain, tied, huge, tiny, odd, shifted, typed; with duplicates; in any layout."""
    shape = (draw(st.integers(2, max_samples)), draw(st.integers(1, max_features)))
    kind = draw(st.sampled_from([_ties, _wide, _shifted, _scaled, _odd, _typed]))
    X = draw(kind(shape))
    pairs = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=3)
    X = _with_copies(X, draw(pairs), draw(pairs))
    return _laid_out(X, draw(st.sampled_from(["plain", "fortran", "strided", "reversed", "read-only"])))


def _changed(X, how, rng):
    """Return X with one trouble more."""
    n, d = X.shape
    some, columns = rng.random(n) < rng.random(), rng.random(d) < rng.random()
    X = X.copy()
    if how == "grid":
        X = np.round(X * rng.integers(1, 4))
    elif how == "signs of zero":
        X[rng.random(X.shape) < 0.3] *= 0.0
    elif how == "units":
        X *= 10.0 ** rng.integers(-30, 30, d)
    elif how == "ends":
        X *= rng.choice([1e-170, 1e-160, 1e-150, 1e120, 1e145])
    elif how == "subnormal":
        X[:, columns] *= 5e-324 * 2.0**30
    elif how == "far":
        X += 10.0 ** rng.integers(0, 16) * rng.normal(size=d)
    elif how == "copies":
        X[some] = X[rng.integers(0, n)]
    elif how == "one ulp":
        X[some] = np.nextafter(X[rng.integers(0, n)], rng.choice([-np.inf, np.inf]))
    elif how == "constant":
        X[:, columns] = X[0, 0]
    elif how == "outlier":
        X[rng.integers(0, n)] *= 1e12
    elif how == "low rank":
        X = X[:, :1] * rng.normal(size=d)
    elif how == "sorted":
        X = np.sort(X, axis=0)
    else:  # steep
        X /= np.arange(1, d + 1) ** 2.0
    return X


TROUBLES = ["grid", "signs of zero", "units", "ends", "subnormal", "far", "copies", "one ulp", "constant", "outlier",
            "low rank", "sorted", "steep"]  # fmt: skip


@st.composite
def troubled_clouds(draw, max_samples=400, max_features=90):
    """Draw larger clouds than can be drawn value by value: of a seed, with up to four troubles one upon another."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    X = rng.normal(size=(draw(st.integers(2, max_samples)), draw(st.integers(1, max_features))))
    for how in draw(st.lists(st.sampled_from(TROUBLES), max_size=4)):
        X = np.clip(_changed(X, how, rng), -1e150, 1e150)
    if np.abs(X).max() < 6e4:
        X = X.astype(draw(st.sampled_from([np.float64, np.float64, np.float32, np.float16, np.int16, np.int32])))
    return _laid_out(X, draw(st.sampled_from(["plain", "fortran", "strided", "reversed", "read-only"])))
