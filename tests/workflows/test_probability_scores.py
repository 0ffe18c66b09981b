"""Where the quality of probabilities is shown: evaluate's table and files, and metrics.json."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mlpcli.training.progress import Silence
from mlpcli.workflows.evaluate import evaluate

MOONS = """
name: moons
data: {source: moons, test: 0.2, generate: {rows: 200, noise: 0.3}}
model: {hidden_units: [8]}
training: {engine: numpy, epochs: 3}
output: {plots: []}
"""


def _shown(result: Any) -> dict[str, str]:
    return {row[0]: row[1] for row in result.score_table()[1]}


def test_a_binary_run_has_them_in_its_files_and_in_the_table(train: Callable[..., Any]) -> None:
    trained = train(text=MOONS)
    stored = json.loads((trained.run / "evaluation.json").read_text(encoding="utf-8"))
    result = evaluate(trained.run)
    for name in ("log_loss", "calibration_error"):
        assert result.evaluation[name] == pytest.approx(stored[name], rel=1e-5)
        assert trained.metrics["probabilities"][name] == stored[name]
    assert result.evaluation["log_loss"] == pytest.approx(result.evaluation["loss"], rel=1e-4), "cross-entropy is it"
    shown = _shown(result)
    assert "log_loss" not in shown
    assert shown["calibration_error"] == f"{stored['calibration_error']:.4f}"


def test_the_log_loss_is_shown_beside_another_loss(train: Callable[..., Any]) -> None:
    shown = _shown(evaluate(train("training.loss=mean_squared_error", text=MOONS).run))
    assert {"log_loss", "calibration_error"} <= shown.keys()


@pytest.mark.parametrize("changes", [["data.source=height_weight"], ["training.loss=hinge"]])
def test_numbers_and_scores_of_a_hinge_have_none(train: Callable[..., Any], changes: list[str]) -> None:
    trained = train(*changes, "data.generate.noise=null", text=MOONS)
    assert trained.metrics["probabilities"] is None
    assert "calibration_error" not in _shown(evaluate(trained.run))


def test_what_class_weights_do_to_them_is_said_once_by_each_command(train: Callable[..., Any]) -> None:
    notes: list[str] = []
    progress = Silence()
    progress.note = notes.append  # type: ignore[method-assign]
    run = train("data.class_weight={upper: 1, lower: 3}", text=MOONS, progress=progress).run
    start = "note: data.class_weight: the probabilities are not frequencies"
    for said in (notes, evaluate(run).notes, evaluate(run, data="moons").notes):
        assert len([text for text in said if text.startswith(start)]) == 1, said
    assert evaluate(train("data.class_weight=balanced", text=MOONS).run).notes == []
