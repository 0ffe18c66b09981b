"""A model file to something that predicts: in NumPy where it can, with Keras where it must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from mlpcli.artifacts.model_file import Metadata, read_architecture, read_metadata
from mlpcli.data.dataset import Array, Part
from mlpcli.errors import ModelFileError, UserError
from mlpcli.model.compilation import Compilation, compilation_of
from mlpcli.model.saved_weights import Weights, read_weights
from mlpcli.numpy_engine.needs_keras import NeedsKerasError
from mlpcli.training.feed import take_rows
from mlpcli.training.numpy_predictor import PREDICTION_BATCH, NumpyPredictor

EngineName = Literal["auto", "numpy", "keras"]


class Predictor(Protocol):
    """A network with its weights."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch dimension."""

    def predict(self, part: Part) -> Array:
        """Outputs (n, units), float32, of all rows at once."""

    def batches(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """Rows (n,) of the source, and outputs (n, units) for them, a batch at a time."""

    def losses(self, part: Part, targets: Array) -> dict[str, float]:
        """Loss and metrics over a part; `targets` belong to the source's whole arrays."""


class KerasPredictor:
    """A Keras model; it may be one that is being trained."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @property
    def input_shape(self) -> tuple[int, ...]:
        return tuple(self.model.input_shape[1:])

    def predict(self, part: Part) -> Array:
        return np.concatenate([outputs for _, outputs in self.batches(part)])

    def batches(self, part: Part) -> Iterator[tuple[Array, Array]]:
        for start in range(0, len(part), PREDICTION_BATCH):
            rows = part.indices[start : start + PREDICTION_BATCH]
            yield rows, np.asarray(self.model(take_rows(part.x, rows), training=False))

    def losses(self, part: Part, targets: Array) -> dict[str, float]:
        from mlpcli.training.keras_feed import Batches

        batches = Batches(part, targets, PREDICTION_BATCH)
        return {name: float(value) for name, value in self.model.evaluate(batches, verbose=0, return_dict=True).items()}


@dataclass(frozen=True)
class SavedModel:
    """What a model file holds, read and held to the schema; no code of the file's has run, and none will.

    uncompiled: why there is no compilation, and so no loss.
    """

    path: Path
    architecture: dict[str, Any]
    weights: Weights
    compilation: Compilation | None
    uncompiled: str | None
    metadata: Metadata | None


def read_model(path: Path) -> SavedModel:
    """Read a model file.

    Raises:
        ModelFileError: it is missing, damaged, newer than this mlpcli, or holds a layer that is not known.
    """
    metadata, architecture = read_metadata(path), read_architecture(path)
    compilation, uncompiled = compilation_of(architecture)
    return SavedModel(path, architecture, read_weights(path, architecture), compilation, uncompiled, metadata)


def load_predictor(
    path: Path,
    engine: EngineName = "auto",
    scored: bool = False,
    plan: Mapping[str, Any] | None = None,
    usual: Compilation | None = None,
) -> Predictor:
    """The network in a model file.

    Args:
        path: the file.
        engine: auto takes NumPy, and Keras for what NumPy does not know.
        scored: whether its loss and metrics will be asked for as well.
        plan: "labels" and "threshold" of a file that does not say them itself.
        usual: what a file that was saved without a loss is scored by, in NumPy.

    Raises:
        ModelFileError: see `read_model`; or scores are wanted, and the file does not say by what loss.
        UserError: NumPy was asked for what it does not know.
    """
    saved = read_model(path)
    if saved.compilation is None and engine != "keras":
        saved = replace(saved, compilation=usual)
    if scored and saved.compilation is None:
        raise ModelFileError(f"{path}: has no loss to be scored by: {saved.uncompiled}; compile and save it with Keras")
    if engine != "keras":
        try:
            return _in_numpy(saved, plan or (saved.metadata or {}).get("plan") or {}, scored)
        except NeedsKerasError as error:
            if engine == "numpy":
                raise UserError(f"{path}: {error}; use --engine auto or keras") from error
    from mlpcli.model.rebuild import rebuild

    return KerasPredictor(rebuild(path, saved.architecture, saved.weights))


def _in_numpy(saved: SavedModel, plan: Mapping[str, Any], scored: bool) -> NumpyPredictor:
    from mlpcli.numpy_engine.network import Network
    from mlpcli.numpy_engine.objective import NumpyObjective

    network = Network.build(saved.architecture, saved.weights, path=saved.path)
    labels, threshold = str(plan.get("labels", "sparse")), float(plan.get("threshold", 0.5))

    def objective() -> NumpyObjective:
        assert saved.compilation is not None  # asked for at `scored` only
        return NumpyObjective.of_compilation(saved.compilation, labels, threshold)

    if scored:
        objective()  # what it does not know is to be found now
        if network.loss_needs_keras is not None:
            raise network.loss_needs_keras
    return NumpyPredictor(network, partial(objective))
