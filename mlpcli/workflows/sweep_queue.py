"""The trials of a sweep as a queue that any number of processes take from: none is lost, none runs twice.

Every trial that is asked for is a slot, 0 to n - 1. A slot's trials in the study are its attempts: the next one is put
into the queue when the worker of the last one has died or was interrupted, with the same values. Two processes may do
so at the same moment; of several trials of one slot and attempt only the first one counts, and the others are
cancelled before they run. Optuna has no heartbeat for trials that are asked for one by one, so this file has one.

A worker leaves its mark on a trial before it takes it. On its own machine it is dead when its lock is free, which the
kernel sees to; on another one when its mark has not changed for a while, by the clock of whoever watches it.
"""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlpcli.errors import OutputError

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial, Trial

BEAT_SECONDS = 20.0
SILENT_SECONDS = 6 * BEAT_SECONDS
"""A worker of another machine that has not been heard of for so long is dead."""
MOST_DEATHS = 5
"""Workers that may die of one trial; it has then failed, since it is likely what kills them."""
SLOT, ATTEMPT, DEATHS, WHY, HOME = "slot", "attempt", "deaths", "why it failed", "home"
WORKER = "worker "
"""Begins the key of a worker's mark."""
SUPERSEDED = "superseded"
"""Why a trial has ended that does not count: given back, its worker dead, or one of two that are the same."""


@dataclass(frozen=True)
class Worker:
    """A process that takes trials. machine: tells machines, and containers, apart. lock: held while it lives."""

    name: str
    machine: str
    lock: str

    @property
    def key(self) -> str:
        """Of its mark."""
        return f"{WORKER}{self.name}"

    def mark(self, beat: int) -> dict[str, Any]:
        """What it leaves on a trial."""
        return {"machine": self.machine, "lock": self.lock, "beat": beat}


@contextmanager
def this_worker() -> Iterator[Worker]:
    """This process as a worker, as long as the context lasts; without a lock where there are none (Windows).

    Where it could not record its trial's end, the file of the lock stays, so that others see that it is free.
    """
    descriptor, lock = tempfile.mkstemp(prefix="mlpcli-worker-")
    token = lock.rpartition("-")[2]
    try:
        held = lock if _locks(descriptor) else ""
        yield Worker(f"{socket.gethostname()}:{os.getpid()}-{token}", _machine(), held)
    except OutputError:
        os.close(descriptor)
        raise
    except BaseException:
        _remove(descriptor, lock)
        raise
    else:
        _remove(descriptor, lock)


def _remove(descriptor: int, lock: str) -> None:
    os.close(descriptor)
    Path(lock).unlink(missing_ok=True)


def _locks(descriptor: int) -> bool:
    """Whether the file could be locked, which lasts as long as the process."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _is_free(lock: str) -> bool | None:
    """Whether nobody holds a lock of this machine; None where that cannot be told."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except OSError:
        return None
    try:
        return _locks(descriptor)
    finally:
        os.close(descriptor)


