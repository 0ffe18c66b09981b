"""Training by Keras, with resident epochs or plain `model.fit`; batches for Keras."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.config.losses import Dice, Tversky
from mlpcli.config.metrics import Metric, higher_is_better
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.schema import Config, best_epoch_rule
from mlpcli.config.sections import EarlyStopping, TrainingConfig
from mlpcli.data.batches import PREDICTION_BATCH, RowBatches
from mlpcli.data.dataset import Part
from mlpcli.errors import UserError
from mlpcli.keras_engine.build import as_saved, build_model, keras_object
from mlpcli.keras_engine.graphs import network_key
from mlpcli.keras_engine.keras_predictor import KerasPredictor
from mlpcli.keras_engine.resident import ModelState, ResidentEpochs, model_state, set_model_state
from mlpcli.keras_engine.team import Team
from mlpcli.model.memory import check_memory, values_in_forward
from mlpcli.model.plan import Prepared
from mlpcli.modelfile.writer import OptimizerVariables


class Batches(RowBatches, backend.keras().utils.PyDataset):  # type: ignore[misc]
    """The same batches, for `model.fit`."""

    def __init__(
        self, part: Part, targets: Array, batch_size: int, seed: int | None = None, weights: Array | None = None
    ) -> None:
        backend.keras().utils.PyDataset.__init__(self)
        RowBatches.__init__(self, part, targets, batch_size, seed, weights)


VALIDATED_VALUES = 1 << 24
"""Numbers, in float32, that a layer may take and give for one validation batch; training needs the memory, too."""


class KerasEngine:
    """The model of a config, to be trained and asked."""

    make_batches = Batches

    def __init__(
        self, config: Config, prepared: Prepared, callbacks: Sequence[Any] = (), team: Team | None = None
    ) -> None:
        """Seed everything, and build the model.

        Args:
            callbacks: the user's own.
            team: who shares each batch; None: one device of this process alone.

        Raises:
            SettingError: now that Keras is imported, there is not enough memory left.
            UserError: one of the callbacks is none of Keras's.
        """
        _check_callbacks(callbacks)
        self.config, self.prepared, self.callbacks, self.team = config, prepared, tuple(callbacks), team
        with backend.ONE_MODEL, backend.out_of_memory():
            backend.seed_everything(config.seed, config.training.deterministic, anew=bool(callbacks))
            check_memory(prepared.plan, config.training, prepared.facts)
            self.model = self._build()
        self.devices = backend.devices()

    def _build(self) -> Any:
        prepared = self.prepared
        return build_model(prepared.plan, self.config, prepared.scaling, prepared.target_scaling)

    @property
    def replicas(self) -> int:
        """How many share each batch."""
        return 1 if self.team is None else self.team.replicas

    def start(
        self,
        batches: tuple[Batches, Batches | None],
        folder: Path,
        compiled: bool,
        after_step: Callable[[int], None],
        note: Callable[[str], None],
    ) -> ResidentEpochs | KerasFit:
        """See `mlpcli.training.loop.Engine`."""
        training, logs = self.config.training, self._logs(folder)
        if self.team is not None:
            from mlpcli.keras_engine.workers import WorkerEpochs, differences

            epochs = training.epochs
            for difference in differences(self.prepared.plan, self.replicas):
                note(difference)
            return WorkerEpochs(self.team, self._build, self.model, *batches, note, after_step, logs, epochs)
        if training.engine == "keras":
            metrics = self.prepared.plan.metrics
            return KerasFit(self.model, training, best_epoch_rule(self.config), metrics, batches, after_step, logs)
        train, scored = batches
        validation = None if scored is None else scored.of_size(self._validated_at_once())
        network, epochs = self._network(), training.epochs
        return ResidentEpochs(self.model, train, validation, compiled, note, after_step, logs, epochs, network)

    def _validated_at_once(self) -> int:
        """Rows: in Keras's batches where the loss is one number for each, else as many as are predicted at once."""
        plan = self.prepared.plan
        if isinstance(plan.loss, (Dice, Tversky)):
            return plan.batch_size
        most = VALIDATED_VALUES // max(1, values_in_forward(plan.input_shape, plan.layers))
        return max(plan.batch_size, min(PREDICTION_BATCH, most))

    def _network(self) -> str | None:
        """See `network_key`. Nobody knows what callbacks of the user's make of a model."""
        return None if self.callbacks else network_key(self.model)

    def optimizer_variables(self) -> OptimizerVariables:
        """As a model file has them."""
        return OptimizerVariables(float(self.model.optimizer.learning_rate), model_state(self.model)["optimizer"])

    def predictor(self) -> KerasPredictor:
        """A predictor that uses the current weights."""
        plan = self.prepared.plan
        return KerasPredictor(self.model, values_in_forward(plan.input_shape, plan.layers))

    def to_save(self) -> Any:
        """The model as the plan has it in the file; it shares the layers."""
        prepared = self.prepared
        with backend.ONE_MODEL:
            return as_saved(self.model, prepared.plan, prepared.target_scaling)

    def _logs(self, folder: Path) -> tuple[Any, ...]:
        chief = self.team is None or self.team.rank == 0
        if not self.config.output.tensorboard or not chief:
            return self.callbacks
        return (backend.keras().callbacks.TensorBoard(log_dir=str(folder / "tensorboard")), *self.callbacks)


