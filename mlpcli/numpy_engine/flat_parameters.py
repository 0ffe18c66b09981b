"""All parameters of a network in one vector, so that an optimizer's step is a few operations however many there are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from mlpcli.numpy_engine.network import Network


class FlatParameters:
    """`values` and `gradients` are vectors; the network's layers hold views of them from now on.

    slices: where each parameter lies, in the order of Keras's `trainable_variables`; shapes: of each.
    """

    def __init__(self, network: Network) -> None:
        learning = [(layer, name) for layer in network.layers if layer.trainable for name in layer.parameters]
        sizes = [layer.parameters[name].size for layer, name in learning]
        ends = np.cumsum([0, *sizes])
        self.slices = [slice(int(start), int(end)) for start, end in pairwise(ends)]
        self.shapes = [layer.parameters[name].shape for layer, name in learning]
        self.values = np.empty(int(ends[-1]), network.dtype)
        self.gradients = np.zeros_like(self.values)
        for (layer, name), place, shape in zip(learning, self.slices, self.shapes, strict=True):
            self.values[place] = layer.parameters[name].ravel()
            layer.parameters[name] = self.values[place].reshape(shape)
            layer.gradients[name] = self.gradients[place].reshape(shape)
