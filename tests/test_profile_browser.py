"""The page of a profile in a headless Chromium: at the widths of a desk and a phone, light and dark, and printed."""

from __future__ import annotations

import base64
import re
import zlib

import pytest

from fastcurse.profile import COLUMNS
from tests.browser import Browser, find_browser
from tests.profiles import PROFILES

WIDTHS = {"desk": 1280, "phone": 390}
NAMES = ["sampled", "broken", "silent"]

CELLS = """[...document.querySelectorAll('td')].map(cell =>
  [cell.id, ...[...cell.querySelectorAll('data')].map(number => Number(number.value))])"""

# Text whose colour differs from what lies behind it by less than WCAG 2's ratio of 4.5.
FAINT = """(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = rgb(getComputedStyle(element).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || ['title', 'desc'].includes(element.localName)) continue;
    const style = getComputedStyle(element);
    const [one, other] = [rgb(element.localName === 'text' ? style.fill : style.color), behind(element)].map(light);
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faint.push([element.outerHTML.slice(0, 80), ratio]);
  }
  return faint;
})()"""

# Letters of one drawing that touch each other, or lie beyond the window.
CROWDED = """(() => {
  const crowded = [];
  for (const drawing of document.querySelectorAll('figure > svg')) {
    const boxes = [...drawing.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    boxes.forEach(([text, box], at) => {
      if (box.left < 0 || box.right > document.documentElement.clientWidth) crowded.push([text, 'outside']);
      for (const [other, beside] of boxes.slice(0, at))
        if (box.left < beside.right && beside.left < box.right && box.top < beside.bottom && beside.top < box.bottom)
          crowded.push([text, other]);
    });
  }
  return crowded;
})()"""

# Text that is wider than the box that should hold it; tables scroll in theirs.
CUT = """[...document.querySelectorAll('body *')].filter(element =>
  !element.closest('svg, table, .hidden, .skip, .scroll') && getComputedStyle(element).display !== 'inline'
  && element.scrollWidth > element.clientWidth + 1).map(element => element.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def browser():
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium is installed")
    with Browser(path) as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("pages")
    for name in (*NAMES, "every-prefix"):
        PROFILES[name]().to_html(path / f"{name}.html", name=f"{name}.npy")
    return path


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_sound(browser, folder, name, width, dark):
    browser.open(folder / f"{name}.html", width=width, dark=dark)
    requests = [e["params"]["request"]["url"] for e in browser.events if e["method"] == "Network.requestWillBeSent"]
    assert requests == [(folder / f"{name}.html").as_uri()]
    complaints = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}
    assert [event for event in browser.events if event["method"] in complaints] == []
    assert browser.run("innerWidth") == width
    assert browser.run("document.documentElement.scrollWidth") == width
    assert browser.run(FAINT) == []
    assert browser.run(CROWDED) == []
    assert browser.run(CUT) == []
    background = browser.run("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", background))) < 100) == dark
    record = PROFILES[name]().to_dict()
    expected = {
        f"cell-{column.name}-{prefix}": {None: [], "Infinity": [None]}.get(value, [value])  # the browser's infinity
        for column in COLUMNS
        for prefix, value in zip(record["prefixes"], record["columns"][column.name], strict=True)
        if any(value is not None for value in record["columns"][column.name])
    }
    assert {cell: numbers[:1] for cell, *numbers in browser.run(CELLS)} == expected


@pytest.mark.parametrize(("name", "prefix"), [("every-prefix", 200), ("every-prefix", 120), ("sampled", 768)])
def test_a_link_of_the_verdict_leads_to_its_number(browser, folder, name, prefix):
    browser.open(folder / f"{name}.html", width=390)
    plain = browser.run(f"getComputedStyle(document.getElementById('cell-cv-{prefix}')).backgroundColor")
    browser.run(f"location.hash = 'cell-cv-{prefix}'")
    cell = "document.querySelector('td:target')"
    assert browser.run(f"{cell}.id") == f"cell-cv-{prefix}"
    assert browser.run(f"getComputedStyle({cell}).backgroundColor") != plain
    heading = "document.querySelector('[href=\"#column-cv\"]')"
    for element in (cell, heading):  # the number, and what it is of
        top, bottom, left, right = browser.run(
            f"(box => [box.top, box.bottom, box.left, box.right])({element}.getBoundingClientRect())"
        )
        assert 0 < top < bottom < 900
        assert 0 < left < right < 390


def test_keys_reach_the_verdict_and_scroll_the_tables(browser, folder):
    browser.open(folder / "sampled.html", width=390)

    def press(key, code):
        for kind in ("rawKeyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code)

    press("Tab", 9)
    assert browser.run("document.activeElement.className") == "skip"
    assert browser.run("document.activeElement.getBoundingClientRect().left") > 0
    seen = []
    for _ in range(60):
        press("Tab", 9)
        seen.append(browser.run("document.activeElement.getAttribute('role') || document.activeElement.localName"))
        if seen[-1] == "region":
            break
    assert seen[-1] == "region"
    assert {"a", "summary"} < set(seen)
    assert browser.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_print_is_light_and_shows_what_is_folded(browser, folder):
    browser.open(folder / "sampled.html", width=700, dark=True, media="print")
    assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.run("document.querySelectorAll('details').length") == 7
    assert browser.run("document.querySelectorAll('details[open]').length") == 0
    shown = "[...document.querySelectorAll('dd, .names')].filter(e => e.checkVisibility({contentVisibilityAuto: true}))"
    assert browser.run(f"{shown}.length") == browser.run("document.querySelectorAll('dd, .names').length")
    assert browser.run("document.documentElement.scrollWidth") == 700
    browser.call("Emulation.setEmulatedMedia", media="", features=[])
    printed = base64.b64decode(browser.call("Page.printToPDF", preferCSSPageSize=True)["data"])
    assert 4 <= len(re.findall(rb"/Type\s*/Page\b", printed + _objects(printed))) <= 10


def _objects(printed):
    """Return the compressed parts of a PDF."""
    parts = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", printed, re.DOTALL)
    return b"".join(zlib.decompress(part) for part in parts if part[:1] == b"x")
