"""The most memory that a process and all that it starts hold at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EVERY = 0.1
"""Seconds between two looks."""
PROCESSES = Path("/proc")


class TreePeak:
    """peak_mib: the largest sum of resident memory that was seen, or the first process's own peak; 0 without /proc.

    The peak that `os.wait4` gives is no smaller than what the process had that started it.
    """

    def __init__(self) -> None:
        self.peak_mib = 0.0

    @contextmanager
    def watching(self, process: int) -> Iterator[None]:
        """Look at the process of this number, and its descendants, for as long as the context lasts."""
        over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(process, over), daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()

    def _watch(self, process: int, over: threading.Event) -> None:
        while not over.wait(EVERY):
            together = sum(_kibibytes(number, "VmRSS:") for number in _tree(process))
            self.peak_mib = max(self.peak_mib, together / 1024, _kibibytes(process, "VmHWM:") / 1024)


def _tree(process: int) -> list[int]:
    found = [process]
    for number in found:  # grows as it goes
        with suppress(OSError):  # it has ended
            for children in (PROCESSES / str(number) / "task").glob("*/children"):
                found += map(int, children.read_text(encoding="ascii").split())
    return found


def _kibibytes(process: int, what: str) -> int:
    """Of the memory of one process; 0 if it has ended."""
    with suppress(OSError):
        for line in (PROCESSES / str(process) / "status").read_text(encoding="utf-8").splitlines():
            if line.startswith(what):
                return int(line.split()[1])
    return 0
