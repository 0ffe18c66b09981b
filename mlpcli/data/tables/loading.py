"""A table file as a data set: read, split, and only then fitted, on the training rows alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.data.dataset import Rows, Source, Splits
from mlpcli.data.other_rows import labelled_rows
from mlpcli.data.split import draw_rows, join_parts
from mlpcli.data.tables.column_encoders import CONVERSIONS
from mlpcli.data.tables.decisions import Decisions, decide
from mlpcli.data.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.data.tables.reader import read_table
from mlpcli.data.tables.usable_rows import left_out_note, usable_rows
from mlpcli.data.wording import plural
from mlpcli.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mlpcli.config.data import DataConfig
    from mlpcli.data.tables.raw_table import RawTable
    from mlpcli.data.tables.target_encoder import TargetEncoder


def load_table(path: Path, data: DataConfig, seed: int, stored: Preprocessing | None = None) -> tuple[Source, Splits]:
    """Read all rows into memory; `stored` is the preprocessing of a trained model, used instead of a new one.

    Rows without a target are left out, and with data.missing: drop those with gaps; the parts are drawn from the rest.

    Raises:
        DataError: the file is bad, or cannot be learnt from. SettingError: a setting does not fit it.
    """
    raw, _, notes = read_table(path, ReadOptions.of(data))
    decisions = decide(path, [raw], data)
    notes += decisions.notes
    names, target = tuple(decisions.kinds), decisions.target
    if stored is not None:
        names, target = stored.source_names, stored.target.found_in(raw, stored.source_names)
    kept = usable_rows(raw, names, target.name, data.missing)
    if data.missing == "drop":
        notes += left_out_note(len(raw) - len(kept), len(raw))
    if len(kept) < 2:
        usable = plural(len(kept), "row", "rows")
        raise DataError(f"{path}: {usable} can be used; at least 2 are needed to learn anything")
    rows = raw if len(kept) == len(raw) else raw.take(kept)
    y = target.encode(rows)
    own = {key: _other_table(setting, data) for key, setting in (("test", data.test), ("validation", data.validation))}
    counts = {key: _usable_count(table, names, target, data) for key, table in own.items()}
    drawn = draw_rows(data, seed, y, target.class_names, counts["test"], counts["validation"])
    if stored is None:
        stored, fitted = _fitted(rows, drawn.train, decisions, data)
        notes += fitted
    train = Rows(stored.encode(rows), y)
    test, validation = (
        labelled_rows(Path(str(getattr(data, key))), table, stored) if table is not None else None
        for key, table in own.items()
    )
    source = _source(path, train, test, stored, decisions, notes)
    return source, join_parts(data, train, drawn, test, validation)


def table_name(path: Path) -> str:
    """What a table is called: its file without its ends, or the folder of a glob."""
    name = path.parent.name if any(sign in path.name for sign in "*?[") else path.name
    return name.split(".")[0] or name


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
    rows: RawTable, training: npt.NDArray[np.int64], decisions: Decisions, data: DataConfig
) -> tuple[Preprocessing, list[str]]:
    """Learnt from the training rows; a bad value is named as the first of all rows, whichever part it was drawn for."""
    try:
        return fit_preprocessing([rows.take(training)], decisions.kinds, decisions.target, data, ReadOptions.of(data))
    except DataError:
        for name, kind in decisions.kinds.items():
            if kind != "category":
                CONVERSIONS[kind](rows.columns[name], name, rows.place)
        raise


def _other_table(setting: float | str | None, data: DataConfig) -> RawTable | None:
    if not isinstance(setting, str) or setting == "test":
        return None
    return read_table(Path(setting), ReadOptions.of(data))[0]


def _usable_count(
    table: RawTable | None, names: tuple[str, ...], target: TargetEncoder, data: DataConfig
) -> int | None:
    return None if table is None else len(usable_rows(table, names, target.name, data.missing))
