"""The checks of arguments that several layers share: each message names the argument, the rule and the value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fastcurse import _validation

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1, 2, 3]})


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME.assign(b=pd.Series([1, "u", 2], dtype=object)), r"'u' \(str\) at row 1, column 1 \('b', dtype object\)"),
        (FRAME.assign(c=["x", "y", "z"]), r"'x' \(str\) at row 0, column 2 \('c', dtype (str|object)\)"),
        (FRAME.assign(a=pd.Categorical(["x", "y", "x"])), r"at row 0, column 0 \('a', dtype category\)"),
        (
            FRAME.assign(a=pd.array([1.5, None, 2.5], dtype="Float64")),
            r"<NA> .*at row 1, column 0 \('a', dtype Float64\)",
        ),
        (FRAME.assign(a=[True, False, True]), r"though its elements are numbers; pass T\.astype\(float\)"),
    ],
)
def test_columns_of_a_frame_are_named(frame, message):
    with pytest.raises(
        TypeError, match=r"^T must hold real numbers \(float, int or bool\), got dtype object.*" + message
    ):
        _validation.check_points(frame, "T")


def test_frames_of_numbers_are_read():
    assert (_validation.check_points(FRAME) == FRAME.to_numpy()).all()


def test_messages_are_one_line():
    with pytest.raises(TypeError) as error:
        _validation.check_points(np.full((4, 2), "a"))
    assert "\n" not in str(error.value)


def test_labels_and_classes():
    assert _validation.check_labels(pd.Series(["b", "a"]).astype("category"), 2).tolist() == ["b", "a"]
    assert _validation.check_labels([[1], [2]], 2).tolist() == [1, 2]
    assert _validation.check_labels([1, 1], 2).tolist() == [1, 1]
    classes, codes = _validation.check_classes(np.array([5.0, 2.0, 5.0]))
    assert (classes.tolist(), codes.tolist()) == ([2.0, 5.0], [1, 0, 1])
    with pytest.raises(ValueError, match=r"^L must have one label a row: D has 3 rows, L has 2$"):
        _validation.check_labels([1, 2], 3, "L", "D")
    with pytest.raises(ValueError, match=r"^L must hold at least 2 classes, got 1 class: 'a'$"):
        _validation.check_classes(np.array(["a", "a"]), "L")
