"""One example followed through a network: what each layer makes of it, and the gradients on the way back."""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.arrays import Array
from mlpcli.numpy_engine.layer import Activation, Layer
from mlpcli.numpy_engine.network import Network, Watch
from mlpcli.numpy_engine.normalization import BatchNormalization
from mlpcli.numpy_engine.step import Batch, gradients


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


def trace(network: Network, batch: Batch) -> Trace:
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
