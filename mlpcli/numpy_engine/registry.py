"""The NumPy class for each layer of the schema; what is not listed is left to Keras."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlpcli.arrays import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine import layer as activation_layers
from mlpcli.numpy_engine.convolution import Conv2D
from mlpcli.numpy_engine.layer import Dense, Layer, PReLU
from mlpcli.numpy_engine.members import MeanOfMembers, RepeatVector, einsum_dense
from mlpcli.numpy_engine.noise import AlphaDropout, Dropout, GaussianDropout, GaussianNoise, SpatialDropout2D
from mlpcli.numpy_engine.normalization import (
    BatchNormalization,
    ChannelNormalization,
    LayerNormalization,
    Normalization,
    Rescaling,
    UnitNormalization,
)
from mlpcli.numpy_engine.pooling import AveragePooling2D, GlobalPooling2D, MaxPooling2D
from mlpcli.numpy_engine.reshaping import Margins, Permute, Reshape, UpSampling2D

MakeLayer = Callable[[Any, Shape, Mapping[str, Array]], Layer]
"""From a component of the schema, the shape of one example that comes in, and the weights by name."""
LAYER_MAKERS: dict[str, MakeLayer] = {
    "dense": Dense.of,
    "batch_normalization": BatchNormalization.of,
    "layer_normalization": LayerNormalization.of,
    "group_normalization": ChannelNormalization.of,
    "unit_normalization": UnitNormalization.of,
    "dropout": Dropout.of,
    "gaussian_dropout": GaussianDropout.of,
    "gaussian_noise": GaussianNoise.of,
    "alpha_dropout": AlphaDropout.of,
    "spatial_dropout2d": SpatialDropout2D.of,
    "flatten": Reshape.flatten,
    "reshape": Reshape.of,
    "permute": Permute.of,
    "repeat_vector": RepeatVector.of,
    "einsum_dense": einsum_dense,
    "global_average_pooling1d": MeanOfMembers.of,
    "rescaling": Rescaling.of,
    "normalization": Normalization.of,
    "relu": activation_layers.relu,
    "leaky_relu": activation_layers.leaky_relu,
    "elu": activation_layers.elu,
    "softmax": activation_layers.softmax,
    "prelu": PReLU.of,
    "conv2d": Conv2D.of,
    "max_pooling2d": MaxPooling2D.of,
    "average_pooling2d": AveragePooling2D.of,
    "global_average_pooling2d": GlobalPooling2D.average,
    "global_max_pooling2d": GlobalPooling2D.max,
    "zero_padding2d": Margins.zero_padding,
    "cropping2d": Margins.cropping,
    "up_sampling2d": UpSampling2D.of,
}
"""By the schema's tags."""
NO_STEP = ("identity", "activation", "activity_regularization")
"""Layers without a step of their own: an activation is added as for any layer, a penalty changes no prediction.

The layers of the schema that are in neither table are left to Keras.
"""
