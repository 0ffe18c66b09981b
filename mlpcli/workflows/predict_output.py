"""From a model's outputs to what people read: labels with their probabilities, or numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.arrays import Array
from mlpcli.data.dataset import Layout
from mlpcli.data_folder import located
from mlpcli.errors import DataError, OutputError, UserError
from mlpcli.modelfile.card import Meaning
from mlpcli.tables.table_writer import CsvOutput, check_table_name, guarded
from mlpcli.text import did_you_mean, quoted, shown
from mlpcli.workflows.input_batches import STANDARD_INPUT, InputBatch
from mlpcli.workflows.predict_inputs import STDIN, Input, PredictionInputs
from mlpcli.workflows.spread import Spread, class_scores

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.workflows.picture_batches import PictureReading


@dataclass(frozen=True, eq=False)
class Answers:
    """The predictions for one batch of rows.

    classes, scores: (n, top), the best class first, as indices; both None where the model predicts numbers. spread:
    where it was asked for.
    """

    batch: InputBatch
    outputs: Array
    classes: Array | None
    scores: Array | None
    spread: Spread | None = None

    def __len__(self) -> int:
        return len(self.outputs)


def answers(batch: InputBatch, outputs: Array, meaning: Meaning, top: int) -> Answers:
    """Rank the classes of each row of outputs (n, units).

    Raises:
        UserError: an output is NaN or infinite.
    """
    broken = list(batch.broken)
    good = np.asarray(np.isfinite(outputs).all(axis=1))
    good[broken] = True
    if not good.all():
        raise UserError(
            f"{batch.place(int(np.argmin(good)))}: the model's output is NaN or infinite; the row's values are probably"
            " far outside those it was trained on: correct or remove the row"
        )
    if broken:
        outputs = outputs.copy()
        outputs[broken] = np.nan
    if meaning.class_names is None:
        return Answers(batch, outputs, None, None)
    scores = class_scores(outputs, meaning.threshold)
    ranks = scores if meaning.chosen is None else class_scores(outputs, meaning.chosen)
    classes = np.argsort(-ranks, axis=1, kind="stable")[:, :top]
    return Answers(batch, outputs, classes, np.take_along_axis(scores, classes, axis=1))


def entries(found: Answers, meaning: Meaning) -> Iterator[dict[str, Any]]:
    """One dictionary per row: input, row (not for pictures), then label and probability, or value.

    One that could not be read has an `error` instead. With more than one class asked for, `top` lists them, the best
    first; with several targets, `values` are all, in their order, and so are `spreads`.
    """
    names, batch = meaning.class_names or (), found.batch
    for index in range(len(found)):
        entry: dict[str, Any] = {"input": batch.name(index)}
        if batch.first is not None:
            entry["row"] = batch.first + index
        if index in batch.broken:
            yield entry | {"error": batch.broken[index]}
            continue
        if found.classes is None or found.scores is None:
            values = [_shortest(value) for value in found.outputs[index]]
            value = {"value": values[0]} if len(values) == 1 else {"values": values}
            yield entry | value | _spread_entry(found.spread, index)
            continue
        ranked = [
            {"label": names[which], meaning.score: _shortest(score)}
            for which, score in zip(found.classes[index], found.scores[index], strict=True)
        ]
        more = {"top": ranked} if len(ranked) > 1 else {}
        yield entry | ranked[0] | _spread_entry(found.spread, index) | more


def _spread_entry(spread: Spread | None, index: int) -> dict[str, Any]:
    if spread is None:
        return {}
    deviations = [_shortest(value) for value in spread.deviations[index]]
    if spread.agree is not None:
        return {"spread": deviations[0], "agree": float(spread.agree[index])}
    return {"spread": deviations[0]} if len(deviations) == 1 else {"spreads": deviations}


def _shortest(value: np.generic) -> float:
    """The shortest decimal that is the same 32-bit number: 0.8 instead of 0.800000011920929."""
    return float(str(value))


def check_output(path: Path, inputs: PredictionInputs, given: Sequence[Input], model: Path) -> None:
    """Refuse an output that would overwrite an input, or that cannot hold the rows of all inputs.

    Raises:
        UserError: the format is unknown, or the name is that of an input or of the model.
        DataError: tables with different columns.
    """
    check_table_name("--output", path)
    for other in (model, *_files(given)):
        if path.exists() and other.exists() and path.samefile(other):
            raise UserError(f"--output {path}: is also an input and would be overwritten; choose another name")
    tables = list(inputs.columns.items())
    for name, columns in tables[1:]:
        odd = sorted(set(columns) ^ set(tables[0][1]))
        if odd:
            has, lacks = (name, tables[0][0]) if odd[0] in columns else (tables[0][0], name)
            near = did_you_mean(odd[0], [column for column in dict(tables)[lacks] if column != odd[0]])
            raise DataError(
                f'{has}: has a column "{odd[0]}" that {lacks} lacks; one --output needs the same columns: give the'
                f" files one at a time{near}"
            )


def _files(given: Sequence[Input]) -> list[Path]:
    """Every input file."""
    from mlpcli.tables.table_files import is_table_path, table_files

    paths = [located(item) for item in given if isinstance(item, (str, Path)) and str(item) != STDIN]
    return [file for path in paths for file in (table_files(path) if is_table_path(path) else [path])]


@dataclass(frozen=True)
class AnswerColumns:
    """What --output holds. names: the columns to write, in this order; None for all of them.

    probabilities: a column for each class, too, after these unless they name some of the classes. mark: whether a CSV
    begins with a byte order mark.
    """

    names: tuple[str, ...] | None = None
    probabilities: bool = False
    mark: bool = True


def answer_table(
    found: Answers, meaning: Meaning, wanted: AnswerColumns, foreign: Callable[[str], str] = str
) -> pa.Table:
    """The columns of the input (or its name and row number), followed by the predictions.

    `predicted` and `probability`, with more classes asked for `predicted_2`, `probability_2` ...; several numbers are
    `predicted_` with the name of each target, or `predicted_1`, `predicted_2` ... where these are unknown. Where the
    spread was asked for, `spread` and, for classes, `agree` follow. With wanted.probabilities, each class has a column
    with its name. A name that the input has already is written as `predicted (model)`. Labels are written as `foreign`
    says: they come with the model file, which may be a stranger's. The cells of the input are the person's own, and
    come back as they were given.
    """
    import pyarrow as pa

    columns = _own_columns(found)
    own = frozenset(columns)
    classes = class_columns(found, meaning) if wanted.probabilities else []
    for name, values in [*answer_columns(found, meaning, foreign), *_spread_columns(found, meaning), *classes]:
        columns[_free(name, columns)] = _without_broken(values, found)
    of_classes = tuple(columns)[len(columns) - len(classes) :]
    names = tuple(columns) if wanted.names is None else wanted.names
    if not {*names} & {*of_classes}:
        names += of_classes
    for name in names:
        if name not in columns:
            raise UserError(
                f'--columns: the output has no column "{shown(name)}"; it has: {quoted(list(columns))}'
                f"{did_you_mean(name, columns)}"
            )
    written_names = [name if name in own else foreign(name) for name in names]
    return pa.table([columns[name] for name in names], names=written_names)


def _without_broken(values: pa.Array, found: Answers) -> pa.Array:
    """Answers with gaps for the inputs that could not be read."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not found.batch.broken:
        return values
    good = np.isin(np.arange(len(found)), list(found.batch.broken), invert=True)
    return pc.if_else(pa.array(good), values, pa.scalar(None, values.type))


