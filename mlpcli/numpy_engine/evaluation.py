"""Loss and metrics over any number of rows: what Keras's `model.evaluate` returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mlpcli.data.dataset import Array
from mlpcli.numpy_engine.loss import Loss
from mlpcli.numpy_engine.metric import Metric
from mlpcli.numpy_engine.network import Network, quiet


def loss_and_metrics(
    network: Network,
    batches: Iterable[tuple[Array, Array]],
    loss: Loss,
    metrics: Sequence[Metric] = (),
    loss_weight: float = 1.0,
) -> dict[str, float]:
    """{"loss": ..., and each metric by its name}; only one batch is in memory at a time.

    Args:
        batches: raw rows (n, *input_shape), and targets in the form that the loss takes.
        metrics: empty ones; they are filled.
        loss_weight: what the loss is multiplied with, penalties apart.

    Raises:
        NeedsKerasError: the network has penalties that are not known here.
    """
    if network.loss_needs_keras is not None:
        raise network.loss_needs_keras
    total, count = 0.0, 0
    for x, y in batches:
        with quiet():
            z = network.plan.logits(x)
            p = z if network.plan.last is None else network.plan.last.forward(z)
            logits = None if network.plan.last is None else z
            total += len(x) * loss.value(y, p, logits)
            for metric in metrics:
                metric.add(y, p, logits)
        count += len(x)
    mean = loss_weight * total / count if count else 0.0
    return {"loss": mean + network.penalty(), **{metric.name: metric.result() for metric in metrics}}
