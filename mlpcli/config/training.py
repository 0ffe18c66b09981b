"""The `training` and `output` sections: how the network is fitted, and what is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator
from pydantic_core import PydanticCustomError

from mlpcli.artifacts.history import FIRST_COLUMNS
from mlpcli.config.base import NonNegative, Section, Size
from mlpcli.config.losses import Loss
from mlpcli.config.metrics import Metric
from mlpcli.config.optimizers import Optimizer
from mlpcli.config.schedules import Schedule


class EarlyStopping(Section):
    """The arguments of Keras's callback of that name."""

    monitor: str = Field("val_loss", description="a column of history.csv")
    patience: Annotated[int, Field(ge=0)] = Field(10, description="epochs without improvement before it stops")
    min_delta: NonNegative = Field(0.0, description="the least change that counts as an improvement")
    mode: Literal["auto", "min", "max"] = Field("auto", description="which way is better")
    baseline: float | None = Field(None, description="a value to be beaten")
    start_from_epoch: Annotated[int, Field(ge=0)] = Field(0, description="epochs to wait before it watches")
    restore_best_weights: bool = Field(True, description="keep the best epoch's weights instead of the last's")


class StopWhenEqual(Section):
    """Stop when training and validation accuracy meet."""

    tolerance: NonNegative = Field(0.0, description="how near counts as equal")


def _switch_form(value: Any) -> str | None:
    if isinstance(value, bool):
        return "switch"
    return "settings" if isinstance(value, (dict, Section)) else None


SWITCH = Discriminator(
    _switch_form, custom_error_type="form", custom_error_message="must be true, false, or a mapping of settings"
)


def _auto_form(value: Any) -> str:
    return "auto" if value == "auto" else "given"


AUTO = Annotated[Literal["auto"], Tag("auto")]


class TrainingConfig(Section):
    """How the network is fitted."""

    optimizer: Optimizer = Field(
        "adam", validate_default=True, description="a name, or a mapping with name and arguments"
    )
    loss: Annotated[AUTO | Annotated[Loss, Tag("given")], Discriminator(_auto_form)] = Field(
        "auto", description="auto: from the task"
    )
    metrics: Annotated[AUTO | Annotated[list[Metric], Tag("given")], Discriminator(_auto_form)] = Field(
        "auto", description="auto: accuracy, or mean_absolute_error for a number"
    )
    epochs: Annotated[int, Field(gt=0, le=1_000_000)] = Field(100, description="the most epochs")
    batch_size: Size = Field(32, description="rows per step")
    early_stopping: Annotated[Annotated[bool, Tag("switch")] | Annotated[EarlyStopping, Tag("settings")], SWITCH] = (
        Field(True, description="false, true for the defaults, or settings", validate_default=True)
    )
    stop_when_equal: Annotated[Annotated[bool, Tag("switch")] | Annotated[StopWhenEqual, Tag("settings")], SWITCH] = (
        Field(False, description="stop when training and validation accuracy meet")
    )
    learning_rate_schedule: Schedule | None = Field(None, description="null, a Keras schedule, or reduce_on_plateau")
    engine: Literal["auto", "resident", "keras", "numpy"] = Field(
        "auto", description="what runs the epochs; numpy: small dense networks, without TensorFlow"
    )
    precision: Literal["float32", "mixed_bfloat16"] = Field(
        "float32", description="mixed: half the bits for the arithmetic, on GPUs that are fast at it"
    )
    deterministic: bool = Field(True, description="one seed, one result, bit for bit")

    @field_validator("metrics", mode="before")
    @classmethod
    def _a_list(cls, value: Any) -> Any:
        """One metric may stand alone: `metrics: accuracy`."""
        return [value] if isinstance(value, str) and value != "auto" else value

    @field_validator("early_stopping", mode="after")
    @classmethod
    def _switched_on(cls, value: bool | EarlyStopping) -> bool | EarlyStopping:
        return EarlyStopping() if value is True else value

    @field_validator("stop_when_equal", mode="after")
    @classmethod
    def _equal_on(cls, value: bool | StopWhenEqual) -> bool | StopWhenEqual:
        return StopWhenEqual() if value is True else value

    @field_validator("metrics", mode="after")
    @classmethod
    def _named_once(cls, value: Any) -> Any:
        names = [] if value == "auto" else [metric.name for metric in value]
        taken = ("loss", *FIRST_COLUMNS)
        twice = [name for name in names if names.count(name) > 1 or name in taken or name.startswith("val_")]
        if twice:
            message = 'two columns of the history would be called "{name}"; give a metric another name'
            raise PydanticCustomError("metric_name", message, {"name": twice[0]})
        return value


class OutputConfig(Section):
    """What a run writes."""

    model: Literal["model.keras", "model.h5"] = Field("model.keras", description="or model.h5")
    plots: list[Literal["png", "svg", "pdf"]] = Field(["png"], description="formats; [] for none")
    tensorboard: bool = Field(False, description="also write logs for TensorBoard")
