"""Keras's optimizers, with their arguments and Keras's own defaults."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlpcli.config.base import Component, Fraction, NonNegative, Number, Positive, by_tag, one_of, tag_of


class _Optimizer(Component):
    """The arguments that every Keras optimizer takes."""

    family = "optimizers"
    learning_rate: Positive = 0.001
    weight_decay: NonNegative | None = None
    clipnorm: Positive | None = None
    clipvalue: Positive | None = None
    global_clipnorm: Positive | None = None
    use_ema: bool = False
    ema_momentum: Fraction = 0.99
    ema_overwrite_frequency: Annotated[int, Field(gt=0)] | None = None
    loss_scale_factor: Positive | None = None
    gradient_accumulation_steps: Annotated[int, Field(ge=2)] | None = None

    @model_validator(mode="after")
    def _one_way_of_clipping(self) -> "_Optimizer":
        given = [name for name in ("clipnorm", "clipvalue", "global_clipnorm") if getattr(self, name) is not None]
        if len(given) > 1:
            names = {"given": " and ".join(given)}
            raise PydanticCustomError("clipping", "{given} cannot be set together; choose one", names)
        return self

    def _write(self) -> dict[str, object]:
        return {"name": self.tag, **{name: getattr(self, name) for name in type(self).model_fields}}


class SGD(_Optimizer, tag="sgd"):
    learning_rate: Positive = 0.01
    momentum: Fraction = 0.0
    nesterov: bool = False


class RMSprop(_Optimizer, tag="rmsprop"):
    rho: Fraction = 0.9
    momentum: Fraction = 0.0
    epsilon: Positive = 1e-7
    centered: bool = False


class Adam(_Optimizer, tag="adam"):
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-7
    amsgrad: bool = False


class AdamW(_Optimizer, tag="adamw"):
    weight_decay: NonNegative | None = 0.004
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-7
    amsgrad: bool = False


class Nadam(_Optimizer, tag="nadam"):
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-7


class Adamax(_Optimizer, tag="adamax"):
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-7


class Adagrad(_Optimizer, tag="adagrad"):
    initial_accumulator_value: NonNegative = 0.1
    epsilon: Positive = 1e-7


class Adadelta(_Optimizer, tag="adadelta"):
    rho: Fraction = 0.95
    epsilon: Positive = 1e-7


class Adafactor(_Optimizer, tag="adafactor"):
    beta_2_decay: Annotated[Number, Field(lt=0)] = -0.8
    epsilon_1: Positive = 1e-30
    epsilon_2: Positive = 1e-3
    clip_threshold: Positive = 1.0
    relative_step: bool = True


class Ftrl(_Optimizer, tag="ftrl"):
    learning_rate_power: Annotated[Number, Field(le=0)] = -0.5
    initial_accumulator_value: NonNegative = 0.1
    l1_regularization_strength: NonNegative = 0.0
    l2_regularization_strength: NonNegative = 0.0
    l2_shrinkage_regularization_strength: NonNegative = 0.0
    beta: NonNegative = 0.0


class Lion(_Optimizer, tag="lion"):
    beta_1: Annotated[float, Field(gt=0, le=1)] = 0.9
    beta_2: Fraction = 0.99


class Lamb(_Optimizer, tag="lamb"):
    beta_1: Fraction = 0.9
    beta_2: Fraction = 0.999
    epsilon: Positive = 1e-7


OPTIMIZERS = (SGD, RMSprop, Adam, AdamW, Nadam, Adamax, Adagrad, Adadelta, Adafactor, Ftrl, Lion, Lamb)
OPTIMIZERS_LEFT_OUT = {
    "optimizer": "is the base class of the others",
    "loss_scale_optimizer": "wraps another optimizer; `loss_scale_factor` is an argument of each",
    "multi_optimizer": "takes a map of optimizers to layers, which a config cannot express",
    "optimizer_map": "belongs to multi_optimizer",
    "muon": "is newer than the oldest supported Keras",
    "schedule_free_adam_w": "is newer than the oldest supported Keras",
}
DEFAULT = Adam.tag


def _optimizer_tag(value: Any) -> str | None:
    """The optimizer's name; a mapping of arguments without a name means the default optimizer."""
    tag = tag_of(value)
    if isinstance(value, Mapping) and "name" not in value and tag not in by_tag(OPTIMIZERS):
        return DEFAULT
    return tag


if TYPE_CHECKING:
    Optimizer = _Optimizer
else:
    Optimizer = one_of(OPTIMIZERS, _optimizer_tag)
