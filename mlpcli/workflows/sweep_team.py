"""Workers of a sweep in processes of their own, replaced where they die, and what is told of the trials as they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlpcli.config.sweep import SweepConfig
from mlpcli.errors import MlpcliError
from mlpcli.process import python_command
from mlpcli.runs.sweep_file import SweepRecord
from mlpcli.training.progress import Interrupted
from mlpcli.workflows.sweep_folder import SweepFolder
from mlpcli.workflows.sweep_queue import Queue
from mlpcli.workflows.sweep_results import record_of, told_trial
from mlpcli.workflows.sweep_worker import Job

if TYPE_CHECKING:
    from mlpcli.training.progress import Progress

WATCH_SECONDS = 0.2
LOG = "workers.log"
"""What workers in processes of their own say of faults; it is removed where they said nothing."""
DEATHS_IN_A_ROW = 3
"""For each worker: so many that die one after another, without a trial ended, end the sweep."""


@dataclass
class Watch:
    """Tells of trials as they end, whoever trains them."""

    queue: Queue
    settings: SweepConfig
    folder: SweepFolder
    listener: Progress
    told: set[int] = field(default_factory=set)
    warnings: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.told |= {trial.trial for trial in self.record().trials if trial.state in ("done", "pruned", "failed")}

    def record(self) -> SweepRecord:
        """The trials as they are now."""
        return record_of(self.queue.standing(), self.settings, self.folder)

    def unfinished(self) -> bool:
        """Whether a trial has not ended."""
        return any(not trial.state.is_finished() for trial in self.queue.standing().values())

    def look(self) -> None:
        """Tell of what has ended since the last look."""
        record = self.record()
        for trial in record.trials:
            if trial.trial not in self.told and trial.state in ("done", "pruned", "failed"):
                self.told.add(trial.trial)
                self.listener.note(told_trial(trial, record, len(self.told)))
                if trial.warning is not None and trial.warning not in self.warnings:
                    self.warnings.add(trial.warning)
                    self.listener.note(trial.warning)


def run_workers(job: Job, count: int, noted: list[Interrupted], watch: Watch) -> None:
    """Start the workers, and others for those that end too early, until all have ended.

    Raises:
        MlpcliError: a worker failed, or they die without ending a trial.
    """
    log = Path(job.folder) / LOG
    team: list[subprocess.Popen[bytes]] = []
    deaths, told = 0, len(watch.told)
    try:
        while len(team) < count:
            team.append(_start(job, count, log))
        while team:
            time.sleep(WATCH_SECONDS)
            watch.look()
            if noted:
                _end_all(team)
            deaths, told = (deaths, told) if len(watch.told) == told else (0, len(watch.told))
            for worker in [worker for worker in team if worker.poll() is not None]:
                team.remove(worker)
                if noted or job.is_over or not (worker.returncode or watch.unfinished()):
                    continue
                deaths += 1
                if worker.returncode > 0 or deaths > DEATHS_IN_A_ROW * count:
                    raise MlpcliError(f"a worker of the sweep failed: {_last_line(log, worker.returncode)}")
                if watch.unfinished():
                    team.append(_start(job, count, log))
    finally:
        _end_all(team)
        watch.queue.recover()
        if log.is_file() and not log.stat().st_size:
            log.unlink()
    watch.look()


def _start(job: Job, count: int, log: Path) -> subprocess.Popen[bytes]:
    """A worker in a process of its own; a signal of the terminal is for this process, which passes it on."""
    threads = str(max(1, (os.cpu_count() or 1) // count))
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
    environment = {**dict.fromkeys(names, threads), **os.environ}
    with open(log, "ab") as errors:
        process = subprocess.Popen(
            python_command("from mlpcli.workflows.sweep_worker import main; main()"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=environment,
            start_new_session=True,
        )
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin as job_of_worker:
        job_of_worker.write(json.dumps({**asdict(job), "parent": os.getpid()}).encode())
    return process


def _end_all(team: Sequence[subprocess.Popen[bytes]]) -> None:
    """Let each give its trial back, and wait for it."""
    for worker in team:
        if worker.poll() is None:
            worker.send_signal(signal.SIGTERM)
    for worker in team:
        worker.wait()


def _last_line(log: Path, code: int) -> str:
    """What a worker said last."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with code {code}; check that there is enough memory"
