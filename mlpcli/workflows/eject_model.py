"""The model part of an ejected script: layers, compile and callbacks of a plan as plain Keras."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import indent as indent_lines
from typing import Any

from mlpcli.config.base import Component
from mlpcli.config.layers import Conv2D, Layer
from mlpcli.config.metrics import Accuracy, F1Score, FBetaScore, Metric, higher_is_better
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.schema import Config, best_epoch_rule
from mlpcli.config.sections import EarlyStopping, StopWhenEqual
from mlpcli.errors import SettingError
from mlpcli.model.input_layers import scaling_layers
from mlpcli.model.members import ADAPT, OWN_OUTPUT, EinsumDense, GlobalAveragePooling1D
from mlpcli.model.plan import Plan, accuracy_name

WIDTH = 100
"""The longest line of a script."""
_SHORT = {"layers": "layers", "optimizers.schedules": "keras.optimizers.schedules"}
_LOSS_NAMES = (
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
    "mean_squared_error",
    "mean_absolute_error",
)
"""Losses that Keras's own examples give by name."""


def check_model(config: Config) -> None:
    """Refuse what a short script cannot say.

    Raises:
        SettingError: with the key, and what to do.
    """
    output, stopping = config.output, config.training.early_stopping
    refused = (
        ("output.input", output.input != "raw", "a script's model takes the data's own values; set it to raw"),
        ("output.calibration", output.calibration is not None, "is not written into a script; set it to null"),
        ("output.threshold", output.threshold is not None, "is not written into a script; set it to null"),
        (
            "training.early_stopping.ties",
            isinstance(stopping, EarlyStopping) and stopping.ties == "last",
            "Keras keeps the first of several equal epochs; set it to first",
        ),
    )
    for key, found, why in refused:
        if found:
            raise SettingError(key, why)


def call(name: str, arguments: Sequence[str], indent: int = 0) -> str:
    """A call on one line if it fits behind `indent` columns, else an argument a line."""
    line = f"{name}({', '.join(arguments)})"
    if len(line) + indent < WIDTH and "\n" not in line:
        return line
    return f"{name}(\n{entries(arguments)})"


def entries(texts: Sequence[str]) -> str:
    """Texts as the lines of a list, indented, each with a comma behind it."""
    return "".join(indent_lines(f"{text},\n", "    ") for text in texts)


def code_of(component: Component, **more: str) -> str:
    """A component as the call of Keras's class; arguments with Keras's default are left out."""
    module = _SHORT.get(component.family, f"keras.{component.family}")
    return call(f"{module}.{component.keras_class}", [*_arguments(component), *_named(more)], 4)


def _named(more: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in more.items()]


def _first(component: Component) -> list[str]:
    """The arguments that are written without their names."""
    if isinstance(component, Conv2D):
        return ["filters", "kernel_size"]
    if isinstance(component, EinsumDense):
        return ["equation"]
    return [component.positional] if isinstance(component, Layer) and component.positional else []


def _arguments(component: Component) -> Iterator[str]:
    first, written = _first(component), _written(component)
    yield from (_value(getattr(component, name)) for name in first)
    for name in written:
        if name not in first:
            yield f"{name}={_value(getattr(component, name))}"


def _written(component: Component) -> list[str]:
    """The arguments that are not Keras's default; those of a layer in the order of the schema."""
    fields = type(component).model_fields
    kept = [name for name, field in fields.items() if field.is_required() or _changed(component, name)]
    if component.family == "optimizers" and "learning_rate" not in kept:
        kept.insert(0, "learning_rate")
    if isinstance(component, (F1Score, FBetaScore)) and "average" not in kept:
        kept.append("average")  # Keras's default is a score for each class
    if any(_is_object(getattr(component, name)) for name in kept):
        # An object draws its seed when it is made, before the layer makes those it gets by name: to draw in the same
        # order, the other random ones are written too.
        kept += [name for name in fields if name not in kept and _is_random(getattr(component, name))]
    ordered = [name for name in fields if name in kept]
    return sorted(ordered, key=lambda name: name == "name")


