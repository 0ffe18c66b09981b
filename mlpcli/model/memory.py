"""The memory that a network needs at the least, worked out from its plan, and networks that cannot have it.

Only what must be there at the same moment is counted, so that nothing is refused that would run: libraries, the data
and what engines keep for speed come on top.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.errors import ModelFileError, SettingError
from mlpcli.machine import available_memory, has_gpu
from mlpcli.model.shapes import PlannedLayer, SavedLayer, Shape
from mlpcli.text import printable, spoken

if TYPE_CHECKING:
    from mlpcli.config.sections import TrainingConfig
    from mlpcli.data.dataset import DataFacts
    from mlpcli.model.plan import Plan

FLOAT = 4
"""Bytes of a float32. Weights and the optimizer's state are kept in it whatever `training.precision` is."""
_SLOTS: dict[str, Callable[[Any], int]] = {
    "sgd": lambda optimizer: int(optimizer.momentum != 0),
    "rmsprop": lambda optimizer: 1 + int(optimizer.momentum > 0) + int(optimizer.centered),
    "adam": lambda optimizer: 2 + int(optimizer.amsgrad),
    "adamw": lambda optimizer: 2 + int(optimizer.amsgrad),
    "nadam": lambda optimizer: 2,
    "adamax": lambda optimizer: 2,
    "adagrad": lambda optimizer: 1,
    "adadelta": lambda optimizer: 2,
    "adafactor": lambda optimizer: 1,
    "ftrl": lambda optimizer: 2,
    "lion": lambda optimizer: 1,
    "lamb": lambda optimizer: 2,
}


def optimizer_slots(optimizer: Any) -> int:
    """How many values the optimizer of a config keeps for each trainable parameter."""
    own = _SLOTS[optimizer.tag](optimizer)
    return own + int(optimizer.use_ema) + int(optimizer.gradient_accumulation_steps is not None)


AnyLayer = PlannedLayer | SavedLayer


def values_in_training(input_shape: Shape, layers: Sequence[AnyLayer]) -> int:
    """The most values of one row that a training step holds at once, (n, ...) without the n.

    A layer's gradient needs its inputs, so that they are kept from the forward pass on; inputs that may be the data
    itself are left out.

    >>> from mlpcli.config.layers import Dense
    >>> from mlpcli.model.layer_rules import layer_size
    >>> sizes = [layer_size("dense", Dense(units=units), (before,)) for before, units in ((784, 100), (100, 10))]
    >>> values_in_training((784,), [PlannedLayer(Dense(units=1), "", "", size, "") for size in sizes])
    110
    """
    kept, most, shape, changed = 0, 0, input_shape, False
    for layer in layers:
        changed = changed or prod(shape) != prod(input_shape)
        if _has_kernel(layer):
            kept, changed = kept + (prod(shape) if changed else 0), True
        shape = layer.size.output_shape
        most = max(most, kept + prod(shape))
    return most


def values_in_forward(input_shape: Shape, layers: Sequence[AnyLayer]) -> int:
    """The same for predictions, which keep nothing: the outputs of a layer, and its inputs where it has a kernel."""
    most, shape = 0, input_shape
    for layer in layers:
        most = max(most, prod(layer.size.output_shape) + (prod(shape) if _has_kernel(layer) else 0))
        shape = layer.size.output_shape
    return most


VALUES_AT_ONCE = 1 << 28
"""A gigabyte of them; with 64 filters on 32x32 pixels, inputs and outputs of 2048 rows are as many."""


