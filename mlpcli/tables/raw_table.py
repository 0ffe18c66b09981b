"""The rows of a table as read: columns by name, missing values, usable rows, and how a file is to be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from mlpcli.errors import DataError, SettingError
from mlpcli.machine import in_threads
from mlpcli.tables.column_format import PLAIN_FORMAT, ColumnFormat
from mlpcli.tables.line_edit import PLAIN_LINES, LineRules
from mlpcli.tables.texts import with_one_dictionary
from mlpcli.tables.values import CONVERSIONS, ValueKind, holds_date, holds_number
from mlpcli.text import did_you_mean, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.config.data_words import ColumnKind
    from mlpcli.config.sections import DataConfig


@dataclass(frozen=True, eq=False)
class RawTable:
    """Columns by name, and where each row stands.

    columns: from CSV all are strings, from Parquet whatever the file says; a gap is a null in both.
    place: row index (from 0) to where a person finds it: "people.csv:17", or "people.parquet: row 16 (from 0)".
    written: the same cells exactly as they stand in the file, where these are kept.
    separator: between the values of the file.
    typed: columns that hold numbers (float64, NaN for a gap) since they were converted, and as what (see `as_kinds`).
    known: what `numbers` has found out about the others.
    """

    columns: pa.Table
    place: Callable[[int], str]
    written: pa.Table | None = None
    separator: str = ","
    typed: Mapping[str, ValueKind] = field(default_factory=dict)
    known: dict[tuple[str, ValueKind], Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def numbers(self, name: str, kind: ValueKind) -> Floats:
        """A column as float64 (n,), NaN for a gap: numbers, booleans as 1 and 0, or dates in days; converted once.

        Raises:
            DataError: a value that is none, as the function in CONVERSIONS says.
        """
        if self.typed.get(name) == kind:
            return _values(self.columns[name])
        found = self.known.get((name, kind))
        if found is None:
            found = self.known[name, kind] = CONVERSIONS[kind](self.columns[name], name, self.place)
        return found

    def as_kinds(self, kinds: Mapping[str, ColumnKind]) -> RawTable:
        """The same rows in less memory: each of these columns in the form that it is used in, converted once.

        Categories become dictionaries, all others numbers. A column with a wrong value stays as it is: whoever uses it
        says so.
        """
        made = dict(zip(kinds, in_threads(self._as_kind, list(kinds.items()), len(self) * len(kinds)), strict=True))
        typed = {name: kind for name, kind in kinds.items() if kind != "category" and made[name] is not None}
        columns = [
            column if (new := made.get(name)) is None else new
            for name, column in zip(self.names, self.columns.columns, strict=True)
        ]
        return RawTable(_table(columns, self.names), self.place, self.written, self.separator, {**self.typed, **typed})

    def _as_kind(self, asked: tuple[str, ColumnKind]) -> pa.ChunkedArray | None:
        import pyarrow as pa

        name, kind = asked
        if name not in self.names:
            return None
        column = self.columns[name]
        if kind == "category":
            texts = pa.types.is_string(column.type) and len(self) > 0
            return pa.chunked_array([with_one_dictionary(column).combine_chunks()]) if texts else None
        try:
            return _column(self.numbers(name, kind))
        except DataError:
            return None

    def take(self, rows: npt.NDArray[np.int64]) -> RawTable:
        """Some of the rows, by index (ascending or not); each still knows its place."""
        import pyarrow as pa

        place, taken = self.place, pa.array(rows)

        def take(column: pa.ChunkedArray) -> pa.ChunkedArray:
            return column.take(taken)

        columns = in_threads(take, self.columns.columns, len(rows) * len(self.names))
        return replace(
            self,
            columns=_table(columns, self.names),
            place=lambda row: place(int(rows[row])),
            written=None if self.written is None else self.written.take(taken),
            known={key: values[rows] for key, values in self.known.items()},
        )

    def select(self, names: Sequence[str]) -> RawTable:
        """Some of the columns, however many there are."""
        typed = {name: self.typed[name] for name in names if name in self.typed}
        keys = [(name, kind) for name in names for kind in CONVERSIONS]
        known = {key: self.known[key] for key in keys if key in self.known}
        return replace(self, columns=self.columns.select(names), typed=typed, known=known)

    def read_as(self, options: ReadOptions) -> RawTable:
        """The same rows, with texts in plain form (see `read_as`)."""
        if options.formats is None:
            return self
        dressed = {name for name, form in options.formats.items() if form != PLAIN_FORMAT}
        may_be_gaps = {
            "number": holds_number(options.gap_words),
            "date": holds_date(options.gap_words),
            "boolean": True,  # such as "no"
        }
        keys = [(name, kind) for name, kind in self.known if name not in dressed and not may_be_gaps[kind]]
        known = {key: self.known[key] for key in keys}
        plain = {name for name, kind in known if kind == "number"}
        return replace(self, columns=read_as(self.columns, options, plain), known=known)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the order of the file."""
        return tuple(self.columns.column_names)


