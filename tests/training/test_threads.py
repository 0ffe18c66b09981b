"""A model that is opened in one thread does not change the weights of one that is made in another."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlpcli.config.layers import Dropout
from mlpcli.config.load_config import load_config
from mlpcli.model.shapes import LayerSize, SavedLayer
from mlpcli.workflows.prepare import prepare

pytestmark = pytest.mark.tf


def test_a_model_for_predictions_waits_until_the_weights_are_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlpcli.keras_engine import keras_epochs
    from mlpcli.keras_engine.build import build_model, build_saved

    config = tmp_path / "my.yaml"
    config.write_text("data: {source: iris}\nmodel: {hidden_units: [3], dropout: 0.5}\n", encoding="utf-8")
    loaded = load_config(config)
    prepared = prepare(loaded)
    noisy = SavedLayer("d", "Dropout", LayerSize((4,)), Dropout(rate=0.5))
    other = threading.Thread(target=build_saved, args=(Path("m.keras"), (4,), [noisy], {"d": []}))
    waiting: list[bool] = []

    def while_the_other_builds(*arguments: Any) -> Any:
        other.start()
        other.join(0.2)
        waiting.append(other.is_alive())
        return build_model(*arguments)

    expected = keras_epochs.KerasEngine(loaded.config, prepared).model
    monkeypatch.setattr(keras_epochs, "build_model", while_the_other_builds)
    found = keras_epochs.KerasEngine(loaded.config, prepared).model
    other.join(300)
    assert (waiting, other.is_alive()) == ([True], False)
    pairs = zip(found.variables, expected.variables, strict=True)
    assert all(np.array_equal(np.array(one), np.array(two)) for one, two in pairs)