def _machine() -> str:
    """The same for all processes that can see each other's locks: not for two containers, nor after a reboot."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
    for space in ("pid", "mnt"):
        with suppress(OSError):
            parts.append(os.readlink(f"/proc/self/ns/{space}"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@dataclass
class Queue:
    """The trials of a study, and this process as one of those that take them."""

    study: Study
    storage: BaseStorage
    worker: Worker
    seen: dict[tuple[int, str], tuple[Any, float]] = field(default_factory=dict)
    """Marks of other machines: the last beat, and when it was first seen here."""
    ids: dict[int, int] = field(default_factory=dict)

    def add(self, slots: Sequence[Mapping[str, Any]], home: Mapping[str, str]) -> None:
        """Put those slots into the queue that are not in it; each has the values that are fixed, by name.

        home: describes the folder that asks for them.
        """
        known = self.standing()
        for slot, values in enumerate(slots):
            if slot not in known:
                self._put(slot, 1, 0, values, {HOME: dict(home)})

    def home(self) -> dict[str, str]:
        """The folder that asked for the first trial, before any other; all processes are told the same one."""
        trials = self.study.get_trials(deepcopy=False)
        return next((dict(trial.user_attrs[HOME]) for trial in trials if HOME in trial.user_attrs), {})

    def standing(self) -> dict[int, FrozenTrial]:
        """The trial of each slot that counts: the last attempt, and of several the first."""
        found: dict[int, FrozenTrial] = {}
        for trial in self.study.get_trials(deepcopy=False):
            slot = trial.user_attrs.get(SLOT)
            if slot is None:
                continue  # somebody else's, as from a dashboard
            before = found.get(slot)
            if before is None or trial.user_attrs[ATTEMPT] > before.user_attrs[ATTEMPT]:
                found[slot] = trial
        return dict(sorted(found.items()))

    def take(self) -> Trial | None:
        """The next trial, which is this worker's from now on; None where none waits.

        In the order in which they were asked for; those of which workers have died come last.
        """
        import optuna

        waiting = [found for found in self.standing().items() if found[1].state.name == "WAITING"]
        for slot, trial in sorted(waiting, key=lambda found: (found[1].user_attrs[DEATHS], found[0])):
            if not self._claim(trial):
                continue
            now = self.standing()[slot]
            if now.number != trial.number:  # two processes have put it into the queue, and the other was first
                self._end(trial, SUPERSEDED)
                continue
            return optuna.trial.Trial(self.study, self._id(trial))
        return None

    def _claim(self, trial: FrozenTrial) -> bool:
        import optuna

        number = self._id(trial)
        try:
            self.storage.set_trial_user_attr(number, self.worker.key, self.worker.mark(0))
            if self.storage.set_trial_state_values(number, optuna.trial.TrialState.RUNNING):
                return True
            self.storage.set_trial_user_attr(number, self.worker.key, None)
        except optuna.exceptions.UpdateFinishedTrialError:
            pass
        return False

    def recover(self) -> list[int]:
        """Put the trials of dead workers back into the queue; the numbers of their slots."""
        import optuna

        states, again = optuna.trial.TrialState, []
        standing = self.standing()
        for slot, trial in standing.items():
            if trial.state == states.RUNNING and self._is_abandoned(trial):
                self._let_go(trial, trial.user_attrs[DEATHS] + 1)
                again.append(slot)
            elif _is_superseded(trial):  # whoever ended it was killed before the next attempt was in the queue
                again.append(slot)
        for trial in self.study.get_trials(deepcopy=False, states=(states.WAITING, states.RUNNING)):
            counts = standing.get(trial.user_attrs.get(SLOT, -1))
            if counts is not None and counts.number != trial.number and self._is_abandoned(trial):
                self._end(trial, SUPERSEDED)
        for slot in again:
            self._put_again(slot)
            _remove_locks(standing[slot], self.worker.machine)
        return again

    def give_back(self, trial: Trial) -> None:
        """Put a trial of this worker that was interrupted back into the queue."""
        self._let_go(trial, trial.user_attrs[DEATHS])
        self._put_again(trial.user_attrs[SLOT])

    def fail(self, trial: Trial, why: str) -> bool:
        """End a trial for good; whether it was still this worker's."""
        return self._end(trial, why)

    def finish(self, trial: Trial, value: float | None) -> bool:
        """Record the finite value of a trial, or None where it was pruned; whether it was still this worker's."""
        import optuna

        state = optuna.trial.TrialState.PRUNED if value is None else optuna.trial.TrialState.COMPLETE
        try:
            self.study.tell(trial, value, state)
        except (optuna.exceptions.UpdateFinishedTrialError, ValueError):
            return False  # this process was thought to be dead
        return True

    @contextmanager
    def beating(self, trial: Trial) -> Iterator[None]:
        """A context in which the mark on a trial changes, so that other machines know that this worker lives."""
        over = threading.Event()

        def beat() -> None:
            count = 0
            while not over.wait(BEAT_SECONDS):
                count += 1
                with suppress(Exception):  # the next one may be heard; what is wrong, the worker itself will find
                    self.storage.set_trial_user_attr(self._id(trial), self.worker.key, self.worker.mark(count))
            self.storage.remove_session()  # of this thread

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _put(
        self, slot: int, attempt: int, deaths: int, values: Mapping[str, Any], more: Mapping[str, Any] | None = None
    ) -> None:
        attributes = {SLOT: slot, ATTEMPT: attempt, DEATHS: deaths, **(more or {})}
        self.study.enqueue_trial(dict(values), user_attrs=attributes)

    def _put_again(self, slot: int) -> None:
        last = self.standing()[slot]
        if _is_superseded(last):
            values = {**last.system_attrs.get("fixed_params", {}), **last.params}
            self._put(slot, last.user_attrs[ATTEMPT] + 1, last.user_attrs[DEATHS], values)

    def _let_go(self, trial: FrozenTrial | Trial, deaths: int) -> None:
        import optuna

        with suppress(optuna.exceptions.UpdateFinishedTrialError):
            self.storage.set_trial_user_attr(self._id(trial), DEATHS, deaths)
        too_many = f"{deaths} workers died while training it, perhaps for lack of memory"
        self._end(trial, SUPERSEDED if deaths < MOST_DEATHS else too_many)

    def _end(self, trial: FrozenTrial | Trial, why: str) -> bool:
        """Let a trial fail; whether it had not ended before."""
        import optuna

        number = self._id(trial)
        try:
            self.storage.set_trial_user_attr(number, WHY, why)
            self.storage.set_trial_state_values(number, optuna.trial.TrialState.FAIL)
        except optuna.exceptions.UpdateFinishedTrialError:
            return False
        return True

    def _is_abandoned(self, trial: FrozenTrial) -> bool:
        """Whether no living worker has left its mark on a running trial."""
        return all(self._is_dead(trial.number, key, mark) for key, mark in _marks(trial).items())

    def _is_dead(self, number: int, key: str, mark: Mapping[str, Any]) -> bool:
        if key == self.worker.key:
            return False
        free = _is_free(mark["lock"]) if mark["machine"] == self.worker.machine else None
        if free is not None:
            return free
        beat, since = self.seen.get((number, key), (None, 0.0))
        if beat != mark["beat"]:
            self.seen[number, key] = mark["beat"], time.monotonic()
            return False
        return time.monotonic() - since > SILENT_SECONDS

    def _id(self, trial: FrozenTrial | Trial) -> int:
        """What the storage calls it."""
        if trial.number not in self.ids:
            study = self.storage.get_study_id_from_name(self.study.study_name)
            self.ids[trial.number] = self.storage.get_trial_id_from_study_id_trial_number(study, trial.number)
        return self.ids[trial.number]


def _marks(trial: FrozenTrial) -> dict[str, Any]:
    """Of the workers that may have taken it: those that were too late have removed theirs."""
    return {key: mark for key, mark in trial.user_attrs.items() if key.startswith(WORKER) and mark}


def _remove_locks(trial: FrozenTrial, machine: str) -> None:
    for mark in _marks(trial).values():
        if mark["machine"] == machine and mark["lock"] and _is_free(mark["lock"]):
            Path(mark["lock"]).unlink(missing_ok=True)


def _is_superseded(trial: FrozenTrial) -> bool:
    return trial.state.name == "FAIL" and trial.user_attrs.get(WHY) == SUPERSEDED
