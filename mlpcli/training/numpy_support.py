"""The model for `training.engine: numpy`, or the reason why only Keras can train it; before anything is written."""

from __future__ import annotations

from collections.abc import Iterator

from mlpcli.config.schema import Config
from mlpcli.data.scaling import Scaling
from mlpcli.data.target_scaling import TargetScaling
from mlpcli.errors import SettingError
from mlpcli.model.plan import Plan
from mlpcli.numpy_engine.needs_keras import NeedsKerasError
from mlpcli.training.numpy_model import NumpyModel

KEY = "training.engine"


def build_numpy_model(plan: Plan, config: Config, scaling: Scaling, target: TargetScaling) -> NumpyModel:
    """Build it; arguments as for `mlpcli.model.builder.build_model`.

    Raises:
        SettingError: something in the config is left to Keras; the message names it.
    """
    for what in _not_here(plan, config):
        raise SettingError(KEY, f"numpy leaves {what} to Keras; use auto")
    try:
        return NumpyModel(plan, config, scaling, target)
    except NeedsKerasError as error:
        raise SettingError(KEY, f"numpy leaves {error.layer} to Keras ({error.why}); use auto") from error


def _not_here(plan: Plan, config: Config) -> Iterator[str]:
    """What a prediction does not need, and the engine's own layers therefore do not ask for."""
    if config.training.precision != "float32":
        yield f"the precision {config.training.precision}"
    if config.output.tensorboard:
        yield "the logs of output.tensorboard"
    for layer in plan.layers:
        for name in type(layer.component).model_fields:
            if name.endswith("_constraint") and getattr(layer.component, name) is not None:
                yield f"the {name} of layer {layer.name}"
