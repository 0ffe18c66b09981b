"""Networks from layers as a config writes them, without a config."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from pydantic import ConfigDict, TypeAdapter

from mlpcli.config.sections import AnyLayer
from mlpcli.model.layer_rules import layer_size
from mlpcli.model.shapes import SavedLayer
from mlpcli.numpy_engine.network import Network

Describe = Callable[..., list[SavedLayer]]
MakeNetwork = Callable[..., Network]

# One for all tests, made for the first: the schema of every layer takes as long as a hundred of them.
WRITTEN = TypeAdapter[Any](AnyLayer, config=ConfigDict(defer_build=True))


def _described(shape: tuple[int, ...], layers: Sequence[Any], **changes: Any) -> list[SavedLayer]:
    described = []
    for index, written in enumerate(layers):
        component = written if hasattr(written, "tag") else WRITTEN.validate_python(written)
        size = layer_size(component.tag, component, shape)
        name = f"{component.tag}_{index}"
        described.append(SavedLayer(name, component.keras_class, size, component, **changes))
        shape = size.output_shape
    return described


@pytest.fixture
def described() -> Describe:
    """`described(shape, [{"dense": 3}, "softmax"])`: the layers, as a model file would describe them."""
    return _described


@pytest.fixture
def network() -> MakeNetwork:
    """`network(shape, layers)`: with weights and statistics drawn at random, in float64."""

    def make(shape: tuple[int, ...], layers: Sequence[Any], dtype: Any = np.float64, seed: int = 0) -> Network:
        made = Network.of(shape, _described(shape, layers), dtype=dtype, seed=seed)
        draw = np.random.default_rng(seed)
        for layer in made.layers:
            for name, array in (*layer.parameters.items(), *layer.statistics.items()):
                spread = draw.uniform(0.5, 1.5, array.shape) if "variance" in name else draw.normal(0, 0.5, array.shape)
                array[...] = spread
        return made

    return make
