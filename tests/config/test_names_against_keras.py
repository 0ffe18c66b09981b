"""The schema's words are Keras's: every name builds, every argument and default is Keras's, and none was forgotten."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from mlpcli import backend
from mlpcli.config.base import Component
from mlpcli.config.initializers import INITIALIZERS, INITIALIZERS_LEFT_OUT
from mlpcli.config.layers import ACTIVATIONS, ACTIVATIONS_LEFT_OUT, LAYERS, Layer, reason_left_out
from mlpcli.config.losses import LOSSES, LOSSES_LEFT_OUT
from mlpcli.config.metrics import KERAS_METRICS, METRICS_LEFT_OUT
from mlpcli.config.optimizers import OPTIMIZERS, OPTIMIZERS_LEFT_OUT
from mlpcli.config.regularizers import CONSTRAINTS, CONSTRAINTS_LEFT_OUT, REGULARIZERS, REGULARIZERS_LEFT_OUT
from mlpcli.config.schedules import SCHEDULES, SCHEDULES_LEFT_OUT, ReduceLROnPlateau
from mlpcli.keras_engine.build import keras_object

pytestmark = pytest.mark.tf

FAMILIES: dict[str, tuple[tuple[type[Component], ...], dict[str, str]]] = {
    "initializers": (INITIALIZERS, INITIALIZERS_LEFT_OUT),
    "regularizers": (REGULARIZERS, REGULARIZERS_LEFT_OUT),
    "constraints": (CONSTRAINTS, CONSTRAINTS_LEFT_OUT),
    "optimizers": (OPTIMIZERS, OPTIMIZERS_LEFT_OUT),
    "optimizers.schedules": (SCHEDULES, SCHEDULES_LEFT_OUT),
    "losses": (LOSSES, LOSSES_LEFT_OUT),
    "metrics": (KERAS_METRICS, METRICS_LEFT_OUT),
}
COMPONENTS: list[type[Component]] = [
    *LAYERS,
    ReduceLROnPlateau,
    *(cls for classes, _ in FAMILIES.values() for cls in classes),
]
IDS = [f"{cls.family}.{cls.tag}" for cls in COMPONENTS]

OTHER_DEFAULTS = {
    ("f1_score", "average"): "Keras's None gives one number per class, which no column of the history can hold",
    ("fbeta_score", "average"): "as for f1_score",
    ("average_pooling2d", "pool_size"): "Keras has a default for max_pooling2d only",
    ("cropping2d", "cropping"): "Keras's default cuts nothing",
}
"""Where the schema differs from Keras on purpose."""

EXAMPLES: dict[str, Any] = {
    "units": 3, "filters": 4, "kernel_size": [3, 5], "rate": 0.25, "stddev": 0.5, "target_shape": [2, -1],
    "dims": [2, 1],
    "scale": 0.5, "cropping": [1, 2], "strides": 2, "activation": "tanh", "shared_axes": [1], "max_value": 6.0,
    "name": "mine",
    "weight_decay": 0.01, "clipnorm": 1.5, "ema_overwrite_frequency": 10, "loss_scale_factor": 2.0,
    "gradient_accumulation_steps": 2, "decay_steps": 10, "first_decay_steps": 10, "decay_rate": 0.5,
    "warmup_target": 0.1,
    "boundaries": [1, 2], "values": [0.3, 0.2, 0.1], "top_k": 2, "class_id": 1, "thresholds": 0.25, "threshold": 0.25,
    "recall": 0.5, "precision": 0.5, "specificity": 0.5, "sensitivity": 0.5,
}  # fmt: skip


def example(field: str) -> Any:
    """A value for a field that has no default, or None."""
    if field.endswith("_regularizer"):
        return {"l1": 0.1, "l2": 0.2}
    return "unit_norm" if field.endswith("_constraint") else EXAMPLES[field]


def built(component: Component) -> Any:
    """A schedule starts at the optimizer's rate, which it is given here."""
    rate = component.family == "optimizers.schedules" and component.tag != "piecewise_constant_decay"
    return keras_object(component, **({"initial_learning_rate": 0.1} if rate else {}))


def plain(value: Any) -> Any:
    """A value in one form: Keras writes both directions out and says `Zeros` where a config says `zeros`."""
    if isinstance(value, (list, tuple)):
        entries = [plain(entry) for entry in value]
        return entries[0] if len(entries) == 2 and entries[0] == entries[1] else entries
    return value.lower() if isinstance(value, str) else value


def keras_module(family: str) -> Any:
    module = backend.keras()
    for part in family.split("."):
        module = getattr(module, part)
    return module


