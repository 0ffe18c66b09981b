"""A first config is not only valid: it trains."""

from __future__ import annotations

from pathlib import Path

from mlpcli.workflows.init import init
from mlpcli.workflows.train import train

QUICKLY = ("training.engine=numpy", "output.plots=[]")


def test_penguins_from_init_to_a_model(shared_data: Path, tmp_path: Path) -> None:
    result = init(shared_data / "tabular" / "penguins.csv", output=tmp_path / "penguins.yaml")
    assert result.config is not None
    trained = train(result.config, [*QUICKLY, "training.epochs=2"], tmp_path / "runs")
    assert trained.model is not None
    assert trained.metrics["epochs"] == 2
    assert trained.evaluation is not None
    assert trained.evaluation["split"] == "test"


def test_animals_are_learnt_to_the_last(tmp_path: Path) -> None:
    result = init(generate="animals", output=tmp_path / "animals.yaml")
    assert result.config is not None
    trained = train(result.config, [*QUICKLY, "training.epochs=100"], tmp_path / "runs")
    assert trained.evaluation is not None
    assert trained.evaluation["accuracy"] == 1.0
