"""``fastcurse lda``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from fastcurse.cli._arguments import parse_prefixes
from fastcurse.cli._messages import named_as_on_the_command_line
from fastcurse.report.tables import print_csv

if TYPE_CHECKING:
    import numpy as np


@click.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.argument("labels", type=click.Path(path_type=Path))
@click.option("--prefixes", default=None, help="Comma-separated numbers of leading features; default: every one.")
@click.option("--test-share", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.5, show_default=True,
              help="Share of the rows kept for testing.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the split.")
def lda(data: Path, labels: Path, prefixes: str | None, test_share: float, seed: int) -> None:
    """Print LDA's training and test accuracy at each prefix of DATA's features, as CSV.

    DATA is a .npy, .npz (one array), .csv or .parquet file; a .csv may have one header line, without numbers.
    LABELS is such a file of one label a row; a .csv may hold strings, and may have a header line too: one line
    more than DATA has rows, the first of them no number and no label of another row.
    """
    import numpy as np

    from fastcurse import _validation
    from fastcurse.discriminant import PrefixLDA
    from fastcurse.report.datafiles import read_labels, read_points

    X = np.asarray(_validation.check_points(read_points(data), "DATA"))
    y = _validation.check_labels(read_labels(labels, n_samples=len(X)), len(X), "LABELS", "DATA")
    chosen = _validation.check_prefixes(parse_prefixes(prefixes), X.shape[1], "--prefixes")
    test = _test_rows(y, _validation.check_fraction(test_share, "--test-share"), seed)
    X_train, X_test, y_train, y_test = X[~test], X[test], y[~test], y[test]
    with named_as_on_the_command_line({"X": "DATA", "prefixes": "--prefixes"}):
        model = PrefixLDA().fit(X_train, y_train)
        accuracies = [model.score_path(X_train, y_train, chosen), model.score_path(X_test, y_test, chosen)]
    columns = [chosen, *accuracies]
    print_csv(("prefix", "train_accuracy", "test_accuracy"), zip(*(column.tolist() for column in columns), strict=True))


def _test_rows(y: np.ndarray, test_share: float, seed: int) -> np.ndarray:
    """Return bool (n,): a random `test_share` of the rows of each class, rounded up or down.

    The rows stand in a random order within their class, class by class; evenly spaced ones are for testing.
    """
    import numpy as np

    from fastcurse import _validation

    classes, codes = _validation.check_classes(y, "LABELS")
    counts = np.bincount(codes)
    if counts.min() < 2:
        alone = classes.tolist()[counts.argmin()]
        raise ValueError(f"LABELS must have at least 2 rows of each class, got 1 of {alone!r}")
    order = np.lexsort((np.random.default_rng(seed).random(len(y)), codes))
    steps = np.floor(np.arange(len(y) + 1) * test_share + 0.5)
    test = np.empty(len(y), dtype=bool)
    test[order] = np.diff(steps) > 0
    left = np.bincount(codes[~test], minlength=len(classes))
    given = f"--test-share must leave rows to train and to test, got {test_share:g}, which leaves"
    if not test.any():
        raise ValueError(f"{given} none of {len(y)} to test")
    if left.min() == 0:
        gone = int(left.argmin())
        raise ValueError(f"{given} none of the {counts[gone]} of class {classes.tolist()[gone]!r} to train")
    if left.sum() <= len(classes):
        raise ValueError(f"{given} {left.sum()} of {len(y)} to train, no more than the {len(classes)} classes")
    return test
