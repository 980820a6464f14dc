"""Any arguments: exit code 0, 1 or 2, with 2 one line on stderr, and never a traceback."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import costly

from fastcurse import cli
from fastcurse.report import article, scaling

# Letters of any kind, and bytes that are no text, as Python shows them; no slash: files stay in the folder.
WORD = st.text(
    st.one_of(st.characters(exclude_characters="/\0", codec="utf-8"), st.sampled_from("\udc80\udcff-=,:.1e")),
    max_size=8,
)
NUMBER = st.one_of(
    st.integers(-3, 30).map(str), st.floats(-2, 2).map(str),
    st.sampled_from(["nan", "inf", "-inf", "1e3", "1e400", "1_0", "٣", " 4", "0x10", "1" * 30, "1" * 5000, ""]),
)  # fmt: skip
PREFIXES = st.one_of(NUMBER, st.lists(NUMBER, min_size=2, max_size=4).map(",".join))
FILE = st.one_of(
    st.sampled_from(["X.npy", "X.csv", "y.csv", "few.csv", "words.csv", "nan.npy", "X.npz", "torn.npy", "folder",
                     "folder.csv", "missing.npy", "tied.npy", "wide.npy", "\udcff.npy", "huge.npy", ".", "-"]),
    WORD,
)  # fmt: skip
BOUND = st.one_of(NUMBER, st.tuples(NUMBER, NUMBER).map(":".join))
OPTIONS = {
    "distances": {"--prefixes": PREFIXES, "--threads": NUMBER, "--screen": st.sampled_from(["none", "int8", "x"]),
                  "--checkpoint": FILE, "--explain": None},
    "lda": {"--prefixes": PREFIXES, "--test-share": NUMBER, "--seed": NUMBER},
    "ball": {"--draws": NUMBER, "--method": st.sampled_from(["quasi", "telescoping", "x"]), "--confidence": NUMBER,
             "--seed": NUMBER, "--threads": NUMBER, "--checkpoint": FILE},
    "profile": {"--labels": FILE, "--prefixes": PREFIXES, "--k": NUMBER, "--queries": NUMBER, "--seed": NUMBER,
                "--metric": st.sampled_from(["euclidean", "cosine", "x"]), "--on-bad": st.sampled_from(["drop", "x"]),
                "--order": st.sampled_from(["pca", "variance", "random", "x"]), "--threads": NUMBER, "--html": FILE,
                "--json": FILE, "--min-overlap": BOUND, "--max-hubness": BOUND, "--min-accuracy": BOUND,
                "--min-contrast": BOUND, "--max-duplicates": NUMBER},
    "article": {"--output": FILE, "--quick": None, "--seed": NUMBER, "--only": WORD, "--repeats": NUMBER},
    "scaling": {"--output": FILE, "--quick": None, "--seed": NUMBER, "--threads": NUMBER},
}  # fmt: skip
POSITIONAL = {"distances": [FILE], "lda": [FILE, FILE], "ball": [NUMBER], "profile": [FILE]}


@st.composite
def command_lines(draw):
    command = draw(st.sampled_from(sorted(OPTIONS)))
    words = [draw(value) for value in POSITIONAL.get(command, [])]
    for option in draw(st.lists(st.sampled_from(sorted(OPTIONS[command])), max_size=4)):
        value = OPTIONS[command][option]
        words += [option] if value is None else [option, draw(value)]
    if draw(st.integers(0, 4)) == 0:  # something too much, or too little
        words = draw(st.permutations([*words, draw(WORD | st.sampled_from(["--help", "--version", "--"]))]))
        words = words[draw(st.integers(0, 1)) :]
    return [command, *words]


@pytest.fixture(scope="module")
def data_folder(tmp_path_factory):
    """A folder of data, and experiments that do nothing."""
    here, folder = Path.cwd(), tmp_path_factory.mktemp("here")
    os.chdir(folder)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 4))
    np.save("X.npy", X)
    np.savez("X.npz", X)
    np.save("nan.npy", np.where(np.arange(96).reshape(24, 4) == 5, np.nan, X))
    np.save("tied.npy", np.zeros((24, 4)))
    np.save("wide.npy", rng.normal(size=(5, 40)))
    np.save("huge.npy", X * 1e160)
    np.savetxt("X.csv", X, delimiter=",")
    Path("torn.npy").write_bytes(Path("X.npy").read_bytes()[:300])
    Path("y.csv").write_text("0\n1\n" * 12)
    Path("few.csv").write_text("0\n1\n" * 3)
    Path("words.csv").write_text("kind\n" + "ash\nbeech\n" * 12)
    Path("folder").mkdir()
    Path("folder.csv").mkdir()

    def refuse(*arguments, **options):
        raise ValueError("not run here")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(article, "run_article", refuse)
        patch.setattr(scaling, "run_scaling", refuse)
        yield folder
    os.chdir(here)


def run(words):
    """Return the exit code and what was written to stderr, both streams as they are in a terminal."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors) for errors in ("strict", "backslashreplace"))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as stopped:
        cli.main(words)
    err.flush()
    return stopped.value.code, err.buffer.getvalue().decode()


@costly(25)
@given(words=command_lines())
def test_any_arguments_end_well(data_folder, words):
    before = {path: path.read_bytes() for path in data_folder.iterdir() if path.is_file()}
    try:
        code, err = run(words)
        assert code in (0, 1, 2)
        assert "Traceback" not in err
        if code == 2:
            assert err.startswith("fastcurse: ")
            assert err.count("\n") == 1
    finally:
        for path in set(data_folder.iterdir()) - set(before):
            if path.name not in ("folder", "folder.csv"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path, content in before.items():
            path.write_bytes(content)


@given(words=st.lists(WORD, max_size=4))
def test_any_words_end_well(data_folder, words):
    code, err = run(words)
    assert code in (0, 2)
    assert "Traceback" not in err
    assert err.count("\n") <= 1


@pytest.mark.parametrize("words", [["ball", "3"], ["profile", "X.npy"], ["distances", "X.npy", "--explain"], []])
def test_no_command_loses_its_result_where_stdout_is_closed(data_folder, words):
    err = io.StringIO()
    with contextlib.redirect_stdout(None), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert (stopped.value.code, err.getvalue()) == (2, "fastcurse: stdout must be open, got one that is closed\n")
