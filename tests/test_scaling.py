"""The scaling experiment and its command: laws, checks that can fail, and runs that go on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.spatial.distance import pdist

import fastcurse as fc
from fastcurse import cli
from fastcurse.engine.checkpoint import Checkpoint
from fastcurse.experiments import _scaling_cases, scaling
from fastcurse.experiments._scaling_cases import Case, make_points, make_queries
from fastcurse.experiments._scaling_checks import make_checks, median_band
from fastcurse.experiments._tree_share import tree_share
from fastcurse.report.folder import check_output_folder

# Too small for the searches that compile; the checks hold all the same.
SMALL = {"sizes": (50, 150, 400), "n_features": 20, "repeats": 3, "repeat_up_to": 200, "n_samples": 300,
         "dimensions": (2, 5, 8, 40), "n_queries": 20}  # fmt: skip


@pytest.fixture(scope="module")
def result():
    return scaling.run(**SMALL)


def case(points, n, d, draw=0):
    return Case(points, n, d, 5 if points == "embedded" else 0, 20, 0, draw)


def interrupted_at(call, function):
    """Return `function`, which Ctrl-C stops as it is called for the so manieth time, and the list of its calls."""
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == call:
            raise KeyboardInterrupt
        return function(*arguments)

    return interrupted, calls


class TestPoints:
    def test_smaller_cases_are_the_beginning_of_larger_ones(self):
        large = make_points(case("rows", 300, 7))
        assert large.dtype == np.float32
        assert np.array_equal(make_points(case("rows", 100, 7)), large[:100])
        wide = make_points(case("features", 50, 30))
        assert np.array_equal(make_points(case("features", 50, 4)), wide[:, :4])
        assert not np.array_equal(make_points(case("rows", 300, 7, draw=1)), large)
        for X in (large, wide):
            assert -1 <= X.min() < -0.99
            assert 0.99 < X.max() <= 1

    def test_embedding_is_an_isometry_of_the_first_features(self):
        inside = pdist(make_points(case("features", 60, 5)))
        for d in (5, 6, 300):
            np.testing.assert_allclose(pdist(make_points(case("embedded", 60, d))), inside, rtol=1e-12)

    def test_queries_are_new_points_of_the_same_subspace(self):
        X, queries = make_points(case("embedded", 60, 12)), make_queries(case("embedded", 60, 12))
        assert np.linalg.matrix_rank(np.vstack([X, queries])) == 5
        assert not np.isin(queries, X).any()

    def test_a_tree_reads_little_in_one_dimension_and_all_in_many(self):
        rng = np.random.default_rng(0)
        share, error = tree_share(rng.uniform(-1, 1, (2000, 1)), rng.uniform(-1, 1, (30, 1)))
        # A leaf or two of at most 10, 20 where the two sides of a cut are both near.
        assert 0.001 < share < 0.015
        assert error < 0.002
        assert tree_share(rng.uniform(-1, 1, (500, 60)), rng.uniform(-1, 1, (10, 60)))[0] == pytest.approx(1, abs=0.02)


class TestExperiment:
    def test_checks_hold(self, result):
        assert result.failed == ()
        assert len(result.checks) == 2 * 3 + 2 + 2 * 4 + 2 + 2 + 2 * 2 + 2 + 1 + 2

    def test_tables(self, result):
        growth, draws = result.tables["growth"], result.tables["draws"]
        assert growth["draws"].tolist() == [3, 3, 1]
        assert draws["n_samples"].tolist() == [50] * 3 + [150] * 3 + [400]
        X = make_points(Case("rows", 150, 20, 0, 0, 0, 2))
        assert draws["nearest"][5] == fc.closest_pair(X)[0]
        assert growth["farthest_median"][1] == np.median(draws["farthest"][3:6])
        assert result.tables["embedded"]["d"].tolist() == [5, 8, 40]
        np.testing.assert_allclose(result.tables["embedded"]["nearest"], result.tables["dimension"]["nearest"][1])
        for table in result.tables.values():
            assert len({len(column) for column in table.values()}) == 1
            assert not any(column.flags.writeable for column in table.values())

    def test_same_seed_same_result_and_json(self, result):
        again = scaling.run(**SMALL).to_dict()
        assert again == result.to_dict()
        assert json.loads(json.dumps(again))["params"]["random_state"] == 0
        other = scaling.run(**SMALL, random_state=1)
        assert other.tables["growth"]["nearest_median"][0] != result.tables["growth"]["nearest_median"][0]

    def test_frame(self, result):
        pytest.importorskip("pandas")
        assert list(result.to_frame()) == list(result.tables["growth"])

    def test_figures_draw_with_labels(self, result):
        assert list(result.figures) == ["growth", "dimension", "index"]
        for name, caption in result.figures.items():
            assert len(caption) > 20
            drawn = result.plot(name)
            drawn.canvas.draw()
            assert all(ax.get_xlabel() and ax.get_title(loc="left") for ax in drawn.axes)

    @pytest.mark.parametrize(
        ("table", "column", "change", "name"),
        [
            ("growth", "nearest_median", lambda x: x * [1, 0.5, 1], "nearest distance n=150, D=20"),
            ("growth", "farthest_median", lambda x: x * [1, 1, 1.3], "farthest distance n=400, D=20"),
            ("draws", "nearest", lambda x: x[::-1], "largest rise of the nearest distance with more points"),
            ("draws", "farthest", lambda x: x[::-1], "largest fall of the farthest distance with more points"),
            ("dimension", "nearest", lambda x: np.add(x, [0, 0, 0, -2]), "nearest distance n=300, D=40"),
            ("dimension", "farthest", lambda x: x[::-1], "largest fall of the farthest distance with more features"),
            ("dimension", "share_boxed", lambda x: np.add(x, [0, 0, 0, 0.1]), "largest rise of the share of pairs"),
            ("dimension", "tree_share", lambda x: x * [1, 1, 1, 0.1], "largest fall of the share that a k-d tree"),
            ("dimension", "tree_share", lambda x: x * 0.9, "share that a k-d tree reads, D=40: all"),
            ("embedded", "nearest", lambda x: x * [1, 1 + 1e-8, 1], "nearest distance, intrinsic 5, D=8"),
            ("embedded", "farthest", lambda x: x * 2, "farthest distance n=300, D=5"),
            ("embedded", "tree_share", lambda x: x + 1, "intrinsic 5: what a k-d tree reads too much"),
            ("embedded", "share_boxed", lambda x: x - 0.1, "intrinsic 5: pairs that boxes fail to dismiss"),
        ],
    )
    def test_checks_can_fail(self, result, table, column, change, name):
        tables = {key: dict(columns) for key, columns in result.tables.items()}
        tables[table][column] = change(tables[table][column])
        failed = [check.name for check in make_checks(tables) if not check.ok]
        assert [check for check in failed if check.startswith(name)], failed

    def test_earlier_trees_are_compared_where_they_were_measured(self, result):
        tables = {key: dict(columns) for key, columns in result.tables.items()}
        tables["dimension"]["n_samples"] = np.full(4, 10_000)
        names = [check.name for check in make_checks(tables)]
        assert [name for name in names if name.startswith("share that a k-d tree reads")] == [
            "share that a k-d tree reads, n=10000, D=2",
            "share that a k-d tree reads, n=10000, D=8",
            "share that a k-d tree reads, D=40: all",
        ]

    @pytest.mark.statistical
    @pytest.mark.parametrize("draws", [1, 2, 5, 6])
    def test_median_band_has_its_coverage(self, draws):
        """20 000 medians at 5 standard errors: false alarm 6e-7 each (over seeds); an even number is covered more."""
        low, high = median_band(0.9, draws)
        medians = np.median(np.random.default_rng(draws).random((20_000, draws)), axis=1)
        covered = np.mean((low <= medians) & (medians <= high))
        error = 5 * np.sqrt(0.09 / 20_000)
        assert covered > 0.9 - error
        if draws % 2:
            assert covered < 0.9 + error

    @pytest.mark.parametrize(
        ("params", "error", "message"),
        [
            ({"sizes": (1, 5)}, ValueError, "sizes must be at least 2, got 1"),
            ({"sizes": (50, 50)}, ValueError, "sizes must increase strictly"),
            ({"sizes": (50.5,)}, TypeError, "sizes must be whole numbers"),
            ({"dimensions": (2, 5)}, ValueError, "intrinsic must be between 1 and 4, got 5"),
            ({"dimensions": (0, 7)}, ValueError, "dimensions must be at least 1, got 0"),
            ({"repeats": 0}, ValueError, "repeats must be at least 1, got 0"),
            ({"n_queries": 1}, ValueError, "n_queries must be at least 2, got 1"),
            ({"random_state": -1}, ValueError, "random_state must be at least 0"),
            ({"checkpoint": 3}, TypeError, "checkpoint must be a path, got 3"),
        ],
    )
    def test_bad_parameters(self, params, error, message):
        with pytest.raises(error, match=message):
            scaling.run(**{**SMALL, **params})


class TestGoingOn:
    def test_an_interrupted_run_goes_on(self, result, tmp_path, monkeypatch):
        n_cases = 7 + 4 + 3
        with monkeypatch.context() as patch:
            interrupted, _ = interrupted_at(6, _scaling_cases.measure)
            patch.setattr(_scaling_cases, "measure", interrupted)
            with pytest.raises(KeyboardInterrupt):
                scaling.run(**SMALL, checkpoint=tmp_path / "cases")
        files = sorted((tmp_path / "cases").iterdir())
        assert len(files) == 5
        kept = [(path.name, path.stat().st_mtime_ns) for path in files]
        counted, calls = interrupted_at(0, _scaling_cases.measure)
        monkeypatch.setattr(_scaling_cases, "measure", counted)
        assert scaling.run(**SMALL, checkpoint=tmp_path / "cases").to_dict() == result.to_dict()
        assert len(calls) == n_cases - 5
        assert [(path.name, path.stat().st_mtime_ns) for path in files] == kept
        assert len(list((tmp_path / "cases").iterdir())) == n_cases
        calls.clear()
        assert scaling.run(**SMALL, checkpoint=tmp_path / "cases").to_dict() == result.to_dict()
        assert calls == []

    def test_other_parameters_and_versions_are_measured_anew(self, tmp_path, monkeypatch):
        cases = [case("rows", 20, 3), case("rows", 20, 4)]
        counted, calls = interrupted_at(0, _scaling_cases.measure)
        monkeypatch.setattr(_scaling_cases, "measure", counted)

        def run_cases(cases):
            calls.clear()
            _scaling_cases.run_cases(cases, tmp_path, n_threads=None, progress=False)
            return len(calls)

        assert run_cases(cases[:1]) == 1
        assert run_cases(cases) == 1
        assert run_cases([one._replace(entropy=7) for one in cases]) == 2
        monkeypatch.setattr(_scaling_cases, "__version__", "0.0.0")
        assert run_cases(cases) == 2
        assert run_cases(cases) == 0

    def test_a_damaged_case_is_refused(self, tmp_path):
        one = [case("rows", 20, 3)]
        _scaling_cases.run_cases(one, tmp_path, n_threads=None, progress=False)
        path = next(tmp_path.iterdir())
        record = json.loads(path.read_text())
        path.write_text("{")
        with pytest.raises(ValueError, match=r"the folder of finished cases must hold .* delete it"):
            _scaling_cases.run_cases(one, tmp_path, n_threads=None, progress=False)
        path.unlink()
        for forged in ({}, {**record["state"], "nearest": "x"}, {**record["state"], "seconds": float("nan")}):
            Checkpoint(path, record["work"]).save(forged)
            with pytest.raises(ValueError, match=r"the folder of finished cases must hold .* delete it"):
                _scaling_cases.run_cases(one, tmp_path, n_threads=None, progress=False)


class TestCommand:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch):
        monkeypatch.setattr(scaling, "QUICK", SMALL)

    @staticmethod
    def run(capsys, *arguments):
        with pytest.raises(SystemExit) as stop:
            cli.main(["scaling", "--quick", *map(str, arguments)])
        captured = capsys.readouterr()
        return stop.value.code or 0, captured.out, captured.err

    def test_writes_figures_tables_and_json(self, result, tmp_path, capsys):
        code, out, err = self.run(capsys, "--output", tmp_path / "out")
        assert (code, err) == (0, "")
        lines = out.splitlines()
        assert lines[0].split()[:2] == ["n", "data"]
        assert [line.split()[0] for line in lines[1:4]] == ["50", "150", "400"]
        assert lines[5].split()[:2] == ["D", "intrinsic"]
        record = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
        assert set(record) == {"scaling", "meta"}
        assert record["scaling"] == json.loads(json.dumps(result.to_dict()))
        meta = record["meta"]
        assert {"versions", "cpu", "instruction_set", "seed", "quick", "seconds", "compile_seconds", "files"} <= set(
            meta
        )
        present = {
            path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()
        }
        cases = {name for name in present if name.startswith("cases/")}
        assert present - cases == set(meta["files"])
        assert len(cases) == 14
        assert {"figures/scaling-growth.png", "figures/scaling-index.svg", "tables/scaling-growth.csv"} <= present

    def test_goes_on_after_an_interrupt_and_runs_again(self, tmp_path, capsys, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(_scaling_cases, "measure", interrupted_at(4, _scaling_cases.measure)[0])
            code, out, err = self.run(capsys, "--output", tmp_path / "out")
        assert (code, out) == (130, "")
        assert "finished cases are in" in err
        assert "the same command goes on from it" in err
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["cases"]
        counted, calls = interrupted_at(0, _scaling_cases.measure)
        monkeypatch.setattr(_scaling_cases, "measure", counted)
        assert self.run(capsys, "--output", tmp_path / "out")[0] == 0
        assert len(calls) == 14 - 3
        assert self.run(capsys, "--output", tmp_path / "out", "--seed", 1)[0] == 0
        assert len(calls) == 14 - 3 + 14

    def test_another_owners_file_is_refused_before_anything_runs(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(_scaling_cases, "measure", None)
        (tmp_path / "mine.txt").write_text("mine")
        code, out, err = self.run(capsys, "--output", tmp_path)
        assert (code, out) == (2, "")
        assert "'mine.txt', which fastcurse did not write" in err
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    def test_failed_check_is_named_and_exits_with_1(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(scaling, "make_checks", lambda tables: (fc.experiments.Check("the sky", 1, 2, 0.5, "no"),))
        code, _, err = self.run(capsys, "--output", tmp_path / "out")
        assert code == 1
        assert "check failed: the sky: 2, not 1" in err
        assert (tmp_path / "out" / "results.json").exists()

    def test_only_the_folder_of_that_name_stands_beside(self, tmp_path):
        (tmp_path / "cases").mkdir()
        (tmp_path / "cases" / "x").touch()
        check_output_folder(tmp_path, beside="cases")
        with pytest.raises(ValueError, match="holds 'cases/x'"):
            check_output_folder(tmp_path)
        (tmp_path / "deep" / "cases").mkdir(parents=True)
        (tmp_path / "deep" / "cases" / "y").touch()
        with pytest.raises(ValueError, match="holds 'deep/cases/y'"):
            check_output_folder(tmp_path, beside="cases")
