"""From the columns of a table to the network's input, as learnt from the training rows; it travels with the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from mlpcli.config.suggestions import shown
from mlpcli.data.dataset import Array
from mlpcli.data.tables.column_encoders import ColumnEncoder, ValueColumn
from mlpcli.data.tables.column_fitters import fitter_for
from mlpcli.data.tables.column_names import check_columns
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.data.tables.target_encoder import TargetEncoder
from mlpcli.data.tables.usable_rows import gap_mask, usable_rows
from mlpcli.data.wording import first_notes, plural
from mlpcli.errors import DataError, SettingError

if TYPE_CHECKING:
    from mlpcli.config.data import ColumnKind, DataConfig
    from mlpcli.data.tables.raw_table import RawTable

Missing = Literal["impute", "drop", "error"]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Preprocessing:
    """How rows of a table become rows of x (n, width) float32, and their targets y.

    columns: one encoder per column that is used, in the order of x. options: how the training file was read.
    missing: as data.missing; with drop and error, a row to be encoded must not have gaps.
    """

    columns: tuple[ColumnEncoder, ...]
    target: TargetEncoder
    options: ReadOptions
    missing: Missing

    @property
    def source_names(self) -> tuple[str, ...]:
        """The columns that a table must have; others, and the target, it may have."""
        return tuple(column.name for column in self.columns)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns of x (width,): "age", "age is missing", "port = S", "port = (other)", ..."""
        return tuple(name for column in self.columns for name in column.feature_names)

    @property
    def pass_through(self) -> tuple[bool, ...]:
        """Which columns of x (width,) are 0 or 1 by nature and are not scaled."""
        return tuple(flag for column in self.columns for flag in column.pass_through)

    @property
    def groups(self) -> list[tuple[str, slice]]:
        """For each column of the table, which columns of x it became."""
        ends = np.cumsum([len(column.pass_through) for column in self.columns]).tolist()
        spans = zip(self.columns, [0, *ends], ends, strict=False)
        return [(column.name, slice(start, end)) for column, start, end in spans]

    def encode(self, table: RawTable) -> Array:
        """x, float32 (n, width), all finite. Columns are found by name; each row depends on nothing but itself.

        Raises:
            DataError: columns are missing, a value is of the wrong kind, or has a gap where none may be.
        """
        check_columns(table, self.source_names)
        if self.missing != "impute":
            self._refuse_gaps(table)
        x = np.zeros((len(table), len(self.pass_through)), np.float32)
        for column, (name, where) in zip(self.columns, self.groups, strict=True):
            column.encode(table.columns[name], table.place, x[:, where])
        return x

    def encode_target(self, table: RawTable) -> Array:
        """y: int64 class indices (n,), or float32 numbers (n,).

        Raises:
            DataError: there is no target column, a row has no target, or a label is not known.
        """
        return self.target.found_in(table, self.source_names).encode(table)

    def has_target(self, table: RawTable) -> bool:
        """Whether the table has a target column."""
        return self.target.name_in(table, self.source_names) is not None

    def kept_rows(self, table: RawTable, with_target: bool) -> Indices:
        """Rows that can be used, int64, ascending: with a target, if asked, and without gaps under data.missing: drop.

        Raises:
            DataError: columns are missing.
        """
        check_columns(table, self.source_names)
        target = self.target.found_in(table, self.source_names).name if with_target else None
        return usable_rows(table, self.source_names, target, self.missing)

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata."""
        return {
            "columns": [column.as_json() for column in self.columns],
            "target": self.target.as_json(),
            "options": self.options.as_json(),
            "missing": self.missing,
        }

    @classmethod
    def from_json(cls, value: object) -> Preprocessing:
        """From the model's metadata.

        Raises:
            ValueError: it is not what as_json gives; says what is wrong.
        """
        from mlpcli.data.tables.stored import read_columns, read_missing, read_options, read_parts, read_target

        columns, target, options, missing = read_parts(value, ("columns", "target", "options", "missing"), "it")
        return cls(read_columns(columns), read_target(target), read_options(options), read_missing(missing))

    def _refuse_gaps(self, table: RawTable) -> None:
        for name in self.source_names:
            gaps = gap_mask(table.columns[name])
            if gaps.any():
                raise DataError(
                    f"{table.place(int(gaps.argmax()))}: {shown(name)}: has no value"
                    f" ({plural(int(gaps.sum()), 'such row', 'such rows')}), and the model takes no rows with gaps;"
                    " fill it in, leave out the row, or train with data.missing: impute"
                )


def fit_preprocessing(
    training: Iterable[RawTable],
    kinds: Mapping[str, ColumnKind],
    target: TargetEncoder,
    data: DataConfig,
    options: ReadOptions,
) -> tuple[Preprocessing, list[str]]:
    """Learn medians, categories and where gaps are from the training rows, in batches of any size.

    The memory is bounded, see `column_fitters` and `value_sample`. Rows that training leaves out anyway (no target, or
    gaps under data.missing: drop) do not count.

    Returns:
        the preprocessing, and what people should know: grouped categories, columns that say nothing in these rows.

    Raises:
        DataError: no row is left, a value is of the wrong kind, or data.missing is error and there is a gap.
        SettingError: no column is left.
    """
    fitters = [fitter_for(name, kind, number, len(kinds)) for number, (name, kind) in enumerate(kinds.items())]
    rows, place = 0, None
    for batch in training:
        place = place or (batch.place if len(batch) else None)
        kept = usable_rows(batch, kinds, target.name, data.missing)
        table = batch if len(kept) == len(batch) else batch.take(kept)
        rows += len(table)
        for name, fitter in zip(kinds, fitters, strict=True):
            fitter.add(table.columns[name], table.place)
    if rows == 0:
        file = f"{place(0).rpartition(':')[0]}: " if place else ""
        raise DataError(f"{file}no training row is left: all lack the target or other values; see data.missing")
    encoders, notes = zip(*(fitter.finish() for fitter in fitters), strict=True)
    columns = tuple(encoder for encoder in encoders if encoder is not None)
    if not columns:
        raise SettingError("data.features", f"no column says anything in the training rows: {'; '.join(notes[:5])}")
    return Preprocessing(columns, target, options, data.missing), first_notes([note for note in notes if note])


def plain_preprocessing(
    feature_names: tuple[str, ...], class_names: tuple[str, ...] | None, target_name: str | None
) -> Preprocessing:
    """For a model trained on arrays with names: its columns are numbers, and gaps are errors.

    Where the name of the target is not known, it is the one column beside the features, or the one that is called so.
    """
    columns = tuple(ValueColumn(name, "number", 0.0, False) for name in feature_names)
    return Preprocessing(columns, TargetEncoder(target_name, class_names, positions=True), ReadOptions(), "error")
