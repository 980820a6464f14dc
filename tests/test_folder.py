"""The output folder: all or nothing, whatever interrupts it, and no file touched that fastcurse did not write."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fastcurse import cli
from fastcurse.report import folder as module
from fastcurse.report.folder import MANIFEST, check_output_folder, staged_folder

# Two runs that share some names; each also writes files that the other does not.
FIRST = {
    "figures/a.png": "a1", "figures/old.png": "o1", "tables/a.csv": "t1", "tables/same.csv": "s",
    "index.html": "i1", "results.json": "r1",
}  # fmt: skip
SECOND = {
    "figures/a.png": "a2", "figures/new.png": "n2", "tables/a.csv": "t2", "tables/same.csv": "s",
    "index.html": "i2", "results.json": "r2",
}  # fmt: skip
MARKER = "made-by-fastcurse"  # in each stage
REPLACES = len(SECOND) + 2  # the manifest goes before and after


def write(folder, files):
    with staged_folder(folder) as stage:
        for path, text in files.items():
            (stage / path).parent.mkdir(parents=True, exist_ok=True)
            (stage / path).write_text(text, encoding="utf-8")


def files_in(folder):
    """Every file below a folder with its text, and every link with its target."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_symlink():
            found[path.relative_to(folder).as_posix()] = os.readlink(path)
        elif path.is_file():
            found[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    return found


def content(folder):
    """The files of a folder without the manifest, which must name each of them with its hash."""
    present = files_in(folder)
    listed = json.loads(present.pop(MANIFEST))["files"]
    for path, text in present.items():
        if not path.startswith(".fastcurse-stage-"):
            assert hashlib.sha256(text.encode()).hexdigest() in listed[path]
    return present


def forge(folder, files):
    """Write a manifest that claims the given paths, each with one hash."""
    record = {"format": "fastcurse output folder", "version": 1, "files": {path: [one] for path, one in files.items()}}
    (folder / MANIFEST).write_text(json.dumps(record), encoding="utf-8")


def refuses(folder, match):
    """Both doors refuse, and neither changes anything."""
    before = files_in(folder.parent)
    with pytest.raises(ValueError, match=match):
        check_output_folder(folder)
    with pytest.raises(ValueError, match=match):
        write(folder, SECOND)
    assert files_in(folder.parent) == before


def interrupt_at(monkeypatch, k):
    """Raise KeyboardInterrupt in place of the k-th rename."""
    calls = []
    replace = os.replace

    def replace_or_stop(source, target):
        calls.append(target)
        if len(calls) == k:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_or_stop)


class TestPublishing:
    @pytest.mark.parametrize("exists", [False, True])
    def test_new_or_empty_folder(self, tmp_path, exists):
        out = tmp_path / "out"
        if exists:
            out.mkdir()
        write(out, FIRST)
        assert content(out) == FIRST
        assert list(tmp_path.iterdir()) == [out]

    def test_missing_parents_are_made_at_the_end(self, tmp_path):
        with staged_folder(tmp_path / "a" / "b" / "out") as stage:
            (stage / "results.json").write_text("{}", encoding="utf-8")
            assert not (tmp_path / "a").exists()
        assert content(tmp_path / "a" / "b" / "out") == {"results.json": "{}"}

    def test_earlier_run_is_replaced_and_stale_files_go(self, tmp_path):
        for files in (FIRST, SECOND, FIRST):
            write(tmp_path / "out", files)
            assert content(tmp_path / "out") == files

    def test_new_folder_has_the_usual_permissions(self, tmp_path):
        (tmp_path / "usual").mkdir()
        write(tmp_path / "out", FIRST)
        assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode

    def test_stage_lies_inside_a_folder_that_exists(self, tmp_path):
        # Beside it may be another file system, to which nothing can be renamed, or a folder without permission.
        with staged_folder(tmp_path) as stage:
            assert stage.is_relative_to(tmp_path)
        with staged_folder(tmp_path / "out") as stage:
            assert stage.is_relative_to(tmp_path)

    def test_output_may_itself_be_a_link_to_a_folder(self, tmp_path):
        (tmp_path / "real").mkdir()
        (tmp_path / "out").symlink_to("real")
        write(tmp_path / "out", FIRST)
        assert (tmp_path / "out").is_symlink()
        assert content(tmp_path / "real") == FIRST

    @pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
    def test_error_while_the_files_are_made_changes_nothing(self, tmp_path, error):
        def fail(folder):
            with staged_folder(folder) as stage:
                (stage / "results.json").write_text("half", encoding="utf-8")
                raise error

        write(tmp_path / "out", FIRST)
        for name in ("out", "new", "new/deeper"):
            with pytest.raises(error):
                fail(tmp_path / name)
        assert content(tmp_path / "out") == FIRST
        assert list(tmp_path.iterdir()) == [tmp_path / "out"]


