"""Names in Hangul everywhere: the run, layers, folders, classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.plot import plot
from mlpcli.workflows.summary import summary
from tests.model_file_parts import read_metadata

pytestmark = pytest.mark.tf

CONFIG = """
name: 패션 MNIST 모델
data: {source: 자료/꽃.npz, validation: 0.25, test: 0.25}
model:
  layers:
    - flatten
    - dense: {units: 4, activation: relu, name: 은닉층 하나}
  output: {name: 출력}
training: {epochs: 2, batch_size: 8}
"""


@pytest.fixture(scope="module")
def run(train_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("한글 폴더")
    (folder / "자료").mkdir()
    x = np.random.default_rng(0).random((40, 4, 4), np.float32)
    np.savez(folder / "자료" / "꽃.npz", x=x, y=np.where(x.mean((1, 2)) > 0.5, "장미", "튤립"))
    return train_in(folder, CONFIG, "output.plots=[png]")


def test_it_trains_into_a_folder_of_its_name(run: Any) -> None:
    assert run.run.name == "패션-MNIST-모델"
    assert (run.run / "confusion_matrix.png").is_file()
    metadata = read_metadata(run.model)
    assert metadata is not None
    assert metadata["name"] == "패션 MNIST 모델"
    assert metadata["plan"]["class_names"] == ["장미", "튤립"]


def test_the_names_come_back_in_summary_and_evaluation(run: Any) -> None:
    assert [layer.name for layer in summary(run.model).layers][-2:] == ["은닉층 하나", "출력"]
    result = evaluate(run.run)
    assert result.name == "패션 MNIST 모델"
    assert [row["name"] for row in result.evaluation["per_class"]] == ["장미", "튤립"]
    assert result.evaluation["metrics"] == pytest.approx(
        {key: value for key, value in run.metrics["scores"]["test"].items() if key != "loss"}
    )


def test_it_plots(run: Any, tmp_path: Path) -> None:
    assert plot([run.run], tmp_path / "그림.svg").paths == [tmp_path / "그림.svg"]
    assert "loss" in (tmp_path / "그림.svg").read_text(encoding="utf-8")
