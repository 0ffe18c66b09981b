"""The machine: its memory, what of it this process may have, its processors, and whether there is a GPU."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

NO_LIMIT = 1 << 60
"""Control groups without a limit say so by a number near 2 ** 63."""


def available_memory(root: Path = Path("/")) -> int | None:
    """Bytes that can be had without swapping, within control groups and `ulimit -v`; None where nobody says.

    Of systems without /proc/meminfo, half of the memory is taken to be free. `root` is where /proc and /sys are.
    """
    free = _meminfo(root / "proc" / "meminfo")
    if free is None:
        whole = physical_memory()
        free = whole // 2 if whole is not None else None
    limits = [*_version_2(root), *_version_1(root), *_address_space(root)]
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


def _address_space(root: Path) -> Iterator[int]:
    """What `ulimit -v` leaves to this process."""
    limit, used = address_space_limit(), _lines(root / "proc" / "self" / "statm")
    if limit is not None and used:
        yield max(0, limit - int(used[0].split()[0]) * os.sysconf("SC_PAGE_SIZE"))


def address_space_limit() -> int | None:
    """The bytes of address space that this process may have (`ulimit -v`); None without a limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def _left(group: Path, limit_name: str, used_name: str) -> Iterator[int]:
    """The limit less what is used; pages of files that were read do not count, since they are given up when needed."""
    limit, used = (_number(group / name) for name in (limit_name, used_name))
    if limit is None or used is None or limit >= NO_LIMIT:
        return
    files = [int(line.split()[1]) for line in _lines(group / "memory.stat") if line.startswith("inactive_file ")]
    yield max(0, limit - used + sum(files))


def _number(path: Path) -> int | None:
    """The number in a file; None for "max" or a missing file."""
    lines = _lines(path)
    return int(lines[0]) if lines and lines[0].strip().isdecimal() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def physical_memory() -> int | None:
    """Bytes of memory of this machine, or None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


Item = TypeVar("Item")
Result = TypeVar("Result")
WORTH_THREADS = 1 << 18
"""Values; fewer are done before the threads have begun."""
MOST_THREADS = 4
"""Each has arrays of its own in memory."""


def in_threads(function: Callable[[Item], Result], items: Sequence[Item], values: int) -> list[Result]:
    """The function's results, in the order of the items. For work on large arrays: NumPy and Arrow let go of the GIL.

    The first error in the order of the items is raised. `values` is how many are worked on in all.
    """
    workers = min(processors(), MOST_THREADS, len(items)) if values >= WORTH_THREADS else 1
    if workers < 2:
        return [function(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(function, items))


_END = object()


def read_ahead(items: Iterator[Item], most: int = 1) -> Iterator[Item]:
    """The same items in their order, at most so many made by another thread while the one before them is in use.

    What making an item raises is raised here. Memory holds as many items more.
    """
    from collections import deque
    from concurrent.futures import ThreadPoolExecutor

    reader = ThreadPoolExecutor(1, "read-ahead")
    try:
        coming = deque(reader.submit(next, items, _END) for _ in range(most))
        while (item := coming.popleft().result()) is not _END:
            coming.append(reader.submit(next, items, _END))
            yield item  # type: ignore[misc] # the end was seen above
    finally:
        reader.shutdown(cancel_futures=True)  # whoever has enough waits for the one that is being made at most


_KIND_OF_PROCESSOR = (
    "vendor_id", "cpu family", "model", "model name", "stepping", "flags",  # Intel, AMD
    "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "Features",  # ARM
)  # fmt: skip


def kind_of_processor(root: Path = Path("/")) -> str:
    """What tells processors with other instructions apart; equal texts mean that a program for one runs on the other.

    Where there is no /proc/cpuinfo, it is the name of this machine.
    """
    lines = _lines(root / "proc" / "cpuinfo")
    kinds = {line for line in lines if line.partition(":")[0].strip() in _KIND_OF_PROCESSOR}
    return "\n".join(sorted(kinds)) or " ".join((platform.node(), platform.machine(), platform.processor()))


GPU_DEVICES = ("dev/nvidiactl", "dev/kfd", "dev/dxg")
"""What the drivers of NVIDIA and AMD make, and that of Windows for its Linux."""


def has_gpu(root: Path = Path("/")) -> bool:
    """Whether there may be a GPU, whose memory only TensorFlow knows."""
    return any((root / device).exists() for device in GPU_DEVICES)
