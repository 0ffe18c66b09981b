"""The formats that a model is exported to: names, endings, and the file that writes and runs each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from mlpcli.arrays import Array
from mlpcli.exporters.rows import Rows
from mlpcli.modelfile.saved_model import SavedModel


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
