"""The sets that come with scikit-learn: each learns, and evaluate finds the scores that training reported."""

from __future__ import annotations

from typing import Any

import pytest

from mlpcli.workflows.evaluate import evaluate

CONFIG = """
data: {{source: {source}, validation: 0.2, test: 0.2, scaling: {scaling}}}
model: {{hidden_units: [16]}}
training: {{engine: {engine}, optimizer: {{name: adam, learning_rate: 0.02}}, epochs: 15, batch_size: 16}}
output: {{plots: [], model: {model}}}
"""
SETS = [
    ("iris", "standardize", "model.keras", "classification", 0.8, "numpy"),
    ("wine", "minmax", "model.h5", "classification", 0.8, "numpy"),
    pytest.param("breast_cancer", "auto", "model.h5", "binary", 0.9, "auto", marks=pytest.mark.tf),
    pytest.param("digits", "auto", "model.keras", "classification", 0.85, "auto", marks=pytest.mark.tf),
]


@pytest.mark.parametrize(("source", "scaling", "model", "task", "least", "engine"), SETS)
def test_classes(train: Any, source: str, scaling: str, model: str, task: str, least: float, engine: str) -> None:
    result = train(text=CONFIG.format(source=source, scaling=scaling, model=model, engine=engine))
    assert result.evaluation["task"] == task
    assert result.evaluation["accuracy"] > least > result.evaluation["baseline"]["accuracy"]
    for split, scores in result.metrics["scores"].items():
        found = evaluate(result.model, split=split).evaluation
        assert {"loss": found["loss"], **found["metrics"]} == pytest.approx(scores, rel=1e-5)


@pytest.mark.parametrize("model", ["model.keras", "model.h5"])
def test_a_number(train: Any, model: str) -> None:
    text = CONFIG.format(source="diabetes", scaling="auto", model=model, engine="numpy")
    result = train("training.epochs=40", text=text)
    assert result.evaluation["task"] == "regression"
    assert result.evaluation["mae"] < result.evaluation["baseline"]["mae"]
    found = evaluate(result.run).evaluation
    assert found["mae"] == pytest.approx(result.evaluation["mae"], rel=1e-5)
    assert found["loss"] == pytest.approx(result.metrics["scores"]["test"]["loss"], rel=1e-5)
    assert "confusion_matrix" not in found
