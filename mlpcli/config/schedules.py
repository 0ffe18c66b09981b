"""Learning-rate schedules: Keras's own, and its ReduceLROnPlateau callback under the name reduce_on_plateau."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from mlpcli.config.base import Component, NonNegative, Positive, Share, one_of

Steps = Annotated[int, Field(gt=0, le=10**12, description="optimizer steps, which are batches, not epochs")]
OpenFraction = Annotated[float, Field(gt=0, lt=1)]


class _Schedule(Component):
    """The initial rate is `optimizer.learning_rate`, so that it is set in one place only."""

    family = "optimizers.schedules"


class ExponentialDecay(_Schedule, tag="exponential_decay"):
    decay_steps: Steps
    decay_rate: Positive
    staircase: bool = False


class InverseTimeDecay(_Schedule, tag="inverse_time_decay"):
    decay_steps: Steps
    decay_rate: Positive
    staircase: bool = False


class PolynomialDecay(_Schedule, tag="polynomial_decay"):
    decay_steps: Steps
    end_learning_rate: NonNegative = 0.0001
    power: Positive = 1.0
    cycle: bool = False


class CosineDecay(_Schedule, tag="cosine_decay"):
    decay_steps: Steps
    alpha: Share = 0.0
    warmup_target: Positive | None = None
    warmup_steps: Annotated[int, Field(ge=0, le=10**12)] = 0


class CosineDecayRestarts(_Schedule, tag="cosine_decay_restarts"):
    first_decay_steps: Steps
    t_mul: Positive = 2.0
    m_mul: Positive = 1.0
    alpha: Share = 0.0


class PiecewiseConstantDecay(_Schedule, tag="piecewise_constant_decay"):
    boundaries: Annotated[list[Steps], Field(min_length=1)]
    values: list[Positive]

    @model_validator(mode="after")
    def _one_value_more(self) -> PiecewiseConstantDecay:
        if len(self.values) != len(self.boundaries) + 1:
            raise PydanticCustomError(
                "piecewise", "needs one more value than boundaries (got {values} values for {boundaries} boundaries)",
                {"values": len(self.values), "boundaries": len(self.boundaries)},
            )  # fmt: skip
        if self.boundaries != sorted(set(self.boundaries)):
            raise PydanticCustomError("piecewise", "boundaries must be strictly increasing")
        return self


class ReduceLROnPlateau(Component, tag="reduce_on_plateau"):
    """Lowers the rate when the monitored quantity stops improving; judged once an epoch."""

    family = "callbacks"
    monitor: str = "val_loss"
    factor: OpenFraction = 0.1
    patience: Annotated[int, Field(ge=0)] = 10
    mode: Literal["auto", "min", "max"] = "auto"
    min_delta: NonNegative = 0.0001
    cooldown: Annotated[int, Field(ge=0)] = 0
    min_lr: NonNegative = 0.0


SCHEDULES = (
    ExponentialDecay, InverseTimeDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts, PiecewiseConstantDecay,
)  # fmt: skip
SCHEDULES_LEFT_OUT = {"learning_rate_schedule": "is the base class of the others"}
if TYPE_CHECKING:
    Schedule = Component
else:
    Schedule = one_of((*SCHEDULES, ReduceLROnPlateau))
