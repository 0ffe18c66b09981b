"""The layers of a network, looked at on some training rows before training and at its end: layers.json of a run.

All is computed by NumPy from copies of the weights, so that no random generator and no state of the training is
touched, whichever engine trains. Where NumPy does not support a layer, nothing is written.
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
from mlpcli.data.batches import take_rows
from mlpcli.data.dataset import Part
from mlpcli.errors import NeedsKerasError, RunDirectoryError
from mlpcli.model.plan import Prepared, planned_layers
from mlpcli.model.shapes import SavedLayer
from mlpcli.numpy_engine.layer_statistics import layer_numbers, unit_pictures
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
