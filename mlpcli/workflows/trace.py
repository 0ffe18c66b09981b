"""`mlpcli trace`: one example followed through a network, layer by layer, there and back. No TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import NeedsKerasError, UserError
from mlpcli.numpy_engine.layer import Activation, Layer
from mlpcli.numpy_engine.network import Network, Watch
from mlpcli.numpy_engine.normalization import BatchNormalization
from mlpcli.numpy_engine.step import Batch, gradients
from mlpcli.workflows.gradient_case import GradientCase, gradient_case


@dataclass(frozen=True)
class TraceResult:
    """One row followed through a network: outputs, loss and gradients.

    name: of the config or the model. trained: whether the weights are a model's; otherwise they are drawn from `seed`.
    row, rows: which row of how many. target: the class, or the number or numbers. loss: its name in a config;
    loss_weight: a factor of it. noise_off: layers that add noise in training, and not here.
    """

    name: str
    trained: bool
    seed: int
    row: int
    rows: int
    target: str | float | list[float]
    loss: str
    loss_weight: float
    noise_off: list[str]
    trace: Trace


def trace(config_or_model: str | Path, row: int = 0, overrides: Sequence[str] = ()) -> TraceResult:
    """Follow one row through a network: every output, the loss, and every gradient, computed in float64 by NumPy.

    Args:
        config_or_model: a config, whose network gets the initial weights of its seed with the NumPy engine; or a model
            file or run directory.
        row: of the data that the training rows are drawn from, counted from 0.
        overrides: for a config, as in `train`.

    Raises:
        ConfigError, DataError: as `train` would.
        ModelFileError: the file cannot be used.
        UserError: there is no such row; or the NumPy engine does not support a layer, an argument or the loss.
    """
    case = gradient_case(config_or_model, overrides)
    rows = len(case.part.y)
    if not 0 <= row < rows:
        raise UserError(f"--row {row}: the data has {rows:,} rows, 0 to {rows - 1:,}")
    try:
        network = case.network().astype("float64")
        noise_off = network.noise(False)
        found = follow(network, case.batch(np.array([row])))
    except NeedsKerasError as error:
        found_out = f"{error.layer} needs Keras ({error.why})"
        raise UserError(f"{config_or_model}: trace shows what NumPy computes, and {found_out}") from error
    return TraceResult(
        case.name, case.weights is not None, case.seed, row, rows, _target(case, row), case.loss.component.tag,
        case.units.weight, noise_off, found,
    )  # fmt: skip


def _target(case: GradientCase, row: int) -> str | float | list[float]:
    found = case.part.y[row]
    if case.class_names is not None:
        return case.class_names[int(found)]
    return [float(value) for value in found] if found.ndim else float(found)


@dataclass(frozen=True, eq=False)
class TracedLayer:
    """One step of the network.

    name: of the layer; step: Keras's class, or the name of the activation within a layer. output: of one example.
    output_gradient: of the loss by the output; None in front of the first layer that learns, and behind a softmax or
    sigmoid whose loss is computed from what went into it. weights, gradients: by name, with the same shapes.
    """

    name: str
    step: str
    output: Array
    output_gradient: Array | None
    weights: dict[str, Array]
    gradients: dict[str, Array]


@dataclass(frozen=True, eq=False)
class Trace:
    """An example, every step it went through, its loss (times its weight, without penalties), and the penalties."""

    input: Array
    layers: tuple[TracedLayer, ...]
    loss: float
    penalty: float


def follow(network: Network, batch: Batch) -> Trace:
    """Follow one example, as training does, but without noise, and with batch normalization's running averages.

    Args:
        network: built from described layers.
        batch: of one row.

    Raises:
        NeedsKerasError: the network has penalties that are not supported.
    """
    network.noise(False)
    network.watch = watch = Watch()
    for layer in network.layers:
        layer.input_gradient = True
        if isinstance(layer, BatchNormalization):
            layer.frozen = True  # of one example the mean is the example itself
    loss, _ = gradients(network, batch)
    network.watch = None
    slopes = [*(watch.slopes.get(layer) for layer in network.layers[1:]), watch.last]
    classes = {described.name: described.keras_class for described in network.described}
    layers = tuple(
        TracedLayer(
            name=layer.name,
            step=_activation(layer) or classes[layer.name],
            output=watch.outputs[layer][0],
            output_gradient=None if slope is None else slope[0],
            weights={**layer.parameters, **layer.statistics},
            gradients=dict(layer.gradients),
        )
        for layer, slope in zip(network.layers, slopes, strict=True)
    )
    return Trace(batch.x[0].astype(network.dtype), layers, loss, network.penalty())


def _activation(layer: Layer) -> str:
    """The name of the activation within a layer, "" for every other step."""
    return layer.kind if isinstance(layer, Activation) else ""
