"""Every check of an argument, and its message: the argument's name, the rule, the value received."""

from fastcurse._validation._arrays import as_numeric, check_points, check_prefixes, check_queries, check_real
from fastcurse._validation._labels import check_classes, check_codes, check_labels, check_priors
from fastcurse._validation._linear_rules import check_bounds, check_linear_rule, check_mutable, check_norm
from fastcurse._validation._neighbors import check_neighbor_distances, check_neighbor_rows, check_query_rows
from fastcurse._validation._scalars import (
    check_choice,
    check_client,
    check_count,
    check_fraction,
    check_jobs,
    check_nonnegative,
    check_path,
    check_seed,
    check_threads,
)
from fastcurse._validation._vectors import check_vector

__all__ = [
    "as_numeric",
    "check_bounds",
    "check_choice",
    "check_classes",
    "check_client",
    "check_codes",
    "check_count",
    "check_fraction",
    "check_jobs",
    "check_labels",
    "check_linear_rule",
    "check_mutable",
    "check_neighbor_distances",
    "check_neighbor_rows",
    "check_nonnegative",
    "check_norm",
    "check_path",
    "check_points",
    "check_prefixes",
    "check_priors",
    "check_queries",
    "check_query_rows",
    "check_real",
    "check_seed",
    "check_threads",
    "check_vector",
]
