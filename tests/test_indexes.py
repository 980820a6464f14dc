"""The index experiment at small size: its checks hold and can fail, its figures draw; times are only tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fastcurse import experiments
from fastcurse.experiments import indexes
from fastcurse.experiments._scaling_cases import Case, make_points, make_queries
from fastcurse.experiments._tree_share import tree_share
from fastcurse.experiments.indexes import make_checks

SMALL = {"n_samples": 500, "dimensions": (2, 6, 16, 40), "large_samples": 2000, "large_dimensions": (6, 16),
         "embedded": (6, 40), "n_queries": 60, "timed_queries": 10}  # fmt: skip
AGREE = {"brute": 0.0, "scan": 0.0}


@pytest.fixture(scope="module")
def result():
    return indexes.run(**SMALL)


@pytest.mark.statistical
@pytest.mark.parametrize("seed", range(3))
def test_checks_hold(seed):
    """Each check allows 4.5 standard errors: false alarm 7e-6, beside the 10 % of an earlier measurement."""
    result = indexes.run(**indexes.QUICK, random_state=seed)
    assert result.failed == ()
    assert sum(check.name.startswith("share that a k-d tree reads, n=10000") for check in result.checks) == 5


def test_is_registered_with_every_check(result):
    assert experiments.REMEDIES["indexes"] is indexes
    assert result.failed == ()
    names = [check.name for check in result.checks]
    assert len(set(names)) == len(names) == 2 + 2 + 1 + 2


def test_same_seed_same_shares_whatever_the_times(result):
    again = indexes.run(**SMALL)
    for table in ("share", "embedded"):
        assert again.to_dict()["tables"][table] == result.to_dict()["tables"][table]
    assert json.loads(json.dumps(again.to_dict()))["params"]["random_state"] == 0
    other = indexes.run(**SMALL, random_state=1)
    assert other.tables["share"]["tree_share"][0] != result.tables["share"]["tree_share"][0]


def test_no_check_looks_at_a_time(result):
    timeless = {name: table for name, table in result.tables.items() if name in ("share", "embedded")}
    assert [check.name for check in make_checks(timeless, AGREE)] == [check.name for check in result.checks]


def test_ratios_and_crossover():
    seconds = {
        "n_samples": np.array([100] * 4 + [900] * 2 + [100] * 2), "d": np.array([2, 4, 8, 16, 8, 16, 8, 16]),
        "tree_over_brute": np.array([0.5, 1.0, 1.5, 9.0, 0.1, 2.0, 0.1, 0.2]),
        "tree_over_scan": np.array([0.5, 3.0, 0.9, 9.0, 0.1, 0.2, 1.1, 2.0]),
    }  # fmt: skip
    table = indexes._crossover(seconds, 6)
    assert table["n_samples"].tolist() == [100, 900, 100]
    assert table["points"].tolist() == ["uniform", "uniform", "embedded"]
    np.testing.assert_array_equal(table["slower_than_brute_from"], [8, 16, np.nan])
    np.testing.assert_array_equal(table["slower_than_scan_from"], [4, np.nan, 8])


def test_times_are_of_one_query_and_positive(result):
    table = result.tables["seconds"]
    assert table["d"].tolist() == [2, 6, 16, 40, 6, 16, 6, 40]
    assert table["intrinsic"].tolist() == [2, 6, 16, 40, 6, 16, 5, 5]
    for name in ("build", "tree", "brute", "scan"):
        assert (table[f"{name}_seconds"] > 0).all()
    np.testing.assert_allclose(table["tree_over_scan"], table["tree_seconds"] / table["scan_seconds"])


def test_a_query_is_timed_apart_from_the_trees_construction(monkeypatch):
    monkeypatch.setattr(indexes, "_fastest", lambda work: (3.0, work()))
    table = indexes.run(**SMALL).tables["seconds"]
    assert set(table["build_seconds"]) == {3.0}
    assert set(table["tree_seconds"]) == set(table["brute_seconds"]) == set(table["scan_seconds"]) == {0.3}


def test_the_share_falls_where_the_trees_leaves_are_halved():
    """Ten times a power of two points are the most of one depth; one more, and leaves of 20 become leaves of 10."""
    many, more = (Case("features", n, 12, 0, 100, 0, 0) for n in (1280, 1290))
    (share, error), (other, _) = (tree_share(make_points(case), make_queries(case)) for case in (many, more))
    assert other < share - 3 * error


def test_tables_and_figures(result):
    for table in result.tables.values():
        assert len({len(column) for column in table.values()}) == 1
        assert not any(column.flags.writeable for column in table.values())
    for figure, caption in result.figures.items():
        assert len(caption) > 20
        drawn = result.plot(figure)
        drawn.canvas.draw()
        assert all(ax.get_xlabel() and ax.get_title(loc="left") for ax in drawn.axes)
    assert len(result.corrections) >= 3
    assert all(sentence.endswith(".") for sentence in result.corrections)


@pytest.mark.parametrize(
    ("table", "change", "name"),
    [
        ("share", lambda x: x * [1, 1, 1, 0.1, 1, 1], "largest fall of the share that a k-d tree reads"),
        ("share", lambda x: x[[0, 1, 2, 3, 5, 4]], "largest fall of the share that a k-d tree reads"),
        ("share", lambda x: x * [1, 1, 1, 1, 1, 5], "rise of the share that a k-d tree reads with more points"),
        ("embedded", lambda x: x + 1, "intrinsic 5: what a k-d tree reads too much"),
    ],
)
def test_checks_can_fail(result, table, change, name):
    tables = {key: dict(columns) for key, columns in result.tables.items()}
    tables[table]["tree_share"] = change(tables[table]["tree_share"])
    failed = [check.name for check in make_checks(tables, AGREE) if not check.ok]
    assert [check for check in failed if check.startswith(name)], failed


def test_other_answers_and_other_shares_than_noted_fail(result):
    tables = {key: dict(columns) for key, columns in result.tables.items()}
    failed = [check.name for check in make_checks(tables, {"brute": 1e-6, "scan": 1e-11}) if not check.ok]
    assert len(failed) == 2
    tables["share"]["n_samples"] = np.repeat([10_000, 76_000], [4, 2])
    failed = [check.name for check in make_checks(tables, AGREE) if not check.ok]
    assert "share that a k-d tree reads, n=10000, D=2" in failed
    assert "share that a k-d tree reads, n=76000, D=16" in failed


def test_a_scan_that_answers_wrongly_is_found(monkeypatch):
    right = indexes.prefix_neighbors

    def second(X, queries, k, prefixes, **options):
        found = right(X, queries, 2, prefixes, **options)
        return type(found)(found.prefixes, found.distances[:, :, 1:], *list(vars(found).values())[2:])

    monkeypatch.setattr(indexes, "prefix_neighbors", second)
    assert [check.name for check in indexes.run(**SMALL).failed] == [
        "nearest distances of our scan, relative difference from the tree's"
    ]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"n_samples": 1}, ValueError, "n_samples must be at least 2"),
        ({"large_samples": 10_000}, ValueError, "large_samples must be at least 10001, got 10000"),
        ({"dimensions": (4, 2)}, ValueError, "dimensions must increase strictly"),
        ({"large_dimensions": (0,)}, ValueError, "large_dimensions must be at least 1"),
        ({"embedded": (5, 9)}, ValueError, "embedded must be at least 6, got 5"),
        ({"intrinsic": 0}, ValueError, "intrinsic must be at least 1"),
        ({"n_queries": 1}, ValueError, "n_queries must be at least 2"),
        ({"timed_queries": 301}, ValueError, "timed_queries must be between 1 and 300, got 301"),
        ({"random_state": -1}, ValueError, "random_state must be at least 0"),
    ],
)
def test_bad_parameters(params, error, message):
    with pytest.raises(error, match=message):
        indexes.run(**params)
