"""Training and scoring on rows that stay on disk: the same bits as in memory, in the same order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.data.batches import encode_targets, row_weights
from mlpcli.data.dataset import Part
from mlpcli.data.streaming.disk_rows import BlockOrder, DiskRows, RowRange
from mlpcli.keras_engine.keras_epochs import Batches, Shuffle
from mlpcli.keras_engine.keras_predictor import KerasPredictor
from mlpcli.keras_engine.resident import ResidentEpochs, ResidentRows
from mlpcli.scoring.scores import evaluate_part

pytestmark = pytest.mark.tf

keras = backend.keras()
ROWS, CLASSES, BLOCK_ROWS, SEED = 203, 3, 16, 777
X = np.random.default_rng(0).normal(size=(ROWS, 6)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int64) + (X[:, 1] > 0.5)
WEIGHTS = np.array([1.0, 3.0, 0.5], np.float32)


@pytest.fixture(autouse=True)
def small_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.data.streaming.disk_rows.BUFFER_BLOCKS", 4)


@pytest.fixture
def streamed(tmp_path: Path) -> Part:
    files = []
    for name, values in (("x", X), ("y", Y)):
        (tmp_path / name).write_bytes(values.tobytes())
        files.append(DiskRows(tmp_path / name, values.shape, values.dtype, block_rows=BLOCK_ROWS))
    return Part(*files, RowRange(ROWS))  # type: ignore[arg-type]


class InBlockOrder(Batches):
    """Rows in memory, in the order of rows on disk."""

    def set_epoch(self, epoch: int) -> None:
        if self.seed is not None:
            self.rows = BlockOrder(self.seed, epoch, len(self.part), BLOCK_ROWS)[:]


def _in_memory(seed: int | None = SEED) -> Batches:
    part = Part(X, Y, np.arange(ROWS))
    return InBlockOrder(part, encode_targets(Y, "sparse", CLASSES), 8, seed, row_weights(WEIGHTS, Y))


def _on_disk(part: Part, seed: int | None = SEED) -> Batches:
    return Batches(part, encode_targets(part.y, "sparse", CLASSES), 8, seed, row_weights(WEIGHTS, part.y))


def _model() -> Any:
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Dense(8, activation="relu"), keras.layers.Dense(CLASSES, activation="softmax")]
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _fit(train: Batches, compiled: bool | None, validation: Batches | None = None) -> Any:
    """`compiled` None: plain model.fit."""
    model = _model()
    if compiled is None:
        model.fit(train, validation_data=validation, shuffle=False, epochs=3, verbose=0, callbacks=[Shuffle(train)])
        return model
    engine = ResidentEpochs(model, train, validation, compiled, pytest.fail)
    with engine.running():
        for epoch in range(3):
            engine.ended(epoch, engine.epoch(epoch))
        engine.finish()
    return model


@pytest.mark.parametrize("compiled", [None, False, True], ids=["model.fit", "resident", "compiled"])
def test_weights_are_those_of_rows_in_memory(streamed: Part, compiled: bool | None, monkeypatch: Any) -> None:
    monkeypatch.setattr("mlpcli.keras_engine.resident.CHUNK_BYTES", 28 * 8 * 5)  # chunks across the ends of buffers
    found = _fit(_on_disk(streamed), compiled, _on_disk(streamed, None))
    expected = _fit(_in_memory(), compiled, _in_memory(None))
    for ours, theirs in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_batches_hold_what_they_hold_in_memory(streamed: Part) -> None:
    found, expected = _on_disk(streamed), _in_memory()
    assert len(found) == len(expected) == 26
    for epoch in (0, 4):
        for batches in (found, expected):
            batches.set_epoch(epoch)
        for index in range(26):
            for ours, theirs in zip(found[index], expected[index], strict=True):
                assert ours.dtype == theirs.dtype
                np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("labels", ["sparse", "one_hot", "value"])
def test_targets_are_encoded_when_they_are_asked_for(streamed: Part, labels: Any) -> None:
    found, expected = (encode_targets(y, labels, CLASSES) for y in (streamed.y, Y))
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    for rows in (np.array([[7, 200], [7, 0]]), slice(5, 9)):
        np.testing.assert_array_equal(found[rows], expected[rows])


def test_without_class_weights_there_are_none(streamed: Part) -> None:
    assert row_weights(None, streamed.y) is None
    assert row_weights(None, Y) is None


def test_rows_on_disk_do_not_go_to_the_gpu_as_a_whole(streamed: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.backend.devices", lambda: ["CPU", "GPU"])
    monkeypatch.setattr("mlpcli.keras_engine.resident.GPU", "CPU:0")
    rows, order = ResidentRows(pytest.fail), np.array([[3, 1], [199, 0]])
    for taken, expected in zip(rows.take(_on_disk(streamed), order), _in_memory().take(order), strict=True):
        np.testing.assert_array_equal(taken, expected)
    assert rows._placed == {}


CHOSEN = {"labels": "sparse", "threshold": 0.5, "class_names": ["가", "나", "다"]}


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_scores_are_those_of_rows_in_memory(streamed: Part, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlpcli.keras_engine.keras_predictor.PREDICTION_BATCH", 64)
    chosen = {**CHOSEN, "task": task}
    model = _model()
    if task == "regression":
        chosen |= {"labels": "value", "class_names": None}
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
        model.compile(loss="mean_squared_error", metrics=["mae"])
    predictor = KerasPredictor(model)
    memory = Part(X, Y, np.arange(ROWS))
    found = evaluate_part(predictor, chosen, streamed, "test", streamed.y[streamed.indices])
    expected = evaluate_part(predictor, chosen, memory, "test", Y)
    assert found.keys() == expected.keys()
    assert found["baseline"].pop("name") == expected["baseline"].pop("name")
    for key in ("metrics", "baseline"):
        assert found.pop(key) == pytest.approx(expected.pop(key), rel=1e-6)
    assert found == expected
