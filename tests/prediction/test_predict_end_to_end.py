"""From a trained run to answers, through Keras: the same numbers as Keras gives, and as evaluation scores."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.predict import predict
from mlpcli.workflows.train import train

pytestmark = pytest.mark.tf

CONFIG = """
name: {name}
data: {data}
model: {{hidden_units: [32]}}
training: {{epochs: 25}}
output: {{plots: []}}
"""


def _trained(folder: Path, name: str, data: str) -> Path:
    (folder / "my.yaml").write_text(CONFIG.format(name=name, data=data), encoding="utf-8")
    return train(folder / "my.yaml", (), folder / "runs").run


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _trained(tmp_path_factory.mktemp("digits"), "digits", "{source: digits}")


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a CSV with gaps, a category, and labels of any kind; the CSV lies two folders above."""
    from sklearn.datasets import load_iris

    folder = tmp_path_factory.mktemp("iris")
    data = load_iris()
    with open(folder / "iris.csv", "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["a", "b", "c", "d", "색", "품종"])
        for index, (x, y) in enumerate(zip(data.data, data.target, strict=True)):
            cells = [*x.tolist(), ["빨강", "파랑"][index % 2], ["=setosa", "versi, color", "버지니카"][y]]
            rows.writerow(cells if index % 10 else ["", *cells[1:]])
    return _trained(folder, "iris", "{source: iris.csv, target: 품종}")


def test_arrays_get_the_numbers_of_keras(digits: Path) -> None:
    from sklearn.datasets import load_digits

    images = load_digits().images.astype(np.float32)
    result = predict(digits, images, top=3)
    expected = backend.keras().models.load_model(digits / "model.keras").predict(images, verbose=0)
    assert np.allclose(result.outputs, expected, rtol=1e-4, atol=1e-6)
    assert [row["label"] for row in result.predictions] == [str(label) for label in expected.argmax(axis=1)]
    assert np.mean(expected.argmax(axis=1) == load_digits().target) > 0.85


def test_photos_of_digits_drawn_dark_on_light(digits: Path, tmp_path: Path) -> None:
    """Digits of the set as photos: enlarged, in colour, ink on paper."""
    from PIL import Image
    from sklearn.datasets import load_digits

    data = load_digits()
    for index in range(60):
        ink = Image.fromarray(np.uint8(255 - data.images[index] * 255 / 16)).convert("RGB")
        ink.resize((200, 200), Image.Resampling.NEAREST).save(tmp_path / f"{index:02}.jpg")
    result = predict(digits, tmp_path)
    right = [row["label"] == str(label) for row, label in zip(result.predictions, data.target, strict=False)]
    assert [note.partition(" (")[0] for note in result.notes] == ["60 pictures"]
    assert "light background, but the model was trained on dark ones: inverted" in result.notes[0]
    assert np.mean(right) > 0.75
    kept = predict(digits, tmp_path, invert=False)
    right = [row["label"] == str(label) for row, label in zip(kept.predictions, data.target, strict=False)]
    assert np.mean(right) < 0.4


def test_rows_of_a_csv_get_the_labels_that_evaluation_scores(iris: Path) -> None:
    rows = iris.parent.parent / "iris.csv"
    with open(rows, encoding="utf-8", newline="") as file:
        true = [row["품종"] for row in csv.DictReader(file)]
    result = predict(iris, rows)
    accuracy = np.mean([row["label"] == label for row, label in zip(result.predictions, true, strict=True)])
    assert accuracy == pytest.approx(evaluate(iris, data=rows).evaluation["accuracy"])
    assert accuracy > 0.7


def test_the_command_line(mlpcli: Any, iris: Path, tmp_path: Path) -> None:
    (tmp_path / "새.csv").write_text("색,d,c,b,a,note\n빨강,0.2,1.4,3.5,5.1,=1\n초록,,5.1,,,x\n", encoding="utf-8")
    done = mlpcli("predict", iris, "새.csv", "--json", "--output", "답.csv")
    gaps = "1 of 2 rows have no value, but every training row had one"
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f"warning: b: {gaps}",
        f"warning: d: {gaps}",
        'warning: 색: 1 of 2 values are in no training row: "초록"; training had 빨강, 파랑',
        f"written to {tmp_path / '답.csv'}",
    ]
    found = json.loads(done.stdout)
    assert [(row["input"], row["row"]) for row in found["predictions"]] == [("새.csv", 0), ("새.csv", 1)]
    text = (tmp_path / "답.csv").read_text(encoding="utf-8-sig").splitlines()
    assert text[0] == "색,d,c,b,a,note,predicted,probability"
    assert text[1].startswith("빨강,0.2,1.4,3.5,5.1,=1,'=setosa,")
    wrong = mlpcli("predict", iris, "답.csv", "gone.csv")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "error: gone.csv: does not exist; check the path\n"
