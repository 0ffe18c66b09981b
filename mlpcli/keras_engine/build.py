"""Models built by Keras from the schema's components: from a plan, or from a saved model's checked arrays.

`keras.models.load_model` is never used, since it builds whatever a file names. This way files of newer and older
versions of Keras open, too: their descriptions differ in ways that do not change predictions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.config.base import Component
from mlpcli.config.initializers import Zeros
from mlpcli.config.metrics import Accuracy, Metric
from mlpcli.config.schedules import ReduceLROnPlateau, Schedule
from mlpcli.config.schema import Config
from mlpcli.config.sections import TrainingConfig
from mlpcli.data.scaling import Scaling, TargetScaling
from mlpcli.errors import ModelFileError
from mlpcli.model.compilation import Compilation, Described, LossUnits
from mlpcli.model.input_layers import scaling_layers
from mlpcli.model.members import ADAPT, OWN_OUTPUT, EinsumDense
from mlpcli.model.objective import loss_units
from mlpcli.model.plan import Plan
from mlpcli.model.shapes import SavedLayer, Shape
from mlpcli.model.stack import INPUT_NAME, safe_name, safe_names
from mlpcli.modelfile.description import SavedNormalization
from mlpcli.modelfile.saved_model import SavedModel
from mlpcli.modelfile.weights import Weights


def rebuild(saved: SavedModel) -> Any:
    """The model of a file as a `keras.Sequential`, compiled if its loss and metrics are supported.

    Returns:
        A model for predictions and scores; its initializers are not those of the file, and its optimizer is new. Of
        several networks it is a Functional one with a Sequential for each.

    Raises:
        ModelFileError: Keras refuses a layer or its weights.
    """
    with backend.out_of_memory():
        towers = [
            build_saved(saved.path, saved.input_shape, tower.layers, saved.weights, tower.name or saved.name)
            for tower in saved.towers
        ]
        model = towers[0] if len(towers) == 1 else _averaged(towers, saved.input_shape)
    if saved.compilation is not None:
        _compile(model, saved.compilation)
    return model


def _averaged(towers: Sequence[Any], shape: Shape) -> Any:
    """The average of several networks on the same input."""
    keras = backend.keras()
    start = keras.Input(shape=shape, name=INPUT_NAME)
    return keras.Model(start, keras.layers.Average(name="average")([tower(start) for tower in towers]))


def build_saved(path: Path, shape: Shape, layers: Sequence[SavedLayer], weights: Weights, name: str = "") -> Any:
    """The layers with their weights, not compiled.

    Raises:
        ModelFileError: Keras refuses a layer, or the weights for it.
    """
    keras = backend.keras()
    names = safe_names([layer.name for layer in layers], [layer.component.tag for layer in layers])
    built = []
    try:
        with backend.ONE_MODEL:
            for layer, safe in zip(layers, names, strict=True):
                built.append(_keras_layer(layer, safe))
            model = keras.Sequential([keras.Input(shape=shape, name=INPUT_NAME), *built], name=safe_name(name, "model"))
        for layer, made in zip(layers, built, strict=True):
            _set_weights(layer, made, weights[layer.name])
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]
        raise ModelFileError(f"{path}: cannot be built: {reason}; save the model again with Keras") from error
    return model


def _keras_layer(layer: SavedLayer, name: str) -> Any:
    """The layer with empty weights: those of the file follow, and drawing others would take time."""
    fields = type(layer.component).model_fields
    empty = {key: Zeros() for key in fields if key.endswith("_initializer")}
    made = keras_object(layer.component, name=name, dtype=layer.precision, **empty)
    made.trainable = layer.trainable
    return made


def _set_weights(layer: SavedLayer, made: Any, arrays: Sequence[Any]) -> None:
    shapes = [tuple(variable.shape) for variable in made.weights]
    if shapes != [array.shape for array in arrays]:
        raise ValueError(f"layer {layer.name} has weights of shapes {shapes} in this Keras")
    made.set_weights(arrays)
    if isinstance(layer.component, SavedNormalization) and layer.component.mean is None:
        made.finalize_state()


def _compile(model: Any, compilation: Compilation) -> None:
    model.compile(
        optimizer="rmsprop" if compilation.optimizer is None else _made(compilation.optimizer),
        loss=in_units(_made(compilation.loss), compilation.units),
        loss_weights=compilation.loss_weight,
        metrics=[_metric(metric) for metric in compilation.metrics],
    )


def _made(described: Described) -> Any:
    more = {key: _made(value) if isinstance(value, Described) else value for key, value in described.more.items()}
    return keras_object(described.component, **more)


def _metric(described: Described) -> Any:
    """A metric for Keras; `accuracy` stays a word, for which Keras picks the class that fits the loss."""
    if isinstance(described.component, Accuracy):
        return described.component.name or "accuracy"
    return _made(described)


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
    output, scaling_ends = plan.layers.index(plan.output), len(scaling_layers(plan.scaling, plan.input_shape))
    for index, planned in enumerate(plan.layers):
        numbers = _scaling_arguments(scaling) if index == 0 else {}
        if own_units and index == len(plan.layers) - 1:
            numbers = own_units.as_rescaling()
        # Raw values and losses want the full range and all digits: both ends of the network stay in float32.
        is_end = index < scaling_ends or index >= output
        policy = "float32" if is_end else config.training.precision
        layers.append(keras_object(planned.component, name=planned.safe_name, dtype=policy, **numbers))
    model = keras.Sequential(layers, name=plan.safe_name) if plan.members == 1 else _ensemble(layers, plan)
    _compile_planned(model, plan, build_optimizer(config.training, plan.schedule), target)
    return model


def _ensemble(layers: list[Any], plan: Plan) -> Any:
    """The layers as a model that is trained on the mean of its members' losses.

    Keras's initializers do not draw two of the initial weights: random signs, and a kernel for each member's output,
    of which they would take all members' inputs for one's.
    """
    from mlpcli.keras_engine.members import MembersModel

    ops = backend.keras().ops
    model = MembersModel(layers, name=plan.safe_name)
    for planned, layer in zip(plan.layers, model.layers, strict=True):
        component = planned.component
        if not isinstance(component, EinsumDense):
            continue
        if component.equation == ADAPT:
            layer.kernel.assign(ops.where(layer.kernel < 0, -1.0, 1.0))
        elif component.equation == OWN_OUTPUT:
            members, *shape = layer.kernel.shape
            kernels = [keras_object(component.kernel_initializer)(shape) for _ in range(members)]
            layer.kernel.assign(ops.stack(kernels))
    return model


def as_saved(model: Any, plan: Plan, target: TargetScaling | None = None) -> Any:
    """The trained model as `plan` has it in the file: of stock Keras alone, without the layers that stay out of it.

    Weights and the optimizer with its state are those of `model`, and so change with it.
    """
    if plan.left_out == 0 and plan.members == 1:
        return model
    keras = backend.keras()
    start = keras.Input(shape=plan.file_shape, name=INPUT_NAME)
    own = keras.Sequential([start, *model.layers[plan.left_out :]], name=plan.safe_name)
    _compile_planned(own, plan, model.optimizer, target)
    return own


def _compile_planned(model: Any, plan: Plan, optimizer: Any, target: TargetScaling | None) -> None:
    units = loss_units(plan.loss.tag, plan.target_scaling, target)
    own_units = target if plan.target_scaling == "standardize" else None
    model.compile(
        optimizer=optimizer,
        loss=in_units(keras_object(plan.loss), units),
        loss_weights=units.weight if own_units and units.deviations is None else None,
        metrics=[build_metric(metric, plan) for metric in plan.metrics],
    )


def in_units(loss: Any, units: LossUnits) -> Any:
    """The loss itself; with deviations, it compares targets and outputs that were divided by them.

    Changed in the object, not by a class of our own: Keras saves a model's loss by its class, and one that it does not
    know would keep stock Keras from opening the file. The object's `fn` is what `LossFunctionWrapper.call` calls.
    """
    if units.deviations is None:
        return loss
    loss.fn = InUnits(loss.fn, np.array(units.deviations, np.float32))
    return loss


@dataclass
class InUnits:
    """The function of a loss, which compares rows (n, k) that were divided by the deviations (k,)."""

    own: Callable[..., Any]
    deviations: Any

    def __call__(self, true: Any, predicted: Any, **more: Any) -> Any:
        return self.own(true / self.deviations, predicted / self.deviations, **more)


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


def build_optimizer(training: TrainingConfig, schedule: Schedule | None) -> Any:
    """The optimizer; a schedule takes the place of its learning rate (reduce_on_plateau is a callback instead)."""
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
    """The numbers of the first layer, which the plan leaves open; Keras takes single numbers if axis is None."""
    if scaling.kind == "rescaling":
        return {"scale": scaling.scale, "offset": scaling.offset}
    if scaling.kind == "normalization" and scaling.axis is None:
        return {"axis": None, "mean": scaling.mean[0], "variance": scaling.variance[0]}
    if scaling.kind == "normalization":
        return {"axis": scaling.axis, "mean": list(scaling.mean), "variance": list(scaling.variance)}
    return {}


def tape_gradients(
    input_shape: Shape,
    layers: Sequence[SavedLayer],
    weights: Sequence[Array],
    rows: tuple[Array, Array],
    loss: Described,
    units: LossUnits,
) -> list[Array]:
    """One array for each trainable weight, in the order of the layers; computed in float64.

    Args:
        weights: of all layers, one after the other.
        rows: raw rows (n, *input_shape), and targets as the loss takes them.
        layers: as they are trained; of an ensemble, without the mean of its members.
        units: of the loss without penalties.
    """
    from mlpcli.keras_engine.members import for_each

    arrays = iter(weights)
    named = dict(_by_layer(layers, arrays))
    x, y = rows
    with _in_float64():
        model = build_saved(Path("the model"), input_shape, layers, named)
        objective = in_units(keras_object(loss.component, **loss.more), units)
        with backend.tensorflow().GradientTape() as tape:
            outputs = model(x.astype(np.float64), training=True)
            if len(outputs.shape) > 2:
                y = for_each(y, outputs)
            value = units.weight * objective(y, outputs) + sum(model.losses)
        gradients: list[Any] = tape.gradient(value, model.trainable_variables)
    return [
        np.zeros(weight.shape) if found is None else np.asarray(found)
        for weight, found in zip(model.trainable_variables, gradients, strict=True)
    ]


@contextmanager
def _in_float64() -> Iterator[None]:
    """A context in which Keras makes layers and losses that compute in float64."""
    config = backend.keras().config
    before = config.floatx()
    config.set_floatx("float64")
    try:
        yield
    finally:
        config.set_floatx(before)


def _by_layer(layers: Sequence[SavedLayer], arrays: Iterator[Array]) -> Iterator[tuple[str, list[Array]]]:
    for layer in layers:
        yield layer.name, [next(arrays) for _ in layer.weights]