def _check_callbacks(callbacks: Sequence[Any]) -> None:
    for callback in callbacks:
        if isinstance(callback, type):
            raise UserError(f"callbacks: {callback.__name__} is a class; give an object of it, {callback.__name__}()")
        if not isinstance(callback, Callback):
            raise UserError(f"callbacks: {type(callback).__name__} is not derived from keras.callbacks.Callback")


class KerasFit:
    """`model.fit` with the callbacks that the config asks for (see `mlpcli.training.loop.Fit`)."""

    def __init__(
        self,
        model: Any,
        training: TrainingConfig,
        rule: EarlyStopping | None,
        metrics: Sequence[Metric],
        batches: tuple[Batches, Batches | None],
        after_step: Callable[[int], None],
        callbacks: Sequence[Any] = (),
    ) -> None:
        """rule: see `best_epoch_rule`. metrics: of the model. callbacks: others of Keras's, told last."""
        self.model, self.epochs, self.batches, self.after_step = model, training.epochs, batches, after_step
        self.stopping = None if rule is None else StopEarly(rule, metrics, training.min_epochs)
        self.plateau = _plateau(training, metrics)
        self.callbacks, self.resumed = list(callbacks), False
        self.steps: StepTeller | None = None

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return float(self.model.optimizer.learning_rate)

    @property
    def bad_step(self) -> int | None:
        """The first step of the epoch, from 1, whose loss was not finite."""
        return None if self.steps is None else self.steps.bad

    def get_weights(self) -> list[Array]:
        """Copies of all weights."""
        weights: list[Array] = self.model.get_weights()
        return weights

    def set_weights(self, weights: list[Array]) -> None:
        """The reverse of `get_weights`."""
        self.model.set_weights(weights)

    def set_learning_rate(self, rate: float) -> None:
        """Set it for the steps from now on; only without a schedule."""
        self.model.optimizer.learning_rate = rate

    def get_state(self) -> ModelState:
        """Copies."""
        return model_state(self.model)

    def set_state(self, state: ModelState) -> None:
        """The reverse of `get_state`."""
        self.resumed = True
        set_model_state(self.model, state)

    def fit(
        self,
        first: int,
        begin: Callable[[], None],
        end: Callable[[int, Mapping[str, Any]], bool],
        after: Callable[[int, bool], None],
    ) -> None:
        """See `mlpcli.training.loop.Fit`."""
        train, validation = self.batches
        judges = [judge for judge in (self.stopping, self.plateau) if judge is not None]
        self.steps = StepTeller(self.after_step)
        remembered = Remembered(judges if self.resumed else [])
        told = [*judges, remembered, *self.callbacks, AfterEpoch(after), self.steps]
        callbacks = [Shuffle(train), EpochTeller(begin, end), *told]
        data = {"x": train, "validation_data": validation, "shuffle": False}
        with backend.gradients_forgotten():
            self.model.fit(**data, initial_epoch=first, epochs=self.epochs, verbose=0, callbacks=callbacks)


