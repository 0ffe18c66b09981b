"""The plan: every `auto` decided from the config and the data's facts, without TensorFlow.

Also what training is given (`Prepared`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from mlpcli.arrays import Array
from mlpcli.config.layers import Flatten, Reshape
from mlpcli.config.losses import Labels, Loss
from mlpcli.config.metrics import Metric
from mlpcli.config.schedules import STEP_KEYS, Schedule, depends_on_run
from mlpcli.config.schema import Config, check_monitor, known_columns, monitors
from mlpcli.config.sections import InputForm, ModelConfig
from mlpcli.data.dataset import DataFacts, Source, Splits
from mlpcli.data.look.findings import Look
from mlpcli.data.scaling import Scaling, TargetScaling, choose_scaling
from mlpcli.errors import SettingError
from mlpcli.model.input_layers import scaling_layers
from mlpcli.model.members import check_member_loss
from mlpcli.model.objective import OUTPUT_UNITS, check_target_scaling, choose_objective
from mlpcli.model.output_layer import check_calibration, check_threshold
from mlpcli.model.shapes import PlannedLayer, SavedLayer, Shape
from mlpcli.model.stack import safe_name, stack_layers


@dataclass(frozen=True)
class Plan:
    """A network and its training, with every `auto` decided."""

    name: str
    safe_name: str
    input_shape: Shape
    layers: tuple[PlannedLayer, ...]
    task: str
    class_names: tuple[str, ...] | None
    scaling: str
    target_scaling: str
    loss: Loss
    labels: Labels
    metrics: tuple[Metric, ...]
    threshold: float
    """Binary: a prediction above it is the second class."""
    batch_size: int
    """Rows per training step."""
    schedule: Schedule | None
    """Of the learning rate, in steps."""
    notes: tuple[str, ...] = ()
    """What people should know of the choice."""
    left_out: int = 0
    """How many of the first layers stay out of the model file; they have no weights."""
    members: int = 1
    """How many networks the prediction is the mean of."""

    @property
    def output(self) -> PlannedLayer:
        """The output layer; the mean of the members and a Rescaling to the target's own units may stand behind it."""
        return self.layers[-1 - (self.members > 1) - (self.target_scaling != "none")]

    @property
    def outputs(self) -> tuple[str | None, int]:
        """Activation and units of the output layer."""
        return getattr(self.output.component, "activation", None), self.output.size.output_shape[-1]

    @property
    def file_shape(self) -> Shape:
        """The shape of one example as the model in the file takes it."""
        return self.layers[self.left_out - 1].size.output_shape if self.left_out else self.input_shape

    @property
    def trainable(self) -> int:
        """Parameters that training changes."""
        return sum(layer.size.trainable for layer in self.layers)

    @property
    def non_trainable(self) -> int:
        """Parameters that training only tracks, such as BatchNorm's means."""
        return sum(layer.size.non_trainable for layer in self.layers)

    @property
    def has_convolutions(self) -> bool:
        """Whether a layer is a convolution of any kind."""
        return any(layer.component.tag.endswith("conv2d") for layer in self.layers)

    @property
    def metric_names(self) -> list[str]:
        """The columns of history.csv beside the loss, without the val_ ones."""
        return [metric.name for metric in self.metrics]

    def as_metadata(self) -> dict[str, Any]:
        """What evaluation and prediction must know, as JSON."""
        return {
            "task": self.task,
            "input_shape": list(self.input_shape),
            "class_names": list(self.class_names) if self.class_names is not None else None,
            "labels": self.labels,
            "targets": self.output.size.output_shape[-1] if self.task == "regression" else 1,
            "threshold": self.threshold,
            "scaling": self.scaling,
            "target_scaling": self.target_scaling,
            "loss": self.loss.tag,
            "metrics": self.metric_names,
            "batch_size": self.batch_size,
        }


def accuracy_name(names: list[str]) -> str | None:
    """The column that holds an accuracy, the share of rows that are right; None if there is none."""
    found = (name for name in names if name == "acc" or name.endswith("accuracy"))
    return next((name for name in found if not name.startswith("balanced")), None)


