"""The checks of arguments that several layers share: each message names the argument, the rule and the value."""

from __future__ import annotations

import re
import warnings
from fractions import Fraction

import distributed
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
    with pytest.raises(
        ValueError, match=r"^L must hold whole numbers or strings, got 0\.5 at row 2 \(Unknown label type"
    ):
        _validation.check_classes(np.array([0.0, 1.0, 0.5]), "L")


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["2020-01-01", "NaT"], dtype="M8[D]"), np.array([1, 2], dtype="m8[s]"), np.array([1j, 2]),
        np.array([b"a", b"b"]).astype("V3"), np.array([(1, 2), (3, 4)], dtype=[("a", int), ("b", int)]),
    ],
    ids=["datetime64", "timedelta64", "complex128", "void", "records"],
)  # fmt: skip
def test_labels_are_numbers_or_strings(labels):
    with pytest.raises(TypeError, match=rf"^L must hold numbers or strings, got dtype {re.escape(str(labels.dtype))}$"):
        _validation.check_labels(labels, 2, "L")


@pytest.mark.skipif(not hasattr(np.dtypes, "StringDType"), reason="NumPy 2")
def test_labels_of_strings_of_any_length():
    labels = _validation.check_labels(np.array(["b", "a"], dtype=np.dtypes.StringDType()), 2)
    assert (labels.tolist(), labels.dtype) == (["b", "a"], object)
    missing = np.array(["b", np.nan], dtype=np.dtypes.StringDType(na_object=np.nan))
    with pytest.raises(TypeError, match=r"with dtype object only strings, got nan \(float\) at row 1"):
        _validation.check_labels(missing, 2)


@pytest.mark.parametrize("least", [2**63, 2**64 - 1])
def test_prefixes_fit_into_64_bits(least):
    assert _validation.check_prefixes(np.array([1, 2**63 - 1], dtype=np.uint64), None).tolist() == [1, 2**63 - 1]
    with pytest.raises(ValueError, match=rf"^prefixes must be below 2\^63, got {least}$"):
        _validation.check_prefixes(np.array([1, least], dtype=np.uint64), None)
    with pytest.raises(ValueError, match=rf"^prefixes must lie between 1 and n_features = 9, got {least}$"):
        _validation.check_prefixes(np.array([1, least], dtype=np.uint64), 9)


@pytest.mark.parametrize("prefixes", [[2**70], [1, 2**63], [2, 2**64], (np.int64(1), 2**70)])
def test_prefixes_beyond_64_bits_are_out_of_range(prefixes):
    for n_features, rule in ((None, r"be below 2\^63"), (9, "lie between 1 and n_features = 9")):
        with pytest.raises(ValueError, match=rf"^prefixes must {rule}, got {prefixes[-1]}$"):
            _validation.check_prefixes(prefixes, n_features)
    assert _validation.check_prefixes(np.array([1, 9], dtype=object), 9).dtype == np.int64
    with pytest.raises(ValueError, match=f"^prefixes must be at least 1, got {-(2**70)}$"):
        _validation.check_prefixes([-(2**70)], None)
    with pytest.raises(ValueError, match=r"^prefixes must be below 2\^63, got a number of more digits than Python"):
        _validation.check_prefixes([10**9999], None)


@pytest.mark.parametrize("prefixes", [[True, 2**70], [1.0, 2**70], ["1", 2**70], [None]])
def test_prefixes_of_another_type_are_refused_as_such(prefixes):
    with pytest.raises(TypeError, match=r"^prefixes must be whole numbers, got .* \(dtype "):
        _validation.check_prefixes(prefixes, 9)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vectors_are_finite(bad):
    with pytest.raises(ValueError, match=f"^v has a {bad} at position 1; every value must be finite$"):
        _validation.check_vector([0.0, bad], "v", 2)


HUGE = 10**5000  # Python writes no such number


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: _validation.check_count(HUGE, "n", minimum=0, maximum=9),
            "n must be between 0 and 9, got a number of",
        ),
        (lambda: _validation.check_count(-HUGE, "n", minimum=0), "n must be at least 0, got a number of more digits"),
        (lambda: _validation.check_fraction(HUGE, "f"), "f must lie strictly between 0 and 1, got a number of more"),
        (lambda: _validation.check_fraction(10**400, "f"), "f must lie strictly between 0 and 1, got 1000.*"),
        (lambda: _validation.check_fraction(-(10**400), "f"), "f must lie strictly between 0 and 1, got -1000.*"),
        (lambda: _validation.check_fraction(Fraction(1, 10**400), "f"), "strictly between 0 and 1, got 0.0"),
        (lambda: _validation.check_fraction(np.longdouble("1e4000"), "f"), "strictly between 0 and 1, got inf"),
        (lambda: _validation.check_nonnegative(10**400, "x"), "x must be at least 0 and finite, got 1000"),
        (lambda: _validation.check_seed(-HUGE), "random_state must be at least 0, got a number of more digits"),
    ],
)
def test_numbers_too_large_for_anything(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("client", [5, "tcp://localhost:8786", object()])
def test_a_client_is_one_of_dask(client):
    with pytest.raises(
        TypeError, match="client must be a dask.distributed.Client or None, got .*" + type(client).__name__
    ):
        _validation.check_client(client)
    assert _validation.check_client(None) is None


def test_a_client_without_workers_is_refused_and_not_waited_for():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=None, silence_logs=50)
        with cluster, distributed.Client(cluster) as client:
            with pytest.raises(ValueError, match=r"client must have at least one worker, got none"):
                _validation.check_client(client)
            cluster.scale(1)
            client.wait_for_workers(1)
            assert _validation.check_client(client) is client
        with pytest.raises(ValueError, match="client must be running and synchronous, got status 'closed'"):
            _validation.check_client(client)
