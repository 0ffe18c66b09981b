"""Training on standardized targets with a model that answers in the target's own units.

A Rescaling behind the output turns the network's number z into mean + deviation * z. The loss then is that of the
standardized target times a power of the deviation, as far as it is homogeneous (a squared error: deviation ** 2), and
is divided by it again with Keras's `loss_weights`: the gradients are those of training on standardized targets, while
predictions and metrics keep their units. The loss that is shown is that of the standardized target.
"""

from __future__ import annotations

from mlpcli.config.layers import Rescaling
from mlpcli.data.facts import DataFacts
from mlpcli.errors import SettingError
from mlpcli.model.objective import Objective

DEGREES = {"mean_squared_error": 2, "mean_absolute_error": 1}
"""By which power of the targets' spread a loss grows; the others do not scale at all, or not by one power."""

OUTPUT_UNITS = Rescaling(scale=1.0)
"""The last layer of such a plan; its numbers come with the training rows."""


def check_target_scaling(setting: str, objective: Objective, facts: DataFacts) -> None:
    """Whether data.target_scaling fits what is to be learnt.

    Raises:
        SettingError: no regression, several targets, or a loss or an output that standardizing would change.
    """
    key = "data.target_scaling"
    if setting == "none":
        return
    if objective.task != "regression":
        raise SettingError(key, f"is for numbers, but this is a {objective.task} task; remove it")
    if facts.targets > 1:
        raise SettingError(
            key, f"is for one target, and there are {facts.targets}; scale them in the file, or remove it"
        )
    if objective.loss.tag not in DEGREES:
        raise SettingError(key, f"does not fit the loss {objective.loss.tag}; use {' or '.join(DEGREES)}, or remove it")
    if objective.output.activation not in (None, "linear"):
        raise SettingError(
            key, f"needs a linear output, and model.output has {objective.output.activation}; remove one of them"
        )


def loss_weight(loss: str, deviation: float) -> float:
    """What the loss is multiplied with, so that its gradients are those of the standardized target."""
    return float(deviation ** -DEGREES[loss])
