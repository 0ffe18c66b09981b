"""F1 on one sigmoid output, while training and in evaluation.json: a threshold, not the largest of a row of one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mlpcli.runs.history import read_history
from mlpcli.workflows.train import train

CONFIG = """
name: f1
data: {source: table.csv, target: y}
model: {hidden_units: [8]}
training:
  epochs: 5
  engine: ENGINE
  metrics: [f1_score, fbeta_score, {f1_score: {threshold: 0.3, name: early}}, precision, recall]
  early_stopping: {monitor: val_f1_score, patience: 4}
output: {plots: []}
"""


@pytest.mark.parametrize("engine", ["numpy", pytest.param("keras", marks=pytest.mark.tf)])
def test_f1_is_that_of_precision_and_recall(tmp_path: Path, engine: str) -> None:
    random = np.random.default_rng(48)
    x = random.normal(size=(400, 3))
    y = x[:, 0] + random.normal(0, 0.4, 400) > 0.7
    rows = [",".join([*(f"{value:.4f}" for value in row), str(int(label))]) for row, label in zip(x, y, strict=True)]
    (tmp_path / "table.csv").write_text("\n".join(["a,b,c,y", *rows, ""]), encoding="utf-8")
    (tmp_path / "config.yaml").write_text(CONFIG.replace("ENGINE", engine), encoding="utf-8")
    train(str(tmp_path / "config.yaml"), runs_dir=str(tmp_path / "runs"))
    history = read_history(tmp_path / "runs" / "f1" / "history.csv")
    for part in ("", "val_"):
        precision, recall = (np.array(history[part + name]) for name in ("precision", "recall"))
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-9)
        assert history[part + "f1_score"] == pytest.approx(f1, abs=1e-5)
        assert history[part + "fbeta_score"] == pytest.approx(f1, abs=1e-5)
    assert len(set(history["val_f1_score"])) > 1
    assert history["early"] != history["f1_score"]
    metrics = json.loads((tmp_path / "runs" / "f1" / "metrics.json").read_text(encoding="utf-8"))
    kept = metrics["kept_epoch"]
    assert history["val_f1_score"][kept - 1] == max(history["val_f1_score"])
    scores = json.loads((tmp_path / "runs" / "f1" / "evaluation.json").read_text(encoding="utf-8"))
    (true_no, false_yes), (false_no, true_yes) = scores["confusion_matrix"]
    by_hand = 2 * true_yes / (2 * true_yes + false_yes + false_no)
    assert true_no > 0
    assert metrics["scores"]["validation"]["f1_score"] == pytest.approx(by_hand, abs=1e-5)
    assert scores["metrics"]["f1_score"] == pytest.approx(by_hand, abs=1e-5)
