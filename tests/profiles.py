"""Profiles made by hand, which look like those of data; and what a computed one must show."""

from __future__ import annotations

import json

import numpy as np
from outcomes import answer_or_refusal

import fastcurse as fc
from fastcurse.profile import DataQuality, Finding, LabelSummary, Profile

EMBEDDING = (2, 4, 8, 16, 32, 64, 96, 128, 256, 384, 512, 768)
CLEAN = DataQuality(0, 0, float("nan"), (), (), 0)


def make_profile(prefixes=EMBEDDING, *, labels=True, exact=True, n_samples=20_000, n_features=None, **changes):
    """Return a profile of embeddings whose spread falls and whose accuracy peaks."""
    p = np.array(prefixes, dtype=float)
    effective = 40 * (1 - np.exp(-p / 60)) + 1
    nearest, farthest = 0.07 * p**0.45, 1.9 * p**0.5
    overlap = 1 - np.exp(-(p / p[-1]) * 6) * 0.9
    overlap[-1] = 1.0
    columns = {
        "nearest": nearest,
        "farthest": farthest,
        "contrast": 1 - nearest / farthest,
        "relative_contrast": farthest / nearest - 1,
        "null_contrast": 1 - 0.08 * np.log1p(p) / 2,
        "nearest_z": -0.4 * np.log(p) ** 2,
        "farthest_z": 2.5 * np.log1p(p) - 2,
        "query_contrast": 1 - 0.22 * np.log1p(p) / 2.2,
        "cv": np.sqrt(2 / effective) * 1.3,
        "gaussian_cv": np.sqrt(2 / effective),
        "independent_cv": np.sqrt(2.4 / p),
        "z_score": 3 + np.log(p) * 9,
        "effective_dimension": effective,
        "overlap": overlap,
        "overlap_low": np.maximum(overlap - 0.02, 0),
        "overlap_high": np.minimum(overlap + 0.02, 1),
        "hubness_skewness": 0.4 + 0.9 * np.log1p(p) / 2,
        "antihub_share": 0.02 + 0.05 * np.log1p(p),
        "top_hub_share": 0.002 + 0.0006 * np.log1p(p),
        "twonn": 14 * (1 - np.exp(-p / 12)),
        "levina_bickel": 12.5 * (1 - np.exp(-p / 10)),
    }
    for name in ("twonn", "levina_bickel"):
        columns |= {f"{name}_low": 0.94 * columns[name], f"{name}_high": 1.06 * columns[name]}
    summary = None
    if labels:
        accuracy = 0.35 + 0.58 * (1 - np.exp(-p / 30)) - 0.00009 * p
        neighbors = 0.3 + 0.6 * (1 - np.exp(-p / 22))
        columns |= {
            "lda_accuracy": accuracy,
            "lda_low": accuracy - 0.015,
            "lda_high": accuracy + 0.015,
            "lda_doubled": accuracy + 0.00004 * p + 0.004,
            "knn_accuracy": neighbors,
            "knn_low": neighbors - 0.012,
            "knn_high": neighbors + 0.012,
        }
        names = tuple(f"class {letter}" for letter in "abcdefghij")
        summary = LabelSummary(names, 0.18, int(prefixes[accuracy.argmax()]), 140, 260, int(prefixes[-1]))
    at = min(8, len(prefixes) - 1)

    def finding(kind, text, *names, at=at):
        return Finding(
            kind, text, names, (int(prefixes[at]),) * len(names), tuple(float(columns[name][at]) for name in names)
        )

    verdict = (
        finding("good", f"{prefixes[at]} of {prefixes[-1]} dimensions keep {overlap[at]:.0%} of the 10 nearest "
                "neighbours.", "overlap"),
        finding("warning", f"At all features distances are {columns['cv'][-1] / columns['gaussian_cv'][-1]:.1f} times "
                "as spread as those of Gaussian points of the same covariance: they are no cloud without structure.",
                "cv", "gaussian_cv", at=-1),
        finding("note", "The intrinsic dimension is about 14 from 64 features on, far below the number of features.",
                "twonn", "levina_bickel", at=-1),
        Finding("warning", "37 rows equal an earlier one.", (), (), (37.0,)),
    )  # fmt: skip
    quality = DataQuality(37, 112, 0.0213, ("17", "dead <unit>", "401"), (3, 99, 1204), 3)
    settings = {
        "n_samples": n_samples, "n_features": n_features or int(prefixes[-1]), "n_queries": min(2048, n_samples),
        "k": 10, "metric": "euclidean", "order": "given", "exact": exact, "quality": quality, "labels": summary,
        "verdict": verdict, "seconds": 41.7,
    }  # fmt: skip
    return Profile(np.array(prefixes), columns, **{**settings, **changes})


