"""Files for a notebook (output.input): stock Keras opens them, and scores x / 255 as mlpcli scores the pixels."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mlpcli
from mlpcli import backend
from mlpcli.modelfile.saved_model import open_model
from tests.eager_keras import eagerly

pytestmark = pytest.mark.tf

CONFIG = """
name: bars
data: {source: bars.npz, validation: 0.25}
training: {epochs: 1, batch_size: 16, early_stopping: false}
output: {plots: []}
"""
DENSE = "model={hidden_units: [6], batch_normalization: true, dropout: 0.1}"
CONVOLUTIONAL = "model={layers: [{conv2d: {filters: 2, kernel_size: 3, activation: relu}}, flatten]}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with bars.npz: pictures of 12 x 12 with a bar in one of three places, and a config of them."""
    folder = tmp_path_factory.mktemp("bars")
    draw, y = np.random.default_rng(0), np.arange(90) % 3
    x = draw.integers(0, 60, (90, 12, 12), np.uint8)
    for row, place in enumerate(y):
        x[row, :, 4 * place : 4 * place + 4] += 190
    np.savez(folder / "bars.npz", x_train=x[:60], y_train=y[:60], x_test=x[60:], y_test=y[60:])
    (folder / "bars.yaml").write_text(CONFIG, encoding="utf-8")
    return folder


def _train(folder: Path, run: Path, *overrides: str) -> tuple[Any, Path]:
    result = mlpcli.train(folder / "bars.yaml", overrides, run_dir=run)
    assert result.model is not None
    return result.metrics["scores"]["test"], result.model


def _test_rows(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    with np.load(folder / "bars.npz") as arrays:
        return arrays["x_test"], arrays["y_test"]


ONE_HOT = "training.loss=categorical_crossentropy"


@pytest.mark.parametrize(
    ("engine", "ending", "one_hot"),
    [("numpy", "keras", True), ("numpy", "h5", False), ("auto", "keras", False), ("auto", "h5", True)],
)
def test_keras_scores_flat_rows_as_the_tutorials_do(
    folder: Path, tmp_path: Path, engine: str, ending: str, one_hot: bool
) -> None:
    more = (ONE_HOT,) if one_hot else ()
    scores, model = _train(
        folder, tmp_path / "run", DENSE, "output.input=flat", f"output.model=model.{ending}",
        f"training.engine={engine}", *more,
    )  # fmt: skip
    x, y = _test_rows(folder)
    stock = backend.keras().models.load_model(model)
    rows = (x.reshape(-1, 144) / 255, np.eye(3)[y] if one_hot else y)
    with nullcontext() if (engine, ending) == ("auto", "keras") else eagerly(stock):
        assert stock.evaluate(*rows, verbose=0, return_dict=True) == pytest.approx(scores, rel=1e-4)
    if (engine, ending) == ("auto", "keras"):
        assert int(stock.optimizer.iterations) == 3  # of 45 rows in batches of 16: the training goes on from here
        stock.fit(*rows, verbose=0)


def test_the_file_of_keras_is_that_of_a_raw_training(folder: Path, tmp_path: Path) -> None:
    """Weights to the bit, and so are predictions and scores of mlpcli by either engine."""
    (_, raw), (_, flat) = (
        _train(folder, tmp_path / form, DENSE, "training.engine=auto", f"output.input={form}")
        for form in ("raw", "flat")
    )
    one, other = open_model(raw), open_model(flat)
    for name, arrays in one.weights.items():
        for array, same in zip(arrays, other.weights[name], strict=True):
            np.testing.assert_array_equal(array, same)
    for engine in ("numpy", "keras"):
        scored = [mlpcli.evaluate(model, engine=engine).evaluation for model in (raw, flat)]  # type: ignore[arg-type]
        assert scored[0] == scored[1]


def test_pictures_stay_pictures_for_convolutions(folder: Path, tmp_path: Path) -> None:
    scores, model = _train(
        folder, tmp_path / "run", CONVOLUTIONAL, "output.input=scaled", "training.engine=auto",
    )  # fmt: skip
    x, y = _test_rows(folder)
    stock = backend.keras().models.load_model(model)
    assert stock.input_shape == (None, 12, 12)
    with eagerly(stock):
        assert stock.evaluate(x / 255, y, verbose=0, return_dict=True) == pytest.approx(scores, rel=1e-4)
    assert mlpcli.evaluate(model).evaluation["loss"] == pytest.approx(scores["loss"], rel=1e-5)


ROWS = "age,port,out\n" + "".join(f"{20 + n},{'SC'[n % 2]},{('no', 'yes')[n % 3 == 0]}\n" for n in range(60))


def test_columns_are_standardized_by_the_numbers_in_the_file(tmp_path: Path) -> None:
    """`metadata["front"]` has mean and variance of each input; categories pass with 0 and 1."""
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    config = tmp_path / "people.yaml"
    config.write_text(
        "data: {source: rows.csv, target: out}\nmodel: {hidden_units: [4]}\n"
        "training: {epochs: 1, engine: numpy}\noutput: {plots: [], input: scaled}\n",
        encoding="utf-8",
    )
    model = mlpcli.train(config, run_dir=tmp_path / "run").model
    assert model is not None
    about = mlpcli.summary(model).metadata
    assert about is not None
    numbers = about["front"][0]["config"]
    mean, variance = np.array(numbers["mean"]), np.array(numbers["variance"])
    assert (mean[1:].tolist(), variance[1:].tolist()) == ([0, 0], [1, 1])
    age = 20.0 + np.arange(60)
    port = np.arange(60) % 2  # S, C; the categories are sorted
    x = (np.stack([age, port, 1 - port], axis=1) - mean) / np.sqrt(variance)
    outputs = backend.keras().models.load_model(model).predict(x, verbose=0)
    np.testing.assert_allclose(mlpcli.predict(model, tmp_path / "rows.csv").outputs, outputs, atol=1e-6)
