"""One PrefixLDA a fold, all of them from one pass over the rows, and their accuracies."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator

import numpy as np
from sklearn.model_selection import StratifiedKFold

from fastcurse._memmap import release
from fastcurse.discriminant import PrefixLDA

_VALUES_A_BLOCK = 2**22
_ROWS_OF_A_FOLD = 256  # of a block at least: to merge costs about a dozen rows' sums
# Sums of every fold take n_features^2 numbers each, so that fewer rows a feature are cheaper copied than summed.
_ROWS_A_FEATURE = 4
_TRAINING_ROWS = 2**16  # scored at most: the accuracy of as many rows is off by .002


def fold_numbers(codes: np.ndarray, cv: int, seed: int) -> np.ndarray:
    """Return the number of the fold (n,) that holds each row out: scikit-learn's stratified, shuffled folds."""
    numbers = np.empty(len(codes), dtype=np.int64)
    with warnings.catch_warnings():
        # Of a class with fewer rows than folds: they go to different folds, so every model sees the class.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        splits = StratifiedKFold(cv, shuffle=True, random_state=seed).split(codes, codes)
        for number, (_, held_out) in enumerate(splits):
            numbers[held_out] = number
    return numbers


def fold_models(X: np.ndarray, codes: np.ndarray, folds: np.ndarray, ridge: float) -> tuple[list[PrefixLDA], PrefixLDA]:
    """Return the model of all rows but those of each fold, and that of all rows."""
    cv = int(folds.max()) + 1
    if len(X) < _ROWS_A_FEATURE * X.shape[1]:
        models = [PrefixLDA(ridge=ridge).fit(X[folds != fold], codes[folds != fold]) for fold in range(cv)]
        return models, PrefixLDA(ridge=ridge).fit(X, codes)
    classes = np.arange(codes.max() + 1)
    parts = [PrefixLDA(ridge=ridge) for _ in range(cv)]
    for rows in _row_blocks(X, cv):
        for fold, part in enumerate(parts):
            mine = folds[rows] == fold
            if mine.any():
                part.partial_fit(X[rows][mine], codes[rows][mine], classes)
        release(X[rows])
    return [_merged(parts[:fold] + parts[fold + 1 :]) for fold in range(cv)], _merged(parts)


def fold_accuracies(
    X: np.ndarray,
    codes: np.ndarray,
    folds: np.ndarray,
    models: list[PrefixLDA],
    prefixes: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return each model's accuracies (m, cv) on its training rows, at most `_TRAINING_ROWS`, and on the held-out."""
    right, seen = np.zeros((2, len(prefixes), len(models))), np.zeros((2, 1, len(models)))
    scored = np.ones(len(X), dtype=bool)
    if len(X) > _TRAINING_ROWS:
        scored = rng.permutation(len(X)) < _TRAINING_ROWS
    for rows in _row_blocks(X, len(models)):
        for fold, model in enumerate(models):
            held_out = folds[rows] == fold
            for part, mine in enumerate((~held_out & scored[rows], held_out)):
                if mine.any():
                    share = model.score_path(X[rows][mine], codes[rows][mine], prefixes)
                    right[part, :, fold] += np.rint(share * mine.sum())
                    seen[part, :, fold] += mine.sum()
        release(X[rows])
    train, held_out = right / seen
    return train, held_out


def _merged(parts: list[PrefixLDA]) -> PrefixLDA:
    whole = copy.copy(parts[0])  # merge sets new sums, it does not change the old ones
    for part in parts[1:]:
        whole.merge(part)
    return whole


def _row_blocks(X: np.ndarray, cv: int) -> Iterator[slice]:
    size = max(_VALUES_A_BLOCK // X.shape[1], _ROWS_OF_A_FOLD * cv)
    for start in range(0, len(X), size):
        yield slice(start, start + size)
