"""Balanced accuracy in training: a metric of stock Keras under that name, with scikit-learn's value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from mlpcli.config.metrics import AUC, BalancedAccuracy, FBetaScore, Metric
from mlpcli.config.schema import Config
from mlpcli.data.dataset import DataFacts
from mlpcli.model.objective import choose_objective
from mlpcli.model.plan import accuracy_name
from mlpcli.numpy_engine.numpy_objective import metric_of
from mlpcli.workflows.train import train
from tests.eager_keras import eagerly


def _chosen(classes: tuple[str, ...], **training: Any) -> tuple[str, Metric]:
    """The loss, and what the metric became."""
    task: Any = "binary" if len(classes) == 2 else "classification"
    facts = DataFacts("s", "table", (4,), task, classes, None, None, 1, 30, 5, 5, "here")
    settings = {"metrics": ["balanced_accuracy"], **training}
    objective = choose_objective(
        Config.model_validate({"name": "n", "data": {"source": "iris"}, "training": settings}), facts
    )
    return objective.loss.tag, objective.metrics[0]


def test_what_it_becomes() -> None:
    assert _chosen(("no", "yes")) == ("binary_crossentropy", AUC(name="balanced_accuracy", num_thresholds=3))
    loss, metric = _chosen(("a", "b", "c"), metrics=[{"balanced_accuracy": {"name": "bal"}}])
    assert loss == "categorical_crossentropy"
    assert metric == FBetaScore(name="bal", beta=1e6)


def _added(metric: Metric, labels: str, y: Any, p: Any) -> float:
    found = metric_of(metric, {}, labels, 0.5)
    for start in range(0, len(y), 7):
        found.add(y[start : start + 7], p[start : start + 7], None)
    return found.result()


@pytest.mark.parametrize("seed", range(5))
def test_it_is_that_of_scikit_learn(seed: int) -> None:
    draw = np.random.default_rng(seed)
    y, p = draw.choice(4, 90, p=[0.7, 0.2, 0.05, 0.05]), draw.dirichlet(np.ones(4), 90).astype(np.float32)
    y[:4] = range(4)
    found = _added(_chosen(("a", "b", "c", "d"))[1], "one_hot", np.eye(4)[y], p)
    assert found == pytest.approx(balanced_accuracy_score(y, p.argmax(axis=1)), rel=1e-6)
    y, p = draw.choice(2, 90, p=[0.8, 0.2]), draw.uniform(size=(90, 1)).astype(np.float32)
    p[:5] = [[0.0], [0.5], [1.0], [np.nextafter(np.float32(0.5), np.float32(1))], [0.5]]
    found = _added(_chosen(("no", "yes"))[1], "binary", y[:, np.newaxis], p)
    assert found == pytest.approx(balanced_accuracy_score(y, p[:, 0] > 0.5), rel=1e-6)


def test_a_class_without_rows_counts_as_none_of_them_right() -> None:
    """The others have 1 and 0.5 right."""
    y, p = np.eye(3)[[0, 1, 1]], np.eye(3, dtype=np.float32)[[0, 1, 0]]
    assert _added(_chosen(("a", "b", "c"))[1], "one_hot", y, p) == pytest.approx(0.5)


def test_it_is_not_the_accuracy_that_is_meant_elsewhere() -> None:
    assert accuracy_name(["balanced_accuracy", "categorical_accuracy"]) == "categorical_accuracy"
    assert accuracy_name(["balanced_accuracy"]) is None


RUN = """
data: {{source: {source}, test: 0.2}}
model: {{hidden_units: [8]}}
training:
  engine: {engine}
  metrics: [accuracy, balanced_accuracy]
  early_stopping: {{monitor: val_balanced_accuracy}}
  epochs: 3
output: {{plots: [], keep: best}}
"""


@pytest.mark.parametrize("source", ["wine", "breast_cancer"])
@pytest.mark.parametrize("engine", ["numpy", pytest.param("keras", marks=pytest.mark.tf)])
def test_a_run_keeps_the_epoch_with_the_highest_and_evaluates_alike(tmp_path: Path, source: str, engine: str) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(RUN.format(source=source, engine=engine), encoding="utf-8")
    result = train(config, run_dir=tmp_path / "run")
    history = np.genfromtxt(result.run / "history.csv", delimiter=",", names=True)["val_balanced_accuracy"]
    assert result.metrics["monitor"] == "val_balanced_accuracy"
    assert result.metrics["best_epoch"] == history.argmax() + 1
    assert result.evaluation is not None
    score = result.metrics["scores"]["test"]["balanced_accuracy"]
    assert score == pytest.approx(result.evaluation["balanced_accuracy"], rel=1e-6)


@pytest.mark.tf
@pytest.mark.parametrize("source", ["wine", "breast_cancer"])
def test_stock_keras_scores_with_it(tmp_path: Path, source: str) -> None:
    from mlpcli import backend
    from mlpcli.config.sections import DataConfig
    from mlpcli.data.load_data import load_data

    config = tmp_path / "c.yaml"
    config.write_text(RUN.format(source=source, engine="numpy"), encoding="utf-8")
    result = train(config, run_dir=tmp_path / "run")
    assert result.model is not None
    stock = backend.keras().models.load_model(result.model)
    part = load_data(DataConfig(source=source, test=0.2), 777).splits.test
    assert part is not None
    x, y = part.arrays()
    targets = np.eye(y.max() + 1)[y] if source == "wine" else y[:, np.newaxis].astype(np.float32)
    with eagerly(stock):
        found = stock.evaluate(x, targets, verbose=0, return_dict=True)
    assert found["balanced_accuracy"] == pytest.approx(result.metrics["scores"]["test"]["balanced_accuracy"], rel=1e-6)


def test_no_file_can_name_it() -> None:
    from mlpcli.modelfile.keras_objects import compilation_of

    metric = {"class_name": "BalancedAccuracy", "config": {"name": BalancedAccuracy.tag}}
    loss = {"class_name": "MeanSquaredError", "config": {"name": "mse"}}
    found, why = compilation_of({"compile_config": {"loss": loss, "metrics": [metric], "optimizer": None}})
    assert (found, why) == (None, "its metric BalancedAccuracy is not supported")
