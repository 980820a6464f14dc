"""The page of a profile, read as a program reads it: whole, linked, escaped, and equal to the JSON."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

import fastcurse as fc
from fastcurse.profile import COLUMNS, GROUPS, DataQuality, Finding, LabelSummary
from fastcurse.report.profile.figures import HEIGHT, WIDTH, draw_panel
from fastcurse.report.profile.numbers import shown
from fastcurse.report.profile.page import render_page
from fastcurse.report.profile.panels import COLUMN, PANELS, Panel
from tests.profiles import EMBEDDING, PROFILES, make_profile, silent_profile

VOID = {"meta", "br", "link", "img", "input", "hr"}
STYLE = {name: column.style for column in COLUMNS for name in (column.name, column.low, column.high)}
PANEL = {panel.key: panel for panel in PANELS}


class Page(HTMLParser):
    """A page's elements: each with its tag, attributes, text and what is inside; raises where tags are not balanced."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes), f"an attribute twice in {self.get_starttag_text()}"
        element = {"tag": tag, "text": "", "inside": [], **dict(attributes)}
        self.elements.append(element)
        for outer in self._open:
            outer["inside"].append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag, attributes):
        assert any(element["tag"] == "svg" for element in self._open), f"<{tag}/> outside of a drawing"
        self.handle_starttag(tag, attributes)
        self._open.pop()

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1]["tag"] == tag, f"</{tag}> closes a {self._open[-1]['tag']}"
        self._open.pop()

    def handle_data(self, data):
        for element in self._open:
            element["text"] += data

    def all(self, tag, **attributes):
        return select(self.elements, tag, **attributes)


def select(elements, tag, **attributes):
    """Return those of that tag and with these attributes."""
    return [
        element
        for element in elements
        if element["tag"] == tag and all(element.get(name) == value for name, value in attributes.items())
    ]


@pytest.fixture(scope="module")
def pages():
    return {name: Page(render_page(make(), f"{name}.npy")) for name, make in PROFILES.items()}


@pytest.fixture(params=PROFILES)
def page(request, pages):
    return pages[request.param]


class TestSummary:
    @pytest.mark.parametrize("name", PROFILES)
    def test_below_each_sentence_are_the_cells_that_it_rests_on(self, name):
        profile = PROFILES[name]()
        lines = str(profile).splitlines()
        flat = " ".join(str(profile).split())
        for finding in profile.verdict:
            cells = "; ".join(
                f"{name} at {prefix}: {shown(profile.value(name, prefix), STYLE[name])}"
                for name, prefix in zip(finding.columns, finding.prefixes, strict=True)
            )
            assert f"{finding.text} {cells}".strip() in flat
            assert not cells or f"    {cells}" in lines

    def test_many_cells_are_wrapped_between_them(self):
        names, p = ("levina_bickel", "levina_bickel_low", "levina_bickel_high", "top_hub_share", "null_contrast"), 768
        profile = make_profile()
        values = tuple(profile.value(name, p) for name in names)
        finding = Finding("note", "Many numbers.", names, (p,) * len(names), values)
        lines = str(replace(profile, verdict=(finding,))).splitlines()
        at = lines.index("- Many numbers.")
        assert lines[at + 1 : at + 4] == [
            "    levina_bickel at 768: 12.5; levina_bickel_low at 768: 11.8;",
            "    levina_bickel_high at 768: 13.2; top_hub_share at 768: 0.60 %;",
            "    null_contrast at 768: 73.4 %",
        ]
        assert lines[at + 4] == ""

    def test_one_of_a_kind_is_singular(self):
        quality = DataQuality(1, 1, 0.5, ("a",), (3,), 1)
        profile = make_profile((1,), n_samples=1, k=1, quality=quality, verdict=())
        text = " ".join(str(profile).split())
        assert text.startswith("1 row x 1 feature, euclidean, order given; k = 1 neighbour of 1 query; 41.7 s")
        assert (
            "1 duplicate row, 1 query with a row nearer than 0.5000, 1 constant feature, 1 row dropped for values that "
            "are not finite." in text
        )