class TestInterruption:
    @pytest.mark.parametrize("k", range(1, REPLACES + 1))
    def test_interrupt_at_every_rename(self, tmp_path, monkeypatch, k):
        out = tmp_path / "out"
        write(out, FIRST)
        with monkeypatch.context() as patch:
            interrupt_at(patch, k)
            with pytest.raises(KeyboardInterrupt) as stop:
                write(out, SECOND)
        present = content(out)  # each file known to the manifest, whole, and of one of the runs
        for path, text in present.items():
            assert text in (FIRST.get(path), SECOND.get(path))
        if present["index.html"] == SECOND["index.html"]:  # they come last, and the results after the page
            assert {**SECOND, "results.json": present["results.json"]}.items() <= present.items()
        if present["results.json"] == SECOND["results.json"]:
            assert SECOND.items() <= present.items()
        notes = getattr(stop.value, "__notes__", [])
        assert any("run again" in note for note in notes) == (k > 1)
        if k == 1:
            assert present == FIRST
        write(out, SECOND)
        assert content(out) == SECOND

    def test_interrupt_at_the_one_rename_of_a_new_folder(self, tmp_path, monkeypatch):
        with monkeypatch.context() as patch:
            interrupt_at(patch, 1)
            with pytest.raises(KeyboardInterrupt):
                write(tmp_path / "out", FIRST)
        assert list(tmp_path.iterdir()) == []

    def test_there_are_no_more_renames_than_were_interrupted(self, tmp_path, monkeypatch):
        write(tmp_path / "out", FIRST)
        interrupt_at(monkeypatch, REPLACES + 1)
        write(tmp_path / "out", SECOND)

    def test_interrupts_one_after_another(self, tmp_path, monkeypatch):
        write(tmp_path / "out", FIRST)
        for k, files in ((4, SECOND), (3, FIRST), (6, SECOND), (2, FIRST)):
            with monkeypatch.context() as patch:
                interrupt_at(patch, k)
                with pytest.raises(KeyboardInterrupt):
                    write(tmp_path / "out", files)
            content(tmp_path / "out")
        write(tmp_path / "out", SECOND)
        assert content(tmp_path / "out") == SECOND

    @pytest.mark.parametrize("exists", [False, True])
    def test_kill_at_every_step(self, tmp_path, exists):
        script = """if True:
            import json, os, sys
            from pathlib import Path
            sys.path.insert(0, sys.argv[1])  # folder.py alone: the whole package takes seconds to load
            import folder
            left = int(sys.argv[3])
            def step(event, arguments):
                global left
                if event in ("os.rename", "os.remove", "os.mkdir"):
                    left -= 1
                    if left == 0:
                        os._exit(9)  # at once, as by SIGKILL: nothing is cleaned up, no buffer is written
            sys.addaudithook(step)
            with folder.staged_folder(Path(sys.argv[2])) as stage:
                for path, text in json.loads(sys.argv[4]).items():
                    (stage / path).parent.mkdir(parents=True, exist_ok=True)
                    (stage / path).write_text(text, encoding="utf-8")
        """
        where = str(Path(module.__file__).parent)
        for k in range(1, 100):
            out = tmp_path / str(k) / "out"
            out.parent.mkdir()
            if exists:
                write(out, FIRST)
            arguments = [sys.executable, "-c", script, where, str(out), str(k), json.dumps(SECOND)]
            code = subprocess.run(arguments, check=False).returncode
            if out.exists():
                for path, text in content(out).items():
                    assert path.startswith(".fastcurse-stage-") or text in (FIRST.get(path), SECOND.get(path))
            assert exists or not out.exists() or SECOND.items() <= content(out).items()
            write(out, SECOND)
            assert {path: text for path, text in content(out).items() if not path.startswith(".fastcurse")} == SECOND
            if code == 0:
                break
        assert code == 0
        assert k > 10

    @pytest.mark.parametrize("inside", [False, True])
    def test_stage_of_a_killed_run_is_removed_when_old(self, tmp_path, monkeypatch, inside):
        out = tmp_path / "out"
        if inside:
            write(out, FIRST)
        rmtree = shutil.rmtree
        with monkeypatch.context() as patch:  # as if killed: the stage stays, while trial folders go as usual
            patch.setattr(
                shutil, "rmtree", lambda path, *a, **o: (Path(path) / MARKER).exists() or rmtree(path, *a, **o)
            )
            interrupt_at(patch, 1)
            with pytest.raises(KeyboardInterrupt):
                write(out, SECOND)
        place = out if inside else tmp_path
        (stage,) = place.glob(".fastcurse-stage-*")
        own = place / ".fastcurse-stage-mine"  # by its name alone: ignored, never removed
        own.mkdir()
        (own / "notes.txt").write_text("mine", encoding="utf-8")
        os.utime(own, (0, 0))
        if inside:
            write(out, SECOND)
            assert stage.exists()  # young: it may belong to a run that is at work
        os.utime(stage / MARKER, (0, 0))
        write(out, FIRST)
        assert list(place.glob(".fastcurse-stage-*")) == [own]
        assert files_in(own) == {"notes.txt": "mine"}


