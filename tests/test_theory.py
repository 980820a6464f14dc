"""The shape of `fastcurse.theory`: what it exports, and that every function broadcasts the same way."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from fastcurse import theory

# Two or three valid values of each argument, and the keywords.
CASES = {
    "adversarial_accuracy": [(1, 10, 39), (0, 0.1)],
    "apparent_dimension": [(20, 1000), (1, 3.5, 100)],
    "ball_volume": [(2, 3, 500), (0.5, 2)],
    "ball_volume_recurrence": [(2, 3.5, 1000)],
    "bayes_accuracy": [(1, 10, 1000)],
    "contrast_limit": [(1, 2, 3.5)],
    "cosine_variance": [(1, 10, 1000)],
    "extreme_distance_median": [(2, 50), (1, 12, 13, 200)],
    "extreme_distance_quantile": [(0.01, 0.5, 0.99), (2, 50), (1, 12, 13, 200)],
    "first_component_accuracy": [(5, 101), (100, 500)],
    "hit_or_miss_relative_error": [(1, 20, 900), (10, 10**6)],
    "hubness_limit": [(20, 1000), (1, 10, 19)],
    "known_covariance_accuracy": [(1, 101), (10, 500)],
    "known_covariance_error_exact": [(1, 101), (1, 5)],
    "largest_stable_step": [(0, 0.5, 4)],
    "lda_accuracy": [(1, 10), (10, 500)],
    "lda_error": [(1, 4), (5, 300), (20, 30), (40, 50)],
    "lda_error_exact": [(1, 4), (1, 3), (4, 30)],
    "levina_bickel_relative_error": [(1, 2048), (4, 10)],
    "log_ball_volume": [(0, 3, 10**7), (0.5, 2)],
    "log_hit_probability": [(0, 1, 10**7)],
    "log_surface_area": [(1, 2, 1000), (0.5, 2)],
    "marchenko_pastur_density": [(0.1, 1, 3), (0.5, 4)],
    "marchenko_pastur_edges": [(0.5, 1, 4)],
    "nearest_mean_accuracy": [(1, 101), (10, 500)],
    "nearest_to_centre_median": [(1, 500), (1, 10)],
    "no_hit_probability": [(1, 20), (0, 10**6)],
    "prior_mean_accuracy": [(1, 101), (10, 500)],
    "random_direction_curvature": [(1, 2.5), (10, 20), (1, 2, 1000)],
    "random_direction_ratio": [(1, 3, 100), (0.1, 0.5)],
    "rbf_kernel_mean": [(1, 50), (0, 0.5), (1, 4)],
    "ridge_accuracy": [(10, 300, 900), (100, 500), (0.5, 2)],
    "separable_probability": [(0, 5, 9, 20), (1, 10)],
    "separation": [(0, 1, 10**9)],
    "shell_fraction": [(0, 1, 100), (0, 0.1, 1)],
    "soft_threshold_accuracy": [(1, 10, 39), (0, 0.1)],
    "squared_distance_cv": [(1, 100)],
    "squared_distance_mean": [(1, 100), (1, 4)],
    "squared_distance_variance": [(1, 100), (1, 4), (3, 20)],
    "training_accuracy": [(0, 50, 200), (100, 200)],
    "two_nn_interval": [(0.5, 10), (2, 2048)],
    "whitened_accuracy": [(5, 101), (100, 500)],
}
KEYWORDS = {"lda_error_exact": {"n_draws": 100, "random_state": 0}}
# Any number will do; nan gives nan.
UNBOUNDED = {"marchenko_pastur_density": "x", "random_direction_curvature": "trace"}
OTHER_SHAPES = {
    "multiclass_lda_accuracy",
    "unbiased_delta_sq",
    "effective_dimension",
    "recommended_features",
    "rule_accuracy",
    "largest_surface_dimension",
    "largest_volume_dimension",
    "spectrum_extreme_quantile",
    "spectrum_extreme_z_score",
}


def _value(result):
    return result[0] if isinstance(result, tuple) else result


def test_exports_every_public_function_and_nothing_else():
    assert theory.__all__ == sorted(theory.__all__)
    assert set(theory.__all__) == CASES.keys() | OTHER_SHAPES
    assert all(inspect.isfunction(getattr(theory, name)) for name in theory.__all__)


@pytest.mark.parametrize("name", CASES)
def test_arguments_broadcast_and_each_element_is_the_scalar_call(name):
    function, keywords = getattr(theory, name), KEYWORDS.get(name, {})
    grid = np.ix_(*[np.asarray(values) for values in CASES[name]])
    whole = _value(function(*grid, **keywords))
    assert whole.shape == np.broadcast_shapes(*[axis.shape for axis in grid])
    assert whole.dtype == np.float64
    assert not np.isnan(whole).any()
    for index in np.ndindex(whole.shape):
        arguments = [values[i] for values, i in zip(CASES[name], index, strict=True)]
        single = _value(function(*arguments, **keywords))
        assert isinstance(single, float)
        # Sums over quadrature nodes may be ordered otherwise in an array: a few ulp.
        assert single == pytest.approx(whole[index], rel=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_lists_and_empty_arrays_are_arguments(name):
    function, keywords = getattr(theory, name), KEYWORDS.get(name, {})
    first = [values[0] for values in CASES[name]]
    listed = _value(function(*[[value] for value in first], **keywords))
    assert listed.shape == (1,)
    empty = _value(function(*[np.empty(0) for _ in first], **keywords))
    assert empty.shape == (0,)


@pytest.mark.parametrize("bad", [-1.0, np.nan])
@pytest.mark.parametrize("name", CASES)
def test_arguments_outside_their_domain_are_named(name, bad):
    function = getattr(theory, name)
    good = [values[-1] for values in CASES[name]]
    for at, argument in enumerate(list(inspect.signature(function).parameters)[: len(good)]):
        if argument != UNBOUNDED.get(name):
            with pytest.raises(ValueError, match=f"^{argument} must .*, got {bad:g}"):
                function(*good[:at], bad, *good[at + 1 :], **KEYWORDS.get(name, {}))
