"""A network of the NumPy engine with loss, metrics and optimizer: built from a plan, evaluated, saved."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.schema import Config
from mlpcli.data.scaling import Scaling, TargetScaling
from mlpcli.model.plan import Plan, planned_layers
from mlpcli.modelfile.writer import OptimizerVariables, PlannedModel
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.numpy_objective import NumpyObjective, loss_and_metrics
from mlpcli.numpy_engine.optimizers import FlatParameters, Optimizer
from mlpcli.numpy_engine.step import Step


class NumpyModel:
    """The counterpart of the model that `mlpcli.keras_engine.build.build_model` makes; it can be saved alike."""

    def __init__(
        self, plan: Plan, config: Config, scaling: Scaling, target: TargetScaling, weights: list[Array] | None = None
    ) -> None:
        """Args as for `build_model`; weights: as Keras's `get_weights` has them, or None.

        Initial weights are drawn by NumPy from the config's seed: of Keras's distributions, not Keras's numbers.

        Raises:
            NeedsKerasError: a layer, an argument, the loss, a metric or the optimizer is not supported.
        """
        self.plan, self.config, self.target = plan, config, target
        training = config.training
        self.layers = planned_layers(plan, scaling, target)
        self.network = Network.of(plan.input_shape, self.layers, weights, seed=config.seed)
        self.objective = NumpyObjective.of_plan(plan, target)
        self.flat = FlatParameters(self.network)
        own = None if isinstance(plan.schedule, ReduceLROnPlateau) else plan.schedule
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
        optimizer = OptimizerVariables(float(self.optimizer.learning_rate), self.optimizer.variables)
        weights, loss_weight = self.network.weights(), self.objective.weight
        PlannedModel(self.plan, self.config.training, self.layers, loss_weight, weights, optimizer).save(path)

    @property
    def variables(self) -> list[Array]:
        """All weights, as a Keras model names them."""
        return self.network.weights()

    def get_weights(self) -> list[Array]:
        """Copies, in the order of Keras's `get_weights`."""
        return [np.array(array) for array in self.network.weights()]

    def set_weights(self, weights: list[Array]) -> None:
        """The reverse of `get_weights`."""
        for own, array in zip(self.network.weights(), weights, strict=True):
            own[...] = array
