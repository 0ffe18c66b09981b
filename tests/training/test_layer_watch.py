"""layers.json and gradients.csv as runs write them, and once more when a run is resumed."""

from __future__ import annotations

import json
import random
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli.data.dataset import Part
from mlpcli.errors import ConfigError
from mlpcli.modelfile.saved_model import open_model
from mlpcli.runs.history import read_history
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
    norms = np.linalg.norm(kernel, axis=0)
    assert norms[pictures.shown[0]] == pytest.approx(max(norms))
    strongest = kernel[:, pictures.shown[0]]
    np.testing.assert_allclose(pictures.weights[0].ravel(), strongest, atol=pictures.largest[0] / 253)


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


DEEP = (NUMPY, "output.gradient_norms=true", "model={hidden_units: [16, 16, 16, 16, 16, 16], activation: sigmoid}")


def test_gradients_vanish_in_deep_sigmoid_networks(train: Any) -> None:
    result = train(*DEEP)
    found = read_history(result.run / "gradients.csv")
    assert [*found] == ["epoch", "dense", "dense_1", "dense_2", "dense_3", "dense_4", "dense_5", "dense_6"]
    assert found["epoch"] == [1, 2]
    assert all(first < 0.01 * last for first, last in zip(found["dense"], found["dense_6"], strict=True))
    plain = train(NUMPY, DEEP[-1])
    assert not (plain.run / "gradients.csv").exists()
    assert plain.metrics["scores"] == result.metrics["scores"]


@pytest.mark.parametrize("more", [(), ("model.members=2", "model.dropout=0.5", "model.batch_normalization=true")])
def test_gradients_of_a_resumed_run_are_those_of_one_that_never_stopped(train: Any, more: tuple[str, ...]) -> None:
    settings = (NUMPY, "output.gradient_norms=true", "data.class_weight=balanced", *more)
    whole = train(*settings, "training.epochs=4")
    cut = train(*settings, "training.epochs=2")
    with open(cut.run / "gradients.csv", "a", encoding="utf-8") as file:
        file.write("3,1,1\n")  # of an epoch that was killed
    mlpcli.resume(cut.run, ["training.epochs=4"])
    texts = [(run.run / "gradients.csv").read_text(encoding="utf-8") for run in (whole, cut)]
    assert texts[0] == texts[1]
    assert texts[0].count("\n") == 5


def test_a_layer_may_have_any_name(train: Any) -> None:
    layers = "[flatten, {dense: {units: 4, name: epoch}}, {dense: {units: 10, activation: softmax, name: '답, 끝'}}]"
    found = read_history(
        train(NUMPY, "output.gradient_norms=true", f"model={{layers: {layers}}}").run / "gradients.csv"
    )
    assert [*found] == ["epoch", "layer epoch", "답, 끝"]


@pytest.mark.parametrize(
    ("setting", "layer"),
    [
        (
            "model={layers: [{reshape: [8, 8, 1]}, {separable_conv2d: {filters: 2, kernel_size: 3}}, flatten]}",
            "layer separable_conv2d (the NumPy engine has no SeparableConv2D)",
        ),
        ("model.kernel_regularizer=orthogonal_regularizer", "layer dense ("),
    ],
)
def test_gradients_that_numpy_cannot_compute_are_refused(digits: Path, setting: str, layer: str) -> None:
    message = f"output.gradient_norms: NumPy computes the gradients, and it does not support {layer}"
    with pytest.raises(ConfigError, match=re.escape(message)):
        prepare(read_config(digits, ["output.gradient_norms=true", setting]))


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
