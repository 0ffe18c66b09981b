"""The whole config, and the checks for settings that contradict each other."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from mlpcli.config.base import Section
from mlpcli.config.layers import Layer
from mlpcli.config.schedules import CosineDecay, ReduceLROnPlateau
from mlpcli.config.sections import (
    SHORT_FORM,
    DataConfig,
    EarlyStopping,
    ModelConfig,
    Output,
    OutputConfig,
    StopWhenEqual,
    TrainingConfig,
)
from mlpcli.config.sweep import SweepConfig
from mlpcli.runs.directory import folder_name
from mlpcli.text import did_you_mean, shown

CONFIG_VERSION = 1
LARGEST_SEED = 2**31 - 1


class Config(Section):
    """A complete config; each value has passed the checks that need no data."""

    version: int = Field(CONFIG_VERSION, description="version of the config format")
    name: str = Field("", description="the run directory's name, in any script; default: the config file's name")
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = Field(
        777, description="one seed: weights, split, shuffle, dropout"
    )
    data: DataConfig
    model: ModelConfig = Field(default_factory=ModelConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    output: OutputConfig = Field(default_factory=OutputConfig)
    sweep: SweepConfig | None = Field(
        None, exclude=True, description="what `mlpcli sweep` searches; the configs of runs leave it out"
    )

    @field_validator("version", mode="after")
    @classmethod
    def _known_version(cls, value: int) -> int:
        if value != CONFIG_VERSION:
            raise PydanticCustomError(
                "version", "is format {found}, but this mlpcli reads format {known}; install a newer mlpcli",
                {"found": value, "known": CONFIG_VERSION},
            )  # fmt: skip
        return value

    @field_validator("name", mode="after")
    @classmethod
    def _names_a_folder(cls, value: str) -> str:
        try:
            folder_name(value)
        except ValueError as error:
            raise PydanticCustomError("form", "{reason}", {"reason": str(error)}) from error
        return value

    @model_validator(mode="before")
    @classmethod
    def _no_early_stopping_without_validation(cls, value: Any) -> Any:
        """Switch early stopping off if the config does not mention it and there is no validation set."""
        data, training = (value.get(key) if isinstance(value, dict) else None for key in ("data", "training"))
        if isinstance(data, dict) and "validation" in data and data["validation"] is None:
            if training is None:
                training = {}
            if isinstance(training, dict) and "early_stopping" not in training:
                return {**value, "training": {**training, "early_stopping": False}}
        return value


def best_epoch_rule(config: Config) -> EarlyStopping | None:
    """Early stopping as the config has it; without it, where the best weights are kept, one that never stops.

    Weights that `use_ema` averages at the end are those of no epoch, and so they are kept as they are.
    """
    stopping, training = config.training.early_stopping, config.training
    keeps = config.output.keep == "best"
    if isinstance(stopping, EarlyStopping):
        return stopping if keeps else stopping.model_copy(update={"restore_best_weights": False})
    if not keeps or training.optimizer.use_ema:
        return None
    monitor = "loss" if config.data.validation is None else "val_loss"
    return EarlyStopping(monitor=monitor, mode="min", patience=training.epochs)


COUNTS = ("true_positives", "true_negatives", "false_positives", "false_negatives")
Finding = tuple[str, str]
"""A dotted key, and the message about it."""


def check_config(config: Config) -> Iterator[Finding]:
    """The contradictions that can be found without the data, as (key, message) pairs."""
    yield from _check_folds(config)
    yield from _check_forms(config)
    yield from _check_monitors(config)
    yield from _check_directions(config)
    yield from _check_stop_when_equal(config)
    yield from _check_after_training(config)
    yield from _check_trackers(config)
    yield from _check_average(config)
    yield from _check_schedule(config)
    yield from _check_layer_names(config)
    yield from _check_sweep(config)
    yield from _check_devices(config)


def known_columns(config: Config, metrics: list[str]) -> list[str]:
    """The columns of history.csv that a monitor may name."""
    columns = ["loss", *metrics]
    return columns if config.data.validation is None else columns + [f"val_{column}" for column in columns]


def check_monitor(key: str, monitor: str, columns: list[str]) -> Iterator[Finding]:
    """A monitor must be one of the columns."""
    if monitor in columns:
        return
    if monitor.startswith("val_") and monitor.removeprefix("val_") in columns:
        known = ", ".join(columns)
        yield key, f'"{monitor}" needs a validation set; set data.validation, or monitor one of {known}'
        return
    near = did_you_mean(monitor, columns) or f"; available: {', '.join(columns)}"
    yield key, f'unknown metric "{shown(monitor)}"{near}'


def monitors(config: Config) -> Iterator[tuple[str, str]]:
    """Each key that names a column, and the column."""
    training = config.training
    if isinstance(training.early_stopping, EarlyStopping):
        yield "training.early_stopping.monitor", training.early_stopping.monitor
    if isinstance(training.learning_rate_schedule, ReduceLROnPlateau):
        yield "training.learning_rate_schedule.reduce_on_plateau.monitor", training.learning_rate_schedule.monitor
    if config.sweep is not None:
        yield "sweep.metric", config.sweep.metric


def _check_folds(config: Config) -> Iterator[Finding]:
    data, folds = config.data, config.data.folds
    if folds is None:
        return
    if folds.group is not None and folds.time is not None:
        yield "data.folds.time", "orders the rows, and data.folds.group keeps some together; choose one of the two"
    if (folds.count is None) != (folds.held_out is None):
        given, missing = ("count", "held_out") if folds.held_out is None else ("held_out", "count")
        yield (
            f"data.folds.{given}",
            f"belongs to one run and needs data.folds.{missing}; leave both out, and train all folds with --folds",
        )
    elif folds.count is not None and folds.held_out is not None:
        if folds.held_out > folds.count:
            yield "data.folds.held_out", f"there are {folds.count} folds (data.folds.count); choose from 1 to that"
        if data.test is not None:
            yield "data.test", "the held-out fold is the test rows; set it to null"


def _check_forms(config: Config) -> Iterator[Finding]:
    if config.model.layers is None:
        return
    for key in SHORT_FORM:
        if key in config.model.model_fields_set:
            yield f"model.{key}", "belongs to the short form, which `layers` replaces; delete one of them"


def _check_monitors(config: Config) -> Iterator[Finding]:
    """The metric names; with `metrics: auto` both defaults, since the task is not known yet (the plan checks again)."""
    chosen = config.training.metrics
    metrics = ["accuracy", "mean_absolute_error"] if chosen == "auto" else [metric.name for metric in chosen]
    for key, monitor in monitors(config):
        yield from check_monitor(key, monitor, known_columns(config, metrics))


def _check_directions(config: Config) -> Iterator[Finding]:
    """A monitored count needs a mode; Keras would complain only after the first epoch."""
    chosen = config.training.metrics
    counts = [] if chosen == "auto" else [metric.name for metric in chosen if metric.tag in COUNTS]
    for section, key in (
        (config.training.early_stopping, "training.early_stopping"),
        (config.training.learning_rate_schedule, "training.learning_rate_schedule.reduce_on_plateau"),
        (config.sweep, "sweep"),
    ):
        monitor = getattr(section, "metric" if isinstance(section, SweepConfig) else "monitor", "")
        mode = getattr(section, "mode", "")
        if mode == "auto" and monitor.removeprefix("val_") in counts:
            yield (
                f"{key}.mode",
                f"{monitor} is a count, so mode: auto cannot tell which direction is better; set mode to max or min",
            )


def _check_sweep(config: Config) -> Iterator[Finding]:
    """The rows that choose among many trials cannot be the test rows, whose score would then be too good."""
    if config.sweep is not None and config.data.validation == "test":
        yield "sweep", "would choose the best trial by its test rows; set data.validation to a fraction, such as 0.2"


def _check_stop_when_equal(config: Config) -> Iterator[Finding]:
    if isinstance(config.training.stop_when_equal, StopWhenEqual) and config.data.validation is None:
        yield "training.stop_when_equal", "needs a validation set; set data.validation"


def _check_after_training(config: Config) -> Iterator[Finding]:
    output = config.output
    for key, value in (("calibration", output.calibration), ("threshold", output.threshold)):
        if value is not None and config.data.validation is None:
            yield f"output.{key}", "needs validation rows; set data.validation, or remove it"


def _check_trackers(config: Config) -> Iterator[Finding]:
    names = [tracker.tag for tracker in config.output.trackers]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield f"output.trackers[{index}]", f'"{name}" is in the list twice; delete one of them'
    if config.output.tensorboard and "tensorboard" in names:
        yield "output.tensorboard", "would write the same numbers as the tracker tensorboard; delete one of them"


def _check_average(config: Config) -> Iterator[Finding]:
    """use_ema averages the weights at the end of training, and restoring the best weights would undo that."""
    rule = best_epoch_rule(config)
    if config.training.optimizer.use_ema and rule is not None and rule.restore_best_weights:
        message = "averages the weights, but early stopping would restore unaveraged ones; set"
        yield "training.optimizer.use_ema", f"{message} training.early_stopping.restore_best_weights: false"


def _check_schedule(config: Config) -> Iterator[Finding]:
    schedule = config.training.learning_rate_schedule
    if isinstance(schedule, CosineDecay) and schedule.warmup_steps and schedule.warmup_target is None:
        key = "training.learning_rate_schedule.cosine_decay.warmup_steps"
        yield key, "needs warmup_target, the rate to warm up to"


def _check_devices(config: Config) -> Iterator[Finding]:
    if config.training.devices not in ("auto", 1):
        yield from unshared(config)


def unshared(config: Config) -> Iterator[Finding]:
    """The settings with which a batch cannot be shared by several workers or GPUs."""
    training, several = config.training, "several workers or GPUs"
    if training.engine == "keras":
        yield "training.engine", f"keras runs model.fit, which Keras 3 does not support on {several}; use auto"
    if training.engine == "numpy":
        yield "training.engine", f"numpy trains in one process, not on {several}; use auto"
    for key in ("gradient_accumulation_steps", "ema_overwrite_frequency"):
        if getattr(training.optimizer, key) is not None:
            yield f"training.optimizer.{key}", f"does not work on {several} in Keras; remove it"


def _named_layers(config: Config) -> Iterator[tuple[str, Layer]]:
    """The key of each layer's arguments, and the layer."""
    for index, layer in enumerate(config.model.layers or []):
        yield f"model.layers[{index}].{layer.tag}", layer
    if isinstance(config.model.output, Output):
        yield "model.output", config.model.output


def _check_layer_names(config: Config) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for key, layer in _named_layers(config):
        if layer.name in seen:
            yield f"{key}.name", f'"{shown(layer.name)}" is already the name of {seen[layer.name]}; choose another'
        elif layer.name is not None:
            seen[layer.name] = key
