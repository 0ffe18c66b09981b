"""What the layers before the first nonlinearity compute together, in the units of the data: y = a x + b."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.numpy_engine.layer import PROBABILITIES, Activation, Dense, Layer
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.noise import NoiseLayer
from mlpcli.numpy_engine.normalization import BatchNormalization, Normalization, Rescaling

_LINEAR = (Dense, Normalization, Rescaling, BatchNormalization, NoiseLayer)
"""In a prediction; noise does nothing there."""


@dataclass(frozen=True, eq=False)
class LinearForm:
    """outputs = inputs @ coefficients + constants, of raw inputs.

    coefficients: (inputs, units); constants: (units,), both float64. layer: the last dense layer in it. ends: what
    comes after it: "" for nothing, "sigmoid" or "softmax" at the end of the network, "more" for other layers.
    """

    coefficients: Array
    constants: Array
    layer: str
    ends: str


def linear_form(network: Network) -> LinearForm | None:
    """Of the layers up to the first that is not linear, scaling included; None if no dense layer is among them.

    network: of rows of numbers, with described layers.
    """
    if len(network.input_shape) != 1:
        return None
    network = network.astype("float64")
    linear = list(_leading(network))
    dense = [layer for layer in linear if isinstance(layer, Dense)]
    if not dense:
        return None
    rest = network.layers[len(linear) :]
    ends = "" if not rest else "more"
    if len(rest) == 1 and isinstance(rest[0], Activation) and rest[0].kind in PROBABILITIES:
        ends = rest[0].kind
    inputs = network.input_shape[0]
    values = np.vstack([np.zeros((1, inputs)), np.eye(inputs)])
    for layer in linear:
        values = layer.forward(values)
    return LinearForm(values[1:] - values[0], values[0], dense[-1].name, ends)


def _leading(network: Network) -> Iterator[Layer]:
    for layer in network.layers:
        if not isinstance(layer, _LINEAR):
            return
        yield layer
