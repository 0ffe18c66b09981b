"""The output layer: the last of `model.layers` where that can be it, else one of its own behind the layers.

Tutorials end a list of layers in the output. A second one behind it would take the softmax of a softmax.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlpcli.config.layers import Activate, Dense, Layer, Softmax
from mlpcli.config.losses import Loss
from mlpcli.config.sections import ModelConfig, Output, OutputConfig
from mlpcli.errors import SettingError
from mlpcli.model.members import trained_layers
from mlpcli.model.metric_rules import POSITIVE, SIGNED
from mlpcli.model.shapes import PlannedLayer

LINEAR = "linear"
OVER_CLASSES = ("softmax", "sparsemax", "log_softmax")
"""Activations that compare the units of a layer, which only an output has a use for."""
_OF_OUTPUTS = (*OVER_CLASSES, "sigmoid", "hard_sigmoid", LINEAR)
_BOTH_SIDES = ("tanh", "hard_tanh", "softsign", LINEAR)


@dataclass(frozen=True)
class WrittenOutput:
    """What the config says of the output; `key`: where it says it.

    hidden: the model without it. last: whether it is the last of `model.layers`, which may turn out to be hidden.
    """

    output: Output
    key: str
    hidden: ModelConfig
    last: bool = False

    @property
    def activation(self) -> str:
        """Keras takes no activation for linear."""
        return self.output.activation or LINEAR

    def asks_for_two(self) -> bool:
        """Whether it is one for two classes with an output each, instead of the one output of a binary task."""
        units = self.output.units
        if self.last:
            return (units == 2 and self.activation == LINEAR) or (units != 1 and self.activation in OVER_CLASSES)
        return units == 2 or (self.activation == "softmax" and units != 1)


def written_output(model: ModelConfig) -> WrittenOutput:
    """`model.output`, or the dense layer that `model.layers` ends in, with an activation right behind it.

    Raises:
        SettingError: the layers end in a softmax that is not of a dense layer.
    """
    if not isinstance(model.output, str):
        return WrittenOutput(model.output, "model.output", model)
    layers = model.layers or []
    activation = _activation(layers[-1]) if layers else None
    place = len(layers) - (1 if activation is None else 2)
    dense = layers[place] if place >= 0 else None
    if isinstance(dense, Dense) and (activation is None or dense.activation in (None, LINEAR)):
        written = dict(dense) if activation is None else {**dict(dense), "activation": activation}
        hidden = model.model_copy(update={"layers": layers[:place]})
        return WrittenOutput(Output.model_validate(written), f"model.layers[{place}].dense", hidden, last=True)
    if activation in OVER_CLASSES:
        raise SettingError(
            f"model.layers[{len(layers) - 1}]",
            f"{activation} is for the output, which is a dense layer; end in `dense: {{units: ..., activation:"
            f" {activation}}}`, or set model.output for an output after the layers",
        )
    return WrittenOutput(Output(), "model.output", model)


def _activation(layer: Layer) -> str | None:
    """The activation that a layer is, else None."""
    if isinstance(layer, Activate):
        return layer.activation
    return "softmax" if isinstance(layer, Softmax) and layer.axis == -1 else None


@dataclass(frozen=True)
class ChosenOutput:
    """The output with units and activation, the layers before it, and what to say of it.

    key: of the config, for errors.
    """

    output: Output
    hidden: ModelConfig
    key: str = "model.output"
    notes: tuple[str, ...] = ()


def choose_output(
    written: WrittenOutput, model: ModelConfig, task: str, loss: Loss, units: int, why: str
) -> ChosenOutput:
    """The output for a task and its loss, with as many `units` as it needs (`why` says so in words).

    Raises:
        SettingError: what is written does not fit, and cannot be a hidden layer either.
    """
    if written.last and not _is_output(written, task, loss, units):
        return _behind(written, model, task, loss, units)
    output, key = written.output, written.key
    if output.units not in (None, units):
        advice = "correct it" if written.last else "leave it out, or correct it"
        raise SettingError(f"{key}.units", f"must be {why} (got {output.units}); {advice}{_own_output(written)}")
    default = default_activation(task, loss)
    activation = output.activation or (LINEAR if written.last else default)
    problem = _problem(activation, units, task, loss)
    if problem and written.last and activation == LINEAR and default != "softplus":
        completed = output.model_copy(update={"activation": default})
        return ChosenOutput(completed, written.hidden, key, (_logits_note(written, default),))
    if problem:
        raise SettingError(f"{key}.activation", problem)
    return ChosenOutput(output.model_copy(update={"units": units, "activation": activation}), written.hidden, key)


def _own_output(written: WrittenOutput) -> str:
    return ", or set model.output for an output after the layers" if written.last else ""


def _is_output(written: WrittenOutput, task: str, loss: Loss, units: int) -> bool:
    """Whether the last layer is meant as the output: a layer of one unit, or one that compares its units, always is."""
    activation = written.activation
    if written.output.units == 1 or activation in OVER_CLASSES:
        return True
    fitting: tuple[str, ...] = _OF_OUTPUTS
    if task == "regression":
        fitting = (LINEAR, default_activation(task, loss), *(POSITIVE if loss.tag == "poisson" else ()))
    elif loss.tag in SIGNED:
        fitting = _BOTH_SIDES
    problem = _problem(activation, units, task, loss)
    return written.output.units == units and activation in fitting and (problem is None or activation == LINEAR)


def _behind(written: WrittenOutput, model: ModelConfig, task: str, loss: Loss, units: int) -> ChosenOutput:
    """An output of its own behind the layers, and a note where the last of them may have been meant as one."""
    activation = default_activation(task, loss)
    output = Output(units=units, activation=activation)
    if written.output.units != units and written.output.activation not in (None, LINEAR):
        return ChosenOutput(output, model)
    place = written.key.removesuffix(".dense")
    note = (
        f"{place} (dense, {written.output.units} units, {written.activation}) is a hidden layer; the output after it"
        f" is dense, {units} unit{'s' if units > 1 else ''}, {activation}"
    )
    return ChosenOutput(output, model, notes=(note,))


def _logits_note(written: WrittenOutput, activation: str) -> str:
    place = written.key.removesuffix(".dense")
    return (
        f"{place} is the output, with {activation} added after it: the model gives probabilities, and the loss is that"
        " of Keras's from_logits=True"
    )


def default_activation(task: str, loss: Loss) -> str:
    """The output's activation where the config gives none."""
    if task == "regression":
        return "softplus" if loss.tag in ("poisson", "mean_squared_logarithmic_error") else LINEAR
    if loss.tag in (*SIGNED, "categorical_hinge"):
        return "tanh" if loss.tag in SIGNED else LINEAR
    return "softmax" if task == "classification" else "sigmoid"


