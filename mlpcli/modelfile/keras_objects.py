"""Objects as Keras serializes them, turned into the schema's components; what a saved model was compiled with.

A model predicts without any of them. What cannot be followed, such as a loss that the schema leaves out, is therefore
no error: the model is then opened uncompiled, and a note says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from mlpcli.config.base import Component
from mlpcli.config.initializers import INITIALIZERS
from mlpcli.config.layers import ACTIVATIONS
from mlpcli.config.losses import LOSSES
from mlpcli.config.metrics import KERAS_METRICS, Accuracy
from mlpcli.config.optimizers import OPTIMIZERS
from mlpcli.config.regularizers import CONSTRAINTS, REGULARIZERS
from mlpcli.config.schedules import SCHEDULES, depends_on_run
from mlpcli.model.compilation import Compilation, Described
from mlpcli.modelfile.vocabulary import class_word
from mlpcli.text import printable

_LOGITS = {"from_logits": (bool,), "axis": (int, type(None)), "ignore_class": (int, type(None))}
"""Arguments of losses and metrics that a config leaves out, since the output layer always gives probabilities."""
_UNCHANGED = {
    "class_aggregation": "uniform_average", "label_weights": None, "multi_label": False, "num_labels": None,
    "thresholds": None,
}  # fmt: skip
_REDUCTIONS = {"auto": "sum_over_batch_size", None: "sum_over_batch_size"}


def compilation_of(architecture: Mapping[str, Any]) -> tuple[Compilation | None, str | None]:
    """What the model was compiled with, and None; or None, and the reason why that is not known."""
    config = architecture.get("compile_config") or architecture.get("training_config")
    if not isinstance(config, dict) or config.get("loss") is None:
        return None, "it was saved without a loss"
    try:
        loss = _loss(_only(config["loss"]))
        metrics = tuple(_metric(value) for value in _flat(config.get("metrics")))
        weight = _only(config.get("loss_weights"))
    except ArgumentError as error:
        return None, str(error)
    if weight is not None and (type(weight) not in (int, float) or not 0 < weight < 1e30):
        return None, "its loss_weights are not a number"
    return Compilation(loss, metrics, _optimizer(config), weight), None


def _loss(value: Any) -> Described:
    cls, config = find(LOSSES, value)
    if cls is None:
        raise ArgumentError(f"its loss {_called(value)} is not supported")
    more = _more(cls, config)
    reduction = config.get("reduction", "sum_over_batch_size")
    more["reduction"] = _REDUCTIONS.get(reduction, reduction) if isinstance(reduction, (str, type(None))) else None
    if more["reduction"] not in ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"):
        raise ArgumentError("its loss has a reduction that is not supported")
    return Described(make(cls, _schema_part(cls, config)), more)


def _metric(value: Any) -> Described:
    """`accuracy` stays a word: Keras picks the one that fits the labels."""
    wrapped = (
        value.get("config") if isinstance(value, dict) and value.get("class_name") == "MeanMetricWrapper" else None
    )
    if isinstance(wrapped, dict):
        value = {"class_name": wrapped.get("fn"), "config": {"name": wrapped.get("name")}}
    cls, config = find(KERAS_METRICS, value)
    if cls is None:
        raise ArgumentError(f"its metric {_called(value)} is not supported")
    part = _schema_part(cls, config)
    if isinstance(value, str):
        part["name"] = value if cls is not Accuracy else value.lower()
    if isinstance(part.get("thresholds"), list) and len(part["thresholds"]) == 1:
        part["thresholds"] = part["thresholds"][0]
    return Described(make(cls, part), _more(cls, config))


def _optimizer(config: Mapping[str, Any]) -> Described | None:
    """The optimizer with its arguments; None if it or an argument is not in the schema."""
    value = config.get("optimizer") or config.get("optimizer_config")
    cls, arguments = find(OPTIMIZERS, value)
    if cls is None:
        return None
    part, more = {**arguments}, {}
    try:
        if isinstance(part.get("learning_rate"), dict):
            schedule, numbers = find(SCHEDULES, part.pop("learning_rate"))
            if schedule is None:
                return None
            start = {key: numbers[key] for key in ("initial_learning_rate",) if type(numbers.get(key)) is float}
            rest = {key: number for key, number in numbers.items() if key not in start}
            made = make(schedule, rest)
            if depends_on_run(made):  # a config can say that, Keras cannot
                return None
            more["learning_rate"] = Described(made, start)
        return Described(make(cls, part, ("decay",) if part.get("decay") == 0 else ()), more)
    except ArgumentError:
        return None


def _more(cls: type[Component], config: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for key, types in _LOGITS.items():
        if key in config and key not in cls.model_fields:
            if type(config[key]) not in types:
                raise ArgumentError(f"its {cls.tag} has a {key} that is not supported")
            found[key] = config[key]
    return found


def _schema_part(cls: type[Component], config: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that the schema checks: without those above, and without redundant defaults."""
    left_out = {*_LOGITS, "reduction", *(key for key, value in _UNCHANGED.items() if config.get(key) == value)}
    return {
        key: plain(value) for key, value in config.items() if key in cls.model_fields or key not in {*left_out, "name"}
    }


