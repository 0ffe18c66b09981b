"""data.streaming: whether a table is kept on disk while training, by its size and the memory that is free."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.data.streaming.cache import spoken
from mlpcli.data.streaming.memory import available_memory

if TYPE_CHECKING:
    from mlpcli.config.data import DataConfig

TEXT_FACTOR = 5.0
"""Memory that a CSV takes while it is read and encoded, for each byte of its text (4.3 to 4.7 were measured)."""
VALUE_BYTES = 28
"""And a Parquet file, for each of its values: as read (8), cast (8 and 8), and encoded (4)."""
PACKED_RATIO = 5
"""What text is usually packed by; only gzip files tell their size, and they only up to 4 GB."""
KEPT_FREE = 1 << 30
"""For TensorFlow and the network."""


def should_stream(path: Path, data: DataConfig) -> tuple[bool, str]:
    """Whether to stream the table (a file, a folder or a glob), and the sentence that says why; "" where it need not.

    auto streams what would not fit into the memory that is free at this moment, which may differ from run to run.

    Raises:
        DataError: there is no such table.
    """
    if data.streaming == "never":
        return False, ""
    if data.streaming == "always":
        return True, "the rows are streamed from disk (data.streaming: always)"
    from mlpcli.data.tables.files import table_files

    files = [file for place in _paths(path, data) for file in table_files(place)]
    needed, free = sum(memory_needed(file) for file in files), available_memory()
    if free is None or needed + KEPT_FREE <= free:
        return False, ""
    size = sum(file.stat().st_size for file in files)
    return True, (
        f"{spoken(size)} of table needs about {spoken(needed)}, and {spoken(free)} are free: streamed from disk;"
        " data.streaming: never loads it"
    )


def memory_needed(file: Path) -> int:
    """Bytes that one table file takes in memory, about, while it is read and encoded; 0 where there is no such file."""
    if not file.is_file():  # opening a pipe would wait for ever; the reader says what is wrong
        return 0
    name = file.name.lower()
    if name.endswith(".parquet"):
        return _parquet_bytes(file)
    size = file.stat().st_size
    if name.endswith(".gz"):
        return int(TEXT_FACTOR * max(size * PACKED_RATIO if size > 1 << 28 else size, _gzip_size(file)))
    packed = name.endswith((".bz2", ".zst", ".xz", ".lz4", ".br"))
    return int(TEXT_FACTOR * size * (PACKED_RATIO if packed else 1))


def _paths(path: Path, data: DataConfig) -> Iterator[Path]:
    yield path
    for other in (data.test, data.validation):
        if isinstance(other, str) and other != "test":
            yield Path(other)


def _gzip_size(file: Path) -> int:
    """What its last four bytes say of the text, modulo 4 GiB; 0 where it is no gzip file, which the reader will say."""
    with open(file, "rb") as stream:
        if stream.read(2) != b"\x1f\x8b" or stream.seek(0, 2) < 18:
            return 0
        stream.seek(-4, 2)
        return int(struct.unpack("<I", stream.read(4))[0])


def _parquet_bytes(file: Path) -> int:
    """From the file's own description; of a damaged one its size, since the reader will say what is wrong."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        about = pq.read_metadata(file)
    except (OSError, pa.ArrowException):
        return file.stat().st_size
    packed = sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups))
    return int(packed + VALUE_BYTES * about.num_rows * about.num_columns)
