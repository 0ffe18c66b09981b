"""How versions of Keras write the arguments of a layer, brought to the schema's components."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import ModelFileError
from mlpcli.model.shapes import SavedLayer
from mlpcli.modelfile.description import saved_layers

ROWS, PICTURES = (None, 4), (None, 8, 8, 2)


def only(files: Any, class_name: str, shape: tuple[Any, ...] = ROWS, /, **config: Any) -> SavedLayer:
    model = files.sequential(files.layer(class_name, None, name="l", **config), shape=shape)
    return saved_layers(Path("m"), model)[1][0]


def argument(layer: SavedLayer, name: str) -> Any:
    return getattr(layer.component, name)


@pytest.mark.parametrize(
    "written",
    [
        "relu",
        {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "relu"},
        {"module": "keras.activations", "class_name": "function", "config": "relu", "registered_name": "function"},
    ],
)
def test_activations(files: Any, written: Any) -> None:
    assert argument(only(files, "Dense", units=2, activation=written), "activation") == "relu"


@pytest.mark.parametrize(
    "written",
    [
        "he_normal", "HeNormal", {"class_name": "HeNormal", "config": {"seed": None}},
        {"module": "keras.initializers", "class_name": "HeNormal", "config": {"seed": 3}, "registered_name": None},
    ],
)  # fmt: skip
def test_initializers(files: Any, written: Any) -> None:
    assert argument(only(files, "Dense", units=2, kernel_initializer=written), "kernel_initializer").tag == "he_normal"


def test_regularizers_and_constraints(files: Any) -> None:
    layer = only(
        files, "Dense", units=2,
        kernel_regularizer=files.layer("L1L2", "keras.regularizers", l1=0.5, l2=0.0),
        bias_regularizer={"class_name": "L2", "config": {"l2": 0.25}},
        kernel_constraint=files.layer("MaxNorm", "keras.constraints", max_value=2, axis=0),
    )  # fmt: skip
    assert (argument(layer, "kernel_regularizer").l1, argument(layer, "bias_regularizer").l2) == (0.5, 0.25)
    assert argument(layer, "kernel_constraint").max_value == 2


@pytest.mark.parametrize("axis", [-1, [-1], [1], 1, {"class_name": "__tuple__", "items": [-1]}])
def test_the_one_axis_of_a_normalization(files: Any, axis: Any) -> None:
    layer = only(files, "BatchNormalization", axis=axis, renorm=False, synchronized=False, virtual_batch_size=None)
    assert layer.weights == ((4,), (4,), (4,), (4,))


def test_precision(files: Any) -> None:
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
    layer = only(files, "Dense", units=2, dtype=policy)
    assert (layer.precision, layer.weight_type) == ("mixed_float16", "float32")
    assert only(files, "Dense", units=2, dtype="float64").weight_type == "float64"
    assert only(files, "Dense", units=2, dtype={"class_name": "Policy", "config": {"name": "float32"}}).trainable


def test_weights_that_are_not_trained(files: Any) -> None:
    size = only(files, "Dense", units=2, trainable=False).size
    assert (size.trainable, size.non_trainable) == (0, 10)


def test_statistics_that_are_given(files: Any) -> None:
    given = only(files, "Normalization", axis=[-1], invert=False, mean=[[1, 2, 3, 4]], variance=[[1.0] * 4])
    assert argument(given, "mean") == [1, 2, 3, 4] and given.weights == ()
    one = only(files, "Normalization", axis=[], mean=0.5, variance=2.0)
    assert argument(one, "axis") is None and argument(one, "variance") == 2
    assert only(files, "Normalization", axis=[-1], mean=None, variance=None).weights == ((4,), (4,), ())
    assert only(files, "Normalization", axis=[], mean=None, variance=None).weights == ((), (), ())


def test_scales_of_single_channels(files: Any) -> None:
    array = {"class_name": "__numpy__", "config": {"value": [1.0, 2.0], "dtype": "float32"}}
    layer = only(files, "Rescaling", PICTURES, scale=array, offset=0)
    assert (argument(layer, "scale"), argument(layer, "offset")) == ([1, 2], 0)


def test_the_old_name_of_a_slope(files: Any) -> None:
    assert argument(only(files, "LeakyReLU", alpha=0.25), "negative_slope") == 0.25


def test_uneven_margins(files: Any) -> None:
    padded = only(files, "ZeroPadding2D", PICTURES, padding=[[0, 1], [2, 3]], data_format="channels_last")
    assert padded.size.output_shape == (9, 13, 2)
    cut = only(files, "Cropping2D", PICTURES, cropping=[[1, 2], [0, 3]])
    assert cut.size.output_shape == (5, 5, 2)


def test_what_keras_2_writes_of_a_separable_convolution(files: Any) -> None:
    layer = only(
        files, "SeparableConv2D", PICTURES, filters=3, kernel_size=[2, 2], strides=[1, 1], groups=1,
        dilation_rate=[1, 1], padding="valid", kernel_initializer="glorot_uniform", kernel_regularizer=None,
    )  # fmt: skip
    assert layer.weights == ((2, 2, 2, 1), (1, 1, 2, 3), (3,))


@pytest.mark.parametrize(
    "shape",
    [
        {"config": {"build_input_shape": [None, 4]}}, {"build_config": {"input_shape": [None, 4]}},
        {"layer": {"batch_input_shape": [None, 4]}},
    ],
)  # fmt: skip
def test_where_the_input_s_shape_may_stand(files: Any, shape: dict[str, Any]) -> None:
    model = files.sequential(files.dense(**shape.get("layer", {})))
    del model["config"]["layers"][0]
    model["config"].update(shape.get("config", {}))
    model.update({key: value for key, value in shape.items() if key == "build_config"})
    assert saved_layers(Path("m"), model)[0] == (4,)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"axis": 7, "mean": [0.0] * 4, "variance": [1.0] * 4}, "axis 7 does not exist in inputs of shape (4,)"),
        ({"axis": 10**30, "mean": 0.0, "variance": 1.0}, "axis 1000000000000000000000000000000 does not exist"),
        ({"axis": -1, "mean": [0.0] * 3, "variance": [1.0] * 3}, "mean has 3 numbers, but axis -1 of (4,) has 4"),
        ({"axis": None, "mean": 0.0, "variance": [1.0] * 4}, "variance has 4 numbers, but axis None of (4,) has 1"),
    ],
)
def test_statistics_that_do_not_fit_their_axis(files: Any, config: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        only(files, "Normalization", **config)
    assert message in str(caught.value)
