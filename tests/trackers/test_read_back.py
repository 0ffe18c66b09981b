"""What two seeds left in each tracker, and what a run that was interrupted and resumed did."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlpcli.runs.history import History, read_history
from tests.trackers.conftest import ALL, MOONS, Notes, read_events, scalars, wandb_records, wandb_values

pytestmark = pytest.mark.outside


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of all runs here: MLflow takes seconds to make a database."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def seeds(home: Path) -> Path:
    """The folder of seeds 777 and 778, of three epochs each, with pictures."""
    from mlpcli.workflows.train import train_seeds

    (home / "moons.yaml").write_text(MOONS, encoding="utf-8")
    told = Notes()
    changes = [ALL, "training.epochs=3", "output.plots=[png]"]
    result = train_seeds(home / "moons.yaml", 2, changes, home, progress=told, resend_signals=False)
    assert told.warnings == []
    places = [note for note in told.notes if note.startswith(("note: mlflow", "note: wandb", "note: tensorboard"))]
    assert places == [
        f"note: mlflow: experiment moons, sqlite:///{home / 'mlflow.db'}",
        f"note: wandb: project moons, offline in {home / 'wandb'}; wandb sync uploads it",
        f"note: tensorboard: tensorboard --logdir {home} shows it",
    ]
    return result.path


@pytest.fixture(scope="module")
def resumed(home: Path, train_in: Callable[..., Any]) -> Path:
    """A run of five epochs that was interrupted in the third, and resumed."""
    from mlpcli.workflows.resume import resume

    stopped, went_on = Notes(stop_in=3), Notes()
    run = train_in(home, ALL, "training.epochs=5", progress=stopped, run_dir=home / "long").run
    assert (stopped.epochs, stopped.warnings) == (2, [])
    resume(run, progress=went_on, resend_signals=False)
    assert went_on.epochs >= 3  # more where the last checkpoint is that of an earlier epoch
    assert went_on.warnings == []
    return Path(run)


def _columns(run: Path) -> History:
    """The columns of history.csv that trackers get."""
    history = read_history(run / "history.csv")
    return {name: values for name, values in history.items() if name not in ("epoch", "seconds")}


def _scores(run: Path) -> dict[str, float]:
    scores = json.loads((run / "metrics.json").read_text(encoding="utf-8"))["scores"]
    return {f"{split}_{name}": value for split, values in scores.items() for name, value in values.items()}


def _mlflow(home: Path) -> tuple[Any, dict[str, Any]]:
    """The client, and the runs by name, which are one run each."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(f"sqlite:///{home / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("moons")
    runs = client.search_runs([experiment.experiment_id])
    found = {run.info.run_name: run for run in runs}
    assert len(found) == len(runs)
    return client, found


@pytest.mark.long
def test_mlflow_has_parameters_epochs_and_scores_by_the_names_of_autologging(seeds: Path) -> None:
    client, runs = _mlflow(seeds.parent)
    assert {"moons/seed-777", "moons/seed-778"} <= runs.keys()
    run = runs["moons/seed-778"]
    assert (run.info.status, run.data.tags["mlpcli.group"]) == ("FINISHED", "moons")
    wanted = {
        "epochs": "3", "batch_size": "16", "optimizer_name": "sgd", "optimizer_learning_rate": "0.05",
        "optimizer_momentum": "0.0", "seed": "778", "model.hidden_units": "[4]", "training.optimizer.name": "sgd",
        "data.source": "moons",
    }  # fmt: skip
    assert wanted.items() <= run.data.params.items()
    for name, values in _columns(seeds / "seed-778").items():
        logged = client.get_metric_history(run.info.run_id, name)
        assert [(metric.step, metric.value) for metric in logged] == list(enumerate(values))
    assert _scores(seeds / "seed-778").items() <= run.data.metrics.items()


def test_mlflow_has_pictures_and_a_model_that_it_can_load(seeds: Path) -> None:
    client, runs = _mlflow(seeds.parent)
    number = runs["moons/seed-777"].info.run_id
    pictures = {file.path for file in client.list_artifacts(number, "pictures")}
    assert {"pictures/history.png", "pictures/confusion_matrix.png"} <= pictures
    folder = Path(client.download_artifacts(number, "model"))
    assert (folder / "data" / "model.keras").read_bytes() == (seeds / "seed-777" / "model.keras").read_bytes()
    # What mlflow.keras.load_model reads; it needs TensorFlow, which this test does without.
    keras = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))["flavors"]["keras"]
    assert (keras["data"], keras["save_exported_model"]) == ("data", False)
    files = {file.path for file in client.list_artifacts(number)}
    assert {"config.yaml", "history.csv", "metrics.json", "evaluation.json", "environment.json"} <= files


def _wandb(home: Path) -> dict[str, list[list[Any]]]:
    """The records of the files of each run, by the run's name.

    A process of W&B writes them, for which a run waits only so long; on a busy machine it may come after the run.
    """
    deadline = time.monotonic() + 300
    while True:
        found: dict[str, list[list[Any]]] = {}
        files = [wandb_records(file) for file in sorted(home.glob("wandb/offline-run-*/*.wandb"))]
        ended = [any(record.HasField("exit") for record in records) for records in files]
        for records in files if all(ended) else ():
            name = next(record.run.display_name for record in records if record.HasField("run"))
            found.setdefault(name, []).append(records)
        if all(ended):
            return found
        assert time.monotonic() < deadline, ended
        time.sleep(0.2)


