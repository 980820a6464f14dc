"""Profile as a value: what it refuses, and what it gives as text, frame, figure and JSON."""

from __future__ import annotations

import json
import math
import os
import pickle
from dataclasses import fields, replace
from importlib import resources

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastcurse.engine import files
from fastcurse.engine.files import write_whole
from fastcurse.profile import COLUMNS, GROUPS, Finding, Profile
from fastcurse.profile._columns import NAMES
from fastcurse.report.profile.numbers import counted, shown
from fastcurse.report.profile.panels import PANELS
from tests.profiles import CLEAN, EMBEDDING, PROFILES, make_profile, silent_profile

SCHEMA = json.loads((resources.files("fastcurse.profile") / "profile.schema.json").read_text(encoding="utf-8"))
TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int,
    "number": (int, float),
}  # fmt: skip


def breaches(value, schema, where="profile"):
    """Yield what breaks the rules of a JSON Schema: of its keywords those that ours uses."""
    known = {
        "$schema", "$defs", "$ref", "title", "description", "type", "const", "enum", "oneOf", "minimum", "minItems",
        "items", "required", "properties", "additionalProperties",
    }  # fmt: skip
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema:
        yield from breaches(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], where)
    if "oneOf" in schema and sum(not list(breaches(value, option, where)) for option in schema["oneOf"]) != 1:
        yield f"{where} is none of the choices"
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(
        isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names
    ):
        yield f"{where} is no {names}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{where} is not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is not among {schema['enum']}"
    if "minimum" in schema and value is not None and value < schema["minimum"]:
        yield f"{where} is below {schema['minimum']}"
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{where} is too short"
        for at, item in enumerate(value):
            yield from breaches(item, schema.get("items", {}), f"{where}[{at}]")
    if isinstance(value, dict):
        yield from (f"{where} lacks {name}" for name in schema.get("required", []) if name not in value)
        for name, item in value.items():
            rule = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
            if rule is False:
                yield f"{where} has {name}"
            else:
                yield from breaches(item, rule, f"{where}.{name}")


class TestProfile:
    def test_columns_are_complete_in_order_and_read_only(self):
        prefixes, cv = np.array([1, 3]), np.array([1.0, 0.5])
        profile = replace(silent_profile(), prefixes=prefixes, columns={"cv": cv})
        assert tuple(profile.columns) == NAMES
        assert profile.columns["cv"].tolist() == [1.0, 0.5]
        assert np.isnan(profile.columns["overlap_low"]).all()
        for array in (profile.prefixes, *profile.columns.values()):
            assert not array.flags.writeable
        cv[0] = prefixes[0] = 9  # the caller's own arrays stay writeable, and apart
        assert profile.columns["cv"][0] == 1.0
        assert profile.prefixes.dtype == np.int64
        assert profile.prefixes[0] == 1

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"prefixes": []}, r"prefixes must lie between 1 and n_features = 3, got \[\]"),
            ({"prefixes": [0, 1]}, r"prefixes must lie between 1 and n_features = 3, got \[0, 1\]"),
            ({"prefixes": [1, 4]}, r"prefixes must lie between 1 and n_features = 3, got \[1, 4\]"),
            ({"prefixes": [2, 2]}, r"prefixes must increase, got \[2, 2\]"),
            ({"columns": {"spread": np.ones(3)}}, "columns must be among nearest, .*, got 'spread'"),
            ({"columns": {"cv": np.ones(2)}}, r"columns must have one value a prefix, got cv of shape \(2,\)"),
            ({"verdict": (Finding("bad", "x", (), (), ()),)}, "kind of a finding must be one of good, warning, note"),
            ({"verdict": (Finding("good", "x", ("cv",), (2,), (0.5,)),)}, "has nan as cv at 2, got 0.5: 'x'"),
            ({"verdict": (Finding("good", "x", ("cv",), (4,), (0.5,)),)}, "name cells of the table, got 'cv' at 4"),
            ({"verdict": (Finding("good", "x", ("cw",), (2,), (0.5,)),)}, "name cells of the table, got 'cw' at 2"),
            ({"verdict": (Finding("good", "x", ("cv",), (), ()),)}, "zip"),
            ({"verdict": (Finding("good", "x", ("cv",), (2,), ()),)}, "zip"),
        ],
    )
    def test_what_it_refuses(self, changes, message):
        with pytest.raises(ValueError, match=message):
            replace(silent_profile(), **changes)

    def test_a_finding_quotes_the_table_to_the_last_bit(self):
        profile = make_profile()
        first, *others = profile.verdict
        replace(profile, verdict=(first,))
        wrong = first._replace(values=(float(np.nextafter(first.values[0], 1)),))
        with pytest.raises(ValueError, match="must quote the table"):
            replace(profile, verdict=(*others, wrong))

    def test_value(self):
        profile = make_profile()
        assert profile.value("cv", 96) == profile.columns["cv"][EMBEDDING.index(96)]
        for column, prefix in (("cv", 97), ("cv", 1), ("cv", 1000), ("none", 96)):
            with pytest.raises(KeyError):
                profile.value(column, prefix)

    def test_it_is_pickled_and_short_in_repr(self):
        profile = make_profile((1, 2))
        again = pickle.loads(pickle.dumps(profile))
        assert again.to_dict() == profile.to_dict()
        assert repr(profile) == "Profile(n_samples=20000, n_features=2, prefixes=[1, 2])"

    def test_frame(self):
        profile = PROFILES["broken"]()
        frame = profile.to_frame()
        assert list(frame.columns) == ["prefix", *NAMES]
        assert frame["prefix"].tolist() == profile.prefixes.tolist()
        for name in NAMES:
            np.testing.assert_array_equal(frame[name], profile.columns[name])


