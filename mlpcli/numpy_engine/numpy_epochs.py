"""Training with NumPy: its epochs and their noise. TensorFlow is never imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from math import isfinite, prod
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.schema import Config
from mlpcli.data.batches import PREDICTION_BATCH, RowBatches
from mlpcli.data.scaling import Scaling, TargetScaling
from mlpcli.data.streaming.disk_rows import on_disk
from mlpcli.machine import read_ahead
from mlpcli.model.plan import Plan, Prepared
from mlpcli.modelfile.writer import OptimizerVariables
from mlpcli.numpy_engine.losses import OverTheBatch
from mlpcli.numpy_engine.metrics import Metric
from mlpcli.numpy_engine.network import Network, quiet
from mlpcli.numpy_engine.noise import NoiseLayer
from mlpcli.numpy_engine.numpy_model import NumpyModel
from mlpcli.numpy_engine.numpy_predictor import NumpyPredictor
from mlpcli.numpy_engine.optimizers import OptimizerState
from mlpcli.numpy_engine.supported import check_supported
from mlpcli.numpy_engine.threads import fitting_threads


class NumpyEngine:
    """The model of a config, to be trained and asked."""

    devices, replicas = ["CPU"], 1
    make_batches = RowBatches

    def __init__(self, config: Config, prepared: Prepared) -> None:
        """Build the model.

        Raises:
            SettingError: see `build_numpy_model`.
        """
        self.config, self.prepared = config, prepared
        self.model = build_numpy_model(prepared.plan, config, prepared.scaling, prepared.target_scaling)

    def start(
        self,
        batches: tuple[RowBatches, RowBatches | None],
        folder: Path,
        compiled: bool,
        after_step: Callable[[int], None],
        note: Callable[[str], None],
    ) -> NumpyEpochs:
        """See `mlpcli.training.loop.Engine`."""
        return NumpyEpochs(self.model, *batches, self.config.seed, after_step)

    def optimizer_variables(self) -> OptimizerVariables:
        """As a model file has them."""
        return OptimizerVariables(float(self.model.optimizer.learning_rate), self.model.optimizer.variables)

    def predictor(self) -> NumpyPredictor:
        """A predictor that uses the current weights."""
        return NumpyPredictor(self.model.network, self.model.empty_objective)

    def to_save(self) -> NumpyModel:
        """The model, which leaves out what the plan says when it is saved."""
        return self.model


CHUNK_BYTES = 4 << 20
"""Bytes of rows gathered at a time, so that they stay in the processor's cache."""
CHUNK_STEPS = 512


@dataclass
class _Sums:
    """What an epoch's batches add up to; outputs wait until there are enough for the metrics to be worth asking."""

    metrics: tuple[Metric, ...]
    loss: float = 0.0
    rows: int = 0
    waiting: list[tuple[Array, Array, Array | None]] = field(default_factory=list)

    def add(self, y: Array, loss: float, outputs: Array, logits: Array | None) -> None:
        """Add the loss and the outputs of one batch."""
        self.loss += loss * len(y)
        self.rows += len(y)
        self.waiting.append((y, outputs, logits))

    def count(self) -> None:
        """Hand the collected outputs to the metrics."""
        y, outputs, logits = zip(*self.waiting, strict=True)
        known = [values for values in logits if values is not None]
        for metric in self.metrics:
            metric.add(np.concatenate(y), np.concatenate(outputs), np.concatenate(known) if known else None)
        self.waiting.clear()

    def logs(self) -> dict[str, float]:
        """Loss and metrics by name."""
        return _as_keras({"loss": self.loss / self.rows, **{metric.name: metric.result() for metric in self.metrics}})


class NumpyState(TypedDict):
    """What the next epoch depends on: noise and order are functions of the config's seed and the epoch."""

    weights: list[Array]
    optimizer: OptimizerState
    noise: NoiseState


