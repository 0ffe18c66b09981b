"""A network of the NumPy engine with loss, metrics and optimizer: built from a plan, evaluated, used, saved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.schema import Config
from mlpcli.data.batches import PREDICTION_BATCH, take_rows
from mlpcli.data.dataset import Part
from mlpcli.data.scaling import Scaling, TargetScaling
from mlpcli.model.compilation import Compilation
from mlpcli.model.objective import loss_units
from mlpcli.model.plan import Plan, planned_layers
from mlpcli.modelfile.writer import OptimizerVariables, PlannedModel
from mlpcli.numpy_engine.ensemble import Ensemble
from mlpcli.numpy_engine.losses import Loss
from mlpcli.numpy_engine.metrics import Metric
from mlpcli.numpy_engine.network import Network, quiet
from mlpcli.numpy_engine.optimizers import FlatParameters, Optimizer
from mlpcli.numpy_engine.registry import make_loss, metric_of
from mlpcli.numpy_engine.step import Step
from mlpcli.numpy_engine.threads import fitting_threads


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


@dataclass(frozen=True)
class NumpyObjective:
    """A loss and metrics. weight: a factor of the loss; metrics: empty, in order."""

    loss: Loss
    weight: float
    metrics: tuple[Metric, ...]

    @classmethod
    def of_plan(cls, plan: Plan, target: TargetScaling | None = None) -> NumpyObjective:
        """As the model of a plan is compiled.

        Raises:
            NeedsKerasError: the loss or a metric is not supported.
        """
        units = loss_units(plan.loss.tag, plan.target_scaling, target)
        metrics = tuple(metric_of(metric, {}, plan.labels, plan.threshold) for metric in plan.metrics)
        return cls(make_loss(plan.loss, units=units), units.weight, metrics)

    @classmethod
    def of_compilation(cls, compilation: Compilation, labels: str, threshold: float = 0.5) -> NumpyObjective:
        """As a saved model was compiled.

        Args:
            labels: the form of the targets: sparse, one_hot, binary or value; "accuracy" depends on it.
            threshold: above which an output of a binary model is the second class.

        Raises:
            NeedsKerasError: the loss or a metric is not supported.
        """
        metrics = (metric_of(found.component, found.more, labels, threshold) for found in compilation.metrics)
        loss = make_loss(compilation.loss.component, compilation.loss.more, compilation.units)
        return cls(loss, compilation.units.weight, tuple(metrics))


def loss_and_metrics(
    network: Network | Ensemble,
    batches: Iterable[tuple[Array, Array]],
    loss: Loss,
    metrics: Sequence[Metric] = (),
    loss_weight: float = 1.0,
    seen: Callable[[Array], None] | None = None,
) -> dict[str, float]:
    """{"loss": ..., and each metric by its name}; only one batch is in memory at a time.

    Args:
        batches: raw rows (n, *input_shape), and targets in the form that the loss takes.
        metrics: empty ones; they are filled.
        loss_weight: a factor of the loss without penalties.
        seen: takes the outputs (n, units) of each batch; they are overwritten by the next batch.

    Raises:
        NeedsKerasError: the network has penalties that are not supported.
    """
    if network.loss_needs_keras is not None:
        raise network.loss_needs_keras
    total, count = 0.0, 0
    for x, y in batches:
        with quiet():
            z = network.plan.logits(x)
            p = z if network.plan.last is None else network.plan.last.forward(z)
            logits = None if network.plan.last is None else z
            total += len(x) * loss.value(y, p, logits)
            for metric in metrics:
                metric.add(y, p, logits)
        if seen is not None:
            seen(p)
        count += len(x)
    mean = loss_weight * total / count if count else 0.0
    return {"loss": mean + network.penalty(), **{metric.name: metric.result() for metric in metrics}}


class NumpyPredictor:
    """The same methods as `mlpcli.scoring.predictor.Predictor`."""

    def __init__(self, network: Network | Ensemble, objective: Callable[[], NumpyObjective]) -> None:
        """`objective` makes the loss and empty metrics. Predictions use the current weights."""
        if isinstance(network, Network):
            network.__dict__.pop("plan", None)
        self.network, self.objective = network, objective

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch dimension."""
        return self.network.input_shape

    def predict(self, part: Part) -> Array:
        """Outputs (n, units), float32, of all rows at once."""
        with self._threads(part):
            return np.concatenate([outputs for _, outputs in self.batches(part)])

    def members(self, x: Array) -> Array:
        """Outputs (members, n, units) of each network for rows x (n, *input_shape); see `Predictor`."""
        networks = self.network.members if isinstance(self.network, Ensemble) else [self.network]
        return np.stack([network.predict(x) for network in networks])

    def batches(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """Rows (n,) of the source, and outputs (n, units) for them, PREDICTION_BATCH at a time."""
        for start in range(0, len(part), PREDICTION_BATCH):
            rows = part.indices[start : start + PREDICTION_BATCH]
            yield rows, self.network.predict(take_rows(part.x, rows))

    def logits(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """Rows (n,), and what goes into the final softmax or sigmoid, (n, units), PREDICTION_BATCH at a time."""
        for start in range(0, len(part), PREDICTION_BATCH):
            rows = part.indices[start : start + PREDICTION_BATCH]
            with quiet():
                yield rows, self.network.plan.logits(take_rows(part.x, rows))

    def losses(
        self, part: Part, targets: Array, seen: Callable[[Array, Array], None] | None = None
    ) -> dict[str, float]:
        """Loss and metrics over a part, and what `seen` makes of the same outputs; see `Predictor`."""
        objective = self.objective()
        chunks = [part.indices[start : start + PREDICTION_BATCH] for start in range(0, len(part), PREDICTION_BATCH)]
        batches = ((take_rows(part.x, rows), take_rows(targets, rows)) for rows in chunks)
        order = iter(chunks)

        def hand_on(outputs: Array) -> None:
            if seen is not None:
                seen(next(order), outputs)

        with self._threads(part):
            return loss_and_metrics(self.network, batches, objective.loss, objective.metrics, objective.weight, hand_on)

    def _threads(self, part: Part) -> AbstractContextManager[None]:
        """For a single batch it is not worth the import of what limits them."""
        return nullcontext() if len(part) <= PREDICTION_BATCH else fitting_threads(self.network, PREDICTION_BATCH)