class TestColumns:
    def test_each_is_explained_once_and_drawn_in_its_group(self):
        assert len(set(NAMES)) == len(NAMES)
        by_name = {column.name: column for column in COLUMNS}
        for column in COLUMNS:
            assert column.group in GROUPS
            assert column.style in {"distance", "share", "number"}
            assert column.meaning.endswith(".")
            assert bool(column.low) == bool(column.high)
        drawn = [(panel, name) for panel in PANELS for name, _ in panel.measured + panel.expected]
        assert {name for _, name in drawn} == set(by_name) - {"relative_contrast"}  # it says what the contrast says
        assert len(drawn) == len(by_name) - 1
        for panel, name in drawn:
            assert panel.group == by_name[name].group
            assert (panel.style == "share") == (by_name[name].style == "share")
        assert len({panel.key for panel in PANELS}) == len(PANELS)


class TestJson:
    @pytest.mark.parametrize("name", PROFILES)
    def test_round_trip_and_schema(self, name, tmp_path):
        profile = PROFILES[name]()
        profile.to_json(tmp_path / "profile.json")
        record = json.loads(
            (tmp_path / "profile.json").read_text(encoding="ascii"), parse_constant=lambda name: pytest.fail(name)
        )
        assert record == profile.to_dict()
        assert list(breaches(record, SCHEMA)) == []
        assert set(SCHEMA["properties"]) == set(record)
        assert {field.name for field in fields(profile)} | {"format", "version", "fastcurse"} == set(record)
        for column in NAMES:
            numbers = [math.nan if value is None else float(value) for value in record["columns"][column]]
            np.testing.assert_array_equal(numbers, profile.columns[column])

    def test_what_is_not_finite(self):
        record = PROFILES["broken"]().to_dict()
        assert record["columns"]["relative_contrast"][:3] == ["Infinity", "Infinity", 3e7]
        assert record["columns"]["nearest"][0] is None
        assert record["quality"]["near_distance"] is None
        columns = {"z_score": np.array([-np.inf, 0.0, np.nan])}
        assert replace(silent_profile(), columns=columns).to_dict()["columns"]["z_score"] == ["-Infinity", 0.0, None]

    def test_a_peak_of_nothing_is_null(self):
        profile = make_profile()
        record = replace(profile, labels=replace(profile.labels, knn_peak=None)).to_dict()
        assert record["labels"]["knn_peak"] is None
        assert list(breaches(record, SCHEMA)) == []

    @pytest.mark.parametrize(
        ("damage", "message"),
        [
            ({"version": 2}, "profile.version is not 1"),
            ({"n_samples": True}, "profile.n_samples is no ['integer']"),
            ({"prefixes": []}, "profile.prefixes is too short"),
            ({"columns": {"cv": ["nan"]}}, "profile.columns.cv[0] is none of the choices"),
            ({"labels": {}}, "profile.labels lacks classes"),
            ({"more": 1}, "profile has more"),
        ],
    )
    def test_the_schema_refuses(self, damage, message):
        found = list(breaches({**make_profile().to_dict(), **damage}, SCHEMA))
        assert found[:1] == [message]