@pytest.mark.parametrize("cls", COMPONENTS, ids=IDS)
def test_every_name_builds_with_its_defaults(cls: type[Component]) -> None:
    required = {name: example(name) for name, field in cls.model_fields.items() if field.is_required()}
    assert type(built(cls.model_validate(required))).__name__ == cls.keras_class


@pytest.mark.parametrize("cls", COMPONENTS, ids=IDS)
def test_every_argument_reaches_keras(cls: type[Component]) -> None:
    given = {
        name: example(name)
        for name, field in cls.model_fields.items()
        if (field.is_required() or field.default in (None, "")) and name not in ("clipvalue", "global_clipnorm")
    }
    found = built(cls.model_validate(given))
    settings = found.get_config() if hasattr(found, "get_config") else vars(found)
    for name, value in given.items():
        if isinstance(value, (int, float, list)) and name in settings:
            assert plain(settings[name]) == pytest.approx(plain(value)), name
        if name.endswith(("_regularizer", "_constraint")):
            assert settings[name] is not None, name


@pytest.mark.parametrize("cls", COMPONENTS, ids=IDS)
def test_every_default_is_keras_own(cls: type[Component]) -> None:
    signatures = [
        inspect.signature(base.__init__).parameters
        for base in getattr(keras_module(cls.family), cls.keras_class).__mro__
    ]
    for name, field in cls.model_fields.items():
        if name == "name" or (cls.tag, name) in OTHER_DEFAULTS:
            continue  # a metric's name is the word it is called by
        parameters = next((found for found in signatures if name in found), None)
        assert parameters is not None, f"Keras's {cls.keras_class} has no argument {name}"
        default = parameters[name].default
        expected = inspect.Parameter.empty if field.is_required() else plain(field.default)
        assert (
            plain(
                getattr(default, "__name__", default)
                if inspect.isclass(default) and default is not expected
                else default
            )
            == expected
        )


def test_the_deliberate_differences_are_differences() -> None:
    fields = {(cls.tag, name) for cls in COMPONENTS for name in cls.model_fields}
    assert set(OTHER_DEFAULTS) <= fields


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_keras_own(name: str) -> None:
    keras = backend.keras()
    result = keras.activations.get(name)(keras.ops.array([[-1.0, 0.5, 2.0]]))
    assert result.shape == (1, 3)


def public_classes(family: str) -> dict[str, set[str]]:
    """Each public class under one of its names, with all of them (keras.layers has MaxPool2D and MaxPooling2D)."""
    module, names = keras_module(family), dict[type, set[str]]()
    for name in dir(module):
        if inspect.isclass(getattr(module, name)):
            names.setdefault(getattr(module, name), set()).add(name)
    return {min(group): group for group in names.values()}


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@pytest.mark.parametrize("family", FAMILIES)
def test_no_name_of_keras_was_forgotten(family: str) -> None:
    classes, left_out = FAMILIES[family]
    known = {cls.keras_class for cls in classes}
    forgotten = [
        name for name, names in public_classes(family).items()
        if not names & known and not {snake_case(other) for other in names} & set(left_out)
    ]  # fmt: skip
    assert forgotten == [], f"keras.{family} has names that config/ neither allows nor leaves out with a reason"


def test_no_layer_of_keras_was_forgotten() -> None:
    known = {cls.keras_class for cls in LAYERS}
    forgotten = [
        name for name, names in public_classes("layers").items()
        if not names & known and not any(reason_left_out(other) for other in names)
    ]  # fmt: skip
    assert forgotten == [], "keras.layers has layers that config/layers_left_out.py gives no reason for"


def test_no_layer_is_both_there_and_left_out() -> None:
    assert [cls.keras_class for cls in LAYERS if reason_left_out(cls.keras_class)] == []


def test_no_activation_of_keras_was_forgotten() -> None:
    module = keras_module("activations")
    functions = {name for name in dir(module) if inspect.isfunction(getattr(module, name))} - {
        "get",
        "serialize",
        "deserialize",
    }
    assert functions - set(ACTIVATIONS) - set(ACTIVATIONS_LEFT_OUT) == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_no_name_is_both_there_and_left_out(family: str) -> None:
    classes, left_out = FAMILIES[family]
    assert {snake_case(cls.keras_class) for cls in classes} & set(left_out) == set()
    assert len({cls.tag for cls in classes}) == len(classes)


def test_every_layer_takes_a_name() -> None:
    assert all(issubclass(cls, Layer) for cls in LAYERS)
