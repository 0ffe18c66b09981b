"""From a table to encoded rows on disk, in three passes: look at the columns, fit on the training rows, encode."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from mlpcli.data.split import split_counts
from mlpcli.data.streaming.stored_table import PartWriter, write_manifest
from mlpcli.machine import read_ahead
from mlpcli.tables.kinds import decide
from mlpcli.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.tables.raw_table import RawTable, ReadOptions, left_out_note
from mlpcli.tables.table_reader import find_options, read_batches

if TYPE_CHECKING:
    from mlpcli.config.sections import DataConfig
    from mlpcli.data.dataset import Watch
    from mlpcli.tables.column_format import ColumnFormat


LOOKING, FITTING, ENCODING = "looking at the columns", "learning from the training rows", "encoding the rows"


@dataclass(frozen=True, eq=False)
class Fitted:
    """What is known before the rows are encoded; columns are ColumnSummary as JSON."""

    preprocessing: Preprocessing
    columns: list[dict[str, Any]]
    notes: list[str]


def fit_passes(passes: TablePasses, data: DataConfig, draw: Draw) -> Fitted:
    """The first two passes: which columns are used, as what, and how they are encoded.

    Raises:
        DataError, SettingError: as for a table in memory.
    """
    decisions = decide(passes.path, passes.batches(LOOKING), data)
    own_test = 1 if isinstance(data.test, str) else None
    split_counts(data, passes.rows or 0, own_test, 1 if isinstance(data.validation, str) else None)
    passes.read_as(decisions.formats)
    training = training_rows(passes.batches(FITTING), draw)
    options = replace(ReadOptions.of(data), formats=decisions.formats)
    preprocessing, notes = fit_preprocessing(training, decisions.kinds, decisions.target, data, options)
    columns = [asdict(column) for column in decisions.columns]
    return Fitted(preprocessing, columns, [*passes.notes, *decisions.notes, *notes])


def write_parts(
    folder: Path, passes: TablePasses, fitted: Fitted, draw: Draw, others: dict[str, Path], watch: Watch
) -> None:
    """The last pass: encode the parts that are drawn, and those that come from `others` (name to table), into `folder`.

    Raises:
        DataError: a value or a label cannot be encoded; OSError: the disk is full.
    """
    preprocessing, notes = fitted.preprocessing, list(fitted.notes)
    with ExitStack() as stack:
        writers: dict[str, PartWriter] = {}
        for name in (*PARTS, *others):
            if name in others or name == "train" or getattr(draw, name):
                writers[name] = stack.enter_context(PartWriter(folder, name, preprocessing))
        left_out = _write_drawn(passes, preprocessing, draw, writers, frozenset(others))
        if preprocessing.missing == "drop":
            notes += left_out_note(left_out, passes.rows or 0)
        for name, path in others.items():
            other = TablePasses(path, preprocessing.options, None, watch)
            for batch in other.batches(f"{ENCODING} of {path.name}"):
                for table, _ in _usable_pieces(batch, preprocessing):
                    writers[name].append(preprocessing.encode(table), preprocessing.encode_target(table))
        parts = {name: writer.finish() for name, writer in writers.items()}
    about = {"preprocessing": preprocessing.as_json(), "columns": fitted.columns, "notes": notes}
    write_manifest(folder, parts, about)


def _write_drawn(
    passes: TablePasses, preprocessing: Preprocessing, draw: Draw, writers: dict[str, PartWriter], own: frozenset[str]
) -> int:
    """Encode the table itself; returns how many of its rows cannot be used."""
    left_out = 0
    for block, batch in enumerate(passes.batches(ENCODING)):
        parts = draw.parts_of(block, len(batch))
        left_out += len(batch)
        for table, rows in _usable_pieces(batch, preprocessing):
            left_out -= len(rows)
            x, y = preprocessing.encode(table), preprocessing.encode_target(table)
            for number, name in enumerate(PARTS):
                chosen = parts[rows] == number
                if name not in own and chosen.any():
                    writers[name].append(x[chosen], y[chosen])
    return left_out


def _usable_pieces(batch: RawTable, preprocessing: Preprocessing) -> Iterator[tuple[RawTable, np.ndarray[Any, Any]]]:
    """The rows that have a target, and their indices in the batch; so many that they are not too large once encoded."""
    kept = preprocessing.kept_rows(batch, with_target=True)
    most = max(1, BATCH_BYTES // (4 * len(preprocessing.pass_through)))
    if len(kept) == len(batch) <= most:
        yield batch, kept
        return
    for start in range(0, len(kept), most):
        rows = kept[start : start + most]
        yield batch.take(rows), rows


Indices = npt.NDArray[np.int64]
PartName = Literal["train", "validation", "test"]
PARTS: tuple[PartName, ...] = ("train", "validation", "test")
STREAM = 1_398_034_244
"""Keeps these draws apart from others of the same seed."""


@dataclass(frozen=True)
class Draw:
    """The fractions of data.test and data.validation (0 where rows are not drawn), and the seed.

    Of each block of rows, the shares are met to half a row, so that the whole is met better than that. Classes are not
    looked at: their shares hold in expectation, which for a class of n rows is to within about sqrt(n) of them.
    """

    seed: int
    test: float
    validation: float

    @classmethod
    def of(cls, data: DataConfig, seed: int) -> Draw:
        """As the config says; a path, "test" or null draws nothing."""
        test, validation = (value if isinstance(value, float) else 0.0 for value in (data.test, data.validation))
        return cls(seed, test, validation)

    def rows(self, block: int, count: int) -> dict[PartName, Indices]:
        """The rows (n,) of each part, ascending, for a block of `count` rows: a pure function of seed and number."""
        order = np.random.default_rng([STREAM, self.seed, block]).permutation(count)
        test = math.floor(count * self.test + 0.5)
        validation = math.floor((count - test) * self.validation + 0.5)
        return {
            "train": np.sort(order[test + validation :]),
            "validation": np.sort(order[test : test + validation]),
            "test": np.sort(order[:test]),
        }

    def parts_of(self, block: int, count: int) -> npt.NDArray[np.int8]:
        """For each row (n,) of a block, the position of its part in PARTS."""
        parts, drawn = np.zeros(count, np.int8), self.rows(block, count)
        for number, name in enumerate(PARTS):
            parts[drawn[name]] = number
        return parts


def training_rows(batches: Iterable[RawTable], draw: Draw) -> Iterator[RawTable]:
    """Of each batch (which is a block), the rows drawn for training."""
    for block, batch in enumerate(batches):
        yield batch.take(draw.rows(block, len(batch))["train"])


def limited(batches: Iterable[RawTable], limit: int | None) -> Iterator[RawTable]:
    """The first `limit` rows (data.limit; None: all); what follows is not read."""
    left = limit
    for batch in batches:
        if left is None or len(batch) <= left:
            yield batch
        else:
            yield RawTable(batch.columns.slice(0, left), batch.place)
        if left is not None:
            left -= len(batch)
            if left <= 0:
                return


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

    def read_as(self, formats: Mapping[str, ColumnFormat]) -> None:
        """From the next pass on, cells come in plain form."""
        self._options = replace(self._options, formats=formats)

    def batches(self, what: str) -> Iterator[RawTable]:
        """All batches from the beginning; `what` names the pass for the watch. After one pass, `rows` is known."""
        done = 0
        for batch in read_ahead(limited(read_batches(self.path, self._options, self.batch_rows), self._limit)):
            self._watch(what, done, self.rows or self._guess(done))
            yield batch
            done += len(batch)
        self.rows = done
        self._watch(what, done, done)

    def _guess(self, done: int) -> int:
        """How many rows there may be, from the size of the files."""
        from mlpcli.tables.table_files import table_files

        size = sum(file.stat().st_size for file in table_files(self.path))
        return max(done + self.batch_rows, int(size / self.row_bytes))


def _row_bytes(table: RawTable) -> float:
    """Bytes of values in a row, on average; the same with every version of Arrow, since the split hangs on it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = [column for column in table.columns.columns if pa.types.is_string(column.type)]
    letters = sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in texts)
    return float(VALUE_BYTES * table.columns.num_columns + letters / max(1, len(table)))


