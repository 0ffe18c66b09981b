"""Reads a Parquet file: its columns, and its rows in blocks, in types that can be converted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.errors import DataError
from mlpcli.files import check_regular, reading
from mlpcli.machine import physical_memory
from mlpcli.tables.other_files import LOOKED_AT, stands_for_another
from mlpcli.tables.raw_table import Partition, _arranged, check_count, check_names
from mlpcli.text import clean_text

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq


ROWS_AT_ONCE = 16_384


def parquet_schema(path: Path) -> tuple[pa.Schema, list[str]]:
    """Names and types of the columns as they will be read, and notes on columns that are not.

    Raises:
        DataError: not a Parquet file, damaged, a duplicate name, or no column of a supported type.
    """
    import pyarrow as pa

    with _open(path) as file:
        schema = file.schema_arrow
    check_count(len(schema), str(path))
    check_names(schema.names, str(path))
    fields = [pa.field(field.name, kind) for field in schema if (kind := read_type(field.type)) is not None]
    left_out = [f"{field.name} ({field.type})" for field in schema if read_type(field.type) is None]
    if not fields:
        raise DataError(f"{path}: no column has a supported type: {', '.join(left_out[:20])}; write plain columns")
    note = (
        f"{path}: left out, because only numbers, text, true/false and dates are supported: {', '.join(left_out[:20])}"
    )
    return pa.schema(fields), [note] if left_out else []


def read_type(kind: pa.DataType) -> pa.DataType | None:
    """The type that a column of this type is read as; None if it is not supported (lists, structs, durations ...)."""
    import pyarrow as pa
    import pyarrow.types as kinds

    if kinds.is_dictionary(kind):
        return read_type(kind.value_type)
    if kinds.is_decimal(kind):
        return pa.float64()
    if kinds.is_float16(kind):
        return pa.float32()
    if kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind):
        return pa.string()
    plain: tuple[Callable[[pa.DataType], bool], ...] = (
        *(kinds.is_integer, kinds.is_floating, kinds.is_boolean),
        *(kinds.is_date, kinds.is_timestamp, kinds.is_null),
    )
    return kind if any(test(kind) for test in plain) else None


def parquet_blocks(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The rows in their order, with the columns of this schema.

    Raises:
        DataError: the file is damaged, or a few of its rows are larger than the memory.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    with _open(path) as file:
        for group in range(file.num_row_groups):
            _check_size(path, file, group)
            for block in file.iter_batches(ROWS_AT_ONCE, row_groups=[group], columns=schema.names, use_threads=True):
                _check_texts(path, block)
                own = dict(zip(block.schema.names, block.columns, strict=True))
                columns = [pc.cast(own[field.name], field.type, safe=False) for field in schema]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)


@contextmanager
def _open(path: Path) -> Iterator[pq.ParquetFile]:
    """An open file; texts stay dictionaries, as they are stored: a long text that repeats costs nothing so far."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with reading(path):
        check_regular(path, path.stat())
        with open(path, "rb") as start:
            what = stands_for_another(start.read(LOOKED_AT))
    if what is not None:
        raise DataError(f"{path}: {what}")
    try:
        with pq.ParquetFile(path) as plain:
            texts = [field.name for field in plain.schema_arrow if read_type(field.type) == pa.string()]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            yield file
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(
            f"{path}: is not a Parquet file, is damaged, or is truncated ({reason}); write it again"
        ) from error


def _check_size(path: Path, file: pq.ParquetFile, group: int) -> None:
    _refuse_larger_than_memory(path, f"row group {group}", file.metadata.row_group(group).total_byte_size)


def _check_texts(path: Path, block: pa.RecordBatch) -> None:
    """Refuse dictionaries of few bytes that unpack to more than the memory."""
    import pyarrow as pa
    import pyarrow.compute as pc

    size = 0
    for column in block.columns:
        if pa.types.is_dictionary(column.type):
            lengths = pc.cast(pc.binary_length(pc.cast(column.dictionary, pa.large_string())), pa.int64())
            size += pc.sum(lengths.take(column.indices)).as_py() or 0
    _refuse_larger_than_memory(path, f"{block.num_rows:,} rows", size)


def _refuse_larger_than_memory(path: Path, what: str, size: int) -> None:
    memory = physical_memory()
    if memory is not None and size > memory / 2:
        raise DataError(
            f"{path}: {what} hold {size:,} bytes, but this machine has {memory:,} bytes of memory; use a smaller file"
        )


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
        seen = [field.with_name(clean_text(field.name)) for field in own]
        check_names([field.name for field in seen], str(path))
        return cls(path, tuple(notes), partition, own, pa.schema([*seen, *more]))

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
            names = [clean_text(name) for name in block.schema.names]
            yield _arranged(block.rename_columns(names), self.partition, self.schema)
