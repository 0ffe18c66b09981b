"""What `output.calibration` asks of a network: probabilities of a dense output layer at its end."""

from __future__ import annotations

from collections.abc import Sequence

from mlpcli.config.sections import OutputConfig
from mlpcli.errors import SettingError
from mlpcli.model.shapes import PlannedLayer

CALIBRATION = "output.calibration"


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
