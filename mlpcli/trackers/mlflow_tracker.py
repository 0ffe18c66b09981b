"""MLflow: a run in an experiment, with the names of mlflow.keras.autolog. No run becomes the active one."""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

from mlpcli import __version__
from mlpcli.config.trackers import Mlflow
from mlpcli.trackers.parameters import Parameters
from mlpcli.trackers.tracker import Ending, Row, TrackedRun, columns_of, ends_of

DATABASE, ARTIFACTS = "mlflow.db", "mlruns"
MOST_METRICS, MOST_PARAMETERS = 1000, 100
"""Of one call, on every server."""
STATUSES = {"finished": "FINISHED", "interrupted": "KILLED", "failed": "FAILED", "pruned": "KILLED"}
DEFAULTS = {
    # MLflow asks a server that does not answer for more than four minutes; training waits meanwhile.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


class MlflowTracker:
    """A run on the server of MLFLOW_TRACKING_URI, or in mlflow.db beside the run directory."""

    def __init__(self, config: Mlflow) -> None:
        self.config = config
        self.known: dict[str, Any] = {}
        self.place = ""

    def begin(self, run: TrackedRun) -> int:
        for name, value in DEFAULTS.items():
            os.environ.setdefault(name, value)
        for name in ("mlflow.store.db.utils", "alembic"):  # they tell of each table that they make
            logging.getLogger(name).setLevel(logging.WARNING)
        from mlflow.tracking import MlflowClient, get_tracking_uri, is_tracking_uri_set

        chosen = is_tracking_uri_set()
        uri = get_tracking_uri() if chosen else f"sqlite:///{run.home / DATABASE}"
        with _alone_in(run.home):
            self.client = MlflowClient(uri)
            experiment = self._experiment(run, None if chosen else run.home)
        done = self._go_on(uri)
        if done is None:
            self.known = {"run": self._create(run, experiment), "uri": uri}
        self.run = self.known["run"]
        self.place = f"experiment {experiment.name}, {uri}"
        self._parameters({**run.parameters, **_of_keras(run.parameters)})
        self._files(run.files)
        return done or 0

    def _experiment(self, run: TrackedRun, home: Path | None) -> Any:
        """The experiment, which is made where there is none. home: where its artifacts go; None: the server decides."""
        number = os.environ.get("MLFLOW_EXPERIMENT_ID")
        if self.config.experiment is None and number:
            return self.client.get_experiment(number)
        name = self.config.experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME") or run.project
        found = self.client.get_experiment_by_name(name)
        if found is not None:
            return found
        folder = re.sub(r"[^\w.-]+", "-", name).strip(".-") or "experiment"  # runs have folders of their own in it
        place = None if home is None else (home / ARTIFACTS / folder).as_uri()
        return self.client.get_experiment(self.client.create_experiment(name, artifact_location=place))

    def _go_on(self, uri: str) -> int | None:
        """How many epochs the earlier run has, if there is one to go on with."""
        from mlflow.exceptions import MlflowException

        if self.known.get("uri") != uri:
            return None
        number = str(self.known.get("run"))
        try:
            if self.client.get_run(number).info.lifecycle_stage != "active":
                return None
            self.client.update_run(number, status="RUNNING")
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return max((metric.step + 1 for metric in self.client.get_metric_history(number, "loss")), default=0)

    def _create(self, run: TrackedRun, experiment: Any) -> str:
        from mlflow.tracking.context import registry

        tags = {**registry.resolve_tags(), "mlpcli.version": __version__, "mlpcli.run_directory": str(run.path)}
        if run.group is not None:
            tags["mlpcli.group"] = run.group
        name = self.config.run or run.name
        return str(self.client.create_run(experiment.experiment_id, tags=tags, run_name=name).info.run_id)

    def _parameters(self, parameters: Parameters) -> None:
        """Those that the run has not: a parameter cannot change, and a resumed run may have more epochs."""
        from mlflow.entities import Param

        there = self.client.get_run(self.run).data.params
        new = [Param(name, str(value)) for name, value in parameters.items() if name not in there]
        for start in range(0, len(new), MOST_PARAMETERS):
            self.client.log_batch(self.run, params=new[start : start + MOST_PARAMETERS])

    def epochs(self, rows: Sequence[Row]) -> None:
        from mlflow.entities import Metric

        metrics = [
            Metric(name, value, int(ended * 1000), int(row["epoch"]) - 1)
            for row, ended in zip(rows, ends_of(rows), strict=True)
            for name, value in columns_of(row).items()
        ]
        width = len(columns_of(rows[0]))
        step = MOST_METRICS // width * width  # an epoch is logged as a whole
        for start in range(0, len(metrics), step):
            self.client.log_batch(self.run, metrics=metrics[start : start + step])

    def end(self, ending: Ending) -> None:
        step = (ending.kept_epoch or 1) - 1
        for split, scores in ending.scores.items():
            for name, value in scores.items():
                self.client.log_metric(self.run, f"{split}_{name}", value, step=step)
        if ending.kept_epoch is not None:
            self.client.log_metric(self.run, "restored_epoch", step)
        self._files(ending.files)
        for picture in ending.pictures:
            self.client.log_artifact(self.run, str(picture), "pictures")
        if ending.model is not None:
            self._model(ending.model)
        self.client.set_terminated(self.run, STATUSES[ending.outcome])

    def _files(self, files: Sequence[Path]) -> None:
        for file in files:
            if file.is_file():
                self.client.log_artifact(self.run, str(file))

    def _model(self, model: Path) -> None:
        """As `mlflow.keras.log_model` writes it, without Keras; a model.h5, which that cannot load, is a plain file."""
        from mlflow.models import Model

        if model.suffix != ".keras":
            self.client.log_artifact(self.run, str(model), "model")
            return
        keras = version("keras")
        described = Model(artifact_path="model", run_id=self.run)
        described.add_flavor(
            "keras", data="data", keras_version=keras, keras_backend="tensorflow", save_exported_model=False
        )
        described.add_flavor("python_function", loader_module="mlflow.keras", python_version=python_version())
        with tempfile.TemporaryDirectory(prefix="mlpcli-") as name:
            folder = Path(name)
            (folder / "data").mkdir()
            shutil.copyfile(model, folder / "data" / "model.keras")
            (folder / "data" / "keras_module.txt").write_text("keras", encoding="utf-8")
            (folder / "requirements.txt").write_text(
                f"mlflow\nkeras=={keras}\ntensorflow=={version('tensorflow')}\n", encoding="utf-8"
            )
            described.save(str(folder / "MLmodel"))
            self.client.log_artifacts(self.run, name, "model")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """A context that one process at a time is in: MLflow's tables, and an experiment, cannot be made by two at once."""
    descriptor = None
    try:
        with suppress(ImportError, OSError):  # Windows, and disks without locks
            import fcntl

            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _of_keras(parameters: Parameters) -> Parameters:
    """The names that `mlflow.keras.autolog` has for some of them."""
    head = "training.optimizer."
    named = {f"optimizer_{key.removeprefix(head)}": value for key, value in parameters.items() if key.startswith(head)}
    return {**named, "epochs": parameters["training.epochs"], "batch_size": parameters["training.batch_size"]}
