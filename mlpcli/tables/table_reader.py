"""Reads all rows of a table, from CSV or Parquet, one file or many, at once or in batches."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.errors import DataError
from mlpcli.files import AnyFile
from mlpcli.machine import available_memory, read_ahead
from mlpcli.tables.clean_texts import clean_texts, with_points
from mlpcli.tables.csv_reader import CsvPart
from mlpcli.tables.parquet_reader import ParquetPart
from mlpcli.tables.raw_table import RawTable, ReadOptions, TablePart, read_as
from mlpcli.tables.table_files import is_parquet, partition_values, table_files
from mlpcli.tables.text_file import TextFile
from mlpcli.text import did_you_mean, first_notes, plural

if TYPE_CHECKING:
    import pyarrow as pa


BATCH_ROWS = 65_536
MOST_AHEAD = 4
"""Batches of a table whose rows are all kept anyway."""


def read_table(path: Path, options: ReadOptions) -> tuple[RawTable, ReadOptions, list[str]]:
    """All rows of a table.

    Args:
        path: a file, a glob, or a folder.
        options: how a CSV is to be read; None in them is found.

    Returns:
        The table; the options, with detected values filled in (where several files agree); notes for the user.

    Raises:
        DataError: the files cannot be read, do not belong together, or do not fit into the memory.
        SettingError: data.separator or data.encoding cannot be right.
    """
    import pyarrow as pa

    parts, found, notes = _look(path, options)
    tables: list[pa.Table] = []
    size, memory = 0, available_memory()
    places = Places()
    comma = _decimal_comma(parts)
    for block in read_ahead(_batches(parts, BATCH_ROWS, places), MOST_AHEAD):
        table = _tidied(block, options, comma)
        tables.append(table)
        size += table.nbytes
        if memory is not None and size > memory:
            raise DataError(
                f"{path}: holds more than {size:,} bytes of values, but {memory:,} bytes of memory were free; use fewer"
                " rows, or data.streaming: always"
            )
    return RawTable(pa.concat_tables(tables), places), found, notes


def give_back_memory() -> None:
    """Return to the system the memory that Arrow's allocator keeps for the next table: as much as the last one took."""
    import pyarrow as pa

    pa.default_memory_pool().release_unused()


def find_options(path: Path, options: ReadOptions) -> tuple[ReadOptions, list[str]]:
    """The options and notes that `read_table` would return, without reading the rows; for reading in batches."""
    _, found, notes = _look(path, options)
    return found, notes


def read_batches(path: Path, options: ReadOptions, batch_rows: int = BATCH_ROWS) -> Iterator[RawTable]:
    """The same rows as `read_table`, in batches of exactly batch_rows (the last one may be smaller), in bounded memory.

    Raises:
        DataError, SettingError: as `read_table`; what is wrong with late rows is found when they are reached.
    """
    parts, _, _ = _look(path, options)
    yield from _placed(parts, options, batch_rows)


def read_named(path: AnyFile, name: str, options: ReadOptions, batch_rows: int = BATCH_ROWS) -> Iterator[RawTable]:
    """The rows of one CSV file, in batches, under another name in messages and places: standard input that was
    kept, or a file that was sent.

    Raises:
        DataError, SettingError: as `read_table`.
    """
    yield from _placed([CsvPart.of(TextFile(path, name), options, {})], options, batch_rows)


def _look(path: Path, options: ReadOptions) -> tuple[list[TablePart], ReadOptions, list[str]]:
    parts = open_parts(path, table_files(path), options)
    layouts = [part.layout for part in parts if isinstance(part, CsvPart)]
    separators, encodings = {layout.separator for layout in layouts}, {layout.encoding for layout in layouts}
    if len(separators) == 1:
        options = replace(options, separator=separators.pop())
    if len(encodings) == 1:
        options = replace(options, encoding=encodings.pop())
    return parts, options, first_notes([note for part in parts for note in part.notes])


def _placed(parts: list[TablePart], options: ReadOptions, batch_rows: int) -> Iterator[RawTable]:
    places, comma = Places(), _decimal_comma(parts)
    separators = {part.layout.separator for part in parts if isinstance(part, CsvPart)}
    separator = separators.pop() if len(separators) == 1 else ","
    first = 0
    for table in read_ahead(_batches(parts, batch_rows, places)):
        yield RawTable(_tidied(table, options, comma), places.after(first), table, separator)
        first += table.num_rows


