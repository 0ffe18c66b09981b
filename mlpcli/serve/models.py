"""The models that are served: opened once, named, and opened again where their files have changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mlpcli.arrays import Array
from mlpcli.errors import MlpcliError
from mlpcli.modelfile.saved_model import SavedModel, open_model
from mlpcli.runs.directory import find_model
from mlpcli.scoring.predictor import EngineName, Predictor, load_predictor
from mlpcli.serve.quick_rows import QuickRows
from mlpcli.text import did_you_mean, listed
from mlpcli.workflows.input_batches import preprocessing_of

if TYPE_CHECKING:
    from mlpcli.data.dataset import Layout, Part
    from mlpcli.modelfile.card import Meaning, Told
    from mlpcli.tables.preprocessing import Preprocessing

Kind = Literal["picture", "table", "array"]
MOST_COLUMNS = 20
Stamp = tuple[int, int, int]
"""Of a file: when it was written, its size, and its number on the disk."""


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A model with its network, as its file was when it was opened. version: 1, and one more each time it is reloaded.

    A network of NumPy keeps arrays for its results, so that one thread at a time may ask it.
    """

    name: str
    saved: SavedModel
    network: Predictor
    stamp: Stamp
    version: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def meaning(self) -> Meaning:
        """What the outputs stand for."""
        return self.saved.meaning

    @cached_property
    def layout(self) -> Layout:
        """What rows must look like."""
        layout = self.saved.card.layout
        return replace(layout, any_shape=True) if self.saved.takes_any_shape else layout

    @cached_property
    def preprocessing(self) -> Preprocessing | None:
        """How rows of a table become inputs; None for a model that takes no named columns."""
        told = self.saved.told
        layout = replace(self.layout, feature_names=told.inputs) if told.inputs else self.layout
        return preprocessing_of(layout, self.meaning.targets)

    @cached_property
    def quick_rows(self) -> QuickRows | None:
        """What encodes usual rows of a table; None where gaps are errors, which the ordinary way names."""
        fitted = self.preprocessing
        return QuickRows(fitted) if fitted is not None and fitted.missing == "impute" else None

    @cached_property
    def kind(self) -> Kind:
        """What it takes."""
        if self.layout.image is not None:
            return "picture"
        return "table" if self.preprocessing is not None else "array"

    @property
    def taken(self) -> str:
        """What a request may hold, for messages."""
        rows = f"rows of numbers of the shape ({', '.join(map(str, self.input_shape))})"
        if self.preprocessing is not None and self.kind == "table":
            return f"rows with the columns {listed(self.preprocessing.source_names, MOST_COLUMNS)}"
        return f"pictures, or {rows}" if self.kind == "picture" else rows

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of one example."""
        return self.saved.input_shape

    def predict(self, part: Part) -> Array:
        """Outputs (n, units) for raw rows; threads wait for each other."""
        with self._lock:
            return self.network.predict(part)


@dataclass
class _Place:
    """Where a model is found, and what is served of it now."""

    path: Path
    model: ServedModel
    failed: Stamp | None = None


class Models:
    """All models that are served, by name; the first one answers where a request names none."""

    def __init__(self, paths: Sequence[Path], engine: EngineName = "auto", told: Told | None = None) -> None:
        """Open all of them.

        Raises:
            MlpcliError: one cannot be opened.
        """
        self._engine, self._told = engine, told
        names = _names(paths)
        self._places = {name: _Place(path, self._open(name, path)) for name, path in zip(names, paths, strict=True)}

    def __iter__(self) -> Iterator[ServedModel]:
        return iter([place.model for place in self._places.values()])

    @property
    def first(self) -> ServedModel:
        """The one that was named first."""
        return next(iter(self))

    def find(self, name: str) -> ServedModel | None:
        """The model of this name."""
        place = self._places.get(name)
        return None if place is None else place.model

    def unknown(self, name: str) -> str:
        """What is said where no model has this name."""
        return f'no model "{name[:80]}"; available: {", ".join(self._places)}{did_you_mean(name, self._places)}'

    def refresh(self, note: Callable[[str], None]) -> None:
        """Open each model again whose file has changed; one that cannot be opened goes on as it was.

        Requests that are being answered keep the model that they began with.
        """
        for name, place in self._places.items():
            stamp = _stamp(place.path)
            if stamp is None or stamp in (place.model.stamp, place.failed):
                continue
            try:
                place.model = self._open(name, place.path, place.model.version + 1)
                note(f"{name}: reloaded from {place.model.saved.path}")
            except MlpcliError as error:
                place.failed = stamp
                note(f"warning: {name}: the changed file was not loaded: {error}")

    def _open(self, name: str, path: Path, version: int = 1) -> ServedModel:
        stamp = _stamp(path)  # before it is read: a later change is then seen
        saved = open_model(path, self._told)
        model = ServedModel(name, saved, load_predictor(saved, self._engine), stamp or (0, 0, 0), version)
        _ = model.quick_rows  # made now, not while the first request waits
        return model


def _stamp(path: Path) -> Stamp | None:
    """Of the model's file now; None where there is none, as while a run is moved."""
    try:
        status = (find_model(path) if path.is_dir() else path).stat()
    except (OSError, MlpcliError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _names(paths: Sequence[Path]) -> list[str]:
    """The name of the run's folder or of the file, with a number where another one has it."""
    names: dict[str, None] = {}
    for path in paths:
        resolved = path.resolve()
        inside = resolved.is_file() and resolved.stem == "model"
        name = resolved.parent.name if inside else resolved.name if resolved.is_dir() else resolved.stem
        base, number = name or "model", 1
        while name in names or not name:
            number += 1
            name = f"{base}-{number}"
        names[name] = None
    return list(names)