def silent_profile(prefixes=(1, 2, 3)):
    """Return a profile of three rows, about which nothing can be said."""
    return Profile(np.array(prefixes), {}, 3, int(prefixes[-1]), 3, 1, "cosine", "pca", True, CLEAN, None, (), 0.01)


def broken_profile():
    """Return one whose numbers stop, start again and leave the finite."""
    whole = make_profile((1, 2, 3, 5, 8, 13), quality=CLEAN, verdict=())
    columns = {name: column.copy() for name, column in whole.columns.items()}
    for at, column in enumerate(columns.values()):
        column[at % 6] = np.nan
        column[(at + 2) % 6] = np.nan
    columns["relative_contrast"][:] = [np.inf, np.inf, 3e7, 12.5, 1.0, 0.02]
    columns["lda_doubled"][:] = np.nan
    return Profile(**{**{name: getattr(whole, name) for name in whole.__dataclass_fields__}, "columns": columns})


PROFILES = {
    "sampled": lambda: make_profile(exact=False, n_samples=1_000_000),
    "exact": make_profile,
    "unlabelled": lambda: make_profile(labels=False),
    "digits": lambda: make_profile((1, 2, 3, 4, 6, 9, 14, 20, 29, 43, 64), n_samples=1797, n_features=64),
    "one-prefix": lambda: make_profile((64,), n_features=64),
    "one-feature": lambda: make_profile((1,), n_samples=50),
    "every-prefix": lambda: make_profile(tuple(range(1, 201))),
    "silent": silent_profile,
    "broken": broken_profile,
}


def assert_shows(folder, X, n_classes, seed, options, k):
    """The profile of X, with labels of that many classes, and all that shows it."""
    n_classes = min(n_classes, len(X) // 4)
    n_classes *= n_classes > 1
    y = np.random.default_rng(seed).permutation(np.arange(len(X)) % n_classes) if n_classes else None
    found, refusal = answer_or_refusal(lambda: fc.profile(X, y, k=min(k, len(X) - 1), **options))
    if refusal:
        values = np.abs(X.astype(float)).max(axis=1)
        if refusal.endswith("multiply X or that row by a power of two"):
            assert ((values > 0) & (values < 1e-150)).any()
            assert options["metric"] == "cosine"
            return
        # Fourth powers of the differences are summed.
        large = values.max() > 1e70
        assert large or np.ptp(X.astype(float), axis=0).max() < 2e-150
        assert refusal.endswith(f"{'divide' if large else 'multiply'} X by a power of two")
        return
    assert found.n_samples == len(X)
    assert found.summary()
    page, numbers = (folder / f"profile.{kind}" for kind in ("html", "json"))
    found.to_html(page)
    found.to_json(numbers)
    assert "</html>" in page.read_text(encoding="utf-8")
    assert json.loads(numbers.read_text(encoding="utf-8"))
    for name in ("overlap", "contrast", "query_contrast", "lda_accuracy", "knn_accuracy"):
        shares = found.columns[name][~np.isnan(found.columns[name])]
        assert ((shares >= 0) & (shares <= 1)).all(), name
