"""What every metric is: sums over batches, and one number at the end."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.needs_keras import NeedsKerasError


class Metric:
    """y, p, z as in a loss; `name` is the column of the history."""

    def __init__(self, name: str) -> None:
        self.name = name

    def add(self, y: Array, p: Array, z: Array | None) -> None:
        """Take in the rows of one batch."""
        raise NotImplementedError

    def result(self) -> float:
        """Of all rows so far."""
        raise NotImplementedError


Rows = Callable[[Array, Array, "Array | None"], Array]


class MeanOfRows(Metric):
    """The mean of one number per row; `finish` is applied to it at the end."""

    def __init__(self, name: str, rows: Rows, finish: Callable[[float], float] = float) -> None:
        super().__init__(name)
        self.rows, self.finish = rows, finish
        self.total, self.count = 0.0, 0

    def add(self, y: Array, p: Array, z: Array | None) -> None:
        values = self.rows(y, p, z)
        if values.ndim > 1:
            values = values.reshape(len(values), -1).mean(axis=1)
        self.total += float(values.sum(dtype=np.float64))
        self.count += len(values)

    def result(self) -> float:
        return self.finish(self.total / self.count) if self.count else 0.0


def share(part: Array, whole: Array) -> Array:
    """part / whole in float32, as Keras keeps it, and 0 where the whole is 0."""
    part, whole = np.asarray(part, np.float32), np.asarray(whole, np.float32)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)


def one_class(name: str, class_id: int, true: Array, outputs: Array) -> tuple[Array, Array]:
    """Labels and outputs of one class alone.

    Raises:
        NeedsKerasError: there is no such class; what Keras makes of that is its own affair.
    """
    if not 0 <= class_id < outputs.shape[-1]:
        raise NeedsKerasError(f"the metric {name}", f"class {class_id} does not exist")
    return true[..., class_id], outputs[..., class_id]
