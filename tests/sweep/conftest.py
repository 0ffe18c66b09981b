"""Sweeps over iris with the NumPy engine: a trial takes hundredths of a second."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

import mlpcli
from mlpcli.workflows.sweep_folder import read_folder
from mlpcli.workflows.sweep_storage import open_study, stored
from mlpcli.workflows.sweep_worker import Job, work

CONFIG = """name: flowers
data: {source: iris, test: 0.2}
model: {hidden_units: [4]}
training: {engine: numpy, epochs: 3, optimizer: sgd, batch_size: 16}
output: {plots: []}
sweep:
  trials: 6
  pruner: none
  parameters:
    training.optimizer.learning_rate: {log_uniform: [0.001, 0.5]}
    model.hidden_units: {choices: [[4], [8, 4]]}
"""


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`begin("sweep.trials=2", workers=2)` sweeps in the test's own folder; `text` is another config.

    The best is trained with one more seed only.
    """
    from mlpcli.workflows import sweep_results

    monkeypatch.setattr(sweep_results, "SEEDS", 1)
    monkeypatch.chdir(tmp_path)

    def run(*overrides: str, text: str = CONFIG, **settings: Any) -> Any:
        Path("flowers.yaml").write_text(text, encoding="utf-8")
        return mlpcli.sweep("flowers.yaml", overrides, **{"resend_signals": False, **settings})

    return run


def _nothing() -> None:
    pass


def _work(job: Job) -> None:
    gc.freeze()  # each trial asks for a collection, which would look through all that was imported
    work(job, [], _nothing)


@pytest.fixture
def study_of() -> Iterator[Callable[..., Any]]:
    """The study of a sweep's folder, to be looked at."""
    with ExitStack() as open_storages:

        def look(path: Path, url: str | None = None) -> Any:
            folder = read_folder(path)
            return open_study(open_storages.enter_context(stored(url, path)), folder.study, folder.rising)

        yield look


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Job], ForkServerProcess]]:
    """Starts a worker, in a process that has imported everything already; at the end none is left."""
    monkeypatch.setenv("PYTHONPATH", str(Path(mlpcli.__file__).parents[1]))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["optuna", "sklearn.datasets", "mlpcli.workflows.sweep_worker"])
    started = []

    def begin(job: Job) -> ForkServerProcess:
        process = context.Process(target=_work, args=(job,))
        process.start()
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.join()
