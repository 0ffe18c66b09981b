"""What training reports while it runs, and how it hears signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol


class Progress(Protocol):
    """Listens to a training. Every method may be called from the thread that trains only."""

    def note(self, text: str) -> None:
        """A note for the user, neither a result nor an error."""

    def loading(self, what: str, done: int, total: int) -> None:
        """`done` of `total` parts of a long loading step are done."""

    def start(self, epochs: int, steps: int, rows: int) -> None:
        """Training begins: at most `epochs`, each of `steps` batches with `rows` rows together."""

    def step(self, step: int) -> None:
        """So many batches of this epoch are done."""

    def epoch(self, row: Mapping[str, float]) -> None:
        """An epoch is done; `row` is its line of history.csv."""

    def finish(self) -> None:
        """Training is over, however it ended."""

    def best(self, epoch: int) -> None:
        """Called last: the epoch, from 1, that was judged the best; not called where none finished."""


class Silence:
    """Shows nothing."""

    def note(self, text: str) -> None:
        pass

    def loading(self, what: str, done: int, total: int) -> None:
        pass

    def start(self, epochs: int, steps: int, rows: int) -> None:
        pass

    def step(self, step: int) -> None:
        pass

    def epoch(self, row: Mapping[str, float]) -> None:
        pass

    def finish(self) -> None:
        pass

    def best(self, epoch: int) -> None:
        pass


_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class Interrupted(BaseException):
    """The user wants the run to end; like KeyboardInterrupt, it passes through every `except Exception`."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted ({signal.Signals(number).name})")
        self.number, self.exit_code = number, 128 + number

    def send_again(self) -> None:
        """Send the signal to this process once more, for those who handled it before the run."""
        signal.raise_signal(self.number)


class Pruned(Interrupted):
    """A search has seen enough of a training; whoever listens to it raises this after an epoch."""

    def __init__(self, epoch: int) -> None:
        BaseException.__init__(self, f"pruned after epoch {epoch}: others were better by then")


@contextmanager
def noted_interruptions() -> Iterator[list[Interrupted]]:
    """A context in which the first of these signals is only noted in the list; a second one ends the process.

    Nothing is raised where the signal happens to arrive, so that no epoch is half recorded and no file half written.
    """
    noted: list[Interrupted] = []
    if threading.current_thread() is not threading.main_thread():  # Python lets no other thread set handlers
        yield noted
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    watched = [number for number in _SIGNALS if before[number] is not signal.SIG_IGN]  # nohup must stay what it is

    def note(number: int, frame: Any) -> None:
        for other in watched:
            signal.signal(other, signal.SIG_DFL)
        noted.append(Interrupted(number))

    for number in watched:
        signal.signal(number, note)
    try:
        yield noted
    finally:
        for number in watched:
            signal.signal(number, before[number])
