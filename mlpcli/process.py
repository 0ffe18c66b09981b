"""The process of a command: it collects garbage seldom, its idle threads sleep, and it ends at once.

In a notebook's process, or that of a program that imports mlpcli, nothing of this is done: it is not ours.
"""

from __future__ import annotations

import atexit
import functools
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SELDOM = (50_000, 20, 20)
"""Containers made between two collections, in place of 700: an import makes hundreds of thousands and drops few."""

_WAITING = ("OPENBLAS_THREAD_TIMEOUT", "20")
"""2^20 ticks, half a millisecond, for which the threads of NumPy's OpenBLAS wait for the next product in a busy loop.
By default it is 2^26, in which they take a processor from whoever has work, at the import of NumPy already."""

MLPCLI = "from mlpcli.__main__ import main; main()"
"""The program of a command of mlpcli."""

_ours = False
_ends_at_once = True
_exit_code: int | None = None


def own_process() -> None:
    """Say that this process runs one command and then ends (the entry point does, before all else)."""
    global _ours
    _ours = True
    os.environ.setdefault(*_WAITING)
    gc.set_threshold(*_SELDOM)
    atexit.register(_end_at_once)  # the first to be registered is the last to be called


def python_command(program: str) -> list[str]:
    """The command of a Python that looks for modules where this one does, and then runs the program.

    With `-m`, and with `-c` alone, Python would first look in the current folder, where a user's file may be called
    random.py.
    """
    return [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!a}; {program}"]


def owns_process() -> bool:
    """Whether this process runs one command and then ends."""
    return _ours


def end_with(code: object) -> None:
    """Say what the process exits with, as SystemExit has it.

    Python's own end, which takes TensorFlow apart for a second, is then left out.
    """
    global _exit_code
    _exit_code = code if isinstance(code, int) else None


def end_as_usual() -> None:
    """Let Python's own end run, for whom other processes wait."""
    global _ends_at_once
    _ends_at_once = False


@contextmanager
def collector_paused() -> Iterator[None]:
    """For a large import, whose objects live as long as the process: without collecting, it takes a third less time.

    In a process of ours no later collection looks at them either.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if _ours:
            gc.freeze()
        if enabled:
            gc.enable()


@functools.cache
def leave_out_what_stays() -> None:
    """The first time, between two trainings of a process of ours: no later collection looks at what is alive now.

    By then all is imported, and the first model is gone.
    """
    if _ours:
        gc.freeze()


def _end_at_once() -> None:
    """Threads have ended and everything else that waits for the end was called: flush, and end.

    Where a flush fails, or the exit code is not known (an error of ours), Python ends in its own way, and says why.
    """
    if _exit_code is None or not _ends_at_once:
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return
    os._exit(_exit_code)
