"""Keras's layers for dense networks, with their arguments; those for images are in convolution.py."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mlpcli.config.base import Component, Fraction, NonNegative, Positive, Size
from mlpcli.config.initializers import Initializer
from mlpcli.config.names import Activation
from mlpcli.config.regularizers import Constraint, Regularizer


class Layer(Component):
    """Any layer; `name` may be in any script."""

    family = "layers"
    written_with_name = False
    name: Annotated[str, Field(min_length=1, pattern=r"^[^/\x00-\x1f]+$")] | None = None


class KernelLayer(Layer):
    """What dense and convolutional layers share."""

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
    stddev: NonNegative


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
    scale: float
    offset: float = 0.0


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
    alpha: float = 1.0


class Softmax(Layer, tag="softmax"):
    axis: int = -1


class Identity(Layer, tag="identity"):
    pass


DENSE_LAYERS = (
    Dense, Activate, Dropout, GaussianDropout, AlphaDropout, GaussianNoise, ActivityRegularization, BatchNormalization,
    LayerNormalization, GroupNormalization, UnitNormalization, Flatten, Reshape, Permute, Rescaling, ReLU, LeakyReLU,
    PReLU, ELU, Softmax, Identity,
)  # fmt: skip
