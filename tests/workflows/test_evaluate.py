"""Scoring a saved model: on its own splits, and on rows from elsewhere."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.errors import DataError, MlpcliError, ModelFileError, UserError
from mlpcli.workflows.evaluate import evaluate
from tests.eager_keras import eagerly
from tests.model_file_parts import read_metadata

pytestmark = pytest.mark.tf


@pytest.mark.parametrize(("split", "rows"), [("test", 120), ("validation", 96), ("train", 384), (None, 120)])
def test_each_split_scores_what_training_reported(digits_run: Any, split: str | None, rows: int) -> None:
    result = evaluate(digits_run.run, split=split)
    assert (result.evaluation["split"], result.evaluation["rows"]) == (split or "test", rows)
    scores = digits_run.metrics["scores"][split or "test"]
    assert {"loss": result.evaluation["loss"], **result.evaluation["metrics"]} == pytest.approx(scores, rel=1e-5)


def test_the_evaluation_is_that_of_the_run(digits_run: Any) -> None:
    stored = json.loads((digits_run.run / "evaluation.json").read_text(encoding="utf-8"))
    found = evaluate(digits_run.model).evaluation
    assert found.keys() == stored.keys()
    for key in ("confusion_matrix", "class_names", "accuracy", "balanced_accuracy", "baseline", "per_class"):
        assert found[key] == stored[key]


def test_other_rows_are_scored_as_stock_keras_does(digits_run: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 17, (50, 8, 8)).astype(np.float32), rng.integers(0, 10, 50)
    np.savez(tmp_path / "other.npz", x=x, y=y)
    result = evaluate(digits_run.run, data=tmp_path / "other.npz")
    model = backend.keras().models.load_model(digits_run.model)
    with eagerly(model):
        expected = model.evaluate(x, y, verbose=0, return_dict=True)
    assert result.evaluation["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    assert result.evaluation["accuracy"] == pytest.approx(expected["accuracy"])
    assert result.evaluation["rows"] == 50
    assert "baseline" not in result.evaluation


def test_the_same_built_in_set_may_be_named(digits_run: Any) -> None:
    assert evaluate(digits_run.run, data="digits").evaluation["rows"] == 1_797


def test_it_writes_where_it_is_told(digits_run: Any, tmp_path: Path) -> None:
    result = evaluate(digits_run.run, output=tmp_path / "a" / "b")
    assert result.written == tmp_path / "a" / "b"
    assert sorted(path.name for path in result.written.iterdir()) == [
        "confusion_matrix.png", "evaluation.json", "mistakes.json", "mistakes.png",
    ]  # fmt: skip


def test_a_model_without_test_rows_is_scored_on_validation_rows(train: Any) -> None:
    run = train("training.engine=numpy", "data.test=null").run
    assert evaluate(run).evaluation["split"] == "validation"
    with pytest.raises(UserError, match="has no test rows; choose from validation, train"):
        evaluate(run, split="test")


def _with_metadata(source: Path, target: Path, metadata: Any) -> Path:
    """The same model with other metadata."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == "metadata.json":
                content = json.dumps({**json.loads(content), "mlpcli": metadata}).encode()
            new.writestr(info, content)
    return target


@pytest.mark.parametrize("missing", ["name", "config", "plan", "data"])
def test_damaged_metadata_is_named(digits_run: Any, tmp_path: Path, missing: str) -> None:
    metadata = dict(read_metadata(digits_run.model) or {})
    del metadata[missing]
    file = _with_metadata(digits_run.model, tmp_path / "model.keras", metadata)
    with pytest.raises(ModelFileError, match=r"model\.keras: its mlpcli metadata is damaged"):
        evaluate(file)


def test_a_config_that_is_not_known_is_named(digits_run: Any, tmp_path: Path) -> None:
    metadata = dict(read_metadata(digits_run.model) or {})
    metadata |= {"version": "9.9", "config": {**metadata["config"], "novelty": 1}}
    file = _with_metadata(digits_run.model, tmp_path / "model.keras", metadata)
    with pytest.raises(ModelFileError, match=r"model\.keras: its config, written by mlpcli 9\.9, is not valid"):
        evaluate(file)
    assert evaluate(file, data="digits").evaluation["rows"] == 1_797


def test_data_that_has_changed_is_noted_and_data_that_is_gone_named(train: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "rows.npz", x=rng.random((60, 3)), y=np.arange(60) % 2)
    run = train(text="data: {source: rows.npz}\ntraining: {engine: numpy, epochs: 1}\noutput: {plots: []}\n").run
    assert evaluate(run).notes == []
    np.savez(tmp_path / "rows.npz", x=rng.random((60, 3)), y=np.arange(60) % 2)
    assert "rows.npz has changed since this model was trained" in evaluate(run).notes[0]
    (tmp_path / "rows.npz").unlink()
    with pytest.raises(DataError, match=r"rows\.npz.* trained on\); or give other rows with --data"):
        evaluate(run)


def test_a_run_may_be_moved(digits_run: Any, tmp_path: Path) -> None:
    shutil.copytree(digits_run.run, tmp_path / "옮긴 것")
    assert evaluate(tmp_path / "옮긴 것").evaluation["rows"] == 120


WRONG: list[tuple[dict[str, str], list[str]]] = [
    ({"data": "wide.npz"}, ["wide.npz", "(9, 8)", "(8, 8)"]),
    ({"data": "labels.npz"}, ["labels.npz", "10"]),
    ({"data": "nan.npz"}, ["nan.npz: x: 256 values are not finite"]),
    ({"data": "gone.npz"}, ["--data gone.npz: does not exist; give a path, or the name"]),
    ({"data": "digit"}, ["--data digit: does not exist; relative paths", '; did you mean "digits"?']),
    ({"data": "iris"}, ["--data iris: has the classes setosa", "the model knows 0, 1", "give rows of the model's"]),
    ({"data": "diabetes"}, ["--data diabetes: has the classes none (a number)"]),
    ({"data": "digits", "split": "test"}, ["--split chooses from the model's own rows"]),
    ({"output": "file"}, ["file: is a file; --output is a folder"]),
    ({"model_or_run": "run"}, ["run: has no model.keras", "give one such as runs/digits"]),
    ({"model_or_run": "no.keras"}, ["no.keras: does not exist; give a model file or a run directory"]),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_what_is_wrong_is_said_and_nothing_is_written(
    digits_run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, str], words: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("wide.npz", x=np.zeros((4, 9, 8)), y=[0, 1, 2, 3])
    np.savez("labels.npz", x=np.zeros((4, 8, 8)), y=[0, 1, 2, 10])
    np.savez("nan.npz", x=np.full((4, 8, 8), np.nan), y=[0, 1, 2, 3])
    Path("file").touch()
    Path("run").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(MlpcliError) as caught:
        evaluate(**{"model_or_run": digits_run.run, **arguments})  # type: ignore[arg-type]
    assert caught.value.exit_code == 2
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)
    assert sorted(tmp_path.rglob("*")) == before
