"""One step of training: forward, loss, backward, and the optimizer's step. Also the gradients of one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.numpy_engine.crossentropy import CategoricalCrossentropy, SoftmaxCrossentropy, SparseCategoricalCrossentropy
from mlpcli.numpy_engine.layer import Activation, Layer
from mlpcli.numpy_engine.losses import Loss, OverTheBatch, smoothed
from mlpcli.numpy_engine.members import MeanOfMembers, MeanOverMembers, for_each
from mlpcli.numpy_engine.network import Network, quiet
from mlpcli.numpy_engine.noise import NoiseLayer
from mlpcli.numpy_engine.optimizers import Optimizer


class Step:
    """One training step for a network, loss and optimizer; what every step needs is prepared once.

    Layers before the first one that learns see each row by itself: `prepare` runs them for many batches at once.
    members: whether the network is the mean of several, each of which learns from its own loss.
    """

    def __init__(self, network: Network, loss: Loss, loss_weight: float, optimizer: Optimizer) -> None:
        """loss_weight: a factor of the loss without penalties.

        Raises:
            NeedsKerasError: the network has penalties that are not supported.
        """
        if network.loss_needs_keras is not None:
            raise network.loss_needs_keras
        self.members = any(isinstance(layer, MeanOfMembers) for layer in network.layers)
        self.loss: Loss = MeanOverMembers(loss) if self.members else loss
        self.loss_weight, self.optimizer = loss_weight, optimizer
        self.dtype = network.dtype
        layers = [layer for layer in network.layers if not isinstance(layer, MeanOfMembers)]
        first = next(index for index, layer in enumerate(layers) if _looks_at_training(layer))
        self.front, rest = layers[:first], layers[first:]
        last = rest[-1]
        self.fused = isinstance(last, Activation) and last.kind == "softmax" and _on_softmax(loss)
        self.body = Network(rest[:-1] if self.fused else rest, network.input_shape, network.dtype, network.penalties)

    def prepare(self, x: Array) -> Array:
        """The inputs of the first trainable layer, for raw rows (n, *input_shape) of any number type."""
        with quiet():
            values = x.astype(self.dtype, copy=False)
            for layer in self.front:
                values = layer.forward(values)
        return values

    def __call__(self, x: Array, y: Array, row_weights: Array | None = None) -> tuple[float, Array, Array | None]:
        """Take a step on prepared rows (n, ...), and their targets as the loss takes them.

        Returns:
            The loss with penalties before the step, the outputs, and the logits that they were made of, or None;
            of several members, the mean of their outputs, which has no logits.
        """
        outputs, logits, loss, slopes = self._fused(x, y, row_weights) if self.fused else self._plain(x, y, row_weights)
        penalty = self.body.penalty() if self.body.penalties else 0.0
        self.body.backward(slopes)
        self.optimizer.step()
        if self.members:
            outputs, logits = outputs.mean(axis=1), None
        return self.loss_weight * loss + penalty, outputs, logits

    def _fused(self, x: Array, y: Array, row_weights: Array | None) -> tuple[Array, Array, float, Any]:
        """Softmax and crossentropy as one layer: one exponential serves outputs, loss and gradients."""
        loss: Any = self.loss.loss if isinstance(self.loss, MeanOverMembers) else self.loss
        logits = self.body.forward(x, training=True)
        if self.members:
            y = for_each(y, logits)
        if y.ndim == logits.ndim:
            y = smoothed(y, loss.label_smoothing, 1 / logits.shape[-1])
        fused = SoftmaxCrossentropy()
        rows = fused.forward(y, logits)
        if self.members:
            rows = rows.mean(axis=1)
        slope = fused.backward()
        slope *= self.loss_weight * self._share(y, logits, row_weights)
        value = rows.sum(dtype=np.float64) if row_weights is None else rows.astype(np.float64) @ row_weights
        return fused.probabilities, logits, float(value) / len(rows), (slope, None)

    def _plain(self, x: Array, y: Array, row_weights: Array | None) -> tuple[Array, Array | None, float, Any]:
        outputs = self.body.forward(x, training=True)
        logits = self.body.logits
        value = self.loss.value(y, outputs, logits, row_weights)
        share = self.loss_weight * self._share(y, outputs, row_weights)
        slopes = tuple(None if by is None else by * share for by in self.loss.slopes(y, outputs, logits))
        return outputs, logits, value, slopes

    def _share(self, y: Array, outputs: Array, row_weights: Array | None) -> float | Array:
        """The weight of each row in the loss; a loss of the whole batch is multiplied by the mean weight."""
        if row_weights is not None and isinstance(self.loss, OverTheBatch):
            return float(row_weights.mean())
        return self.loss.share(y, outputs, row_weights)


def _looks_at_training(layer: Layer) -> bool:
    """Whether the layer behaves differently in training, as BatchNorm does even without parameters."""
    return bool(layer.parameters or layer.statistics) or isinstance(layer, NoiseLayer)


def _on_softmax(loss: Loss) -> bool:
    known = isinstance(loss, (SparseCategoricalCrossentropy, CategoricalCrossentropy))
    return known and not getattr(loss, "from_logits", False)


@dataclass(frozen=True)
class Batch:
    """The rows of one training step.

    x: raw rows (n, *input_shape); y: targets as the loss takes them; row_weights: (n,), or None for 1;
    loss_weight: a factor of the loss without penalties.
    """

    x: Array
    y: Array
    loss: Loss
    loss_weight: float = 1.0
    row_weights: Array | None = None


def batch_loss(network: Network, batch: Batch) -> float:
    """What training minimizes: the loss of the batch (BatchNorm uses the batch's statistics) plus the penalties.

    Raises:
        NeedsKerasError: the network has penalties that are not supported.
    """
    if network.loss_needs_keras is not None:
        raise network.loss_needs_keras
    outputs = network.forward(batch.x, training=True)
    with quiet():
        value = batch.loss.value(batch.y, outputs, network.logits, batch.row_weights)
    return batch.loss_weight * value + network.penalty()


def gradients(network: Network, batch: Batch) -> tuple[float, dict[str, Array]]:
    """The loss without penalties, and the gradients of `batch_loss` by "layer/parameter".

    The arrays are the network's own, written anew each time.

    Raises:
        NeedsKerasError: as `batch_loss`.
    """
    if network.loss_needs_keras is not None:
        raise network.loss_needs_keras
    outputs = network.forward(batch.x, training=True)
    with quiet():
        value = batch.loss.value(batch.y, outputs, network.logits, batch.row_weights)
        slopes = batch.loss.gradient(batch.y, outputs, network.logits, batch.row_weights)
        if batch.loss_weight != 1:
            by_p, by_z = slopes
            scale = np.asarray(batch.loss_weight, outputs.dtype)
            slopes = None if by_p is None else by_p * scale, None if by_z is None else by_z * scale
    network.backward(slopes)
    return batch.loss_weight * value, network.gradients
