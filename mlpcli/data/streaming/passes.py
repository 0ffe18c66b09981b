"""Going through a table again and again, in batches of the same rows each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.data.streaming.draw import limited
from mlpcli.data.streaming.memory import rows_per_batch
from mlpcli.data.tables.raw_table import RawTable
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.data.tables.reader import find_options, read_batches

if TYPE_CHECKING:
    from mlpcli.data.dataset import Watch

FIRST_ROWS = 1000
"""By which the size of a row is judged."""
VALUE_BYTES = 8
"""Of a number, or of what is kept beside a text."""


class TablePasses:
    """The rows of a table, or the first `limit` of them.

    notes: what was found about the files. batch_rows: of every batch but the last; it depends on the table's first rows
    alone, so that batches are the same wherever and whenever they are read.
    """

    def __init__(self, path: Path, options: ReadOptions, limit: int | None, watch: Watch) -> None:
        """Looks at the files' beginnings.

        Raises:
            DataError, SettingError: as `read_batches`.
        """
        self.path, self._limit, self._watch = path, limit, watch
        # With the encoding and the separator told, the later passes need not look for them.
        self._options, self.notes = find_options(path, options)
        first = next(read_batches(path, self._options, FIRST_ROWS), None)
        self.row_bytes = _row_bytes(first) if first is not None else 1.0
        self.batch_rows = rows_per_batch(self.row_bytes)
        self.rows: int | None = None

    def batches(self, what: str) -> Iterator[RawTable]:
        """All batches from the beginning; `what` is told to the watch. After one pass, `rows` is known."""
        done = 0
        for batch in limited(read_batches(self.path, self._options, self.batch_rows), self._limit):
            self._watch(what, done, self.rows or self._guess(done))
            yield batch
            done += len(batch)
        self.rows = done
        self._watch(what, done, done)

    def _guess(self, done: int) -> int:
        """How many rows there may be, from the size of the files."""
        from mlpcli.data.tables.files import table_files

        size = sum(file.stat().st_size for file in table_files(self.path))
        return max(done + self.batch_rows, int(size / self.row_bytes))


def _row_bytes(table: RawTable) -> float:
    """Bytes of values in a row, on average; the same with every version of Arrow, since the split hangs on it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [column for column in table.columns.columns if pa.types.is_string(column.type)]
    letters = sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in texts)
    return float(VALUE_BYTES * table.columns.num_columns + letters / max(1, len(table)))
