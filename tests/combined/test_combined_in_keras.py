"""Stock Keras opens a combined file in safe mode, compiled, and averages to the bit what its members answer."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import mlpcli
from mlpcli import backend
from mlpcli.data.dataset import Part
from mlpcli.modelfile.saved_model import open_model
from mlpcli.scoring.predictor import load_predictor

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


def test_the_members_in_the_file_are_the_runs(best: Path, seeds: list[Path], people: Path) -> None:
    model = backend.keras().models.load_model(best)
    whole = open_model(best).card.layout.preprocessing
    assert whole is not None
    from mlpcli.tables.raw_table import ReadOptions
    from mlpcli.tables.table_reader import read_table

    table = read_table(people / "new.csv", ReadOptions(formats={}))[0]
    for number, run in enumerate(seeds, start=1):
        own = open_model(run).card.layout.preprocessing
        assert own is not None
        alone = backend.keras().models.load_model(run / "model.keras")(own.encode(table))
        inside = model.get_layer(f"member_{number}")(whole.encode(table))
        assert np.array_equal(np.asarray(inside), np.asarray(alone))


def test_numpy_and_keras_agree_on_the_average_and_on_each_member(best: Path) -> None:
    saved = open_model(best)
    x = np.random.default_rng(2).normal(30, 20, (50, *saved.input_shape)).astype(np.float32)
    ours, keras = (load_predictor(saved, engine) for engine in ("numpy", "keras"))
    part = Part(x, np.zeros(50, np.int64), np.arange(50))
    np.testing.assert_allclose(ours.predict(part), keras.predict(part), atol=1e-6)
    assert ours.members(x).shape == (3, 50, 1)
    np.testing.assert_allclose(ours.members(x), keras.members(x), atol=1e-6)
    np.testing.assert_allclose(ours.members(x).mean(axis=0), ours.predict(part), atol=1e-6)


def test_scores_by_numpy_and_keras_agree(best: Path, people: Path) -> None:
    scores = [mlpcli.evaluate(best, people / "rows.csv", engine=engine).evaluation for engine in ("numpy", "keras")]
    assert scores[0]["loss"] == pytest.approx(scores[1]["loss"], abs=1e-5)
    assert scores[0]["accuracy"] == scores[1]["accuracy"]
