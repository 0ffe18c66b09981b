"""A network of the NumPy engine that is asked: outputs, and loss and metrics, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.batches import PREDICTION_BATCH, take_rows
from mlpcli.data.dataset import Part
from mlpcli.numpy_engine.ensemble import Ensemble
from mlpcli.numpy_engine.network import Network, quiet
from mlpcli.numpy_engine.threads import fitting_threads

if TYPE_CHECKING:
    from mlpcli.numpy_engine.numpy_objective import NumpyObjective


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
        """Rows (n,), and what goes into the final softmax or sigmoid, PREDICTION_BATCH at a time; see `Predictor`."""
        network = self.network
        plan = network.plan if isinstance(network, Ensemble) else network.members_plan
        for start in range(0, len(part), PREDICTION_BATCH):
            rows = part.indices[start : start + PREDICTION_BATCH]
            with quiet():
                yield rows, plan.logits(take_rows(part.x, rows))

    def losses(
        self, part: Part, targets: Array, seen: Callable[[Array, Array], None] | None = None
    ) -> dict[str, float]:
        """Loss and metrics over a part, and what `seen` makes of the same outputs; see `Predictor`."""
        from mlpcli.numpy_engine.numpy_objective import (
            loss_and_metrics,  # with all losses, which predictions do without
        )

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