def _history(records: list[Any]) -> list[dict[str, Any]]:
    return [wandb_values(record.history.item) for record in records if record.HasField("history")]


def test_wandb_has_parameters_and_epochs_by_the_names_of_its_keras_callback(seeds: Path) -> None:
    (records,) = _wandb(seeds.parent)["moons/seed-777"]
    run = next(record.run for record in records if record.HasField("run"))
    assert (run.project, run.run_group) == ("moons", "moons")
    config = wandb_values(run.config.update)
    assert config["seed"] == 777
    assert config["training"]["optimizer"] | {"name": "sgd", "learning_rate": 0.05} == config["training"]["optimizer"]
    rows, columns = _history(records), _columns(seeds / "seed-777")
    assert [(row["epoch/epoch"], row["_step"]) for row in rows] == [(0, 0), (1, 1), (2, 2)]
    assert {name: [row[f"epoch/{name}"] for row in rows] for name in columns} == columns


def test_wandb_has_scores_pictures_and_the_model(seeds: Path) -> None:
    (records,) = _wandb(seeds.parent)["moons/seed-777"]
    summary = {}
    for record in records:
        if record.HasField("summary"):
            summary |= wandb_values(record.summary.update)
    for name, value in _scores(seeds / "seed-777").items():
        assert summary[name.replace("_", "/", 1)] == value
    pictures = [name for name in summary if name.startswith("pictures/history")]
    assert pictures
    (artifact,) = [record.artifact for record in records if record.HasField("artifact")]
    assert (artifact.type, artifact.name.endswith("_model")) == ("model", True)
    assert [entry.path for entry in artifact.manifest.contents] == ["model.keras"]


def test_tensorboard_has_epochs_scores_and_pictures_by_the_names_of_its_keras_callback(seeds: Path) -> None:
    events, run = read_events(seeds), "seed-777/tensorboard"
    columns = _columns(seeds / "seed-777")
    for name, values in columns.items():
        part, tag = ("validation", name[4:]) if name.startswith("val_") else ("train", name)
        logged = scalars(events, f"{run}/{part}", f"epoch_{tag}")
        assert logged == pytest.approx(dict(enumerate(values)), rel=1e-6)  # in 32 bits
    for name, value in _scores(seeds / "seed-777").items():
        assert list(scalars(events, run, name).values()) == pytest.approx([value], rel=1e-6)
    width, height, picture = events.Tensors(run, "history")[0].tensor_proto.string_val
    assert picture == (seeds / "seed-777" / "history.png").read_bytes()
    assert int(width) > int(height) > 100


def test_tensorboard_has_both_seeds_as_one_row_of_its_table_of_hyperparameters(seeds: Path) -> None:
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.context import RequestContext
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups

    provider = MultiplexerDataProvider(read_events(seeds), str(seeds))
    request = api_pb2.ListSessionGroupsRequest(
        slice_size=10, allowed_statuses=[api_pb2.STATUS_SUCCESS], aggregation_type=api_pb2.AGGREGATION_AVG
    )
    backend = backend_context.Context(TBContext(data_provider=provider))
    (group,) = list_session_groups.Handler(RequestContext(), backend, "", request).run().session_groups
    assert (group.name, len(group.sessions)) == ("moons", 2)
    assert group.hparams["training.optimizer.learning_rate"].number_value == 0.05
    assert group.hparams["model.hidden_units"].string_value == "[4]"
    assert "seed" not in group.hparams
    means = {(value.name.group, value.name.tag): value.value for value in group.metric_values}
    both = [_scores(seeds / folder)["test_loss"] for folder in ("seed-777", "seed-778")]
    assert means["", "test_loss"] == pytest.approx(sum(both) / 2, rel=1e-6)
    assert ("validation", "epoch_accuracy") in means


def test_a_resumed_run_goes_on_in_the_same_run_of_mlflow(resumed: Path) -> None:
    client, runs = _mlflow(resumed.parent)
    assert runs["long"].info.status == "FINISHED"
    for name, values in _columns(resumed).items():
        logged = client.get_metric_history(runs["long"].info.run_id, name)
        assert [(metric.step, metric.value) for metric in logged] == list(enumerate(values))


def test_a_resumed_run_goes_on_in_the_same_run_of_wandb(resumed: Path) -> None:
    files = _wandb(resumed.parent)["long"]
    numbers = {record.run.run_id for records in files for record in records if record.HasField("run")}
    assert (len(files), len(numbers)) == (2, 1)
    rows = [row for records in files for row in _history(records)]
    assert [(row["epoch/epoch"], row["_step"]) for row in rows] == [(epoch, epoch) for epoch in range(5)]
    assert [row["epoch/val_loss"] for row in rows] == _columns(resumed)["val_loss"]


def test_a_resumed_run_goes_on_in_the_same_run_of_tensorboard(resumed: Path) -> None:
    events = read_events(resumed)
    assert sorted(events.Runs()) == ["tensorboard", "tensorboard/train", "tensorboard/validation"]
    logged = scalars(events, "tensorboard/validation", "epoch_loss")
    assert logged == pytest.approx(dict(enumerate(_columns(resumed)["val_loss"])), rel=1e-6)
    times = [event.wall_time for event in events.Tensors("tensorboard/train", "epoch_loss")]
    assert times == sorted(times)
