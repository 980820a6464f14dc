"""distance_extremes: bitwise equal to the definition, whatever the data."""

from __future__ import annotations

import contextlib
import json
import os

import numpy as np
import pytest
from distance_cases import FIELDS, assert_equals_definition, same
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist
from strategies import point_clouds

import fastcurse as fc
from fastcurse._kernels import distances as exact_kernels
from fastcurse._kernels import simd
from fastcurse.engine import batches, pair_scan
from fastcurse.engine.tiles import cut_triangle, pack_panels
from fastcurse.reference import article
from fastcurse.reference import distances as reference

SCREENED = st.sampled_from(["none", "float32", "int8"])


class TestReference:
    def test_values_against_scipy(self):
        X = np.random.default_rng(1).normal(size=(30, 6))
        for p in range(1, 7):
            all_pairs = pdist(X[:, :p])
            result = reference.distance_extremes(X, prefixes=[p])
            # pdist sums in another order: p roundings of relative size 2**-53 each.
            assert result.nearest[0] == pytest.approx(all_pairs.min(), rel=p * 2.3e-16)
            assert result.farthest[0] == pytest.approx(all_pairs.max(), rel=p * 2.3e-16)

    def test_regular_simplex_ties_go_to_the_first_pair(self):
        result = reference.distance_extremes(np.eye(5))
        assert result.nearest[-1] == result.farthest[-1] == np.sqrt(2)
        assert result.nearest_pair[-1].tolist() == result.farthest_pair[-1].tolist() == [0, 1]


class TestDefinition:
    @pytest.mark.interpreted
    @given(point_clouds(), SCREENED)
    def test_equals_the_definition(self, X, screen):
        assert_equals_definition(X, screen=screen)

    @pytest.mark.interpreted
    @given(point_clouds(max_samples=200, max_features=3), SCREENED)
    def test_equals_the_definition_over_many_tiles(self, X, screen):
        assert_equals_definition(X, screen=screen)

    @pytest.mark.interpreted
    @pytest.mark.parametrize("bits", [128, 256, 512])
    @given(X=point_clouds(), screen=SCREENED)
    def test_equals_the_definition_at_every_vector_width(self, bits, X, screen):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(simd, "host_bits", lambda: bits)
            assert_equals_definition(X, screen=screen)

    @given(point_clouds(max_features=60), SCREENED, st.data())
    def test_chosen_prefixes_are_entries_of_all_prefixes(self, X, screen, data):
        chosen = data.draw(st.sets(st.integers(1, X.shape[1]), min_size=1).map(sorted))
        every, some = fc.distance_extremes(X), fc.distance_extremes(X, prefixes=chosen, screen=screen)
        assert some.prefixes.tolist() == chosen
        for field in FIELDS:
            assert np.array_equal(getattr(some, field), getattr(every, field)[np.array(chosen) - 1])

    @pytest.mark.parametrize(
        "n_samples",
        [*(pytest.param(n, marks=pytest.mark.interpreted) for n in (2, 3, 7, 8, 9, 63, 64, 65)), 71, 72, 73, 129, 200],
    )
    def test_edges_of_tiles(self, n_samples):
        X = np.random.default_rng(n_samples).integers(0, 6, (n_samples, 3))
        assert_equals_definition(X)
        assert_equals_definition(X, screen="float32")
        assert_equals_definition(X + np.random.default_rng(1).normal(size=X.shape), screen="float32")

    @pytest.mark.interpreted
    def test_two_sums_with_one_rounded_root_are_tied(self):
        # Legs 1 and t give the sum 1 + t²: find two sums that differ and share a rounded root.
        legs = 1.0 + np.arange(2000) * np.spacing(1.0)
        sums = 1.0 + legs * legs
        at = np.flatnonzero((np.diff(sums) > 0) & (np.diff(np.sqrt(sums)) == 0))[0]
        smaller, larger = legs[at], legs[at + 1]
        # The pair with the larger sum comes first and must be named as the nearest; likewise for the farthest.
        apart = np.array([[0, 0], [1, larger], [1e3, 0], [1001, smaller]])
        ours = assert_equals_definition(apart)
        assert ours.nearest_pair[1].tolist() == [0, 1]
        together = np.array([[0, 0], [1, smaller], [1, -larger], [0.5, 0]])
        expected = reference.distance_extremes(together[[0, 1, 3]])
        assert expected.farthest_pair[1].tolist() == [0, 1]
        assert_equals_definition(together)

    @pytest.mark.parametrize(
        "X",
        [
            np.ones((20, 4)),
            np.repeat(np.arange(10.0)[:, None], 3, axis=1),
            np.vstack([np.random.default_rng(0).normal(size=(50, 4)), np.full((1, 4), 1e12)]),
            np.random.default_rng(0).normal(size=(50, 4)) + 1e8,
            np.random.default_rng(0).normal(size=(50, 4)) * 1e-150,
            np.random.default_rng(0).normal(size=(50, 4)) * 1e150,
            1.0 + np.arange(40).reshape(20, 2) * np.spacing(1.0),
            np.random.default_rng(0).normal(size=(30, 5)).astype(np.longdouble),
        ],
        ids=["all equal", "line", "outlier", "offset", "tiny", "huge", "one ulp apart", "long double"],
    )
    def test_hard_cases(self, X):
        assert_equals_definition(X)
        assert_equals_definition(X, screen="float32")

    def test_memmap_and_frame(self, tmp_path):
        pandas = pytest.importorskip("pandas")
        X = np.random.default_rng(3).normal(size=(40, 5)).astype(np.float32)
        np.save(tmp_path / "X.npy", X)
        expected = fc.distance_extremes(X)
        assert same(expected, fc.distance_extremes(np.load(tmp_path / "X.npy", mmap_mode="r")))
        assert same(expected, fc.distance_extremes(pandas.DataFrame(X)))
        assert same(expected, fc.distance_extremes(X.tolist()))


