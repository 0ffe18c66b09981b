"""`mlpcli sweep`: every trial is an ordinary run, the best is trained anew, and the same command goes on."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import mlpcli
from mlpcli.config.load_config import load_config
from mlpcli.errors import ConfigError, RunDirectoryError, UserError
from mlpcli.runs.read_run import read_curves, read_metrics
from mlpcli.runs.run_summary import read_summary
from mlpcli.runs.sweep_file import read_record
from mlpcli.training.progress import Silence
from mlpcli.workflows import sweep_worker
from mlpcli.workflows.sweep_folder import read_folder
from tests.sweep.conftest import CONFIG

Begin = Callable[..., Any]
RATE, UNITS = "training.optimizer.learning_rate", "model.hidden_units"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A finished sweep, to be read only."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "flowers.yaml").write_text(CONFIG, encoding="utf-8")
    return mlpcli.sweep(folder / "flowers.yaml", runs_dir=folder / "runs", command=["mlpcli", "sweep", "flowers.yaml"])


def test_every_trial_is_a_run_with_its_own_values(swept: Any) -> None:
    assert swept.counted() == "6 trials: 6 done"
    for trial in swept.record.trials:
        run = swept.path / "trials" / str(trial.trial)
        config = load_config(run / "config.yaml").config
        assert config.sweep is None
        assert config.training.optimizer.learning_rate == trial.values[RATE]
        assert json.dumps(config.model.hidden_units) == trial.values[UNITS]
        assert read_summary(run).state == "done"
        kept = read_metrics(run)["kept_epoch"]
        assert trial.value == pytest.approx(read_curves(run).history["val_loss"][kept - 1])
        assert trial.epochs == 3


def test_only_the_best_keeps_its_model(swept: Any) -> None:
    best = min(swept.record.trials, key=lambda trial: trial.value)
    assert swept.record.ranked[0] == best
    assert [path.parent.name for path in swept.path.glob("trials/*/model.keras")] == [str(best.trial)]
    assert not list(swept.path.glob("trials/*/checkpoint"))


def test_no_trial_sees_the_test_rows_and_the_best_does_with_three_seeds(swept: Any) -> None:
    assert {part for run in swept.path.glob("trials/*") for part in read_metrics(run)["scores"]} == {
        "train",
        "validation",
    }
    assert swept.final.summary["seeds_done"] == [777, 778, 779]
    assert len(swept.final.summary["scores"]["test"]["accuracy"]["values"]) == 3
    assert swept.final.path == swept.path / "best"
    best = swept.record.ranked[0]
    # The first seed is the search's own, and so is its result.
    assert swept.final.summary["runs"][0]["scores"]["validation"]["loss"] == pytest.approx(best.value, rel=1e-5)


def test_the_noise_is_told(swept: Any) -> None:
    values = swept.final.summary["scores"]["validation"]["loss"]["values"]
    mean = sum(values) / 3
    deviation = (sum((value - mean) ** 2 for value in values) / 2) ** 0.5
    first, second = swept.record.ranked[:2]
    within = abs(first.value - second.value) <= 4.303 * deviation * 2**0.5
    told = "within the noise" if within else "more than the noise"
    assert f"trial {first.trial} leads trial {second.trial} by" in swept.notes[0]
    assert told in swept.notes[0]


def test_best_yaml_is_an_ordinary_config(swept: Any) -> None:
    text, best = swept.best.read_text(encoding="utf-8"), swept.record.ranked[0]
    assert text.startswith(
        f"# flowers: the best of 6 trials by val_loss\n# Written by mlpcli sweep from trial {best.trial};"
    )
    assert "# command         mlpcli sweep flowers.yaml\n" in text
    config = load_config(swept.best).config
    assert config.sweep is None
    assert config.training.optimizer.learning_rate == best.values[RATE]
    assert config == load_config(swept.path / "trials" / str(best.trial) / "config.yaml").config.model_copy(
        update={"data": config.data}
    )


def test_the_record_reads_back(swept: Any) -> None:
    record = read_record(swept.path)
    assert record == swept.record
    assert record.importance.keys() == {RATE, UNITS}
    assert sum(record.importance.values()) == pytest.approx(1)
    assert record.keys[RATE].log
    assert record.keys[UNITS].choices == ("[4]", "[8, 4]")


def test_a_notebook_gets_table_and_curves(swept: Any) -> None:
    assert f"<td>{swept.record.ranked[0].trial}</td>" in swept._repr_html_()
    assert len(swept.history["epoch"]) == 18
    assert set(swept.history["trial"]) == {trial.trial for trial in swept.record.trials}


def test_the_same_call_goes_on_where_it_was(begin: Begin) -> None:
    first = begin("sweep.trials=2")
    before = {path: path.stat().st_mtime_ns for path in first.path.rglob("history.csv")}
    again = begin("sweep.trials=3")
    assert again.path == first.path
    assert again.record.trials[:2] == first.record.trials
    assert len(again.record.trials) == 3
    assert {path: path.stat().st_mtime_ns for path in before} == before
    more = mlpcli.sweep(resume=first.path, trials="+1")
    assert more.record.trials[:3] == again.record.trials
    assert len(more.record.trials) == 4
    with pytest.raises(UserError, match="--trials: 3 are fewer than the 4 of this sweep; leave it out, or give"):
        mlpcli.sweep(resume=first.path, trials=3)


def test_a_sweep_that_stopped_goes_on_as_if_it_had_not(begin: Begin, swept: Any) -> None:
    begin("sweep.trials=3")
    assert [trial.values for trial in begin().record.trials] == [trial.values for trial in swept.record.trials]


def test_another_config_is_another_sweep(begin: Begin) -> None:
    assert begin("sweep.trials=1").path.name == "flowers"
    assert begin("sweep.trials=1", "training.epochs=2").path.name == "flowers-2"
    assert begin("sweep.trials=1").path.name == "flowers"


def test_a_failed_trial_says_why_and_the_others_go_on(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    text = CONFIG.replace("{log_uniform: [0.001, 0.5]}", "{choices: [0.1, 1.0e+30]}")
    found = begin("sweep.sampler=grid", text=text)
    # Four combinations; the last key changes first.
    assert [trial.state for trial in found.record.trials] == ["done", "done", "failed", "failed"]
    assert [trial.values[RATE] for trial in found.record.trials] == [0.1, 0.1, 1e30, 1e30]
    assert [trial.values[UNITS] for trial in found.record.trials] == ["[4]", "[8, 4]"] * 2
    assert "after epoch 1" in found.failures[2]
    assert read_summary(found.path / "trials" / "2").state == "failed"
    said: list[str] = []
    listener = Silence()
    monkeypatch.setattr(listener, "note", said.append)
    assert begin("sweep.sampler=grid", text=text, trials="+20", progress=listener).record.trials == found.record.trials
    assert "note: the grid has no more than 4 combinations" in said


def test_where_all_trials_fail_there_is_no_best(begin: Begin) -> None:
    text = CONFIG.replace("{log_uniform: [0.001, 0.5]}", "{uniform: [1.0e+30, 2.0e+30]}")
    found = begin("sweep.trials=2", text=text)
    assert found.counted() == "2 trials: 2 failed"
    assert found.best is None
    assert found.final is None


def test_pruned_trials_end_early(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    import optuna

    monkeypatch.setattr(optuna.pruners.MedianPruner, "prune", lambda self, study, trial: trial.last_step == 2)
    found = begin("sweep.trials=1", "sweep.pruner=median")
    (trial,) = found.record.trials
    run = found.path / "trials" / "0"
    assert (trial.state, trial.epochs) == ("pruned", 2)
    assert trial.value == pytest.approx(read_curves(run).history["val_loss"][1])
    assert read_summary(run).state == "pruned"
    assert read_metrics(run)["stopped"] == "pruned after epoch 2: others were better by then"


def test_data_is_loaded_once(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []
    prepare = sweep_worker.prepare
    monkeypatch.setattr(sweep_worker, "prepare", lambda *given: loaded.append(1) or prepare(*given))
    begin("sweep.trials=1")
    assert not loaded  # it was loaded to be checked
    begin("sweep.trials=4")
    assert len(loaded) == 1


class Stop(Silence):
    """Sends a signal after so many trials."""

    def __init__(self, trials: int) -> None:
        self.trials = trials

    def note(self, text: str) -> None:
        self.trials -= text.startswith("trial ")
        if self.trials == 0:
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_ends_it_and_the_same_call_goes_on(begin: Begin, swept: Any) -> None:
    stopped = begin(progress=Stop(2))
    assert stopped.interrupted.exit_code == 143
    assert stopped.record.finished == 2
    assert stopped.final is None
    found = begin()
    assert found.counted() == "6 trials: 6 done"
    assert [trial.values for trial in found.record.trials] == [trial.values for trial in swept.record.trials]


def test_a_signal_within_a_trial_gives_it_back(begin: Begin, monkeypatch: pytest.MonkeyPatch, swept: Any) -> None:
    epoch = sweep_worker._Listener.epoch

    def stop_in_the_third(self: Any, row: Mapping[str, float]) -> None:
        epoch(self, row)
        if self.trial.user_attrs["slot"] == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(sweep_worker._Listener, "epoch", stop_in_the_third)
        stopped = begin()
    assert stopped.interrupted.exit_code == 130
    assert [trial.state for trial in stopped.record.trials] == ["done", "done", *["waiting"] * 4]
    found = begin()
    assert [(trial.values, trial.value) for trial in found.record.trials] == [
        (trial.values, trial.value) for trial in swept.record.trials
    ]


def test_after_the_timeout_no_trial_begins(begin: Begin) -> None:
    found = begin("sweep.timeout=0.000001s")
    assert found.counted() == "6 trials: 6 waiting"
    assert begin().counted() == "6 trials: 6 done"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"storage": "sqlite:///study.db", "workers": 2}, "--storage: SQLite is for one worker only: Optuna advises"),
        ({"storage": "file.db"}, "--storage: file.db is not the URL of a database; give postgresql://USER:"),
        ({"storage": "sqlite://"}, "--storage: name the file, as in sqlite:///trials.db; memory alone forgets"),
        ({"storage": "mysql+oursql://h/d"}, "--storage: the driver oursql is not installed; pip install pymysql, and"),
        ({"workers": 0}, "workers: must be from 1 to 256 (got 0)"),
        ({"trials": "many"}, "--trials: must be a whole number from 1 to 10,000, or +20 for more (got many)"),
    ],
)
def test_what_is_refused(begin: Begin, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        begin(**settings)
    assert message in str(caught.value)


def test_without_a_section_or_the_package(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"flowers.yaml:1:1: sweep: does not say what is searched; add a section"):
        begin(text="data: {source: iris}")
    with pytest.raises(RunDirectoryError, match=r"has no sweep.json, so it is not the folder of a sweep"):
        mlpcli.sweep(resume=".")
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UserError, match=r"is not installed \(optuna\): pip install 'mlpcli\[sweep\]'"):
        begin()
    assert not Path("runs").exists()


def test_sqlite_keeps_the_trials_of_one_worker(begin: Begin, tmp_path: Path) -> None:
    found = begin("sweep.trials=2", storage="sqlite:///study.db")
    assert read_folder(found.path).storage == f"sqlite:///{tmp_path}/study.db"
    assert not (found.path / "study.journal").exists()
    assert found.counted() == "2 trials: 2 done"
    with pytest.raises(UserError, match=r"--storage: the trials of .* are in sqlite:///"):
        begin(storage="postgresql://me@nowhere/other")
