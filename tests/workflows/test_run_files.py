"""What a run leaves: its files, where it lies, and the model in both formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.errors import OutputError, RunDirectoryError
from mlpcli.modelfile.saved_model import open_model
from mlpcli.runs.history import read_history
from mlpcli.runs.layer_file import read_layers
from mlpcli.training.progress import Silence
from tests.model_file_parts import read_metadata

NUMPY = "training.engine=numpy"
"""For what is the same whoever trains."""


class Notes(Silence):
    """Keeps what a run says of itself."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.mark.tf
def test_a_run_holds_the_files_of_the_contract_and_nothing_else(digits_run: Any) -> None:
    result = digits_run
    assert sorted(path.name for path in result.run.iterdir()) == [
        "checkpoint", "config.yaml", "confusion_matrix.png", "confusion_matrix.svg", "environment.json",
        "evaluation.json", "history.csv", "history.png", "history.svg", "layers.json", "metrics.json", "mistakes.json",
        "mistakes.png", "mistakes.svg", "model.keras", "split.npz",
    ]  # fmt: skip
    assert sorted(path.name for path in result.pictures) == [
        "confusion_matrix.png", "confusion_matrix.svg", "history.png", "history.svg", "mistakes.png", "mistakes.svg",
    ]  # fmt: skip
    assert result.run.is_absolute()


@pytest.mark.tf
def test_layers_json_has_the_weights_of_the_model(digits_run: Any) -> None:
    found = read_layers(digits_run.run)
    kernels = [arrays[0] for arrays in open_model(digits_run.run).weights.values() if arrays]
    means = [pytest.approx(float(kernel.mean()), abs=1e-6) for kernel in kernels]
    assert [layer.weights.mean for layer in found.end] == means
    assert [layer.weights.mean for layer in found.start] != means


@pytest.mark.tf
def test_metrics_json_is_what_the_result_says(digits_run: Any) -> None:
    result = digits_run
    assert json.loads((result.run / "metrics.json").read_text(encoding="utf-8")) == result.metrics
    # 600 rows: 120 for the test, a fifth of the other 480 for validation.
    assert result.metrics["rows"] == {"train": 384, "validation": 96, "test": 120}
    # 64 * 16 + 16 and 16 * 10 + 10
    assert result.metrics["parameters"] == {"trainable": 1_210, "non_trainable": 0}
    assert result.metrics["chosen"] == {
        "task": "classification", "scaling": "unit", "target_scaling": "none",
        "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"],
        "output": {"units": 10, "activation": "softmax"}, "batch_size": 32, "learning_rate_schedule": None,
    }  # fmt: skip
    seconds = sum(read_history(result.run / "history.csv")["seconds"])
    assert result.metrics["seconds"]["epochs"] == pytest.approx(seconds)
    assert result.metrics["examples_per_second"] == pytest.approx(3 * 384 / seconds)


@pytest.mark.tf
def test_the_split_of_the_run_is_stored(digits_run: Any) -> None:
    from mlpcli.config.load_config import load_config
    from mlpcli.workflows.prepare import prepare

    splits = prepare(load_config(digits_run.run / "config.yaml")).splits
    with np.load(digits_run.run / "split.npz") as stored:
        assert np.array_equal(stored["train"], splits.train.indices)


def test_runs_of_one_name_are_numbered_and_never_overwritten(train: Any) -> None:
    assert [train(NUMPY).run.name for _ in range(3)] == ["digits", "digits-2", "digits-3"]


def test_an_exact_directory_is_taken_when_new_or_empty_and_refused_otherwise(train: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert train(NUMPY, run_dir=tmp_path / "empty").run == tmp_path / "empty"
    assert train(NUMPY, run_dir=tmp_path / "a" / "new").run == tmp_path / "a" / "new"
    before = sorted(path.name for path in (tmp_path / "empty").iterdir())
    with pytest.raises(RunDirectoryError, match="is not empty, and runs are never overwritten"):
        train(NUMPY, run_dir=tmp_path / "empty")
    assert sorted(path.name for path in (tmp_path / "empty").iterdir()) == before


@pytest.mark.tf
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_the_model_has_the_format_of_its_name_and_stock_keras_opens_it(train: Any, name: str) -> None:
    result = train(f"output.model={name}", "model.batch_normalization=true", "model.dropout=0.1")
    assert result.model == result.run / name
    assert result.model.read_bytes()[:4] == (b"PK\x03\x04" if name.endswith("keras") else b"\x89HDF")
    metadata = read_metadata(result.model)
    assert metadata is not None
    assert metadata["scores"] == result.metrics["scores"]
    model = backend.keras().models.load_model(result.model)
    assert [layer.__class__.__name__ for layer in model.layers] == [
        "Rescaling", "Flatten", "Dense", "BatchNormalization", "Activation", "Dropout", "Dense",
    ]  # fmt: skip


@pytest.mark.parametrize("error", [OutputError("no space"), ValueError("bad mathtext $"), RuntimeError("no font")])
def test_a_plot_that_fails_loses_nothing(train: Any, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    from mlpcli.plotting import run_plots

    def fail(*arguments: Any, **keywords: Any) -> None:
        raise error

    monkeypatch.setattr(run_plots, "draw_run", fail)
    notes = Notes()
    result = train(NUMPY, "output.plots=[png]", progress=notes)
    assert result.model.is_file()
    assert result.failure is None
    assert result.pictures == []
    assert notes.notes == [f"warning: the plots could not be drawn: {error}; try mlpcli plot {result.run}"]


def test_a_file_that_scores_differently_when_loaded_back_is_not_called_saved(
    train: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlpcli.workflows import run

    save = run.save_model

    def save_other_weights(model: Any, path: Path, metadata: Any) -> None:
        if "unfinished" not in metadata:
            model.set_weights([array + 0.1 for array in model.get_weights()])
        save(model, path, metadata)

    monkeypatch.setattr(run, "save_model", save_other_weights)
    with pytest.raises(OutputError, match=r"model\.keras: after reloading, loss is .*, not .*; the disk may"):
        train(NUMPY)


def test_a_score_that_is_not_a_number_survives_the_reload_check_and_is_null_in_json(
    train: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlpcli.scoring import predictor as reload_check
    from mlpcli.workflows.run import Run

    score, losses = Run._score, reload_check.load_predictor

    def with_nan(self: Run) -> dict[str, Any]:
        result = score(self)
        next(iter(result["scores"].values()))["undefined"] = float("nan")
        return result

    def also_nan(*settings: Any, **named: Any) -> Any:
        predictor = losses(*settings, **named)
        found = predictor.losses
        predictor.losses = lambda *arguments: {**found(*arguments), "undefined": float("nan")}
        return predictor

    monkeypatch.setattr(Run, "_score", with_nan)
    monkeypatch.setattr(reload_check, "load_predictor", also_nan)
    result = train(NUMPY)
    assert json.loads((result.run / "metrics.json").read_text(encoding="utf-8"))["scores"]["test"]["undefined"] is None


@pytest.mark.tf
def test_tensorboard_logs_are_written_on_request(train: Any) -> None:
    pytest.importorskip("tensorboard")
    assert list((train("output.tensorboard=true").run / "tensorboard").rglob("events.*"))


def test_a_wrong_config_is_reported_before_tensorflow_is_loaded(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from mlpcli.errors import ConfigError

    monkeypatch.setitem(sys.modules, "mlpcli.workflows.run", None)  # cannot be imported
    with pytest.raises(ConfigError, match="epochs"):
        train("training.epochs=0")
