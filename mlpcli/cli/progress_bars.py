"""Progress of training and loading: live bars on a terminal, one plain line per epoch in a pipe."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlpcli.cli.terminal import error_console, say
from mlpcli.runs.history import FIRST_COLUMNS
from mlpcli.text import number, visible
from mlpcli.training.progress import Progress, Silence

REFRESH_SECONDS = 0.1
ROOM_FOR_A_BAR, ROOM_FOR_THE_RATE = 100, 80
"""Terminal columns; a narrower terminal shows the numbers without a bar, or without the rate, too."""
LONGEST_TIME = 7
"""Letters: 1:23:45."""


def choose_progress(quiet: bool) -> Progress:
    """The progress display: none, a live bar or plain lines; all write to standard error."""
    if quiet or sys.stderr is None:
        return Silence()
    return LiveProgress() if is_live() else PlainProgress()


def _scores(row: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {number(value)}" for name, value in row.items() if name not in FIRST_COLUMNS)


def _pairs(row: Mapping[str, float]) -> list[str]:
    """Scores in half the space: `loss 0.31/0.35` for training/validation."""
    shown = []
    for name, value in row.items():
        if name not in FIRST_COLUMNS and not name.startswith("val_"):
            validation = f"/{number(row[f'val_{name}'])}" if f"val_{name}" in row else ""
            shown.append(f"{name} {number(value)}{validation}")
    return shown


def _line(row: Mapping[str, float], epochs: int) -> str:
    return f"epoch {int(row['epoch'])}/{epochs}  {_scores(row)}  {row['seconds']:.2f} s"


class PlainProgress:
    """One line per epoch, without escape codes; training goes on if the reader closes the pipe."""

    def __init__(self) -> None:
        self.epochs = 0

    def note(self, text: str) -> None:
        say(text)

    def loading(self, what: str, done: int, total: int) -> None:
        pass

    def start(self, epochs: int, steps: int, rows: int) -> None:
        self.epochs = epochs

    def step(self, step: int) -> None:
        pass

    def epoch(self, row: Mapping[str, float]) -> None:
        self.note(_line(row, self.epochs))

    def finish(self) -> None:
        pass

    def best(self, epoch: int) -> None:
        pass  # its line is there


class LiveProgress:
    """A bar with epoch, rate, longest time left (training may stop early) and the last epoch's scores.

    Lines stay above it: of the first epoch, of some ten on the way, of the last, and of the best.
    """

    def __init__(self) -> None:
        self.rows_by_epoch: dict[int, Mapping[str, float]] = {}
        self.printed: set[int] = set()
        self.every = self.epochs = 1
        self.room = 0
        self.console = error_console()
        self.loading = LoadingBar(live=True)
        self.bar: Any = None
        self.task: Any = None
        self.steps = self.rows = self.done = 0
        self.shown = 0.0

    def note(self, text: str) -> None:
        from rich.text import Text

        with contextlib.suppress(OSError):  # the terminal was closed
            self.console.print(Text(visible(text)), style="yellow", soft_wrap=True)

    def start(self, epochs: int, steps: int, rows: int) -> None:
        from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
        from rich.table import Column

        head, width = len(f"epoch {epochs}/{epochs}"), self.console.width
        whole = Column(no_wrap=True, min_width=head)
        columns: list[ProgressColumn] = [
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}", table_column=whole),
            TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True, min_width=LONGEST_TIME)),
            TextColumn("{task.fields[scores]}", table_column=Column(no_wrap=True, overflow="ellipsis")),
        ]
        self.room = width - head - LONGEST_TIME - len(columns)  # a blank between columns, and one to spare
        for column, taken, needs in (
            (TextColumn("{task.fields[rate]}", table_column=Column(no_wrap=True, min_width=14)), 14, ROOM_FOR_THE_RATE),
            (BarColumn(bar_width=20), 20, ROOM_FOR_A_BAR),
        ):
            if width >= needs:
                columns.insert(1, column)
                self.room -= taken + 1
        self.steps, self.rows, self.began, self.done = steps, rows, time.perf_counter(), 0
        self.epochs, self.every = epochs, next(step for step in _steps() if step * MOST_LINES >= epochs)
        self.rows_by_epoch, self.printed = {}, set()
        self.bar = Progress(*columns, console=self.console, transient=True)
        self.task = self.bar.add_task("", total=epochs * steps, epoch=1, epochs=epochs, rate="", scores="")
        self.bar.start()

    def step(self, step: int) -> None:
        now = time.perf_counter()
        if now - self.shown >= REFRESH_SECONDS:
            self.shown = now
            self._update(self.done * self.steps + step)

    def epoch(self, row: Mapping[str, float]) -> None:
        self.done = int(row["epoch"])
        self.rows_by_epoch[self.done] = row
        if self.done == 1 or self.done % self.every == 0:
            self._print(self.done)
        self._update(self.done * self.steps, epoch=self.done + 1, scores=self._fitting(_pairs(row)))

    def finish(self) -> None:
        if self.bar is not None:
            with contextlib.suppress(OSError):
                self.bar.stop()
        self._print(self.done)

    def best(self, epoch: int) -> None:
        if self.done > 1:
            self.printed.discard(epoch)
            self._print(epoch, "best: ")

    def _fitting(self, scores: Sequence[str]) -> str:
        """As many scores as the terminal has room for, the loss first; the lines above have all."""
        while len(scores) > 1 and len("  ".join(scores)) > self.room:
            scores = scores[:-1]
        return "  ".join(scores)

    def _print(self, epoch: int, head: str = "") -> None:
        """The line of an epoch, once; never cut."""
        from rich.text import Text

        if epoch in self.rows_by_epoch and epoch not in self.printed:
            self.printed.add(epoch)
            with contextlib.suppress(OSError):
                self.console.print(Text(visible(head + _line(self.rows_by_epoch[epoch], self.epochs))), soft_wrap=True)

    def _update(self, steps: int, **fields: Any) -> None:
        seconds = time.perf_counter() - self.began
        rate = steps / self.steps * self.rows / seconds if seconds > 0 else 0.0
        if fields.get("epoch", 0) > self.bar.tasks[0].fields["epochs"]:
            fields.pop("epoch")
        self.bar.update(self.task, completed=steps, rate=f"{rate:,.0f} rows/s", **fields)


MOST_LINES = 10
"""Lines on the way that stay on a terminal."""


def _steps() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50 ..."""
    for power in itertools.count():
        yield from (10**power, 2 * 10**power, 5 * 10**power)


PATIENCE_SECONDS = 0.5
"""Work that takes less time shows no bar."""


def is_live() -> bool:
    """Whether standard error is a terminal that can rewrite a line."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class LoadingBar:
    """A `Watch` that draws a bar: called with what is being done, how many are done, and how many in all."""

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
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        self.bar = Progress(*columns, console=error_console(), transient=True)
        self.task = self.bar.add_task(visible(what), total=total)
        self.bar.start()

    def _stop(self) -> None:
        if self.bar is not None:
            with contextlib.suppress(OSError):  # the terminal was closed
                self.bar.stop()
            self.bar = None
