"""A Keras model asked and scored, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from mlpcli import backend
from mlpcli.arrays import Array
from mlpcli.data.batches import PREDICTION_BATCH, take_rows
from mlpcli.data.dataset import Part
from mlpcli.model.memory import rows_at_once


class KerasPredictor:
    """A Keras model, possibly still in training."""

    def __init__(self, model: Any, values_per_row: int = 1) -> None:
        """values_per_row: as of `values_in_forward`; of wide networks, fewer rows are asked at a time."""
        self.model, self.most_rows = model, rows_at_once(values_per_row)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one example, without the batch dimension."""
        return tuple(self.model.input_shape[1:])

    def predict(self, part: Part) -> Array:
        """Outputs (n, units), float32, of all rows at once."""
        return np.concatenate([outputs for _, outputs in self.batches(part)])

    def members(self, x: Array) -> Array:
        """Outputs (members, n, units) of each network for rows x (n, *input_shape); see `Predictor`."""
        sequential = backend.keras().Sequential
        towers = [layer for layer in self.model.layers if isinstance(layer, sequential)] or [self.model]
        parts = [x[start : start + self.most_rows] for start in range(0, len(x), self.most_rows)]
        with backend.out_of_memory():
            outputs = [[np.asarray(tower(part, training=False)) for part in parts] for tower in towers]
        return np.stack([np.concatenate(found) for found in outputs])

    def batches(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """Rows (n,) of the source, and outputs (n, units) for them, a batch at a time."""
        for rows, outputs in self._asked(lambda x: self.model(x, training=False), part, [part.x]):
            yield rows, np.asarray(outputs)

    def logits(self, part: Part) -> Iterator[tuple[Array, Array]]:
        """As `batches`, with what goes into the softmax or sigmoid of the last layer, whose activation rests.

        Of a network with members, what goes into that of each: (n, members, units).
        """
        keras = backend.keras()
        model = self.model
        if isinstance(model.layers[-1], keras.layers.GlobalAveragePooling1D):
            model = keras.Sequential([keras.Input(self.input_shape), *model.layers[:-1]])
        last = model.layers[-1]
        activation, last.activation = last.activation, keras.activations.linear
        try:
            for rows, logits in self._asked(lambda x: model(x, training=False), part, [part.x]):
                yield rows, np.asarray(logits)
        finally:
            last.activation = activation

    def losses(
        self, part: Part, targets: Array, seen: Callable[[Array, Array], None] | None = None
    ) -> dict[str, float]:
        """Loss and metrics over a part, and what `seen` makes of the same outputs; see `Predictor`.

        What `model.evaluate` does with a batch, step by step: it gives no outputs, and traces a graph for each model.
        Of many batches, which are worth a graph, the last digit of a float32 may be another: graphs fuse operations.
        """
        keras = backend.keras()
        mean = keras.metrics.Mean()
        self.model.reset_metrics()

        def score(x: Any, y: Any) -> Any:
            outputs = self.model(x, training=False)  # they remember the logits, from which cross-entropy is computed
            loss = self.model.compute_loss(y=y, y_pred=outputs, training=False)
            mean.update_state(loss, keras.ops.shape(outputs)[0])
            self.model.compute_metrics(None, y, outputs)
            return outputs

        for rows, outputs in self._asked(score, part, [part.x, targets]):
            if seen is not None:
                seen(rows, np.asarray(outputs))
        found = {**self.model.get_metrics_result(), "loss": mean.result()}
        return {name: float(found[name]) for name in sorted(found)}  # in the order of `model.evaluate`

    def _asked(self, ask: Callable[..., Any], part: Part, arrays: Sequence[Array]) -> Iterator[tuple[Array, Any]]:
        """Rows (n,), and what `ask` says to these rows of the arrays, a batch at a time.

        The first batch is never traced: metrics make their variables when they meet it.
        """
        size = min(PREDICTION_BATCH, self.most_rows)
        for start in range(0, len(part), size):
            rows = part.indices[start : start + size]
            if start == size and len(part) > MANY_BATCHES * size:
                ask = _traced(ask, arrays)
            with backend.out_of_memory():
                outputs = ask(*(take_rows(array, rows) for array in arrays))
            yield rows, outputs


MANY_BATCHES = 20
"""More are asked by a graph: tracing it takes as long as ten batches, and each of them then half the time or less."""


def _traced(ask: Callable[..., Any], arrays: Sequence[Array]) -> Callable[..., Any]:
    """`ask` as a graph, for batches of any size of these arrays."""
    tf = backend.tensorflow()
    signature = [tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays]
    with backend.gradients_forgotten():
        graph = tf.function(ask, input_signature=signature, autograph=False).get_concrete_function()
    return lambda *batch: graph(*map(tf.convert_to_tensor, batch))
