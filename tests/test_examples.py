"""Every example runs at small size and writes its figure; README.md's generated parts are up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fastcurse as fc

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if path.stem != "readme")


def test_there_is_an_example_for_each_experiment():
    text = "".join(path.read_text(encoding="utf-8") for path in EXAMPLES)
    for name in (*fc.experiments.ALL, *fc.experiments.REMEDIES):
        assert f"experiments.{name}.run(" in text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_writes_its_figure(path, tmp_path):
    done = subprocess.run(
        [sys.executable, str(path), "--quick"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "all checks hold" in done.stdout
    assert (tmp_path / f"{path.stem}.png").stat().st_size > 10_000


def test_readme_is_up_to_date_with_the_committed_numbers():
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "readme.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_examples_use_the_public_interface_only():
    for path in EXAMPLES:
        text = path.read_text(encoding="utf-8")
        assert "import fastcurse as fc" in text
        assert "fastcurse." not in text.replace("import fastcurse as fc", "")
