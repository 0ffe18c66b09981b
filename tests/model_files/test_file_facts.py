"""What `mlpcli summary` tells of a model file, also where the file tells nonsense."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlpcli.modelfile.container import add_metadata, open_model_file
from mlpcli.workflows.summary import file_facts, origin_of

METADATA = {
    "format": 1, "version": "0.1.0", "name": "꽃", "layer_names": ["은닉", "출력"], "kept_epoch": 7,
    "config": {
        "seed": 777, "data": {"source": "iris"}, "model": {"hidden_units": [3], "activation": "relu"},
        "training": {
            "optimizer": {"name": "adam", "learning_rate": 0.01}, "epochs": 9, "batch_size": 32, "engine": "auto",
        },
    },
    "plan": {"task": "classification", "loss": "mse", "class_names": ["고양이", "개"]},
    "data": {"rows": {"train": 1200, "validation": 30, "test": 0}, "feature_names": list("abcdefghijklmnop")},
    "scores": {"test": {"accuracy": 0.98765, "loss": 0.1, "odd": None}},
    "versions": {"mlpcli": "0.1.0", "keras": "3.0.5", "tensorflow": "2.21.0", "python": "3.11.7"},
}  # fmt: skip


def facts(files: Any, folder: Path, metadata: Any, kind: str = "keras", **about: Any) -> dict[str, str]:
    path = getattr(files, kind)(folder / "model", **about)
    with open_model_file(path) as opened:
        return dict(file_facts(origin_of(opened), metadata, opened.architecture()))


def test_a_file_of_ours(files: Any, tmp_path: Path) -> None:
    assert facts(files, tmp_path, METADATA, date_saved="2026-01-02@03:04:05") == {
        "data": "iris",
        "rows": "train 1,200, validation 30",
        "columns": "16: a, b, c, d, e, f, g, h, i, j, k, l, ...",
        "classes": "2: 고양이, 개",
        "task": "classification, loss mse",
        "config": "hidden_units [3], activation relu, optimizer adam, learning_rate 0.01, batch_size 32, epochs 9,"
        " engine auto, seed 777",
        "weights": "of epoch 7",
        "test": "loss 0.1000, accuracy 0.9877",
        "written by": "mlpcli 0.1.0, Keras 3.0.5, tensorflow 2.21.0, python 3.11.7",
        "saved": "2026-01-02 03:04:05",
    }


def test_the_columns_of_a_table_by_their_own_names(files: Any, tmp_path: Path) -> None:
    table = {"columns": [{"name": "sex", "kind": "category"}, {"name": "age", "kind": "number"}]}
    data = {"feature_names": ["sex = f", "sex = m", "age"], "preprocessing": table}
    assert facts(files, tmp_path, {**METADATA, "data": data})["columns"] == "2: sex, age"


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_a_file_of_stock_keras(files: Any, tmp_path: Path, kind: str) -> None:
    found = facts(files, tmp_path, None, kind)
    assert found == {"compiled": "no, it was saved without a loss", "written by": "Keras 3.0.5"}


def test_a_file_of_a_newer_keras_says_so(files: Any, tmp_path: Path) -> None:
    found = facts(files, tmp_path, None, keras_version="99.1.0")
    assert found["note"].startswith("Keras 99.1.0 is newer than the installed Keras 3.")
    assert "note" not in facts(files, tmp_path, None, keras_version="nonsense")


def test_nonsense_stays_on_its_line(files: Any, tmp_path: Path) -> None:
    odd = {"config": 3, "plan": {"class_names": 5, "task": "\x1b[2J\n"}, "data": [], "scores": {"a\nb": {"c": 1}},
           "versions": "x", "version": {"a": 1}, "kept_epoch": True}  # fmt: skip
    found = facts(files, tmp_path, odd, keras_version="3\x1b[31m")
    assert found == {
        "classes": "5",
        "task": "?[2J?, loss None",
        "a?b": "c 1.0000",
        "written by": "mlpcli dict, Keras 3?[31m",
    }


def test_scores_beyond_all_numbers_are_left_out(files: Any, tmp_path: Path) -> None:
    scores = {"test": {"loss": 10**4000, "accuracy": 0.5, "f1": True}}
    assert facts(files, tmp_path, {**METADATA, "scores": scores})["test"] == "accuracy 0.5000"


def test_the_command_prints_it(files: Any, tmp_path: Path, mlpcli_here: Any) -> None:
    path = files.keras(tmp_path / "꽃.keras")
    add_metadata(path, METADATA)
    shown = mlpcli_here("summary", path)
    assert shown.returncode == 0 and shown.stderr == "", shown.stderr
    assert "은닉 (Dense)" in shown.stdout and "classes     2: 고양이, 개" in shown.stdout
    found = json.loads(mlpcli_here("summary", path, "--json").stdout)
    assert {"about": "data", "said": "iris"} in found["facts"] and found["metadata"] == METADATA


def test_a_hostile_file_ends_the_command_in_words(files: Any, tmp_path: Path, mlpcli_here: Any) -> None:
    path = files.keras(tmp_path / "m.keras", files.sequential(files.layer("Lambda", name="l")))
    ended = mlpcli_here("summary", path)
    assert ended.returncode == 2 and "layer 0 is keras.layers.Lambda, which mlpcli does not open" in ended.stderr
    assert "Traceback" not in ended.stderr
