"""The files that make up one table: each gives blocks of rows with the same columns, in the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mlpcli.data.tables.csv_reader import CsvLayout, csv_blocks, find_layout, line_numbers
from mlpcli.data.tables.files import is_parquet, partition_values
from mlpcli.data.tables.gaps import with_points
from mlpcli.data.tables.parquet_reader import parquet_blocks, parquet_schema
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.data.tables.text_file import TextFile
from mlpcli.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

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


@dataclass(frozen=True, eq=False)
class CsvPart:
    """A CSV file. schema: the columns that its blocks get, all of them strings."""

    file: TextFile
    layout: CsvLayout
    partition: Partition
    schema: pa.Schema

    @classmethod
    def of(cls, file: TextFile, options: ReadOptions, partition: Partition) -> CsvPart:
        """A file, after a look at its beginning."""
        import pyarrow as pa

        layout = find_layout(file, options)
        more = [name for name in partition if name not in layout.names]
        return cls(file, layout, partition, pa.schema([(name, pa.string()) for name in (*layout.names, *more)]))

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def notes(self) -> tuple[str, ...]:
        return self.layout.notes

    @property
    def place(self) -> Callable[[int], str]:
        return line_numbers(self.file, self.layout)

    def like(self, schema: pa.Schema) -> CsvPart:
        """The same file with its columns in this order."""
        return CsvPart(self.file, self.layout, self.partition, schema)

    def blocks(self) -> Iterator[pa.Table]:
        """The rows, as they are written."""
        for block in csv_blocks(self.file, self.layout):
            table = _arranged(block, self.partition, self.schema)
            yield with_points(table) if self.layout.decimal_comma else table


@dataclass(frozen=True, eq=False)
class ParquetPart:
    """A Parquet file. own: its own columns; schema: those that its blocks get."""

    path: Path
    notes: tuple[str, ...]
    partition: Partition
    own: pa.Schema
    schema: pa.Schema

    @classmethod
    def of(cls, path: Path, partition: Partition) -> ParquetPart:
        """A file, after a look at its schema."""
        import pyarrow as pa

        own, notes = parquet_schema(path)
        more = [pa.field(name, pa.string()) for name in partition if name not in own.names]
        return cls(path, tuple(notes), partition, own, pa.schema([*own, *more]))

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def place(self) -> Callable[[int], str]:
        return lambda row: f"{self.path}: row {row:,} (from 0)"

    def like(self, schema: pa.Schema) -> ParquetPart:
        """The same file with its columns in this order and of these types."""
        return ParquetPart(self.path, self.notes, self.partition, self.own, schema)

    def blocks(self) -> Iterator[pa.Table]:
        """The rows."""
        for block in parquet_blocks(self.path, self.own):
            yield _arranged(block, self.partition, self.schema)


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
        _check_same_columns(parts[0], part)
    schema = _common_schema(parts)
    return [part.like(schema) for part in parts]


def _check_same_columns(first: TablePart, part: TablePart) -> None:
    wanted, there = dict.fromkeys(first.schema.names), dict.fromkeys(part.schema.names)
    missing = [name for name in wanted if name not in there]
    added = [name for name in there if name not in wanted]
    if missing:
        raise DataError(
            f"{part.name}: has no column {missing[0]!r}{did_you_mean(missing[0], added)}; {first.name} has it,"
            " and all files need the same columns"
        )
    if added:
        raise DataError(
            f"{part.name}: has a column {added[0]!r} that {first.name} lacks; all files need the same columns"
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
                f"{part.name}: {name}: is {other}, but {one} in {parts[0].name}; write the files with the same types"
            ) from error
    return schema


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