def make_plan(config: Config, facts: DataFacts) -> Plan:
    """Decide everything.

    Raises:
        SettingError: a setting does not fit the data or another one; its key is named.
    """
    scaling = choose_scaling(facts, config.data.scaling)
    _check_input_shape(config.model, facts.input_shape)
    objective = choose_objective(config, facts)
    chosen = objective.chosen
    check_target_scaling(config.data.target_scaling, objective)
    check_member_loss(config.model.members, objective.loss)
    own_units = (OUTPUT_UNITS,) if config.data.target_scaling == "standardize" else ()
    layers = stack_layers(chosen.hidden, facts.input_shape, scaling, chosen.output, own_units, chosen.key)
    check_calibration(config.output, objective.task, layers)
    check_threshold(config.output, objective.task, objective.output.activation)
    columns = known_columns(config, [metric.name for metric in objective.metrics])
    for key, monitor in monitors(config):
        for found_key, message in check_monitor(key, monitor, columns):
            raise SettingError(found_key, message)
    training = config.training
    batch_size = choose_batch_size(training.batch_size, facts.train_rows)
    steps = -(-(facts.train_rows or 1) // batch_size)
    plan = Plan(
        name=config.name,
        safe_name=safe_name(config.name, "model"),
        input_shape=facts.input_shape,
        layers=layers,
        task=objective.task,
        class_names=facts.class_names,
        scaling=scaling,
        target_scaling=config.data.target_scaling,
        loss=objective.loss,
        labels=objective.labels,
        metrics=objective.metrics,
        threshold=objective.threshold,
        batch_size=batch_size,
        schedule=choose_schedule(training.learning_rate_schedule, training.epochs * steps),
        notes=chosen.notes,
        left_out=_left_out(config.output.input, facts.input_shape, layers, scaling),
        members=config.model.members,
    )
    return plan if config.output.input == "raw" else replace(plan, notes=(*plan.notes, _file_note(config, plan, facts)))


SMALLEST_BATCH, LARGEST_BATCH = 32, 256
LEAST_STEPS = 50
"""At the least in an epoch; fewer steps than that leave the network undertrained."""


def choose_batch_size(setting: int | Literal["auto"], rows: int | None) -> int:
    """Rows per step; auto: the largest power of two that leaves LEAST_STEPS an epoch, within 32 to 256.

    rows: of training; None where they are not known.

    >>> [choose_batch_size("auto", rows) for rows in (150, 3_199, 3_200, 10_000, 60_000)]
    [32, 32, 64, 128, 256]
    """
    if setting != "auto":
        return setting
    largest = (rows or 0) // LEAST_STEPS
    power: int = 1 << max(0, largest.bit_length() - 1)
    return min(max(power, SMALLEST_BATCH), LARGEST_BATCH)


SCHEDULE_KEY = "training.learning_rate_schedule"


def choose_schedule(schedule: Schedule | None, steps: int) -> Schedule | None:
    """The schedule in steps, in a run of so many; what it gives in steps stays as it is.

    Raises:
        SettingError: the run is too short for it.

    >>> from mlpcli.config.schedules import CosineDecay
    >>> choose_schedule(CosineDecay(decay_steps="auto", warmup_target=0.1, warmup_steps=0.05), 1000)
    CosineDecay(decay_steps=950, alpha=0.0, warmup_target=0.1, warmup_steps=50)
    """
    if schedule is None or not depends_on_run(schedule):
        return schedule
    found = {key: _in_steps(getattr(schedule, key), steps) for key in STEP_KEYS if hasattr(schedule, key)}
    warmup, boundaries = found.get("warmup_steps", 0), found.get("boundaries", [])
    key, run = f"{SCHEDULE_KEY}.{schedule.tag}", f"the whole run has {steps:,} steps"
    if warmup >= steps:
        raise SettingError(f"{key}.warmup_steps", f"leaves no steps after {warmup:,}: {run}; use fewer")
    if boundaries != sorted(set(boundaries)):
        raise SettingError(f"{key}.boundaries", f"{run}, too few to tell these fractions apart; train longer")
    if found.get("decay_steps") == "auto":
        found["decay_steps"] = steps - warmup
    return schedule.model_copy(update=found)


def _in_steps(value: Any, steps: int) -> Any:
    if isinstance(value, list):
        return [_in_steps(entry, steps) for entry in value]
    return max(1, round(value * steps)) if isinstance(value, float) else value


INPUT_KEY = "output.input"


def _left_out(form: InputForm, input_shape: Shape, layers: tuple[PlannedLayer, ...], scaling: str) -> int:
    """How many of the first layers the model file does without: what scales, and for `flat` what flattens.

    Raises:
        SettingError: `flat` where the network takes pictures as pictures.
    """
    if form == "raw":
        return 0
    count, shape = len(scaling_layers(scaling, input_shape)), input_shape
    while form == "flat" and len(shape) > 1:
        layer = layers[count]
        if not isinstance(layer.component, (Flatten, Reshape)):
            first = f"the network begins with {layer.component.tag} ({layer.key}), which takes {shape}"
            raise SettingError(
                INPUT_KEY, f"flat needs a network that begins with rows of numbers, but {first}; {INSTEAD}"
            )
        count, shape = count + 1, layer.size.output_shape
    return count


INSTEAD = "use scaled, or put flatten first in model.layers"


def _file_note(config: Config, plan: Plan, facts: DataFacts) -> str:
    """What stock Keras is to give the model in the file, where this is not what the data holds."""
    scaled = {
        "unit": f"x / {facts.pixel_max or 1:g}",
        "standardize": "standardized values",
        "minmax": "minmax-scaled ones",
        "robust": "robustly scaled and clipped ones",
    }
    values, shape = scaled.get(plan.scaling, "the values as they are"), ", ".join(map(str, plan.file_shape))
    return (
        f"{INPUT_KEY}: {config.output.input}: in stock Keras the model takes {values} in the shape (rows, {shape});"
        " mlpcli still takes raw rows"
    )


def _check_input_shape(model: ModelConfig, shape: Shape) -> None:
    """An input shape that the config gives must be the data's; flattened, or with an axis of one channel, will do."""
    given = tuple(model.input_shape or shape)
    agreeing = (shape, (math.prod(shape),), (*shape, 1))
    if given not in agreeing:
        key = "model.input_shape" if model.layers is None else "model.layers[0]"
        message = (
            f"input_shape is {given}, but a row of the data has the shape {shape}; remove it, or check data.source"
        )
        raise SettingError(key, message)


def planned_layers(plan: Plan, scaling: Scaling, target: TargetScaling | None = None) -> list[SavedLayer]:
    """The saved form of each layer of the plan; scaling and target as for `mlpcli.keras_engine.build.build_model`."""
    layers = []
    for index, planned in enumerate(plan.layers):
        numbers = _scaling(scaling) if index == 0 else {}
        if target is not None and plan.target_scaling == "standardize" and index == len(plan.layers) - 1:
            numbers = target.as_rescaling()
        component = planned.component.model_copy(update=numbers)
        layers.append(SavedLayer(planned.safe_name, component.keras_class, planned.size, component))
    return layers


def _scaling(scaling: Scaling) -> dict[str, Any]:
    if scaling.kind == "rescaling":
        return {"scale": scaling.scale, "offset": scaling.offset}
    if scaling.kind == "normalization":
        axis = scaling.axis
        one = axis is None  # Keras takes single numbers where there is no axis
        mean, variance = list(scaling.mean), list(scaling.variance)
        return {"axis": axis, "mean": mean[0] if one else mean, "variance": variance[0] if one else variance}
    return {}


@dataclass(frozen=True)
class Prepared:
    """Everything that training needs, prepared without TensorFlow: config, data, plan, scaling."""

    source: Source
    splits: Splits
    facts: DataFacts
    plan: Plan
    scaling: Scaling
    target_scaling: TargetScaling
    class_weights: Array | None
    look: Look
