"""Ctrl-C and a polite kill: training ends at once, and what was best is saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Interrupted(BaseException):
    """Someone wants the run to end; like KeyboardInterrupt, no `except Exception` swallows it."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted ({signal.Signals(number).name})")
        self.exit_code = 128 + number


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it the first of these signals raises Interrupted; a second one ends the process as usual."""
    if threading.current_thread() is not threading.main_thread():  # Python lets no other thread set handlers
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def interrupt(number: int, frame: Any) -> None:
        for other in _SIGNALS:
            signal.signal(other, signal.SIG_DFL)
        raise Interrupted(number)

    for number in _SIGNALS:
        if before[number] is not signal.SIG_IGN:  # nohup must stay what it is
            signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
