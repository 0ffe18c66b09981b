"""A network of the NumPy engine as something that predicts and is scored, from a training or from a model file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from mlpcli.artifacts.model_file import Metadata
from mlpcli.data.dataset import Array, Part
from mlpcli.numpy_engine.evaluation import loss_and_metrics
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.objective import NumpyObjective
from mlpcli.training.feed import take_rows

PREDICTION_BATCH = 2048


class NumpyPredictor:
    """The same methods as `mlpcli.inference.Predictor`."""

    def __init__(
        self, network: Network, objective: Callable[[], NumpyObjective], metadata: Metadata | None = None
    ) -> None:
        """`objective` gives the loss, and metrics with nothing in them. The weights are those of now."""
        network.__dict__.pop("plan", None)
        self.network, self.objective, self.metadata = network, objective, metadata

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch dimension."""
        return self.network.input_shape

    def predict(self, part: Part) -> Array:
        """Outputs (n, units), float32, of all rows at once."""
        return np.concatenate([outputs for _, outputs in self.batches(part)])

    def batches(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """Rows (n,) of the source, and outputs (n, units) for them, PREDICTION_BATCH at a time."""
        for start in range(0, len(part), PREDICTION_BATCH):
            rows = part.indices[start : start + PREDICTION_BATCH]
            yield rows, self.network.predict(take_rows(part.x, rows))

    def losses(self, part: Part, targets: Array) -> dict[str, float]:
        """Loss and metrics over a part; `targets` belong to the source's whole arrays."""
        objective = self.objective()

        def batches() -> Iterator[tuple[Array, Array]]:
            for start in range(0, len(part), PREDICTION_BATCH):
                rows = part.indices[start : start + PREDICTION_BATCH]
                yield take_rows(part.x, rows), take_rows(targets, rows)

        return loss_and_metrics(self.network, batches(), objective.loss, objective.metrics, objective.weight)
