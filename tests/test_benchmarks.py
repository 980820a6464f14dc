"""`python -m benchmarks`: every area at tiny size, and the record that a run goes on from."""

from __future__ import annotations

import json
from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import (
    bench_balls,
    bench_discriminant,
    bench_distances,
    bench_neighbors,
    bench_profile,
    bench_remedies,
    peak,
)
from benchmarks.record import Record, compared, source_digest

TINY = {
    "distances": bench_distances.Sizes((60, 12), ((30, 12), (60, 12), (90, 12)), ((60, 6), (60, 12), (60, 18))),
    "neighbors": bench_neighbors.Sizes(((400, 384, 10),), (200, 384, 10), (200, 384, 10)),
    "discriminant": bench_discriminant.Sizes(20, (12, 30), (200, 10), 30, ((40, 5), (80, 5)), ((40, 5), (40, 10))),
    "balls": bench_balls.Sizes((2,), 100_000, (2, 30), 0.01),
    "remedies": bench_remedies.Sizes(((60, 20), (20, 30)), (30, 5), 4),
}
NEW_PROCESSES = {"profile", "scaling"}  # profile measures in new processes; scaling has tests of its own


@pytest.fixture
def light(monkeypatch):
    """Spare what takes seconds at any size."""
    monkeypatch.setattr(peak, "_STEPS", 1000)
    monkeypatch.setattr(bench_distances, "_start", lambda: [{"case": "first result", "our_seconds": 1.0}])


def fake_area(monkeypatch, steps, **more):
    """Make `steps` the area "balls"; return what its `warm` was called for."""
    warmed = []

    def measure(record, sizes):
        record.measure(steps, lambda: warmed.append(sizes))

    module = SimpleNamespace(SOURCES=("_version",), FULL="full", QUICK="quick", measure=measure, **more)
    monkeypatch.setattr(command, "import_module", lambda name: module)
    return warmed


@pytest.mark.parametrize("area", sorted(TINY))
def test_an_area_at_tiny_size(area, light, capsys):
    record = Record(None, {})
    import_module(f"benchmarks.bench_{area}").measure(record, TINY[area])
    assert len({row["step"] for row in record.rows}) >= 3
    for row in record.rows:
        assert {"step", "case"} < set(row)
        if "ratio" in row:
            assert row["ratio"] == row["peer_seconds"] / row["our_seconds"] > 0
            assert row["peer"]
        else:
            assert isinstance(row.get("value", row.get("our_seconds")), float)  # what README.md's tables read
    assert capsys.readouterr().out.count("\n") == len(record.rows)


@pytest.mark.parametrize("area", command.AREAS)
def test_every_area_has_what_the_command_needs(area):
    module = import_module(f"benchmarks.bench_{area}")
    assert area in TINY or area in NEW_PROCESSES
    assert type(module.FULL) is type(module.QUICK)
    assert len(source_digest(*module.SOURCES)) == 16


def test_the_digest_tells_sources_apart():
    assert source_digest("balls") == source_digest("balls") != source_digest("balls", "_version")
    with pytest.raises(AssertionError, match="nothing"):
        source_digest("nothing")


def test_an_interrupted_run_goes_on(tmp_path, monkeypatch, capsys):
    calls = []

    def first():
        calls.append("first")
        return [{"case": "a", "value": 1.0}, {"case": "b", "value": 2.0}]

    def second():
        calls.append("second")
        if calls.count("second") == 1:
            raise KeyboardInterrupt
        return [compared("c", "p", 3.0, 2.0, share=0.5)]

    warmed = fake_area(monkeypatch, {"one": first, "two": second})
    arguments = ["--only", "balls", "--output", str(tmp_path / "new")]
    with pytest.raises(SystemExit, match="what was finished is kept in"):
        command.main(arguments)
    file = tmp_path / "new" / "balls.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert [row["case"] for row in kept["rows"]] == ["a", "b"]
    assert {"versions", "cpu", "instruction_set", "threads", "sources"} < set(kept["machine"])
    command.main(arguments)
    assert calls == ["first", "second", "second"]
    assert json.loads(file.read_text(encoding="utf-8"))["rows"] == [
        {"step": "one", "case": "a", "value": 1.0},
        {"step": "one", "case": "b", "value": 2.0},
        {"step": "two", "case": "c", "peer": "p", "peer_seconds": 3.0, "our_seconds": 2.0, "ratio": 1.5, "share": 0.5},
    ]  # fmt: skip
    capsys.readouterr()
    command.main(arguments)
    assert len(calls) == 3
    assert warmed == ["full", "full"]  # not where nothing is missing
    assert "balls: 3 rows of an earlier run are kept" in (shown := capsys.readouterr().out)
    assert "python examples/readme.py --benchmarks" in shown
    assert [path.name for path in file.parent.iterdir()] == ["balls.json"]  # no draft is left


