"""Our output shapes and parameter counts against those of the layers that Keras builds."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from mlpcli import backend
from mlpcli.config.layers import LAYERS
from mlpcli.config.sections import AnyLayer
from mlpcli.keras_engine.build import build_saved, keras_object
from mlpcli.model.layer_rules import layer_size
from mlpcli.modelfile.description import saved_layers

pytestmark = pytest.mark.tf

FLAT, SEQUENCE, IMAGE = (6,), (5, 6), (8, 9, 4)
WRITTEN = TypeAdapter[Any](AnyLayer)

CASES: list[tuple[tuple[int, ...], str, dict[str, Any]]] = [
    (FLAT, "dense", {"units": 3}),
    (FLAT, "dense", {"units": 3, "use_bias": False, "activation": "selu", "kernel_constraint": "unit_norm"}),
    (SEQUENCE, "dense", {"units": 3, "kernel_initializer": "identity"}),
    (FLAT, "activation", {"activation": "gelu"}),
    (FLAT, "dropout", {"rate": 0.5}),
    (FLAT, "gaussian_dropout", {"rate": 0.5}),
    (FLAT, "alpha_dropout", {"rate": 0.5}),
    (FLAT, "gaussian_noise", {"stddev": 0.1}),
    (FLAT, "activity_regularization", {"l1": 0.1}),
    (FLAT, "batch_normalization", {}),
    (IMAGE, "batch_normalization", {"scale": False}),
    (IMAGE, "batch_normalization", {"axis": 1, "center": False, "scale": False}),
    (SEQUENCE, "batch_normalization", {"axis": -2}),
    (FLAT, "layer_normalization", {}),
    (SEQUENCE, "layer_normalization", {"axis": 1, "center": False}),
    (FLAT, "group_normalization", {"groups": 3}),
    (IMAGE, "group_normalization", {"groups": 2, "scale": False}),
    (IMAGE, "group_normalization", {"groups": -1}),
    (IMAGE, "group_normalization", {"groups": 4, "axis": 1}),
    (IMAGE, "unit_normalization", {"axis": 2}),
    (IMAGE, "flatten", {}),
    (IMAGE, "reshape", {"target_shape": [4, -1]}),
    (FLAT, "reshape", {"target_shape": [1, 2, 3]}),
    (IMAGE, "permute", {"dims": [3, 1, 2]}),
    (FLAT, "rescaling", {"scale": 0.5, "offset": 1.0}),
    (FLAT, "relu", {"max_value": 6.0}),
    (FLAT, "leaky_relu", {}),
    (FLAT, "prelu", {}),
    (IMAGE, "prelu", {"shared_axes": [1, 2]}),
    (IMAGE, "prelu", {"alpha_initializer": "ones"}),
    (FLAT, "elu", {"alpha": 0.5}),
    (IMAGE, "softmax", {"axis": -2}),
    (FLAT, "identity", {}),
    (IMAGE, "conv2d", {"filters": 6, "kernel_size": 3}),
    (IMAGE, "conv2d", {"filters": 6, "kernel_size": [3, 2], "strides": [2, 3], "padding": "same", "groups": 2}),
    (IMAGE, "conv2d", {"filters": 2, "kernel_size": 3, "strides": 2, "use_bias": False}),
    (IMAGE, "conv2d", {"filters": 2, "kernel_size": 3, "dilation_rate": [2, 3]}),
    (IMAGE, "depthwise_conv2d", {"kernel_size": 3}),
    (IMAGE, "depthwise_conv2d", {"kernel_size": [2, 3], "depth_multiplier": 2, "strides": 2, "padding": "same"}),
    (IMAGE, "depthwise_conv2d", {"kernel_size": 3, "dilation_rate": 2, "use_bias": False}),
    (IMAGE, "separable_conv2d", {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "use_bias": False}),
    (IMAGE, "separable_conv2d", {"filters": 5, "kernel_size": [3, 1], "padding": "same", "strides": 2}),
    (IMAGE, "max_pooling2d", {}),
    (IMAGE, "max_pooling2d", {"pool_size": [3, 2], "strides": 1}),
    (IMAGE, "average_pooling2d", {"pool_size": 3, "padding": "same"}),
    (IMAGE, "average_pooling2d", {"pool_size": 9, "strides": [2, 4], "padding": "same"}),
    (IMAGE, "global_average_pooling2d", {}),
    (IMAGE, "global_max_pooling2d", {"keepdims": True}),
    (IMAGE, "spatial_dropout2d", {"rate": 0.5}),
    (IMAGE, "zero_padding2d", {"padding": [1, 2]}),
    (IMAGE, "zero_padding2d", {}),
    (IMAGE, "cropping2d", {"cropping": [3, 1]}),
    (IMAGE, "up_sampling2d", {"size": [2, 3], "interpolation": "bilinear"}),
]  # fmt: skip


def test_no_layer_is_left_out() -> None:
    assert {tag for _, tag, _ in CASES} == {cls.tag for cls in LAYERS}


@pytest.mark.parametrize(("shape", "tag", "arguments"), CASES)
def test_sizes_are_keras_s(shape: tuple[int, ...], tag: str, arguments: dict[str, Any]) -> None:
    component = WRITTEN.validate_python({tag: arguments})
    layer = keras_object(component)
    model = backend.keras().Sequential([backend.keras().Input(shape), layer])
    size = layer_size(tag, component, shape)
    assert size.output_shape == tuple(model.output_shape[1:])
    assert size.trainable == sum(prod(weight.shape) for weight in layer.trainable_weights)
    assert size.parameters == layer.count_params()
    assert [*size.weights.values()] == [tuple(weight.shape) for weight in layer.weights]


@pytest.mark.parametrize(("shape", "tag", "arguments"), CASES)
def test_what_keras_writes_of_a_layer_is_opened_again(
    shape: tuple[int, ...], tag: str, arguments: dict[str, Any]
) -> None:
    keras, component = backend.keras(), WRITTEN.validate_python({tag: arguments})
    model = keras.Sequential([keras.Input(shape), keras_object(component)], name="one")
    description = json.loads(model.to_json())
    input_shape, layers = saved_layers(Path("model.keras"), description)
    again = build_saved(Path("model.keras"), input_shape, layers, {layers[0].name: model.get_weights()})
    rows = np.random.default_rng(0).normal(0, 1, (3, *shape)).astype("float32")
    stock = keras.models.model_from_json(json.dumps(description))
    stock.set_weights(model.get_weights())
    expected = np.asarray(model(rows, training=False))
    assert np.array_equal(np.asarray(again(rows, training=False)), expected)
    assert np.array_equal(np.asarray(stock(rows, training=False)), expected)
