"""Why a loss left the finite numbers in the very first epoch: looked for in the network as it started."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlpcli.arrays import Array
from mlpcli.config.schema import Config
from mlpcli.data.batches import take_rows
from mlpcli.errors import NeedsKerasError
from mlpcli.model.plan import Prepared, planned_layers
from mlpcli.model.shapes import PlannedLayer
from mlpcli.numpy_engine.network import Network, Watch
from mlpcli.text import shown

ROWS = 256
LARGE = 1000.0
"""Inputs, outputs or targets beyond this make a first loss that no usual step recovers from."""
MANY_TIMES = 10.0
"""Usual initializers keep the size of the values from layer to layer; this growth in one layer is the initializer's."""


def likely_cause(config: Config, prepared: Prepared) -> str | None:
    """What is wrong before the first step, with what to do; None where the size of the steps is all that is left.

    Some training rows go through the network with the initial weights of its seed, in float64: first a layer whose
    weights make everything many times as large, then inputs and targets that nothing scales, then values that grow
    from layer to layer.
    """
    part, plan = prepared.splits.train, prepared.plan
    rows = np.sort(part.indices[:ROWS])
    x, y = take_rows(part.x, rows), take_rows(part.y, rows)
    layers = planned_layers(plan, prepared.scaling, prepared.target_scaling)
    try:
        network = Network.of(plan.input_shape, layers, None, np.float64, config.seed)
    except NeedsKerasError:
        return None
    steps = _through(network, x)
    names = {planned.safe_name: planned for planned in plan.layers}
    return (
        _initializer(steps, names)
        or (_unscaled(steps[0].before, prepared) if steps else None)
        or _far_target(y, prepared)
        or _growing(steps, names)
    )


@dataclass(frozen=True, eq=False)
class _Step:
    """A layer with a kernel: its name in the graph, and some rows before and behind it."""

    layer: str
    before: Array
    behind: Array

    @property
    def growth(self) -> float:
        return _size(self.behind) / max(_size(self.before), 1e-30)


def _through(network: Network, x: Array) -> list[_Step]:
    """The layers with kernels up to the first whose outputs are too large, or all."""
    network.noise(False)
    network.watch = watch = Watch()
    network.forward(x, training=True)
    values, steps = np.asarray(x, np.float64), []
    for layer in network.layers:
        before, values = values, watch.outputs[layer]
        if any(np.ndim(array) > 1 for array in layer.parameters.values()):
            steps.append(_Step(layer.name, before, values))
            if _too_large(values):
                break
    return steps


def _too_large(values: Array) -> bool:
    return not _size(values) <= LARGE  # NaN is, too


def _initializer(steps: list[_Step], names: dict[str, PlannedLayer]) -> str | None:
    if not steps or not _too_large(steps[-1].behind):
        return None
    worst = max(steps, key=lambda step: step.growth)
    if worst.growth <= MANY_TIMES:
        return None
    planned = names[worst.layer]
    initializer = getattr(getattr(planned.component, "kernel_initializer", None), "tag", "")
    return (
        f'the initial weights of layer "{shown(planned.name)}" ({initializer}) make its outputs {worst.growth:,.0f}'
        " times as large as its inputs; use kernel_initializer: he_normal or glorot_uniform there"
    )


def _growing(steps: list[_Step], names: dict[str, PlannedLayer]) -> str | None:
    if not steps or not _too_large(steps[-1].behind):
        return None
    last = f'{_size(steps[-1].behind):.3g} in layer "{shown(names[steps[-1].layer].name)}"'
    return (
        f"the values grow from layer to layer, to {last}; use kernel_initializer: he_normal, batch_normalization: true,"
        " or fewer layers"
    )


def _size(values: Array) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.sqrt(np.mean(np.square(values))))


def _unscaled(inputs: Array, prepared: Prepared) -> str | None:
    """Inputs (n, columns) of the first layer with weights that are far from 0, though data.scaling could help."""
    rows = inputs if prepared.plan.members == 1 else inputs[:, 0]  # all members have the same
    sizes = np.abs(rows.reshape(len(rows), -1)).max(axis=0)
    column = int(sizes.argmax())
    if sizes[column] <= LARGE or prepared.plan.scaling != "none":
        return None
    names = prepared.facts.feature_names
    what = f'column "{shown(names[column])}" reaches' if names is not None else "the inputs reach"
    return f"{what} {sizes[column]:.3g}, and data.scaling is none; set data.scaling: standardize"


def _far_target(y: Array, prepared: Prepared) -> str | None:
    if prepared.plan.task != "regression" or prepared.plan.target_scaling != "none":
        return None
    largest = float(np.abs(y).max())
    if largest <= LARGE:
        return None
    return f"the targets reach {largest:.3g}, and a network starts near 0; set data.target_scaling: standardize"