def class_columns(found: Answers, meaning: Meaning) -> list[tuple[str, Any]]:
    """The score of every class, by its name; a binary model's output is that of the second one."""
    import pyarrow as pa

    outputs = class_scores(found.outputs, meaning.threshold)
    names = meaning.class_names or ()
    return [(name, pa.array(np.ascontiguousarray(outputs[:, index]))) for index, name in enumerate(names)]


def _own_columns(found: Answers) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa

    batch = found.batch
    if batch.table is not None:
        cells = batch.table.columns if batch.table.written is None else batch.table.written
        return {name: cells[name] for name in batch.table.names}
    names = pa.array([to_utf8(batch.name(index)) for index in range(len(found))], pa.string())
    if batch.first is None:
        return {"file": names}
    return {"file": names, "row": pa.array(np.arange(batch.first, batch.first + len(found)))}


def answer_columns(found: Answers, meaning: Meaning, foreign: Callable[[str], str]) -> list[tuple[str, Any]]:
    import numpy as np
    import pyarrow as pa

    if found.classes is None or found.scores is None:
        return [(name, pa.array(found.outputs[:, place])) for place, name in enumerate(numbered("predicted", meaning))]
    labels = np.array([foreign(to_utf8(name)) for name in meaning.class_names or ()], dtype=object)
    columns: list[tuple[str, Any]] = []
    for rank in range(found.classes.shape[1]):
        end = f"_{rank + 1}" if rank else ""
        columns.append((f"predicted{end}", pa.array(labels[found.classes[:, rank]], pa.string())))
        columns.append((f"{meaning.score}{end}", pa.array(np.ascontiguousarray(found.scores[:, rank]))))
    return columns


