"""The formats that a model is exported to, the rows that each is checked on, and what a file of each tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from mlpcli import __version__
from mlpcli.arrays import Array
from mlpcli.modelfile.saved_model import SavedModel
from mlpcli.tables.raw_table import RawTable

AT_ONCE = 100
"""Rows that a runtime is given at a time: the windows of a convolution take thousands of numbers a row."""


@dataclass(frozen=True, eq=False)
class Rows:
    """x: (n, *input_shape), as the network takes them. table: the same rows as the model takes them, with columns.

    None where the model has no preprocessing of a table.
    """

    x: Array
    table: RawTable | None = None

    def __len__(self) -> int:
        return len(self.x)

    def batches(self) -> Iterator[Rows]:
        """The same rows, a few at a time."""
        for start in range(0, len(self), AT_ONCE):
            rows = np.arange(start, min(start + AT_ONCE, len(self)))
            yield replace(self, x=self.x[rows], table=None if self.table is None else self.table.take(rows))


class Exporter(Protocol):
    """What each file of a format has."""

    write: Callable[[SavedModel, Path], list[Path]]
    """Write a model to a new path, whose name has the format's ending; returns all files and folders written."""
    outputs: Callable[[SavedModel, Path, Rows], Array]
    """What the format's own runtime makes of rows: (n, units) float32."""
    runtime: Callable[[], str]
    """The name and the version of that runtime; raises a UserError where a package is missing."""


@dataclass(frozen=True)
class Format:
    """home: the module. endings: of the file's name; a folder's is free.

    preprocesses: whether a table's preprocessing is in the file, so that it takes columns as they are.
    """

    home: str
    endings: tuple[str, ...]
    preprocesses: bool = False
    folder: bool = False

    def exporter(self) -> Exporter:
        """What writes and runs it."""
        return cast(Exporter, import_module(f"mlpcli.exporters.{self.home}"))


FORMATS = {
    "onnx": Format("onnx", (".onnx",), preprocesses=True),
    "litert": Format("litert", (".tflite",)),
    "savedmodel": Format("saved_model", ("_saved_model",), folder=True),
    "numpy": Format("numpy_module", (".py",), preprocesses=True),
    "keras": Format("keras_file", (".keras", ".h5")),
}
"""By the name that --to takes."""


def facts(saved: SavedModel) -> dict[str, str]:
    """What a program should know of the model; lists are JSON."""
    card, meaning = saved.card, saved.meaning
    found = {"name": card.name, "task": meaning.task, "mlpcli_version": __version__}
    if meaning.class_names is not None:
        found["class_names"] = json.dumps(meaning.class_names, ensure_ascii=False)
        found["output"] = meaning.score
    if meaning.task == "binary":
        found["threshold"] = repr(meaning.decides_at)
    if meaning.targets:
        found["targets"] = json.dumps(meaning.targets, ensure_ascii=False)
    preprocessing = card.data.preprocessing
    features = preprocessing.feature_names if preprocessing is not None else card.data.feature_names
    if features:
        found["feature_names"] = json.dumps(features, ensure_ascii=False)
    if card.data.pixel_max is not None:
        found["pixel_max"] = f"{card.data.pixel_max:g}"
    return found
