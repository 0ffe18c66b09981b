"""The rows of a table as read: columns by name, missing values, usable rows, and how a file is to be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from mlpcli.errors import DataError, SettingError
from mlpcli.tables.column_format import ColumnFormat
from mlpcli.tables.line_edit import PLAIN_LINES, LineRules
from mlpcli.text import INVISIBLE, did_you_mean, shown

if TYPE_CHECKING:
    import pyarrow as pa

    from mlpcli.config.sections import DataConfig


@dataclass(frozen=True, eq=False)
class RawTable:
    """Columns by name, and where each row stands.

    columns: from CSV all are strings, from Parquet whatever the file says; a gap is a null in both.
    separator: between the values of the file.
    written: the same cells exactly as they stand in the file, where these are kept.
    place: row index (from 0) to where a person finds it: "people.csv:17", or "people.parquet: row 16 (from 0)".
    """

    columns: pa.Table
    place: Callable[[int], str]
    written: pa.Table | None = None
    separator: str = ","

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def take(self, rows: npt.NDArray[np.int64]) -> RawTable:
        """Some of the rows, by index (ascending or not); each still knows its place."""
        import pyarrow as pa

        place = self.place
        written = None if self.written is None else self.written.take(pa.array(rows))
        return replace(
            self, columns=self.columns.take(pa.array(rows)), place=lambda row: place(int(rows[row])), written=written
        )

    def read_as(self, options: ReadOptions) -> RawTable:
        """The same rows, with texts in plain form (see `read_as`)."""
        return replace(self, columns=read_as(self.columns, options))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the order of the file."""
        return tuple(self.columns.column_names)


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


PLAIN_FORMAT = ColumnFormat()
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
            raise SettingError(key, f'{file} has no column "{shown(column)}"{near}; it has: {listed_columns(names)}')
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


def clean_texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as one sees them: without blanks around them and invisible characters, composed (NFC); null where empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(column)
    if pc.all(pc.string_is_ascii(texts)).as_py() is False:
        encoded = texts.dictionary_encode()  # words that repeat are composed once: a quarter of the time
        words = pc.utf8_normalize(pc.replace_substring_regex(encoded.chunk(0).dictionary, INVISIBLE, ""), form="NFC")
        words = pc.utf8_trim_whitespace(words)
        texts = pa.chunked_array([words.take(chunk.indices) for chunk in encoded.chunks])
    empty = pc.equal(texts, "")
    return pc.if_else(empty, pa.scalar(None, texts.type), texts) if pc.any(empty).as_py() else texts


def with_points(table: pa.Table, formats: Mapping[str, ColumnFormat]) -> pa.Table:
    """A table of texts in which 1,5 is written 1.5, for a file with decimal commas and a model that learnt with points.

    Columns that had decimal commas in training stay as they are, since there 5.125 has other thousands.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = r"^(\s*[+-]?[0-9]*),([0-9]+(?:[eE][+-]?[0-9]+)?\s*)$"
    columns = [
        column
        if not pa.types.is_string(column.type)
        or ((number := formats.get(name, PLAIN_FORMAT).number) and number.decimal == ",")
        else pc.replace_substring_regex(column, pattern, r"\1.\2")
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return pa.table(columns, names=table.column_names)


def read_as(table: pa.Table, options: ReadOptions) -> pa.Table:
    """A table of clean texts in plain form, with nulls for gaps; other columns as they are."""
    import pyarrow as pa

    if options.formats is None:
        return table
    columns = [
        options.formats.get(name, PLAIN_FORMAT).read(column, options.gap_words)
        if pa.types.is_string(column.type)
        else column
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    return pa.table(columns, names=table.column_names)


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
    for field in schema:
        column = own.get(field.name)
        if column is None:
            column = pa.array([partition[field.name]] * block.num_rows, pa.string())
        columns.append(column if column.type == field.type else pc.cast(column, field.type, safe=False))
    return pa.table(columns, schema=schema)
