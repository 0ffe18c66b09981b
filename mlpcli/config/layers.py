"""Keras's layers and activations, with their arguments and defaults, and why the schema leaves out the others."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from mlpcli.config.base import Component, Fraction, NonNegative, Number, Positive, Share, Size
from mlpcli.config.initializers import Initializer
from mlpcli.config.regularizers import Constraint, Regularizer
from mlpcli.text import shown, suggestion


class Layer(Component):
    """The base of all layers: an optional `name`, in any script, without `/` or line breaks."""

    family = "layers"
    written_with_name = False
    name: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^/\x00-\x1f]+$")] | None = None


def _known(name: str) -> str:
    if name not in ACTIVATIONS:
        names = {"name": shown(name), "suggestion": suggestion(name, ACTIVATIONS)}
        raise PydanticCustomError("activation", 'unknown activation "{name}"{suggestion}', names)
    return name


Activation = Annotated[str, AfterValidator(_known)]


class KernelLayer(Layer):
    """Arguments that dense and convolutional layers share."""

    activation: Activation | None = None
    use_bias: bool = True
    kernel_initializer: Initializer = Field("glorot_uniform", validate_default=True)
    bias_initializer: Initializer = Field("zeros", validate_default=True)
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None
    kernel_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None


class Dense(KernelLayer, tag="dense", positional="units"):
    units: Size


class Activate(Layer, tag="activation", positional="activation"):
    keras_class = "Activation"
    activation: Activation


class Dropout(Layer, tag="dropout", positional="rate"):
    rate: Fraction


class GaussianDropout(Layer, tag="gaussian_dropout", positional="rate"):
    rate: Fraction


class AlphaDropout(Layer, tag="alpha_dropout", positional="rate"):
    rate: Fraction


class GaussianNoise(Layer, tag="gaussian_noise", positional="stddev"):
    stddev: Share


class ActivityRegularization(Layer, tag="activity_regularization"):
    l1: NonNegative = 0.0
    l2: NonNegative = 0.0


class _Normalizing(Layer):
    axis: int = -1
    epsilon: Positive = 0.001
    center: bool = True
    scale: bool = True
    beta_initializer: Initializer = Field("zeros", validate_default=True)
    gamma_initializer: Initializer = Field("ones", validate_default=True)
    beta_regularizer: Regularizer | None = None
    gamma_regularizer: Regularizer | None = None
    beta_constraint: Constraint | None = None
    gamma_constraint: Constraint | None = None


class BatchNormalization(_Normalizing, tag="batch_normalization"):
    momentum: Fraction = 0.99
    moving_mean_initializer: Initializer = Field("zeros", validate_default=True)
    moving_variance_initializer: Initializer = Field("ones", validate_default=True)


class LayerNormalization(_Normalizing, tag="layer_normalization"):
    pass


class GroupNormalization(_Normalizing, tag="group_normalization", positional="groups"):
    groups: Annotated[int, Field(ge=-1)] = 32


class UnitNormalization(Layer, tag="unit_normalization"):
    axis: int = -1


class Flatten(Layer, tag="flatten"):
    pass


class Reshape(Layer, tag="reshape", positional="target_shape"):
    target_shape: Annotated[list[Annotated[int, Field(ge=-1, le=1_000_000)]], Field(min_length=1, max_length=6)]


class Permute(Layer, tag="permute", positional="dims"):
    dims: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1, max_length=6)]


class Rescaling(Layer, tag="rescaling", positional="scale"):
    scale: Number
    offset: Number = 0.0


class ReLU(Layer, tag="relu"):
    max_value: NonNegative | None = None
    negative_slope: NonNegative = 0.0
    threshold: NonNegative = 0.0


class LeakyReLU(Layer, tag="leaky_relu", positional="negative_slope"):
    negative_slope: NonNegative = 0.3


class PReLU(Layer, tag="prelu"):
    alpha_initializer: Initializer = Field("zeros", validate_default=True)
    alpha_regularizer: Regularizer | None = None
    alpha_constraint: Constraint | None = None
    shared_axes: list[Annotated[int, Field(ge=1)]] | None = None


class ELU(Layer, tag="elu", positional="alpha"):
    alpha: Number = 1.0


class Softmax(Layer, tag="softmax"):
    axis: int = -1


class Identity(Layer, tag="identity"):
    pass


DENSE_LAYERS = (
    Dense, Activate, Dropout, GaussianDropout, AlphaDropout, GaussianNoise, ActivityRegularization, BatchNormalization,
    LayerNormalization, GroupNormalization, UnitNormalization, Flatten, Reshape, Permute, Rescaling, ReLU, LeakyReLU,
    PReLU, ELU, Softmax, Identity,
)  # fmt: skip
Window = Annotated[int, Field(gt=0, le=10_000)]
Pair = Window | Annotated[list[Window], Field(min_length=2, max_length=2)]
"""A size in pixels: one number for height and width, or [height, width]."""
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
LAYERS = (*DENSE_LAYERS, *IMAGE_LAYERS)
MOST_LAYERS = 1000
ACTIVATIONS = (
    "relu", "tanh", "sigmoid", "softmax", "linear", "gelu", "elu", "selu", "silu", "leaky_relu", "softplus", "mish",
    "celu", "exponential", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "log_sigmoid",
    "log_softmax", "relu6", "soft_shrink", "softsign", "sparse_plus", "sparsemax", "squareplus",
    "swish", "tanh_shrink",
)  # fmt: skip
"""Common ones first: error messages list the first twelve."""
ACTIVATIONS_LEFT_OUT = {
    "glu": "halves the units, so layers would not have the size that the config says",
    "sparse_sigmoid": "is newer than the oldest supported Keras",
    "threshold": "has no defaults, so it cannot be given by name alone",
}
"""Names of `keras.activations` that the schema leaves out, each with its reason."""
LAYERS_LEFT_OUT = {
    "is a base class": "Layer|Wrapper|InputSpec",
    "is made from the data": "InputLayer",
    "is what `data.scaling` fits on the training rows and puts first": "Normalization",
    "runs Python code, which a config cannot hold": "Lambda",
    "works on sequences, one step after the other": (
        r"\w*RNN|\w*RNNCells?|GRU\w*|LSTM\w*|ConvLSTM\dD|Bidirectional|TimeDistributed"
    ),
    "attends within sequences": r"\w*Attention",
    "makes or marks sequences": r"Embedding|ReversibleEmbedding|Masking|RepeatVector",
    "contracts tensors by an equation; `dense` is the case for rows": "EinsumDense",
    "is for sequences (1D) or volumes (3D); images are 2D": r"\w+[13]D(Transpose)?",
    "grows images, as generators and segmentation do": "Conv2DTranspose",
    "merges branches, which a sequence of layers does not have": (
        "Add|Average|Concatenate|Dot|Maximum|Minimum|Multiply|Subtract"
    ),
    "turns text and categories into numbers, which data preparation does": (
        "TextVectorization|StringLookup|IntegerLookup|Hashing|HashedCrossing|CategoryEncoding|Discretization"
    ),
    "augments images": (
        r"Random\w+|RandAugment|AugMix|CutMix|MixUp|AutoContrast|Equalization|Solarization"
        "|ContrastLimitedAdaptiveHistogramEqualization"
    ),
    "prepares images or their boxes": "CenterCrop|Resizing|MaxNumBoundingBoxes|Pipeline",
    "turns sound into spectra": "MelSpectrogram|STFTSpectrogram",
    "wraps a model of another framework": "FlaxLayer|JaxLayer|TorchModuleWrapper|TFSMLayer",
    "wraps another layer, which a list of layers cannot express": "SpectralNormalization",
    "is newer than the oldest supported Keras": "RMSNormalization|AdaptiveAveragePooling2D|AdaptiveMaxPooling2D",
}
"""Maps each reason to a regular expression that matches the full names of the Keras classes concerned."""


def reason_left_out(keras_class: str) -> str | None:
    """The reason why the schema has no layer for this Keras class; None if it has no reason on record."""
    return next((reason for reason, names in LAYERS_LEFT_OUT.items() if re.fullmatch(names, keras_class)), None)
