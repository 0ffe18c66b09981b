"""What `output.calibration` and `output.threshold` ask of a network: probabilities of its classes."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.config.sections import OutputConfig
from mlpcli.errors import SettingError
from mlpcli.model.shapes import PlannedLayer

CALIBRATION, THRESHOLD = "output.calibration", "output.threshold"


def check_calibration(output: OutputConfig, task: str, layers: Sequence[PlannedLayer]) -> None:
    """Refuse a temperature where no softmax or sigmoid has logits to divide by it.

    Raises:
        SettingError: output.calibration, and what is in its way.
    """
    if output.calibration is None:
        return
    if task == "regression":
        raise SettingError(CALIBRATION, "is for classes, but this is a regression task; remove it")
    last = layers[-1]
    if last.component.tag != "dense":
        what = f"the network ends in {last.component.tag}"
        raise SettingError(CALIBRATION, f"needs a dense output layer, but {what}; remove it")
    activation, units = getattr(last.component, "activation", None), last.size.output_shape[-1]
    if activation != ("sigmoid" if units == 1 else "softmax"):
        found = f"{activation or 'linear'} over {units} units" if units > 1 else activation or "linear"
        fitting = "sigmoid" if units == 1 else "softmax"
        raise SettingError(CALIBRATION, f"needs an output of {fitting}, but it has {found}; change it, or remove this")


def check_threshold(output: OutputConfig, task: str, activation: str | None) -> None:
    """Refuse a best threshold where there is not one probability to compare with it.

    Raises:
        SettingError: output.threshold, and what is in its way.
    """
    if output.threshold is None:
        return
    if task != "binary":
        other = " with an output for each" if task == "classification" else ""
        raise SettingError(THRESHOLD, f"is for two classes and one output, but this is a {task} task{other}; remove it")
    if activation not in ("sigmoid", "hard_sigmoid"):
        found = activation or "linear"
        raise SettingError(THRESHOLD, f"needs a probability, which an output of {found} does not give; use sigmoid")