class TestFiles:
    @pytest.mark.parametrize("write", ["to_json", "to_html"])
    def test_an_old_file_stays_whole_until_the_new_one_is(self, write, tmp_path, monkeypatch):
        path = tmp_path / "out"
        path.write_text("old", encoding="ascii")

        def fail(*arguments):
            assert path.read_text(encoding="ascii") == "old"
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", fail)
            with pytest.raises(OSError, match="No space left"):
                getattr(make_profile(), write)(path)
        assert path.read_text(encoding="ascii") == "old"
        assert list(tmp_path.iterdir()) == [path]
        getattr(make_profile(), write)(path)
        assert path.stat().st_size > 1000
        assert list(tmp_path.iterdir()) == [path]

    def test_drafts_of_the_killed_are_removed(self, tmp_path, monkeypatch):
        path = tmp_path / "x"
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", lambda *paths: None)  # as far as a killed process may come
            for name in (path, path, tmp_path / "y"):
                write_whole(name, b"1")
        old, new, other = *tmp_path.glob(files._drafts(path)), *tmp_path.glob(files._drafts(tmp_path / "y"))
        os.utime(old, (0, 0))
        os.utime(other, (0, 0))
        write_whole(path, b"2")
        assert set(tmp_path.iterdir()) == {path, new, other}

    def test_nothing_is_written_when_there_is_nothing_to_write(self, tmp_path, monkeypatch):
        monkeypatch.setattr(Profile, "to_dict", lambda self: {"x": math.nan})
        with pytest.raises(ValueError, match="not JSON compliant"):
            make_profile().to_json(tmp_path / "x.json")
        assert not list(tmp_path.iterdir())

    @pytest.mark.skipif(os.name != "posix", reason="modes, links and pipes of POSIX")
    def test_modes_links_and_pipes_stay(self, tmp_path):
        path, link, pipe = tmp_path / ("c" * 250), tmp_path / "link", tmp_path / "pipe"
        link.symlink_to(path.name)
        write_whole(link, b"1")
        assert path.stat().st_mode & 0o777 == (0o666 & ~os.umask(os.umask(0o22)))
        path.chmod(0o640)
        write_whole(link, b"2")
        assert link.is_symlink()
        assert path.read_bytes() == b"2"
        assert path.stat().st_mode & 0o777 == 0o640
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        write_whole(pipe, b"3")
        assert os.read(reader, 9) == b"3"
        os.close(reader)
        assert pipe.is_fifo()
        with pytest.raises(IsADirectoryError):
            write_whole(tmp_path, b"4")
        with pytest.raises(FileNotFoundError):
            write_whole(tmp_path / "no" / "file", b"5")
        assert {file.name for file in tmp_path.iterdir()} == {path.name, "link", "pipe"}


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "style", "text"),
        [
            (0.1234, "number", "0.123"), (9.996, "number", "10.0"), (1234.5, "number", "1234"),
            (-0.5, "number", "-0.500"), (0.0, "number", "0"), (12345678.0, "number", "1.23e+07"),
            (0.00001, "number", "1.00e-05"),
            (123.456, "distance", "123.5"), (0.00123456, "distance", "0.001235"),
            (math.nan, "share", "n/a"), (math.inf, "number", "∞"), (-math.inf, "distance", "-∞"),
            (0.0, "share", "0 %"), (1.0, "share", "100 %"), (0.97131, "share", "97.1 %"), (0.00321, "share", "0.32 %"),
            (0.00996, "share", "1.0 %"), (0.00002, "share", "< 0.01 %"), (0.99951, "share", "> 99.9 %"),
            (0.99949, "share", "99.9 %"), (1.2, "share", "120.0 %"), (-0.1, "share", "-10.0 %"),
        ],
    )  # fmt: skip
    def test_how_they_read(self, value, style, text):
        assert shown(value, style) == text

    @given(st.floats(0, 1, exclude_min=True, exclude_max=True))
    def test_only_a_share_of_0_or_1_reads_so(self, share):
        text = shown(share, "share")
        bound = {"<": 0.01, ">": 99.9}.get(text[0])
        number = float(text.strip("<> %"))
        assert 0 < number < 100
        assert number == bound or abs(number - 100 * share) <= 0.0501
        if bound:
            assert 100 * share < bound if text[0] == "<" else 100 * share > bound

    @given(st.floats(-1e300, 1e300, allow_subnormal=False), st.sampled_from(["number", "distance"]))
    def test_three_or_four_digits_are_right(self, value, style):
        slack = 0.00051 if style == "distance" else 0.0051
        assert abs(float(shown(value, style)) - value) <= slack * abs(value)

    def test_counted(self):
        assert counted(1234567) == "1\u202f234\u202f567"
        assert counted(12) == "12"


