"""The same bits whatever the threads, tiles, layout, type, screen, engine, vectors, and wherever it was interrupted.

All combinations together are some 10⁵. What such a choice can break shows where two choices meet, seldom only where
three do, so each table below holds every two of its choices together, and with FASTCURSE_TOGETHER=3 in the environment
every three, which takes five times as long. `covering` makes the rows anew on each run, always alike. Values are those
of any of the types, so that the answer is one and is compared byte by byte with the definition where there is one, else
with the first row's.
"""

from __future__ import annotations

import functools
import itertools
import os
import pickle
import subprocess
import sys
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

import fastcurse as fc
from fastcurse._kernels import balls as ball_kernels
from fastcurse._kernels import simd
from fastcurse.balls import _hit_or_miss
from fastcurse.discriminant import _model, _moments
from fastcurse.distances import _paths
from fastcurse.engine import (
    approximation,
    neighbor_scan,
    pair_scan,
    pair_search,
    prefix_search,
    schedule,
    screened_scan,
    search_plan,
    tiles,
)
from fastcurse.engine.checkpoint import Checkpoint
from fastcurse.engine.threads import thread_limit
from fastcurse.experiments._augmented_sums import CopySums
from fastcurse.reference import distances as distances_reference
from fastcurse.reference import neighbors as neighbors_reference

TOGETHER = int(os.environ.get("FASTCURSE_TOGETHER", "2"))
THREADS = (1, 2, 3, 8)
LAYOUTS = ("C", "Fortran", "strided", "reversed", "read-only", "memmap", "Fortran memmap")
DTYPES = ("<f8", "<f4", "<i8", ">f4")
BITS = (128, 256, 512)
TABLES = []


def covering(strength, **axes):
    """Return rows, a dict each, that hold every `strength` choices of different axes together, each the best of ten."""
    rng, names = np.random.default_rng(0), list(axes)
    together = list(itertools.combinations(names, strength))
    missing = dict.fromkeys((some, chosen) for some in together for chosen in itertools.product(*map(axes.get, some)))

    def held(row):
        return [at for at in ((some, tuple(map(row.get, some))) for some in together) if at in missing]

    rows = []
    while missing:
        some, chosen = next(iter(missing))
        drafts = [{name: axes[name][rng.integers(len(axes[name]))] for name in names} for _ in range(10)]
        rows.append(
            max((draft | dict(zip(some, chosen, strict=True)) for draft in drafts), key=lambda row: len(held(row)))
        )
        for at in held(rows[-1]):
            del missing[at]
    return rows


def named(row):
    return ", ".join(f"{name} {value}" for name, value in row.items())


def table(**axes):
    TABLES.append(axes)
    return pytest.mark.parametrize("row", covering(TOGETHER, **axes), ids=named)


def same_bytes(first, second):
    first, second = np.asarray(first), np.asarray(second)
    return (first.dtype, first.shape, first.tobytes()) == (second.dtype, second.shape, second.tobytes())


# The data: whole numbers that float32 holds.


@functools.cache
def cloud(kind):
    if kind.endswith(" wide"):  # enough features for BLAS to sum in another order where it can
        return cloud(kind.removesuffix(" wide")).reshape(-1, 30)
    rng, shape = np.random.default_rng(7), (1100, 12)
    if kind == "ties":
        return rng.integers(0, 3, shape).astype(float)
    if kind == "near":  # hardly a sum is rounded, and few pairs come near the extremes
        return np.rint(rng.normal(size=shape) * 2.0**20).astype(np.float32).astype(float)
    # Eleven bits times 2^0 .. 2^40: squares and all sums are rounded, each in a way of its own.
    return rng.integers(-1024, 1024, shape) * 2.0 ** rng.integers(0, 41, shape)


