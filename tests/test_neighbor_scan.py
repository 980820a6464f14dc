"""prefix_neighbors: each pair is measured once, and an interrupt leaves nothing changed."""

from __future__ import annotations

import numpy as np
import pytest

import fastcurse as fc
from fastcurse._kernels import neighbors as kernels
from fastcurse.engine import batches, neighbor_scan


class TestScan:
    X = np.random.default_rng(7).integers(-4, 5, (300, 9)).astype(float)

    def test_each_row_is_packed_once_and_each_pair_measured_once(self, monkeypatch):
        packed, measured = [], np.zeros((304, 300), dtype=int)
        pack, scan = kernels.fill_panels, kernels.fill_neighbors
        monkeypatch.setattr(neighbor_scan, "BYTES_A_BLOCK", 8 * 9 * 64)
        monkeypatch.setattr(neighbor_scan, "PAIR_FEATURES_AN_ITEM", 1)
        monkeypatch.setattr(batches, "BATCH_SECONDS", 1e-5)

        def fill_panels(rows, *arguments):
            packed.append(len(rows))
            pack(rows, *arguments)

        def fill_neighbors(width, cosine, begin, end, *arguments):
            measured[4 * begin : 4 * end, arguments[7] : arguments[8]] += 1
            scan(width, cosine, begin, end, *arguments)

        monkeypatch.setattr(kernels, "fill_panels", fill_panels)
        monkeypatch.setattr(kernels, "fill_neighbors", fill_neighbors)
        fc.prefix_neighbors(self.X, np.arange(300), 5)
        assert packed == [64, 64, 64, 64, 44]
        assert (measured[:300] == 1).all()

    def test_interrupt_comes_through_and_restores_the_thread_count(self, monkeypatch):
        import numba

        before = numba.get_num_threads()

        def interrupt(*arguments):
            raise KeyboardInterrupt

        monkeypatch.setattr(kernels, "fill_neighbors", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fc.prefix_neighbors(self.X, [0], 1, n_threads=1)
        assert numba.get_num_threads() == before

    def test_arguments_are_left_alone(self):
        X, queries, prefixes = self.X.copy(), np.array([3, 1]), np.array([2, 9])
        found = fc.prefix_neighbors(X, queries, 2, prefixes)
        assert np.array_equal(X, self.X)
        X[0, 0], queries[0], prefixes[0] = 5.0, 7, 1  # still writeable, and not shared
        assert found.prefixes.tolist() == [2, 9]
