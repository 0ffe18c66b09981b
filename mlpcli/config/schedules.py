"""Learning-rate schedules: Keras's own, and its ReduceLROnPlateau callback under the name reduce_on_plateau."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from mlpcli.config.base import Component, NonNegative, Positive, Share, one_of

MOST_STEPS = 10**12


def _is_step(value: Any) -> bool:
    return type(value) is int and 0 < value <= MOST_STEPS


def _is_share(value: Any) -> bool:
    return type(value) is float and 0 < value < 1


def _steps(value: Any) -> Any:
    if _is_step(value) or _is_share(value):
        return value
    raise PydanticCustomError("form", "must be a whole number of steps, or a fraction of all steps such as 0.5")


def _steps_or_auto(value: Any) -> Any:
    if value == "auto" or _is_step(value) or _is_share(value):
        return value
    raise PydanticCustomError("form", "must be a whole number of steps, a fraction of all steps such as 0.5, or auto")


def _steps_or_none(value: Any) -> Any:
    return value if type(value) is int and value == 0 else _steps(value)


ABOUT_STEPS = "optimizer steps, which are batches, not epochs; or a fraction of the steps of the whole run, such as 0.5"
Steps = Annotated[int | float, BeforeValidator(_steps), Field(description=ABOUT_STEPS)]
DecaySteps = Annotated[
    int | float | Literal["auto"],
    BeforeValidator(_steps_or_auto),
    Field(description=f"{ABOUT_STEPS}; auto: all steps that follow the warm-up"),
]
WarmupSteps = Annotated[int | float, BeforeValidator(_steps_or_none), Field(description=ABOUT_STEPS)]
OpenFraction = Annotated[float, Field(gt=0, lt=1)]


class _Schedule(Component):
    """The initial rate is `optimizer.learning_rate`, so that it is set in one place only."""

    family = "optimizers.schedules"


class ExponentialDecay(_Schedule, tag="exponential_decay"):
    decay_steps: DecaySteps
    decay_rate: Positive
    staircase: bool = False


class InverseTimeDecay(_Schedule, tag="inverse_time_decay"):
    decay_steps: DecaySteps
    decay_rate: Positive
    staircase: bool = False


class PolynomialDecay(_Schedule, tag="polynomial_decay"):
    decay_steps: DecaySteps
    end_learning_rate: NonNegative = 0.0001
    power: Positive = 1.0
    cycle: bool = False


class CosineDecay(_Schedule, tag="cosine_decay"):
    decay_steps: DecaySteps
    alpha: Share = 0.0
    warmup_target: Positive | None = None
    warmup_steps: WarmupSteps = 0


class CosineDecayRestarts(_Schedule, tag="cosine_decay_restarts"):
    first_decay_steps: Steps
    t_mul: Positive = 2.0
    m_mul: Positive = 1.0
    alpha: Share = 0.0


class PiecewiseConstantDecay(_Schedule, tag="piecewise_constant_decay"):
    boundaries: Annotated[list[Steps], Field(min_length=1)]
    values: list[Positive]

    @model_validator(mode="after")
    def _one_value_more(self) -> "PiecewiseConstantDecay":
        if len(self.values) != len(self.boundaries) + 1:
            raise PydanticCustomError(
                "piecewise", "needs one more value than boundaries (got {values} values for {boundaries} boundaries)",
                {"values": len(self.values), "boundaries": len(self.boundaries)},
            )  # fmt: skip
        if len({type(boundary) for boundary in self.boundaries}) > 1:
            raise PydanticCustomError("piecewise", "boundaries must all be steps, or all fractions of the run")
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


STEP_KEYS = ("decay_steps", "first_decay_steps", "warmup_steps", "boundaries")


def depends_on_run(schedule: Component | None) -> bool:
    """Whether some of its steps are fractions of the run, or auto."""
    found = [getattr(schedule, key, 0) for key in STEP_KEYS]
    return any(type(value) is not int for entry in found for value in (entry if isinstance(entry, list) else [entry]))


SCHEDULES = (
    ExponentialDecay, InverseTimeDecay, PolynomialDecay, CosineDecay, CosineDecayRestarts, PiecewiseConstantDecay,
)  # fmt: skip
SCHEDULES_LEFT_OUT = {"learning_rate_schedule": "is the base class of the others"}
if TYPE_CHECKING:
    Schedule = Component
else:
    Schedule = one_of((*SCHEDULES, ReduceLROnPlateau))