@functools.cache
def laid_out(kind, n_rows, dtype, layout, folder):
    X = cloud(kind)[:n_rows].astype(dtype)
    assert np.array_equal(X, cloud(kind)[:n_rows])
    if layout == "Fortran":
        return np.asfortranarray(X)
    if layout == "strided":
        wide = np.zeros((2 * n_rows, 3 * X.shape[1]), dtype=dtype)
        wide[::2, ::3] = X
        return wide[::2, ::3]
    if layout == "reversed":
        return np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1]
    if layout == "read-only":
        X.setflags(write=False)
        return X
    if "memmap" in layout:
        path = folder / f"{kind} {n_rows} {dtype[1:]} {dtype[0] == '>'} {layout}.npy"
        np.save(path, np.asfortranarray(X) if "Fortran" in layout else X)
        return np.load(path, mmap_mode="r")
    return X


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("agnosticism")


def test_every_three_choices_are_together():
    axes = {"a": (1, 2, 3), "b": "xyz", "c": (True, False), "d": (0, 1)}
    rows = covering(3, **axes)
    for some in itertools.combinations(axes, 3):
        assert {tuple(row[name] for name in some) for row in rows} == set(itertools.product(*(axes[n] for n in some)))
    assert 18 <= len(rows) < 36  # that two axes of three take, and all combinations
    assert rows == covering(3, **axes)


# Distances of pairs.

EVERY, FEW = 300, 1100  # rows: for all prefixes, and for searches of several tiles at any width of vectors
# Few: a search for each where bytes are multiplied in one instruction, else one scan. One: a search by any screen.
ASKED = {"every": (EVERY, None), "few": (FEW, [5, 12]), "one": (FEW, [5])}
TILES = {
    "as they are": [],
    "smallest": [
        (pair_scan, "PAIR_FEATURES_A_TILE", 1), (pair_scan, "_BYTES_A_BATCH", 2**17), (tiles, "_VALUES_A_BLOCK", 1),
        (screened_scan, "PAIR_FEATURES_A_TILE", 1), (screened_scan, "_SMALLEST_TILE", 1),
        (screened_scan, "_CAPACITY", 1), (screened_scan, "_CACHE_BYTES", 1), (screened_scan, "_BYTES_A_BATCH", 2**12),
        (pair_search, "_CAPACITY", 1), (pair_search, "_TILES_A_CALL", 1), (pair_search, "_TILES_A_BATCH", 1),
        (pair_search, "_FIRST_PAIR_FEATURES", 1), (pair_search, "_VALUES_A_CHUNK", 1),
        (approximation, "_VALUES_A_BLOCK", 1),
    ],
    "odd": [
        (pair_scan, "PAIR_FEATURES_A_TILE", 20_011), (pair_scan, "_BYTES_A_BATCH", 50_021),
        (tiles, "_VALUES_A_BLOCK", 1009), (screened_scan, "PAIR_FEATURES_A_TILE", 20_011),
        (screened_scan, "_SMALLEST_TILE", 10_007), (screened_scan, "_CAPACITY", 37),
        (screened_scan, "_CACHE_BYTES", 5003), (screened_scan, "_BYTES_A_BATCH", 16 * 37 * 7),
        (screened_scan, "_SEEDS", 3), (pair_search, "_CAPACITY", 101), (pair_search, "_TILES_A_CALL", 2),
        (pair_search, "_TILES_A_BATCH", 3), (pair_search, "_MOST_ITEMS", 5), (pair_search, "_VALUES_A_CHUNK", 1009),
        (approximation, "_VALUES_A_BLOCK", 7001),
    ],
}  # fmt: skip
PAIRS = {
    "prefixes": tuple(ASKED), "cloud": ("ties", "near", "far"), "screen": ("auto", "none", "float32", "int8"),
    "threads": (*THREADS, 100), "tiles": tuple(TILES), "layout": LAYOUTS, "dtype": DTYPES, "bits": BITS,
}  # fmt: skip
WORKERS = {**PAIRS, "threads": THREADS, "begins": ("here", "there", "nowhere")}
SIDES = ("nearest", "farthest", "nearest_pair", "farthest_pair")


