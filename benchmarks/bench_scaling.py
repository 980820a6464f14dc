"""Nearest and farthest of all pairs, to a million points, against what finds the nearest alone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import fastcurse as fc
from benchmarks import scaling_cases, scaling_figure
from benchmarks.record import Record
from benchmarks.scaling_cases import Job
from fastcurse.report.environment import CompileClock

SOURCES = ("_kernels", "engine", "distances")
VERSIONS = {"faiss-cpu": scaling_cases.faiss_version()}
_ROUNDS, _ROUNDS_SECONDS = 3, 10.0
_PROBED_FROM = 8000  # points; smaller cases are measured without an estimate
_STALLED = 4.0  # times the estimate
_MEMORY_SHARE = 0.5  # of the free memory


class Sizes(NamedTuple):
    """The data sets, and the seconds that a peer may take."""

    jobs: tuple[Job, ...]
    limit: float


FULL = Sizes(scaling_cases.jobs(quick=False), 60.0)
QUICK = Sizes(scaling_cases.jobs(quick=True), 4.0)


def measure(record: Record, sizes: Sizes) -> None:
    """Measure what is not yet measured; then draw the figure beside the record's file."""
    for job in sizes.jobs:
        run_job(job, record, sizes.limit)
    if record.path is not None:
        figure = scaling_figure.draw({"machine": record.machine, "rows": record.rows})
        figure.savefig(record.path.with_suffix(".png"), dpi=130)


def run_job(job: Job, record: Record, limit: float) -> None:
    """Measure ours alone, then each peer and ours in turn, unless the record has it."""
    functions = scaling_cases.peer_functions()
    wanted = ["", *(peer for peer in job.peers if peer in functions)]
    missing = [peer for peer in wanted if record.find(case=job.case, peer=peer) is None]
    uniform = "fastcurse, uniform points of the same shape"
    if job.against_uniform and record.find(case=job.case, peer=uniform) is None:
        missing.append(uniform)
    if not missing:
        return
    X = job.points()

    def ours() -> fc.DistanceExtremes:
        return fc.distance_extremes(X, prefixes=[job.n_features], screen=job.screen)

    about = {"case": job.case, "n_samples": job.n_samples, "n_features": job.n_features}
    for peer in missing:
        if not peer:
            record.add({**about, "peer": "", **_alone(ours, X)})
        elif peer == uniform:
            record.add({**about, "peer": peer, **_against_uniform(job, record)})
        else:
            record.add(
                {**about, "peer": peer, **_against(functions[peer], peer, ours, X, limit, _seen(job, peer, record))}
            )


def _alone(ours: Callable[[], fc.DistanceExtremes], X: np.ndarray) -> dict[str, Any]:
    measured = timed(ours)
    rounds = [measured, *(timed(ours) for _ in range(_ROUNDS - 1) if measured["seconds"] < _ROUNDS_SECONDS / _ROUNDS)]
    stats = measured["result"].stats
    return {
        "our_seconds": min(one["seconds"] for one in rounds),
        "pair_features_per_second": stats.pairs * X.shape[1] / min(one["seconds"] for one in rounds),
        "share_boxed": stats.pairs_boxed / stats.pairs,
        "share_stopped": stats.pairs_stopped / stats.pairs,
        "pairs_certified": stats.pairs_certified,
        "screen": stats.screen,
        "data_mib": X.nbytes / 2**20,
        "our_extra_mib": measured["extra_mib"],
        "resident_mib": measured["resident_mib"],
    }


