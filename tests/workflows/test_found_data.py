"""Data in the folder that MLPCLI_DATA names, from the first command to the last."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mlpcli.config.sections import DataConfig
from mlpcli.data.sources import load_source
from mlpcli.errors import DataError, UserError
from mlpcli.training.progress import Silence
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.init import init
from mlpcli.workflows.predict import predict
from mlpcli.workflows.validate import validate

TEXT = """
data: {source: SOURCE, validation: 0.2}
model: {hidden_units: [4]}
training: {engine: numpy, epochs: 1}
output: {plots: []}
"""


@pytest.fixture
def folder(stand_in_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder; the current folder is an empty one, and so is Keras's cache."""
    monkeypatch.setenv("MLPCLI_DATA", str(stand_in_data))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.chdir(tmp_path)
    return stand_in_data


@pytest.mark.parametrize(
    ("source", "key", "found"),
    [
        ("mnist", "path", "mnist"),
        ("fashion_mnist", "path", "fashion-mnist"),
        ("cifar10", "path", "cifar10"),
        ("cifar10-jpg/train", "source", "cifar10-jpg/train"),
        ("penguins.csv, target: species", "source", "tabular/penguins.csv"),
        ("'peng*.csv', target: species", "source", "tabular/peng*.csv"),
    ],
)
def test_the_run_names_its_data(
    folder: Path, train: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, source: str, key: str, found: str
) -> None:
    notes: list[str] = []
    monkeypatch.setattr(Silence, "note", lambda self, text: notes.append(text))
    run = train(text=TEXT.replace("SOURCE", source)).run
    assert f"note: data.source: found in MLPCLI_DATA: {folder / found}" in notes
    config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    assert config["data"][key] == str(folder / found)
    monkeypatch.delenv("MLPCLI_DATA")
    files = f"note: data.source of the model, {folder / found}, stands for 1 file: penguins.csv"
    assert evaluate(run).notes == ([files] if "*" in source else [])
    assert train(text=(run / "config.yaml").read_text(encoding="utf-8")).metrics["epochs"] == 1


def test_evaluate_looks_there_for_other_rows(folder: Path, train: Callable[..., Any], tmp_path: Path) -> None:
    shutil.copytree(folder / "mnist", tmp_path / "mine")
    of_digits = train(text=TEXT.replace("SOURCE", "mnist, path: mine")).run
    assert evaluate(of_digits, data="mnist").evaluation["rows"] == 100
    of_birds = train(text=TEXT.replace("SOURCE", "penguins.csv, target: species, test: 0.5")).run
    there = evaluate(of_birds, data="penguins.csv")
    assert there.evaluation["rows"] == 80
    assert there.notes == [f"note: --data: found in MLPCLI_DATA: {folder / 'tabular' / 'penguins.csv'}"]
    with pytest.raises(DataError, match=r"--data gone: does not exist; give .*; relative paths are also looked up"):
        evaluate(of_birds, data="gone")
    with pytest.raises(DataError, match=r"--data /gone: does not exist; give a path, or the name of a built-in set$"):
        evaluate(of_birds, data="/gone")


def test_data_that_was_moved_after_training(
    train: Callable[..., Any], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder / "mnist", tmp_path / "d1" / "mnist")
    monkeypatch.setenv("MLPCLI_DATA", str(tmp_path / "d1"))
    run = train(text=TEXT.replace("SOURCE", "mnist")).run
    before = evaluate(run)
    (tmp_path / "d1").rename(tmp_path / "d2")
    monkeypatch.setenv("MLPCLI_DATA", str(tmp_path / "d2"))
    after = evaluate(run)
    assert (before.notes, after.evaluation) == ([], before.evaluation)
    places = (tmp_path / "d1" / "mnist", tmp_path / "d2" / "mnist")
    assert after.notes == ["note: data.path: {} is gone; found in MLPCLI_DATA: {}".format(*places)]
    assert evaluate(run, data="mnist").evaluation["rows"] == 100
    again = train(text=(run / "config.yaml").read_text(encoding="utf-8"))
    assert yaml.safe_load((again.run / "config.yaml").read_text(encoding="utf-8"))["data"]["path"] == str(places[1])


