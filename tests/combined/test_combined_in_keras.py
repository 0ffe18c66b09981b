"""Stock Keras opens a combined file in safe mode, compiled, and averages to the bit what its members answer."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli import backend
from mlpcli.data.dataset import Part
from mlpcli.modelfile.saved_model import open_model
from mlpcli.scoring.predictor import load_predictor
from mlpcli.tables.raw_table import ReadOptions
from mlpcli.tables.table_reader import read_table

pytestmark = pytest.mark.tf


def test_stock_keras_averages_the_networks_to_the_bit(best: Path, people: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = backend.keras().models.load_model(best, safe_mode=True)
    saved = open_model(best)
    assert model.count_params() == sum(layer.size.parameters for layer in saved.layers)
    x = np.random.default_rng(1).normal(30, 20, (200, *saved.input_shape)).astype(np.float32)
    members = [np.asarray(model.get_layer(f"member_{number}")(x)) for number in (1, 2, 3)]
    by_hand = (members[0] + members[1] + members[2]) / np.float32(3)
    assert np.array_equal(np.asarray(model(x)), by_hand)
    assert {*model.evaluate(x, np.zeros(200), verbose=0, return_dict=True)} >= {"loss"}


def _encoded(model: Path, file: Path) -> Any:
    """The rows of a table as a model takes them, (n, inputs)."""
    columns = open_model(model).card.layout.preprocessing
    assert columns is not None
    return columns.encode(read_table(file, ReadOptions(formats={}))[0])


def test_the_members_in_the_file_are_the_runs(best: Path, seeds: list[Path], people: Path) -> None:
    model = backend.keras().models.load_model(best)
    for number, run in enumerate(seeds, start=1):
        alone = backend.keras().models.load_model(run / "model.keras")(_encoded(run, people / "new.csv"))
        inside = model.get_layer(f"member_{number}")(_encoded(best, people / "new.csv"))
        assert np.array_equal(np.asarray(inside), np.asarray(alone))


def test_numpy_and_keras_agree_on_the_average_and_on_each_member(best: Path, people: Path) -> None:
    saved, x = open_model(best), _encoded(best, people / "rows.csv")
    ours, keras = load_predictor(saved, "numpy"), load_predictor(saved, "keras")
    part = Part(x, np.zeros(60, np.int64), np.arange(60))
    np.testing.assert_allclose(ours.predict(part), keras.predict(part), atol=1e-6)
    assert ours.members(x).shape == (3, 60, 1)
    np.testing.assert_allclose(ours.members(x), keras.members(x), atol=1e-6)
    np.testing.assert_allclose(ours.members(x).mean(axis=0), ours.predict(part), atol=1e-6)


def test_scores_by_numpy_and_keras_agree(best: Path, people: Path) -> None:
    rows = people / "rows.csv"
    scores = [
        mlpcli.evaluate(best, rows, engine="numpy").evaluation,
        mlpcli.evaluate(best, rows, engine="keras").evaluation,
    ]
    assert scores[0]["loss"] == pytest.approx(scores[1]["loss"], abs=1e-5)
    assert scores[0]["accuracy"] == scores[1]["accuracy"]