class NumpyEpochs:
    """The epochs of one model on one set of rows; all results are those of Keras to float32 rounding, noise apart."""

    def __init__(
        self,
        model: NumpyModel,
        train: RowBatches,
        validation: RowBatches | None,
        seed: int,
        after_step: Callable[[int], None] = lambda steps: None,
    ) -> None:
        """after_step: called with the number of steps of the epoch done so far; what it raises ends the epoch."""
        self.model, self.train, self.validation, self.after_step = model, train, validation, after_step
        self.noise = NoiseDraws(model.network, seed)
        self.done = 0
        self.bad_step: int | None = None

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.model.optimizer.learning_rate)

    def set_learning_rate(self, rate: float) -> None:
        """Set it for the steps from now on; only without a schedule."""
        self.model.optimizer.learning_rate = rate

    def get_weights(self) -> list[Array]:
        """Copies of all weights, in the order of Keras's `get_weights`."""
        return self.model.get_weights()

    def set_weights(self, weights: list[Array]) -> None:
        """The reverse of `get_weights`."""
        self.model.set_weights(weights)

    def running(self) -> AbstractContextManager[None]:
        """A context in which all epochs run."""
        return fitting_threads(self.model.network, self.train.batch_size)

    def ended(self, number: int, logs: Mapping[str, float]) -> bool:
        """No callback can ask to stop: always False."""
        return False

    def finish(self) -> None:
        """After training, as in Keras: with `use_ema` the averaged weights replace the last ones."""
        self.model.optimizer.finish()

    def get_state(self) -> NumpyState:
        """Copies."""
        optimizer, noise = self.model.optimizer.get_state(), self.noise.get_state()
        return {"weights": self.get_weights(), "optimizer": optimizer, "noise": noise}

    def set_state(self, state: NumpyState) -> None:
        """The reverse of `get_state`."""
        self.set_weights(state["weights"])
        self.model.optimizer.set_state(state["optimizer"])
        self.noise.set_state(state["noise"])

    def epoch(self, number: int) -> dict[str, float]:
        """Train for an epoch (from 0), then look at the validation rows: the logs that Keras would give."""
        self.train.set_epoch(number)
        self.noise.set_epoch(number)
        with quiet():
            logs = self._train()
            if self.validation is not None:
                logs |= {f"val_{name}": value for name, value in self._validate(self.validation).items()}
        return logs

    def _train(self) -> dict[str, float]:
        step, size = self.model.step, self.train.batch_size
        sums, self.done, self.bad_step = _Sums(self.model.empty_objective().metrics), 0, None
        for x, y, weights in self._chunks():
            for start in range(0, len(x), size):
                batch = slice(start, start + size)
                self.noise.set_step(self.done)
                loss, outputs, logits = step(x[batch], y[batch], None if weights is None else weights[batch])
                sums.add(y[batch], loss, outputs, logits)
                self.done += 1
                if self.bad_step is None and not isfinite(loss):
                    self.bad_step = self.done
                self.after_step(self.done)
            sums.count()
        return sums.logs()

    def _chunks(self) -> Iterator[tuple[Array, Array, Array | None]]:
        """Rows as the learning layers see them, targets and weights, of many whole batches."""
        train, size = self.train, self.train.batch_size
        steps = min(CHUNK_STEPS, max(1, CHUNK_BYTES // (self._row_bytes() * size)))
        starts = range(0, len(train.rows), steps * size)
        taken = (train.take(train.rows[start : start + steps * size]) for start in starts)
        for x, y, *weights in read_ahead(taken) if on_disk(train.part.x) else taken:
            y = y.astype(np.intp) if y.dtype.kind == "i" else y
            yield self.model.step.prepare(x), y, weights[0] if weights else None

    def _row_bytes(self) -> int:
        """What is kept of a row while its chunk lasts: what the layers before the steps make of it, and outputs."""
        made = [layer.values_per_row for layer in self.model.step.front]
        outputs = prod(self.model.plan.layers[-1].size.output_shape)
        return 4 * max(prod(self.model.plan.input_shape), *made, 2 * outputs)

    def _validate(self, batches: RowBatches) -> dict[str, float]:
        """In Keras's batches where the loss is one number for each, else in larger ones."""
        loss = self.model.objective.loss
        size = batches.batch_size if isinstance(loss, OverTheBatch) else max(batches.batch_size, PREDICTION_BATCH)

        def rows() -> Iterator[tuple[Array, Array]]:
            for start in range(0, len(batches.rows), size):
                x, y, *_ = batches.take(batches.rows[start : start + size])
                yield x, y
                self.after_step(self.done)

        return _as_keras(self.model.evaluate(rows()))


def _as_keras(logs: dict[str, float]) -> dict[str, float]:
    """In float32, and in the order of the names."""
    return {name: float(np.float32(logs[name])) for name in sorted(logs)}


NOISE_STREAM = 862_048_907
"""Keeps these draws apart from others of the same seed."""


class NoiseState(TypedDict):
    """The seed is all: what is drawn follows from it, the epoch and the step."""

    seed: int


class NoiseDraws:
    """Puts the generator of every noisy layer where its draws for a step begin.

    Philox computes its n-th number from a key and a counter: the key is that of (seed, epoch, layer), and the step is
    in the upper half of the counter, so that no two steps share a number.
    """

    def __init__(self, network: Network, seed: int) -> None:
        self.seed = seed
        self.layers = [layer for layer in network.layers if isinstance(layer, NoiseLayer) and layer.strength > 0]
        self._generators: list[Any] = [np.random.Philox(0) for _ in self.layers]
        self._states = [generator.state for generator in self._generators]
        for layer, generator in zip(self.layers, self._generators, strict=True):
            layer.draws = np.random.Generator(generator)

    def get_state(self) -> NoiseState:
        """The seed, from which all draws follow."""
        return {"seed": self.seed}

    def set_state(self, state: NoiseState) -> None:
        """The reverse of `get_state`; the next epoch draws as it would have."""
        self.seed = state["seed"]

    def set_epoch(self, epoch: int) -> None:
        """Move to an epoch, counted from 0."""
        for number, state in enumerate(self._states):
            seeds = np.random.SeedSequence([NOISE_STREAM, self.seed, epoch, number])
            state["state"]["key"][:] = seeds.generate_state(2, np.uint64)

    def set_step(self, step: int) -> None:
        """Move to a step of that epoch, counted from 0."""
        for generator, state in zip(self._generators, self._states, strict=True):
            state["state"]["counter"][:] = (0, 0, step, 0)
            state["buffer_pos"], state["has_uint32"] = len(state["buffer"]), 0
            generator.state = state


def build_numpy_model(plan: Plan, config: Config, scaling: Scaling, target: TargetScaling) -> NumpyModel:
    """Build the model; arguments as for `mlpcli.keras_engine.build.build_model`.

    Raises:
        SettingError: the NumPy engine does not support something in the config; the message names it.
    """
    check_supported(plan, config)
    return NumpyModel(plan, config, scaling, target)
