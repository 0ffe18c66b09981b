"""What a run asks of the engine that trains it: a model, its epochs, and predictions. One class for each engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from mlpcli.arrays import Array
from mlpcli.config.schema import Config
from mlpcli.data.batches import RowBatches, encode_targets, row_weights
from mlpcli.data.dataset import Part
from mlpcli.model.plan import Prepared
from mlpcli.runs import directory as run_directory
from mlpcli.runs.history import HistoryWriter
from mlpcli.scoring.predictor import KerasPredictor, Predictor
from mlpcli.training.engine_choice import EngineChoice
from mlpcli.training.loop import Outcome, fit_model
from mlpcli.training.progress import Interrupted, Progress


class Engine(Protocol):
    """Keras or NumPy, with the model that it has built."""

    model: Any
    devices: list[str]

    def fit(self, folder: Path, progress: Progress, noted: list[Interrupted], choice: EngineChoice) -> Outcome:
        """Train the model, and leave it with the weights worth keeping; `folder` gets the history."""

    def predictor(self) -> Predictor:
        """Predictions with the weights of now."""


def make_engine(config: Config, prepared: Prepared) -> Engine:
    """The engine of the config, with its model built.

    Raises:
        SettingError: the NumPy engine was asked for what it does not know.
    """
    return (NumpyEngine if config.training.engine == "numpy" else KerasEngine)(config, prepared)


class KerasEngine:
    """TensorFlow is imported here."""

    def __init__(self, config: Config, prepared: Prepared) -> None:
        from mlpcli import backend
        from mlpcli.keras_engine.build import build_model

        self.config, self.prepared = config, prepared
        backend.seed_everything(config.seed, config.training.deterministic)
        self.model = build_model(prepared.plan, config, prepared.scaling, prepared.target_scaling)
        self.devices = backend.devices()

    def fit(self, folder: Path, progress: Progress, noted: list[Interrupted], choice: EngineChoice) -> Outcome:
        from mlpcli.keras_engine.keras_epochs import Batches
        from mlpcli.training.keras_loop import KerasLoop

        batches = _batches(self.config, self.prepared, Batches)
        training, writer = self.config.training, HistoryWriter(folder / run_directory.HISTORY)
        loop = KerasLoop(self.model, training, batches, writer, progress, choice, noted, self._logs(folder))
        return fit_model(loop, training, batches[0], progress)

    def predictor(self) -> Predictor:
        return KerasPredictor(self.model)

    def _logs(self, folder: Path) -> tuple[Any, ...]:
        from mlpcli import backend

        if not self.config.output.tensorboard:
            return ()
        return (backend.keras().callbacks.TensorBoard(log_dir=str(folder / "tensorboard")),)


class NumpyEngine:
    """TensorFlow is never imported."""

    devices = ["CPU"]

    def __init__(self, config: Config, prepared: Prepared) -> None:
        from mlpcli.numpy_engine.numpy_epochs import build_numpy_model

        self.config, self.prepared = config, prepared
        self.model = build_numpy_model(prepared.plan, config, prepared.scaling, prepared.target_scaling)

    def fit(self, folder: Path, progress: Progress, noted: list[Interrupted], choice: EngineChoice) -> Outcome:
        from mlpcli.training.numpy_loop import NumpyLoop

        batches = _batches(self.config, self.prepared, RowBatches)
        loop = NumpyLoop(self.model, batches, HistoryWriter(folder / run_directory.HISTORY), progress, noted)
        return fit_model(loop, self.config.training, batches[0], progress)

    def predictor(self) -> Predictor:
        from mlpcli.numpy_engine.numpy_model import NumpyPredictor

        return NumpyPredictor(self.model.network, self.model.empty_objective)


def targets_of(prepared: Prepared, part: Part) -> Array:
    """The targets of all rows that the part comes from, as the loss takes them."""
    return encode_targets(part.y, prepared.plan.labels, len(prepared.plan.class_names or ()))


def _batches(config: Config, prepared: Prepared, make: Callable[..., Any]) -> tuple[Any, Any]:
    """Of the training rows, shuffled and weighted, and of the validation rows, if there are any."""
    splits, size = prepared.splits, config.training.batch_size
    weights = row_weights(prepared.class_weights, splits.train.y)
    train = make(splits.train, targets_of(prepared, splits.train), size, config.seed, weights)
    if splits.validation is None:
        return train, None
    shared = splits.validation.y is splits.train.y
    return train, make(splits.validation, train.targets if shared else targets_of(prepared, splits.validation), size)