Floats = npt.NDArray[np.float64]


def _values(column: pa.ChunkedArray) -> Floats:
    """A column of float64 as an array; a view, where it is in one piece."""
    values: Floats = (column.chunk(0) if column.num_chunks == 1 else column).to_numpy(zero_copy_only=False)
    return values


def _column(values: Floats) -> pa.ChunkedArray:
    import pyarrow as pa

    return pa.chunked_array([pa.Array.from_buffers(pa.float64(), len(values), [None, pa.py_buffer(values)])])


def _table(columns: Sequence[pa.ChunkedArray], names: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    return pa.table(columns, names=names)


@dataclass(frozen=True)
class ReadOptions:
    """How a table is to be read. separator, encoding: None to be detected.

    na_values: texts that mean a missing value, besides the usual ones; an empty tuple: nothing but an empty cell does.
    formats: how the cells of columns are written, for those that are not plain. None where that is still to be decided:
    then cells come as they are written, and only an empty one is a gap. rules: which lines are no rows.
    """

    separator: str | None = None
    encoding: str | None = None
    na_values: tuple[str, ...] | None = None
    formats: Mapping[str, ColumnFormat] | None = None
    rules: LineRules = PLAIN_LINES

    @classmethod
    def of(cls, data: DataConfig) -> ReadOptions:
        """What the config says."""
        na_values = None if data.na_values is None else tuple(data.na_values)
        return cls(data.separator, data.encoding, na_values, rules=LineRules.of(data))

    @property
    def gap_words(self) -> tuple[str, ...]:
        """The texts that mean a missing value in any column."""
        if self.na_values is None:
            return USUAL_GAPS
        return (*USUAL_GAPS, *(value.strip() for value in self.na_values)) if self.na_values else ()

    def as_json(self) -> dict[str, Any]:
        """For the model's metadata."""
        formats = {name: form.as_json() for name, form in (self.formats or {}).items()}
        na_values = None if self.na_values is None else list(self.na_values)
        rules = self.rules.as_json()
        found = {"separator": self.separator, "encoding": self.encoding, "na_values": na_values, "formats": formats}
        return found if self.rules == PLAIN_LINES else {**found, "rules": rules}


MOST_LISTED = 20
MOST_HINTS = 5


def listed_columns(names: Collection[str]) -> str:
    """The first twenty names, with commas."""
    first = ", ".join(shown(name) for name in list(names)[:MOST_LISTED])
    return first + (f", ... ({len(names):,} in all)" if len(names) > MOST_LISTED else "")


def check_known(key: str, file: str, wanted: Iterable[str], names: Collection[str]) -> None:
    """Check that every wanted column exists and is named once; `key` is the setting that names them.

    Raises:
        SettingError: the first one that is not, with the nearest name.
    """
    known, seen = set(names), set[str]()
    for column in wanted:
        if column not in known:
            near = did_you_mean(column, names)
            raise SettingError(key, f'{file} has no column "{shown(column)}"; it has: {listed_columns(names)}{near}')
        if column in seen:
            raise SettingError(key, f'column "{shown(column)}" is named twice; name it once')
        seen.add(column)


def check_columns(table: RawTable, wanted: Iterable[str]) -> None:
    """Check that all wanted columns are in the table.

    Raises:
        DataError: columns are missing; all are named.
    """
    names = set(table.names)
    missing = [name for name in wanted if name not in names]
    if not missing:
        return
    near = [did_you_mean(name, table.names).removeprefix("; ") for name in missing[:MOST_HINTS]]
    hints = [f"{shown(name)} ({hint})" for name, hint in zip(missing, near, strict=False) if hint]
    columns = "the column" if len(missing) == 1 else f"{len(missing):,} columns"
    raise DataError(
        f"{file_of(table)}: lacks {columns} {listed_columns(missing)}; it has: {listed_columns(table.names)};"
        f" rename or add {'it' if len(missing) == 1 else 'them'}{': ' if hints else ''}{', '.join(hints)}"
    )


def file_of(table: RawTable) -> str:
    """The file that a table came from, as its places name it."""
    return table.place(0).rpartition(":")[0] or "the table"


def gap_mask(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """Which rows have no value (n,): nulls, and NaN in columns of floats."""
    import pyarrow.compute as pc
    import pyarrow.types as types

    if column.null_count == 0 and not types.is_floating(column.type):
        return np.zeros(len(column), bool)
    return np.asarray(pc.is_null(column, nan_is_null=True), dtype=bool)


def usable_rows(
    table: RawTable, features: Iterable[str], targets: Iterable[str], missing: str
) -> npt.NDArray[np.int64]:
    """Rows that can be learnt from, ascending: those with a value in each of the targets, and under `missing` (as in
    data.missing) "drop" in each of the features, too.

    Raises:
        DataError: the table lacks one of these columns.
    """
    wanted = [*(features if missing == "drop" else []), *targets]
    check_columns(table, wanted)
    gaps = np.zeros(len(table), bool)
    for name in wanted:
        gaps |= gap_mask(table.columns[name])
    return np.flatnonzero(~gaps)


def left_out_note(left_out: int, rows: int) -> list[str]:
    """A note on the rows that data.missing: drop leaves out; [] without such rows."""
    if not left_out:
        return []
    return [
        f"{left_out:,} of {rows:,} rows have missing values and are left out (data.missing: drop); impute keeps them"
    ]


USUAL_GAPS = (
    *("NA", "N/A", "n/a", "<NA>", "#N/A", "#N/A N/A", "#NA", "NaN", "nan", "-NaN", "-nan"),
    *("NULL", "null", "None", "1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN", "\\N"),
)
"""The texts that pandas takes for a gap too, and the one of database dumps. "-" and "?" can be categories: where they
stand among numbers they are gaps, elsewhere data.na_values adds them."""


def read_as(table: pa.Table, options: ReadOptions, plain: Collection[str] = ()) -> pa.Table:
    """A table of clean texts in plain form, with nulls for gaps; other columns, and the `plain` ones, as they are."""
    import pyarrow as pa

    formats = options.formats
    if formats is None:
        return table

    def read(column: tuple[str, pa.ChunkedArray]) -> pa.ChunkedArray:
        name, cells = column
        if name in plain or not pa.types.is_string(cells.type):
            return cells
        return formats.get(name, PLAIN_FORMAT).read(cells, options.gap_words)

    columns = list(zip(table.column_names, table.columns, strict=True))
    return pa.table(in_threads(read, columns, table.num_rows * len(columns)), names=table.column_names)


MOST_COLUMNS = 100_000
MOST_NAMED = 5


def check_count(columns: int, place: str) -> None:
    """Refuse more columns than can be handled in reasonable time."""
    if columns > MOST_COLUMNS:
        raise DataError(f"{place}: has {columns:,} columns; at most {MOST_COLUMNS:,} are supported: leave some out")


def check_names(names: Sequence[str], place: str, or_else: str = "") -> None:
    """Refuse names that stand more than once; `or_else` goes to the end of the advice."""
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        raise DataError(f"{place}: duplicate column names: {_some(doubled)}; rename or remove columns{or_else}")


def _some(names: object) -> str:
    listed = [f'"{name[:40]}"' for name in names]  # type: ignore[attr-defined]
    more = len(listed) - MOST_NAMED
    return ", ".join(listed[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


Partition = dict[str, "str | None"]


class TablePart(Protocol):
    """One file of a table. place: a row of this file to where it stands."""

    @property
    def name(self) -> str: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def place(self) -> Callable[[int], str]: ...
    @property
    def schema(self) -> pa.Schema: ...
    def blocks(self) -> Iterator[pa.Table]: ...
    def like(self, schema: pa.Schema) -> TablePart: ...


def _arranged(block: pa.RecordBatch, partition: Partition, schema: pa.Schema) -> pa.Table:
    """The columns of the schema, in its order and types; what the folders' names say is the same in every row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    own = dict(zip(block.schema.names, block.columns, strict=True))
    columns = []
    for name, kind in zip(schema.names, schema.types, strict=True):
        column = own.get(name)
        if column is None:
            column = pa.array([partition[name]] * block.num_rows, pa.string())
        columns.append(column if column.type == kind else pc.cast(column, kind, safe=False))
    return pa.table(columns, schema=schema)
