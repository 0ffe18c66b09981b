"""Model files without the layers that scale and flatten (output.input): in mlpcli they are the whole network."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import mlpcli
from mlpcli.config.load_config import load_config
from mlpcli.errors import ConfigError, DataError, ModelFileError
from mlpcli.modelfile.saved_model import open_model
from mlpcli.workflows.prepare import plan_from_facts
from mlpcli.workflows.summary import named_weights
from tests.model_file_parts import read_metadata

IMAGES = """
name: squares
data: {source: images.npz, test: 0.25, validation: 0.25}
model: {hidden_units: [5], batch_normalization: true, dropout: 0.1}
training: {engine: numpy, epochs: 2, batch_size: 8, early_stopping: false}
output: {plots: []}
"""
TABLE = """
name: people
data: {source: rows.csv, target: out, test: 0.25, validation: 0.25}
model: {hidden_units: [4]}
training: {engine: numpy, epochs: 2, batch_size: 8, early_stopping: false}
output: {plots: []}
"""
ROWS = "age,port,out\n" + "".join(f"{20 + n},{'SC'[n % 2]},{('no', 'yes')[n % 3 == 0]}\n" for n in range(60))
FORMS = ("raw", "scaled", "flat")
Models = dict[str, Path]


def _trained(folder: Path, text: str, ending: str) -> Models:
    (folder / "my.yaml").write_text(text, encoding="utf-8")
    found = {}
    for form in FORMS:
        overrides = [f"output.input={form}", f"output.model=model.{ending}"]
        model = mlpcli.train(folder / "my.yaml", overrides, run_dir=folder / form).model
        assert model is not None
        found[form] = model
    return found


@pytest.fixture(scope="module", params=["keras", "h5"])
def ending(request: Any) -> str:
    """Of the model files."""
    return str(request.param)


@pytest.fixture(scope="module")
def images(ending: str, tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Models of 16 x 16 pictures with a bright square in one of three places, beside images.npz."""
    folder = tmp_path_factory.mktemp("images")
    y = np.arange(60) % 3
    x = np.random.default_rng(0).integers(0, 60, (60, 16, 16), np.uint8)
    for row, place in enumerate(y):
        x[row, 4:12, 5 * place : 5 * place + 5] += 190
    np.savez(folder / "images.npz", x=x, y=y)
    return _trained(folder, IMAGES, ending)


