"""`mlpcli gradcheck`: the table, the JSON, the verdict, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mlpcli.cli.main import cli
from mlpcli.errors import DataError, ModelFileError, NeedsKerasError
from mlpcli.modelfile import saved_model
from mlpcli.numpy_engine.layer import Dense
from mlpcli.workflows.gradcheck import gradcheck as run
from mlpcli.workflows.train import train
from tests.forks import Forks

ROOT = Path(__file__).resolve().parents[2]
IRIS = "data: {source: iris}\nmodel: {hidden_units: [5, 4], activation: tanh, dropout: 0.3}\ntraining: {epochs: 2}\n"
Write = Callable[..., Path]


def _print(*arguments: str | Path) -> tuple[int, str]:
    """What it prints; as from the command line, where a command's result is the exit code."""
    shown = CliRunner().invoke(cli, ["gradcheck", *map(str, arguments)], standalone_mode=False)
    assert shown.exception is None, shown.exception
    return shown.return_value, shown.output


def test_the_table(write_config: Write) -> None:
    code, shown = _print(write_config(IRIS), "--engine", "numpy")
    assert code == 0
    assert "gradients of sparse_categorical_crossentropy, 32 training rows" in shown
    assert "dense_2/kernel" in shown and "4x3" in shown
    assert shown.count("agrees") == 6
    assert "switched off, because they make the loss random: dropout, dropout_1" in shown
    assert "all 6 agree: the gradients are right" in shown
    assert "Keras" not in shown


def test_the_json(write_config: Write) -> None:
    code, shown = _print(write_config(IRIS), "--engine", "numpy", "--rows", "7", "--json", "-s", "model.dropout=0")
    found = json.loads(shown)
    assert (code, found["agrees"], found["rows"], found["engine"]) == (0, True, 7, "numpy")
    assert found["noise_off"] == []
    assert [row["parameter"] for row in found["parameters"]][:2] == ["dense/kernel", "dense/bias"]
    assert found["parameters"][0]["shape"] == [4, 5]
    assert found["parameters"][0]["numpy_against_keras"] is None
    assert 0 < found["parameters"][0]["numpy_against_differences"] < 1e-5


def test_a_wrong_gradient_is_said_and_is_the_exit_code(write_config: Write, monkeypatch: Any) -> None:
    right = Dense.backward

    def forgets_the_bias(layer: Dense, gradient: Any) -> Any:
        result = right(layer, gradient)
        layer.gradients["bias"][...] = 0
        return result

    monkeypatch.setattr(Dense, "backward", forgets_the_bias)
    code, shown = _print(write_config(IRIS), "--engine", "numpy")
    assert code == 1
    assert shown.count("DIFFERS") == 3
    assert "the gradients DIFFER in dense/bias, dense_1/bias, dense_2/bias" in shown
    assert "kink" in shown


@pytest.mark.parametrize(
    "text",
    [
        "data: {source: diabetes, target_scaling: standardize}\nmodel: {batch_normalization: true}\n",
        "data: {source: breast_cancer}\nmodel: {activation: gelu, kernel_regularizer: {l1: 0.01, l2: 0.02}}\n",
        "data: {source: digits}\nmodel: {layers: [{conv2d: {filters: 4, kernel_size: 3}}, max_pooling2d, dense: 8]}\n",
        "data: {source: wine}\nmodel: {hidden_units: []}\ntraining: {loss: {categorical_crossentropy: "
        "{label_smoothing: 0.1}}}\n",
    ],
)
def test_tasks_losses_and_layers(write_config: Write, text: str) -> None:
    assert run(write_config(text), engine="numpy").check.agrees


def test_without_keras_tensorflow_is_never_imported(write_config: Write, tmp_path: Path, forks: Forks) -> None:
    code = (
        "import sys; from mlpcli.workflows.gradcheck import gradcheck;"
        f"result = gradcheck({str(write_config(IRIS))!r}, engine='numpy');"
        "sys.exit(not result.check.agrees or 'tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert forks.run([], tmp_path, program=code).returncode == 0


def test_what_is_refused(write_config: Write, tmp_path: Path) -> None:
    with pytest.raises(NeedsKerasError, match="layer group_normalization needs Keras: the NumPy engine has no Group"):
        run(write_config("data: {source: iris}\nmodel: {layers: [{group_normalization: 2}]}\n"), engine="numpy")
    with pytest.raises(DataError, match="irs"):
        run(write_config("data: {source: irs}\n"), engine="numpy")
    with pytest.raises(ModelFileError, match="does not exist"):
        run(tmp_path / "model.keras", engine="numpy")


@pytest.mark.tf
def test_all_three_agree_where_the_loss_is_nearly_0(write_config: Write, tmp_path: Path) -> None:
    """Of probabilities near 1, float32 leaves two or three digits to the gradient: Keras computes in float64."""
    text = "data: {source: wine, test: 0.2}\nmodel: {hidden_units: [32]}\noutput: {plots: [], keep: last}\n"
    training = "training: {engine: numpy, epochs: 300, optimizer: {learning_rate: 0.02}, early_stopping: false}\n"
    result = run(train(write_config(text + training), runs_dir=tmp_path / "runs").run)
    assert result.check.loss < 1e-4
    assert result.check.agrees
    assert max(parameter.tape or 0 for parameter in result.check.parameters) < 1e-4


@pytest.mark.tf
def test_all_three_agree_on_a_config_and_on_its_trained_model(
    write_config: Write, tmp_path: Path, monkeypatch: Any
) -> None:
    path = write_config(IRIS + "name: iris\noutput: {plots: []}\n")
    found = run(path, ["model.batch_normalization=true"])
    assert found.check.agrees
    assert max(parameter.tape or 0 for parameter in found.check.parameters) > 0
    trained = train(path, runs_dir=tmp_path / "runs").run
    for engine in ("keras", "numpy"):
        result = run(trained, engine=engine)  # type: ignore[arg-type]
        assert result.check.agrees
        assert result.name == "iris"
    assert result.check.loss != pytest.approx(run(path, engine="numpy").check.loss)
    monkeypatch.setattr(saved_model, "compilation_of", lambda architecture: (None, "it was saved without a loss"))
    with pytest.raises(ModelFileError, match=r"has no loss to take gradients of \(it was saved without a loss\)"):
        run(trained)
