"""What the trials of a sweep, and the seeds of its best, left in the trackers."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import mlpcli
from mlpcli.runs.history import read_history
from mlpcli.trackers.mlflow_tracker import MlflowTracker
from mlpcli.trackers.tracker import TrackedRun
from mlpcli.workflows import sweep_results, sweep_worker
from tests.trackers.conftest import MOONS, Notes, read_events, scalars

SWEEP = """
sweep:
  trials: 3
  parameters: {training.optimizer.learning_rate: {log_uniform: [0.01, 0.5]}}
"""
RATE = "training.optimizer.learning_rate"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A sweep of three trials: the first was interrupted in its third epoch and run again, the last was pruned."""
    import optuna

    home = tmp_path_factory.mktemp("swept")
    (home / "moons.yaml").write_text(MOONS + SWEEP, encoding="utf-8")
    changes = ["output.trackers=[mlflow, tensorboard]"]
    epoch = sweep_worker._Listener.epoch

    def stop_once(self: Any, row: Mapping[str, float]) -> None:
        if row["epoch"] == 3 and not (home / "stopped").exists():
            (home / "stopped").touch()
            os.kill(os.getpid(), signal.SIGINT)
        epoch(self, row)

    def prunes(self: Any, study: Any, trial: Any) -> bool:
        return bool(trial.user_attrs["slot"] == 2 and trial.last_step == 2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweep_results, "SEEDS", 1)
        patch.setattr(sweep_worker._Listener, "epoch", stop_once)
        patch.setattr(optuna.pruners.MedianPruner, "prune", prunes)
        stopped = mlpcli.sweep(home / "moons.yaml", changes, home / "runs", resend_signals=False)
        assert stopped.interrupted is not None
        told = Notes()
        found = mlpcli.sweep(home / "moons.yaml", changes, home / "runs", progress=told)
    assert told.warnings == []
    assert [trial.state for trial in found.record.trials] == ["done", "done", "pruned"]
    return found


def test_mlflow_has_a_run_for_each_trial_and_seed(swept: Any) -> None:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{swept.path.parent / 'mlflow.db'}")
    runs = client.search_runs([client.get_experiment_by_name("moons").experiment_id])
    found = {run.info.run_name: run for run in runs}
    assert len(found) == len(runs)
    assert {name: (run.info.status, run.data.tags["mlpcli.group"]) for name, run in found.items()} == {
        "moons/trials/0": ("FINISHED", "moons"),
        "moons/trials/1": ("FINISHED", "moons"),
        "moons/trials/2": ("KILLED", "moons"),
        "moons/best/seed-777": ("FINISHED", "moons/best"),
    }
    for trial in swept.record.trials:
        run = found[f"moons/trials/{trial.trial}"]
        assert float(run.data.params[RATE]) == trial.values[RATE]
        logged = client.get_metric_history(run.info.run_id, "val_loss")
        history = read_history(swept.path / "trials" / str(trial.trial) / "history.csv")["val_loss"]
        assert [(metric.step, metric.value) for metric in logged] == list(enumerate(history))
        assert len(history) == trial.epochs
        assert not client.list_artifacts(run.info.run_id, "model")
    assert client.list_artifacts(found["moons/best/seed-777"].info.run_id, "model")


def test_tensorboard_compares_the_trials_by_their_values(swept: Any) -> None:
    from tensorboard.plugins.hparams import metadata

    events = read_events(swept.path / "trials")
    for trial in swept.record.trials:
        run = f"{trial.trial}/tensorboard"
        assert len(scalars(events, f"{run}/validation", "epoch_loss")) == trial.epochs
        content = events.GetAccumulator(run).SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
        started = metadata.parse_session_start_info_plugin_data(content)
        assert (started.group_name, started.hparams[RATE].number_value) == (
            f"moons/trials/{trial.trial}",
            trial.values[RATE],
        )


def test_a_tracker_that_fails_is_told_once_and_harms_no_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def fail(self: MlflowTracker, run: TrackedRun) -> int:
        asked.append(run.name)
        raise OSError("the server is down")

    monkeypatch.setattr(MlflowTracker, "begin", fail)
    (tmp_path / "moons.yaml").write_text(MOONS + SWEEP, encoding="utf-8")
    monkeypatch.setattr(sweep_results, "SEEDS", 1)
    told = Notes()
    found = mlpcli.sweep(
        tmp_path / "moons.yaml", ["output.trackers=[mlflow]", "sweep.trials=2"], tmp_path, progress=told
    )
    assert found.counted() == "2 trials: 2 done"
    assert asked == ["moons/trials/0", "moons/best/seed-777"]
    warning = "warning: mlflow failed and gets no more of this run, which continues: OSError: the server is down"
    assert told.warnings == [warning, warning]
