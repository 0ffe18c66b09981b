"""The pictures of runs, drawn by other processes while the one that trains goes on.

To import matplotlib and to draw take a second together, for which a second processor has time. A process that draws is
asked over a pipe and ends when the pipe does, however the process that asks has ended. It has a session of its own, so
that Ctrl-C in the terminal is not for it. What it cannot draw, for whatever reason, the process that asks draws itself,
and says what there is to say.

The processes of multiprocessing would live on where the training is killed or ended by a second Ctrl-C, and its
resource tracker would then warn in the terminal of semaphores that nobody has given back.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from mlpcli.machine import available_memory, processors
from mlpcli.process import end_with, own_process, owns_process
from mlpcli.runs.directory import holds_series

if TYPE_CHECKING:
    from mlpcli.plotting.style import Drawn

MOST_PROCESSES = 4
ROOM = 1 << 30
"""Bytes of memory that must be free for a process, which needs less than a quarter of it: the training comes first."""
MOST_WAITING = 4
"""Drawings that may be left for later: Ctrl-C waits for no more."""


class DrawingProcess:
    """A process that imports matplotlib at once, and then draws what it is asked for, one after the other."""

    def __init__(self) -> None:
        """Raises OSError: the system has no process to give."""
        # The path first, as it is here: Python would look for modules where the command was typed.
        program = f"import sys; sys.path[:] = {sys.path!a}; import {__name__} as drawing; drawing.draw_what_is_asked()"
        environment = {**os.environ, "PYTHONUTF8": str(sys.flags.utf8_mode), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        atexit.register(self._wait)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asks, self._answers = self._process.stdin, self._process.stdout
        self._asked = 0
        self._answered: list[bytes] = []

    @property
    def waiting(self) -> int:
        """How many drawings nobody has taken yet."""
        return self._asked - len(self._answered)

    def ask(self, path: Path, formats: Sequence[str], share: tuple[int, int]) -> int:
        """Have this share of the pictures of a run or a series drawn; returns the number of the answer."""
        with suppress(OSError):  # it is dead: the answer will be none
            self._asks.write(json.dumps([str(path), list(formats), share]).encode() + b"\n")
            self._asks.flush()
        self._asked += 1
        return self._asked - 1

    def answer(self, number: int) -> bytes:
        """A line of JSON, once the drawing is done; empty where the process has died."""
        while len(self._answered) <= number:
            self._answered.append(self._answers.readline())
        return self._answered[number]

    def end(self) -> None:
        """Let the process end, at once if it is drawing, without waiting for it."""
        for pipe in (self._asks, self._answers):
            with suppress(OSError):  # it is dead, and what it was asked last is still here
                pipe.close()

    def _wait(self) -> None:
        self.end()
        self._process.wait()


_processes: list[DrawingProcess] = []
_promised = False
"""Whether a `drawing_processes` is open, at whose end they end."""


def start_drawing_processes(most: int = MOST_PROCESSES) -> None:
    """Start processes until there are so many, or as many as processors, where this process is a command's own.

    A command that may draw starts the first of them before it knows: to import matplotlib takes as long as all that
    comes before a small network is trained. Where memory is scarce, none is started.
    """
    if not owns_process() or processors() < 2:
        return
    count = min(most, processors(), (available_memory() or 0) // ROOM)
    with suppress(OSError):
        _processes.extend(DrawingProcess() for _ in range(count - len(_processes)))


@contextmanager
def drawing_processes(formats: Sequence[str], runs: int = 1) -> Iterator[None]:
    """A context in which other processes draw, where there can be some; they end with it.

    formats: of the pictures; with none, nothing is to be drawn. runs: how many are trained; two processes share the
    pictures of one. Within another such context, it is that one.
    """
    global _promised
    if _promised:
        yield
        return
    _promised = True
    try:
        if formats:
            start_drawing_processes(min(max(2, runs), MOST_PROCESSES))
        else:
            _end_all()
        yield
    finally:
        _promised = False
        _end_all()


def _end_all() -> None:
    while _processes:
        _processes.pop().end()


@dataclass(frozen=True)
class Drawing:
    """The pictures of a run or of a series that somebody draws: processes, or who asks for the result.

    asked: the processes, each with the number of its answer.
    """

    path: Path
    formats: Sequence[str]
    asked: Sequence[tuple[DrawingProcess, int]] = ()

    @classmethod
    def begin(cls, path: Path, formats: Sequence[str]) -> Drawing:
        """Ask all processes, each for a share; where more runs are trained, the one that has the least to draw."""
        alone = _later.get() is None and not holds_series(path)
        processes = _processes if alone else sorted(_processes, key=lambda process: process.waiting)[:1]
        shares = len(processes)
        return cls(
            path,
            formats,
            [(process, process.ask(path, formats, (place, shares))) for place, process in enumerate(processes)],
        )

    def result(self) -> Drawn:
        """The pictures, once they are drawn (raises as `draw_run` and `draw_series`)."""
        from mlpcli.plotting.style import Drawn

        drawn, placed = Drawn(), []
        answers = [process.answer(number) for process, number in self.asked]  # all, so that nobody writes any more
        with suppress(ValueError, TypeError):  # it died, or could not draw
            for answer in map(json.loads, answers):
                placed += answer["paths"]
                for note in answer["notes"]:
                    drawn.add_note(note)
            drawn.paths = [Path(path) for _, path in sorted(placed, key=lambda pair: pair[0])]
        return drawn if drawn.paths else _draw(self.path, self.formats)


def _draw(path: Path, formats: Sequence[str], share: tuple[int, int] = (0, 1)) -> Drawn:
    from mlpcli.plotting.run_plots import draw_run, draw_series

    return draw_series(path, formats) if holds_series(path) else draw_run(path, formats, share=share)


_later: ContextVar[deque[Callable[[], object]] | None] = ContextVar("later", default=None)


@contextmanager
def drawn_later() -> Iterator[None]:
    """A context in which one run is trained after the other; at its end, all that was left for later is taken."""
    if _later.get() is not None:
        yield
        return
    left: deque[Callable[[], object]] = deque()
    before = _later.set(left)
    try:
        yield
    finally:
        _later.reset(before)
        while left:
            left.popleft()()


def taken(drawing: Drawing, take: Callable[[], list[Path]], now: bool) -> list[Path]:
    """What `take` returns; or nothing, and it is called later: where more runs are trained, and unless `now`.

    They are taken in their order, so that notes are.
    """
    left = _later.get()
    if left is None or now or not drawing.asked:
        return take()
    left.append(take)
    while len(left) > MOST_WAITING:
        left.popleft()()
    return []


def draw_what_is_asked() -> None:
    """The program of a `DrawingProcess`: answers each line of its input, and ends with it.

    In the middle of a drawing it ends as by Ctrl-C, so that no half-written file stays.
    """
    own_process()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asked: SimpleQueue[bytes | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    with open(os.dup(1), "wb") as answers, suppress(KeyboardInterrupt, BrokenPipeError):
        os.dup2(2, 1)  # nothing that others print may come between the answers
        _get_ready()
        while (line := asked.get()) is not None:
            answers.write(_answer(line) + b"\n")
            answers.flush()
    end_with(0)  # at once: the command waits for it


def _listen(asked: SimpleQueue[bytes | None]) -> None:
    import _thread

    for line in sys.stdin.buffer:
        asked.put(line)
    _thread.interrupt_main()  # where it draws; where it waits, only the queue wakes it
    asked.put(None)


def _get_ready() -> None:
    """Import what drawing needs, most of which it imports late, by drawing some curve in vain."""
    import mlpcli.plotting.run_plots  # noqa: F401
    from mlpcli.plotting.learning_curves import learning_curves
    from mlpcli.plotting.style import png_of
    from mlpcli.runs.read_run import RunCurves

    png_of(learning_curves([RunCurves("", {"epoch": [1.0, 2.0], "loss": [1.0, 0.5]})]), dots_per_inch=20)


def _answer(line: bytes) -> bytes:
    """The paths of a drawing, each with its place among all pictures, and the notes, as JSON.

    It is null where the drawing failed: who asked will see how.
    """
    from mlpcli.plotting.pictures import PICTURES

    path, formats, share = json.loads(line)
    places = {picture.name: place for place, picture in enumerate(PICTURES)}
    try:
        drawn = _draw(Path(path), formats, share=tuple(share))
    except Exception:
        return b"null"
    paths = [(places.get(path.stem, 0), str(path)) for path in drawn.paths]
    return json.dumps({"paths": paths, "notes": drawn.notes}).encode()