def _decimal_comma(parts: list[TablePart]) -> bool:
    return any(isinstance(part, CsvPart) and part.layout.decimal_comma for part in parts)


def _batches(parts: list[TablePart], batch_rows: int, places: Places) -> Iterator[pa.Table]:
    """Tables of exactly batch_rows, across the files, as they are written."""
    import pyarrow as pa

    waiting: list[pa.Table] = []
    held = 0
    for block in _blocks(parts, places):
        waiting.append(block)
        held += block.num_rows
        while held >= batch_rows:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, batch_rows)
            held -= batch_rows
            waiting = [whole.slice(batch_rows)]
    if held:
        yield pa.concat_tables(waiting)


def _blocks(parts: list[TablePart], places: Places) -> Iterator[pa.Table]:
    rows = 0
    for part in parts:
        places.begin(rows, part.place)
        for block in part.blocks():
            yield block
            rows += block.num_rows
    if rows == 0:
        columns = plural(len(parts[0].schema), "column", "columns")
        raise DataError(f"{parts[0].name}: has the names of {columns} but no rows; add rows")


def _tidied(table: pa.Table, options: ReadOptions, decimal_comma: bool) -> pa.Table:
    import pyarrow as pa

    columns = [clean_texts(column) if pa.types.is_string(column.type) else column for column in table.columns]
    table = pa.table(columns, names=table.column_names)
    return read_as(with_points(table, options.formats or {}) if decimal_comma else table, options)


def open_parts(path: Path, files: Sequence[Path], options: ReadOptions) -> list[TablePart]:
    """A look at every file, and all of them with the columns of the first.

    Raises:
        DataError: a file lacks a column, has one too many, or one of another type.
    """
    parts: list[TablePart] = []
    for file in files:
        partition = partition_values(path, file)
        if is_parquet(file):
            parts.append(ParquetPart.of(file, partition))
        else:
            parts.append(CsvPart.of(TextFile(file, str(file)), options, partition))
    for part in parts[1:]:
        _check_same_columns(parts, part)
    schema = _common_schema(parts)
    return [part.like(schema) for part in parts]


def _meant(parts: Sequence[TablePart]) -> str:
    """The file that is probably meant, where a folder has the rows to learn from beside others: train.csv, test.csv."""
    found = [part.name for part in parts if Path(part.name).stem.casefold() in ("train", "training")]
    return f"; to train on only one of them, name it: {found[0]}" if found else ""


def _check_same_columns(parts: Sequence[TablePart], part: TablePart) -> None:
    first = parts[0]
    wanted, there = dict.fromkeys(first.schema.names), dict.fromkeys(part.schema.names)
    missing = [name for name in wanted if name not in there]
    added = [name for name in there if name not in wanted]
    if missing:
        raise DataError(
            f"{part.name}: has no column {missing[0]!r}; {first.name} has it, and all files need the same columns"
            f"{_meant(parts)}{did_you_mean(missing[0], added)}"
        )
    if added:
        raise DataError(
            f"{part.name}: has a column {added[0]!r} that {first.name} lacks; all files need the same columns"
            f"{_meant(parts)}"
        )


def _common_schema(parts: Sequence[TablePart]) -> pa.Schema:
    """The first file's columns; their types wide enough for every file (whole numbers and others: floats)."""
    import pyarrow as pa

    schema = parts[0].schema.remove_metadata()
    for part in parts[1:]:
        try:
            schema = pa.unify_schemas([schema, part.schema.remove_metadata()], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            pairs = ((name, schema.field(name).type, part.schema.field(name).type) for name in schema.names)
            name, one, other = next((pair for pair in pairs if pair[1] != pair[2]), ("", "", ""))
            raise DataError(
                f"{part.name}: {name}: is {other}, but {one} in {parts[0].name}; write all files with the same types"
            ) from error
    return schema


class Places:
    """Maps a row index over several files, in their order, to the place of the row in its own file."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._files: list[Callable[[int], str]] = []

    def begin(self, row: int, place: Callable[[int], str]) -> None:
        """From this row on, rows are of the file for which `place` speaks."""
        self._starts.append(row)
        self._files.append(place)

    def __call__(self, row: int) -> str:
        file = bisect_right(self._starts, row) - 1
        return self._files[file](row - self._starts[file])

    def after(self, first: int) -> Callable[[int], str]:
        """The same for a batch whose row 0 is the row `first` of the whole."""
        return lambda row: self(first + row)
