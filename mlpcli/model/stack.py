"""The layers of a network in order, from the short or the long form: names, sizes, and names that TensorFlow takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod

from mlpcli.config.layers import (
    IMAGE_LAYERS,
    MOST_LAYERS,
    Activate,
    BatchNormalization,
    Dense,
    Dropout,
    Flatten,
    Layer,
    Permute,
    Reshape,
)
from mlpcli.config.sections import ModelConfig, Output
from mlpcli.errors import SettingError
from mlpcli.model.input_layers import input_scale_steps, scaling_layers
from mlpcli.model.layer_rules import LARGEST_OUTPUT, check_ranks, layer_size
from mlpcli.model.members import Step, member_steps
from mlpcli.model.shapes import MOST_AXES, PlannedLayer, Shape, ShapeError


def stack_layers(
    model: ModelConfig,
    input_shape: Shape,
    scaling: str,
    output: Output,
    after: tuple[Layer, ...] = (),
    output_key: str = "model.output",
) -> tuple[PlannedLayer, ...]:
    """Place scaling, hidden layers, output layer and what comes `after` it; add flatten or reshape where needed.

    Of several members, each has its output layer, and their mean comes after it (`mlpcli.model.members`).

    model: its hidden layers alone count. output_key: where the config says what the output is.

    Raises:
        SettingError: a layer does not accept the output of the one before it.
    """
    if len(input_shape) > MOST_AXES or prod(input_shape) > LARGEST_OUTPUT:
        found = f"has rows of shape {input_shape}; the limit is {MOST_AXES} axes and {LARGEST_OUTPUT:,} values"
        raise SettingError("data.source", found)
    hidden = list(_short_form(model) if model.layers is None else _long_form(model))
    steps: list[Step] = [("data.scaling", layer) for layer in scaling_layers(scaling, input_shape)]
    inputs = input_shape
    if model.input_scale is not None:
        steps += input_scale_steps(model.input_scale, input_shape, hidden)
        inputs = (prod(input_shape),)
    last: Step = (output_key, Dense.model_validate({**dict(output), "units": output.units}))
    if model.members > 1:
        steps += member_steps(model.members, hidden, last, inputs)
    else:
        if len(inputs) > 1 and not any(isinstance(layer, _RANK_MATTERS) for _, layer in hidden):
            steps.append(("model", Flatten()))
        steps += [*hidden, last]
    steps += [("data.target_scaling", layer) for layer in after]
    placed, sizes, keys, shape = [], [], [], input_shape
    for key, layer in steps:
        for placed_layer in (*(_adapter(layer, shape) if model.members == 1 else ()), layer):
            try:
                size = layer_size(placed_layer.tag, placed_layer, shape)
                check_ranks(placed_layer, size)
            except ShapeError as error:
                raise SettingError(key, str(error)) from error
            placed.append(placed_layer)
            sizes.append(size)
            keys.append(key)
            shape = size.output_shape
    if len(placed) > MOST_LAYERS:
        raise SettingError("model", f"makes {len(placed):,} layers in all; at most {MOST_LAYERS:,} are allowed")
    names = _names(placed)
    safe = safe_names(names, [layer.tag for layer in placed])
    return tuple(PlannedLayer(*parts) for parts in zip(placed, names, safe, sizes, keys, strict=True))


_RANK_MATTERS = (*IMAGE_LAYERS, Flatten, Reshape, Permute)
"""Layers that look at images as images; a network with none of them gets its images flattened at once."""


def _adapter(layer: Layer, shape: Shape) -> Iterator[Layer]:
    """The layer needed before this one: a flatten for dense layers, a channel axis for image layers."""
    if isinstance(layer, Dense) and len(shape) > 1:
        yield Flatten()
    elif isinstance(layer, IMAGE_LAYERS) and len(shape) == 2:
        yield Reshape(target_shape=[*shape, 1])


def _short_form(model: ModelConfig) -> Iterator[Step]:
    """A block per entry: affine map, BatchNorm, activation, Dropout; without BatchNorm the dense layer activates."""
    for index, units in enumerate(model.hidden_units):
        key = f"model.hidden_units[{index}]"
        normalized = model.batch_normalization
        yield (
            key,
            Dense(
                units=units,
                activation=None if normalized else model.activation,
                kernel_initializer=model.kernel_initializer,
                kernel_regularizer=model.kernel_regularizer,
            ),
        )
        if normalized:
            yield key, BatchNormalization()
            yield key, Activate(activation=model.activation)
        if model.dropout:
            yield key, Dropout(rate=model.dropout)


def _long_form(model: ModelConfig) -> Iterator[Step]:
    for index, layer in enumerate(model.layers or []):
        yield f"model.layers[{index}]", layer


def _names(layers: list[Layer]) -> list[str]:
    """A layer's own name, or its kind with a number, as Keras names them; never a name that is given elsewhere."""
    taken, names = {layer.name for layer in layers}, []
    for layer in layers:
        name, number = layer.name, 0
        while name is None or (layer.name is None and name in taken):
            name = layer.tag if number == 0 else f"{layer.tag}_{number}"
            number += 1
        taken.add(name)
        names.append(name)
    return names


INPUT_NAME = "input"
"""What the model's input is called in the graph; no layer can have that name, too."""


def safe_names(names: list[str], fallbacks: list[str]) -> list[str]:
    """One safe and unique name for each; where nothing of a name is left, its fallback."""
    taken = {INPUT_NAME}
    return [_unused(safe_name(name, fallback), taken) for name, fallback in zip(names, fallbacks, strict=True)]


def safe_name(name: str, fallback: str) -> str:
    """The name with every other character replaced by `_`, or `fallback` where no letter or digit is left."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "_", name).strip("_.-")
    return safe or fallback


def _unused(name: str, taken: set[str]) -> str:
    unique, number = name, 1
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    taken.add(unique)
    return unique
