"""`mlpcli reproduce`: a run trained again in a process of its own, and compared with itself."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import RunDirectoryError, TrainingError
from mlpcli.workflows.reproduce import reproduce
from mlpcli.workflows.resume import resume
from mlpcli.workflows.train import train

CONFIG = """
data: {source: moons, generate: {rows: 80}}
model: {hidden_units: [4]}
training: {engine: numpy, epochs: 3}
output: {plots: []}
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "moons.yaml").write_text(CONFIG, encoding="utf-8")
    return train(tmp_path / "moons.yaml", run_dir=tmp_path / "run").run


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second training without its process, which takes as long to start as ten such trainings."""
    monkeypatch.setattr(
        "mlpcli.workflows.reproduce._train", lambda config, folder, quiet: train(config, run_dir=folder)
    )


def _add(run: Path, epoch: int, amount: float) -> None:
    """Change the loss of an epoch in history.csv."""
    path = run / "history.csv"
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    column = rows[0].index("loss")
    rows[epoch][column] = repr(float(rows[epoch][column]) + amount)
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def test_in_a_process_of_its_own(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "random.py").write_text("raise RuntimeError('this is homework')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert reproduce(run).sentence == "identical: 3 epochs and the weights are the same to the bit"


@pytest.mark.usefixtures("in_this_process")
@pytest.mark.parametrize(
    ("epoch", "amount", "verdict", "sentence"),
    [
        (None, 0, "identical", "identical: 3 epochs and the weights are the same to the bit"),
        (2, 5e-7, "close", "equal to 1e-06: 3 epochs and the weights differ by at most 5.0e-07, from epoch 2 on"),
        (3, 0.25, "different", "different from epoch 3 on: by up to 2.5e-01"),
    ],
)
def test_the_verdict(run: Path, epoch: int | None, amount: float, verdict: str, sentence: str) -> None:
    if epoch is not None:
        _add(run, epoch, amount)
    result = reproduce(run)
    assert (result.verdict, result.first_different, result.sentence) == (verdict, epoch, sentence)
    assert result.differences == []
    assert result.again is None
    assert repr(result) == f"<ReproduceResult run: {sentence}>"
    assert sentence in result._repr_html_()


@pytest.mark.usefixtures("in_this_process")
def test_what_differs_of_the_environments_is_listed(run: Path, mlpcli_here: Any) -> None:
    environment = json.loads((run / "environment.json").read_text(encoding="utf-8"))
    environment["versions"]["keras"], environment["data_fingerprint"] = "3.1", "sha256:other"
    (run / "environment.json").write_text(json.dumps(environment), encoding="utf-8")
    _add(run, 1, 1.0)
    done = mlpcli_here("reproduce", run, "-q", "--keep", run.parent / "again")
    first, second = done.stderr.splitlines()
    assert first.startswith("note: keras was 3.1, and is ")
    assert second == "note: the data holds other rows now"
    assert done.stdout.splitlines()[0].startswith("different from epoch 1 on: by up to ")
    assert done.returncode == 1
    assert (run.parent / "again" / "model.keras").is_file()
    found = json.loads(mlpcli_here("reproduce", run, "-q", "--json").stdout)
    assert (found["verdict"], found["epochs"], found["again"]) == ("different", 3, None)


@pytest.mark.usefixtures("in_this_process")
def test_an_interrupted_run_is_compared_as_far_as_it_goes(run: Path) -> None:
    lines = (run / "history.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (run / "history.csv").write_text("".join(lines[:3]), encoding="utf-8")
    result = reproduce(run)
    assert (result.verdict, result.epochs, result.weights) == ("identical", 2, False)


def test_a_run_with_another_rate_on_the_way_is_refused(run: Path) -> None:
    resume(run, ["training.epochs=5", "training.optimizer.learning_rate=0.5"])
    with pytest.raises(
        RunDirectoryError, match=r"was resumed after epoch 3 with another setting \(training\.optimizer"
    ):
        reproduce(run)


@pytest.mark.usefixtures("in_this_process")
def test_early_stopping_that_came_later_is_said(run: Path) -> None:
    resume(run, ["training.epochs=6", "training.early_stopping={patience: 4, min_delta: 9}"])
    result = reproduce(run)
    assert result.sentence == "different from epoch 6 on: the second training stopped after 5 epochs"
    assert result.differences[0].startswith("the run was resumed after epoch 3 with another training.early_stopping.")


def test_a_second_training_that_fails_says_where_to_look(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (run / "config.yaml").write_text("data: {source: nothing.csv}\n", encoding="utf-8")
    with pytest.raises(TrainingError, match="the second training ended with exit code 2; see above"):
        reproduce(run)
    assert "nothing.csv: not found" in capfd.readouterr().err