@pytest.mark.parametrize("change", ["cpu", "versions", "sources", "fresh"])
def test_another_machine_version_or_source_is_measured_anew(change, tmp_path, monkeypatch, capsys):
    calls = []
    steps = {"one": lambda: [{"case": "a", "value": float(calls.append(1) or len(calls))}]}
    warmed = fake_area(monkeypatch, steps)
    command.main(["--only", "balls", "--output", str(tmp_path)])
    if change == "cpu":
        described = command.describe()
        monkeypatch.setattr(command, "describe", lambda: {**described, "cpu": "another"})
    elif change == "versions":
        warmed = fake_area(monkeypatch, steps, VERSIONS={"faiss-cpu": "9"})
    elif change == "sources":
        monkeypatch.setattr(command, "source_digest", lambda *names: "0" * 16)
    more = ["--fresh"] if change == "fresh" else []
    command.main(["--only", "balls", "--output", str(tmp_path), *more])
    rows = json.loads((tmp_path / "balls.json").read_text(encoding="utf-8"))["rows"]
    assert [row["value"] for row in rows] == [2.0]
    assert warmed


def test_a_quick_run_has_files_of_its_own_and_no_word_on_readme(tmp_path, monkeypatch, capsys):
    warmed = fake_area(monkeypatch, {"one": lambda: [{"case": "a", "value": 1.0}]})
    command.main(["--all", "--quick", "--output", str(tmp_path)])
    assert {path.name for path in tmp_path.iterdir()} == {f"{area}-quick.json" for area in command.AREAS}
    assert set(warmed) == {"quick"}
    assert "readme.py" not in capsys.readouterr().out


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    fake_area(monkeypatch, {"one": lambda: [{"case": "a", "value": 1.0}]})
    command.main(["--only", "balls"])
    assert "step one, case a, value 1" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    fake_area(monkeypatch, {"one": lambda: (_ for _ in ()).throw(KeyboardInterrupt)})
    with pytest.raises(SystemExit, match="what was finished is shown above"):
        command.main(["--only", "balls"])


@pytest.mark.parametrize("arguments", [[], ["--all", "--only", "balls"], ["--only", "nothing"]])
def test_the_areas_must_be_named(arguments, capsys):
    with pytest.raises(SystemExit) as refused:
        command.main(arguments)
    assert refused.value.code == 2


def test_profiles_are_measured_in_new_processes(monkeypatch, tmp_path, capsys):
    seen = []

    def run(command, **options):
        code, path, asked, *labels = command[2:]
        compile(code, "measured", "exec")
        seen.append((np.load(path).shape, json.loads(asked), [np.load(each).shape for each in labels]))
        told = {"seconds": 1.0, "mebibytes": 2.0, "exact": bool(labels), "sentences": 4}
        return SimpleNamespace(stdout=json.dumps(told))

    monkeypatch.setattr(bench_profile.subprocess, "run", run)
    record = Record(None, {})
    bench_profile.measure(record, bench_profile.Sizes((25_000, 10), 7, (40, 5)))
    assert [shapes for shapes, _, _ in seen[:-2]] == [(20_000, 384), (20_000, 256)]  # these compile
    seen = seen[-2:]
    assert [shapes for shapes, _, _ in seen] == [(25_000, 10), (40, 5)]
    assert seen[0][1]["n_queries"] == 7
    assert seen[1][2] == [(40,)]
    assert [row["value"] for row in record.rows] == [1.0, 2.0, 1.0, 2.0]
    assert "exact" not in record.rows[0]["case"]
    assert record.rows[2]["case"].endswith("12 prefixes, exact: seconds")
