"""EarlyStopping is Keras's own: it stops where Keras would, and keeps the weights of what Keras calls best."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mlpcli import backend
from mlpcli.runs.history import History, read_history
from tests.model_file_parts import read_metadata

pytestmark = pytest.mark.tf

EPOCHS = 8
RESTLESS = "training.optimizer={name: sgd, learning_rate: 0.4, momentum: 0.9}"
"""Steps so large that val_loss goes up and down."""

SETTINGS = [
    {"patience": 0},
    {"patience": 2},
    {"patience": 1, "min_delta": 0.2},
    {"patience": 1, "monitor": "val_accuracy"},
    {"patience": 1, "mode": "max"},
    {"patience": 2, "baseline": 0.1},
    {"patience": 0, "start_from_epoch": 3},
    {"patience": 0, "monitor": "loss"},
    {"patience": 1, "restore_best_weights": "false"},
]
NUMPY = "training.engine=numpy"
"""The loop and the decision are the same for both; that Keras's weights are kept needs fewer cases."""
CASES = [(settings, "numpy") for settings in SETTINGS] + [(SETTINGS[index], "auto") for index in (0, -1)]


def _digest(result: Any) -> str:
    metadata = read_metadata(result.model)
    assert metadata is not None
    return str(metadata["weights"])


@pytest.fixture(scope="module")
def endless(train_in: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, str], Any]:
    """The run of so many epochs without early stopping, by an engine; each is trained once."""
    runs: dict[tuple[int, str], Any] = {}

    def run(epochs: int, engine: str) -> Any:
        if (epochs, engine) not in runs:
            folder = tmp_path_factory.mktemp("endless")
            overrides = (RESTLESS, "training.early_stopping=false", "output.keep=last", f"training.epochs={epochs}")
            runs[epochs, engine] = train_in(folder, *overrides, f"training.engine={engine}")
        return runs[epochs, engine]

    return run


def _stock(history: History, settings: dict[str, Any]) -> tuple[int, int, int]:
    """What Keras's callback makes of a history: epochs done, best epoch, epoch whose weights are kept; from 1."""
    arguments = {"monitor": "val_loss", "restore_best_weights": True, **settings}
    if arguments["restore_best_weights"] == "false":
        arguments["restore_best_weights"] = False
    weights: list[int] = []  # the number of the epoch stands for its weights
    model = SimpleNamespace(stop_training=False, get_weights=weights.copy, set_weights=lambda new: weights.extend(new))
    if arguments["monitor"].endswith("accuracy"):
        arguments["mode"] = "max"  # Keras finds out by looking at the model's metrics, and this model has none
    callback = backend.keras().callbacks.EarlyStopping(**arguments)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch in range(EPOCHS):
        weights[:] = [epoch + 1]
        callback.on_epoch_end(epoch, {name: values[epoch] for name, values in history.items()})
        if model.stop_training:
            break
    callback.on_train_end()
    return epoch + 1, callback.best_epoch + 1, weights[-1]


@pytest.mark.parametrize(("settings", "engine"), CASES, ids=str)
def test_it_stops_and_restores_as_stock_keras_does(
    train: Any, endless: Any, settings: dict[str, Any], engine: str
) -> None:
    history = read_history(endless(EPOCHS, engine).run / "history.csv")
    epochs, best, kept = _stock(history, settings)
    text = ", ".join(f"{key}: {value}" for key, value in settings.items())
    overrides = (f"training.epochs={EPOCHS}", f"training.early_stopping={{{text}}}", f"training.engine={engine}")
    result = train(RESTLESS, *overrides)
    metrics = result.metrics
    assert (metrics["epochs"], metrics["best_epoch"], metrics["kept_epoch"]) == (epochs, best, kept)
    assert _digest(result) == _digest(endless(kept, engine))
    assert ("had not " in metrics["stopped"]) == (epochs < EPOCHS)


def test_the_settings_above_differ_in_what_they_do(endless: Any) -> None:
    """Else the comparison would prove little."""
    history = read_history(endless(EPOCHS, "numpy").run / "history.csv")
    outcomes = {_stock(history, settings) for settings in SETTINGS}
    assert len(outcomes) >= 5
    assert any(epochs < EPOCHS for epochs, _, _ in outcomes)
    assert any(kept < epochs for epochs, _, kept in outcomes)


@pytest.mark.parametrize(
    ("patience", "words"), [(0, "had not improved for 1 epoch"), (2, "had not improved for 2 epochs")]
)
def test_the_reason_is_said_in_words(train: Any, patience: int, words: str) -> None:
    stopping = f"training.early_stopping={{monitor: loss, mode: max, patience: {patience}}}"
    assert train("training.epochs=6", stopping, NUMPY).metrics["stopped"] == f"loss {words}"


def test_without_it_all_epochs_are_done(endless: Any) -> None:
    result = endless(EPOCHS, "auto")
    history = read_history(result.run / "history.csv")
    assert result.metrics["kept_epoch"] == EPOCHS
    assert result.metrics["best_epoch"] == history["val_loss"].index(min(history["val_loss"])) + 1
    assert result.metrics["stopped"] == f"all {EPOCHS} epochs were done"


def test_it_can_stop_when_training_and_validation_accuracy_meet(train: Any) -> None:
    result = train("training.epochs=6", "training.stop_when_equal={tolerance: 1.0}", NUMPY)
    assert result.metrics["epochs"] == 1
    assert result.metrics["stopped"] == "training and validation accuracy met"


def test_accuracies_that_do_not_meet_stop_nothing(train: Any) -> None:
    short = ("training.epochs=3", NUMPY)
    history = read_history(train(*short, "training.early_stopping=false").run / "history.csv")
    gaps = [abs(a - b) for a, b in zip(history["accuracy"], history["val_accuracy"], strict=True)]
    tolerance = min(gaps) / 2
    result = train(*short, f"training.stop_when_equal={{tolerance: {tolerance}}}")
    assert result.metrics["epochs"] == 3
    met = gaps.index(min(gaps)) + 1
    result = train(*short, f"training.stop_when_equal={{tolerance: {min(gaps) * 1.01}}}")
    assert result.metrics["epochs"] == met
