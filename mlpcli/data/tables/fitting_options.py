"""How a table with new rows is read, which need not be written as the training rows were."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlpcli.data.tables.preprocessing import Preprocessing
from mlpcli.data.tables.raw_table import RawTable
from mlpcli.data.tables.read_options import ReadOptions
from mlpcli.errors import DataError, SettingError

Read = Callable[[ReadOptions, int], Iterator[RawTable]]
"""Rows in batches of a given size, from the beginning each time."""


def fitting_options(read: Read, preprocessing: Preprocessing) -> ReadOptions:
    """As the file itself suggests or, where the columns then are not there, as the training file was read.

    The new rows may well have another encoding or separator than the training rows had.
    """
    stored = preprocessing.options
    found = ReadOptions(None, None, stored.na_values)
    if found == stored or _has_columns(read, found, preprocessing) or not _has_columns(read, stored, preprocessing):
        return found
    return stored


def _has_columns(read: Read, options: ReadOptions, preprocessing: Preprocessing) -> bool:
    try:
        first = next(iter(read(options, 1)), None)
    except (DataError, SettingError):
        return False
    return first is not None and set(preprocessing.source_names) <= set(first.names)
