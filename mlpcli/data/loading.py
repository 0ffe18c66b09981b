"""From the `data` section to rows in parts: the one way in for training, checking, evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.data.catalog import CATALOG
from mlpcli.data.dataset import Source, Splits, Watch
from mlpcli.data.local_files import reading
from mlpcli.data.settings import check_settings
from mlpcli.data.source import load_source
from mlpcli.data.split import split_source
from mlpcli.data.tables.files import is_table_path

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig
    from mlpcli.data.tables.preprocessing import Preprocessing


@dataclass(frozen=True, eq=False)
class LoadedData:
    """A data set and its parts."""

    source: Source
    splits: Splits


def unwatched(what: str, done: int, total: int) -> None:
    """For whoever does not want to see how loading goes."""


def load_data(data: DataConfig, seed: int, stored: Preprocessing | None = None, watch: Watch = unwatched) -> LoadedData:
    """Load and split what data.source names.

    A table is split before its preprocessing is fitted, on the training rows alone; every other source is split as it
    is. A table too large for memory stays on disk (see data.streaming).

    Args:
        data: the section of the config.
        seed: of the split.
        stored: the preprocessing of a trained model, to be used instead of one fitted now.
        watch: told how long pieces of work go.

    Raises:
        DataError: the data is not there, cannot be read, or cannot be learnt from.
        SettingError: a setting does not fit it.
    """
    path = Path(data.source)
    if data.source in CATALOG or not is_table_path(path):
        source = load_source(data, watch)
        return LoadedData(source, split_source(source, data, seed))
    with reading(path):
        return LoadedData(*_load_table(path, data, seed, stored, watch))


def _load_table(
    path: Path, data: DataConfig, seed: int, stored: Preprocessing | None, watch: Watch
) -> tuple[Source, Splits]:
    from mlpcli.data.streaming.loading import load_streamed
    from mlpcli.data.streaming.size import should_stream
    from mlpcli.data.tables.loading import load_table

    check_settings(data, "table")
    stream, why = should_stream(path, data)
    if stream:
        return load_streamed(path, data, seed, stored, watch, why)
    return load_table(path, data, seed, stored)
