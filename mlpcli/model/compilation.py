"""What a model was compiled with: optimizer, loss and metrics, and the units of the loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlpcli.config.base import Component


@dataclass(frozen=True)
class LossUnits:
    """What turns a loss in the targets' own units into that of the standardized targets.

    weight: a factor of the loss, for one target. deviations: of several; Keras has no weight for each output, so that
    targets and outputs are divided by them before they are compared.
    """

    weight: float = 1.0
    deviations: tuple[float, ...] | None = None


@dataclass(frozen=True)
class Described:
    """A component, and the arguments of its saved form that the schema does not have."""

    component: Component
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Compilation:
    """The arguments of `compile`; `optimizer` is None if it is unknown, since predictions do not need it.

    deviations: as in `LossUnits`; a file has them in its last layer.
    """

    loss: Described
    metrics: tuple[Described, ...]
    optimizer: Described | None = None
    loss_weight: float | None = None
    deviations: tuple[float, ...] | None = None

    @property
    def units(self) -> LossUnits:
        """The units of the loss."""
        return LossUnits(1.0 if self.loss_weight is None else float(self.loss_weight), self.deviations)
