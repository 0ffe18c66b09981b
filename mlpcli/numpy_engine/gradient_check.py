"""Gradient check: the backward pass compared with how the loss changes when a weight is moved a little.

Three ways to the same numbers: the NumPy backward pass (float64), central differences (L(w + h) - L(w - h)) / 2h of the
NumPy forward pass (float64), and, on request, Keras's GradientTape (float64).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.step import Batch, batch_loss, gradients

STEPS = (1e-5, 1e-6, 1e-7, 1e-4, 1e-3)
"""How far a weight is moved. Smaller steps are tried where the first does not agree, since a ReLU may have a corner
there, and then larger ones: where the loss is near 0, the differences of small steps are rounding."""
AGREE = 1e-5
"""Relative error up to which float64 numbers count as the same."""
AGREE_KERAS = 1e-3
"""The same for Keras's, although it computes in float64: the constants of its Normalization layer are float32."""
SMALL = 1e-3
"""Slopes below this share of the largest of the network are measured against that share: rounding is all they are."""


@dataclass(frozen=True)
class ParameterCheck:
    """One parameter: its "layer/name", its shape, how many entries were moved, and the largest differences.

    largest: the largest absolute slope. differences: the largest relative error of the backward pass beside central
    differences, over the entries that were moved. tape: beside Keras's, over all entries; None without Keras.
    """

    path: str
    shape: tuple[int, ...]
    checked: int
    largest: float
    differences: float
    tape: float | None

    @property
    def agrees(self) -> bool:
        """Whether all methods give the same gradient, within the tolerances (NaN agrees with nothing)."""
        return self.differences <= AGREE and (self.tape is None or self.tape <= AGREE_KERAS)


@dataclass(frozen=True)
class GradientCheck:
    """All parameters in the order of the layers; loss: without penalties."""

    parameters: tuple[ParameterCheck, ...]
    loss: float

    @property
    def agrees(self) -> bool:
        """Whether every parameter does."""
        return all(parameter.agrees for parameter in self.parameters)


def compare(
    network: Network, batch: Batch, tape: Mapping[str, Array] | None = None, entries: int = 20, seed: int = 0
) -> GradientCheck:
    """Check every parameter of a network on one batch; its weights are restored afterwards.

    Args:
        network: in float64, without noise (`network.noise(False)`).
        tape: Keras's gradients by the same names.
        entries: how many weights of each parameter are moved; drawn from `seed` where there are more.

    Raises:
        NeedsKerasError: the network has penalties that are not supported.
    """
    loss, found = gradients(network, batch)
    backward = {path: gradient.copy() for path, gradient in found.items()}
    floor = SMALL * max((float(np.abs(gradient).max(initial=0)) for gradient in backward.values()), default=0)
    draws = np.random.default_rng(seed)
    checks = []
    for path, weights in network.parameters.items():
        chosen = np.sort(draws.permutation(weights.size)[:entries])
        checks.append(
            ParameterCheck(
                path=path,
                shape=weights.shape,
                checked=len(chosen),
                largest=float(np.abs(backward[path]).max(initial=0)),
                differences=_largest_error(network, batch, weights, backward[path], chosen, floor),
                tape=None if tape is None else float(relative_errors(backward[path], tape[path], floor).max(initial=0)),
            )
        )
    return GradientCheck(tuple(checks), loss)


def relative_errors(first: Array, second: Array, floor: float) -> Array:
    """|a - b| over the larger of |a|, |b| and the floor, for each pair; NaN where one of them is."""
    scale = np.maximum(np.maximum(np.abs(first), np.abs(second)), max(floor, np.finfo(np.float64).tiny))
    errors: Array = np.abs(first - second) / scale
    return errors


def central_difference(network: Network, batch: Batch, weights: Array, index: int, step: float) -> float:
    """How the loss changes with one weight; `weights` is the network's own array, and is put back."""
    before = weights.flat[index]
    values = []
    for moved in (before + step, before - step):
        weights.flat[index] = moved
        values.append(batch_loss(network, batch))
    weights.flat[index] = before
    return (values[0] - values[1]) / (2 * step)


def _largest_error(
    network: Network, batch: Batch, weights: Array, backward: Array, chosen: Array, floor: float
) -> float:
    """Over the chosen entries; of each the best of the steps: a wrong slope is wrong at all of them."""
    worst = 0.0
    for index in chosen:
        best = np.inf
        for step in STEPS:
            moved = central_difference(network, batch, weights, int(index), step)
            error = float(relative_errors(np.asarray(backward.flat[index]), np.asarray(moved), floor))
            best = error if np.isnan(error) else min(best, error)
            if np.isnan(error) or best <= AGREE / 10:
                break
        worst = best if np.isnan(best) else max(worst, best)
        if np.isnan(worst):
            break
    return worst
