"""``fastcurse profile``: what it passes on, what it prints and writes, and the gates."""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fastcurse import cli
from fastcurse.cli._gates import Bound, BoundType, failures
from fastcurse.cli._messages import named_as_on_the_command_line
from tests.profiles import CLEAN, make_profile, silent_profile


def run(capsys, *arguments):
    """Return exit code, stdout and stderr of ``fastcurse profile``."""
    with pytest.raises(SystemExit) as stop:
        cli.main(["profile", *map(str, arguments)])
    captured = capsys.readouterr()
    return stop.value.code or 0, captured.out, captured.err


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A folder with DATA and LABELS, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    np.save("X.npy", np.arange(60.0).reshape(20, 3))
    Path("y.csv").write_text("kind\n" + "cat\ndog\n" * 10, encoding="utf-8")
    return tmp_path


@pytest.fixture
def calls(monkeypatch):
    """Calls of the computation, which gives `calls.answer`."""
    calls = SimpleNamespace(seen=[], answer=make_profile())

    def fake(X, y=None, **options):
        calls.seen.append((X, y, options))
        if isinstance(calls.answer, Exception):
            raise calls.answer
        return calls.answer

    monkeypatch.setitem(sys.modules, "fastcurse.profile._profile", SimpleNamespace(profile=fake))
    return calls