class TestForeignFiles:
    def test_foreign_file_is_refused_and_kept(self, tmp_path, capsys):
        (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
        with pytest.raises(SystemExit) as stop:
            cli.main(["article", "--quick", "--only", "ball", "--output", str(tmp_path)])
        err = capsys.readouterr().err
        assert stop.value.code == 2
        assert err.count("\n") == 1
        assert "'thesis.tex', which fastcurse did not write" in err
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

    def test_file_beside_an_earlier_run(self, tmp_path):
        write(tmp_path / "out", FIRST)
        (tmp_path / "out" / "figures" / "mine.png").write_text("mine", encoding="utf-8")
        refuses(tmp_path / "out", r"'figures/mine\.png', which fastcurse did not write")

    @pytest.mark.parametrize("path", ["figures/a.png", "figures/old.png", "index.html", "results.json"])
    def test_file_edited_after_the_earlier_run(self, tmp_path, path):
        write(tmp_path / "out", FIRST)
        (tmp_path / "out" / path).write_text("my notes", encoding="utf-8")
        refuses(tmp_path / "out", f"'{path}', which is no longer as fastcurse wrote it")

    def test_file_removed_after_the_earlier_run(self, tmp_path):
        write(tmp_path / "out", FIRST)
        (tmp_path / "out" / "figures" / "old.png").unlink()
        write(tmp_path / "out", SECOND)
        assert content(tmp_path / "out") == SECOND

    @pytest.mark.parametrize("exists", [False, True])
    def test_file_that_appears_or_is_edited_during_the_run_is_kept(self, tmp_path, exists):
        def interfere(name):
            with staged_folder(out) as stage:
                (stage / "results.json").write_text("{}", encoding="utf-8")
                out.mkdir(exist_ok=True)
                (out / name).write_text("mine", encoding="utf-8")

        out = tmp_path / "out"
        if exists:
            write(out, FIRST)
            with pytest.raises(ValueError, match=r"'index\.html', which is no longer"):
                interfere("index.html")
            assert {**files_in(out), MANIFEST: ""} == {**FIRST, "index.html": "mine", MANIFEST: ""}
        else:
            with pytest.raises(ValueError, match=r"notes\.txt"):
                interfere("notes.txt")
            assert files_in(tmp_path) == {"out/notes.txt": "mine"}

    def test_file_that_appears_in_place_of_the_folder_is_kept(self, tmp_path):
        def interfere():
            with staged_folder(tmp_path / "out"):
                (tmp_path / "out").write_text("mine", encoding="utf-8")

        with pytest.raises(ValueError, match="output must be a folder, got the file"):
            interfere()
        assert files_in(tmp_path) == {"out": "mine"}

    def test_link_to_a_folder(self, tmp_path):
        write(tmp_path / "other", FIRST)
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "figures").symlink_to(tmp_path / "other" / "figures")
        refuses(tmp_path / "out", "'figures', which fastcurse did not write")

    def test_link_in_place_of_an_earlier_folder(self, tmp_path):
        write(tmp_path / "out", FIRST)
        shutil.move(tmp_path / "out" / "figures", tmp_path / "other")
        (tmp_path / "out" / "figures").symlink_to(tmp_path / "other")
        refuses(tmp_path / "out", "'figures', which fastcurse did not write")

    @pytest.mark.parametrize("path", ["index.html", MANIFEST, ".fastcurse-stage-link"])
    def test_link_to_a_file_of_the_right_content(self, tmp_path, path):
        write(tmp_path / "out", FIRST)
        kept = tmp_path / "kept"
        if (tmp_path / "out" / path).exists():
            shutil.move(tmp_path / "out" / path, kept)
        else:
            kept.write_text("", encoding="utf-8")
        (tmp_path / "out" / path).symlink_to(kept)
        refuses(tmp_path / "out", "which is no longer as" if path == "index.html" else "which fastcurse did not write")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
    @pytest.mark.parametrize("path", ["pipe", "index.html", MANIFEST])
    def test_named_pipe_is_foreign_and_not_opened(self, tmp_path, path):
        write(tmp_path, FIRST)
        (tmp_path / path).unlink(missing_ok=True)
        os.mkfifo(tmp_path / path)
        with pytest.raises(ValueError, match=r"which (fastcurse did not write|is no longer)"):
            check_output_folder(tmp_path)

    def test_folder_where_a_file_goes(self, tmp_path):
        write(tmp_path / "out", {"results.json": "r"})
        (tmp_path / "out" / "figures" / "a.png").mkdir(parents=True)
        with pytest.raises(ValueError, match=r"output must have no folder where a file goes.*'figures/a\.png'"):
            write(tmp_path / "out", FIRST)
        assert content(tmp_path / "out") == {"results.json": "r"}