def _against(
    theirs: Callable[[np.ndarray], Any],
    peer: str,
    ours: Callable[[], fc.DistanceExtremes],
    X: np.ndarray,
    limit: float,
    expected: float | None,
) -> dict[str, Any]:
    """Peer and ours in turn; a peer that would take longer than `limit` is skipped, with the estimate.

    `expected`: the estimate, None if it is to be made.
    """
    needed, free = scaling_cases.bytes_needed(peer, len(X)), _free_bytes()
    if needed > _MEMORY_SHARE * free:
        return {"skipped": f"needs {needed / 2**30:.1f} GiB"}
    expected = expected_seconds(theirs, X) if expected is None else expected
    if expected > limit:
        return {"skipped": f"about {expected:.0f} s", "expected_seconds": expected}
    pairs = []
    began = time.perf_counter()
    while len(pairs) < _ROUNDS and (not pairs or time.perf_counter() - began < _ROUNDS_SECONDS):
        pairs.append((timed(lambda: theirs(X)), timed(ours)))
        if len(pairs) == 1 and expected and pairs[0][0]["seconds"] > _STALLED * expected:
            began = time.perf_counter()  # the machine stood still, once for 110 s: another round
    best = [min(one["seconds"] for one in side) for side in zip(*pairs, strict=True)]
    first, mine = pairs[0]
    nearest = first["result"][0] if isinstance(first["result"], tuple) else first["result"]
    return {
        "gives": "nearest and farthest" if isinstance(first["result"], tuple) else "nearest",
        "peer_seconds": best[0],
        "our_seconds": best[1],
        "ratio": best[0] / best[1],
        "peer_extra_mib": first["extra_mib"],
        "our_extra_mib": mine["extra_mib"],
        "peer_nearest_error": abs(nearest / float(mine["result"].nearest[0]) - 1),
        "rounds": len(pairs),
    }


def _seen(job: Job, peer: str, record: Record) -> float | None:
    """Return the estimate that the last smaller size of this case's series gives, as n²; None if there is none."""
    series = f" x {job.n_features}"
    smaller = [
        row
        for row in record.rows
        if row["peer"] == peer and row["n_samples"] < job.n_samples
        and job.case == f"uniform, {job.n_samples}{series}" and row["case"] == f"uniform, {row['n_samples']}{series}"
    ]  # fmt: skip
    if not smaller:
        return None
    last = max(smaller, key=lambda row: row["n_samples"])
    seconds = last.get("peer_seconds", last.get("expected_seconds"))
    return None if seconds is None else seconds * (job.n_samples / last["n_samples"]) ** 2


def _against_uniform(job: Job, record: Record) -> dict[str, Any]:
    """Ours on these points against ours on uniform ones of the same shape, measured before or now."""
    same = record.find(case=f"uniform, {job.n_samples} x {job.n_features}", peer="")
    if same is None:
        X = scaling_cases.uniform(job.n_samples, job.n_features)
        same = _alone(lambda: fc.distance_extremes(X, prefixes=[job.n_features], screen=job.screen), X)
    row = record.find(case=job.case, peer="")
    assert row is not None
    seconds = same["our_seconds"], row["our_seconds"]
    return {"peer_seconds": seconds[0], "our_seconds": seconds[1], "ratio": seconds[0] / seconds[1]}


def expected_seconds(theirs: Callable[[np.ndarray], Any], X: np.ndarray) -> float:
    """Return about how long a peer will take, from an eighth and a sixteenth of the points; 0 for few points."""
    n = len(X)
    if n <= _PROBED_FROM:
        return 0.0
    theirs(X[: n // 16])  # opens its libraries and threads
    half, whole = (timed(lambda part=part: theirs(X[: n // part]))["seconds"] for part in (16, 8))
    exponent = float(np.clip(np.log2(whole / half), 1.0, 2.2)) if whole > 0.05 else 2.0
    return whole * 8**exponent


def timed(call: Callable[[], Any]) -> dict[str, Any]:
    """Return result, seconds and memory of a call; one that Numba compiled in is repeated."""
    while True:
        resident = _reset_peak()
        with CompileClock() as clock:
            began = time.perf_counter()
            result = call()
            seconds = time.perf_counter() - began
        peak = _status("VmHWM")
        if clock.seconds < 0.02 * seconds:
            return {
                "result": result,
                "seconds": seconds,
                "extra_mib": round(peak - resident, 1),
                "resident_mib": round(peak, 1),
            }


def _reset_peak() -> float:
    """Set the peak of the resident memory to what is resident now, and return that in MiB; 0 where it cannot be."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return 0.0
    return _status("VmRSS")


def _status(key: str) -> float:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(key + ":")), 0.0)


def _free_bytes() -> float:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4e9
