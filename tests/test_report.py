"""The command line and the folder that it writes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastcurse as fc
from fastcurse import cli, experiments
from fastcurse.experiments import Check
from fastcurse.report import article, datafiles, environment
from fastcurse.report.folder import check_output_folder, staged_folder


def run(capsys, *arguments):
    """Return exit code, stdout and stderr of a command."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One quick run of the two fastest experiments."""
    path = tmp_path_factory.mktemp("run") / "article"
    with pytest.raises(SystemExit) as stop:
        cli.main(["article", "--quick", "--only", "ball", "--only", "moons", "--output", str(path), "--seed", "3"])
    assert not stop.value.code
    return path


class TestArticle:
    def test_layout_of_the_results(self, folder):
        record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        assert set(record) == {"ball", "moons", "meta"}
        for name in ("ball", "moons"):
            assert set(record[name]) == {"params", "tables", "checks"}
            for table in record[name]["tables"].values():
                assert len({len(column) for column in table.values()}) == 1
            for check in record[name]["checks"]:
                assert set(check) == {"name", "published", "ours", "tolerance", "ok", "note"}
                assert check["ok"] is True
        assert record["meta"]["seed"] == 3
        assert {"versions", "cpu", "instruction_set", "seed", "seconds", "compile_seconds", "files"} <= set(
            record["meta"]
        )

    def test_every_file_is_listed_and_none_is_left_over(self, folder):
        record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert present == set(record["meta"]["files"])
        assert {"index.html", "results.json", "figures/ball-volume.png", "figures/ball-volume.svg"} <= present
        assert list(folder.parent.iterdir()) == [folder]

    def test_page_is_self_contained(self, folder):
        page = (folder / "index.html").read_text(encoding="utf-8")
        assert 'src="data:image/svg+xml;base64,' in page
        assert "http://" not in page
        assert "https://" not in page
        assert "<script" not in page

    def test_tables_are_csv(self, folder):
        with open(folder / "tables" / "ball-volume.csv", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert float(rows[2]["volume"]) == pytest.approx(4.188790204786391)

    def test_an_earlier_run_is_replaced_and_stale_files_go(self, folder, capsys):
        code, out, _ = run(capsys, "article", "--quick", "--only", "ball", "--output", folder, "--seed", "3")
        assert code == 0
        assert "ball" in out
        assert not list(folder.glob("figures/moons*"))
        assert (folder / "figures" / "ball-volume.png").exists()

    def test_same_seed_same_numbers(self, folder):
        first = experiments.ball.run(**experiments.ball.QUICK, random_state=3).to_dict()
        record = json.loads((folder / "results.json").read_text(encoding="utf-8"))["ball"]
        assert json.loads(json.dumps(first)) == record

    def test_failed_check_is_named_and_exits_with_1(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(experiments.ball, "_checks", lambda *tables: (Check("the sky", 1.0, 2.0, 0.5, "never"),))
        code, _, err = run(capsys, "article", "--quick", "--only", "ball", "--output", tmp_path / "out")
        assert code == 1
        assert "check failed: ball: the sky" in err
        assert (tmp_path / "out" / "results.json").exists()

    def test_repeats_are_raised_never_lowered(self, monkeypatch):
        seen = {}
        for name in ("ball", "moons"):
            run_it = getattr(experiments, name).run

            def record(name=name, **params):
                seen[name] = params.get("repeats")
                raise KeyboardInterrupt

            record.__kwdefaults__ = run_it.__kwdefaults__
            monkeypatch.setattr(getattr(experiments, name), "run", record)
            with pytest.raises(KeyboardInterrupt):
                article.run_article([name], seed=0, quick=False, repeats=40, progress=False)
        assert seen == {"ball": 40, "moons": 1000}

    def test_interrupted_run_leaves_nothing(self, tmp_path, capsys, monkeypatch):
        def interrupt(*arguments, **options):
            raise KeyboardInterrupt

        monkeypatch.setattr(article, "_render", interrupt)
        code, _, err = run(capsys, "article", "--quick", "--only", "ball", "--output", tmp_path / "out")
        assert code == 130
        assert "interrupted" in err
        assert list(tmp_path.iterdir()) == []


class TestOutputFolder:
    def test_foreign_file_is_refused_and_kept(self, tmp_path, capsys):
        (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
        code, _, err = run(capsys, "article", "--quick", "--only", "ball", "--output", tmp_path)
        assert code == 2
        assert err.count("\n") == 1
        assert "'thesis.tex', which fastcurse did not write" in err
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

    def test_file_that_appears_during_the_run_is_kept(self, tmp_path):
        def write():
            with staged_folder(tmp_path / "out") as stage:
                (stage / "results.json").write_text("{}", encoding="utf-8")
                (tmp_path / "out").mkdir()
                (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")

        with pytest.raises(ValueError, match=r"notes\.txt"):
            write()
        assert [path.name for path in tmp_path.rglob("*")] == ["out", "notes.txt"]

    def test_manifest_cannot_name_files_outside(self, tmp_path):
        victim = tmp_path / "victim.txt"
        victim.write_text("keep", encoding="utf-8")
        out = tmp_path / "out"
        out.mkdir()
        (out / "results.json").write_text('{"meta": {"files": ["../victim.txt"]}}', encoding="utf-8")
        with staged_folder(out) as stage:
            (stage / "results.json").write_text("{}", encoding="utf-8")
        assert victim.read_text(encoding="utf-8") == "keep"

    def test_file_in_place_of_the_folder(self, tmp_path):
        (tmp_path / "out").write_text("", encoding="utf-8")
        with pytest.raises(ValueError, match="output must be a folder, got the file"):
            check_output_folder(tmp_path / "out")
        with pytest.raises(ValueError, match="output must lie in a folder"):
            check_output_folder(tmp_path / "out" / "deeper")

    def test_unwritable_folder(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
        with pytest.raises(ValueError, match="output must be a folder that can be written"):
            check_output_folder(tmp_path / "out")


class TestCommands:
    def test_distances(self, tmp_path, capsys):
        X = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
        np.save(tmp_path / "X.npy", X)
        code, out, _ = run(capsys, "distances", tmp_path / "X.npy", "--prefixes", "2,4")
        rows = list(csv.DictReader(out.splitlines()))
        assert code == 0
        assert [row["prefix"] for row in rows] == ["2", "4"]
        assert float(rows[1]["nearest"]) == fc.distance_extremes(X).nearest[-1]

    def test_lda(self, tmp_path, capsys):
        X, y = fc.make_trunk(200, 10, random_state=0)
        np.savez(tmp_path / "X.npz", X)
        np.savetxt(tmp_path / "y.csv", y, fmt="%d")
        code, out, _ = run(capsys, "lda", tmp_path / "X.npz", tmp_path / "y.csv", "--prefixes", "1,10")
        assert code == 0
        rows = list(csv.DictReader(out.splitlines()))
        assert [row["prefix"] for row in rows] == ["1", "10"]
        assert float(rows[1]["test_accuracy"]) > 0.8

    def test_ball(self, capsys):
        code, out, err = run(capsys, "ball", 3, "--draws", 100000)
        assert code == 0
        assert "4.188790205" in out
        assert err == ""
        _, _, err = run(capsys, "ball", 40, "--draws", 1000)
        assert err

    def test_module_is_the_command(self):
        done = subprocess.run(
            [sys.executable, "-m", "fastcurse", "--version"], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == f"fastcurse, version {fc.__version__}"

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["distances", "missing.npy"], "DATA cannot be read: .*missing.npy"),
            (["distances", "notes.txt"], "DATA must be a .npy, .npz, .csv, .parquet file"),
            (["distances", "torn.npy"], "DATA cannot be read"),
            (["distances", "empty.npy"], "DATA cannot be read"),
            (["distances", "pickled.npy"], "DATA cannot be read as a table: .*Python objects"),
            (["distances", "two.npz"], "DATA must be an .npz file with one array, got 2"),
            (["distances", "words.csv"], "DATA cannot be read as a table"),
            (["distances", "empty.csv"], "DATA must hold a table, got the empty file"),
            (["distances", "X.npy", "--prefixes", "1,x"], "prefixes must be whole numbers"),
            (["distances", "X.npy", "--prefixes", "9"], "prefixes must lie between 1 and n_features = 3, got 9"),
            (["lda", "X.npy", "short.csv"], "LABELS must have one label a row: X has 20 rows, LABELS has 3"),
            (["lda", "X.npy", "one.csv"], "LABELS|y must"),
            (["ball", "0"], "0 is not in the range"),
            (["ball", "x"], "'x' is not a valid integer"),
            (["article", "--only", "nothing"], "'nothing' is not one of"),
            (["nonsense"], "No such command 'nonsense'"),
        ],
    )
    def test_bad_input_is_one_line_and_exit_code_2(self, tmp_path, capsys, monkeypatch, arguments, message):
        import re

        monkeypatch.chdir(tmp_path)
        X = np.random.default_rng(0).normal(size=(20, 3))
        np.save("X.npy", X)
        Path("torn.npy").write_bytes(Path("X.npy").read_bytes()[:200])
        Path("empty.npy").write_bytes(b"")
        np.save("pickled.npy", np.array([{}, {}], dtype=object))
        np.savez("two.npz", a=X, b=X)
        Path("words.csv").write_text("a,b\nc,d\n", encoding="utf-8")
        Path("empty.csv").write_text("", encoding="utf-8")
        Path("short.csv").write_text("1\n2\n1\n", encoding="utf-8")
        Path("one.csv").write_text("1\n" * 20, encoding="utf-8")
        code, out, err = run(capsys, *arguments)
        assert code == 2
        assert out == ""
        assert err.count("\n") == 1
        assert re.search(message, err), err


class TestDataFiles:
    @pytest.mark.parametrize("suffix", [".npy", ".npz", ".csv", ".parquet"])
    def test_round_trip(self, tmp_path, suffix):
        X = np.random.default_rng(0).normal(size=(7, 3))
        path = tmp_path / f"X{suffix}"
        if suffix == ".npy":
            np.save(path, X)
        elif suffix == ".npz":
            np.savez(path, X)
        elif suffix == ".csv":
            np.savetxt(path, X, delimiter=",", header="a,b,c", comments="", fmt="%.17g")
        else:
            pandas = pytest.importorskip("pandas")
            pytest.importorskip("pyarrow")
            pandas.DataFrame(X, columns=list("abc")).to_parquet(path)
        assert np.array_equal(datafiles.read_points(path), X)

    def test_npy_stays_on_disk(self, tmp_path):
        np.save(tmp_path / "X.npy", np.eye(3))
        assert isinstance(datafiles.read_points(tmp_path / "X.npy"), np.memmap)

    def test_string_labels(self, tmp_path):
        (tmp_path / "y.csv").write_text("cat\ndog\ncat\n", encoding="utf-8")
        assert datafiles.read_labels(tmp_path / "y.csv").tolist() == ["cat", "dog", "cat"]


class TestEnvironment:
    def test_names_the_machine(self):
        meta = environment.describe()
        assert meta["versions"]["fastcurse"] == fc.__version__
        assert meta["instruction_set"]
        assert meta["cpu"]
        assert meta["threads"] >= 1

    def test_compile_clock_counts_compilation_and_nothing_else(self):
        import numba

        with environment.CompileClock() as clock:
            numba.njit(lambda x: x + 1)(1)
        compiled = clock.seconds
        assert compiled > 0
        with environment.CompileClock() as clock:
            sum(range(1000))
        assert clock.seconds == 0
