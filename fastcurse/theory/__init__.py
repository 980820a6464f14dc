"""Closed forms to hold the measurements against: NumPy and SciPy only, arguments broadcast."""

from __future__ import annotations

from fastcurse.theory.balls import (
    ball_volume,
    ball_volume_recurrence,
    hit_or_miss_relative_error,
    largest_surface_dimension,
    largest_volume_dimension,
    log_ball_volume,
    log_hit_probability,
    log_surface_area,
    nearest_to_centre_median,
    no_hit_probability,
    shell_fraction,
)
from fastcurse.theory.curvature import (
    largest_stable_step,
    marchenko_pastur_density,
    marchenko_pastur_edges,
    random_direction_curvature,
)
from fastcurse.theory.discriminant import lda_error, lda_error_exact, recommended_features
from fastcurse.theory.distances import (
    contrast_limit,
    cosine_variance,
    effective_dimension,
    extreme_distance_median,
    rbf_kernel_mean,
    squared_distance_cv,
    squared_distance_mean,
    squared_distance_variance,
)
from fastcurse.theory.extremes import extreme_distance_quantile
from fastcurse.theory.noise import separable_probability, training_accuracy
from fastcurse.theory.trunk import (
    bayes_accuracy,
    first_component_accuracy,
    known_covariance_accuracy,
    known_covariance_error_exact,
    lda_accuracy,
    whitened_accuracy,
)
from fastcurse.theory.trunk_classes import rule_accuracy, separation

__all__ = [
    "ball_volume",
    "ball_volume_recurrence",
    "bayes_accuracy",
    "contrast_limit",
    "cosine_variance",
    "effective_dimension",
    "extreme_distance_median",
    "extreme_distance_quantile",
    "first_component_accuracy",
    "hit_or_miss_relative_error",
    "known_covariance_accuracy",
    "known_covariance_error_exact",
    "largest_stable_step",
    "largest_surface_dimension",
    "largest_volume_dimension",
    "lda_accuracy",
    "lda_error",
    "lda_error_exact",
    "log_ball_volume",
    "log_hit_probability",
    "log_surface_area",
    "marchenko_pastur_density",
    "marchenko_pastur_edges",
    "nearest_to_centre_median",
    "no_hit_probability",
    "random_direction_curvature",
    "rbf_kernel_mean",
    "recommended_features",
    "rule_accuracy",
    "separable_probability",
    "separation",
    "shell_fraction",
    "squared_distance_cv",
    "squared_distance_mean",
    "squared_distance_variance",
    "training_accuracy",
    "whitened_accuracy",
]