class TestSummary:
    @pytest.mark.parametrize("name", PROFILES)
    def test_verdict_then_table(self, name):
        profile = PROFILES[name]()
        text = str(profile)
        flat = " ".join(text.split())
        for finding in profile.verdict:
            assert finding.text in flat
        assert ("no verdict" in text) == (not profile.verdict)
        assert max(len(line) for line in text.splitlines()) <= 88
        assert ("sampled" in text) == (name == "sampled")
        header = next((line for line in text.splitlines() if line.startswith("prefix")), None)
        assert (header is None) == (name == "silent")
        assert ("LDA" in (header or "")) == (profile.labels is not None)

    def test_the_table_has_the_numbers(self):
        profile = make_profile()
        lines = str(profile).splitlines()
        at = next(at for at, line in enumerate(lines) if line.startswith("prefix"))
        rows = [line.split("  ") for line in lines[at + 1 :]]
        assert [int(row[0]) for row in rows] == list(EMBEDDING)
        for j, row in enumerate(rows):
            cells = [cell.strip() for cell in row[1:] if cell]
            assert cells == [shown(profile.columns[column.name][j], column.style) for column in COLUMNS if column.short]

    def test_many_prefixes_are_thinned_but_not_those_of_the_verdict(self):
        profile = PROFILES["every-prefix"]()
        lines = str(profile).splitlines()
        at = next(at for at, line in enumerate(lines) if line.startswith("prefix"))
        prefixes = [int(line.split()[0]) for line in lines[at + 1 : -1]]
        assert lines[-1] == f"{len(prefixes)} of 200 prefixes are shown"
        assert {1, 9, 200} < set(prefixes)
        assert len(prefixes) == 17
        assert prefixes == sorted(set(prefixes))

    def test_what_is_wrong_with_the_rows(self):
        assert "Rows and features: nothing wrong was found." in str(make_profile(quality=CLEAN))
        text = " ".join(str(make_profile()).split())
        assert (
            "Rows and features: 37 duplicate rows, 112 queries with a row nearer than 0.02130, 3 constant features, 3 "
            "rows dropped for values that are not finite." in text
        )
        unknown = replace(CLEAN, near_duplicates=5)
        assert "nothing wrong" in str(make_profile(quality=unknown))


class TestPlot:
    @pytest.mark.parametrize("name", ["sampled", "one-prefix", "silent"])
    def test_one_figure_with_a_panel_for_each_that_has_numbers(self, name):
        profile = PROFILES[name]()
        figure = profile.plot()
        figure.draw_without_rendering()
        told = {
            panel.title
            for panel in PANELS
            if any(not np.isnan(profile.columns[column]).all() for column, _ in panel.measured + panel.expected)
        }
        titles = [ax.get_title(loc="left") for ax in figure.axes if ax.axison]
        assert {title.removesuffix(" (sampled)") for title in titles} == told
        assert any("sampled" in title for title in titles) == (name == "sampled")

    def test_the_curves_are_the_columns(self):
        profile = make_profile()
        axes = {ax.get_title(loc="left"): ax for ax in profile.plot().axes}
        lines = {line.get_label(): line for line in axes["Accuracy on rows held out"].lines}
        for label, name in (
            ("LDA", "lda_accuracy"),
            ("k nearest rows", "knn_accuracy"),
            ("LDA, twice the rows", "lda_doubled"),
        ):
            assert lines[label].get_xdata().tolist() == list(EMBEDDING)
            np.testing.assert_array_equal(lines[label].get_ydata(), profile.columns[name])
        assert set(lines["always the largest class"].get_ydata()) == {0.18}
        band = axes["Intrinsic dimension, TwoNN"].collections[0].get_paths()[0].vertices[:, 1]
        assert band.min() == profile.columns["twonn_low"].min()
        assert band.max() == profile.columns["twonn_high"].max()
