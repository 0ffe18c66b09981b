"""`output.calibration: temperature`: the file of a run, its scores before and after, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.errors import ConfigError, ModelFileError
from mlpcli.modelfile.saved_model import open_model
from mlpcli.runs.history import read_history
from mlpcli.workflows.evaluate import evaluate
from mlpcli.workflows.resume import resume
from mlpcli.workflows.train import train_seeds
from mlpcli.workflows.validate import validate
from tests.model_file_parts import read_metadata

CALIBRATED = "output.calibration=temperature"
MOONS = """
name: moons
data: {source: moons, test: 0.3, validation: 0.4, generate: {rows: 500, noise: 0.4}}
model: {hidden_units: [32]}
training: {engine: numpy, epochs: 12, batch_size: 8, optimizer: {name: adam, learning_rate: 0.05}}
output: {plots: [], keep: last}
"""
IRIS = """
name: iris
data: {source: iris, test: 0.3, validation: 0.4, features: [sepal width (cm), sepal length (cm)]}
model: {hidden_units: [16]}
training: {engine: numpy, epochs: 8, batch_size: 4, optimizer: {name: adam, learning_rate: 0.05}}
output: {plots: [], keep: last}
"""


def _weights(run: Path) -> list[np.ndarray]:
    return [array for arrays in open_model(run).weights.values() for array in arrays]


ONE, MEMBERS = "[32]", "[32], members: 3"


@pytest.mark.parametrize(
    "text", [MOONS, IRIS, MOONS.replace(ONE, MEMBERS)], ids=["sigmoid", "softmax", "members of sigmoid"]
)
@pytest.mark.parametrize("model", ["model.keras", "model.h5"])
def test_the_output_layer_is_divided_and_nothing_else_changes(train: Callable[..., Any], text: str, model: str) -> None:
    plain, calibrated = train(text=text), train(CALIBRATED, f"output.model={model}", text=text)
    found = calibrated.metrics["calibration"]
    temperature = found["temperature"]
    assert temperature not in (None, 1)
    *before, kernel, bias = _weights(plain.run)
    *same, new_kernel, new_bias = _weights(calibrated.run)
    assert all(np.array_equal(one, other) for one, other in zip(before, same, strict=True))
    np.testing.assert_allclose(new_kernel * temperature, kernel, rtol=1e-6)
    np.testing.assert_allclose(new_bias * temperature, bias, rtol=1e-6)
    curves, others = (read_history(result.run / "history.csv") for result in (plain, calibrated))
    assert {**curves, "seconds": []} == {**others, "seconds": []}
    was, now = evaluate(plain.run).evaluation, evaluate(calibrated.run).evaluation
    assert was["confusion_matrix"] == now["confusion_matrix"]
    assert {name: was[name] for name in ("log_loss", "calibration_error")} == pytest.approx(
        now["calibration"]["without"], rel=1e-4
    )
    assert found["after"]["log_loss"] < found["before"]["log_loss"]
    assert found["after"]["log_loss"] == pytest.approx(calibrated.metrics["scores"]["validation"]["loss"], rel=1e-4)
    assert read_metadata(calibrated.model)["calibration"] == {  # type: ignore[index]
        "temperature": temperature, "split": "validation", "rows": found["rows"]
    }  # fmt: skip
    assert "calibration" not in (read_metadata(plain.model) or {})


def test_it_is_said(train: Callable[..., Any]) -> None:
    result = train(CALIBRATED, text=MOONS)
    found = result.metrics["calibration"]
    start = f"temperature {found['temperature']:g} from {found['rows']} validation rows"
    assert any(sentence.startswith(f"{start}: log_loss ") for sentence in result.sentences())
    assert str(evaluate(result.run).calibrated).startswith(f"{start}; without it: log_loss ")
    shared = train(CALIBRATED, "data.validation=test", text=MOONS)
    said = str(shared)
    assert f"temperature {shared.metrics['calibration']['temperature']:g} from 150 test rows" in said
    assert "which makes their scores optimistic" in said


def test_a_finished_run_is_calibrated_when_it_is_resumed_and_a_longer_one_begins_with_the_weights_as_trained(
    train: Callable[..., Any], tmp_path: Path
) -> None:
    calibrated, plain = train(CALIBRATED, text=MOONS), train(text=MOONS)
    resume(plain.run, [CALIBRATED])
    assert all(np.array_equal(*pair) for pair in zip(_weights(plain.run), _weights(calibrated.run), strict=True))
    longer = train(CALIBRATED, "training.epochs=14", text=MOONS)
    resume(calibrated.run, ["training.epochs=14"])
    assert all(np.array_equal(*pair) for pair in zip(_weights(calibrated.run), _weights(longer.run), strict=True))
    resume(plain.run, ["output.calibration=null"])
    again = train(text=MOONS)
    assert all(np.array_equal(*pair) for pair in zip(_weights(plain.run), _weights(again.run), strict=True))


def test_every_seed_has_its_own(tmp_path: Path) -> None:
    config = tmp_path / "moons.yaml"
    config.write_text(MOONS, encoding="utf-8")
    result = train_seeds(config, 2, [CALIBRATED], runs_dir=tmp_path)
    found = [json.loads(path.read_text("utf-8"))["calibration"] for path in sorted(result.path.glob("*/metrics.json"))]
    assert len({entry["temperature"] for entry in found}) == 2


def test_rows_that_are_all_right_leave_the_model_as_it_is(train: Callable[..., Any]) -> None:
    easy = ("data.generate.noise=0", "training.epochs=20")
    plain, calibrated = train(*easy, text=MOONS), train(*easy, CALIBRATED, text=MOONS)
    assert calibrated.metrics["scores"]["validation"]["accuracy"] == 1
    assert calibrated.metrics["calibration"]["temperature"] is None
    assert all(np.array_equal(*pair) for pair in zip(_weights(plain.run), _weights(calibrated.run), strict=True))
    assert "calibration" not in (read_metadata(calibrated.model) or {})
    assert not any("temperature" in sentence for sentence in calibrated.sentences())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["data.validation=null"], "output.calibration: needs validation rows; set data.validation, or remove it"),
        (["data.source=height_weight", "data.generate.noise=null"], "works only for classification, but this is a"),
        (["training.loss=hinge"], "needs an output of sigmoid, but it has tanh"),
        (
            ["data.source=blobs", "data.generate.noise=null", "training.loss=binary_crossentropy"],
            "needs an output of softmax, but it has sigmoid over",
        ),
    ],
)
def test_what_cannot_be_calibrated_is_refused(tmp_path: Path, changes: list[str], words: str) -> None:
    config = tmp_path / "moons.yaml"
    config.write_text(MOONS, encoding="utf-8")
    if "binary_crossentropy" in changes[-1]:
        changes = [*changes, "model.output={activation: sigmoid}", "training.metrics=[binary_accuracy]"]
    with pytest.raises(ConfigError) as caught:
        validate(config, [CALIBRATED, *changes])
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("temperature", "words"), [(0, "calibration.temperature"), ("2", "calibration.temperature"), (None, "temperature")]
)
def test_a_damaged_temperature_is_named(
    train: Callable[..., Any], tmp_path: Path, temperature: Any, words: str
) -> None:
    from mlpcli.modelfile.card import read_card

    metadata = dict(read_metadata(train(CALIBRATED, "training.epochs=1", text=MOONS).model) or {})
    metadata["calibration"] = {**metadata["calibration"], "temperature": temperature}
    with pytest.raises(ModelFileError, match=words):
        read_card(tmp_path / "model.keras", metadata)


@pytest.mark.tf
@pytest.mark.parametrize("engine", ["auto", "keras"])
def test_stock_keras_has_the_same_probabilities(train: Callable[..., Any], engine: str) -> None:
    from mlpcli import backend
    from mlpcli.data.dataset import Part
    from mlpcli.scoring.predictor import load_predictor

    form = {"auto": "model.keras", "keras": "model.h5"}[engine]
    few = (CALIBRATED, "training.epochs=4", f"training.engine={engine}", f"output.model={form}", "output.input=scaled")
    result = train(*few, text=IRIS.replace("[16]", "[16], members: 2") if engine == "auto" else IRIS)
    assert result.metrics["calibration"]["temperature"] is not None
    model = open_model(result.run)
    x = np.random.default_rng(0).normal(3, 2, (20, 2)).astype(np.float32)
    numpy, own = (
        load_predictor(model, which).predict(Part(x, np.zeros(20), np.arange(20)))  # type: ignore[arg-type]
        for which in ("numpy", "keras")
    )
    stock = backend.keras().models.load_model(result.model)
    front = model.layers[0].component
    scaled = (x - np.array(front.mean)) / np.sqrt(np.array(front.variance))  # type: ignore[attr-defined]
    np.testing.assert_allclose(np.asarray(stock(scaled.astype(np.float32))), numpy, atol=1e-6)
    np.testing.assert_allclose(own, numpy, atol=1e-6)
    again = resume(result.run)
    assert again.metrics["calibration"] == result.metrics["calibration"]  # type: ignore[union-attr]