def _plateau(training: TrainingConfig, metrics: Sequence[Metric]) -> Any:
    schedule = training.learning_rate_schedule
    if not isinstance(schedule, ReduceLROnPlateau):
        return None
    return keras_object(schedule, mode=direction(schedule, metrics))


def direction(rule: EarlyStopping | ReduceLROnPlateau, metrics: Sequence[Metric]) -> str:
    """max or min: some versions of Keras cannot tell it for each of their metrics."""
    if rule.mode != "auto":
        return rule.mode
    return "max" if higher_is_better(rule.monitor, metrics) else "min"


class StopEarly(backend.keras().callbacks.EarlyStopping):  # type: ignore[misc]
    """Keras's callback, with `ties` and `min_epochs` as in `mlpcli.training.stopping.StopEarly`."""

    stopped_epoch: int
    best_epoch: int

    def __init__(self, rule: EarlyStopping, metrics: Sequence[Metric], min_epochs: int = 0) -> None:
        known = {name: value for name, value in rule if name != "ties"}
        super().__init__(**{**known, "mode": direction(rule, metrics)})
        self.ties, self.min_epochs = rule.ties, min_epochs

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        asked = self.model.stop_training
        super().on_epoch_end(epoch, logs)
        if self.ties == "last" and self.best is not None and np.float32(self.best) == np.float32(logs[self.monitor]):
            self._take(epoch)
        if self.stopped_epoch and epoch + 1 < self.min_epochs:
            self.stopped_epoch, self.model.stop_training = 0, asked

    def _take(self, epoch: int) -> None:
        if epoch > self.best_epoch:
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()


Callback = backend.keras().callbacks.Callback


class Shuffle(Callback):  # type: ignore[misc, valid-type]
    """Gives the training batches a new order in each epoch."""

    def __init__(self, batches: RowBatches) -> None:
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.batches.set_epoch(epoch)


class EpochTeller(Callback):  # type: ignore[misc, valid-type]
    """Calls the loop's `begin` and `end`; stops training when `end` returns True."""

    def __init__(self, begin: Callable[[], None], end: Callable[[int, Mapping[str, Any]], bool]) -> None:
        super().__init__()
        self.begin, self.end = begin, end

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.begin()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.end(epoch, logs):
            self.model.stop_training = True


class Remembered(Callback):  # type: ignore[misc, valid-type]
    """Gives callbacks back what they knew before `fit`, at whose beginning Keras's own forget all they have seen."""

    def __init__(self, judges: Sequence[Any]) -> None:
        super().__init__()
        self.known = [
            (judge, {name: getattr(judge, name) for name in _SEEN if hasattr(judge, name)}) for judge in judges
        ]

    def on_train_begin(self, logs: Any = None) -> None:
        for judge, known in self.known:
            for name, value in known.items():
                setattr(judge, name, value)


_SEEN = ("best", "best_epoch", "best_weights", "wait", "stopped_epoch", "cooldown_counter")
"""The attributes of Keras's EarlyStopping and ReduceLROnPlateau that change while they look on."""


class AfterEpoch(Callback):  # type: ignore[misc, valid-type]
    """Calls the loop when all other callbacks have seen an epoch."""

    def __init__(self, after: Callable[[int, bool], None]) -> None:
        super().__init__()
        self.after = after

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.after(epoch, bool(self.model.stop_training) or epoch + 1 == self.params["epochs"])


class StepTeller(Callback):  # type: ignore[misc, valid-type]
    """Reports the number of steps done, also between the batches of the validation rows.

    bad: the first step of the epoch whose loss was not finite.
    """

    def __init__(self, after_step: Callable[[int], None]) -> None:
        super().__init__()
        self.after_step, self.done = after_step, 0
        self.bad: int | None = None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.bad = None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.done = batch + 1
        if self.bad is None and not math.isfinite(float((logs or {}).get("loss", 0.0))):
            self.bad = self.done
        self.after_step(self.done)

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.after_step(self.done)
