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
from fastcurse.theory.lda_classes import multiclass_lda_accuracy, unbiased_delta_sq
from fastcurse.theory.neighbors import apparent_dimension, hubness_limit, levina_bickel_relative_error, two_nn_interval
from fastcurse.theory.noise import separable_probability, training_accuracy
from fastcurse.theory.remedies import nearest_mean_accuracy, prior_mean_accuracy, ridge_accuracy
from fastcurse.theory.robustness import adversarial_accuracy, random_direction_ratio, soft_threshold_accuracy
from fastcurse.theory.spectrum import spectrum_extreme_quantile, spectrum_extreme_z_score
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
    "adversarial_accuracy",
    "apparent_dimension",
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
    "hubness_limit",
    "known_covariance_accuracy",
    "known_covariance_error_exact",
    "largest_stable_step",
    "largest_surface_dimension",
    "largest_volume_dimension",
    "lda_accuracy",
    "lda_error",
    "lda_error_exact",
    "levina_bickel_relative_error",
    "log_ball_volume",
    "log_hit_probability",
    "log_surface_area",
    "marchenko_pastur_density",
    "marchenko_pastur_edges",
    "multiclass_lda_accuracy",
    "nearest_mean_accuracy",
    "nearest_to_centre_median",
    "no_hit_probability",
    "prior_mean_accuracy",
    "random_direction_curvature",
    "random_direction_ratio",
    "rbf_kernel_mean",
    "recommended_features",
    "ridge_accuracy",
    "rule_accuracy",
    "separable_probability",
    "separation",
    "shell_fraction",
    "soft_threshold_accuracy",
    "spectrum_extreme_quantile",
    "spectrum_extreme_z_score",
    "squared_distance_cv",
    "squared_distance_mean",
    "squared_distance_variance",
    "training_accuracy",
    "two_nn_interval",
    "unbiased_delta_sq",
    "whitened_accuracy",
]