def _changed(component: Component, name: str) -> bool:
    field, value = type(component).model_fields[name], getattr(component, name)
    if name == "name":
        return isinstance(component, Layer) and value is not None
    if isinstance(value, Component):
        return bool(value.tag != field.default or _written(value))
    return bool(value != field.default)


def _is_object(value: Any) -> bool:
    return _is_random(value) and bool(_written(value))


def _is_random(value: Any) -> bool:
    return isinstance(value, Component) and value.family == "initializers" and value.tag not in _FIXED


_FIXED = ("zeros", "ones", "constant", "identity")


def _value(value: Any) -> str:
    if isinstance(value, Component):
        if value.family == "initializers" and not _written(value):
            return f'"{value.tag}"'
        return _object_code(value)
    if isinstance(value, list):
        return f"({', '.join(_value(entry) for entry in value)}{',' if len(value) == 1 else ''})"
    return text_of(value) if isinstance(value, str) else repr(value)


def _object_code(component: Component) -> str:
    """A component within another one, such as an initializer, on one line."""
    return f"keras.{component.family}.{component.keras_class}({', '.join(_short_arguments(component))})"


def _short_arguments(component: Component) -> list[str]:
    names = _written(component) or ([component.positional] if component.positional else [])
    if names == [component.positional]:
        return [_value(getattr(component, names[0]))]
    return [f"{name}={_value(getattr(component, name))}" for name in names]


def text_of(text: str) -> str:
    """A Python literal in double quotes, as far as it can be."""
    return repr(text) if '"' in text or "\\" in text or not text.isprintable() else f'"{text}"'


def network_name(plan: Plan) -> str:
    """The variable of the Sequential that is saved: the model itself, or what an ensemble trains."""
    return "model" if plan.members == 1 else "network"


def layer_lines(config: Config, plan: Plan, scaling: Sequence[str], own_units: str | None) -> list[str]:
    """The lines of the model; `scaling` stands in the place of the plan's scaling layers."""
    skipped = len(scaling_layers(plan.scaling, plan.input_shape))
    shape = f"({', '.join(map(str, plan.input_shape))}{',' if len(plan.input_shape) == 1 else ''})"
    made = [f"keras.Input(shape={shape})", *scaling]
    output = plan.layers.index(plan.output)
    for index, planned in enumerate(plan.layers[skipped:], skipped):
        if own_units is not None and index == len(plan.layers) - 1:
            made.append(own_units)
            continue
        mixed = config.training.precision != "float32" and index < output
        named = {} if planned.component.name is None else {"name": text_of(planned.safe_name)}
        component = planned.component.model_copy(update={"name": None})
        dtype = {"dtype": text_of(config.training.precision)} if mixed else {}
        made.append(_note(component) + code_of(component, **named, **dtype))
    name = network_name(plan)
    ensemble = _member_lines(plan, config.data.class_weight is not None) if plan.members > 1 else ()
    return [f"{name} = keras.Sequential([\n{entries(made)}])", f"{name}.summary()", *ensemble]


def _note(layer: Layer) -> str:
    """A comment above a layer that makes an ensemble of the network."""
    note = _NOTES.get(getattr(layer, "equation", layer.tag))
    return "" if note is None else f"# {note}\n"


_NOTES = {
    ADAPT: "each member multiplies the row by factors of its own; the hidden layers are the same for all",
    OWN_OUTPUT: "each member has an output layer of its own",
    GlobalAveragePooling1D.tag: "the prediction is the mean of the members' outputs",
}


