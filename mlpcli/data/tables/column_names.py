"""Columns that a config or a model names, and that must be there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from mlpcli.config.suggestions import shown
from mlpcli.errors import DataError, SettingError, did_you_mean

if TYPE_CHECKING:
    from mlpcli.data.tables.raw_table import RawTable

MOST_LISTED = 20
MOST_HINTS = 5


def listed_columns(names: Collection[str]) -> str:
    """The first twenty names, with commas."""
    first = ", ".join(shown(name) for name in list(names)[:MOST_LISTED])
    return first + (f", ... ({len(names):,} in all)" if len(names) > MOST_LISTED else "")


def check_known(key: str, file: str, wanted: Iterable[str], names: Collection[str]) -> None:
    """Every wanted column is there, and wanted once; `key` is the setting that names them.

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
    """All columns that a model needs are in the table.

    Raises:
        DataError: names all that are missing.
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
