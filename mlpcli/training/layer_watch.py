"""The layers of a network, looked at on some training rows: before training and at its end, gradients after each epoch.

All is computed by NumPy from copies of the weights, so that no random generator and no state of the training is
touched, whichever engine trains. Where NumPy does not support a layer, layers.json is not written.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.batches import encode_targets, row_weights, take_rows
from mlpcli.data.dataset import Part
from mlpcli.errors import NeedsKerasError, RunDirectoryError
from mlpcli.model.members import trained_layers
from mlpcli.model.objective import loss_units
from mlpcli.model.plan import Prepared, planned_layers
from mlpcli.model.shapes import SavedLayer
from mlpcli.numpy_engine.layer_statistics import gradient_norms, layer_numbers, unit_pictures
from mlpcli.numpy_engine.members import MeanOverMembers
from mlpcli.numpy_engine.network import Network
from mlpcli.numpy_engine.numpy_objective import make_loss
from mlpcli.numpy_engine.step import Batch
from mlpcli.runs.directory import GRADIENTS
from mlpcli.runs.history import HistoryWriter
from mlpcli.runs.layer_file import LayerFile, read_layers, write_layers

MOST_ROWS, FEWEST_ROWS = 512, 128
MOST_PRODUCTS = 1e8
"""Multiplications of all rows in one pass, which take NumPy some milliseconds."""


def sample_rows(part: Part, layers: Sequence[SavedLayer]) -> Array:
    """Indices (n,) of the rows to look at, always the same: evenly spread, of rows on disk the first.

    As many as one pass can do in some milliseconds, from 128 to 512; all, where there are fewer.
    """
    products = sum(
        prod(shape) * prod(layer.size.output_shape[:-1])
        for layer in layers
        for shape in layer.size.weights.values()
        if len(shape) > 1
    )
    rows = min(len(part), max(FEWEST_ROWS, min(MOST_ROWS, int(MOST_PRODUCTS / max(1, products)))))
    held: object = part.x
    if not isinstance(held, np.ndarray):
        return np.asarray(part.indices[:rows])
    return part.indices[np.linspace(0, len(part) - 1, rows).astype(np.int64)]


@dataclass
class LayerWatch:
    """Writes layers.json of a run."""

    run: Path
    prepared: Prepared

    def start(self, weights: Sequence[Array], resumed: bool) -> None:
        """Look at the first weights; where a run is resumed, what was seen at its first start stays.

        Raises:
            OutputError: the disk is full.
        """
        if not resumed:
            self._write(weights)
            return
        known = self._known()
        if known.start:
            write_layers(self.run, replace(known, end=(), first_layer=None))

    def end(self, weights: Sequence[Array]) -> None:
        """Look at the weights that were kept (raises as `start`)."""
        self._write(weights, self._known())

    def _write(self, weights: Sequence[Array], known: LayerFile | None = None) -> None:
        """known: what was seen before training; None before training."""
        shape, part = self.prepared.plan.input_shape, self.prepared.splits.train
        rows = sample_rows(part, self._layers)
        with suppress(NeedsKerasError):
            x = take_rows(part.x, rows)
            found, left_out = layer_numbers(shape, self._layers, self._names, list(weights), x)
            if known is None:
                layers = LayerFile(len(rows), start=found, left_out=left_out)
            else:
                first = unit_pictures(shape, self._layers, self._names, weights)
                layers = LayerFile(len(rows), known.start, found, left_out, first)
            write_layers(self.run, layers)

    def _known(self) -> LayerFile:
        """What is in the file; nothing, where somebody damaged it."""
        try:
            return read_layers(self.run)
        except RunDirectoryError:
            return LayerFile()

    @cached_property
    def _layers(self) -> list[SavedLayer]:
        return planned_layers(self.prepared.plan, self.prepared.scaling, self.prepared.target_scaling)

    @cached_property
    def _names(self) -> list[str]:
        return [layer.name for layer in self.prepared.plan.layers]


class GradientNorms:
    """Writes gradients.csv of a run: a row for each epoch, with the norm of the gradient of each layer with a kernel.

    The gradient is that of the loss over the sampled rows, penalties included, as in a step of training without noise.
    """

    def __init__(self, run: Path, prepared: Prepared) -> None:
        """`mlpcli.numpy_engine.supported.check_gradients` must have found nothing."""
        self.writer = HistoryWriter(run / GRADIENTS)
        self.prepared = prepared

    def look(self, epoch: int, weights: Sequence[Array]) -> None:
        """Add the row of an epoch (from 0) that ended with these weights.

        Raises:
            OutputError: the disk is full.
        """
        for own, array in zip(self._network.weights(), weights, strict=True):
            own[...] = array
        norms = gradient_norms(self._network, self._batch)
        names = {layer.safe_name: layer.name for layer in self.prepared.plan.layers}
        row = {_column(names[name]): norm for name, norm in norms.items()}
        self.writer.append({"epoch": epoch + 1, **row})

    @cached_property
    def _layers(self) -> list[SavedLayer]:
        prepared = self.prepared
        return trained_layers(planned_layers(prepared.plan, prepared.scaling, prepared.target_scaling))

    @cached_property
    def _network(self) -> Network:
        zeros = [np.zeros(shape, np.float32) for layer in self._layers for shape in layer.weights]
        network = Network.of(self.prepared.plan.input_shape, self._layers, zeros)
        network.noise(False)
        return network

    @cached_property
    def _batch(self) -> Batch:
        plan, part = self.prepared.plan, self.prepared.splits.train
        units = loss_units(plan.loss.tag, plan.target_scaling, self.prepared.target_scaling)
        loss = make_loss(plan.loss, units=units)
        rows = sample_rows(part, self._layers)
        y = take_rows(part.y, rows)
        return Batch(
            take_rows(part.x, rows),
            encode_targets(y, plan.labels, len(plan.class_names or ())),
            MeanOverMembers(loss) if plan.members > 1 else loss,
            units.weight,
            row_weights(self.prepared.class_weights, y),
        )


def _column(name: str) -> str:
    """The column of a layer; one is taken."""
    return f"layer {name}" if name == "epoch" else name
