"""The epochs by the NumPy engine: TensorFlow is never imported."""

from __future__ import annotations

from mlpcli.arrays import Array
from mlpcli.config.schedules import ReduceLROnPlateau
from mlpcli.config.sections import EarlyStopping, StopWhenEqual
from mlpcli.data.batches import RowBatches
from mlpcli.numpy_engine.numpy_epochs import NumpyEpochs, fitting_threads
from mlpcli.numpy_engine.numpy_model import NumpyModel
from mlpcli.runs.history import HistoryWriter
from mlpcli.training.loop import EpochRecords, LastGood
from mlpcli.training.progress import Interrupted, Progress
from mlpcli.training.stopping import AccuraciesMeet, Logs, LowerRate, StopEarly


class NumpyLoop:
    """Epochs, and after each what Keras's callbacks would do (see `mlpcli.training.fit.Loop`)."""

    def __init__(
        self,
        model: NumpyModel,
        batches: tuple[RowBatches, RowBatches | None],
        writer: HistoryWriter,
        progress: Progress,
        noted: list[Interrupted],
    ) -> None:
        """batches: of the training rows, and of the validation rows if there are any; noted: signals that came."""
        training, metrics = model.config.training, model.plan.metrics
        self.model, self.training, self.progress, self.noted = model, training, progress, noted
        self.epochs = NumpyEpochs(model, *batches, model.config.seed, self._after_step)
        self.guard, self.records = LastGood(), EpochRecords(writer, progress)
        stopping, equal, schedule = training.early_stopping, training.stop_when_equal, training.learning_rate_schedule
        self.stopping = StopEarly(stopping, metrics) if isinstance(stopping, EarlyStopping) else None
        self.equal = AccuraciesMeet(equal.tolerance) if isinstance(equal, StopWhenEqual) else None
        self.plateau = LowerRate(schedule, metrics) if isinstance(schedule, ReduceLROnPlateau) else None

    def set_weights(self, weights: list[Array]) -> None:
        """Give the model other weights."""
        self.model.set_weights(weights)

    def run(self) -> None:
        """All epochs, or as many as it takes; see `Loop.run` for what is raised."""
        with fitting_threads(self.model.network, self.training.batch_size):
            for epoch in range(self.training.epochs):
                self.records.begin()
                if self._after_epoch(epoch, self.epochs.run(epoch)):
                    break
        self.model.optimizer.finish()

    def _after_step(self, steps: int) -> None:
        self.progress.step(steps)
        if self.noted:
            raise self.noted[0]

    def _after_epoch(self, epoch: int, logs: Logs) -> bool:
        """Whether it is time to stop; in the order of the callbacks in `keras_loop`."""
        model, optimizer = self.model, self.model.optimizer
        rate = float(optimizer.learning_rate)
        self.records.end(epoch, logs, rate)
        weights = model.get_weights()
        self.guard.look(epoch, logs, weights, rate)
        stop = self.stopping is not None and self.stopping.look(epoch, logs, weights)
        stop = (self.equal is not None and self.equal.look(logs)) or stop
        if self.plateau is not None:
            optimizer.learning_rate = self.plateau.look(logs, rate)
        return stop
