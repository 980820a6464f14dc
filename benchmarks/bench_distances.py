"""distance_extremes against the article's loop, which rebuilds an n × n matrix at every prefix."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import fastcurse as fc
from benchmarks.cases import DISTANCE_CASES
from fastcurse.reference import article

_PREFIXES_TIMED = (50, 250, 450)


def run() -> list[dict[str, Any]]:
    """Time the article's loop at a few prefixes, scaled to all, and ours at all prefixes, in turn."""
    rows = []
    for case in DISTANCE_CASES:
        X = case.points()
        fc.distance_extremes(X[:200])  # compile
        peer, ours = [], []
        for p in _PREFIXES_TIMED:
            began = time.perf_counter()
            article.squared_contrast(X[:, :p])
            peer.append(time.perf_counter() - began)
            began = time.perf_counter()
            fc.distance_extremes(X)
            ours.append(time.perf_counter() - began)
        peer_seconds = float(np.mean(peer)) * X.shape[1]
        rows.append(
            {
                "case": f"{case.name}, {X.shape[0]} x {X.shape[1]}, all prefixes",
                "peer": "the article's loop (3 prefixes timed, scaled to all)",
                "peer_seconds": peer_seconds,
                "our_seconds": min(ours),
                "ratio": peer_seconds / min(ours),
            }
        )
    return rows
