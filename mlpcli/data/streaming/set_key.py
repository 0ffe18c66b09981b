"""The name of a converted table: another one whenever anything that its rows depend on is another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli import __version__
from mlpcli.data.streaming.stored_set import FORMAT
from mlpcli.data.tables.files import table_files

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig

SETTINGS = (
    "target", "features", "exclude", "types", "missing", "na_values", "separator", "encoding", "task", "validation",
    "test", "limit",
)  # fmt: skip
"""Of the `data` section, what decides about rows and columns, and how they are encoded."""


def set_key(paths: Iterable[Path], data: DataConfig, seed: int, preprocessing: Any = None) -> str:
    """32 hexadecimal digits, of the files (names, sizes, times of change), the settings, the seed and the version.

    `preprocessing` is that of a trained model, as JSON, where it is not to be fitted.

    Raises:
        DataError: there is no such table.
    """
    files = [_identity(file) for path in paths for file in table_files(path)]
    settings = {name: getattr(data, name) for name in SETTINGS}
    said = [FORMAT, __version__, files, settings, seed, preprocessing]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8")).hexdigest()[:32]


def _identity(file: Path) -> tuple[str, int, int]:
    status = file.stat()
    return str(file.absolute()), status.st_size, status.st_mtime_ns
