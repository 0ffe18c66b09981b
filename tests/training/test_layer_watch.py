"""layers.json as runs write it: before training and at the end, once more when a run is resumed."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.data.dataset import Part
from mlpcli.modelfile.saved_model import open_model
from mlpcli.runs.layer_file import read_layers
from mlpcli.training.layer_watch import LayerWatch, sample_rows
from mlpcli.workflows.prepare import prepare, read_config

NUMPY = "training.engine=numpy"


@pytest.fixture(scope="module")
def run(train_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Digits with 16 hidden units, two epochs."""
    return train_in(tmp_path_factory.mktemp("watched"), NUMPY)


def test_the_end_is_that_of_the_kept_weights(run: Any) -> None:
    found = read_layers(run.run)
    kernels = [arrays[0] for arrays in open_model(run.run).weights.values() if arrays]
    assert [layer.name for layer in found.end] == [layer.name for layer in found.start]
    for layer, kernel in zip(found.end, kernels, strict=True):
        assert layer.weights.mean == pytest.approx(float(kernel.mean()), abs=1e-6)
        assert layer.weights.deviation == pytest.approx(float(kernel.std()), rel=1e-5)
    assert found.rows == 512 and found.left_out == 0
    assert [layer.activation for layer in found.start] == ["relu", "softmax"]
    assert found.start[0].weights != found.end[0].weights


def test_first_weights_of_pictures_are_kept_as_pictures(run: Any) -> None:
    pictures = read_layers(run.run).first_layer
    assert pictures is not None
    assert (pictures.units, len(pictures.shown), pictures.shape) == (16, 16, (8, 8, 1))
    kernel = next(arrays[0] for arrays in open_model(run.run).weights.values() if arrays)
    strongest = kernel[:, pictures.shown[0]]
    assert np.linalg.norm(strongest) == max(np.linalg.norm(kernel, axis=0))
    np.testing.assert_allclose(pictures.weights[0].ravel(), strongest, atol=pictures.largest / 253)


def test_a_resumed_run_keeps_its_start_and_has_another_end(run: Any, tmp_path: Path) -> None:
    shutil.copytree(run.run, tmp_path / "again")
    before = read_layers(run.run)
    text = (tmp_path / "again" / "layers.json").read_text(encoding="utf-8")
    marked = {**json.loads(text)}
    marked["start"][0]["dead"] = 12345  # what a first start alone can know
    (tmp_path / "again" / "layers.json").write_text(json.dumps(marked), encoding="utf-8")
    resumed = mlpcli.resume(tmp_path / "again", ["training.epochs=3"])
    after = read_layers(resumed.run)
    assert after.start[0].dead == 12345 and after.start[1:] == before.start[1:]
    assert after.end != before.end


def test_a_damaged_file_does_not_stop_a_training(run: Any, tmp_path: Path) -> None:
    shutil.copytree(run.run, tmp_path / "again")
    (tmp_path / "again" / "layers.json").write_text("{", encoding="utf-8")
    found = read_layers(mlpcli.resume(tmp_path / "again", ["training.epochs=3"]).run)
    assert (found.start, len(found.end)) == ((), 2)


def test_no_random_generator_is_touched(train: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same network without the look has the same history and weights."""
    random.seed(1)
    np.random.seed(1)
    states = random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[union-attr, index]
    seen = train(NUMPY, "model.dropout=0.3")
    assert states == (random.getstate(), np.random.get_state()[1].tolist())  # type: ignore[union-attr, index]
    monkeypatch.setattr("mlpcli.training.layer_watch.LayerWatch.start", lambda *_: None)
    monkeypatch.setattr("mlpcli.training.layer_watch.LayerWatch.end", lambda *_: None)
    unseen = train(NUMPY, "model.dropout=0.3")
    assert not (unseen.run / "layers.json").exists()
    for one, other in zip(open_model(seen.run).weights.values(), open_model(unseen.run).weights.values(), strict=True):
        assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))
    assert seen.metrics["scores"] == unseen.metrics["scores"]


def test_what_numpy_lacks_is_not_looked_at(digits: Path, tmp_path: Path) -> None:
    layers = "[{reshape: [8, 8, 1]}, {separable_conv2d: {filters: 2, kernel_size: 3}}, flatten]"
    prepared = prepare(read_config(digits, [f"model={{layers: {layers}}}"]))
    weights = [np.zeros(shape, np.float32) for layer in prepared.plan.layers for shape in layer.size.weights.values()]
    LayerWatch(tmp_path, prepared).start(weights, resumed=False)
    assert not (tmp_path / "layers.json").exists()


def layer(*kernel: int, places: tuple[int, ...] = ()) -> Any:
    return SimpleNamespace(size=SimpleNamespace(weights={"kernel": kernel}, output_shape=(*places, kernel[-1])))


@pytest.mark.parametrize(
    ("layers", "rows"),
    [
        ([layer(64, 10)], 512),
        ([layer(1000, 500)], 200),  # 10^8 / 500,000
        ([layer(3, 3, 1, 10, places=(50, 100))], 222),  # 90 weights at 5,000 places
        ([layer(10_000, 10_000)], 128),
    ],
)
def test_of_large_networks_fewer_rows_are_looked_at(layers: list[Any], rows: int) -> None:
    part = Part(np.zeros((5000, 1)), np.zeros(5000), np.arange(1000, 3000))
    found = sample_rows(part, layers)
    assert (len(found), found[0], found[-1], len(set(found.tolist()))) == (rows, 1000, 2999, rows)


def test_of_few_rows_all_are_looked_at() -> None:
    part = Part(np.zeros((9, 1)), np.zeros(9), np.array([2, 3, 7]))
    assert sample_rows(part, [layer(2, 2)]).tolist() == [2, 3, 7]
