"""Several networks on the same input whose outputs are averaged, as `keras.layers.Average` does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.errors import NeedsKerasError
from mlpcli.model.shapes import Shape
from mlpcli.numpy_engine.layer import Activation
from mlpcli.numpy_engine.network import Network


def averaged(outputs: Iterable[Array]) -> Array:
    """The mean of arrays of one shape, added one after the other and divided by their number: Keras's own order."""
    total, count = None, 0
    for values in outputs:
        total = values.copy() if total is None else np.add(total, values, out=total)
        count += 1
    assert total is not None, "at least one"
    total /= count
    return total


@dataclass(frozen=True)
class AveragedPlan:
    """Stands where a network has its `InferencePlan`: an average of probabilities has no logits."""

    members: Sequence[Network]
    last: Activation | None = None

    def logits(self, x: Array) -> Array:
        """Outputs (n, units) of raw rows."""
        return averaged(member.predict(x) for member in self.members)


class Ensemble:
    """The part of a `Network` that predictions and scores need."""

    def __init__(self, members: Sequence[Network]) -> None:
        self.members = list(members)
        self.plan = AveragedPlan(self.members)
        needs = (member.loss_needs_keras for member in self.members)
        self.loss_needs_keras: NeedsKerasError | None = next((error for error in needs if error is not None), None)

    @property
    def input_shape(self) -> Shape:
        """The shape of one example."""
        return self.members[0].input_shape

    def predict(self, x: Array) -> Array:
        """Outputs (n, units) of raw rows of any number type."""
        return self.plan.logits(x)

    def penalty(self) -> float:
        """The sum of all penalties."""
        return sum(member.penalty() for member in self.members)
