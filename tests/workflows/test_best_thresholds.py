"""`output.threshold` and `--threshold`: what a file keeps, what predict and evaluate make of it, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn import metrics

import mlpcli
from mlpcli.cli.main import cli
from mlpcli.errors import ConfigError, ModelFileError, UserError
from mlpcli.modelfile.card import read_card
from mlpcli.modelfile.saved_model import open_model
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.resume import resume
from mlpcli.workflows.validate import validate
from tests.model_file_parts import read_metadata

CHURN = """
name: churn
data: {source: churn.csv, target: left, test: 0.3, validation: 0.4}
model: {hidden_units: [8]}
training: {engine: numpy, epochs: 6, optimizer: {name: adam, learning_rate: 0.02}, metrics: [accuracy, recall]}
output: {plots: [], keep: last}
"""
F1 = "output.threshold=f1"
COST = "output.threshold={cost: {false_positive: 1, false_negative: 5}}"


@pytest.fixture
def churn(train: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """Trains on 300 rows, of which one in six left, without being told apart well."""
    rng = np.random.default_rng(5)
    left = rng.random(300) < 1 / 6
    x = np.round(rng.normal(0, 1, (300, 2)) + left[:, None], 3)
    rows = "".join(f"{a},{b},{'yes' if gone else 'no'}\n" for (a, b), gone in zip(x, left, strict=True))
    (tmp_path / "churn.csv").write_text(f"a,b,left\n{rows}", encoding="utf-8")
    return lambda *overrides: train(*overrides, text=CHURN)


def test_the_file_keeps_the_best_one_and_answers_as_before_without_being_asked(churn: Callable[..., Any]) -> None:
    plain, chosen = churn(), churn(F1)
    found = chosen.metrics["best_threshold"]
    assert read_metadata(chosen.model)["best_threshold"] == {  # type: ignore[index]
        name: found[name] for name in ("threshold", "goal", "positive", "split", "rows")
    }
    assert (found["goal"], found["positive"], found["split"], found["rows"]) == ("f1", "yes", "validation", 84)
    assert found["value"] > found["at_default"]
    assert "best_threshold" not in (read_metadata(plain.model) or {})
    was, now = (evaluate(result.run).evaluation for result in (plain, chosen))
    assert was == now
    own = evaluate(chosen.run, split="validation", threshold="best").evaluation
    assert own["per_class"][1]["f1"] == pytest.approx(found["value"])
    assert any('best for f1 of "yes" on 84 validation rows: ' in sentence for sentence in chosen.sentences())


def test_all_scores_are_those_at_the_threshold(churn: Callable[..., Any]) -> None:
    run = churn().run
    usual, low = evaluate(run).evaluation, evaluate(run, threshold=0.2).evaluation
    assert low["threshold"] == 0.2
    (tn, fp), (fn, tp) = low["confusion_matrix"]
    assert low["metrics"] == pytest.approx({"accuracy": (tp + tn) / 90, "recall": tp / (tp + fn)})
    assert low["accuracy"] == low["metrics"]["accuracy"]
    assert fp + tp > usual["confusion_matrix"][0][1] + usual["confusion_matrix"][1][1]
    for name in ("loss", "log_loss", "calibration_error"):
        assert low[name] == usual[name], "a threshold changes no probability"


def test_predict_names_the_class_above_the_threshold_and_its_probability(
    churn: Callable[..., Any], tmp_path: Path
) -> None:
    run, table = churn(COST).run, tmp_path / "churn.csv"
    threshold = read_metadata(open_model(run).path)["best_threshold"]["threshold"]  # type: ignore[index]
    assert threshold < 0.5
    usual, best = mlpcli.predict(run, table), mlpcli.predict(run, table, 2, threshold="best")
    p = usual.outputs[:, 0]
    assert [entry["label"] for entry in best.predictions] == ["yes" if value > threshold else "no" for value in p]
    between = int(np.flatnonzero((p > threshold) & (p < 0.5))[0])
    found = best.predictions[between]
    assert (usual.predictions[between]["label"], found["label"]) == ("no", "yes")
    assert found["probability"] == pytest.approx(p[between])
    assert [entry["label"] for entry in found["top"]] == ["yes", "no"]
    assert found["top"][1]["probability"] == pytest.approx(1 - p[between])
    assert best.notes == [f"note: threshold {threshold:.4g}, best for cost on 84 validation rows"]


def test_the_commands(churn: Callable[..., Any], tmp_path: Path) -> None:
    run, table = str(churn(F1).run), str(tmp_path / "churn.csv")
    found = json.loads(CliRunner().invoke(cli, ["predict", run, table, "--threshold", "0.25", "--json"]).stdout)
    assert found["threshold"] == 0.25
    assert {entry["label"] for entry in found["predictions"] if entry["probability"] < 0.5} == {"yes"}
    shown = CliRunner().invoke(cli, ["evaluate", run, "--threshold", "best"])
    assert shown.exit_code == 0
    assert 'best for f1 of "yes" on 84 validation rows' in shown.output
    for wrong, words in (("half", "'half' is neither a number nor best"), ("1.5", "must be above 0 and below 1")):
        refused = CliRunner().invoke(cli, ["evaluate", run, "--threshold", wrong])
        assert words in refused.output or words in str(refused.exception)


def test_a_finished_run_finds_one_without_training_again(churn: Callable[..., Any]) -> None:
    plain, chosen = churn(), churn(COST)
    with pytest.raises(UserError, match=r"keeps no best threshold; .*train --resume RUN_DIR -s output.threshold=f1"):
        evaluate(plain.run, threshold="best")
    again = resume(plain.run, [COST])
    assert again.metrics["best_threshold"] == chosen.metrics["best_threshold"]  # type: ignore[union-attr]


def test_after_a_calibration_it_is_for_the_calibrated_probabilities(churn: Callable[..., Any]) -> None:
    both = churn(F1, "output.calibration=temperature")
    assert both.metrics["calibration"]["temperature"] is not None
    result = evaluate(both.run, split="validation", threshold="best").evaluation
    assert result["per_class"][1]["f1"] == pytest.approx(both.metrics["best_threshold"]["value"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["data.validation=null"], "output.threshold: needs validation rows"),
        (["training.loss=hinge", "training.metrics=auto"], "needs a probability, which an output of tanh does not"),
        (["data.task=classification", "training.metrics=auto"], "works only for two classes with one output, not for"),
        (["output.threshold=f2"], "output.threshold"),
        (["output.threshold=0.3"], "must be f1, balanced_accuracy, or costs such as {cost: {false_positive: 1, "),
        (["output.threshold={cost: {false_positive: 0}}"], "output.threshold.cost.false_positive"),
        (["output.threshold={cost: {false_negatives: 2}}"], "false_negative"),
    ],
)
def test_what_has_no_best_threshold_is_refused(churn: Any, tmp_path: Path, changes: list[str], words: str) -> None:
    config = tmp_path / "churn.yaml"
    config.write_text(CHURN, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        validate(config, [F1, *changes])
    assert words in str(caught.value)


def test_models_of_other_kinds_take_none(train: Callable[..., Any]) -> None:
    iris = "data: {source: iris}\ntraining: {engine: numpy, epochs: 1}\noutput: {plots: []}\n"
    with pytest.raises(UserError, match=r"--threshold: works only with two classes and one output"):
        evaluate(train(text=iris).run, threshold=0.3)


@pytest.mark.parametrize("changes", [{"threshold": 1.5}, {"threshold": "0.3"}, {"rows": 0}, {"goal": None}])
def test_a_damaged_threshold_is_named(churn: Callable[..., Any], tmp_path: Path, changes: dict[str, Any]) -> None:
    metadata = dict(read_metadata(churn(F1, "training.epochs=1").model) or {})
    damaged = {**metadata, "best_threshold": {**metadata["best_threshold"], **changes}}
    with pytest.raises(ModelFileError, match=rf"best_threshold\.{next(iter(changes))}"):
        read_card(tmp_path / "model.keras", damaged)
    other = {**metadata, "plan": {**metadata["plan"], "task": "classification"}}
    with pytest.raises(ModelFileError, match="best_threshold is for two classes"):
        read_card(tmp_path / "model.keras", other)


def test_balanced_accuracy_is_scikit_learns(churn: Callable[..., Any]) -> None:
    result = churn("output.threshold=balanced_accuracy")
    own = evaluate(result.run, split="validation", threshold="best").evaluation
    matrix = np.array(own["confusion_matrix"])
    true = np.repeat([0, 0, 1, 1], matrix.ravel())
    chosen = np.repeat([0, 1, 0, 1], matrix.ravel())
    expected = metrics.balanced_accuracy_score(true, chosen)
    assert result.metrics["best_threshold"]["value"] == pytest.approx(expected)


@pytest.mark.tf
def test_keras_scores_at_the_threshold_as_numpy_does(churn: Callable[..., Any], tmp_path: Path) -> None:
    """Also a file that mlpcli did not write, with Keras's own accuracy, which takes numbers but keeps no best one."""
    from mlpcli import backend
    from mlpcli.modelfile.card import Told

    run = churn()
    numpy, keras = (evaluate(run.run, engine=engine, threshold=0.2).evaluation for engine in ("numpy", "keras"))
    assert keras["metrics"] == pytest.approx(numpy["metrics"])
    assert keras["confusion_matrix"] == numpy["confusion_matrix"]
    stock = backend.keras().models.load_model(run.model)
    stock.compile(loss="binary_crossentropy", metrics=["accuracy"])
    stock.save(tmp_path / "stock.keras")
    told = Told(("no", "yes"), None, ("a", "b"), ("left",))
    for engine in ("numpy", "keras"):
        found = evaluate(tmp_path / "stock.keras", tmp_path / "churn.csv", engine=engine, told=told, threshold=0.2)
        assert found.evaluation["metrics"]["accuracy"] == pytest.approx(found.evaluation["accuracy"])
    with pytest.raises(UserError, match=r"keeps no best threshold; give a number$"):
        evaluate(tmp_path / "stock.keras", tmp_path / "churn.csv", told=told, threshold="best")
