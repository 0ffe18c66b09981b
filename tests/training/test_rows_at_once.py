"""How the resident engine takes rows: from a copy of TensorFlow's where that is faster, and validation rows by many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli import backend
from mlpcli.config.load_config import load_config
from mlpcli.data.dataset import Part
from mlpcli.keras_engine import resident
from mlpcli.keras_engine.keras_epochs import Batches, KerasEngine
from mlpcli.keras_engine.resident import ResidentRows
from mlpcli.workflows.prepare import prepare

pytestmark = pytest.mark.tf

keras = backend.keras()
CONFIG = """
name: digits
data: {source: digits, limit: 300, validation: 0.5, test: null}
model: {hidden_units: [4]}
training: {epochs: 1, batch_size: 16}
"""


@pytest.mark.parametrize(("from_bytes", "placed"), [(0, 2), (100, 1), (1 << 20, 0)])
def test_tensorflow_takes_the_rows_that_numpy_takes(
    monkeypatch: pytest.MonkeyPatch, from_bytes: int, placed: int
) -> None:
    """x has 240 bytes, the targets 80."""
    x, y = np.arange(240, dtype=np.uint8).reshape(20, 3, 4), np.arange(20, dtype=np.int32)
    batches = Batches(Part(x, y, np.arange(20), "x"), y, 4)
    monkeypatch.setattr(resident, "GATHERED_FROM", from_bytes)
    rows, order = ResidentRows(pytest.fail), np.array([[3, 1], [19, 0]])
    for _ in range(2):
        taken = rows.take(batches, order)
        for found, expected in zip(taken, (x[order], y[order]), strict=True):
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
    assert len(rows._placed) == placed


def _engine(tmp_path: Path, *overrides: str) -> KerasEngine:
    path = tmp_path / "my.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    loaded = load_config(path, list(overrides))
    return KerasEngine(loaded.config, prepare(loaded))


@pytest.mark.parametrize(
    ("overrides", "size"),
    [
        ((), 2048),
        (("training.batch_size=3000",), 3000),
        (("model.hidden_units=[16384]",), 1020),  # 2^24 numbers, of which a row has 64 in and 16,384 out
        (("training.loss=dice",), 16),  # one number for a batch, so that its size is part of the loss
    ],
)
def test_validation_rows_are_scored_by_many(tmp_path: Path, overrides: tuple[str, ...], size: int) -> None:
    assert _engine(tmp_path, *overrides)._validated_at_once() == size


def test_their_loss_is_that_of_stock_keras(tmp_path: Path) -> None:
    engine = _engine(tmp_path)
    part = engine.prepared.splits.validation
    assert part is not None
    train, validation = (Batches(part, part.y.astype(np.int32), 16) for _ in range(2))
    epochs: Any = engine.start((train, validation), tmp_path, False, lambda steps: None, pytest.fail)
    with epochs.running():
        found = epochs._evaluate(epochs.validation)
    assert (len(validation), len(epochs.validation)) == (10, 1)
    expected = engine.model.evaluate(part.x[part.indices], part.y[part.indices], batch_size=16, verbose=0)
    assert [float(found["loss"]), float(found["accuracy"])] == pytest.approx(expected, rel=1e-6)
