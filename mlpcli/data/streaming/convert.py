"""From a table to encoded rows on disk, in three passes: look at the columns, fit on the training rows, encode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mlpcli.data.split_counts import split_counts
from mlpcli.data.streaming.draw import PARTS, Draw, training_rows
from mlpcli.data.streaming.memory import BATCH_BYTES
from mlpcli.data.streaming.part_writer import PartWriter
from mlpcli.data.streaming.passes import TablePasses
from mlpcli.data.streaming.stored_set import write_manifest
from mlpcli.data.tables.decisions import decide
from mlpcli.data.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.data.tables.usable_rows import left_out_note

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig
    from mlpcli.data.dataset import Watch
    from mlpcli.data.tables.raw_table import RawTable

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
    training = training_rows(passes.batches(FITTING), draw)
    preprocessing, notes = fit_preprocessing(training, decisions.kinds, decisions.target, data, ReadOptions.of(data))
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
