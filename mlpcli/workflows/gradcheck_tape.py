"""The gradients of one batch by Keras's GradientTape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.data.dataset import Array
from mlpcli.model.architecture import SavedLayer
from mlpcli.model.builder import keras_object
from mlpcli.model.compilation import Described
from mlpcli.model.rebuild import build_saved
from mlpcli.model.shapes import Shape


def tape_gradients(
    input_shape: Shape,
    layers: Sequence[SavedLayer],
    weights: Sequence[Array],
    rows: tuple[Array, Array],
    loss: Described,
    loss_weight: float,
) -> list[Array]:
    """One array for each trainable weight, in the order of the layers; float32.

    Args:
        weights: of all layers, one after the other.
        rows: raw rows (n, *input_shape), and targets as the loss takes them.
        loss_weight: what the loss is multiplied with, penalties apart.
    """
    arrays = iter(weights)
    named = dict(_by_layer(layers, arrays))
    model = build_saved(Path("the model"), input_shape, layers, named)
    objective = keras_object(loss.component, **loss.more)
    x, y = rows
    with backend.tensorflow().GradientTape() as tape:
        outputs = model(x, training=True)
        value = loss_weight * objective(y, outputs) + sum(model.losses)
    gradients: list[Any] = tape.gradient(value, model.trainable_variables)
    return [
        np.zeros(weight.shape, np.float32) if found is None else np.asarray(found)
        for weight, found in zip(model.trainable_variables, gradients, strict=True)
    ]


def _by_layer(layers: Sequence[SavedLayer], arrays: Iterator[Array]) -> Iterator[tuple[str, list[Array]]]:
    for layer in layers:
        yield layer.name, [next(arrays) for _ in layer.weights]
