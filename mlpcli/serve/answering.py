"""From what was sent to predictions: the functions of `mlpcli predict`, asked of a network that is loaded."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Layout
from mlpcli.errors import DataError
from mlpcli.files import MemoryFile
from mlpcli.serve.limits import Limits, RequestError, too_many_rows
from mlpcli.serve.models import ServedModel
from mlpcli.serve.rows import Row, table_of
from mlpcli.tables.table_writer import CsvOutput, CsvStyle
from mlpcli.workflows.input_batches import InputBatch, array_batches, table_batch, table_batches
from mlpcli.workflows.predict import PreparedPrediction
from mlpcli.workflows.predict_inputs import Make, PredictionInputs, Reading, checked_inputs, checked_pictures
from mlpcli.workflows.predict_output import AnswerColumns, Answers, answer_table, entries, picture_of
from mlpcli.workflows.row_ranges import range_warning

if TYPE_CHECKING:
    from mlpcli.tables.preprocessing import Preprocessing
    from mlpcli.tables.raw_table import RawTable, ReadOptions

ROWS = "rows"
"""What rows of a JSON request are called where `mlpcli predict` names their file."""


@dataclass(frozen=True)
class Wanted:
    """How a request is to be answered. top: classes to name. invert, crop: of pictures, as in `mlpcli predict`.

    strict: whether a row that cannot be read is an error, instead of one without an answer. cells: whether the answer
    repeats the cells of its row, as a CSV does.
    """

    top: int = 1
    invert: bool | None = None
    crop: bool | None = None
    strict: bool = False
    cells: bool = False


@dataclass(frozen=True, eq=False)
class Answered:
    """The answers to one request. notes: what `mlpcli predict` would print beside them."""

    model: ServedModel
    inputs: PredictionInputs
    found: tuple[Answers, ...]
    notes: list[str] = field(default_factory=list)

    def entries(self) -> Iterator[dict[str, Any]]:
        """One dictionary a row, as `mlpcli predict --json` prints them."""
        return (entry for some in self.found for entry in entries(some, self.model.meaning))

    @property
    def rows(self) -> int:
        """How many there are."""
        return sum(map(len, self.found))

    @property
    def outputs(self) -> Array:
        """The network's, (n, units)."""
        return np.concatenate([some.outputs for some in self.found])

    def csv(self, wanted: AnswerColumns) -> bytes:
        """The rows with their predictions, as `mlpcli predict --output answers.csv` writes them."""
        content = io.BytesIO()
        output = CsvOutput(content, CsvStyle(self.inputs.separator, wanted.mark))
        for some in self.found:
            output.write(answer_table(some, self.model.meaning, wanted, output.foreign))
        return content.getvalue()

    def seen(self) -> list[str | None]:
        """Each picture as the network saw it, a PNG as a data URL; None for one that could not be read."""
        layout = self.model.layout
        return [
            None if index in some.batch.broken else _data_url(pixels)
            for some in self.found
            for index, pixels in enumerate(picture_of(_as_pictures(some.batch, layout), layout.pixel_max))
        ]


def _as_pictures(batch: InputBatch, layout: Layout) -> Array:
    """Rows of pixels as pictures (n, h, w[, c])."""
    if layout.image is None or batch.x.ndim > 2:
        return batch.x
    return batch.x.reshape(len(batch), *layout.image.size, -1)