def test_predict_looks_there(folder: Path, train: Callable[..., Any], tmp_path: Path) -> None:
    run = train(text=TEXT.replace("SOURCE", "penguins.csv, target: species")).run
    assert len(predict(run, "penguins.csv").predictions) == 80
    assert len(predict(run, ["tabular/peng*.csv"]).predictions) == 80
    with pytest.raises(DataError, match=r"pengins.csv: does not exist"):
        predict(run, "pengins.csv")
    mine = tmp_path / "sets" / "penguins.csv"
    mine.parent.mkdir()
    shutil.copy(folder / "tabular" / "penguins.csv", mine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLPCLI_DATA", str(mine.parent))
        with pytest.raises(UserError, match="is also an input and would be overwritten"):
            predict(run, "penguins.csv", output=mine)


@pytest.mark.parametrize("data", ["titanic.csv", "cifar10-jpg"])
def test_init_looks_there(folder: Path, tmp_path: Path, data: str) -> None:
    written = init(data).config
    assert written is not None
    source = yaml.safe_load(written.read_text(encoding="utf-8"))["data"]["source"]
    assert (tmp_path / source).resolve() == (folder / ("tabular" if data.endswith(".csv") else "") / data).resolve()


def test_validate_says_where(folder: Path, mlpcli_here: Callable[..., Any], write_config: Callable[..., Path]) -> None:
    config = write_config("data: {source: penguins.csv, target: species}\nmodel: {hidden_units: [4]}")
    note = f"data.source: found in MLPCLI_DATA: {folder / 'tabular' / 'penguins.csv'}"
    assert validate(config).notes[0] == note
    assert mlpcli_here("validate", config).stdout.startswith(f"note: {note}\n")
    assert "found in" not in mlpcli_here("train", config, "-q", "-s", "training.engine=numpy").stderr


def test_validate_says_which_file_a_set_lacks(
    folder: Path, mlpcli_here: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    shutil.copytree(folder / "mnist", tmp_path / "mnist")
    (tmp_path / "mnist" / "train-labels-idx1-ubyte.gz").unlink()
    os.environ["MLPCLI_DATA"] = str(tmp_path)  # which the fixture takes back
    config = write_config("data: {source: mnist}\nmodel: {hidden_units: [4]}")
    said = mlpcli_here("validate", config).stdout
    lacks = f"{tmp_path / 'mnist'} is skipped because it lacks train-labels-idx1-ubyte"
    assert said.startswith(f"note: data.source: {lacks}\n")
    assert "will be downloaded by Keras" in said


def test_what_is_nowhere_may_lie_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"photos: not found; give .*; relative paths are also looked up"):
        load_source(DataConfig(source=str(tmp_path / "photos")))
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "photos.tar.gz").touch()
    monkeypatch.setenv("MLPCLI_DATA", str(tmp_path / "sets"))
    with pytest.raises(DataError) as caught:
        load_source(DataConfig(source=str(tmp_path / "photos" / "train")))
    packed = tmp_path / "sets" / "photos.tar.gz"
    assert str(caught.value) == (
        f"{tmp_path / 'photos' / 'train'}: not found; unpack it first: tar -xzf {packed} -C {packed.parent}"
    )


def test_acc_is_the_name_of_its_columns(train: Callable[..., Any]) -> None:
    """As in Keras, an alias of accuracy names the columns, and whatever watches them goes by that name."""
    text = """
    data: {source: iris, test: 0.2}
    model: {hidden_units: [4]}
    training:
      {engine: numpy, epochs: 2, metrics: [acc], early_stopping: {monitor: val_acc}, stop_when_equal: {tolerance: 1}}
    """
    result = train(text=text)
    assert result.metrics["epochs"] == 1, "any two accuracies are nearer than 1"
    header = (result.run / "history.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "epoch,seconds,learning_rate,loss,acc,val_loss,val_acc"
    assert evaluate(result.run).evaluation["metrics"]["acc"] == pytest.approx(result.metrics["scores"]["test"]["acc"])
    assert (result.run / "history.png").is_file()
