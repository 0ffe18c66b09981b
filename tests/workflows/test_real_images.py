"""MNIST and Fashion-MNIST from folders of IDX files, as everybody has them: a slice of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlpcli.workflows.evaluate import evaluate

pytestmark = pytest.mark.tf

CONFIG = """
data: {{source: {source}, path: {path}, limit: 2000, validation: 0.2}}
model: {{hidden_units: [64]}}
training: {{epochs: 4, batch_size: 50}}
output: {{plots: [], model: {model}}}
"""


@pytest.mark.parametrize(
    ("source", "folder", "model", "least", "first_class"),
    [
        ("mnist", "mnist", "model.keras", 0.8, "0"),
        ("fashion_mnist", "fashion-mnist", "model.h5", 0.7, "T-shirt/top"),
    ],
)
def test_a_slice_is_learnt_and_evaluate_agrees(
    train: Any, shared_data: Path, source: str, folder: str, model: str, least: float, first_class: str
) -> None:
    result = train(text=CONFIG.format(source=source, path=shared_data / folder, model=model))
    assert result.metrics["rows"] == {"train": 1_600, "validation": 400, "test": 10_000}
    assert result.evaluation["accuracy"] > least
    assert result.evaluation["class_names"][0] == first_class
    found = evaluate(result.run)
    assert found.notes == []
    assert found.evaluation["accuracy"] == pytest.approx(result.metrics["scores"]["test"]["accuracy"])
    assert found.evaluation["loss"] == pytest.approx(result.metrics["scores"]["test"]["loss"], rel=1e-5)
    assert found.evaluation["confusion_matrix"] == result.evaluation["confusion_matrix"]