def rows_at_once(values_per_row: int) -> int:
    """How many rows to predict at a time, so that a network of wide layers does not fill the memory."""
    return max(1, VALUES_AT_ONCE // max(1, values_per_row))


def _has_kernel(layer: AnyLayer) -> bool:
    return any(len(shape) > 1 for name, shape in layer.size.weights.items() if name not in layer.size.tracked)


@dataclass(frozen=True)
class Need:
    """Bytes that a training needs at the least; activations: the outputs of the layers for one row of a batch."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    rows: int

    @classmethod
    def of(cls, plan: Plan, training: TrainingConfig, facts: DataFacts) -> Need:
        """For the larger of a training batch and, where Keras evaluates it in batches as large, a validation batch."""
        size = FLOAT if training.precision == "float32" else FLOAT // 2
        batches = [(values_in_training(plan.input_shape, plan.layers), facts.train_rows)]
        if training.engine != "numpy":
            batches.append((values_in_forward(plan.input_shape, plan.layers), facts.validation_rows))
        rows_of = [(values, min(plan.batch_size, 1 if rows is None else rows)) for values, rows in batches]
        values, rows = max(rows_of, key=prod)
        trainable = FLOAT * plan.trainable
        slots = optimizer_slots(training.optimizer)
        return cls(trainable + FLOAT * plan.non_trainable, trainable, slots * trainable, size * values, rows)

    @property
    def fixed(self) -> int:
        """What does not depend on the batch. Instead of gradients it may be the copy of the weights to go back to."""
        return self.weights + self.gradients + self.optimizer

    def most_rows(self, free: int) -> int:
        """The largest batch for `free` bytes: while its activations are all there, the gradients are not."""
        return max(0, free - self.weights - self.optimizer) // max(1, self.activations)


def check_memory(plan: Plan, training: TrainingConfig, facts: DataFacts) -> None:
    """Refuse a training that cannot fit into the memory that this process may have.

    Raises:
        SettingError: naming the layer or the batch, with the bytes needed and free.
    """
    free = available_memory()
    if free is None:
        return
    need = Need.of(plan, training, facts)
    if has_gpu():  # the training is there; here are copies of its weights
        if need.weights > free:
            raise _too_many_weights(plan, f"{spoken(need.weights)} for one copy of its weights", free)
        return
    if need.fixed > free:
        parts = f"weights {spoken(need.weights)}, gradients {spoken(need.gradients)}"
        state = f", state of {training.optimizer.tag} {spoken(need.optimizer)}" if need.optimizer else ""
        raise _too_many_weights(plan, f"{spoken(need.fixed)} to train ({parts}{state})", free)
    if need.rows > need.most_rows(free):
        raise _too_large_a_batch(plan, need, free)


def _too_many_weights(plan: Plan, needed: str, free: int) -> SettingError:
    largest = max(plan.layers, key=lambda layer: layer.size.parameters)
    share = f"{largest.size.arithmetic} of them are in layer {largest.name}"
    return SettingError(
        largest.key,
        f"the network has {plan.trainable + plan.non_trainable:,} parameters and needs at least {needed}, but only"
        f" {spoken(free)} are free; {share}: use fewer units or filters there or before it",
    )


def _too_large_a_batch(plan: Plan, need: Need, free: int) -> SettingError:
    widest = max(plan.layers, key=lambda layer: prod(layer.size.output_shape))
    made, fits = prod(widest.size.output_shape), need.most_rows(free)
    key, advice = "training.batch_size", f"set training.batch_size: {fits} or less"
    if not fits:
        key, advice = widest.key, "use fewer units, filters or pixels there"
    return SettingError(
        key,
        f"a batch of {need.rows:,} rows needs at least {spoken(need.rows * need.activations)} for the outputs of the"
        f" layers ({made:,} values a row in layer {widest.name}), beside {spoken(need.weights + need.optimizer)} for"
        f" the network, but only {spoken(free)} are free; {advice}",
    )


def check_saved(path: Path, input_shape: Shape, layers: Sequence[SavedLayer]) -> None:
    """Refuse a model file whose weights, read and put into a network, cannot fit into memory with one row's values.

    Raises:
        ModelFileError: with the bytes needed and free.
    """
    free, copies = available_memory(), 1 if has_gpu() else 2
    weights = copies * sum(np.dtype(layer.weight_type).itemsize * layer.size.parameters for layer in layers)
    needed = weights + FLOAT // 2 * (0 if has_gpu() else values_in_forward(input_shape, layers))
    if free is not None and needed > free:
        widest = max(layers, key=lambda layer: layer.size.parameters + prod(layer.size.output_shape))
        raise ModelFileError(
            f"{path}: its network needs at least {spoken(needed)} to predict, most of it in layer"
            f" {printable(widest.name)}, but only {spoken(free)} are free; close other programs,"
            " or allow more (ulimit -v)"
        )