class TestCommand:
    def test_defaults(self, capsys, data, calls):
        code, out, err = run(capsys, "X.npy")
        assert (code, err) == (0, "")
        assert out == str(calls.answer) + "\n"
        ((X, y, options),) = calls.seen
        assert isinstance(X, np.memmap)
        assert y is None
        assert options == {
            "prefixes": None, "k": 10, "n_queries": 2048, "metric": "euclidean", "order": "given", "on_bad": "error",
            "random_state": 0, "n_threads": None, "progress": True,
        }  # fmt: skip
        assert sorted(os.listdir()) == ["X.npy", "y.csv"]

    def test_every_option_is_passed_on(self, capsys, data, calls):
        code, _, _ = run(
            capsys, "X.npy", "--labels", "y.csv", "--prefixes", "1,3", "--k", 4, "--queries", "1e3", "--metric",
            "cosine", "--order", "pca", "--on-bad", "drop", "--seed", 7, "--threads", 2,
        )  # fmt: skip
        assert code == 0
        ((_, y, options),) = calls.seen
        assert y.tolist() == ["cat", "dog"] * 10
        assert options == {
            "prefixes": [1, 3], "k": 4, "n_queries": 1000, "metric": "cosine", "order": "pca", "on_bad": "drop",
            "random_state": 7, "n_threads": 2, "progress": True,
        }  # fmt: skip

    def test_the_least_k_is_passed_on(self, capsys, data, calls):
        assert run(capsys, "X.npy", "--k", 2)[0] == 0
        assert calls.seen[0][2]["k"] == 2

    def test_page_and_json(self, capsys, data, calls):
        (data / "out").mkdir()
        code, _, err = run(capsys, "X.npy", "--html", "out/page.html", "--json", "out/profile.json")
        assert (code, err) == (0, "")
        assert json.loads(Path("out/profile.json").read_text(encoding="ascii")) == calls.answer.to_dict()
        assert "<title>Profile of X.npy</title>" in Path("out/page.html").read_text(encoding="utf-8")
        assert sorted(os.listdir("out")) == ["page.html", "profile.json"]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "Missing argument 'DATA'"),
            (["none.npy"], "DATA cannot be read: .*none.npy"),
            (["X.npy", "--labels", "none.csv"], "LABELS cannot be read: .*none.csv"),
            (["X.npy", "--prefixes", "1,x"], "fastcurse: --prefixes must be whole numbers"),
            (["X.npy", "--k", "1"], "--k.*: 1 is not in the range x>=2"),
            (["X.npy", "--queries", "0.5e0"], "'0.5e0' is not a valid integer"),
            (["X.npy", "--metric", "manhattan"], "'manhattan' is not one of"),
            (["X.npy", "--order", "best"], "'best' is not one of"),
            (["X.npy", "--html", "no/page.html"], "--html must lie in a folder that exists, got 'no/page.html'"),
            (["X.npy", "--json", "X.npy/p.json"], "--json must lie in a folder that exists"),
            (["X.npy", "--json", "."], "--json.*is a directory"),
            (["X.npy", "--html", "p" * 300], "--html must be a file that can be written, got 'p+': File name too long"),
            (["X.npy", "--json", "X.npy"], "--json must be another file than DATA, got 'X.npy' for both"),
            (["X.npy", "--html", "./X.npy"], "--html must be another file than DATA, got 'X.npy' for both"),
            (["X.npy", "--labels", "y.csv", "--json", "y.csv"], "--json must be another file than LABELS, got 'y.csv'"),
            (["X.npy", "--html", "p", "--json", "./p"], "--json must be another file than --html, got 'p' for both"),
            (["X.npy", "--min-overlap", "1.5"], "'1.5' does not bound by a share between 0 and 1"),
            (["X.npy", "--min-contrast", "nan"], "'nan' does not bound by a share between 0 and 1"),
            (["X.npy", "--max-hubness", "inf"], "'inf' does not bound by a finite number"),
            (["X.npy", "--min-overlap", "half"], r"'half' is not of the form \[PREFIX:\]SHARE"),
            (["X.npy", "--max-hubness", "2:"], r"'2:' is not of the form \[PREFIX:\]SKEWNESS"),
            (["X.npy", "--min-overlap", "0.9"], "--min-overlap 0.9 needs a prefix, as 64:0.9: at the last one .* is 1"),
            (["X.npy", "--min-overlap", "2:0.9"], "--min-overlap 2:0.9 needs 2 among --prefixes"),
            (["X.npy", "--prefixes", "1,3", "--max-hubness", "2:3"], "--max-hubness 2:3 needs 2 among --prefixes"),
            (["X.npy", "--min-accuracy", ".5"], "--min-accuracy needs --labels"),
            (["X.npy", "--max-duplicates", "2"], "--max-duplicates"),
            (["X.npy", "--max-duplicates", "nan"], "--max-duplicates must be a share between 0 and 1, got nan"),
        ],
    )
    def test_bad_input_is_found_before_anything_is_computed(self, capsys, data, calls, arguments, message):
        code, out, err = run(capsys, *arguments)
        assert (code, out, calls.seen) == (2, "", [])
        assert err.count("\n") == 1
        assert re.search(message, err), err
        assert sorted(os.listdir()) == ["X.npy", "y.csv"]

    @pytest.mark.parametrize("link", [os.symlink, os.link])
    def test_links_to_an_input_are_that_input(self, capsys, data, calls, link):
        link(data / "X.npy", data / "p.json")
        before = Path("X.npy").read_bytes()
        code, _, err = run(capsys, "X.npy", "--json", "p.json")
        assert (code, calls.seen) == (2, [])
        assert err == "fastcurse: --json must be another file than DATA, got 'p.json' for both\n"
        assert Path("X.npy").read_bytes() == before

    def test_a_folder_that_cannot_be_written_is_found_before_anything_is_computed(
        self, capsys, data, calls, monkeypatch
    ):
        def refuse(dir):
            raise PermissionError(errno.EACCES, "Permission denied", str(dir))

        monkeypatch.setattr("fastcurse.cli._outputs.tempfile.TemporaryFile", refuse)
        code, out, err = run(capsys, "X.npy", "--html", "p.html")
        assert (code, out, calls.seen) == (2, "", [])
        assert err == "fastcurse: --html must be a file that can be written, got 'p.html': Permission denied\n"

    def test_an_earlier_file_is_replaced_and_a_device_written_to(self, capsys, data, calls):
        Path("p.json").write_text("old", encoding="ascii")
        assert run(capsys, "X.npy", "--json", "p.json", "--html", os.devnull)[0] == 0
        assert json.loads(Path("p.json").read_text(encoding="ascii")) == calls.answer.to_dict()

    def test_messages_name_what_the_user_gave(self, capsys, data, calls):
        calls.answer = ValueError("k must be below n_samples, n_queries at least 1, X has 'k' and y 3 rows")
        code, out, err = run(capsys, "X.npy")
        assert (code, out) == (2, "")
        assert err == "fastcurse: --k must be below n_samples, --queries at least 1, DATA has 'k' and LABELS 3 rows\n"

    def test_a_wrong_type_is_told_as_by_other_commands(self, capsys, data):
        np.save("X.npy", np.full((20, 3), "a"))
        told = "DATA must hold real numbers (float, int or bool), got dtype <U1"
        for command in ("profile", "distances"):
            with pytest.raises(SystemExit) as stop:
                cli.main([command, "X.npy"])
            assert (stop.value.code, capsys.readouterr().err) == (2, f"fastcurse: {told}\n")
        with pytest.raises(TypeError, match=r"^--k is no number$"), named_as_on_the_command_line({"k": "--k"}):
            raise TypeError("k is no number")

    @pytest.mark.parametrize("fail", [lambda: np.empty(2**58, np.uint64), lambda: b"\xff".decode()])
    def test_errors_of_more_than_a_text_say_what_failed(self, capsys, data, calls, fail):
        with pytest.raises((MemoryError, ValueError)) as caught:
            fail()
        calls.answer = caught.value
        code, out, err = run(capsys, "X.npy")
        assert (code, out, err) == (2, "", f"fastcurse: {caught.value}\n")