class TestPage:
    def test_ids_are_unique_and_every_link_and_label_has_its_target(self, page):
        ids = [element["id"] for element in page.elements if "id" in element]
        assert len(ids) == len(set(ids))
        for link in page.all("a"):
            assert link["href"].startswith("#")
            assert link["href"][1:] in ids
        for element in page.elements:
            for target in element.get("aria-labelledby", "").split():
                assert target in ids

    def test_it_stands_alone(self, page):
        tags = {element["tag"] for element in page.elements}
        assert not tags & {"script", "img", "link", "iframe", "object", "use", "image"}
        for element in page.elements:
            assert not {"src", "srcset", "style", "onclick", "onload"} & set(element)
        text = page.all("style")[0]["text"]
        assert "url(" not in text
        assert "@import" not in text

    @pytest.mark.parametrize("name", PROFILES)
    def test_the_tables_are_those_of_the_json(self, name, pages):
        page, record = pages[name], PROFILES[name]().to_dict()
        cells = {cell["id"]: cell for cell in page.all("td")}
        expected = {}
        for column in COLUMNS:
            values = record["columns"][column.name]
            if all(value is None for value in values):
                continue
            for at, prefix in enumerate(record["prefixes"]):
                expected[f"cell-{column.name}-{prefix}"] = (
                    values[at],
                    *([record["columns"][column.low][at], record["columns"][column.high][at]] if column.low else []),
                )
        assert set(cells) == set(expected)
        for key, (value, *ends) in expected.items():
            numbers = select(cells[key]["inside"], "data")
            if value is None:
                assert not numbers
                assert cells[key]["text"] == "n/a"
            else:
                told = [value, *(ends if None not in ends else [])]
                assert [float(number["value"]) for number in numbers] == [float(number) for number in told]
                assert not any("inf" in number["value"] for number in numbers)  # of JavaScript it is no number
                style = COLUMN[key.split("-")[1]].style
                assert [number["text"] for number in numbers] == [
                    shown(float(number), style).replace("-", "−") for number in told
                ]

    @pytest.mark.parametrize("name", PROFILES)
    def test_rows_and_columns_are_headed(self, name, pages):
        profile, page = PROFILES[name](), pages[name]
        for table in page.all("table"):
            assert len(select(table["inside"], "caption")) == 1
            heads = [head for head in select(table["inside"], "th") if head["scope"] == "col"]
            sides = [head for head in select(table["inside"], "th") if head["scope"] == "row"]
            assert [side["text"] for side in sides] == [str(prefix) for prefix in profile.prefixes]
            assert len(select(table["inside"], "td")) == (len(heads) - 1) * len(sides)
            for head in heads[1:]:
                link = select(head["inside"], "a")[0]
                column = COLUMN[link["href"].removeprefix("#column-")]
                assert link["text"] == column.title
                meaning = page.elements[page.elements.index(page.all("dt", id=link["href"][1:])[0]) + 1]
                assert meaning["text"] == column.meaning

    @pytest.mark.parametrize("name", PROFILES)
    def test_each_sentence_links_to_its_numbers(self, name, pages):
        profile, page = PROFILES[name](), pages[name]
        section = page.all("section", id="verdict")[0]
        links = select(section["inside"], "a")
        expected = [
            (f"#cell-{column}-{prefix}", f"{COLUMN[column].title} at {prefix}: {shown(value, COLUMN[column].style)}")
            for finding in profile.verdict
            for column, prefix, value in zip(finding.columns, finding.prefixes, finding.values, strict=False)
            if finding.columns
        ]
        assert [(link["href"], link["text"]) for link in links] == expected
        items = [item for item in select(section["inside"], "li") if item.get("class") in {"good", "warning", "note"}]
        assert [item["class"] for item in items] == [finding.kind for finding in profile.verdict]
        for item, finding in zip(items, profile.verdict, strict=True):
            assert select(item["inside"], "p")[0]["text"] == f"{finding.kind.capitalize()}: {finding.text}"
        assert ("no verdict" in section["text"]) == (not profile.verdict)

    def test_each_sentence_of_measured_data_links_to_its_numbers(self):
        """An end of an interval stands in the cell of its column."""
        y = np.arange(200) % 2
        profile = fc.profile(np.random.default_rng(0).normal(size=(200, 6)) + y[:, None], y)
        assert {"lda_accuracy", "lda_low", "lda_high"} <= {name for found in profile.verdict for name in found.columns}
        page = Page(render_page(profile))
        section = page.all("section", id="verdict")[0]
        items = [item for item in select(section["inside"], "li") if item.get("class") in {"good", "warning", "note"}]
        for item, finding in zip(items, profile.verdict, strict=True):
            linked = {link["href"] for link in select(item["inside"], "a")}
            for name, prefix, value in zip(finding.columns, finding.prefixes, finding.values, strict=True):
                (column,) = (column for column in COLUMNS if name in (column.name, column.low, column.high))
                cell = f"cell-{column.name}-{prefix}"
                assert f"#{cell}" in linked
                number = select(page.all("td", id=cell)[0]["inside"], "data")[
                    (column.name, column.low, column.high).index(name)
                ]
                assert (float(number["value"]), number["text"]) == (value, shown(value, column.style))

    def test_landmarks_headings_and_names_of_figures(self, page):
        assert [element["tag"] for element in page.elements if element["tag"] in {"header", "nav", "main", "h1"}] == [
            "header", "h1", "nav", "main",
        ]  # fmt: skip
        assert page.all("html")[0]["lang"] == "en"
        assert page.all("a")[0]["class"] == "skip"
        for section in page.all("section"):
            assert select(section["inside"], "h2")[0]["id"] == section["aria-labelledby"]
        for drawing in page.all("svg"):
            if drawing.get("aria-hidden") == "true":
                continue
            assert drawing["role"] == "img"
            title, about = drawing["aria-labelledby"].split()
            assert page.all("title", id=title)[0]["text"]
            assert re.search(r"\d( %)? at \d", page.all("desc", id=about)[0]["text"])
        for box in page.all("div", role="region"):
            assert box["tabindex"] == "0"

    @pytest.mark.parametrize("name", PROFILES)
    def test_what_is_sampled_says_so(self, name, pages):
        page = pages[name]
        main = page.all("main")[0]["text"]
        assert ("sampled" in main) == (name == "sampled")
        if name == "sampled":
            heads = [head for head in page.all("th") if "sampled" in head["text"]]
            assert len(heads) == 6
            assert sum("sampled" in caption["text"] for caption in page.all("figcaption")) == 3
            assert sum(", sampled" in title["text"] for title in page.all("title")) == 3

    def test_groups_in_order_and_labels_only_where_there_are_some(self, pages):
        for name, page in pages.items():
            ids = [section["id"] for section in page.all("section")]
            groups = [group for group in GROUPS if group != "labels" or PROFILES[name]().labels]
            assert ids == ["verdict", "quality", *groups, "run"]

    def test_silence_is_told(self, pages):
        for group in ("contrast", "spread", "neighbors"):
            assert "The data support no number here." in pages["silent"].all("section", id=group)[0]["text"]
        labels = pages["broken"].all("section", id="labels")[0]["text"]
        assert "No number at any prefix: LDA, twice the rows." in labels

    def test_faults_of_the_rows(self, pages):
        text = " ".join(pages["exact"].all("section", id="quality")[0]["text"].split())
        assert "Duplicate rows37 (0.18 %)" in text
        assert "112 of 2 048 queries (nearer than 0.02130)" in text
        assert "17, dead <unit>, 401" in text
        assert "3, 99, 1204" in text
        quality = replace(make_profile().quality, n_non_finite=5000)
        assert "the first 3" in Page(render_page(make_profile(quality=quality))).all("section", id="quality")[0]["text"]

    def test_without_votes_no_number_of_features_is_their_best(self, pages):
        profile, best = make_profile(), "k nearest rows are best at"
        assert best in pages["exact"].all("section", id="labels")[0]["text"]
        silent = Page(render_page(replace(profile, labels=replace(profile.labels, knn_peak=None))))
        assert best not in silent.all("section", id="labels")[0]["text"]

    def test_nothing_that_a_user_names_becomes_markup(self):
        evil = "<script>alert(1)</script>&\"'--><b>"
        labels = LabelSummary((evil, "b"), 0.5, 1, 1, None, 1)
        quality = replace(silent_profile().quality, constant_features=(evil,))
        verdict = (Finding("note", evil, (), (), ()),)
        text = render_page(replace(silent_profile(), labels=labels, quality=quality, verdict=verdict), evil)
        page = Page(text)
        assert "<script" not in text
        assert not page.all("script")
        assert not page.all("b")
        assert page.all("h1")[0]["text"] == f"Profile of {evil}"
        assert sum(evil in paragraph["text"] for paragraph in page.all("p")) == 3

    def test_a_name_that_is_no_text_is_written_all_the_same(self, tmp_path):
        silent_profile().to_html(tmp_path / "page.html", name="caf\udce9")
        assert "Profile of caf?" in (tmp_path / "page.html").read_text(encoding="utf-8")

    def test_without_a_name(self):
        assert "<title>Profile</title>" in render_page(silent_profile())


