"""A plan to a plain Keras Sequential model, compiled with loss, metric and optimizer objects.

Objects rather than names, because an .h5 file compiled with the string "mse" cannot be loaded again.
"""

from __future__ import annotations

from typing import Any

from mlpcli import backend
from mlpcli.config.base import Component
from mlpcli.config.metrics import Accuracy, Metric
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.schema import Config
from mlpcli.config.training import TrainingConfig
from mlpcli.data.scaling import Scaling
from mlpcli.data.target_scaling import TargetScaling
from mlpcli.model.input_layers import SCALING_LAYERS
from mlpcli.model.plan import Plan
from mlpcli.model.safe_names import INPUT_NAME
from mlpcli.model.target_units import loss_weight


def build_model(plan: Plan, config: Config, scaling: Scaling, target: TargetScaling | None = None) -> Any:
    """Build and compile.

    Args:
        plan: the layers in order; the first takes raw values of shape `plan.input_shape`.
        config: the optimizer and its schedule.
        scaling: the numbers for the first layer, fitted on the training rows.
        target: those for the last one, where the plan standardizes the target.

    Returns:
        A built `keras.Sequential` with initial weights drawn from the global seed.
    """
    keras = backend.keras()
    layers = [keras.Input(shape=plan.input_shape, name=INPUT_NAME)]
    own_units = target if plan.target_scaling == "standardize" else None
    output = plan.layers.index(plan.output)
    for index, planned in enumerate(plan.layers):
        numbers = _scaling_arguments(scaling) if index == 0 else {}
        if own_units and index > output:
            numbers = {"scale": own_units.deviation, "offset": own_units.mean}
        # Raw values and losses want the full range and all digits: both ends of the network stay in float32.
        is_end = index < len(SCALING_LAYERS[plan.scaling]) or index >= output
        policy = "float32" if is_end else config.training.precision
        layers.append(keras_object(planned.component, name=planned.safe_name, dtype=policy, **numbers))
    model = keras.Sequential(layers, name=plan.safe_name)
    model.compile(
        optimizer=build_optimizer(config.training),
        loss=keras_object(plan.loss),
        loss_weights=loss_weight(plan.loss.tag, own_units.deviation) if own_units else None,
        metrics=[build_metric(metric, plan) for metric in plan.metrics],
    )
    return model


def keras_object(component: Component, **changes: Any) -> Any:
    """The Keras object for a component of the config; components within it are built too."""
    module: Any = backend.keras()
    for part in component.family.split("."):
        module = getattr(module, part)
    arguments = {name: getattr(component, name) for name in type(component).model_fields}
    built = {
        name: keras_object(value) if isinstance(value, Component) else value
        for name, value in {**arguments, **changes}.items()
    }
    return getattr(module, component.keras_class)(**built)


def build_optimizer(training: TrainingConfig) -> Any:
    """The optimizer; a schedule takes the place of its learning rate (reduce_on_plateau is a callback instead)."""
    schedule = training.learning_rate_schedule
    if schedule is None or isinstance(schedule, ReduceLROnPlateau):
        return keras_object(training.optimizer)
    start = (
        {}
        if schedule.tag == "piecewise_constant_decay"
        else {"initial_learning_rate": training.optimizer.learning_rate}
    )
    return keras_object(training.optimizer, learning_rate=keras_object(schedule, **start))


def build_metric(metric: Metric, plan: Plan) -> Any:
    """The metric; `accuracy` becomes the one that fits the labels."""
    metrics = backend.keras().metrics
    if not isinstance(metric, Accuracy):
        return keras_object(metric)
    if plan.labels == "sparse":
        return metrics.SparseCategoricalAccuracy(name=metric.name)
    if plan.labels == "one_hot":
        return metrics.CategoricalAccuracy(name=metric.name)
    return metrics.BinaryAccuracy(name=metric.name, threshold=plan.threshold)


def _scaling_arguments(scaling: Scaling) -> dict[str, Any]:
    """The numbers of the first layer, which the plan leaves open; Keras takes single numbers where there is no axis."""
    if scaling.kind == "rescaling":
        return {"scale": scaling.scale, "offset": scaling.offset}
    if scaling.kind == "normalization" and scaling.axis is None:
        return {"axis": None, "mean": scaling.mean[0], "variance": scaling.variance[0]}
    if scaling.kind == "normalization":
        return {"axis": scaling.axis, "mean": list(scaling.mean), "variance": list(scaling.variance)}
    return {}
