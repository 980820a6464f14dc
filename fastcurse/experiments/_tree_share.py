"""The share of the points that a query of scikit-learn's k-d tree measures, and earlier measurements of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fastcurse.experiments._result import Check

LEAF = 10  # points of a leaf of scikit-learn's tree
SIGMAS = 4.5  # of means over queries: false alarm 7e-6 each
# Share of the points that a 1-NN query of a k-d tree (leaves of 10) measured on other uniform points.
EARLIER = {
    10_000: {
        2: 0.0027, 4: 0.0072, 6: 0.0196, 8: 0.0506, 10: 0.101, 12: 0.241, 14: 0.445, 16: 0.673, 20: 0.939, 30: 1.0,
    },
    76_000: {16: 0.239, 20: 0.609, 30: 0.997},
}  # fmt: skip


def tree_share(X: np.ndarray, queries: np.ndarray) -> tuple[float, float]:
    """Return the mean share of X that a 1-nearest-neighbour query of a k-d tree measures, and its standard error."""
    from sklearn.neighbors import KDTree

    tree = KDTree(X, leaf_size=LEAF)
    shares = np.empty(len(queries))
    for at, query in enumerate(queries):
        tree.reset_n_calls()
        tree.query(query[np.newaxis], k=1)
        shares[at] = tree.get_n_calls() / len(X)
    return float(shares.mean()), float(shares.std(ddof=1) / np.sqrt(shares.size))


def earlier_checks(table: Mapping[str, np.ndarray]) -> list[Check]:
    """Return a check for each row of `n_samples`, `d`, `tree_share` and `tree_error` that was measured earlier."""
    checks = []
    rows = zip(*(table[name].tolist() for name in ("n_samples", "d", "tree_share", "tree_error")), strict=True)
    for n, d, share, wide in rows:
        known = EARLIER.get(n, {}).get(d)
        if known is not None:
            note = f"an earlier measurement; {SIGMAS} standard errors over queries, and 10 % for its own"
            name = f"share that a k-d tree reads, n={n}, D={d}"
            checks.append(Check(name, known, share, SIGMAS * wide + 0.1 * known, note))
    return checks


def rising_check(table: Mapping[str, np.ndarray]) -> Check:
    """Return the check that of one number of uniform points a tree reads more with every feature."""
    error = np.hypot(table["tree_error"][1:], table["tree_error"][:-1])
    beyond = -np.diff(table["tree_share"]) - SIGMAS * error
    name = "largest fall of the share that a k-d tree reads, with more features, beyond its error"
    return Check(name, 0.0, float(np.max(beyond, initial=0.0)), 0.0, f"{SIGMAS} standard errors over queries")


def suited_row(uniform: Mapping[str, np.ndarray], intrinsic: int) -> int | None:
    """Return the row of the uniform points that an index must suit no better than embedded ones; None if there is none.

    Rotated cubes suit boxes worse than upright ones, but a rotation is no two more dimensions for each.
    """
    wide = np.flatnonzero(uniform["d"] >= 3 * intrinsic)
    return int(wide[0]) if wide.size else None


def excess_check(uniform: Mapping[str, np.ndarray], embedded: Mapping[str, np.ndarray], row: int) -> Check:
    """Return the check that of points of few dimensions a tree reads less than of the uniform ones of `row`."""
    own = embedded["intrinsic"][0]
    excess = embedded["tree_share"] - uniform["tree_share"][row]
    note = f"at no D worse than uniform points of D={uniform['d'][row]}, for a rotation adds no dimension"
    worst = float(np.max(excess, initial=0.0))
    return Check(f"intrinsic {own}: what a k-d tree reads too much", 0.0, worst, 0.0, note)
