"""Where the weights of a network come from: a file's arrays, or a draw by NumPy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.errors import ModelFileError
from mlpcli.model.architecture import SavedLayer
from mlpcli.numpy_engine.initializers import initial

Weights = Mapping[str, Sequence[Array]] | Sequence[Array] | None
"""By layer in the order of Keras's `layer.weights`; or one list for all layers; or None, to draw them."""


class WeightSupply:
    """Hands each layer its weights, and holds them to the shapes that its description asks for."""

    def __init__(self, weights: Weights, dtype: Any, seed: int) -> None:
        self.by_layer = weights if isinstance(weights, Mapping) else None
        self.in_order: Iterator[Array] | None = None
        if weights is not None and not isinstance(weights, Mapping):
            self.in_order = iter(weights)
        self.dtype = np.dtype(dtype)
        self.draws = np.random.default_rng(seed)

    def take(self, layer: SavedLayer, names: Sequence[str]) -> dict[str, Array]:
        """A copy of each weight of a layer, by name.

        Raises:
            ModelFileError: one is missing, or has another shape.
            LeftToKerasError: it is to be drawn in a way that is not known here.
        """
        if self.by_layer is None and self.in_order is None:
            drawn = [initial(layer.component, *named, self.draws) for named in zip(names, layer.weights, strict=True)]
        else:
            drawn = self._given(layer)
        return {name: np.array(array, self.dtype) for name, array in zip(names, drawn, strict=True)}

    def _given(self, layer: SavedLayer) -> list[Array]:
        if self.by_layer is not None:
            found = list(self.by_layer.get(layer.name, ()))
        else:
            assert self.in_order is not None
            found = [array for _, array in zip(layer.weights, self.in_order, strict=False)]
        shapes = tuple(np.shape(array) for array in found)
        if shapes != layer.weights:
            raise ModelFileError(
                f"layer {layer.name}: has weights of the shapes {list(shapes)}, and takes {list(layer.weights)};"
                " the weights are not those of this model"
            )
        return found