def _spread_columns(found: Answers, meaning: Meaning) -> list[tuple[str, Any]]:
    import pyarrow as pa

    if found.spread is None:
        return []
    deviations, agree = found.spread.deviations, found.spread.agree
    if agree is not None:
        return [("spread", pa.array(deviations[:, 0])), ("agree", pa.array(agree))]
    return [(name, pa.array(deviations[:, place])) for place, name in enumerate(numbered("spread", meaning))]


def numbered(word: str, meaning: Meaning) -> list[str]:
    """The names of the columns for the numbers that a model predicts."""
    if meaning.outputs == 1:
        return [word]
    return [f"{word}_{to_utf8(target)}" for target in meaning.targets or map(str, range(1, meaning.outputs + 1))]


def to_utf8(name: str) -> str:
    """The name, with escapes for what UTF-8 cannot hold: the bytes of a file name in another encoding."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _free(name: str, taken: dict[str, Any]) -> str:
    free = name
    while free in taken:
        free += " (model)"
    return free


def check_folder(folder: Path) -> None:
    """Check that a folder is new or empty, so that no file of the user's can be overwritten.

    Raises:
        UserError: it is a file, or holds files.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"--save-input {folder}: is a file; give a folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"--save-input {folder}: is not empty, and mlpcli overwrites nothing in it; give a new folder")


class SavedInputs:
    """Writes examples into a folder: a PNG of the exact size for each picture, a CSV for each table.

    A photo from which a thing was cut also has the steps to it: its background, and the thing in its box. The CSV has
    the columns that the network sees, before its own scaling. Use it in a `with` statement.
    """

    def __init__(self, folder: Path, layout: Layout, pictures: PictureReading | None = None) -> None:
        self.folder, self.layout, self.pictures = folder, layout, pictures
        self.columns = layout.feature_names or tuple(f"x{index}" for index in range(layout.input_shape[-1]))
        self._tables: dict[str, CsvOutput] = {}
        self._taken: set[str] = set()

    def __enter__(self) -> SavedInputs:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{self.folder}: cannot be made: {error.strerror}; choose another folder") from error
        return self

    def __exit__(self, *error: object) -> None:
        for output in self._tables.values():
            output.close()

    def add(self, batch: InputBatch) -> None:
        """Write the examples of a batch.

        Raises:
            OutputError: a full disk or a missing permission.
        """
        try:
            if len(self.layout.input_shape) == 1:
                self._add_rows(batch)
            else:
                self._add_pictures(batch)
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"{self.folder}: cannot be written: {reason}; choose another folder") from error

    def _add_rows(self, batch: InputBatch) -> None:
        import pyarrow as pa

        name = batch.name(0)
        if name not in self._tables:
            self._tables[name] = CsvOutput(self.folder / self._free(_stem(name), ".csv"))
        self._tables[name].write(pa.table({guarded(column): batch.x[:, i] for i, column in enumerate(self.columns)}))

    def _add_pictures(self, batch: InputBatch) -> None:
        from PIL import Image

        for index, pixels in enumerate(picture_of(batch.x, self.layout.pixel_max)):
            if index in batch.broken:
                continue
            stem = _stem(batch.name(index))
            if batch.first is not None:
                stem = f"{stem}-{batch.first + index}"
            steps = self.pictures.steps(Path(batch.name(index))) if self.pictures is not None else {}
            named = {stem: pixels, **{f"{stem}-{step}": image for step, image in steps.items()}}
            for name, image in named.items():
                Image.fromarray(image).save(self.folder / self._free(name, ".png"), format="PNG")

    def _free(self, stem: str, end: str) -> str:
        """A name not used yet, ignoring case: two folders may hold pictures of the same name."""
        name, number = f"{stem}{end}", 1
        while name.lower() in self._taken:
            number += 1
            name = f"{stem}-{number}{end}"
        self._taken.add(name.lower())
        return name


def picture_of(x: Array, pixel_max: float | None) -> Array:
    """Examples (n, h, w[, c]) as pixels from 0 to 255 that Pillow takes, (n, h, w) or (n, h, w, 3).

    Without a known range of values, it is that of these examples; other numbers of channels are averaged.
    """
    values = x.astype(np.float32)
    if values.ndim == 4 and values.shape[-1] != 3:
        values = values.mean(axis=-1)
    low, high = (0.0, float(pixel_max)) if pixel_max else (float(values.min()), float(values.max()))
    pixels = np.rint((values - low) * (255 / ((high - low) or 1)))
    clipped: Array = np.clip(pixels, 0, 255).astype(np.uint8)
    return clipped


def _stem(name: str) -> str:
    """The name of a file without its folders and its (last) ending."""
    return "stdin" if name == STANDARD_INPUT else Path(name).stem