def _problem(activation: str, units: int, task: str, loss: Loss) -> str | None:
    """Why an output with this activation does not fit, and what does; None if it fits."""
    if activation == "softmax" and units == 1:
        return "softmax over one unit is always 1; use sigmoid for two classes, linear for a number"
    if loss.tag == "poisson" and activation not in POSITIVE:
        return f"poisson needs outputs above 0, but {activation} gives others, too; use softplus"
    if task == "binary" and loss.tag in SIGNED and activation not in _BOTH_SIDES:
        return f"{loss.tag} needs outputs on both sides of 0, which {activation} does not give; use tanh or linear"
    allowed = {
        "classification": ("softmax", "sparsemax", *(("sigmoid",) if loss.labels.get("binary") else ())),
        "binary": ("sigmoid", "hard_sigmoid"),
    }
    if task in allowed and loss.probabilities and activation not in allowed[task]:
        one_of = " or ".join(allowed[task][:2])
        return f"{loss.tag} needs probabilities, which {activation} does not give; use {one_of}"
    return None


CALIBRATION, THRESHOLD = "output.calibration", "output.threshold"


def check_calibration(output: OutputConfig, task: str, layers: Sequence[PlannedLayer]) -> None:
    """Refuse a temperature where no softmax or sigmoid has logits to divide by it.

    Raises:
        SettingError: output.calibration, and what is in its way.
    """
    if output.calibration is None:
        return
    if task == "regression":
        raise SettingError(CALIBRATION, "works only for classification, but this is a regression task; remove it")
    last = trained_layers(layers)[-1]
    if last.component.tag not in ("dense", "einsum_dense"):
        found = f"the network ends in {last.component.tag}"
        raise SettingError(CALIBRATION, f"needs a dense output layer, but {found}; remove it")
    activation, units = getattr(last.component, "activation", None), last.size.output_shape[-1]
    if activation != ("sigmoid" if units == 1 else "softmax"):
        found = f"{activation or 'linear'} over {units} units" if units > 1 else activation or "linear"
        fitting = "sigmoid" if units == 1 else "softmax"
        raise SettingError(CALIBRATION, f"needs an output of {fitting}, but it has {found}; change either")


def check_threshold(output: OutputConfig, task: str, activation: str | None) -> None:
    """Refuse a best threshold where there is not one probability to compare with it.

    Raises:
        SettingError: output.threshold, and what is in its way.
    """
    if output.threshold is None:
        return
    if task != "binary":
        other = " with an output for each" if task == "classification" else ""
        found = f"works only for two classes with one output, not for a {task} task{other}"
        raise SettingError(THRESHOLD, f"{found}; remove it")
    if activation not in ("sigmoid", "hard_sigmoid"):
        found = activation or "linear"
        raise SettingError(THRESHOLD, f"needs a probability, which an output of {found} does not give; use sigmoid")
