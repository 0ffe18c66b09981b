"""What a config may say, as a reference: every key of a section, and every name with its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from mlpcli.config.base import Component
from mlpcli.config.data_words import BUILT_IN_NAMES
from mlpcli.config.initializers import INITIALIZERS
from mlpcli.config.layers import ACTIVATIONS, LAYERS
from mlpcli.config.losses import LOSSES
from mlpcli.config.metrics import METRICS
from mlpcli.config.optimizers import OPTIMIZERS
from mlpcli.config.regularizers import CONSTRAINTS, REGULARIZERS
from mlpcli.config.schedules import SCHEDULES, ReduceLROnPlateau
from mlpcli.config.schema import Config
from mlpcli.config.sections import (
    DataConfig,
    EarlyStopping,
    FoldsConfig,
    GenerateConfig,
    ImageConfig,
    ModelConfig,
    OutputConfig,
    StopWhenEqual,
    TrainingConfig,
)
from mlpcli.config.sweep import Parameter, SweepConfig
from mlpcli.config.thresholds import Cost
from mlpcli.config.trackers import TRACKERS

SECTIONS: dict[str, type[BaseModel]] = {
    "Top level": Config,
    "data": DataConfig,
    "data.image": ImageConfig,
    "data.generate": GenerateConfig,
    "data.folds": FoldsConfig,
    "model": ModelConfig,
    "training": TrainingConfig,
    "training.early_stopping": EarlyStopping,
    "training.stop_when_equal": StopWhenEqual,
    "output": OutputConfig,
    "output.threshold.cost": Cost,
    "sweep": SweepConfig,
    "sweep.parameters.KEY": Parameter,
}
FAMILIES: dict[str, Sequence[type[Component]]] = {
    "layers": LAYERS,
    "optimizers": OPTIMIZERS,
    "initializers": INITIALIZERS,
    "regularizers": REGULARIZERS,
    "constraints": CONSTRAINTS,
    "schedules": (*SCHEDULES, ReduceLROnPlateau),
    "losses": LOSSES,
    "metrics": METRICS,
    "trackers": TRACKERS,
}
"""Names that may have arguments."""
WORDS: dict[str, Sequence[str]] = {"activations": tuple(ACTIVATIONS), "datasets": BUILT_IN_NAMES}
"""Names without arguments."""
_KEYS = {
    "layers": "model.layers",
    "activations": "model.activation",
    "initializers": "model.kernel_initializer",
    "regularizers": "model.kernel_regularizer",
    "constraints": "kernel_constraint",
    "optimizers": "training.optimizer",
    "schedules": "training.learning_rate_schedule",
    "losses": "training.loss",
    "metrics": "training.metrics",
    "trackers": "output.trackers",
    "datasets": "data.source",
}


def key_of(kind: str) -> str:
    """The key of the config in which a name of this kind mostly stands; "" for kinds that are no names."""
    return _KEYS.get(kind, "")


def names_of(kind: str) -> list[str]:
    """All names of a kind, in the order of the reference."""
    return [cls.tag for cls in FAMILIES[kind]] if kind in FAMILIES else list(WORDS[kind])


def words_of(annotation: Any) -> list[str]:
    """The words that a key takes, beside what its meaning says."""
    if get_origin(annotation) is Literal:
        return [as_yaml(word) for word in get_args(annotation)]
    return [word for inner in get_args(annotation) for word in words_of(inner)]


def default_of(field: Any) -> str:
    """The default of a key as YAML; `required`, or "" for a section of its own."""
    if field.default_factory is not None or isinstance(field.default, BaseModel):
        return ""
    if field.default is PydanticUndefined:
        return "" if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel) else "required"
    return as_yaml(field.default)


def as_yaml(value: Any) -> str:
    """A default as one writes it in a config.

    >>> as_yaml([None, True, ""])
    '[null, true, ""]'
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(as_yaml(entry) for entry in value) + "]"
    return '""' if value == "" else f"{value}"


def arguments_of(component: type[Component]) -> list[tuple[str, str]]:
    """Name and default of each argument, as YAML; those that are `required` come first.

    >>> from mlpcli.config.regularizers import L2
    >>> arguments_of(L2)
    [('l2', '0.01')]
    """
    found = [(name, default_of(field)) for name, field in component.model_fields.items() if name != "name"]
    return sorted(found, key=lambda argument: argument[1] != "required")