def _data_url(pixels: Array) -> str:
    from PIL import Image

    content = io.BytesIO()
    Image.fromarray(pixels).save(content, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


def answer_rows(model: ServedModel, rows: Sequence[Row], wanted: Wanted, limits: Limits) -> Answered:
    """Predictions for rows of columns by name.

    Raises:
        DataError: the model takes no columns, or none of the rows can be read.
        RequestError: there are too many.
    """
    preprocessing = _columns_of(model)
    _check_rows(len(rows), limits)
    x = model.quick_rows.encode(rows) if model.quick_rows is not None and not wanted.cells else None
    if x is not None:
        return _answer(model, "table", lambda strict: iter([InputBatch(x, (ROWS,), 0)]), wanted)
    table = table_of(rows, preprocessing)
    return _answer(model, "table", lambda strict: iter([table_batch(ROWS, table, preprocessing, strict)]), wanted)


def answer_table_file(model: ServedModel, file: MemoryFile, wanted: Wanted, limits: Limits) -> Answered:
    """Predictions for the rows of a CSV (raises as `answer_rows`)."""
    from mlpcli.tables.table_reader import read_named

    preprocessing = _columns_of(model)

    def read(options: ReadOptions, at_once: int) -> Iterator[RawTable]:
        rows = 0
        for batch in read_named(file, file.name, options, min(at_once, limits.rows + 1)):
            rows += len(batch)
            _check_rows(rows, limits)
            yield batch

    return _answer(model, "table", lambda strict: table_batches(file.name, read, preprocessing, strict), wanted)


def answer_array(model: ServedModel, values: Any, wanted: Wanted, limits: Limits) -> Answered:
    """Predictions for rows of numbers (n, *input shape), or (n, columns) in the order of the model's columns.

    Raises:
        DataError: they are no numbers, or have another shape.
        RequestError: there are too many.
    """
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError) as error:  # rows of different lengths
        raise DataError(f"{ROWS}: do not all have the same shape; the model takes {model.taken}") from error
    if array.dtype == object:  # whole numbers beyond 64 bits, or no numbers
        raise DataError(f"{ROWS}: hold values that are not numbers or are too large; the model takes {model.taken}")
    _check_rows(len(array) if array.ndim else 1, limits)
    return _answer(model, "array", lambda strict: array_batches(ROWS, array, model.layout), wanted)


def answer_pictures(model: ServedModel, files: Sequence[MemoryFile], wanted: Wanted, limits: Limits) -> Answered:
    """Predictions for picture files.

    Raises:
        DataError: the model takes no pictures, or none of these can be read.
        RequestError: there are too many, or one has too many pixels.
    """
    if model.layout.image is None:
        raise DataError(f"{files[0].name}: is a picture, but this model takes {model.taken}")
    _check_rows(len(files), limits)
    for file in files:
        _check_pixels(file, limits)
    notes: list[str] = []
    return _ask(model, checked_pictures(files, _reading(model, wanted, notes)), wanted, notes)


def _columns_of(model: ServedModel) -> Preprocessing:
    if model.preprocessing is None:
        raise DataError(f"{model.name} takes no columns, but {model.taken}")
    return model.preprocessing


def _check_rows(rows: int, limits: Limits) -> None:
    if rows == 0:
        raise RequestError(422, f"{ROWS}: give at least one")
    if rows > limits.rows:
        raise too_many_rows(limits)


def _check_pixels(file: MemoryFile, limits: Limits) -> None:
    """Refuse a picture by what its header says; one without a header is left to whoever reads it."""
    from mlpcli.data.images.decoding import UnreadablePictureError, open_picture, quiet_pillow

    try:
        with quiet_pillow(), open_picture(file) as image:
            width, height = image.size
    except UnreadablePictureError:
        return
    if width * height > limits.megapixels * 1_000_000:
        raise RequestError(
            413,
            f"{file.name}: has {width:,} x {height:,} pixels, but at most {limits.megapixels:,} million are read; make"
            " it smaller, or start mlpcli serve --max-megapixels N",
        )


def _answer(model: ServedModel, kind: Any, make: Make, wanted: Wanted) -> Answered:
    notes: list[str] = []
    inputs = checked_inputs(kind, make, _reading(model, wanted, notes))
    warning = range_warning(model.saved, next(inputs.batches()).x)
    return _ask(model, inputs, wanted, [*notes, *([f"warning: {warning}"] if warning is not None else [])])


def _reading(model: ServedModel, wanted: Wanted, notes: list[str]) -> Reading:
    note: Callable[[str], None] = notes.append
    return Reading(model.layout, model.meaning.targets, None, wanted.invert, note, wanted.strict, wanted.crop)


def _ask(model: ServedModel, inputs: PredictionInputs, wanted: Wanted, notes: list[str]) -> Answered:
    classes = model.meaning.class_names
    top = min(wanted.top, len(classes)) if classes is not None else 1
    ready = PreparedPrediction(
        model.saved, "auto", model.meaning, inputs, model.layout, top, None, None, AnswerColumns()
    )  # fmt: skip
    return Answered(model, inputs, tuple(ready.answers(model.predict)), notes)