@pytest.fixture(scope="module")
def tables(ending: str, tmp_path_factory: pytest.TempPathFactory) -> Models:
    """Models of a table with a number, which is standardized, and a category, beside rows.csv."""
    folder = tmp_path_factory.mktemp("tables")
    (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
    return _trained(folder, TABLE, ending)


def _layers(model: Path) -> tuple[tuple[int, ...], list[str]]:
    found = mlpcli.summary(model)
    return found.input_shape, [layer.keras_class for layer in found.layers]


def test_the_file_lacks_what_scales_and_what_flattens(images: Models, tables: Models) -> None:
    own = ["Dense", "BatchNormalization", "Activation", "Dropout", "Dense"]
    assert _layers(images["raw"]) == ((16, 16), ["Rescaling", "Flatten", *own])
    assert _layers(images["scaled"]) == ((16, 16), ["Flatten", *own])
    assert _layers(images["flat"]) == ((256,), own)
    assert _layers(tables["raw"]) == ((3,), ["Normalization", "Dense", "Dense"])
    assert _layers(tables["scaled"]) == _layers(tables["flat"]) == ((3,), ["Dense", "Dense"])


def test_summary_says_what_is_left_out(images: Models, tables: Models) -> None:
    said = "stock Keras takes their output, mlpcli takes raw rows"
    assert dict(mlpcli.summary(images["flat"]).facts)["left out"] == f"Rescaling, Flatten; {said}"
    assert dict(mlpcli.summary(tables["scaled"]).facts)["left out"] == f"Normalization; {said}"
    assert "left out" not in dict(mlpcli.summary(tables["raw"]).facts)


@pytest.mark.parametrize("form", FORMS[1:])
def test_scores_and_predictions_of_pictures_are_the_same_to_the_bit(images: Models, form: str, tmp_path: Path) -> None:
    folder, raw, model = images["raw"].parents[1], images["raw"], images[form]
    for split in ("train", "validation", "test"):
        assert mlpcli.evaluate(model, split=split).evaluation == mlpcli.evaluate(raw, split=split).evaluation
    data = folder / "images.npz"
    assert mlpcli.evaluate(model, data).evaluation == mlpcli.evaluate(raw, data).evaluation
    photo = tmp_path / "photo.png"
    Image.fromarray(np.arange(100 * 80, dtype=np.uint32).reshape(100, 80).astype(np.uint8)).save(photo)
    for inputs in (data, photo):
        np.testing.assert_array_equal(mlpcli.predict(model, inputs).outputs, mlpcli.predict(raw, inputs).outputs)


def test_flat_rows_and_one_hot_targets_are_taken_where_the_file_takes_them(images: Models, tmp_path: Path) -> None:
    with np.load(images["raw"].parents[1] / "images.npz") as arrays:
        x, y = arrays["x"], arrays["y"]
    expected = mlpcli.evaluate(images["raw"], images["raw"].parents[1] / "images.npz").evaluation
    flat = tmp_path / "flat.npz"
    np.savez(flat, x_test=x.reshape(60, 256), y_test=np.eye(3)[y])
    for form in FORMS[1:]:
        found = mlpcli.evaluate(images[form], flat)
        assert found.evaluation["loss"] == expected["loss"]
        assert found.notes == [
            f"note: {flat}: y_test is one-hot: its columns are the classes",
            f"note: {flat}: rows of the shape (256,) become (16, 16)",
        ]
        rows = mlpcli.predict(images[form], x.reshape(60, 256))
        np.testing.assert_array_equal(rows.outputs, mlpcli.predict(images["raw"], x).outputs)
    with pytest.raises(DataError, match=r"has the shape \(60, 256\), but the model takes \(rows, 16, 16\)"):
        mlpcli.predict(images["raw"], x.reshape(60, 256))


@pytest.mark.parametrize("form", FORMS[1:])
def test_scores_and_predictions_of_a_table_are_the_same_to_the_bit(tables: Models, form: str) -> None:
    raw, model = tables["raw"], tables[form]
    data = raw.parents[1] / "rows.csv"
    assert mlpcli.evaluate(model).evaluation == mlpcli.evaluate(raw).evaluation
    assert mlpcli.evaluate(model, data).evaluation == mlpcli.evaluate(raw, data).evaluation
    assert mlpcli.predict(model, data).predictions == mlpcli.predict(raw, data).predictions


def test_weights_and_linear_form_are_those_of_the_raw_file(tables: Models) -> None:
    raw, scaled = (named_weights(tables[form]) for form in ("raw", "scaled"))
    assert raw.form is not None
    assert scaled.form is not None
    assert {name: array.tolist() for name, array in scaled.arrays.items()} == {
        name: array.tolist() for name, array in raw.arrays.items()
    }
    np.testing.assert_array_equal(scaled.form.coefficients, raw.form.coefficients)
    assert mlpcli.trace(tables["flat"]).trace.loss == mlpcli.trace(tables["raw"]).trace.loss


def test_a_whole_file_is_of_the_format_that_older_versions_open(images: Models, tables: Models) -> None:
    for models in (images, tables):
        found = {form: read_metadata(model) or {} for form, model in models.items()}
        assert [found[form]["format"] for form in FORMS] == [1, 2, 2]
        assert "front" not in found["raw"]
    assert [layer["class_name"] for layer in found["scaled"]["front"]] == ["Normalization"]
    assert [open_model(images[form]).left_out for form in FORMS] == [0, 1, 2]


Change = Callable[[dict[str, Any]], Any]
NUMBERLESS = {"class_name": "Normalization", "config": {"name": "a"}}
WRONG: list[tuple[Change, str]] = [
    (lambda found: found.pop("front"), "front: is missing"),
    (lambda found: found["front"].pop(), "front: makes (16, 16) of a row, but the model in the file takes (256,)"),
    (lambda found: found["front"].append(None), "front[2]: None cannot stand before the model"),
    (lambda found: found.update(front="x"), "front[0]: None cannot stand before the model"),
    (lambda found: found["front"][0].update(class_name="Lambda"), "front[0]: Lambda cannot stand before the model"),
    (lambda found: found["front"][0]["config"].update(scale="x"), "front: layer rescaling does not fit: scale"),
    (lambda found: found["front"][0]["config"].update(name="dense"), "front: has a layer whose name is that of"),
    (lambda found: found["front"][0].update(NUMBERLESS), "front: a lacks its numbers"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_damaged_front_is_named(images: Models, tmp_path: Path, change: Change, said: str) -> None:
    if images["flat"].suffix == ".h5":  # which has a checksum of its metadata
        return
    path = tmp_path / "changed.keras"
    with zipfile.ZipFile(images["flat"]) as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == "metadata.json":
                about = json.loads(content)
                change(about["mlpcli"])
                content = json.dumps(about).encode()
            new.writestr(info, content)
    with pytest.raises(ModelFileError) as caught:
        open_model(path)
    assert str(caught.value).startswith(f"{path}: its mlpcli metadata is damaged: {said}")


def _plan(write_config: Callable[..., Path], model: str, form: str) -> Any:
    text = f"data: {{source: mnist}}\nmodel: {model}\noutput: {{input: {form}}}\n"
    return plan_from_facts(load_config(write_config(text)))[1]


@pytest.mark.parametrize(
    ("model", "form", "left_out", "shape"),
    [
        ("{hidden_units: [8]}", "raw", 0, (28, 28)),
        ("{hidden_units: [8]}", "scaled", 1, (28, 28)),
        ("{hidden_units: [8]}", "flat", 2, (784,)),
        ("{layers: [flatten, {dense: 8}]}", "flat", 2, (784,)),
        ("{layers: [{reshape: [49, 16]}, flatten, {dense: 8}]}", "flat", 3, (784,)),
        ("{layers: [{conv2d: {filters: 2, kernel_size: 3}}]}", "scaled", 1, (28, 28)),
    ],
)
def test_what_stays_out(
    write_config: Callable[..., Path], model: str, form: str, left_out: int, shape: tuple[int, ...]
) -> None:
    plan = _plan(write_config, model, form)
    assert (plan.left_out, plan.file_shape) == (left_out, shape)
    values = ", ".join(map(str, shape))
    said = f"output.input: {form}: in stock Keras the model takes x / 255 in the shape (rows, {values});"
    assert [note for note in plan.notes if note.startswith("output")] == (
        [] if form == "raw" else [f"{said} mlpcli still takes raw rows"]
    )


def test_a_network_of_pictures_has_no_flat_file(write_config: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError) as caught:
        _plan(write_config, "{layers: [{conv2d: {filters: 2, kernel_size: 3}}]}", "flat")
    assert (
        "my.yaml:3:10: output.input: flat needs a network that begins with rows of numbers, but the network begins with"
        " conv2d (model.layers[0]), which takes (28, 28, 1); use scaled, or put flatten first in model.layers"
    ) in str(caught.value)