@functools.cache
def definition(kind, n_rows):
    """Extremes (4, n_features) at every prefix: the definition, a row against all later ones at a time."""
    X = cloud(kind)[:n_rows]
    found = []
    for best, beats in ((np.inf, np.less), (-np.inf, np.greater)):
        value, pair = np.full(X.shape[1], best), np.zeros((X.shape[1], 2), dtype=np.int64)
        for i in range(n_rows - 1):
            distances = np.sqrt(np.cumsum((X[i] - X[i + 1 :]) ** 2, axis=1))
            at = distances.argmin(axis=0) if beats is np.less else distances.argmax(axis=0)
            its = distances[at, np.arange(X.shape[1])]
            better = beats(its, value)
            value[better] = its[better]
            pair[better] = np.column_stack([np.full(at.size, i), i + 1 + at])[better]
        found.append((value, pair))
    return [found[0][0], found[1][0], found[0][1], found[1][1]]


@pytest.mark.parametrize("kind", PAIRS["cloud"])
def test_the_definition_here_is_the_references(kind):
    expected = distances_reference.distance_extremes(cloud(kind)[:60])
    for ours, side in zip(definition(kind, 60), SIDES, strict=True):
        assert same_bytes(ours, getattr(expected, side))


def assert_is_the_definition(found, row):
    n_rows, prefixes = ASKED[row["prefixes"]]
    at = slice(None) if prefixes is None else np.array(prefixes) - 1
    for side, expected in zip(SIDES, definition(row["cloud"], n_rows), strict=True):
        assert same_bytes(getattr(found, side), expected[at]), side


@pytest.fixture
def screened(monkeypatch):
    """Work that is never too small for "auto" to screen."""
    monkeypatch.setattr(search_plan, "WORK_WORTH_A_SCREEN", 0)


@pytest.fixture
def chosen(row, screened, monkeypatch):
    """Vectors and tiles of the row."""
    monkeypatch.setattr(simd, "host_bits", lambda: row["bits"])
    for module, name, value in TILES[row["tiles"]]:
        monkeypatch.setattr(module, name, value)


def extremes(row, folder, layout=None, **options):
    n_rows, prefixes = ASKED[row["prefixes"]]
    X = laid_out(row["cloud"], n_rows, row["dtype"], layout or row["layout"], folder)
    return fc.distance_extremes(X, prefixes=prefixes, screen=row["screen"], **options)


@pytest.mark.slow
@pytest.mark.parametrize("dot_product", [False, True])
def test_every_engine_is_among_the_rows(dot_product, screened, folder, monkeypatch):
    """Whether or not the host has an instruction for products of bytes, which the plan asks for."""
    for module in (_paths, prefix_search):
        monkeypatch.setattr(module, "has_dot_product", lambda: dot_product)
    ran = set()

    def note(engine, name):
        run = engine.run

        def noted(self, schedule):
            found = run(self, schedule)
            if found is not None:
                ran.add((row["screen"], name(self)))
            return found

        monkeypatch.setattr(engine, "run", noted)

    note(pair_scan.PairScan, lambda _: "scan")
    note(screened_scan.ScreenedScan, lambda _: "screened scan")
    note(pair_search.PairSearch, lambda search: f"search in {search.plan.screen}")
    expected = {("none", "scan")} | {(screen, "screened scan") for screen in ("auto", "float32", "int8")}
    expected |= {("auto", "search in float32"), ("float32", "search in float32"), ("int8", "search in int8")}
    for axes in (PAIRS, WORKERS):
        ran.clear()
        axes_of_plans = ("prefixes", "cloud", "screen")
        for values in {tuple(map(row.get, axes_of_plans)) for row in covering(TOGETHER, **axes)}:
            row = dict(zip(axes_of_plans, values, strict=True))
            extremes({**row, "dtype": "<f8"}, folder, "C")
        assert ran >= expected | ({("auto", "search in int8")} if dot_product else set())


