"""What is to be predicted: which kind each input is, and all of it looked at before a model is loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from mlpcli.data.other_rows import Layout
from mlpcli.errors import DataError, UserError
from mlpcli.workflows.prediction.batch import InputBatch
from mlpcli.workflows.prediction.kinds import STANDARD_INPUT, STDIN, Input, Kind, a_kind, expanded, kind_of, name_of
from mlpcli.workflows.prediction.mismatch import mismatch

KEPT_BYTES = 1 << 26
"""Inputs up to this size stay in memory after they were checked; larger ones are read a second time."""


@dataclass(frozen=True)
class PredictionInputs:
    """Checked inputs of one kind.

    rows: how many there are. batches: reads them, from the beginning each time. columns: of each table, those it has.
    """

    kind: Kind
    rows: int
    batches: Callable[[], Iterator[InputBatch]]
    columns: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Reading:
    """How inputs are read: for which model, with `-` from which stream, inverting pictures or not, notes to whom."""

    file: Path
    layout: Layout
    target: str | None
    stdin: IO[bytes] | None
    invert: bool
    note: Callable[[str], None]


def open_inputs(inputs: Sequence[Input], reading: Reading) -> PredictionInputs:
    """Tell the kind of the inputs and read all of them once, so that whatever is wrong is found now.

    Raises:
        UserError: there are none, or they are of several kinds.
        DataError: one is missing, cannot be read, or is not what the model takes.
    """
    items = [item for given in inputs for item in expanded(given)]
    if not items:
        raise UserError("there is nothing to predict; give a picture, a table, an .npy or .npz file, or - for CSV")
    kinds = [kind_of(item, reading.layout) for item in items]
    for item, kind in zip(items, kinds, strict=True):
        if kind != kinds[0]:
            both = f"{name_of(items[0])} is {a_kind(kinds[0])} and {name_of(item)} {a_kind(kind)}"
            raise UserError(f"{both}; give inputs of one kind at a time")
    make = _maker(kinds[0], items, reading)
    return _checked(kinds[0], make)


def _maker(kind: Kind, items: list[Input], reading: Reading) -> Callable[[], Iterator[InputBatch]]:
    """A function that reads the inputs, from the beginning each time it is called."""
    layout = reading.layout
    if kind == "array":
        named = [(name_of(item), item if isinstance(item, np.ndarray) else Path(item)) for item in items]
        from mlpcli.workflows.prediction.arrays import array_batches

        return lambda: (batch for name, array in named for batch in array_batches(name, array, layout))
    return (_picture_maker if kind == "picture" else _table_maker)([Path(str(item)) for item in items], reading)


def _picture_maker(paths: list[Path], reading: Reading) -> Callable[[], Iterator[InputBatch]]:
    from mlpcli.workflows.prediction.pictures import picture_batches, picture_files

    form = reading.layout.image
    if form is None:
        raise DataError(mismatch(f"{paths[0]}: is {a_kind('picture')}", reading.layout))
    files = [file for path in paths for file in (picture_files(path, reading.note) if path.is_dir() else [path])]
    told: set[str] = set()

    def note(text: str) -> None:  # once, though pictures may be read twice
        if text not in told:
            told.add(text)
            reading.note(text)

    return lambda: picture_batches(files, form, reading.layout, reading.invert, note)


def _table_maker(paths: list[Path], reading: Reading) -> Callable[[], Iterator[InputBatch]]:
    from mlpcli.workflows.prediction import tables

    preprocessing = tables.preprocessing_of(reading.layout, reading.target)
    if preprocessing is None:
        raise DataError(mismatch(f"{name_of(paths[0])}: is {a_kind('table')}", reading.layout))
    tables.check_encoded(reading.file, preprocessing, reading.layout)
    readers: list[tuple[str, Any]] = []
    for path in paths:
        if str(path) != STDIN:
            readers.append((str(path), tables.file_reader(path)))
        elif reading.stdin is None:
            raise DataError(f"{STANDARD_INPUT}: is closed; send CSV with a line of column names")
        elif any(name == STANDARD_INPUT for name, _ in readers):
            raise UserError("-: standard input can be read once; give it once")
        else:
            readers.append((STANDARD_INPUT, tables.KeptStream(reading.stdin).read))
    return lambda: (batch for name, read in readers for batch in tables.table_batches(name, read, preprocessing))


def _checked(kind: Kind, make: Callable[[], Iterator[InputBatch]]) -> PredictionInputs:
    """Read everything once; what is small is kept."""
    kept: list[InputBatch] = []
    columns: dict[str, tuple[str, ...]] = {}
    rows = size = 0
    for batch in make():
        _check_finite(batch)
        rows, size = rows + len(batch), size + batch.nbytes
        if batch.table is not None:
            columns[batch.name(0)] = batch.table.names
        if size <= KEPT_BYTES:
            kept.append(batch)
        else:
            kept.clear()
    if rows == 0:
        raise DataError("the input holds no rows; give at least one")
    return PredictionInputs(kind, rows, (lambda: iter(kept)) if kept else make, columns)


def _check_finite(batch: InputBatch) -> None:
    if batch.x.dtype.kind != "f":
        return
    good = np.isfinite(batch.x.reshape(len(batch), -1)).all(axis=1)
    if not good.all():
        raise DataError(
            f"{batch.place(int(np.argmin(good)))}: holds a value that is NaN or infinite; correct or remove the row"
        )
