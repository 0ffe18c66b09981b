"""The pictures of runs, drawn by another process while the one that trains goes on.

To import matplotlib and to draw take a second together, for which a second processor has time. The process that draws
is asked over a pipe and ends when the pipe does, however the process that asks has ended. It has a session of its own,
so that Ctrl-C in the terminal is not for it. What it cannot draw, for whatever reason, the process that asks draws
itself, and says what there is to say.

matplotlib is imported once: each drawing is that of a fork, which shares the memory of the imports and gives back its
own. Where forks are not safe, on macOS, or there are none, on Windows, the process draws one after the other itself.

A process of multiprocessing in its place would live on where the training is killed or ended by a second Ctrl-C, and
its resource tracker would then warn in the terminal of semaphores that nobody has given back.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.machine import available_memory, processors
from mlpcli.process import end_with, own_process, owns_process, python_command
from mlpcli.runs.directory import holds_series

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

    from mlpcli.plotting.style import Drawn

ROOM = 1 << 30
"""Bytes of memory that must be free for the process, which needs less than a quarter of it: training comes first."""
MOST_FORKS = 4
MOST_WAITING = 4
"""Drawings that may be left for later: Ctrl-C waits for no more."""


class DrawingProcess:
    """A process that imports matplotlib at once, and then draws what it is asked for."""

    def __init__(self) -> None:
        """Raises OSError: the system has no process to give."""
        environment = {**os.environ, "PYTHONUTF8": str(sys.flags.utf8_mode), "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            python_command(f"import {__name__} as drawing; drawing.draw_what_is_asked()"),
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

    def ask(self, path: Path, formats: Sequence[str], shares: int) -> int:
        """Have the pictures of a run or a series drawn, in so many shares; returns the number of the answer."""
        with suppress(OSError):  # it is dead: the answer will be none
            self._asks.write(json.dumps([str(path), list(formats), shares]).encode() + b"\n")
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


_process: DrawingProcess | None = None
_promised = False
"""Whether an `other_process_draws` is open, at whose end the process ends."""


def start_drawing_process() -> None:
    """Start the process, unless it is there, where this process is a command's own and has processors for both.

    A command that may draw starts it before it knows: to import matplotlib takes as long as all that comes before a
    small network is trained. Where memory is scarce, it is not started.
    """
    global _process
    if _process is None and owns_process() and processors() > 1 and (available_memory() or 0) >= ROOM:
        with suppress(OSError):
            _process = DrawingProcess()


@contextmanager
def other_process_draws(formats: Sequence[str]) -> Iterator[None]:
    """A context in which another process draws, where there can be one; it ends with it.

    formats: of the pictures; with none, nothing is to be drawn. Within another such context, it is that one.
    """
    global _promised
    if _promised:
        yield
        return
    _promised = True
    try:
        if formats:
            start_drawing_process()
        else:
            _end()
        yield
    finally:
        _promised = False
        _end()


def _end() -> None:
    global _process
    if _process is not None:
        _process.end()
    _process = None


@dataclass(frozen=True)
class Drawing:
    """The pictures of a run or of a series that somebody draws: a process, or who asks for the result.

    asked: the process, with the number of its answer.
    """

    path: Path
    formats: Sequence[str]
    asked: tuple[DrawingProcess, int] | None = None

    @classmethod
    def begin(cls, path: Path, formats: Sequence[str]) -> Drawing:
        """Ask the process for them; those of a run trained alone in shares, which are drawn at the same time."""
        if _process is None:
            return cls(path, formats)
        alone = _later.get() is None and not holds_series(path)
        shares = min(processors(), MOST_FORKS) if alone else 1
        return cls(path, formats, (_process, _process.ask(path, formats, shares)))

    def result(self) -> Drawn:
        """The pictures, once they are drawn (raises as `draw_run` and `draw_series`)."""
        from mlpcli.plotting.style import Drawn

        if self.asked is not None:
            process, number = self.asked
            with suppress(ValueError, TypeError):  # it died, or could not draw
                answer = json.loads(process.answer(number))
                return Drawn([Path(path) for path in answer["paths"]], answer["notes"])
        return _draw(self.path, self.formats)


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
    """The program of a `DrawingProcess`: answers each line of its input, and ends with it."""
    own_process()
    with open(os.dup(1), "wb") as answers, suppress(BrokenPipeError):
        os.dup2(2, 1)  # nothing that others print may come between the answers
        _get_ready()
        for answer in _by_forks() if sys.platform == "linux" else _by_itself():
            answers.write(answer + b"\n")
            answers.flush()
    end_with(0)  # at once: the command waits for it


def _get_ready() -> None:
    """Import what drawing needs, most of which it imports late, by drawing some curve in vain."""
    import mlpcli.plotting.run_plots  # noqa: F401
    from mlpcli.plotting.learning_curves import learning_curves
    from mlpcli.plotting.style import png_of
    from mlpcli.runs.read_run import RunCurves

    png_of(learning_curves([RunCurves("", {"epoch": [1.0, 2.0], "loss": [1.0, 0.5]})]), dots_per_inch=20)


def _by_itself() -> Iterator[bytes]:
    for line in sys.stdin.buffer:
        path, formats, _ = json.loads(line)
        yield _together([_share_of(Path(path), formats, (0, 1))])


@dataclass
class _Share:
    """Of the pictures of a run: what a fork draws, and what it answers (see `_share_of`)."""

    path: Path
    formats: Sequence[str]
    share: tuple[int, int]
    answer: _Answer | None = None
    ended: bool = False
    fork: ForkProcess = field(init=False)

    def begin(self) -> Connection:
        """Draw it; the answer comes over the connection."""
        from multiprocessing import get_context

        here, there = get_context("fork").Pipe(duplex=False)
        self.fork = get_context("fork").Process(target=self._draw, args=(there,))
        self.fork.start()
        there.close()
        return here

    def _draw(self, answers: Connection) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        answers.send(_share_of(self.path, self.formats, self.share))

    def end(self, answers: Connection) -> None:
        """Take the answer, which is there, or the end of a fork that died."""
        with suppress(EOFError):
            self.answer = answers.recv()
        answers.close()
        self.fork.join()
        self.ended = True


def _by_forks() -> Iterator[bytes]:
    """Each line is answered by forks, as many at once as there are processors; answers keep the order of the lines.

    At the end of the input, those that draw end as by Ctrl-C, so that no half-written file stays.
    """
    from multiprocessing.connection import Connection, wait

    gc.freeze()  # what a collection looks at is no longer shared with the forks
    line = b""
    waiting: deque[_Share] = deque()
    drawings: deque[list[_Share]] = deque()
    drawn: dict[Connection, _Share] = {}
    try:
        while True:
            while waiting and len(drawn) < min(processors(), MOST_FORKS):
                share = waiting.popleft()
                drawn[share.begin()] = share
            for ready in wait([0, *drawn]):
                if isinstance(ready, Connection):
                    drawn.pop(ready).end(ready)
                    continue
                if not (more := os.read(0, 1 << 16)):
                    return
                *lines, line = (line + more).split(b"\n")
                for path, formats, shares in map(json.loads, lines):
                    drawings.append([_Share(Path(path), formats, (place, shares)) for place in range(shares)])
                    waiting += drawings[-1]
            while drawings and all(share.ended for share in drawings[0]):
                yield _together([share.answer for share in drawings.popleft()])
    finally:
        for share in drawn.values():
            os.kill(share.fork.pid or 0, signal.SIGINT)
            share.fork.join()


_Answer = tuple[list[tuple[int, str]], list[str]]


def _share_of(path: Path, formats: Sequence[str], share: tuple[int, int]) -> _Answer | None:
    """The paths of a drawing, each with its place among all pictures, and the notes.

    None where the drawing failed: who asked will see how.
    """
    from mlpcli.plotting.pictures import PICTURES

    places = {picture.name: place for place, picture in enumerate(PICTURES)}
    try:
        drawn = _draw(path, formats, share)
    except Exception:
        return None
    return [(places.get(path.stem, 0), str(path)) for path in drawn.paths], drawn.notes


def _together(shares: Sequence[_Answer | None]) -> bytes:
    """The paths and notes of all shares, as JSON; null where one could not be drawn."""
    found = [share for share in shares if share is not None]
    if len(found) < len(shares):
        return b"null"
    paths = [path for _, path in sorted((pair for share in found for pair in share[0]), key=lambda pair: pair[0])]
    return json.dumps(
        {"paths": paths, "notes": list(dict.fromkeys(note for share in found for note in share[1]))}
    ).encode()
