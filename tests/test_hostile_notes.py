"""Checkpoints that somebody forged, digest and all: refused, or of pairs that are there; never another error."""

from __future__ import annotations

import copy
import json
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outcomes import answer_or_refusal
from strategies import costly
from test_checkpoint_machine import WAYS

import fastcurse as fc
from fastcurse.engine import notes, schedule
from fastcurse.engine.checkpoint import Checkpoint

ODD = [
    -1, 0, 1, 2, 8, 2**31, 2**40, 2**63, 10**400, -0.5, 0.0, 1e308, np.nan, np.inf, -np.inf, True, None, "", "x", "all",
    [], {}, [[]], [1], [0, 1], [1, 0], [10**9] * 2, [[0, 1]], [0.5], [None], {"done": 1},
]  # fmt: skip


def points(way):
    shape, _, whole = WAYS[way]
    X = np.random.default_rng(7).random((shape[0] // 2, shape[1]), dtype=np.float32)
    return np.round(X) if whole else X


@cache
def searched(way):
    """Return the answer, the work, and all states that a search saves on its way."""
    states, save = [], Checkpoint.save

    def keep(self, state):
        save(self, state)
        states.append(json.loads(self.path.read_text())["state"])

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(schedule, "_SAVE_SECONDS", -1.0)
        patch.setattr(Checkpoint, "save", keep)
        path = Path(folder) / "state"
        expected = fc.distance_extremes(points(way), checkpoint=path, **WAYS[way][1])
        return expected, json.loads(path.read_text())["work"], [state for state in states if state]


@st.composite
def forged(draw, state):
    """Draw the state with one or two of its parts replaced, swapped, left out or doubled."""
    state = copy.deepcopy(state)
    for _ in range(draw(st.integers(1, 2))):
        node = state
        while isinstance(node, (dict, list)) and node:
            keys = sorted(node) if isinstance(node, dict) else range(len(node))
            at = draw(st.sampled_from(keys))
            if not isinstance(node[at], (dict, list)) or not node[at] or draw(st.integers(0, 3)) == 0:
                how = draw(st.sampled_from(["put", "put", "put", "other", "remove"]))
                if how == "remove":
                    del node[at]
                else:
                    node[at] = copy.deepcopy(
                        draw(st.sampled_from(ODD if how == "put" else [node[key] for key in keys]))
                    )
                break
            node = node[at]
    return state


@pytest.mark.filterwarnings("default::RuntimeWarning")
@pytest.mark.parametrize("way", range(len(WAYS)))
@costly(5)
@given(data=st.data())
def test_forged_notes(tmp_path_factory, way, data):
    expected, work, states = searched(way)
    path = tmp_path_factory.getbasetemp() / f"forged{way}"
    Checkpoint(path, work).save(data.draw(forged(data.draw(st.sampled_from(states)))))
    found, refusal = answer_or_refusal(lambda: fc.distance_extremes(points(way), checkpoint=path, **WAYS[way][1]))
    if refusal:
        assert refusal.startswith("checkpoint must be")
    else:  # distances that there are, if perhaps not the extremes: nobody looks at what is noted as done
        assert (found.nearest >= expected.nearest).all()
        assert (found.farthest <= expected.farthest).all()
        assert found.stats.pairs == expected.stats.pairs


@pytest.mark.parametrize("way", [1, 3])
def test_a_distance_that_no_pair_has(tmp_path, way):
    """All tiles are said to be done, and the nearest pair to be nearer than it is."""
    _, work, states = searched(way)
    state = copy.deepcopy(states[-1])
    for note in state.values():
        side = note.get("state", note)["nearest"]
        side[0] = 0.5 * side[0]
    Checkpoint(tmp_path / "state", work).save(state)
    with pytest.raises(ValueError, match="checkpoint must be a file that fastcurse wrote"):
        fc.distance_extremes(points(way), checkpoint=tmp_path / "state", **WAYS[way][1])


@pytest.mark.parametrize("note", [[1.5], [True], ["1"], [None], [2**63], [-1], [5], [1, 2], 1, [[1]], [10**400]])
def test_what_is_no_whole_number_below_5(note):
    assert notes.whole_numbers([4], (1,), below=5).tolist() == [4]
    with pytest.raises((TypeError, ValueError)):
        notes.whole_numbers(note, (1,), below=5)


@pytest.mark.parametrize("note", [[1], ["1.5"], [np.nan], [1.5, 2.5], 1.5, [None]])
def test_what_is_no_distance(note):
    assert notes.distances([np.inf], (1,)).tolist() == [np.inf]
    with pytest.raises((TypeError, ValueError)):
        notes.distances(note, (1,))


@pytest.mark.parametrize("note", [1, "true", None])
def test_what_is_not_true_or_false(note):
    assert notes.truth(True)
    with pytest.raises(TypeError):
        notes.truth(note)
