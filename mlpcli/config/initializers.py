"""Keras's initializers, with their arguments."""

from typing import TYPE_CHECKING, Literal

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from mlpcli.config.base import Component, NonNegative, Number, Positive, one_of


class _Initializer(Component):
    family = "initializers"


class Zeros(_Initializer, tag="zeros"):
    pass


class Ones(_Initializer, tag="ones"):
    pass


class Constant(_Initializer, tag="constant", positional="value"):
    value: Number = 0.0


class GlorotUniform(_Initializer, tag="glorot_uniform"):
    pass


class GlorotNormal(_Initializer, tag="glorot_normal"):
    pass


class HeUniform(_Initializer, tag="he_uniform"):
    pass


class HeNormal(_Initializer, tag="he_normal"):
    pass


class LecunUniform(_Initializer, tag="lecun_uniform"):
    pass


class LecunNormal(_Initializer, tag="lecun_normal"):
    pass


class RandomNormal(_Initializer, tag="random_normal"):
    mean: Number = 0.0
    stddev: NonNegative = 0.05


class TruncatedNormal(_Initializer, tag="truncated_normal"):
    mean: Number = 0.0
    stddev: NonNegative = 0.05


class RandomUniform(_Initializer, tag="random_uniform"):
    minval: Number = -0.05
    maxval: Number = 0.05

    @model_validator(mode="after")
    def _in_order(self) -> "RandomUniform":
        if self.minval > self.maxval:
            raise PydanticCustomError("interval", "minval must not be greater than maxval")
        return self


class VarianceScaling(_Initializer, tag="variance_scaling"):
    scale: Positive = 1.0
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in"
    distribution: Literal["truncated_normal", "untruncated_normal", "uniform"] = "truncated_normal"


class Orthogonal(_Initializer, tag="orthogonal", positional="gain"):
    gain: Number = 1.0


class Identity(_Initializer, tag="identity", positional="gain"):
    gain: Number = 1.0


INITIALIZERS = (
    Zeros, Ones, Constant, GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal,
    RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling, Orthogonal, Identity,
)  # fmt: skip
INITIALIZERS_LEFT_OUT = {
    "initializer": "is the base class of the others",
    "stft": "fills the kernels of spectrogram layers, which MLPs do not have",
}
if TYPE_CHECKING:
    Initializer = Component
else:
    Initializer = one_of(INITIALIZERS)
