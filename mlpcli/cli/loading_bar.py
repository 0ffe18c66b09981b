"""How long loading takes, where it takes long: a bar on a terminal, nothing in a pipe."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import Any

PATIENCE_SECONDS = 0.5
"""What is done sooner needs no bar."""


def is_live() -> bool:
    """Whether standard error is a terminal that can rewrite a line."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class LoadingBar:
    """A `Watch`: called with what is done, how much of it, of how much."""

    def __init__(self, live: bool | None = None) -> None:
        self.live = is_live() if live is None else live
        self.what = ""
        self.began = 0.0
        self.bar: Any = None
        self.task: Any = None

    def __call__(self, what: str, done: int, total: int) -> None:
        if not self.live:
            return
        if what != self.what:
            self._stop()
            self.what, self.began = what, time.perf_counter()
        if self.bar is None and time.perf_counter() - self.began > PATIENCE_SECONDS and done < total:
            self._start(what, total)
        if self.bar is not None:
            self.bar.update(self.task, completed=done, total=total)
        if done >= total:
            self._stop()
            self.what = ""

    def _start(self, what: str, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        self.bar = Progress(*columns, console=Console(stderr=True, highlight=False), transient=True)
        self.task = self.bar.add_task(what, total=total)
        self.bar.start()

    def _stop(self) -> None:
        if self.bar is not None:
            with contextlib.suppress(OSError):  # the terminal was closed
                self.bar.stop()
            self.bar = None
