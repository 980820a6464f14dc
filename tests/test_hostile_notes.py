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
from strategies import costly
from test_checkpoint_machine import WAYS

import fastcurse as fc
from fastcurse.engine import schedule
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
    try:
        found = fc.distance_extremes(points(way), checkpoint=path, **WAYS[way][1])
    except ValueError as error:
        assert str(error).startswith("checkpoint must be")  # noqa: PT017
    else:  # distances that there are, if perhaps not the extremes: nobody looks at what is noted as done
        assert (found.nearest >= expected.nearest).all()
        assert (found.farthest <= expected.farthest).all()
        assert found.stats.pairs == expected.stats.pairs
