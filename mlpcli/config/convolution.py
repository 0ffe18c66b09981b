"""Keras's layers for images of shape (height, width, channels), with their arguments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mlpcli.config.base import Fraction, Size
from mlpcli.config.initializers import Initializer
from mlpcli.config.layers import KernelLayer, Layer
from mlpcli.config.names import Activation
from mlpcli.config.regularizers import Constraint, Regularizer

Window = Annotated[int, Field(gt=0, le=10_000)]
Pair = Window | Annotated[list[Window], Field(min_length=2, max_length=2)]
"""One number for both directions, or [height, width]."""
Padding = Literal["valid", "same"]
Margin = Annotated[int, Field(ge=0, le=10_000)]
Margins = Margin | Annotated[list[Margin], Field(min_length=2, max_length=2)]


class Conv2D(KernelLayer, tag="conv2d"):
    filters: Size
    kernel_size: Pair
    strides: Pair = 1
    padding: Padding = "valid"
    dilation_rate: Pair = 1
    groups: Size = 1


class DepthwiseConv2D(Layer, tag="depthwise_conv2d"):
    kernel_size: Pair
    strides: Pair = 1
    padding: Padding = "valid"
    depth_multiplier: Size = 1
    dilation_rate: Pair = 1
    activation: Activation | None = None
    use_bias: bool = True
    depthwise_initializer: Initializer = Field("glorot_uniform", validate_default=True)
    bias_initializer: Initializer = Field("zeros", validate_default=True)
    depthwise_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None
    depthwise_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None


class SeparableConv2D(Layer, tag="separable_conv2d"):
    filters: Size
    kernel_size: Pair
    strides: Pair = 1
    padding: Padding = "valid"
    dilation_rate: Pair = 1
    depth_multiplier: Size = 1
    activation: Activation | None = None
    use_bias: bool = True
    depthwise_initializer: Initializer = Field("glorot_uniform", validate_default=True)
    pointwise_initializer: Initializer = Field("glorot_uniform", validate_default=True)
    bias_initializer: Initializer = Field("zeros", validate_default=True)
    depthwise_regularizer: Regularizer | None = None
    pointwise_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None
    depthwise_constraint: Constraint | None = None
    pointwise_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None


class MaxPooling2D(Layer, tag="max_pooling2d", positional="pool_size"):
    pool_size: Pair = 2
    strides: Pair | None = None
    padding: Padding = "valid"


class AveragePooling2D(Layer, tag="average_pooling2d", positional="pool_size"):
    pool_size: Pair = 2
    strides: Pair | None = None
    padding: Padding = "valid"


class GlobalAveragePooling2D(Layer, tag="global_average_pooling2d"):
    keepdims: bool = False


class GlobalMaxPooling2D(Layer, tag="global_max_pooling2d"):
    keepdims: bool = False


class SpatialDropout2D(Layer, tag="spatial_dropout2d", positional="rate"):
    rate: Fraction


class ZeroPadding2D(Layer, tag="zero_padding2d", positional="padding"):
    padding: Margins = 1


class Cropping2D(Layer, tag="cropping2d", positional="cropping"):
    cropping: Margins


class UpSampling2D(Layer, tag="up_sampling2d", positional="size"):
    size: Pair = 2
    interpolation: Literal["nearest", "bilinear"] = "nearest"


IMAGE_LAYERS = (
    Conv2D, DepthwiseConv2D, SeparableConv2D, MaxPooling2D, AveragePooling2D, GlobalAveragePooling2D,
    GlobalMaxPooling2D, SpatialDropout2D, ZeroPadding2D, Cropping2D, UpSampling2D,
)  # fmt: skip
