"""Columns of a table that alone tell the target: looked for in its first rows, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mlpcli.config.data import ColumnKind, DataConfig
from mlpcli.data.dataset import Part, Rows, Source
from mlpcli.data.look.leaks import find_leaks
from mlpcli.data.look.raw_columns import raw_columns
from mlpcli.data.look.seen_rows import draw_sample
from mlpcli.data.tables.preprocessing import Preprocessing, fit_preprocessing
from mlpcli.data.tables.raw_table import RawTable
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.data.tables.reader import read_batches
from mlpcli.data.tables.target_encoder import TargetEncoder
from mlpcli.data.tables.usable_rows import usable_rows


def leaky_columns(
    path: Path, data: DataConfig, target: TargetEncoder, kinds: Mapping[str, ColumnKind]
) -> dict[str, str]:
    """Column to why it may be a leak, in words; judged by the first rows (65,536 at most).

    Raises:
        DataError, SettingError: as fitting the preprocessing would.
    """
    if not kinds:
        return {}
    batch = next(iter(read_batches(path, ReadOptions())))
    kept = usable_rows(batch, tuple(kinds), target.name, data.missing)
    if len(kept) == 0:
        return {}
    table = batch.take(kept)
    preprocessing, _ = fit_preprocessing([table], kinds, target, data, ReadOptions())
    return _leaks(table, preprocessing, target)


def _leaks(table: RawTable, preprocessing: Preprocessing, target: TargetEncoder) -> dict[str, str]:
    rows = Rows(preprocessing.encode(table), preprocessing.encode_target(table))
    source = Source("", "table", rows, None, target.class_names, None, None, preprocessing)
    sample = draw_sample(Part(rows.x, rows.y, np.arange(len(rows))))
    found: dict[str, str] = {}
    for finding in find_leaks(raw_columns(source), sample, target.class_names):
        found.update({name: str(finding) if index == 0 else "" for index, name in enumerate(finding.columns)})
    return found
