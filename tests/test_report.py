"""The command line and the folder that it writes."""

from __future__ import annotations

import csv
import json
import pickle
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import fastcurse as fc
from fastcurse import cli, experiments
from fastcurse.balls import _hit_or_miss
from fastcurse.cli import _lda
from fastcurse.experiments import Check
from fastcurse.plots import panels
from fastcurse.report import article, datafiles, environment
from tests.browser import Browser, find_browser


def run(capsys, *arguments):
    """Return exit code, stdout and stderr of a command."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


def interrupted_at(call, function):
    """Return `function`, which Ctrl-C stops as it is called for the so manieth time."""
    calls = []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == call:
            raise KeyboardInterrupt
        return function(*arguments)

    return interrupted


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
                article.run_article({name: getattr(experiments, name)}, seed=0, quick=False, repeats=40, progress=False)
        assert seen == {"ball": 40, "moons": 1000}

    def test_interrupted_run_leaves_nothing(self, tmp_path, capsys, monkeypatch):
        def interrupt(*arguments, **options):
            raise KeyboardInterrupt

        monkeypatch.setattr(article, "_render", interrupt)
        code, _, err = run(capsys, "article", "--quick", "--only", "ball", "--output", tmp_path / "out")
        assert code == 130
        assert "interrupted" in err
        assert list(tmp_path.iterdir()) == []


def draw_one_line(result):
    """One line of numbers, which is the caption."""
    figure, (ax,) = panels(1)
    ax.plot(result.tables["main"]["p"])
    return figure


def tiny(name, *, ok=True, corrections=()):
    """Return an experiment with one table, one figure and one check, which holds or not."""

    def run_it(*, random_state, progress):
        return experiments.ExperimentResult(
            name, f"Title of {name}", {"random_state": random_state}, {"main": {"p": np.arange(3)}},
            (Check("the sky", 1.0, 1.0 if ok else 2.0, 0.5, "seen"),), corrections,
        )  # fmt: skip

    run_it.__kwdefaults__ = {"random_state": 0, "progress": False}
    return SimpleNamespace(NAME=name, QUICK={}, run=run_it)


class TestRemedies:
    @pytest.fixture
    def pages(self, monkeypatch):
        """The three pages over a registry of two tiny remedies and one tiny section of the article."""
        ours = {"sun": tiny("sun", corrections=("It rises.",)), "moon": tiny("moon")}
        registries = {"article": {"ball": tiny("ball", corrections=("It is round.",))}, "remedies": ours}
        registries["all"] = registries["article"] | ours
        for name, modules in registries.items():
            monkeypatch.setitem(article.PAGES, name, article.PAGES[name]._replace(modules=modules))
        monkeypatch.setattr(experiments.ExperimentResult, "_drawings", lambda self: {"one_line": draw_one_line})
        return registries

    def test_registries_are_apart_and_named_by_their_modules(self):
        pages = {name: page.modules for name, page in article.PAGES.items()}
        assert pages["article"] == experiments.ALL
        assert pages["remedies"] == experiments.REMEDIES
        assert list(pages["all"]) == [*experiments.ALL, *experiments.REMEDIES]
        assert all(name == module.NAME for name, module in pages["all"].items())
        assert {"meta", "run"}.isdisjoint(pages["all"])  # a key of results.json, an anchor of the page
        assert len({page.title for page in article.PAGES.values()}) == 3

    def test_one_page_with_all_of_the_registry(self, pages, tmp_path, capsys):
        code, out, err = run(capsys, "remedies", "--output", tmp_path / "out", "--seed", 7)
        assert (code, err) == (0, "")
        assert [line.split()[:3] for line in out.splitlines()[1:3]] == [["sun", "1", "0"], ["moon", "1", "0"]]
        record = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
        assert list(record) == ["sun", "moon", "meta"]
        assert record["sun"]["params"] == {"random_state": 7}
        present = {
            path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()
        }
        assert present == set(record["meta"]["files"])
        assert {"figures/sun-one-line.svg", "figures/moon-one-line.png", "tables/moon-main.csv"} <= present
        page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
        title = article.PAGES["remedies"].title
        assert f"<title>{title}</title>" in page
        assert f"<h1>{title}</h1>" in page
        assert "article" not in page
        assert (
            page.count("What is easily got wrong (numbers of the full size)</h3>") == 1
        )  # the other has no corrections
        assert page.count("1 checks against closed forms and earlier measurements") == 2
        assert '<a href="#sun">sun</a><a href="#moon">moon</a><a href="#run">' in page
        assert page.count("data:image/svg+xml") == 2

    def test_article_with_all_is_both_registries_on_one_page(self, pages, tmp_path, capsys):
        assert run(capsys, "article", "--all", "--output", tmp_path / "all")[0] == 0
        record = json.loads((tmp_path / "all" / "results.json").read_text(encoding="utf-8"))
        assert list(record) == ["ball", "sun", "moon", "meta"]
        page = (tmp_path / "all" / "index.html").read_text(encoding="utf-8")
        assert f"<h1>{article.PAGES['all'].title}</h1>" in page
        assert (
            page.count("What the original got wrong</h3>")
            == page.count("What is easily got wrong (numbers of the full size)</h3>")
            == 1
        )
        assert page.count("checks against the article, closed forms") == 1
        assert run(capsys, "article", "--output", tmp_path / "article")[0] == 0
        assert not list((tmp_path / "article").glob("figures/sun*"))

    @pytest.mark.parametrize(
        ("arguments", "names"),
        [(["remedies", "--only", "moon"], ["moon"]), (["article", "--all", "--only", "moon", "--only", "ball"], None)],
    )
    def test_only_keeps_the_order_of_the_page(self, pages, tmp_path, capsys, arguments, names):
        assert run(capsys, *arguments, "--output", tmp_path / "out")[0] == 0
        record = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
        assert list(record) == [*(names or ["ball", "moon"]), "meta"]

    @pytest.mark.parametrize(
        ("arguments", "names"),
        [
            (["remedies", "--only", "ball"], "'ball' is not one of sun, moon"),
            (["article", "--only", "moon"], "'moon' is not one of ball"),
            (["article", "--all", "--only", "mars"], "'mars' is not one of ball, sun, moon"),
        ],
    )
    def test_a_name_of_another_page_is_refused_before_anything_runs(self, pages, tmp_path, capsys, arguments, names):
        code, out, err = run(capsys, *arguments, "--output", tmp_path / "out")
        assert (code, out) == (2, "")
        assert "--only" in err
        assert names in err
        assert list(tmp_path.iterdir()) == []

    def test_another_owners_file_is_refused_before_anything_runs(self, pages, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(article, "run_article", None)
        (tmp_path / "mine.txt").write_text("mine")
        code, _, err = run(capsys, "remedies", "--output", tmp_path)
        assert code == 2
        assert "'mine.txt', which fastcurse did not write" in err

    @pytest.mark.skipif(find_browser() is None, reason="needs a Chromium")
    def test_many_sections_fit_a_phone(self, pages, tmp_path, capsys):
        """Links and the run's record wrap; only tables of checks scroll, in boxes of their own."""
        for name in ("concentration", "augmentation", "whitening", "curvature", "boundaries", "intermezzo"):
            pages["all"][name] = tiny(name)
        assert run(capsys, "article", "--all", "--output", tmp_path / "out")[0] == 0
        with Browser(find_browser()) as browser:
            for width in (390, 1280):
                browser.open(tmp_path / "out" / "index.html", width=width)
                assert browser.run("document.documentElement.scrollWidth") == width
                ends = "[...document.querySelectorAll('nav a, #run td')].map(x => x.getBoundingClientRect().right)"
                assert max(browser.run(ends)) <= width

    @pytest.mark.parametrize("command", [["remedies"], ["article", "--all"]])
    def test_failed_check_is_named_and_exits_with_1(self, pages, tmp_path, capsys, command):
        pages["remedies"]["sun"] = pages["all"]["sun"] = tiny("sun", ok=False)
        code, out, err = run(capsys, *command, "--output", tmp_path / "out")
        assert code == 1
        assert err == "fastcurse: check failed: sun: the sky: 2, not 1 ± 0.5\n"
        assert re.search(r"^sun +1 +1 ", out, re.MULTILINE)
        page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
        assert page.count("1 failed</span>") == 1
        assert page.count("<details open>") == 1


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
        assert re.search(
            r"^fastcurse: \S+ hits are expected in 1000 draws at D = 40, too few to tell anything; ten hits need about "
            r"\S+ draws, --method telescoping about \S+ for 1 %, the closed form none\n$", err
        )  # fmt: skip
        _, _, err = run(capsys, "ball", 3000, "--draws", 32 * 2999, "--method", "telescoping")
        assert re.search("^fastcurse: the volume is known to .* draws, the closed form needs none\n$", err)

    @pytest.mark.parametrize("method", ["telescoping", "quasi"])
    def test_ball_by_other_methods(self, capsys, method):
        code, out, err = run(capsys, "ball", 5, "--draws", 100000, "--method", method)
        assert (code, err) == (0, "")
        estimate = fc.estimate_ball_volume(5, 100000, method=method, random_state=0)
        assert f"{estimate.volume:.6g}" in out
        assert ("hits" in out) == (method == "quasi")

    def test_ball_where_floats_end(self, capsys):
        _, out, err = run(capsys, "ball", 1000, "--draws", "1e5", "--method", "telescoping", "--confidence", "0.9")
        estimate = fc.estimate_ball_volume(1000, 10**5, method="telescoping", random_state=0, confidence=0.9)
        low, high = estimate.log_interval
        rows = dict(line.rsplit("  ", 1) for line in out.splitlines())
        rows = {name.strip(): value.strip() for name, value in rows.items()}
        assert len(rows) == len(out.splitlines())  # no two of one name
        assert rows["telescoping, logarithm"] == f"{estimate.log_volume:.10g}"
        assert rows["90 % interval"] == "0 .. 0"
        assert rows["90 % interval, logarithm"] == f"{low:.10g} .. {high:.10g}"
        assert err == ""

    def test_ball_of_no_dimension_and_no_negative_zero(self, capsys):
        code, out, err = run(capsys, "ball", 0, "--draws", "10")
        assert (code, err) == (0, "")
        assert re.search(r"^95 % interval, logarithm  -0.3688\d* .. 0$", out, re.MULTILINE)
        # No hit where 2.5e-7 are expected: z = -5e-4.
        assert re.search(r"^z-score +0.00$", run(capsys, "ball", 20, "--draws", "10")[1], re.MULTILINE)

    def test_ball_goes_on_from_a_checkpoint(self, capsys, tmp_path, monkeypatch):
        arguments = ("ball", 4, "--draws", "1E6", "--checkpoint", tmp_path / "hits")
        with monkeypatch.context() as patch:
            patch.setattr(_hit_or_miss, "_DRAWS_A_BATCH", 2**16)
            patch.setattr(_hit_or_miss.kernels, "scan_hits", interrupted_at(3, _hit_or_miss.kernels.scan_hits))
            code, out, err = run(capsys, *arguments)
        assert (code, out) == (130, "")
        assert re.search("interrupted; the count so far is in '.*hits', and the same command goes on from it$", err)
        assert json.loads((tmp_path / "hits").read_text())["state"]["draws"] == 2**17
        assert run(capsys, *arguments)[1] == run(capsys, *arguments[:4])[1]

    def test_without_a_command_the_help_is_printed(self, capsys):
        code, out, err = run(capsys)
        assert (code, err) == (0, "")
        assert out == run(capsys, "--help")[1]
        assert out.splitlines()[0] == "Usage: fastcurse [OPTIONS] [COMMAND] [ARGS]..."

    def test_lda_splits_each_class(self):
        y = np.repeat(["a", "b", "c"], [300, 41, 2])
        for seed in (0, 5_000_000_000):
            test = _lda._test_rows(y, 0.3, seed)
            for label in "abc":
                share = 0.3 * (y == label).sum()
                assert np.floor(share) <= test[y == label].sum() <= np.ceil(share)
            assert test.sum() == round(0.3 * len(y))
            assert (test == _lda._test_rows(y, 0.3, seed)).all()
        assert (test != _lda._test_rows(y, 0.3, 1)).any()
        # Rows of a class are alike: 4000 draws of rate .3, each within 5 standard deviations; false alarms 1e-5.
        y = np.arange(20) % 2
        rates = np.mean([_lda._test_rows(y, 0.3, seed) for seed in range(4000)], axis=0)
        assert np.abs(rates - 0.3).max() < 5 * np.sqrt(0.3 * 0.7 / 4000)

    def test_seeds_beyond_32_bits(self, tmp_path, capsys):
        X, y = fc.make_trunk(20, 3, random_state=0)
        np.save(tmp_path / "X.npy", X)
        np.save(tmp_path / "y.npy", y)
        code, out, err = run(capsys, "lda", tmp_path / "X.npy", tmp_path / "y.npy", "--seed", 5_000_000_000)
        assert (code, err, out.count("\n")) == (0, "", 4)

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
            (["distances", "pickled.npy"], "DATA cannot be read as a table: .*Python objects, no plain array$"),
            (["distances", "pickle.npy"], "'pickle.npy': it is no .npy file, which holds a plain array$"),
            (["distances", "pickled.npz"], "DATA cannot be read as a table: .*Python objects, no plain array$"),
            (["distances", "two.npz"], "DATA cannot be read as a table: 'two.npz': it must hold one array, got 2"),
            (["distances", "bad.npz"], "DATA cannot be read as a table: 'bad.npz': File is not a zip file"),
            (["distances", "torn.npz"], "DATA cannot be read as a table: 'torn.npz': File is not a zip file"),
            (["distances", "flipped.npz"], "DATA cannot be read as a table: 'flipped.npz': Bad CRC-32"),
            (["distances", "text.npz"], "DATA cannot be read as a table: 'text.npz': it holds no plain array"),
            (["distances", "torn.parquet"], "DATA cannot be read as a table: 'torn.parquet'"),
            (["distances", "missing.parquet"], "DATA cannot be read: .*No such file"),
            (["distances", "header.csv"], "DATA cannot be read as a table: 'header.csv': it has no rows"),
            (["distances", "gap.csv"], "DATA cannot be read as a table: .*could not convert string 'NA'"),
            (["distances", "quote.csv"], "DATA cannot be read as a table: 'quote.csv': unexpected end of data"),
            (["distances", "nan.npy"], "DATA has a nan at row 1, column 2"),
            (["distances", "cube.npy"], r"DATA must have 2 dimensions .*, got shape \(1, 20, 3\)"),
            (["distances", "strings.npy"], "DATA must hold real numbers .*, got dtype <U32"),
            (["distances", "row.npy"], "DATA must have at least 2 rows"),
            (["distances", "huge.npy"], "DATA must have squared distances below .* divide DATA by"),
            (["distances", "words.csv"], "DATA cannot be read as a table"),
            (["distances", "empty.csv"], "DATA must hold a table, got the empty file"),
            (["distances", "X.npy", "--prefixes", "1,x"], "fastcurse: --prefixes must be whole numbers"),
            (["distances", "X.npy", "--prefixes", "9"], "fastcurse: --prefixes must lie .* n_features = 3, got 9"),
            (["lda", "X.npy", "y.csv", "--prefixes", "2,2"], "fastcurse: --prefixes must increase strictly, got 2"),
            (["lda", "nan.npy", "y.csv"], "DATA has a nan at row 1, column 2"),
            (["lda", "huge.npy", "y.csv"], "DATA must have squares within"),
            (["lda", "X.npy", "short.csv"], "LABELS must have one label a row: DATA has 20 rows, LABELS has 3"),
            (["lda", "X.npy", "one.csv"], "LABELS must hold at least 2 classes, got 1 class: 1$"),
            (["lda", "X.npy", "alone.csv"], "LABELS must have at least 2 rows of each class, got 1 of 2$"),
            (["lda", "X.npy", "parts.csv"], "LABELS must hold whole numbers or strings, got 0.5 at row 0"),
            (["lda", "X.npy", "more.csv"], "LABELS must have one label a row: DATA has 20 rows, LABELS has 21"),
            (["lda", "X.npy", "again.csv"], "LABELS must have one label a row: DATA has 20 rows, LABELS has 21"),
            (["lda", "X.npy", "ragged.csv"], "LABELS must have one label a line, got lines of 1 to 2 values"),
            (["lda", "X.npy", "y.csv", "--test-share", ".01"], "--test-share must .* got 0.01, which leaves none"),
            (["lda", "X.npy", "y.csv", "--test-share", ".9"], "--test-share must .* leaves 2 of 20 to train, no more"),
            (["lda", "X.npy", "y.csv", "--test-share", ".95"], "--test-share must .* leaves none .* class 0 to train"),
            (["lda", "X.npy", "y.csv", "--test-share", ".99"], "--test-share must .* leaves none .* class 0 to train"),
            (["lda", "X.npy", "y.csv", "--test-share", "nan"], "--test-share must lie strictly between 0 and 1"),
            (["distances"], "Missing argument 'DATA'"),
            (["ball", "-1"], "No such option|no such option|-1 is not in the range"),
            (["ball", "3", "--draws", "1.5e0"], "'1.5e0' is not a valid integer"),
            (["ball", "3", "--draws", "1e300"], "--draws must be between 1 and 9007199254740992, got 1000"),
            (["ball", "3", "--draws", "10", "--method", "quasi"], "--draws must be between 256 .* --method='quasi'"),
            (["ball", "300000000"], "D must be between 0 and 268435456, got 300000000"),
            (["ball", "3", "--confidence", "1"], "1.0 is not in the range|1 is not in the range"),
            (["ball", "3", "--confidence", "nan"], "--confidence must lie strictly between 0 and 1, got nan"),
            (["ball", "3", "--checkpoint", "no/checkpoint"], "--checkpoint must lie .* exists, got 'no/checkpoint'"),
            (["ball", "x"], "'x' is not a valid integer"),
            (["ball", "5", "--method", "guess"], "'guess' is not one of"),
            (
                ["ball", "1000", "--draws", "5", "--method", "telescoping"],
                r"--draws must be at least 32 \(D - 1\) = 31968 for --method='telescoping' at D = 1000, got 5",
            ),
            (["article", "--only", "nothing"], "'nothing' is not one of ball, concentration, peaking, moons, noise$"),
            (["article", "--only", "boundary"], "'boundary' is not one of ball"),
            (["nonsense"], "No such command 'nonsense'"),
        ],
    )
    def test_bad_input_is_one_line_and_exit_code_2(self, tmp_path, capsys, monkeypatch, arguments, message):
        monkeypatch.chdir(tmp_path)
        X = np.random.default_rng(0).normal(size=(20, 3))
        np.save("X.npy", X)
        Path("torn.npy").write_bytes(Path("X.npy").read_bytes()[:200])
        Path("empty.npy").write_bytes(b"")
        np.save("pickled.npy", np.array([{}, {}], dtype=object))
        Path("pickle.npy").write_bytes(pickle.dumps([1]))
        np.savez("pickled.npz", np.array([{}, {}], dtype=object))
        np.savez("two.npz", a=X, b=X)
        np.savez("X.npz", X)
        archive = Path("X.npz").read_bytes()
        Path("bad.npz").write_bytes(b"PK\3\4x")
        Path("torn.npz").write_bytes(archive[:300])
        Path("flipped.npz").write_bytes(archive[:250] + bytes([archive[250] ^ 255]) + archive[251:])
        with zipfile.ZipFile("text.npz", "w") as file:
            file.writestr("notes.txt", "no array")
        Path("torn.parquet").write_bytes(b"PAR1torn")
        for name, array in {
            "nan": np.where(np.arange(60).reshape(20, 3) == 5, np.nan, X), "cube": X[None], "strings": X.astype(str),
            "row": X[:1], "huge": X * 1e160,
        }.items():  # fmt: skip
            np.save(f"{name}.npy", array)
        for name, text in {
            "header": "a,b\n", "gap": "1,NA\n2,3\n4,5\n", "quote": '"1,2\n3,4\n', "y": "0\n1\n" * 10,
            "alone": "1\n" * 19 + "2\n", "parts": "0.5\n1\n" * 10, "more": "7\n" + "0\n1\n" * 10,
            "again": "cat\n" + "cat\ndog\n" * 10, "ragged": "1\n2,3\n" * 10,
        }.items():  # fmt: skip
            Path(f"{name}.csv").write_text(text, encoding="utf-8")
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

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("kind\ncat\ndog\ncat\n", ["cat", "dog", "cat"]),
            ('"kind"\n"1"\n"2"\n"1"\n', [1, 2, 1]),
            ("kind\n1\n2\n", ["kind", "1", "2"]),
            ("cat\ncat\ndog\ndog\n", ["cat", "cat", "dog", "dog"]),
            ("3\n1\n2\n1\n", [3, 1, 2, 1]),
            ("1.5\n1\n2\n", [1.5, 1.0, 2.0]),
        ],
    )
    def test_header_of_labels_only_if_it_can_be_nothing_else(self, tmp_path, text, expected):
        (tmp_path / "y.csv").write_text(text, encoding="utf-8")
        assert datafiles.read_labels(tmp_path / "y.csv", n_samples=3).tolist() == expected

    @pytest.mark.parametrize(
        "text",
        ['"a","b"\n"1","2.5"\n"3","4"\n', '"first\nfeature",b\n1,2.5\n3,4\n', "# a, b\n1,2.5\n3, 4\n", "1,2.5\n\n3,4"],
    )
    def test_quotes_headers_and_comments_of_csv(self, tmp_path, text):
        (tmp_path / "X.csv").write_text(text, encoding="utf-8")
        assert datafiles.read_points(tmp_path / "X.csv").tolist() == [[1.0, 2.5], [3.0, 4.0]]

    def test_parquet_without_pandas_names_the_argument(self, tmp_path, monkeypatch):
        (tmp_path / "y.parquet").write_bytes(b"PAR1")
        monkeypatch.setitem(sys.modules, "pandas", None)
        with pytest.raises(ValueError, match=r"^LABELS in \.parquet needs the extra"):
            datafiles.read_labels(tmp_path / "y.parquet")


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
