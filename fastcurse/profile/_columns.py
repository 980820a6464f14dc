"""What a profile has at each prefix: the columns of its table, in the order in which they are shown."""

from __future__ import annotations

from typing import NamedTuple


class Column(NamedTuple):
    """One quantity at each prefix."""

    name: str  # in to_frame() and in the JSON
    group: str
    title: str  # what a reader sees
    style: str  # of its numbers: "distance", "share" or "number"
    meaning: str  # one sentence
    low: str = ""  # name of the column that is the lower end of its interval
    high: str = ""
    short: str = ""  # heading in the summary's table; it has no other columns


GROUPS = {
    "contrast": "Do near and far still differ?",
    "spread": "How spread are the distances?",
    "neighbors": "What do the neighbours keep?",
    "labels": "What do the labels say?",
}

COLUMNS = (
    Column("nearest", "contrast", "Nearest pair", "distance", "Smallest distance between two rows."),
    Column("farthest", "contrast", "Farthest pair", "distance", "Largest distance between two rows."),
    Column("contrast", "contrast", "Contrast", "share", "(farthest - nearest) / farthest.", short="contrast"),
    Column("relative_contrast", "contrast", "Relative contrast", "number", "(farthest - nearest) / nearest."),
    Column(
        "null_contrast", "contrast", "Contrast, Gaussian", "share",
        "Contrast of as many Gaussian points of the same covariance: the median.",
    ),
    Column(
        "nearest_z", "contrast", "Nearest, z", "number",
        "Standard normal score of the nearest distance among as many Gaussian points of the same covariance.",
    ),
    Column(
        "farthest_z", "contrast", "Farthest, z", "number",
        "The same of the farthest distance, and no test: far pairs share outlying points, so that it reads low.",
    ),
    Column(
        "query_contrast", "contrast", "Contrast of a query", "share",
        "Mean over the queries of (farthest - nearest) / farthest, each query against all rows.",
    ),
    Column(
        "cv", "spread", "CV of squared distances", "number", "Standard deviation over mean, exact over all pairs.",
        short="CV",
    ),
    Column(
        "gaussian_cv", "spread", "CV, Gaussian", "number",
        "The same of Gaussian points of the same covariance: sqrt(2 / effective dimension).",
    ),
    Column(
        "independent_cv", "spread", "CV, independent", "number",
        "The same if the features were independent, each with the values that it has.",
    ),
    Column(
        "z_score", "spread", "CV, z", "number",
        "How far the spread of the squared norms is from Gaussian points of the same covariance, in standard errors.",
    ),
    Column(
        "effective_dimension", "spread", "Effective dimension", "number",
        "Participation ratio of the covariance's eigenvalues: as many equal, uncorrelated features have one as flat.",
        short="eff. dim.",
    ),
    Column(
        "overlap", "neighbors", "Overlap", "share",
        "Mean share of a query's k nearest rows at all features that are among its k nearest at the prefix.",
        "overlap_low", "overlap_high", short="overlap",
    ),
    Column(
        "hubness_skewness", "neighbors", "Hubness (skewness)", "number",
        "Skewness of N_k, the number of queries that have a row among their k nearest; large where few rows are hubs.",
        short="hubness",
    ),
    Column("antihub_share", "neighbors", "Antihubs", "share", "Share of the rows that are nobody's neighbour."),
    Column("top_hub_share", "neighbors", "Top hub", "share", "Share of the queries that have the same row near."),
    Column(
        "twonn", "neighbors", "Intrinsic dimension, TwoNN", "number",
        "From the ratio of the distances to the second and the nearest row; the interval is of chance, not of bias.",
        "twonn_low", "twonn_high",
        short="TwoNN",
    ),
    Column(
        "levina_bickel", "neighbors", "Intrinsic dimension, Levina-Bickel", "number",
        "From the distances to the k nearest rows; the interval is of chance, not of bias, which edges make negative.",
        "levina_bickel_low", "levina_bickel_high",
    ),
    Column(
        "lda_accuracy", "labels", "LDA", "share",
        "Accuracy of linear discriminant analysis on rows held out.", "lda_low", "lda_high",
        short="LDA",
    ),
    Column(
        "lda_doubled", "labels", "LDA, twice the rows", "share",
        "What theory predicts for twice the rows.",
    ),
    Column(
        "knn_accuracy", "labels", "k nearest", "share",
        "Accuracy of the majority of a query's k nearest rows, itself left out; queries that have a copy do not count.",
        "knn_low", "knn_high",
        short="k nearest",
    ),
)  # fmt: skip

# Every key of Profile.columns, in order: each column, and after it the ends of its interval.
NAMES = tuple(name for column in COLUMNS for name in (column.name, column.low, column.high) if name)
