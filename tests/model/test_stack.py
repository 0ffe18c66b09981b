"""The layers of a network in order, with names and sizes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from mlpcli.config.sections import ModelConfig, Output
from mlpcli.errors import SettingError
from mlpcli.model.shapes import PlannedLayer
from mlpcli.model.stack import stack_layers


def stacked(shape: tuple[int, ...], scaling: str = "none", units: int = 3, **model: Any) -> tuple[PlannedLayer, ...]:
    return stack_layers(ModelConfig.model_validate(model), shape, scaling, Output(units=units, activation="softmax"))


def kinds(layers: tuple[PlannedLayer, ...]) -> list[str]:
    return [layer.component.tag for layer in layers]


def test_short_form() -> None:
    layers = stacked((784,), hidden_units=[100, 50], activation="tanh", units=10)
    assert kinds(layers) == ["dense", "dense", "dense"]
    assert [layer.name for layer in layers] == ["dense", "dense_1", "dense_2"]
    assert [layer.size.parameters for layer in layers] == [78_500, 5_050, 510]
    assert [layer.size.arithmetic for layer in layers] == ["784x100+100", "100x50+50", "50x10+10"]
    assert [getattr(layer.component, "activation") for layer in layers] == ["tanh", "tanh", "softmax"]  # noqa: B009


def test_short_form_with_everything() -> None:
    layers = stacked((4,), hidden_units=[8], batch_normalization=True, dropout=0.2, kernel_regularizer={"l2": 0.1})
    assert kinds(layers) == ["dense", "batch_normalization", "activation", "dropout", "dense"]
    dense: Any = layers[0].component
    assert (dense.activation, dense.kernel_regularizer.l2) == (None, 0.1)
    assert (layers[1].size.trainable, layers[1].size.non_trainable) == (16, 16)
    output: Any = layers[-1].component
    assert output.kernel_regularizer is None


def test_no_hidden_layer() -> None:
    assert kinds(stacked((4,), hidden_units=[])) == ["dense"]


@pytest.mark.parametrize(
    ("shape", "layers", "expected"),
    [
        ((28, 28), None, ["flatten", "dense", "dense"]),
        ((28, 28), ["batch_normalization", "dropout"], ["flatten", "batch_normalization", "dropout", "dense"]),
        ((28, 28), ["flatten", "dense"], ["flatten", "dense", "dense"]),
        ((28, 28), ["conv2d"], ["reshape", "conv2d", "flatten", "dense"]),
        ((32, 32, 3), ["conv2d", "dense"], ["conv2d", "flatten", "dense", "dense"]),
        ((32, 32, 3), ["conv2d", "global_average_pooling2d"], ["conv2d", "global_average_pooling2d", "dense"]),
        ((4,), ["reshape"], ["reshape", "flatten", "dense"]),
    ],
)
def test_flatten_and_reshape_are_put_in(shape: tuple[int, ...], layers: list[str] | None, expected: list[str]) -> None:
    arguments = {"dense": 5, "conv2d": {"filters": 2, "kernel_size": 3}, "dropout": 0.2, "reshape": [2, 2]}
    model = {"hidden_units": [5]} if layers is None else {"layers": [{layer: arguments.get(layer)} for layer in layers]}
    assert kinds(stacked(shape, **model)) == expected


@pytest.mark.parametrize(
    ("scaling", "first"), [("unit", "rescaling"), ("standardize", "normalization"), ("minmax", "normalization")]
)
def test_scaling_comes_first(scaling: str, first: str) -> None:
    assert kinds(stacked((28, 28), scaling, hidden_units=[5])) == [first, "flatten", "dense", "dense"]


def test_robust_scaling_keeps_the_shape_and_has_no_weights() -> None:
    layers = stacked((28, 28), "robust", hidden_units=[5])
    assert kinds(layers) == [
        *("normalization", "rescaling", "reshape", "zero_padding2d", "group_normalization", "cropping2d", "reshape"),
        *("rescaling", "flatten", "dense", "dense"),
    ]
    assert [layer.size.output_shape for layer in layers[:8]] == [
        *((28, 28), (28, 28), (1, 1, 784), (1, 3, 784), (1, 3, 784), (1, 1, 784), (28, 28), (28, 28)),
    ]
    assert not any(layer.size.parameters for layer in layers[:9])


def test_names_given_in_any_script_are_kept() -> None:
    layers = stacked(
        (4,),
        layers=[
            {"dense": {"units": 5, "name": "은닉 1"}},
            {"dense": {"units": 5, "name": "dense"}},
            {"dense": 5},
            "relu",
        ],
    )
    assert [layer.name for layer in layers] == ["은닉 1", "dense", "dense_1", "relu", "dense_2"]
    assert [layer.safe_name for layer in layers] == ["1", "dense", "dense_1", "relu", "dense_2"]


def dense(**arguments: Any) -> dict[str, Any]:
    return {"dense": {"units": 5, **arguments}}


def conv(**arguments: Any) -> dict[str, Any]:
    return {"conv2d": {"filters": 4, "kernel_size": 3, **arguments}}


@pytest.mark.parametrize(
    ("shape", "layer", "message"),
    [
        ((4,), conv(), "needs images of shape (height, width, channels), but its input has shape (4,)"),
        ((4,), {"spatial_dropout2d": 0.5}, "needs images"),
        ((2, 2, 1), conv(), "a window of (3, 3) does not fit into 2x2; use a smaller one or padding: same"),
        ((8, 8, 1), conv(kernel_size=[3, 5], dilation_rate=3), "does not fit into 8x8"),
        ((8, 8, 3), conv(groups=2), "groups 2 must divide both the 3 input channels and the 4 filters"),
        ((8, 8, 1), conv(strides=2, dilation_rate=2), "strides and dilation_rate cannot both be greater than 1"),
        ((2, 2, 1), {"max_pooling2d": 3}, "a window of (3, 3)"),
        ((4, 4, 1), {"cropping2d": 2}, "crops away all of an input of shape (4, 4, 1)"),
        ((4,), {"reshape": [3, 2]}, "an input of shape (4,) has 4 values and cannot become (3, 2)"),
        ((4,), {"reshape": [-1, -1]}, "cannot become (-1, -1)"),
        ((4,), {"reshape": [0, -1]}, "cannot become (0, -1)"),
        ((4, 2), {"permute": [1, 1]}, "dims must name each of 1..2 once (got [1, 1])"),
        ((4,), {"group_normalization": 3}, "4 values cannot be split into 3 equal groups; choose a divisor of 4"),
        ((4,), {"group_normalization": 0}, "0 equal groups"),
        ((4,), {"batch_normalization": {"axis": 2}}, "axis 2 does not exist in inputs of shape (4,)"),
        ((4,), {"layer_normalization": {"axis": 0}}, "axis 0 does not exist"),
        ((4,), {"softmax": {"axis": 5}}, "axis 5 does not exist"),
        ((4,), {"unit_normalization": {"axis": -2}}, "axis -2 does not exist"),
        ((4,), {"prelu": {"shared_axes": [3]}}, "axis 3 does not exist"),
        ((4,), dense(bias_initializer="identity"), "bias_initializer: identity is for matrices"),
        ((4,), dense(bias_initializer="orthogonal"), "bias_initializer: orthogonal is for matrices"),
        ((8, 8, 1), conv(kernel_initializer="identity"), "kernel_initializer: identity is for matrices"),
        (
            (8, 8, 1),
            conv(activity_regularizer="orthogonal_regularizer"),
            "activity_regularizer: orthogonal_regularizer is for matrices",
        ),
        # (8 + 2 * 10000) squared, of 1 channel
        (
            (8, 8, 1),
            {"zero_padding2d": 10_000},
            "it makes 400,320,064 values from one row; the limit is 67,108,864",
        ),
        ((8, 8, 1), {"up_sampling2d": 1025}, "it makes 67,240,000 values from one row"),
        ((8, 8, 1), conv(kernel_regularizer="orthogonal_regularizer"), "kernel_regularizer: orthogonal_regularizer"),
        ((4,), {"batch_normalization": {"gamma_initializer": "orthogonal"}}, "gamma_initializer: orthogonal"),
        (
            (4,),
            dense(kernel_constraint={"max_norm": {"axis": 2}}),
            "kernel_constraint: axis 2 does not exist; this weight has axes 0 to 1",
        ),
    ],
)
def test_layers_that_cannot_follow(shape: tuple[int, ...], layer: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        stacked(shape, layers=["identity", layer])
    assert caught.value.key == "model.layers[1]"
    assert message in caught.value.message


def test_what_matrices_allow_is_allowed() -> None:
    layers = stacked((4,), layers=[dense(kernel_initializer="identity", kernel_regularizer="orthogonal_regularizer")])
    assert layers[0].size.parameters == 25
    assert stacked((8, 8, 1), layers=[conv(kernel_initializer="orthogonal")])[0].size.parameters == 40


def test_more_layers_than_a_file_may_have_are_refused() -> None:
    """400 blocks of dense, BatchNorm and activation make 1,200 layers, and the output."""
    model = ModelConfig(hidden_units=[2] * 400, batch_normalization=True)
    with pytest.raises(SettingError, match="makes 1,201 layers in all; at most 1,000 are allowed"):
        stack_layers(model, (4,), "none", Output(units=1))


@pytest.mark.parametrize("shape", [(1,) * 7, (2**14, 2**13)])
def test_rows_that_no_model_file_could_say(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        SettingError, match=r"data\.source: has rows of shape .*; the limit is 6 axes and 67,108,864 values"
    ):
        stacked(shape)


def test_a_name_is_at_most_500_letters_long() -> None:
    stacked((4,), layers=[{"dense": {"units": 3, "name": "a" * 500}}])
    with pytest.raises(ValidationError, match="at most 500 characters"):
        stacked((4,), layers=[{"dense": {"units": 3, "name": "a" * 501}}])