def _only(value: Any) -> Any:
    """The one value of a list or mapping with one entry for each output, of which these models have one."""
    if isinstance(value, list) and len(value) == 1:
        return value[0]
    if isinstance(value, dict) and len(value) == 1 and "class_name" not in value:
        return next(iter(value.values()))
    return value


def _flat(value: Any) -> list[Any]:
    """Metrics as versions write them: a list, a list for the one output, a mapping with that output's name."""
    value = [] if value is None else value
    if isinstance(value, dict) and "class_name" not in value:
        value = list(value.values())
    listed = value if isinstance(value, list) else [value]
    return [metric for entry in listed for metric in (entry if isinstance(entry, list) else [entry])][:100]


def _called(value: Any) -> str:
    name = value.get("class_name") if isinstance(value, dict) else value
    return printable(name, 60) if isinstance(name, str) else "of this kind"


Made = TypeVar("Made", bound=Component)
FAMILIES: dict[str, tuple[type[Component], ...]] = {
    "initializer": INITIALIZERS,
    "regularizer": REGULARIZERS,
    "constraint": CONSTRAINTS,
}
"""The kind of an argument's value, by the last word of its name."""
IRRELEVANT = frozenset((
    "seed", "dtype", "name", "noise_shape", "input_axes", "output_axes", "renorm_momentum", "renorm_clipping",
    "synchronized", "jit_compile", "is_legacy_optimizer", "fn",
))  # fmt: skip
"""Arguments that do not change a prediction: for training, for other devices, or redundant."""
_OTHER_NAMES = {"OrthogonalInitializer": "Orthogonal", "IdentityInitializer": "Identity", "L1L2": "L1L2"}


class ArgumentError(ValueError):
    """An argument in a model's description is not supported; the text says which."""


def make(cls: type[Made], config: Mapping[str, Any], more: Iterable[str] = ()) -> Made:
    """The component of class `cls` that `config`, Keras's own, describes.

    Args:
        cls: a class of the schema.
        config: argument to value, as JSON.
        more: further arguments, which the caller has checked.

    Raises:
        ArgumentError: an argument is unknown, or outside the schema's limits.
    """
    fields, arguments, known = cls.model_fields, {}, {*more, *IRRELEVANT}
    for key, given in config.items():
        value = plain(given)
        if key in fields and not (key == "name" and cls.family == "layers"):
            arguments[key] = argument(key, value)
        elif key.endswith(tuple(FAMILIES)):
            argument(key, value)
        elif key not in known and value not in (None, False):
            raise ArgumentError(f"its argument {printable(key)} is not supported; a newer mlpcli may support it")
    try:
        return cls.model_validate(arguments)
    except ValidationError as error:
        raise ArgumentError(_reason(error)) from error


def argument(key: str, value: Any) -> Any:
    """The schema's value for Keras's: objects become components, functions their names."""
    family = key.rsplit("_", 1)[-1]
    if family in FAMILIES and value is not None:
        return component(FAMILIES[family], value, key)
    if key == "activation":
        return function_name(value, key)
    if key == "axis" and isinstance(value, list) and len(value) <= 1:
        return value[0] if value else None
    return value


def component(classes: Iterable[type[Component]], value: Any, key: str) -> Component:
    """One of `classes`, from its name alone or from {"class_name": ..., "config": {...}}.

    Raises:
        ArgumentError: it is not one of them.
    """
    cls, config = find(classes, value)
    if cls is None:
        raise ArgumentError(f"its {key} is not supported")
    return make(cls, config)


def find(classes: Iterable[type[Component]], value: Any) -> tuple[type[Component] | None, Mapping[str, Any]]:
    """The class that an object names, by Keras's class name or the schema's tag, and its arguments."""
    name, config = (class_word(value), value.get("config")) if isinstance(value, dict) else (value, {})
    if name == "function":
        name, config = config, {}
    name = _OTHER_NAMES.get(name, name) if isinstance(name, str) else None
    found = [cls for cls in classes if name is not None and (cls.keras_class == name or cls.called(name))]
    return (found[0] if found else None), (config if isinstance(config, dict) else {})


def function_name(value: Any, key: str) -> str | None:
    """The name of an activation, from itself or from the function object that newer versions write.

    Raises:
        ArgumentError: it is not an activation of the schema; it may be a layer, for example.
    """
    name = value.get("config") if isinstance(value, dict) and value.get("class_name") == "function" else value
    if name is None or (isinstance(name, str) and name in ACTIVATIONS):
        return name
    raise ArgumentError(f"its {key} is not a known activation; put a layer in its place after this one")


def plain(value: Any) -> Any:
    """Lists for the tuples and arrays that Keras writes as objects."""
    if isinstance(value, dict) and value.get("class_name") == "__tuple__":
        return value.get("items")
    if isinstance(value, dict) and value.get("class_name") == "__numpy__":
        config = value.get("config")
        return config.get("value") if isinstance(config, dict) else None
    return value


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])[:80]
    return f"{place}: {first['msg'].lower()}"