class TestManifest:
    def test_results_are_not_trusted(self, tmp_path):
        out = tmp_path / "out"
        out.mkdir()
        (out / "thesis.tex").write_text("years of work", encoding="utf-8")
        (out / "results.json").write_text('{"meta": {"files": ["thesis.tex", "results.json"]}}', encoding="utf-8")
        refuses(out, "which fastcurse did not write")

    def test_forged_entry_needs_the_hash_of_the_content(self, tmp_path):
        out = tmp_path / "out"
        out.mkdir()
        (out / "thesis.tex").write_text("years of work", encoding="utf-8")
        forge(out, {"thesis.tex": hashlib.sha256(b"something else").hexdigest()})
        refuses(out, r"'thesis\.tex', which is no longer as fastcurse wrote it")

    @pytest.mark.parametrize("absolute", [False, True])
    def test_forged_paths_reach_nothing_outside(self, tmp_path, absolute):
        victim = tmp_path / "victim.txt"
        victim.write_text("keep", encoding="utf-8")
        out = tmp_path / "out"
        out.mkdir()
        path = str(victim) if absolute else "../victim.txt"
        forge(out, {path: hashlib.sha256(b"keep").hexdigest()})
        write(out, FIRST)
        assert victim.read_text(encoding="utf-8") == "keep"
        assert content(out) == FIRST

    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", "null", "{}", '{"files": {}}', "[" * 100_000, "\ud800",
         '{"format": "fastcurse output folder", "version": 2, "files": {}}',
         '{"format": "fastcurse output folder", "version": 1, "files": []}',
         '{"format": "fastcurse output folder", "version": 1, "files": {"a": 1}}'],
        ids=range(11),
    )  # fmt: skip
    def test_what_is_no_manifest_is_a_foreign_file(self, tmp_path, text):
        (tmp_path / MANIFEST).write_bytes(text.encode("utf-8", "surrogatepass"))
        with pytest.raises(ValueError, match=r"'\.fastcurse\.json', which fastcurse did not write"):
            check_output_folder(tmp_path)

    def test_lost_manifest_makes_every_file_foreign(self, tmp_path):
        write(tmp_path / "out", FIRST)
        (tmp_path / "out" / MANIFEST).unlink()
        refuses(tmp_path / "out", "which fastcurse did not write")


