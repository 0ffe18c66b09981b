"""The loss of one batch, and its slopes by every parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.loss import Loss
from mlpcli.numpy_engine.network import Network, quiet


@dataclass(frozen=True)
class Batch:
    """What one step of training looks at.

    x: raw rows (n, *input_shape); y: targets as the loss takes them; row_weights: (n,), or None for 1;
    loss_weight: what the loss is multiplied with, penalties apart.
    """

    x: Array
    y: Array
    loss: Loss
    loss_weight: float = 1.0
    row_weights: Array | None = None


def batch_loss(network: Network, batch: Batch) -> float:
    """What training lowers: the loss of the batch (BatchNorm takes its own statistics), and the penalties.

    Raises:
        NeedsKerasError: the network has penalties that are not known here.
    """
    if network.loss_needs_keras is not None:
        raise network.loss_needs_keras
    outputs = network.forward(batch.x, training=True)
    with quiet():
        value = batch.loss.value(batch.y, outputs, network.logits, batch.row_weights)
    return batch.loss_weight * value + network.penalty()


def gradients(network: Network, batch: Batch) -> tuple[float, dict[str, Array]]:
    """The loss without penalties, and the slopes of `batch_loss` by "layer/parameter".

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