def _member_lines(plan: Plan, weighted: bool) -> Iterator[str]:
    """The first weights that initializers do not draw, and `model`, which trains the Sequential called `network`."""
    own = plan.output.component
    assert isinstance(own, EinsumDense)
    members, *shape = plan.output.size.weights["kernel"]
    adapter, output = (_from_the_end(plan, equation) for equation in (ADAPT, OWN_OUTPUT))
    yield ""
    yield "# What initializers do not draw: random signs as first factors, and a kernel for each member."
    yield f"factors, outputs = network.layers[{adapter}], network.layers[{output}]"
    yield "factors.kernel.assign(keras.ops.where(factors.kernel < 0, -1.0, 1.0))"
    yield f"kernels = [{_object_code(own.kernel_initializer)}({tuple(shape)}) for _ in range({members})]"
    yield "outputs.kernel.assign(keras.ops.stack(kernels))"
    yield _CLASS.format(weights=_WEIGHTS if weighted else "")
    each = "outputs.output" if plan.target_scaling == "none" else "network.layers[-1](outputs.output)"
    yield f"members = keras.Model(network.inputs[0], {each})"
    yield "model = Ensemble(members, network)"


def _from_the_end(plan: Plan, equation: str) -> int:
    """Where the layer with that equation is: -1 is the last. A script may have fewer layers than the plan in front."""
    found = [getattr(planned.component, "equation", None) for planned in plan.layers]
    return found.index(equation) - len(found)


_WEIGHTS = """
            sample_weight = sample_weight[:, None]"""
_CLASS = '''
class Ensemble(keras.Model):
    """Trains each member to be right alone: on the mean of their losses, not the loss of their mean.

    Predictions, metrics and the loss of validation are those of the mean.
    members, network: models on the same layers; outputs (rows, members, units) and (rows, units).
    """

    def __init__(self, members, network):
        super().__init__()
        self.members, self.network = members, network

    def call(self, inputs, training=None):
        return self.members(inputs) if training else self.network(inputs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if training:
            y = keras.ops.repeat(y[:, None], y_pred.shape[1], axis=1)  # the same for each member{weights}
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if len(y_pred.shape) == 3:  # of the members, in training
            y_pred = keras.ops.mean(y_pred, axis=1)
        return super().compute_metrics(x, y, y_pred, sample_weight)

'''


def optimizer_code(config: Config, plan: Plan) -> tuple[list[str], str]:
    """Lines that come first, and the optimizer."""
    optimizer, schedule = config.training.optimizer, plan.schedule
    if schedule is None or isinstance(schedule, ReduceLROnPlateau):
        return [], code_of(optimizer)
    rate = repr(optimizer.learning_rate)
    first = {} if schedule.tag == "piecewise_constant_decay" else {"initial_learning_rate": rate}
    name = f"keras.optimizers.schedules.{schedule.keras_class}"
    lines = [f"learning_rate = {call(name, [*_named(first), *_arguments(schedule)], 16)}"]
    arguments = [word for word in _arguments(optimizer) if not word.startswith("learning_rate=")]
    return lines, call(f"keras.optimizers.{optimizer.keras_class}", ["learning_rate=learning_rate", *arguments], 14)


def metric_code(metric: Metric, plan: Plan) -> str:
    """The metric; `accuracy` by name, for which Keras finds the class that fits the loss."""
    if not isinstance(metric, Accuracy):
        named = {} if metric.name == metric.tag else {"name": text_of(metric.name)}
        return code_of(metric, **named)
    if plan.labels == "binary" and plan.threshold != 0.5:
        return f"keras.metrics.BinaryAccuracy(name={text_of(metric.name)}, threshold={plan.threshold})"
    if metric.name in ("accuracy", "acc"):
        return text_of(metric.name)
    word = {"sparse": "SparseCategorical", "one_hot": "Categorical"}.get(plan.labels, "Binary")
    return f"keras.metrics.{word}Accuracy(name={text_of(metric.name)})"