class TestPlace:
    def test_file_in_place_of_the_folder(self, tmp_path):
        (tmp_path / "out").write_text("", encoding="utf-8")
        with pytest.raises(ValueError, match="output must be a folder, got the file"):
            check_output_folder(tmp_path / "out")
        with pytest.raises(ValueError, match="output must lie in a folder"):
            check_output_folder(tmp_path / "out" / "deeper")

    def test_link_to_itself(self, tmp_path):
        (tmp_path / "loop").symlink_to("loop")
        for path in (tmp_path / "loop", tmp_path / "loop" / "deeper"):
            with pytest.raises(ValueError, match="output must"):
                check_output_folder(path)

    @pytest.mark.parametrize("part", ["", "figures"])
    def test_unwritable_folder(self, tmp_path, monkeypatch, part):
        def refuse(*arguments, dir=None, **options):  # root may write anywhere, so permission is taken away here
            if Path(dir) == tmp_path / part:
                raise PermissionError(13, "Permission denied")
            return mkdtemp(*arguments, dir=dir, **options)

        mkdtemp = module.tempfile.mkdtemp
        write(tmp_path, FIRST)
        # TemporaryDirectory passes its arguments by position in some versions of Python.
        monkeypatch.setattr(module.tempfile, "mkdtemp", lambda s=None, p=None, dir=None, **o: refuse(s, p, dir=dir))
        with pytest.raises(ValueError, match=r"output must be a folder that can be written, got .*: Permission denied"):
            check_output_folder(tmp_path)

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system without room for folders")
    def test_folder_that_cannot_be_made(self):
        with pytest.raises(ValueError, match="output must be a folder that can be written, got '/proc/x'"):
            check_output_folder(Path("/proc/x"))

    def test_name_that_cannot_be_made(self, tmp_path):
        with pytest.raises(ValueError, match=r"output must be a folder that can be written, got .*too long"):
            check_output_folder(tmp_path / "fine" / ("x" * 300))
        assert list(tmp_path.iterdir()) == []

    def test_checking_leaves_no_trace(self, tmp_path):
        write(tmp_path / "out", FIRST)
        check_output_folder(tmp_path / "out")
        check_output_folder(tmp_path / "new" / "deeper")
        assert content(tmp_path / "out") == FIRST
        assert list(tmp_path.iterdir()) == [tmp_path / "out"]
