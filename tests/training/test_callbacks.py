"""Callbacks from Python: the example of docs/python.md, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlpcli.errors import ConfigError, UserError
from mlpcli.workflows.train import train

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
IRIS = "data: {source: iris}\ntraining: {early_stopping: false}\noutput: {plots: []}\n"
Write = Callable[..., Path]


def test_the_numpy_engine_refuses_them_before_it_reads_any_data(write_config: Write) -> None:
    path = write_config("data: {source: missing.csv, target: y}\ntraining: {engine: numpy}\n")
    with pytest.raises(ConfigError, match=r":2:12: training.engine: numpy calls no callbacks, .* use auto or keras"):
        train(path, callbacks=[object()])


def test_one_that_is_not_in_a_list_is_refused(write_config: Write) -> None:
    with pytest.raises(UserError, match=r"callbacks: object is not a list; give one, such as \[MyCallback\(\)\]"):
        train(write_config(IRIS), callbacks=object())  # type: ignore[arg-type]


@pytest.mark.tf
def test_the_example_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    monkeypatch.chdir(tmp_path)
    Path("iris.yaml").write_text(IRIS, encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(example, str(PAGE), "exec"), names)
    said = capsys.readouterr().out.splitlines()[-1]
    assert re.fullmatch(r"\d+ epochs: a callback asked for it", said), said
    history = (names["result"].run / "history.csv").read_text(encoding="utf-8").splitlines()
    assert 1 < len(history) - 1 == len(names["watch"].sizes) < 200


@pytest.mark.tf
@pytest.mark.parametrize(("engine", "batches"), [("auto", 1), ("keras", 4)])
def test_when_they_are_called(write_config: Write, tmp_path: Path, engine: str, batches: int) -> None:
    """96 training rows in batches of 32 are 3 steps, 120 are 4."""
    import keras

    class Counts(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.batches, self.epochs, self.begun, self.ended = 0, [], 0, 0

        def on_train_begin(self, logs: Any = None) -> None:
            self.begun += 1

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.batches += 1

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.epochs.append((epoch, sorted(logs)))

        def on_train_end(self, logs: Any = None) -> None:
            self.ended += 1

    counts = Counts()
    settings = [f"training.engine={engine}", "training.epochs=2"]
    plain = train(write_config(IRIS), settings, run_dir=tmp_path / "plain")
    result = train(write_config(IRIS), settings, run_dir=tmp_path / "watched", callbacks=[counts])
    assert (counts.begun, counts.ended, counts.batches) == (1, 1, 2 * batches)
    names = ["accuracy", "loss", "val_accuracy", "val_loss"]
    assert counts.epochs == [(0, names), (1, names)]
    assert result.metrics["scores"] == plain.metrics["scores"], "they change nothing"
    assert result.metrics["stopped"] == "all 2 epochs were done"


@pytest.mark.tf
def test_what_is_no_callback_is_refused_before_a_directory_is_made(write_config: Write, tmp_path: Path) -> None:
    import keras

    class Mine(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        pass

    for wrong, said in (
        (Mine, r"Mine is a class; give an object of it, Mine\(\)"),
        (3, "int is not derived from keras"),
    ):
        with pytest.raises(UserError, match=f"callbacks: {said}"):
            train(write_config(IRIS), run_dir=tmp_path / "run", callbacks=[wrong])
    assert not (tmp_path / "run").exists()


@pytest.mark.tf
def test_their_random_numbers_are_those_of_the_seed_in_a_second_training_too(write_config: Write) -> None:
    import keras
    import tensorflow as tf

    class Draws(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.drawn: list[float] = []

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.drawn.append(float(tf.random.normal((), seed=1)))  # an operation with a state

    config, trainings = write_config(IRIS), [Draws(), Draws()]
    for draws in trainings:
        train(config, ["training.epochs=3"], callbacks=[draws])
    first, second = (draws.drawn for draws in trainings)
    assert len({*first}) == 3
    assert first == second
