"""Whether the NumPy engine supports a plan and its training, found out without a network, weights or rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.schema import Config
from mlpcli.data.scaling import Scaling
from mlpcli.errors import NeedsKerasError, SettingError
from mlpcli.model.plan import Plan, planned_layers
from mlpcli.model.shapes import SavedLayer
from mlpcli.numpy_engine.initializers import check_initializer
from mlpcli.numpy_engine.network import WeightSupply, build_layers, penalties
from mlpcli.numpy_engine.numpy_objective import NumpyObjective, make_loss
from mlpcli.numpy_engine.optimizers import check_optimizer

KEY = "training.engine"
GRADIENTS_KEY = "output.gradient_norms"


def check_supported(plan: Plan, config: Config) -> None:
    """Check all that `NumpyModel` would find when it is built.

    Raises:
        SettingError: the NumPy engine does not support something in the config; the message names it.
    """
    for what in _not_here(plan, config):
        raise SettingError(KEY, f"numpy does not support {what}; use auto")
    try:
        _check_components(plan, config)
    except NeedsKerasError as error:
        raise SettingError(KEY, f"numpy does not support {error.layer} ({error.why}); use auto") from error


def check_gradients(plan: Plan) -> None:
    """Check that the gradients of a network can be computed here, whoever trains it.

    Raises:
        SettingError: output.gradient_norms asks for what the NumPy engine does not support; the message names it.
    """
    described = planned_layers(plan, _any_scaling(plan))
    try:
        for _ in build_layers(plan.input_shape, described, NoWeights()):
            pass
        make_loss(plan.loss)
        penalties(described)
    except NeedsKerasError as error:
        what = f"NumPy computes the gradients, and it does not support {error.layer} ({error.why})"
        raise SettingError(GRADIENTS_KEY, f"{what}; set it to false, or use other layers") from error


def _not_here(plan: Plan, config: Config) -> Iterator[str]:
    """Settings of training that the NumPy engine lacks and that its layers do not check."""
    if config.training.precision != "float32":
        yield f"the precision {config.training.precision}"
    if config.output.tensorboard:
        yield "the logs of output.tensorboard"
    for layer in plan.layers:
        for name in type(layer.component).model_fields:
            if name.endswith("_constraint") and getattr(layer.component, name) is not None:
                yield f"the {name} of layer {layer.name}"


def _check_components(plan: Plan, config: Config) -> None:
    described = planned_layers(plan, _any_scaling(plan))
    for _ in build_layers(plan.input_shape, described, ZeroWeights()):
        pass  # each layer checks its own arguments
    NumpyObjective.of_plan(plan)
    schedule = None if isinstance(plan.schedule, ReduceLROnPlateau) else plan.schedule
    check_optimizer(config.training.optimizer, schedule)
    penalties(described)


def _any_scaling(plan: Plan) -> Scaling:
    """Any numbers will do: those of the training rows do not decide what is supported."""
    if plan.scaling in ("standardize", "minmax", "robust"):
        return Scaling("normalization", mean=(0.0,), variance=(1.0,))
    return Scaling("none")


class NoWeights(WeightSupply):
    """Gives each layer zeros of the right shapes that take no memory."""

    def __init__(self) -> None:
        super().__init__(None, np.float32, seed=0)

    def take(self, layer: SavedLayer) -> dict[str, Array]:
        return {name: np.broadcast_to(self.dtype.type(0), shape) for name, shape in layer.size.weights.items()}


class ZeroWeights(NoWeights):
    """The same, after checking the layer's initializers."""

    def take(self, layer: SavedLayer) -> dict[str, Array]:
        for name, shape in layer.size.weights.items():
            check_initializer(layer.component, name, shape)
        return super().take(layer)
