"""What will be built and how it will be fitted, decided from the config and the data's facts, without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlpcli.config.layers import Layer
from mlpcli.config.losses import Labels, Loss
from mlpcli.config.metrics import Metric
from mlpcli.model.shapes import LayerSize, Shape


@dataclass(frozen=True)
class PlannedLayer:
    """One layer: its schema component, the name people see, the name in the graph, and its size."""

    component: Layer
    name: str
    safe_name: str
    size: LayerSize


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

    @property
    def output(self) -> PlannedLayer:
        """The output layer; a Rescaling to the target's own units may stand behind it."""
        return self.layers[-1 if self.target_scaling == "none" else -2]

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
        }


def accuracy_name(names: list[str]) -> str | None:
    """The column that holds an accuracy, or None."""
    return next((name for name in names if name == "acc" or name.endswith("accuracy")), None)
