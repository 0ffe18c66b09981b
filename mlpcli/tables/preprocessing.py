"""Turns a table into x and y, as learnt from training rows; stored with the model as JSON, and checked when loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from mlpcli.arrays import Array
from mlpcli.errors import DataError, SettingError
from mlpcli.tables.column_encoders import CategoryColumn, ColumnEncoder, ValueColumn
from mlpcli.tables.column_fitters import fitter_for
from mlpcli.tables.raw_table import RawTable, ReadOptions, check_columns, gap_mask, usable_rows
from mlpcli.tables.target import TargetEncoder
from mlpcli.text import first_notes, plural, shown

if TYPE_CHECKING:
    from mlpcli.config.sections import ColumnKind, DataConfig


Missing = Literal["impute", "drop", "error"]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Preprocessing:
    """How rows of a table become rows of x (n, width) float32, and their targets y.

    columns: one encoder per column that is used, in the order of x. options: how the training file was read.
    missing: as data.missing; with drop and error, a row to be encoded must not have missing values.
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
            DataError: there is no target column, a row has no target, or a label is unknown.
        """
        return self.target.found_in(table, self.source_names).encode(table)

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

        columns, target, options, missing = read_parts(value, ("columns", "target", "options", "missing"), "it")
        return cls(read_columns(columns), read_target(target), read_options(options), read_missing(missing))

    def _refuse_gaps(self, table: RawTable) -> None:
        for name in self.source_names:
            gaps = gap_mask(table.columns[name])
            if gaps.any():
                raise DataError(
                    f"{table.place(int(gaps.argmax()))}: {shown(name)}: has no value"
                    f" ({plural(int(gaps.sum()), 'such row', 'such rows')}), and the model does not accept missing"
                    " values; fill it in, leave out the row, or train with data.missing: impute"
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
        raise SettingError("data.features", f"no column is informative in the training rows: {'; '.join(notes[:5])}")
    return Preprocessing(columns, target, options, data.missing), first_notes([note for note in notes if note])


def plain_preprocessing(
    feature_names: tuple[str, ...], class_names: tuple[str, ...] | None, target_name: str | None
) -> Preprocessing:
    """For a model trained on arrays with names: its columns are numbers, and gaps are errors.

    Where the name of the target is not known, it is the one column beside the features, or the one that is called so.
    """
    columns = tuple(ValueColumn(name, "number", 0.0, False) for name in feature_names)
    return Preprocessing(columns, TargetEncoder(target_name, class_names, positions=True), ReadOptions(), "error")


MOST_COLUMNS = 1_000_000
MOST_NAMES = 1_000_000
LARGEST = 3.4028235e38
"""What float32 holds."""


def read_parts(value: object, keys: Sequence[str], what: str) -> list[Any]:
    """The values of exactly these keys, in this order.

    Raises:
        ValueError: it is not a mapping with exactly these keys.
    """
    if not isinstance(value, dict) or set(value) != set(keys):
        raise ValueError(f"preprocessing: {what} should hold {', '.join(keys)}")
    return [value[key] for key in keys]


def read_columns(value: object) -> tuple[ColumnEncoder, ...]:
    """Encoders of columns, each of another column."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_COLUMNS:
        raise ValueError("preprocessing: columns should be a list that is not empty")
    columns = tuple(_numbered_column(number, entry) for number, entry in enumerate(value))
    if len({column.name for column in columns}) < len(columns):
        raise ValueError("preprocessing: two columns have the same name")
    return columns


def read_target(value: object) -> TargetEncoder:
    """The encoder of the target."""
    name, class_names, positions = read_parts(value, ("name", "class_names", "positions"), "target")
    if name is not None:
        _text(name, "the target's name")
    names = None if class_names is None else _texts(class_names, "class_names")
    if names is not None and len(names) == 0:
        raise ValueError("preprocessing: class_names is empty")
    return TargetEncoder(name, names, _flag(positions, "positions"))


def read_options(value: object) -> ReadOptions:
    """How the training file was read."""
    separator, encoding, na_values = read_parts(value, ("separator", "encoding", "na_values"), "options")
    if separator is not None and len(_text(separator, "separator")) != 1:
        raise ValueError("preprocessing: separator should be one character")
    if encoding is not None:
        _text(encoding, "encoding")
    return ReadOptions(separator, encoding, _texts(na_values, "na_values"))


def read_missing(value: object) -> Any:
    """As data.missing."""
    if value not in ("impute", "drop", "error"):
        raise ValueError("preprocessing: missing should be impute, drop or error")
    return value


def _numbered_column(number: int, value: object) -> ColumnEncoder:
    try:
        return _column(value)
    except ValueError as error:
        raise ValueError(f"preprocessing.columns[{number}]: {str(error).removeprefix('preprocessing: ')}") from error


def _column(value: object) -> ColumnEncoder:
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "category":
        name, _, categories, other, missing = read_parts(
            value, ("name", "kind", "categories", "other", "missing"), "a category"
        )
        column = CategoryColumn(
            _text(name, "a name"), _texts(categories, "categories"), _flag(other, "other"), _flag(missing, "missing")
        )
        if not column.pass_through:
            raise ValueError(f"preprocessing: the column {name!r} has no categories")
        return column
    if kind not in ("number", "boolean", "date"):
        raise ValueError("preprocessing: a column has a kind that is not known")
    name, _, fill, indicator = read_parts(value, ("name", "kind", "fill", "indicator"), f"a {kind}")
    if isinstance(fill, bool) or not isinstance(fill, (int, float)) or not abs(fill) <= LARGEST:  # nor NaN
        raise ValueError("preprocessing: fill should be a finite number")
    return ValueColumn(_text(name, "a name"), kind, float(fill), _flag(indicator, "indicator"))


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"preprocessing: {what} should be text")
    return value


def _texts(value: object, what: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or len(value) > MOST_NAMES:
        raise ValueError(f"preprocessing: {what} should be a list of texts")
    texts = tuple(_text(entry, what) for entry in value)
    if len(set(texts)) < len(texts):
        raise ValueError(f"preprocessing: {what} holds a text twice")
    return texts


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"preprocessing: {what} should be true or false")
    return value


Read = Callable[[ReadOptions, int], Iterator[RawTable]]
"""Rows in batches of a given size, from the beginning each time."""


def fitting_options(read: Read, preprocessing: Preprocessing) -> ReadOptions:
    """As the file itself suggests or, where the columns then are not there, as the training file was read.

    The new file may have another encoding or separator than the training file.
    """
    stored = preprocessing.options
    found = ReadOptions(None, None, stored.na_values)
    if found == stored or _has_columns(read, found, preprocessing) or not _has_columns(read, stored, preprocessing):
        return found
    return stored


def _has_columns(read: Read, options: ReadOptions, preprocessing: Preprocessing) -> bool:
    try:
        first = next(iter(read(options, 1)), None)
    except (DataError, SettingError):
        return False
    return first is not None and set(preprocessing.source_names) <= set(first.names)