class TestFigures:
    @pytest.mark.parametrize("name", PROFILES)
    @pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.key)
    def test_all_lies_within_the_frame(self, name, panel):
        profile = PROFILES[name]()
        drawing = draw_panel(panel, profile)
        if drawing is None:
            assert profile.prefixes.size == 1 or all(
                np.isnan(profile.columns[column]).all() for column, _ in panel.measured + panel.expected
            )
            return
        for curve in drawing.curves:
            points = re.findall(r"([\d.-]+) ([\d.-]+)", curve.path + curve.band)
            assert points
            for x, y in points:
                assert drawing.left < float(x) < drawing.right <= WIDTH
                assert drawing.top - 0.1 <= float(y) <= drawing.bottom + 0.1 < HEIGHT
        assert 2 <= len(drawing.y_ticks) <= 7
        for tick in drawing.y_ticks:
            assert drawing.top - 0.1 <= tick.at <= drawing.bottom + 0.1
        labelled = [tick for tick in drawing.x_ticks if tick.label]
        assert labelled[-1].label == str(profile.prefixes[-1])
        for one, other in pairwise(labelled):
            assert other.at - one.at > 3.3 * (len(one.label) + len(other.label))

    def test_points_stand_where_their_numbers_are(self):
        profile = make_profile()
        drawing = draw_panel(PANEL["contrast"], profile)
        at_0, at_1 = drawing.y_ticks[0].at, drawing.y_ticks[-1].at
        assert (drawing.y_ticks[0].label, drawing.y_ticks[-1].label) == ("0 %", "100 %")
        xs = [tick.at for tick in drawing.x_ticks]
        for curve, column in zip(drawing.curves, ("contrast", "query_contrast", "null_contrast"), strict=True):
            for mark, x, prefix, value in zip(curve.marks, xs, EMBEDDING, profile.columns[column], strict=True):
                assert mark.x == x
                assert mark.y == pytest.approx(at_0 + value * (at_1 - at_0))
                assert mark.text == f"{curve.label}, {prefix} features: {shown(value, 'share')}"
        assert [curve.css for curve in drawing.curves] == ["measured-0", "measured-1", "expected-0"]
        # A doubling of the prefix is one length, everywhere on the axis.
        steps = [xs[EMBEDDING.index(2 * p)] - xs[EMBEDDING.index(p)] for p in (2, 4, 8, 16, 32, 64, 128, 256, 384)]
        assert np.ptp(steps) < 1e-9

    def test_distances_are_on_a_logarithmic_axis_without_those_that_are_zero(self):
        prefixes = (1, 2, 4, 8)
        columns = {"nearest": np.array([0.0, 0.0, 0.1, 0.4]), "farthest": np.array([1.0, 10.0, 100.0, 1000.0])}
        drawing = draw_panel(PANEL["distances"], replace(make_profile(prefixes, verdict=()), columns=columns))
        farthest, nearest = drawing.curves
        assert np.ptp(np.diff([mark.y for mark in farthest.marks])) < 1e-9
        assert [mark.text.split()[1] for mark in nearest.marks] == ["4", "8"]
        assert [tick.label for tick in drawing.y_ticks] == ["0.1", "1", "10", "100", "1000"]

    def test_bands_run_along_both_ends_and_gaps_stay_open(self):
        value = np.array([1.0, 2.0, np.nan, 4.0, 5.0, 6.0])
        columns = {"twonn": value, "twonn_low": value - 0.5, "twonn_high": value + 0.5}
        columns["twonn_high"][4] = np.nan
        columns["twonn_low"][2], columns["twonn_high"][2] = 2.5, 3.5  # without a number between them
        profile = replace(make_profile((1, 2, 3, 4, 5, 6), verdict=()), columns=columns)
        (curve,) = draw_panel(PANEL["twonn"], profile).curves
        assert curve.path.count("M") == 2
        assert [piece.count("L") + 1 for piece in curve.path.split("M")[1:]] == [2, 3]
        bands = curve.band.split("Z")[:-1]
        assert [band.count("L") + 1 for band in bands] == [4, 4, 4]  # prefixes 1 and 2; bars at 4 and at 6
        top, bottom = (float(band.split("L")[at].split()[1]) for band, at in ((bands[0], 1), (bands[0], 2)))
        assert top < curve.marks[1].y < bottom

    def test_the_same_axis_for_both_intrinsic_dimensions_and_their_intervals(self):
        columns = {"twonn": np.array([1.0, 2.0]), "levina_bickel": np.array([5.0, 20.0])}
        columns |= {"levina_bickel_low": np.array([3.0, 1.0]), "levina_bickel_high": np.array([9.0, 70.0])}
        profile = replace(make_profile((1, 2), verdict=()), columns=columns)
        one, other = draw_panel(PANEL["twonn"], profile), draw_panel(PANEL["levina"], profile)
        assert one.y_ticks == other.y_ticks
        assert [tick.label for tick in one.y_ticks] == ["0", "20", "40", "60", "80"]

    def test_of_many_prefixes_only_some_have_ticks_and_only_lone_points_a_mark(self):
        profile = PROFILES["every-prefix"]()
        drawing = draw_panel(PANEL["dimension"], profile)
        assert all(tick.label for tick in drawing.x_ticks)
        assert drawing.curves[0].marks == []
        columns = {"effective_dimension": np.where(np.isin(np.arange(200), [6, 8]), np.nan, 1.0)}
        (curve,) = draw_panel(PANEL["dimension"], replace(profile, columns=columns, verdict=())).curves
        assert [mark.text for mark in curve.marks] == ["effective dimension, 8 features: 1.00"]

    @pytest.mark.parametrize(
        ("scale", "values", "labels"),
        [
            ("zero", [3.0, 3.0], ["0", "1", "2", "3"]),
            ("zero", [0.0, 0.0], ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
            ("zero", [-1.5, 2.0], ["−2", "−1", "0", "1", "2"]),
            ("fit", [7.0, 7.0], ["7", "8", "9", "10"]),
            ("z", [0.1, 0.2], ["−2", "0", "2"]),
            ("log", [5.0, 5.0], ["2", "5", "10"]),
            ("log", [0.0, 0.0], ["0.1", "0.2", "0.5", "1"]),
            ("log", [1e-8, 1e8], ["1e-08", "1e-05", "0.01", "10", "10000", "1e+07"]),
        ],
    )
    def test_axes(self, scale, values, labels):
        panel = Panel("k", "spread", "t", "number", scale, (("cv", "cv"),))
        profile = replace(make_profile((1, 2), verdict=(), labels=False), columns={"cv": np.array(values)})
        drawing = draw_panel(panel, profile)
        assert [tick.label for tick in drawing.y_ticks] == [label.replace("e-", "e−") for label in labels]

    def test_the_majority_is_drawn_where_it_is(self):
        drawing = draw_panel(PANEL["accuracy"], make_profile())
        ticks = {tick.label: tick.at for tick in drawing.y_ticks}
        unit = (ticks["40 %"] - ticks["20 %"]) / 20
        assert drawing.chance.at == pytest.approx(ticks["20 %"] - 2 * unit)

    def test_the_description_quotes_first_and_last(self):
        drawing = draw_panel(PANEL["dimension"], make_profile((1, 2, 4)))
        assert drawing.description == "effective dimension: 1.66 at 1, 3.58 at 4."
        broken = draw_panel(PANEL["hubness"], PROFILES["broken"]())
        assert math.isnan(PROFILES["broken"]().columns["hubness_skewness"][0])
        assert re.fullmatch(r"skewness: [\d.]+ at [2358], [\d.]+ at 13\.", broken.description)
