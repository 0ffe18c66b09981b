"""A table file that grows batch by batch: CSV or Parquet, by its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mlpcli.artifacts.csv_output import CsvOutput
from mlpcli.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

ENDS = (".csv", ".parquet")


class TableOutput(Protocol):
    """Takes tables of the same columns, one after another."""

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table."""

    def close(self) -> None:
        """Finish the file."""


class ParquetOutput:
    """An open Parquet file; the columns of the first table, and their types, are those of all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def write(self, table: pa.Table) -> None:
        """Append the rows of a table."""
        import pyarrow.parquet as pq

        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table.select(self._writer.schema.names).cast(self._writer.schema))

    def close(self) -> None:
        """Write what stands at the end of a Parquet file."""
        if self._writer is not None:
            self._writer.close()


def check_table_name(option: str, path: Path) -> None:
    """Refuse a name that ends in no known way, or a folder; `option` opens the message.

    Raises:
        UserError: naming the path and what would do.
    """
    if path.is_dir():
        raise UserError(f"{option} {path}: is a folder; give the name of a file, such as {path / 'answers.csv'}")
    if path.suffix.lower() not in ENDS:
        raise UserError(f"{option} {path}: give a name that ends with {' or '.join(ENDS)}")


def open_table_output(path: Path) -> TableOutput:
    """A new file at `path`, whose name has passed `check_table_name`."""
    return ParquetOutput(path) if path.suffix.lower() == ".parquet" else CsvOutput(path)
