"""A network in Keras's own words: the JSON that `keras.models.load_model` reads, written without Keras.

Only what every Keras 3 knows is written; what a version has added since is at its default.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mlpcli.config.base import Component
from mlpcli.config.metrics import Accuracy
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.training import TrainingConfig
from mlpcli.model.architecture import SavedLayer
from mlpcli.model.plan import Plan
from mlpcli.model.safe_names import INPUT_NAME
from mlpcli.model.shapes import Shape

Json = dict[str, Any]


def architecture_json(name: str, input_shape: Shape, layers: Sequence[SavedLayer], compiled: Json | None) -> Json:
    """A Sequential model: what stands in config.json.

    Args:
        name: of the model, safe for TensorFlow's scopes, as those of the layers are.
        layers: as `planned_layers` gives them.
        compiled: as `compile_json` gives it; None for a model without a loss.
    """
    shape = [None, *input_shape]
    first = {"batch_shape": shape, "dtype": "float32", "sparse": False, "name": INPUT_NAME}
    described = [_object("layers", "InputLayer", first)]
    for layer in layers:
        own = {"name": layer.name, "trainable": layer.trainable, "dtype": layer.precision}
        built = {"build_config": {"input_shape": shape}} if layer.weights else {}
        described.append({**object_json(layer.component, **own), **built})
        shape = [None, *layer.size.output_shape]
    first_shape = [None, *input_shape]
    config = {"name": name, "trainable": True, "dtype": "float32", "layers": described}
    model: Json = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {**config, "build_input_shape": first_shape},
        "registered_name": "Sequential",
        "build_config": {"input_shape": first_shape},
    }
    return model if compiled is None else {**model, "compile_config": compiled}


def compile_json(plan: Plan, training: TrainingConfig, loss_weight: float | None, rate: float) -> Json:
    """What the model is compiled with; `rate` is the learning rate now, where no schedule decides it."""
    return {
        "optimizer": _optimizer_json(training, rate),
        "loss": object_json(plan.loss, name=plan.loss.tag, reduction="sum_over_batch_size"),
        "loss_weights": loss_weight,
        "metrics": [_metric_json(metric, plan) for metric in plan.metrics],
        "weighted_metrics": None,
        "run_eagerly": False,
        "steps_per_execution": 1,
        "jit_compile": False,
    }


def object_json(component: Component, **changes: Any) -> Json:
    """A component of the schema as Keras serializes its object: the fields are the arguments of Keras's class."""
    arguments = {name: getattr(component, name) for name in type(component).model_fields}
    if "activation" in arguments:
        arguments["activation"] = arguments["activation"] or "linear"
    written = {
        name: object_json(value) if isinstance(value, Component) else value
        for name, value in {**arguments, **changes}.items()
    }
    return _object(component.family, component.keras_class, written)


def _object(family: str, keras_class: str, config: Json) -> Json:
    return {"module": f"keras.{family}", "class_name": keras_class, "config": config, "registered_name": None}


def _optimizer_json(training: TrainingConfig, rate: float) -> Json:
    schedule, optimizer = training.learning_rate_schedule, training.optimizer
    if schedule is None or isinstance(schedule, ReduceLROnPlateau):
        return object_json(optimizer, name=optimizer.tag, learning_rate=rate)
    start = {} if schedule.tag == "piecewise_constant_decay" else {"initial_learning_rate": optimizer.learning_rate}
    return object_json(optimizer, name=optimizer.tag, learning_rate=object_json(schedule, **start))


def _metric_json(metric: Any, plan: Plan) -> Json:
    """`accuracy` becomes the one that fits the labels."""
    if not isinstance(metric, Accuracy):
        return object_json(metric)
    words = {"sparse": "SparseCategoricalAccuracy", "one_hot": "CategoricalAccuracy"}
    keras_class = words.get(plan.labels, "BinaryAccuracy")
    threshold = {"threshold": plan.threshold} if keras_class == "BinaryAccuracy" else {}
    return _object("metrics", keras_class, {"name": metric.name, **threshold})
