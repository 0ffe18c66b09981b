"""From the data section to rows in parts: the one way to load data, with a table's preprocessing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.config.yaml_names import yaml_names
from mlpcli.data.catalog import CATALOG
from mlpcli.data.dataset import Rows, Source, Splits, Watch, layout_of, row_count
from mlpcli.data.folds import fold_of, row_marks
from mlpcli.data.images.sorting_hints import refuse_table_of_labels
from mlpcli.data.other_rows import labelled_rows, read_rows, row_place
from mlpcli.data.settings import check_settings
from mlpcli.data.sources import load_source
from mlpcli.data.split import draw_rows, join_parts
from mlpcli.errors import DataError, SettingError
from mlpcli.files import reading
from mlpcli.tables.kinds import Decisions, decide
from mlpcli.tables.preprocessing import Preprocessing, fit_to_rows
from mlpcli.tables.raw_table import ReadOptions, left_out_note, usable_rows
from mlpcli.tables.table_files import is_table_path, table_name
from mlpcli.tables.table_reader import give_back_memory, read_table
from mlpcli.text import plural, shown

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mlpcli.config.sections import DataConfig
    from mlpcli.tables.raw_table import RawTable
    from mlpcli.tables.target import TargetEncoder


@dataclass(frozen=True, eq=False)
class LoadedData:
    """A data set and its parts."""

    source: Source
    splits: Splits


def unwatched(what: str, done: int, total: int) -> None:
    """A `Watch` that ignores the progress of loading."""


def load_data(data: DataConfig, seed: int, stored: Preprocessing | None = None, watch: Watch = unwatched) -> LoadedData:
    """Load and split what data.source names.

    A table is split before its preprocessing is fitted, on the training rows alone; every other source is split as it
    is. A table too large for memory stays on disk (see data.streaming).

    Args:
        data: the section of the config.
        seed: of the split.
        stored: the preprocessing of a trained model, to be used instead of one fitted now.
        watch: told how long pieces of work go.

    Raises:
        DataError: the data is not there, cannot be read, or cannot be learnt from.
        SettingError: a setting does not fit it.
    """
    path = Path(data.source)
    if data.source in CATALOG or not is_table_path(path):
        source = load_source(data, watch)
        return LoadedData(source, split_source(source, data, seed))
    with reading(path):
        if path.is_dir():
            refuse_table_of_labels(path)
        return LoadedData(*_load_table(path, data, seed, stored, watch))


def _load_table(
    path: Path, data: DataConfig, seed: int, stored: Preprocessing | None, watch: Watch
) -> tuple[Source, Splits]:
    from mlpcli.data.streaming.load_streamed import load_streamed, should_stream

    check_settings(data, "table")
    stream, why = should_stream(path, data)
    if stream and fold_of(data) is not None:
        raise SettingError("data.folds", f"folds need all rows in memory; set data.streaming: never ({why})")
    if stream:
        return load_streamed(path, data, seed, stored, watch, why)
    loaded = load_table(path, data, seed, stored)
    give_back_memory()
    return loaded


def load_table(path: Path, data: DataConfig, seed: int, stored: Preprocessing | None = None) -> tuple[Source, Splits]:
    """Read all rows into memory; `stored` is the preprocessing of a trained model, used instead of a new one.

    Rows without a target are left out, and with data.missing: drop those with gaps; the parts are drawn from the rest.

    Raises:
        DataError: the file is bad, or cannot be learnt from. SettingError: a setting does not fit it.
    """
    raw, _, notes = read_table(path, ReadOptions.of(data))
    decisions = decide(path, [raw], data)
    notes += decisions.notes
    names, target, kinds = tuple(decisions.kinds), decisions.target, decisions.kinds
    options = stored.options if stored is not None else replace(ReadOptions.of(data), formats=decisions.formats)
    written, raw = raw if fold_of(data) is not None else None, raw.read_as(options)
    if stored is not None:
        names, target, kinds = stored.source_names, stored.target.found_in(raw, stored.source_names), stored.kinds
    raw = raw.as_kinds({**kinds, **target.kinds})
    give_back_memory()  # that of texts that are numbers by now
    kept = usable_rows(raw, names, target.names, data.missing)
    if data.missing == "drop":
        notes += left_out_note(len(raw) - len(kept), len(raw))
    if len(kept) < 2:
        usable = plural(len(kept), "row", "rows")
        raise DataError(f"{path}: {usable} can be used; at least 2 are needed to learn anything")
    rows = raw if len(kept) == len(raw) else raw.take(kept)
    y = target.encode(rows)
    settings = {"test": data.test, "validation": data.validation}
    own = {key: _other_table(setting, options) for key, setting in settings.items()}
    counts = {key: _usable_count(table, names, target, data) for key, table in own.items()}
    belongs = None if written is None else row_marks(path, written, kept, data)
    drawn = draw_rows(data, seed, y, target.class_names, counts["test"], counts["validation"], belongs)
    notes += _group_note(data, names)
    if stored is None:
        stored, fitted = _fitted(rows, drawn.train, decisions, data, options)
        notes += fitted
    train = Rows(stored.encode(rows), y, place=row_place(rows))
    test, validation = (
        labelled_rows(Path(str(getattr(data, key))), table, stored) if table is not None else None
        for key, table in own.items()
    )
    source = _source(path, train, test, stored, decisions, notes)
    return source, join_parts(data, train, drawn, test, validation)


def _source(
    path: Path, train: Rows, test: Rows | None, preprocessing: Preprocessing, decisions: Decisions, notes: list[str]
) -> Source:
    return Source(
        table_name(path),
        "table",
        train,
        test,
        preprocessing.target.class_names,
        preprocessing.feature_names,
        None,
        preprocessing=preprocessing,
        columns=decisions.columns,
        notes=tuple(notes),
    )


def _fitted(
    rows: RawTable, training: npt.NDArray[np.int64], decisions: Decisions, data: DataConfig, options: ReadOptions
) -> tuple[Preprocessing, list[str]]:
    """Learnt from the training rows; a bad value is named as the first of all rows, whichever part it was drawn for."""
    try:
        return fit_to_rows(rows, training, decisions.kinds, decisions.target, data, options)
    except DataError:
        for name, kind in decisions.kinds.items():
            if kind != "category":
                rows.numbers(name, kind)
        raise


def _group_note(data: DataConfig, names: tuple[str, ...]) -> list[str]:
    folds = fold_of(data)
    if folds is None or folds.group not in names:
        return []
    group = f'data.folds.group: "{shown(folds.group)}" is also an input, and new rows may belong to other groups'
    return [f"{group}; to leave it out: data.exclude: {yaml_names([folds.group])}"]


def _other_table(setting: float | str | None, options: ReadOptions) -> RawTable | None:
    if not isinstance(setting, str) or setting == "test":
        return None
    return read_table(Path(setting), options)[0]


def _usable_count(
    table: RawTable | None, names: tuple[str, ...], target: TargetEncoder, data: DataConfig
) -> int | None:
    return None if table is None else len(usable_rows(table, names, target.names, data.missing))


def split_source(source: Source, data: DataConfig, seed: int) -> Splits:
    """Split the rows of a source by data.limit, data.test and data.validation, in this order.

    data.limit keeps the first rows. A data.test fraction is taken from what is kept, a data.validation fraction
    from what then remains. Classes keep their shares to within one row (data.stratify), and each keeps a training row.

    Raises:
        SettingError: a fraction that leaves an empty part, a class too small to stratify, settings that collide.
        DataError: the rows in a data.test or data.validation file are bad, or training has one class only.
    """
    test_rows = _rows_at("data.test", data.test, source) or source.test
    validation_rows = _rows_at("data.validation", data.validation, source) if data.validation != "test" else None
    drawn = draw_rows(data, seed, source.train.y, source.class_names, row_count(test_rows), row_count(validation_rows))
    return join_parts(data, source.train, drawn, test_rows, validation_rows)


def _rows_at(key: str, setting: float | str | None, source: Source) -> Rows | None:
    return read_rows(key, Path(setting), layout_of(source)) if isinstance(setting, str) else None
