"""How much memory this process may still take, and the bound that streaming keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mlpcli.data.local_files import physical_memory

BATCH_BYTES = 1 << 26
"""Of values in one record batch, about: wide rows, or long texts, come in smaller batches."""
MOST_BATCH_ROWS = 65_536
LEAST_BATCH_ROWS = 64
READ_BYTES = 1 << 29
"""The libraries, the blocks that Arrow reads ahead, and what allocators are slow to give back."""
COPIES = 4
"""Of a batch: as it was read, tidied, the rows that are drawn, and what a column is cast to."""
KEPT_BYTES = 15
"""A float32 and the float64 key that it was drawn by, with a quarter of both to spare."""
NO_LIMIT = 1 << 60
"""Control groups without a limit say so by a number near 2 ** 63."""


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes that can be had without swapping, within the limits of the control groups; None where nobody says.

    Of systems without /proc/meminfo, half of the memory is taken to be free. `root` is where /proc and /sys are.
    """
    free = _meminfo(root / "proc" / "meminfo")
    if free is None:
        whole = physical_memory()
        free = whole // 2 if whole is not None else None
    limits = [*_version_2(root), *_version_1(root)]
    return min([free, *limits]) if free is not None else min(limits, default=None)


def _meminfo(path: Path) -> int | None:
    for line in _lines(path):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _version_2(root: Path) -> Iterator[int]:
    """What is left in this process's control group, and in each that it stands in."""
    base = root / "sys" / "fs" / "cgroup"
    own = next((line[3:] for line in _lines(root / "proc" / "self" / "cgroup") if line.startswith("0::")), "/")
    folder = base / own.lstrip("/")
    for group in (folder, *folder.parents):
        if not group.is_relative_to(base):
            return
        yield from _left(group, "memory.max", "memory.current")


def _version_1(root: Path) -> Iterator[int]:
    group = root / "sys" / "fs" / "cgroup" / "memory"
    yield from _left(group, "memory.limit_in_bytes", "memory.usage_in_bytes")


def _left(group: Path, limit_name: str, used_name: str) -> Iterator[int]:
    """The limit less what is used; pages of files that were read do not count, since they are given up when needed."""
    limit, used = (_number(group / name) for name in (limit_name, used_name))
    if limit is None or used is None or limit >= NO_LIMIT:
        return
    files = [int(line.split()[1]) for line in _lines(group / "memory.stat") if line.startswith("inactive_file ")]
    yield max(0, limit - used + sum(files))


def _number(path: Path) -> int | None:
    """The number in a file; None for "max", and where there is no such file."""
    lines = _lines(path)
    return int(lines[0]) if lines and lines[0].strip().isdecimal() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def rows_per_batch(row_bytes: float) -> int:
    """A power of two of rows, for rows of so many bytes of values."""
    fitting = int(BATCH_BYTES / max(1.0, row_bytes))
    return min(MOST_BATCH_ROWS, max(LEAST_BATCH_ROWS, 1 << max(0, fitting.bit_length() - 1)))


def memory_bound(width: int, row_bytes: float, columns: int, chunk_bytes: int = 1 << 25) -> int:
    """The bytes that streaming takes at most, whatever the number of rows, beside the program itself and the network.

    width: encoded columns; row_bytes: of the raw values of a row; columns: raw ones. The largest of
    - fitting: READ_BYTES, COPIES of a batch, and the values kept for the medians of all columns (KEPT_BYTES each),
    - encoding: READ_BYTES, COPIES of a batch, and the encoded rows of one,
    - training: the buffer of blocks of x and y, and three copies of a chunk (gathered, as a tensor, in the graph).
    TensorFlow itself takes about 600 MiB.
    """
    from mlpcli.data.streaming.block_order import BUFFER_BLOCKS
    from mlpcli.data.streaming.disk_rows import rows_per_block
    from mlpcli.data.tables.value_sample import MOST_VALUES, MOST_VALUES_IN_ALL

    reading = READ_BYTES + COPIES * int(rows_per_batch(row_bytes) * row_bytes)
    samples = KEPT_BYTES * min(columns * MOST_VALUES, MOST_VALUES_IN_ALL)
    encoded = BATCH_BYTES + 4 * width
    buffer = BUFFER_BLOCKS * rows_per_block(4 * width) * (4 * width + 8 + 8)  # x, y, and the order of the rows
    return max(reading + samples, reading + 2 * encoded, buffer + 3 * chunk_bytes)
