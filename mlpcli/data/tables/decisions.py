"""What a table's columns are used as, decided from all of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.data.tables.kinds import choose_kinds
from mlpcli.data.tables.profile import profile_columns
from mlpcli.data.tables.summaries import ColumnSummary, column_lines
from mlpcli.data.tables.target import choose_target

if TYPE_CHECKING:
    from mlpcli.config.data import ColumnKind, DataConfig
    from mlpcli.data.tables.raw_table import RawTable
    from mlpcli.data.tables.target_encoder import TargetEncoder


@dataclass(frozen=True, eq=False)
class Decisions:
    """The target, the kind of each column that is used, a summary of every column, and what people should know."""

    target: TargetEncoder
    kinds: dict[str, ColumnKind]
    columns: tuple[ColumnSummary, ...]
    notes: list[str]


def decide(path: Path, rows: Iterable[RawTable], data: DataConfig) -> Decisions:
    """Look at every column of all rows, in batches of any size; `path` is named in messages.

    Raises:
        DataError, SettingError: as `choose_target` and `choose_kinds`.
    """
    profiles = profile_columns(rows)
    target, target_notes = choose_target(str(path), profiles, data)
    chosen = choose_kinds(str(path), profiles, data, target.name)
    columns = tuple(column_lines(profiles, chosen.kinds, target.name))
    return Decisions(target, chosen.kinds, columns, [*target_notes, *chosen.notes])
