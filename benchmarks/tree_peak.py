"""The most memory that a process and all that it starts hold at once."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

EVERY = 0.02
"""Seconds between two looks."""
PROCESSES = Path("/proc")


class TreePeak:
    """peak_mib: the largest sum of memory that was seen; 0 without /proc.

    Memory that processes share counts once: it is the sum of their proportional set sizes. The peak that `os.wait4`
    gives knows nothing of the children, and is no smaller than what the process had that started it.
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
            self.peak_mib = max(self.peak_mib, sum(map(held_mib, _tree(process))))


def peak_of(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    """MiB of a process and its children while it runs, in a run of its own: to look takes a few milliseconds a time."""
    tree = TreePeak()
    child = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with tree.watching(child.pid):
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)[:200]} ended with {child.returncode}")
    return tree.peak_mib or usage.ru_maxrss / 1024


def _tree(process: int) -> list[int]:
    found = [process]
    for number in found:  # grows as it goes
        with suppress(OSError):  # it has ended
            for children in (PROCESSES / str(number) / "task").glob("*/children"):
                found += map(int, children.read_text(encoding="ascii").split())
    return found


def held_mib(process: int) -> float:
    """The proportional set size of one process; 0 if it has ended, or without /proc."""
    with suppress(OSError):
        for line in (PROCESSES / str(process) / "smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0
