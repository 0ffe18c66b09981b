"""Loss and metrics of a plan, or of what a model file says it was compiled with."""

from __future__ import annotations

from dataclasses import dataclass

from mlpcli.data.target_scaling import TargetScaling
from mlpcli.model.compilation import Compilation
from mlpcli.model.plan import Plan
from mlpcli.model.target_units import loss_weight
from mlpcli.numpy_engine.loss import Loss
from mlpcli.numpy_engine.losses import make_loss
from mlpcli.numpy_engine.metric import Metric
from mlpcli.numpy_engine.metrics import metric_of


@dataclass(frozen=True)
class NumpyObjective:
    """weight: what the loss is multiplied with; metrics: empty ones, in order."""

    loss: Loss
    weight: float
    metrics: tuple[Metric, ...]

    @classmethod
    def of_plan(cls, plan: Plan, target: TargetScaling | None = None) -> NumpyObjective:
        """As the model of a plan is compiled.

        Raises:
            NeedsKerasError: the loss or a metric is not known here.
        """
        weight = loss_weight(plan.loss.tag, target.deviation) if target and plan.target_scaling != "none" else 1.0
        metrics = tuple(metric_of(metric, {}, plan.labels, plan.threshold) for metric in plan.metrics)
        return cls(make_loss(plan.loss), weight, metrics)

    @classmethod
    def of_compilation(cls, compilation: Compilation, labels: str, threshold: float = 0.5) -> NumpyObjective:
        """As a saved model was compiled.

        Args:
            labels: the form of the targets: sparse, one_hot, binary or value; "accuracy" depends on it.
            threshold: above which an output of a binary model is the second class.

        Raises:
            NeedsKerasError: the loss or a metric is not known here.
        """
        metrics = (metric_of(found.component, found.more, labels, threshold) for found in compilation.metrics)
        loss = make_loss(compilation.loss.component, compilation.loss.more)
        weight = 1.0 if compilation.loss_weight is None else float(compilation.loss_weight)
        return cls(loss, weight, tuple(metrics))
