"""Sharpness of a small tanh network after training by batches of different size, and the loss around where it ends."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastcurse.curvature import TopCurvature, top_curvature
from fastcurse.experiments._tanh_network import TanhNetwork

N_ROWS, N_INPUTS, N_HIDDEN = 256, 8, 32
BATCH_SIZES = (4, 16, 64, 256)
LEARNING_RATES = (0.05, 0.2)
# Mean loss of half the variance of the targets, 1, and of their noise.
LEVEL = 0.05
_STEPS_BETWEEN_LOOKS = 20
# Along unit directions, an eighth of the length of the trained parameters.
PLANE_REACH, PLANE_POINTS = 1.0, 41
N_RANDOM_DIRECTIONS, N_RANDOM_SLOPES = 6, 1000

NETWORK = TanhNetwork(N_INPUTS, N_HIDDEN)


class Training(NamedTuple):
    """Largest eigenvalue and loss of each learning rate and batch size (2, 4) when one of three things is equal."""

    steps: np.ndarray  # (2, 4, 2): eigenvalue, loss after the same number of steps
    epochs: np.ndarray  # after the same number of passes over the rows, that the smallest batch makes in these steps
    level: np.ndarray  # where the loss first is at most LEVEL; nan where it never is


class Surroundings(NamedTuple):
    """What the loss does around a trained network, along unit directions from there."""

    top: TopCurvature  # 20 pairs
    exact: np.ndarray  # all eigenvalues (d,), from the whole Hessian
    loss: float
    length: float  # of the vector of parameters
    reach: np.ndarray  # (PLANE_POINTS,) how far along a direction
    along: np.ndarray  # (1 + N_RANDOM_DIRECTIONS, PLANE_POINTS) loss along the leading and the random directions
    random_slopes: np.ndarray  # (N_RANDOM_SLOPES,) v'Hv of random directions, these the first
    leading_plane: np.ndarray  # (PLANE_POINTS, PLANE_POINTS) loss; rows along a random, columns along the leading one
    random_plane: np.ndarray  # the same, both random


def make_rows(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return normal inputs, and targets of variance 1: a wave along one direction, a bowl along another, and noise."""
    X = generator.standard_normal((N_ROWS, N_INPUTS))
    first, second = np.linalg.qr(generator.standard_normal((N_INPUTS, 2)))[0].T
    y = np.sin(2.0 * X @ first) + 0.5 * (X @ second) ** 2 + 0.1 * generator.standard_normal(N_ROWS)
    return X, (y - y.mean()) / y.std()


def sharpness(theta: np.ndarray, X: np.ndarray, y: np.ndarray, k: int = 1) -> TopCurvature:
    """Return the leading curvature of the network at `theta`."""
    return top_curvature(
        lambda v: NETWORK.hessian_product(theta, v, X, y), n_parameters=NETWORK.n_parameters, k=k, random_state=0
    )


def train(generator: np.random.Generator, *, n_steps: int) -> Training:
    """Train from one start on one set of rows, by each learning rate and batch size."""
    X, y = make_rows(generator)
    start = NETWORK.start(generator)
    seed = int(generator.integers(2**63))
    found = [[_descend(start, X, y, rate, size, n_steps, seed) for size in BATCH_SIZES] for rate in LEARNING_RATES]
    return Training(*(np.array(values) for values in np.moveaxis(np.array(found), 2, 0)))


def _descend(
    theta: np.ndarray, X: np.ndarray, y: np.ndarray, rate: float, size: int, n_steps: int, seed: int
) -> np.ndarray:
    """Return eigenvalue and loss (3, 2) after equal steps, equal epochs and at the equal level of loss."""
    rng = np.random.default_rng(seed)
    n_equal_epochs = n_steps * BATCH_SIZES[0] // size
    found = np.full((3, 2), np.nan)

    def look() -> tuple[float, float]:
        return float(sharpness(theta, X, y).eigenvalues[0]), NETWORK.loss(theta, X, y)

    for step in range(n_steps + 1):
        if step == n_steps:
            found[0] = look()
        if step == n_equal_epochs:
            found[1] = look()
        seeks = step % _STEPS_BETWEEN_LOOKS == 0 and np.isnan(found[2, 0])
        if seeks and NETWORK.loss(theta, X, y) <= LEVEL:
            found[2] = look()
        rows = rng.integers(0, N_ROWS, size) if size < N_ROWS else slice(None)
        theta = theta - rate * NETWORK.gradient(theta, X[rows], y[rows])
    return found


def surroundings(generator: np.random.Generator, *, n_steps: int) -> Surroundings:
    """Train with all rows at each step, then look along the leading eigenvector and along random directions."""
    X, y = make_rows(generator)
    theta = NETWORK.start(generator)
    for _ in range(n_steps):
        theta = theta - LEARNING_RATES[-1] * NETWORK.gradient(theta, X, y)
    top = sharpness(theta, X, y, k=20)
    H = np.column_stack([NETWORK.hessian_product(theta, v, X, y) for v in np.eye(NETWORK.n_parameters)])
    random = generator.standard_normal((N_RANDOM_SLOPES, NETWORK.n_parameters))
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    leading = top.vectors[:, 0]
    reach = np.linspace(-PLANE_REACH, PLANE_REACH, PLANE_POINTS)

    def losses(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        points = [[NETWORK.loss(theta + s * first + t * second, X, y) for s in reach] for t in reach]
        return np.array(points)

    return Surroundings(
        top=top,
        exact=np.linalg.eigvalsh((H + H.T) / 2)[::-1],
        loss=NETWORK.loss(theta, X, y),
        length=float(np.linalg.norm(theta)),
        reach=reach,
        along=np.array(
            [[NETWORK.loss(theta + t * v, X, y) for t in reach] for v in (leading, *random[:N_RANDOM_DIRECTIONS])]
        ),
        random_slopes=np.einsum("ij,ij->i", random @ H, random),
        leading_plane=losses(leading, random[0]),
        random_plane=losses(random[1], random[2]),
    )
