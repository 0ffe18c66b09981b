"""Layers with arguments that a config has no words for, and Keras's files have: given statistics, uneven margins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from mlpcli.config.convolution import Cropping2D, Margin, ZeroPadding2D
from mlpcli.config.layers import Layer, LeakyReLU, Rescaling
from mlpcli.config.model import LAYERS
from mlpcli.model.input_layers import Normalization
from mlpcli.model.saved_objects import ArgumentError, make

Numbers = float | Annotated[list[float], Field(min_length=1, max_length=1_000_000)]
"""One for all values, or one for each along the last axis."""
_Sides = Annotated[list[Margin], Field(min_length=2, max_length=2)]
_Margins = Annotated[list[_Sides], Field(min_length=2, max_length=2)]
"""[[above, below], [left, right]]"""


class SavedNormalization(Normalization):
    """Without a mean it has weights: Keras's `adapt` found them."""

    mean: Numbers | None = None  # type: ignore[assignment]
    variance: Numbers | None = None  # type: ignore[assignment]
    invert: bool = False


class SavedRescaling(Rescaling):
    """`scale` and `offset` may be one number for each channel."""

    scale: Numbers  # type: ignore[assignment]
    offset: Numbers = 0.0  # type: ignore[assignment]


class SavedZeroPadding2D(ZeroPadding2D):
    """Margins may differ from side to side."""

    padding: _Margins  # type: ignore[assignment]


class SavedCropping2D(Cropping2D):
    """Margins may differ from side to side."""

    cropping: _Margins  # type: ignore[assignment]


_SAVED = (SavedNormalization, SavedRescaling, SavedZeroPadding2D, SavedCropping2D)
KNOWN_LAYERS: dict[str, type[Layer]] = {cls.keras_class: cls for cls in (*LAYERS, *_SAVED)}
"""Keras's class name to the component for it."""

_NOT_ARGUMENTS = ("trainable", "dtype", "batch_input_shape", "batch_shape", "input_dtype", "sparse", "ragged")


def layer_component(keras_class: str, config: Mapping[str, Any]) -> Layer:
    """The component for a layer's own description; `keras_class` is one of `KNOWN_LAYERS`.

    Raises:
        ArgumentError: an argument is unknown, or outside its limits.
    """
    cls, given = KNOWN_LAYERS[keras_class], dict(config)
    if given.pop("data_format", None) not in (None, "channels_last"):
        raise ArgumentError("its images have their channels first, and only channels_last is known here")
    if cls is LeakyReLU and "alpha" in given:
        given["negative_slope"] = given.pop("alpha")
    if keras_class in ("SeparableConv2D", "DepthwiseConv2D") and given.get("groups") == 1:
        del given["groups"]
    for key in ("mean", "variance") if keras_class == "Normalization" else ():
        given[key] = _unnested(given.get(key))
    made = make(cls, given, _NOT_ARGUMENTS)
    if isinstance(made, SavedNormalization) and (made.mean is None) != (made.variance is None):
        raise ArgumentError("mean and variance must be given together")
    return made


def _unnested(value: Any) -> Any:
    """[[1, 2]] to [1, 2]: Keras takes statistics in any shape that can be spread over the inputs."""
    for _ in range(6):
        if not (isinstance(value, list) and len(value) == 1 and isinstance(value[0], list)):
            break
        value = value[0]
    return value
