"""Workers of a sweep killed at random moments: no trial is lost, and none runs twice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from typing import Any

import pytest

from mlpcli.runs.read_run import read_curves, read_metrics
from mlpcli.workflows.sweep_folder import read_folder
from mlpcli.workflows.sweep_worker import Job

KILLS, TRIALS = 20, 60


def _at_work(study: Any, team: list[ForkServerProcess]) -> ForkServerProcess:
    """One of the workers, as soon as one has taken a trial."""
    limit = time.monotonic() + 300
    while time.monotonic() < limit:
        marks = " ".join(key for trial in study.trials if trial.state.name == "RUNNING" for key in trial.user_attrs)
        for worker in team:
            if f":{worker.pid}-" in marks:
                return worker
        time.sleep(0.01)
    raise AssertionError("no worker takes a trial")


@pytest.mark.long
def test_twenty_killed_workers(
    begin: Callable[..., Any], start: Callable[[Job], ForkServerProcess], study_of: Callable[..., Any]
) -> None:
    found = begin(f"sweep.trials={TRIALS}", "sweep.timeout=0.000001s", "sweep.sampler=random", "sweep.pruner=median")
    folder = read_folder(found.path)
    job = Job(str(folder.path), folder.study, None, folder.rising)
    study = study_of(folder.path)
    draw, team = random.Random(), [start(job), start(job)]
    for _ in range(KILLS):
        victim = _at_work(study, team)
        time.sleep(draw.uniform(0, 0.06))
        victim.kill()
        team = [*(worker for worker in team if worker is not victim), start(job)]
    for worker in team:
        worker.join()
        assert worker.exitcode == 0

    for_good = [trial for trial in study.trials if trial.user_attrs.get("why it failed") != "superseded"]
    assert sorted(trial.user_attrs["slot"] for trial in for_good) == [*range(TRIALS)]
    assert all(trial.state.is_finished() for trial in study.trials)
    attempts: dict[int, list[Any]] = {}
    for trial in study.trials:
        attempts.setdefault(trial.user_attrs["slot"], []).append(trial)
    assert len(study.trials) > TRIALS, "no trial was hit"
    for slot, trials in attempts.items():
        # Two workers may see a death at the same moment and both put the trial back: one of the two is superseded.
        numbers = [trial.user_attrs["attempt"] for trial in trials]
        assert sorted(set(numbers)) == [*range(1, max(numbers) + 1)]
        (last,) = (trial for trial in for_good if trial.user_attrs["slot"] == slot)
        assert last.user_attrs["attempt"] == max(numbers)
        assert all(last.params.items() >= trial.params.items() for trial in trials)
        run = folder.path / "trials" / str(slot)
        metrics = read_metrics(run)
        kept = metrics["kept_epoch"] if last.state.name == "COMPLETE" else metrics["epochs"]
        assert last.value == pytest.approx(read_curves(run).history["val_loss"][kept - 1])
    done = begin(f"sweep.trials={TRIALS}", "sweep.sampler=random", "sweep.pruner=median")
    assert done.record.finished == TRIALS
    assert len(list(folder.path.glob("trials/*/model.keras"))) == 1
