"""README.md as a stranger reads it: its Python runs, its commands exist, nothing public is missing."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import fastcurse as fc
from fastcurse.cli import cli

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_its_python_runs(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), names)
    ext = names["ext"]
    assert fc.closest_pair(np.random.default_rng(0).uniform(-1, 1, (2000, 100)))[0] == ext.nearest[-1]
    assert names["stream"]._sample.n_rows == 1500
    printed = capsys.readouterr().out
    assert "features predict best" in printed
    assert str(names["profile"].summary()) in printed


def test_it_names_all_that_is_public():
    missing = {name for name in fc.__all__ if not re.search(rf"`(?:fc\.)?{name}\b", README)}
    assert missing == {"__version__"}
    assert not [name for name in cli.commands if f"`fastcurse {name}`" not in README]


def commands():
    """Yield the words of every line that calls the command: in blocks, and between backquotes."""
    lines = [line for block in blocks("sh") for line in re.split(r"\n|&&", block)]
    lines += re.findall(r"`(fastcurse [^`]*)`", README)
    for line in lines:
        words = shlex.split(line, comments=True)
        if words and words[0] == "fastcurse":
            yield words


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_its_commands_exist(words):
    command = cli.commands[words[1]]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words[2:] if word.startswith("--")} <= options


def test_gates_that_it_names_exist():
    options = {option for parameter in cli.commands["profile"].params for option in parameter.opts}
    assert set(re.findall(r"--(?:min|max)-\w+", README)) == {o for o in options if o.startswith(("--min", "--max"))}


def test_its_links_lead_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert len(links) >= 4
    assert not [link for link in links if not (ROOT / link).exists()]