def compile_lines(config: Config, plan: Plan) -> list[str]:
    """Schedule, loss and compile."""
    before, optimizer = optimizer_code(config, plan)
    loss = f'"{plan.loss.tag}"' if plan.loss.tag in _LOSS_NAMES and not _written(plan.loss) else code_of(plan.loss)
    arguments = [f"optimizer={optimizer}", f"loss={loss}"]
    if plan.target_scaling != "none":
        if plan.outputs[1] == 1:
            power = "**2" if plan.loss.tag == "mean_squared_error" else ""
            before.append(
                "# The outputs are in the original units; this weight makes the loss that of standardized targets."
            )
            arguments.append(f"loss_weights=1 / target_std{power}")
        else:
            before.append(_scaled_loss(plan.loss.tag))
            arguments[1] = "loss=scaled_loss"
    arguments.append(f"metrics=[{', '.join(metric_code(metric, plan) for metric in plan.metrics)}]")
    return [*before, call("model.compile", arguments)]


def _scaled_loss(tag: str) -> str:
    return (
        "\ndef scaled_loss(y_true, y_pred):\n"
        '    """The loss of standardized targets; the outputs are in the original units."""\n'
        f"    return keras.losses.{tag}(y_true / target_std, y_pred / target_std)\n\n"
    )


def callback_lines(config: Config, plan: Plan) -> tuple[list[str], list[str]]:
    """Classes that the script needs, and the callbacks."""
    training, rule = config.training, best_epoch_rule(config)
    classes, callbacks = [], []
    if rule is not None:
        stops = config.training.early_stopping is not False
        name = "keras.callbacks.EarlyStopping"
        if stops and training.min_epochs:
            classes.append(_PATIENT.format(epochs=training.min_epochs))
            name = "PatientEarlyStopping"
        note = "" if stops else "# Never stops early; only restores the weights of the best epoch.\n"
        callbacks.append(note + call(name, list(_rule_arguments(rule, plan.metrics)), 4))
    if isinstance(plan.schedule, ReduceLROnPlateau):
        plateau = list(_rule_arguments(plan.schedule, plan.metrics))
        callbacks.append(call("keras.callbacks.ReduceLROnPlateau", plateau, 4))
    if isinstance(training.stop_when_equal, StopWhenEqual):
        classes.append(_stop_when_equal(training.stop_when_equal, plan, training.min_epochs))
        callbacks.append("StopWhenEqual()")
    if config.output.tensorboard:
        callbacks.append('keras.callbacks.TensorBoard(log_dir="tensorboard")')
    return classes, callbacks


def _rule_arguments(rule: EarlyStopping | ReduceLROnPlateau, metrics: Sequence[Metric]) -> Iterator[str]:
    """monitor and patience always; mode where Keras cannot tell it in all its versions."""
    values, fields = dict(rule), type(rule).model_fields
    keras_defaults = {name: field.default for name, field in fields.items()} | {"restore_best_weights": False}
    yield f"monitor={text_of(rule.monitor)}"
    yield f"patience={rule.patience}"
    kind = rule.monitor.removeprefix("val_")
    if rule.mode == "auto" and kind not in ("loss", "accuracy", "acc"):
        values["mode"] = "max" if higher_is_better(rule.monitor, metrics) else "min"
    for name in values:
        if name not in ("monitor", "patience", "ties") and values[name] != keras_defaults[name]:
            yield f"{name}={_value(values[name])}"


_PATIENT = '''class PatientEarlyStopping(keras.callbacks.EarlyStopping):
    """Early stopping that trains for {epochs} epochs in any case."""

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if epoch + 1 < {epochs} and self.stopped_epoch:
            self.stopped_epoch, self.model.stop_training = 0, False
'''


def _stop_when_equal(rule: StopWhenEqual, plan: Plan, min_epochs: int) -> str:
    name = accuracy_name(plan.metric_names)
    late = f" and epoch + 1 >= {min_epochs}" if min_epochs else ""
    return (
        "class StopWhenEqual(keras.callbacks.Callback):\n"
        '    """Stops when training and validation accuracy meet."""\n\n'
        "    def on_epoch_end(self, epoch, logs):\n"
        f'        if abs(logs["{name}"] - logs["val_{name}"]) <= {rule.tolerance}{late}:\n'
        "            self.model.stop_training = True\n"
    )
