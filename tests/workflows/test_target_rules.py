"""Losses and metrics that the targets' values make meaningless: refused by validate and train alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlpcli.errors import ConfigError
from mlpcli.workflows.train import train
from mlpcli.workflows.validate import validate

TRAINING = "1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5"
CONFIG = """name: n
data: {source: train.csv, target: y, task: regression, validation: validation.csv, test: test.csv}
model: {hidden_units: [2], output: {activation: softplus}}
training:
  epochs: 1
  engine: numpy
  loss: LOSS
  metrics: [mae, METRIC]
output: {plots: []}
"""


def written(folder: Path, loss: str, metric: str, **targets: str) -> str:
    """A config whose tables hold these targets in their parts, 1.5 to 8.5 where nothing is said."""
    for part in ("train", "validation", "test"):
        lines = [f"{row % 7}.25,{target}" for row, target in enumerate(targets.get(part, TRAINING).split())]
        (folder / f"{part}.csv").write_text("\n".join(["x,y", *lines, ""]), encoding="utf-8")
    (folder / "c.yaml").write_text(CONFIG.replace("LOSS", loss).replace("METRIC", metric), encoding="utf-8")
    return str(folder / "c.yaml")


LOSS, METRIC = "c.yaml:7:3: training.loss: ", "c.yaml:8:18: training.metrics[1]: "
ZEROS, BELOW = "0 0 1.5 2.5", "-1.5 0 -2.25 3"
MSLE = "mean_squared_logarithmic_error needs targets of 0 or more, but "
MAPE = "mean_absolute_percentage_error divides by the target, but "
R2 = "r2_score needs targets that differ, but there is "


@pytest.mark.parametrize(
    ("loss", "metric", "targets", "message"),
    [
        (
            "mse", "msle", {"train": f"{BELOW} 4 5"},
            METRIC + MSLE + "2 of the 6 training rows are below 0"
            " (the lowest is -2.25); use mean_squared_error",
        ),
        (
            "msle", "rmse", {"train": BELOW},
            LOSS + MSLE + "2 of the 4 training rows are below 0"
            " (the lowest is -2.25); use mean_squared_error",
        ),
        (
            "poisson", "rmse", {"validation": "1 2 -3"},
            LOSS + "poisson needs targets of 0 or more, but 1 of the 3 validation rows is below 0 (the lowest is -3);"
            " use mean_squared_error",
        ),
        ("mse", "poisson", {"test": BELOW}, METRIC + "poisson needs targets of 0 or more, but 2 of the 4 test rows"),
        (
            "mape", "rmse", {"train": ZEROS},
            LOSS + MAPE + "2 of the 4 training rows are 0; use mean_absolute_error",
        ),
        ("mse", "mape", {"validation": "1 0"}, METRIC + MAPE + "1 of the 2 validation rows is 0"),
        (
            "mse", "r2", {"validation": "2.5"},
            METRIC + R2 + "only one validation row; give the validation part other rows, or use mean_absolute_error",
        ),
        ("mse", "r2", {"test": "3 3 3"}, METRIC + R2 + "one value in all 3 test rows"),
        (
            "mse", "r2: {num_regressors: 3}", {"validation": "1 2 3 4"},
            METRIC + "num_regressors 3 needs 5 rows or more, but the validation part has 4; use a smaller one",
        ),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, loss: str, metric: str, targets: dict[str, str], message: str) -> None:
    config = written(tmp_path, loss, metric, **targets)
    for ask in (validate, train):
        with pytest.raises(ConfigError) as caught:
            ask(config)
        assert message in str(caught.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("loss", "metric", "targets"),
    [
        ("mse", "msle", ZEROS), ("msle", "rmse", ZEROS), ("poisson", "rmse", ZEROS), ("mse", "poisson", ZEROS),
        ("mape", "rmse", "-1 -2 3"), ("mse", "mape", "-1 -2 3"), ("mse", "r2", BELOW), ("huber", "logcosh", BELOW),
        ("mse", "r2: {num_regressors: 3}", "1 2 3 4 5"),
    ],
)  # fmt: skip
def test_allowed(tmp_path: Path, loss: str, metric: str, targets: str) -> None:
    validate(written(tmp_path, loss, metric, train=targets, validation=targets, test=targets))


def test_each_of_several_targets_counts(tmp_path: Path) -> None:
    y = np.array([[1, 2], [3, 0], [5, 6], [0, 0], [9, 1], [2, 2]], np.float32)
    np.savez(tmp_path / "two.npz", x_train=np.ones((6, 2), np.float32), y_train=y, x_test=np.ones((2, 2)), y_test=y[4:])
    text = "data: {source: two.npz, task: regression, validation: null}\ntraining: {loss: mape}\n"
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="divides by the target, but 2 of the 6 training rows are 0"):
        validate(tmp_path / "c.yaml")


@pytest.mark.parametrize(("loss", "loaded"), [("mse", False), ("mape", True)])
def test_a_built_in_set_is_loaded_where_its_targets_matter(tmp_path: Path, loss: str, loaded: bool) -> None:
    text = f"data: {{source: diabetes, validation: 0.4, test: 0.25}}\ntraining: {{loss: {loss}}}\n"
    (tmp_path / "c.yaml").write_text(text, encoding="utf-8")
    assert (validate(tmp_path / "c.yaml").look is not None) == loaded


@pytest.mark.parametrize(("metric", "message"), [("msle", "mean_squared_logarithmic_error needs"), ("r2", None)])
def test_rows_on_disk_have_the_same_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metric: str, message: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    config = written(tmp_path, "mse", metric, train="-1.5 2.5 3.5 4.5")
    streamed = ["data.streaming=always", "data.validation=null", "data.test=null"]
    if message is None:
        validate(config, streamed)
    else:
        with pytest.raises(ConfigError, match=message):
            validate(config, streamed)
