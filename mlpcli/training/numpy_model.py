"""A network of the NumPy engine as training needs it: built from a plan, with loss, metrics and optimizer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.schema import Config
from mlpcli.data.dataset import Array
from mlpcli.data.scaling import Scaling
from mlpcli.data.target_scaling import TargetScaling
from mlpcli.model.keras_file import write_keras
from mlpcli.model.keras_h5 import write_h5
from mlpcli.model.keras_json import architecture_json, compile_json
from mlpcli.model.plan import Plan
from mlpcli.numpy_engine.evaluation import loss_and_metrics
from mlpcli.numpy_engine.flat_parameters import FlatParameters
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.objective import NumpyObjective
from mlpcli.numpy_engine.optimizer import Optimizer
from mlpcli.numpy_engine.planned_layers import planned_layers
from mlpcli.numpy_engine.training import Step


class NumpyModel:
    """What `mlpcli.model.builder.build_model` is for Keras; it also has what saving asks of a Keras model."""

    def __init__(
        self, plan: Plan, config: Config, scaling: Scaling, target: TargetScaling, weights: list[Array] | None = None
    ) -> None:
        """Args as for `build_model`; weights: as Keras's `get_weights` has them, or None.

        Initial weights are drawn by NumPy from the config's seed: of Keras's distributions, not Keras's numbers.

        Raises:
            NeedsKerasError: a layer, an argument, the loss, a metric or the optimizer is not known here.
        """
        self.plan, self.config, self.target = plan, config, target
        training = config.training
        self.layers = planned_layers(plan, scaling, target)
        self.network = Network.of(plan.input_shape, self.layers, weights, seed=config.seed)
        self.objective = NumpyObjective.of_plan(plan, target)
        self.flat = FlatParameters(self.network)
        schedule = training.learning_rate_schedule
        own = None if isinstance(schedule, ReduceLROnPlateau) else schedule
        self.optimizer = Optimizer(training.optimizer, self.flat, own)
        self.step = Step(self.network, self.objective.loss, self.objective.weight, self.optimizer)

    def empty_objective(self) -> NumpyObjective:
        """The loss, and the metrics with nothing in them."""
        return NumpyObjective.of_plan(self.plan, self.target)

    def evaluate(self, batches: Iterable[tuple[Array, Array]]) -> dict[str, float]:
        """Loss and metrics by name, of raw rows and their targets as the loss takes them."""
        self.network.__dict__.pop("plan", None)  # it holds the weights of the time when it was made
        objective = self.empty_objective()
        return loss_and_metrics(self.network, batches, objective.loss, objective.metrics, objective.weight)

    def save(self, path: Path) -> None:
        """Write a .keras or .h5 file, by the name's end, that stock Keras opens compiled."""
        weight = None if self.objective.weight == 1 else self.objective.weight
        compiled = compile_json(self.plan, self.config.training, weight, float(self.optimizer.learning_rate))
        architecture = architecture_json(self.plan.safe_name, self.plan.input_shape, self.layers, compiled)
        if path.suffix == ".h5":
            write_h5(path, architecture, self.layers, self.network.weights())
            return
        state = (self.config.training.optimizer.tag, self.optimizer.variables)
        write_keras(path, architecture, self.layers, self.network.weights(), state)

    @property
    def variables(self) -> list[Array]:
        """All weights, for those who ask for their sizes."""
        return self.network.weights()

    def get_weights(self) -> list[Array]:
        """Copies, in the order of Keras's `get_weights`."""
        return [np.array(array) for array in self.network.weights()]

    def set_weights(self, weights: list[Array]) -> None:
        """The reverse of `get_weights`."""
        for own, array in zip(self.network.weights(), weights, strict=True):
            own[...] = array
