"""`bench_scaling`: its data, its peers, what it skips, and what it goes on from."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from benchmarks import bench_scaling as benchmark
from benchmarks import scaling_cases, scaling_figure
from benchmarks.record import Record


class TestBenchmark:
    JOB = scaling_cases.Job("uniform, 200 x 100", 200, 100, scaling_cases.uniform, ("SciPy pdist", "SciPy cKDTree"),
                            against_uniform=True)  # fmt: skip

    def test_data(self):
        assert {job.points().dtype for job in scaling_cases.jobs(True)[:1]} == {np.dtype(np.float32)}
        assert np.linalg.matrix_rank(scaling_cases.intrinsic_five(100, 30), tol=1e-3) == 5
        digits = scaling_cases.noisy_digits(4000, 64)
        assert not np.array_equal(digits[0], digits[1797])
        assert np.abs(digits[0] - digits[1797]).max() < 10
        assert {job.n_samples for job in scaling_cases.jobs(False)} == {*scaling_cases.ALL_SIZES, 50_000}

    def test_every_peer_finds_the_nearest_pair(self):
        X = scaling_cases.uniform(300, 10)
        distances = pdist(X)
        for name, peer in scaling_cases.peer_functions().items():
            found = peer(X)
            if name == "SciPy pdist":
                assert found == (distances.min(), distances.max())
            else:
                assert found == pytest.approx(distances.min(), rel=1e-4), name  # faiss: float32, products and norms

    def test_faiss_is_optional(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "faiss", None)
        assert "faiss IndexFlatL2" not in scaling_cases.peer_functions()

    def test_rows_are_kept_as_they_come(self, tmp_path, capsys, monkeypatch):
        machine = {"cpu": "one"}
        record = Record(tmp_path / "scaling.json", machine)
        benchmark.run_job(self.JOB, record, 10.0)
        assert [row["peer"] for row in record.rows][:3] == ["", "SciPy pdist", "SciPy cKDTree"]
        assert record.rows[1]["peer_nearest_error"] == 0
        assert record.rows[1]["gives"] == "nearest and farthest"
        assert [path.name for path in tmp_path.iterdir()] == ["scaling.json"]
        kept = Record(tmp_path / "scaling.json", machine)
        assert kept.rows == json.loads(json.dumps(record.rows))
        monkeypatch.setattr(benchmark, "timed", None)  # nothing is measured again
        benchmark.run_job(self.JOB, kept, 10.0)
        assert Record(tmp_path / "scaling.json", {"cpu": "two"}).rows == []
        assert Record(tmp_path / "scaling.json", machine, fresh=True).rows == []

    def test_a_peer_that_would_take_too_long_is_not_run(self, monkeypatch):
        X = scaling_cases.uniform(10_000, 3)
        monkeypatch.setattr(benchmark, "timed", lambda call: {"seconds": call()})
        # A sixteenth in 2 s, an eighth in 8: eight times more is 8² × 8 s.
        assert benchmark.expected_seconds(lambda part: 2.0 * (len(part) / 625) ** 2, X) == pytest.approx(512)
        row = benchmark._against(lambda part: 2.0 * (len(part) / 625) ** 2, "a peer", None, X, 60.0, None)
        assert row == {"skipped": "about 512 s", "expected_seconds": pytest.approx(512)}
        assert "skipped" in benchmark._against(None, "SciPy pdist", None, np.empty((10**7, 1)), 60.0, None)

    def test_sizes_that_only_grow_are_not_tried(self):
        record = Record(None, {})
        big = self.JOB._replace(case="uniform, 400 x 100", n_samples=400)
        assert benchmark._seen(big, "SciPy pdist", record) is None
        record.rows.append({"case": self.JOB.case, "n_samples": 200, "peer": "SciPy pdist", "peer_seconds": 3.0})
        assert benchmark._seen(big, "SciPy pdist", record) == 12.0
        assert benchmark._seen(big, "SciPy cKDTree", record) is None
        assert benchmark._seen(big._replace(case="digits"), "SciPy pdist", record) is None
        assert benchmark._against(None, "", None, np.empty((9, 1)), 10.0, 12.0)["skipped"] == "about 12 s"
        record.rows.append({"case": big.case, "n_samples": 400, "peer": "SciPy pdist", "expected_seconds": 12.0})
        assert benchmark._seen(big._replace(case="uniform, 800 x 100", n_samples=800), "SciPy pdist", record) == 48.0

    def test_figure_and_table(self, capsys):
        record = Record(None, {})
        benchmark.run_job(self.JOB, record, 10.0)
        benchmark.run_job(self.JOB._replace(case="ratios: other", peers=("SciPy pdist",)), record, 10.0)
        skipped = {"case": "slow", "n_samples": 200, "n_features": 3, "peer": "SciPy cKDTree", "skipped": "about 99 s"}
        record.add(skipped)
        figure = scaling_figure.draw({"rows": record.rows})
        figure.canvas.draw()
        assert all(ax.get_xlabel() and ax.get_title(loc="left") for ax in figure.axes)
        text = scaling_figure.table({"rows": record.rows})
        assert "| slow | SciPy cKDTree | not run: about 99 s | – | – |" in text
        assert "| other | SciPy pdist |" in text
        tables = text.split("\n\n")
        assert len(tables) == 3
        assert all(len({line.count("|") for line in table.splitlines()}) == 1 for table in tables)

    def test_the_whole_area_draws_its_figure(self, tmp_path, capsys):
        record = Record(tmp_path / "scaling.json", {})
        benchmark.measure(record, benchmark.Sizes((self.JOB,), 10.0))
        assert {path.name for path in tmp_path.iterdir()} == {"scaling.json", "scaling.png"}