@contextmanager
def interrupted_at_a_save(rng):
    """Ctrl-C at one of the next checkpoints, before it is written or after; never at the first."""
    save, left, before = Checkpoint.save, int(rng.integers(2, 8)), rng.random() < 0.5

    def saved(checkpoint, state):
        nonlocal left
        left -= 1
        if left == 0 and before:
            raise KeyboardInterrupt
        save(checkpoint, state)
        if left == 0:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schedule, "_SAVE_SECONDS", -1.0)
        patch.setattr(Checkpoint, "save", saved)
        yield


def in_twelve(work, run, *, max_items, first_items=None, advance=lambda amount: None):
    """Run the items in twelve batches or more, whatever the time they take: `batches.run_batches`."""
    step = min(max_items, max(1, len(work) // 12))
    for start in range(0, len(work), step):
        run(start, min(start + step, len(work)))
        advance(work[start : start + step].sum())


def go_on(run, rng):
    """Run until it is through, and return its result with the number of interruptions."""
    for times in range(1000):
        with interrupted_at_a_save(rng):
            try:
                return run(times), times
            except KeyboardInterrupt:
                pass
    pytest.fail("never through")


@table(**PAIRS)
def test_extremes(row, chosen, folder):
    assert_is_the_definition(extremes(row, folder, n_threads=row["threads"]), row)


@table(**PAIRS)
def test_extremes_interrupted_anywhere(row, chosen, folder, tmp_path, monkeypatch):
    """Each time it goes on with other threads and in another layout."""
    monkeypatch.setattr(schedule, "run_batches", in_twelve)
    rng = np.random.default_rng(sum(named(row).encode()))

    def run(times):
        layout = LAYOUTS[(LAYOUTS.index(row["layout"]) + times) % len(LAYOUTS)]
        n_threads = THREADS[times % 4] if times else row["threads"]
        return extremes(row, folder, layout, n_threads=n_threads, checkpoint=tmp_path / "c")

    found, times = go_on(run, rng)
    assert_is_the_definition(found, row)
    if (row["prefixes"], row["tiles"]) == ("every", "smallest"):  # more tiles than saves in one go
        assert times > 0
        assert found.stats.pairs_resumed > 0


@table(cloud=PAIRS["cloud"], screen=PAIRS["screen"], threads=THREADS, layout=LAYOUTS, dtype=DTYPES, bits=BITS)
def test_one_side(row, screened, folder, monkeypatch):
    monkeypatch.setattr(simd, "host_bits", lambda: row["bits"])
    X = laid_out(row["cloud"], FEW, row["dtype"], row["layout"], folder)
    nearest, farthest, near, far = (values[-1] for values in definition(row["cloud"], FEW))
    options = {"screen": row["screen"], "n_threads": row["threads"]}
    assert fc.closest_pair(X, **options) == (nearest, tuple(near))
    assert fc.farthest_pair(X, **options) == (farthest, tuple(far))


# Neighbours.

BLOCKS = {
    "as they are": [],
    "smallest": [("BYTES_A_BLOCK", 1), ("BYTES_A_STEP", 1), ("_GROUPS_A_PART", 1), ("PAIR_FEATURES_AN_ITEM", 2**15)],
    "odd": [("BYTES_A_BLOCK", 5003), ("BYTES_A_STEP", 2003), ("_GROUPS_A_PART", 3), ("PAIR_FEATURES_AN_ITEM", 1)],
}


@functools.cache
def neighbours(kind, metric, foreign):
    X = cloud(kind)[:EVERY]
    queries = 3 * X[250:290] if foreign else np.arange(40)
    return neighbors_reference.prefix_neighbors(X, queries, 5, [1, 5, 12], metric=metric)


@table(
    cloud=PAIRS["cloud"], metric=("euclidean", "cosine"), foreign=(False, True), threads=(*THREADS, 100),
    blocks=tuple(BLOCKS), layout=LAYOUTS, dtype=DTYPES, bits=BITS,
)  # fmt: skip
def test_neighbours(row, folder, monkeypatch):
    monkeypatch.setattr(simd, "host_bits", lambda: row["bits"])
    for name, value in BLOCKS[row["blocks"]]:
        monkeypatch.setattr(neighbor_scan, name, value)
    X = laid_out(row["cloud"], EVERY, row["dtype"], row["layout"], folder)
    queries = 3.0 * X[250:290].astype(float) if row["foreign"] else np.arange(40)
    found = fc.prefix_neighbors(X, queries, 5, [1, 5, 12], metric=row["metric"], n_threads=row["threads"])
    expected = neighbours(row["cloud"], row["metric"], row["foreign"])
    for field in ("distances", "indices", "farthest"):
        assert same_bytes(getattr(found, field), getattr(expected, field)), field


# Hits of the ball.

KEY, N_DRAWS = np.array([11, 12], dtype=np.uint32), 300_001
BALLS = {
    "d": (3, 9), "threads": (*THREADS, 100), "block": (1009, 2**15, 10**6), "batch": (1, 70_001, 2**26),
    "items": (3, 2**20), "bits": (*BITS, 1024),
}  # fmt: skip


@functools.cache
def hits(d):
    """Of one call of the kernel, by full draws alone; test_hit_or_miss holds such counts against the reference."""
    found, width = np.empty(1, dtype=np.int64), simd.width_of(512)
    ball_kernels.scan_hits(width, 0, N_DRAWS, d, 0, KEY, -1, 2**62, N_DRAWS, found)
    return int(found[0])


@pytest.fixture
def drawn(row, monkeypatch):
    """Vectors and batches of the row."""
    for name, value in (("_VECTOR_BITS", "bits"), ("_DRAWS_A_BATCH", "batch"), ("_MAX_ITEMS", "items")):
        monkeypatch.setattr(_hit_or_miss, name, row[value])


def count(row, **options):
    return _hit_or_miss.count_hits(row["d"], N_DRAWS, KEY, progress=False, **{"block": row["block"], **options})


@table(**BALLS)
def test_hits(row, drawn):
    assert count(row, n_threads=row["threads"]) == hits(row["d"])


@table(**BALLS)
def test_hits_interrupted_anywhere(row, drawn, tmp_path):
    """Each time they go on with other threads and in other blocks."""
    rng, blocks = (
        np.random.default_rng(sum(named(row).encode())),
        itertools.chain([row["block"]], itertools.cycle(BALLS["block"])),
    )

    def run(_):
        options = {"block": next(blocks), "n_threads": int(rng.choice(THREADS))}
        return count(row, checkpoint=Checkpoint(tmp_path / "c", {"d": row["d"]}), **options)

    found, times = go_on(run, rng)
    assert found == hits(row["d"])
    assert times > 1 or max(row["block"], row["batch"]) >= 10**6


# Workers of a cluster, of threads of this process: here the row's tiles and vectors are theirs too. Real processes, and
# those that are killed, are in test_schedule and test_checkpoint.


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=False, dashboard_address=None, silence_logs=50
        )
        with cluster, distributed.Client(cluster) as client:
            yield client


@table(**WORKERS)
def test_extremes_by_workers(row, chosen, folder, client, tmp_path):
    """Begun here or by the workers, interrupted, and ended by the others."""
    path = tmp_path / "c"
    if row["begins"] != "nowhere":
        with interrupted_at_a_save(np.random.default_rng(sum(named(row).encode()))), suppress(KeyboardInterrupt):
            extremes(row, folder, checkpoint=path, client=None if row["begins"] == "here" else client)
    ends = {"client": None, "n_threads": row["threads"]} if row["begins"] == "there" else {"client": client}
    assert_is_the_definition(extremes(row, folder, checkpoint=path, **ends), row)


@table(**{**BALLS, "block": BALLS["block"][1:2], "task": (50_001, 10**6), "begins": ("here", "there", "nowhere")})
def test_hits_by_workers(row, drawn, client, monkeypatch, tmp_path):
    monkeypatch.setattr(_hit_or_miss, "_DRAWS_A_TASK", row["task"])
    monkeypatch.setattr(_hit_or_miss, "_TASKS_A_THREAD", 1)
    checkpoint = Checkpoint(tmp_path / "c", {"d": row["d"]})
    if row["begins"] != "nowhere":
        who = None if row["begins"] == "here" else client
        _hit_or_miss.count_hits(
            row["d"], 100_003, KEY, n_threads=None, progress=False, checkpoint=checkpoint, client=who
        )
    who = None if row["begins"] == "there" else client
    assert count(row, n_threads=row["threads"], checkpoint=checkpoint, client=who) == hits(row["d"])


# Sums of linear discriminant analysis. Rows are summed in blocks and parts of fixed length, which the definition of the
# sums fixes; BLAS may have any number of threads before the call.

SUMS = {
    "threads": THREADS, "blas": (1, 2), "layout": LAYOUTS, "dtype": DTYPES, "case": ("tall", "wide", "ridge"),
    "cloud": ("near wide", "far wide"), "classes": (2, 3),
}  # fmt: skip
CASES = {"tall": (440, {}), "wide": (20, {}), "ridge": (20, {"ridge": 0.5})}  # 30 features


@pytest.fixture
def summed(row, monkeypatch):
    """Threads of the row and of BLAS; blocks of 64 rows, parts of two of them, and no work too small for threads."""
    monkeypatch.setattr(_moments, "_VALUES_A_BLOCK", 64 * 30)
    monkeypatch.setattr(_moments, "_BLOCKS_A_PART", 2)
    monkeypatch.setattr(_model, "_SERIAL_WORK", 0)
    with thread_limit(row["threads"]), threadpool_limits(limits=row["blas"], user_api="blas"):
        yield


FIRST: dict[tuple, list[np.ndarray]] = {}


def assert_as_before(answer, *case):
    """The answer of the first row of this case is that of all others."""
    for ours, first in zip(answer, FIRST.setdefault(case, answer), strict=True):
        assert same_bytes(ours, first)


def rules(model, X, y):
    sums = [*model._sample.moments] if isinstance(model, fc.PrefixLDA) else []
    return [*sums, model.decision_path(X), *model.coef_path(), model.predict_path(X), model.score_path(X, y)]


@table(**SUMS)
def test_discriminant_sums(row, summed, folder):
    n_rows, options = CASES[row["case"]]
    X = laid_out(row["cloud"], n_rows, row["dtype"], row["layout"], folder)
    y = np.arange(n_rows) % row["classes"]
    answer = rules(fc.PrefixLDA(**options).fit(X, y), X, y)
    assert_as_before(answer, "fit", row["case"], row["cloud"], row["classes"])


@table(**SUMS)
def test_discriminant_sums_interrupted_anywhere(row, summed, folder, monkeypatch):
    """In three pieces and a merge; a piece is interrupted and taken again, and what was summed is kept in a file."""
    n_rows, options = CASES[row["case"]]
    X = laid_out(row["cloud"], n_rows, row["dtype"], row["layout"], folder)
    y, classes = np.arange(n_rows) % row["classes"], range(row["classes"])
    rng, add = np.random.default_rng(sum(named(row).encode())), _moments._add_block
    cuts = [0, n_rows // 3, n_rows // 2, n_rows]
    models = [fc.PrefixLDA(**options) for _ in range(2)]
    for piece, (begin, end) in enumerate(itertools.pairwise(cuts)):
        left = int(rng.integers(1, 1 + -(-(end - begin) // 64)))

        def interrupted(*arguments):
            nonlocal left
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
            add(*arguments)

        model = models[piece == 2]
        monkeypatch.setattr(_moments, "_add_block", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(X[begin:end], y[begin:end], classes)
        monkeypatch.setattr(_moments, "_add_block", add)
        models[piece == 2] = pickle.loads(pickle.dumps(model.partial_fit(X[begin:end], y[begin:end], classes)))
    answer = rules(models[0].merge(models[1]), X, y)
    assert_as_before(answer, "pieces", row["case"], row["cloud"], row["classes"])


# Moments of all squared distances.


@table(
    threads=(*THREADS, 100), blas=(1, 2), layout=LAYOUTS, dtype=DTYPES, cloud=("ties wide", "near wide", "far wide"),
    values=(1, 30 * 100, 2**19),
)  # fmt: skip
def test_distance_moments(row, folder, monkeypatch):
    """For each length of the blocks, which the definition of the sums fixes."""
    monkeypatch.setattr(tiles, "_VALUES_A_BLOCK", row["values"])
    X = laid_out(row["cloud"], 440, row["dtype"], row["layout"], folder)
    with threadpool_limits(limits=row["blas"], user_api="blas"):
        found = fc.distance_moments(X, n_threads=row["threads"])
    curves = (
        "mean_sq",
        "var_sq",
        "cv",
        "effective_dimension",
        "gaussian_cv",
        "independent_cv",
        "z_score",
        "covariance",
    )
    assert_as_before([getattr(found, curve) for curve in curves], "moments", row["cloud"], row["values"])


# Sums over copies of the rows.


@table(
    threads=(*THREADS, 100), cuts=((40,), (1, 2, 17, 40), (39, 40)), layout=LAYOUTS, dtype=DTYPES,
    cloud=PAIRS["cloud"], kind=(("noise", 0.7), ("drop", 0.3), ("drop", 0.5)),
)  # fmt: skip
def test_augmented_sums(row, folder):
    """Whatever the calls that the copies are added in."""
    X = laid_out(row["cloud"], 11, row["dtype"], row["layout"], folder)
    sums = CopySums(X, X[:, 0], np.random.default_rng(3), **dict([row["kind"]]))
    with thread_limit(row["threads"]):
        for n_copies in row["cuts"]:
            sums.grow(n_copies)
    assert_as_before(sums.mean(), "copies", row["cloud"], row["kind"])


# Another process, one thread, and vectors as its environment says. The digest is of no machine: differences, products,
# sums, quotients and roots of float64 in a fixed order are the same on all.

DIGEST = """
import hashlib, sys
import numpy as np
import fastcurse as fc
k = np.arange(400 * 9, dtype=np.uint64)
X = ((k * np.uint64(2654435761)) % np.uint64(2**24)).reshape(400, 9) * 2.0 ** (k % np.uint64(23)).reshape(400, 9)
every, near = fc.distance_extremes(X), fc.prefix_neighbors(X, X[:30] * 0.75, 5)
cosine = fc.prefix_neighbors(X, range(30), 5, metric="cosine")
arrays = [every.nearest, every.farthest, every.nearest_pair, every.farthest_pair]
arrays += [near.distances, near.indices, near.farthest, cosine.distances, cosine.indices, cosine.farthest]
hits = [fc.estimate_ball_volume(d, 100_000, random_state=0).hits for d in (2, 9)]
text = b"".join(array.astype(array.dtype.newbyteorder("<")).tobytes() for array in arrays) + repr(hits).encode()
print(hashlib.sha256(text).hexdigest()[:32])
"""
BITS_OF_ALL_MACHINES = "0a2b6f8fda344efd3b2039a3a73663c7"


@pytest.mark.parametrize("bits", ["", "128"])
def test_bits_of_another_process_and_of_all_machines(bits):
    environment = {**os.environ, "NUMBA_NUM_THREADS": "1"} | ({"FASTCURSE_VECTOR_BITS": bits} if bits else {})
    done = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == BITS_OF_ALL_MACHINES


def test_rows_are_as_many_as_the_readme_says():
    rows = sum(len(covering(2, **axes)) for axes in TABLES)
    promises = (Path(__file__).parent / "promises.toml").read_text(encoding="utf-8")  # README's table is made of it
    assert f"every two choices together in {rows} rows;" in promises
