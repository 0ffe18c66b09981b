"""Which layer of the schema is which one here: the allow-list of the NumPy engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlpcli.data.dataset import Array
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine import activation_layers
from mlpcli.numpy_engine.activation_layers import PReLU
from mlpcli.numpy_engine.batch_normalization import BatchNormalization
from mlpcli.numpy_engine.convolution import Conv2D
from mlpcli.numpy_engine.dense import Dense
from mlpcli.numpy_engine.layer import Layer
from mlpcli.numpy_engine.layer_normalization import LayerNormalization, UnitNormalization
from mlpcli.numpy_engine.noise import AlphaDropout, Dropout, GaussianDropout, GaussianNoise, SpatialDropout2D
from mlpcli.numpy_engine.pooling import AveragePooling2D, GlobalPooling2D, MaxPooling2D
from mlpcli.numpy_engine.rescaling import Normalization, Rescaling
from mlpcli.numpy_engine.reshaping import Margins, Permute, Reshape, UpSampling2D

Make = Callable[[Any, Shape, Mapping[str, Array]], Layer]


@dataclass(frozen=True)
class Recipe:
    """How a layer is made from its component, its input's shape and its weights, and what its weights are called."""

    make: Make
    weight_names: Callable[[Any], tuple[str, ...]] = lambda described: ()

    @classmethod
    def of(cls, layer: type[Layer]) -> Recipe:
        """As the layer's class says."""
        return cls(layer.of, layer.weight_names)


RECIPES: dict[str, Recipe] = {
    "dense": Recipe.of(Dense),
    "batch_normalization": Recipe.of(BatchNormalization),
    "layer_normalization": Recipe.of(LayerNormalization),
    "unit_normalization": Recipe.of(UnitNormalization),
    "dropout": Recipe.of(Dropout),
    "gaussian_dropout": Recipe.of(GaussianDropout),
    "gaussian_noise": Recipe.of(GaussianNoise),
    "alpha_dropout": Recipe.of(AlphaDropout),
    "spatial_dropout2d": Recipe.of(SpatialDropout2D),
    "flatten": Recipe(Reshape.flatten),
    "reshape": Recipe.of(Reshape),
    "permute": Recipe.of(Permute),
    "rescaling": Recipe.of(Rescaling),
    "normalization": Recipe.of(Normalization),
    "relu": Recipe(activation_layers.relu),
    "leaky_relu": Recipe(activation_layers.leaky_relu),
    "elu": Recipe(activation_layers.elu),
    "softmax": Recipe(activation_layers.softmax),
    "prelu": Recipe.of(PReLU),
    "conv2d": Recipe.of(Conv2D),
    "max_pooling2d": Recipe.of(MaxPooling2D),
    "average_pooling2d": Recipe.of(AveragePooling2D),
    "global_average_pooling2d": Recipe(GlobalPooling2D.average),
    "global_max_pooling2d": Recipe(GlobalPooling2D.max),
    "zero_padding2d": Recipe(Margins.zero_padding),
    "cropping2d": Recipe(Margins.cropping),
    "up_sampling2d": Recipe.of(UpSampling2D),
}
"""By the schema's tags."""

NO_STEP = ("identity", "activation", "activity_regularization")
"""What is no step of its own: an activation is made as that of any layer, a penalty is none of the prediction's."""

LEFT_TO_KERAS = ("depthwise_conv2d", "separable_conv2d", "group_normalization")
"""The rest of the schema."""
