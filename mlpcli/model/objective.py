"""Loss, metrics and output layer: chosen from the task where the config says auto, checked against it where not.

Also the loss of a target in its own units.
"""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.config.layers import Rescaling
from mlpcli.config.losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    Labels,
    Loss,
    MeanSquaredError,
    SparseCategoricalCrossentropy,
)
from mlpcli.config.metrics import AUC, Accuracy, BalancedAccuracy, F1Score, FBetaScore, MeanAbsoluteError, Metric
from mlpcli.config.schema import Config
from mlpcli.config.sections import Output
from mlpcli.data.dataset import DataFacts
from mlpcli.data.scaling import TargetScaling
from mlpcli.errors import SettingError
from mlpcli.model.compilation import LossUnits
from mlpcli.model.metric_rules import SIGNED, check_loss, check_metrics
from mlpcli.model.output_layer import ChosenOutput, WrittenOutput, choose_output, written_output


@dataclass(frozen=True)
class Objective:
    """Task, loss and metrics, and the output layer that fits them, with the layers before it."""

    task: str
    chosen: ChosenOutput
    loss: Loss
    labels: Labels
    metrics: tuple[Metric, ...]
    threshold: float

    @property
    def output(self) -> Output:
        """The output layer, with units and activation."""
        return self.chosen.output


def choose_objective(config: Config, facts: DataFacts) -> Objective:
    """Decide task, output, loss, form of the labels and metrics together, since each narrows the others.

    Raises:
        SettingError: they do not fit each other or the data.
    """
    written = written_output(config.model)
    task = _task(config, written, facts)
    loss = _loss(config, task)
    if task not in loss.labels:
        fitting = "sparse_categorical_crossentropy" if task == "classification" else _default_loss(task).tag
        raise SettingError("training.loss", f"{loss.tag} does not fit a {task} task; use {fitting}, or auto")
    check_loss(loss, task, facts.targets)
    labels = loss.labels[task]
    chosen = _output(written, config, task, loss, facts)
    metrics = _metrics(config, task, loss, labels)
    check_metrics(metrics, chosen.output, task, loss)
    metrics = tuple(_with_threshold(_of_keras(metric, task), task) for metric in metrics)
    return Objective(task, chosen, loss, labels, metrics, 0.0 if loss.tag in SIGNED else 0.5)


def _task(config: Config, written: WrittenOutput, facts: DataFacts) -> str:
    """Two classes make a binary task, unless the config asks for one output per class."""
    if facts.task != "binary" or config.data.task != "auto":
        return facts.task
    loss = config.training.loss
    wants_classes = not isinstance(loss, str) and "binary" not in loss.labels and "classification" in loss.labels
    return "classification" if written.asks_for_two() or wants_classes else "binary"


def _loss(config: Config, task: str) -> Loss:
    given: Loss | str = config.training.loss
    if not isinstance(given, str):
        return given
    metrics = [] if isinstance(config.training.metrics, str) else config.training.metrics
    if task == "classification" and any(_needs(metric, task) == "one_hot" for metric in metrics):
        return CategoricalCrossentropy()
    return _default_loss(task)


def _default_loss(task: str) -> Loss:
    defaults: dict[str, type[Loss]] = {
        "classification": SparseCategoricalCrossentropy,
        "binary": BinaryCrossentropy,
        "regression": MeanSquaredError,
    }
    return defaults[task]()


def _needs(metric: Metric, task: str) -> Labels | None:
    """The form of labels that a metric requires; accuracy takes any."""
    return None if isinstance(metric, Accuracy) else metric.labels.get(task)


def _metrics(config: Config, task: str, loss: Loss, labels: Labels) -> tuple[Metric, ...]:
    if isinstance(config.training.metrics, str):
        default = MeanAbsoluteError if task == "regression" else Accuracy
        return (default.model_validate(default.tag),)
    for index, metric in enumerate(config.training.metrics):
        key = f"training.metrics[{index}]"
        if task not in metric.labels:
            raise SettingError(key, f"{metric.tag} does not fit a {task} task; see docs/config.md for those that do")
        if _needs(metric, task) not in (None, labels):
            other = "categorical_crossentropy" if labels == "sparse" else "sparse_categorical_crossentropy"
            raise SettingError(
                key, f"{metric.tag} does not fit the labels of the loss {loss.tag}; use loss: {other}, or auto"
            )
    return tuple(config.training.metrics)


ONLY_RECALL = 1e6
"""A beta with which an F-beta score is the recall, to the last digit of float32."""


def _of_keras(metric: Metric, task: str) -> Metric:
    """A metric that Keras lacks, as one that it has, so that stock Keras opens the model file and scores with it.

    The ROC curve through the one threshold 0.5 has the area (sensitivity + specificity) / 2.
    """
    if not isinstance(metric, BalancedAccuracy):
        return metric
    if task == "binary":
        return AUC(name=metric.name, num_thresholds=3)  # 0, 0.5 and 1
    return FBetaScore(name=metric.name, average="macro", beta=ONLY_RECALL)


def _with_threshold(metric: Metric, task: str) -> Metric:
    """Without a threshold Keras compares an output with the largest of its row, and one output is always that."""
    if task == "binary" and isinstance(metric, (F1Score, FBetaScore)) and metric.threshold is None:
        return metric.model_copy(update={"threshold": 0.5})
    return metric


def _output(written: WrittenOutput, config: Config, task: str, loss: Loss, facts: DataFacts) -> ChosenOutput:
    classes = len(facts.class_names or ())
    units, why = {
        "classification": (classes, f"one per class, {classes}"),
        "binary": (1, "1 for a binary task"),
        "regression": (facts.targets, f"one per target, {facts.targets}"),
    }[task]
    return choose_output(written, config.model, task, loss, units, why)


DEGREES = {"mean_squared_error": 2, "mean_absolute_error": 1}
"""By which power of the targets' spread a loss grows; the others do not scale at all, or not by one power."""
OUTPUT_UNITS = Rescaling(scale=1.0)
"""The last layer of such a plan; its numbers come with the training rows."""


def check_target_scaling(setting: str, objective: Objective) -> None:
    """Whether data.target_scaling fits what is to be learnt.

    Raises:
        SettingError: it is not a regression, or its loss or output does not allow standardizing.
    """
    key = "data.target_scaling"
    if setting == "none":
        return
    if objective.task != "regression":
        raise SettingError(key, f"is for regression, but this is a {objective.task} task; remove it")
    if objective.loss.tag not in DEGREES:
        raise SettingError(key, f"does not fit the loss {objective.loss.tag}; use {' or '.join(DEGREES)}, or remove it")
    if objective.output.activation not in (None, "linear"):
        raise SettingError(
            key, f"needs a linear output, and model.output has {objective.output.activation}; remove one of them"
        )


def loss_units(loss: str, setting: str, target: TargetScaling | None) -> LossUnits:
    """For the loss of this name, under data.target_scaling."""
    if target is None or setting == "none":
        return LossUnits()
    if isinstance(target.deviation, tuple):
        return LossUnits(deviations=target.deviation)
    return LossUnits(float(target.deviation ** -DEGREES[loss]))