class TestGates:
    def test_bounds_that_hold_are_silent(self, capsys, data, calls):
        code, _, err = run(
            capsys, "X.npy", "--labels", "y.csv", "--prefixes", "96,256", "--min-overlap", "96:0.5", "--max-hubness",
            "256:3", "--max-hubness", "4", "--min-accuracy", "96:0.89", "--min-contrast", "0.3", "--max-duplicates",
            "0.01",
        )  # fmt: skip
        assert (code, err) == (0, "")

    def test_each_that_breaks_is_a_line(self, capsys, data, calls):
        code, out, err = run(
            capsys, "X.npy", "--labels", "y.csv", "--prefixes", "96,256", "--min-overlap", "96:0.6", "--min-overlap",
            "256:0.95", "--max-hubness", "3", "--min-accuracy", "96:0.95", "--min-contrast", "0.99",
            "--max-duplicates", "0.001", "--json", "p.json",
        )  # fmt: skip
        assert code == 1
        assert out == str(calls.answer) + "\n"
        assert Path("p.json").exists()
        profile = calls.answer
        assert err.splitlines() == [
            f"fastcurse: gate failed: --min-overlap 96:0.6: overlap is {profile.value('overlap', 96):.6g} at 96 "
            "features",
            f"fastcurse: gate failed: --min-overlap 256:0.95: overlap is {profile.value('overlap', 256):.6g} at 256 "
            "features",
            f"fastcurse: gate failed: --max-hubness 3: hubness is {profile.value('hubness_skewness', 768):.6g} at 768 "
            "features",
            # LDA's accuracy is higher there.
            f"fastcurse: gate failed: --min-accuracy 96:0.95: accuracy is {profile.value('lda_accuracy', 96):.6g} at "
            "96 features",
            "fastcurse: gate failed: --min-contrast 0.99: contrast of a query is "
            f"{profile.value('query_contrast', 768):.6g} at 768 features",
            "fastcurse: gate failed: --max-duplicates 0.001: 0.00185 of the rows equal an earlier one",
        ]

    def test_a_bound_that_is_reached_holds(self):
        profile = make_profile((1, 2, 4))
        for option, column, step in (
            ("--min-overlap", "overlap", 1),
            ("--max-hubness", "hubness_skewness", -1),
            ("--min-contrast", "query_contrast", 1),
        ):
            for prefix, at in ((2, 2), (None, 4)):  # without one the last counts
                value = profile.value(column, at)
                assert not list(failures(profile, [(option, [Bound(prefix, value)])]))
                assert list(failures(profile, [(option, [Bound(prefix, float(np.nextafter(value, step * np.inf)))])]))

    def test_accuracy_is_that_of_the_better(self):
        profile = make_profile((2, 64, 768))
        assert profile.value("lda_accuracy", 2) > profile.value("knn_accuracy", 2)
        assert profile.value("lda_accuracy", 768) < profile.value("knn_accuracy", 768)
        for prefix, column in ((2, "lda_accuracy"), (768, "knn_accuracy")):
            value = profile.value(column, prefix)
            assert not list(failures(profile, [("--min-accuracy", [Bound(prefix, value)])]))
            assert list(failures(profile, [("--min-accuracy", [Bound(prefix, value + 1e-9)])]))

    def test_what_was_not_measured_keeps_no_bound(self, capsys, data, calls):
        calls.answer = silent_profile()
        code, _, err = run(capsys, "X.npy", "--labels", "y.csv", "--min-accuracy", "0", "--max-hubness", "9")
        assert code == 1
        assert err.splitlines() == [
            "fastcurse: gate failed: --max-hubness 9: no hubness could be measured at 3 features: raise --queries, or "
            "give DATA more rows",
            "fastcurse: gate failed: --min-accuracy 0: no accuracy could be measured at 3 features: give LABELS more "
            "rows a class",
        ]
        for option, column, remedy in (
            ("--min-contrast", "contrast of a query", "look for rows of DATA that are all equal"),
            ("--min-overlap", "overlap", "look at the rows of DATA"),
        ):
            (line,) = failures(silent_profile(), [(option, [Bound(1, 0.5)])])
            assert line == f"gate failed: {option} 1:0.5: no {column} could be measured at 1 feature: {remedy}"
        columns = {"knn_accuracy": np.array([0.5, 0.6, 0.7])}  # one of the two is enough
        assert not list(failures(replace(silent_profile(), columns=columns), [("--min-accuracy", [Bound(2, 0.6)])]))

    def test_duplicates_at_their_bound(self, capsys, data, calls):
        calls.answer = make_profile(quality=replace(CLEAN, duplicates=5), n_samples=20)
        assert run(capsys, "X.npy", "--max-duplicates", "0.25")[0] == 0
        assert run(capsys, "X.npy", "--max-duplicates", "0.2499")[0] == 1
        calls.answer = make_profile(quality=CLEAN)
        assert run(capsys, "X.npy", "--max-duplicates", "0")[0] == 0

    def test_help_says_where_a_bound_without_prefix_holds(self, capsys):
        code, out, _ = run(capsys, "--help")
        text = " ".join(out.split())
        assert code == 0
        assert text.count("at PREFIX or else at the last prefix.") == 4
        assert "without one at the last prefix, by default all features" in text

    def test_a_bound_shows_as_it_was_given(self):
        kind = BoundType("SHARE")
        for text in ("256:0.95", "0.5"):
            bound = kind.convert(text, None, None)
            assert str(bound) == text
            assert kind.convert(bound, None, None) is bound