BATCH_BYTES = 1 << 26
"""Of values in one record batch, about: wide rows, or long texts, come in smaller batches."""
MOST_BATCH_ROWS = 65_536
LEAST_BATCH_ROWS = 64
READ_BYTES = 1 << 29
"""The libraries, the blocks that Arrow reads ahead, and what allocators are slow to give back."""
COPIES = 7
"""Of a batch: as it was read and tidied, the rows that are drawn, what a column is cast to; twice the next one; and the
one behind that, as it was read."""
KEPT_BYTES = 15
"""A float32 and the float64 key that it was drawn by, with a quarter of both to spare."""


def rows_per_batch(row_bytes: float) -> int:
    """A power of two of rows, for rows of so many bytes of values."""
    fitting = int(BATCH_BYTES / max(1.0, row_bytes))
    return min(MOST_BATCH_ROWS, max(LEAST_BATCH_ROWS, 1 << max(0, fitting.bit_length() - 1)))


def memory_bound(width: int, row_bytes: float, columns: int, chunk_bytes: int = 1 << 25) -> int:
    """The bytes that streaming takes at most, whatever the number of rows, beside the program itself and the network.

    width: encoded columns; row_bytes: of the raw values of a row; columns: raw ones. The largest of
    - fitting: READ_BYTES, COPIES of a batch, and the values kept for the medians of all columns (KEPT_BYTES each),
    - encoding: READ_BYTES, COPIES of a batch, and the encoded rows of one,
    - training: the buffer of blocks of x and y, and copies of a chunk (gathered, as a tensor, in the graph), two of the
      next one.
    TensorFlow itself takes about 600 MiB.
    """
    from mlpcli.data.streaming.disk_rows import BUFFER_BLOCKS, rows_per_block
    from mlpcli.tables.column_fitters import MOST_VALUES, MOST_VALUES_IN_ALL

    reading = READ_BYTES + COPIES * int(rows_per_batch(row_bytes) * row_bytes)
    samples = KEPT_BYTES * min(columns * MOST_VALUES, MOST_VALUES_IN_ALL)
    encoded = BATCH_BYTES + 4 * width
    buffer = BUFFER_BLOCKS * rows_per_block(4 * width) * (4 * width + 8 + 8)  # x, y, and the order of the rows
    return max(reading + samples, reading + 2 * encoded, buffer + 5 * chunk_bytes)
