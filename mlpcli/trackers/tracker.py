"""What an experiment tracker is told of a run, and all of them told at once; what one of them raises ends at a note."""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mlpcli.errors import OutputError, RunDirectoryError
from mlpcli.files import write_json
from mlpcli.runs.directory import TRACKERS
from mlpcli.runs.history import FIRST_COLUMNS, History, shortest
from mlpcli.runs.run_file import LARGEST_METRICS, read_run_json
from mlpcli.text import one_line
from mlpcli.trackers.parameters import Parameters

Row = Mapping[str, float]
"""A line of history.csv."""
PAUSE = 1.0
"""Seconds between two calls with new epochs."""
SHARE = 0.05
"""The most of a run's time that those calls take."""
LONGEST_REASON = 300


@dataclass(frozen=True)
class TrackedRun:
    """A run, as trackers are told of it when it begins or goes on.

    name: unique beside `home`, such as `digits/seed-7`. group: the series that it belongs to, or None. home: the folder
    in which the run directory lies, or that of its series; local stores are made there. project: the config's name.
    """

    path: Path
    home: Path
    name: str
    group: str | None
    repeats: bool
    """Whether the others of the group are the same but for their seed and fold."""
    project: str
    parameters: Parameters
    files: tuple[Path, ...]
    """What it is made from."""


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    outcome: finished, interrupted, failed, or pruned by a sweep. scores: by split and metric. kept_epoch: from 1, or
    None. files: of results. model: its file, or None.
    """

    outcome: str
    scores: Mapping[str, Mapping[str, float]]
    kept_epoch: int | None
    files: Sequence[Path] = ()
    pictures: Sequence[Path] = ()
    model: Path | None = None


class Tracker(Protocol):
    """One of them, for one run. Whatever its methods raise is caught by `Trackers`."""

    known: dict[str, Any]
    """What a later process needs to go on with the same run of the tracker, as JSON; {} before the first."""
    place: str
    """Where it writes, in words, once begun."""

    def begin(self, run: TrackedRun) -> int:
        """Start, or go on with what is `known`; returns how many epochs the tracker has already."""

    def epochs(self, rows: Sequence[Row]) -> None:
        """One or more epochs are done, each after the one before."""

    def end(self, ending: Ending) -> None:
        """The run is over."""


class Trackers:
    """All trackers of a run; one that fails is left out from then on, and a note says so."""

    def __init__(self, trackers: Mapping[str, Tracker], folder: Path, note: Callable[[str], None]) -> None:
        """folder: the run directory."""
        self.trackers, self.folder, self.note = dict(trackers), folder, note
        self.done = dict.fromkeys(trackers, 0)
        self._waiting: list[Row] = []
        self._next = 0.0

    def begin(self, run: TrackedRun, history: History) -> None:
        """The run begins, or goes on after the epochs of `history`."""
        known = _read_known(self.folder / TRACKERS) if self.trackers else {}
        for name, tracker in self.trackers.items():
            tracker.known = known.get(name, {})

        def begin(name: str, tracker: Tracker) -> None:
            self.done[name] = tracker.begin(run)

        self._tell(begin)
        for name, tracker in self.trackers.items():
            self.note(f"note: {name}: {tracker.place}")
        self._waiting = [dict(zip(history, row, strict=True)) for row in zip(*history.values(), strict=True)]
        self._send()

    def epoch(self, row: Row) -> None:
        """An epoch is done; it may be told together with those after it."""
        if self.trackers:
            self._waiting.append(row)
            if time.monotonic() >= self._next:
                self._send()

    def end(self, ending: Ending) -> None:
        """The run is over."""
        if not self.trackers:
            return
        self._send()
        self._tell(lambda name, tracker: tracker.end(ending))

    def _send(self) -> None:
        started = time.monotonic()

        def send(name: str, tracker: Tracker) -> None:
            rows = [row for row in self._waiting if row["epoch"] > self.done[name]]
            if rows:
                tracker.epochs(rows)
                self.done[name] = int(rows[-1]["epoch"])

        self._tell(send)
        self._waiting = []
        ended = time.monotonic()
        self._next = ended + max(PAUSE, (ended - started) / SHARE)

    def _tell(self, call: Callable[[str, Tracker], None]) -> None:
        """Call it for each; Python's random numbers and its warnings stay as they are, whatever a client does."""
        state = random.getstate()
        before = {name: dict(tracker.known) for name, tracker in self.trackers.items()}
        for name, tracker in list(self.trackers.items()):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    call(name, tracker)
            except Exception as error:
                del self.trackers[name]
                reason = one_line(f"{type(error).__name__}: {error}", LONGEST_REASON)
                self.note(f"warning: {name} failed and gets no more of this run, which continues: {reason}")
        random.setstate(state)
        if any(tracker.known != before[name] for name, tracker in self.trackers.items()):
            self._write_known()

    def _write_known(self) -> None:
        """Without the file, a resumed run would be another run of the tracker; that is no reason to end this one."""
        known = {**_read_known(self.folder / TRACKERS), **{name: one.known for name, one in self.trackers.items()}}
        with suppress(OutputError):
            write_json(self.folder / TRACKERS, known)


def columns_of(row: Row) -> dict[str, float]:
    """Loss and metrics of an epoch, with the learning rate, as Keras's logs have them; the values of history.csv."""
    left_out = [name for name in FIRST_COLUMNS if name != "learning_rate"]
    return {name: float(shortest(value)) for name, value in row.items() if name not in left_out}


def ends_of(rows: Sequence[Row]) -> list[float]:
    """When each of these epochs ended, in seconds since 1970, if the last has just ended."""
    ends = [time.time()]
    for row in reversed(rows[1:]):
        ends.append(ends[-1] - row["seconds"])
    return ends[::-1]


def _read_known(path: Path) -> dict[str, dict[str, Any]]:
    """What the file says; {} where there is none, or one that is damaged."""
    with suppress(RunDirectoryError, OSError, ValueError):
        known = read_run_json(path, LARGEST_METRICS)
        if isinstance(known, dict):
            return {name: value for name, value in known.items() if isinstance(value, dict)}
    return {}
