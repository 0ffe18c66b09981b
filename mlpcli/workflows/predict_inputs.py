"""The inputs of predict: their kind, and a check of all of them before the model is loaded."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Layout
from mlpcli.data.images.class_folders import holds_pictures, is_picture_name
from mlpcli.data_folder import located
from mlpcli.errors import DataError, UserError
from mlpcli.files import AnyFile, missing_folder, near_file
from mlpcli.globs import matches
from mlpcli.tables.table_files import is_table_path
from mlpcli.workflows.input_batches import STANDARD_INPUT, InputBatch

if TYPE_CHECKING:
    from mlpcli.tables.preprocessing import Preprocessing
    from mlpcli.tables.raw_table import RawTable
    from mlpcli.tables.unlike import UnlikeTraining
    from mlpcli.workflows.picture_batches import PictureReading

KEPT_BYTES = 1 << 26
"""Inputs up to this many bytes stay in memory after the check; larger ones are read a second time."""
MOST_REASONS = 10
"""Inputs that cannot be read, each with its reason; the others are counted."""
Kind = Literal["picture", "table", "array"]
Make = Callable[[bool], Iterator[InputBatch]]
"""Reads the inputs; whether one that cannot be read is an error."""


@dataclass(frozen=True)
class PredictionInputs:
    """Checked inputs of one kind.

    rows: how many there are. batches: reads them, from the beginning each time. columns: of each table, those it has.
    separator: between the values of the tables, where they have one. pictures: how pictures were read, where they are.
    """

    kind: Kind
    rows: int
    batches: Callable[[], Iterator[InputBatch]]
    columns: dict[str, tuple[str, ...]]
    separator: str = ","
    pictures: PictureReading | None = None


@dataclass(frozen=True)
class Reading:
    """How inputs are read: the model's layout and targets, the stream of `-`, where notes go.

    invert, crop: of pictures, as in `PictureReading`. strict: whether an input that cannot be read is an error, instead
    of one without an answer. fit: makes the preprocessing of a table of this name, for a model that knows no columns;
    may be called once.
    """

    layout: Layout
    targets: tuple[str, ...]
    stdin: IO[bytes] | None
    invert: bool | None
    note: Callable[[str], None]
    strict: bool = False
    crop: bool | None = None
    fit: Callable[[str, Iterable[RawTable]], Preprocessing] | None = None


def open_inputs(inputs: Sequence[Input], reading: Reading) -> PredictionInputs:
    """Find the kind of the inputs and read all of them once, so that errors come before the model is loaded.

    Raises:
        UserError: there are none, or they are of several kinds.
        DataError: one is missing, cannot be read, or does not fit the model.
    """
    items = [item for given in inputs for item in expanded(given)]
    if not items:
        raise UserError("there is nothing to predict; give a picture, a table, an .npy or .npz file, or - for CSV")
    kinds = [kind_of(item, reading.layout) for item in items]
    for item, kind in zip(items, kinds, strict=True):
        if kind != kinds[0]:
            both = f"{name_of(items[0])} is {a_kind(kinds[0])} and {name_of(item)} {a_kind(kind)}"
            raise UserError(f"{both}; give inputs of one kind at a time")
    if kinds[0] == "picture":
        return _open_pictures([Path(str(item)) for item in items], reading)
    return checked_inputs(kinds[0], _maker(kinds[0], items, reading), reading)


def _maker(kind: Kind, items: list[Input], reading: Reading) -> Make:
    """Reads arrays or tables, from the beginning each time it is called."""
    if kind == "array":
        layout = reading.layout
        named = [(name_of(item), item if isinstance(item, np.ndarray) else Path(item)) for item in items]
        from mlpcli.workflows.input_batches import array_batches

        return lambda strict: (batch for name, array in named for batch in array_batches(name, array, layout))
    return _table_maker([Path(str(item)) for item in items], reading)


def _open_pictures(paths: list[Path], reading: Reading) -> PredictionInputs:
    from mlpcli.workflows.picture_batches import picture_files

    if reading.layout.image is None:
        raise DataError(mismatch(f"{paths[0]}: is {a_kind('picture')}", reading.layout))
    files = [file for path in paths for file in (picture_files(path, reading.note) if path.is_dir() else [path])]
    return checked_pictures(files, reading)


def checked_pictures(files: Sequence[AnyFile], reading: Reading) -> PredictionInputs:
    """Picture files for a model that takes some, read once; `reading.note` hears what was done with them."""
    from mlpcli.workflows.picture_batches import PictureReading, picture_batches

    assert reading.layout.image is not None
    pictures = PictureReading(reading.layout, reading.layout.image, reading.invert, reading.crop)
    checked = checked_inputs("picture", lambda strict: picture_batches(files, pictures, strict), reading)
    for note in pictures.notes.lines():
        reading.note(note)
    return replace(checked, pictures=pictures)


def _table_maker(paths: list[Path], reading: Reading) -> Make:
    from mlpcli.workflows import input_batches as tables

    preprocessing = tables.preprocessing_of(reading.layout, reading.targets)
    if preprocessing is None and reading.fit is None:
        raise DataError(mismatch(f"{name_of(paths[0])}: is {a_kind('table')}", reading.layout))
    readers: list[tuple[str, Any]] = []
    for path in paths:
        if str(path) != STDIN:
            readers.append((str(path), tables.file_reader(path)))
        elif reading.stdin is None:
            raise DataError(f"{STANDARD_INPUT}: is closed; send CSV with a line of column names")
        elif any(name == STANDARD_INPUT for name, _ in readers):
            raise UserError("-: standard input can be read only once; give it once")
        else:
            readers.append((STANDARD_INPUT, tables.KeptStream(reading.stdin).read))
    if preprocessing is None:
        preprocessing = _fitted(readers, reading)
    fitted = preprocessing
    return lambda strict: (
        batch for name, read in readers for batch in tables.table_batches(name, read, fitted, strict)
    )


def _fitted(readers: list[tuple[str, Any]], reading: Reading) -> Preprocessing:
    """From a look at all rows of all tables, since the model knows no columns."""
    from mlpcli.tables.raw_table import ReadOptions
    from mlpcli.workflows.input_batches import BATCH_ROWS

    assert reading.fit is not None
    rows = (batch for _, read in readers for batch in read(ReadOptions(), BATCH_ROWS))
    return reading.fit(readers[0][0], rows)


def checked_inputs(kind: Kind, make: Make, reading: Reading) -> PredictionInputs:
    """Read everything once, and note in what it is unlike the training rows; small inputs are kept in memory.

    Raises:
        DataError: there are no rows, none of them can be read, or one holds a value that is not finite.
    """
    unlike = _unlike_training(reading.layout.preprocessing)
    kept: list[InputBatch] = []
    columns: dict[str, tuple[str, ...]] = {}
    rows, size, separators, broken = 0, 0, set[str](), list[str]()
    for batch in make(reading.strict):
        broken += batch.broken.values()
        _check_finite(batch)
        rows, size = rows + len(batch), size + batch.nbytes
        if batch.table is not None:
            columns[batch.name(0)] = batch.table.names
            separators.add(batch.table.separator)
            if unlike is not None:
                unlike.add(batch.table.take(batch.good) if batch.broken else batch.table)
        if size <= KEPT_BYTES:
            kept.append(batch)
        else:
            kept.clear()
    if rows == 0:
        raise DataError("the input holds no rows; give at least one")
    if len(broken) == rows:
        raise DataError(broken[0])
    for reason in broken[:MOST_REASONS]:
        reading.note(f"warning: {reason}")
    if broken:
        reading.note(
            f"warning: {len(broken):,} of {rows:,} inputs cannot be read and get no answer; --strict refuses them"
        )
    for note in unlike.notes() if unlike is not None else ():
        reading.note(f"warning: {note}")
    separator = separators.pop() if len(separators) == 1 else ","

    def again() -> Iterator[InputBatch]:
        # This holds `make` even if the batches were kept: the file with standard input must last as long as the
        # inputs, because a message about a row reads it again to find the line.
        return iter(kept) if kept else make(reading.strict or not broken)  # what was whole stays so

    return PredictionInputs(kind, rows, again, columns, separator)


def _unlike_training(known: Preprocessing | None) -> UnlikeTraining | None:
    if known is None:
        return None
    from mlpcli.tables.unlike import UnlikeTraining

    return UnlikeTraining(known)


def _check_finite(batch: InputBatch) -> None:
    if batch.x.dtype.kind != "f":
        return
    good = np.isfinite(batch.x.reshape(len(batch), -1)).all(axis=1)
    if not good.all():
        raise DataError(
            f"{batch.place(int(np.argmin(good)))}: holds a value that is NaN or infinite; correct or remove the row"
        )


Input = str | Path | Array
STDIN = "-"
ARRAY_ENDS = (".npy", ".npz")


def expanded(given: Input) -> list[Input]:
    """A pattern's matches, for shells that leave patterns to the program; tables expand their own.

    A relative path that does not exist is looked for in MLPCLI_DATA.

    Raises:
        DataError: MLPCLI_DATA is not a folder, or holds the path in several places; far too many files match.
    """
    if isinstance(given, np.ndarray) or str(given) == STDIN:
        return [given]
    path = located(given)
    if path.exists() or is_table_path(path):
        return [path]
    found = sorted(matches(path)) if glob.has_magic(str(path)) else []
    return [*found] or [path]


def kind_of(item: Input, layout: Layout) -> Kind:
    """The kind of an input; the model decides if the name does not tell.

    Raises:
        DataError: it does not exist, or is of an unsupported type.
    """
    if isinstance(item, np.ndarray):
        return "array"
    path = Path(item)
    if str(item) == STDIN:
        return "table"
    if not path.exists() and not (glob.has_magic(str(path)) and is_table_path(path)):
        found = (
            "no file matches"
            if glob.has_magic(str(path))
            else f"does not exist{missing_folder(path) + near_file(path) or '; check the path'}"
        )
        raise DataError(f"{path}: {found}")
    if path.suffix.lower() in ARRAY_ENDS:
        return "array"
    if path.is_dir() and layout.image is not None and holds_pictures(path):
        return "picture"  # though a table of their labels may lie beside them
    if is_table_path(path):
        return "table"
    if path.is_dir() or is_picture_name(path.name) or layout.image is not None:
        return "picture"  # a picture of any other name is told by its content, which is looked at later
    raise DataError(
        f"{path}: unsupported file type; give a table (.csv, .tsv, .parquet), an .npy or .npz file, or a picture"
    )


def name_of(item: Input) -> str:
    """What messages call an input."""
    if isinstance(item, np.ndarray):
        return "the array"
    return STANDARD_INPUT if str(item) == STDIN else str(item)


def a_kind(kind: Kind) -> str:
    """A kind of input in the middle of a sentence."""
    return {"picture": "a picture", "table": "a table", "array": "an array"}[kind]


MOST_COLUMNS = 20


def mismatch(found: str, layout: Layout) -> str:
    """`photo.png: is a picture, but this model takes table rows with the columns a, b, c; give such inputs`."""
    return f"{found}, but this model takes {taken_by(layout)}; give such inputs"


def taken_by(layout: Layout) -> str:
    """The inputs of a model with this layout."""
    arrays = f"an .npy or .npz file of the shape (rows, {', '.join(map(str, layout.input_shape))})"
    if layout.image is not None:
        height, width = layout.image.size
        return f"{layout.image.color} pictures (made {height} x {width} pixels), or {arrays}"
    names = layout.preprocessing.source_names if layout.preprocessing is not None else layout.feature_names
    if names and len(layout.input_shape) == 1:
        listed = ", ".join(names[:MOST_COLUMNS]) + (", ..." if len(names) > MOST_COLUMNS else "")
        return f"table rows with the columns {listed}"
    return arrays