class TestScan:
    X = np.random.default_rng(7).integers(-4, 5, (300, 9)).astype(float)

    @pytest.mark.parametrize("items", [1, 1000])
    def test_equal_extremes_in_one_strip_go_to_the_smaller_row(self, items, monkeypatch):
        # The group of row 4 meets its neighbour in an early tile, that of row 0 an equal one in a late tile.
        X = 1e6 + 1e3 * np.arange(300.0)[:, None] ** 2
        X[[20, 250], 0] = X[[4, 0], 0] + 1.0
        monkeypatch.setattr(simd, "host_bits", lambda: 256)
        monkeypatch.setattr(pair_scan, "PAIR_FEATURES_A_TILE", 1)
        monkeypatch.setattr(pair_scan, "_BYTES_A_BATCH", 32 * items)
        assert fc.distance_extremes(X, screen="none").nearest_pair.tolist() == [[0, 250]]
        if items > 1:
            scan = pair_scan.PairScan(X, 1)
            scan.scan(0, scan.work.size)  # both tiles in one batch
            assert scan.extremes.near_row.tolist() == [0]

    def test_interrupt_comes_through_and_restores_the_thread_count(self, monkeypatch):
        import numba

        before = numba.get_num_threads()

        def interrupt(*arguments):
            raise KeyboardInterrupt

        monkeypatch.setattr(exact_kernels, "fill_tile_extremes", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fc.distance_extremes(self.X, n_threads=1)
        assert numba.get_num_threads() == before

    def test_restores_the_thread_count(self):
        import numba

        before = numba.get_num_threads()
        fc.distance_extremes(self.X, n_threads=1)
        assert numba.get_num_threads() == before


class TestLaws:
    @given(point_clouds())
    def test_distances_never_fall_with_p(self, X):
        ext = fc.distance_extremes(X)
        assert (np.diff(ext.nearest) >= 0).all()
        assert (np.diff(ext.farthest) >= 0).all()
        assert (ext.nearest <= ext.farthest).all()

    @given(point_clouds(), st.randoms(use_true_random=False))
    def test_values_do_not_depend_on_the_order_of_rows(self, X, random):
        order = list(range(len(X)))
        random.shuffle(order)
        first, second = fc.distance_extremes(X), fc.distance_extremes(X[order])
        assert np.array_equal(first.nearest, second.nearest)
        assert np.array_equal(first.farthest, second.farthest)

    @given(point_clouds(), st.integers(-20, 20))
    def test_scaling_by_a_power_of_two_is_exact(self, X, exponent):
        X = X.astype(float)
        X[np.abs(X) < 1e-90] = 0.0
        X = np.clip(X, -1e140, 1e140)
        differences = X[:, None, :] - X[None, :, :]
        if (np.abs(differences[differences != 0]) < 1e-90).any():
            return  # a subnormal square does not scale exactly
        scale = 2.0**exponent
        first, second = fc.distance_extremes(X), fc.distance_extremes(X * scale)
        assert np.array_equal(first.nearest * scale, second.nearest)
        assert np.array_equal(first.farthest_pair, second.farthest_pair)

    @given(point_clouds(), st.integers(1, 12))
    def test_prefix_of_the_input_gives_prefix_of_the_output(self, X, p):
        p = min(p, X.shape[1])
        whole, part = fc.distance_extremes(X), fc.distance_extremes(X[:, :p])
        for field in FIELDS:
            assert np.array_equal(getattr(whole, field)[:p], getattr(part, field))


class TestResult:
    def test_toy_of_the_article(self):
        ext = fc.distance_extremes([[0, 1, 3], [3, 8, 9], [2, 3, 5]])
        assert ext.squared_contrast[-1] == pytest.approx(1 - 12 / 94, rel=1e-15)
        assert ext.contrast[-1] == pytest.approx(0.6427, abs=5e-5)
        assert (ext.nearest_pair[-1].tolist(), ext.farthest_pair[-1].tolist()) == ([0, 2], [0, 1])

    def test_contrasts_where_distances_are_zero(self):
        ext = fc.distance_extremes([[0.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
        assert ext.contrast.tolist() == [0.0, 1.0]
        assert ext.squared_contrast.tolist() == [0.0, 1.0]
        assert ext.relative_contrast.tolist() == [np.inf, np.inf]

    def test_squared_contrast_equals_the_articles_code(self):
        X = np.random.default_rng(5).uniform(-1, 1, (100, 20))
        # The Gram trick cancels: about 20 roundings of squared norms near 7 against a contrast near 1.
        assert fc.distance_extremes(X).squared_contrast[-1] == pytest.approx(article.squared_contrast(X), abs=1e-13)

    def test_squared_contrast_survives_squares_that_underflow(self):
        ext = fc.distance_extremes(np.array([[0.0], [1.0], [3.0]]) * 2.0**-500)
        assert ext.squared_contrast[0] == pytest.approx(1 - 1 / 9, rel=1e-15)

    def test_arrays_are_read_only_and_result_is_frozen(self):
        ext = fc.distance_extremes([[0.0], [1.0]])
        with pytest.raises(ValueError, match="read-only"):
            ext.nearest[0] = 3
        with pytest.raises(AttributeError):
            ext.nearest = None

    def test_frame_and_plot(self):
        pytest.importorskip("pandas")
        ext = fc.distance_extremes(np.random.default_rng(0).normal(size=(20, 4)))
        frame = ext.to_frame()
        assert frame["prefix"].tolist() == [1, 2, 3, 4]
        assert frame["farthest"].to_numpy().tolist() == ext.farthest.tolist()
        ax = ext.plot()
        assert ax.get_xlabel() == "number of features"
        assert ext.plot(ax=ax) is ax

    def test_save_and_load(self, tmp_path):
        ext = fc.distance_extremes(np.random.default_rng(0).normal(size=(50, 4)), prefixes=[1, 3])
        ext.save(tmp_path / "ext.npz")
        again = fc.DistanceExtremes.load(tmp_path / "ext.npz")
        assert same(ext, again)
        assert again.prefixes.tolist() == [1, 3]
        assert (again.stats, again.n_samples, again.n_features) == (ext.stats, 50, 4)
        assert not again.nearest.flags.writeable
        assert [path.name for path in tmp_path.iterdir()] == ["ext.npz"]

    def test_failed_save_keeps_the_old_file(self, tmp_path, monkeypatch):
        path = tmp_path / "ext.npz"
        path.write_text("old", encoding="ascii")
        ext = fc.distance_extremes([[0.0], [1.0]])

        def fail(draft, target):
            assert path.read_text(encoding="ascii") == "old"
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="No space left"):
            ext.save(path)
        assert path.read_text(encoding="ascii") == "old"
        assert list(tmp_path.iterdir()) == [path]

    def test_load_refuses_what_save_did_not_write(self, tmp_path):
        path = tmp_path / "ext.npz"
        message = "path must be a file that DistanceExtremes.save wrote"
        with pytest.raises(ValueError, match=message):
            fc.DistanceExtremes.load(path)
        np.savez(path, a=1)
        with pytest.raises(ValueError, match=message):
            fc.DistanceExtremes.load(path)
        np.savez(path, format=np.array([{}], dtype=object), version=2)
        with pytest.raises(ValueError, match=f"{message}.*Python objects"):
            fc.DistanceExtremes.load(path)
        fc.distance_extremes([[0.0], [1.0]]).save(path)
        with np.load(path) as archive:
            contents = dict(archive)
        np.savez(path, **{**contents, "version": 99})
        with pytest.raises(ValueError, match=f"{message}.*its version is 99, this fastcurse reads 2"):
            fc.DistanceExtremes.load(path)
        about = json.loads(str(contents["about"]))
        for damage in (
            {"version": np.inf},
            {"version": 1.9},
            {"about": "[" * 100_000},
            {"about": json.dumps({**about, "n_samples": "many"})},
            {"about": json.dumps({**about, "stats": {**about["stats"], "pairs": "x"}})},
            {"nearest": np.array(["a"])},
            {"nearest": np.zeros(3)},
            {"nearest": np.array([np.nan])},
            {"nearest_pair": np.array([[0, 9]])},
            {"nearest_pair": np.array([[1, 1]])},
            {"farthest_pair": np.array([[1, 0]])},
            {"farthest": np.array([np.inf])},
            {"nearest": np.array([2.0])},
            {"prefixes": np.array([2])},
        ):
            np.savez(path, **{**contents, **damage})
            with pytest.raises(ValueError, match=message):
                fc.DistanceExtremes.load(path)
        generator = np.random.default_rng(0)
        fc.distance_extremes([[0.0], [1.0]]).save(path)
        whole = path.read_bytes()
        for at in generator.integers(0, len(whole), 200):
            path.write_bytes(whole[:at] + bytes([generator.integers(256)]) + whole[at + 1 :])
            with contextlib.suppress(ValueError):  # some flips change nothing that is read
                fc.DistanceExtremes.load(path)
        path.write_bytes(path.read_bytes()[:300])
        with pytest.raises(ValueError, match=message):
            fc.DistanceExtremes.load(path)

    def test_stats_count_pairs_and_tiles(self):
        ext = fc.distance_extremes(np.random.default_rng(0).normal(size=(100, 4)))
        assert ext.stats.pairs == 100 * 99 // 2
        assert ext.stats.tiles > 0
        assert 0 < ext.stats.tiles_certified <= 2 * 4
        assert ext.stats.screen == "none"
        assert 100 * 4 * 8 <= ext.stats.copy_bytes <= 112 * 4 * 8
        assert ext.stats.seconds > 0


class TestBadInput:
    @pytest.mark.parametrize(
        ("X", "error", "message"),
        [
            ([[1.0, 2.0]], ValueError, r"X must have at least 2 rows, got shape \(1, 2\)"),
            (np.empty((0, 3)), ValueError, "X must have at least 2 rows"),
            (np.empty((5, 0)), ValueError, "X must have at least 1 feature"),
            ([[1.0, np.nan], [0.0, 1.0]], ValueError, "X has a nan at row 0, column 1"),
            ([[1.0, 0.0], [0.0, -np.inf]], ValueError, "X has a -inf at row 1, column 1"),
            (np.ones((3, 2), dtype=complex), TypeError, "X must hold real numbers.*complex128"),
            (np.array([["a", "b"], ["c", "d"]]), TypeError, "X must hold real numbers.*<U1"),
            (np.array([[1, None], [2, 3]]), TypeError, "X must hold real numbers.*object"),
            ([[1.0, 2.0], [3.0]], ValueError, "X must be rectangular"),
            (np.ones(4), ValueError, r"X must have 2 dimensions.*\(4,\); reshape"),
            (np.ones((2, 3, 4)), ValueError, r"X must have 2 dimensions.*\(2, 3, 4\)"),
            (5.0, ValueError, "X must have 2 dimensions"),
            (None, TypeError, "X must hold real numbers"),
            ([[0.0], [1e155]], ValueError, "X must have squared distances below"),
            (np.array([[0.0] * 4, [9e153] * 4]), ValueError, "X must have squared distances below"),
            (np.array([["2020-01-01"]] * 2, dtype="datetime64[D]"), TypeError, "X must hold real numbers"),
        ],
    )
    def test_points(self, X, error, message):
        with pytest.raises(error, match=message):
            fc.distance_extremes(X)

    def test_nan_deep_in_the_data_is_named(self):
        X = np.zeros((9000, 3), dtype=np.float16)
        X[8191, 2] = np.nan
        with pytest.raises(ValueError, match="nan at row 8191, column 2"):
            fc.distance_extremes(X)

    def test_sparse_and_masked(self):
        from scipy.sparse import csr_array

        with pytest.raises(TypeError, match="X must be dense"):
            fc.distance_extremes(csr_array(np.eye(3)))
        with pytest.raises(ValueError, match="no masked element, got 1"):
            fc.distance_extremes(np.ma.masked_equal(np.eye(3)[:, :1], 1.0))

    @pytest.mark.parametrize(
        ("prefixes", "error", "message"),
        [
            ([0, 1], ValueError, "between 1 and n_features = 3, got 0"),
            ([1, 4], ValueError, "between 1 and n_features = 3, got 4"),
            ([2, 1], ValueError, "increase strictly, got 2 followed by 1"),
            ([1, 1], ValueError, "increase strictly, got 1 followed by 1"),
            ([], ValueError, "at least one prefix"),
            ([1.5], TypeError, "whole numbers"),
            ([True], TypeError, "whole numbers"),
            ("12", ValueError, "list of whole numbers"),
            (2, ValueError, "list of whole numbers"),
            ([[1, 2]], ValueError, "list of whole numbers"),
            ([[1], [2, 3]], ValueError, "list of whole numbers"),
        ],
    )
    def test_prefixes(self, prefixes, error, message):
        with pytest.raises(error, match=message):
            fc.distance_extremes(np.eye(3), prefixes=prefixes)

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            ({"screen": "float8"}, ValueError, "screen must be one of 'auto', .* got 'float8'"),
            ({"n_threads": 0}, ValueError, "n_threads must be at least 1, got 0"),
            ({"n_threads": 1.5}, TypeError, "n_threads must be a whole number, got 1.5"),
            ({"n_threads": True}, TypeError, "n_threads must be a whole number"),
        ],
    )
    def test_options(self, options, error, message):
        with pytest.raises(error, match=message):
            fc.distance_extremes(np.eye(3), **options)


class TestTiles:
    @given(st.integers(1, 60), st.integers(1, 40))
    def test_every_pair_of_panels_lies_in_one_tile(self, n_panels, max_panels):
        seen = np.zeros((n_panels, n_panels), dtype=int)
        for strip, begin, end in zip(*cut_triangle(n_panels, max_panels), strict=True):
            assert 0 < end - begin <= max_panels
            seen[strip, begin:end] += 1
        assert np.array_equal(seen, np.triu(np.ones_like(seen)))

    @given(st.integers(1, 50), st.integers(1, 5), st.sampled_from([4, 8, 16]))
    def test_panels_hold_every_value(self, n_samples, n_features, size):
        X = np.arange(n_samples * (n_features + 2), dtype=np.float32).reshape(n_samples, -1)
        panels = pack_panels(X, n_features, size).reshape(-1, n_features, size)
        flat = panels.transpose(0, 2, 1).reshape(-1, n_features)
        assert np.array_equal(flat[:n_samples], X[:, :n_features])
        assert len(flat) - n_samples < size
        assert (flat[n_samples:] == 0).all()

    def test_ctrl_c_stops_between_batches(self):
        calls = []

        def run(start, stop):
            calls.append((start, stop))
            if len(calls) == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            batches.run_batches(np.ones(1000), run, max_items=10)
        assert len(calls) == 3

    def test_first_batch_of_large_work_is_a_few_items(self):
        calls = []
        batches.run_batches(np.ones(10**6), lambda a, b: calls.append(b - a), max_items=10**6)
        assert calls[0] <= 8
        assert calls[1] <= 32

    @given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=60), st.integers(1, 20))
    def test_batches_cover_every_item_once(self, work, max_items):
        seen = []
        advanced = []
        batches.run_batches(
            np.array(work), lambda a, b: seen.append(range(a, b)), max_items=max_items, advance=advanced.append
        )
        assert max(map(len, seen)) <= max_items
        assert [item for batch in seen for item in batch] == list(range(len(work)))
        assert sum(advanced) == pytest.approx(sum(work))
