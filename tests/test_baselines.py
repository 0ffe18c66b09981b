"""scikit-learn's models on the same rows: their scores, where they appear, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from mlpcli.cli.main import cli
from mlpcli.data.dataset import Part
from mlpcli.errors import UserError
from mlpcli.scoring.baselines import scikit_learn_baselines
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.train import train

Write = Callable[..., Path]
PENGUINS = (
    "data: {source: p.csv, target: kind}\nmodel: {hidden_units: [3]}\ntraining: {engine: numpy, epochs: 2}\n"
    "output: {plots: []}\n"
)


def _part(x: np.ndarray, y: np.ndarray, rows: range) -> Part:
    return Part(x, y, np.array(rows))


def test_numbers_on_a_line_are_met_by_the_linear_model() -> None:
    """Ridge takes a little off the slope: with 40 standardized rows 1/41 of it, so that R2 is 1 - 1/41 ** 2."""
    x = np.arange(40, dtype=np.float32)[:, np.newaxis]
    y = 3 * x[:, 0] + 7
    everything = _part(x, y, range(40))
    ridge, perceptron = scikit_learn_baselines("regression", None, everything, everything, 0)
    assert (ridge.name, perceptron.name) == ("Ridge", "MLPRegressor")
    assert sorted(ridge.scores) == ["mae", "r2", "rmse"]
    assert ridge.scores["r2"] == pytest.approx(1 - 1 / 41**2, abs=1e-5)
    assert perceptron.scores["r2"] > 0.9


def test_classes_are_scored_on_other_rows_and_pictures_are_rows_of_numbers() -> None:
    """Bright and dark pictures; of the last four rows, which are dark, the first is called bright."""
    x = np.zeros((24, 2, 2), np.uint8)
    x[:20:2] = 200
    y = np.array([1, 0] * 10 + [1, 0, 0, 0])
    found = scikit_learn_baselines("binary", ("dark", "bright"), _part(x, y, range(20)), _part(x, y, range(20, 24)), 0)
    assert [model.name for model in found] == ["LogisticRegression", "MLPClassifier"]
    assert found[0].scores["accuracy"] == 0.75
    assert found[0].scores["balanced_accuracy"] == 0.5


def test_several_targets() -> None:
    x = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    everything = _part(x, np.column_stack([x[:, 0], -x[:, 1]]), range(30))
    assert scikit_learn_baselines("regression", None, everything, everything, 0)[0].scores["r2"] > 0.99


def test_what_cannot_be_trained_is_a_note() -> None:
    one_class = _part(np.ones((4, 1), np.float32), np.zeros(4, np.int64), range(4))
    found = scikit_learn_baselines("binary", ("a", "b"), one_class, one_class, 0)[0]
    assert found.scores == {}
    assert found.note.startswith("cannot be trained: ")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    rows = "".join(f"{row % 7},{row % 5},{'abc'[row % 3]}\n" for row in range(60))
    (tmp_path / "p.csv").write_text(f"one,two,kind\n{rows}", encoding="utf-8")
    path = tmp_path / "p.yaml"
    path.write_text(PENGUINS, encoding="utf-8")
    return path


def test_train_and_evaluate_put_them_beside_the_network(config: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shown = CliRunner().invoke(cli, ["train", str(config), "--run-dir", str(run), "--baseline", "-q"])
    assert shown.exit_code == 0, shown.output
    for name in ("this network", "scikit-learn's LogisticRegression", "scikit-learn's MLPClassifier"):
        assert f" {name} " in shown.output
    stored = json.loads((run / "evaluation.json").read_text(encoding="utf-8"))["scikit_learn"]
    result = evaluate(run, baseline=True).evaluation["scikit_learn"]
    assert [model["scores"] for model in result] == [model["scores"] for model in stored], "the same rows and seed"
    assert "scikit_learn" not in evaluate(run).evaluation


def test_json_has_them(config: Path, tmp_path: Path) -> None:
    arguments = ["train", str(config), "--run-dir", str(tmp_path / "run"), "--baseline", "-q", "--json"]
    found = json.loads(CliRunner().invoke(cli, arguments).output)
    assert [model["name"] for model in found["scikit_learn"]] == ["LogisticRegression", "MLPClassifier"]


def test_what_is_refused(config: Path, tmp_path: Path) -> None:
    run = train(config, run_dir=tmp_path / "run").run
    with pytest.raises(UserError, match="--baseline: is trained and scored on the model's own rows; leave out --data"):
        evaluate(run, data=tmp_path / "p.csv", baseline=True)
    shown = CliRunner().invoke(cli, ["train", str(config), "--seeds", "2", "--baseline"])
    assert shown.exit_code == 2
    assert "--baseline is for one run; leave out --seeds" in shown.output
    with pytest.raises(UserError, match="the rows are on disk, and scikit-learn needs them in memory"):
        train(config, ["data.streaming=always"], run_dir=tmp_path / "none", baseline=True)
    assert not (tmp_path / "none").exists()
    streamed = train(config, ["data.streaming=always"], run_dir=tmp_path / "streamed").run
    with pytest.raises(UserError, match="the rows are on disk, and scikit-learn needs them in memory"):
        evaluate(streamed, baseline=True)
