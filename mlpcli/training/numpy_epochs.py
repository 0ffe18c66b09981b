"""One epoch of training with NumPy, and the scores of the validation rows after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.loss import OverTheBatch
from mlpcli.numpy_engine.metric import Metric
from mlpcli.numpy_engine.network import quiet
from mlpcli.training.feed import RowBatches
from mlpcli.training.numpy_model import NumpyModel
from mlpcli.training.numpy_noise import NoiseDraws
from mlpcli.training.numpy_predictor import PREDICTION_BATCH

CHUNK_BYTES = 4 << 20
"""So much of the rows is gathered at once; it then lies near the processor."""
CHUNK_STEPS = 512


@dataclass
class _Sums:
    """What an epoch's batches add up to; outputs wait until there are enough for the metrics to be worth asking."""

    metrics: tuple[Metric, ...]
    loss: float = 0.0
    rows: int = 0
    waiting: list[tuple[Array, Array, Array | None]] = field(default_factory=list)

    def add(self, y: Array, loss: float, outputs: Array, logits: Array | None) -> None:
        """One batch."""
        self.loss += loss * len(y)
        self.rows += len(y)
        self.waiting.append((y, outputs, logits))

    def count(self) -> None:
        """Ask the metrics."""
        y, outputs, logits = zip(*self.waiting, strict=True)
        known = [values for values in logits if values is not None]
        for metric in self.metrics:
            metric.add(np.concatenate(y), np.concatenate(outputs), np.concatenate(known) if known else None)
        self.waiting.clear()

    def logs(self) -> dict[str, float]:
        """Loss and metrics by name."""
        return _as_keras({"loss": self.loss / self.rows, **{metric.name: metric.result() for metric in self.metrics}})


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
        """`after_step` is told how many steps of the epoch are done; what it raises ends the epoch."""
        self.model, self.train, self.validation, self.after_step = model, train, validation, after_step
        self.noise = NoiseDraws(model.network, seed)
        self.done = 0

    def run(self, epoch: int) -> dict[str, float]:
        """Train for an epoch (from 0), then look at the validation rows: the logs that Keras would give."""
        self.train.set_epoch(epoch)
        self.noise.set_epoch(epoch)
        with quiet():
            logs = self._train()
            if self.validation is not None:
                logs |= {f"val_{name}": value for name, value in self._validate(self.validation).items()}
        return logs

    def _train(self) -> dict[str, float]:
        step, size = self.model.step, self.train.batch_size
        sums, self.done = _Sums(self.model.empty_objective().metrics), 0
        for x, y, weights in self._chunks():
            for start in range(0, len(x), size):
                batch = slice(start, start + size)
                self.noise.set_step(self.done)
                sums.add(y[batch], *step(x[batch], y[batch], None if weights is None else weights[batch]))
                self.done += 1
                self.after_step(self.done)
            sums.count()
        return sums.logs()

    def _chunks(self) -> Iterator[tuple[Array, Array, Array | None]]:
        """Rows as the learning layers see them, targets and weights, of many whole batches."""
        train, size = self.train, self.train.batch_size
        steps = min(CHUNK_STEPS, max(1, CHUNK_BYTES // (self._row_bytes() * size)))
        for start in range(0, len(train.rows), steps * size):
            x, y, *weights = train.take(train.rows[start : start + steps * size])
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
