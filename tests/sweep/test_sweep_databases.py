"""A sweep whose trials are in a database: real servers, which the tests start and end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

import mlpcli
from mlpcli.errors import OutputError
from mlpcli.workflows import sweep_storage
from mlpcli.workflows.sweep_folder import read_folder
from mlpcli.workflows.sweep_worker import Job
from tests.sweep.conftest import CONFIG
from tests.sweep.database_parts import mariadb, postgresql


@pytest.fixture(scope="module", params=["PostgreSQL", "MariaDB"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database; its server listens at a socket in a folder of its own, and at no port."""
    with {"PostgreSQL": postgresql, "MariaDB": mariadb}[request.param]() as url:
        yield url


@pytest.mark.outside
@pytest.mark.long
def test_two_processes_share_the_trials_of_one_study(
    database: str,
    begin: Callable[..., Any],
    start: Callable[[Job], ForkServerProcess],
    study_of: Callable[..., Any],
    tmp_path: Path,
) -> None:
    found = begin("name=꽃", "sweep.trials=4", "sweep.timeout=0.000001s", storage=database)
    assert found.counted() == "4 trials: 4 waiting"
    folder = read_folder(found.path)
    job = Job(str(folder.path), folder.study, database, folder.rising)
    workers = [start(job), start(job)]
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]

    study = study_of(folder.path, database)
    assert [trial.state.name for trial in study.trials] == ["COMPLETE"] * 4
    assert [trial.user_attrs["slot"] for trial in study.trials] == [*range(4)]
    marks = [
        key for trial in study.trials for key, mark in trial.user_attrs.items() if key.startswith("worker ") and mark
    ]
    assert len(marks) == 4
    assert {key.partition(":")[2].partition("-")[0] for key in marks} <= {str(worker.pid) for worker in workers}

    done = begin("name=꽃", "sweep.trials=4", storage=database)
    assert done.counted() == "4 trials: 4 done"
    assert done.final is not None
    # Another machine, with another folder, that comes when all is done.
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "flowers.yaml").write_text(CONFIG, encoding="utf-8")
    joined = mlpcli.sweep(
        tmp_path / "elsewhere" / "flowers.yaml",
        ["name=꽃", "sweep.trials=4"],
        tmp_path / "elsewhere" / "runs",
        storage=database,
    )
    assert joined.record.trials == done.record.trials
    assert joined.final is None
    assert "the best is trained again where the sweep began" in joined.notes[0]
    assert str(done.path) in joined.notes[0]
    assert joined.best.is_file()


@pytest.mark.outside
def test_a_killed_worker_loses_no_trial_of_a_database(
    database: str,
    begin: Callable[..., Any],
    start: Callable[[Job], ForkServerProcess],
    study_of: Callable[..., Any],
) -> None:
    settings = ("name=killed", "sweep.trials=3", "training.epochs=40", "training.early_stopping=false")
    found = begin(*settings, "sweep.timeout=0.000001s", storage=database)
    folder = read_folder(found.path)
    study = study_of(folder.path, database)
    worker = start(Job(str(folder.path), folder.study, database, folder.rising))
    while not any(trial.params for trial in study.trials):
        worker.join(0.01)
    worker.kill()
    worker.join()
    assert begin(*settings, storage=database).counted() == "3 trials: 3 done"
    lost = [trial for trial in study.trials if trial.user_attrs.get("why it failed") == "superseded"]
    assert len(lost) == len(study.trials) - 3 == 1


def test_two_that_make_the_tables_at_once_both_go_on(
    begin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As MySQL and PostgreSQL refuse the second one."""
    import optuna

    real = optuna.storages.RDBStorage.__init__
    refused = ["Table 'studies' already exists", "duplicate key value violates ..."]

    def connect(self: Any, url: str) -> None:
        if refused:
            raise RuntimeError(refused.pop())
        real(self, url)

    monkeypatch.setattr(optuna.storages.RDBStorage, "__init__", connect)
    monkeypatch.setattr(sweep_storage, "RETRY_SECONDS", 0)
    assert begin("sweep.trials=1", storage="sqlite:///study.db").counted() == "1 trial: 1 done"
    refused += ["Table 'studies' already exists"] * 4
    with pytest.raises(OutputError, match="Table 'studies' already exists"):
        begin("sweep.trials=1", storage="sqlite:///study.db")


def test_a_database_that_is_not_there_is_told(begin: Callable[..., Any]) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(OutputError) as caught:
        begin("sweep.trials=1", storage="postgresql://me:secret@/nobody?host=/nowhere")
    assert "--storage: postgresql://me:***@/nobody?host=/nowhere cannot be used: " in str(caught.value)
    assert "secret" not in str(caught.value)
    assert not Path("runs").exists()  # a folder would ask for this database from now on
